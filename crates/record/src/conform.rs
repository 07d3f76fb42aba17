//! Conformity: the record replayed through the engine that drove it, and every expectation judged again on the
//! recorded output (record.md section 5). Executes nothing; needs nothing beside the record.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use holdpoint_document::{Config, Plan, compile, read_config};
use holdpoint_engine::{
    BlobRef, Claims, Event, Finished, Judged, Observation, Outcome, Releases, Run, RunOpened, Slot, Stamped,
    Task, judge,
};

use crate::verify::{RecordVerdict, verify_bytes};
use crate::{BytesReport, Expunged, Position, ReadError, blob};

/// What a record was proved to be, and by how much work.
#[derive(Clone, Debug)]
pub struct Verification {
    /// What it is.
    pub verdict: RecordVerdict,
    /// How far its events could be read.
    pub position: Position,
    /// How many blobs were checked: all that events refer to, but for the expunged ones.
    pub blobs: usize,
    /// Blobs that were expunged.
    pub expunged: Vec<Expunged>,
    /// How many executions were judged again on their recorded output.
    pub judged_again: usize,
    /// What is no fault and should be known; the reason first, where something is wrong.
    pub remarks: Vec<String>,
}

/// Proves a record: bytes, seal, then conformity. An error means that nothing could be proved.
pub fn verify(dir: &Path) -> Result<Verification, ReadError> {
    verify_seeing(dir, |_| {})
}

/// As [`verify`], and shows each event whose bytes, and those of its blobs, were proved, in order: all of them, unless
/// the verdict is `Altered` or `Truncated`.
pub fn verify_seeing(dir: &Path, see: impl FnMut(&Stamped)) -> Result<Verification, ReadError> {
    let BytesReport { mut verdict, events, position, unreferenced, mut remarks, expunged, .. } =
        verify_bytes(dir)?;
    events.iter().for_each(see);
    let mut named: Vec<BlobRef> =
        events.iter().flat_map(|e| crate::referenced(&e.event).unwrap_or_default()).collect();
    named.sort();
    named.dedup();
    let mut judged_again = 0;
    let gone: BTreeSet<&str> = expunged.iter().map(|gone| gone.tombstone.blob.sha256.as_str()).collect();
    if verdict.intact() || matches!(verdict, RecordVerdict::Expunged { .. }) {
        let mut counts = Counts::default();
        match conform(dir, &events, &gone, &mut counts) {
            Ok(()) => {}
            Err((event, reason)) => verdict = RecordVerdict::DoesNotConform { event, reason },
        }
        judged_again = counts.judged;
        let mut remark = |count: usize, why: &str| {
            if count > 0 {
                remarks.push(format!("{count} execution(s) could not be judged again: {why}"));
            }
        };
        remark(counts.unkept, "the document keeps no output of them");
        remark(counts.expunged, "what they printed was expunged");
        if counts.planless {
            remarks.push(
                "conformity was not checked: the run-book or the configuration was expunged".to_owned(),
            );
        }
    }
    if !unreferenced.is_empty() {
        remarks.push(format!(
            "{} blob(s) are there that no event names; a crash leaves such",
            unreferenced.len()
        ));
    }
    if let Some(reason) = verdict.reason() {
        remarks.insert(0, reason.to_owned());
    }
    let blobs = named.len() - expunged.len();
    Ok(Verification { verdict, position, blobs, expunged, judged_again, remarks })
}

/// What came of judging executions again.
#[derive(Default)]
struct Counts {
    judged: usize,
    unkept: usize,
    expunged: usize,
    /// There is no plan to hold the events against any more.
    planless: bool,
}

type Wrong = (u64, String);

/// How a mask begins. Events are masked once more than the output that they tell of: a secret that a capture put
/// together is masked in the event only.
const MASK: &str = "[REDACTED:";

