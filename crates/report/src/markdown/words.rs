//! What enums are called in reports.

use std::time::Duration;

use holdpoint_engine::{By, Choice, DeviationKind, RollbackState, Via};
use holdpoint_model::{Assurance, Block, Meaning, ValueKind, Work};
use holdpoint_view::late;

use crate::time::took;
use crate::{ActionSummary, Happening, HeldSoFar, PlaceSummary, Soak, Status, StepSummary, What};

/// Most characters of an item where it is named in a line.
const ITEM: usize = 160;

/// What an item is called where it is named in a line: what it begins with.
pub(crate) fn item(text: &str) -> String {
    format!("“{}”", holdpoint_document::gist(text, ITEM))
}

/// As it stands beside the action that it is about: in capitals.
pub(crate) fn deviation_beside(kind: DeviationKind) -> &'static str {
    match kind {
        DeviationKind::Skipped => "SKIPPED",
        DeviationKind::Edited => "EDITED",
        DeviationKind::Repeated => "REPEATED",
        DeviationKind::OutOfOrder => "GONE BACK TO HERE",
        DeviationKind::Shell => "SHELL",
        DeviationKind::PolicyOverridden => "RULES OVERRIDDEN",
        DeviationKind::DocumentExchanged => "DOCUMENT EXCHANGED",
        DeviationKind::TakenAsDone => "TAKEN AS DONE",
    }
}

/// A kind of deviation by its serialised name; `None` for a name that is none.
pub(crate) fn deviation(name: &str) -> Option<&'static str> {
    // No event of this kind is read.
    let kind = match name {
        "document_exchanged" => Some(DeviationKind::DocumentExchanged),
        "taken_as_done" => Some(DeviationKind::TakenAsDone),
        name => serde_json::from_value(serde_json::Value::String(name.to_owned())).ok(),
    };
    kind.map(DeviationKind::words)
}

/// A sign-off that was given, in capitals.
pub(crate) fn signed(counts: bool) -> &'static str {
    if counts { "SIGNED" } else { "SIGNED, NO LONGER COUNTS" }
}

/// That somebody says that it is done, in capitals; of a command that is offered, that they did it themselves.
pub(crate) fn confirmed(block: Option<&Block>) -> &'static str {
    let status =
        if block.is_some_and(|block| block.offered.is_some()) { Status::ByHand } else { Status::Confirmed };
    status.words()
}

pub(crate) fn choice(choice: Choice) -> &'static str {
    match choice {
        Choice::Proceed => "caution acknowledged",
        Choice::Retry => "do it again",
        Choice::Happened => "it happened, go on",
        Choice::Run => "it did not happen, run it",
        Choice::FindOut => "run the check to find out",
        Choice::PassOver => "not applicable: this part is not for this run",
        Choice::Abort => "end the run here",
        Choice::RunCommand => "run the command",
        Choice::NotApplicable => "not applicable: it is not for this run",
        Choice::Accepted => "what it printed is as it should be",
    }
}

pub(crate) fn meaning(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Review => "review",
        Meaning::Approval => "approval",
        Meaning::Responsibility => "responsibility",
        Meaning::Authorship => "authorship",
    }
}

pub(crate) fn assurance(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::Rehearsal => "rehearsal (from an answers file: nobody signed)",
        Assurance::Typed => "typed (a name typed at the terminal)",
        Assurance::Ssh => "ssh (a key)",
        Assurance::FidoUv => "fido-uv (a hardware key that verified its user)",
    }
}

/// How an answer came, where it did not come from a person at a terminal.
pub(crate) fn via(by: &By) -> &'static str {
    by.via.words()
}

/// The same of whoever signed: a name that `sign` had them type was typed, whatever the command.
pub(crate) fn signed_via(by: &By) -> &'static str {
    signed_by_way(by.via)
}

pub(crate) fn signed_by_way(via: Via) -> &'static str {
    match via {
        Via::Command => " (with holdpoint sign)",
        via => via.words(),
    }
}

/// The way that JSON names so.
pub(crate) fn way(name: &str) -> Via {
    match name {
        "terminal" => Via::Terminal,
        "answers" => Via::Answers,
        "command" => Via::Command,
        _ => Via::Assumed,
    }
}

/// How far undoing a step came, where that is not all of it: in capitals, and why, as a sentence.
pub(crate) fn undone(state: RollbackState) -> Option<(&'static str, &'static str)> {
    Some(match state {
        RollbackState::Done => return None,
        RollbackState::Impossible => ("NOT ROLLED BACK", "the document has no rollback for this step."),
        RollbackState::Skipped => {
            ("ROLLBACK SKIPPED", "a rollback block was skipped, so this step is not undone.")
        }
        RollbackState::Failed => ("ROLLBACK FAILED", "a rollback block did not pass."),
        RollbackState::Running => {
            ("ROLLBACK RUNNING", "a rollback block was running when this report was made.")
        }
        RollbackState::InDoubt => ("ROLLBACK IN DOUBT", "a rollback block has no recorded end."),
        RollbackState::Unfinished => ("ROLLBACK NOT FINISHED", "not every rollback block was run."),
    })
}

