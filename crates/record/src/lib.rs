//! The run directory: append and sync, lock, recovery, blobs, seal, and the proof of its bytes.
//!
//! What it does not do: it judges no event (the engine does) and no signature (`signing` does), executes nothing and
//! prints nothing. Rules are those of the record's specification, format version [`FORMAT`].

mod anchors;
mod approvals;
mod audit;
mod blob;
pub mod bundle;
mod by_all;
mod by_key;
mod chain;
mod clocks;
mod conform;
mod disk;
mod errors;
mod exchanged;
mod expunge;
mod expunging;
mod find;
mod former;
mod glance;
mod hours;
mod json;
mod kept;
mod kernel;
mod layout;
mod line;
mod lines;
mod lock;
mod numbered;
mod open;
mod planned;
mod preallocated;
mod reader;
mod reference;
mod rehearsal;
mod rehearsed;
mod reviews;
mod seal;
mod shown;
mod signatures;
mod signoffs;
mod store;
mod told;
mod tombstone;
mod torn;
mod trust;
mod verify;
mod waiting;
mod writer;
mod written;

pub use anchors::{Anchored, Anchors, Tagged, anchor_files, anchorable, anchors, keep_anchor};
pub use audit::{Audit, Audited, Fault, audit};
pub use blob::{blob, open_blob, referenced, text_blob};
pub use by_all::by_all;
pub use by_key::ByKey;
pub use chain::Position;
pub use clocks::{SKEW, is_back};
pub use conform::{Verification, verify, verify_seeing};
pub use disk::{DiskError, open_regular};
pub use errors::{BlobError, OpenError, ReadError, SealError, Torn, WriteError};
pub use expunge::Expunged;
pub use expunging::{ExpungeError, Expunging};
pub use find::{is_path, run_at};
pub use glance::{Glance, glance, never_began};
pub use kernel::{Kernel, Seen};
pub use lock::{Child, Deed, Holder, Visitor, driver, this_machine};
pub use numbered::KeepError;
pub use open::{Recovered, SealClosedError, seal_closed};
pub use reader::{Read, Reader, is_run, read};
pub use rehearsal::{Beside, Found, Near, NotFound, beside, rehearsal};
pub use reviews::{Reviewed, Reviews, keep_review, review_count, review_files, reviews};
pub use seal::{Seal, read_seal, seal_digest};
pub use signoffs::{LONGEST_STATEMENT, SignedFiles, SignedFilesError, signed_files};
pub use store::{NoStore, RunDir, Store, StoreError};
pub use tombstone::{Tombstone, all_tombstones, has_tombstones, tombstones};
pub use trust::{AnchorHeld, Commit, Held, Of, Trust, Trusted, Whose, hold, whose};
pub use verify::{BytesReport, RecordVerdict, verify_bytes};
pub use waiting::BlobWriter;
pub use writer::Writer;

/// Format version of the records that this crate writes; it reads no newer one.
pub const FORMAT: &str = "2.0";

/// Longest line of a record, LF included, in bytes. Longer ones are neither written nor read.
pub const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// Most events of one write. They are durable together, and after a crash all of them are there or none.
pub const LARGEST_WRITE: usize = 1000;

/// Most bytes of a write of several events. A reader holds no more of one than this and a line.
pub const LONGEST_WRITE: u64 = 2 * LONGEST_LINE as u64;

/// File of the events inside a run directory.
pub const LOG: &str = "run.jsonl";
