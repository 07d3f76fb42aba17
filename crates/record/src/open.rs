//! Taking up a record again: lock, strict read, recovery of a torn tail (record.md section 3).

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use holdpoint_engine::{BlobRef, Stamped};

use crate::LOG;
use crate::blob::Poison;
use crate::chain::Position;
use crate::disk::{cannot, write_regular};
use crate::errors::OpenError;
use crate::errors::SealError;
use crate::errors::WriteError;
use crate::errors::{ReadError, Torn};
use crate::lock::Visitor;
use crate::preallocated::PreallocatedLog;
use crate::reader::{Reader, is_run, self_contained};
use crate::seal::{Seal, is_sealed};
use crate::waiting::Keeper;
use crate::writer::take_lock;
use crate::writer::{End, Writer};

/// A torn tail was cut off. The caller appends `log.recovered` before anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The bytes that were cut.
    pub torn: BlobRef,
}

impl Writer {
    /// Takes up the record of a run that is not over.
    ///
    /// A torn tail is kept as a blob and cut off. A complete line that does not fit is tampering and refused, and so
    /// are closed and sealed records and newer format versions; refused records are left as they are.
    pub fn open(dir: &Path) -> Result<(Writer, Vec<Stamped>, Option<Recovered>), OpenError> {
        Writer::go_on(dir, (Vec::new(), Position::default()))
    }

    /// As [`Writer::open`], where the record was read before: those events are not decoded a second time if the bytes
    /// up to their position still have its digest. What was added since is read.
    pub fn go_on(
        dir: &Path,
        known: (Vec<Stamped>, Position),
    ) -> Result<(Writer, Vec<Stamped>, Option<Recovered>), OpenError> {
        Writer::go_on_as(dir, known, None)
    }

    /// As [`Writer::go_on`], for somebody who does something beside the run's driver: whoever waits for them is told who and what.
    pub fn go_on_beside(
        dir: &Path,
        known: (Vec<Stamped>, Position),
        visitor: Visitor,
    ) -> Result<(Writer, Vec<Stamped>, Option<Recovered>), OpenError> {
        Writer::go_on_as(dir, known, Some(visitor))
    }

    fn go_on_as(
        dir: &Path,
        known: (Vec<Stamped>, Position),
        visitor: Option<Visitor>,
    ) -> Result<(Writer, Vec<Stamped>, Option<Recovered>), OpenError> {
        let (mut writer, mut file, events, torn) = take_up(dir, known, visitor)?;
        if writer.end.closed.is_some() {
            return Err(OpenError::Closed);
        }
        let recovered = torn.map(|torn| recover(&mut writer, &mut file, torn)).transpose()?;
        writer.log = Box::new(PreallocatedLog::at(file, writer.end.bytes));
        Ok((writer, events, recovered))
    }
}

/// Seals the record of a run that was closed by a process that ended before it could seal it.
pub fn seal_closed(dir: &Path) -> Result<Seal, SealClosedError> {
    let (mut writer, file, _, torn) = take_up(dir, (Vec::new(), Position::default()), None)?;
    if writer.end.closed.is_none() {
        return Err(OpenError::NotClosed.into());
    }
    if torn.is_some() {
        let (event, reason) = (writer.end.events, "bytes follow `run.closed`".to_owned());
        return Err(OpenError::Read(ReadError::Altered { event, reason }).into());
    }
    // A closing event that the crash left in memory only must not be sealed before it is durable.
    file.sync_all().map_err(cannot("sync", &dir.join(LOG))).map_err(OpenError::Disk)?;
    writer.log = Box::new(PreallocatedLog::at(file, writer.end.bytes));
    Ok(writer.seal()?)
}

/// Why [`seal_closed`] did not seal.
#[derive(Debug, thiserror::Error)]
pub enum SealClosedError {
    /// The record cannot be taken up.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Locks and reads. The writer's log is a second handle until the caller has decided.
fn take_up(
    dir: &Path,
    (mut events, known): (Vec<Stamped>, Position),
    visitor: Option<Visitor>,
) -> Result<(Writer, File, Vec<Stamped>, Option<Torn>), OpenError> {
    let path = dir.join(LOG);
    if !is_run(dir) {
        // Before the lock, so that no lock file appears in what is no run.
        return Err(ReadError::NotARun(dir.to_owned()).into());
    }
    self_contained(dir)?;
    if is_sealed(dir) {
        return Err(OpenError::Sealed);
    }
    let lock = take_lock(dir, visitor)?;
    if is_sealed(dir) {
        return Err(OpenError::Sealed);
    }
    let file = write_regular(&path).map_err(cannot("open", &path))?;
    let handle = || file.try_clone().map_err(cannot("open", &path));
    let mut reader = match Reader::after(handle()?, &path, &known)? {
        Some(reader) => reader,
        None => {
            events.clear();
            // The handles have one place in the file between them.
            (&file).rewind().map_err(cannot("read", &path))?;
            Reader::of(handle()?, path.clone())
        }
    };
    let mut end = End::default();
    events.iter().for_each(|stamped| end.pass(&stamped.event));
    for stamped in reader.by_ref() {
        let stamped = stamped?;
        end.pass(&stamped.event);
        events.push(stamped);
    }
    if events.is_empty() {
        return Err(ReadError::NoFirstEvent(dir.to_owned()).into());
    }
    let (position, torn) = (reader.position(), reader.torn());
    (end.events, end.bytes) = (position.events, position.bytes);
    end.hasher = match reader.into_hasher() {
        Some(hasher) => hasher,
        // It read on into a write that turned out to be torn.
        None => {
            (&file).rewind().map_err(cannot("read", &path))?;
            let again = Reader::after(handle()?, &path, &position)?.and_then(Reader::into_hasher);
            let (path, expected) = (path.clone(), position.bytes);
            again.ok_or(OpenError::Recovery(WriteError::Changed { path, found: 0, expected }))?
        }
    };
    let (log, poison) = (Box::new(PreallocatedLog::at(handle()?, end.bytes)), Poison::default());
    let keeper = Keeper::new(dir, poison.clone());
    let writer = Writer { dir: dir.to_owned(), log, lock, end, poison, keeper };
    Ok((writer, file, events, torn))
}

/// Keeps the torn bytes, durably, and only then cuts them off.
fn recover(writer: &mut Writer, file: &mut File, torn: Torn) -> Result<Recovered, OpenError> {
    let path: PathBuf = writer.dir.join(LOG);
    let mut blob = writer.blob_writer().map_err(OpenError::Recovery)?;
    file.seek(SeekFrom::Start(torn.offset)).map_err(cannot("read", &path))?;
    let copied =
        io::copy(&mut file.take(torn.bytes), &mut blob).map_err(cannot("copy the torn tail of", &path))?;
    let length = file.metadata().map_err(cannot("read", &path))?.len();
    if copied != torn.bytes || length != torn.offset + torn.bytes {
        let expected = torn.offset + torn.bytes;
        return Err(OpenError::Recovery(WriteError::Changed { path, found: length, expected }));
    }
    let blob = blob.finish().map_err(OpenError::Recovery)?;
    file.set_len(torn.offset).map_err(cannot("cut", &path))?;
    file.sync_all().map_err(cannot("sync", &path))?;
    Ok(Recovered { torn: blob })
}
