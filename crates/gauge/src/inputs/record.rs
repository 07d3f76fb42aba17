//! A record of any length: a plan is folded as a run would fold it, over and over, and each event is what the engine
//! asked for. Nothing is executed. The same length gives the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use holdpoint_document::{Assurance, Plan, compile};
use holdpoint_engine::{
    BlobRef, By, Claims, Deviation, DeviationKind, EnvironmentSeen, Event, Execution, Finished, Judged, Next,
    Outcome, Output, Program, Question, Run, RunOpened, Runbook, Session, Started, Task, Via,
};
use holdpoint_record::{FORMAT, Writer};
use jiff::{SignedDuration, Timestamp};

use crate::failure::Failure;

/// Steps of the long document, each with a block and an item; it is gone through again and again.
const STEPS: usize = 500;
/// Those of a store's runs, which go through it once.
const FEW: usize = 20;
const ITEMS: usize = 1;
/// Events that are made durable at once.
const AT_ONCE: usize = 10_000;
const OPERATOR: &str = "ops@example.org";

/// Makes a record of `events` events in `directory`, whose name begins with `0001-`; closed and sealed, or open and
/// waiting for the last item.
pub(crate) fn make(directory: &Path, events: u64, closed: bool) -> Result<(), Failure> {
    made(directory, (1, STEPS), events, closed)
}

/// Makes a store of so many runs of one document, all closed and sealed.
pub(crate) fn store(directory: &Path, runs: u64) -> Result<(), Failure> {
    let events = (FEW * (2 + ITEMS) + 3) as u64;
    (1..=runs).try_for_each(|number| {
        made(&directory.join(format!("{number:04}-long")), (number, FEW), events, true)
    })
}

fn made(directory: &Path, (number, steps): (u64, usize), events: u64, closed: bool) -> Result<(), Failure> {
    let source = document(steps);
    let compiled = compile(&source, None);
    if compiled.has_errors() {
        return Err(format!("the document has errors: {:?}", compiled.diagnostics).into());
    }
    fs::create_dir_all(directory)?;
    let writer = Writer::create(directory)?;
    let mut making = Making::new(&compiled.plan, writer, events)?;
    making.open(&source, number)?;
    making.fill(closed)?;
    making.flush()?;
    if closed {
        making.writer.seal()?;
    }
    Ok(())
}

fn document(steps: usize) -> String {
    let mut text = "---\nrunbook: 1\ntitle: Long run\n---\n\n# Long run\n".to_owned();
    for n in 1..=steps {
        let _ = write!(text, "\n## Turn {n}\n\n```sh run\necho turn {n} is done\n```\n\n");
        for item in 1..=ITEMS {
            let _ = writeln!(text, "- [ ] Gauge {item} of turn {n} is in the green");
        }
    }
    text.push_str("\n## The end\n\n- [ ] There is nothing left to do\n");
    text
}

struct Making<'a> {
    plan: &'a Plan,
    writer: Writer,
    run: Run,
    at: Timestamp,
    wanted: u64,
    made: u64,
    pending: Vec<(Timestamp, Event)>,
    /// What each step prints, and when; once kept, a blob is named again and again.
    outputs: Vec<Output>,
}

