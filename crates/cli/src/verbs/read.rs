//! A recorded run, read with everything that belongs to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdpoint_document::{Action, NotIncluded, Plan, Work};
use holdpoint_engine::{BlobRef, Event, Included, Run, RunOpened, Stamped};
use holdpoint_record::{
    Beside, BlobError, Holder, OpenError, Position, ReadError, Reader, RecordVerdict, Reviews, RunDir,
    StoreError, Tombstone, Verification, beside, driver, is_path, is_run, open_blob, reviews, run_at,
    text_blob, tombstones,
};
use holdpoint_report::{Absent, Opened, Piece};
use holdpoint_view::{Break, ExpungedFacts, HeldBy, NotOpened, Summary, Summing, Verified};
use jiff::Timestamp;

use super::anchored::{self, Proved};
use super::plans::Plans;
use super::reviewed;
use crate::operator::is_beside;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::sources::Sources;

/// A record, its document and its plan.
pub struct Recorded {
    /// Where it lies.
    pub dir: RunDir,
    /// What happened.
    pub events: Vec<Stamped>,
    /// Where they end.
    pub position: Position,
    /// Whether it is sealed.
    pub sealed: bool,
    /// Who had the run while it was read.
    pub held: Option<HeldBy>,
    /// The document as it was, with what it included; where it was exchanged, the last one.
    pub sources: Sources,
    /// What it asked for; those that it took the place of are in it.
    pub plan: Plan,
    /// Reviews beside it; where it is not sealed, none holds.
    pub reviews: Reviews,
    /// Anchors beside it.
    pub anchors: Proved,
    /// Why the record of the rehearsal that it relied on, in the same store, is not what it was; nothing unless
    /// [`Recorded::with_rehearsal`] looked.
    pub rehearsal_wrong: Option<String>,
}

/// The run directory that `what` names: a number, an id prefix, a path, `latest`.
pub fn find(what: &str) -> Result<RunDir, Problem> {
    match is_path(what) {
        true => run_at(Path::new(what)).map_err(store_problem),
        false => Place::here()?.store().find(what).map_err(store_problem),
    }
}

/// Where the record lies that `what` names: a path needs no store, no repository and no configuration.
pub fn place_of(what: &str) -> Result<PathBuf, Problem> {
    let path = Path::new(what);
    Ok(if is_run(path) { path.to_owned() } else { find(what)?.path })
}

/// Who has the run in `dir` just now.
pub fn held_by(dir: &Path) -> Option<HeldBy> {
    driver(dir).map(held)
}

/// The same of a lock that was looked at.
pub fn held(holder: Holder) -> HeldBy {
    let Holder { pid, host, since, visitor, .. } = holder;
    HeldBy { pid, host, since, visitor: visitor.map(|visitor| visitor.words()) }
}

/// Reads, and looks who has the run meanwhile: before, for whoever is at it then may have let go of it in order when all is
/// read; and afterwards, for somebody may have come since.
fn watched<T>(dir: &Path, read: impl FnOnce() -> T) -> (T, Option<HeldBy>) {
    let before = held_by(dir);
    let read = read();
    (read, before.or_else(|| held_by(dir)))
}

/// Reads the run in `dir`.
pub fn read_dir(dir: RunDir) -> Result<Recorded, Problem> {
    read_refusing(dir, None)
}

/// The same, where an event does not conform: no document of it, or of one behind it, takes the place of another.
fn read_refusing(dir: RunDir, refused: Option<&Break>) -> Result<Recorded, Problem> {
    let (read, held) = watched(&dir.path, || holdpoint_record::read(&dir.path));
    let read = read.map_err(read_problem)?;
    of_events(dir, read.events, (read.position, read.seal.is_some(), held), refused)
}

