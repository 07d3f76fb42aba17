//! `show RUN --step`: one step of a run, and what its blocks printed last.

use std::borrow::Cow;
use std::path::Path;

use holdpoint_document::many;
use holdpoint_engine::{BlobRef, Choice, Outcome, Output};
use holdpoint_record::{RunDir, blob};
use holdpoint_report::took;
use holdpoint_view::{ActionSummary, Attempt, StepSummary, Summary, What};

use crate::pager;
use crate::problem::Problem;
use crate::screen::{Screen, Table};

/// More of one output is not shown here, bytes.
const MOST: u64 = 16 * 1024 * 1024;

/// The step of this id, or number; of an action's id, its step with that action alone.
pub fn step<'s>(summary: &'s Summary, named: &str) -> Result<Cow<'s, StepSummary>, Problem> {
    if let Some(step) = summary.steps.iter().find(|step| step.id == named || step.number == named) {
        return Ok(Cow::Borrowed(step));
    }
    if let Some(step) = summary.steps.iter().find_map(|step| only_action(step, named)) {
        return Ok(Cow::Owned(step));
    }
    let ids: Vec<&str> = summary.steps.iter().map(|step| step.id.as_str()).collect();
    let of = named.split_once('#').and_then(|(id, _)| summary.steps.iter().find(|step| step.id == id));
    if let Some(step) = of {
        let actions: Vec<&str> = step.actions.iter().map(|action| action.id.as_str()).collect();
        let help = format!("Its actions are {}.", actions.join(", "));
        return Err(Problem::usage(format!("the step {} has no action {named}", step.id), help));
    }
    let help = match holdpoint_document::nearest(named, &ids) {
        Some(near) => format!("Did you mean {near}?"),
        None => format!("Its steps are {}.", ids.join(", ")),
    };
    Err(Problem::usage(format!("the run has no step {named}"), help))
}

/// The step with the action of this id alone, if it is one of its own; `STEP#rollback` is its rollback.
fn only_action(step: &StepSummary, named: &str) -> Option<StepSummary> {
    let back = named.strip_suffix("#rollback").is_some_and(|id| id == step.id);
    let kept = |of: &[ActionSummary]| -> Vec<ActionSummary> {
        of.iter().filter(|action| action.id == named).cloned().collect()
    };
    let rollback_blocks = if back { step.rollback_blocks.clone() } else { kept(&step.rollback_blocks) };
    let only = StepSummary { actions: kept(&step.actions), rollback_blocks, ..step.clone() };
    (!only.actions.is_empty() || !only.rollback_blocks.is_empty()).then_some(only)
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

/// Tells of each of its actions, and of what it printed; where that is longer than a terminal, in a `pager`, if that is wanted.
pub fn tell(screen: &Screen, dir: &RunDir, step: &StepSummary, outputs: Outputs, pager: bool) {
    let mut lines = Lines { screen, lines: Vec::new() };
    told(&mut lines, dir, step, outputs);
    let text = lines.lines.join("\n");
    if pager && screen.is_data_on_terminal() && pager::is_long(screen, &text, 1) {
        let masked = screen.masked(&text);
        match pager::show(&format!("{masked}\n"), "output (q leaves)") {
            Ok(true) => return,
            Ok(false) => {}
            Err(why) => screen.say_hung("  ", &screen.neutralise(&why)),
        }
    }
    screen.data(&text);
}

/// What is to be shown, laid out for standard output.
struct Lines<'s> {
    screen: &'s Screen,
    lines: Vec<String>,
}

impl Lines<'_> {
    fn hung(&mut self, margin: &str, text: &str) {
        self.lines.extend(self.screen.hung_on_stdout(margin, &self.screen.neutralise(text)));
    }

    fn table(&mut self, table: Table) {
        self.lines.extend(self.screen.tabled(table));
    }
}

fn told(lines: &mut Lines<'_>, dir: &RunDir, step: &StepSummary, outputs: Outputs) {
    let screen = lines.screen;
    lines.hung("", &screen.one_line(&format!("{} {} · {}", step.number, step.title, step.words())));
    step.file.iter().for_each(|file| lines.hung("  ", &screen.one_line(&format!("from {file}"))));
    let empty = || Table::new(&["", "", "", "", ""]).indented(2);
    let mut table = empty();
    for action in step.actions.iter().chain(&step.rollback_blocks) {
        table.row([
            told_id(step, action).into(),
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
            lines.table(std::mem::replace(&mut table, empty()));
        }
        let places: Vec<Option<&str>> = match action.places.is_empty() {
            true => vec![None],
            false => action.places.iter().map(|place| Some(place.place.as_str())).collect(),
        };
        match outputs {
            Outputs::None => {}
            Outputs::Last => places.into_iter().for_each(|place| {
                action.last_attempt(place).into_iter().for_each(|of| printed(lines, &dir.path, of, place));
            }),
            Outputs::All => action.history.iter().for_each(|happening| {
                if let What::Attempt(attempt) = &happening.what {
                    printed(lines, &dir.path, attempt, happening.place.as_deref());
                }
            }),
        }
    }
    if outputs == Outputs::None {
        lines.table(table);
    }
}

/// An action as people are told of it: a rollback is its step's, and has a number where it has several blocks.
fn told_id(step: &StepSummary, action: &ActionSummary) -> String {
    match step.rollback_blocks.iter().position(|block| block.id == action.id) {
        None => action.id.clone(),
        Some(_) if step.rollback_blocks.len() == 1 => format!("{}#rollback", step.id),
        Some(at) => format!("{}#rollback, block {}", step.id, at + 1),
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
fn printed(lines: &mut Lines<'_>, dir: &Path, attempt: &Attempt, place: Option<&str>) {
    let at = place.map(|place| format!(" at {place}")).unwrap_or_default();
    let Some(ended) = &attempt.finished else {
        lines.hung("    ", &format!("attempt {}{at} has no end on record", attempt.attempt));
        return;
    };
    let how = match ended.result.outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::TimedOut => "took too long",
        Outcome::Interrupted => "was interrupted",
    };
    let Some(Output { stdout, stderr, .. }) = &ended.result.output else {
        lines.hung(
            "    ",
            &format!("attempt {}{at} {how}; nothing of what it printed is kept", attempt.attempt),
        );
        return;
    };
    for (name, mark, reference) in [("standard output", "│", stdout), ("standard error", "┃", stderr)] {
        let head = format!("attempt {}{at} {how}, {name}, {}", attempt.attempt, many_bytes(reference));
        lines.hung("    ", &head);
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
                let printed = text.strip_suffix('\n').unwrap_or(&text).split('\n');
                lines.lines.extend(printed.map(|line| format!("  {mark} {line}")));
            }
            Err(why) => {
                let why = lines.screen.one_line(&why);
                lines.hung("    ", &why);
            }
        }
    }
}

fn many_bytes(reference: &BlobRef) -> String {
    many(reference.bytes, "byte")
}
