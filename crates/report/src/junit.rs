//! A run as JUnit XML, for continuous integration: a suite a step, a case an action.
//!
//! The shape is that of Jenkins's schema `junit-4.xsd`, the one that most readers of such files go by. A last suite
//! says how the run itself ended, so that a run which stopped before it could fail is never green.

mod xml;

use holdpoint_engine::{BlobRef, Choice, DeviationKind, Outcome, Rehearsed, Verdict};

use self::xml::{Element, text};
use crate::blobs::pass;
use crate::edges::Edges;
use crate::markdown::words::{held, with_place};
use crate::text::visible;
use crate::{
    ActionSummary, Ended, Happening, Material, PlaceSummary, ReportError, Status, StepSummary, Summary,
    Waits, What, summarise,
};

/// Lines kept at both ends of an output.
const EDGE: usize = 100;

/// The record as JUnit XML.
///
/// # Errors
///
/// Those of [`summarise`].
pub fn junit(m: &Material<'_>) -> Result<String, ReportError> {
    let summary = summarise(m)?;
    let mut suites: Vec<Suite> = summary.steps.iter().map(|step| of_step(m, &summary, step)).collect();
    suites.push(of_run(&summary));
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>().to_string();
    let mut root = Element::new("testsuites")
        .with("name", &summary.document.title)
        .with("time", &seconds(summary.run.elapsed_ms))
        .with("tests", &sum(|suite| suite.cases.len()))
        .with("failures", &sum(|suite| suite.count(Verdicts::is_failure)))
        .with("errors", &sum(|suite| suite.count(Verdicts::is_error)));
    for (at, suite) in suites.into_iter().enumerate() {
        root.push(suite.element(at, &summary));
    }
    Ok(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", root.written()))
}

struct Suite {
    name: String,
    time: u64,
    started: Option<jiff::Timestamp>,
    properties: Vec<(&'static str, String)>,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    class: String,
    time: u64,
    verdict: Verdicts,
    stdout: Option<String>,
    stderr: Option<String>,
}

/// What a case comes to.
enum Verdicts {
    Passed,
    Skipped(String),
    Failure { message: String, body: String },
    Error { message: String, body: String },
}

impl Verdicts {
    fn is_failure(&self) -> bool {
        matches!(self, Verdicts::Failure { .. })
    }

    fn is_error(&self) -> bool {
        matches!(self, Verdicts::Error { .. })
    }

    fn is_skipped(&self) -> bool {
        matches!(self, Verdicts::Skipped(_))
    }
}

impl Suite {
    fn count(&self, which: fn(&Verdicts) -> bool) -> usize {
        self.cases.iter().filter(|case| which(&case.verdict)).count()
    }

    fn element(self, at: usize, summary: &Summary) -> Element {
        let mut suite = Element::new("testsuite")
            .with("name", &self.name)
            .with("tests", &self.cases.len().to_string())
            .with("failures", &self.count(Verdicts::is_failure).to_string())
            .with("errors", &self.count(Verdicts::is_error).to_string())
            .with("skipped", &self.count(Verdicts::is_skipped).to_string())
            .with("time", &seconds(self.time))
            .with("id", &at.to_string());
        if let Some(started) = self.started {
            suite = suite.with("timestamp", &started.strftime("%Y-%m-%dT%H:%M:%S").to_string());
        }
        if let Some(session) = summary.sessions.first() {
            suite = suite.with("hostname", &session.session.host);
        }
        if !self.properties.is_empty() {
            let mut properties = Element::new("properties");
            for (name, value) in &self.properties {
                properties.push(Element::new("property").with("name", name).with("value", value));
            }
            suite.push(properties);
        }
        for case in self.cases {
            suite.push(case.element());
        }
        suite
    }
}

impl Case {
    fn element(self) -> Element {
        let mut case = Element::new("testcase")
            .with("name", &self.name)
            .with("classname", &self.class)
            .with("time", &seconds(self.time));
        match self.verdict {
            Verdicts::Passed => {}
            Verdicts::Skipped(reason) => case.push(text("skipped", &reason)),
            Verdicts::Failure { message, body } => {
                case.push(text("failure", &body).with("message", &message).with("type", "failure"));
            }
            Verdicts::Error { message, body } => {
                case.push(text("error", &body).with("message", &message).with("type", "error"));
            }
        }
        for (name, output) in [("system-out", self.stdout), ("system-err", self.stderr)] {
            if let Some(output) = output {
                case.push(text(name, &output));
            }
        }
        case
    }
}

fn of_step(m: &Material<'_>, summary: &Summary, step: &StepSummary) -> Suite {
    let used = step.rollback_blocks.iter().filter(|block| block.status != Status::NotUsed);
    let cases = step.actions.iter().chain(used).flat_map(|action| match action.places[..] {
        [] => vec![of_action(m, summary, step, action, None)],
        _ => action.places.iter().map(|place| of_action(m, summary, step, action, Some(place))).collect(),
    });
    let cases: Vec<Case> = cases.collect();
    Suite {
        name: format!("{} {}", step.number, step.title),
        time: cases.iter().map(|case| case.time).sum(),
        started: step.started,
        properties: step.file.iter().map(|file| ("file", visible(file.as_bytes()))).collect(),
        cases,
    }
}

/// The case of an action; of one that is done at places, a case a place.
fn of_action(
    m: &Material<'_>,
    summary: &Summary,
    step: &StepSummary,
    action: &ActionSummary,
    here: Option<&PlaceSummary>,
) -> Case {
    let place = here.map(|here| here.place.as_str());
    let ended = action.last_attempt(place).and_then(|attempt| attempt.finished.as_ref());
    let output = ended.and_then(|ended| ended.result.output.as_ref());
    let shown = |blob: &BlobRef| {
        let mut edges = Edges::new(EDGE);
        match pass(m, blob, &mut |piece| edges.push(piece)) {
            Ok(()) if blob.bytes == 0 => None,
            Ok(()) => Some(edges.shown().lines.join("\n")),
            Err(why) => Some(format!("({why})")),
        }
    };
    Case {
        name: with_place(&format!("{} {}", action.id, action.kind), place),
        class: step.id.clone(),
        time: here.map_or(action.duration_ms, |here| here.duration_ms),
        verdict: verdict(summary, step, (action, here), ended),
        stdout: with_earlier(summary, action, place, output.and_then(|output| shown(&output.stdout))),
        stderr: output.and_then(|output| shown(&output.stderr)),
    }
}

fn verdict(
    summary: &Summary,
    step: &StepSummary,
    (action, here): (&ActionSummary, Option<&PlaceSummary>),
    ended: Option<&Ended>,
) -> Verdicts {
    let status = here.map_or(action.status, |here| here.status);
    let message = status.words().to_lowercase();
    // What happened at another place is not about this one.
    let about = |h: &&Happening| {
        !h.superseded && (h.place.is_none() || h.place.as_deref() == here.map(|here| here.place.as_str()))
    };
    let histories = || action.history.iter().rev().chain(step.history.iter().rev()).filter(about);
    match status {
        Status::Passed
        | Status::PassedWithDeviations
        | Status::Confirmed
        | Status::ByHand
        | Status::ByHandAfterFailure
        | Status::Recorded
        | Status::Signed
        | Status::TakenAsDone => Verdicts::Passed,
        // What passed and was undone has passed; what led to the rollback has not.
        Status::RolledBack if ended.is_none_or(|ended| ended.result.outcome == Outcome::Passed) => {
            Verdicts::Passed
        }
        Status::RolledBack => {
            let how = ended.map(|ended| format!("{}, ", ended.result.outcome)).unwrap_or_default();
            Verdicts::Failure { message: format!("{how}{message}"), body: why(summary, action, ended) }
        }
        Status::Failed
        | Status::TimedOut
        | Status::Interrupted
        | Status::Rejected
        | Status::RollbackFailed
        | Status::RollbackSkipped
        | Status::RollbackInDoubt
        | Status::RollbackUnfinished => Verdicts::Failure { message, body: why(summary, action, ended) },
        Status::Unknown => Verdicts::Error { message, body: summary.break_words().unwrap_or_default() },
        Status::Running | Status::RollbackRunning => Verdicts::Error {
            message,
            body: "it was running when this was written, so nobody knows yet how it ends".to_owned(),
        },
        Status::InDoubt => Verdicts::Error {
            message,
            body: "it was started, and the record does not say how it ended".to_owned(),
        },
        Status::Skipped | Status::LeftAfterFailure | Status::NotApplicable => {
            let reason = histories().find_map(|happening| match &happening.what {
                What::Deviation { kind: DeviationKind::Skipped, reason, by, .. }
                    if status != Status::NotApplicable =>
                {
                    Some(format!("skipped by {}: {reason}", by.words()))
                }
                What::NotApplicable { condition } if status == Status::NotApplicable => {
                    Some(format!("not for this run: {condition}"))
                }
                What::Decision {
                    choice: choice @ (Choice::NotApplicable | Choice::PassOver),
                    reason,
                    by,
                } => {
                    let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                    Some(format!("{choice}, by {}{why}", by.words()))
                }
                _ => None,
            });
            Verdicts::Skipped(match (status, reason) {
                (Status::LeftAfterFailure, Some(reason)) => format!("failed, then {reason}"),
                (_, reason) => reason.unwrap_or(message),
            })
        }
        Status::ToBeDoneAgain | Status::FailedBefore => {
            let before = status.before().unwrap_or_default();
            Verdicts::Skipped(format!("{message}: {before}, and not done since"))
        }
        Status::NotReached | Status::NotUsed | Status::Unfinished | Status::Waiting | Status::Holding => {
            Verdicts::Skipped(message)
        }
    }
}

/// So many attempts before the last one are told, at most.
const EARLIER: usize = 20;

/// What a case printed, below what became of the attempts before it that did not pass: the schema knows no element for
/// these, and readers show this text of cases that passed, too.
fn with_earlier(
    summary: &Summary,
    action: &ActionSummary,
    place: Option<&str>,
    printed: Option<String>,
) -> Option<String> {
    let here = action.history.iter().enumerate().filter(|(_, happening)| happening.place.as_deref() == place);
    let failed = here.filter_map(|(at, happening)| match &happening.what {
        What::Attempt(attempt) if !attempt.probe && !action.is_last_attempt(at) => {
            let ended = attempt.finished.as_ref()?;
            (ended.result.outcome != Outcome::Passed).then_some((attempt.attempt, ended))
        }
        _ => None,
    });
    let failed: Vec<_> = failed.collect();
    let soaks = action.soaks();
    let soaks = soaks.iter().filter(|soak| !soak.superseded && soak.place.as_deref() == place);
    let held = soaks.filter_map(|soak| held(&soak.held, soak.broken_by.is_none()));
    let mut lines: Vec<String> = held.collect();
    let about = action.history.iter().filter(|it| it.place.is_none() || it.place.as_deref() == place);
    lines.extend(about.filter_map(|happening| match signing(summary, happening) {
        // Whoever tried to sign is told of, whatever was done again since.
        Some(told) => Some(told),
        None if happening.superseded => None,
        None => answered(&happening.what, action.status),
    }));
    if failed.is_empty() {
        lines.extend(printed);
        return (!lines.is_empty()).then(|| lines.join("\n"));
    }
    let left_out = failed.len().saturating_sub(EARLIER);
    if left_out > 0 {
        lines.push(format!("{left_out} earlier attempts that did not pass are left out here"));
    }
    for (number, ended) in &failed[left_out..] {
        lines.push(format!("attempt {number}: {}", ended.result.outcome));
        lines.extend(came_of(ended).into_iter().map(|line| format!("  {line}")));
    }
    lines.push("the last attempt printed:".to_owned());
    lines.extend(printed);
    Some(lines.join("\n"))
}

/// What became of a sign-off, and of each attempt at it.
fn signing(summary: &Summary, Happening { n, what, .. }: &Happening) -> Option<String> {
    let told = match what {
        What::Given(given) => {
            let more = if summary.counts(*n) { "" } else { ", counts no more" };
            format!("signed off by {} ({}){}{more}", given.name, given.by.who, given.by.source())
        }
        What::Rejected { reason, by, .. } => format!("rejected by {}: {reason}", by.words()),
        What::Refused { reason, by } => {
            format!("an attempt to sign by {} did not count: {reason}", by.words())
        }
        What::Lapsed { reason } => format!("the sign-off lapsed: {reason}"),
        _ => return None,
    };
    Some(visible(told.as_bytes()))
}

/// What somebody, or a file for them, said of a case.
fn answered(what: &What, status: Status) -> Option<String> {
    let told = match what {
        What::Confirmed { by, .. } if status.is_by_hand() => {
            format!("{}, as {} says", status.words().to_lowercase(), by.words())
        }
        What::Confirmed { by, .. } => format!("confirmed by {}", by.words()),
        What::Recorded { name, value, by, .. } => {
            format!("{name} = {value}, written down by {}", by.words())
        }
        What::Corrected(corrected) => corrected.words(),
        What::Decision { choice: choice @ (Choice::Happened | Choice::Accepted), by, .. } => {
            format!("{choice}, by {}", by.words())
        }
        _ => return None,
    };
    Some(visible(told.as_bytes()))
}

/// What came of an attempt that did not pass, a line each.
fn came_of(ended: &Ended) -> Vec<String> {
    let result = &ended.result;
    let mut lines = Vec::new();
    lines.extend(result.exit.map(|exit| format!("exit {exit}")));
    lines.extend(result.signal.map(|signal| format!("signal {signal}")));
    lines.extend(result.error.clone());
    for judged in result.expectations.iter().filter(|judged| !judged.held) {
        lines.push(format!("expected {}", judged.expected));
        lines.push(format!("actual   {}", judged.told().as_deref().unwrap_or("nothing")));
    }
    lines
}

/// What was expected and what came, a line each.
fn why(summary: &Summary, action: &ActionSummary, ended: Option<&Ended>) -> String {
    let mut lines = ended.map(came_of).unwrap_or_default();
    for happening in action.history.iter().filter(|happening| !happening.superseded) {
        match &happening.what {
            What::Recorded { name, value, within_limits: false, .. } => {
                lines.push(format!("{name} = {value} is out of its limits"));
            }
            What::Corrected(corrected) if !corrected.within_limits => {
                lines.push(format!("{} = {} is out of its limits", corrected.name, corrected.new));
            }
            What::Rejected { reason, by, .. } => {
                let (who, from) = (summary.name_of(&by.who), by.source());
                lines.push(format!("rejected by {who}{from}: {reason}"));
            }
            _ => {}
        }
    }
    lines.join("\n")
}

/// How the run itself ended, and whether its record can be believed.
fn of_run(summary: &Summary) -> Suite {
    let run = &summary.run;
    let case = |name: &str, verdict| Case {
        name: name.to_owned(),
        class: "run".to_owned(),
        time: 0,
        verdict,
        stdout: None,
        stderr: None,
    };
    let words = summary.verdict_words().to_lowercase();
    let still = summary.still_done().into_iter().map(|still| format!("\nnot undone: {still}"));
    let still: String = still.collect();
    let ended = match summary.verdict() {
        Some(Verdict::Passed) => Verdicts::Passed,
        Some(Verdict::NothingDone) => Verdicts::Failure {
            message: words.clone(),
            body: format!("every action was passed over or skipped, so nothing has passed{still}"),
        },
        Some(_) => {
            Verdicts::Failure { message: words.clone(), body: format!("the run ended {words}{still}") }
        }
        None => {
            let stands =
                |waits: &Waits| format!("it stands at {}", with_place(&waits.action, waits.place.as_deref()));
            let waits = summary.waits.as_ref().map(stands);
            let body = summary.break_words().or(waits);
            Verdicts::Error { message: words.clone(), body: body.unwrap_or_default() }
        }
    };
    let mut cases = vec![case("the run passed", ended)];
    let verdict = match summary.unsound().as_slice() {
        [] => run.verification.as_ref().map(|_| Verdicts::Passed),
        [first, rest @ ..] => {
            let message = visible(first.as_bytes());
            let rest = rest.iter().map(|why| format!("{}\n", visible(why.as_bytes())));
            let body = format!("{}verify the record", rest.collect::<String>());
            Some(Verdicts::Error { message, body })
        }
    };
    cases.extend(verdict.map(|verdict| case("the record is intact", verdict)));
    let document = &summary.document;
    let mut properties = vec![
        ("run", run.number.to_string()),
        ("run-id", run.id.clone()),
        ("environment", run.environment.name.clone()),
        ("run-book", document.path.clone()),
        ("run-book-sha256", document.blob.sha256.clone()),
        ("verdict", words),
    ];
    properties.extend(summary.independence.clone().map(|words| ("independence", visible(words.as_bytes()))));
    let included = document.includes.iter();
    properties.extend(included.map(|one| ("includes", format!("{} sha256 {}", one.path, one.blob.sha256))));
    properties.extend(document.commit.clone().map(|commit| ("commit", commit)));
    properties.extend(document.committed.map(|is| ("committed", is.to_string())));
    properties.extend(document.dirty.map(|is| ("uncommitted-changes", is.to_string())));
    for approved in &summary.approvals {
        let what =
            format!("by {} ({}) at {} with {}", approved.name, approved.who, approved.time, approved.key);
        properties.push(("approved", visible(what.as_bytes())));
    }
    if let Some(rehearsed) = &summary.rehearsed {
        let Rehearsed { number, id, environment, ended, seal, .. } = rehearsed;
        let same = rehearsed.same().map(|same| format!(", {same}")).unwrap_or_default();
        let seal = &seal.sha256;
        let what = format!("in {environment}, run {number} ({id}), ended {ended}, seal {seal}{same}");
        properties.push(("rehearsed", visible(what.as_bytes())));
    }
    let change = summary.change.as_ref().and_then(|change| change.id.as_ref());
    properties.extend(change.map(|id| ("change", visible(id.as_bytes()))));
    properties.extend(summary.window.clone().map(|window| ("window", window)));
    if let Some(freeze) = &summary.freeze {
        properties.push(("freeze", format!("{} sha256 {}", freeze.path, freeze.calendar.sha256)));
    }
    for unmet in summary.all_unmet() {
        let what = format!("{}: {}", unmet.rule.as_str(), unmet.why);
        properties.push(("rule-not-held", visible(what.as_bytes())));
    }
    for deviation in &summary.deviations {
        let what = visible(deviation.reason.as_bytes());
        let rules = deviation.rules();
        let about = deviation.action.as_deref().unwrap_or(&deviation.step);
        let about = with_place(about, deviation.place.as_deref());
        let told = match &deviation.exchanged {
            Some(exchanged) => format!("{} for sha256 {}", deviation.kind, exchanged.runbook.blob.sha256),
            None if rules.is_empty() => deviation.kind.told_of(&about),
            None => format!("{} {rules}", deviation.kind),
        };
        let by = deviation.by.words();
        properties.push(("deviation", format!("{told} by {by}: {what}")));
    }
    properties.extend(summary.answered_by_file().map(|told| ("answers", told)));
    for handover in &summary.handovers {
        let (by, to) = (&handover.by.who, &handover.to);
        let end = match &handover.end {
            None => "not accepted yet",
            Some(end) if end.accepted => "accepted",
            Some(_) => "withdrawn",
        };
        let note = handover.note.as_ref().map(|note| format!(": {}", visible(note.as_bytes())));
        let what = format!("handed over by {by} to {to}, {end}{}", note.unwrap_or_default());
        properties.push(("handover", what));
    }
    Suite {
        name: format!("Run {}", run.number),
        time: run.executing_ms,
        started: Some(run.opened),
        properties,
        cases,
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}
