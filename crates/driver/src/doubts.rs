//! Answers about what is in doubt at a place. They wait until it has been looked for there once more, and count only where what
//! is found lets them.

use holdpoint_engine::{Event, Execution, Question, Task, Unfound};

use crate::moment::named;
use crate::waiting::{LeftoverNotice, Waiting, goes_back, is_typed, runs_it};
use crate::walk::{Leave, Walk};
use crate::{Desk, Journal, LeftBehind, Moment, Observer, Overtaken, Recorder, Runner, Session};

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
        // Whoever goes back has a block begin anew that may be the very one: they are told once more.
        let told = if goes_back(&events) { LeftoverNotice::OnGoingBack } else { LeftoverNotice::Once };
        if about.1 != Question::SignOff
            && let Some(left) = self.runner.left_behind()
            && let LeftBehind { unfound, .. } = left
            && !unfound.lets(&events, self.told_left >= Some(told) && is_typed(&events))
        {
            self.told_left = self.told_left.max(Some(told));
            return self.overtake((about, &events), (unfound.into(), about.0), Some(left));
        }
        let unseen = self.recorder.run.decided_unseen(self.recorder.plan, &events);
        if unseen.is_empty() {
            return self.count(about.0, events);
        }
        let awaits = unseen.iter().map(|execution| execution.task).collect();
        self.waiting.push(Waiting { about, events, awaits, overtaken: None });
        self.look_for(&unseen)
    }

    /// An answer does not count, for `why`, of the attempt `of`. Where nobody can be asked once more, the run is left.
    fn overtake(
        &mut self,
        ((task, question), events): ((Task, Question), &[Event]),
        (why, of): (Overtaken, Task),
        behind: Option<LeftBehind>,
    ) -> Result<(), J::Error> {
        let typed = is_typed(events);
        // Whoever wanted to take back what was done wants nothing to go on meanwhile.
        let undoes = events.iter().any(|event| matches!(event, Event::RollbackOpened { .. }));
        let left = if why == Overtaken::Ended { undoes } else { !typed };
        if left {
            self.leaving.get_or_insert(match why {
                Overtaken::Ended => Leave::Asked(task),
                Overtaken::Runs | Overtaken::Unreached => Leave::Waiting(task, question),
            });
        }
        let (step, action) = named(self.recorder.plan, of);
        let (group, elsewhere) = match behind {
            Some(LeftBehind { elsewhere: Some(host), .. }) => (None, Some(host)),
            behind => (behind.map(|left| left.group), None),
        };
        let place = elsewhere.or_else(|| self.recorder.run.place_of(of).map(str::to_owned));
        self.settle()?;
        let asked_again = typed && !left;
        self.recorder.tell(Moment::AnswerOvertaken { step, action, place, why, asked_again, left, group });
        Ok(())
    }

    /// Whether nothing may begin, for a block that an earlier driver began on this machine still runs. The run is left then.
    pub(crate) fn is_held(&mut self, task: Task) -> Result<bool, J::Error> {
        let left = self.runner.left_behind().filter(|left| left.unfound == Unfound::Runs);
        let Some(LeftBehind { group, .. }) = left else { return Ok(false) };
        self.hold_back(task, (None, Some(group)), false)?;
        Ok(true)
    }

    /// What was answered for at the place of this task without word from there: it is looked for before the task begins.
    pub(crate) fn unseen_at(&self, task: Task) -> Vec<Execution> {
        let Recorder { plan, run, .. } = &*self.recorder;
        let mut unseen = run.unended(plan);
        unseen.retain(|unseen| {
            let lost = run.sent_as(*unseen).is_some_and(|sent| self.lost.contains(&sent.attempt));
            unseen.task.place == task.place && !lost
        });
        unseen
    }

    /// Whether something was answered for at the place of this task of which nobody knows anything: that it cannot be reached,
    /// either.
    pub(crate) fn is_unseen_at(&self, task: Task) -> bool {
        let unreached = task.place.is_some_and(|place| self.unreached.contains_key(&place));
        !unreached && !self.unseen_at(task).is_empty()
    }

    /// Looks for what was answered for at the places where something begins. Says whether there is any.
    pub(crate) fn looks_before(&mut self, ready: &[Execution]) -> Result<bool, J::Error> {
        let next = ready.iter().map(|next| next.task).filter(|task| self.is_unseen_at(*task));
        let unseen = next.flat_map(|task| self.unseen_at(task).into_iter().map(move |it| (it, Some(task))));
        self.seek(unseen.collect())
    }

    /// Looks for what was answered for before the run is over, once. Says whether there is any.
    pub(crate) fn looks_before_the_end(&mut self) -> Result<bool, J::Error> {
        let unended = self.recorder.run.unended(self.recorder.plan).into_iter();
        let unseen = unended.filter(|it| self.is_unseen_at(it.task)).map(|it| (it, None));
        self.seek(unseen.collect())
    }

    fn seek(&mut self, unseen: Vec<(Execution, Option<Task>)>) -> Result<bool, J::Error> {
        self.sought.extend(unseen.iter().map(|(it, before)| (it.task, *before)));
        let unseen: Vec<Execution> = unseen.into_iter().map(|(it, _)| it).collect();
        self.look_for(&unseen)?;
        Ok(!unseen.is_empty())
    }

    /// Whether something is looked for that may change what begins.
    pub(crate) fn is_looking(&self) -> bool {
        !self.sought.is_empty() || !self.waiting.is_empty()
    }

    /// This task does not begin, for what still runs at a place or as a group on this machine; at the `end`, the run does not
    /// end, for this task still runs.
    pub(crate) fn hold_back(
        &mut self,
        task: Task,
        (place, group): (Option<String>, Option<i32>),
        end: bool,
    ) -> Result<(), J::Error> {
        self.leaving.get_or_insert(Leave::Waiting(task, Question::Confirm));
        let (step, action) = named(self.recorder.plan, task);
        self.settle()?;
        self.recorder.tell(Moment::KeptBack { step, action, place, group, end });
        Ok(())
    }

    fn count(&mut self, task: Task, events: Vec<Event>) -> Result<(), J::Error> {
        if events.iter().any(runs_it) {
            self.decided.insert(task);
        }
        self.record_answer(events)
    }

    /// Looks for all that is in doubt at a place.
    pub(crate) async fn look(mut self) -> Result<Looked, J::Error> {
        let Recorder { plan, run, .. } = &*self.recorder;
        let open = [run.frontier(plan).attachable, run.unended(plan)].concat();
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
    pub(crate) fn not_found(
        &mut self,
        (task, attempt): (Task, Option<String>),
        unfound: Unfound,
    ) -> Result<(), J::Error> {
        if unfound == Unfound::Lost {
            self.lost.extend(attempt.clone());
        }
        let told = attempt.as_ref().is_some_and(|attempt| self.told_away.contains(attempt));
        let mut is_awaited = false;
        for waiting in self.awaiting(task) {
            is_awaited = true;
            if !unfound.lets(&waiting.events, told && is_typed(&waiting.events)) {
                waiting.overtaken = waiting.overtaken.max(Some((unfound.into(), task)));
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
            match waiting.overtaken {
                Some(overtaken) => self.overtake((waiting.about, &waiting.events), overtaken, None)?,
                // Another answer may have come first.
                None if self.recorder.run.frontier(self.recorder.plan).asks.contains(&waiting.about) => {
                    self.count(waiting.about.0, waiting.events)?;
                }
                None => {}
            }
        }
        Ok(())
    }
}
