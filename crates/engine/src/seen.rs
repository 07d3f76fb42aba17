//! What somebody who signs has before their eyes: everything that happened so far, in the words of the record.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::whose::Whose;
use crate::{
    BlobRef, Choice, Corrected, Deviation, DeviationKind, Event, Finished, Judged, Outcome, Output,
    RunOpened, Started, Via,
};

/// What happened so far. Folded from the events alone, so that whoever verifies a signature comes to the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// What the run was given, by name; no value for a secret.
    pub inputs: BTreeMap<String, Option<String>>,
    /// Captured and recorded values, by name.
    pub values: BTreeMap<String, String>,
    /// Digests of the files that captures were taken from, by path.
    pub artefacts: BTreeMap<String, String>,
    /// How every action so far ended, the last time it did: in the order in which that happened.
    pub actions: Vec<Done>,
    /// What was done differently, in words, in the order in which it happened.
    pub deviations: Vec<String>,
    /// What `actions` does not tell, or no more, in order: attempts that failed, decisions, notes, rejections …
    pub history: Vec<Happened>,
}

/// An event that whoever signs is told as it stands in the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// Its number.
    pub n: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Happened {
    /// The event as it is told; `None` for one that is not, as its outcome stands in [`Seen::actions`] or nothing came
    /// of it. Of the end of an attempt that did not pass all is told but what was kept of it.
    pub fn of(n: u64, event: &Event) -> Option<Happened> {
        let event = match event {
            Event::ActionFinished(finished) if finished.outcome != Outcome::Passed => {
                Event::ActionFinished(Box::new(without_what_was_kept(finished)))
            }
            Event::RollbackFinished(finished) if finished.outcome != Outcome::Passed => {
                Event::RollbackFinished(Box::new(without_what_was_kept(finished)))
            }
            Event::RulesChecked(look) if !look.unmet.is_empty() => event.clone(),
            Event::SessionOpened(_)
            | Event::SessionSigned(_)
            | Event::LogRecovered { .. }
            | Event::ValueRecorded { .. }
            | Event::ValueCorrected(_)
            | Event::SignOffGiven(_)
            | Event::SignOffRejected { .. }
            | Event::SignOffRefused { .. }
            | Event::SignOffLapsed { .. }
            | Event::Deviation(_)
            | Event::DocumentExchanged(_)
            | Event::Decision { .. }
            | Event::RollbackOpened { .. }
            | Event::Note { .. }
            | Event::Handover(_)
            | Event::HandoverAccepted { .. }
            | Event::HandoverWithdrawn { .. } => event.clone(),
            Event::RunOpened(_)
            | Event::RulesChecked(_)
            | Event::NotApplicable { .. }
            | Event::ActionStarted(_)
            | Event::ActionFinished(_)
            | Event::RollbackStarted(_)
            | Event::RollbackFinished(_)
            | Event::ItemConfirmed { .. }
            | Event::SignOffRequested { .. }
            | Event::RunClosed { .. } => return None,
        };
        Some(Happened { n, event })
    }
}

/// A run may poll a thousand times: of each end, what was printed and kept is left to the record.
fn without_what_was_kept(finished: &Finished) -> Finished {
    Finished {
        output: None,
        files: BTreeMap::new(),
        state: None,
        masked: BTreeMap::new(),
        step: finished.step.clone(),
        action: finished.action.clone(),
        place: finished.place.clone(),
        error: finished.error.clone(),
        expectations: finished.expectations.clone(),
        captures: finished.captures.clone(),
        remarks: finished.remarks.clone(),
        ..*finished
    }
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// Which.
    pub action: String,
    /// How: `passed`, `failed (exit code 1), attempt 2`, `confirmed by ops@example.org: The lamp is green` …
    pub outcome: String,
}

/// [`Seen`] on its way: what was done last, by action.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Witness {
    seen: Seen,
    /// By action.
    done: BTreeMap<String, Last>,
    moments: u64,
    /// The last execution of each block, by action.
    executions: BTreeMap<String, Ran>,
    /// Of values that were another one before: which, by name.
    former: BTreeMap<String, String>,
    /// Secrets that were masked in what blocks printed, by name.
    masked: BTreeSet<String>,
    /// [`Seen::deviations`], with where each came from.
    deviations: Vec<Whose>,
    /// The same as everybody but signers is told it.
    told_deviations: Vec<Whose>,
    /// How many answers came from a file.
    from_file: u64,
}