/// What values are allowed for what is written down under a name, where that is limited.
pub(crate) fn limits_of(work: Option<&Work>, name: &str) -> Option<String> {
    let Some(Work::Record { fields }) = work else { return None };
    fields.iter().find(|field| field.name == name).and_then(|field| limits(&field.kind))
}

/// What values are allowed, where that is limited.
pub(crate) fn limits(kind: &ValueKind) -> Option<String> {
    let range = |min: Option<String>, max: Option<String>| match (min, max) {
        (None, None) => None,
        (Some(min), None) => Some(format!("at least {min}")),
        (None, Some(max)) => Some(format!("at most {max}")),
        (Some(min), Some(max)) => Some(format!("{min} to {max}")),
    };
    match kind {
        ValueKind::Text { pattern } => pattern.as_ref().map(|pattern| format!("matches {pattern}")),
        ValueKind::Integer { min, max } => range(min.map(|v| v.to_string()), max.map(|v| v.to_string())),
        ValueKind::Number { min, max } => {
            range(min.as_ref().map(|v| v.to_string()), max.as_ref().map(|v| v.to_string()))
        }
        ValueKind::Boolean => None,
        ValueKind::Choice { choices } => Some(format!("one of {}", choices.join(", "))),
    }
}

/// A signal's name, where it is a common one.
pub(crate) fn signal(number: i32) -> String {
    let name = match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        6 => "SIGABRT",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return format!("signal {number}"),
    };
    format!("signal {number} ({name})")
}

/// How an action that is done at several places stands there: `at 3 places: 2 passed, 1 failed`.
pub(crate) fn at_places(action: &ActionSummary) -> Option<String> {
    Some(format!("at {} places: {}", action.places.len(), action.place_words()?))
}

/// How often an action was tried, where that was not once.
pub(crate) fn attempts(action: &ActionSummary) -> Option<String> {
    match (action.attempts, action.places.len()) {
        (0 | 1, _) => None,
        (attempts, 0 | 1) => Some(format!("{attempts} attempts")),
        (attempts, _) => Some(format!("up to {attempts} attempts at a place")),
    }
}

/// For how long a check had held when a try of it ended, and whether that was enough; nothing for its first try.
pub(crate) fn held(held: &HeldSoFar, passed: bool) -> Option<String> {
    let HeldSoFar { held_ms, of_ms, tries, anew } = *held;
    let (time, of) = (took(held_ms), took(of_ms));
    match (passed, held_ms >= of_ms) {
        (true, false) if tries == 1 && anew > 0 => {
            Some("began to hold anew: nobody had looked for too long".to_owned())
        }
        (true, true) => Some(format!("held for {time} of {of}, {}", many_tries(tries))),
        (true, false) if tries > 1 => Some(format!("had held for {time} of {of}, {tries} tries")),
        (true, false) => None,
        (false, _) => Some(format!("had held for {time} of {of}, {}", many_tries(tries))),
    }
}

fn many_tries(tries: u32) -> String {
    if tries == 1 { "1 try".to_owned() } else { format!("{tries} tries") }
}

/// How long the document expects a step to take, and by how much it took longer.
pub(crate) fn expected(step: &StepSummary) -> Option<String> {
    let expected = step.expected_ms?;
    let late = late(Duration::from_millis(step.elapsed_ms), Duration::from_millis(expected));
    let late = late.and_then(|late| u64::try_from(late.as_millis()).ok());
    let late = late.map(|late| format!(", LATE by {}", took(late))).unwrap_or_default();
    Some(format!("expected {}{late}", took(expected)))
}

/// The soaks of an action that still count, in words.
pub fn soaks(action: &ActionSummary) -> Vec<String> {
    let soaks = action.soaks();
    let told = soaks.iter().filter(|soak| !soak.superseded).filter_map(|soak| {
        let place = soak.place.as_ref().map_or_else(String::new, |place| format!(" at {place}"));
        Some(format!("{}{place}", held(&soak.held, soak.broken_by.is_none())?))
    });
    told.collect()
}

/// Tries between the first and the last of a soak, which are told in one line: how many, and by which attempts.
pub(crate) fn tries_between(history: &[Happening], soak: &Soak) -> String {
    let attempt = |at: &usize| match history.get(*at).map(|happening| &happening.what) {
        Some(What::Attempt(attempt)) => attempt.attempt,
        _ => 0,
    };
    let (first, last) = (soak.between.first().map_or(0, attempt), soak.between.last().map_or(0, attempt));
    match soak.between.len() {
        1 => format!("1 more try passed, attempt {first}"),
        many => format!("{many} more tries passed, attempts {first} to {last}"),
    }
}

/// What became of an action at one of its places.
pub(crate) fn at_place(here: Option<&PlaceSummary>) -> String {
    match here {
        None => "not here".to_owned(),
        Some(here) if here.attempts > 1 => format!("{}, {} attempts", here.status.words(), here.attempts),
        Some(here) => here.status.words().to_owned(),
    }
}

/// An action with its place, where it has one.
pub(crate) fn with_place(action: &str, place: Option<&str>) -> String {
    match place {
        Some(place) => format!("{action} at {place}"),
        None => action.to_owned(),
    }
}
