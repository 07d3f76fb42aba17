//! All runs of a store: each proved by itself, and whether they hang together (record.md, the chain over runs).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use holdpoint_engine::{Event, Former, Rehearsed, RunOpened, Stamped, Verdict};
use jiff::Timestamp;

use crate::anchors::{Anchors, anchors};
use crate::by_all::by_all;
use crate::conform::{Verification, verify_seeing};
use crate::layout::number_of;
use crate::rehearsal;
use crate::reviews::{Reviewed, Reviews, reviews};
use crate::seal::{SealFacts, seal_digest};
use crate::{ReadError, Reader, RecordVerdict, RunDir, Store, StoreError, is_back};

/// A run of the store, proved by itself.
#[derive(Debug)]
pub struct Audited {
    /// Where it lies.
    pub run: RunDir,
    /// What it was proved to be; the error says why nothing could be proved.
    pub proof: Result<Verification, ReadError>,
    /// When its first event was written, and its last.
    pub times: Option<(Timestamp, Timestamp)>,
    /// How it ended.
    pub closed: Option<Verdict>,
    /// Digest of its seal.
    pub seal: Option<String>,
    /// Reviews beside it.
    pub reviews: Reviews,
    /// Anchors beside it.
    pub anchors: Anchors,
    /// Of the heads that later runs name, by their numbers of events: their digests as they are here, and the time of
    /// the event before each.
    heads: BTreeMap<u64, (String, Option<Timestamp>)>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the run at which it shows.
    pub run: u64,
    /// Of what kind: `gap`, `chain`, `record`, `clock`, `expunged`, `rehearsal`, `review`, `anchor`.
    pub kind: &'static str,
    /// What.
    pub why: String,
}

/// What came of looking at all runs.
#[derive(Debug)]
pub struct Audit {
    /// The runs, by number.
    pub runs: Vec<Audited>,
    /// Numbers that no run has, up to the greatest, from and to.
    pub missing: Vec<(u64, u64)>,
    /// What is wrong.
    pub wrong: Vec<Fault>,
    /// What is not wrong and should be known, by run.
    pub remarks: Vec<(u64, String)>,
    /// For each run that relied on a rehearsal which is here: its number.
    pub rehearsed: BTreeMap<u64, u64>,
}

impl Audited {
    /// Event 0, where it could be read.
    pub fn opened(&self) -> Option<&RunOpened> {
        self.proof.as_ref().ok()?.opened.as_deref()
    }

    /// Whether nothing of it was ever recorded, as a crash leaves it.
    pub fn never_opened(&self) -> bool {
        let cut = |proof: &Verification| matches!(proof.verdict, RecordVerdict::Truncated { .. });
        self.times.is_none() && self.seal.is_none() && self.proof.as_ref().is_ok_and(cut)
    }
}

/// Proves every run of the store and holds them against one another. A record that cannot be read is named, and the
/// others are looked at all the same. Executes nothing and takes no lock.
///
/// # Errors
/// The store cannot be listed.
pub fn audit(store: &Store) -> Result<Audit, StoreError> {
    let dirs = store.runs()?;
    let mut wanted: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for dir in &dirs {
        if let Some(Former { number, head: Some(head), .. }) = named_by(&dir.path) {
            wanted.entry(number).or_default().insert(head.events);
        }
    }
    let none = BTreeSet::new();
    let runs = by_all(&dirs, |dir| one(dir, wanted.get(&dir.number).unwrap_or(&none)));
    let mut audit = Audit {
        missing: store.missing_numbers()?,
        runs,
        wrong: Vec::new(),
        remarks: Vec::new(),
        rehearsed: BTreeMap::new(),
    };
    audit.judge();
    Ok(audit)
}

/// The run that event 0 of this one names.
fn named_by(dir: &Path) -> Option<Former> {
    match Reader::open(dir).ok()?.next()?.ok()?.event {
        Event::RunOpened(opened) => opened.former,
        _ => None,
    }
}

