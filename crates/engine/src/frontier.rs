//! What may go on now: everything at once that a step on many places lets go, and at most one thing elsewhere.

use std::time::Duration;

use holdpoint_model::Plan;

use crate::{Execution, Next, PassOver, Question, Run, Task, Verdict};

/// Everything that may go on now. Whatever is here is taken by [`Run::apply`] next, in any order.
///
/// An ordinary document has at most one thing on its frontier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    /// What comes before all else. Nothing else is on the frontier then, but for [`Question::Barred`] and what is attachable
    /// beside [`Due::Override`].
    pub due: Option<Due>,
    /// Conditions that do not hold.
    pub pass_over: Vec<PassOver>,
    /// Questions that somebody must answer.
    pub asks: Vec<(Task, Question)>,
    /// Blocks that may begin.
    pub ready: Vec<Execution>,
    /// Blocks whose end is expected.
    pub running: Vec<Execution>,
    /// Blocks in doubt that were sent to another place: whoever finds there how one ended may say so, until somebody has
    /// decided about it.
    pub attachable: Vec<Execution>,
    /// How the run ended. Nothing else is on the frontier then.
    pub verdict: Option<Verdict>,
}

/// An event that comes before all else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// As [`Next::Open`].
    Open,
    /// As [`Next::SignSession`].
    SignSession,
    /// As [`Next::Override`].
    Override,
    /// As [`Next::Lapse`].
    Lapse {
        /// The hold point.
        task: Task,
        /// Why, in words.
        reason: String,
    },
    /// As [`Next::RollBack`].
    RollBack,
}

impl Frontier {
    /// One of it: what somebody must answer first, then what may begin, then what is waited for.
    pub fn next(&self) -> Next {
        match &self.due {
            Some(Due::Open) => return Next::Open,
            Some(Due::SignSession) => return Next::SignSession,
            Some(Due::Override) => return Next::Override,
            Some(Due::Lapse { task, reason }) => return Next::Lapse { task: *task, reason: reason.clone() },
            Some(Due::RollBack) => return Next::RollBack,
            None => {}
        }
        if let Some(verdict) = self.verdict {
            return Next::Done(verdict);
        }
        let pass_over = self.pass_over.first().cloned().map(|it| {
            let PassOver { task, whole, condition } = it;
            Next::PassOver { task, whole, condition }
        });
        let ask = || self.asks.first().map(|(task, question)| Next::Ask(*task, *question));
        let ready = || self.ready.first().copied().map(Next::Execute);
        let running = || self.running.first().copied().map(Next::Await);
        // A frontier with nothing on it would be a fault of ours; whoever waits then waits for somebody.
        let found = pass_over.or_else(ask).or_else(ready).or_else(running);
        found.unwrap_or(Next::Done(Verdict::Aborted))
    }

    /// Whether something other than a block's end is expected, and no block runs.
    pub(crate) fn waits(&self) -> bool {
        self.due.is_none() && self.verdict.is_none() && self.running.is_empty()
    }
}

impl From<Next> for Frontier {
    fn from(next: Next) -> Frontier {
        let mut frontier = Frontier::default();
        match next {
            Next::Open => frontier.due = Some(Due::Open),
            Next::SignSession => frontier.due = Some(Due::SignSession),
            Next::Override => frontier.due = Some(Due::Override),
            Next::Lapse { task, reason } => frontier.due = Some(Due::Lapse { task, reason }),
            Next::RollBack => frontier.due = Some(Due::RollBack),
            Next::PassOver { task, whole, condition } => {
                frontier.pass_over.push(PassOver { task, whole, condition });
            }
            Next::Ask(task, question) => frontier.asks.push((task, question)),
            Next::Execute(execution) => frontier.ready.push(execution),
            Next::Await(execution) => frontier.running.push(execution),
            Next::Done(verdict) => frontier.verdict = Some(verdict),
        }
        frontier
    }
}

