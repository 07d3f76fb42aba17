//! Two runs beside one another (rehearse.md, compare): where a rehearsal and the run that relied on it came out apart.
//!
//! What always differs is no difference: when it was, who was there, how long it took. It is told beside each step.

mod by_condition;
mod masking;
mod outputs;

use std::collections::BTreeMap;

use holdpoint_engine::{BlobRef, Output};
use holdpoint_model::many;
use jiff::Timestamp;
use serde::Serialize;

pub use masking::{MASKS, Mask};

pub use by_condition::ByCondition;

use self::masking::Masking;
use self::outputs::{Came, Outputs};
use crate::{ActionSummary, Attempt, StepSummary, Summary};

/// What comes of comparing two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Format version of this object, `1.0`.
    pub format: &'static str,
    /// The first run.
    pub a: Side,
    /// The second.
    pub b: Side,
    /// Whether the runs, or any step or action of them, ended otherwise.
    pub outcomes_differ: bool,
    /// Everything in which they differ, in the order of the document.
    pub differences: Vec<Difference>,
    /// Every step that either of them has.
    pub steps: Vec<StepBeside>,
    /// Steps and actions that one of them passes over, because the document wants them in the other's environment alone.
    pub by_condition: Vec<ByCondition>,
    /// What was not compared, and why.
    pub not_compared: Vec<String>,
    /// Outputs and values that are the same but for what is masked.
    pub same_but_for_masks: Vec<Alike>,
    /// What was masked in outputs before they were compared.
    pub masks: Vec<Mask>,
}

/// Two outputs, or two values, that are the same but for what is masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alike {
    /// Of which block, on which stream; or the value's name.
    pub at: String,
    /// The first line that differs, in the first.
    pub a: String,
    /// The same in the second.
    pub b: String,
}

/// One of the two runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Its number in its store.
    pub number: u64,
    /// Its ULID.
    pub id: String,
    /// Where it ran.
    pub environment: String,
    /// Whether that is one for rehearsals.
    pub rehearsal: bool,
    /// How it ended, in words.
    pub verdict: String,
    /// When it was opened.
    pub opened: Timestamp,
    /// From its first to its last event, milliseconds.
    pub elapsed_ms: u64,
    /// SHA-256 of the document's bytes.
    pub document: String,
    /// The commit.
    pub commit: Option<String>,
    /// Who operated, by principal.
    pub operators: Vec<String>,
}

/// Something in which they differ. Of `a` and `b`, what is not there is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// In what.
    pub what: Differing,
    /// The step, for what is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The action, for what is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The place, for what is about one of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The name of an input, a value or an expectation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How it was in the first.
    pub a: Option<String>,
    /// How it was in the second.
    pub b: Option<String>,
    /// Of outputs: lines of a unified diff, masked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diff: Vec<String>,
}

/// In what two runs can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Differing {
    /// The document's bytes, or those of a file that it includes, which is named.
    Document,
    /// How the run ended.
    Verdict,
    /// What was given for an input.
    Input,
    /// A value that was captured or written down.
    Value,
    /// A step that one of them does not have, or how it ended.
    Step,
    /// An action that one of them does not have, or how it ended.
    Action,
    /// Whether an expectation held.
    Expectation,
    /// What a block printed to standard output.
    Stdout,
    /// What a block printed to standard error.
    Stderr,
    /// Something was done otherwise than the document says.
    Deviation,
}

impl Differing {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Differing::Document => "document",
            Differing::Verdict => "verdict",
            Differing::Input => "input",
            Differing::Value => "value",
            Differing::Step => "step",
            Differing::Action => "action",
            Differing::Expectation => "expectation",
            Differing::Stdout => "standard output",
            Differing::Stderr => "standard error",
            Differing::Deviation => "deviation",
        }
    }

    /// Whether it is about how something ended.
    fn is_outcome(self) -> bool {
        matches!(self, Differing::Verdict | Differing::Step | Differing::Action)
    }
}

impl Difference {
    fn of(what: Differing, a: Option<String>, b: Option<String>) -> Difference {
        Difference { what, step: None, action: None, place: None, name: None, a, b, diff: Vec::new() }
    }

    fn within(self, step: &str, action: Option<&str>) -> Difference {
        Difference { step: Some(step.to_owned()), action: action.map(str::to_owned), ..self }
    }

    fn called(self, name: &str) -> Difference {
        Difference { name: Some(name.to_owned()), ..self }
    }