fn conform(dir: &Path, events: &[Stamped], gone: &BTreeSet<&str>, counts: &mut Counts) -> Result<(), Wrong> {
    let is_gone = |blob: &BlobRef| gone.contains(blob.sha256.as_str());
    let Some(Event::RunOpened(opened)) = events.first().map(|stamped| &stamped.event) else {
        return Err((0, "the record does not begin with run.opened".to_owned()));
    };
    if [Some(&opened.runbook.blob), opened.config.as_ref()].into_iter().flatten().any(is_gone) {
        counts.planless = true;
        return Ok(());
    }
    let plan = plan_of(dir, opened).map_err(|reason| (0, reason))?;
    let mut run = Run::new(&plan);
    let mut secretive = opened.inputs.iter().any(|input| input.secret);
    let mut releases = Releases::default();
    for stamped in events {
        if let Event::ActionFinished(finished) | Event::RollbackFinished(finished) = &stamped.event {
            // A block may have registered the first secret.
            secretive |= !finished.masked.is_empty();
            let output = finished.output.iter().flat_map(|output| [&output.stdout, &output.stderr]);
            if output.chain(finished.files.values()).any(is_gone) {
                counts.expunged += 1;
            } else {
                match again(dir, &plan, &run, finished, secretive).map_err(|reason| (stamped.n, reason))? {
                    true => counts.judged += 1,
                    false => counts.unkept += 1,
                }
            }
        }
        if let Some(reason) = releases.refusal(&plan, &run, &stamped.event, stamped.at) {
            return Err((stamped.n, reason));
        }
        releases.note(&stamped.event, stamped.at);
        run.apply(&plan, &stamped.event).map_err(|unexpected| (stamped.n, unexpected.to_string()))?;
    }
    Ok(())
}

/// The plan that the recorded bytes make, and event 0 held against the recorded configuration.
fn plan_of(dir: &Path, opened: &RunOpened) -> Result<Plan, String> {
    if opened.number == 0 {
        return Err(
            "the run has the number 0, which only dry runs have, and those are never recorded".to_owned()
        );
    }
    let text = |reference: &BlobRef| {
        let bytes = blob(dir, reference).map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|_| "a recorded text is not UTF-8".to_owned())
    };
    let config = match &opened.config {
        Some(reference) => {
            let (config, findings) = read_config(&text(reference)?);
            if let Some(finding) = findings.iter().find(|finding| finding.is_error()) {
                return Err(format!("the recorded configuration has an error: {}", finding.message));
            }
            Some(config)
        }
        None => None,
    };
    configured(opened, config.as_ref())?;
    let compiled = compile(&text(&opened.runbook.blob)?, config.as_ref());
    if let Some(finding) = compiled.diagnostics.iter().find(|finding| finding.is_error()) {
        return Err(format!("the recorded run-book has an error: {}", finding.message));
    }
    if compiled.plan.digest() != opened.plan {
        return Err("the recorded run-book makes another plan than the one that was run".to_owned());
    }
    let (book, front) = (&opened.runbook, &compiled.plan.front);
    let same = |told: &str, claimed: &str| told == claimed || told.contains(MASK);
    let claims = [(&book.document_id, &front.document_id), (&book.revision, &front.revision)];
    let claims = claims.map(|(told, claimed)| (told.as_deref(), claimed.as_deref()));
    if !same(&book.title, &compiled.plan.title)
        || claims.iter().any(|(told, claimed)| !same(told.unwrap_or_default(), claimed.unwrap_or_default()))
    {
        return Err("title, document_id or revision are not those of the recorded run-book".to_owned());
    }
    let masked = serde_json::to_string(&book.claims).is_ok_and(|claims| claims.contains(MASK));
    if book.claims != Claims::of(front) && !masked {
        return Err("the claims are not those of the recorded run-book".to_owned());
    }
    Ok(compiled.plan)
}

