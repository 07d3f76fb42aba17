//! Blobs on their way into a record.
//!
//! What is whole waits until the next event is written: [`Keeper::settle`] makes everything that waits durable, with one
//! sync of the directory, and the writer calls it before it writes. So no event is durable before what it names.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use holdpoint_engine::BlobRef;
use sha2::{Digest, Sha256};

use crate::blob::{PARTIAL, Poison, blob, check, copy};
use crate::chain::hex;
use crate::disk::{DiskError, cannot, make_file, sync_dir};
use crate::errors::BlobError;
use crate::errors::WriteError;
use crate::layout::{BLOBS, SHA256};

/// Up to this many bytes are held in memory until they are whole: most outputs are short, and many are there already.
const IN_MEMORY: usize = 64 * 1024;
/// What has been held for so long goes to the disk when more comes, for whoever comes after a crash.
const HELD_AT_MOST: Duration = Duration::from_secs(1);

/// The blobs of one run directory. Shared by a writer and its blob writers.
#[derive(Clone, Debug)]
pub(crate) struct Keeper {
    dir: PathBuf,
    poison: Poison,
    blobs: Arc<Mutex<Blobs>>,
}

#[derive(Debug, Default)]
struct Blobs {
    /// Made durable by this process, each as its own file.
    durable: HashSet<BlobRef>,
    /// Whole, and not durable yet.
    waiting: Vec<(BlobRef, Bytes)>,
    /// Durable, and found to be there since the last event.
    found: HashSet<BlobRef>,
}

#[derive(Debug)]
enum Bytes {
    Held(Vec<u8>),
    Written(Partial),
}

/// What there is of a blob.
enum Found {
    There,
    Missing,
    /// Its tombstone.
    Expunged,
}

impl Keeper {
    pub(crate) fn new(dir: &Path, poison: Poison) -> Keeper {
        Keeper { dir: dir.to_owned(), poison, blobs: Arc::default() }
    }

    fn blobs(&self) -> MutexGuard<'_, Blobs> {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A blob that is to be written piece by piece.
    pub(crate) fn writer(&self) -> Result<BlobWriter, WriteError> {
        self.poison.check()?;
        let (bytes, hasher) = (Bytes::Held(Vec::new()), Sha256::new());
        Ok(BlobWriter { keeper: self.clone(), bytes, hasher, length: 0, since: None, at_most: HELD_AT_MOST })
    }

    /// Reads a blob back, also one that waits.
    pub(crate) fn read(&self, reference: &BlobRef) -> Result<Vec<u8>, BlobError> {
        let blobs = self.blobs();
        match blobs.waiting.iter().find(|(waiting, _)| waiting == reference) {
            None => blob(&self.dir, reference),
            Some((_, Bytes::Held(bytes))) => Ok(bytes.clone()),
            Some((_, Bytes::Written(partial))) => partial.read(reference),
        }
    }

    /// Takes what is whole.
    fn hold(&self, reference: &BlobRef, bytes: Bytes) -> Result<(), WriteError> {
        self.poison.check()?;
        let mut blobs = self.blobs();
        let waits = blobs.waiting.iter().any(|(waiting, _)| waiting == reference);
        if waits || blobs.found.contains(reference) {
            return Ok(());
        }
        if blobs.durable.contains(reference) && self.has(reference)? {
            blobs.found.insert(reference.clone());
        } else {
            blobs.waiting.push((reference.clone(), bytes));
        }
        Ok(())
    }

    /// Whether the blob is there; an error where something else is.
    fn has(&self, reference: &BlobRef) -> Result<bool, WriteError> {
        Ok(matches!(self.find(reference)?, Found::There))
    }

    fn find(&self, reference: &BlobRef) -> Result<Found, WriteError> {
        // Of what is empty the length says it all.
        let path = self.dir.join(SHA256).join(&reference.sha256);
        if reference.bytes == 0
            && path.symlink_metadata().is_ok_and(|there| there.is_file() && there.len() == 0)
        {
            return Ok(Found::There);
        }
        match check(&self.dir, reference) {
            Ok(()) => Ok(Found::There),
            Err(BlobError::Missing(_)) => Ok(Found::Missing),
            Err(BlobError::Expunged(_)) => Ok(Found::Expunged),
            Err(other) => {
                self.poison.set();
                Err(WriteError::Blob(other))
            }
        }
    }

