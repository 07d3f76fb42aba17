//! A block's process group.

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::ending::Target;

/// A process group; its id is the process id of the block's main process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProcessGroup(Pid);

impl ProcessGroup {
    pub(crate) fn of(pid: u32) -> Option<ProcessGroup> {
        i32::try_from(pid).ok().and_then(Pid::from_raw).map(ProcessGroup)
    }

    /// The group of this id, as somebody noted it earlier.
    pub fn noted(id: i32) -> Option<ProcessGroup> {
        Pid::from_raw(id).filter(|_| id > 1).map(ProcessGroup)
    }

    /// Whether any process of it runs; what has ended and waits to be reaped does not. Somebody else's, who may not be signalled
    /// from this account, does.
    pub fn lives(self) -> bool {
        match test_kill_process_group(self.0) {
            Ok(()) => self.has_living_member(),
            Err(error) => error != rustix::io::Errno::SRCH,
        }
    }

    /// Whether the process that leads it runs: the block itself, beside what it started.
    pub fn leader_lives(self) -> bool {
        match rustix::process::test_kill_process(self.0) {
            Ok(()) => self.has_living_leader(),
            Err(error) => error != rustix::io::Errno::SRCH,
        }
    }

    /// The group's id.
    pub fn id(self) -> i32 {
        self.0.as_raw_pid()
    }

    /// The process that leads it.
    pub(crate) fn pid(self) -> Pid {
        self.0
    }

    #[cfg(target_os = "linux")]
    fn has_living_member(self) -> bool {
        crate::ending::living().is_none_or(|mut living| living.any(|process| process.group == self.id()))
    }

    #[cfg(target_os = "linux")]
    fn has_living_leader(self) -> bool {
        crate::ending::living().is_none_or(|mut living| living.any(|process| process.id == self.id()))
    }

    #[cfg(not(target_os = "linux"))]
    fn has_living_leader(self) -> bool {
        true
    }

    #[cfg(not(target_os = "linux"))]
    fn has_living_member(self) -> bool {
        true
    }
}

impl Target for ProcessGroup {
    fn terminate(self) {
        // A group that is gone has nothing left to end.
        let _ = kill_process_group(self.0, Signal::TERM);
        let _ = kill_process_group(self.0, Signal::CONT);
    }

    fn kill(self) {
        let _ = kill_process_group(self.0, Signal::KILL);
    }

    /// The group's id is not given to another group while a member exists, and process ids are handed out in turn,
    /// so it does not come back between two looks some milliseconds apart either.
    fn is_alive(self) -> bool {
        test_kill_process_group(self.0) != Err(rustix::io::Errno::SRCH) && self.has_living_member()
    }
}
