//! The only loop.
//!
//! While nothing is under way it does one thing that the engine asks for: has somebody asked, passes over, opens a
//! rollback, begins blocks, closes the run. While something is, it begins what the engine lets begin beside it, and takes
//! what arrives: ends, and answers of a desk that is asked meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use holdpoint_engine::{Event, Execution, Next, PlaceIx, Question, Rule, Slot, Task, Unfound, Verdict};

use crate::moment::named;
use crate::under_way::UnderWay;
use crate::waiting::{LeftoverNotice, Waiting};
use crate::{
    Desk, Fault, Journal, Moment, Observer, Recorder, Rules, Runner, Session, Stop, Whereabouts, roll_back,
};

impl<J, D, R, O> Session<'_, J, D, R, O>
where
    J: Journal,
    D: Desk<Error = J::Error>,
    R: Runner<Error = J::Error>,
    O: Observer,
{
    /// Drives until the run is over or waits for somebody.
    ///
    /// # Errors
    /// A fault of the driver or of the world. What was recorded until then stands.
    pub async fn drive(&mut self) -> Result<Stop, J::Error> {
        let stop = Walk::of(self).go_to_the_end().await;
        let settled = self.recorder.settle();
        let stop = stop.and_then(|stop| settled.map(|()| stop))?;
        // Who was told that nothing may be done knows that the run stays where it is.
        if let Stop::Parked(task, question) = stop
            && question != Question::Barred
        {
            let (step, action) = named(self.recorder.plan, task);
            self.recorder.tell(Moment::Parked { step, action, question });
            Walk::of(self).take_what_is_added(true)?;
        }
        Ok(stop)
    }
}

/// Nobody who is there waits longer than this for the time of a step.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// A session on its way.
pub(crate) struct Walk<'s, 'a, 'r, J: Journal, D, R: Runner, O> {
    pub(crate) recorder: &'s mut Recorder<'a, J, O>,
    pub(crate) desk: &'s mut D,
    #[allow(clippy::borrowed_box, reason = "without the box, errors would have to outlive the run")]
    rules: &'s Box<Rules<'a, J::Error>>,
    pub(crate) runner: &'r R,
    pub(crate) under_way: UnderWay<'r, R::Attempt>,
    at_step: Option<usize>,
    /// Whose next attempt somebody at the keyboard has just asked for.
    pub(crate) decided: BTreeSet<Task>,
    /// Nothing more begins, and the session ends when nothing is under way.
    pub(crate) leaving: Option<Leave>,
    /// Attempts that have been looked for at their places.
    pub(crate) looked_for: BTreeSet<String>,
    /// Attempts whose end was recorded, or will be with the next write.
    pub(crate) unreaped: Vec<(Whereabouts, String)>,
    /// What somebody was asked, and has not answered.
    pub(crate) asked: Vec<(Task, Question)>,
    /// Answers that wait for what is looked for.
    pub(crate) waiting: Vec<Waiting>,
    /// Attempts of which it was said that their places cannot be reached.
    pub(crate) told_away: BTreeSet<String>,
    /// When it was said that something runs which an earlier driver left on this machine.
    pub(crate) told_left: Option<LeftoverNotice>,
    /// What is looked for before something else begins at its place, and what that is; nothing where the run would be over.
    pub(crate) sought: BTreeMap<Task, Option<Task>>,
    /// Attempts of which their places say that nobody will ever know how they ended.
    pub(crate) lost: BTreeSet<String>,
    /// Places that were just asked what runs there and cannot be reached, with the reason.
    pub(crate) unreached: BTreeMap<PlaceIx, String>,
    /// What is known of that which was looked for and has no end.
    pub(crate) unfound: Option<Unfound>,
    /// Whether more answers may arrive.
    pub(crate) hears: bool,
}

/// Why a session ends before the run does.
pub(crate) enum Leave {
    /// It waits for somebody, here.
    Waiting(Task, Question),
    /// Somebody wants to leave, and comes back to whatever is asked then; to this, where nothing is.
    Asked(Task),
}

impl<'s, 'a, J, D, R, O> Walk<'s, 'a, 's, J, D, R, O>
where
    J: Journal,
    D: Desk<Error = J::Error>,
    R: Runner<Error = J::Error>,
    O: Observer,
{
    pub(crate) fn of(session: &'s mut Session<'a, J, D, R, O>) -> Self {
        let Session { recorder, desk, runner, rules } = session;
        Walk {
            recorder,
            desk,
            rules,
            runner,
            under_way: UnderWay::default(),
            at_step: None,
            decided: BTreeSet::new(),
            leaving: None,
            looked_for: BTreeSet::new(),
            unreaped: Vec::new(),
            asked: Vec::new(),
            waiting: Vec::new(),
            told_away: BTreeSet::new(),
            told_left: None,
            sought: BTreeMap::new(),
            lost: BTreeSet::new(),
            unreached: BTreeMap::new(),
            unfound: None,
            hears: true,
        }
    }
}

