//! What is left of a block whose driver died: a process group, on this machine or on another one.

use holdpoint_record::Holder;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process_group};

use crate::screen::Screen;

/// A block that may have outlived the program that started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Orphan {
    /// It lives, on this machine.
    Here(i32),
    /// It was on another machine, and nobody here can tell.
    Elsewhere(i32, String),
}

impl Orphan {
    /// Of whoever held the run before and did not let go of it in order, seen from this machine.
    pub fn of(before: Option<&Holder>, host: &str) -> Option<Orphan> {
        let (group, on) = before?.child()?;
        if on != host {
            return Some(Orphan::Elsewhere(group, on.to_owned()));
        }
        match test_kill_process_group(Pid::from_raw(group)?) {
            // Somebody else's, who may not be signalled from this account, lives too.
            Ok(()) | Err(Errno::PERM) => Some(Orphan::Here(group)),
            Err(_) => None,
        }
    }

    /// Says so, with what can be done about it.
    pub fn tell(&self, screen: &Screen) {
        let mark = screen.style().yellow().bold();
        let text = match self {
            Orphan::Here(group) => format!(
                "  {} processes of the interrupted block (group {group}) may still be running. Wait for them, or stop them with: kill -- -{group}",
                mark.apply_to("STILL RUNNING")
            ),
            Orphan::Elsewhere(group, host) => format!(
                "  {} processes of the interrupted block (group {group}) on {}, which cannot be seen from here. Look there: wait for them, or stop them there with: kill -- -{group}",
                mark.apply_to("MAY STILL RUN"),
                screen.neutralise(host)
            ),
        };
        screen.tell(&text);
    }
}
