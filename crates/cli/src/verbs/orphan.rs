//! What is left of a block whose driver died: a process group, on this machine or on another one.

use holdpoint_document::Plan;
use holdpoint_engine::{Run, Unfound};
use holdpoint_record::{Holder, Seen};

use crate::screen::Screen;
use crate::world::places::Left;

/// A block that may have outlived the program that started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    left: Left,
    unfound: Unfound,
    /// Whether the other machine has the name of this one.
    same_name: bool,
}

impl Orphan {
    /// Of whoever held the run before and did not let go of it in order, seen from this machine.
    pub fn of(before: Option<&Holder>, host: &str) -> Option<Orphan> {
        let child = before?.child()?;
        let left = match child.seen_from(host) {
            Seen::Gone => return None,
            Seen::Here => Left::Here(child.group),
            Seen::Elsewhere => Left::Elsewhere(child.group, child.host.to_owned()),
        };
        let unfound = left.behind()?.unfound;
        Some(Orphan { left, unfound, same_name: child.host == host })
    }

    /// Whether it bars anything, as the engine says.
    pub fn counts(&self, run: &Run, plan: &Plan) -> bool {
        run.is_barred_by_left(plan, self.is_here())
    }

    /// The process group.
    pub fn left(&self) -> &Left {
        &self.left
    }

    /// Whether it is on this machine.
    pub fn is_here(&self) -> bool {
        matches!(self.left, Left::Here(_))
    }

    /// What the engine goes by: whether an answer counts while it may run.
    pub fn unfound(&self) -> Unfound {
        self.unfound
    }

    /// Says so, with what can be done about it.
    pub fn tell(&self, screen: &Screen) {
        let mark = screen.style().yellow().bold();
        let text = match (&self.left, self.unfound) {
            (Left::Here(group), Unfound::Runs) => format!(
                "  {} processes of the interrupted block (group {group}) may still be running. Wait for them, or stop them with: kill -- -{group}",
                mark.apply_to("STILL RUNNING")
            ),
            (Left::Here(group), _) => format!(
                "  {} the interrupted block has ended, and what it started (group {group}) runs. Unless it is meant to, wait for it, or stop it with: kill -- -{group}",
                mark.apply_to("STILL RUNNING")
            ),
            (Left::Elsewhere(group, host), _) => format!(
                "  {} processes of the interrupted block (group {group}) on {}{}, which cannot be seen from here. Look there: wait for them, or stop them there with: kill -- -{group}",
                mark.apply_to("MAY STILL RUN"),
                screen.neutralise(host),
                if self.same_name { ", another machine or container of that name" } else { "" }
            ),
        };
        screen.tell(&text);
    }
}
