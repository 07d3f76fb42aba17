//! Some of what an exhaustive walk would take minutes for: see [`holdpoint_xtask::sample`].

use holdpoint_xtask::sample;

/// Numbers that follow from a seed.
pub(crate) struct Sample {
    seed: u64,
    taken: usize,
    all: bool,
}

impl Sample {
    /// By the environment; says which seed it is.
    pub(crate) fn told() -> Sample {
        let (all, seed) = (sample::takes_all(), sample::seed());
        if !all {
            sample::tell(seed);
        }
        Sample { seed, taken: 0, all }
    }

    /// Whether everything is taken.
    pub(crate) fn is_whole(&self) -> bool {
        self.all
    }

    /// From the beginning, so that what is taken of one plan does not depend on those before it.
    pub(crate) fn again(&mut self) {
        self.taken = 0;
    }

    /// At most so many of them, in their order.
    pub(crate) fn some<T>(&mut self, mut from: Vec<T>, at_most: usize) -> Vec<T> {
        while !self.all && from.len() > at_most {
            from.remove(sample::below(self.seed, self.taken, from.len()));
            self.taken += 1;
        }
        from
    }
}
