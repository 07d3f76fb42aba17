//! Faults through the real binary: killed at every boundary, refused by the disk at every call, led astray by blocks
//! that no author meant, tampered with afterwards.
//!
//! `cargo test` takes points spread evenly over all there are; `cargo xtask faults` takes every one.

#![allow(clippy::unwrap_used)]
#![allow(unreachable_pub)] // one binary: nothing of it can be reached from outside

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

#[allow(dead_code, unused_imports, clippy::wrong_self_convention)] // what only the journeys need
#[path = "../journeys/support/mod.rs"]
mod support;

mod stage;
mod trial;
mod wire;

mod crashes;
mod disks;
mod drivers;
mod hostile;
mod promotion;
mod syscalls;
mod tampering;

/// Whether every point is taken, or some, spread evenly.
fn all_of_them() -> bool {
    std::env::var_os("HOLDPOINT_FAULTS").is_some_and(|value| value == "all")
}

/// Every point, or about `few` of them, spread evenly and with the first and the last.
fn spread<T: Clone>(points: &[T], few: usize) -> Vec<T> {
    if all_of_them() || points.len() <= few {
        return points.to_vec();
    }
    (0..few).map(|n| points[n * (points.len() - 1) / (few - 1)].clone()).collect()
}

/// Goes through points, two at a time, and says of all that went wrong what it was. A point asserts that its fault
/// fired.
fn sweep<T: Sync>(what: &str, possible: usize, points: &[T], at: impl Fn(usize, &T) + Sync) {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let n = next.fetch_add(1, Ordering::Relaxed)
                    && n < points.len()
                {
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| at(n, &points[n]))) {
                        let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                        wrong.lock().unwrap().push(text);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    println!("faults: {what}: {} of {possible} points taken, {} went wrong", points.len(), wrong.len());
    assert!(
        wrong.is_empty(),
        "{what}: {} of {} went wrong\n\n{}",
        wrong.len(),
        points.len(),
        wrong.join("\n\n")
    );
}
