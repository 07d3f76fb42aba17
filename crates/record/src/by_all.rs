//! Work on many records at once.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What comes of each, in their order; by all processors.
pub fn by_all<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let indices = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
        let taken = indices.map_while(|index| items.get(index).map(|item| (index, item)));
        taken.map(|(index, item)| (index, work(item))).collect::<Vec<_>>()
    };
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    let mut all = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..workers).map(|_| scope.spawn(take)).collect();
        let mut all = take();
        for worker in workers {
            // A panic in there is one of ours.
            all.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        all
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}
