//! A sign-off, or a rejection, from a page: what `sign` does, in two requests. The run is taken up for each of them alone, and what
//! the passkey signs is made anew before it counts: whatever changed in between makes another statement of it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use holdpoint_document::SignOff;
use holdpoint_driver::{Recorder, RunView, Secrets};
use holdpoint_engine::{By, Event, People, SignedOff, Task, Via};
use holdpoint_record::{Deed, OpenError, RunDir, Visitor, Writer};
use holdpoint_signing::{Envelope, SIGNOFF, Signers};
use holdpoint_web::{Asker, Passkey, Pending, ToSign as Asked, Wish};
use jiff::Timestamp;

use super::passkey::{Keys, NOBODY_ASKED, NOTHING, assertion};
use super::stamp::small_enough;
use crate::by_key::{self, Signature, ToSign, What, own_signers};
use crate::digest::sha256;
use crate::operator::listed_still;
use crate::place::Place;
use crate::problem::Problem;
use crate::verbs::evidence::awaited;
use crate::verbs::read::{Recorded, open_problem, read_dir, to_be_signed};
use crate::verbs::sign::{held_still, over};
use crate::verbs::taking_up::{Opened, take_up};
use crate::verbs::watch::has_role_still;
use crate::world::Store as Blobs;
use crate::world::disk::Disk;
use crate::world::terminal::{Shown, as_rejection, given};

/// How long somebody else may have the run for a moment.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the lock is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A hold point, and whoever is about to sign it off.
struct At<'a, 'v> {
    view: &'a RunView<'v>,
    task: Task,
    sign_off: &'a SignOff,
    who: &'a str,
    wish: &'a Wish,
    /// The site of the passkeys that count here.
    site: &'a str,
    shown: Shown,
}

/// What is to be signed, as the run stands now.
pub(super) fn prepare(place: &Place, dir: RunDir, wish: Wish, site: &str) -> Result<Pending, Problem> {
    let at = Timestamp::now();
    let id = read_dir(dir.clone())?.opened().id.clone();
    let statement = within(place, dir, (&wish, site), |hold_point, blobs| {
        let ToSign { statement, .. } = hold_point.to_sign(at, blobs)?;
        hold_point.keys(&own_signers(hold_point.view, blobs)?).all()?;
        Ok((statement, Vec::new()))
    })?;
    let challenge = Envelope::to_sign(SIGNOFF, &statement).map_err(Problem::ours)?;
    Ok(Pending { run: id, wish, at, statement, challenge })
}

/// Takes what the passkey signed, and puts on record what comes of it. In words, what that was. `page` is the one that asked.
pub(super) fn complete(
    place: &Place,
    dir: RunDir,
    pending: &Pending,
    passkey: &Passkey,
    Asker { site, page }: Asker<'_>,
) -> Result<String, Problem> {
    let Pending { run, wish, at, statement, .. } = pending;
    let moved = || {
        Problem::refused(
            "the run is another than when this was shown: something happened in it since",
            format!("{NOTHING} Look at it once more, then sign what is shown then."),
        )
    };
    if read_dir(dir.clone())?.opened().id != *run {
        return Err(moved());
    }
    let assertion = assertion(passkey, page)?;
    let made = within(place, dir, (wish, site), |hold_point, blobs| {
        let to_sign = hold_point.to_sign(*at, blobs)?;
        if to_sign.statement != *statement {
            return Err(moved());
        }
        let signers = own_signers(hold_point.view, blobs)?;
        let signature = hold_point.keys(&signers).signature(&assertion, statement)?;
        hold_point.answer(to_sign, (signature, &signers), assertion.verified_its_user(), blobs)
    })?;
    made.map_err(|refused| Problem::refused(refused, format!("{NOTHING} The attempt is on record.")))
}

/// Takes the run up, has something done at the hold point that it waits at, and puts what comes of it on record.
fn within<T>(
    place: &Place,
    dir: RunDir,
    (wish, site): (&Wish, &str),
    does: impl FnOnce(&At<'_, '_>, &mut Blobs<'_>) -> Result<(T, Vec<Event>), Problem>,
) -> Result<T, Problem> {
    small_enough(&dir.path)?;
    let recorded = to_be_signed(dir.clone())?;
    if recorded.events.iter().any(|stamped| matches!(stamped.event, Event::RunClosed { .. })) {
        return Err(over(&dir)?);
    }
    if recorded.opened().inputs.iter().any(|input| input.secret) {
        return Err(Problem::refused(
            "the run was given secrets, and what is shown here cannot be masked",
            format!("{NOTHING} In a terminal: holdpoint sign {}", dir.number),
        ));
    }
    // Roles may have been withdrawn since the server began.
    let place = Place::of(&place.root)?;
    let who = listed_still(&People::of(recorded.opened()), place.configuration(), &wish.who)?;
    let mut recorder = taken_up(&recorded, take(&dir, &who, Deed::Sign)?)?;
    // As `sign` does: what is shown is what is signed.
    recorder.lapse()?;
    let (task, sign_off) = awaited(recorder.run(), &recorded)?;
    has_role_still(recorder.run(), &place, &sign_off.role, &who)?;
    if let Some(refusal) = recorder.run().role_refusal(sign_off, &who) {
        return Err(Problem::refused(refusal, format!("{NOTHING} Somebody who may does.")));
    }
    recorder.request_sign_off(task)?;
    let (view, store) = recorder.view_and_store();
    let shown = Shown::of(&view, task, store)?;
    if sha256(shown.text.as_bytes()) != wish.shown {
        return Err(Problem::refused(
            "what is to be signed is another text than the page shows",
            format!("{NOTHING} Look at it once more, then sign what is shown then."),
        ));
    }
    let hold_point = At { view: &view, task, sign_off, who: &who, wish, site, shown };
    let (made, events) = does(&hold_point, store)?;
    if !events.is_empty() {
        recorder.record(events)?;
    }
    Ok(made)
}

pub(super) fn taken_up<'a>(
    recorded: &'a Recorded,
    (writer, events, recovered): Opened,
) -> Result<Recorder<'a, Disk, ()>, Problem> {
    let book = (&recorded.plan, recorded.sources.text());
    take_up(book, Disk::beside(writer), (), &Secrets::default(), &events, recovered.as_ref())
}

