//! Conformity: the record replayed through the engine that drove it, and every expectation judged again on the
//! recorded output (record.md section 5). Executes nothing; needs nothing beside the record.

use std::collections::BTreeMap;
use std::path::Path;

use holdpoint_document::{Environment, Plan, many};
use holdpoint_engine::{
    BlobRef, Event, Finished, Judged, Observation, Outcome, Rehearsed, Run, RunOpened, Stamped, Task, judge,
};

use crate::anchors::Anchors;
use crate::by_key::ByKey;
use crate::clocks::Clock;
use crate::exchanged::{self, Proved};
use crate::hours::{self, Followed};
use crate::kept::Blobs;
use crate::planned::{MASK, Planned, plan_of};
use crate::signatures::Signatures;
use crate::verify::{RecordVerdict, prove};
use crate::{BytesReport, Expunged, Position, ReadError, approvals, rehearsed, shown};

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
    /// How many signatures by key were checked, all of them good.
    pub signatures: usize,
    /// Whose keys these were, in the order of events. Good by the record's own signers, which is whoever wrote it.
    pub signed: Vec<ByKey>,
    /// Event 0, where it could be read.
    pub opened: Option<Box<RunOpened>>,
    /// Of each document that took the place of another: the event, and event 0 as it would be with that one.
    pub exchanged: Vec<(u64, RunOpened)>,
    /// Each rehearsal that it relied on, with the event that names it: event 0, and exchanges.
    pub rehearsals: Vec<(u64, Rehearsed)>,
    /// Times that cannot be: a clock was set. Remarks, too.
    pub clocks: Vec<String>,
    /// The action at which an open run stands.
    pub stands_at: Option<String>,
    /// Whether its environment asks for an anchor over its seal, and nobody answered for going without.
    pub asks_for_anchor: bool,
    /// How often it was gone about otherwise than the document says, as far as the events conform.
    pub deviations: usize,
    /// Actions that somebody skipped and that were not done afterwards, as far as the events conform.
    pub skipped: Vec<String>,
    /// Actions of which another script ran than the document's, likewise.
    pub edited: Vec<String>,
    /// Actions that were in doubt and that somebody says happened, likewise.
    pub taken_as_done: Vec<String>,
    /// What it captured, by name, or why there is no one value of that: [`Run::captured`], likewise.
    pub captured: BTreeMap<String, Result<String, String>>,
    /// Why nobody can say whether it conforms, where what that takes was expunged. Remarks, too.
    pub unchecked: Option<String>,
    /// What else was not proved, for what that takes was expunged. Remarks, too.
    pub unproved: Vec<String>,
    /// What is no fault and should be known; the reason first, where something is wrong.
    pub remarks: Vec<String>,
}

/// Proves a record: bytes, seal, signatures, conformity. An error means that nothing could be proved.
///
/// In one pass: events are held against the engine as they go by, and what came of that counts only where bytes and
/// seal turn out to be good.
pub fn verify(dir: &Path) -> Result<Verification, ReadError> {
    verify_seeing(dir, |_| {})
}

