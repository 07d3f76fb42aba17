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
use crate::kernel::{Kernel, Seen, began};

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
    /// When the process that leads that group was started, in ticks since the machine was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_began: Option<u64>,
    /// Where that group's number means something, where it is not where the driver's does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_kernel: Option<Kernel>,
    /// Where the driver's number means something; `None`: an earlier version noted it, or nobody can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<Kernel>,
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
    /// The block that it executed.
    pub fn child(&self) -> Option<Child<'_>> {
        Some(Child {
            group: self.child_group?,
            host: self.child_host.as_deref().unwrap_or(&self.host),
            began: self.child_began,
            kernel: self.child_kernel.as_ref().or(self.kernel.as_ref()),
        })
    }

    /// Whether it ran among the processes that can be seen from here, and no process has its number any more.
    fn is_gone(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        let seen = seen(self.kernel.as_ref());
        self.host == this_machine()
            && seen == Seen::Here
            && pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH))
    }
}

/// The process group of a block, as a driver noted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child<'h> {
    /// Its id.
    pub group: i32,
    /// The name of the machine on which it is.
    pub host: &'h str,
    began: Option<u64>,
    kernel: Option<&'h Kernel>,
}

impl Child<'_> {
    /// Where it is, seen from the machine of this name.
    pub fn seen_from(&self, host: &str) -> Seen {
        if self.host != host {
            return Seen::Elsewhere;
        }
        // No process gets the number of a group of which anything lives.
        let is_another = self.began.is_some_and(|noted| began(self.group).is_some_and(|now| now != noted));
        match seen(self.kernel) {
            Seen::Here if is_another => Seen::Gone,
            seen => seen,
        }
    }
}

/// Without a note of it, whatever is on a machine of this name is here.
fn seen(kernel: Option<&Kernel>) -> Seen {
    let both = kernel.zip(Kernel::own());
    both.map_or(Seen::Here, |(kernel, here)| kernel.seen_from(&here))
}

/// Why the lock was not taken.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Somebody else has it. `None` where the holder could not be read.
    Held(Option<Box<Holder>>),
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
                    return Err(LockError::Held(
                        holder(&mut file).filter(|named| !named.is_gone()).map(Box::new),
                    ));
                }
                Err(TryLockError::Error(cause)) => return Err(failed("lock")(cause)),
            }
            std::thread::sleep(INSTANT);
        }
        let predecessor = holder(&mut file);
        let (host, kernel) = (this_machine(), Kernel::own());
        // Kept until somebody has seen to it: this process may crash as well.
        let child = predecessor.as_ref().and_then(Holder::child);
        let me = Holder {
            pid: std::process::id(),
            since: Timestamp::now(),
            child_group: child.map(|child| child.group),
            child_host: child.filter(|child| child.host != host).map(|child| child.host.to_owned()),
            child_began: child.and_then(|child| child.began),
            child_kernel: child
                .and_then(|child| child.kernel)
                .filter(|of| kernel.as_ref() != Some(of))
                .cloned(),
            host,
            kernel,
            visitor,
        };
        file.set_len(0).map_err(failed("write to"))?;
        let longest = serde_json::to_vec(&Holder {
            child_group: Some(i32::MIN),
            child_began: Some(u64::MAX),
            ..me.clone()
        });
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
        (self.me.child_group, self.me.child_began) = (group, group.and_then(began));
        (self.me.child_host, self.me.child_kernel) = (None, None);
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
                child_began: None,
                child_kernel: None,
                kernel: None,
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

    #[test]
    fn a_group_is_here_while_its_number_means_what_it_meant_when_it_was_noted() {
        let own = i32::try_from(std::process::id()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut lock = RunLock::take(dir.path(), None).ok().unwrap();
        lock.note_child(Some(own)).unwrap();
        let noted = lock.me.clone();
        let host = this_machine();
        let seen = |change: &dyn Fn(&mut Holder)| {
            let mut holder = noted.clone();
            change(&mut holder);
            holder.child().unwrap().seen_from(&host)
        };
        assert_eq!(seen(&|_| ()), Seen::Here);
        assert_eq!(seen(&|holder| holder.host = "elsewhere".to_owned()), Seen::Elsewhere);
        assert_eq!(seen(&|holder| holder.child_began = Some(1)), Seen::Gone);
        let kernel = |change: &dyn Fn(&mut Kernel)| seen(&|holder| holder.kernel.iter_mut().for_each(change));
        assert_eq!(kernel(&|kernel| kernel.processes = "pid:[1]".to_owned()), Seen::Elsewhere);
        let restarted = |machine: Option<&str>| {
            let mut holder = noted.clone();
            let kernel = holder.kernel.as_mut().unwrap();
            (kernel.boot, kernel.machine) = ("before".to_owned(), machine.map(str::to_owned));
            holder.child().unwrap().seen_from(&host)
        };
        assert_eq!(restarted(None), Seen::Elsewhere);
        // As an earlier version noted it.
        assert_eq!(seen(&|holder| (holder.kernel, holder.child_began) = (None, None)), Seen::Here);
        drop(lock);
        let second = RunLock::take(dir.path(), None).ok().unwrap();
        assert_eq!(second.predecessor().unwrap().child().unwrap().seen_from(&host), Seen::Here);
        assert_eq!((second.me.child_began, &second.me.child_kernel), (noted.child_began, &None));
    }
}
