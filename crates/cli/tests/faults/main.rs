//! Faults through the real binary: killed at every boundary, refused by the disk at every call, led astray by blocks
//! that no author meant, tampered with afterwards.
//!
//! `cargo test` takes points spread over all there are, others every time; `cargo xtask faults` takes every one.
//! `HOLDPOINT_FAULTS` says how many of each family: `all`, or a number; `HOLDPOINT_SEED` takes the same again.

#![allow(clippy::unwrap_used)]
#![allow(unreachable_pub)] // one binary: nothing of it can be reached from outside

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use holdpoint_xtask::sample;

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
mod writes;

/// Every point, or about `few` of them: the first, the last, and between them one out of each of as many stretches, by a
/// seed that is told. `HOLDPOINT_SEED` takes the same ones again.
fn spread<T: Clone>(points: &[T], few: usize) -> Vec<T> {
    let wanted = std::env::var("HOLDPOINT_FAULTS").ok().filter(|_| !sample::takes_all());
    let few =
        wanted.map_or(few, |number| number.parse().expect("HOLDPOINT_FAULTS is `all` or a number")).max(2);
    if sample::takes_all() || points.len() <= few {
        return points.to_vec();
    }
    let seed = sample::seed();
    sample::tell(seed);
    picked(points.len(), few, seed).into_iter().map(|n| points[n].clone()).collect()
}

/// Which of `all` points are taken.
fn picked(all: usize, few: usize, seed: u64) -> Vec<usize> {
    let (inner, stretches) = (all - 2, few - 2);
    let one_of = |n: usize| {
        let (from, to) = (1 + n * inner / stretches, 1 + (n + 1) * inner / stretches);
        from + sample::below(seed, n, to - from)
    };
    std::iter::once(0).chain((0..stretches).map(one_of)).chain([all - 1]).collect()
}

#[test]
fn what_is_taken_of_all_points_depends_on_the_seed_alone_and_is_spread_over_all() {
    let (one, other) = (picked(1000, 14, 1), picked(1000, 14, 2));
    assert_eq!(one, picked(1000, 14, 1));
    assert_ne!(one, other);
    for some in [one, other, picked(15, 14, 3), picked(3, 2, 4)] {
        assert!(some.is_sorted_by(|a, b| a < b), "{some:?}");
        assert_eq!(some[0], 0);
    }
    assert_eq!(picked(1000, 14, 9).last(), Some(&999));
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
                    if sample::takes_all() && (done.is_multiple_of(50) || done == all) {
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