    /// Makes everything that waits durable.
    pub(crate) fn settle(&self) -> Result<(), WriteError> {
        self.poison.check()?;
        let mut blobs = self.blobs();
        blobs.found.clear();
        let waiting = std::mem::take(&mut blobs.waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        let references: Vec<BlobRef> = waiting.iter().map(|(reference, _)| reference.clone()).collect();
        self.poison.on_error(self.make_durable(waiting))?;
        blobs.durable.extend(references);
        Ok(())
    }

    fn make_durable(&self, waiting: Vec<(BlobRef, Bytes)>) -> Result<(), WriteError> {
        let whole = self.dir.join(SHA256);
        let mut made = Vec::new();
        for (reference, bytes) in waiting {
            match self.find(&reference)? {
                // One that is there was synced before it got its name. One that was expunged stays so: events name it, and
                // its tombstone says why it is not there.
                Found::There | Found::Expunged => {}
                Found::Missing => made.push((whole.join(&reference.sha256), bytes.written(&self.dir)?)),
            }
        }
        for (_, partial) in &made {
            partial.sync()?;
        }
        for (path, partial) in made {
            partial.become_whole(&path)?;
        }
        // Also for a blob that was there: the crash that ended its writer may have come before this.
        Ok(sync_dir(&whole)?)
    }
}

/// Takes bytes as they come and makes a blob of them. Independent of the [`crate::Writer`] it is of.
///
/// Dropped before it is whole, it leaves nothing. What a crash leaves is `blobs/partial-*`.
#[derive(Debug)]
pub struct BlobWriter {
    keeper: Keeper,
    bytes: Bytes,
    hasher: Sha256,
    length: u64,
    /// Since when bytes are held.
    since: Option<Instant>,
    at_most: Duration,
}

impl BlobWriter {
    /// Makes the blob durable under its digest. A blob that is there already is checked and kept.
    pub fn finish(self) -> Result<BlobRef, WriteError> {
        let keeper = self.keeper.clone();
        let reference = self.hold()?;
        keeper.settle()?;
        Ok(reference)
    }

    /// All bytes are there. The blob is durable before the next event is.
    pub fn hold(self) -> Result<BlobRef, WriteError> {
        let reference = BlobRef { sha256: hex(self.hasher), bytes: self.length };
        self.keeper.hold(&reference, self.bytes)?;
        Ok(reference)
    }

    fn file(&mut self) -> io::Result<&mut File> {
        if let Bytes::Held(held) = &mut self.bytes {
            let mut partial = Partial::make(&self.keeper.dir).map_err(|error| error.cause)?;
            partial.file.write_all(held)?;
            self.bytes = Bytes::Written(partial);
        }
        match &mut self.bytes {
            Bytes::Written(partial) => {
                partial.begin_to_store(self.length);
                Ok(&mut partial.file)
            }
            Bytes::Held(_) => Err(io::Error::other("what is held was not written")),
        }
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.keeper.poison.check().map_err(io::Error::other)?;
        let written = match &mut self.bytes {
            Bytes::Held(held)
                if held.len() + bytes.len() <= IN_MEMORY
                    && self.since.is_none_or(|since| since.elapsed() < self.at_most) =>
            {
                held.extend_from_slice(bytes);
                self.since.get_or_insert_with(Instant::now);
                bytes.len()
            }
            _ => match self.file().and_then(|file| file.write(bytes)) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => return Err(e),
                result => self.keeper.poison.on_error(result)?,
            },
        };
        self.hasher.update(&bytes[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Bytes {
    fn written(self, dir: &Path) -> Result<Partial, DiskError> {
        match self {
            Bytes::Written(partial) => Ok(partial),
            Bytes::Held(bytes) => {
                let mut partial = Partial::make(dir)?;
                partial.file.write_all(&bytes).map_err(cannot("write to", &partial.path))?;
                Ok(partial)
            }
        }
    }
}

/// How much is written before the disk is told to begin, bytes.
const STRETCH: u64 = 8 * 1024 * 1024;

/// A file that has not got its own name yet. Removed when dropped.
#[derive(Debug)]
struct Partial {
    path: PathBuf,
    file: File,
    named: bool,
    /// Up to where the disk was told to begin, bytes.
    begun: u64,
}

impl Partial {
    fn make(dir: &Path) -> Result<Partial, DiskError> {
        let blobs = dir.join(BLOBS);
        let mut unique = 0_u64;
        loop {
            let path = blobs.join(format!("{PARTIAL}{unique}"));
            match make_file(&path) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => unique += 1,
                made => {
                    let file = made.map_err(cannot("create", &path))?;
                    return Ok(Partial { path, file, named: false, begun: 0 });
                }
            }
        }
    }

    /// Lets the disk store what has been written while more comes, so that the sync at the end has little left to do. A
    /// hint and no more: Linux begins to write the pages back, and keeps them as long as they are not written.
    fn begin_to_store(&mut self, written: u64) {
        let from = self.begun;
        if written - from < STRETCH {
            return;
        }
        self.begun = written;
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(
            &self.file,
            from,
            std::num::NonZeroU64::new(written - from),
            rustix::fs::Advice::DontNeed,
        );
    }

    fn sync(&self) -> Result<(), DiskError> {
        self.file.sync_all().map_err(cannot("sync", &self.path))
    }

    fn become_whole(mut self, path: &Path) -> Result<(), DiskError> {
        fs::rename(&self.path, path).map_err(cannot("create", path))?;
        self.named = true;
        Ok(())
    }

    fn read(&self, reference: &BlobRef) -> Result<Vec<u8>, BlobError> {
        let mut bytes = Vec::new();
        let file = File::open(&self.path).map_err(cannot("read", &self.path))?;
        let digest = copy(file, reference.bytes, &mut |piece| bytes.extend_from_slice(piece));
        let digest = digest.map_err(cannot("read", &self.path))?;
        if digest == reference.sha256 {
            return Ok(bytes);
        }
        let reason = format!("its bytes have the digest {digest}");
        Err(BlobError::Altered { sha256: reference.sha256.clone(), reason })
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.named {
            // An error leaves a file that verify lists.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
#[path = "waiting_tests.rs"]
mod tests;
