//! A fixed run-book with a block of every kind, and what a run of it that is told without being done needs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use holdpoint_document::{Assurance, Plan, Work, compile};
use holdpoint_engine::{
    BlobRef, By, Choice, Claims, EnvironmentSeen, Event, Execution, Finished, InputGiven, Next, Observation,
    Outcome, Output, Presence, Program, Question, Run, RunOpened, Runbook, Session, SignedOff, Slot, Started,
    Task, Via, judge,
};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// The run-book.
pub(crate) const BOOK: &str = include_str!("book.md");
/// What every block of a told run prints.
const PRINTED: &[u8] = b"yes\n";
/// The rendered form of its only template.
const RENDERED: &[u8] = b"echo 'v1'\n";
/// Every blob that a record of it may name.
pub(crate) const BLOBS: &[&[u8]] = &[BOOK.as_bytes(), PRINTED, RENDERED, b"", b"no\n"];
/// Who operates.
pub(crate) const OPS: &str = "ops@example.org";
/// Who signs off.
pub(crate) const QA: &str = "qa@example.org";

/// Its plan.
pub(crate) static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let compiled = compile(BOOK, None);
    assert!(!compiled.has_errors(), "the book of these properties: {:#?}", compiled.diagnostics);
    compiled.plan
});

pub(crate) fn by(who: &str) -> By {
    By { who: who.into(), via: Via::Terminal }
}

/// A digest in lower-case hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn reference(bytes: &[u8]) -> BlobRef {
    BlobRef { sha256: sha256(bytes), bytes: bytes.len() as u64 }
}

/// The blob of [`BLOBS`] that is named.
pub(crate) fn blob(named: &BlobRef) -> Option<Box<dyn holdpoint_report::ReadAt>> {
    let bytes = BLOBS.iter().find(|bytes| sha256(bytes) == named.sha256)?;
    Some(Box::new(std::io::Cursor::new(bytes.to_vec())))
}