/// What was done last of an action.
#[derive(Clone, PartialEq)]
struct Last {
    /// Position in time.
    moment: u64,
    step: String,
    outcome: Whose,
    /// Whether somebody says that it is so: of a command that is offered, that they did it by hand.
    confirmed: bool,
    /// Each value that was written down with it, by name: what became of it last.
    written: Vec<(String, Whose)>,
}

/// The last execution of a block, but for one that only looks whether something took effect.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Ran {
    /// The action, without its place.
    pub(crate) action: String,
    /// The script, where it was not the document's own.
    pub(crate) script: Option<BlobRef>,
    /// What was expected, and whether it held; nothing where it has not ended.
    pub(crate) expectations: Vec<Judged>,
    output: Option<Output>,
}

/// An action as it is told to whoever signs.
pub(crate) struct ShownAction<'w> {
    pub(crate) step: &'w str,
    pub(crate) label: &'w str,
    pub(crate) outcome: &'w Whose,
    pub(crate) confirmed: bool,
    /// Of an action that writes several values down, `outcome` names the last one alone; here is each of them.
    pub(crate) written: &'w [(String, Whose)],
    pub(crate) ran: Option<&'w Ran>,
}

/// Without what was seen: it decides nothing that comes next, and is as long as the run.
impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").finish_non_exhaustive()
    }
}

impl Witness {
    /// What is to be seen now.
    pub(crate) fn seen(&self) -> Seen {
        let done =
            |told: ShownAction<'_>| Done { action: told.label.to_owned(), outcome: told.outcome.named() };
        let deviations = self.deviations().collect();
        Seen { actions: self.told().map(done).collect(), deviations, ..self.seen.clone() }
    }

    /// The same as it is kept, but for actions and deviations.
    pub(crate) fn kept(&self) -> &Seen {
        &self.seen
    }

    /// What each value was before, where it was another one.
    pub(crate) fn former(&self) -> &BTreeMap<String, String> {
        &self.former
    }

    /// Names of secrets that were masked in what blocks printed: they may have registered them.
    pub(crate) fn masked(&self) -> &BTreeSet<String> {
        &self.masked
    }

