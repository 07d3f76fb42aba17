//! A run told event by event: what is told is taken, or the test fails.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_engine::*;
use holdpoint_model::*;
use jiff::Timestamp;

pub(crate) const OPS: &str = "ops@example.org";
pub(crate) const QA: &str = "qa@example.org";
pub(crate) const LEAD: &str = "lead@example.org";
/// Takes runs over, and has no role.
pub(crate) const NIGHT: &str = "night@example.org";

/// When things happen, unless a test says otherwise: 2026-11-23 08:00 UTC.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_795_420_800, 0);

/// When this event happens in tests that have no clock of their own: a sign-off lapses long after all else.
pub(crate) fn when(event: &Event) -> Timestamp {
    match event {
        Event::SignOffLapsed { .. } => NOW + jiff::SignedDuration::from_hours(240),
        _ => NOW,
    }
}

/// Each event with its time.
pub(crate) fn timed(events: &[Event]) -> impl Iterator<Item = (Timestamp, Event)> {
    events.iter().map(|event| (when(event), event.clone()))
}

pub(crate) fn by(who: &str) -> By {
    By { who: who.into(), via: Via::Terminal }
}

pub(crate) fn session(operator: &str) -> Session {
    Session {
        operator: operator.into(),
        operator_from: "option".into(),
        program: Program { version: "0.1.0".into(), sha256: None },
        os_user: "u".into(),
        host: "h".into(),
        tty: None,
        cwd: "/".into(),
        time_zone: "UTC".into(),
        clock_synchronised: None,
        checks: None,
        commit: None,
        dirty: None,
        committed: None,
        anchor: None,
        change: None,
        unmet: Vec::new(),
    }
}

/// Everybody operates; QA and LEAD sign off as `qa`.
pub(crate) fn opened() -> RunOpened {
    let roles = [("operator", vec![OPS, QA, LEAD]), ("qa", vec![QA, LEAD])];
    let roles = roles.map(|(role, who)| (role.to_owned(), who.iter().map(|w| (*w).to_owned()).collect()));
    RunOpened {
        format: "1.0".into(),
        id: "01JD".into(),
        number: 7,
        former: None,
        dry: false,
        runbook: Runbook {
            path: "a.md".into(),
            blob: blob("a"),
            includes: Vec::new(),
            commit: None,
            dirty: None,
            committed: None,
            title: "A plan".into(),
            document_id: None,
            revision: None,
            claims: Default::default(),
            foreign: false,
        },
        plan: String::new(),
        environment: EnvironmentSeen {
            name: "production".into(),
            rehearsal: false,
            protected: false,
            four_eyes: false,
            signature: Assurance::Typed,
            sessions: Assurance::Typed,
            vars: BTreeMap::new(),
            targets: BTreeMap::new(),
            rollouts: Some(Rollouts::Strict),
        },
        inputs: Vec::new(),
        config: None,
        signers: None,
        revoked: None,
        roles: roles.into_iter().collect(),
        people: BTreeMap::new(),
        aliases: Default::default(),
        policy: Default::default(),
        session: session(OPS),
    }
}

