//! Releases that are good for a time only, driven by a clock that people at the prompt let run.

#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use holdpoint_document::{Assurance, Plan, Work, compile};
use holdpoint_engine::{
    BlobRef, By, EnvironmentSeen, Finished, Judged, Outcome, Program, RunOpened, Runbook, Session, SignedOff,
    Via,
};
use jiff::SignedDuration;

use super::*;
use crate::world::memory::Memory;
use crate::world::{Executed, Script};

const BOOK: &str = "---\nrunbook: 1\nroles: [qa]\n---\n# A run-book\n\n## Release\n\n\
```yaml signoff\nrole: qa\nmeaning: approval\nstatement: Go.\nexpires: 4h\n```\n\n";
const RUN: &str = "## Change\n\n```sh run\ntrue\n```\n";
const ITEM: &str = "## Tell\n\n- [ ] Everybody was told\n";
const VALUES: &str = "## Observe\n\n```yaml record\nx: { type: number }\ny: { type: number }\n```\n";

type Clock = Rc<Cell<Timestamp>>;

/// Answers everything, each time after so many hours, in order; at once when there are none left.
struct Slow {
    clock: Clock,
    hours: VecDeque<i64>,
}

impl Slow {
    fn wait(&mut self) {
        let hours = self.hours.pop_front().unwrap_or(0);
        self.clock.set(self.clock.get() + SignedDuration::from_hours(hours));
    }
}

impl Person for Slow {
    fn attended(&self) -> bool {
        true
    }

    fn permit(
        &mut self,
        _: &Scene<'_>,
        _: Execution,
        _: &str,
        _: &mut dyn Journal,
    ) -> Result<Answer, Problem> {
        self.wait();
        Ok(Answer::Go)
    }

    fn answer(
        &mut self,
        scene: &Scene<'_>,
        task: Task,
        _: Question,
        _: &mut dyn Journal,
    ) -> Result<Answer, Problem> {
        self.wait();
        let (step, action) = (task.step_of(scene.plan).id.clone(), task.id(scene.plan));
        let by = By { who: "qa@example.org".into(), via: Via::Terminal };
        Ok(Answer::Events(match task.work(scene.plan) {
            Some(Work::Confirm { .. }) => vec![Event::ItemConfirmed { step, action, by }],
            Some(Work::Record { .. }) => {
                let value = |name: &str| Event::ValueRecorded {
                    step: step.clone(),
                    action: action.clone(),
                    name: name.into(),
                    value: "1".into(),
                    evidence: None,
                    within_limits: true,
                    by: by.clone(),
                };
                vec![value("x"), value("y")]
            }
            Some(Work::SignOff(sign_off)) => vec![Event::SignOffGiven(SignedOff {
                step,
                action,
                role: sign_off.role.clone(),
                meaning: sign_off.meaning,
                statement: sign_off.statement.clone(),
                name: "Quinn".into(),
                assurance: Assurance::Typed,
                by,
            })],
            _ => panic!("nobody asks this"),
        }))
    }
}

/// Everything passes.
struct Easy;

impl Hands for Easy {
    fn script(&self, _: &Scene<'_>, _: Task, _: &dyn Journal) -> Result<Script, Problem> {
        Ok(Script { text: "true\n".into(), differs: false })
    }

    async fn wait(&mut self, _: Duration) -> Option<Interrupt> {
        None
    }

    async fn asked_to_leave(&mut self, _: bool) -> bool {
        false
    }

    fn cwd(&self) -> String {
        "/".into()
    }

    async fn execute(
        &mut self,
        scene: &Scene<'_>,
        execution: Execution,
        _: &Script,
        _: &mut dyn Journal,
    ) -> Result<Executed, Problem> {
        let finished = Finished {
            step: execution.task.step_of(scene.plan).id.clone(),
            action: execution.task.id(scene.plan),
            attempt: execution.attempt,
            probe: false,
            outcome: Outcome::Passed,
            exit: Some(0),
            signal: None,
            error: None,
            duration_ms: 1,
            output: None,
            expectations: vec![Judged { expected: "exit 0".into(), came: None, held: true }],
            captures: Default::default(),
            files: Default::default(),
            state: None,
            masked: Default::default(),
            remarks: Vec::new(),
        };
        Ok(Executed { finished, park: false, assumed: true })
    }
}

