//! The gate: which run is the rehearsal that an environment asks for. Judged before a run opens, of every run that the
//! store has, and again whenever a record that relied on one is verified, or a store is audited.

use std::collections::BTreeMap;
use std::time::Duration;

use holdpoint_model::{Plan, Requires};
use jiff::{SignedDuration, Timestamp};

use crate::{Included, InputGiven, RunOpened, Verdict, captured_names, duration};

/// How far two clocks that are looked after may be apart: events of one run may come from several machines.
///
/// A rehearsal ends before the run that relies on it opens, and that opens a moment after it was judged.
pub const SKEW: SignedDuration = SignedDuration::from_mins(1);

/// So much of a value is told, in characters.
const TOLD: usize = 60;

/// What an environment asks of a rehearsal, and of what run-book, with what inputs, at what time.
#[derive(Clone, Debug)]
pub struct Gate<'a> {
    /// The environment that it was in.
    pub environment: &'a str,
    /// How old it may be.
    pub max_age: Option<Duration>,
    same: &'a [String],
    skips: bool,
    document: &'a str,
    includes: &'a [Included],
    inputs: &'a [InputGiven],
    /// Of `same`, what blocks capture.
    captured: Vec<&'a str>,
    at: Timestamp,
    allowance: SignedDuration,
}

/// A run as the two ends of its record tell it.
#[derive(Clone, Copy, Debug)]
pub struct Ends<'a> {
    /// Event 0.
    pub opened: &'a RunOpened,
    /// How it ended; `None` where it is not closed.
    pub verdict: Option<Verdict>,
    /// Whether there is a seal over it.
    pub sealed: bool,
    /// When its last event was written.
    pub ended: Timestamp,
}

/// What proving a record has shown.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Why the record is not intact and complete, in words; `None` where it is.
    pub broken: Option<String>,
    /// Why its seal is not anchored, in words, where its environment asks for that.
    pub unanchored: Option<String>,
    /// Whether its document was exchanged on the way.
    pub exchanged: bool,
    /// Actions that somebody skipped, and that were not done afterwards: [`Run::skipped`](crate::Run::skipped).
    pub skipped: Vec<String>,
    /// Actions of which another script ran than the document's: [`Run::edited`](crate::Run::edited).
    pub edited: Vec<String>,
    /// Actions that were in doubt and that somebody says happened: [`Run::taken_as_done`](crate::Run::taken_as_done).
    pub taken_as_done: Vec<String>,
    /// What was captured: [`Run::captured`](crate::Run::captured).
    pub captured: BTreeMap<String, Result<String, String>>,
}

/// Why a run is not the rehearsal that is asked for. In the order in which they are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Differs {
    /// It was in another environment, this one.
    Environment(String),
    /// It was of other bytes.
    Document,
    /// It was of other bytes of this file, which the document includes.
    Included(String),
    /// It was a dry run.
    Dry,
    /// It has not ended, or nobody sealed it.
    Open,
    /// It did not pass.
    Verdict(Verdict),
    /// Its record does not hold, for this reason.
    Broken(String),
    /// Its environment asks for an anchor, and its seal has none that holds, for this reason.
    Unanchored(String),
    /// A value that must be the same was another one there.
    Value {
        /// Whose.
        name: String,
        /// What it was there; `None` where it was not given.
        there: Option<String>,
    },
    /// It came to no value that a block captures here, and that must be the same.
    Uncaptured {
        /// Whose.
        name: String,
        /// Why, in words that follow on the name.
        why: String,
    },
    /// It is too old.
    Age {
        /// How old it is.
        age: Duration,
        /// How old it may be.
        most: Duration,
    },
    /// It ended after the run that relies on it opened.
    Later,
    /// It went on by another document than it was opened with, so that none of the two was rehearsed.
    Exchanged,
    /// Something was skipped in it, and nothing may be.
    Skipped(Vec<String>),
    /// Something else was run than the document says, and nothing may be.
    Edited(Vec<String>),
    /// That something happened in it is somebody's word alone, and nothing may be.
    TakenAsDone(Vec<String>),
}

impl Differs {
    /// In words that follow on "run 12 does not count:".
    pub fn words(&self) -> String {
        match self {
            Differs::Environment(name) => format!("it was in {name}"),
            Differs::Document => "the document has changed since".to_owned(),
            Differs::Included(path) => format!("{path}, which the document includes, has changed since"),
            Differs::Dry => "it was a dry run".to_owned(),
            Differs::Open => "it is not finished and sealed".to_owned(),
            Differs::Verdict(verdict) => format!("it ended {}", ended(*verdict)),
            Differs::Broken(why) => format!("its record does not hold: {why}"),
            Differs::Unanchored(why) => why.clone(),
            Differs::Value { name, there: Some(there) } => format!("{name} was {} there", cut(there)),
            Differs::Value { name, there: None } => format!("{name} was not given there"),
            Differs::Uncaptured { name, why } => format!("{name} {why}"),
            Differs::Age { age, most } => ages(*age, *most),
            Differs::Later => "it ended after now: a clock was set".to_owned(),
            Differs::Exchanged => {
                "its document was exchanged on the way, so none was rehearsed whole".to_owned()
            }
            Differs::Skipped(what) => format!("{} skipped in it", were(what)),
            Differs::Edited(what) => format!("{} edited in it", were(what)),
            Differs::TakenAsDone(what) => format!("{} taken as done in it", were(what)),
        }
    }

