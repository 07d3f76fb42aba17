//! What the engine answers: one thing to do next.

use std::time::Duration;

use holdpoint_model::{Block, Offered, Once, Plan, Step, Work, rollback_id};

use crate::{TemplateError, Verdict};

/// What to do next. Data, never a closure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing happened yet: `run.opened` is expected.
    Open,
    /// Whoever operates signs that with their key: nothing happens before `session.signed`.
    SignSession,
    /// Rules of the environment do not hold: nothing happens before a `deviation` that overrides them.
    Override,
    /// A condition does not hold: `step.not_applicable` is expected.
    PassOver {
        /// As in [`PassOver`].
        task: Task,
        /// As in [`PassOver`].
        whole: bool,
        /// As in [`PassOver`].
        condition: String,
    },
    /// A sign-off no longer counts, for something its signer saw has changed: `signoff.lapsed` is expected, with this
    /// reason. It is asked for again afterwards.
    Lapse {
        /// The hold point.
        task: Task,
        /// Why, in words.
        reason: String,
    },
    /// Run a block.
    Execute(Execution),
    /// A block runs; its end is expected.
    Await(Execution),
    /// Somebody must answer.
    Ask(Task, Question),
    /// The document wants what was done to be rolled back: `rollback.opened` is expected.
    RollBack,
    /// The run is over: `run.closed` is expected, unless it is there already.
    Done(Verdict),
}

/// A condition that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassOver {
    /// The action; where `whole` is set, the first of its step.
    pub task: Task,
    /// Whether the condition is the step's, not the action's own.
    pub whole: bool,
    /// The condition, as written.
    pub condition: String,
}

/// An action or a rollback block of a step, at one of its places where it has any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Task {
    /// Index of the step.
    pub step: usize,
    /// What of the step.
    pub slot: Slot,
    /// Where; `None` for what runs on the machine that drives the run, and for what people do.
    pub place: Option<PlaceIx>,
}

/// A place of a run, by its position among all that event 0 tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaceIx(pub usize);

/// An action or a rollback block of a step, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// An action.
    Action(usize),
    /// A rollback block.
    Rollback(usize),
}

/// One execution of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Which block.
    pub task: Task,
    /// Counted from 1, over retries and repeats.
    pub attempt: u32,
    /// How long to wait before it starts (`retry: { every }`).
    pub pause: Duration,
    /// A check run only to find out whether an interrupted block took effect.
    pub probe: bool,
}

/// What somebody is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// A hold point: the named role's sign-off.
    SignOff,
    /// An action failed: what now?
    Failed,
    /// A block was started and nobody knows how it ended: what now?
    InDoubt,
    /// An item to do by hand; or, on a block, a warning to be acknowledged before it runs.
    Confirm,
    /// Observed values to write down.
    Record,
    /// A command that a document offers: run it, do it by hand, or leave it. It is run by nothing but this answer.
    Choose,
    /// Rules that must keep holding do not: what was done may be taken back, the run be ended, or left. Nothing else is
    /// done before they hold again, or are overridden.
    Barred,
}

impl Task {
    /// An action.
    pub fn action(step: usize, action: usize) -> Task {
        Task { step, slot: Slot::Action(action), place: None }
    }

    /// A rollback block.
    pub fn rollback(step: usize, block: usize) -> Task {
        Task { step, slot: Slot::Rollback(block), place: None }
    }

    /// The step it belongs to.
    pub fn step_of(self, plan: &Plan) -> &Step {
        &plan.steps[self.step]
    }

    /// What it does; `None` for rollback blocks.
    pub fn work(self, plan: &Plan) -> Option<&Work> {
        match self.slot {
            Slot::Action(action) => Some(&self.step_of(plan).actions[action].work),
            Slot::Rollback(_) => None,
        }
    }

    /// What is confirmed there as programs once read it, where that is another text.
    pub(crate) fn once(self, plan: &Plan) -> Option<&Once> {
        match self.slot {
            Slot::Action(action) => self.step_of(plan).actions[action].once.as_deref(),
            Slot::Rollback(_) => None,
        }
    }

    /// The block it runs, if it runs one.
    pub fn block(self, plan: &Plan) -> Option<&Block> {
        match self.slot {
            Slot::Action(action) => self.step_of(plan).actions[action].work.block(),
            Slot::Rollback(block) => self.step_of(plan).rollbacks.get(block),
        }
    }

    /// The command that the document offers there, if it is one.
    pub fn offered(self, plan: &Plan) -> Option<&Offered> {
        self.work(plan)?.offered()
    }

    /// The target of its block; `None` for the machine that drives the run.
    pub fn target(self, plan: &Plan) -> Option<&str> {
        let own = self.block(plan).and_then(|block| block.options.target.as_deref());
        own.or(self.step_of(plan).target.as_deref()).filter(|target| *target != "local")
    }

    /// Its id as events name it: the action's, or `STEP#rollback-N` counted from 1.
    pub fn id(self, plan: &Plan) -> String {
        match self.slot {
            Slot::Action(action) => self.step_of(plan).actions[action].id.clone(),
            Slot::Rollback(block) => rollback_id(&self.step_of(plan).id, block + 1),
        }
    }

    /// The action, or the rollback block, that events name so.
    pub fn named(plan: &Plan, step: &str, action: &str) -> Option<Task> {
        let (index, found) = plan.step(step)?;
        let actions = (0..found.actions.len()).map(|action| Task::action(index, action));
        let rollbacks = (0..found.rollbacks.len()).map(|block| Task::rollback(index, block));
        actions.chain(rollbacks).find(|task| task.is(plan, step, action))
    }

    /// Whether events name it so.
    pub fn is(self, plan: &Plan, step: &str, action: &str) -> bool {
        let of = self.step_of(plan);
        of.id == step
            && match self.slot {
                Slot::Action(index) => of.actions[index].id == action,
                Slot::Rollback(_) => self.id(plan) == action,
            }
    }

    /// Whether running it changes something.
    pub fn mutates(self, plan: &Plan) -> bool {
        !matches!(self.work(plan), Some(work) if !matches!(work, Work::Run(_)))
    }

    /// Whether a dry run executes it: it changes nothing, and asks nothing of which nobody can see that from outside.
    pub fn runs_dry(self, plan: &Plan) -> bool {
        let probe = self.block(plan).and_then(|block| block.probe.as_ref());
        !self.mutates(plan) && !probe.is_some_and(|probe| probe.may_change())
    }
}

/// What the conditions of a task that has not begun say.
pub(crate) enum Condition<'p> {
    /// All hold, or were decided before.
    Holds,
    /// This one does not hold.
    Fails { condition: &'p str, whole: bool },
    /// This one cannot be evaluated, so nothing may happen past it.
    Unknown { condition: &'p str, whole: bool, error: TemplateError },
}
