//! Waiting for what nobody announces.

use std::time::{Duration, Instant};

/// Longer than anything takes that is waited for, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(180);

/// Waits until something that nobody announces is so.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