/// As [`verify`], and shows each event whose bytes, and those of its blobs, were proved, in order: all of them, unless
/// the verdict is `Altered` or `Truncated`.
pub fn verify_seeing(dir: &Path, mut see: impl FnMut(&Stamped)) -> Result<Verification, ReadError> {
    let (mut conformity, mut opened, mut clock) = (Conformity::default(), None, Clock::default());
    let mut rehearsals = Vec::new();
    let BytesReport { mut verdict, position, blobs, unreferenced, mut remarks, expunged, .. } =
        prove(dir, |stamped, offset, blobs| {
            conformity.see(stamped, offset, blobs);
            clock.see(stamped);
            if let Event::RunOpened(first) = &stamped.event {
                opened.get_or_insert_with(|| first.clone());
            }
            rehearsals.extend(stamped.event.rehearsed().map(|named| (stamped.n, named.clone())));
            see(stamped);
        })?;
    let (mut judged_again, mut signed, mut stands_at) = (0, Vec::new(), None);
    let (mut skipped, mut edited, mut asks_for_anchor) = (Vec::new(), Vec::new(), false);
    let (mut taken_as_done, mut captured) = (Vec::new(), BTreeMap::new());
    let mut deviations = 0;
    let (mut exchanged, mut unchecked, mut unproved) = (Vec::new(), None, Vec::new());
    if verdict.holds() {
        let Conformity { state, counts } = conformity;
        if let State::Conforms(replay) = &state {
            deviations = replay.run.deviations();
            skipped = replay.run.skipped(&replay.plan);
            edited = replay.run.edited(&replay.plan);
            taken_as_done = replay.run.taken_as_done(&replay.plan);
            captured = replay.run.captured(replay.plan.after(replay.run.exchanges()));
            asks_for_anchor = replay.run.asks_for_anchored_seal();
            stands_at = replay.run.stands_at(&replay.plan).map(|task| task.id(&replay.plan).to_owned());
            if let Some(words) = replay.run.independence().words() {
                remarks.insert(0, words);
            }
        }
        if let State::Wrong(event, reason) = state {
            verdict = RecordVerdict::DoesNotConform { event, reason };
        } else if matches!(state, State::Planless) {
            let why = "conformity was not checked: the run-book or the configuration was expunged";
            unchecked = Some(why.to_owned());
        }
        remarks.extend(unchecked.clone());
        if counts.unkept > 0 {
            let unkept = many(counts.unkept, "execution");
            remarks.push(format!("{unkept} could not be judged again: the document keeps no output of them"));
        }
        unproved = counts.unproved();
        remarks.extend(unproved.iter().cloned());
        (judged_again, signed, exchanged) = (counts.judged, counts.signed, counts.exchanged);
    }
    if !unreferenced.is_empty() {
        remarks.push(format!(
            "{} {} there that no event names; a crash leaves such",
            many(unreferenced.len(), "blob"),
            if unreferenced.len() == 1 { "is" } else { "are" }
        ));
    }
    let clocks = clock.remarks(&expunged);
    remarks.splice(0..0, clocks.iter().cloned());
    if let Some(reason) = verdict.reason() {
        remarks.insert(0, reason.to_owned());
    }
    Ok(Verification {
        verdict,
        position,
        blobs,
        expunged,
        judged_again,
        signatures: signed.len(),
        signed,
        opened,
        exchanged,
        rehearsals,
        clocks,
        stands_at,
        asks_for_anchor,
        deviations,
        skipped,
        edited,
        taken_as_done,
        captured,
        unchecked,
        unproved,
        remarks,
    })
}

/// What came of judging executions again.
#[derive(Default)]
struct Counts {
    judged: usize,
    signed: Vec<ByKey>,
    unkept: usize,
    expunged: usize,
    rehearsal_expunged: bool,
    exchanged: Vec<(u64, RunOpened)>,
    calendar_expunged: bool,
    unshown: usize,
}

impl Counts {
    /// What was not proved, for what that takes was expunged.
    fn unproved(&self) -> Vec<String> {
        let Counts { expunged, unshown, rehearsal_expunged, calendar_expunged, .. } = self;
        let told = [
            (*expunged > 0).then(|| {
                let expunged = many(*expunged, "execution");
                format!("{expunged} could not be judged again: what they printed was expunged")
            }),
            (*unshown > 0).then(|| {
                let were = if *unshown == 1 { "was" } else { "were" };
                let unshown = many(*unshown, "signer");
                format!("what {unshown} {were} shown was not compared: it, or a script in it, was expunged")
            }),
            rehearsal_expunged.then(|| {
                "the rehearsal that it relied on was not proved again: what is kept of that was expunged"
                    .to_owned()
            }),
            calendar_expunged.then(|| {
                "when nothing was to be changed was not proved again: the calendar was expunged".to_owned()
            }),
        ];
        told.into_iter().flatten().collect()
    }
}

