//! What became of an action, a rollback block or a step: the one place where that is decided. Reports, lists and screens
//! ask here, so that none of them can say something else than the engine acts on.

use holdpoint_model::{Plan, Work};
use serde::Serialize;

use crate::run::state::{Before, Left, SinceReset, State, Status as Phase};
use crate::{Next, Outcome, RollbackState, Run, Slot, Task, Verdict};

/// What became of a step or an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing happened to it.
    NotReached,
    /// Something of it was done before the run went back, and nothing has happened to it since.
    ToBeDoneAgain,
    /// It was tried before the run went back and failed, and nothing has happened to it since.
    FailedBefore,
    /// A rollback block that no rollback asked for.
    NotUsed,
    /// A step some of whose actions are done and some are not.
    Unfinished,
    /// A check that must hold for a time: it has held so far, and not for as long yet.
    Holding,
    /// It was begun and has not ended; who reads a record cannot tell whether it still runs, see [`Status::seen`].
    Running,
    /// Every expectation held; for a step, everything in it was done as written.
    Passed,
    /// A step that is done, but not as the document says: something was skipped, edited or taken as done.
    PassedWithDeviations,
    /// Something did not hold, or a recorded value is out of its limits.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// The operator stopped it.
    Interrupted,
    /// It was left out, with a reason.
    Skipped,
    /// Something of it did not pass, and it was then skipped.
    LeftAfterFailure,
    /// Somebody confirmed it.
    Confirmed,
    /// A command that a document offers, and that somebody says they did by hand.
    ByHand,
    /// The same of one that was run, and did not pass.
    ByHandAfterFailure,
    /// Every value was written down, within its limits.
    Recorded,
    /// Every sign-off it takes was given, and counts.
    Signed,
    /// A sign-off was asked for or has lapsed, more values or sign-offs are to come, or, as it is told to
    /// an [`Onlooker`](crate::Onlooker), somebody is asked about it.
    Waiting,
    /// The person asked for a sign-off refused it.
    Rejected,
    /// Its condition does not hold.
    NotApplicable,
    /// It was begun and the record does not say how it ended.
    InDoubt,
    /// It was in doubt and the operator says that it happened.
    TakenAsDone,
    /// It was undone.
    RolledBack,
    /// Undoing it did not succeed.
    RollbackFailed,
    /// It was to be undone, and somebody skipped that.
    RollbackSkipped,
    /// It is being undone; as with [`Status::Running`], the record alone cannot tell.
    RollbackRunning,
    /// Undoing it was begun, and the record does not say how that ended.
    RollbackInDoubt,
    /// It was to be undone, and not all of that was done.
    RollbackUnfinished,
    /// Not known: the record does not conform from some event on. The engine itself never says so; whoever reads such
    /// a record says it of whatever was not done before that event.
    Unknown,
}

