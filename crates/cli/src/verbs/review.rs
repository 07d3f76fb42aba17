//! `review`: something is said of a run that is over, signed, beside its sealed record.

use std::path::Path;

use holdpoint_engine::RunOpened;
use holdpoint_record::{
    KeepError, RecordVerdict, Reviews, Verification, is_back, keep_review, reviews, text_blob,
};
use holdpoint_signing::{Moment, REVIEW, Review, ReviewKind, RunNamed, Signer, Signers, check};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::prepare;
use super::read::{blob_problem, place_of, read_problem};
use super::reviewed::{facts, words};
use crate::args::{self, ReviewAs};
use crate::by_key::{self, KeyFile};
use crate::digest::sha256;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::operator::{not_in_a_block, operator, time_zone, who_else};
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::terminal::ask::{self, Asked};
use crate::{approvals, files};

/// Takes one review.
pub fn review(screen: &Screen, arguments: &args::Review) -> Result<Exit, Problem> {
    not_in_a_block("nothing is reviewed")?;
    if arguments.text.trim().is_empty() {
        return Err(Problem::usage("the review says nothing", "Write it in quotes after --text."));
    }
    let dir = place_of(&arguments.run)?;
    let proof = holdpoint_record::verify(&dir).map_err(read_problem)?;
    let opened = reviewable(&proof, &arguments.run)?;
    let before = reviews(&dir).map_err(read_problem)?;
    if let Some(why) = &before.wrong {
        return Err(Problem::record(
            format!("the reviews that are there do not hold: {why}"),
            "Nothing was written. `holdpoint verify` says what else is wrong.",
        ));
    }
    let place = Place::here()?;
    let (said, _) = operator(arguments.principal.as_deref(), &place.root)?;
    let config = place.configuration();
    let who = config.map_or(said.as_str(), |config| config.person(&said)).to_owned();
    let name = config.and_then(|config| config.people.get(&who)?.name.clone());
    let Some(name) = name.or_else(|| opened.people.get(&who).cloned()) else {
        let known = config.into_iter().flat_map(|config| config.people.keys()).chain(opened.people.keys());
        let known: Vec<&str> = known.map(String::as_str).collect();
        if !known.is_empty() && !known.contains(&who.as_str()) {
            return Err(Problem::refused(
                format!("{who} is nobody whom holdpoint.toml names, now or when the run opened"),
                who_else(&who, &known),
            ));
        }
        return Err(Problem::usage(
            format!("a review shows a printed name, and holdpoint.toml has none for {who}"),
            format!("Add it: [people.\"{who}\"] with name = \"First Last\"."),
        ));
    };
    let signers = signers(&place, opened, &dir)?;
    let seal = files::read(&dir.join("seal.json"), files::TEXT).map_err(|error| {
        Problem::usage(format!("its seal cannot be read: {error}"), "Nothing was written.")
    })?;
    let review = Review {
        holdpoint: Review::FORMAT.to_owned(),
        run: RunNamed { number: opened.number, id: opened.id.clone() },
        seal: sha256(&seal),
        number: before.held.len() as u64 + 1,
        former: before.last.clone(),
        kind: arguments.kind.kind(),
        text: arguments.text.clone(),
        verdict: proof.verdict.to_string(),
        reviewer: Signer { principal: who.clone(), name },
        at: Moment::of(Timestamp::now(), &TimeZone::system()),
    };
    timely(&dir, &before, &review)?;
    show(screen, opened, &before, &review);
    let key = KeyFile::of_key(arguments.key.as_deref());
    // Before anything is asked: a signal must not end the program while a prompt has changed the terminal.
    let _signals = Interrupts::catch(screen)?;
    let able = || by_key::is_able(screen, &signers, &who, REVIEW, key);
    if !arguments.yes && !consents(screen, &who, able)? {
        screen.say("Nothing was signed.");
        return Ok(Exit::Parked);
    }
    sign(screen, &dir, &review, &signers, key)
}

/// A review that this machine's clock dates before what it follows would never hold, and could not be taken back.
fn timely(dir: &Path, before: &Reviews, review: &Review) -> Result<(), Problem> {
    let behind = |what: &str| {
        Problem::usage(
            format!("this machine's clock is behind {what}"),
            "Nothing was signed. Set the clock, or look why the other one was ahead.",
        )
    };
    let ended = holdpoint_record::glance(dir).map_err(read_problem)?.last.at;
    let at = review.signed().map_err(|why| Problem::fault(why, "This is a fault of holdpoint."))?;
    if is_back(ended, at) {
        return Err(behind("the end of the run"));
    }
    let last = before.held.last().map(|last| last.review.signed());
    match last {
        Some(Ok(last)) if is_back(last, at) => Err(behind("the review before this one")),
        _ => Ok(()),
    }
}

