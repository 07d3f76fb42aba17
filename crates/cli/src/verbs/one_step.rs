//! `show RUN --step`: one step of a run, and what its blocks printed last.

use holdpoint_document::many;
use std::path::Path;

use holdpoint_engine::{BlobRef, Choice, Outcome, Output};
use holdpoint_record::{RunDir, blob};
use holdpoint_report::took;
use holdpoint_view::{ActionSummary, Attempt, StepSummary, Summary, What};

use crate::problem::Problem;
use crate::screen::{Screen, Table};

/// More of one output is not shown here, bytes.
const MOST: u64 = 16 * 1024 * 1024;

/// The step of this id, or number.
pub fn step<'s>(summary: &'s Summary, named: &str) -> Result<&'s StepSummary, Problem> {
    let found = summary.steps.iter().find(|step| step.id == named || step.number == named);
    found.ok_or_else(|| {
        let ids: Vec<&str> = summary.steps.iter().map(|step| step.id.as_str()).collect();
        let help = match holdpoint_document::nearest(named, &ids) {
            Some(near) => format!("Did you mean {near}?"),
            None => format!("Its steps are {}.", ids.join(", ")),
        };
        Problem::usage(format!("the run has no step {named}"), help)
    })
}

/// What is shown of what blocks printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outputs {
    /// Nothing.
    None,
    /// What the last attempt printed, at each place.
    Last,
    /// What each attempt printed.
    All,
}

/// Tells of each of its actions, and of what it printed.
pub fn tell(screen: &Screen, dir: &RunDir, step: &StepSummary, outputs: Outputs) {
    screen.data_hung("", &screen.one_line(&format!("{} {} · {}", step.number, step.title, step.words())));
    let empty = || Table::new(&["", "", "", "", ""]).indented(2);
    let mut table = empty();
    for action in step.actions.iter().chain(&step.rollback_blocks) {
        table.row([
            action.id.as_str().into(),
            action.kind.into(),
            action.status.words().into(),
            attempts(action.attempts).into(),
            lasted(action.duration_ms).into(),
        ]);
        for place in action.places.iter().filter(|_| action.places.len() > 1) {
            table.row([
                format!("  at {}", place.place).into(),
                "".into(),
                place.status.words().into(),
                attempts(place.attempts).into(),
                lasted(place.duration_ms).into(),
            ]);
        }
        for told in said(action) {
            table.row(["".into(), told.into(), "".into(), "".into(), "".into()]);
        }
        // What was printed stands below its action; without it the actions are rows of one table.
        if outputs != Outputs::None {
            screen.table(std::mem::replace(&mut table, empty()));
        }
        let places: Vec<Option<&str>> = match action.places.is_empty() {
            true => vec![None],
            false => action.places.iter().map(|place| Some(place.place.as_str())).collect(),
        };
        match outputs {
            Outputs::None => {}
            Outputs::Last => places.into_iter().for_each(|place| {
                action.last_attempt(place).into_iter().for_each(|of| printed(screen, &dir.path, of, place));
            }),
            Outputs::All => action.history.iter().for_each(|happening| {
                if let What::Attempt(attempt) = &happening.what {
                    printed(screen, &dir.path, attempt, happening.place.as_deref());
                }
            }),
        }
    }
    if outputs == Outputs::None {
        screen.table(table);
    }
}

fn attempts(count: u32) -> String {
    if count > 1 { many(count as usize, "attempt") } else { String::new() }
}

fn lasted(ms: u64) -> String {
    if ms > 0 { took(ms) } else { String::new() }
}

/// Values out of their limits, and who says that an offered command was done by hand, or that it is not applicable.
pub fn said(action: &ActionSummary) -> Vec<String> {
    let told = action.history.iter().filter(|happening| !happening.superseded);
    let beyond = action.out_of_limits.iter().map(|value| format!("out of limits: {value}"));
    let told = told.filter_map(|happening| match &happening.what {
        What::Confirmed { by, .. } if action.status.is_by_hand() => {
            Some(format!("{}, by {}", action.status.words().to_lowercase(), by.words()))
        }
        What::Decision { choice: Choice::NotApplicable, reason, by } => {
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            Some(format!("not applicable, by {}{reason}", by.words()))
        }
        _ => None,
    });
    beyond.chain(told).collect()
}

/// What an attempt printed at a place, standard output first.
fn printed(screen: &Screen, dir: &Path, attempt: &Attempt, place: Option<&str>) {
    let at = place.map(|place| format!(" at {place}")).unwrap_or_default();
    let Some(ended) = &attempt.finished else {
        screen.data_hung("    ", &format!("attempt {}{at} has no end on record", attempt.attempt));
        return;
    };
    let how = match ended.result.outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::TimedOut => "took too long",
        Outcome::Interrupted => "was interrupted",
    };
    let Some(Output { stdout, stderr, .. }) = &ended.result.output else {
        screen.data_hung(
            "    ",
            &format!("attempt {}{at} {how}; nothing of what it printed is kept", attempt.attempt),
        );
        return;
    };
    for (name, mark, reference) in [("standard output", "│", stdout), ("standard error", "┃", stderr)] {
        let head = format!("attempt {}{at} {how}, {name}, {}", attempt.attempt, many_bytes(reference));
        screen.data_hung("    ", &head);
        let text = match reference.bytes {
            0 => continue,
            bytes if bytes > MOST => {
                Err(format!("it is longer than {MOST} bytes: `holdpoint replay` plays it"))
            }
            _ => blob(dir, reference).map_err(|error| error.to_string()),
        };
        match text {
            Ok(bytes) => {
                let text = holdpoint_report::visible(&bytes);
                let lines = text.strip_suffix('\n').unwrap_or(&text).split('\n');
                let lines: Vec<String> = lines.map(|line| format!("  {mark} {line}")).collect();
                screen.data(&lines.join("\n"));
            }
            Err(why) => screen.data_hung("    ", &screen.one_line(&why)),
        }
    }
}

fn many_bytes(reference: &BlobRef) -> String {
    many(reference.bytes, "byte")
}
