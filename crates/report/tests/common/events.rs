//! The events that tests put on a tape.

use std::collections::BTreeMap;

use holdpoint_document::*;
use holdpoint_engine::*;

use super::*;

impl Tape {
    pub fn started(&mut self, action: &str, attempt: u32, script: Option<&str>) -> &mut Tape {
        self.ready(action);
        let started = self.starting(action, attempt, script);
        self.push(if action.contains("#rollback-") {
            Event::RollbackStarted(started)
        } else {
            Event::ActionStarted(started)
        })
    }

    pub fn starting(&mut self, action: &str, attempt: u32, script: Option<&str>) -> Started {
        let script = script.map(|script| self.blob(script));
        let cwd = "/srv/product".to_owned();
        Started {
            place: None,
            step: Self::step_of(action),
            action: action.to_owned(),
            attempt,
            probe: false,
            script,
            cwd,
            remote: None,
        }
    }

    pub fn finished(&mut self, action: &str, attempt: u32, end: End) -> &mut Tape {
        let finished = Box::new(self.finishing(action, attempt, end));
        self.push(if action.contains("#rollback-") {
            Event::RollbackFinished(finished)
        } else {
            Event::ActionFinished(finished)
        })
    }

    pub fn finishing(&mut self, action: &str, attempt: u32, end: End) -> Finished {
        self.wait(end.seconds);
        let (expectations, captures) = self.judged(action, &end);
        let timing = format!("o {} 1500000\ne {} 2000000\n", end.stdout.len(), end.stderr.len());
        let (stdout, stderr, timing) = (self.blob(&end.stdout), self.blob(&end.stderr), self.blob(timing));
        Finished {
            place: None,
            step: Self::step_of(action),
            action: action.to_owned(),
            attempt,
            probe: false,
            outcome: end.outcome,
            exit: end.exit,
            signal: end.exit.is_none().then_some(15),
            error: None,
            duration_ms: end.seconds as u64 * 1000,
            output: end.kept.then_some(Output { stdout, stderr, timing }),
            expectations,
            captures,
            files: BTreeMap::new(),
            state: None,
            masked: end.masked.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
            remarks: Vec::new(),
        }
    }

    /// Starts a block at a place, as the engine asks for it.
    pub fn started_at(&mut self, action: &str, place: &str, attempt: u32) -> &mut Tape {
        let started = self.starting(action, attempt, None);
        // Of a name that no other attempt of the run has.
        let attempt = format!("attempt-{}", self.run.as_ref().map_or(0, Run::events));
        let word = |word: &str| word.to_owned();
        let remote = SentTo { attempt, boot: word("boot"), store: word("store") };
        let remote = (place != "local").then_some(remote);
        let started = Started { place: Some(place.to_owned()), remote, ..started };
        self.push(if action.contains("#rollback-") {
            Event::RollbackStarted(started)
        } else {
            Event::ActionStarted(started)
        })
    }

    /// Ends a block at a place.
    pub fn finished_at(&mut self, action: &str, place: &str, attempt: u32, end: End) -> &mut Tape {
        let finished =
            Box::new(Finished { place: Some(place.to_owned()), ..self.finishing(action, attempt, end) });
        self.push(if action.contains("#rollback-") {
            Event::RollbackFinished(finished)
        } else {
            Event::ActionFinished(finished)
        })
    }

    /// Runs a block if the engine lets it, now or after what comes before it.
    pub fn try_run(&mut self, action: &str, end: End) -> &mut Tape {
        self.ready(action);
        let attempt = match self.next() {
            Some(Next::Execute(execution)) if Some(execution.task) == self.task(action) => execution.attempt,
            Some(_) => return self,
            None => 1,
        };
        self.ran(action, attempt, end)
    }

    /// Rolls back what took effect, if anything did.
    pub fn try_rolling_back(&mut self, reason: &str) {
        let run = self.run.as_ref().unwrap();
        if !run.offers(&self.plan).rollback.steps.is_empty() {
            self.rolling_back("quinn", reason);
        }
    }