    /// How far it is from what is asked for, beside others.
    fn weight(&self) -> usize {
        match self {
            // A new rehearsal is due, whatever else is the case.
            Differs::Environment(_) | Differs::Document | Differs::Included(_) => 10,
            _ => 1,
        }
    }
}

impl<'a> Gate<'a> {
    /// `document`: digest of the run-book's bytes, and what it includes. `plan`: what it says. `inputs`: those of the run that opens, at the time `at`. `None` where
    /// no rehearsal is asked for.
    pub fn of(
        requires: &'a Requires,
        (document, includes): (&'a str, &'a [Included]),
        (plan, inputs): (&'a Plan, &'a [InputGiven]),
        at: Timestamp,
    ) -> Option<Gate<'a>> {
        let environment = requires.rehearsal.as_deref()?;
        let Requires { max_age, skips, same, .. } = requires;
        let allowance = SignedDuration::ZERO;
        let (max_age, skips) = (*max_age, *skips);
        let names = captured_names(plan);
        let captured = |name: &&str| given(inputs, name).is_none() && names.contains(name);
        let captured = same.iter().map(String::as_str).filter(captured).collect();
        Some(Gate { environment, max_age, same, skips, document, includes, inputs, captured, at, allowance })
    }

    /// As it is held once more, of a run that has opened: it was judged a moment before.
    pub fn again(self) -> Gate<'a> {
        Gate { allowance: SKEW, ..self }
    }

    /// Names of values that must be the same and that this run neither has nor captures, or keeps secret: no rehearsal can
    /// be told to have had them. Each with why, in words.
    pub fn untellable(&self) -> Vec<String> {
        let untellable = self.same.iter().filter_map(|name| match given(self.inputs, name) {
            None if self.captured.contains(&name.as_str()) => None,
            None => Some(format!(
                "{name}, which must be the same there, is no input of the document, and no block captures it"
            )),
            Some(InputGiven { value: None, .. }) => {
                Some(format!("{name} is a secret, and no record tells whether it was the same there"))
            }
            Some(_) => None,
        });
        untellable.collect()
    }

    /// Inputs that must be the same, each with its name.
    pub fn same(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let Gate { same, inputs, .. } = *self;
        same.iter().map(move |name| (name.as_str(), value(inputs, name)))
    }

    /// Names of values that must be the same, and that blocks capture: what they are here is known when one has.
    pub fn captured(&self) -> impl Iterator<Item = &'a str> {
        self.captured.iter().copied()
    }

    /// What a run that is the rehearsal captured under these names.
    pub fn captured_in(&self, shown: &Shown) -> BTreeMap<String, String> {
        let value = |name: &str| Some((name.to_owned(), shown.captured.get(name)?.clone().ok()?));
        self.captured().filter_map(value).collect()
    }

    /// Whether a run is worth a word where there is no rehearsal: in that environment, of these bytes or of what stood
    /// at `path` then.
    pub fn concerns(&self, opened: &RunOpened, path: &str) -> bool {
        let book = &opened.runbook;
        opened.environment.name == self.environment
            && (book.blob.sha256 == self.document || book.path == path)
    }

    /// What keeps a run from being the rehearsal, as far as its ends tell; empty if nothing does.
    pub fn by_ends(&self, ends: &Ends<'_>) -> Vec<Differs> {
        let Ends { opened, verdict, sealed, ended } = *ends;
        let mut differs = Vec::new();
        if opened.environment.name != self.environment {
            differs.push(Differs::Environment(opened.environment.name.clone()));
        }
        if opened.runbook.blob.sha256 != self.document {
            differs.push(Differs::Document);
        } else if let Some(path) = other_include(self.includes, &opened.runbook.includes) {
            differs.push(Differs::Included(path.to_owned()));
        }
        if opened.dry {
            differs.push(Differs::Dry);
        }
        match verdict {
            Some(Verdict::Passed) if sealed => {}
            Some(Verdict::Passed) | None => differs.push(Differs::Open),
            Some(other) => differs.push(Differs::Verdict(other)),
        }
        for name in self.same.iter().filter(|name| !self.captured.contains(&name.as_str())) {
            let (here, there) = (value(self.inputs, name), value(&opened.inputs, name));
            if here.is_none() || here != there {
                differs.push(Differs::Value { name: name.clone(), there: there.map(str::to_owned) });
            }
        }
        let age = self.at.duration_since(ended);
        match (self.max_age, Duration::try_from(age - self.allowance)) {
            (Some(most), Ok(past)) if past > most => {
                differs.push(Differs::Age { age: age.unsigned_abs(), most });
            }
            _ if age < -SKEW => differs.push(Differs::Later),
            _ => {}
        }
        differs
    }

    /// What keeps a run from being it whose ends do not, by what proving its record has shown.
    pub fn by_proof(&self, shown: &Shown) -> Vec<Differs> {
        let Shown { broken, unanchored, exchanged, skipped, edited, taken_as_done, captured } = shown;
        let mut differs: Vec<Differs> = broken.iter().cloned().map(Differs::Broken).collect();
        differs.extend(unanchored.iter().cloned().map(Differs::Unanchored));
        differs.extend(exchanged.then_some(Differs::Exchanged));
        if !self.skips && !skipped.is_empty() {
            differs.push(Differs::Skipped(skipped.clone()));
        }
        if !self.skips && !edited.is_empty() {
            differs.push(Differs::Edited(edited.clone()));
        }
        if !self.skips && !taken_as_done.is_empty() {
            differs.push(Differs::TakenAsDone(taken_as_done.clone()));
        }
        // Of a record that does not hold, nothing counts.
        for name in self.captured().filter(|_| broken.is_none()) {
            let why = match captured.get(name) {
                Some(Ok(_)) => continue,
                Some(Err(why)) => why.clone(),
                None => "was not captured there".to_owned(),
            };
            differs.push(Differs::Uncaptured { name: name.to_owned(), why });
        }
        differs
    }

    /// What is asked for, in words that follow on the environment's name.
    pub fn words(&self) -> String {
        let within = self.max_age.map(|age| format!(" within {}", days_or(age))).unwrap_or_default();
        let with = match self.same {
            [] => String::new(),
            names => format!(" with the same {}", names.join(", ")),
        };
        format!("requires a passed rehearsal of these very bytes in {}{with}{within}", self.environment)
    }
}