impl Status {
    /// In capitals, as reports show it.
    pub fn words(self) -> &'static str {
        match self {
            Status::NotReached => "NOT REACHED",
            Status::ToBeDoneAgain => "TO BE DONE AGAIN",
            Status::FailedBefore => "FAILED, TO BE DONE AGAIN",
            Status::NotUsed => "NOT USED",
            Status::Unfinished => "UNFINISHED",
            Status::Holding => "HOLDING",
            Status::Running => "RUNNING",
            Status::Passed => "PASSED",
            Status::PassedWithDeviations => "PASSED, WITH DEVIATIONS",
            Status::Failed => "FAILED",
            Status::TimedOut => "TIMED OUT",
            Status::Interrupted => "INTERRUPTED",
            Status::Skipped => "SKIPPED",
            Status::LeftAfterFailure => "FAILED, THEN SKIPPED",
            Status::Confirmed => "CONFIRMED",
            Status::ByHand => "DONE BY HAND",
            Status::ByHandAfterFailure => "FAILED, THEN DONE BY HAND",
            Status::Recorded => "RECORDED",
            Status::Signed => "SIGNED",
            Status::Waiting => "WAITING",
            Status::Rejected => "REJECTED",
            Status::NotApplicable => "NOT APPLICABLE",
            Status::InDoubt => "IN DOUBT",
            Status::TakenAsDone => "TAKEN AS DONE",
            Status::RolledBack => "ROLLED BACK",
            Status::RollbackFailed => "ROLLBACK FAILED",
            Status::RollbackSkipped => "ROLLBACK SKIPPED",
            Status::RollbackRunning => "ROLLBACK RUNNING",
            Status::RollbackInDoubt => "ROLLBACK IN DOUBT",
            Status::RollbackUnfinished => "ROLLBACK NOT FINISHED",
            Status::Unknown => "UNKNOWN",
        }
    }

    /// Whether nothing is left to do about it.
    pub fn is_done(self) -> bool {
        matches!(
            self,
            Status::Passed
                | Status::PassedWithDeviations
                | Status::Skipped
                | Status::LeftAfterFailure
                | Status::Confirmed
                | Status::ByHand
                | Status::ByHandAfterFailure
                | Status::Recorded
                | Status::Signed
                | Status::NotApplicable
                | Status::TakenAsDone
        )
    }

    /// Whether somebody says that they did it by hand, tried before or not.
    pub fn is_by_hand(self) -> bool {
        matches!(self, Status::ByHand | Status::ByHandAfterFailure)
    }

    /// What became of it before the run went back, in words; `None` where the run did not, or something has happened since.
    pub fn before(self) -> Option<&'static str> {
        match self {
            Status::ToBeDoneAgain => Some("it was done before the run went back"),
            Status::FailedBefore => Some("it was tried and failed before the run went back"),
            _ => None,
        }
    }

    /// As told by somebody who reads the record. What was begun and has no end runs where the driver that began it has
    /// the run still (`driven`); where nobody drives, it is in doubt.
    pub fn seen(self, driven: bool) -> Status {
        match self {
            Status::Running if !driven => Status::InDoubt,
            Status::RollbackRunning if !driven => Status::RollbackInDoubt,
            status => status,
        }
    }

    /// Whether it ended badly or is uncertain, in the order of how bad: what a step shows of its actions.
    fn trouble(self) -> Option<u8> {
        match self {
            Status::InDoubt => Some(6),
            Status::Running => Some(5),
            Status::Failed => Some(4),
            Status::TimedOut => Some(3),
            Status::Interrupted => Some(2),
            Status::Rejected => Some(1),
            _ => None,
        }
    }
}

impl From<Outcome> for Status {
    fn from(outcome: Outcome) -> Status {
        match outcome {
            Outcome::Passed => Status::Passed,
            Outcome::Failed => Status::Failed,
            Outcome::TimedOut => Status::TimedOut,
            Outcome::Interrupted => Status::Interrupted,
        }
    }
}

impl Run {
    /// What became of an action or a rollback block.
    pub fn status(&self, plan: &Plan, task: Task) -> Status {
        let undone = || self.rollback_state(plan, task.step) == Some(RollbackState::Done);
        let is_run = matches!(task.work(plan), Some(Work::Run(_)));
        let begun = |task: &Task| {
            let state = self.state(*task);
            let before = state.before.filter(|_| state.is_untouched());
            before.map_or(state.told, |before| before.told).begun
        };
        if is_run && self.at_each_place(task).iter().any(begun) && undone() {
            return Status::RolledBack;
        }
        self.own_status(plan, task)
    }

    /// As [`Run::status`], whatever a rollback did to it afterwards. What runs at places comes to what they come to.
    pub(crate) fn own_status(&self, plan: &Plan, task: Task) -> Status {
        if task.place.is_none() && self.lane(task).is_some() {
            // Where a step took no effect nothing of it is undone.
            let statuses = self.at_each_place(task).into_iter().map(|task| self.own_status(plan, task));
            let statuses: Vec<Status> = statuses.filter(|status| *status != Status::NotUsed).collect();
            if statuses.is_empty() {
                return Status::NotUsed;
            }
            return of_step(&statuses, false);
        }
        if matches!(task.slot, Slot::Rollback(_)) && !self.undoes(task) {
            return Status::NotUsed;
        }
        let state = self.state(task);
        // What did not pass stays told, whatever was decided about it then.
        let failed = state.told.outcome.is_some_and(|outcome| outcome != Outcome::Passed);
        match state.left {
            Some(_) if failed => return Status::LeftAfterFailure,
            Some(Left::PassedOver) => return Status::NotApplicable,
            Some(Left::Skipped) => return Status::Skipped,
            None => {}
        }
        match state.status {
            Phase::Running => Status::Running,
            Phase::InDoubt => Status::InDoubt,
            Phase::Failed => state.told.outcome.map_or(Status::Failed, Status::from),
            Phase::Settled if self.is_lapsing(task) => Status::Waiting,
            Phase::Settled => settled_as(task.work(plan), state.told),
            Phase::Pending if state.soak.is_some() => Status::Holding,
            Phase::Pending => self.pending_as(task.work(plan), task, state),
        }
    }

