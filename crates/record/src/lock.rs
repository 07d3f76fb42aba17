//! One writer: an exclusive lock for the life of the process (record.md section 3).
//!
//! The lock is the kernel's; the file's content only tells others who holds it, and what may still be alive after
//! a crash. It is no evidence and is not synced.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};

use crate::disk::{DiskError, cannot, open_or_make, open_regular};

pub(crate) const FILE: &str = "lock";

/// Who holds a run, or held it when it crashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process id of the driver.
    pub pid: u32,
    /// The machine it runs on.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
    /// Process group of the block it executes; after a crash it may still be alive.
    pub child_group: Option<i32>,
    /// The machine on which that group is, where it is another one: a number of it names somebody else here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_host: Option<String>,
    /// Whoever does something to the run beside its driver; `None` where it is driven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor: Option<Visitor>,
}

/// Somebody who has a run for something else than to drive it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// Who.
    pub by: String,
    /// What for.
    pub does: Deed,
}

/// What somebody has a run for who does not drive it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// They look at the evidence, to sign or to reject.
    Sign,
    /// A note is taken.
    Note,
    /// A value is put right.
    Correct,
    /// It is handed over, or that is accepted or withdrawn.
    HandOver,
    /// Something that this program does not know.
    #[serde(other)]
    Other,
}

impl Visitor {
    /// In words: `qa@example.org is signing in it`.
    pub fn words(&self) -> String {
        let Visitor { by, does } = self;
        let what = match does {
            Deed::Sign => "is signing in it",
            Deed::Note => "is taking a note in it",
            Deed::Correct => "is putting a value right in it",
            Deed::HandOver => "is at its handover",
            Deed::Other => "has it",
        };
        format!("{by} {what}")
    }
}

impl Holder {
    /// The block that it executed: its process group, and the machine on which that is.
    pub fn child(&self) -> Option<(i32, &str)> {
        self.child_group.map(|group| (group, self.child_host.as_deref().unwrap_or(&self.host)))
    }

    /// Whether it ran on this machine, and no process has its number any more.
    fn is_gone(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        self.host == this_machine() && pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH))
    }
}

/// Why the lock was not taken.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Somebody else has it. `None` where the holder could not be read.
    Held(Option<Holder>),
    Disk(DiskError),
}

/// So often is tried again …
const LOOKS: usize = 5;
/// … after so long: who looks whether a run is driven has its lock for less.
const INSTANT: std::time::Duration = std::time::Duration::from_millis(10);

/// The lock, held until it is dropped or the process ends.
pub(crate) struct RunLock {
    file: File,
    path: PathBuf,
    me: Holder,
    predecessor: Option<Holder>,
    /// Length of what is written, whatever it says.
    length: usize,
}

impl RunLock {
    /// Takes the lock of a run directory, for somebody beside its driver where one is named, or says who has it. Waits for no
    /// driver.
    pub(crate) fn take(dir: &Path, visitor: Option<Visitor>) -> Result<RunLock, LockError> {
        let path = dir.join(FILE);
        let failed = |doing| {
            let path = path.clone();
            move |cause| LockError::Disk(cannot(doing, &path)(cause))
        };
        let mut file = open_or_make(&path).map_err(failed("open"))?;
        // Whoever only looks (see `driver`) has it for an instant.
        let mut looked_at = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if looked_at < LOOKS => looked_at += 1,
                Err(TryLockError::WouldBlock) => {
                    // What a crash left names somebody who has it no more.
                    return Err(LockError::Held(holder(&mut file).filter(|named| !named.is_gone())));
                }
                Err(TryLockError::Error(cause)) => return Err(failed("lock")(cause)),
            }
            std::thread::sleep(INSTANT);
        }
        let predecessor = holder(&mut file);
        let host = this_machine();
        // Kept until somebody has seen to it: this process may crash as well.
        let child = predecessor.as_ref().and_then(Holder::child);
        let me = Holder {
            pid: std::process::id(),
            since: Timestamp::now(),
            child_group: child.map(|(group, _)| group),
            child_host: child.filter(|(_, on)| **on != host).map(|(_, on)| on.to_owned()),
            host,
            visitor,
        };
        file.set_len(0).map_err(failed("write to"))?;
        let longest = serde_json::to_vec(&Holder { child_group: Some(i32::MIN), ..me.clone() });
        let length = longest.map_err(|error| failed("write to")(error.into()))?.len();
        let lock = RunLock { file, path, me, predecessor, length };
        lock.tell().map_err(LockError::Disk)?;
        Ok(lock)
    }

    /// Who held the lock and did not let go of it in order.
    pub(crate) fn predecessor(&self) -> Option<&Holder> {
        self.predecessor.as_ref()
    }

    /// Names the process group that is being executed.
    pub(crate) fn note_child(&mut self, group: Option<i32>) -> Result<(), DiskError> {
        (self.me.child_group, self.me.child_host) = (group, None);
        self.tell()
    }

    /// One write of a length that is always the same, so that whoever reads sees all of it.
    fn tell(&self) -> Result<(), DiskError> {
        let text = serde_json::to_vec(&self.me).map_err(io::Error::from);
        let written = text.and_then(|mut text| {
            text.resize(self.length, b' ');
            text.push(b'\n');
            self.file.write_all_at(&text, 0)
        });
        written.map_err(cannot("write to", &self.path))
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Empty content means: let go of in order, and nothing of it is alive.
        if self.me.child_group.is_none() {
            let _ = self.file.set_len(0);
        }
    }
}

/// Who drives the run in this directory just now, or does something else to it that nobody may do beside them; `None` where
/// nobody does. Never waits.
pub fn driver(dir: &Path) -> Option<Holder> {
    let mut file = open_regular(&dir.join(FILE)).ok()?;
    // Whoever let go of it in order left it empty. Where a crash did not, nobody has the lock any more.
    let named = holder(&mut file)?;
    let is_held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    // Whoever has it may be another than the one that it names: what a killed driver left behind, or somebody's hand.
    (is_held && !named.is_gone()).then_some(named)
}

/// The name of this machine, as records have it.
pub fn this_machine() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// Whoever the content names. Half-written or strange content names nobody.
fn holder(file: &mut File) -> Option<Holder> {
    let mut text = Vec::new();
    file.rewind().ok()?;
    file.take(64 * 1024).read_to_end(&mut text).ok()?;
    let holder: Holder = serde_json::from_slice(&text).ok()?;
    // No block ever leads one of the others, and a person is told to kill what is named here.
    let child_group = holder.child_group.filter(|group| *group > 1);
    Some(Holder { child_group, ..holder })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_somebody_has_for_a_driver_that_is_gone_says_that_nobody_drives() {
        let dir = tempfile::tempdir().unwrap();
        // More than any process is ever called by.
        let gone = i32::MAX.unsigned_abs();
        let named = |pid: u32, host: &str| {
            let child_group = None;
            let holder = Holder {
                pid,
                host: host.to_owned(),
                since: Timestamp::now(),
                child_group,
                child_host: None,
                visitor: None,
            };
            std::fs::write(dir.path().join(FILE), serde_json::to_vec(&holder).unwrap()).unwrap();
            driver(dir.path()).map(|holder| holder.pid)
        };
        std::fs::write(dir.path().join(FILE), "").unwrap();
        let held = File::open(dir.path().join(FILE)).unwrap();
        held.lock().unwrap();
        assert_eq!(named(gone, &this_machine()), None);
        assert_eq!(named(std::process::id(), &this_machine()), Some(std::process::id()));
        // Of another machine nobody here knows.
        assert_eq!(named(gone, "elsewhere"), Some(gone));
    }
}
