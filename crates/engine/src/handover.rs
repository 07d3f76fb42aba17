//! A run that goes from one operator to the next: offered with where it stands, accepted or withdrawn.

use holdpoint_model::{Plan, Work};

use crate::fold::{Fold, ensure};
use crate::run::state::Status;
use crate::seen::labelled;
use crate::{AtHand, BY_GIT, By, Due, Event, Frontier, Handover, Next, Question, Run, Standing, Takes, Task};

impl Run {
    /// The handover that is neither accepted nor withdrawn: until then nobody drives the run.
    pub fn handover(&self) -> Option<&Handover> {
        self.handover.as_deref()
    }

    /// Where the run stands for whoever takes it up: what was running is in doubt.
    pub fn standing(&self, plan: &Plan) -> Standing {
        let mut run = self.clone();
        let operator = run.operator.clone();
        run.take_up(&operator);
        let frontier = run.frontier(plan);
        let doubtful = frontier.asks.iter().filter(|(_, question)| *question == Question::InDoubt);
        let in_doubt = doubtful.map(|(task, _)| labelled(&task.id(plan), run.place_of(*task))).collect();
        Standing {
            next: run.at_hand(plan, &frontier.next()),
            in_doubt,
            sign_offs: run.awaited(plan),
            deviations: run.witness.deviations().collect(),
        }
    }

    /// What is at hand for whoever drives the run now: what was begun is waited for.
    pub fn now_at_hand(&self, plan: &Plan) -> AtHand {
        self.at_hand(plan, &self.next(plan))
    }

    /// Hold points that wait for somebody.
    fn awaited(&self, plan: &Plan) -> Vec<String> {
        let all = plan.steps.iter().zip(&self.states);
        let actions = all.flat_map(|(step, states)| step.actions.iter().zip(states));
        let waits = actions.filter(|(action, state)| {
            matches!(action.work, Work::SignOff(_)) && state.requested && state.status != Status::Settled
        });
        waits.map(|(action, _)| action.id.clone()).collect()
    }

    /// What may happen while a handover is open: nothing that drives the run.
    pub(crate) fn held_over(&self, event: &Event) -> Fold {
        let Some(handover) = &self.handover else { return Ok(()) };
        let drives = !matches!(
            event,
            Event::Note { .. }
                | Event::LogRecovered { .. }
                | Event::SignOffRequested { .. }
                | Event::SignOffGiven(_)
                | Event::SignOffRejected { .. }
                | Event::SignOffRefused { .. }
                | Event::SignOffLapsed { .. }
                | Event::HandoverAccepted { .. }
                | Event::HandoverWithdrawn { .. }
        );
        if drives {
            return Err(format!("the run is being handed over to {}, who has not accepted", handover.to));
        }
        Ok(())
    }

    pub(crate) fn hand_over(&mut self, plan: &Plan, now: &Frontier, handover: &Handover) -> Fold {
        let Handover { to, standing, note, by } = handover;
        ensure(now.verdict.is_none(), "there is nothing left to hand over")?;
        ensure(
            now.due != Some(Due::Override),
            "nobody has overridden the rules that do not hold: nothing is handed over",
        )?;
        ensure(self.same(&by.who, &self.operator), "only whoever operates hands the run over")?;
        ensure(!to.trim().is_empty() && to.trim() == to, "it must say to whom")?;
        ensure(!self.same(to, &by.who), "nobody hands a run over to themselves")?;
        // What git says of them is known once they open a session.
        self.may_operate(plan, to, Some(BY_GIT))?;
        ensure(note.as_ref().is_none_or(|note| !note.trim().is_empty()), "the note is empty")?;
        ensure(*standing == self.standing(plan), "the run does not stand as it says")?;
        // Whoever hands it over does not drive it: what was running is in doubt.
        let operator = self.operator.clone();
        self.take_up(&operator);
        self.handover = Some(Box::new(handover.clone()));
        Ok(())
    }

    pub(crate) fn accept_handover(&mut self, plan: &Plan, by: &By) -> Fold {
        let handover = self.handover.as_deref().ok_or("no handover is open")?;
        ensure(self.same(&by.who, &handover.to), "it was handed over to somebody else")?;
        // They may have signed off something meanwhile.
        self.may_operate(plan, &by.who, Some(BY_GIT))?;
        self.handover = None;
        self.take_up(&by.who);
        self.await_key(None);
        Ok(())
    }

    pub(crate) fn withdraw_handover(&mut self, reason: Option<&str>, by: &By) -> Fold {
        let handover = self.handover.as_deref().ok_or("no handover is open")?;
        let explained = reason.is_some_and(|reason| !reason.trim().is_empty());
        ensure(explained || reason.is_none(), "the reason is empty")?;
        ensure(
            explained || self.same(&by.who, &handover.by.who),
            "whoever did not hand it over must say why",
        )?;
        self.handover = None;
        Ok(())
    }
}

impl Run {
    fn at_hand(&self, plan: &Plan, next: &Next) -> AtHand {
        let of = |task: Task, takes| AtHand {
            step: Some(task.step_of(plan).id.clone()),
            action: Some(task.id(plan)),
            place: self.place_of(task).map(str::to_owned),
            takes,
        };
        match next {
            Next::Execute(execution) | Next::Await(execution) => of(execution.task, Takes::Execution),
            Next::PassOver { task, .. } => of(*task, Takes::Execution),
            Next::Ask(task, question) => {
                let takes = match question {
                    Question::SignOff => Takes::SignOff,
                    Question::Failed => Takes::Decision,
                    Question::InDoubt => Takes::Certainty,
                    Question::Confirm | Question::Choose => Takes::Confirmation,
                    Question::Record => Takes::Values,
                    Question::Barred => Takes::Decision,
                };
                of(*task, takes)
            }
            Next::Lapse { task, .. } => of(*task, Takes::SignOff),
            Next::RollBack => AtHand { takes: Takes::Rollback, ..AtHand::default() },
            // None of these is handed over.
            Next::Open | Next::SignSession | Next::Override | Next::Done(_) => AtHand::default(),
        }
    }
}
