//! Some of many, by a seed that is told, for tests that would take minutes if they took all.
//!
//! `HOLDPOINT_SEED` takes the same ones again; `HOLDPOINT_FAULTS=all`, as `cargo xtask faults` sets it, takes all.

use std::time::SystemTime;

/// Whether everything is to be taken.
pub fn takes_all() -> bool {
    std::env::var_os("HOLDPOINT_FAULTS").is_some_and(|value| value == "all")
}

/// `HOLDPOINT_SEED`, else another every time.
///
/// # Panics
/// It is no number.
#[allow(clippy::panic, reason = "for tests: a seed that is misread would take other samples in silence")]
pub fn seed() -> u64 {
    let given = std::env::var("HOLDPOINT_SEED").ok();
    let now = || SystemTime::UNIX_EPOCH.elapsed().map_or(0, |now| u64::from(now.subsec_nanos()));
    given.map_or_else(now, |seed| {
        seed.parse().unwrap_or_else(|_| panic!("HOLDPOINT_SEED is a number, not {seed}"))
    })
}

/// Says on standard output which seed it is, so that a failing test shows it.
pub fn tell(seed: u64) {
    println!("sampled: HOLDPOINT_SEED={seed} takes the same again");
}

/// The `n`th of the numbers below `end` that follow from a seed; 0 where nothing is below it.
pub fn below(seed: u64, n: usize, end: usize) -> usize {
    // SplitMix64.
    let mut mixed = seed.wrapping_add((n as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).checked_rem(end as u64).map_or(0, |rest| usize::try_from(rest).unwrap_or(0))
}

/// `few` of many cases, in their order, by a seed that is told; all of them where everything is to be taken.
pub fn some<T>(cases: impl IntoIterator<Item = T>, few: usize) -> Vec<T> {
    let mut cases: Vec<T> = cases.into_iter().collect();
    if takes_all() || cases.len() <= few {
        return cases;
    }
    let seed = seed();
    tell(seed);
    while cases.len() > few {
        cases.remove(below(seed, cases.len(), cases.len()));
    }
    cases
}

/// Which of the cases that stand one below the other are taken: about one of so many, by a seed that is told.
#[derive(Debug)]
pub struct OneOf {
    among: usize,
    asked: std::cell::Cell<usize>,
    seed: Option<u64>,
}

impl OneOf {
    /// One of `among`; each where everything is to be taken.
    pub fn among(among: usize) -> OneOf {
        let seed = (!takes_all()).then(seed);
        seed.into_iter().for_each(tell);
        OneOf { among, asked: std::cell::Cell::new(0), seed }
    }

    /// Whether the next one is taken. One of the first `among` always is, so that a test never takes none.
    pub fn takes(&self) -> bool {
        let asked = self.asked.replace(self.asked.get() + 1);
        let stretch = asked / self.among.max(1);
        self.seed.is_none_or(|seed| below(seed, stretch, self.among) == asked % self.among.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::{OneOf, below, some};

    #[test]
    fn some_are_as_many_as_asked_for_in_their_order_and_one_of_each_stretch() {
        let taken = some(0..100, 7);
        assert_eq!(taken.len(), 7);
        assert!(taken.is_sorted_by(|a, b| a < b));
        assert_eq!(some(0..3, 7), [0, 1, 2]);
        let one_of = OneOf { among: 4, asked: 0.into(), seed: Some(5) };
        let taken: Vec<bool> = (0..40).map(|_| one_of.takes()).collect();
        assert!(taken.chunks(4).all(|four| four.iter().filter(|taken| **taken).count() == 1), "{taken:?}");
        let each = OneOf { among: 4, asked: 0.into(), seed: None };
        assert!((0..40).all(|_| each.takes()));
    }

    #[test]
    fn numbers_follow_from_the_seed_alone_and_are_spread_below_the_end() {
        let of = |seed| (0..1000).map(|n| below(seed, n, 10)).collect::<Vec<_>>();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert!((0..10).all(|number| of(3).iter().filter(|taken| **taken == number).count() > 50));
        assert_eq!(below(1, 0, 0), 0);
    }
}
