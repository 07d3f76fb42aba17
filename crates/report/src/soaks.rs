//! Tries of a soak that are told together: those between its first and its last.

use std::collections::BTreeMap;

use crate::markdown::words::tries_between;
use crate::{Happening, Soak, What};

/// Happenings that are told together, by index: what is said in the place of the first of them, and nothing in those of the
/// others. One that somebody has corrected is told by itself.
pub(crate) fn between(
    history: &[Happening],
    soaks: &[Soak],
    is_corrected: impl Fn(u64) -> bool,
) -> BTreeMap<usize, Option<String>> {
    let mut told = BTreeMap::new();
    for soak in soaks {
        let apart = |at: &&usize| {
            let Some(happening) = history.get(**at) else { return false };
            let end = match &happening.what {
                What::Attempt(attempt) => attempt.finished.as_ref().map(|ended| ended.n),
                _ => None,
            };
            ![Some(happening.n), end].into_iter().flatten().any(&is_corrected)
        };
        let together: Vec<usize> = soak.between.iter().filter(apart).copied().collect();
        let first = together.first().copied();
        let words = tries_between(history, &Soak { between: together.clone(), ..soak.clone() });
        told.extend(together.into_iter().map(|at| (at, (Some(at) == first).then(|| words.clone()))));
    }
    told
}