/// Roles, people and environment as event 0 tells them must be those of the recorded configuration: they decide who
/// may release what.
fn configured(opened: &RunOpened, config: Option<&Config>) -> Result<(), String> {
    let none = Config::default();
    let config = config.unwrap_or(&none);
    let seen = &opened.environment;
    let named = config.people.iter().filter_map(|(who, person)| Some((who.clone(), person.name.clone()?)));
    if opened.roles != config.roles || opened.people != named.collect() {
        return Err("roles or people are not those of the recorded configuration".to_owned());
    }
    let same = match config.environments.get(&seen.name) {
        Some(environment) => {
            environment.rehearsal == seen.rehearsal
                && environment.protected == seen.protected
                && environment.four_eyes == seen.four_eyes
                && environment.vars == seen.vars
                && environment.signature.unwrap_or(holdpoint_document::Assurance::Typed) == seen.signature
        }
        None => {
            let plain = !seen.rehearsal && !seen.protected && !seen.four_eyes && seen.vars.is_empty();
            config.environments.is_empty()
                && seen.name == "local"
                && plain
                && seen.signature == holdpoint_document::Assurance::Typed
        }
    };
    if same { Ok(()) } else { Err("the environment is not that of the recorded configuration".to_owned()) }
}

/// Judges one execution again on its recorded output. `false` where the document keeps none.
fn again(dir: &Path, plan: &Plan, run: &Run, finished: &Finished, secretive: bool) -> Result<bool, String> {
    let task = task_of(plan, finished).ok_or("there is no such action")?;
    let block = task.block(plan).ok_or("this is no block")?;
    let Some(output) = &finished.output else {
        return if block.options.record {
            Err("the output is not in the record".to_owned())
        } else {
            Ok(false)
        };
    };
    let bytes = |reference: &BlobRef| blob(dir, reference).map_err(|error| error.to_string());
    // Every blob was held against its digest before; what nothing looks at need not be read again.
    let stdout = block.looks_at_stdout().then(|| bytes(&output.stdout)).transpose()?;
    let stderr = block.looks_at_stderr().then(|| bytes(&output.stderr)).transpose()?;
    let mut files = BTreeMap::new();
    for (path, reference) in &finished.files {
        files.insert(path.clone(), bytes(reference)?);
    }
    let judgement = judge(
        block,
        run.values(),
        &Observation {
            exit: finished.exit,
            signal: finished.signal,
            error: finished.error.as_deref(),
            timed_out: finished.outcome == Outcome::TimedOut,
            interrupted: finished.outcome == Outcome::Interrupted,
            stdout: stdout.as_deref(),
            stderr: stderr.as_deref(),
            files: &files,
        },
    );
    if judgement.outcome != finished.outcome {
        return Err(format!(
            "the recorded output is judged {:?}, not {:?}",
            judgement.outcome, finished.outcome
        ));
    }
    let same = |told: &str, came: &str| told == came || (secretive && told.contains(MASK));
    let same_words = |told: &Judged, came: &Judged| {
        told.held == came.held
            && same(&told.expected, &came.expected)
            && same(told.came.as_deref().unwrap_or_default(), came.came.as_deref().unwrap_or_default())
    };
    let (told, came) = (&finished.expectations, &judgement.expectations);
    if told.len() != came.len() || !told.iter().zip(came).all(|(told, came)| same_words(told, came)) {
        return Err("an expectation is judged differently on the recorded output".to_owned());
    }
    let (told, came) = (&finished.captures, &judgement.captures);
    let captured =
        |((a, told), (b, came)): ((&String, &String), (&String, &String))| a == b && same(told, came);
    if told.len() != came.len() || !told.iter().zip(came).all(captured) {
        return Err("the captures are not those of the recorded output".to_owned());
    }
    Ok(true)
}

fn task_of(plan: &Plan, finished: &Finished) -> Option<Task> {
    let (index, step) = plan.step(&finished.step)?;
    let actions = (0..step.actions.len()).map(Slot::Action);
    let rollbacks = (0..step.rollbacks.len()).map(Slot::Rollback);
    actions
        .chain(rollbacks)
        .map(|slot| Task { step: index, slot })
        .find(|task| task.id(plan) == finished.action)
}