/// Proves the run in `dir` and reads it, both at once.
pub fn proved(dir: RunDir) -> Result<(Verification, Recorded), Problem> {
    let mut events = Vec::new();
    let (proof, held) =
        watched(&dir.path, || holdpoint_record::verify_seeing(&dir.path, |event| events.push(event.clone())));
    let proof = proof.map_err(read_problem)?;
    let sealed = match proof.verdict {
        RecordVerdict::IntactOpen => Some(false),
        RecordVerdict::IntactComplete => Some(true),
        RecordVerdict::Expunged { complete, .. } => Some(complete),
        // Not all of it may have been seen.
        RecordVerdict::Altered { .. }
        | RecordVerdict::Truncated { .. }
        | RecordVerdict::DoesNotConform { .. } => None,
    };
    let recorded = match sealed {
        Some(sealed) => of_events(dir, events, (proof.position.clone(), sealed, held), None)?,
        None => read_refusing(dir, said(&proof).broken.as_ref())?,
    };
    Ok((proof, recorded.with_rehearsal()))
}

/// Proves the run in `dir` and reads it, for whoever is about to sign something of it.
///
/// # Errors
/// It does not hold, or cannot be read: nobody signs for what was altered.
pub fn to_be_signed(dir: RunDir) -> Result<Recorded, Problem> {
    let (proof, recorded) = proved(dir)?;
    must_hold(&proof, &recorded.dir, "Nothing was signed.")?;
    Ok(recorded)
}

/// Reads the run in `dir` for whoever goes on with it, and proves it where something is signed in it: they rely on that.
///
/// # Errors
/// As above.
pub fn to_be_taken_up(dir: RunDir) -> Result<Recorded, Problem> {
    let recorded = read_dir(dir)?;
    let signs = |action: &Action| matches!(action.work, Work::SignOff(_));
    if recorded.plan.steps.iter().flat_map(|step| &step.actions).any(signs) {
        let proof = holdpoint_record::verify(&recorded.dir.path).map_err(read_problem)?;
        must_hold(&proof, &recorded.dir, "Nothing was done.")?;
    }
    Ok(recorded)
}

fn must_hold(proof: &Verification, dir: &RunDir, nothing: &str) -> Result<(), Problem> {
    match proof.verdict.holds() {
        true => Ok(()),
        false => Err(Problem::record(
            format!("the record is not intact: {}", proof.verdict),
            format!("{nothing} `holdpoint verify {}` says more.", dir.number),
        )),
    }
}

/// What proving a record came to, as reports tell it.
pub fn said(proof: &Verification) -> Verified {
    let broken = match &proof.verdict {
        RecordVerdict::DoesNotConform { event, reason } => Some(Break { n: *event, why: reason.clone() }),
        _ => None,
    };
    Verified { words: proof.verdict.to_string(), intact: proof.verdict.intact(), broken }
}

/// Reads the run in `dir` and sums it up on the way, for an `overview` or whole: a long record takes no more memory than its
/// summary. The chain is checked to its end before there is anything to show.
pub fn summed_up(dir: &RunDir, overview: bool) -> Result<Summary, Problem> {
    let now = Some(Timestamp::now());
    let mut read = folded(dir, (overview, now, None), &Plans::default())?;
    // The engine knows no signatures: what a key signed is proved before anybody is told that it was.
    if read.summary.is_signed_by_key() {
        let proof = holdpoint_record::verify(&dir.path).map_err(read_problem)?;
        // With what was altered it is told as recorded, and that it was.
        if !proof.verdict.holds() {
            read = folded(dir, (overview, now, Some(said(&proof))), &Plans::default())?;
        }
    }
    let Folded { mut summary, opened, position, sealed } = read;
    let anchors = anchored::proved(&dir.path, &opened, &position).map_err(read_problem)?;
    summary.anchored_by(anchors.facts());
    summary.anchor_wanted = anchored::still_wanted(&dir.path, &opened, summary.anchor_wanted);
    summary.expunged = expunged(&dir.path, &opened);
    if sealed {
        let Reviews { held, wrong, .. } = reviews(&dir.path).map_err(read_problem)?;
        (summary.reviews, summary.reviews_wrong) = (held.iter().map(reviewed::facts).collect(), wrong);
    }
    Ok(summary)
}

