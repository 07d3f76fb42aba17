//! An anchor of a record (record.md, anchors): what a time-stamp token or a signed git tag beside it is over, as JSON
//! whose exact bytes are kept; and the tag object, taken apart. Tokens are for `openssl`, not for this crate.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Prefix, RunNamed};

/// The namespace of git's own signatures.
pub const GIT: &str = "git";

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----\n";

/// What lies beside a record as its anchor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// Format version.
    pub holdpoint: String,
    /// The run.
    pub run: RunNamed,
    /// Its number among the run's anchors, from 1 and without gaps.
    pub number: u64,
    /// What it is.
    pub kind: AnchorKind,
    /// What of the record it is over.
    pub over: Over,
    /// The time that the token tells, or the tag.
    #[serde(deserialize_with = "holdpoint_model::moment_of")]
    pub time: Timestamp,
    /// SHA-256 of the token's or the tag's file, lower-case hex.
    pub file: String,
}

/// What an anchor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnchorKind {
    /// A time-stamp token of RFC 3161.
    Rfc3161,
    /// A signed tag of git.
    GitTag,
}

/// What of a record an anchor is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// The SHA-256 of `seal.json`, lower-case hex.
    Seal(String),
    /// The record as far as it had come.
    Head(Prefix),
}

impl AnchorKind {
    /// What the name of its file ends with.
    pub fn ending(self) -> &'static str {
        match self {
            AnchorKind::Rfc3161 => "tsr",
            AnchorKind::GitTag => "tag",
        }
    }
}

impl Over {
    /// The digest that is time-stamped.
    pub fn digest(&self) -> &str {
        match self {
            Over::Seal(digest) => digest,
            Over::Head(head) => &head.sha256,
        }
    }

    /// Whether it is the seal.
    pub fn is_seal(&self) -> bool {
        matches!(self, Over::Seal(_))
    }

    /// In words.
    pub fn words(&self) -> String {
        match self {
            Over::Seal(_) => "the seal".to_owned(),
            Over::Head(Prefix { events: 1, .. }) => "its first event".to_owned(),
            Over::Head(Prefix { events, .. }) => format!("its first {events} events"),
        }
    }
}

impl Anchor {
    /// The version that is written.
    pub const FORMAT: &'static str = "anchor/1.0";

    /// The bytes that are kept: indented JSON with a newline at the end, so that people can read them.
    ///
    /// # Errors
    /// Never, for what is made of strings and numbers.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads it back; the bytes must be the ones [`Anchor::to_bytes`] writes.
    ///
    /// # Errors
    /// Something in it is not known, or it is written differently.
    pub fn read(bytes: &[u8]) -> Result<Anchor, String> {
        let anchor: Anchor = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if anchor.holdpoint != Anchor::FORMAT {
            return Err(format!("it is a `{}`, not a `{}`", anchor.holdpoint, Anchor::FORMAT));
        }
        match anchor.to_bytes() {
            Ok(same) if same == bytes => Ok(anchor),
            _ => Err("it is not written as holdpoint writes anchors".to_owned()),
        }
    }
}

/// The message of a tag that anchors this, to the byte.
pub fn tag_message(run: &RunNamed, over: &Over) -> String {
    let RunNamed { number, id } = run;
    let over = match over {
        Over::Seal(digest) => format!("seal: {digest}\n"),
        Over::Head(Prefix { events, bytes, sha256 }) => {
            format!("events: {events}\nbytes: {bytes}\nhead: {sha256}\n")
        }
    };
    format!("holdpoint anchor of run {number}\n\nrun: {number}\nid: {id}\n{over}")
}

/// A signed tag of git, as `git cat-file tag NAME` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// The tagger's address.
    pub who: String,
    /// When, by the tagger's clock.
    pub at: Timestamp,
    /// Its message.
    pub message: String,
    /// What is signed: all before the signature.
    pub payload: String,
    /// The armored signature.
    pub armored: String,
}

impl Tag {
    /// Takes it apart.
    ///
    /// # Errors
    /// It is no signed tag.
    pub fn read(raw: &[u8]) -> Result<Tag, String> {
        let text = std::str::from_utf8(raw).map_err(|_| "it is not UTF-8")?;
        let begin = text.find(&format!("\n{BEGIN}")).ok_or("it has no SSH signature")? + 1;
        let (payload, armored) = text.split_at(begin);
        let (head, message) = payload.split_once("\n\n").ok_or("it is no tag of git")?;
        let mut lines = head.lines();
        let mut field = |name: &str| {
            let line = lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.ok_or(format!("it is no tag of git: it has no {name} where one belongs"))
        };
        let (_, _) = (field("object")?, field("type")?);
        let (name, tagger) = (field("tag")?, field("tagger")?);
        if lines.next().is_some() {
            return Err("it is no tag of git: something follows its tagger".to_owned());
        }
        let bad = || "its tagger is not written as git writes them".to_owned();
        let mut words = tagger.rsplitn(3, ' ');
        let (_zone, seconds) = (words.next().ok_or_else(bad)?, words.next().ok_or_else(bad)?);
        let at = seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        let who = words.next().and_then(|who| Some(who.strip_suffix('>')?.rsplit_once('<')?.1));
        Ok(Tag {
            name: name.to_owned(),
            who: who.ok_or_else(bad)?.to_owned(),
            at: at.ok_or_else(bad)?,
            message: message.to_owned(),
            payload: payload.to_owned(),
            armored: armored.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "object 1111111111111111111111111111111111111111\ntype commit\ntag holdpoint/run-1\n\
        tagger Olive Operator <ops@example.org> 1767225600 +0100\n\nholdpoint anchor of run 1\n\n\
        -----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n";

    #[test]
    fn a_tag_is_taken_apart_to_the_byte() {
        let tag = Tag::read(TAG.as_bytes()).expect("it is one");
        assert_eq!((tag.name.as_str(), tag.who.as_str()), ("holdpoint/run-1", "ops@example.org"));
        assert_eq!(tag.at.to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(tag.message, "holdpoint anchor of run 1\n\n");
        assert_eq!(format!("{}{}", tag.payload, tag.armored), TAG);
    }

    #[test]
    fn what_is_no_signed_tag_is_refused() {
        for (from, to) in [
            ("-----BEGIN", "-----BEGUN"),
            ("tagger", "author"),
            ("type commit\n", ""),
            ("1767225600", "soon"),
            ("<ops", "ops"),
            ("+0100\n", "+0100\nmore of it\n"),
        ] {
            assert!(Tag::read(TAG.replace(from, to).as_bytes()).is_err(), "{from} as {to}");
        }
    }
}
