//! A record at a reader's disposal: what became of each step and action, who, when, and what was decided. Shared by
//! every rendering. What became of it the engine says; what happened is gathered from the events.

mod answered;
mod beside;
mod exchange;
mod facts;
mod finish;
mod fold;
mod happening;
mod names;
mod opening;
mod place;
mod soak;
mod withdrawn;

pub use beside::{Beside, Verified};
pub use facts::*;
pub use fold::{Summing, summarise};
pub use happening::*;
pub use soak::Soak;

use holdpoint_engine::{Choice, DeviationKind, RollbackState, Stamped, Status, Verdict};
use serde::Serialize;

/// A run, whole. Every event of the record stands in it under its number `n`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Format version of this object, `1.0`.
    pub format: &'static str,
    /// Which run, where, when, how it ended.
    pub run: RunFacts,
    /// What ran; title, id and revision are the document's own claims.
    pub document: DocumentFacts,
    /// Approvals of the document that the run relies on, by their approvers.
    pub approvals: Vec<holdpoint_engine::Approved>,
    /// The rehearsal that the run relies on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rehearsed: Option<holdpoint_engine::Rehearsed>,
    /// The change under which it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<holdpoint_engine::Change>,
    /// The part of the week in which the environment may be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// The calendar of times in which it may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freeze: Option<holdpoint_engine::Freeze>,
    /// Rules of the environment that did not hold when it opened, and were overridden, or it went no further.
    pub unmet: Vec<holdpoint_engine::Unmet>,
    /// What cannot be proved of the independence of those who signed; `None` where none had to be independent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub independence: Option<String>,
    /// Everybody the record names, by principal.
    pub people: Vec<Person>,
    /// Who drove, the first session from event 0.
    pub sessions: Vec<SessionFacts>,
    /// Those that a key signed, where the environment asks for that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signed_sessions: Vec<SignedSessionFacts>,
    /// Rules held once more while a driver had the run, in order; [`Summary::sessions`] have theirs.
    pub looks: Vec<LookFacts>,
    /// Inputs as given; secrets by name only.
    pub inputs: Vec<holdpoint_engine::InputGiven>,
    /// What became of each step, in document order.
    pub steps: Vec<StepSummary>,
    /// Values captured and recorded that still count, in the order they came.
    pub values: Vec<ValueFound>,
    /// Deviations in order, numbered from 1.
    pub deviations: Vec<DeviationFacts>,
    /// Answers to the engine's questions, in order.
    pub decisions: Vec<DecisionFacts>,
    /// Sign-offs asked for, given, rejected and refused, in order.
    pub sign_offs: Vec<SignOffFacts>,
    /// Rollbacks, in order.
    pub rollbacks: Vec<RollbackFacts>,
    /// What was done and stays so, where the run has ended and did not pass.
    pub not_undone: Vec<StillDone>,
    /// Notes and corrections, in order.
    pub notes: Vec<NoteFacts>,
    /// Handovers, in order.
    pub handovers: Vec<HandoverFacts>,
    /// Reviews beside the sealed record, by number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<ReviewFacts>,
    /// Why the reviews beside it, or the rest of them, do not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviews_wrong: Option<String>,
    /// Anchors beside the record, by number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub anchors: Vec<AnchorFacts>,
    /// Why the anchors beside it, or the rest of them, do not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchors_wrong: Option<String>,
    /// What was expunged, by the tombstones in its place; not proved here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expunged: Vec<ExpungedFacts>,
    /// Whether its environment asks for an anchor over its seal, and nobody answered for going without.
    #[serde(skip)]
    pub asks_for_anchor: bool,
    /// That it has none, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_anchor: Option<String>,
    /// Why the record of the rehearsal that it relied on, in the same store, is not what it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rehearsal_wrong: Option<String>,
    /// Torn tails that were cut.
    pub recoveries: Vec<Recovery>,
    /// What an open run waits for.
    pub waits: Option<Waits>,
    /// Sign-offs of an open run that count no more, though no event says so yet: their time has run out, or something that
    /// their signer saw has changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lapsing: Vec<LapsingFacts>,
    /// How many events an anchor must be over before an open run goes on; `None` where it asks for none, or has one.
    #[serde(skip)]
    pub anchor_wanted: Option<u64>,
    /// Of a run that is being rolled back, in words: what is undone, what is next, and what then comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolling_back: Option<String>,
    /// Who has the run while this is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<crate::Driver>,
    /// What runs while this is read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub running: Vec<RunningNow>,
    /// What was sent to a place and may run there still, of an open run: somebody answered for it without word from there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub may_run: Vec<RunningNow>,
    /// Whether rules did not hold when the run opened and nobody overrode them: it goes no further.
    pub barred: bool,
    /// That whoever operates has not signed that by key, in words: nothing goes on before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsigned: Option<String>,
    /// Events that the engine did not ask for: the first one, and whatever follows it. A sound record has none. Nothing
    /// in them counts, so what was not done before them is [`Status::Unknown`].
    pub misfits: Vec<Misfit>,
}