    /// What the engine wants to be told of a block that ended like this: each expectation once, captures as declared.
    pub(super) fn judged(&self, action: &str, end: &End) -> (Vec<Judged>, BTreeMap<String, String>) {
        let told = || end.expectations.iter().cloned();
        let mut captures: BTreeMap<String, String> =
            end.captures.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let Some(block) = self.task(action).and_then(|task| task.block(&self.plan)) else {
            return (told().collect(), captures);
        };
        if self.run.is_none() {
            return (told().collect(), captures);
        }
        for capture in &block.options.capture {
            captures.entry(capture.name.clone()).or_insert_with(|| "captured".to_owned());
        }
        let is = |start: &'static str| move |judged: &Judged| judged.expected.starts_with(start);
        let mut judged: Vec<Judged> = Vec::new();
        if end.outcome == Outcome::TimedOut {
            judged.extend(told().find(is("ends within")).or(Some(broke("ends within 5m", "it did not end"))));
        }
        let exit = match end.exit {
            Some(0) => held("exit code 0"),
            Some(code) => broke("exit code 0", &code.to_string()),
            None => broke("exit code 0", "signal 15"),
        };
        judged.push(told().find(is("exit code")).filter(|told| told.held == exit.held).unwrap_or(exit));
        let mut others = told().filter(|judged| !is("ends within")(judged) && !is("exit code")(judged));
        for _ in block.expect.iter().filter(|expect| !matches!(expect.that, Expected::Exit(_))) {
            let good = end.outcome == Outcome::Passed;
            let mut other = others.next().unwrap_or_else(|| match good {
                true => held("standard output contains \"healthy\""),
                false => broke("standard output contains \"healthy\"", "nothing"),
            });
            other.held |= good;
            judged.push(other);
        }
        (judged, captures)
    }

    pub fn ran(&mut self, action: &str, attempt: u32, end: End) -> &mut Tape {
        self.started(action, attempt, None).finished(action, attempt, end)
    }

    pub fn confirmed(&mut self, action: &str) -> &mut Tape {
        self.reach(action);
        let confirmed = self.confirming(action);
        self.push(confirmed)
    }

    /// Also of what is no item, or cannot be shown.
    pub fn confirming(&self, action: &str) -> Event {
        let shown = self.run.as_ref().zip(self.task(action));
        let text = shown.and_then(|(run, task)| run.item_text(&self.plan, task)?.ok()).unwrap_or_default();
        Event::ItemConfirmed { step: Self::step_of(action), action: action.to_owned(), text, by: by("olga") }
    }

    pub fn recorded(&mut self, action: &str, name: &str, value: &str, within_limits: bool) -> &mut Tape {
        self.ready(action);
        let evidence = Some(Evidence::Url("https://dash.example.org/errors?from=1&to=2".to_owned()));
        let (step, action) = (Self::step_of(action), action.to_owned());
        let (name, value) = (name.to_owned(), value.to_owned());
        self.push(Event::ValueRecorded { step, action, name, value, evidence, within_limits, by: by("olga") })
    }

    pub fn requested(&mut self, action: &str) -> &mut Tape {
        self.reach(action);
        let (step, action) = (Self::step_of(action), action.to_owned());
        let statement = STATEMENT.to_owned();
        self.push(Event::SignOffRequested { step, action, role: "qa".to_owned(), statement })
    }

    pub fn signed(&mut self, action: &str) -> &mut Tape {
        self.signed_by(action, "quinn", "Quinn Q. Approver")
    }

    pub fn signed_by(&mut self, action: &str, who: &str, name: &str) -> &mut Tape {
        self.reach(action);
        let given = Self::signing(action, who, name);
        self.push(Event::SignOffGiven(given))
    }

    pub fn signing(action: &str, who: &str, name: &str) -> SignedOff {
        SignedOff {
            step: Self::step_of(action),
            action: action.to_owned(),
            role: "qa".to_owned(),
            meaning: Meaning::Approval,
            statement: STATEMENT.to_owned(),
            name: name.to_owned(),
            assurance: Assurance::Typed,
            signature: None,
            presence: Some(Self::presence()),
            by: by(who),
        }
    }

