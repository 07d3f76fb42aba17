//! Work on many parts of one document at once. What comes of it depends on the parts alone, never on the processors.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Below this many bytes of source, threads cost more than they save.
pub(crate) const WORTH: usize = 256 * 1024;

/// How many threads work on a document of `size` bytes.
fn workers(size: usize) -> usize {
    if size < WORTH {
        return 1;
    }
    std::thread::available_parallelism().map_or(1, usize::from).min(8)
}

/// Takes apart what was made of a document of `size` bytes, beside what is done `here`.
pub(crate) fn dropping<T: Send, R>(size: usize, made: T, here: impl FnOnce() -> R) -> R {
    if workers(size) < 2 {
        drop(made);
        return here();
    }
    std::thread::scope(|scope| {
        // Where no thread can be had, it is dropped with the closure.
        let _ = std::thread::Builder::new().spawn_scoped(scope, move || drop(made));
        here()
    })
}

/// `make` of every item, in the order of the items, for a document of `size` bytes.
pub(crate) fn map<T: Sync, R: Send>(size: usize, items: &[T], make: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let workers = workers(size);
    if workers < 2 || items.len() < 2 {
        return items.iter().map(make).collect();
    }
    // A share is large enough to be worth fetching, and small enough that nobody waits for the last one.
    let share = items.len().div_ceil(workers * 8);
    let shares: Vec<&[T]> = items.chunks(share).collect();
    let (done, next) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let work = || {
        while let Some((index, share)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            shares.get(index).map(|share| (index, share))
        } {
            let made: Vec<R> = share.iter().map(&make).collect();
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, made));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..workers {
            // A thread that cannot be had leaves its shares to the others.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().flat_map(|(_, made)| made).collect()
}
