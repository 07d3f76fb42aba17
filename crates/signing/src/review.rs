//! A review of a sealed record (record.md, reviews): what its reviewer signs, as JSON whose exact bytes are kept and
//! signed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Moment, RunNamed, Signer};

/// What somebody says of a run that is over. A signature over it is worth nothing for another run or seal, or at another
/// place among the reviews, because all of them are in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Format version of the statement.
    pub holdpoint: String,
    /// The run.
    pub run: RunNamed,
    /// SHA-256 of `seal.json`, lower-case hex: the record that was looked at.
    pub seal: String,
    /// Its number among the run's reviews, from 1 and without gaps.
    pub number: u64,
    /// SHA-256 of the review before it; `None` for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<String>,
    /// What it is.
    pub kind: ReviewKind,
    /// What is said.
    pub text: String,
    /// What `verify` said of the record when it was signed, in its own words.
    pub verdict: String,
    /// Who signs.
    pub reviewer: Signer,
    /// When.
    pub at: Moment,
}

/// What a review is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewKind {
    /// The audit trail was looked through (EU GMP Annex 11 §9).
    AuditTrail,
    /// Something that was known too late for the record.
    LateNote,
    /// Whether what was released works.
    PostRelease,
}

impl ReviewKind {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            ReviewKind::AuditTrail => "audit-trail review",
            ReviewKind::LateNote => "late note",
            ReviewKind::PostRelease => "post-release check",
        }
    }
}

impl Review {
    /// The version that is written.
    pub const FORMAT: &'static str = "review/1.0";

    /// The bytes that are signed and kept: indented JSON with a newline at the end, so that people can read them.
    ///
    /// # Errors
    /// Never, for what is made of strings and numbers.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads it back; the bytes must be the ones [`Review::to_bytes`] writes.
    ///
    /// # Errors
    /// Something in it is not known, or it is written differently.
    pub fn read(bytes: &[u8]) -> Result<Review, String> {
        let review: Review = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if review.holdpoint != Review::FORMAT {
            return Err(format!("it is a `{}`, not a `{}`", review.holdpoint, Review::FORMAT));
        }
        match review.to_bytes() {
            Ok(same) if same == bytes => Ok(review),
            _ => Err("it is not written as holdpoint writes reviews".to_owned()),
        }
    }

    /// When it was signed, as it says itself.
    ///
    /// # Errors
    /// That is no time with an offset.
    pub fn signed(&self) -> Result<Timestamp, String> {
        self.at.timestamp()
    }
}
