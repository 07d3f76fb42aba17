//! Values that an offered command must have before it runs.

use holdpoint_document::{Blank, ValueKind};
use holdpoint_engine::{Corrected, Event, Fit, Task, fit};

use super::ask::{self, Asked};
use super::operator::me;
use crate::screen::{Screen, meant};
use crate::world::{Answer, RunView};

/// The values that a command must have, each asked for; nothing where one was left. Where it has them all, one of them is put
/// right.
pub(super) fn values(screen: &Screen, view: &RunView<'_>, task: Task) -> Option<Answer> {
    if view.run.missing(view.plan, task).is_empty() {
        return mended(screen, view, task);
    }
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

/// The values of a command that somebody gave in this run, and that can be corrected, with what each is now.
fn given<'p>(view: &RunView<'p>, task: Task) -> Vec<(&'p Blank, String)> {
    let Some(offered) = task.offered(view.plan) else { return Vec::new() };
    let now = |blank: &'p Blank| {
        let name = &blank.field.name;
        view.run.correctable(view.plan, name)?;
        Some((blank, view.run.values().get(name)?.to_owned()))
    };
    offered.values.iter().filter_map(now).collect()
}

/// Whether a command has values that could be put right now.
pub(super) fn may_be_mended(view: &RunView<'_>, task: Task) -> bool {
    view.run.correction_refusal(view.plan).is_none() && !given(view, task).is_empty()
}

/// Tells the values that a command has, and puts one right; nothing where all are left as they are.
fn mended(screen: &Screen, view: &RunView<'_>, task: Task) -> Option<Answer> {
    let given = given(view, task);
    for (blank, value) in &given {
        screen.say_hung("    ", &screen.one_line(&format!("{} = {value}", blank.field.name)));
    }
    let (blank, old) = match given.as_slice() {
        [] => return None,
        [only] => only,
        several => {
            let names: Vec<&str> = several.iter().map(|(blank, _)| blank.field.name.as_str()).collect();
            let listed = format!("It is one of {}.", names.join(", "));
            let fits = |text: &str| names.contains(&text.trim()).then_some(()).ok_or_else(|| listed.clone());
            let Asked::Said(name) = ask::fitting(screen, "Which one is wrong?", &listed, fits) else {
                return None;
            };
            several.iter().find(|(blank, _)| blank.field.name == name.trim())?
        }
    };
    let (name, kind) = (&blank.field.name, &blank.field.kind);
    let typed = |text: &str| match fit(kind, meant(kind, text)) {
        Fit::Within if meant(kind, text) == old => Err("It is that already.".to_owned()),
        Fit::Within => Ok(()),
        Fit::OutOfLimits(_) | Fit::Wrong(_) => Err(format!("It takes {}.", blank.takes)),
    };
    let prompt = screen.neutralise(&format!("What is {name} ({})?", blank.written));
    let Asked::Said(new) = ask::only_value(screen, &prompt, &format!("It takes {}.", blank.takes), typed)
    else {
        return None;
    };
    let help = "A sentence for whoever reads the record. What was run with the old value is not run again.";
    let Asked::Said(reason) = ask::text(screen, "Why is it corrected?", help) else { return None };
    // It was written down where it was first asked for.
    let (written, _) = view.run.correctable(view.plan, name)?;
    Some(Answer::Events(vec![Event::ValueCorrected(Corrected {
        step: written.step_of(view.plan).id.clone(),
        action: written.id(view.plan),
        name: name.clone(),
        old: old.clone(),
        new: meant(kind, &new).to_owned(),
        reason,
        within_limits: true,
        by: me(view),
    })]))
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
