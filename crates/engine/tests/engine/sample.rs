//! Some of many, by a seed that is told: exhaustive walks take minutes, and every run of the tests takes others.
//!
//! `HOLDPOINT_SEED` takes the same ones again; `HOLDPOINT_FAULTS=all`, as `cargo xtask faults` sets it, takes all.

use std::time::{SystemTime, UNIX_EPOCH};

/// Numbers that follow from a seed.
pub(crate) struct Sample {
    seed: u64,
    state: u64,
    all: bool,
}

impl Sample {
    /// By the environment; says on standard output which seed it is, so that a failing test shows it.
    pub(crate) fn told() -> Sample {
        let all = std::env::var_os("HOLDPOINT_FAULTS").is_some_and(|value| value == "all");
        let given = std::env::var("HOLDPOINT_SEED").ok();
        let seed = given.map(|seed| seed.parse().expect("HOLDPOINT_SEED is a number"));
        let now =
            || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| u64::from(now.subsec_nanos()));
        let seed = seed.unwrap_or_else(now);
        if !all {
            println!("sampled: HOLDPOINT_SEED={seed} takes the same again");
        }
        Sample { seed, state: seed, all }
    }

    /// Whether everything is taken.
    pub(crate) fn is_whole(&self) -> bool {
        self.all
    }

    /// From the beginning, so that what is taken of one plan does not depend on those before it.
    pub(crate) fn again(&mut self) {
        self.state = self.seed;
    }

    /// At most so many of them, in their order.
    pub(crate) fn some<T>(&mut self, mut from: Vec<T>, at_most: usize) -> Vec<T> {
        while !self.all && from.len() > at_most {
            let out = self.below(from.len());
            from.remove(out);
        }
        from
    }

    fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }
}
