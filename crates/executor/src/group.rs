//! A block's process group, and ending all of it.

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// A process group; its id is the process id of the block's main process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProcessGroup(Pid);

impl ProcessGroup {
    pub(crate) fn of(pid: u32) -> Option<ProcessGroup> {
        i32::try_from(pid).ok().and_then(Pid::from_raw).map(ProcessGroup)
    }

    /// The group's id.
    pub fn id(self) -> i32 {
        self.0.as_raw_pid()
    }

    /// The process that leads it.
    pub(crate) fn pid(self) -> Pid {
        self.0
    }

    /// Asks every process of the group to end; a stopped one is woken so that it can.
    pub(crate) fn terminate(self) {
        // A group that is gone has nothing left to end.
        let _ = kill_process_group(self.0, Signal::TERM);
        let _ = kill_process_group(self.0, Signal::CONT);
    }

    pub(crate) fn kill(self) {
        let _ = kill_process_group(self.0, Signal::KILL);
    }

    /// Whether any process of the group is still alive.
    ///
    /// The group's id is not given to another group while a member exists, and process ids are handed out in turn,
    /// so it does not come back between two looks some milliseconds apart either.
    pub(crate) fn is_alive(self) -> bool {
        test_kill_process_group(self.0) != Err(rustix::io::Errno::SRCH) && self.has_living_member()
    }

    /// The kernel counts the dead until their parent has asked after them, and some containers' first process never
    /// does. `/proc` tells them apart.
    #[cfg(target_os = "linux")]
    fn has_living_member(self) -> bool {
        let Ok(processes) = std::fs::read_dir("/proc") else { return true };
        let processes =
            processes.flatten().filter(|entry| entry.file_name().as_encoded_bytes()[0].is_ascii_digit());
        let mut stats = processes.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
        let id = self.id().to_string();
        // `PID (NAME) STATE PPID PGRP …`; NAME may hold anything.
        stats.any(|stat| {
            let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split(' ').take(3).collect();
            matches!(fields[..], [state, _, group] if group == id && !matches!(state, "Z" | "X"))
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn has_living_member(self) -> bool {
        true
    }
}

/// Ends the group when dropped: nobody waits any more.
pub(crate) struct Leash(Option<ProcessGroup>);

impl Leash {
    pub(crate) fn on(group: ProcessGroup) -> Leash {
        Leash(Some(group))
    }

    /// Leaves the group alone from now on.
    pub(crate) fn release(&mut self) {
        self.0 = None;
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            group.kill();
        }
    }
}
