//! `compare`: two runs beside one another. Executes nothing.

use holdpoint_engine::{BlobRef, Event, Stamped, Verdict};
use holdpoint_record::{Glance, ReadError, RunDir, Store, blob, glance, never_began, seal_digest, verify};
use holdpoint_report::took;
use holdpoint_view::{
    Alike, ByCondition, Compared, Comparison, Difference, Side, StepSide, compare as beside,
};

use super::read::{Recorded, find, passed_over, read_dir, read_problem, store_problem, tell_passed_over};
use super::standing::standings;
use crate::args::{self, CompareFormat};
use crate::exit::Exit;
use crate::output;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;

/// Compares two runs. Ends with 1 where outcomes differ.
pub fn compare(screen: &Screen, arguments: &args::Compare) -> Result<Exit, Problem> {
    output::untaken(arguments.output.as_deref())?;
    let this = intact(find(&arguments.a)?)?;
    let comparison = match &arguments.b {
        // The rehearsal stands first, as it came first.
        None => {
            let (dir, unused) = rehearsal_of(&this)?;
            tell_passed_over(screen, "", &unused);
            of(&intact(dir)?, &this)?
        }
        Some(other) => of(&this, &intact(find(other)?)?)?,
    };
    let text = match arguments.format {
        // What goes into a file is no terminal's.
        CompareFormat::Text => lines(screen, &comparison, arguments.output.is_none()).join("\n") + "\n",
        CompareFormat::Json => serde_json::to_string_pretty(&comparison).map_err(Problem::ours)? + "\n",
        CompareFormat::Html => {
            holdpoint_report::comparison(&comparison, &jiff::tz::TimeZone::system()).map_err(Problem::ours)?
        }
    };
    output::give(screen, arguments.output.as_deref(), text.trim_end(), "")?;
    Ok(if comparison.outcomes_differ { Exit::Failed } else { Exit::Passed })
}

/// A record of which nothing is wrong: what an altered one tells is nobody's.
fn intact(dir: RunDir) -> Result<Recorded, Problem> {
    let number = dir.number;
    let proof = verify(&dir.path).map_err(read_problem)?;
    match proof.verdict.holds() {
        true => read_dir(dir),
        false => Err(damaged(format!("the record of run {number} is not intact: {}", proof.verdict), number)),
    }
}

fn of(a: &Recorded, b: &Recorded) -> Result<Comparison, Problem> {
    let summary = |recorded: &Recorded| {
        recorded.with_material(None, holdpoint_report::summarise).map_err(Problem::ours)
    };
    let (one, other) = (summary(a)?, summary(b)?);
    let reads = |recorded: &Recorded, reference: &BlobRef| {
        blob(&recorded.dir.path, reference).map_err(|error| error.to_string())
    };
    let (of_a, of_b) = (|reference: &BlobRef| reads(a, reference), |reference: &BlobRef| reads(b, reference));
    Ok(beside(Compared { summary: &one, blob: &of_a }, Compared { summary: &other, blob: &of_b }))
}

/// A run beside the rehearsal that it relied on, where that lies in the same store and is what was relied on; else why they
/// are not compared, in words. `None` where it relied on none.
pub fn beside_rehearsal(this: &Recorded) -> Option<Result<Comparison, String>> {
    let named = this.in_force().policy.rehearsed?;
    let here = || -> Result<Comparison, String> {
        let whole = this.dir.path.canonicalize().map_err(|error| error.to_string())?;
        let store = whole.parent().map(Store::open).ok_or("there is no store around it")?;
        let runs = store.runs().map_err(|error| error.to_string())?;
        let gone = || format!("the record of run {} is not here", named.number);
        let dir = runs.into_iter().find(|run| run.number == named.number).ok_or_else(gone)?;
        let seal = seal_digest(&dir.path).map_err(|error| error.to_string())?;
        if seal.as_ref() != Some(&named.seal.sha256) {
            return Err(format!("the record of run {} is not the one that was relied on", named.number));
        }
        let rehearsal = intact(dir).map_err(|problem| problem.to_string())?;
        of(&rehearsal, this).map_err(|problem| problem.to_string())
    };
    Some(here())
}

/// The rehearsal that a run relied on; else the last run before it that rehearsed the same document and passed. Of other
/// runs the ends are read alone. With it the numbers of damaged ones behind it, which nobody can tell anything of.
fn rehearsal_of(this: &Recorded) -> Result<(RunDir, Vec<u64>), Problem> {
    let opened = this.in_force();
    let dirs = Place::here()?.store().runs().map_err(store_problem)?;
    if let Some(named) = &opened.policy.rehearsed {
        let relied = format!("run {} relied on the rehearsal in run {}", opened.number, named.number);
        for dir in dirs.into_iter().filter(|dir| dir.number == named.number) {
            match glance(&dir.path) {
                Ok(Glance { first: Stamped { event: Event::RunOpened(there), .. }, .. })
                    if there.id == named.id =>
                {
                    return Ok((dir, Vec::new()));
                }
                Ok(_) | Err(ReadError::NotARun(_)) => {}
                // Nobody can tell of what is damaged whether it is that one; it is where that one is to be.
                Err(error) => {
                    return Err(damaged(format!("{relied}, which is damaged: {error}"), named.number));
                }
            }
        }
        return Err(Problem::usage(
            format!("{relied}, which is not here"),
            "Name the run to hold it against.",
        ));
    }
    let mut damaged = Vec::new();
    for dir in dirs.into_iter().rev().filter(|dir| dir.number < opened.number) {
        match rehearsed(&dir, &opened.runbook.path) {
            Some(true) => {
                damaged.reverse();
                return Ok((dir, damaged));
            }
            Some(false) => {}
            None => damaged.push(dir.number),
        }
    }
    damaged.reverse();
    let unused = passed_over(&damaged).map(|words| format!(" ({words})")).unwrap_or_default();
    Err(Problem::usage(
        format!("no rehearsal of {} before run {} passed{unused}", opened.runbook.path, opened.number),
        "Name the run to hold it against.",
    ))
}