    fn pending_as(&self, work: Option<&Work>, task: Task, state: &State) -> Status {
        let last = state.told.outcome.map_or_else(|| self.untouched(work, task), Status::from);
        match work {
            Some(Work::SignOff(_)) if state.told.rejected => Status::Rejected,
            Some(Work::SignOff(_)) => {
                let asked = state.requested || state.told.lapsed || !state.signers.is_empty();
                if asked { Status::Waiting } else { last }
            }
            Some(Work::Record { .. }) if !state.recorded.is_empty() => Status::Waiting,
            Some(Work::Record { .. } | Work::Run(_) | Work::Check(_) | Work::Confirm { .. }) | None => last,
        }
    }

    /// Of what nothing happened to, or not since the run went back. What is being undone is not done again any more, and
    /// so it is told as what it came to then.
    fn untouched(&self, work: Option<&Work>, task: Task) -> Status {
        match self.state(task).before {
            None => Status::NotReached,
            Some(before) if self.is_about(task.step) => came_to(work, before),
            Some(before) if before.failed() => Status::FailedBefore,
            Some(_) => Status::ToBeDoneAgain,
        }
    }

    /// Whether the rollback is about this step.
    fn is_about(&self, step: usize) -> bool {
        self.rollback.is_some() && self.undoes(Task::rollback(step, 0))
    }

    /// What became of a step, from its actions and its rollback.
    pub fn step_status(&self, plan: &Plan, step: usize) -> Status {
        match self.rollback_state(plan, step) {
            Some(RollbackState::Done) => return Status::RolledBack,
            Some(RollbackState::Failed) => return Status::RollbackFailed,
            Some(RollbackState::Skipped) => return Status::RollbackSkipped,
            Some(RollbackState::Running) => return Status::RollbackRunning,
            Some(RollbackState::InDoubt) => return Status::RollbackInDoubt,
            Some(RollbackState::Unfinished) => return Status::RollbackUnfinished,
            Some(RollbackState::Impossible) | None => {}
        }
        let actions = 0..plan.steps[step].actions.len();
        let actions: Vec<Status> =
            actions.map(|action| self.own_status(plan, Task::action(step, action))).collect();
        of_step(&actions, self.courses[step].deviated)
    }

    /// Which round of the step it is: 1 unless the run went back. What happened in an earlier round is history.
    pub fn round(&self, step: usize) -> u32 {
        1 + self.courses[step].repeats
    }

    /// How often anything of the step was begun; 1 where nothing was yet.
    pub fn times_begun(&self, step: usize) -> u32 {
        (self.courses[step].repeats + u32::from(self.entered[step])).max(1)
    }

    /// Whether something of an action was done before the run went back, and nothing has happened to it since, anywhere.
    pub(crate) fn is_to_be_done_again(&self, task: Task) -> bool {
        let places = self.at_each_place(task);
        let mut states = places.iter().map(|task| self.state(*task));
        let before = states.clone().any(|state| state.before.is_some());
        before && states.all(State::is_untouched) && !self.is_about(task.step)
    }

    /// What it is told as, where nobody waits for it any more: it may have been done before the run went back.
    pub(crate) fn without_waiting(&self, plan: &Plan, task: Task) -> Status {
        self.untouched(task.work(plan), task)
    }

    /// Whether a sign-off that `who` gave here counts: it was not taken back by a lapse, done or due.
    pub fn counts(&self, task: Task, who: &str) -> bool {
        !self.is_lapsing(task) && self.signers(task).any(|signer| signer == who)
    }