/// Events held against the engine, one after the other.
#[derive(Default)]
struct Conformity {
    state: State,
    counts: Counts,
}

#[derive(Default)]
enum State {
    #[default]
    Unopened,
    /// Up to here the engine would have asked for these events.
    Conforms(Box<Replay>),
    /// The first event that it would not have asked for, and why.
    Wrong(u64, String),
    /// There is no plan to hold the events against any more.
    Planless,
}

/// The run so far.
struct Replay {
    plan: Plan,
    run: Run,
    /// The calendar that it goes by.
    followed: Followed,
    signatures: Signatures,
    /// A secret was known, so that events may be masked where output is not.
    secretive: bool,
}

impl Verification {
    /// Whether its events were held against its own run-book, all of them.
    pub fn conformity_checked(&self) -> bool {
        self.verdict.holds() && self.unchecked.is_none()
    }

    /// Why the record lacks an anchor, in words that follow on "but it has no anchor"; `None` where it is open, where none
    /// is asked for, or one of `anchors` is over its seal.
    pub fn unanchored(&self, anchors: &Anchors) -> Option<String> {
        let complete = matches!(
            self.verdict,
            RecordVerdict::IntactComplete | RecordVerdict::Expunged { complete: true, .. }
        );
        let over_seal = anchors.held.iter().any(|held| held.anchor.over.is_seal() && held.is_vouched());
        let opened = self.opened.as_ref().filter(|_| complete && self.asks_for_anchor && !over_seal)?;
        Some(format!("{} asks for one over the seal", opened.environment.name))
    }
}

impl Conformity {
    fn see(&mut self, stamped: &Stamped, offset: u64, blobs: &mut Blobs<'_>) {
        if let State::Unopened = self.state {
            self.state = opened(stamped, blobs, &mut self.counts)
                .unwrap_or_else(|reason| State::Wrong(stamped.n, reason));
        }
        if let State::Conforms(replay) = &mut self.state {
            match replay.take(stamped, offset, blobs, &mut self.counts) {
                Ok(true) => {}
                Ok(false) => self.state = State::Planless,
                Err(reason) => self.state = State::Wrong(stamped.n, reason),
            }
        }
    }
}

fn opened(stamped: &Stamped, blobs: &mut Blobs<'_>, counts: &mut Counts) -> Result<State, String> {
    let Event::RunOpened(opened) = &stamped.event else {
        return Err("the record does not begin with run.opened".to_owned());
    };
    let texts = [Some(&opened.runbook.blob), opened.config.as_ref()];
    let included = opened.runbook.includes.iter().map(|one| &one.blob);
    if texts.into_iter().flatten().chain(included).any(|blob| blobs.is_gone(blob)) {
        return Ok(State::Planless);
    }
    let Planned { plan, config, .. } = plan_of(blobs.dir, opened)?;
    let when = (stamped.n, stamped.at);
    counts.signed.extend(approvals::prove(opened, when, &plan, config.as_ref(), blobs)?);
    let asks = config.as_ref().and_then(|config| config.environments.get(&opened.environment.name));
    let none = Environment::default();
    let asks = asks.unwrap_or(&none);
    let proved = rehearsed::prove((opened, &plan), (stamped.at, false), asks, blobs)?;
    counts.rehearsal_expunged = !proved;
    let followed = hours::prove(opened, stamped.at, asks, blobs)?;
    counts.calendar_expunged = matches!(followed, Followed::Gone);
    let run = Run::new(&plan);
    let secretive = opened.inputs.iter().any(|input| input.secret);
    Ok(State::Conforms(Box::new(Replay {
        plan,
        run,
        followed,
        signatures: Signatures::default(),
        secretive,
    })))
}

