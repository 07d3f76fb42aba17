//! Places: what event 0 says a target stands for, which actions go over several of them, and what each place captured.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use holdpoint_model::Plan;

use crate::fold::{Fold, ensure};
use crate::run::places::{Captured, Lane};
use crate::{PlaceIx, Run, Slot, Task, Values};

impl Run {
    /// The name of a place, as event 0 has it.
    pub fn place_name(&self, place: PlaceIx) -> &str {
        self.places.name(place)
    }

    /// The name of the place where this task runs, as events carry it; `None` for what has no place.
    pub fn place_of(&self, task: Task) -> Option<&str> {
        task.place.map(|place| self.place_name(place))
    }

    /// The task at the place of this name, where it is one of the task's places. No name stands for no place.
    pub fn at_place(&self, task: Task, place: Option<&str>) -> Option<Task> {
        let Some(name) = place else { return Some(task.unplaced()) };
        let lane = self.lane(task)?;
        let here = lane.places.iter().find(|place| self.place_name(**place) == name)?;
        Some(task.at(*here))
    }

    /// The places where this task runs, in the order in which they begin; none for what has no place.
    pub fn places_of(&self, task: Task) -> &[PlaceIx] {
        self.lane(task).map_or(&[], |lane| &lane.places)
    }

    pub(crate) fn lane(&self, task: Task) -> Option<&Lane> {
        if self.places.lanes.is_empty() { None } else { self.places.lanes.get(&task.unplaced()) }
    }

    /// The task at each of its places; itself where it has none.
    pub(crate) fn at_each_place(&self, task: Task) -> Vec<Task> {
        match self.lane(task) {
            Some(lane) => lane.places.iter().map(|place| task.at(*place)).collect(),
            None => vec![task],
        }
    }

    /// Where the variables and the directory of a task's shell carry over: per place, the driving machine being one.
    pub(crate) fn shell_of(&self, task: Task) -> Option<PlaceIx> {
        task.place.filter(|place| self.place_name(*place) != "local")
    }

    /// The variables that a block, a condition or a text sees: those captured on its target as its own place captured
    /// them, and all others where every place captured the same. Going back is held against no rehearsal.
    pub fn values_at(&self, task: Task) -> Cow<'_, Values> {
        if task.is_rollback() && self.values.rehearsed().is_some() {
            let mut values = self.values_here(task).into_owned();
            values.set_rehearsed(None);
            return Cow::Owned(values);
        }
        self.values_here(task)
    }

    fn values_here(&self, task: Task) -> Cow<'_, Values> {
        let (Some(place), Some(lane)) = (task.place, self.lane(task)) else {
            return Cow::Borrowed(&self.values);
        };
        let mut own = self.captured.iter().filter(|(_, of)| of.target == lane.target).peekable();
        if own.peek().is_none() {
            return Cow::Borrowed(&self.values);
        }
        let mut values = self.values.clone();
        for (name, captured) in own {
            match captured.values.get(&place) {
                Some(value) => values.set(name, value),
                None => {
                    values.withhold(name, format!("`{name}` was not captured at {}", self.place_name(place)))
                }
            }
        }
        Cow::Owned(values)
    }

    /// Takes a captured value.
    pub(crate) fn capture(&mut self, task: Task, name: &str, value: &str) {
        self.written.remove(name);
        if !task.is_rollback() {
            self.taken.entry(name.to_owned()).or_default().insert(task, value.to_owned());
        }
        let (Some(place), Some(lane)) = (task.place, self.lane(task)) else {
            self.captured.remove(name);
            self.values.set(name, value);
            return;
        };
        let (target, lane) = (lane.target.clone(), lane.places.clone());
        let of = self.captured.remove(name).filter(|before| before.target == target);
        let mut of = of.unwrap_or(Captured { target, values: BTreeMap::new() });
        of.values.insert(place, value.to_owned());
        let distinct: BTreeSet<&String> = of.values.values().collect();
        let lacks = |place: &&PlaceIx| self.places.strict && !of.values.contains_key(place);
        let lacking: Vec<&str> = lane.iter().filter(lacks).map(|place| self.place_name(*place)).collect();
        match (distinct.len(), &lacking[..]) {
            (1, []) => self.values.set(name, value),
            (1, lacking) => {
                self.values.withhold(name, format!("`{name}` was not captured at {}", lacking.join(", ")));
            }
            (_, lacking) => {
                let told = of.values.iter().map(|(place, value)| self.differs(*place, value));
                let lacking = lacking.iter().map(|place| format!("nothing at {place}"));
                let told: Vec<String> = told.chain(lacking).collect();
                self.values.withhold(name, format!("`{name}` differs between places: {}", told.join(", ")));
            }
        }
        self.captured.insert(name.to_owned(), of);
    }

    fn differs(&self, place: PlaceIx, value: &str) -> String {
        const SHOWN: usize = 80;
        let short: String = value.chars().take(SHOWN).collect();
        let cut = if short.len() < value.len() { "…" } else { "" };
        format!("`{}{cut}` at {}", short.escape_default(), self.place_name(place))
    }

    /// The task that an event names, at its place.
    pub(crate) fn named(
        &self,
        plan: &Plan,
        task: Task,
        (step, action, place): (&str, &str, Option<&str>),
    ) -> Fold {
        ensure(task.is(plan, step, action), "another action is at hand")?;
        ensure(self.place_of(task) == place, "another place is at hand")
    }
}

impl Task {
    /// The same at a place.
    pub fn at(self, place: PlaceIx) -> Task {
        Task { place: Some(place), ..self }
    }

    /// The same, whatever the place.
    pub fn unplaced(self) -> Task {
        Task { place: None, ..self }
    }

    /// Whether it takes back what was done.
    pub fn is_rollback(self) -> bool {
        matches!(self.slot, Slot::Rollback(_))
    }
}
