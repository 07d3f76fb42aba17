//! Makes a record of many events for measuring `verify`, `show` and `resume`: the engine is asked what comes next, and
//! what it asks for is written, so that the record conforms.
//! `cargo run --release -p holdpoint-record --example many_events -- STORE EVENTS [rounds|wide|printing|notes] [open]`
//!
//! | shape | plan | events |
//! |---|---|---|
//! | `rounds` | 100 steps | every step runs and prints nothing; after the last one the run goes back to the first |
//! | `wide` | as many steps as it takes | every step runs once |
//! | `printing` | as `rounds` | every execution has a stdout and a timing of its own |
//! | `notes` | 100 steps | notes, two for each execution |
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for measurements")]

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use holdpoint_document::{Assurance, Plan, compile};
use holdpoint_engine::{
    BlobRef, By, Claims, Deviation, DeviationKind, EnvironmentSeen, Event, Finished, Judged, Next, Outcome,
    Output, Program, Run, RunOpened, Runbook, Session, Started, Via,
};
use holdpoint_record::{FORMAT, LOG, Store, seal_closed};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (store, events) = (Path::new(&arguments[0]), arguments[1].parse::<usize>().unwrap());
    let shape = arguments.get(2).map_or("rounds", String::as_str);
    let open = arguments.iter().any(|argument| argument == "open");
    let steps = if shape == "wide" { events / 2 } else { 100 };
    let source = document(steps);
    let compiled = compile(&source, None);
    assert!(compiled.diagnostics.iter().all(|finding| !finding.is_error()), "{:?}", compiled.diagnostics);
    let plan = compiled.plan;
    let (number, writer) = Store::open(store).create_run(shape).unwrap();
    let dir = writer.dir().to_owned();
    drop(writer);
    let log = OpenOptions::new().append(true).open(dir.join(LOG)).unwrap();
    let (log, digest, run) = (BufWriter::with_capacity(1 << 20, log), Sha256::new(), Run::new(&plan));
    let mut made = Made { dir, log, digest, run, at: start(), plan: &plan };
    let runbook = made.blob(source.as_bytes());
    made.push(opened(number, runbook, &plan));
    let empty = made.blob(b"");
    while made.run.events() < events as u64 - if open { 0 } else { 2 } {
        let event = match made.run.next(&plan) {
            Next::Execute(execution) => Event::ActionStarted(Started {
                step: execution.task.step_of(&plan).id.clone(),
                action: execution.task.id(&plan),
                attempt: execution.attempt,
                probe: false,
                script: None,
                cwd: "/srv/releases/current/project".to_owned(),
            }),
            Next::Await(execution) => {
                let output = match shape {
                    "printing" => made.printed(),
                    _ => Output { stdout: empty.clone(), stderr: empty.clone(), timing: empty.clone() },
                };
                Event::ActionFinished(Box::new(Finished {
                    step: execution.task.step_of(&plan).id.clone(),
                    action: execution.task.id(&plan),
                    attempt: execution.attempt,
                    probe: false,
                    outcome: Outcome::Passed,
                    exit: Some(0),
                    signal: None,
                    error: None,
                    duration_ms: 3 + made.run.events() % 7,
                    output: Some(output),
                    expectations: vec![Judged { expected: "exit 0".to_owned(), came: None, held: true }],
                    captures: Default::default(),
                    files: Default::default(),
                    state: None,
                    masked: Default::default(),
                    remarks: Vec::new(),
                }))
            }
            Next::Ask(..) if shape == "wide" => note(&made.run),
            Next::Ask(..) => Event::Deviation(Deviation {
                kind: DeviationKind::OutOfOrder,
                step: plan.steps[0].id.clone(),
                action: None,
                script: None,
                overridden: None,
                reason: "once more, to measure".to_owned(),
                by: by(),
            }),
            other => panic!("{other:?}"),
        };
        let notes = if shape == "notes" && matches!(event, Event::ActionFinished(_)) { 2 } else { 0 };
        made.push(event);
        (0..notes).for_each(|_| made.push(note(&made.run)));
    }
    if !open {
        made.end();
    }
    let Made { mut log, dir, .. } = made;
    log.flush().unwrap();
    if !open {
        seal_closed(&dir).unwrap();
    }
    println!("{}", dir.display());
}

/// A run that is being made up. Lines are written as record.md says and without a sync each, of which a million would
/// take hours.
struct Made<'a> {
    dir: PathBuf,
    log: BufWriter<File>,
    digest: Sha256,
    run: Run,
    at: Timestamp,
    plan: &'a Plan,
}

