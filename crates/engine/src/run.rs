//! The state of a run, folded from its events, and the one question it answers.

use std::collections::BTreeSet;
use std::time::Duration;

use holdpoint_document::{OnFailure, Plan, Work};

use crate::rollback::Rollback;
use crate::{BlobRef, Event, Execution, Next, Question, RunOpened, Slot, Task, Values, Verdict};

/// A run so far. Made by [`Run::new`] and changed by [`Run::apply`] only.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub(crate) opened: Option<Box<RunOpened>>,
    pub(crate) operator: String,
    /// By step, by action.
    pub(crate) states: Vec<Vec<State>>,
    /// Whether the step's own condition has been decided: something of the step has been touched.
    pub(crate) entered: Vec<bool>,
    /// No step before this one has anything left to do.
    pub(crate) cursor: usize,
    pub(crate) rollback: Option<Rollback>,
    pub(crate) probe: Option<Probe>,
    pub(crate) values: Values,
    pub(crate) performers: BTreeSet<String>,
    /// Steps whose mutating blocks were started, in order of their last start.
    pub(crate) effects: Vec<usize>,
    pub(crate) deviations: usize,
    pub(crate) shell: Option<BlobRef>,
    pub(crate) aborted: bool,
    pub(crate) closed: bool,
}

/// One action's state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) status: Status,
    /// Over retries, repeats and resumes.
    pub(crate) attempts: u32,
    /// What automatic attempts and pauses have taken since somebody last asked for one, milliseconds.
    pub(crate) spent_ms: u64,
    /// Whether the next attempt is an automatic one.
    pub(crate) retrying: bool,
    /// The warning before it was acknowledged.
    pub(crate) acknowledged: bool,
    /// Runs instead of the document's script.
    pub(crate) script: Option<BlobRef>,
    /// Fields written down.
    pub(crate) recorded: BTreeSet<String>,
    /// Fields written down that do not keep their limits.
    pub(crate) out_of_limits: BTreeSet<String>,
    /// Who released it.
    pub(crate) signers: BTreeSet<String>,
    pub(crate) requested: bool,
    pub(crate) interrupted: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    #[default]
    Pending,
    Running,
    InDoubt,
    Failed,
    Settled,
}

/// A check run to find out whether `of` took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) of: Task,
    pub(crate) check: Task,
    pub(crate) running: bool,
}

/// An event that is no answer to what the engine asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub struct Unexpected {
    /// The event.
    pub event: Box<Event>,
    /// What was expected instead.
    pub next: Next,
    /// Why it does not fit, in words.
    pub reason: String,
}

impl Run {
    /// A run of which nothing has happened yet.
    pub fn new(plan: &Plan) -> Run {
        Run {
            states: plan.steps.iter().map(|step| vec![State::default(); step.actions.len()]).collect(),
            entered: vec![false; plan.steps.len()],
            ..Run::default()
        }
    }

    /// Folds a whole record. The error names the first event that does not fit.
    pub fn replay(plan: &Plan, events: impl IntoIterator<Item = Event>) -> Result<Run, Unexpected> {
        let mut run = Run::new(plan);
        for event in events {
            run.apply(plan, &event)?;
        }
        Ok(run)
    }

    /// The one thing to do next.
    pub fn next(&self, plan: &Plan) -> Next {
        if self.opened.is_none() {
            return Next::Open;
        }
        if self.aborted {
            return Next::Done(Verdict::Aborted);
        }
        if let Some(probe) = self.probe {
            let execution = self.execution(probe.check, plan, true);
            return if probe.running { Next::Await(execution) } else { Next::Execute(execution) };
        }
        match &self.rollback {
            Some(rollback) => match rollback.current() {
                Some(task) => self.next_of(plan, task),
                None => Next::Done(Verdict::RolledBack),
            },
            None => match self.current() {
                Some(task) => self.next_of(plan, task),
                None => Next::Done(Verdict::Passed),
            },
        }
    }

    /// The first action that is not settled.
    pub(crate) fn current(&self) -> Option<Task> {
        self.states.iter().enumerate().skip(self.cursor).find_map(|(step, states)| {
            let action = states.iter().position(|state| state.status != Status::Settled)?;
            Some(Task::action(step, action))
        })
    }

    fn next_of(&self, plan: &Plan, task: Task) -> Next {
        let state = self.state(task);
        match state.status {
            Status::Running => Next::Await(self.execution(task, plan, false)),
            Status::InDoubt => Next::Ask(task, Question::InDoubt),
            Status::Failed => self.after_failure(plan, task, state),
            Status::Pending => self.begin(plan, task, state),
            Status::Settled => Next::Done(Verdict::Passed),
        }
    }

    fn after_failure(&self, plan: &Plan, task: Task, state: &State) -> Next {
        let ask = Next::Ask(task, Question::Failed);
        if state.interrupted || matches!(task.slot, Slot::Rollback(_)) {
            return ask;
        }
        match task.step_of(plan).on_failure {
            OnFailure::Ask => ask,
            OnFailure::Stop => Next::Done(Verdict::Failed),
            OnFailure::Rollback if self.rollback_plan(plan).steps.is_empty() => Next::Done(Verdict::Failed),
            OnFailure::Rollback => Next::RollBack,
        }
    }

