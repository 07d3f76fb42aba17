//! A session: everything that runs on a block's terminal, in however many process groups.

use std::collections::BTreeSet;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::ProcessGroup;
use crate::ending::Target;

/// A session; its id is the process id of its leader, the block's main process, and that of the leader's group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session(ProcessGroup);

impl Session {
    pub(crate) fn of(leader: u32) -> Option<Session> {
        ProcessGroup::of(leader).map(Session)
    }

    /// The group of the leader.
    pub(crate) fn group(self) -> ProcessGroup {
        self.0
    }

    fn signal(self, signal: Signal) {
        // Once each: a trap that cleans up must not be entered again.
        let mut groups = self.groups();
        groups.insert(self.0.id());
        for group in groups.into_iter().filter_map(Pid::from_raw) {
            // A group that is gone has nothing left to end.
            let _ = kill_process_group(group, signal);
        }
    }

    /// The groups that a living process of this session is in.
    #[cfg(target_os = "linux")]
    fn groups(self) -> BTreeSet<i32> {
        let Some(living) = crate::ending::living() else { return BTreeSet::from([self.0.id()]) };
        living.filter(|process| process.session == self.0.id()).map(|process| process.group).collect()
    }

    #[cfg(not(target_os = "linux"))]
    fn groups(self) -> BTreeSet<i32> {
        BTreeSet::new()
    }
}

impl Target for Session {
    fn terminate(self) {
        self.signal(Signal::TERM);
        self.signal(Signal::CONT);
    }

    fn hang_up(self) {
        self.signal(Signal::HUP);
        self.signal(Signal::CONT);
    }

    fn kill(self) {
        self.signal(Signal::KILL);
    }

    fn is_alive(self) -> bool {
        if cfg!(target_os = "linux") { !self.groups().is_empty() } else { self.0.is_alive() }
    }
}