    /// Every action that was done, in the order in which that happened.
    pub(crate) fn told(&self) -> impl Iterator<Item = ShownAction<'_>> {
        let mut done: Vec<_> = self.done.iter().collect();
        done.sort_by_key(|(_, last)| last.moment);
        done.into_iter().map(|(label, Last { step, outcome, confirmed, written, .. })| ShownAction {
            step,
            label,
            outcome,
            confirmed: *confirmed,
            written,
            ran: self.executions.get(label),
        })
    }

    /// What was done differently, as [`Seen::deviations`].
    pub(crate) fn deviations(&self) -> impl Iterator<Item = String> {
        self.deviations.iter().map(Whose::named)
    }

    /// The same, with where each came from.
    pub(crate) fn whose_deviations(&self) -> &[Whose] {
        &self.deviations
    }

    /// The same in the words in which it is told.
    pub(crate) fn told_deviations(&self) -> &[Whose] {
        &self.told_deviations
    }

    /// What was taken as done has an end: that it was is no deviation.
    pub(crate) fn is_not_taken_as_done(&mut self, of: &str) {
        let what = taken_as_done(of);
        if let Some(at) = self.told_deviations.iter().rposition(|told| told.begins(&what)) {
            self.told_deviations.remove(at);
        }
    }

    /// How many answers came from a file, so that nobody was asked.
    pub(crate) fn answered_by_file(&self) -> u64 {
        self.from_file
    }

    /// What the last execution of each block printed, in the order of [`Seen::actions`].
    pub(crate) fn outputs(&self) -> Vec<(&str, &Output)> {
        self.told().filter_map(|told| Some((told.label, told.ran?.output.as_ref()?))).collect()
    }

    /// Takes note of what happened, as the event of this number.
    pub(crate) fn note(&mut self, n: u64, event: &Event) {
        self.seen.history.extend(Happened::of(n, event));
        self.from_file += u64::from(event.by().is_some_and(|by| by.via == Via::Answers));
        match event {
            Event::RunOpened(opened) => self.open(opened),
            Event::ActionFinished(finished) | Event::RollbackFinished(finished) => self.finish(finished),
            Event::NotApplicable { step, action, place, .. } => {
                let of = labelled(action.as_ref().unwrap_or(step), place.as_deref());
                self.done(step, &of, Whose::nobodys("not for this run"));
            }
            Event::ActionStarted(started) | Event::RollbackStarted(started) => self.start(started),
            Event::ItemConfirmed { step, action, text, by } => {
                self.done(step, action, Whose::of("confirmed by ", by, format!(": {text}")));
                self.done.entry(action.clone()).and_modify(|last| last.confirmed = true);
            }
            Event::ValueRecorded { step, action, name, value, within_limits, by, .. } => {
                self.value(name.clone(), value);
                let limits = if *within_limits { "" } else { ", outside of its limits" };
                let mut written = self.written(action);
                // Written down once more, all of them are: the step was begun again.
                if written.iter().any(|(known, _)| known == name) {
                    written.clear();
                }
                written
                    .push((name.clone(), Whose::of(format!("{name} = {value}, recorded by "), by, limits)));
                let outcome = Whose::of(format!("{name} recorded by "), by, limits);
                self.done_writing(step, action, outcome, written);
            }
            Event::ValueCorrected(Corrected {
                step,
                action,
                name,
                old,
                new,
                reason,
                within_limits,
                by,
                ..
            }) => {
                self.value(name.clone(), new);
                let limits = if *within_limits { "" } else { ", outside of its limits" };
                let after = format!(" from {old} to {new}{limits}: {reason}");
                let corrected = Whose::of(format!("{name} corrected by "), by, after);
                let mut written = self.written(action);
                for (_, said) in written.iter_mut().filter(|(known, _)| known == name) {
                    *said = corrected.clone();
                }
                self.done_writing(step, action, corrected, written);
            }
            Event::SignOffGiven(given) => {
                self.done(
                    &given.step,
                    &given.action,
                    Whose::of("signed off by ", &given.by, format!(" as {}", given.role)),
                );
            }
            Event::SignOffRejected { step, action, reason, by, .. } => {
                self.done(step, action, Whose::of("rejected by ", by, format!(": {reason}")));
            }
            Event::SignOffLapsed { step, action, reason } => {
                self.done(step, action, Whose::nobodys(format!("sign-off lapsed: {reason}")));
            }
            Event::Deviation(deviation) => self.deviate(deviation),
            Event::DocumentExchanged(exchanged) => {
                self.deviations.push(exchanged.whose());
                self.told_deviations.push(exchanged.whose());
            }
            Event::Decision { step, action, place, choice, reason, by } => {
                let of = labelled(action, place.as_deref());
                if *choice == Choice::Happened {
                    // Statements and what signers are shown tell it of the action alone: their words stay as they are.
                    let what = taken_as_done(&of);
                    let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                    self.told_deviations.push(Whose::of(what, by, why));
                }
                let (before, after) = match choice {
                    Choice::Happened => ("done, says ", ", who looked after a crash"),
                    Choice::Run => ("not done, says ", ", who looked after a crash"),
                    Choice::NotApplicable | Choice::PassOver => ("not for this run, says ", ""),
                    Choice::Accepted => ("passed; what it printed is as it should be, says ", ""),
                    Choice::Proceed
                    | Choice::Retry
                    | Choice::FindOut
                    | Choice::Abort
                    | Choice::RunCommand => return,
                };
                self.done(step, &of, Whose::of(before, by, after));
            }
            Event::SessionOpened(_)
            | Event::SessionSigned(_)
            | Event::RulesChecked(_)
            | Event::LogRecovered { .. }
            | Event::SignOffRequested { .. }
            | Event::SignOffRefused { .. }
            | Event::RollbackOpened { .. }
            | Event::Note { .. }
            | Event::Handover(_)
            | Event::HandoverAccepted { .. }
            | Event::HandoverWithdrawn { .. }
            | Event::RunClosed { .. } => {}
        }
    }

    fn done(&mut self, step: &str, label: &str, outcome: Whose) {
        self.done_writing(step, label, outcome, Vec::new());
    }

    fn done_writing(&mut self, step: &str, label: &str, outcome: Whose, written: Vec<(String, Whose)>) {
        self.moments += 1;
        let (moment, step) = (self.moments, step.to_owned());
        let last = Last { moment, step, outcome, confirmed: false, written };
        self.done.insert(label.to_owned(), last);
    }

    /// What an action wrote down so far.
    fn written(&mut self, action: &str) -> Vec<(String, Whose)> {
        self.done.get_mut(action).map(|last| std::mem::take(&mut last.written)).unwrap_or_default()
    }

    fn value(&mut self, name: String, value: &str) {
        match self.seen.values.get(&name) {
            Some(former) if former != value => self.former.insert(name.clone(), former.clone()),
            _ => None,
        };
        self.seen.values.insert(name, value.to_owned());
    }

    fn start(&mut self, started: &Started) {
        if started.probe {
            return;
        }
        let Started { action, place, script, .. } = started;
        let ran = Ran { action: action.clone(), script: script.clone(), ..Ran::default() };
        self.executions.insert(labelled(action, place.as_deref()), ran);
    }

    fn open(&mut self, opened: &RunOpened) {
        let inputs = opened.inputs.iter();
        self.seen.inputs = inputs.map(|input| (input.name.clone(), input.value.clone())).collect();
    }

    fn finish(&mut self, finished: &Finished) {
        self.masked.extend(finished.masked.keys().cloned());
        // A look whether something took effect is no end of the action it looks with.
        if finished.probe {
            return;
        }
        let how = match finished.outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::TimedOut => "timed out",
            Outcome::Interrupted => "interrupted",
        };
        let exit = finished.exit.map(|code| format!(" (exit code {code})")).unwrap_or_default();
        let attempt =
            if finished.attempt > 1 { format!(", attempt {}", finished.attempt) } else { String::new() };
        let place = finished.place.as_deref();
        let action = labelled(&finished.action, place);
        self.done(&finished.step, &action, Whose::nobodys(format!("{how}{exit}{attempt}")));
        if let Some(ran) = self.executions.get_mut(&action) {
            ran.expectations.clone_from(&finished.expectations);
            ran.output.clone_from(&finished.output);
        }
        for (name, value) in &finished.captures {
            self.value(labelled(name, place), value);
        }
        let files = finished.files.iter();
        let files = files.map(|(path, blob)| (labelled(path, place), blob.sha256.clone()));
        self.seen.artefacts.extend(files);
    }

    fn deviate(&mut self, deviation: &Deviation) {
        let Deviation { kind, step, action, place, reason, by, .. } = deviation;
        if let Some(overridden) = &deviation.overridden {
            let rules: Vec<&str> = overridden.rules.iter().map(|rule| rule.as_str()).collect();
            let before = format!("rules overridden ({}) by ", rules.join(", "));
            let overridden = Whose::of(before, by, format!(": {reason}"));
            self.deviations.push(overridden.clone());
            self.told_deviations.push(overridden);
            return;
        }
        let what = match kind {
            DeviationKind::Skipped => "skipped",
            DeviationKind::Edited => "edited",
            DeviationKind::Repeated => "repeated",
            DeviationKind::OutOfOrder => "taken out of order",
            DeviationKind::Shell => "a shell was opened at",
            DeviationKind::PolicyOverridden => "rules overridden for",
            // Not told by a `deviation`.
            DeviationKind::DocumentExchanged => "document exchanged at",
            DeviationKind::TakenAsDone => "taken as done:",
        };
        let of = labelled(action.as_ref().unwrap_or(step), place.as_deref());
        self.deviations.push(Whose::of(format!("{what} {of} by "), by, format!(": {reason}")));
        self.told_deviations.push(Whose::of(format!("{} by ", kind.told_of(&of)), by, format!(": {reason}")));
        if *kind == DeviationKind::Skipped {
            self.done(step, &of, Whose::nobodys("skipped"));
        }
    }
}

/// A name, and the place that it is of.
fn taken_as_done(of: &str) -> String {
    format!("{} by ", DeviationKind::TakenAsDone.told_of(of))
}

pub(crate) fn labelled(name: &str, place: Option<&str>) -> String {
    place.map_or_else(|| name.to_owned(), |place| format!("{name} at {place}"))
}
