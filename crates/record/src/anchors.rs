//! Anchors beside a record, `anchors/NNNN.json` and a time-stamp token or a git tag (record.md, anchors): what each is over is
//! held against the record here, and a tag's signature proved. Tokens are proved by whoever can run `openssl`.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;

use holdpoint_engine::{AnchorSeen, Event, Rule, RunOpened};
use holdpoint_signing::{
    Anchor, AnchorKind, GIT, Over, Prefix, RunNamed, Signers, Tag, signed_by, tag_message,
};
use sha2::{Digest as _, Sha256};

use crate::by_key::ByKey;
use crate::chain::{Position, hex};
use crate::disk::{cannot, open_regular};
use crate::numbered::{KeepError, Numbered};
use crate::seal::seal_digest;
use crate::{LOG, ReadError, Reader, text_blob};

const ANCHORS: Numbered = Numbered {
    place: "anchors",
    one: "anchor",
    second: &["tsr", "tag"],
    lacks: "has neither token nor tag beside it",
};

/// An anchor that is over this record.
#[derive(Clone, Debug)]
pub struct Anchored {
    /// What it says.
    pub anchor: Anchor,
    /// The token, or the tag object.
    pub bytes: Vec<u8>,
    /// Who signed, where it is a tag.
    pub tagged: Option<Tagged>,
}

impl Anchored {
    /// Whether it counts where an environment asks for an anchor: a tag by a key that nobody vouches for does not.
    pub fn is_vouched(&self) -> bool {
        self.tagged.as_ref().is_none_or(|tagged| tagged.unlisted.is_none())
    }

    /// As the record names it where it relied on it; `None` where it is over the seal.
    pub fn seen(&self) -> Option<AnchorSeen> {
        let Over::Head(head) = &self.anchor.over else { return None };
        let statement = hex(Sha256::new_with_prefix(self.anchor.to_bytes().ok()?));
        Some(AnchorSeen { number: self.anchor.number, statement, events: head.events })
    }
}

/// A tag's signature, which is good by the key that made it.
#[derive(Clone, Debug)]
pub struct Tagged {
    /// The tag's name.
    pub name: String,
    /// By whom, with which key; its `event` is the anchor's number.
    pub signed: ByKey,
    /// Why the signers whom the record itself names do not vouch for the key; `None` where they do.
    pub unlisted: Option<String>,
}

/// The anchors of a record.
#[derive(Clone, Debug, Default)]
pub struct Anchors {
    /// Those that are over this record, by number.
    pub held: Vec<Anchored>,
    /// The first thing that is wrong; what comes after it is not looked at.
    pub wrong: Option<String>,
}

/// Reads the anchors of the record in `dir`, which was read up to `position`, and holds each against it. The record itself
/// is proved by [`crate::verify`].
///
/// # Errors
/// The record cannot be read.
pub fn anchors(dir: &Path, opened: &RunOpened, position: &Position) -> Result<Anchors, ReadError> {
    let mut found = there(dir, opened, position)?;
    if found.wrong.is_none() && opened.policy.kept.contains(&Rule::Anchor) {
        found.wrong = relied_on(dir)?.into_iter().find_map(|(event, seen)| {
            let held = found.held.iter().filter_map(Anchored::seen).any(|held| held == seen);
            (!held).then(|| {
                format!("event {event} relies on anchor {}, which is not there as it was then", seen.number)
            })
        });
    }
    Ok(found)
}

/// The anchors that the record itself relied on, each with the number of the event that says so.
fn relied_on(dir: &Path) -> Result<Vec<(u64, AnchorSeen)>, ReadError> {
    let mut seen = Vec::new();
    for stamped in Reader::open(dir)? {
        let stamped = stamped?;
        let anchor = match stamped.event {
            Event::SessionOpened(session) => session.anchor,
            Event::RulesChecked(look) => look.anchor,
            _ => None,
        };
        seen.extend(anchor.map(|anchor| (stamped.n, anchor)));
    }
    Ok(seen)
}

fn there(dir: &Path, opened: &RunOpened, position: &Position) -> Result<Anchors, ReadError> {
    let mut found = Anchors::default();
    let count = match ANCHORS.count(dir) {
        Ok(0) => return Ok(found),
        Ok(count) => count as u64,
        Err(why) => {
            found.wrong = Some(why);
            return Ok(found);
        }
    };
    let mut said = Vec::new();
    for number in 1..=count {
        let anchor = ANCHORS.statement(dir, number).and_then(|bytes| Anchor::read(&bytes));
        match anchor {
            Ok(anchor) => said.push(anchor),
            Err(why) => {
                found.wrong = Some(format!("anchor {number}: {why}"));
                break;
            }
        }
    }
    let wanted = said.iter().filter_map(|anchor| match &anchor.over {
        Over::Head(head) if head.bytes <= position.bytes => Some(head.bytes),
        _ => None,
    });
    let heads = heads(dir, wanted.collect()).map_err(cannot("read", &dir.join(LOG)))?;
    let seal = seal_digest(dir)?;
    let get = |blob: &_| text_blob(dir, blob).map_err(|error| error.to_string());
    let signers = Signers::of(opened, get, |error| error.to_string());
    let record = Record { opened, seal, heads, signers };
    for (number, anchor) in (1..).zip(said) {
        match one(dir, number, anchor, &record) {
            Ok(anchored) => found.held.push(anchored),
            Err(why) => {
                found.wrong = Some(format!("anchor {number}: {why}"));
                break;
            }
        }
    }
    Ok(found)
}