impl Summary {
    /// Takes in what lies beside the record as its anchors, and why they do not hold.
    pub fn anchored_by(&mut self, (anchors, wrong): (Vec<AnchorFacts>, Option<String>)) {
        let over_seal = anchors.iter().any(|anchor| anchor.over_seal);
        let lacking = self.asks_for_anchor && self.run.closed.is_some() && !over_seal;
        self.no_anchor =
            lacking.then(|| format!("{} asks for an anchor over the seal", self.run.environment.name));
        (self.anchors, self.anchors_wrong) = (anchors, wrong);
    }

    /// Why `verify` refuses what lies beside the record, or should, though the record itself may be sound: a sentence each.
    pub fn wrong_beside(&self) -> Vec<String> {
        let beside = Beside {
            rehearsal: self.rehearsal_wrong.as_deref(),
            reviews: self.reviews_wrong.as_deref(),
            anchors: self.anchors_wrong.as_deref(),
            no_anchor: self.no_anchor.as_deref(),
        };
        beside.wrong().map(|(what, why)| format!("{what}: {why}")).collect()
    }

    /// Why `verify` refuses the record itself, as far as it was asked, or what lies beside it: a sentence each, none of a sound
    /// one.
    pub fn unsound(&self) -> Vec<String> {
        let verified = self.run.verification.as_ref().filter(|verified| !verified.intact);
        let itself = verified.map(|verified| verified.words.clone()).or_else(|| self.break_words());
        itself.into_iter().chain(self.wrong_beside()).collect()
    }

    /// The person's printed name, where the record has one, else the principal itself.
    pub fn name_of<'a>(&'a self, principal: &'a str) -> &'a str {
        self.people
            .iter()
            .find(|person| person.is(principal))
            .and_then(|person| person.name.as_deref())
            .unwrap_or(principal)
    }

    /// Every rule that did not hold: when the run opened, when it was taken up again, and in between; but for what the
    /// exchange of the document settled right then.
    pub fn all_unmet(&self) -> impl Iterator<Item = &holdpoint_engine::Unmet> {
        self.unmet.iter().chain(self.unmet_since().map(|(_, _, unmet)| unmet))
    }

    /// The same since the run opened: each with the event that told of it, and when.
    pub fn unmet_since(&self) -> impl Iterator<Item = (u64, jiff::Timestamp, &holdpoint_engine::Unmet)> {
        let sessions = self.sessions.iter().flat_map(|session| {
            let exchanged = self.begins_with_exchange(session.n);
            let unmet = session.session.unmet.iter();
            let unmet = unmet.filter(move |unmet| !(exchanged && unmet.rule.is_about_the_document()));
            unmet.map(|unmet| (session.n, session.at, unmet))
        });
        let looks = self.looks.iter();
        let looks = looks.flat_map(|look| look.look.unmet.iter().map(|unmet| (look.n, look.at, unmet)));
        sessions.chain(looks)
    }

    /// Whether nothing came between the beginning of that session and another document, but for its operator's signature.
    fn begins_with_exchange(&self, session: u64) -> bool {
        let next = self.deviations.iter().find(|deviation| deviation.n > session);
        next.is_some_and(|next| next.kind == DeviationKind::DocumentExchanged && next.n <= session + 2)
    }

    /// Printed names, by principal and by alias.
    pub fn printed_names(&self) -> Vec<(String, String)> {
        let named = self.people.iter().filter_map(|person| Some((person, person.name.clone()?)));
        let both = |(person, name): (&Person, String)| {
            let alias = person.alias.clone().map(|alias| (alias, name.clone()));
            [(person.principal.clone(), name)].into_iter().chain(alias)
        };
        named.flat_map(both).collect()
    }

    /// Whether a key signed anything of it: an approval, a session, an override, a sign-off or a rejection.
    pub fn is_signed_by_key(&self) -> bool {
        let keyed = |sign_off: &SignOffFacts| match &sign_off.what {
            SignOffEvent::Given { key, .. } | SignOffEvent::Rejected { key, .. } => key.is_some(),
            SignOffEvent::Requested { .. } | SignOffEvent::Refused { .. } | SignOffEvent::Lapsed { .. } => {
                false
            }
        };
        let overridden = |one: &DeviationFacts| {
            one.overridden.as_ref().is_some_and(|overridden| overridden.signature.is_some())
        };
        self.deviations.iter().any(overridden)
            || !self.approvals.is_empty()
            || !self.signed_sessions.is_empty()
            || self.sign_offs.iter().any(keyed)
    }

