//! Values that an offered command must have before it runs.

use holdpoint_document::{Blank, ValueKind};
use holdpoint_engine::{Event, Fit, Task, fit};

use super::ask::{self, Asked};
use super::operator::me;
use crate::screen::{Screen, meant};
use crate::world::{Answer, RunView};

/// The values that a command must have, each asked for; nothing where one was left.
pub(super) fn values(screen: &Screen, view: &RunView<'_>, task: Task) -> Option<Answer> {
    let (step, action, by) = (task.step_of(view.plan).id.clone(), task.id(view.plan), me(view));
    loop {
        let mut events = Vec::new();
        for blank in view.run.missing(view.plan, task) {
            let (step, action, by) = (step.clone(), action.clone(), by.clone());
            let (name, value) = (blank.field.name.clone(), value(screen, blank)?);
            let (evidence, within_limits) = (None, true);
            events.push(Event::ValueRecorded { step, action, name, value, evidence, within_limits, by });
        }
        if ask::are_right(screen, &events, &[]) {
            return Some(Answer::Events(events));
        }
    }
}

fn value(screen: &Screen, blank: &Blank) -> Option<String> {
    let asked = screen.neutralise(blank.field.prompt.as_deref().unwrap_or(&blank.field.name));
    if blank.example {
        let other = !matches!(blank.field.kind, ValueKind::Choice { .. });
        let mut options: Vec<(&'static str, char, &'static str)> =
            vec![("right", 'r', "it is right as it stands")];
        if other {
            options.push(("another", 'a', "it is another, which I type"));
        }
        options.push(("leave", 'l', "leave this question"));
        match ask::one_of(screen, &asked, &options, false) {
            Asked::Said("right") => return Some(blank.written.clone()),
            Asked::Said("another") => {}
            _ => return None,
        }
    }
    let takes = blank.takes;
    let typed = |text: &str| match fit(&blank.field.kind, meant(&blank.field.kind, text)) {
        Fit::Within => Ok(()),
        Fit::OutOfLimits(_) | Fit::Wrong(_) => Err(format!("It takes {takes}.")),
    };
    match ask::only_value(screen, &asked, &format!("It takes {takes}."), typed) {
        Asked::Said(value) => Some(meant(&blank.field.kind, &value).to_owned()),
        Asked::Left => None,
    }
}