/// What anchors are held against.
struct Record<'a> {
    opened: &'a RunOpened,
    seal: Option<String>,
    /// By bytes: how many lines, the digest, and whether the last line is whole.
    heads: BTreeMap<u64, (u64, String, bool)>,
    signers: Result<Signers, String>,
}

/// The record's beginnings of so many bytes each, in one go.
fn heads(dir: &Path, wanted: Vec<u64>) -> io::Result<BTreeMap<u64, (u64, String, bool)>> {
    let mut heads: BTreeMap<_, _> = wanted.into_iter().map(|bytes| (bytes, Default::default())).collect();
    if heads.is_empty() {
        return Ok(heads);
    }
    let mut file = open_regular(&dir.join(LOG))?;
    let (mut hasher, mut lines, mut at, mut last) = (Sha256::new(), 0, 0, b'\n');
    let mut buffer = vec![0; 256 * 1024];
    for (bytes, head) in &mut heads {
        while at < *bytes {
            let room = usize::try_from(*bytes - at).unwrap_or(usize::MAX).min(buffer.len());
            let read = match file.read(&mut buffer[..room])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => &buffer[..read],
            };
            hasher.update(read);
            lines += memchr::memchr_iter(b'\n', read).count() as u64;
            (at, last) = (at + read.len() as u64, read[read.len() - 1]);
        }
        *head = (lines, hex(hasher.clone()), last == b'\n');
    }
    Ok(heads)
}

fn one(dir: &Path, number: u64, anchor: Anchor, record: &Record<'_>) -> Result<Anchored, String> {
    let Record { opened, seal, heads, signers } = record;
    if (anchor.run.number, &anchor.run.id) != (opened.number, &opened.id) {
        return Err("it is of another run".to_owned());
    }
    if anchor.number != number {
        return Err("it has another number".to_owned());
    }
    match (&anchor.over, seal) {
        (Over::Seal(_), None) => return Err("it is over a seal, and the record is not sealed".to_owned()),
        (Over::Seal(digest), Some(seal)) if digest != seal => {
            return Err("it is over another seal".to_owned());
        }
        (Over::Seal(_), Some(_)) => {}
        (Over::Head(Prefix { events, bytes, sha256 }), _) => match heads.get(bytes) {
            Some((lines @ 1.., digest, true)) if (lines, digest) == (events, sha256) => {}
            _ => return Err(format!("the record does not begin with the {events} events that it is over")),
        },
    }
    let bytes = ANCHORS.second(dir, number, anchor.kind.ending())?;
    if hex(Sha256::new_with_prefix(&bytes)) != anchor.file {
        return Err(match anchor.kind {
            AnchorKind::Rfc3161 => "its token is another file".to_owned(),
            AnchorKind::GitTag => "its tag is another file".to_owned(),
        });
    }
    let tagged = match anchor.kind {
        AnchorKind::Rfc3161 => None,
        AnchorKind::GitTag => {
            let tag = Tag::read(&bytes)?;
            if tag.at != anchor.time {
                return Err("its tag tells another time".to_owned());
            }
            Some(tagged(number, &tag, &anchor.run, &anchor.over, signers)?)
        }
    };
    Ok(Anchored { anchor, bytes, tagged })
}

/// Proves that a tag is signed, and over this of this run.
fn tagged(
    number: u64,
    tag: &Tag,
    run: &RunNamed,
    over: &Over,
    signers: &Result<Signers, String>,
) -> Result<Tagged, String> {
    if tag.message != tag_message(run, over) {
        return Err("its tag says something else".to_owned());
    }
    let Tag { name, who, at, payload, armored, .. } = tag;
    let counts = signed_by(payload.as_bytes(), armored.as_bytes(), GIT);
    counts.map_err(|why| format!("the signature of its tag does not count: {why}"))?;
    let signed = ByKey::of(number, "tag", who, GIT, vec![*at], armored.as_bytes())?;
    let unlisted = signed.unlisted(signers);
    Ok(Tagged { name: name.clone(), signed, unlisted })
}

/// What can be anchored of the record in `dir`, which was read up to `position`: its seal, or how far it has come.
///
/// # Errors
/// The seal cannot be read.
pub fn anchorable(dir: &Path, position: &Position) -> Result<Over, ReadError> {
    Ok(match seal_digest(dir)? {
        Some(digest) => Over::Seal(digest),
        None => {
            let Position { events, bytes, sha256 } = position.clone();
            Over::Head(Prefix { events, bytes, sha256 })
        }
    })
}

/// Puts an anchor beside a record, whole or not at all.
///
/// # Errors
/// There is one of that number, it is too long, or the file system refuses.
pub fn keep_anchor(dir: &Path, anchor: &Anchor, file: &[u8]) -> Result<(), KeepError> {
    let statement = anchor.to_bytes().map_err(|error| {
        let path = dir.join(ANCHORS.place);
        KeepError::Disk(cannot("write to", &path)(error.into()))
    })?;
    ANCHORS.keep(dir, anchor.number, &statement, (anchor.kind.ending(), file))
}

/// Names of an anchor's files, from the record's directory.
pub fn anchor_files(anchor: &Anchor) -> [String; 2] {
    ANCHORS.names(anchor.number, anchor.kind.ending())
}
