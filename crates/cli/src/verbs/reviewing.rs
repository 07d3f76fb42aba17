//! What a review says of a run that is over, and what keeps it: the same in a terminal and from a page.

use std::path::{Path, PathBuf};

use holdpoint_engine::RunOpened;
use holdpoint_record::{
    KeepError, RecordVerdict, Reviews, Verification, is_back, keep_review, reviews, text_blob,
};
use holdpoint_signing::{Moment, REVIEW, Review, ReviewKind, RunNamed, Signer, Signers, check};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::read::{blob_problem, read_problem};
use crate::digest::sha256;
use crate::operator::{time_zone, who_else};
use crate::place::Place;
use crate::problem::Problem;
use crate::{approvals, by_key, files};

/// A sealed record, and whoever is about to review it.
pub struct Reviewing {
    dir: PathBuf,
    /// How the run began.
    pub opened: RunOpened,
    /// What `verify` says of the record.
    pub verdict: String,
    /// SHA-256 of its seal.
    pub seal: String,
    /// The reviews that are there.
    pub before: Reviews,
    /// Who may sign.
    pub signers: Signers,
    /// Who signs, and their printed name.
    pub reviewer: Signer,
}

impl Reviewing {
    /// The record in `dir`, which is called `run`, reviewed by whoever is called `said`.
    ///
    /// # Errors
    /// It is not sealed, or does not hold, or they are nobody who could sign it.
    pub fn of(place: &Place, dir: &Path, run: &str, said: &str) -> Result<Reviewing, Problem> {
        let proof = holdpoint_record::verify(dir).map_err(read_problem)?;
        let opened = reviewable(&proof, run)?.clone();
        let before = reviews(dir).map_err(read_problem)?;
        if let Some(why) = &before.wrong {
            return Err(Problem::record(
                format!("the reviews that are there do not hold: {why}"),
                "Nothing was written. `holdpoint verify` says what else is wrong.",
            ));
        }
        let reviewer = reviewer(place, &opened, said)?;
        let signers = signers(place, &opened, dir)?;
        let seal = files::read(&dir.join("seal.json"), files::TEXT).map_err(|error| {
            Problem::usage(format!("its seal cannot be read: {error}"), "Nothing was written.")
        })?;
        let (dir, verdict, seal) = (dir.to_owned(), proof.verdict.to_string(), sha256(&seal));
        Ok(Reviewing { dir, opened, verdict, seal, before, signers, reviewer })
    }

    /// What they sign, where they say this.
    ///
    /// # Errors
    /// It says nothing, or this machine's clock is behind what it follows.
    pub fn review(&self, kind: ReviewKind, text: &str, at: Timestamp) -> Result<Review, Problem> {
        says_something(text)?;
        let review = Review {
            holdpoint: Review::FORMAT.to_owned(),
            run: RunNamed { number: self.opened.number, id: self.opened.id.clone() },
            seal: self.seal.clone(),
            number: self.before.held.len() as u64 + 1,
            former: self.before.last.clone(),
            kind,
            text: text.to_owned(),
            verdict: self.verdict.clone(),
            reviewer: self.reviewer.clone(),
            at: Moment::of(at, &TimeZone::system()),
        };
        self.timely(&review)?;
        Ok(review)
    }

    /// A review that this machine's clock dates before what it follows would never hold, and could not be taken back.
    fn timely(&self, review: &Review) -> Result<(), Problem> {
        let behind = |what: &str| {
            Problem::usage(
                format!("this machine's clock is behind {what}"),
                "Nothing was signed. Set the clock, or look why the other one was ahead.",
            )
        };
        let ended = holdpoint_record::glance(&self.dir).map_err(read_problem)?.last.at;
        let at = review.signed().map_err(|why| Problem::fault(why, "This is a fault of holdpoint."))?;
        if is_back(ended, at) {
            return Err(behind("the end of the run"));
        }
        let last = self.before.held.last().map(|last| last.review.signed());
        match last {
            Some(Ok(last)) if is_back(last, at) => Err(behind("the review before this one")),
            _ => Ok(()),
        }
    }

    /// Keeps what was signed, where the signature counts. Says in words what that is.
    ///
    /// # Errors
    /// It does not count, or somebody else was faster, or the disk refuses.
    pub fn keep(&self, review: &Review, statement: &[u8], signature: &[u8]) -> Result<String, Problem> {
        let Signer { principal: who, name } = &review.reviewer;
        if let Err(why) = check(statement, signature, who, REVIEW, &self.signers, Timestamp::now()) {
            return Err(Problem::refused(
                format!("it was signed, and does not count: {why}"),
                "Nothing was written. The file that [signers] names must list your key, for reviews too: \
                 namespaces=\"signoff@holdpoint,review@holdpoint\".",
            ));
        }
        keep_review(&self.dir, review.number, statement, signature).map_err(|error| match error {
            KeepError::Disk(error) => Problem::disk(&error, error.to_string()),
            other => {
                Problem::usage(other.to_string(), "Nothing was written. Look at it again, and sign again.")
            }
        })?;
        let (number, run, what) = (review.number, review.run.number, review.kind.words());
        Ok(format!("Review {number} of run {run}: {what} by {name} ({who})."))
    }
}

/// Refuses a review of no words.
pub fn says_something(text: &str) -> Result<(), Problem> {
    match text.trim().is_empty() {
        true => Err(Problem::usage("the review says nothing", "Write it in quotes after --text.")),
        false => Ok(()),
    }
}

/// What is signed, byte for byte.
pub fn statement(review: &Review) -> Result<Vec<u8>, Problem> {
    review.to_bytes().map_err(|error| Problem::fault(format!("the review cannot be written: {error}"), ""))
}

fn reviewer(place: &Place, opened: &RunOpened, said: &str) -> Result<Signer, Problem> {
    let config = place.configuration();
    let principal = config.map_or(said, |config| config.person(said)).to_owned();
    let name = config.and_then(|config| config.people.get(&principal)?.name.clone());
    let Some(name) = name.or_else(|| opened.people.get(&principal).cloned()) else {
        let known = config.into_iter().flat_map(|config| config.people.keys()).chain(opened.people.keys());
        let known: Vec<&str> = known.map(String::as_str).collect();
        if !known.is_empty() && !known.contains(&principal.as_str()) {
            return Err(Problem::refused(
                format!("{principal} is nobody whom holdpoint.toml names, now or when the run opened"),
                who_else(&principal, &known),
            ));
        }
        return Err(Problem::usage(
            format!("a review shows a printed name, and holdpoint.toml has none for {principal}"),
            format!("Add it: [people.\"{principal}\"] with name = \"First Last\"."),
        ));
    };
    Ok(Signer { principal, name })
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
        return approvals::signers(place, &time_zone()?).map_err(bad);
    }
    by_key::signers(opened, |blob| text_blob(dir, blob).map_err(blob_problem))
}
