//! Faults through the real binary: killed at every boundary, refused by the disk at every call, led astray by blocks
//! that no author meant, tampered with afterwards.
//!
//! `cargo test` takes points spread evenly over all there are; `cargo xtask faults` takes every one. `HOLDPOINT_FAULTS`
//! says how many of each family: `all`, or a number.

#![allow(clippy::unwrap_used)]
#![allow(unreachable_pub)] // one binary: nothing of it can be reached from outside

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

#[allow(dead_code, unused_imports, clippy::wrong_self_convention)] // what only the journeys need
#[path = "../journeys/support/mod.rs"]
mod support;

mod mounts;
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
    let wanted = std::env::var("HOLDPOINT_FAULTS").ok().filter(|_| !all_of_them());
    let few =
        wanted.map_or(few, |number| number.parse().expect("HOLDPOINT_FAULTS is `all` or a number")).max(2);
    if all_of_them() || points.len() <= few {
        return points.to_vec();
    }
    (0..few).map(|n| points[n * (points.len() - 1) / (few - 1)].clone()).collect()
}

/// So many at a time: one more than there are cores, for points wait for disks and for processes, too.
fn at_a_time() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from) + 1
}

/// Says how many faults of a family were injected, of how many that there are. `cargo xtask faults` adds them up.
fn struck(what: &str, struck: usize, possible: usize) {
    println!("faults: {struck} of {possible} points struck: {what}");
}

/// Goes through points, some at a time, and says of all that went wrong what it was. A point asserts that its fault
/// fired.
fn sweep<T: Sync>(what: &str, possible: usize, points: &[T], at: impl Fn(usize, &T) + Sync) {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    let (next, done, wrong) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
    let begun = Instant::now();
    let all = points.len();
    std::thread::scope(|scope| {
        for _ in 0..at_a_time() {
            scope.spawn(|| {
                while let n = next.fetch_add(1, Ordering::Relaxed)
                    && n < all
                {
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| at(n, &points[n]))) {
                        let literal = || panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                        let text = panic.downcast_ref::<String>().cloned().or_else(literal);
                        wrong.lock().unwrap().push(text.unwrap_or_default());
                    }
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if all_of_them() && (done.is_multiple_of(50) || done == all) {
                        let left = begun.elapsed().as_secs_f64() / done as f64 * (all - done) as f64;
                        println!("    {what}: {done} of {all}, about {left:.0} s left");
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    struck(what, all - wrong.len(), possible);
    assert!(wrong.is_empty(), "{what}: {} of {all} went wrong\n\n{}", wrong.len(), wrong.join("\n\n"));
}