    /// Where the record stops conforming, in words; `None` for a record that conforms.
    pub fn break_words(&self) -> Option<String> {
        let Misfit { n, why, .. } = self.misfits.first()?;
        Some(format!("event {n} is not one that the engine asked for: {why}"))
    }

    /// Of the record's events those that count: all before the first that the engine did not ask for.
    pub fn conforming<'e>(&self, events: &'e [Stamped]) -> &'e [Stamped] {
        let first = self.misfits.first().map(|misfit| misfit.n);
        let end = first.and_then(|n| events.iter().position(|stamped| stamped.n == n));
        &events[..end.unwrap_or(events.len())]
    }

    /// Whether the sign-off given with event `n` counts still.
    pub fn counts(&self, n: u64) -> bool {
        let given = self.sign_offs.iter().find(|sign_off| sign_off.n == n);
        given.is_some_and(|given| matches!(given.what, SignOffEvent::Given { counts: true, .. }))
    }

    /// What was done and stays so, in words: `2 Two (its rollback was skipped)`.
    pub fn still_done(&self) -> Vec<String> {
        let step = |id: &str| self.steps.iter().find(|step| step.id == id);
        let told = self.not_undone.iter().filter_map(|StillDone { step: id, why }| {
            let step = step(id)?;
            Some(why.told_of(&format!("{} {}", step.number, step.title)))
        });
        told.collect()
    }

    /// How the run ended; `None` while it is open, and where the record does not conform, whatever it says.
    pub fn verdict(&self) -> Option<Verdict> {
        let closed = self.run.closed.as_ref().filter(|_| self.misfits.is_empty());
        closed.map(|closed| closed.verdict)
    }

    /// The title of the step with this id; the id where there is none.
    pub fn title_of<'s>(&'s self, id: &'s str) -> &'s str {
        self.steps.iter().find(|step| step.id == id).map_or(id, |step| &step.title)
    }

    /// Whether nothing is left to be done in the run but to close it.
    pub fn is_to_be_closed(&self) -> bool {
        self.waits.is_none() && !self.barred && self.run.closed.is_none() && self.misfits.is_empty()
    }

    /// How the run ended in capitals, or that it did not, or that nobody can say.
    pub fn verdict_words(&self) -> String {
        match self.verdict() {
            None if !self.misfits.is_empty() => "DOES NOT CONFORM".to_owned(),
            None => "OPEN, NOT FINISHED".to_owned(),
            Some(verdict) => verdict.told(self.deviations.len()).to_uppercase(),
        }
    }
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepSummary {
    /// The plan's name for it.
    pub id: String,
    /// The included file that it is from, by its path; `None` for the document itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Position as the operator sees it.
    pub number: String,
    /// What it is called, with the values that the run had at its end.
    pub title: String,
    /// Titles of the headings above.
    pub path: Vec<String>,
    /// Who performs it, where the document says so.
    pub role: Option<String>,
    /// What became of it.
    pub status: Status,
    /// How often it was begun: 1 unless it was repeated.
    pub rounds: u32,
    /// First event of its present round.
    pub started: Option<jiff::Timestamp>,
    /// Last event of its present round.
    pub ended: Option<jiff::Timestamp>,
    /// From the first to the last, milliseconds; waiting for people included.
    pub elapsed_ms: u64,
    /// How long the document expects it to take, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_ms: Option<u64>,
    /// Who acted in it, by principal, in order.
    pub performers: Vec<String>,
    /// What happened to the step as a whole: conditions, deviations, notes.
    pub history: Vec<Happening>,
    /// Its actions, in document order.
    pub actions: Vec<ActionSummary>,
    /// How far undoing it came; `None` where no rollback named it.
    pub rollback: Option<RollbackState>,
    /// Its rollback blocks, in document order.
    pub rollback_blocks: Vec<ActionSummary>,
}

/// What became of an action or a rollback block.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActionSummary {
    /// The plan's name for it; `STEP#rollback-N` for a rollback block, N from 1.
    pub id: String,
    /// `run`, `check`, `confirm`, `record`, `signoff` or `rollback`.
    pub kind: &'static str,
    /// What became of it.
    pub status: Status,
    /// Attempts of its present round, probes not counted; of what is done at places, the most at any of them.
    pub attempts: u32,
    /// First event of its present round.
    pub started: Option<jiff::Timestamp>,
    /// Last event of its present round.
    pub ended: Option<jiff::Timestamp>,
    /// Execution time of its present round, milliseconds, at all places together; 0 for what people do.
    pub duration_ms: u64,
    /// What became of it at each of its places, in the order in which they begin; empty for what is done at none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<PlaceSummary>,
    /// Who acted, by principal, in order.
    pub who: Vec<String>,
    /// Each of its values that does not keep its limits, in words.
    #[serde(skip)]
    pub out_of_limits: Vec<String>,
    /// Everything that happened to it, earlier rounds included, in order.
    pub history: Vec<Happening>,
}

