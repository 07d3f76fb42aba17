//! Some places of many, by a seed that is told: to look at every one takes most of a minute.
//!
//! `HOLDPOINT_SEED` takes the same ones again; `HOLDPOINT_FAULTS=all`, as `cargo xtask faults` sets it, takes all.

use std::time::{SystemTime, UNIX_EPOCH};

/// About one of `among` places in each stretch of as many below `end`, the first and the last always. Says how many.
pub(crate) fn places(family: &str, end: usize, among: usize) -> Vec<usize> {
    let all = std::env::var_os("HOLDPOINT_FAULTS").is_some_and(|value| value == "all");
    let given = std::env::var("HOLDPOINT_SEED").ok();
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| u64::from(now.subsec_nanos()));
    let seed = given.map_or_else(now, |seed| seed.parse().expect("HOLDPOINT_SEED is a number"));
    let taken: Vec<usize> = if all { (0..end).collect() } else { some(seed, end, among) };
    if !all {
        println!("sampled: HOLDPOINT_SEED={seed} takes the same again");
    }
    println!("faults: {} of {end} points struck: {family}", taken.len());
    taken
}

fn some(seed: u64, end: usize, among: usize) -> Vec<usize> {
    let one_of = |from: usize| {
        // SplitMix64, of the seed and the stretch.
        let mut mixed = seed.wrapping_add((from as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let stretch = among.min(end - from);
        from + usize::try_from((mixed ^ (mixed >> 31)) % stretch as u64).unwrap()
    };
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
