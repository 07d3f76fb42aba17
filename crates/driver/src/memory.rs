//! A journal that forgets: dry runs keep nothing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::rc::Rc;

use holdpoint_engine::{BlobRef, Event, Verdict};
use holdpoint_model::{hex, sha256};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{BlobStore, Fault, Journal, Position, SignedStatement, Sink};

/// So much of an output is kept though nobody said that they will ask for it, bytes.
pub const KEPT_UNASKED: u64 = 1024 * 1024;

/// Events and bytes in memory.
#[derive(Debug)]
pub struct Memory<E = Fault> {
    /// What happened, in order.
    pub events: Vec<(Timestamp, Event)>,
    blobs: Blobs,
    errors: PhantomData<fn() -> E>,
}

type Blobs = Rc<RefCell<HashMap<String, Vec<u8>>>>;

impl<E> Default for Memory<E> {
    fn default() -> Memory<E> {
        Memory { events: Vec::new(), blobs: Blobs::default(), errors: PhantomData }
    }
}

impl<E: From<Fault> + 'static> BlobStore for Memory<E> {
    type Error = E;

    fn put(&mut self, bytes: &[u8]) -> Result<BlobRef, E> {
        Ok(keep(&self.blobs, bytes.to_vec()))
    }

    fn get(&self, blob: &BlobRef) -> Result<Vec<u8>, E> {
        let missing = || Fault::NoBlob(blob.sha256.clone()).into();
        self.blobs.borrow().get(&blob.sha256).cloned().ok_or_else(missing)
    }

    fn sink(&mut self, again: bool) -> Result<Box<dyn Sink<Error = E>>, E> {
        let (blobs, errors) = (Rc::clone(&self.blobs), PhantomData);
        Ok(Box::new(MemorySink {
            again,
            kept: Some(Vec::new()),
            length: 0,
            hash: Sha256::new(),
            blobs,
            errors,
        }))
    }

    fn position(&mut self) -> Result<Position, E> {
        Err(Fault::Unsigned.into())
    }

    fn keep_signed(&mut self, _: SignedStatement) -> Result<(), E> {
        Err(Fault::Unsigned.into())
    }

    fn note_child(&mut self, _: Option<i32>) {}
}

impl<E: From<Fault> + 'static> Journal for Memory<E> {
    fn append(&mut self, events: Vec<(Timestamp, Event)>) -> Result<(), E> {
        self.events.extend(events);
        Ok(())
    }

    fn seal(&mut self, _: Verdict) -> Result<(), E> {
        Ok(())
    }
}

struct MemorySink<E> {
    /// Somebody will ask for them, however many they are.
    again: bool,
    /// `None` once they are more than anybody asks for unasked.
    kept: Option<Vec<u8>>,
    length: u64,
    hash: Sha256,
    blobs: Blobs,
    errors: PhantomData<fn() -> E>,
}

impl<E> Write for MemorySink<E> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.length += bytes.len() as u64;
        self.hash.update(bytes);
        if !self.again && self.length > KEPT_UNASKED {
            self.kept = None;
        }
        self.kept.iter_mut().for_each(|kept| kept.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<E> Sink for MemorySink<E> {
    type Error = E;

    fn finish(self: Box<Self>) -> Result<BlobRef, E> {
        let blob = BlobRef { sha256: hex(&self.hash.finalize()), bytes: self.length };
        if let Some(kept) = self.kept {
            self.blobs.borrow_mut().insert(blob.sha256.clone(), kept);
        }
        Ok(blob)
    }

    fn is_lasting(&self) -> bool {
        false
    }
}

fn keep(blobs: &Blobs, bytes: Vec<u8>) -> BlobRef {
    let blob = BlobRef { sha256: sha256(&bytes), bytes: bytes.len() as u64 };
    blobs.borrow_mut().insert(blob.sha256.clone(), bytes);
    blob
}