    /// Where it is, in words: `RELEASE`, `deploy`, `deploy#1 at web-1`.
    pub fn place_words(&self) -> String {
        let at = self.action.as_ref().or(self.step.as_ref());
        let place = self.place.as_ref().map(|place| format!("at {place}"));
        let parts = [at.cloned(), place, self.name.clone()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// A step of both, or of one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepBeside {
    /// The plan's name for it.
    pub id: String,
    /// Its title, of the second where that has it.
    pub title: String,
    /// In the first.
    pub a: Option<StepSide>,
    /// In the second.
    pub b: Option<StepSide>,
}

/// A step of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepSide {
    /// Position as the operator sees it.
    pub number: String,
    /// What became of it, in words.
    pub status: String,
    /// From its first to its last event, milliseconds; waiting for people included.
    pub elapsed_ms: u64,
    /// How long its document expects it to take, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_ms: Option<u64>,
    /// Who acted in it, by principal.
    pub who: Vec<String>,
}

/// A run, and the bytes of its blobs. The error says in words why there are none.
#[derive(Clone, Copy)]
pub struct Compared<'a> {
    /// What is to be compared.
    pub summary: &'a Summary,
    /// Reads a blob.
    pub blob: &'a dyn Fn(&BlobRef) -> Result<Vec<u8>, String>,
}

/// Compares two runs, of one document or of two.
pub fn compare(a: Compared<'_>, b: Compared<'_>) -> Comparison {
    let mut comparing = Comparing {
        a,
        b,
        outputs: Outputs::new([Masking::of(a.summary, b.summary), Masking::of(b.summary, a.summary)]),
        found: Vec::new(),
        by_condition: Vec::new(),
        not_compared: Vec::new(),
        same_but_for_masks: Vec::new(),
    };
    comparing.whole();
    let steps = comparing.steps();
    comparing.deviations();
    let Comparing { found, by_condition, not_compared, same_but_for_masks, .. } = comparing;
    Comparison {
        format: "1.0",
        a: side(a.summary),
        b: side(b.summary),
        outcomes_differ: found.iter().any(|difference| difference.what.is_outcome()),
        differences: found,
        steps,
        by_condition,
        not_compared,
        same_but_for_masks,
        masks: MASKS.to_vec(),
    }
}

fn side(summary: &Summary) -> Side {
    let (run, document) = (&summary.run, &summary.document);
    let mut operators: Vec<String> = Vec::new();
    for session in &summary.sessions {
        if !operators.contains(&session.session.operator) {
            operators.push(session.session.operator.clone());
        }
    }
    Side {
        number: run.number,
        id: run.id.clone(),
        environment: run.environment.name.clone(),
        rehearsal: run.environment.rehearsal,
        verdict: summary.verdict_words(),
        opened: run.opened,
        elapsed_ms: run.elapsed_ms,
        document: document.blob.sha256.clone(),
        commit: document.commit.clone(),
        operators,
    }
}

struct Comparing<'a> {
    a: Compared<'a>,
    b: Compared<'a>,
    outputs: Outputs,
    found: Vec<Difference>,
    by_condition: Vec<ByCondition>,
    not_compared: Vec<String>,
    same_but_for_masks: Vec<Alike>,
}

impl<'a> Comparing<'a> {
    fn add(&mut self, difference: Difference) {
        self.found.push(difference);
    }

    /// A difference where two texts are not the same.
    fn hold(&mut self, what: Differing, a: Option<String>, b: Option<String>) -> Option<&mut Difference> {
        if a == b {
            return None;
        }
        self.add(Difference::of(what, a, b));
        self.found.last_mut()
    }