/// The same of the run in `dir` as it is recorded, without what lies beside its record; whole. `plans` are those of the runs before it.
pub fn summed_up_in(dir: &RunDir, plans: &Plans) -> Result<Summary, Problem> {
    Ok(folded(dir, (false, None, None), plans)?.summary)
}

/// A record that was read to its end.
struct Folded {
    summary: Summary,
    opened: Box<RunOpened>,
    position: Position,
    sealed: bool,
}

/// A record from its beginning: event 0, and what reads on behind it.
pub fn begin(dir: &RunDir) -> Result<(Reader, Stamped), Problem> {
    let mut events = Reader::open(&dir.path).map_err(read_problem)?;
    let first = events.next().unwrap_or_else(|| Err(ReadError::NoFirstEvent(dir.path.clone())));
    Ok((events, first.map_err(read_problem)?))
}

/// For an overview or whole, as whoever reads it at that time is told, and what `verify` said where that was asked.
type Told = (bool, Option<Timestamp>, Option<Verified>);

fn folded(dir: &RunDir, told: Told, plans: &Plans) -> Result<Folded, Problem> {
    let mut begun = begin(dir)?;
    let compiled = || document(dir, &begun.1).map(|(_, plan)| plan);
    let mut plan = match &begun.1.event {
        Event::RunOpened(opened) => plans.of(opened, compiled)?,
        _ => Arc::new(compiled()?),
    };
    loop {
        match folded_by(dir, &plan, begun, told.clone())? {
            Fold::Whole(folded) => return Ok(*folded),
            // From the beginning once more.
            Fold::Goes(by) => (plan, begun) = (Arc::from(by), begin(dir)?),
        }
    }
}

/// What comes of folding a record by a plan.
enum Fold {
    /// All of it was.
    Whole(Box<Folded>),
    /// Its document is exchanged on the way: it goes by this plan.
    Goes(Box<Plan>),
}

fn folded_by(
    dir: &RunDir,
    plan: &Plan,
    (mut events, first): (Reader, Stamped),
    (overview, now, verified): Told,
) -> Result<Fold, Problem> {
    let refused = verified.as_ref().and_then(|verified| verified.broken.as_ref()).map(|broken| broken.n);
    let summing = Summing::begin(plan, &first, verified).map_err(Problem::ours)?;
    let summing = if overview { summing.overview() } else { summing };
    let mut summing = match now {
        Some(now) => summing.seen_at(now),
        None => summing,
    };
    // Looked at before, as by `watched`.
    let before = held_by(&dir.path);
    for stamped in events.by_ref() {
        let stamped = stamped.map_err(read_problem)?;
        if refused.is_none_or(|n| stamped.n < n)
            && let Some((_, plan)) = exchanged(dir, plan, summing.run(), &stamped)?
        {
            return Ok(Fold::Goes(Box::new(plan)));
        }
        summing.event(stamped);
    }
    let sealed = events.seal().map_err(read_problem)?.is_some();
    let Event::RunOpened(opened) = first.event.clone() else { return Err(Problem::ours(NotOpened)) };
    // What is sealed nobody drives any more.
    let summing = if sealed { summing } else { summing.held_by(before.or_else(|| held_by(&dir.path))) };
    let folded = Folded { summary: summing.end(), opened, position: events.position(), sealed };
    Ok(Fold::Whole(Box::new(folded)))
}