/// Whether a run is a rehearsal of the document at `path` that passed; `None` where its record does not tell, or tells what did
/// not happen.
fn rehearsed(dir: &RunDir, path: &str) -> Option<bool> {
    let (first, verdict) = match glance(&dir.path) {
        Ok(Glance { first, last, .. }) => (first, last.event.verdict()),
        Err(error) if never_began(&dir.path, &error) => return Some(false),
        Err(_) => return None,
    };
    let Event::RunOpened(there) = first.event else { return None };
    if !there.environment.rehearsal || there.runbook.path != path || verdict != Some(Verdict::Passed) {
        return Some(false);
    }
    let standing = standings(std::slice::from_ref(dir)).pop()?.ok()?;
    match standing.broken {
        Some(_) => None,
        None => Some(standing.verdict == Some(Verdict::Passed)),
    }
}

/// A record that cannot be compared, for it is not what was written.
fn damaged(message: String, number: u64) -> Problem {
    Problem::record(message, format!("Nothing was compared. `holdpoint verify {number}` says more."))
}

/// What is told to people; `folded`: in lines of the terminal that it goes to.
fn lines(screen: &Screen, comparison: &Comparison, folded: bool) -> Vec<String> {
    let Comparison {
        a, b, differences, steps, by_condition, not_compared, same_but_for_masks, masks, ..
    } = comparison;
    let mut lines = Vec::new();
    let mut say = |margin: &str, text: &str| match folded {
        true => lines.extend(screen.hung_on_stdout(margin, &screen.one_line(text))),
        false => lines.push(format!("{margin}{}", screen.one_line(text)).trim_end().to_owned()),
    };
    for (mark, Side { number, environment, verdict, elapsed_ms, operators, .. }) in [("a  ", a), ("b  ", b)] {
        let who = operators.join(", ");
        let took = took(*elapsed_ms);
        say(mark, &format!("run {number} in {environment}: {verdict}, {took}, by {who}"));
    }
    say("", "");
    let side = |side: &Option<StepSide>| match side {
        None => "not there".to_owned(),
        Some(StepSide { status, elapsed_ms, expected_ms, .. }) => {
            let expected = expected_ms.map(|ms| format!(" (expected {})", took(ms))).unwrap_or_default();
            format!("{}, {}{expected}", status.to_lowercase(), took(*elapsed_ms))
        }
    };
    for step in steps {
        let number = step.b.as_ref().or(step.a.as_ref()).map_or("", |side| side.number.as_str());
        let (one, other) = (side(&step.a), side(&step.b));
        say(&format!("{:<5} ", screen.one_line(number)), &step.title);
        say("      ", &format!("a: {one}   b: {other}"));
    }
    say("", "");
    if differences.is_empty() {
        let what = match (not_compared.is_empty(), same_but_for_masks.is_empty(), by_condition.is_empty()) {
            (false, ..) => "In what was compared, they do not differ.",
            (true, false, true) => "They do not differ but for what is masked.",
            (true, true, true) => "They do not differ.",
            (true, true, false) => {
                "They do not differ but for what the document wants in one environment alone."
            }
            (true, false, false) => {
                "They do not differ but for what is masked, and what the document wants in one environment alone."
            }
        };
        say("", what);
    }
    for difference in differences {
        let Difference { what, a, b, diff, .. } = difference;
        let place = difference.place_words();
        say("DIFFERS  ", &format!("{}{}{place}", what.words(), if place.is_empty() { "" } else { " " }));
        let told = |value: &Option<String>| value.clone().unwrap_or_else(|| "not there".to_owned());
        if diff.is_empty() {
            say("         a: ", &told(a));
            say("         b: ", &told(b));
        }
        diff.iter().for_each(|line| say("         ", line));
    }
    for ByCondition { at, condition, a, b } in by_condition {
        say("BY CONDITION  ", &format!("{at}: {condition}"));
        say("         ", &format!("a: {a}   b: {b}"));
    }
    for what in not_compared {
        say("NOT COMPARED  ", what);
    }
    for Alike { at, a, b } in same_but_for_masks {
        say("MASKED  ", at);
        say("         a: ", a);
        say("         b: ", b);
    }
    if !same_but_for_masks.is_empty() || differences.iter().any(|difference| !difference.diff.is_empty()) {
        say("", "Masked in outputs and values before they were compared:");
        masks.iter().for_each(|mask| say(&format!("  {:<10} ", mask.stands), mask.what));
    }
    lines
}