/// Waits a moment for another signer; whoever drives the run must park it first.
pub(super) fn take(dir: &RunDir, who: &str, does: Deed) -> Result<Opened, Problem> {
    let begun = Instant::now();
    loop {
        let visitor = Visitor { by: who.to_owned(), does };
        match Writer::go_on_beside(&dir.path, Default::default(), visitor) {
            Err(OpenError::Held(holder)) => {
                let visited = holder.as_ref().is_none_or(|holder| holder.visitor.is_some());
                if !visited || begun.elapsed() >= PATIENCE {
                    return Err(held_still(holder, !visited));
                }
                sleep(LOOK);
            }
            other => return other.map_err(open_problem),
        }
    }
}

impl At<'_, '_> {
    fn what(&self) -> What<'_> {
        self.rejects().map_or(What::SignOff(self.task), What::Rejection)
    }

    /// Why it is rejected, where it is.
    fn rejects(&self) -> Option<&str> {
        match &self.wish.what {
            Asked::Rejection(reason) => Some(reason),
            Asked::SignOff | Asked::Review { .. } => None,
        }
    }

    fn by(&self) -> By {
        By { who: self.who.to_owned(), via: Via::Command }
    }

    fn to_sign(&self, at: Timestamp, blobs: &mut Blobs<'_>) -> Result<ToSign, Problem> {
        if self.rejects().is_some_and(|reason| reason.trim().is_empty()) {
            return Err(Problem::usage("a rejection needs a reason", "Say why."));
        }
        let name = self.view.run.opened().and_then(|opened| opened.printed_name(self.who)).cloned();
        let name = name.ok_or_else(|| {
            Problem::refused(
                format!(
                    "a signature by key shows a printed name, and holdpoint.toml has none for {}",
                    self.who
                ),
                format!(
                    "Add it: [people.\"{}\"] with name = \"First Last\"; it counts in new runs.",
                    self.who
                ),
            )
        })?;
        let mut given = given(self.view, self.task, self.sign_off, name, self.by(), &self.shown);
        // The server's own terminal is nobody's who signs in a browser.
        given.presence.iter_mut().for_each(|presence| presence.tty = None);
        by_key::to_sign(self.view, given, self.what(), at, blobs)?
            .map_err(|why| Problem::refused(why, NOTHING))
    }

    fn keys<'k>(&'k self, signers: &'k Signers) -> Keys<'k> {
        let (who, site) = (self.who, self.site);
        Keys {
            who,
            site,
            namespace: SIGNOFF,
            signers,
            listed: "allowed_signers, as it was when the run opened,",
        }
    }

    /// What comes of it, in words, or why it was refused; and the events.
    fn answer(
        &self,
        to_sign: ToSign,
        signature: (String, &Signers),
        verified: bool,
        blobs: &mut Blobs<'_>,
    ) -> Result<(Result<String, String>, Vec<Event>), Problem> {
        let (step, action) = (self.step(), self.task.id(self.view.plan));
        let refused = |reason: String| {
            let event = Event::SignOffRefused {
                step: step.clone(),
                action: action.clone(),
                reason: reason.clone(),
                by: self.by(),
            };
            Ok((Err(reason), vec![event]))
        };
        let given: SignedOff = match by_key::signed(self.view, to_sign, self.what(), signature, blobs)? {
            Signature::Given(given) => *given,
            Signature::Refused(reason) => return refused(reason),
            Signature::None(why) => return Err(Problem::refused(why, NOTHING)),
        };
        // Whatever the environment asks for.
        if !verified {
            return refused(NOBODY_ASKED.to_owned());
        }
        let Some(reason) = self.rejects() else {
            self.shown.keep(blobs)?;
            let said = format!("Signed off by {}.", given.name);
            return Ok((Ok(said), vec![Event::SignOffGiven(given)]));
        };
        let (said, presence, by) =
            (format!("Rejected by {}.", given.name), given.presence.clone(), self.by());
        let signed = as_rejection(given);
        let refusal =
            self.view.run.rejection_refusal(self.sign_off, signed.as_deref(), presence.as_deref(), &by);
        if let Some(refusal) = refusal {
            return refused(refusal);
        }
        self.shown.keep(blobs)?;
        Ok((
            Ok(said),
            vec![Event::SignOffRejected { step, action, reason: reason.to_owned(), signed, presence, by }],
        ))
    }

    fn step(&self) -> String {
        self.task.step_of(self.view.plan).id.clone()
    }
}