/// Targets that stand for so many places each: `web-01`, `web-02`…
pub(crate) fn targets(of: &[(&str, usize)]) -> BTreeMap<String, TargetSeen> {
    let seen = |(name, count): &(&str, usize)| {
        let places = (1..=*count).map(|n| format!("ssh://{name}-{n:02}")).collect();
        ((*name).to_owned(), TargetSeen { places, r#become: None })
    };
    of.iter().map(seen).collect()
}

/// Of whoever signs from an account of their own.
pub(crate) fn presence() -> Option<Box<Presence>> {
    let Session { program, host, .. } = session(OPS);
    let (shown, os_user) = (blob("shown"), "q".into());
    Some(Box::new(Presence { shown, program, os_user, host, tty: None, other_account: true }))
}

pub(crate) fn blob(name: &str) -> BlobRef {
    BlobRef { sha256: name.into(), bytes: 1 }
}

pub(crate) fn started(plan: &Plan, execution: Execution) -> Started {
    let block = execution.task.block(plan).unwrap();
    Started {
        place: None,
        step: execution.task.step_of(plan).id.clone(),
        action: execution.task.id(plan),
        attempt: execution.attempt,
        probe: execution.probe,
        script: block.options.template.then(|| blob("rendered")),
        cwd: "/".into(),
        remote: None,
    }
}

/// Where a block is sent that begins now, under a name that no other attempt of the run has.
pub(crate) fn sent(run: &Run, task: Task) -> Option<SentTo> {
    run.place_of(task).filter(|place| *place != "local")?;
    Some(SentTo { attempt: format!("attempt-{}", run.events()), boot: "boot".into(), store: "store".into() })
}

/// The end of a block, as the judge would tell it: the first expectation (of its kind) decides.
pub(crate) fn finished(plan: &Plan, task: Task, attempt: u32, probe: bool, outcome: Outcome) -> Finished {
    let block = task.block(plan).unwrap();
    let values = Values::default();
    let captures = &block.options.capture;
    let files: BTreeMap<String, Vec<u8>> = captures
        .iter()
        .filter_map(|capture| match &capture.from {
            CaptureFrom::File(path) => Some((path.clone(), b"yes\n".to_vec())),
            _ => None,
        })
        .collect();
    let ended = matches!(outcome, Outcome::Passed | Outcome::Failed);
    let seen = Observation {
        exit: ended.then_some(i32::from(outcome == Outcome::Failed)),
        signal: (!ended).then_some(15),
        error: None,
        timed_out: outcome == Outcome::TimedOut,
        interrupted: outcome == Outcome::Interrupted,
        stdout: Some(b"yes\n"),
        stderr: Some(b""),
        files: &files,
    };
    let judgement = judge(block, &values, &seen);
    assert_eq!(judgement.outcome, outcome, "{:?}", judgement.expectations);
    Finished {
        place: None,
        step: task.step_of(plan).id.clone(),
        action: task.id(plan),
        attempt,
        probe,
        outcome,
        exit: seen.exit,
        signal: seen.signal,
        error: None,
        duration_ms: 1000,
        output: None,
        expectations: judgement.expectations,
        captures: judgement.captures,
        files: BTreeMap::new(),
        state: None,
        masked: BTreeMap::new(),
        remarks: Vec::new(),
    }
}

/// What is at hand: `execute a#1`, `await a#1`, `ask a#1 Failed`, `done Passed`…; with `@1` at the second of a run's places.
pub(crate) fn at(plan: &Plan, next: &Next) -> String {
    let probe = |execution: &Execution| if execution.probe { " to find out" } else { "" };
    let id = |task: &Task| match task.place {
        Some(PlaceIx(place)) => format!("{}@{place}", task.id(plan)),
        None => task.id(plan),
    };
    match next {
        Next::Open => "open".into(),
        Next::PassOver { task, whole: true, .. } => format!("pass over {}", task.step_of(plan).id),
        Next::PassOver { task, .. } => format!("pass over {}", id(task)),
        Next::Lapse { task, .. } => format!("lapse {}", id(task)),
        Next::Execute(e) => format!("execute {}{}", id(&e.task), probe(e)),
        Next::Await(e) => format!("await {}{}", id(&e.task), probe(e)),
        Next::Ask(task, question) => format!("ask {} {question:?}", id(task)),
        Next::RollBack => "roll back".into(),
        Next::SignSession => "sign the session".to_owned(),
        Next::Override => "override".to_owned(),
        Next::Done(verdict) => format!("done {verdict:?}"),
    }
}

/// All that is on a frontier, as [`at`] says it.
pub(crate) fn on(plan: &Plan, now: &Frontier) -> BTreeSet<String> {
    let mut all: Vec<Next> = Vec::new();
    if now.due.is_some() || now.verdict.is_some() {
        all.push(now.next());
    }
    let pass_over = now.pass_over.iter().cloned();
    all.extend(pass_over.map(|PassOver { task, whole, condition }| Next::PassOver {
        task,
        whole,
        condition,
    }));
    all.extend(now.asks.iter().map(|(task, question)| Next::Ask(*task, *question)));
    all.extend(now.ready.iter().copied().map(Next::Execute));
    all.extend(now.running.iter().copied().map(Next::Await));
    all.iter().map(|next| at(plan, next)).collect()
}

pub(crate) struct Story {
    pub(crate) plan: Plan,
    pub(crate) run: Run,
    pub(crate) events: Vec<Event>,
}

impl Story {
    /// The run has been opened.
    pub(crate) fn of(plan: Plan) -> Story {
        Story::opened_as(plan, |_| ())
    }

    pub(crate) fn opened_as(plan: Plan, how: impl FnOnce(&mut RunOpened)) -> Story {
        let mut event = opened();
        how(&mut event);
        let mut story = Story { run: Run::new(&plan), plan, events: Vec::new() };
        story.tell(Event::RunOpened(Box::new(event)));
        story
    }

    pub(crate) fn tell(&mut self, event: Event) {
        self.tell_at(when(&event), event);
    }

    pub(crate) fn tell_at(&mut self, at: Timestamp, event: Event) {
        if let Err(error) = self.run.apply(&self.plan, at, &event) {
            panic!("refused: {error}\nevent: {event:?}\nnext: {:?}", error.next);
        }
        self.events.push(event);
    }

    /// Why the event is refused. The run is as it was.
    pub(crate) fn refuses(&mut self, event: Event) -> String {
        let before = self.run.clone();
        let error = self.run.apply(&self.plan, when(&event), &event).expect_err(&format!("taken: {event:?}"));
        assert_eq!(self.run, before);
        error.reason
    }

    pub(crate) fn next(&self) -> Next {
        self.run.next(&self.plan)
    }

    pub(crate) fn offers(&self) -> Offers {
        self.run.offers(&self.plan)
    }

    pub(crate) fn at(&self) -> String {
        at(&self.plan, &self.next())
    }

    /// Whatever must lapse now does, one sign-off after another.
    pub(crate) fn lapse(&mut self) {
        while let Some(event) = self.run.due_lapse(&self.plan) {
            self.tell(event);
        }
    }

    pub(crate) fn execution(&self) -> Execution {
        match self.next() {
            Next::Execute(execution) | Next::Await(execution) => execution,
            other => panic!("nothing is executed: {other:?}"),
        }
    }

    pub(crate) fn task(&self) -> Task {
        match self.next() {
            Next::Execute(execution) | Next::Await(execution) => execution.task,
            Next::Ask(task, _) | Next::PassOver { task, .. } => task,
            other => panic!("nothing is at hand: {other:?}"),
        }
    }

    fn names(&self) -> (String, String) {
        let task = self.offers().task.unwrap_or_else(|| self.task());
        (task.step_of(&self.plan).id.clone(), task.id(&self.plan))
    }

    pub(crate) fn start_event(&self) -> Event {
        let execution = self.execution();
        self.start_of(execution)
    }

    pub(crate) fn start_of(&self, execution: Execution) -> Event {
        let mut started = started(&self.plan, execution);
        started.place = self.run.place_of(execution.task).map(str::to_owned);
        started.remote = sent(&self.run, execution.task);
        if let Some(script) = self.run.edited_script(execution.task) {
            started.script = Some(script.clone());
        }
        match execution.task.slot {
            Slot::Action(_) => Event::ActionStarted(started),
            Slot::Rollback(_) => Event::RollbackStarted(started),
        }
    }

    pub(crate) fn start(&mut self) {
        self.tell(self.start_event());
    }

    pub(crate) fn finish_event(&self, outcome: Outcome, how: impl FnOnce(&mut Finished)) -> Event {
        self.end_of(self.execution(), outcome, how)
    }

    pub(crate) fn end_of(
        &self,
        execution: Execution,
        outcome: Outcome,
        how: impl FnOnce(&mut Finished),
    ) -> Event {
        let Execution { task, attempt, probe, .. } = execution;
        let mut finished = finished(&self.plan, task, attempt, probe, outcome);
        finished.place = self.run.place_of(task).map(str::to_owned);
        how(&mut finished);
        match task.slot {
            Slot::Action(_) => Event::ActionFinished(Box::new(finished)),
            Slot::Rollback(_) => Event::RollbackFinished(Box::new(finished)),
        }
    }

    pub(crate) fn finish(&mut self, outcome: Outcome) {
        self.tell(self.finish_event(outcome, |_| ()));
    }

    pub(crate) fn finish_with(&mut self, outcome: Outcome, how: impl FnOnce(&mut Finished)) {
        self.tell(self.finish_event(outcome, how));
    }

    pub(crate) fn execute(&mut self, outcome: Outcome) {
        self.start();
        self.finish(outcome);
    }

    pub(crate) fn pass(&mut self) {
        self.execute(Outcome::Passed);
    }

    pub(crate) fn fail(&mut self) {
        self.execute(Outcome::Failed);
    }

    /// A capture's value, beside passing.
    pub(crate) fn pass_with(&mut self, name: &str, value: &str) {
        self.start();
        self.finish_with(Outcome::Passed, |f| {
            f.captures.insert(name.into(), value.into());
        });
    }

    /// Whoever the run was handed to takes it up.
    pub(crate) fn accept(&mut self) {
        let Some(open) = self.run.handover() else { return };
        let by = by(&open.to);
        self.tell(Event::HandoverAccepted { by });
    }

    pub(crate) fn handing_over(&self, from: &str, to: &str) -> Handover {
        Handover { to: to.into(), standing: self.run.standing(&self.plan), note: None, by: by(from) }
    }

    pub(crate) fn hand_over(&mut self, from: &str, to: &str) {
        self.tell(Event::Handover(Box::new(self.handing_over(from, to))));
    }

    /// The place of what is at hand.
    fn place(&self) -> Option<String> {
        let task = self.offers().task.unwrap_or_else(|| self.task());
        self.run.place_of(task).map(str::to_owned)
    }

    pub(crate) fn crash(&mut self) {
        self.accept();
        self.tell(Event::SessionOpened(session(OPS)));
    }

    pub(crate) fn decision(&self, choice: Choice) -> Event {
        let (step, action) = self.names();
        Event::Decision { step, action, place: self.place(), choice, reason: None, by: by(OPS) }
    }

    pub(crate) fn decide(&mut self, choice: Choice) {
        self.tell(self.decision(choice));
    }

    pub(crate) fn skipping(&self) -> Event {
        let (step, action) = self.names();
        deviation_at(DeviationKind::Skipped, &step, Some(&action), self.place())
    }

    pub(crate) fn skip(&mut self) {
        self.tell(self.skipping());
    }

    pub(crate) fn skipping_step(&self) -> Event {
        deviation_at(DeviationKind::Skipped, &self.names().0, None, self.place())
    }

    pub(crate) fn editing(&self, script: &str) -> Event {
        let (step, action) = self.names();
        match deviation_at(DeviationKind::Edited, &step, Some(&action), self.place()) {
            Event::Deviation(deviation) => {
                Event::Deviation(Deviation { script: Some(blob(script)), ..deviation })
            }
            other => other,
        }
    }

    pub(crate) fn repeat(&mut self, step: &str) {
        self.tell(deviation(DeviationKind::Repeated, step, None));
    }

    pub(crate) fn go_back(&mut self, step: &str) {
        self.tell(deviation(DeviationKind::OutOfOrder, step, None));
    }

    pub(crate) fn confirming(&self, who: &str) -> Event {
        let task = self.offers().task.unwrap_or_else(|| self.task());
        let (step, action) = self.names();
        let shown = self.run.item_text(&self.plan, task).and_then(Result::ok);
        let text = shown.unwrap_or_else(|| "Do it.".into());
        Event::ItemConfirmed { step, action, text, by: by(who) }
    }

    pub(crate) fn confirm(&mut self) {
        self.tell(self.confirming(OPS));
    }

    pub(crate) fn recording(&self, name: &str, value: &str, within_limits: bool) -> Event {
        let (step, action) = self.names();
        Event::ValueRecorded {
            step,
            action,
            name: name.into(),
            value: value.into(),
            evidence: None,
            within_limits,
            by: by(OPS),
        }
    }

    pub(crate) fn record(&mut self, name: &str, value: &str) {
        self.tell(self.recording(name, value, true));
    }

    pub(crate) fn sign_off(&self, who: &str) -> SignedOff {
        let (step, action) = self.names();
        let Some(Work::SignOff(sign_off)) = self.task().work(&self.plan) else { panic!("no hold point") };
        SignedOff {
            step,
            action,
            role: sign_off.role.clone(),
            meaning: sign_off.meaning,
            statement: self.run.statement(sign_off).unwrap(),
            name: who.into(),
            assurance: Assurance::Typed,
            signature: None,
            presence: presence(),
            by: by(who),
        }
    }

    pub(crate) fn signing_off(&self, who: &str, how: impl FnOnce(&mut SignedOff)) -> Event {
        let mut sign_off = self.sign_off(who);
        how(&mut sign_off);
        Event::SignOffGiven(sign_off)
    }

    pub(crate) fn sign(&mut self, who: &str) {
        self.tell(self.signing_off(who, |_| ()));
    }

    pub(crate) fn pass_over(&mut self) {
        let Next::PassOver { task, whole, condition } = self.next() else { panic!("{}", self.at()) };
        let step = task.step_of(&self.plan).id.clone();
        let action = (!whole).then(|| task.id(&self.plan));
        let place = self.run.place_of(task).map(str::to_owned);
        self.tell(Event::NotApplicable { step, action, place, condition });
    }

    pub(crate) fn rolling_back(&self, by: Option<By>) -> Event {
        let plan = self.run.rollback_plan(&self.plan);
        let ids = |steps: &[usize]| steps.iter().map(|s| self.plan.steps[*s].id.clone()).collect();
        Event::RollbackOpened {
            steps: ids(&plan.steps),
            without: ids(&plan.without),
            places: plan.places,
            reason: None,
            by,
        }
    }

    pub(crate) fn roll_back(&mut self) {
        self.tell(self.rolling_back(Some(by(OPS))));
    }

    pub(crate) fn close(&mut self, verdict: Verdict) {
        self.tell(Event::RunClosed { verdict });
    }
}

pub(crate) fn deviation(kind: DeviationKind, step: &str, action: Option<&str>) -> Event {
    deviation_at(kind, step, action, None)
}

pub(crate) fn deviation_at(
    kind: DeviationKind,
    step: &str,
    action: Option<&str>,
    place: Option<String>,
) -> Event {
    Event::Deviation(Deviation {
        place,
        kind,
        step: step.into(),
        action: action.map(str::to_owned),
        script: None,
        overridden: None,
        reason: "because".into(),
        by: by(OPS),
    })
}

pub(crate) fn note(text: &str) -> Event {
    Event::Note { text: text.into(), step: None, corrects: None, by: by(OPS) }
}