fn opened(number: u64) -> Event {
    let session = Session {
        operator: "ops@example.org".into(),
        operator_from: "option".into(),
        program: Program { version: "0".into(), sha256: None },
        os_user: "u".into(),
        host: "h".into(),
        tty: None,
        cwd: "/".into(),
        time_zone: "UTC".into(),
        clock_synchronised: None,
    };
    Event::RunOpened(Box::new(RunOpened {
        format: "1.0".into(),
        id: "01JD".into(),
        number,
        runbook: Runbook {
            path: "a.md".into(),
            blob: BlobRef { sha256: "0".into(), bytes: 1 },
            commit: None,
            dirty: None,
            committed: None,
            title: "A run-book".into(),
            document_id: None,
            revision: None,
            claims: Default::default(),
        },
        plan: String::new(),
        environment: EnvironmentSeen {
            name: "local".into(),
            rehearsal: false,
            protected: false,
            four_eyes: false,
            signature: Assurance::Typed,
            vars: Default::default(),
        },
        inputs: Vec::new(),
        config: None,
        signers: None,
        roles: Default::default(),
        people: Default::default(),
        session,
    }))
}

fn plan(steps: &str) -> Plan {
    let compiled = compile(&format!("{BOOK}{steps}"), None);
    assert!(compiled.diagnostics.iter().all(|d| !d.is_error()), "{:?}", compiled.diagnostics);
    compiled.plan
}

/// What a run whose people take so many hours for each answer writes after it was opened.
fn driven(plan: &Plan, number: u64, hours: &[i64]) -> Vec<String> {
    let clock: Clock = Rc::new(Cell::new("2026-11-23T08:00:00Z".parse().unwrap()));
    let now = Rc::clone(&clock);
    let mut drive = Drive {
        plan,
        source: "",
        run: Run::new(plan),
        releases: Releases::default(),
        clock: Box::new(move || now.get()),
        journal: Memory::default(),
        person: Slow { clock, hours: hours.iter().copied().collect() },
        hands: Easy,
        held: Vec::new(),
    };
    drive.record(vec![opened(number)]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(drive.on()).unwrap(), Stop::Done(Verdict::Passed));
    conforms(plan, &drive.journal.events);
    let kind = |event: &Event| serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned();
    drive.journal.events.iter().skip(1).map(|(_, event)| kind(event)).collect()
}

/// As `verify` would look at it.
fn conforms(plan: &Plan, events: &[(Timestamp, Event)]) {
    let (mut run, mut releases) = (Run::new(plan), Releases::default());
    for (at, event) in events {
        assert_eq!(releases.refusal(plan, &run, event, *at), None, "{event:?}");
        releases.note(event, *at);
        run.apply(plan, event).unwrap();
    }
}

const ASKED: [&str; 2] = ["signoff.requested", "signoff.given"];
const AGAIN: [&str; 5] =
    ["signoff.requested", "signoff.given", "signoff.lapsed", "signoff.requested", "signoff.given"];

#[test]
fn what_begins_in_time_begins() {
    for (steps, begun) in [
        (RUN, vec!["action.started", "action.finished"]),
        (ITEM, vec!["item.confirmed"]),
        (VALUES, vec!["value.recorded", "value.recorded"]),
    ] {
        // Nine hours before the release is given do not count.
        let expected = [&ASKED[..], &begun, &["run.closed"]].concat();
        assert_eq!(driven(&plan(steps), 1, &[9, 4]), expected);
    }
}

#[test]
fn a_release_lapses_while_the_prompt_is_open_and_nothing_begins_before_it_is_given_again() {
    for (steps, begun) in [
        (RUN, vec!["action.started", "action.finished"]),
        (ITEM, vec!["item.confirmed"]),
        (VALUES, vec!["value.recorded", "value.recorded"]),
    ] {
        let expected = [&AGAIN[..], &begun, &["run.closed"]].concat();
        assert_eq!(driven(&plan(steps), 1, &[0, 5]), expected);
    }
}

#[test]
fn once_something_has_begun_time_does_not_matter() {
    let expected =
        [&ASKED[..], &["item.confirmed", "action.started", "action.finished", "run.closed"]].concat();
    assert_eq!(driven(&plan(&format!("{ITEM}\n{RUN}")), 1, &[0, 1, 50]), expected);
}

#[test]
fn nothing_lapses_in_a_dry_run() {
    let expected = [&ASKED[..], &["action.started", "action.finished", "run.closed"]].concat();
    assert_eq!(driven(&plan(RUN), 0, &[0, 50]), expected);
}