impl Made<'_> {
    fn push(&mut self, event: Event) {
        let (n, prev) = (self.run.events(), hex(self.digest.clone()));
        self.run.apply(self.plan, &event).unwrap();
        self.at += SignedDuration::from_micros(1_237);
        let event = serde_json::to_string(&event).unwrap();
        let line = format!("{{\"n\":{n},\"prev\":\"{prev}\",\"at\":\"{:.6}\",{}\n", self.at, &event[1..]);
        self.digest.update(&line);
        self.log.write_all(line.as_bytes()).unwrap();
    }

    /// The run is given up where it is.
    fn end(&mut self) {
        if let Next::Await(_) = self.run.next(self.plan) {
            self.push(Event::SessionOpened(session()));
        }
        let (task, choice) = match self.run.next(self.plan) {
            Next::Execute(execution) => (execution.task, holdpoint_engine::Choice::Abort),
            Next::Ask(task, _) => (task, holdpoint_engine::Choice::Abort),
            other => panic!("{other:?}"),
        };
        let (step, action) = (task.step_of(self.plan).id.clone(), task.id(self.plan));
        self.push(Event::Decision { step, action, choice, reason: None, by: by() });
        let Next::Done(verdict) = self.run.next(self.plan) else { panic!("the run goes on") };
        self.push(Event::RunClosed { verdict });
    }

    /// Blobs that no other execution has.
    fn printed(&mut self) -> Output {
        let n = self.run.events();
        let text = format!("deployed {n} of many\n");
        let timing = format!("o {} {}\n", text.len(), n * 13 % 100_000);
        Output {
            stdout: self.blob(text.as_bytes()),
            stderr: self.blob(b""),
            timing: self.blob(timing.as_bytes()),
        }
    }

    fn blob(&self, bytes: &[u8]) -> BlobRef {
        let sha256 = hex(Sha256::new_with_prefix(bytes));
        std::fs::write(self.dir.join("blobs/sha256").join(&sha256), bytes).unwrap();
        BlobRef { sha256, bytes: bytes.len() as u64 }
    }
}

fn hex(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn document(steps: usize) -> String {
    let mut text = "---\nrunbook: 1\ntitle: Many steps\n---\n\n# Many steps\n".to_owned();
    for step in 1..=steps {
        text += &format!("\n## Look at part {step} of the service\n\n```sh check\ntrue\n```\n");
    }
    text + "\n## Everything is fine\n\n- [ ] The service looks as it should\n"
}

fn note(run: &Run) -> Event {
    let text = format!("after event {} the service was looked at and nothing was found", run.events());
    Event::Note { text, step: None, corrects: None, by: by() }
}

fn by() -> By {
    By { who: "ops@example.org".to_owned(), via: Via::Terminal }
}

fn start() -> Timestamp {
    "2026-11-23T14:34:05.123456Z".parse().unwrap()
}

fn session() -> Session {
    Session {
        operator: "ops@example.org".to_owned(),
        operator_from: "option".to_owned(),
        program: Program { version: "0.1.0".to_owned(), sha256: None },
        os_user: "ops".to_owned(),
        host: "console".to_owned(),
        tty: None,
        cwd: "/srv/releases/current/project".to_owned(),
        time_zone: "Etc/UTC".to_owned(),
        clock_synchronised: None,
    }
}

fn opened(number: u64, blob: BlobRef, plan: &Plan) -> Event {
    Event::RunOpened(Box::new(RunOpened {
        format: FORMAT.to_owned(),
        id: "01M84Q5EYZ3BNSX5P0W82JMAWH".to_owned(),
        number,
        runbook: Runbook {
            path: "runbooks/many.md".to_owned(),
            blob,
            commit: None,
            dirty: None,
            committed: None,
            title: plan.title.clone(),
            document_id: None,
            revision: None,
            claims: Claims::of(&plan.front),
        },
        plan: plan.digest(),
        environment: EnvironmentSeen {
            name: "local".to_owned(),
            rehearsal: false,
            protected: false,
            four_eyes: false,
            signature: Assurance::Typed,
            vars: Default::default(),
        },
        inputs: Vec::new(),
        config: None,
        signers: None,
        revoked: None,
        roles: Default::default(),
        people: Default::default(),
        aliases: Default::default(),
        policy: Default::default(),
        session: session(),
    }))
}
