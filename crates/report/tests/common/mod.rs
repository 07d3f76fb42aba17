//! A small planner for test documents and a tape that records events, blobs and times.
//!
//! A tape conforms: what a test does not tell itself is answered as the engine asks for it, and what the engine refuses
//! fails the test. A record that does not conform is what [`Tape::forge`] makes.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::collections::BTreeMap;

use holdpoint_document::*;
use holdpoint_engine::*;
use holdpoint_report::Material;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

/// What is signed at every hold point.
pub const STATEMENT: &str = "I reviewed the results above and approve release v2.4.0.";

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Plans a document of a plain make: `##` sections are steps, fences with a kind and task items are actions. Stands
/// in for the real parser, which knows far more.
pub fn plan(source: &str) -> Plan {
    let mut steps: Vec<Step> = Vec::new();
    let mut fence: Option<(usize, String, String)> = None;
    let mut at = 0;
    let in_front = source.starts_with("---\n");
    let mut skipping = in_front;
    let mut in_item = false;
    for line in source.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if skipping {
            skipping = start == 0 || line.trim_end() != "---";
            continue;
        }
        let indent = line.len() - line.trim_start_matches([' ', '>']).len();
        let text = line[indent..].trim();
        if let Some((from, info, marks)) = &fence {
            if text == marks {
                let span = Span::new(*from, start + line.trim_end().len());
                let info = info.clone();
                fence = None;
                if let Some(step) = steps.last_mut() {
                    step.span.end = at;
                    add_fence(step, source, span, &info);
                }
            }
            continue;
        }
        if let Some(step) = steps.last_mut() {
            step.span.end = at;
            if let Some(target) = text.strip_prefix("Target: ") {
                step.target = Some(target.to_owned());
                step.rollout = Some(Rollout { first: 0, at_once: 8, stop_after: 0 });
            }
        }
        let lazy = text.starts_with(|c: char| c.is_alphabetic());
        let continues = in_item && (indent > 0 || lazy) && !text.is_empty() && !text.starts_with(['`', '-']);
        in_item = continues || text.contains(" [ ] ") || text.contains(" [x] ");
        if continues {
            steps.last_mut().and_then(|step| step.actions.last_mut()).expect("an item").span.end = at;
        } else if text.starts_with("```") {
            let marks: String = text.chars().take_while(|c| *c == '`').collect();
            fence = Some((start + indent, text[marks.len()..].to_owned(), marks));
        } else if let Some(title) = line.strip_prefix("## ") {
            steps.push(step(title.trim(), steps.len() + 1, Span::new(start, at)));
        } else if let Some(item) = text
            .split_once("[ ] ")
            .or_else(|| text.split_once("[x] "))
            .filter(|(m, _)| m.ends_with(' ') && m.len() < 5)
            .map(|(_, item)| item)
        {
            let step = steps.last_mut().expect("items stand in steps");
            let span = Span::new(start + indent, at);
            push(step, span, Work::Confirm { text: item.to_owned() });
        }
    }
    steps.retain(|step| !step.actions.is_empty());
    Plan {
        kind: DocumentKind::Annotated,
        title: title(source),
        front: front(source),
        steps,
        passages: Vec::new(),
    }
}

fn title(source: &str) -> String {
    source.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default().to_owned()
}

fn front(source: &str) -> FrontMatter {
    let key = |key: &str| {
        source.lines().find_map(|l| l.strip_prefix(key)).map(|v| v.trim().trim_matches('"').to_owned())
    };
    FrontMatter {
        document_id: key("document_id:"),
        revision: key("revision:"),
        authors: key("author:").into_iter().collect(),
        ..FrontMatter::default()
    }
}

fn step(title: &str, number: usize, span: Span) -> Step {
    let id = title.to_lowercase().replace(' ', "-");
    Step {
        id,
        number: number.to_string(),
        title: title.to_owned(),
        path: Vec::new(),
        span,
        digest: String::new(),
        role: None,
        when: Vec::new(),
        target: None,
        rollout: None,
        on_failure: OnFailure::Ask,
        irreversible: false,
        skippable: true,
        actions: Vec::new(),
        rollbacks: Vec::new(),
    }
}

