//! Ending all that a block started, however its processes are told from others.

/// Processes that are signalled together and end together.
pub(crate) trait Target: Copy {
    /// Asks every process to end; stopped ones are woken so that they can.
    fn terminate(self);
    /// Tells those with a terminal that it is gone: interactive shells ignore TERM, but not this.
    fn hang_up(self) {}
    fn kill(self);
    /// Whether any process is still alive.
    fn is_alive(self) -> bool;
}

/// Ends its target when dropped: nobody waits any more.
pub(crate) struct KilledWhenDropped<T: Target>(Option<T>);

impl<T: Target> KilledWhenDropped<T> {
    pub(crate) fn unless_let_go(target: T) -> KilledWhenDropped<T> {
        KilledWhenDropped(Some(target))
    }

    /// Leaves the target alone from now on.
    pub(crate) fn let_go(&mut self) {
        self.0 = None;
    }
}

impl<T: Target> Drop for KilledWhenDropped<T> {
    fn drop(&mut self) {
        if let Some(target) = self.0 {
            target.kill();
        }
    }
}

/// A living process, and where it belongs.
#[cfg(target_os = "linux")]
pub(crate) struct Living {
    pub(crate) id: i32,
    pub(crate) group: i32,
    pub(crate) session: i32,
}

/// Every process that is alive; `None`: nobody can tell.
///
/// The kernel counts the dead until their parent has asked after them, and some containers' first process never does.
/// `/proc` tells them apart.
#[cfg(target_os = "linux")]
pub(crate) fn living() -> Option<impl Iterator<Item = Living>> {
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let processes = processes.filter(|entry| entry.file_name().as_encoded_bytes()[0].is_ascii_digit());
    // `PID (NAME) STATE PPID PGRP SESSION …`; NAME may hold anything, and is cut at so many bytes, within a character too.
    Some(processes.filter_map(|entry| {
        let stat = std::fs::read(entry.path().join("stat")).ok()?;
        let stat = String::from_utf8_lossy(&stat);
        let id = stat.split(' ').next()?.parse().ok()?;
        let mut fields = stat.rsplit(") ").next()?.split(' ');
        let is_dead = matches!(fields.next()?, "Z" | "X");
        let mut number = |skipped| fields.nth(skipped)?.parse().ok();
        let living = Living { id, group: number(1)?, session: number(0)? };
        (!is_dead || works(&entry.path())).then_some(living)
    }))
}

/// Whether a thread of a process works whose first one has ended: by its own state it would be dead.
#[cfg(target_os = "linux")]
fn works(process: &std::path::Path) -> bool {
    let threads = std::fs::read_dir(process.join("task")).into_iter().flatten().flatten();
    let mut stats = threads.filter_map(|thread| std::fs::read(thread.path().join("stat")).ok());
    stats.any(|stat| {
        let stat = String::from_utf8_lossy(&stat);
        stat.rsplit(") ").next().is_some_and(|fields| !fields.starts_with(['Z', 'X']))
    })
}

#[cfg(test)]
#[path = "ending_tests.rs"]
mod tests;