/// The document that comes with an event and the plan that the run goes by then, where `plan` does not have it yet and the
/// engine takes the exchange from a run that has come so far.
pub fn exchanged(
    dir: &RunDir,
    plan: &Plan,
    run: &Run,
    stamped: &Stamped,
) -> Result<Option<(Sources, Plan)>, Problem> {
    let Event::DocumentExchanged(exchanged) = &stamped.event else { return Ok(None) };
    let Some(opened) = run.opened().filter(|_| run.exchanges() == plan.exchanges()) else { return Ok(None) };
    let (sources, new) = document_of(dir, &exchanged.as_opened(opened))?;
    let new = new.in_place_of(plan.clone());
    let taken = run.clone().apply(&new, stamped.at, &stamped.event).is_ok();
    Ok(taken.then_some((sources, new)))
}

/// The document that a run goes by at its end, and its plan.
fn document_at_the_end(dir: &RunDir, events: &[Stamped]) -> Result<(Sources, Plan), Problem> {
    let Some(first) = events.first() else {
        return Err(read_problem(ReadError::NoFirstEvent(dir.path.clone())));
    };
    let (mut sources, mut plan) = document(dir, first)?;
    if !events.iter().any(|stamped| matches!(stamped.event, Event::DocumentExchanged(_))) {
        return Ok((sources, plan));
    }
    let mut run = Run::new(&plan);
    for stamped in events {
        if let Some(new) = exchanged(dir, &plan, &run, stamped)? {
            (sources, plan) = new;
        }
        // What follows counts for nobody.
        if run.apply(&plan, stamped.at, &stamped.event).is_err() {
            break;
        }
    }
    Ok((sources, plan))
}

fn of_events(
    dir: RunDir,
    events: Vec<Stamped>,
    (position, sealed, held): (Position, bool, Option<HeldBy>),
    refused: Option<&Break>,
) -> Result<Recorded, Problem> {
    let end = refused.and_then(|refused| events.iter().position(|stamped| stamped.n == refused.n));
    let (sources, plan) = document_at_the_end(&dir, &events[..end.map_or(events.len(), |end| end.max(1))])?;
    let reviews = reviews(&dir.path).map_err(read_problem)?;
    let anchors = match events.first().map(|first| &first.event) {
        Some(Event::RunOpened(opened)) => {
            anchored::proved(&dir.path, opened, &position).map_err(read_problem)?
        }
        _ => Proved::default(),
    };
    Ok(Recorded {
        sealed,
        held,
        events,
        position,
        dir,
        sources,
        plan,
        reviews,
        anchors,
        rehearsal_wrong: None,
    })
}

/// The document as it was when the run was opened, and its plan.
pub fn document(dir: &RunDir, first: &Stamped) -> Result<(Sources, Plan), Problem> {
    let Event::RunOpened(opened) = &first.event else {
        return Err(Problem::record(
            "the record does not begin with run.opened",
            "Verify it with holdpoint verify.",
        ));
    };
    document_of(dir, opened)
}

fn document_of(dir: &RunDir, opened: &RunOpened) -> Result<(Sources, Plan), Problem> {
    let book = &opened.runbook;
    let source = text(dir, &book.blob)?;
    let kept = |one: &Included| Ok((one.path.clone(), text(dir, &one.blob)?));
    let mut kept = book.includes.iter().map(kept).collect::<Result<BTreeMap<_, _>, Problem>>()?;
    let config = opened.config.as_ref().map(|config| text(dir, config)).transpose()?;
    let config = config.map(|text| holdpoint_document::read_config(&text).0);
    // From the record alone, whatever lies beside the document by now.
    let mut include = |path: &str| {
        let why = || NotIncluded { why: "it is not in the record".to_owned(), help: String::new() };
        kept.remove(path).ok_or_else(why)
    };
    let mut compiled = holdpoint_document::compile_with((&book.path, &source), config.as_ref(), &mut include);
    let sources = Sources::of(Arc::new(source), &mut compiled);
    Ok((sources, compiled.plan))
}