fn one(dir: &RunDir, wanted: &BTreeSet<u64>) -> Audited {
    let (mut times, mut told, mut heads) =
        (None::<(Timestamp, Timestamp)>, SealFacts::default(), BTreeMap::new());
    let proof = verify_seeing(&dir.path, |stamped| {
        let Stamped { n, prev, at, event } = stamped;
        if wanted.contains(n) {
            heads.insert(*n, (prev.clone(), times.map(|(_, last)| last)));
        }
        times = Some((times.map_or(*at, |(first, _)| first), *at));
        told.hear(event);
    });
    if let Ok(Verification { position, .. }) = &proof
        && wanted.contains(&position.events)
    {
        heads.insert(position.events, (position.sha256.clone(), times.map(|(_, last)| last)));
    }
    let seal = seal_digest(&dir.path).ok().flatten();
    // What keeps the record's ends from being read is told of the record itself.
    let reviews = reviews(&dir.path).unwrap_or_default();
    let anchors = proof
        .as_ref()
        .ok()
        .and_then(|proof| anchors(&dir.path, proof.opened.as_deref()?, &proof.position).ok());
    let anchors = anchors.unwrap_or_default();
    Audited { run: dir.clone(), proof, times, closed: told.closed(), seal, reviews, anchors, heads }
}

impl Audit {
    fn judge(&mut self) {
        let (mut wrong, mut remarks) = (Vec::new(), Vec::new());
        let gaps = self.missing.iter().map(|(from, to)| Fault {
            run: *from,
            kind: "gap",
            why: match from == to {
                true => format!("there is no run {from}: its directory was removed"),
                false => format!(
                    "there are no runs {from} to {to}: their directories were removed, or one was put there that has a greater number"
                ),
            },
        });
        wrong.extend(gaps);
        for (at, this) in self.runs.iter().enumerate() {
            let number = this.run.number;
            let mut fault = |kind, why: String| wrong.push(Fault { run: number, kind, why });
            let before = at.checked_sub(1).map(|at| &self.runs[at]);
            if before.is_some_and(|before| before.run.number == number) {
                fault("chain", format!("two directories have the number {number}"));
            }
            record(this, &mut fault, &mut |what| remarks.push((number, what)));
            for Reviewed { signed, unlisted, .. } in &this.reviews.held {
                if let Some(why) = unlisted {
                    remarks.push((number, format!("review {} by {}: {why}", signed.event, signed.who)));
                }
            }
            this.reviews.wrong.iter().for_each(|why| fault("review", why.clone()));
            this.anchors.wrong.iter().for_each(|why| fault("anchor", why.clone()));
            let unanchored = this.proof.as_ref().ok().and_then(|proof| proof.unanchored(&this.anchors));
            if let (Some(why), None) = (unanchored, &this.anchors.wrong) {
                fault("anchor", format!("it has no anchor, and {why}"));
            }
            chain(this, &self.runs, &mut fault, &mut |what| remarks.push((number, what)));
            match self.rehearsal_of(this) {
                Some(Ok(relied)) => {
                    self.rehearsed.insert(number, relied);
                }
                Some(Err(why)) => fault("rehearsal", why),
                None => {}
            }
        }
        wrong.sort_by_key(|fault| fault.run);
        (self.wrong, self.remarks) = (wrong, remarks);
    }

    /// The rehearsals that a run relied on, where it names one, held against the runs that are here. That they were such is
    /// part of the proof of the run itself.
    fn rehearsal_of(&self, this: &Audited) -> Option<Result<u64, String>> {
        let named = this.proof.iter().flat_map(|proof| &proof.rehearsals);
        let mut relied = named.map(|(_, named)| self.held(named));
        // The first that is wrong; else the one that was relied on last.
        relied.clone().find(Result::is_err).or_else(|| relied.next_back())
    }

