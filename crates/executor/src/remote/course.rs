//! How far a block has been followed, and what was heard last.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::asked::{Sink, Standing};
use super::merge::{Item, OutputMerger};
use super::proof::Proof;
use crate::progress::Stop;

/// How far an attempt has been followed.
pub(crate) struct Course {
    pub(crate) merger: OutputMerger,
    pub(crate) log: u64,
    /// Whether anything of it may have reached the place from here.
    pub(crate) is_sent: bool,
    /// Whether the place has ever said that the block has begun.
    pub(crate) has_begun: bool,
    /// Whether the place has ever answered that the attempt is there.
    pub(crate) is_there: bool,
    /// Whether the caller was told that the line is cut, and not yet that it is healed.
    pub(crate) is_cut: bool,
    /// Why the caller wants no more of it.
    pub(crate) refused: Option<Stop>,
    /// Told when that happens.
    pub(crate) enough: std::rc::Rc<tokio::sync::Notify>,
    /// Whether what it prints may be handed on.
    pub(crate) proof: Proof,
}

/// What a place says in the end.
#[derive(Debug)]
pub(crate) enum Last {
    /// It ended; the words of `end`, and what its shell told.
    End(BTreeMap<String, String>, Vec<u8>),
    /// It never began, and never will.
    Void(String),
    /// Nobody knows; and what is known of the block.
    Doubt(String, String),
    /// The place refused.
    Refused(String),
}

impl Course {
    /// For an attempt whose output is had up to `out` and `err`.
    pub(crate) fn from(mark: &str, out: u64, err: u64) -> Course {
        Course {
            merger: OutputMerger::from(mark, out, err),
            log: 0,
            is_sent: false,
            has_begun: false,
            is_there: false,
            is_cut: false,
            refused: None,
            proof: Proof::Needless,
            enough: Default::default(),
        }
    }

    /// What is known of the block while its place cannot be reached; `start`: who asks would send it first.
    pub(crate) fn standing(&self, start: bool) -> Standing {
        match (self.has_begun, start && !self.is_sent) {
            (true, _) => Standing::Begun,
            (false, true) => Standing::NotBegun,
            (false, false) => Standing::Unknown,
        }
    }

    pub(crate) fn refuse(&mut self, why: Stop) {
        if self.refused.is_none() {
            self.refused = Some(why);
            self.enough.notify_one();
        }
    }

    /// Hands on what is due.
    pub(crate) fn deliver(&mut self, mut items: Vec<Item>, sink: &mut impl Sink) {
        self.merger.due(&mut items);
        for item in items {
            if self.refused.is_some() {
                return;
            }
            let taken = match item {
                Item::Began => {
                    self.has_begun = true;
                    sink.on_begun();
                    Ok(())
                }
                Item::Secret((name, value)) => sink.on_secret(&name, &value).map_err(Stop::Secret),
                Item::Output(..) if self.proof.withholds().is_some() => Ok(()),
                Item::Output(stream, bytes, at) => sink.on_output(stream, &bytes, at).map_err(Stop::Output),
            };
            if let Err(why) = taken {
                self.refuse(why);
            }
        }
    }
}

/// What an output is when the place's disk could not hold it.
pub(crate) fn disk_full(what: &str) -> io::Error {
    let words = format!("the disk of the place could not hold it: {what} is not whole");
    io::Error::new(io::ErrorKind::StorageFull, words)
}

/// How long to wait before the next try to reach a place that cannot be reached.
pub(crate) fn pause(tries: u32) -> Duration {
    Duration::from_millis(200 << tries.min(4)).min(Duration::from_secs(3))
}