    /// What is about the runs as such.
    fn whole(&mut self) {
        let (a, b) = (self.a.summary, self.b.summary);
        let digest = |summary: &Summary| Some(summary.document.blob.sha256.clone());
        self.hold(Differing::Document, digest(a), digest(b));
        let included = |summary: &'a Summary| -> BTreeMap<&str, String> {
            summary.document.includes.iter().map(|one| (one.path.as_str(), one.blob.sha256.clone())).collect()
        };
        self.named(Differing::Document, &included(a), &included(b));
        let verdict = |summary: &Summary| Some(ended(summary));
        self.hold(Differing::Verdict, verdict(a), verdict(b));
        let inputs = |summary: &'a Summary| -> BTreeMap<&str, String> {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "(secret)".to_owned());
            summary.inputs.iter().map(|input| (input.name.as_str(), value(&input.value))).collect()
        };
        self.named(Differing::Input, &inputs(a), &inputs(b));
        let values = |summary: &'a Summary| -> BTreeMap<&str, String> {
            summary.values.iter().map(|value| (value.name.as_str(), value.value.clone())).collect()
        };
        let (mut a, mut b) = (values(a), values(b));
        let [of_a, of_b] = self.outputs.masking();
        a.retain(|name, one| {
            let alike =
                |other: &&String| *other != one && of_a.value(name, one).is_like(&of_b.value(name, other));
            let Some(other) = b.get(name).filter(alike).cloned() else { return true };
            b.remove(name);
            self.same_but_for_masks.push(Alike { at: format!("value {name}"), a: one.clone(), b: other });
            false
        });
        self.named(Differing::Value, &a, &b);
    }

    fn named(&mut self, what: Differing, a: &BTreeMap<&str, String>, b: &BTreeMap<&str, String>) {
        let mut names: Vec<&str> = a.keys().chain(b.keys()).copied().collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let (one, other) = (a.get(name).cloned(), b.get(name).cloned());
            if one != other {
                self.add(Difference::of(what, one, other).called(name));
            }
        }
    }

    /// Steps by their ids: in the order of the second, and those of the first alone where they stood.
    fn steps(&mut self) -> Vec<StepBeside> {
        let (a, b) = (&self.a.summary.steps, &self.b.summary.steps);
        let of = |steps: &'a [StepSummary], id: &str| steps.iter().find(|step| step.id == id);
        let mut pairs: Vec<(Option<&'a StepSummary>, Option<&'a StepSummary>)> = Vec::new();
        let mut told = 0;
        for step in b {
            if let Some(at) = a.iter().position(|known| known.id == step.id) {
                let before = a.get(told..at).unwrap_or_default();
                pairs.extend(
                    before.iter().filter(|gone| of(b, &gone.id).is_none()).map(|gone| (Some(gone), None)),
                );
                told = told.max(at + 1);
            }
            pairs.push((of(a, &step.id), Some(step)));
        }
        let rest = a.get(told..).unwrap_or_default();
        pairs.extend(rest.iter().filter(|gone| of(b, &gone.id).is_none()).map(|gone| (Some(gone), None)));
        pairs.into_iter().filter_map(|(a, b)| self.step(a, b)).collect()
    }

    fn step(&mut self, a: Option<&'a StepSummary>, b: Option<&'a StepSummary>) -> Option<StepBeside> {
        let any = b.or(a)?;
        let words = |step: Option<&StepSummary>| step.map(|step| step.status.words().to_owned());
        let whole = by_condition::step(a, b).filter(|_| self.elsewhere());
        let passed_over = whole.is_some();
        self.by_condition.extend(whole);
        if words(a) != words(b) && !passed_over {
            self.add(Difference::of(Differing::Step, words(a), words(b)).within(&any.id, None));
        }
        if let (Some(a), Some(b)) = (a, b) {
            let actions = |step: &'a StepSummary| step.actions.iter().chain(&step.rollback_blocks);
            for one in actions(a) {
                match actions(b).find(|other| other.id == one.id) {
                    Some(_) if passed_over => {}
                    Some(other) => self.action(&a.id, one, other),
                    None => {
                        let words = Some(one.status.words().to_owned());
                        self.add(Difference::of(Differing::Action, words, None).within(&a.id, Some(&one.id)));
                    }
                }
            }
            for other in actions(b).filter(|other| !actions(a).any(|one| one.id == other.id)) {
                let words = Some(other.status.words().to_owned());
                self.add(Difference::of(Differing::Action, None, words).within(&a.id, Some(&other.id)));
            }
        }
        let side = |step: &StepSummary| StepSide {
            number: step.number.clone(),
            status: step.status.words().to_owned(),
            elapsed_ms: step.elapsed_ms,
            expected_ms: step.expected_ms,
            who: step.performers.clone(),
        };
        let (a, b) = (a.map(side), b.map(side));
        Some(StepBeside { id: any.id.clone(), title: any.title.clone(), a, b })
    }

    /// Whether they ran in different environments.
    fn elsewhere(&self) -> bool {
        self.a.summary.run.environment.name != self.b.summary.run.environment.name
    }

    fn action(&mut self, step: &str, a: &ActionSummary, b: &ActionSummary) {
        let words = |action: &ActionSummary| Some(action.status.words().to_owned());
        let passed_over = by_condition::action(a, b).filter(|_| self.elsewhere());
        if words(a) != words(b) && passed_over.is_none() {
            self.add(Difference::of(Differing::Action, words(a), words(b)).within(step, Some(&a.id)));
        }
        self.by_condition.extend(passed_over);
        for (one, other, place) in self.attempts(a, b) {
            let before = self.found.len();
            self.ends(one, other);
            for difference in &mut self.found[before..] {
                difference.step = Some(step.to_owned());
                difference.action = Some(a.id.clone());
                difference.place.clone_from(&place);
            }
        }
    }

    /// The attempts that count, each beside that at the same place. Where each has one place alone, these are it.
    fn attempts<'s>(
        &mut self,
        a: &'s ActionSummary,
        b: &'s ActionSummary,
    ) -> Vec<(&'s Attempt, &'s Attempt, Option<String>)> {
        let names = |action: &'s ActionSummary| -> Vec<Option<&'s str>> {
            match action.places.as_slice() {
                [] => vec![None],
                places => places.iter().map(|place| Some(place.place.as_str())).collect(),
            }
        };
        let (at_a, at_b) = (names(a), names(b));
        let pairs: Vec<(Option<&str>, Option<&str>)> = match (at_a.as_slice(), at_b.as_slice()) {
            ([one], [other]) => vec![(*one, *other)],
            _ => at_a.iter().filter(|one| at_b.contains(one)).map(|one| (*one, *one)).collect(),
        };
        if pairs.is_empty() {
            self.not_compared.push(format!("{}: they have no place in common", a.id));
        }
        let several = at_a.len().max(at_b.len()) > 1;
        let attempt = |(one, other): (Option<&str>, Option<&'s str>)| {
            let place = other.filter(|_| several).map(str::to_owned);
            Some((a.last_attempt(one)?, b.last_attempt(other)?, place))
        };
        pairs.into_iter().filter_map(attempt).collect()
    }

    /// What two attempts brought: expectations, and what they printed.
    fn ends(&mut self, a: &Attempt, b: &Attempt) {
        let (Some(a), Some(b)) = (&a.finished, &b.finished) else { return };
        let (one, other) = (&a.result.expectations, &b.result.expectations);
        let words = |held: bool, came: Option<std::borrow::Cow<'_, str>>| match (held, came) {
            (true, _) => "held".to_owned(),
            (false, Some(came)) => format!("did not hold: {came}"),
            (false, None) => "did not hold".to_owned(),
        };
        for (one, other) in one.iter().zip(other) {
            if one.held != other.held {
                let (a, b) = (words(one.held, one.told()), words(other.held, other.told()));
                self.add(Difference::of(Differing::Expectation, Some(a), Some(b)).called(&other.expected));
            }
        }
        let streams: [(Differing, Stream); 2] =
            [(Differing::Stdout, |output| &output.stdout), (Differing::Stderr, |output| &output.stderr)];
        let (Some(one), Some(other)) = (&a.result.output, &b.result.output) else { return };
        let other_action = b.result.action.as_str();
        for (what, stream) in streams {
            let read = |side: Compared<'_>, output: &Output| (side.blob)(stream(output));
            match self.outputs.compared(
                || read(self.a, one),
                || read(self.b, other),
                (stream(one), stream(other)),
            ) {
                Ok(Came::Same) => {}
                Ok(Came::Masked([a, b])) => {
                    let at = format!("{other_action}, {}", what.words());
                    self.same_but_for_masks.push(Alike { at, a, b });
                }
                Ok(Came::Differ(diff)) => {
                    let bytes = |blob: &BlobRef| Some(many(blob.bytes, "byte"));
                    let mut difference = Difference::of(what, bytes(stream(one)), bytes(stream(other)));
                    difference.diff = diff;
                    self.add(difference);
                }
                Err(why) => {
                    let at = format!("{other_action}, {}", what.words());
                    self.not_compared.push(format!("{at}: {why}"));
                }
            }
        }
    }

    /// Deviations by kind and what they are about, as often as they are there.
    fn deviations(&mut self) {
        let counted = |summary: &'a Summary| {
            let mut counted: BTreeMap<(&str, &str, Option<&str>), Vec<&str>> = BTreeMap::new();
            for deviation in &summary.deviations {
                let key = (deviation.kind.words(), deviation.step.as_str(), deviation.action.as_deref());
                counted.entry(key).or_default().push(&deviation.reason);
            }
            counted
        };
        let (a, b) = (counted(self.a.summary), counted(self.b.summary));
        let mut keys: Vec<_> = a.keys().chain(b.keys()).cloned().collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let (one, other) = (a.get(&key), b.get(&key));
            if one.map(Vec::len) != other.map(Vec::len) {
                let told = |reasons: Option<&Vec<&str>>| reasons.map(|reasons| reasons.join("; "));
                let (kind, step, action) = key;
                let mut difference =
                    Difference::of(Differing::Deviation, told(one), told(other)).called(kind);
                difference.step = Some(step.to_owned()).filter(|step| !step.is_empty());
                difference.action = action.map(str::to_owned);
                self.add(difference);
            }
        }
    }
}

/// One of the two that a block prints to.
type Stream = fn(&Output) -> &BlobRef;

/// How a run ended; deviations are told on their own.
fn ended(summary: &Summary) -> String {
    summary.verdict().map_or_else(|| summary.verdict_words(), |verdict| verdict.words().to_uppercase())
}