    /// Whether its sign-off lapses before anything else happens.
    pub fn is_lapsing(&self, task: Task) -> bool {
        self.lapsing.iter().any(|(lapsing, _)| *lapsing == task)
    }

    /// Whether every value written down so far keeps its limits.
    pub fn keeps_limits(&self, task: Task) -> bool {
        self.state(task).out_of_limits.is_empty()
    }

    /// How the run ends, if nothing is left but to close it; how it ended, if it is closed.
    pub fn verdict(&self, plan: &Plan) -> Option<Verdict> {
        match self.next(plan) {
            Next::Done(verdict) => Some(verdict),
            _ => None,
        }
    }

    /// Where the run stands: what is done, asked or waited for next. `None` where nothing is, or may be.
    pub fn stands_at(&self, plan: &Plan) -> Option<Task> {
        match self.next(plan) {
            Next::Execute(execution) | Next::Await(execution) => {
                Some(self.probe.map_or(execution.task, |probe| probe.of))
            }
            Next::Ask(task, _) | Next::PassOver { task, .. } | Next::Lapse { task, .. } => Some(task),
            Next::Override if self.is_barred_since_opening() => None,
            Next::SignSession | Next::Override | Next::RollBack => match &self.rollback {
                Some(rollback) => rollback.current(),
                None => self.current(),
            },
            Next::Open | Next::Done(_) => None,
        }
    }
}

fn settled_as(work: Option<&Work>, told: SinceReset) -> Status {
    let failed = told.outcome.is_some_and(|outcome| outcome != Outcome::Passed);
    match work {
        Some(Work::SignOff(_)) => Status::Signed,
        Some(Work::Confirm { .. }) => Status::Confirmed,
        Some(Work::Record { .. }) => Status::Recorded,
        Some(Work::Run(_)) if told.by_hand && failed => Status::ByHandAfterFailure,
        Some(Work::Run(_)) if told.by_hand => Status::ByHand,
        Some(Work::Run(_) | Work::Check(_)) | None if told.taken_as_done => Status::TakenAsDone,
        Some(Work::Run(_) | Work::Check(_)) | None => Status::Passed,
    }
}

/// What an action came to before the run went back. A sign-off of then counts no more.
fn came_to(work: Option<&Work>, before: Before) -> Status {
    match work {
        Some(Work::SignOff(_)) => Status::NotReached,
        _ if before.done => settled_as(work, before.told),
        _ => before.told.outcome.map_or(Status::NotReached, Status::from),
    }
}

/// Of several, to none of which anything has happened since the run went back.
pub(crate) fn of_untouched(statuses: &[Status]) -> Status {
    let again = [Status::ToBeDoneAgain, Status::FailedBefore];
    again.into_iter().find(|again| statuses.contains(again)).unwrap_or(Status::NotReached)
}

fn of_step(actions: &[Status], deviated: bool) -> Status {
    let worst = actions.iter().copied().filter(|status| status.trouble().is_some());
    if let Some(worst) = worst.max_by_key(|status| status.trouble()) {
        return worst;
    }
    if actions.contains(&Status::Waiting) {
        return Status::Waiting;
    }
    let untouched = |status: &Status| *status == Status::NotReached || status.before().is_some();
    if actions.iter().all(untouched) {
        return of_untouched(actions);
    }
    if actions.iter().any(|status| !status.is_done()) {
        return Status::Unfinished;
    }
    let failed = [Status::LeftAfterFailure, Status::ByHandAfterFailure];
    if let Some(failed) = failed.into_iter().find(|failed| actions.contains(failed)) {
        return failed;
    }
    let mut applicable: Vec<Status> =
        actions.iter().copied().filter(|status| *status != Status::NotApplicable).collect();
    applicable.dedup();
    match applicable[..] {
        [] => Status::NotApplicable,
        [only] if !deviated => only,
        [Status::Skipped] => Status::Skipped,
        [Status::TakenAsDone] => Status::TakenAsDone,
        _ if deviated || applicable.iter().any(|s| matches!(s, Status::Skipped | Status::TakenAsDone)) => {
            Status::PassedWithDeviations
        }
        _ => Status::Passed,
    }
}
