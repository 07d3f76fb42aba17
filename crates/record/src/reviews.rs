//! Reviews beside a sealed record, `reviews/NNNN.json` and `reviews/NNNN.json.sig` (record.md, reviews): each is signed,
//! over the seal and over the review before it, and numbered without gaps.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use holdpoint_engine::{Event, RunOpened};
use holdpoint_signing::{REVIEW, Review, Signers, signed_by};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::by_key::ByKey;
use crate::chain::hex;
use crate::clocks::is_back;
use crate::disk::{DiskError, Kind, cannot, make_dir, make_file, not_a, open_regular, sync_dir};
use crate::glance::{Glance, glance};
use crate::seal::seal_and_bytes;
use crate::{ReadError, text_blob};

/// Where they are.
const REVIEWS: &str = "reviews";
/// A review is not longer than this, bytes, nor its signature: a record may be anybody's.
const LONGEST: u64 = 1024 * 1024;
/// No record has more.
const MOST: usize = 9_999;
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

/// Why a review cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// Somebody else was faster, or the number is another.
    #[error("there is a review of that number already")]
    Taken,
    /// It is longer than a review may be.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// The file system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Reads and proves the reviews of the record in `dir`: that each is over this seal, and signed. The record itself is
/// proved by [`crate::verify`].
///
/// # Errors
/// The record's ends cannot be read.
pub fn reviews(dir: &Path) -> Result<Reviews, ReadError> {
    let mut found = Reviews::default();
    let place = dir.join(REVIEWS);
    if place.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(found);
    }
    if let Some(other) = not_a(Kind::Directory, &place) {
        found.wrong = Some(format!("{REVIEWS} is {other}"));
        return Ok(found);
    }
    let count = match count(&place) {
        Ok(count) => count,
        Err(why) => {
            found.wrong = Some(why);
            return Ok(found);
        }
    };
    if count == 0 {
        return Ok(found);
    }
    let Some((_, seal)) = seal_and_bytes(dir)? else {
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
    let record = Record { opened: &opened, seal: hex(Sha256::new_with_prefix(&seal)), ended: last.at };
    let mut before = last.at;
    for number in 1..=count as u64 {
        match one(&place, number, &record, before, &mut found.last) {
            Ok((review, signed, at)) => {
                before = at;
                let vouched = signers.as_ref().map_err(Clone::clone).and_then(|signers| {
                    match signed.is_revoked(signers) {
                        true => Err(format!("the key {} was revoked when the run opened", signed.key)),
                        false => signed.vouched(signers),
                    }
                });
                found.held.push(Reviewed { review, signed, unlisted: vouched.err() });
            }
            Err(why) => {
                found.wrong = Some(format!("review {number}: {why}"));
                break;
            }
        }
    }
    Ok(found)
}

/// What reviews are held against.
struct Record<'a> {
    opened: &'a RunOpened,
    seal: String,
    ended: Timestamp,
}

fn names(number: u64) -> [String; 2] {
    [format!("{number:04}.json"), format!("{number:04}.json.sig")]
}

/// How many reviews there are. A signature behind the last of them is what a crash left of the next.
fn count(place: &Path) -> Result<usize, String> {
    let mut all = BTreeSet::new();
    for entry in fs::read_dir(place).map_err(|error| format!("{REVIEWS} cannot be listed: {error}"))? {
        let entry = entry.map_err(|error| format!("{REVIEWS} cannot be listed: {error}"))?;
        all.insert(entry.file_name().to_string_lossy().into_owned());
        if all.len() > 2 * MOST {
            return Err(format!("there are more than {MOST} reviews"));
        }
    }
    let count = all.iter().filter(|name| !name.ends_with(".sig")).count();
    for number in 1..=count as u64 {
        let [statement, signature] = names(number);
        if !all.remove(&statement) {
            return Err(format!("review {number} is missing, and later ones are there"));
        }
        if !all.remove(&signature) {
            return Err(format!("review {number} has no signature beside it"));
        }
    }
    let [_, torn] = names(count as u64 + 1);
    all.remove(&torn);
    match all.first() {
        Some(name) => Err(format!("{:?} in {REVIEWS} is no review", name)),
        None => Ok(count),
    }
}

