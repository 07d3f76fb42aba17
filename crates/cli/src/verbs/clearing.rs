//! What places keep of runs that are over, removed; and the rest, named.

use std::collections::BTreeMap;

use holdpoint_document::Place;
use holdpoint_executor::{Held, Remote, Setting, Unreachable, Ways};
use holdpoint_record::Store;

use super::read::store_problem;
use super::standing::standings;
use crate::problem::Problem;

/// The runs of a store, by id: their number, and whether they are over.
pub struct Runs(BTreeMap<String, (u64, bool)>);

/// What was done at one place.
pub struct Cleared {
    /// So many attempts were removed.
    pub removed: usize,
    /// Attempts that stay, and why.
    pub left: BTreeMap<String, String>,
}

impl Runs {
    /// Those of this store. One that cannot be read is over for nobody.
    pub fn of(store: &Store) -> Result<Runs, Problem> {
        let dirs = store.runs().map_err(store_problem)?;
        let standings = standings(&dirs).into_iter().flatten();
        let told = |standing: super::standing::Standing| {
            (standing.opened.id.clone(), (standing.opened.number, standing.verdict.is_some()))
        };
        Ok(Runs(standings.map(told).collect()))
    }

    /// Asks a place what it keeps, and has it remove what is of no use any more.
    pub async fn clear(&self, place: Place) -> Result<Cleared, Unreachable> {
        let remote = Remote::open(place, Ways::default(), Setting::default()).await?;
        let (mut over, mut left) = (Vec::new(), BTreeMap::new());
        for kept in remote.kept().await? {
            let run = kept.id.split('-').next().and_then(|run| self.0.get(run));
            let why = match (run, kept.held) {
                (Some((number, true)), Held::Begun) => format!("of run {number}, and has no end"),
                (Some((_, true)), _) => {
                    over.push(kept.id);
                    continue;
                }
                (Some((number, false)), _) => format!("of run {number}, which is open"),
                (None, _) => "of no run of this store".to_owned(),
            };
            left.insert(kept.id, why);
        }
        let stay = remote.clean_all(&over).await?;
        let removed = over.len() - stay.len();
        left.extend(stay.into_iter().map(|attempt| (attempt, "it could not be removed".to_owned())));
        Ok(Cleared { removed, left })
    }
}
