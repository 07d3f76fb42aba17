//! What places keep of runs that are over, removed; and the rest, named.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use holdpoint_document::Place;
use holdpoint_engine::Run;
use holdpoint_executor::{Held, Remote, Setting, Unreachable, Ways};
use holdpoint_record::{RunDir, Store};

use super::read::{read_dir, store_problem};
use super::standing::{Standing, standings};
use crate::problem::Problem;

/// The runs of a store, by id.
pub struct Runs(BTreeMap<String, OneRun>);

struct OneRun {
    number: u64,
    over: bool,
    dir: RunDir,
    /// The attempts of which it has no end on record; found out when somebody asks. `None`: it cannot be read.
    without_end: OnceCell<Option<BTreeSet<String>>>,
}

impl OneRun {
    /// Whether it has no end of this attempt on record, or nobody can tell: a place keeps that.
    fn lacks(&self, attempt: &str) -> bool {
        let without_end = self.without_end.get_or_init(|| without_end(&self.dir));
        without_end.as_ref().is_none_or(|without| without.contains(attempt))
    }
}

/// The attempts that were sent to places and of which a record has no end, as the engine says.
fn without_end(dir: &RunDir) -> Option<BTreeSet<String>> {
    let recorded = read_dir(dir.clone()).ok()?;
    let events = recorded.events.into_iter().map(|stamped| (stamped.at, stamped.event));
    let run = Run::replay(&recorded.plan, events).ok()?;
    Some(run.attempts_without_end().map(|(attempt, _)| attempt.to_owned()).collect())
}

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
        let standings = standings(&dirs);
        let told = |(dir, standing): (RunDir, Result<Standing, _>)| {
            let Standing { opened, verdict, .. } = standing.ok()?;
            let (number, over) = (opened.number, verdict.is_some());
            Some((opened.id.clone(), OneRun { number, over, dir, without_end: OnceCell::new() }))
        };
        Ok(Runs(dirs.into_iter().zip(standings).filter_map(told).collect()))
    }

    /// Asks a place what it keeps, and has it remove what is of no use any more.
    pub async fn clear(&self, place: Place) -> Result<Cleared, Unreachable> {
        let remote = Remote::open(place, Ways::default(), Setting::default()).await?;
        let (mut over, mut left) = (Vec::new(), BTreeMap::new());
        for kept in remote.kept().await? {
            let run = kept.id.split('-').next().and_then(|run| self.0.get(run));
            let why = match (run, kept.held) {
                (Some(run), Held::Begun) if run.over => format!("of run {}, and has no end", run.number),
                (Some(run), _) if run.over && run.lacks(&kept.id) => {
                    format!("of run {}, which has no end of it on record", run.number)
                }
                (Some(run), _) if run.over => {
                    over.push(kept.id);
                    continue;
                }
                (Some(run), _) => format!("of run {}, which is open", run.number),
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