/// A review is of a record that nothing more can come to.
fn reviewable<'p>(proof: &'p Verification, run: &str) -> Result<&'p RunOpened, Problem> {
    let whole = matches!(
        proof.verdict,
        RecordVerdict::IntactComplete | RecordVerdict::Expunged { complete: true, .. }
    );
    match (&proof.opened, &proof.verdict) {
        (Some(opened), _) if whole => Ok(opened),
        (_, RecordVerdict::IntactOpen | RecordVerdict::Expunged { .. }) => Err(Problem::usage(
            "the run is still open, and a review is of one that is over",
            format!("`holdpoint note {run} TEXT` adds to it."),
        )),
        (_, verdict) => Err(Problem::record(
            format!("the record is not intact: {verdict}"),
            "Nothing was written. `holdpoint verify` says more.",
        )),
    }
}

/// Who may sign: as the repository says today, for reviewers come and go; else as the run itself has it.
fn signers(place: &Place, opened: &RunOpened, dir: &Path) -> Result<Signers, Problem> {
    let bad = |why: String| Problem::usage(why, "holdpoint.toml names these files under [signers].");
    if place.configuration().is_some_and(|config| config.signers.is_some()) {
        return approvals::signers(place, &time_zone()).map_err(bad);
    }
    by_key::signers(opened, |blob| text_blob(dir, blob).map_err(blob_problem))
}

fn show(screen: &Screen, opened: &RunOpened, before: &Reviews, review: &Review) {
    let say =
        |name: &str, value: &str| screen.say_hung(&format!("  {name:<12}"), &screen.within_a_line(value));
    let head = screen.neutralise(&format!("Run {}: {}", opened.number, opened.title()));
    screen.say(&screen.style().bold().apply_to(screen.rule(&head)).to_string());
    say("environment", &opened.environment.name);
    say("record", &review.verdict);
    say("seal", &review.seal);
    for one in &before.held {
        say("review", &words(&facts(one)));
    }
    say("you say", &format!("{}: {}", review.kind.words(), review.text));
    screen.say("");
}

fn consents(screen: &Screen, who: &str, able: impl FnOnce() -> bool) -> Result<bool, Problem> {
    if !prepare::asks(screen, false)? {
        return Err(Problem::usage(
            "there is no terminal to ask at",
            "Look at what is shown above, and at the record. Then add --yes to sign it.",
        ));
    }
    if !able() {
        return Ok(false);
    }
    let options =
        [("leave", 'l', "sign nothing now"), ("sign", 's', "sign it; it cannot be taken back or changed")];
    let asked = ask::one_of(screen, &format!("{}, what now?", screen.neutralise(who)), &options, true);
    Ok(matches!(asked, Asked::Said("sign")))
}

fn sign(
    screen: &Screen,
    dir: &Path,
    review: &Review,
    signers: &Signers,
    key: KeyFile<'_>,
) -> Result<Exit, Problem> {
    let Signer { principal: who, name } = &review.reviewer;
    let statement = review
        .to_bytes()
        .map_err(|error| Problem::fault(format!("the review cannot be written: {error}"), ""))?;
    let signature = match by_key::signature(signers, who, REVIEW, key, &statement) {
        Ok(signature) => signature.into_bytes(),
        Err(why) => {
            screen.tell(&format!("Nothing was signed: {}", screen.neutralise(&why)));
            return Ok(Exit::Parked);
        }
    };
    if let Err(why) = check(&statement, &signature, who, REVIEW, signers, Timestamp::now()) {
        return Err(Problem::refused(
            format!("it was signed, and does not count: {why}"),
            "Nothing was written. The file that [signers] names must list your key, for reviews too: \
             namespaces=\"signoff@holdpoint,review@holdpoint\".",
        ));
    }
    keep_review(dir, review.number, &statement, &signature).map_err(|error| match error {
        KeepError::Disk(error) => Problem::disk(&error, error.to_string()),
        other => Problem::usage(other.to_string(), "Nothing was written. Look at it again, and sign again."),
    })?;
    let what = review.kind.words();
    screen.tell(&screen.neutralise(&format!(
        "Review {} of run {}: {what} by {name} ({who}).",
        review.number, review.run.number
    )));
    Ok(Exit::Passed)
}

impl ReviewAs {
    fn kind(self) -> ReviewKind {
        match self {
            ReviewAs::AuditTrail => ReviewKind::AuditTrail,
            ReviewAs::LateNote => ReviewKind::LateNote,
            ReviewAs::PostRelease => ReviewKind::PostRelease,
        }
    }
}