fn one(
    place: &Path,
    number: u64,
    record: &Record<'_>,
    before: Timestamp,
    former: &mut Option<String>,
) -> Result<(Review, ByKey, Timestamp), String> {
    let [statement, signature] = names(number).map(|name| bytes(&place.join(name)));
    let (statement, signature) = (statement?, signature?);
    let review = Review::read(&statement)?;
    let Record { opened, seal, ended } = record;
    let at = review.signed()?;
    let parts = [
        ((review.run.number, &review.run.id) == (opened.number, &opened.id), "it is of another run"),
        (review.seal == *seal, "it is of another seal"),
        (review.number == number, "it has another number"),
        (review.former == *former, "it does not follow the review before it"),
        (!review.text.trim().is_empty(), "it says nothing"),
        (ended.duration_since(at) <= AHEAD, "it was signed before the run ended"),
        (!is_back(before, at) || number == 1, "it was signed before the one that it follows"),
    ];
    if let Some((_, why)) = parts.into_iter().find(|(holds, _)| !holds) {
        return Err(why.to_owned());
    }
    signed_by(&statement, &signature).map_err(|why| format!("the signature does not count: {why}"))?;
    let who = &review.reviewer.principal;
    let signed = ByKey::of(number, "review", who, REVIEW, vec![at], &signature)?;
    *former = Some(hex(Sha256::new_with_prefix(&statement)));
    Ok((review, signed, at))
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let name = path.file_name().unwrap_or_default().display();
    let file = open_regular(path).map_err(|error| format!("{name} cannot be read: {error}"))?;
    let mut bytes = Vec::new();
    let read = file.take(LONGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("{name} cannot be read: {error}"))?;
    match bytes.len() as u64 {
        0..=LONGEST => Ok(bytes),
        _ => Err(format!("{name} is longer than {LONGEST} bytes")),
    }
}

/// Puts the review of this number beside a record, whole or not at all: the signature first, then the statement, which
/// makes it one.
///
/// # Errors
/// There is one of that number, it is too long, or the file system refuses.
pub fn keep_review(dir: &Path, number: u64, statement: &[u8], signature: &[u8]) -> Result<(), ReviewError> {
    if statement.len().max(signature.len()) as u64 > LONGEST {
        return Err(ReviewError::TooLong);
    }
    let place = dir.join(REVIEWS);
    match make_dir(&place) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(cannot("create", &place)(error).into());
        }
        Err(_) => {}
        Ok(()) => sync_dir(dir)?,
    }
    // Two who review at a time come one after the other.
    let locked = fs::File::open(&place).map_err(cannot("open", &place))?;
    locked.lock().map_err(cannot("lock", &place))?;
    if count(&place).ok() != usize::try_from(number - 1).ok() {
        return Err(ReviewError::Taken);
    }
    let [name, signed] = names(number).map(|name| place.join(name));
    // What a crash left of one that came to nothing.
    match fs::remove_file(&signed) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(cannot("replace", &signed)(error).into());
        }
        _ => {}
    }
    write(&signed, signature)?;
    let partial = dir.join("review.partial");
    let _ = fs::remove_file(&partial);
    write(&partial, statement)?;
    fs::rename(&partial, &name).map_err(cannot("create", &name))?;
    Ok(sync_dir(&place)?)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let mut file = make_file(path).map_err(cannot("create", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(cannot("write to", path))
}

/// Names of the files of so many reviews, from the record's directory.
pub fn review_files(count: usize) -> impl Iterator<Item = String> {
    (1..=count as u64).flat_map(names).map(|name| format!("{REVIEWS}/{name}"))
}
