//! Answers about what is in doubt at a place. They wait until it has been looked for there once more, and count only where what
//! is found lets them.

use holdpoint_engine::{Event, Question, Task, Unfound};

use crate::moment::named;
use crate::waiting::{Waiting, runs_it};
use crate::walk::{Leave, Walk};
use crate::{Desk, Journal, Moment, Observer, Overtaken, Runner, Session};

/// What came of looking for all that is in doubt at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looked {
    /// What is known of that which has no end; of several, what keeps most from going on.
    pub unfound: Option<Unfound>,
    /// Somebody wants to leave.
    pub leaves: bool,
}

impl<J, D, R, O> Session<'_, J, D, R, O>
where
    J: Journal,
    D: Desk<Error = J::Error>,
    R: Runner<Error = J::Error>,
    O: Observer,
{
    /// Looks for all that is in doubt at a place and records what has an end, before anything is decided beside the loop.
    ///
    /// # Errors
    /// As [`Session::drive`].
    pub async fn look(&mut self) -> Result<Looked, J::Error> {
        Walk::of(self).look().await
    }
}

impl<J, D, R, O> Walk<'_, '_, '_, J, D, R, O>
where
    J: Journal,
    D: Desk<Error = J::Error>,
    R: Runner<Error = J::Error>,
    O: Observer,
{
    /// Takes an answer: it is recorded at once, or once what it decides about has been looked for.
    pub(crate) fn take_answer(
        &mut self,
        about: (Task, Question),
        events: Vec<Event>,
    ) -> Result<(), J::Error> {
        let unseen = self.recorder.run.decided_unseen(self.recorder.plan, &events);
        if unseen.is_empty() {
            return self.count(about.0, events);
        }
        let awaits = unseen.iter().map(|execution| execution.task).collect();
        self.waiting.push(Waiting { about, events, awaits, overtaken: None });
        self.look_for(&unseen)
    }

    fn count(&mut self, task: Task, events: Vec<Event>) -> Result<(), J::Error> {
        if events.iter().any(runs_it) {
            self.decided.insert(task);
        }
        self.record_answer(events)
    }

    /// Looks for all that is in doubt at a place.
    pub(crate) async fn look(mut self) -> Result<Looked, J::Error> {
        let open = self.recorder.run.frontier(self.recorder.plan).attachable;
        self.look_for(&open)?;
        while !self.under_way.is_empty() {
            self.arrive().await?;
        }
        self.settle()?;
        self.under_way.settled().await;
        Ok(Looked { unfound: self.unfound, leaves: self.leaving.is_some() })
    }

    /// What was looked for has an end.
    pub(crate) fn found(&mut self, task: Task) -> Result<(), J::Error> {
        for waiting in self.awaiting(task) {
            waiting.overtaken = waiting.overtaken.max(Some((Overtaken::Ended, task)));
        }
        self.act()
    }

    /// What was looked for has no end.
    pub(crate) fn not_found(&mut self, task: Task, unfound: Unfound) -> Result<(), J::Error> {
        let attempt = self.recorder.run.sent_to(task).map(|sent| sent.attempt.clone());
        let told = attempt.as_ref().is_some_and(|attempt| self.told_away.contains(attempt));
        let mut is_awaited = false;
        for waiting in self.awaiting(task) {
            is_awaited = true;
            if !unfound.lets(&waiting.events, told && waiting.is_typed()) {
                let why = if unfound == Unfound::Runs { Overtaken::Runs } else { Overtaken::Unreached };
                waiting.overtaken = waiting.overtaken.max(Some((why, task)));
            }
        }
        self.unfound = self.unfound.max(Some(unfound));
        // Whoever answers from now on knows.
        if is_awaited && unfound == Unfound::Away {
            self.told_away.extend(attempt);
        }
        self.act()
    }

    /// The answers that wait for this, and do no more.
    fn awaiting(&mut self, task: Task) -> impl Iterator<Item = &mut Waiting> {
        self.waiting.iter_mut().filter_map(move |waiting| waiting.awaits.remove(&task).then_some(waiting))
    }

    /// Records answers that wait for nothing more and count, and says of the others why they do not. Where nobody can be asked
    /// once more, the run is left.
    fn act(&mut self) -> Result<(), J::Error> {
        while let Some(at) = self.waiting.iter().position(|waiting| waiting.awaits.is_empty()) {
            let waiting = self.waiting.remove(at);
            let (task, question) = waiting.about;
            let Some((why, about)) = waiting.overtaken else {
                let asks = self.recorder.run.frontier(self.recorder.plan).asks;
                // Another answer may have come first.
                if asks.contains(&waiting.about) {
                    self.count(task, waiting.events)?;
                }
                continue;
            };
            let typed = waiting.is_typed();
            if why != Overtaken::Ended && !typed {
                self.leaving.get_or_insert(Leave::Waiting(task, question));
            }
            let (step, action) = named(self.recorder.plan, about);
            let place = self.recorder.run.place_of(about).map(str::to_owned);
            self.settle()?;
            self.recorder.tell(Moment::AnswerOvertaken { step, action, place, why, asked_again: typed });
        }
        Ok(())
    }
}