    fn begin(&self, plan: &Plan, task: Task, state: &State) -> Next {
        let Slot::Action(action) = task.slot else {
            return Next::Execute(self.execution(task, plan, false));
        };
        let step = task.step_of(plan);
        let untouched = state.attempts == 0 && !state.acknowledged && state.recorded.is_empty();
        let conditions =
            step.when.iter().map(|condition| (condition, true)).filter(|_| !self.entered[task.step]);
        let own = step.actions[action].work.block().and_then(|block| block.options.when.as_ref());
        let own = own.map(|condition| (condition, false)).filter(|_| untouched);
        for (condition, whole) in conditions.chain(own) {
            match self.values.holds(condition) {
                Ok(true) => {}
                Ok(false) => return Next::PassOver { task, whole, condition: condition.clone() },
                Err(_) => return Next::Ask(task, Question::Failed),
            }
        }
        match &step.actions[action].work {
            Work::Run(_) if !state.acknowledged && self.warning(plan, task).is_some() => {
                Next::Ask(task, Question::Confirm)
            }
            Work::Run(_) | Work::Check(_) => Next::Execute(self.execution(task, plan, false)),
            Work::Confirm { .. } => Next::Ask(task, Question::Confirm),
            Work::Record { .. } => Next::Ask(task, Question::Record),
            Work::SignOff(_) => Next::Ask(task, Question::SignOff),
        }
    }

    /// What must be acknowledged before this block runs: a `CAUTION`, or a point of no return.
    pub fn warning(&self, plan: &Plan, task: Task) -> Option<String> {
        let Slot::Action(action) = task.slot else { return None };
        let step = task.step_of(plan);
        let is_run = |action: &holdpoint_document::Action| matches!(action.work, Work::Run(_));
        if !is_run(&step.actions[action]) {
            return None;
        }
        let first_run = !step.actions[..action].iter().any(is_run);
        let point = (step.irreversible && first_run).then(|| {
            "This is a point of no return: nothing up to here can be rolled back afterwards.".to_owned()
        });
        let texts: Vec<String> = step.actions[action].caution.iter().cloned().chain(point).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }

    /// Why the condition of this action cannot be evaluated, if that is what the engine asks about.
    pub fn condition_error(&self, plan: &Plan, task: Task) -> Option<String> {
        if self.state(task).status != Status::Pending {
            return None;
        }
        let step = task.step_of(plan);
        let own = task.block(plan).and_then(|block| block.options.when.as_ref());
        let error = |condition: &String| {
            let error = self.values.holds(condition).err()?;
            Some(format!("the condition `{condition}` cannot be evaluated: {error}"))
        };
        step.when.iter().chain(own).find_map(error)
    }

    fn execution(&self, task: Task, plan: &Plan, probe: bool) -> Execution {
        let state = self.state(task);
        let running = state.status == Status::Running || self.probe.is_some_and(|probe| probe.running);
        let retry = task.block(plan).and_then(|block| block.options.retry);
        let pause = match retry {
            Some(retry) if state.retrying && !probe => retry.every,
            _ => Duration::ZERO,
        };
        Execution { task, attempt: state.attempts + u32::from(!running), pause, probe }
    }

    pub(crate) fn state(&self, task: Task) -> &State {
        match (task.slot, &self.rollback) {
            (Slot::Action(action), _) => &self.states[task.step][action],
            (Slot::Rollback(_), Some(rollback)) => rollback.state(task),
            (Slot::Rollback(_), None) => &UNTOUCHED,
        }
    }

    /// Event 0, once there is one.
    pub fn opened(&self) -> Option<&RunOpened> {
        self.opened.as_deref()
    }

    /// Whether `run.closed` has been written: nothing follows it.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The variables as they are now.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Who operates.
    pub fn operator(&self) -> &str {
        &self.operator
    }

    /// How many deviations there were.
    pub fn deviations(&self) -> usize {
        self.deviations
    }

    /// The shell state that the next block begins with, if any was kept.
    pub fn shell_state(&self) -> Option<&BlobRef> {
        self.shell.as_ref()
    }

    /// The script that runs instead of the document's, if the operator edited it.
    pub fn edited_script(&self, task: Task) -> Option<&BlobRef> {
        self.state(task).script.as_ref()
    }

    /// Fields of a record action that are not written down yet.
    pub fn open_fields<'p>(&self, plan: &'p Plan, task: Task) -> Vec<&'p holdpoint_document::Field> {
        match task.work(plan) {
            Some(Work::Record { fields }) => {
                fields.iter().filter(|field| !self.state(task).recorded.contains(&field.name)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether the release was asked for already.
    pub fn is_requested(&self, task: Task) -> bool {
        self.state(task).requested
    }

    /// How many actions are settled, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        let settled = |states: &Vec<State>| states.iter().filter(|s| s.status == Status::Settled).count();
        (self.states.iter().map(settled).sum(), self.states.iter().map(Vec::len).sum())
    }

    /// Whether the step holds nothing that is left to do.
    pub fn is_settled(&self, step: usize) -> bool {
        self.states[step].iter().all(|state| state.status == Status::Settled)
    }

    /// Whether anything of the step has happened.
    pub fn is_touched(&self, step: usize) -> bool {
        self.entered[step]
    }
}

pub(crate) static UNTOUCHED: State = State {
    status: Status::Pending,
    attempts: 0,
    spent_ms: 0,
    retrying: false,
    acknowledged: false,
    script: None,
    recorded: BTreeSet::new(),
    out_of_limits: BTreeSet::new(),
    signers: BTreeSet::new(),
    requested: false,
    interrupted: false,
};

impl State {
    /// Back to the beginning; attempts keep counting, an edit is forgotten.
    pub(crate) fn reset(&mut self) {
        *self = State { attempts: self.attempts, ..State::default() };
    }
}
