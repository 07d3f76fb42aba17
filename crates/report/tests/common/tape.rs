//! A record as it is written: events that the engine takes, each at its time.

use std::collections::BTreeMap;

use holdpoint_document::*;
use holdpoint_engine::*;
use holdpoint_report::{Absent, Material};
use holdpoint_view::Verified;
use jiff::{SignedDuration, Timestamp};

use super::{by, ignore, passed, plan, session, sha256};

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
            former: None,
            runbook: Runbook {
                path: "runbooks/promote.md".to_owned(),
                blob,
                includes: Vec::new(),
                commit: Some("6b1f0c3d5a7e9b2c4d6f8a0b1c3d5e7f9a1b2c3d".to_owned()),
                dirty: Some(false),
                committed: Some(true),
                title: tape.plan.title.clone(),
                document_id: tape.plan.front.document_id.clone(),
                revision: tape.plan.front.revision.clone(),
                claims: Default::default(),
                foreign: false,
            },
            plan: sha256(b"plan"),
            environment: EnvironmentSeen {
                targets: Default::default(),
                rollouts: None,
                name: "production".to_owned(),
                rehearsal: false,
                protected: true,
                four_eyes: true,
                signature: Assurance::Typed,
                sessions: Assurance::Typed,
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

    pub(super) fn tell(&mut self, event: Event) -> &mut Tape {
        self.events.push(Stamped { n: self.events.len() as u64, prev: String::new(), at: self.now, event });
        self.wait(2)
    }

    pub fn wait(&mut self, seconds: i64) -> &mut Tape {
        self.now += SignedDuration::from_secs(seconds);
        self
    }

    pub(super) fn step_of(action: &str) -> String {
        action.split('#').next().unwrap().to_owned()
    }

    /// What the engine would do next; `None` once an event was forged.
    pub(super) fn next(&self) -> Option<Next> {
        self.run.as_ref().map(|run| run.next(&self.plan))
    }

    pub(super) fn task(&self, action: &str) -> Option<Task> {
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

    pub(super) fn at_hand(&self) -> Option<Task> {
        self.run.as_ref()?.stands_at(&self.plan)
    }

    /// Answers the engine once; `false` where only a test can say what happens.
    pub(super) fn answer(&mut self) -> bool {
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
                    Question::Failed | Question::InDoubt | Question::Choose | Question::Barred => {
                        return false;
                    }
                }
            }
            Next::Open
            | Next::SignSession
            | Next::Override
            | Next::Await(_)
            | Next::RollBack
            | Next::Done(_) => return false,
        }
        true
    }

    /// Whether the one who signs here may: they performed nothing, and do not operate.
    pub(super) fn may_sign(&self, task: Task) -> bool {
        let (Some(run), Some(Work::SignOff(sign_off))) = (&self.run, task.work(&self.plan)) else {
            return false;
        };
        run.role_refusal(sign_off, "quinn@example.org").is_none()
    }

    /// Has the engine let a block start: what failed or is in doubt is done once more.
    pub(super) fn ready(&mut self, action: &str) {
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

    pub fn fetch(&self, blob: &BlobRef) -> holdpoint_report::Opened {
        let bytes = self.blobs.get(&blob.sha256).ok_or(Absent::Missing)?.clone();
        Ok(Box::new(std::io::Cursor::new(bytes)))
    }

    pub fn with<R>(&self, verified: Option<&str>, read: impl FnOnce(&Material<'_>) -> R) -> R {
        let blob = |blob: &BlobRef| self.fetch(blob);
        read(&Material {
            plan: &self.plan,
            document: &self.source,
            source: &self.source,
            events: &self.events,
            blob: &blob,
            verdict_of_verify: verified.map(|words| Verified {
                words: words.to_owned(),
                intact: words.starts_with("intact"),
                broken: None,
            }),
            held: None,
            now: self.events.last().map_or(jiff::Timestamp::UNIX_EPOCH, |last| last.at),
            reviews: Vec::new(),
            reviews_wrong: None,
            anchors: Vec::new(),
            anchors_wrong: None,
            expunged: Vec::new(),
            rehearsal_wrong: None,
            zone: jiff::tz::Offset::constant(1).to_time_zone(),
        })
    }

    /// As somebody reads it while the driver that opened it is at it.
    pub fn driven<R>(&self, read: impl FnOnce(&Material<'_>) -> R) -> R {
        let (host, since) = ("host-1".to_owned(), self.events[0].at);
        let held = Some(holdpoint_view::HeldBy { pid: 4711, host, since, visitor: None });
        self.with(Some("intact, still open"), |m| read(&Material { held, ..m.clone() }))
    }

    pub fn markdown(&self) -> String {
        self.with(Some("intact and complete"), |m| holdpoint_report::markdown(m).unwrap())
    }

    pub fn json(&self) -> serde_json::Value {
        self.with(Some("intact and complete"), |m| holdpoint_report::json(m).unwrap())
    }
}

pub fn declared(given: &InputGiven) -> Input {
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
