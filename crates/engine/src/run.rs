//! The state of a run, folded from its events, and the one question it answers.

pub(crate) mod looks;
pub(crate) mod people;
pub(crate) mod places;
pub(crate) mod rollback;
pub(crate) mod soak;
pub(crate) mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use holdpoint_model::{OnFailure, Plan, Work};

use crate::next::Condition;
use crate::seen::{Seen, Witness};
use crate::whose::Whose;
use crate::{
    BlobRef, Event, Execution, Handover, Next, Output, PlaceIx, Question, RunOpened, SentTo, Slot, Task,
    Values, Verdict,
};
use jiff::Timestamp;

use looks::Looks;
use people::{Independence, People, Unsigned};
use places::{Captured, Places};
use rollback::{Effects, Rollback};
use state::{Course, Given, Left, Probe, Rejection, State, Status, UNTOUCHED, Unended};

/// A run so far. Made by [`Run::new`] and changed by [`Run::apply`] only.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub(crate) opened: Option<Box<RunOpened>>,
    pub(crate) operator: String,
    /// Somebody operates, and their key has not signed that yet.
    pub(crate) unsigned: Option<Unsigned>,
    /// Offered, and neither accepted nor withdrawn.
    pub(crate) handover: Option<Box<Handover>>,
    /// Rules of the environment, and what was seen of them.
    pub(crate) looks: Looks,
    /// Events folded in.
    pub(crate) events: u64,
    /// By step, by action; of an action at several places, what they come to together. Changed through [`Run::change`] and its like only, which keep count of the settled ones.
    pub(crate) states: Vec<Vec<State>>,
    /// Of actions that have places, each at each of them.
    pub(crate) placed: BTreeMap<Task, State>,
    pub(crate) places: Places,
    /// Where each value was written down that somebody wrote down, and that nothing was captured over since.
    pub(crate) written: BTreeMap<String, Task>,
    /// What was captured place by place, by name.
    pub(crate) captured: BTreeMap<String, Captured>,
    /// What each block captured last, by name: [`Run::captured`].
    pub(crate) taken: BTreeMap<String, BTreeMap<Task, String>>,
    pub(crate) settled: usize,
    pub(crate) actions: usize,
    /// Whether the step's own condition has been decided: something of the step has been touched.
    pub(crate) entered: Vec<bool>,
    /// What happened to each step as a whole.
    pub(crate) courses: Vec<Course>,
    /// Steps from this one on have not been touched, or not since the run went back before them.
    pub(crate) reached: usize,
    /// Of steps from this one on nothing was ever on record, but notes.
    pub(crate) furthest: usize,
    /// How often the document was exchanged: the plan is the one after so many.
    pub(crate) exchanges: usize,
    /// Indices of the steps, by id.
    pub(crate) by_id: Arc<[usize]>,
    /// Step and action before which nothing is left to do; the first action that is not settled.
    pub(crate) cursor: (usize, usize),
    pub(crate) rollback: Option<Rollback>,
    pub(crate) probe: Option<Probe>,
    pub(crate) values: Values,
    pub(crate) performers: BTreeSet<String>,
    pub(crate) people: People,
    pub(crate) independence: Independence,
    /// The machines' users that sessions of this run were of.
    pub(crate) accounts: BTreeSet<String>,
    /// Who signed with each key, by fingerprint.
    pub(crate) keys: BTreeMap<String, String>,
    pub(crate) effects: Effects,
    /// Sign-offs that lapse if something their signer saw changes: nothing that they guard has begun.
    pub(crate) fresh: Vec<Task>,
    /// Sign-offs since which nothing that they guard has begun: they lapse in time, if the document says so.
    pub(crate) unused: Vec<Task>,
    /// Sign-offs that no longer count, in document order, each with the reason: nothing else happens before that is on
    /// record.
    pub(crate) lapsing: Vec<(Task, String)>,
    /// Hold points that somebody signed off, not since begun again.
    pub(crate) signed_off: BTreeSet<Task>,
    pub(crate) deviations: usize,
    pub(crate) witness: Witness,
    /// By place; `None` for the machine that drives the run.
    pub(crate) shell: BTreeMap<Option<PlaceIx>, BlobRef>,
    /// When each sign-off was given.
    pub(crate) given: Given,
    /// Who rejected each hold point last.
    pub(crate) rejections: BTreeMap<Task, Rejection>,
    /// Every attempt that was sent to another place, by its name there.
    pub(crate) sent: BTreeMap<String, PlaceIx>,
    /// Those of them of which no end is on record.
    pub(crate) endless: BTreeSet<String>,
    /// Those of them that may run, until something else is sent to their place.
    pub(crate) unended: BTreeMap<Task, Unended>,
    pub(crate) aborted: bool,
    pub(crate) closed: bool,
}