    fn held(&self, named: &Rehearsed) -> Result<u64, String> {
        let number = named.number;
        let of_its_id =
            |other: &&Audited| other.run.number == number && rehearsal::may_be(other.proof.as_ref(), named);
        let wrong = match self.runs.iter().find(of_its_id) {
            None => Some(format!("{} is not here", named.id)),
            Some(other) => rehearsal::wrong(other.proof.as_ref(), other.seal.as_deref(), named),
        };
        match wrong {
            Some(why) => Err(format!("it relied on the rehearsal in run {number}: {why}")),
            None => Ok(number),
        }
    }
}

/// What the record by itself is.
fn record(this: &Audited, fault: &mut impl FnMut(&'static str, String), remark: &mut impl FnMut(String)) {
    let proof = match &this.proof {
        Ok(proof) => proof,
        Err(error) => return fault("record", error.to_string()),
    };
    if this.never_opened() {
        return remark("nothing of it was ever recorded, as a crash leaves it".to_owned());
    }
    let verdict = &proof.verdict;
    match verdict {
        RecordVerdict::Expunged { signed, .. } => {
            match signed {
                true => remark(verdict.to_string()),
                false => fault("expunged", verdict.to_string()),
            }
            // Whoever takes out a record's run-book could have taken sign-offs out of it first.
            if let Some(why) = &proof.unchecked {
                fault("expunged", why.clone());
            }
            proof.unproved.iter().for_each(|why| remark(why.clone()));
        }
        _ if verdict.intact() => {}
        _ => {
            fault("record", rehearsal::told(verdict));
        }
    }
    for clock in &proof.clocks {
        fault("clock", clock.clone());
    }
    if let Some(opened) = &proof.opened
        && number_of(&this.run.path).is_some_and(|number| number != opened.number)
    {
        fault(
            "chain",
            format!("its directory has the number {}, and it says {}", this.run.number, opened.number),
        );
    }
}

/// Whether the run before is the one that this one names.
fn chain(
    this: &Audited,
    runs: &[Audited],
    fault: &mut impl FnMut(&'static str, String),
    remark: &mut impl FnMut(String),
) {
    let (number, Some(opened), Some((first, _))) = (this.run.number, this.opened(), this.times) else {
        return;
    };
    let Some(former) = &opened.former else {
        if number > 1 {
            fault("chain", "it names no run before it, and is not the first".to_owned());
        }
        return;
    };
    if former.number >= number {
        return fault("chain", format!("it names run {} as the one before it", former.number));
    }
    if former.number + 1 != number {
        fault(
            "chain",
            format!("when it opened, run {} was the last: what came between was gone", former.number),
        );
    }
    let Some(before) = runs.iter().find(|run| run.run.number == former.number) else {
        return fault("chain", format!("it names run {}, which is not here", former.number));
    };
    let Some(id) = &former.id else {
        return remark(format!("when it opened, nothing of run {} could be read", former.number));
    };
    if before.opened().is_none_or(|opened| opened.id != *id) {
        return fault("chain", format!("run {} is not the one that it names, {id}", former.number));
    }
    let (mut ended, name) = (None, former.number);
    match (&former.seal, &former.head) {
        (Some(seal), _) if before.seal.as_ref() == Some(seal) => ended = before.times.map(|(_, last)| last),
        (Some(_), _) if before.seal.is_none() => {
            fault("chain", format!("run {name} was sealed when it opened, and has no seal any more"));
        }
        (Some(_), _) => {
            fault("chain", format!("run {name} was rewritten: its seal is not the one that was there then"));
        }
        (None, Some(head)) => match before.heads.get(&head.events) {
            Some((found, last)) if *found == head.sha256 => ended = *last,
            _ => fault(
                "chain",
                format!(
                    "run {name} was rewritten: its first {} events are not those that were there then",
                    head.events
                ),
            ),
        },
        (None, None) => fault("chain", format!("it does not say how far run {name} had come")),
    }
    if let Some(ended) = ended.filter(|ended| is_back(*ended, first)) {
        fault(
            "clock",
            format!("it opened at {first}, before what it names of run {name} was written, at {ended}"),
        );
    }
}