impl<J, D, R, O> Walk<'_, '_, '_, J, D, R, O>
where
    J: Journal,
    D: Desk<Error = J::Error>,
    R: Runner<Error = J::Error>,
    O: Observer,
{
    pub(crate) async fn go_to_the_end(&mut self) -> Result<Stop, J::Error> {
        let stop = self.walk().await?;
        self.settle()?;
        self.under_way.settled().await;
        if let Stop::Done(_) = stop {
            let named = |(attempt, place): (&str, &str)| (attempt.to_owned(), place.to_owned());
            let over: Vec<_> = self.recorder.run.attempts_to_clear().map(named).collect();
            let open: Vec<_> = self.recorder.run.attempts_without_end().map(named).collect();
            if !over.is_empty() || !open.is_empty() {
                self.runner.clean(over, open).await;
            }
        }
        Ok(stop)
    }

    async fn walk(&mut self) -> Result<Stop, J::Error> {
        loop {
            if !self.under_way.is_empty() {
                if self.leaving.is_none() {
                    self.begin_more().await?;
                }
                self.arrive().await?;
                continue;
            }
            match self.leaving.take() {
                Some(Leave::Waiting(task, question)) => return Ok(Stop::Parked(task, question)),
                Some(Leave::Asked(task)) => {
                    return Ok(match self.recorder.run.next(self.recorder.plan) {
                        Next::Ask(task, question) => Stop::Parked(task, question),
                        _ => Stop::Parked(task, Question::Confirm),
                    });
                }
                None => {}
            }
            if let Some(stop) = self.go_on().await? {
                return Ok(stop);
            }
        }
    }

    /// Begins beside what is under way whatever the engine lets begin.
    async fn begin_more(&mut self) -> Result<(), J::Error> {
        loop {
            let frontier = self.recorder.run.frontier(self.recorder.plan);
            if let Some(over) = frontier.pass_over.into_iter().next() {
                self.pass_over(over.task, over.whole, over.condition)?;
            } else if !self.desk.is_asked_meanwhile() || !self.put_new(&frontier.asks).await? {
                return self.begin(&frontier.ready).await;
            }
        }
    }

    /// One thing that the engine asks for; nothing is under way.
    async fn go_on(&mut self) -> Result<Option<Stop>, J::Error> {
        let plan = self.recorder.plan;
        self.take_what_is_added(false)?;
        let frontier = self.recorder.run.frontier(plan);
        if self.take_up(&frontier.attachable)? {
            return Ok(None);
        }
        let next = frontier.next();
        // Before anybody is asked about what a sign-off guards; and again when it begins, for prompts stay open.
        if matches!(next, Next::Execute(_) | Next::Ask(..)) && self.recorder.lapse()? {
            return Ok(None);
        }
        if let Next::Execute(Execution { task, .. })
        | Next::Ask(task, Question::Confirm | Question::Record | Question::SignOff | Question::Choose) =
            &next
            && let Some(goes_on) = self.await_its_time(*task).await?
        {
            return Ok(goes_on);
        }
        self.decided.retain(|task| frontier.ready.iter().any(|ready| ready.task == *task));
        if let Next::Execute(Execution { task, .. }) | Next::Ask(task, _) | Next::PassOver { task, .. } =
            &next
        {
            self.enter(*task);
        }
        match next {
            Next::Open | Next::Await(_) => return Err(Fault::Stuck.into()),
            Next::SignSession => return Err(Fault::SessionUnsigned.into()),
            Next::Override => return self.barred(&frontier.asks).await,
            // An earlier driver died before it could write that.
            Next::Lapse { .. } => drop(self.recorder.record(Vec::new())?),
            Next::PassOver { task, whole, condition } => self.pass_over(task, whole, condition)?,
            Next::Execute(_) => self.begin(&frontier.ready).await?,
            Next::Ask(task, question) => {
                if !self.ask(task, question, &frontier.asks).await? {
                    return Ok(Some(Stop::Parked(task, question)));
                }
            }
            Next::RollBack => {
                let wanted = self.recorder.run.rollback_plan(plan);
                let opened = roll_back(plan, &wanted, None, None);
                self.recorder.record_and_tell(vec![opened], |_| vec![Moment::RollbackAsked])?;
            }
            Next::Done(verdict) => {
                if self.looks_before_the_end()? {
                    return Ok(None);
                }
                if !self.recorder.run.is_closed() {
                    self.take_what_is_added(true)?;
                    if matches!(verdict, Verdict::Passed | Verdict::NothingDone) {
                        self.recorder.tell(Moment::StepsPassed);
                    }
                    let closed = vec![Event::RunClosed { verdict }];
                    self.recorder.record_and_tell(closed, |_| vec![Moment::Closed { verdict }])?;
                }
                self.recorder.journal.seal(verdict)?;
                return Ok(Some(Stop::Done(verdict)));
            }
        }
        Ok(None)
    }

    /// Puts on record what the desk has to say by itself.
    fn take_what_is_added(&mut self, ending: bool) -> Result<(), J::Error> {
        if self.recorder.run.is_closed() {
            return Ok(());
        }
        let added = self.desk.adds(&self.recorder.view(), ending);
        if added.is_empty() { Ok(()) } else { self.recorder.record(added).map(drop) }
    }

    /// Waits for the time before which a step may not begin. Where that is not to be waited for, rules are held: somebody is
    /// asked, or the run is parked. `None` where the time has come.
    async fn await_its_time(&mut self, task: Task) -> Result<Option<Option<Stop>>, J::Error> {
        let plan = self.recorder.plan;
        let now = self.recorder.now();
        let run = &self.recorder.run;
        if run.out_of_time(plan, task, now).iter().all(|unmet| unmet.rule != Rule::NotBefore) {
            return Ok(None);
        }
        let Some(until) = run.not_before(plan, task.step) else { return Ok(None) };
        self.enter(task);
        let left = |now| Duration::try_from(until.duration_since(now)).unwrap_or_default();
        let fits =
            left(now) <= PATIENCE && self.recorder.run.ending(now).is_none_or(|ending| until < ending.at);
        let waits = match self.desk.attended() {
            true => self.desk.waits(&self.recorder.view(), task, until),
            false => fits,
        };
        let step = task.step_of(plan).id.clone();
        self.recorder.tell(Moment::NotBefore { step, until, waits });
        if !waits {
            self.check_rules()?;
            return Ok(Some(None));
        }
        self.settle()?;
        // Whoever was asked may have taken their time.
        let interrupted = self.runner.wait(left(self.recorder.now())).await;
        Ok(Some(interrupted.map(|_| Stop::Parked(task, Question::Confirm))))
    }

    /// Rules do not hold: somebody may take back what was done, or end the run. A run that was barred from its opening has
    /// done nothing.
    async fn barred(&mut self, asks: &[(Task, Question)]) -> Result<Option<Stop>, J::Error> {
        let Some((task, question)) = asks.first().copied() else { return Err(Fault::Barred.into()) };
        let answered = self.ask(task, question, asks).await?;
        Ok((!answered).then_some(Stop::Parked(task, question)))
    }

    pub(crate) fn enter(&mut self, task: Task) {
        if self.at_step.replace(task.step) == Some(task.step) {
            return;
        }
        self.desk.enter(&self.recorder.view(), task);
        let step = task.step_of(self.recorder.plan);
        let title = self.recorder.run.title(step);
        let title = self.recorder.secrets.masked(&title).into_owned();
        let (step, number) = (step.id.clone(), step.number.clone());
        let rollback = matches!(task.slot, Slot::Rollback(_));
        self.recorder.tell(Moment::StepEntered { step, number, title, rollback });
    }

    fn pass_over(&mut self, task: Task, whole: bool, condition: String) -> Result<(), J::Error> {
        let plan = self.recorder.plan;
        let step = task.step_of(plan).id.clone();
        let action = (!whole).then(|| task.id(plan));
        let place = self.recorder.run.place_of(task).map(str::to_owned);
        let event = Event::NotApplicable { step, action, place, condition };
        let moments = |events: &[Event]| {
            let passed_over = |event: &Event| match event.clone() {
                Event::NotApplicable { step, action, condition, .. } => {
                    Some(Moment::PassedOver { step, action, condition })
                }
                _ => None,
            };
            events.iter().filter_map(passed_over).collect()
        };
        self.recorder.record_and_tell(vec![event], moments).map(drop)
    }

    pub(crate) fn record_answer(&mut self, events: Vec<Event>) -> Result<(), J::Error> {
        self.recorder.record_and_tell(events, Moment::of_answer).map(drop)
    }

    /// Puts on record that a sign-off is waited for, once.
    pub(crate) fn request_sign_off(&mut self, task: Task, question: Question) -> Result<(), J::Error> {
        if question != Question::SignOff || self.recorder.run.is_requested(task) {
            return Ok(());
        }
        // What the run's blocks did to the repository is part of what is signed.
        if self.recorder.run.has_look_aged() {
            self.check_rules()?;
        }
        self.recorder.request_sign_off(task)
    }

    /// Holds the environment's rules once more. What was seen is on record before the refusal, if there is one. Where it
    /// is only too late, and somebody is there, they are asked about it instead.
    pub(crate) fn check_rules(&mut self) -> Result<(), J::Error> {
        self.settle()?;
        let Recorder { run, journal, .. } = &mut *self.recorder;
        let (look, refusal) = (self.rules)(run, journal)?;
        self.recorder.record(vec![Event::RulesChecked(look)])?;
        let asked = self.desk.attended() && self.recorder.run.is_barred_by_time();
        refusal.filter(|_| !asked).map_or(Ok(()), Err)
    }

    /// Whether rules of time let this block not begin now.
    pub(crate) fn is_late(&self, task: Task) -> bool {
        let Recorder { plan, run, .. } = &*self.recorder;
        !run.out_of_time(plan, task, self.recorder.now()).is_empty()
    }
}