impl<'a> Making<'a> {
    fn new(plan: &'a Plan, mut writer: Writer, wanted: u64) -> Result<Making<'a>, Failure> {
        let nothing = writer.put_blob(b"")?;
        let mut outputs = Vec::new();
        for n in 1..plan.steps.len() {
            let printed = format!("turn {n} is done\n");
            let stdout = writer.put_blob(printed.as_bytes())?;
            let timing = writer.put_blob(format!("o {} 1500\n", printed.len()).as_bytes())?;
            outputs.push(Output { stdout, stderr: nothing.clone(), timing });
        }
        let (run, at) = (Run::new(plan), "2026-01-05T08:00:00Z".parse()?);
        Ok(Making { plan, writer, run, at, wanted, made: 0, pending: Vec::new(), outputs })
    }

    fn push(&mut self, event: Event) -> Result<(), Failure> {
        self.at += SignedDuration::from_micros(1_537);
        self.run.apply(self.plan, self.at, &event).map_err(|unexpected| unexpected.to_string())?;
        self.pending.push((self.at, event));
        self.made += 1;
        if self.pending.len() >= AT_ONCE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.writer.append_all(self.pending.drain(..))?;
        Ok(())
    }

    fn open(&mut self, source: &str, number: u64) -> Result<(), Failure> {
        let blob = self.writer.put_blob(source.as_bytes())?;
        let opened = RunOpened { number, ..opened(self.plan, blob) };
        self.push(Event::RunOpened(Box::new(opened)))
    }

    /// Follows the engine to the last item, and from there goes back to the first step as long as there is room.
    fn fill(&mut self, closed: bool) -> Result<(), Failure> {
        let ending = if closed { 2 } else { 0 };
        // A turn of the whole document, and the deviation that leads to it.
        let steps = self.outputs.len();
        let turn = (steps * (2 + ITEMS) + 1) as u64;
        loop {
            match self.run.next(self.plan) {
                Next::Execute(execution) => self.push(self.started(&execution))?,
                Next::Await(execution) => self.push(self.finished(&execution))?,
                Next::Ask(task, Question::Confirm) if task.step < steps => {
                    self.push(self.confirmed(task)?)?
                }
                Next::Ask(_, Question::Confirm) if self.made + turn + ending <= self.wanted => {
                    self.push(self.back())?;
                }
                Next::Ask(_, Question::Confirm) if self.made + ending < self.wanted => {
                    self.push(self.note())?;
                }
                Next::Ask(task, Question::Confirm) if closed && self.made + ending == self.wanted => {
                    self.push(self.confirmed(task)?)?;
                }
                Next::Ask(..) if !closed && self.made == self.wanted => return Ok(()),
                Next::Done(verdict) if self.made + 1 == self.wanted => {
                    return self.push(Event::RunClosed { verdict });
                }
                next => {
                    let least = turn + ending;
                    return Err(format!("{} events, at {next:?}; {least} are the least", self.made).into());
                }
            }
        }
    }

    fn names(&self, task: Task) -> (String, String) {
        (task.step_of(self.plan).id.clone(), task.id(self.plan))
    }

    fn started(&self, execution: &Execution) -> Event {
        let (step, action) = self.names(execution.task);
        let (attempt, cwd) = (execution.attempt, "/srv/runs".to_owned());
        Event::ActionStarted(Started {
            place: None,
            step,
            action,
            attempt,
            probe: false,
            script: None,
            cwd,
            remote: None,
        })
    }

    fn finished(&self, execution: &Execution) -> Event {
        let (step, action) = self.names(execution.task);
        let held = Judged { expected: "exit 0".to_owned(), came: None, held: true };
        Event::ActionFinished(Box::new(Finished {
            place: None,
            step,
            action,
            attempt: execution.attempt,
            probe: false,
            outcome: Outcome::Passed,
            exit: Some(0),
            signal: None,
            error: None,
            duration_ms: 2,
            output: Some(self.outputs[execution.task.step].clone()),
            expectations: vec![held],
            captures: BTreeMap::new(),
            files: BTreeMap::new(),
            state: None,
            masked: BTreeMap::new(),
            remarks: Vec::new(),
        }))
    }

    fn confirmed(&self, task: Task) -> Result<Event, Failure> {
        Ok(self.run.confirmed(self.plan, task, by()).ok_or("this is no item that can be shown")?)
    }

    fn back(&self) -> Event {
        Event::Deviation(Deviation {
            place: None,
            kind: DeviationKind::OutOfOrder,
            step: self.plan.steps[0].id.clone(),
            action: None,
            script: None,
            overridden: None,
            reason: "once more from the beginning".to_owned(),
            by: by(),
        })
    }

    fn note(&self) -> Event {
        let text = format!("event {} is a note", self.made);
        Event::Note { text, step: None, corrects: None, by: by() }
    }
}

fn by() -> By {
    By { who: OPERATOR.to_owned(), via: Via::Terminal }
}

fn opened(plan: &Plan, blob: BlobRef) -> RunOpened {
    RunOpened {
        dry: false,
        format: FORMAT.to_owned(),
        id: "01KE6J8H80B5B5B5B5B5B5B5B5".to_owned(),
        number: 1,
        former: None,
        runbook: Runbook {
            path: "long.md".to_owned(),
            blob,
            includes: Vec::new(),
            commit: None,
            dirty: None,
            committed: None,
            title: plan.title.clone(),
            document_id: None,
            revision: None,
            claims: Claims::of(&plan.front),
            foreign: plan.is_foreign(),
        },
        plan: plan.digest(),
        environment: EnvironmentSeen {
            targets: Default::default(),
            rollouts: None,
            name: "local".to_owned(),
            rehearsal: false,
            protected: false,
            four_eyes: false,
            signature: Assurance::Typed,
            sessions: Assurance::Typed,
            vars: BTreeMap::new(),
        },
        inputs: Vec::new(),
        config: None,
        signers: None,
        revoked: None,
        roles: BTreeMap::new(),
        people: BTreeMap::new(),
        aliases: Default::default(),
        policy: Default::default(),
        session: Session {
            operator: OPERATOR.to_owned(),
            operator_from: "option".to_owned(),
            program: Program { version: "bench".to_owned(), sha256: None },
            os_user: "ops".to_owned(),
            host: "bench.example".to_owned(),
            tty: None,
            cwd: "/srv/runs".to_owned(),
            time_zone: "Etc/UTC".to_owned(),
            clock_synchronised: None,
            checks: None,
            commit: None,
            dirty: None,
            committed: None,
            anchor: None,
            change: None,
            unmet: Vec::new(),
        },
    }
}
