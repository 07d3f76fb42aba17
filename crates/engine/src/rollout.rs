//! How a step goes over the places of its target: which place may begin, which are waited for, who is asked.
//!
//! Blocks of the same target that follow one another are a stretch. A place goes through its stretch in document order;
//! whatever stands after the stretch waits for all places.

use std::ops::Range;

use holdpoint_model::{Plan, Rollout};

use crate::run::places::Lane;
use crate::run::state::Status;
use crate::{Execution, Frontier, Next, PassOver, PlaceIx, Question, Run, Task};

/// Where the places of a stretch stand.
#[derive(Default)]
struct Standing {
    running: Vec<Execution>,
    in_doubt: Vec<Task>,
    /// What must be answered for.
    failed: Vec<Task>,
    interrupted: bool,
    /// Places at work again after somebody said so: they count as failed until they have passed.
    retried: usize,
    /// Whether a place that goes first has failed, and has not passed since.
    first_failed: bool,
    /// By position: begun, and between two blocks.
    between: Vec<(usize, Task)>,
    /// By position: not begun, with the first task of each.
    waiting: Vec<(usize, Task)>,
    /// How many of the places that go first are through.
    through_first: usize,
}

impl Run {
    /// What may go on now in the stretch of blocks that `task`, the first action not settled at all places, is part of.
    pub(crate) fn roll_out(&self, plan: &Plan, task: Task, lane: &Lane) -> Frontier {
        if let Some(next) = self.step_condition(plan, task) {
            return next.into();
        }
        let rollout = task.step_of(plan).rollout.unwrap_or_default();
        let first = (rollout.first as usize).min(lane.places.len());
        let standing = self.stand(plan, task, lane, first);
        if !standing.in_doubt.is_empty() {
            let asks = standing.in_doubt.iter().map(|task| (*task, Question::InDoubt)).collect();
            return Frontier { asks, running: standing.running, ..Frontier::default() };
        }
        self.go_on(plan, standing, &rollout, first)
    }

    /// How many places may still begin with this block while others are at work with it, beside those that may begin now: none
    /// where each waits until nothing is under way.
    pub fn following(&self, plan: &Plan, task: Task) -> usize {
        let Some(lane) = self.lane(task).filter(|_| !task.is_rollback()) else { return 0 };
        let rollout = task.step_of(plan).rollout.unwrap_or_default();
        let first = (rollout.first as usize).min(lane.places.len());
        let ready = self.frontier(plan).ready;
        let begin = ready.iter().filter(|ready| ready.task.unplaced() == task.unplaced()).count();
        // A place that has more to do afterwards keeps its room.
        if begin < 2 || self.stretch(task, lane).len() > 1 {
            return 0;
        }
        let standing = self.stand(plan, task, lane, first);
        let last = if standing.through_first == first { lane.places.len() } else { first };
        let open = standing.waiting.iter().filter(|(position, _)| *position < last);
        open.filter(|(_, task)| !ready.iter().any(|ready| ready.task == *task)).count()
    }

    /// The actions around `task` that go over the same places one after another.
    fn stretch(&self, task: Task, lane: &Lane) -> Range<usize> {
        let crate::Slot::Action(at) = task.slot else { return 0..0 };
        let same = |action: &usize| {
            self.lane(Task::action(task.step, *action)).is_some_and(|other| other.target == lane.target)
        };
        let start = (0..at).rev().take_while(same).last().unwrap_or(at);
        let end = (at..self.states[task.step].len()).take_while(same).last().unwrap_or(at) + 1;
        start..end
    }