fn push(step: &mut Step, span: Span, work: Work) {
    let id = format!("{}#{}", step.id, step.actions.len() + 1);
    step.actions.push(Action { id, span, prose: None, caution: None, work });
}

fn add_fence(step: &mut Step, source: &str, span: Span, info: &str) {
    let (language, kind) = info.split_once(' ').unwrap_or((info, ""));
    let inner: Vec<&str> = span.of(source).lines().skip(1).collect();
    let script: String = inner[..inner.len() - 1]
        .iter()
        .filter(|l| !l.starts_with("#|"))
        .map(|line| format!("{line}\n"))
        .collect();
    let has = |option: &str| inner.contains(&option);
    let options = Options {
        sensitive: has("#| sensitive: true"),
        record: !has("#| record: false"),
        reason: has("#| record: false").then(|| "prints the whole key ring".to_owned()),
        ..Options::default()
    };
    let block = Block {
        language: language.to_owned(),
        interpreter: vec![language.to_owned()],
        script,
        span,
        options,
        expect: Vec::new(),
    };
    match kind {
        "run" => push(step, span, Work::Run(block)),
        "check" => push(step, span, Work::Check(block)),
        "rollback" => step.rollbacks.push(block),
        "expect" => {
            let action = step.actions.last_mut().expect("a subject");
            action.span.end = span.end;
            let (Work::Run(block) | Work::Check(block)) = &mut action.work else { return };
            if inner.iter().any(|line| line.starts_with("stdout:")) {
                let that = Expected::Stdout(Matcher::Contains("healthy".to_owned()));
                block.expect.push(Expectation { that, span });
            }
        }
        "record" => {
            let fields = inner[..inner.len() - 1].iter().filter_map(|line| line.trim().split_once(':')).map(
                |(name, _)| Field {
                    name: name.to_owned(),
                    prompt: None,
                    kind: ValueKind::Number { min: None, max: Some(0.1) },
                    evidence: None,
                },
            );
            push(step, span, Work::Record { fields: fields.collect() });
        }
        "signoff" => push(
            step,
            span,
            Work::SignOff(SignOff {
                role: "qa".to_owned(),
                meaning: Meaning::Approval,
                statement: STATEMENT.to_owned(),
                independent: true,
                count: 1,
                expires: None,
            }),
        ),
        _ => {}
    }
}

/// A record in the making.
#[derive(Debug)]
pub struct Tape {
    pub source: String,
    pub plan: Plan,
    pub events: Vec<Stamped>,
    pub blobs: BTreeMap<String, Vec<u8>>,
    pub now: Timestamp,
    /// The engine over the events so far; `None` once an event was forged.
    pub run: Option<Run>,
}

pub fn by(who: &str) -> By {
    By { who: format!("{who}@example.org"), via: Via::Terminal }
}

pub fn session(operator: &str) -> Session {
    Session {
        operator: format!("{operator}@example.org"),
        operator_from: "git".to_owned(),
        program: Program { version: "0.1.0".to_owned(), sha256: Some(sha256(b"program")) },
        os_user: operator.to_owned(),
        host: "bastion-1".to_owned(),
        tty: Some("/dev/pts/3".to_owned()),
        cwd: "/srv/product".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        clock_synchronised: Some(true),
        commit: None,
        dirty: None,
        committed: None,
        unmet: Vec::new(),
    }
}

