//! Blocks that wait at a gate, and processes that come and go.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};

use super::eventually;

/// A FIFO that a block reads from, so that a test chooses the moment at which it goes on.
pub struct Gate(PathBuf);

impl Gate {
    /// Closed.
    pub fn at(path: &Path) -> Gate {
        rustix::fs::mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
        Gate(path.to_owned())
    }

    /// Lets whoever waits there pass; waits until somebody does.
    pub fn open(&self) {
        let without_waiting = i32::try_from(OFlags::NONBLOCK.bits()).unwrap();
        let mut writer = None;
        eventually("somebody at the gate", || {
            writer = OpenOptions::new().write(true).custom_flags(without_waiting).open(&self.0).ok();
            writer.is_some()
        });
        writer.unwrap().write_all(b"go\n").unwrap();
    }

    /// Takes it away, so that nobody waits there any more.
    pub fn remove(&self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

/// Sends a signal to one process.
pub fn kill(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// Waits until no process of a group is alive. The dead that nobody has asked after do not count.
pub fn group_is_gone(group: i32) {
    eventually(&format!("process group {group} is gone"), || !group_lives(group));
}

/// The living processes that one process has started, by `/proc`. A thread that started one counts as the process.
pub fn children_of(pid: i32) -> Vec<i32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// Whether any process of a group is alive, by `/proc`.
pub fn group_lives(group: i32) -> bool {
    let stats = std::fs::read_dir("/proc").unwrap().flatten();
    let stats = stats.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    let mut states = stats.filter_map(|stat| {
        let fields: Vec<String> = stat.rsplit_once(") ")?.1.split(' ').take(3).map(str::to_owned).collect();
        (fields[2] == group.to_string()).then(|| fields[0].clone())
    });
    states.any(|state| state != "Z" && state != "X")
}
