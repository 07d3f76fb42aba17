//! Some places of many, by a seed that is told: to look at every one takes most of a minute.
//! See [`holdpoint_xtask::sample`].

use holdpoint_xtask::sample;

/// About one of `among` places in each stretch of as many below `end`, the first and the last always. Says how many.
pub(crate) fn places(family: &str, end: usize, among: usize) -> Vec<usize> {
    let (all, seed) = (sample::takes_all(), sample::seed());
    let taken: Vec<usize> = if all { (0..end).collect() } else { some(seed, end, among) };
    if !all {
        sample::tell(seed);
    }
    println!("faults: {} of {end} points struck: {family}", taken.len());
    taken
}

fn some(seed: u64, end: usize, among: usize) -> Vec<usize> {
    let one_of = |from: usize| from + sample::below(seed, from, among.min(end - from));
    let mut taken: Vec<usize> = (0..end).step_by(among).map(one_of).collect();
    taken.extend([0, end - 1]);
    taken.sort_unstable();
    taken.dedup();
    taken
}

#[test]
fn places_depend_on_the_seed_alone_and_are_spread_over_all() {
    assert_eq!(some(1, 1000, 4), some(1, 1000, 4));
    assert_ne!(some(1, 1000, 4), some(2, 1000, 4));
    for (end, among) in [(1, 4), (3, 4), (1001, 4), (10, 1)] {
        let taken = some(7, end, among);
        assert!(taken.is_sorted_by(|a, b| a < b), "{taken:?}");
        assert_eq!((taken[0], taken[taken.len() - 1]), (0, end - 1));
        assert!(taken.windows(2).all(|two| two[1] - two[0] < 2 * among), "{taken:?}");
    }
}