    fn stand(&self, plan: &Plan, task: Task, lane: &Lane, first: usize) -> Standing {
        let stretch = self.stretch(task, lane);
        let mut standing = Standing::default();
        for (position, place) in lane.places.iter().enumerate() {
            let of = |action: usize| Task::action(task.step, action).at(*place);
            let open = stretch.clone().map(of).find(|task| self.state(*task).status != Status::Settled);
            let Some(task) = open else {
                standing.through_first += usize::from(position < first);
                continue;
            };
            let state = self.state(task);
            let failed_before = self.places.strict && state.failed_before;
            let fails = state.status == Status::Failed || failed_before;
            standing.first_failed |= self.places.strict && fails && position < first;
            standing.retried += usize::from(failed_before && state.status == Status::Running);
            match state.status {
                Status::Running => standing.running.push(self.execution(plan, task, false)),
                Status::InDoubt => standing.in_doubt.push(task),
                Status::Failed => {
                    standing.failed.push(task);
                    standing.interrupted |= state.interrupted;
                }
                Status::Pending | Status::Settled if self.has_begun(stretch.clone(), task.step, *place) => {
                    standing.between.push((position, task));
                }
                Status::Pending | Status::Settled => standing.waiting.push((position, task)),
            }
        }
        standing
    }

    fn has_begun(&self, mut stretch: Range<usize>, step: usize, place: PlaceIx) -> bool {
        stretch.any(|action| {
            let state = self.state(Task::action(step, action).at(place));
            state.status != Status::Pending || state.decided
        })
    }

    /// Nothing is in doubt.
    fn go_on(&self, plan: &Plan, standing: Standing, rollout: &Rollout, first: usize) -> Frontier {
        let Standing { running, mut failed, interrupted, mut retried, mut first_failed, .. } = standing;
        let Standing { between, waiting, through_first, .. } = standing;
        let mut frontier = Frontier { running, ..Frontier::default() };
        // Places that wait for a warning to be acknowledged.
        let mut warned = Vec::new();
        let mut at_work = frontier.running.len();
        let tolerated = rollout.stop_after as usize;
        // Somebody stopped a block: they are asked before anything else begins.
        if !interrupted {
            for (position, task) in between {
                let works = self.offer(plan, task, &mut frontier, &mut failed, &mut warned);
                at_work += usize::from(works);
                retried += usize::from(works && self.places.strict && self.state(task).failed_before);
                first_failed |= self.places.strict && !works && position < first;
            }
            for (position, task) in waiting {
                let allowed = position < first || through_first == first;
                let room = at_work < rollout.at_once as usize;
                if failed.len() + retried > tolerated || first_failed || !allowed || !room {
                    break;
                }
                let works = self.offer(plan, task, &mut frontier, &mut failed, &mut warned);
                at_work += usize::from(works);
                first_failed |= self.places.strict && !works && position < first;
            }
        }
        let asked_for = |ready: &Execution| self.state(ready.task).is_asked_for();
        let waits = frontier.running.is_empty()
            && frontier.pass_over.is_empty()
            && frontier.ready.iter().all(asked_for);
        if !waits {
            return frontier;
        }
        let over = interrupted || failed.len() + retried > tolerated || first_failed;
        match warned.first() {
            Some(task) if !over => {
                if frontier.ready.is_empty() {
                    frontier.asks.push((task.unplaced(), Question::Confirm));
                }
            }
            _ => self.answer_for(plan, &failed, &mut frontier),
        }
        frontier
    }

    /// Puts a place that may go on where it belongs; gives whether it is at work.
    fn offer(
        &self,
        plan: &Plan,
        task: Task,
        frontier: &mut Frontier,
        failed: &mut Vec<Task>,
        warned: &mut Vec<Task>,
    ) -> bool {
        match self.next_of(plan, task) {
            Next::Execute(execution) => frontier.ready.push(execution),
            Next::PassOver { task, whole, condition } => {
                frontier.pass_over.push(PassOver { task, whole, condition });
            }
            Next::Ask(_, Question::Confirm) => warned.push(task),
            _ => {
                failed.push(task);
                return false;
            }
        }
        true
    }

    /// What failed leads to what the document says; where that is a question, it is asked of each place.
    fn answer_for(&self, plan: &Plan, failed: &[Task], frontier: &mut Frontier) {
        let mut other = None;
        for task in failed {
            match self.next_of(plan, *task) {
                Next::Ask(task, question) => frontier.asks.push((task, question)),
                next => other = other.or(Some(next)),
            }
        }
        if let (Some(next), true, true) = (other, frontier.asks.is_empty(), frontier.ready.is_empty()) {
            *frontier = next.into();
        }
    }
}