pub(crate) fn session() -> Session {
    Session {
        operator: OPS.into(),
        operator_from: "option".into(),
        program: Program { version: "0.1.0".into(), sha256: None },
        os_user: "ops".into(),
        host: "build".into(),
        tty: None,
        cwd: "project".into(),
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

/// When an event happens: a sign-off lapses long after all else.
pub(crate) fn when(event: &Event) -> Timestamp {
    let day = if matches!(event, Event::SignOffLapsed { .. }) { 86_400 } else { 0 };
    Timestamp::constant(1_795_420_800 + day, 0)
}

/// Event 0 of a run of the book.
pub(crate) fn opened() -> Event {
    Event::RunOpened(Box::new(RunOpened {
        dry: false,
        format: holdpoint_record::FORMAT.into(),
        id: "01KAQ000010000000000000000".into(),
        number: 1,
        former: None,
        runbook: Runbook {
            path: "book.md".into(),
            blob: reference(BOOK.as_bytes()),
            includes: Vec::new(),
            commit: None,
            dirty: None,
            committed: None,
            title: PLAN.title.clone(),
            document_id: None,
            revision: None,
            claims: Claims::of(&PLAN.front),
            foreign: PLAN.is_foreign(),
        },
        plan: PLAN.digest(),
        environment: EnvironmentSeen {
            targets: Default::default(),
            rollouts: None,
            name: "local".into(),
            rehearsal: false,
            protected: false,
            four_eyes: false,
            signature: Assurance::Typed,
            sessions: Assurance::Typed,
            vars: BTreeMap::new(),
        },
        inputs: vec![InputGiven {
            name: "RELEASE".into(),
            value: Some("v1".into()),
            secret: false,
            from: "default".into(),
        }],
        config: None,
        signers: None,
        revoked: None,
        roles: BTreeMap::new(),
        people: BTreeMap::new(),
        aliases: Default::default(),
        policy: Default::default(),
        session: session(),
    }))
}

/// The event that the engine asks for, as it comes where all goes well, or where every block ends in `outcome`.
/// `None` where somebody must choose, or all is over.
pub(crate) fn usual(run: &Run, outcome: Outcome) -> Option<Event> {
    let plan = &*PLAN;
    Some(match run.next(plan) {
        Next::Open => opened(),
        // The world's environment asks for nothing.
        Next::SignSession | Next::Override => return None,
        Next::Lapse { .. } => return run.due_lapse(plan),
        Next::PassOver { task, whole, condition } => Event::NotApplicable {
            place: None,
            step: task.step_of(plan).id.clone(),
            action: (!whole).then(|| task.id(plan)),
            condition,
        },
        Next::Execute(execution) => started(execution),
        Next::Await(execution) => finished(run, execution, outcome),
        Next::Ask(task, Question::Confirm) => {
            let (step, action) = names(task);
            match task.work(plan) {
                Some(Work::Confirm { .. }) => return run.confirmed(plan, task, by(OPS)),
                // Warned of what comes.
                _ => Event::Decision {
                    place: None,
                    step,
                    action,
                    choice: Choice::Proceed,
                    reason: None,
                    by: by(OPS),
                },
            }
        }
        Next::Ask(task, Question::Record) => {
            let field = run.open_fields(plan, task).first().map(|field| field.name.clone())?;
            let (step, action) = names(task);
            let value = if outcome == Outcome::Passed { "0.1" } else { "7" };
            let within_limits = outcome == Outcome::Passed;
            let value = value.into();
            Event::ValueRecorded {
                step,
                action,
                name: field,
                value,
                evidence: None,
                within_limits,
                by: by(OPS),
            }
        }
        Next::Ask(task, Question::SignOff) => hold(run, task)?,
        Next::Ask(..) => return None,
        Next::RollBack => {
            let told = run.rollback_plan(plan);
            let ids = |steps: &[usize]| steps.iter().map(|step| plan.steps[*step].id.clone()).collect();
            Event::RollbackOpened {
                places: Vec::new(),
                steps: ids(&told.steps),
                without: ids(&told.without),
                reason: None,
                by: None,
            }
        }
        Next::Done(_) if run.is_closed() => return None,
        Next::Done(verdict) => Event::RunClosed { verdict },
    })
}

/// Step and action, as events name them.
pub(crate) fn names(task: Task) -> (String, String) {
    (task.step_of(&PLAN).id.clone(), task.id(&PLAN))
}

fn started(execution: Execution) -> Event {
    let (step, action) = names(execution.task);
    let template = execution.task.block(&PLAN).is_some_and(|block| block.options.template);
    let started = Started {
        place: None,
        step,
        action,
        attempt: execution.attempt,
        probe: execution.probe,
        script: template.then(|| reference(RENDERED)),
        cwd: "project".into(),
        remote: None,
    };
    match execution.task.slot {
        Slot::Action(_) => Event::ActionStarted(started),
        Slot::Rollback(_) => Event::RollbackStarted(started),
    }
}

fn finished(run: &Run, execution: Execution, outcome: Outcome) -> Event {
    let (step, action) = names(execution.task);
    let block = execution.task.block(&PLAN).expect("only blocks are executed");
    let ended = matches!(outcome, Outcome::Passed | Outcome::Failed);
    let observed = Observation {
        exit: ended.then_some(i32::from(outcome == Outcome::Failed)),
        signal: (!ended).then_some(15),
        error: None,
        timed_out: outcome == Outcome::TimedOut,
        interrupted: outcome == Outcome::Interrupted,
        stdout: Some(PRINTED),
        stderr: Some(b""),
        files: &BTreeMap::new(),
    };
    let judgement = judge(block, run.values(), &observed);
    let finished = Box::new(Finished {
        place: None,
        step,
        action,
        attempt: execution.attempt,
        probe: execution.probe,
        outcome: judgement.outcome,
        exit: observed.exit,
        signal: observed.signal,
        error: None,
        duration_ms: 1200,
        output: Some(Output { stdout: reference(PRINTED), stderr: reference(b""), timing: reference(b"") }),
        expectations: judgement.expectations,
        captures: judgement.captures,
        files: BTreeMap::new(),
        state: None,
        masked: BTreeMap::new(),
        remarks: Vec::new(),
    });
    match execution.task.slot {
        Slot::Action(_) => Event::ActionFinished(finished),
        Slot::Rollback(_) => Event::RollbackFinished(finished),
    }
}

/// Of somebody in an account of their own, who was shown all of it.
fn presence(run: &Run, task: Task) -> Option<Presence> {
    let script = |blob: &BlobRef| BLOBS.iter().find(|bytes| sha256(bytes) == blob.sha256).ok_or(());
    let shown = run.exhibit(&PLAN, task, |blob| script(blob).map(|bytes| bytes.to_vec())).ok()?.text();
    let shown = BlobRef { sha256: sha256(shown.as_bytes()), bytes: shown.len() as u64 };
    let Session { program, host, .. } = session();
    Some(Presence { shown, program, os_user: "quality".into(), host, tty: None, other_account: true })
}

fn hold(run: &Run, task: Task) -> Option<Event> {
    let Some(Work::SignOff(sign_off)) = task.work(&PLAN) else { return None };
    let (step, action) = names(task);
    let statement = run.values().render(&sign_off.statement).ok()?;
    let role = sign_off.role.clone();
    if !run.is_requested(task) {
        return Some(Event::SignOffRequested { step, action, role, statement });
    }
    Some(Event::SignOffGiven(SignedOff {
        step,
        action,
        role,
        meaning: sign_off.meaning,
        statement,
        name: "Quality".into(),
        assurance: Assurance::Typed,
        signature: None,
        presence: presence(run, task).map(Box::new),
        by: by(QA),
    }))
}