fn text(dir: &RunDir, reference: &BlobRef) -> Result<String, Problem> {
    let bytes = text_blob(&dir.path, reference).map_err(blob_problem)?;
    String::from_utf8(bytes)
        .map_err(|_| Problem::record("a recorded text is not UTF-8", "Verify it with holdpoint verify."))
}

impl Recorded {
    /// Event 0.
    pub fn opened(&self) -> &RunOpened {
        match &self.events[0].event {
            Event::RunOpened(opened) => opened,
            _ => unreachable!("read_dir made sure that event 0 is run.opened"),
        }
    }

    /// With what comes of holding each rehearsal that it relied on against its own record, which is proved for that: once,
    /// for all reports that are made of it. They name the last.
    pub fn with_rehearsal(self) -> Recorded {
        let named: Vec<_> = self.events.iter().filter_map(|stamped| stamped.event.rehearsed()).collect();
        let wrong = named.iter().enumerate().filter_map(|(at, one)| {
            let Beside::Wrong(why) = beside(&self.dir.path, one) else { return None };
            let is_last = at + 1 == named.len();
            Some(if is_last { why } else { format!("run {}: {why}", one.number) })
        });
        let wrong: Vec<String> = wrong.collect();
        let rehearsal_wrong = (!wrong.is_empty()).then(|| wrong.join("; "));
        Recorded { rehearsal_wrong, ..self }
    }

    /// Event 0 as it would be with the document that the run goes by at its end.
    pub fn in_force(&self) -> RunOpened {
        let exchanges = self.events.iter().filter_map(|stamped| match &stamped.event {
            Event::DocumentExchanged(exchanged) => Some(exchanged),
            _ => None,
        });
        exchanges
            .take(self.plan.exchanges())
            .fold(self.opened().clone(), |opened, exchanged| exchanged.as_opened(&opened))
    }

    /// Opens a blob of the record, or says why there is none.
    fn open(&self, reference: &BlobRef) -> Opened {
        match open_blob(&self.dir.path, reference) {
            Ok(file) => Ok(Box::new(file)),
            Err(BlobError::Expunged(tombstone)) => Err(Absent::Expunged(tombstone.words())),
            Err(_) => Err(Absent::Missing),
        }
    }

    /// Bytes of a block's output. The error says in words why there are none.
    pub fn output(&self, piece: &Piece) -> Result<Vec<u8>, String> {
        piece.read(self.open(piece.blob()))
    }

    /// Event 0 as it would be with the document that the run goes by at its end.
    pub fn as_it_goes(&self) -> RunOpened {
        self.events.iter().fold(self.opened().clone(), |opened, stamped| match &stamped.event {
            Event::DocumentExchanged(exchanged) => exchanged.as_opened(&opened),
            _ => opened,
        })
    }

