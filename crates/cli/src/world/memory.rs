//! A journal that forgets: dry runs keep nothing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Write};
use std::rc::Rc;

use holdpoint_engine::{BlobRef, Event, Verdict};
use holdpoint_record::SignedFiles;
use holdpoint_signing::Prefix;
use jiff::Timestamp;

use super::asking::MOST;
use super::{Journal, Sink};
use crate::digest::{Hasher, sha256};
use crate::problem::Problem;

/// Events and bytes in memory.
#[derive(Debug, Default)]
pub struct Memory {
    /// What happened, in order.
    pub events: Vec<(Timestamp, Event)>,
    blobs: Rc<RefCell<HashMap<String, Vec<u8>>>>,
}

impl Journal for Memory {
    fn append(&mut self, events: Vec<(Timestamp, Event)>) -> Result<(), Problem> {
        self.events.extend(events);
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<BlobRef, Problem> {
        Ok(keep(&self.blobs, bytes.to_vec()))
    }

    fn get(&self, blob: &BlobRef) -> Result<Vec<u8>, Problem> {
        let missing = || Problem::fault(format!("the blob {} is not there", blob.sha256), "");
        self.blobs.borrow().get(&blob.sha256).cloned().ok_or_else(missing)
    }

    fn sink(&mut self, again: bool) -> Result<Box<dyn Sink>, Problem> {
        let bytes = Some(Vec::new());
        Ok(Box::new(MemorySink { again, bytes, hasher: Hasher::default(), blobs: Rc::clone(&self.blobs) }))
    }

    fn position(&mut self) -> Result<Prefix, Problem> {
        Err(unsigned())
    }

    fn keep_signed(&mut self, _files: &SignedFiles) -> Result<(), Problem> {
        Err(unsigned())
    }

    fn note_child(&mut self, _group: Option<i32>) {}

    fn seal(&mut self, _verdict: Verdict) -> Result<(), Problem> {
        Ok(())
    }
}

fn unsigned() -> Problem {
    Problem::fault("a dry run keeps nothing that could be signed", "This is a fault of holdpoint.")
}

struct MemorySink {
    /// Somebody will ask for them, however many they are.
    again: bool,
    /// `None` once they are more than anybody asks for unasked.
    bytes: Option<Vec<u8>>,
    hasher: Hasher,
    blobs: Rc<RefCell<HashMap<String, Vec<u8>>>>,
}

impl Write for MemorySink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.bytes {
            Some(held) if self.again || held.len() + bytes.len() <= MOST as usize => {
                held.extend_from_slice(bytes)
            }
            Some(held) => {
                self.hasher.update(held);
                self.hasher.update(bytes);
                self.bytes = None;
            }
            None => self.hasher.update(bytes),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for MemorySink {
    fn finish(self: Box<Self>) -> Result<BlobRef, Problem> {
        Ok(match self.bytes {
            Some(bytes) => keep(&self.blobs, bytes),
            None => self.hasher.finish(),
        })
    }

    fn is_lasting(&self) -> bool {
        false
    }
}

fn keep(blobs: &RefCell<HashMap<String, Vec<u8>>>, bytes: Vec<u8>) -> BlobRef {
    let blob = BlobRef { sha256: sha256(&bytes), bytes: bytes.len() as u64 };
    blobs.borrow_mut().insert(blob.sha256.clone(), bytes);
    blob
}
