//! The rehearsal that a run relied on, proved again from what is kept of it with the run itself.

use holdpoint_engine::{BlobRef, Differs, Ends, Event, Gate, Rehearsed, Rule, Run, RunOpened, Shown};
use holdpoint_model::{Environment, Plan};
use jiff::Timestamp;

use crate::LOG;
use crate::blob::open_blob;
use crate::kept::Blobs;
use crate::planned::{Planned, plan_of};
use crate::reader::Reader;
use crate::seal::{LONGEST, Seal, SealFacts};

/// Proves again that a run which relied on a rehearsal could: from event 0, written `at`, and what it keeps of the
/// rehearsal. `false` where some of that was expunged, so that nothing can be proved.
///
/// Proved is that the record of the rehearsal, as it was sealed, is one that the engine would have written for these
/// bytes, and meets the rule. Not proved is what its blocks printed, and its signatures: those lie with its own record.
///
/// `exchanged`: what relies on it is a document that took another one's place, `at` that time, whatever runs were opened
/// meanwhile.
pub(crate) fn prove(
    (opened, plan): (&RunOpened, &Plan),
    (at, exchanged): (Timestamp, bool),
    environment: &Environment,
    blobs: &mut Blobs<'_>,
) -> Result<bool, String> {
    let (book, includes, policy) = (&opened.runbook.blob, &opened.runbook.includes, &opened.policy);
    let document = (book.sha256.as_str(), includes.as_slice());
    let gate = Gate::of(&environment.requires, document, (plan, &opened.inputs), at).map(Gate::again);
    let unmet = policy.unmet_rules().contains(&Rule::Rehearsal);
    let (gate, named) = match (gate, &policy.rehearsed) {
        (None, None) => return Ok(true),
        (None, Some(_)) => return Err("it names a rehearsal, and its environment asks for none".to_owned()),
        (Some(_), None) if unmet => return Ok(true),
        (Some(_), None) => {
            return Err("the rule rehearsal does not hold, and the run opened as if it did".to_owned());
        }
        (Some(_), Some(_)) if unmet => {
            return Err("it names a rehearsal, and says that the rule does not hold".to_owned());
        }
        (Some(gate), Some(named)) => (gate, named),
    };
    if let Some(why) = gate.untellable().first() {
        return Err(format!("the rule rehearsal does not hold: {why}"));
    }
    let kept = [Some(&named.seal), Some(&named.log), named.config.as_ref(), Some(book)];
    let included = includes.iter().map(|one| &one.blob);
    if kept.into_iter().flatten().chain(included).any(|blob| blobs.is_gone(blob)) {
        return Ok(false);
    }
    let wrong = |why: String| format!("the rehearsal in run {} is not proved: {why}", named.number);
    let there = told(opened, named, &gate, blobs).map_err(wrong)?;
    if there.id == opened.id || !exchanged && there.number >= opened.number {
        return Err(wrong("it is no run before this one".to_owned()));
    }
    Ok(true)
}

/// Its event 0.
fn told(
    opened: &RunOpened,
    named: &Rehearsed,
    gate: &Gate<'_>,
    blobs: &mut Blobs<'_>,
) -> Result<Box<RunOpened>, String> {
    let unread = |error: crate::BlobError| error.to_string();
    if named.seal.bytes > LONGEST {
        return Err(format!("what is kept of its seal is longer than {LONGEST} bytes"));
    }
    let seal: Seal = serde_json::from_slice(&blobs.bytes(&named.seal).map_err(unread)?)
        .map_err(|error| format!("what is kept of its seal is no seal: {error}"))?;
    if (seal.sha256.as_str(), seal.bytes) != (named.log.sha256.as_str(), named.log.bytes) {
        return Err("its seal is over another record than the one that is kept".to_owned());
    }
    let mut replay: Option<Replayed> = None;
    let mut told = SealFacts::default();
    let file = open_blob(blobs.dir, &named.log).map_err(unread)?;
    let mut reader = Reader::of(file, blobs.dir.join(LOG));
    for stamped in reader.by_ref() {
        let stamped = stamped.map_err(|error| error.to_string())?;
        told.hear(&stamped.event);
        let replay = match &mut replay {
            Some(replay) => replay,
            none => none.insert(Replayed::begin(&stamped.event, opened, named, blobs)?),
        };
        if matches!(stamped.event, Event::DocumentExchanged(_)) {
            return Err(Differs::Exchanged.words());
        }
        let Replayed { plan, run, ended, .. } = replay;
        *ended = stamped.at;
        run.apply(plan, stamped.at, &stamped.event)
            .map_err(|unexpected| format!("its event {} does not conform: {unexpected}", stamped.n))?;
    }
    let Some(Replayed { there, plan, run, ended }) = replay else {
        return Err("what is kept of its record has no event".to_owned());
    };
    if let Some(what) = told.mismatch(&reader.position(), &seal) {
        return Err(format!("its seal has {what}"));
    }
    let parts = [
        (there.number == named.number, "it has another number"),
        (there.id == named.id, "it has another ULID"),
        (there.environment.name == named.environment, "it was in another environment than event 0 says"),
        (ended == named.ended, "it ended at another time than event 0 says"),
    ];
    if let Some((_, what)) = parts.into_iter().find(|(holds, _)| !holds) {
        return Err(what.to_owned());
    }
    let mut differs = gate.by_ends(&Ends { opened: &there, verdict: told.closed(), sealed: true, ended });
    let (skipped, edited) = (run.skipped(&plan), run.edited(&plan));
    let (taken_as_done, captured) = (run.taken_as_done(&plan), run.captured(&plan));
    let shown = Shown { skipped, edited, taken_as_done, captured, ..Shown::default() };
    differs.extend(gate.by_proof(&shown));
    match differs.first() {
        Some(differs) => Err(differs.words()),
        None if gate.captured_in(&shown) != named.captured => {
            Err("it captured other values than event 0 says".to_owned())
        }
        None => Ok(there),
    }
}

/// The events of a rehearsal, held against the engine.
struct Replayed {
    there: Box<RunOpened>,
    plan: Plan,
    run: Run,
    ended: Timestamp,
}

impl Replayed {
    /// Nothing of a rehearsal lies here but what event 0 names, so that is all that its own event 0 may refer to.
    fn begin(
        first: &Event,
        opened: &RunOpened,
        named: &Rehearsed,
        blobs: &Blobs<'_>,
    ) -> Result<Replayed, String> {
        let Event::RunOpened(there) = first else {
            return Err("its record does not begin with run.opened".to_owned());
        };
        let book: &BlobRef = &there.runbook.blob;
        if *book != opened.runbook.blob {
            return Err(Differs::Document.words());
        }
        if there.runbook.includes != opened.runbook.includes {
            return Err("the files that the document includes have changed since".to_owned());
        }
        if there.config != named.config {
            return Err("another configuration is kept than it had".to_owned());
        }
        let Planned { plan, .. } = plan_of(blobs.dir, there)?;
        let run = Run::new(&plan);
        Ok(Replayed { there: there.clone(), plan, run, ended: Timestamp::UNIX_EPOCH })
    }
}
