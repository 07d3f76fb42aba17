//! What the journeys share: a desk to work at, a terminal to type on, a record to read.

mod desk;
mod processes;
mod record;
mod terminal;
#[path = "../../common/waiting.rs"]
mod waiting;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use desk::{Desk, OPS, QA};
pub use processes::{Gate, children_of, group_is_gone, group_lives, kill};
pub use record::Record;
pub use terminal::Terminal;
pub use waiting::eventually;

/// Longer than anything here takes, on a busy machine too; what is awaited has then gone wrong.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until a file holds a text.
pub fn holds_text(file: &Path, text: &str) {
    eventually(&format!("{} holds {text:?}", file.display()), || {
        std::fs::read_to_string(file).is_ok_and(|all| all.contains(text))
    });
}

/// Every file below a directory; no other kind of entry is looked into.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let below = entries.flat_map(|entry| match entry.file_type().unwrap() {
        kind if kind.is_dir() => files(&entry.path()),
        kind if kind.is_file() => vec![entry.path()],
        _ => Vec::new(),
    });
    below.collect()
}
