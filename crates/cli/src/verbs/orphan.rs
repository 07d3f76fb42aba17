//! What is left of a block whose driver died: a process group, on this machine or on another one.

use holdpoint_driver::LeftBehind;
use holdpoint_engine::Unfound;
use holdpoint_record::Holder;

use crate::screen::Screen;
use crate::world::places::left_behind;

/// A block that may have outlived the program that started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Orphan {
    /// It lives, on this machine: the block itself, or what it started.
    Here(LeftBehind),
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
        left_behind(group).map(Orphan::Here)
    }

    /// The process group, where it is on this machine.
    pub fn here(&self) -> Option<i32> {
        if let Orphan::Here(left) = self { Some(left.group) } else { None }
    }

    /// What the engine goes by: whether an answer counts while it may run.
    pub fn unfound(&self) -> Unfound {
        match self {
            Orphan::Here(left) => left.unfound,
            Orphan::Elsewhere(..) => Unfound::Away,
        }
    }

    /// Says so, with what can be done about it.
    pub fn tell(&self, screen: &Screen) {
        let mark = screen.style().yellow().bold();
        let text = match self {
            Orphan::Here(LeftBehind { group, unfound: Unfound::Runs }) => format!(
                "  {} processes of the interrupted block (group {group}) may still be running. Wait for them, or stop them with: kill -- -{group}",
                mark.apply_to("STILL RUNNING")
            ),
            Orphan::Here(LeftBehind { group, .. }) => format!(
                "  {} the interrupted block has ended, and what it started (group {group}) runs. Unless it is meant to, wait for it, or stop it with: kill -- -{group}",
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