/// How an attempt ends.
#[derive(Clone)]
pub struct End {
    pub outcome: Outcome,
    pub exit: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub seconds: i64,
    pub expectations: Vec<Judged>,
    pub captures: Vec<(&'static str, String)>,
    pub kept: bool,
    pub masked: Vec<(&'static str, u64)>,
}

pub fn passed(stdout: impl AsRef<[u8]>) -> End {
    End {
        outcome: Outcome::Passed,
        exit: Some(0),
        stdout: stdout.as_ref().to_vec(),
        stderr: Vec::new(),
        seconds: 4,
        expectations: vec![held("exit code 0")],
        captures: Vec::new(),
        kept: true,
        masked: Vec::new(),
    }
}

pub fn failed(exit: i32, stderr: impl AsRef<[u8]>) -> End {
    End {
        outcome: Outcome::Failed,
        exit: Some(exit),
        stderr: stderr.as_ref().to_vec(),
        expectations: vec![broke("exit code 0", &exit.to_string())],
        ..passed("")
    }
}

pub fn held(expected: &str) -> Judged {
    Judged { expected: expected.to_owned(), came: None, held: true }
}

pub fn broke(expected: &str, came: &str) -> Judged {
    Judged { expected: expected.to_owned(), came: Some(came.to_owned()), held: false }
}

impl Tape {
    pub fn open(source: &str, change: impl FnOnce(&mut RunOpened)) -> Tape {
        let plan = plan(source);
        let mut tape = Tape {
            source: source.to_owned(),
            events: Vec::new(),
            blobs: BTreeMap::new(),
            now: "2026-11-23T13:00:00.250Z".parse().unwrap(),
            run: None,
            plan,
        };
        let blob = tape.blob(source);
        let name = |who: &str, name: &str| (format!("{who}@example.org"), name.to_owned());
        let role = |role: &str, who: &str| (role.to_owned(), vec![format!("{who}@example.org")]);
        let mut opened = RunOpened {
            dry: false,
            format: "2.0".to_owned(),
            id: "01KAR5W2X3Y4Z5A6B7C8D9E0FG".to_owned(),
            number: 42,
            runbook: Runbook {
                path: "runbooks/promote.md".to_owned(),
                blob,
                commit: Some("6b1f0c3d5a7e9b2c4d6f8a0b1c3d5e7f9a1b2c3d".to_owned()),
                dirty: Some(false),
                committed: Some(true),
                title: tape.plan.title.clone(),
                document_id: tape.plan.front.document_id.clone(),
                revision: tape.plan.front.revision.clone(),
                claims: Default::default(),
            },
            plan: sha256(b"plan"),
            environment: EnvironmentSeen {
                targets: Default::default(),
                name: "production".to_owned(),
                rehearsal: false,
                protected: true,
                four_eyes: true,
                signature: Assurance::Typed,
                vars: BTreeMap::from([("APP_URL".to_owned(), "http://127.0.0.1:8080".to_owned())]),
            },
            inputs: vec![InputGiven {
                name: "RELEASE".to_owned(),
                value: Some("v2.4.0".to_owned()),
                secret: false,
                from: "set".to_owned(),
            }],
            config: None,
            signers: None,
            revoked: None,
            roles: BTreeMap::from([role("operator", "olga"), role("qa", "quinn")]),
            people: BTreeMap::from([name("olga", "Olga Operator"), name("quinn", "Quinn Q. Approver")]),
            aliases: Default::default(),
            policy: Default::default(),
            session: session("olga"),
        };
        change(&mut opened);
        tape.plan.front.inputs = opened.inputs.iter().map(declared).collect();
        tape.run = Some(Run::new(&tape.plan));
        tape.push(Event::RunOpened(Box::new(opened)));
        tape
    }

    pub fn blob(&mut self, bytes: impl AsRef<[u8]>) -> BlobRef {
        let bytes = bytes.as_ref().to_vec();
        let blob = BlobRef { sha256: sha256(&bytes), bytes: bytes.len() as u64 };
        self.blobs.insert(blob.sha256.clone(), bytes);
        blob
    }

    /// Adds an event that the engine asked for; two seconds pass.
    pub fn push(&mut self, event: Event) -> &mut Tape {
        if let Some(run) = &mut self.run
            && let Err(refused) = run.apply(&self.plan, self.now, &event)
        {
            panic!("{refused}: {event:?}, and asked for {:?}", refused.next);
        }
        self.tell(event)
    }

    /// Adds an event that nobody asked for.
    pub fn forge(&mut self, event: Event) -> &mut Tape {
        self.run = None;
        self.tell(event)
    }

    /// Adds whatever is done to it as if it had happened, whether or not the engine asked for it.
    pub fn forging(&mut self) -> &mut Tape {
        self.run = None;
        self
    }

    /// Adds an event if the engine takes it.
    pub fn offer(&mut self, event: Event) -> &mut Tape {
        let taken = self.run.as_mut().is_none_or(|run| run.apply(&self.plan, self.now, &event).is_ok());
        if taken { self.tell(event) } else { self }
    }

    fn tell(&mut self, event: Event) -> &mut Tape {
        self.events.push(Stamped { n: self.events.len() as u64, prev: String::new(), at: self.now, event });
        self.wait(2)
    }

    pub fn wait(&mut self, seconds: i64) -> &mut Tape {
        self.now += SignedDuration::from_secs(seconds);
        self
    }

    fn step_of(action: &str) -> String {
        action.split('#').next().unwrap().to_owned()
    }

    /// What the engine would do next; `None` once an event was forged.
    fn next(&self) -> Option<Next> {
        self.run.as_ref().map(|run| run.next(&self.plan))
    }

    fn task(&self, action: &str) -> Option<Task> {
        let (index, step) = self.plan.step(&Self::step_of(action))?;
        let actions = (0..step.actions.len()).map(|at| Task::action(index, at));
        let mut all = actions.chain((0..step.rollbacks.len()).map(|at| Task::rollback(index, at)));
        all.find(|task| task.id(&self.plan) == action)
    }

    pub fn block_mut(&mut self, action: &str) -> &mut Block {
        let task = self.task(action).unwrap();
        let step = &mut self.plan.steps[task.step];
        match task.slot {
            Slot::Rollback(at) => &mut step.rollbacks[at],
            Slot::Action(at) => match &mut step.actions[at].work {
                Work::Run(block) | Work::Check(block) => block,
                _ => panic!("{action} is no block"),
            },
        }
    }

    /// The block holds its standard output against one thing more.
    pub fn expects(&mut self, action: &str) -> &mut Tape {
        let that = Expected::Stdout(Matcher::NotEmpty);
        self.block_mut(action).expect.push(Expectation { that, span: Span::default() });
        self
    }

    /// The block captures a value.
    pub fn captures(&mut self, action: &str, name: &str) -> &mut Tape {
        let capture = Capture { name: name.to_owned(), from: CaptureFrom::Stdout, empty: true, null: true };
        self.block_mut(action).options.capture.push(capture);
        self
    }

    /// Answers what the engine asks, as in a run in which everything passes, until this action is at hand or the run
    /// is over. What lies behind already is not gone back to.
    pub fn reach(&mut self, action: &str) -> &mut Tape {
        let Some(target) = self.task(action) else { return self };
        if self.run.as_ref().is_some_and(|run| run.handover().is_some()) {
            self.push(Event::HandoverWithdrawn { reason: Some("nobody came".to_owned()), by: by("olga") });
        }
        while let Some(at) = self.at_hand() {
            let lapses = matches!(self.next(), Some(Next::Lapse { .. }));
            let behind = matches!(target.slot, Slot::Rollback(_)) || at >= target;
            if behind && !lapses || !self.answer() {
                break;
            }
        }
        self
    }

    fn at_hand(&self) -> Option<Task> {
        self.run.as_ref()?.stands_at(&self.plan)
    }

    /// Answers the engine once; `false` where only a test can say what happens.
    fn answer(&mut self) -> bool {
        let Some(next) = self.next() else { return false };
        match next {
            Next::Execute(execution) => {
                let action = execution.task.id(&self.plan);
                self.ran(&action, execution.attempt, passed(""));
            }
            Next::PassOver { task, whole, condition } => {
                let step = task.step_of(&self.plan).id.clone();
                let action = (!whole).then(|| task.id(&self.plan));
                self.push(Event::NotApplicable { step, action, place: None, condition });
            }
            Next::Lapse { task, reason } => {
                let (step, action) = (task.step_of(&self.plan).id.clone(), task.id(&self.plan));
                self.push(Event::SignOffLapsed { step, action, reason });
            }
            Next::Ask(task, question) => {
                let action = task.id(&self.plan);
                match question {
                    Question::Confirm if task.block(&self.plan).is_some() => {
                        self.decided(&action, Choice::Proceed, None);
                    }
                    Question::Confirm => ignore(self.confirmed(&action)),
                    Question::Record => {
                        let run = self.run.as_ref().unwrap();
                        let open = run.open_fields(&self.plan, task);
                        let name = open[0].name.clone();
                        self.recorded(&action, &name, "0", true);
                    }
                    Question::SignOff if !self.may_sign(task) => return false,
                    Question::SignOff => {
                        if !self.run.as_ref().unwrap().is_requested(task) {
                            self.requested(&action);
                        }
                        self.signed(&action);
                    }
                    Question::Failed | Question::InDoubt | Question::Choose => return false,
                }
            }
            Next::Open | Next::Override | Next::Await(_) | Next::RollBack | Next::Done(_) => return false,
        }
        true
    }

    /// Whether the one who signs here may: they performed nothing, and do not operate.
    fn may_sign(&self, task: Task) -> bool {
        let (Some(run), Some(Work::SignOff(sign_off))) = (&self.run, task.work(&self.plan)) else {
            return false;
        };
        run.role_refusal(sign_off, "quinn@example.org").is_none()
    }

    /// Has the engine let a block start: what failed or is in doubt is done once more.
    fn ready(&mut self, action: &str) {
        self.reach(action);
        let Some(target) = self.task(action) else { return };
        loop {
            match self.next() {
                Some(Next::Await(execution)) if execution.task == target => {
                    self.push(Event::SessionOpened(session("olga")));
                }
                Some(Next::Ask(task, Question::Failed)) if task == target => {
                    self.decided(action, Choice::Retry, None);
                }
                Some(Next::Ask(task, Question::InDoubt)) if task == target => {
                    self.decided(action, Choice::Run, None);
                }
                Some(Next::Ask(task, Question::Confirm))
                    if task == target && task.block(&self.plan).is_some() =>
                {
                    self.decided(action, Choice::Proceed, None);
                }
                _ => break,
            }
        }
    }

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
        let started = Started { place: Some(place.to_owned()), ..started };
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
    fn judged(&self, action: &str, end: &End) -> (Vec<Judged>, BTreeMap<String, String>) {
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
        let (step, action) = (Self::step_of(action), action.to_owned());
        self.push(Event::ItemConfirmed { step, action, by: by("olga") })
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
            by: by(who),
        }
    }

    pub fn rejected(&mut self, action: &str, who: &str, reason: &str) -> &mut Tape {
        self.reach(action);
        let (step, action, reason) = (Self::step_of(action), action.to_owned(), reason.to_owned());
        self.push(Event::SignOffRejected { step, action, reason, signed: None, by: by(who) })
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

    fn ending(&mut self, verdict: Verdict) {
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

    pub fn fetch(&self, blob: &BlobRef) -> Option<Box<dyn holdpoint_report::ReadAt>> {
        let bytes = self.blobs.get(&blob.sha256)?.clone();
        Some(Box::new(std::io::Cursor::new(bytes)))
    }

    pub fn with<R>(&self, verified: Option<&str>, read: impl FnOnce(&Material<'_>) -> R) -> R {
        let blob = |blob: &BlobRef| self.fetch(blob);
        read(&Material {
            plan: &self.plan,
            source: &self.source,
            events: &self.events,
            blob: &blob,
            verdict_of_verify: verified.map(str::to_owned),
            zone: jiff::tz::Offset::constant(1).to_time_zone(),
        })
    }

    pub fn markdown(&self) -> String {
        self.with(Some("intact and complete"), |m| holdpoint_report::markdown(m).unwrap())
    }

    pub fn json(&self) -> serde_json::Value {
        self.with(Some("intact and complete"), |m| holdpoint_report::json(m).unwrap())
    }
}

/// Ends a chain of calls in a closure that gives nothing.
pub fn ignore(_: &mut Tape) {}

fn declared(given: &InputGiven) -> Input {
    Input {
        name: given.name.clone(),
        prompt: None,
        kind: ValueKind::Text { pattern: None },
        default: None,
        secret: given.secret,
        from: None,
        span: Span::default(),
    }
}

/// Every event number that a JSON value tells of, under the key `n`.
pub fn numbers(value: &serde_json::Value, found: &mut Vec<u64>) {
    match value {
        serde_json::Value::Object(object) => {
            found.extend(object.get("n").and_then(serde_json::Value::as_u64));
            object.values().for_each(|value| numbers(value, found));
        }
        serde_json::Value::Array(array) => array.iter().for_each(|value| numbers(value, found)),
        _ => {}
    }
}