    /// What reports are made of.
    pub fn with_material<T>(
        &self,
        verified: Option<Verified>,
        make: impl FnOnce(&holdpoint_report::Material<'_>) -> T,
    ) -> T {
        self.in_zone(jiff::tz::TimeZone::system(), verified, make)
    }

    /// As [`Recorded::with_material`], with times of that zone.
    pub fn in_zone<T>(
        &self,
        zone: jiff::tz::TimeZone,
        verified: Option<Verified>,
        make: impl FnOnce(&holdpoint_report::Material<'_>) -> T,
    ) -> T {
        let blob = |reference: &BlobRef| self.open(reference);
        let (anchors, anchors_wrong) = self.anchors.facts();
        make(&holdpoint_report::Material {
            plan: &self.plan,
            document: self.sources.own(),
            source: self.sources.text(),
            events: &self.events,
            blob: &blob,
            verdict_of_verify: verified,
            held: self.held.clone(),
            now: Timestamp::now(),
            reviews: self.reviews.held.iter().map(reviewed::facts).collect(),
            reviews_wrong: self.reviews.wrong.clone(),
            anchors,
            anchors_wrong,
            expunged: expunged(&self.dir.path, self.opened()),
            rehearsal_wrong: self.rehearsal_wrong.clone(),
            zone,
        })
    }
}

/// What was expunged from the record of a run, as its tombstones tell.
fn expunged(dir: &Path, opened: &RunOpened) -> Vec<ExpungedFacts> {
    let facts = |Tombstone { blob, at, who, reason, .. }| ExpungedFacts {
        sha256: blob.sha256,
        bytes: blob.bytes,
        at,
        who,
        reason,
    };
    tombstones(dir, &opened.id).into_iter().map(facts).collect()
}

/// A blob that cannot be read.
pub fn blob_problem(error: BlobError) -> Problem {
    let message = error.to_string();
    match error {
        BlobError::Disk(error) => Problem::disk(&error, message),
        _ => Problem::record(message, "Verify it with holdpoint verify."),
    }
}

/// What is said of runs that are passed over, because nobody can tell anything from their records; `None` where there are none.
pub fn passed_over(numbers: &[u64]) -> Option<String> {
    let all: Vec<String> = numbers.iter().map(u64::to_string).collect();
    let words = "passed over, as their records cannot be used";
    let verify = "`holdpoint verify` says what is wrong";
    (!all.is_empty()).then(|| format!("{words}: {}; {verify}", all.join(", ")))
}

/// Tells it as a sentence.
pub fn tell_passed_over(screen: &Screen, margin: &str, numbers: &[u64]) {
    if let Some(words) = passed_over(numbers) {
        screen.say_hung(margin, &format!("P{}.", &words[1..]));
    }
}

/// A record that cannot be read.
pub fn read_problem(error: ReadError) -> Problem {
    let message = error.to_string();
    match error {
        ReadError::Disk(error) => Problem::disk(&error, message),
        ReadError::NewerVersion { .. } => Problem::usage(message, "Read it with a newer holdpoint."),
        _ => Problem::record(message, "Nothing was changed. `holdpoint verify` says what is wrong with it."),
    }
}

/// A store that cannot be used.
pub fn store_problem(error: StoreError) -> Problem {
    let message = error.to_string();
    match error {
        StoreError::Disk(error) => Problem::disk(&error, message),
        StoreError::Open(error) => open_problem(error),
        StoreError::Misnumbered { path, .. } => Problem::record(
            message,
            format!(
                "`holdpoint audit` holds all runs against one another; by its path it can be read: {}",
                path.display()
            ),
        ),
        _ => Problem::usage(message, "`holdpoint runs` lists the runs of this repository."),
    }
}

/// A record that cannot be taken up.
pub fn open_problem(error: OpenError) -> Problem {
    let message = error.to_string();
    match error {
        OpenError::Held(Some(holder)) if holder.visitor.is_some() => {
            Problem::usage(message, "Nothing was done. Do it again once that is over.")
        }
        // It ends no sooner than this shell does.
        OpenError::Held(Some(holder)) if is_beside(holder.pid, &holder.host) => Problem::usage(
            message,
            "Nothing was done: that is what opened this shell, and it waits for you. Leave the shell with exit and park the \
             run there (p), then type it again; or type it in another terminal once it is parked.",
        ),
        OpenError::Held(_) => Problem::usage(message, "Wait for it to end, or park it there first (p)."),
        OpenError::Read(error) => read_problem(error),
        OpenError::Sealed | OpenError::Closed => Problem::usage(
            message,
            "The run has ended. What is to be said of it is signed beside it: holdpoint review RUN --kind late-note \
                 --text TEXT (or audit-trail, post-release). What is to be done otherwise belongs into a new run.",
        ),
        OpenError::Disk(error) => Problem::disk(&error, message),
        OpenError::Recovery(_) => {
            Problem::fault(message, "Nothing was executed. Make room or mend the disk, then try again.")
        }
        OpenError::NotClosed => Problem::record(message, "`holdpoint verify` says what is wrong with it."),
    }
}
