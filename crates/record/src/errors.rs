//! What keeps a record from being read or written.

use std::path::PathBuf;

use crate::disk::DiskError;
use crate::lock::Holder;
use crate::told::clock;
use crate::tombstone::Tombstone;
use crate::{FORMAT, LOG, LONGEST_LINE};

/// A write that a crash cut short: a final line that is unterminated or no JSON, with the lines before it that say that
/// the same write goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Torn {
    /// Where it begins, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub bytes: u64,
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is no record here.
    #[error("{} is not a run: it has no {LOG}", .0.display())]
    NotARun(PathBuf),
    /// A crash or somebody's hand left nothing of the first event.
    #[error("{} holds no complete first event: the run was never opened, or its record was emptied", .0.display())]
    NoFirstEvent(PathBuf),
    /// A complete line is not what the chain says it is.
    #[error("the record is altered at event {event}: {reason}")]
    Altered {
        /// The first event at which it shows.
        event: u64,
        /// What is wrong there.
        reason: String,
    },
    /// The record is of a format version that this program does not know.
    #[error(
        "the record has format version {found} and this program knows versions up to {FORMAT}: \
         read it with a newer holdpoint"
    )]
    NewerVersion {
        /// The version it has.
        found: String,
    },
    /// An event of a type that this program does not know. Refused, never skipped.
    #[error(
        "event {event} is of the type `{kind}`, which format version {FORMAT} does not have: \
         the record was written by a newer holdpoint, or altered"
    )]
    UnknownEvent {
        /// Its number.
        event: u64,
        /// Its type.
        kind: String,
    },
    /// `seal.json` is not a seal.
    #[error("seal.json is no seal: {0}")]
    Seal(String),
}

/// Why something was not written. After a failed write or sync the run must stop: no record, no execution.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file system refused. The writer refuses everything from here on.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// An earlier write failed, so what is on the disk is unknown.
    #[error("an earlier write to the record failed; resume the run to find out what was kept")]
    Poisoned,
    /// The file is not as long as this writer left it.
    #[error("{} has {found} bytes and was left with {expected}: somebody else wrote to it", path.display())]
    Changed {
        /// The record.
        path: PathBuf,
        /// Its length, bytes.
        found: u64,
        /// The length this writer left, bytes.
        expected: u64,
    },
    /// The event is one that cannot stand here. Nothing was written; a fault of the program.
    #[error("the event cannot be recorded here: {0}")]
    Misplaced(String),
    /// The event is longer than a line of a record may be. Nothing was written.
    #[error(
        "the event is {0} bytes long and a record holds at most {LONGEST_LINE} in one: keep it as a blob"
    )]
    TooLong(usize),
    /// The event could not be written as JSON. Nothing was written; a fault of the program.
    #[error("the event cannot be written as JSON: {0}")]
    Encode(serde_json::Error),
    /// A blob of the same name is there and is not what its name says.
    #[error(transparent)]
    Blob(BlobError),
}

/// Why a blob cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The reference itself is none: a digest is 64 lower-case hex digits.
    #[error("{0:?} is no SHA-256 digest")]
    BadDigest(String),
    /// The blob is not there.
    #[error("the blob {0} is missing")]
    Missing(String),
    /// The blob is not there, and a tombstone is: by its own word, which is for verify to prove.
    #[error("the blob {} was {}", .0.blob.sha256, .0.words())]
    Expunged(Box<Tombstone>),
    /// The blob is not what its name says.
    #[error("the blob {sha256} is altered: {reason}")]
    Altered {
        /// Its name.
        sha256: String,
        /// In what.
        reason: String,
    },
    /// The file system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why a record was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The run is not over.
    #[error("the run is not closed yet: only a closed record can be sealed")]
    NotClosed,
    /// It is sealed already.
    #[error("the record is sealed already")]
    Sealed,
    /// The file is not what this process wrote.
    #[error("the record is not what this program wrote: {0}; nothing was sealed")]
    Changed(String),
    /// The file system refused, or an earlier write failed.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<DiskError> for SealError {
    fn from(error: DiskError) -> SealError {
        SealError::Write(error.into())
    }
}

/// Why a record cannot be written on.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process drives the run, or does something beside its driver.
    #[error("{}", held(.0.as_deref()))]
    Held(Option<Box<Holder>>),
    /// The record cannot be read, or is not what it says it is.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The record is sealed; a correction belongs into a new run.
    #[error("the record is sealed: nothing can be added to it")]
    Sealed,
    /// The run is over and only its seal is missing: [`crate::seal_closed`].
    #[error("the run is closed: nothing can be added to it; it only remains to be sealed")]
    Closed,
    /// The run is not over.
    #[error("the run is not closed: it cannot be sealed yet")]
    NotClosed,
    /// The file system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The torn tail could not be kept.
    #[error("the torn tail of the record cannot be kept as a blob: {0}")]
    Recovery(WriteError),
}

fn held(holder: Option<&Holder>) -> String {
    match holder.map(|holder| holder.visitor.as_ref()) {
        Some(Some(visitor)) => format!("the run is in use: {}, {}", visitor.words(), whom(holder)),
        Some(None) => format!("the run is being driven {}", whom(holder)),
        None => format!("the run is in use {}", whom(holder)),
    }
}

pub(crate) fn whom(holder: Option<&Holder>) -> String {
    match holder {
        Some(Holder { pid, host, since, .. }) => {
            let since = clock(*since);
            format!("by process {pid} on {host} since {since}")
        }
        None => "by another process".to_owned(),
    }
}
