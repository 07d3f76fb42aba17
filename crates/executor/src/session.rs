//! A session: everything that runs on a block's terminal, in however many process groups, and ending all of it.

use std::collections::BTreeSet;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::ProcessGroup;

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

    /// Asks every process to end; stopped ones are woken so that they can.
    pub(crate) fn terminate(self) {
        self.signal(Signal::TERM);
        self.signal(Signal::CONT);
    }

    /// What a window that is closed says: interactive shells ignore TERM, but not this.
    pub(crate) fn hang_up(self) {
        self.signal(Signal::HUP);
        self.signal(Signal::CONT);
    }

    pub(crate) fn kill(self) {
        self.signal(Signal::KILL);
    }

    /// Whether any process of it is still alive.
    pub(crate) fn is_alive(self) -> bool {
        if cfg!(target_os = "linux") { !self.groups().is_empty() } else { self.0.is_alive() }
    }

    fn signal(self, signal: Signal) {
        let leaders = Pid::from_raw(self.0.id());
        for group in self.groups().into_iter().filter_map(Pid::from_raw).chain(leaders) {
            // A group that is gone has nothing left to end.
            let _ = kill_process_group(group, signal);
        }
    }

    /// The groups that a living process of this session is in, but for the leader's own.
    #[cfg(target_os = "linux")]
    fn groups(self) -> BTreeSet<i32> {
        let Ok(processes) = std::fs::read_dir("/proc") else { return BTreeSet::from([self.0.id()]) };
        let processes =
            processes.flatten().filter(|entry| entry.file_name().as_encoded_bytes()[0].is_ascii_digit());
        let stats = processes.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
        let id = self.0.id().to_string();
        // `PID (NAME) STATE PPID PGRP SESSION …`; NAME may hold anything.
        let groups = stats.filter_map(|stat| {
            let fields: Vec<&str> = stat.rsplit(") ").next()?.split(' ').take(4).collect();
            match fields[..] {
                [state, _, group, session] if session == id && !matches!(state, "Z" | "X") => {
                    group.parse().ok()
                }
                _ => None,
            }
        });
        groups.collect()
    }

    #[cfg(not(target_os = "linux"))]
    fn groups(self) -> BTreeSet<i32> {
        BTreeSet::new()
    }
}

/// Ends the session when dropped: nobody waits any more.
pub(crate) struct Leash(Option<Session>);

impl Leash {
    pub(crate) fn on(session: Session) -> Leash {
        Leash(Some(session))
    }

    /// Leaves the session alone from now on.
    pub(crate) fn release(&mut self) {
        self.0 = None;
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        if let Some(session) = self.0 {
            session.kill();
        }
    }
}
