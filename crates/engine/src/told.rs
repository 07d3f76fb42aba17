//! What happened, in one line for whoever watches a run.

use crate::exhibit::{Wording, words};
use crate::{Event, Session, Started};

/// Most characters of an item's text.
const ITEM: usize = 100;

impl Event {
    /// The event in one line: what happened, to what, by whom, and what came of it. Texts in it are as recorded.
    pub fn told(&self) -> String {
        match self {
            Event::RunOpened(opened) => {
                let Session { operator, os_user, host, .. } = &opened.session;
                let environment = &opened.environment.name;
                format!("opened in {environment} by {operator} (account {os_user} on {host})")
            }
            Event::NotApplicable { step, action, place, condition } => {
                let of = action.as_ref().unwrap_or(step);
                format!("{of}{} is not for this run: {condition} does not hold", at(place.as_deref()))
            }
            Event::ActionStarted(started) | Event::RollbackStarted(started) => begun(started),
            Event::ItemConfirmed { action, text, by, .. } => {
                format!("{action} confirmed by {}: {}", by.words(), begins(text))
            }
            Event::ValueRecorded { action, .. } => format!("{action}: {}", words(Wording::LATEST, self)),
            Event::SignOffRequested { action, role, .. } => format!("{action} waits for {role} to sign"),
            Event::RulesChecked(look) if look.unmet.is_empty() => {
                "rules of the environment were held once more, and hold".to_owned()
            }
            Event::RunClosed { verdict } => format!("closed: {}", verdict.words()),
            _ => words(Wording::LATEST, self),
        }
    }
}

fn begun(started: &Started) -> String {
    let Started { action, place, attempt, probe, .. } = started;
    let number = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
    let probe = if *probe { ", to find out" } else { "" };
    format!("{action}{} began{number}{probe}", at(place.as_deref()))
}

fn at(place: Option<&str>) -> String {
    place.map(|place| format!(" at {place}")).unwrap_or_default()
}

/// The first line of a text, or what of it there is room for.
fn begins(text: &str) -> String {
    let text = text.trim();
    let line = text.lines().next().unwrap_or_default();
    let kept: String = line.chars().take(ITEM).collect();
    if kept.len() < text.len() { format!("{}…", kept.trim_end()) } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{By, Verdict, Via};

    fn by(via: Via) -> By {
        By { who: "ann".to_owned(), via }
    }

    #[test]
    fn what_happened_is_said_in_the_words_of_everything_else() {
        let word = |word: &str| word.to_owned();
        let confirmed = |text: &str, via| Event::ItemConfirmed {
            step: word("look"),
            action: word("look#1"),
            text: word(text),
            by: by(via),
        };
        let cases = [
            (Event::RunClosed { verdict: Verdict::NothingDone }, "closed: nothing done"),
            (confirmed("It is good", Via::Terminal), "look#1 confirmed by ann: It is good"),
            (
                confirmed("All of it:\n- a\n- b", Via::Answers),
                "look#1 confirmed by ann (from the answers file): All of it:…",
            ),
            (
                Event::Note { text: word("slow"), step: None, corrects: None, by: by(Via::Command) },
                "note by ann: slow",
            ),
        ];
        for (event, line) in cases {
            assert_eq!(event.told(), line);
        }
    }
}