    /// Of somebody in an account of their own.
    pub fn presence() -> Box<Presence> {
        let Session { program, host, .. } = session("olga");
        let shown = BlobRef { sha256: "5".repeat(64), bytes: 5 };
        Box::new(Presence {
            shown,
            program,
            os_user: "quinn".into(),
            host,
            tty: Some("/dev/pts/3".into()),
            other_account: true,
        })
    }

    pub fn rejected(&mut self, action: &str, who: &str, reason: &str) -> &mut Tape {
        self.reach(action);
        let (step, action, reason) = (Self::step_of(action), action.to_owned(), reason.to_owned());
        self.push(Event::SignOffRejected {
            step,
            action,
            reason,
            signed: None,
            presence: Some(Self::presence()),
            by: by(who),
        })
    }

    /// Rolls back what took effect, because somebody asks for it.
    pub fn rolling_back(&mut self, who: &str, reason: &str) -> &mut Tape {
        let run = self.run.as_ref().unwrap();
        let wanted = run.rollback_plan(&self.plan);
        let ids = |steps: &[usize]| steps.iter().map(|step| self.plan.steps[*step].id.clone()).collect();
        let (steps, without) = (ids(&wanted.steps), ids(&wanted.without));
        let (reason, by) = (Some(reason.to_owned()), Some(by(who)));
        self.push(Event::RollbackOpened { steps, without, places: wanted.places, reason, by })
    }

    pub fn deviated(
        &mut self,
        kind: DeviationKind,
        step: &str,
        action: Option<&str>,
        reason: &str,
    ) -> &mut Tape {
        if kind == DeviationKind::Skipped {
            let first = self.plan.step(step).map(|(_, step)| step.actions[0].id.clone());
            if let Some(action) = action.map(str::to_owned).or(first) {
                self.reach(&action);
            }
        }
        let (step, action) = (step.to_owned(), action.map(str::to_owned));
        let reason = reason.to_owned();
        self.push(Event::Deviation(Deviation {
            place: None,
            kind,
            step,
            action,
            script: None,
            overridden: None,
            reason,
            by: by("olga"),
        }))
    }

    pub fn decided(&mut self, action: &str, choice: Choice, reason: Option<&str>) -> &mut Tape {
        if matches!(self.next(), Some(Next::Await(execution)) if Some(execution.task) == self.task(action)) {
            self.push(Event::SessionOpened(session("olga")));
        }
        let (step, action) = (Self::step_of(action), action.to_owned());
        let reason = reason.map(str::to_owned);
        self.push(Event::Decision { place: None, step, action, choice, reason, by: by("olga") })
    }

    pub fn noted(&mut self, text: &str, step: Option<&str>, corrects: Option<u64>) -> &mut Tape {
        let (text, step) = (text.to_owned(), step.map(str::to_owned));
        self.push(Event::Note { text, step, corrects, by: by("olga") })
    }

    /// Goes on to where the run ends like this, and closes it.
    pub fn closed(&mut self, verdict: Verdict) -> &mut Tape {
        if self.next() != Some(Next::Done(verdict)) && self.run.is_some() {
            self.ending(verdict);
        }
        self.push(Event::RunClosed { verdict })
    }

    pub(super) fn ending(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Passed => while self.answer() {},
            Verdict::Aborted => {
                let action = self.at_hand().unwrap().id(&self.plan);
                self.decided(&action, Choice::Abort, None);
            }
            Verdict::Failed => {
                while !matches!(self.next(), Some(Next::Execute(_) | Next::Ask(_, Question::Failed))) {
                    assert!(self.answer(), "nothing here can fail");
                }
                if let Some(Next::Execute(execution)) = self.next() {
                    let action = execution.task.id(&self.plan);
                    self.ran(&action, execution.attempt, failed(1, ""));
                }
                let at = self.at_hand().unwrap();
                self.plan.steps[at.step].on_failure = OnFailure::Stop;
            }
            Verdict::RolledBack => {
                let undoes = |run: &Run, plan: &Plan| !run.rollback_plan(plan).steps.is_empty();
                while !undoes(self.run.as_ref().unwrap(), &self.plan) {
                    assert!(self.answer(), "nothing here can be undone");
                }
                self.rolling_back("olga", "not wanted");
                while self.answer() {}
            }
            Verdict::NothingDone => panic!("skip everything first"),
        }
    }
}
