//! Questions to the desk, and answers as they arrive.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use holdpoint_engine::{Question, Task};

use crate::moment::named;
use crate::under_way::Arrived;
use crate::walk::Walk;
use crate::{Answer, Desk, Journal, Moment, Observer, Runner};

/// What came of a question.
enum Put {
    /// It was answered: the answer is on record, or waits for what is looked for first.
    Answered,
    /// Its answer comes later.
    Later,
    /// Nobody can answer it now.
    Nobody,
}

impl<J, D, R, O> Walk<'_, '_, '_, J, D, R, O>
where
    J: Journal,
    D: Desk<Error = J::Error>,
    R: Runner<Error = J::Error>,
    O: Observer,
{
    /// Asks while nothing runs, and waits for what comes later. `false`: nobody can answer now.
    pub(crate) async fn ask(
        &mut self,
        task: Task,
        question: Question,
        all: &[(Task, Question)],
    ) -> Result<bool, J::Error> {
        match self.put(task, question).await? {
            Put::Answered => return Ok(true),
            Put::Nobody => return Ok(false),
            Put::Later => {}
        }
        // Somebody else may answer another one first.
        Ok(self.desk.is_asked_meanwhile() && self.put_new(all).await? || self.hears && self.hear().await)
    }

    async fn hear(&mut self) -> bool {
        self.hears = self.desk.heard().await;
        self.hears
    }

    /// Puts those questions that were not put yet; not about what is just looked for. Whether one was answered, and the
    /// engine must be asked once more.
    pub(crate) async fn put_new(&mut self, asks: &[(Task, Question)]) -> Result<bool, J::Error> {
        self.asked.retain(|asked| asks.contains(asked));
        for (task, question) in asks {
            let about = (*task, *question);
            if !self.asked.contains(&about)
                && !self.under_way.has(*task)
                && self.waiting.iter().all(|waiting| waiting.about != about)
                && matches!(self.put(*task, *question).await?, Put::Answered)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// An answer has arrived while something runs: what was asked, and still is, is put once more.
    pub(crate) async fn put_again(&mut self) -> Result<(), J::Error> {
        loop {
            let asks = self.recorder.run.frontier(self.recorder.plan).asks;
            self.asked.retain(|asked| asks.contains(asked));
            let mut answered = false;
            for (task, question) in self.asked.clone() {
                answered = matches!(self.put(task, question).await?, Put::Answered);
                if answered {
                    break;
                }
            }
            if !answered {
                return Ok(());
            }
        }
    }

    /// Puts a question to the desk, and records the answer if there is one.
    async fn put(&mut self, task: Task, question: Question) -> Result<Put, J::Error> {
        self.settle()?;
        if self.under_way.is_empty() {
            // Somebody may think for long.
            self.under_way.settled().await;
        }
        self.request_sign_off(task, question)?;
        if !self.asked.contains(&(task, question)) {
            self.asked.push((task, question));
            let (step, action) = named(self.recorder.plan, task);
            self.recorder.tell(Moment::Asked { step, action, question });
        }
        let (view, store) = self.recorder.view_and_store();
        let events = match self.desk.answer(&view, task, question, store)? {
            // Who says nothing has not answered, and would be asked the same for ever.
            Answer::Events(events) if events.is_empty() => return Ok(Put::Nobody),
            Answer::Events(events) => events,
            Answer::Later => return Ok(Put::Later),
            Answer::Park | Answer::Go => return Ok(Put::Nobody),
        };
        self.asked.retain(|asked| *asked != (task, question));
        self.take_answer((task, question), events)?;
        Ok(Put::Answered)
    }

    /// What has come of what is under way, and whether an answer has arrived; waits for any of that where it is told to.
    pub(crate) async fn take(&mut self, waits: bool) -> Vec<Arrived<R::Attempt>> {
        let Walk { recorder, desk, under_way, asked, hears, .. } = self;
        let journal = &mut recorder.journal;
        let listens = *hears && !asked.is_empty();
        let mut heard = pin!(desk.heard());
        poll_fn(|cx| {
            let mut arrived = under_way.poll(cx, &mut |group| journal.note_child(group));
            if listens && let Poll::Ready(more) = heard.as_mut().poll(cx) {
                *hears = more;
                arrived.push(Arrived::Answer);
            }
            if arrived.is_empty() && waits { Poll::Pending } else { Poll::Ready(arrived) }
        })
        .await
    }
}