/// How far a run has come, counted in actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Settled, and left out by nobody.
    pub done: usize,
    /// Skipped by somebody.
    pub skipped: usize,
    /// Not for this run.
    pub passed_over: usize,
    /// Done before the run went back, and nothing of them since.
    pub again: usize,
    /// There are.
    pub all: usize,
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
        let plan = plan.after(0);
        let mut run = Run {
            by_id: Run::ids_of(plan),
            states: plan.steps.iter().map(|step| vec![State::default(); step.actions.len()]).collect(),
            actions: plan.steps.iter().map(|step| step.actions.len()).sum(),
            entered: vec![false; plan.steps.len()],
            courses: vec![Course::default(); plan.steps.len()],
            ..Run::default()
        };
        run.advance();
        run
    }

    /// Indices of a plan's steps, by id.
    pub(crate) fn ids_of(plan: &Plan) -> Arc<[usize]> {
        let mut by_id: Vec<usize> = (0..plan.steps.len()).collect();
        by_id.sort_by_key(|step| &plan.steps[*step].id);
        by_id.into()
    }

    /// Folds a whole record. The error names the first event that does not fit.
    pub fn replay(
        plan: &Plan,
        events: impl IntoIterator<Item = (Timestamp, Event)>,
    ) -> Result<Run, Unexpected> {
        let mut run = Run::new(plan);
        for (at, event) in events {
            run.apply(plan, at, &event)?;
        }
        Ok(run)
    }

    /// How a run ends that has come to the end of its plan. Where every action was left out, a good end would say of
    /// the system what nobody has looked at.
    pub(crate) fn ended(&self) -> Verdict {
        let whole = self.states.iter().flatten().any(|state| state.left.is_none());
        let done = whole || self.placed.values().any(State::is_done);
        if done { Verdict::Passed } else { Verdict::NothingDone }
    }

    /// The actions that somebody skipped, and that were not done afterwards, each with its place if it has one.
    pub fn skipped(&self, plan: &Plan) -> Vec<String> {
        self.of_which(plan, |state| state.left == Some(Left::Skipped))
    }

    /// The actions of which another script was run than the document's, or would be, likewise.
    pub fn edited(&self, plan: &Plan) -> Vec<String> {
        self.of_which(plan, |state| state.script.is_some())
    }

    /// The actions that were in doubt, that somebody says happened, and that were not done afterwards, likewise.
    pub fn taken_as_done(&self, plan: &Plan) -> Vec<String> {
        self.of_which(plan, |state| state.told.taken_as_done)
    }

    fn of_which(&self, plan: &Plan, is: impl Fn(&State) -> bool) -> Vec<String> {
        let actions = self.states.iter().enumerate().flat_map(|(step, states)| {
            states.iter().enumerate().map(move |(action, state)| (Task::action(step, action), state))
        });
        let placed = self.placed.iter().map(|(task, state)| (*task, state));
        let there: Vec<Task> = placed.filter(|(_, state)| is(state)).map(|(task, _)| task).collect();
        // Of one that has places, these are named, and not what they come to together.
        let together = |task: &Task| there.iter().any(|placed| placed.unplaced() == *task);
        let here = actions.filter(|(_, state)| is(state)).map(|(task, _)| task);
        let mut tasks: Vec<Task> = here.filter(|task| !together(task)).collect();
        tasks.extend(&there);
        tasks.sort_unstable();
        let named = tasks.into_iter().map(|task| match self.place_of(task) {
            Some(place) => format!("{} at {place}", task.id(plan)),
            None => task.id(plan),
        });
        named.collect()
    }

    /// The first action that is not settled.
    pub(crate) fn current(&self) -> Option<Task> {
        let (step, action) = self.cursor;
        (step < self.states.len()).then(|| Task::action(step, action))
    }

    /// The index of the step of this id; as [`Plan::step`], without going through all of them.
    pub(crate) fn step(&self, plan: &Plan, id: &str) -> Option<usize> {
        let at = self.by_id.partition_point(|step| plan.steps[*step].id.as_str() < id);
        self.by_id.get(at).copied().filter(|step| plan.steps[*step].id == id)
    }

    /// Moves the cursor past what is settled.
    pub(crate) fn advance(&mut self) {
        if let Some(rollback) = &mut self.rollback {
            rollback.advance();
        }
        while let Some(states) = self.states.get(self.cursor.0) {
            let left = states.iter().skip(self.cursor.1).position(|state| state.status != Status::Settled);
            if let Some(settled) = left {
                self.cursor.1 += settled;
                return;
            }
            self.cursor = (self.cursor.0 + 1, 0);
        }
    }

    pub(crate) fn next_of(&self, plan: &Plan, task: Task) -> Next {
        let state = self.state(task);
        match state.status {
            Status::Running => Next::Await(self.execution(plan, task, false)),
            Status::InDoubt => Next::Ask(task, Question::InDoubt),
            Status::Failed => self.after_failure(plan, task, state),
            Status::Pending => self.begin(plan, task),
            Status::Settled => Next::Done(self.ended()),
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
            OnFailure::Rollback if !self.can_roll_back(plan) => Next::Done(Verdict::Failed),
            OnFailure::Rollback => Next::RollBack,
        }
    }

    fn begin(&self, plan: &Plan, task: Task) -> Next {
        match self.condition(plan, task) {
            Condition::Holds => {}
            Condition::Fails { condition, whole } => {
                return Next::PassOver { task, whole, condition: condition.to_owned() };
            }
            Condition::Unknown { .. } => return Next::Ask(task, Question::Failed),
        }
        // Before what it would be with all values: some of them may be to be asked for.
        if task.offered(plan).is_some() && !self.state(task).wanted {
            return Next::Ask(task, Question::Choose);
        }
        if self.text_error(plan, task).is_some() {
            return Next::Ask(task, Question::Failed);
        }
        match task.work(plan) {
            Some(Work::Run(_)) if !self.is_acknowledged(task) && self.warning(plan, task).is_some() => {
                Next::Ask(task, Question::Confirm)
            }
            None | Some(Work::Run(_) | Work::Check(_)) => Next::Execute(self.execution(plan, task, false)),
            Some(Work::Confirm { .. }) => Next::Ask(task, Question::Confirm),
            Some(Work::Record { .. }) => Next::Ask(task, Question::Record),
            Some(Work::SignOff(_)) => Next::Ask(task, Question::SignOff),
        }
    }

    /// What must be acknowledged before this block runs: a `CAUTION`, or a point of no return.
    pub fn warning(&self, plan: &Plan, task: Task) -> Option<String> {
        let Slot::Action(action) = task.slot else { return None };
        let step = task.step_of(plan);
        if !step.warns_before(&step.actions[action]) {
            return None;
        }
        let is_run = |action: usize| matches!(step.actions[action].work, Work::Run(_));
        // Not simply before the first block: that one may have been skipped, or not be for this run.
        let told = || (0..action).any(|before| is_run(before) && self.states[task.step][before].acknowledged);
        let point = (step.irreversible && !told()).then(|| {
            "This is a point of no return: nothing up to here can be rolled back afterwards.".to_owned()
        });
        let texts: Vec<String> = step.actions[action].caution.iter().cloned().chain(point).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }

    /// Warnings are acknowledged once, whatever the number of places.
    fn is_acknowledged(&self, task: Task) -> bool {
        self.state(task.unplaced()).acknowledged
    }

    pub(crate) fn execution(&self, plan: &Plan, task: Task, probe: bool) -> Execution {
        let state = self.state(task);
        let running =
            state.status == Status::Running || probe && self.probe.is_some_and(|probe| probe.running);
        let retry = task.block(plan).and_then(|block| block.options.retry);
        let pause = match retry {
            _ if probe => Duration::ZERO,
            Some(retry) if state.retrying => retry.every,
            _ => self.pause_within_soak(plan, task).unwrap_or_default(),
        };
        Execution { task, attempt: state.attempts + u32::from(!running), pause, probe }
    }

    pub(crate) fn state(&self, task: Task) -> &State {
        match (task.slot, &self.rollback) {
            (Slot::Action(_), _) if task.place.is_some() => self.placed.get(&task).unwrap_or(&UNTOUCHED),
            (Slot::Action(action), _) => &self.states[task.step][action],
            (Slot::Rollback(_), Some(rollback)) => rollback.state(task),
            (Slot::Rollback(_), None) => &UNTOUCHED,
        }
    }

    /// Event 0, once there is one; where the document was exchanged, as it would be with the one that the run goes by
    /// now.
    pub fn opened(&self) -> Option<&RunOpened> {
        self.opened.as_deref()
    }

    /// Whether this is a dry run, as event 0 says.
    pub fn is_dry(&self) -> bool {
        self.opened().is_some_and(|opened| opened.dry)
    }

    /// Whether somebody ended it early.
    pub fn is_aborted(&self) -> bool {
        self.aborted
    }

    /// Whether `run.closed` has been written: nothing follows it.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The variables as they are now, for whatever has no place. [`Run::values_at`] knows those of a place.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Who operates.
    pub fn operator(&self) -> &str {
        &self.operator
    }

    /// When it opened.
    pub fn opened_at(&self) -> jiff::Timestamp {
        self.looks.opened_at
    }

    /// How many deviations there were.
    pub fn deviations(&self) -> usize {
        self.deviations
    }

    /// What was done differently so far, in words, in the order in which it happened.
    pub fn told_deviations(&self) -> impl ExactSizeIterator<Item = String> {
        self.witness.told_deviations().iter().map(Whose::sourced)
    }

    /// Who rejected this hold point last, where nobody signed it off since and its step was not begun again.
    pub fn rejection(&self, task: Task) -> Option<&Rejection> {
        self.rejections.get(&task).filter(|_| self.state(task).told.rejected)
    }

    /// What somebody who signs now has before their eyes.
    pub fn seen(&self) -> Seen {
        self.witness.seen()
    }

    /// What the last execution of each block printed, by action.
    pub fn last_outputs(&self) -> Vec<(&str, &Output)> {
        self.witness.outputs()
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The shell state that this block begins with, if any was kept: that in which the block before it at the same place
    /// ended.
    pub fn shell_state(&self, task: Task) -> Option<&BlobRef> {
        self.shell.get(&self.shell_of(task))
    }

    /// The same, for what runs on the machine that drives the run.
    pub fn local_shell_state(&self) -> Option<&BlobRef> {
        self.shell.get(&None)
    }

    /// The same for every other place, by its name.
    pub fn shell_states(&self) -> impl Iterator<Item = (&str, &BlobRef)> {
        let placed = self.shell.iter().filter_map(|(place, state)| Some(((*place)?, state)));
        placed.map(|(place, state)| (self.place_name(place), state))
    }

    /// Where the attempt of this block was sent that runs, or is in doubt.
    pub fn sent_to(&self, task: Task) -> Option<&SentTo> {
        self.state(task).sent.as_deref()
    }

    /// Every attempt of the run that was sent to another place: its name there, and the place.
    pub fn attempts_sent(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sent.iter().map(|(attempt, place)| (attempt.as_str(), self.place_name(*place)))
    }

    /// The script that runs instead of the document's, if the operator edited it.
    pub fn edited_script(&self, task: Task) -> Option<&BlobRef> {
        self.state(task).script.as_ref()
    }

    /// Fields of a record action that are not written down yet; of an offered command those whose value nobody has given
    /// in this run.
    pub fn open_fields<'p>(&self, plan: &'p Plan, task: Task) -> Vec<&'p holdpoint_model::Field> {
        match task.work(plan) {
            Some(Work::Run(_)) => self.missing(plan, task).into_iter().map(|blank| &blank.field).collect(),
            Some(Work::Record { fields }) => {
                fields.iter().filter(|field| !self.state(task).recorded.contains(&field.name)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether the sign-off was asked for already.
    pub fn is_requested(&self, task: Task) -> bool {
        self.state(task).requested
    }

    /// How many actions are settled, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.settled, self.actions)
    }

    /// How far it has come, with what was left out told apart.
    pub fn tally(&self) -> Tally {
        let left = |why| self.states.iter().flatten().filter(|state| state.left == Some(why)).count();
        let (skipped, passed_over) = (left(Left::Skipped), left(Left::PassedOver));
        let again = |(step, states): (usize, &Vec<State>)| {
            let actions = (0..states.len()).map(|action| Task::action(step, action));
            actions.filter(|task| self.is_to_be_done_again(*task)).count()
        };
        let again = self.states.iter().enumerate().map(again).sum();
        Tally { done: self.settled - skipped - passed_over, skipped, passed_over, again, all: self.actions }
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