impl Run {
    /// Everything that may go on now.
    pub fn frontier(&self, plan: &Plan) -> Frontier {
        let plan = plan.after(self.exchanges);
        if self.opened.is_none() {
            return Next::Open.into();
        }
        if self.aborted {
            return Next::Done(Verdict::Aborted).into();
        }
        // What lapsed is on record first.
        if self.is_session_unsigned() && self.lapsing.is_empty() {
            return Next::SignSession.into();
        }
        let frontier = self.frontier_as_if_allowed(plan);
        let free = self.looks.barred.is_empty() || self.goes_on_regardless(&frontier);
        if free {
            return self.with_attachable(plan, frontier);
        }
        let asks = self.barred_at(&frontier).map(|task| (task, Question::Barred));
        // No rule keeps from seeing how something ended that has begun, and whoever takes it back must know.
        let attachable = self.with_attachable(plan, frontier).attachable;
        Frontier { asks: asks.into_iter().collect(), attachable, ..Next::Override.into() }
    }

    /// What a run is about whose rules hold no more, where it can be taken back or ended: nothing was done yet of one that
    /// was barred from its opening.
    fn barred_at(&self, frontier: &Frontier) -> Option<Task> {
        if self.is_barred_since_opening() || !frontier.running.is_empty() {
            return None;
        }
        let asks = frontier.asks.iter().map(|(task, _)| *task);
        let found = asks.chain(frontier.ready.iter().map(|ready| ready.task)).next();
        self.probe.map(|probe| probe.of).or(found).or_else(|| self.current())
    }

    fn with_attachable(&self, plan: &Plan, frontier: Frontier) -> Frontier {
        let in_doubt = frontier.asks.iter().filter(|(_, question)| *question == Question::InDoubt);
        let sent = in_doubt.map(|(task, _)| *task).filter(|task| self.sent_to(*task).is_some());
        let attachable = sent.map(|task| Execution {
            attempt: self.state(task).attempts,
            ..self.execution(plan, task, false)
        });
        Frontier {
            attachable: attachable
                .map(|execution| Execution { pause: Duration::ZERO, ..execution })
                .collect(),
            ..frontier
        }
    }

    /// Whether rules that hold no more keep the run from what comes next: they do not where nothing is left to be done,
    /// and what was done is undone in whatever state the repository is. The record says what was seen.
    pub fn is_bound(&self, plan: &Plan) -> bool {
        !self.goes_on_regardless(&self.frontier_as_if_allowed(plan))
    }

    fn goes_on_regardless(&self, frontier: &Frontier) -> bool {
        let undone = self.is_rolling_back() || frontier.due == Some(Due::RollBack);
        (undone || frontier.verdict.is_some()) && !self.is_barred_since_opening()
    }

    /// What begins next, as far as rules let it: blocks, and what people are asked to do.
    pub(crate) fn beginning_next(&self, plan: &Plan) -> Vec<Task> {
        let frontier = self.frontier_as_if_allowed(plan);
        let begins = |question: &Question| {
            matches!(question, Question::Confirm | Question::Record | Question::SignOff | Question::Choose)
        };
        let asks = frontier.asks.iter().filter(|(_, question)| begins(question)).map(|(task, _)| *task);
        asks.chain(frontier.ready.iter().filter(|next| !next.probe).map(|next| next.task)).collect()
    }

    /// One thing to do next, of those on the frontier.
    pub fn next(&self, plan: &Plan) -> Next {
        self.frontier(plan).next()
    }

    /// As if every rule of the environment held.
    fn frontier_as_if_allowed(&self, plan: &Plan) -> Frontier {
        if let Some((task, reason)) = self.lapsing.first() {
            return Next::Lapse { task: *task, reason: reason.clone() }.into();
        }
        if let Some(probe) = self.probe {
            let execution = self.execution(plan, probe.check, true);
            return if probe.running { Next::Await(execution) } else { Next::Execute(execution) }.into();
        }
        let current = match &self.rollback {
            Some(rollback) => rollback.current().ok_or_else(|| rollback.ended()),
            None => self.current().ok_or_else(|| self.ended()),
        };
        match current {
            Err(verdict) => Next::Done(verdict).into(),
            Ok(task) => match self.lane(task).filter(|_| !task.is_rollback()) {
                Some(lane) => self.roll_out(plan, task, lane),
                None => self.next_of(plan, task).into(),
            },
        }
    }
}
