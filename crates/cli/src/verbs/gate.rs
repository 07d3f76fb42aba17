//! The rehearsal that an environment asks for: the facts are gathered from the store, the engine judges them. Nothing is
//! written here.

use std::borrow::Cow;
use std::collections::HashMap;

use holdpoint_document::Requires;
use holdpoint_engine::{BlobRef, Differs, Gate, captured_names};
use holdpoint_record::{Found, Near, NotFound, rehearsal, text_blob};
use jiff::Timestamp;

use super::anchored::{how, token_holds};
use super::prepare::Prepared;
use super::read::{passed_over, store_problem};
use crate::problem::Problem;

/// Why there is no rehearsal, and what to do.
pub struct Missing {
    /// In words.
    pub why: String,
    /// What to type.
    pub help: String,
}

/// The rehearsal that the run can rely on; `None` where its environment asks for none.
pub fn rehearsed(prepared: &Prepared) -> Result<Option<Result<Found, Missing>>, Problem> {
    relied_on(prepared, &prepared.requires)
}

/// Why there is none, whatever values the inputs will have.
pub fn missing_whatever_is_given(prepared: &Prepared) -> Result<Option<Missing>, Problem> {
    let mut requires = prepared.requires.clone();
    let declared = &prepared.plan.front.inputs;
    requires.same.retain(|name| declared.iter().all(|input| input.name != *name));
    Ok(relied_on(prepared, &requires)?.and_then(Result::err))
}

fn relied_on(prepared: &Prepared, requires: &Requires) -> Result<Option<Result<Found, Missing>>, Problem> {
    let digest = crate::digest::sha256(prepared.sources.own().as_bytes());
    let includes = prepared.sources.named();
    let now = Timestamp::now();
    let Some(gate) = Gate::of(requires, (&digest, &includes), (&prepared.plan, &prepared.inputs.given), now)
    else {
        return Ok(None);
    };
    let asked = format!("{} {}", prepared.environment.name, gate.words());
    let untellable = gate.untellable();
    if !untellable.is_empty() {
        let why = format!("{asked}, and {}", untellable.join("; and "));
        return Ok(Some(Err(Missing { why, help: inputs(prepared) })));
    }
    let found =
        rehearsal(&prepared.place.store(), &gate, &prepared.path, &token_holds).map_err(store_problem)?;
    Ok(Some(found.map_err(|none| missing(prepared, &gate, &asked, none))))
}

fn missing(prepared: &Prepared, gate: &Gate<'_>, asked: &str, none: NotFound) -> Missing {
    let command = command(prepared, gate);
    let damaged = passed_over(&none.passed_over).map(|words| format!(" ({words})")).unwrap_or_default();
    let Some(near) = none.near else {
        let why = format!("{asked}, and there is none{damaged}");
        return Missing { why, help: format!("Run it there first: {command}") };
    };
    let number = near.run.number;
    let differs: Vec<String> = near.differs.iter().map(|differs| words(prepared, &near, differs)).collect();
    let why =
        format!("{asked}, and there is none{damaged}. The nearest is run {number}: {}", differs.join("; "));
    let partial = |differs: &Differs| matches!(differs, Differs::Skipped(_) | Differs::Edited(_));
    let help = match near.differs.as_slice() {
        [Differs::Open] => format!("Finish it: holdpoint resume {number}. Or run it there again: {command}"),
        all if all.iter().all(|differs| matches!(differs, Differs::Uncaptured { .. })) => {
            format!("Run it there again, with the blocks that capture it: {command}")
        }
        [Differs::Unanchored(_)] => how(&prepared.place, number),
        all if all.iter().all(partial) => format!(
            "Rehearse all of it: {command}; or set requires.complete = false, if what is left out there may be."
        ),
        _ => format!("Run it there again: {command}"),
    };
    Missing { why, help }
}

fn words(prepared: &Prepared, near: &Near, differs: &Differs) -> String {
    let words = differs.words();
    let lines = match differs {
        Differs::Document => lines_that_differ(near, &near.opened.runbook.blob, prepared.sources.own()),
        Differs::Included(path) => {
            let there = near.opened.runbook.includes.iter().find(|one| one.path == *path);
            let here = prepared.sources.files().iter().find(|file| file.path == *path);
            there.zip(here).and_then(|(there, here)| lines_that_differ(near, &there.blob, &here.text))
        }
        _ => None,
    };
    match lines {
        Some(0) => format!("{words}: the same lines in another order"),
        Some(1) => format!("{words}: 1 line differs"),
        Some(lines) => format!("{words}: {lines} lines differ"),
        None => words,
    }
}

/// How many lines are new, changed or gone since; `None` where the text of that time cannot be read.
fn lines_that_differ(near: &Near, before: &BlobRef, now: &str) -> Option<u64> {
    let before = text_blob(&near.run.path, before).ok()?;
    let before = String::from_utf8(before).ok()?;
    let mut counts: HashMap<&str, i64> = HashMap::new();
    let (old, new) = (before.split_inclusive('\n'), now.split_inclusive('\n'));
    new.for_each(|line| *counts.entry(line).or_default() += 1);
    old.for_each(|line| *counts.entry(line).or_default() -= 1);
    let of = |sign: i64| counts.values().map(|count| (count * sign).max(0).unsigned_abs()).sum::<u64>();
    // A line that changed is one that is new and one that is gone.
    Some(of(1).max(of(-1)))
}

/// What to type to rehearse it, with the values that must be the same.
fn command(prepared: &Prepared, gate: &Gate<'_>) -> String {
    let quoted = |text: &str| shlex::try_quote(text).map_or_else(|_| text.to_owned(), Cow::into_owned);
    let set = gate.same().filter_map(|(name, value)| Some(format!(" --set {name}={}", quoted(value?))));
    let set: String = set.collect();
    let path = prepared.place.typed(&prepared.path);
    format!("holdpoint run {path} --env {}{set}", quoted(gate.environment))
}

fn inputs(prepared: &Prepared) -> String {
    let plan = &prepared.plan;
    let inputs: Vec<&str> =
        plan.front.inputs.iter().filter(|input| !input.secret).map(|input| &*input.name).collect();
    let inputs = match inputs.as_slice() {
        [] => "The document has no inputs but secrets".to_owned(),
        names => format!("Its inputs are {}", names.join(", ")),
    };
    let captured: Vec<&str> = captured_names(plan).into_iter().collect();
    let captured = match captured.as_slice() {
        [] => String::new(),
        names => format!(", and it captures {}", names.join(", ")),
    };
    format!("{inputs}{captured}: correct requires.same of the environment in holdpoint.toml.")
}
