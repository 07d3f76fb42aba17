//! Where tasks run, and what was captured there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use holdpoint_model::Plan;

use crate::fold::ensure;
use crate::{EnvironmentSeen, PlaceIx, Rollouts, Task};

/// The places of a run, and which tasks run at which of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Places {
    /// By index; each once.
    pub(crate) names: Vec<String>,
    /// By task without a place; none for what runs on the machine that drives the run.
    pub(crate) lanes: BTreeMap<Task, Lane>,
    /// Whether the run goes by [`Rollouts::Strict`].
    pub(crate) strict: bool,
}

/// Where the blocks of one target run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lane {
    pub(crate) target: Arc<str>,
    /// In the order of the configuration; never empty.
    pub(crate) places: Vec<PlaceIx>,
}

/// A name that was captured on the places of a target.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Captured {
    pub(crate) target: Arc<str>,
    pub(crate) values: BTreeMap<PlaceIx, String>,
}

impl Places {
    /// From event 0 and the plan.
    pub(crate) fn of(plan: &Plan, environment: &EnvironmentSeen) -> Result<Places, String> {
        let strict = environment.rollouts == Some(Rollouts::Strict);
        let mut places = Places { strict, ..Places::default() };
        let mut targets: BTreeMap<&str, Lane> = BTreeMap::new();
        for (target, seen) in &environment.targets {
            ensure(target != "local", "no environment says where `local` is")?;
            ensure(!seen.places.is_empty(), &format!("the target {target} has no place"))?;
            let distinct = seen.places.iter().collect::<BTreeSet<_>>().len() == seen.places.len();
            ensure(distinct, &format!("a place of the target {target} is told of twice"))?;
            let lane = seen.places.iter().map(|name| places.index(name)).collect();
            targets.insert(target, Lane { target: target.as_str().into(), places: lane });
        }
        for (index, step) in plan.steps.iter().enumerate() {
            let actions = (0..step.actions.len()).map(|action| Task::action(index, action));
            let rollbacks = (0..step.rollbacks.len()).map(|block| Task::rollback(index, block));
            for task in actions.chain(rollbacks).filter(|task| task.block(plan).is_some()) {
                let Some(target) = task.target(plan) else { continue };
                let lane = targets
                    .get(target)
                    .ok_or_else(|| format!("the environment {} has no target {target}", environment.name))?;
                places.lanes.insert(task, lane.clone());
            }
        }
        Ok(places)
    }

    pub(crate) fn index(&mut self, name: &str) -> PlaceIx {
        let known = self.names.iter().position(|known| known == name);
        PlaceIx(known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }))
    }

    pub(crate) fn name(&self, place: PlaceIx) -> &str {
        self.names.get(place.0).map_or("", String::as_str)
    }
}
