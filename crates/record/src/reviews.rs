//! Reviews beside a sealed record, `reviews/NNNN.json` and `reviews/NNNN.json.sig` (record.md, reviews): each is signed,
//! over the seal and over the review before it, and numbered without gaps.

use std::path::Path;

use holdpoint_engine::{Event, RunOpened};
use holdpoint_signing::{REVIEW, Review, Signers, signed_by};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::by_key::ByKey;
use crate::chain::hex;
use crate::clocks::is_back;
use crate::glance::{Glance, glance};
use crate::numbered::{KeepError, Numbered};
use crate::seal::seal_digest;
use crate::verify::may_be_reviewed;
use crate::{ReadError, text_blob};

/// Where they are.
const REVIEWS: Numbered =
    Numbered { place: "reviews", one: "review", second: &[SIGNATURE], lacks: "has no signature beside it" };
const SIGNATURE: &str = "json.sig";
/// How far another machine's clock may be ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(15);

/// A review that is what was signed.
#[derive(Clone, Debug)]
pub struct Reviewed {
    /// What was signed.
    pub review: Review,
    /// With which key; its `event` is the review's number.
    pub signed: ByKey,
    /// Why the signers whom the record itself names do not vouch for the key; `None` where they do.
    pub unlisted: Option<String>,
}

/// The reviews of a record.
#[derive(Clone, Debug, Default)]
pub struct Reviews {
    /// Those that hold, by number.
    pub held: Vec<Reviewed>,
    /// The first thing that is wrong; what comes after it is not looked at.
    pub wrong: Option<String>,
    /// Digest of the last one's statement, which the next one names.
    pub last: Option<String>,
}

/// Reads and proves the reviews of the record in `dir`: that each is over this seal, and signed. The record itself is
/// proved by [`crate::verify`].
///
/// # Errors
/// The record's ends cannot be read.
pub fn reviews(dir: &Path) -> Result<Reviews, ReadError> {
    let mut found = Reviews::default();
    let count = match REVIEWS.count(dir) {
        Ok(count) => count,
        Err(why) => {
            found.wrong = Some(why);
            return Ok(found);
        }
    };
    if count == 0 {
        return Ok(found);
    }
    let Some(seal) = seal_digest(dir)? else {
        found.wrong = Some("there are reviews of a record that is not sealed".to_owned());
        return Ok(found);
    };
    let Glance { first, last, .. } = glance(dir)?;
    let Event::RunOpened(opened) = first.event else {
        found.wrong = Some("the record does not begin with run.opened".to_owned());
        return Ok(found);
    };
    let get = |blob: &_| text_blob(dir, blob).map_err(|error| error.to_string());
    let signers = Signers::of(&opened, get, |error| error.to_string());
    let record = Record { opened: &opened, seal, ended: last.at };
    let mut before = last.at;
    for number in 1..=count as u64 {
        match one(dir, number, &record, before, &mut found.last) {
            Ok((review, signed, at)) => {
                before = at;
                let unlisted = signed.unlisted(&signers);
                found.held.push(Reviewed { review, signed, unlisted });
            }
            Err(why) => {
                found.wrong = Some(format!("review {number}: {why}"));
                break;
            }
        }
    }
    Ok(found)
}

/// How many reviews lie beside a record, none of them proved.
///
/// # Errors
/// What lies there is not as reviews are kept: why.
pub fn review_count(dir: &Path) -> Result<usize, String> {
    REVIEWS.count(dir)
}

/// What reviews are held against.
struct Record<'a> {
    opened: &'a RunOpened,
    seal: String,
    ended: Timestamp,
}

fn one(
    dir: &Path,
    number: u64,
    record: &Record<'_>,
    before: Timestamp,
    former: &mut Option<String>,
) -> Result<(Review, ByKey, Timestamp), String> {
    let (statement, signature) = (REVIEWS.statement(dir, number)?, REVIEWS.second(dir, number, SIGNATURE)?);
    let review = Review::read(&statement)?;
    let Record { opened, seal, ended } = record;
    let at = review.signed()?;
    let parts = [
        ((review.run.number, &review.run.id) == (opened.number, &opened.id), "it is of another run"),
        (review.seal == *seal, "it is of another seal"),
        (review.number == number, "it has another number"),
        (review.former == *former, "it does not follow the review before it"),
        (!review.text.trim().is_empty(), "it says nothing"),
        (may_be_reviewed(&review.verdict), "it is of a record of which something else was said"),
        (ended.duration_since(at) <= AHEAD, "it was signed before the run ended"),
        (!is_back(before, at) || number == 1, "it was signed before the one that it follows"),
    ];
    if let Some((_, why)) = parts.into_iter().find(|(holds, _)| !holds) {
        return Err(why.to_owned());
    }
    signed_by(&statement, &signature, REVIEW)
        .map_err(|why| format!("the signature does not count: {why}"))?;
    let who = &review.reviewer.principal;
    let signed = ByKey::of(number, "review", who, REVIEW, vec![at], &signature)?;
    *former = Some(hex(Sha256::new_with_prefix(&statement)));
    Ok((review, signed, at))
}

/// Puts the review of this number beside a record, whole or not at all: the signature first, then the statement, which
/// makes it one.
///
/// # Errors
/// There is one of that number, it is too long, or the file system refuses.
pub fn keep_review(dir: &Path, number: u64, statement: &[u8], signature: &[u8]) -> Result<(), KeepError> {
    REVIEWS.keep(dir, number, statement, (SIGNATURE, signature))
}

/// Names of the files of so many reviews, from the record's directory.
pub fn review_files(count: usize) -> impl Iterator<Item = String> {
    (1..=count as u64).flat_map(|number| REVIEWS.names(number, SIGNATURE))
}