/// What became of an action or a rollback block at one of its places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlaceSummary {
    /// The place, as `run.opened` names it.
    pub place: String,
    /// What became of it there.
    pub status: Status,
    /// Attempts there in its present round, probes not counted.
    pub attempts: u32,
    /// Execution time there in its present round, milliseconds.
    pub duration_ms: u64,
}

impl ActionSummary {
    /// The last attempt that counts, probes aside; at `place`, where it is done at places.
    pub fn last_attempt(&self, place: Option<&str>) -> Option<&Attempt> {
        let here = |happening: &&Happening| !happening.superseded && happening.place.as_deref() == place;
        self.history.iter().rev().filter(here).find_map(|h| match &h.what {
            What::Attempt(attempt) if !attempt.probe => Some(&**attempt),
            _ => None,
        })
    }

    /// Whether the happening at this index of the history is the attempt that counts: the last one, at its place.
    pub fn is_last_attempt(&self, at: usize) -> bool {
        let attempt =
            |happening: &Happening| matches!(&happening.what, What::Attempt(attempt) if !attempt.probe);
        let Some((this, later)) = self.history.get(at..).and_then(<[_]>::split_first) else { return false };
        let overtaken = || later.iter().any(|happening| attempt(happening) && happening.place == this.place);
        attempt(this) && !this.superseded && !overtaken()
    }

    /// How many of its places came to what, in words: `2 passed, 1 failed`; `None` where it has fewer than two.
    pub fn place_words(&self) -> Option<String> {
        if self.places.len() < 2 {
            return None;
        }
        let mut counts: Vec<(Status, usize)> = Vec::new();
        for PlaceSummary { status, .. } in &self.places {
            match counts.iter_mut().find(|(known, _)| known == status) {
                Some((_, count)) => *count += 1,
                None => counts.push((*status, 1)),
            }
        }
        let counted =
            counts.iter().map(|(status, count)| format!("{count} {}", status.words().to_lowercase()));
        Some(counted.collect::<Vec<_>>().join(", "))
    }
}

impl StepSummary {
    /// What became of it, in capitals; and how many of its commands were done by hand or are not applicable, as somebody says,
    /// where that is not all of it.
    pub fn words(&self) -> String {
        let said_so = |action: &&ActionSummary| {
            action.history.iter().any(|happening| {
                let not_applicable = Choice::NotApplicable;
                !happening.superseded
                    && matches!(&happening.what, What::Decision { choice, .. } if *choice == not_applicable)
            })
        };
        let of = |status: Status| self.actions.iter().filter(move |action| action.status == status);
        let mut words = self.status.words().to_owned();
        for (status, count) in [
            (Status::ByHand, of(Status::ByHand).count()),
            (Status::ByHandAfterFailure, of(Status::ByHandAfterFailure).count()),
            (Status::NotApplicable, of(Status::NotApplicable).filter(said_so).count()),
        ] {
            if self.status.is_done() && self.status != status && count > 0 {
                words.push_str(&format!(", {count} {}", status.words()));
            }
        }
        words
    }

    /// What is done at several places: those places, in order, and what became of each such action or used rollback
    /// block there. `None` where nothing of the step is.
    pub fn by_place(&self) -> Option<ByPlace<'_>> {
        let used = self.rollback_blocks.iter().filter(|block| block.status != Status::NotUsed);
        let actions: Vec<&ActionSummary> =
            self.actions.iter().chain(used).filter(|action| action.places.len() > 1).collect();
        let mut places: Vec<&str> = Vec::new();
        for place in actions.iter().flat_map(|action| &action.places) {
            if !places.contains(&place.place.as_str()) {
                places.push(&place.place);
            }
        }
        (!actions.is_empty()).then_some(ByPlace { places, actions })
    }
}

/// A step at its places.
#[derive(Clone, Debug, PartialEq)]
pub struct ByPlace<'a> {
    /// The places, in the order in which they begin.
    pub places: Vec<&'a str>,
    /// What is done there, in document order.
    pub actions: Vec<&'a ActionSummary>,
}

impl ByPlace<'_> {
    /// A row: what became of each action at a place; `None` where it is not done there.
    pub fn row(&self, place: &str) -> Vec<Option<&PlaceSummary>> {
        let at = |action: &&ActionSummary| action.places.iter().position(|known| known.place == place);
        self.actions.iter().map(|action| at(action).map(|at| &action.places[at])).collect()
    }
}