/// The first file that is not included with the same bytes here and there.
fn other_include<'i>(here: &'i [Included], there: &'i [Included]) -> Option<&'i str> {
    let not_in = |others: &[Included], one: &&Included| !others.contains(*one);
    let ours = here.iter().find(|one| not_in(there, one));
    ours.or_else(|| there.iter().find(|one| not_in(here, one))).map(|one| one.path.as_str())
}

fn given<'i>(inputs: &'i [InputGiven], name: &str) -> Option<&'i InputGiven> {
    inputs.iter().find(|input| input.name == name)
}

/// What was given for an input; `None` for a secret too.
fn value<'i>(inputs: &'i [InputGiven], name: &str) -> Option<&'i str> {
    given(inputs, name)?.value.as_deref()
}

/// Of several runs that are no rehearsal, youngest first, the one that is nearest to being one.
pub fn nearest<T>(others: Vec<(T, Vec<Differs>)>) -> Option<(T, Vec<Differs>)> {
    let weight = |differs: &[Differs]| differs.iter().map(Differs::weight).sum::<usize>();
    // The first of those that weigh the same, so the youngest.
    others.into_iter().min_by_key(|(_, differs)| weight(differs))
}

fn ended(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::NothingDone => "with nothing done",
        Verdict::Failed => "failed",
        Verdict::RolledBack => "rolled back",
        Verdict::Aborted => "aborted",
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TOLD) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None if text.is_empty() => "empty".to_owned(),
        None => text.to_owned(),
    }
}

fn were(what: &[String]) -> String {
    let were = if what.len() == 1 { "was" } else { "were" };
    format!("{} {were}", what.join(", "))
}

const DAY: u64 = 24 * 60 * 60;

/// Whole days as that, as people write them; anything else as elsewhere.
fn days_or(age: Duration) -> String {
    match (age.as_secs(), age.subsec_nanos()) {
        (seconds, 0) if seconds > 0 && seconds % DAY == 0 => format!("{}d", seconds / DAY),
        _ => duration(age),
    }
}

/// How old it was, as exact as it takes to tell that from how old it might be; and that.
fn ages(age: Duration, most: Duration) -> String {
    let days = |time: Duration| time.as_secs() / DAY;
    let rounded = Duration::from_secs(if days(age) > days(most) { days(age) * DAY } else { age.as_secs() });
    let age = if rounded > most { rounded } else { age };
    let are = if days(most) > 1 { "are" } else { "is" };
    format!("it was {} ago, and {} {are} allowed", spoken(age), spoken(most))
}

/// Days in words, and what is left of them as elsewhere.
fn spoken(time: Duration) -> String {
    let (days, rest) = (time.as_secs() / DAY, time - Duration::from_secs(time.as_secs() / DAY * DAY));
    let days = match days {
        0 => return duration(rest),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    if rest.is_zero() { days } else { format!("{days} {}", duration(rest)) }
}
