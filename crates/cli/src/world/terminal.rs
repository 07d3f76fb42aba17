//! A person at a terminal.

pub mod ask;
mod beside;
mod blanks;
mod choose;
mod edit;
mod goes_on;
mod handover;
mod hold_point;
mod info;
mod offered;
mod operator;
mod record;
mod shown;
mod sign;

pub use choose::{is_sure, tell_rollback};
pub use handover::{accepts, questions};
pub use hold_point::{Consent, HoldPoint};
pub use operator::Operator;
use operator::script_at_hand;
pub use shown::Shown;
pub use sign::{as_rejection, given};

use holdpoint_engine::{Execution, Question, Task};

use super::tell::{show_offer, show_question};
use super::{Answer, Desk, RunView, Store};
use crate::problem::Problem;

impl Desk for Operator {
    type Error = Problem;

    fn attended(&self) -> bool {
        true
    }

    fn enter(&mut self, _view: &RunView<'_>, _task: Task) {
        self.told.forget();
        self.shown = None;
    }

    fn permit(
        &mut self,
        view: &RunView<'_>,
        execution: Execution,
        script: &str,
        store: &mut Store<'_>,
    ) -> Result<Answer, Problem> {
        self.tell_prose(view, execution.task);
        self.tell_command(view, execution.task, script);
        if self.lets_unasked(view, execution) {
            return Ok(Answer::Go);
        }
        choose::before(self, view, execution, script, store)
    }

    fn waits(&mut self, view: &RunView<'_>, task: Task, until: jiff::Timestamp) -> bool {
        goes_on::waits(&self.screen, view, task, until)
    }

    fn answer(
        &mut self,
        view: &RunView<'_>,
        task: Task,
        question: Question,
        store: &mut Store<'_>,
    ) -> Result<Answer, Problem> {
        if !matches!(question, Question::Failed | Question::InDoubt | Question::Barred) {
            self.tell_prose(view, task);
        }
        if matches!(question, Question::Failed | Question::InDoubt)
            && let Some(script) = script_at_hand(view, task, store)?
            && self.shown.as_ref().is_none_or(|shown| (shown.0, &shown.1) != (task, &script))
        {
            self.tell_command(view, task, &script);
        }
        if question == Question::Choose {
            let script = script_at_hand(view, task, store)?.unwrap_or_default();
            show_offer(&self.screen, view, task, &script);
            self.shown = Some((task, script.clone()));
            return offered::decide(self, view, task, &script, store);
        }
        show_question(&self.screen, view, task, question);
        match question {
            Question::Record => record::record(self, view, task, store),
            Question::SignOff
            | Question::Failed
            | Question::InDoubt
            | Question::Confirm
            | Question::Choose
            | Question::Barred => choose::decide(self, view, task, question, store),
        }
    }
}