impl Replay {
    /// `false` where a document that takes the place of another was expunged: there is no plan from there on.
    fn take(
        &mut self,
        stamped: &Stamped,
        offset: u64,
        blobs: &mut Blobs<'_>,
        counts: &mut Counts,
    ) -> Result<bool, String> {
        let Replay { plan, run, followed, signatures, secretive } = self;
        if let Event::DocumentExchanged(exchanged) = &stamped.event {
            let Some(Proved { new, signed, rehearsed }) = exchanged::prove(run, stamped, exchanged, blobs)?
            else {
                return Ok(false);
            };
            counts.signed.extend(signed);
            counts.exchanged.extend(run.opened().map(|opened| (stamped.n, exchanged.as_opened(opened))));
            counts.rehearsal_expunged |= !rehearsed;
            *plan = new.in_place_of(plan.clone());
        }
        followed.at_begin(run.opened(), plan, &stamped.event, stamped.at)?;
        if let Event::ActionFinished(finished) | Event::RollbackFinished(finished) = &stamped.event {
            // A block may have registered the first secret.
            *secretive |= !finished.masked.is_empty();
            let output = finished.output.iter().flat_map(|output| [&output.stdout, &output.stderr]);
            if output.chain(finished.files.values()).any(|blob| blobs.is_gone(blob)) {
                counts.expunged += 1;
            } else {
                match again(blobs, plan, run, finished, *secretive)? {
                    true => counts.judged += 1,
                    false => counts.unkept += 1,
                }
            }
        }
        if stamped.event.signature().is_some() {
            let signed = stamped.event.signed().ok_or("this event has no signature")?;
            counts.signed.push(signatures.prove(run, stamped, &signed, offset, blobs)?);
        }
        if let Some(presence) = stamped.event.presence()
            && !shown::prove(run, plan, &stamped.event, (presence, *secretive), blobs)?
        {
            counts.unshown += 1;
        }
        run.apply(plan, stamped.at, &stamped.event).map_err(|unexpected| unexpected.to_string())?;
        Ok(true)
    }
}

/// Judges one execution again on its recorded output. `false` where the document keeps none.
fn again(
    blobs: &mut Blobs<'_>,
    plan: &Plan,
    run: &Run,
    finished: &Finished,
    secretive: bool,
) -> Result<bool, String> {
    let task = task_of(plan, run, finished).ok_or("there is no such action")?;
    let block = task.block(plan).ok_or("this is no block")?;
    let Some(output) = &finished.output else {
        return if block.options.record {
            Err("the output is not in the record".to_owned())
        } else {
            Ok(false)
        };
    };
    let mut bytes = |reference: &BlobRef| blobs.bytes(reference).map_err(|error| error.to_string());
    // Every blob was held against its digest before; what nothing looks at need not be read again.
    let stdout = block.looks_at_stdout().then(|| bytes(&output.stdout)).transpose()?;
    let stderr = block.looks_at_stderr().then(|| bytes(&output.stderr)).transpose()?;
    let mut files = BTreeMap::new();
    for (path, reference) in &finished.files {
        files.insert(path.clone(), bytes(reference)?.to_vec());
    }
    let judgement = judge(
        block,
        &run.values_at(task),
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
        return Err(format!("the recorded output is judged {}, not {}", judgement.outcome, finished.outcome));
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

/// The block that ended. As a rule it is the one that the engine waits for, which needs no search.
fn task_of(plan: &Plan, run: &Run, finished: &Finished) -> Option<Task> {
    let place = finished.place.as_deref();
    let named = |task: &Task| task.is(plan, &finished.step, &finished.action);
    let mut running = run.frontier(plan).running.into_iter().map(|execution| execution.task);
    if let Some(task) = running.find(|task| named(task) && run.place_of(*task) == place) {
        return Some(task);
    }
    run.at_place(Task::named(plan, &finished.step, &finished.action)?, place)
}
