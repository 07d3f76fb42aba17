//! A dry run's world: checks are executed, everything else is assumed, nothing is kept. Every value is labelled
//! given, real or unknown.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use holdpoint_document::{Answers, Assurance, EvidenceKind, ValueKind, Work};
use holdpoint_engine::{
    By, Choice, Deviation, DeviationKind, Event, Evidence, Execution, Finished, Fit, Outcome, Question,
    SignedOff, Task, Via, fit,
};

use super::hands::Local;
use super::{Answer, Executed, Hands, Journal, Person, Scene, Script};
use crate::problem::Problem;
use crate::screen;

/// What a dry run has learnt so far.
#[derive(Debug, Default)]
pub struct Learnt {
    /// Variables whose value nobody knows before the real run.
    pub unknown: BTreeSet<String>,
    /// Variables that checks really produced.
    pub real: BTreeSet<String>,
    /// Whether a block that changes something was passed over.
    pub changed: bool,
    /// Checks that failed before anything would have been changed.
    pub failures: Vec<String>,
}

/// Shared between who answers and who executes.
pub type Shared = Rc<RefCell<Learnt>>;

/// Text that stands for a value nobody knows.
fn unknown(name: &str) -> String {
    format!("⟨{name}: unknown⟩")
}

/// Assumes whatever a person would be asked.
pub struct Assuming {
    /// What was learnt.
    pub learnt: Shared,
    /// Values an answers file gives.
    pub answers: Answers,
}

impl Person for Assuming {
    fn enter(&mut self, scene: &Scene<'_>, task: Task) {
        screen::step_head(scene.plan, task.step_of(scene.plan), scene.run.values());
    }

    fn permit(
        &mut self,
        scene: &Scene<'_>,
        execution: Execution,
        script: &str,
        _journal: &mut dyn Journal,
    ) -> Result<Answer, Problem> {
        super::terminal::show_command(scene, execution.task, script);
        Ok(Answer::Go)
    }

    fn answer(
        &mut self,
        scene: &Scene<'_>,
        task: Task,
        question: Question,
        _journal: &mut dyn Journal,
    ) -> Result<Answer, Problem> {
        let plan = scene.plan;
        super::terminal::show_question(scene, task, question);
        let by = By { who: scene.run.operator().to_owned(), via: Via::Assumed };
        let (step, action) = (task.step_of(plan).id.clone(), task.id(plan));
        let events = match (question, task.work(plan)) {
            (Question::Confirm, Some(Work::Confirm { .. })) => {
                assumed("the operator would be asked to confirm this");
                vec![Event::ItemConfirmed { step, action, by }]
            }
            (Question::Confirm, _) => {
                assumed("the operator would have to acknowledge this");
                vec![Event::Decision { step, action, choice: Choice::Proceed, reason: None, by }]
            }
            (Question::Record, _) => return self.values(scene, task, &by),
            (Question::SignOff, Some(Work::SignOff(sign_off))) => {
                assumed(&format!("the run would wait here for a release by the role {}", sign_off.role));
                vec![Event::SignOffGiven(SignedOff {
                    step,
                    action,
                    role: sign_off.role.clone(),
                    meaning: sign_off.meaning,
                    statement: scene.run.statement(sign_off).unwrap_or_default(),
                    name: "(assumed)".to_owned(),
                    assurance: Assurance::Rehearsal,
                    by: By {
                        who: format!("(assumed {})", 1 + scene.run.signers(task).count()),
                        via: Via::Assumed,
                    },
                })]
            }
            (Question::Failed, _) if scene.run.offers(plan).skip => {
                let reason = "dry run: looks at the rest all the same".to_owned();
                let (kind, action, script) = (DeviationKind::Skipped, Some(action), None);
                vec![Event::Deviation(Deviation { kind, step, action, script, reason, by })]
            }
            _ => return Ok(Answer::Park),
        };
        Ok(Answer::Events(events))
    }
}

impl Assuming {
    fn values(&self, scene: &Scene<'_>, task: Task, by: &By) -> Result<Answer, Problem> {
        let plan = scene.plan;
        let (step, action) = (task.step_of(plan).id.clone(), task.id(plan));
        let entry = self.answers.steps.get(&action).or_else(|| self.answers.steps.get(&step));
        let mut events = Vec::new();
        for field in scene.run.open_fields(plan, task) {
            let given = entry.and_then(|entry| entry.value.get(&field.name)).cloned();
            let value = match given {
                Some(value) => {
                    screen::say(&format!("    {} = {} (given)", field.name, screen::neutralise(&value)));
                    value
                }
                None => {
                    screen::say(&format!("    {} = unknown (the operator would write it down)", field.name));
                    self.learnt.borrow_mut().unknown.insert(field.name.clone());
                    stand_in(&field.kind, &field.name)
                }
            };
            let within_limits = match fit(&field.kind, &value) {
                Fit::Within => true,
                Fit::OutOfLimits(_) => false,
                Fit::Wrong(_) => return Ok(Answer::Park),
            };
            let evidence = field.evidence.map(|kind| match kind {
                EvidenceKind::Url => Evidence::Url("(assumed)".to_owned()),
                EvidenceKind::File => Evidence::File {
                    path: "(assumed)".to_owned(),
                    blob: holdpoint_engine::BlobRef { sha256: crate::digest::sha256(b""), bytes: 0 },
                },
            });
            let (step, action, by, name) = (step.clone(), action.clone(), by.clone(), field.name.clone());
            events.push(Event::ValueRecorded { step, action, name, value, evidence, within_limits, by });
        }
        Ok(Answer::Events(events))
    }
}

/// A value of the kind, so that the walk can go on; it is labelled unknown wherever it shows.
fn stand_in(kind: &ValueKind, name: &str) -> String {
    match kind {
        ValueKind::Text { .. } => unknown(name),
        ValueKind::Integer { min, max } => min.or(*max).unwrap_or_default().to_string(),
        ValueKind::Number { min, max } => min.or(*max).unwrap_or_default().to_string(),
        ValueKind::Boolean => "true".to_owned(),
        ValueKind::Choice { choices } => choices.first().cloned().unwrap_or_default(),
    }
}

fn assumed(what: &str) {
    screen::say(&format!("  {} {what}", screen::style().cyan().apply_to("assumed:")));
}

/// Executes checks, assumes the rest.
pub struct ChecksOnly {
    /// Executes.
    pub local: Local,
    /// What was learnt.
    pub learnt: Shared,
}

impl Hands for ChecksOnly {
    fn script(&self, scene: &Scene<'_>, task: Task, journal: &dyn Journal) -> Result<Script, Problem> {
        self.local.script(scene, task, journal)
    }

    fn cwd(&self) -> String {
        self.local.cwd()
    }

    async fn execute(
        &mut self,
        scene: &Scene<'_>,
        execution: Execution,
        script: &Script,
        journal: &mut dyn Journal,
    ) -> Result<Executed, Problem> {
        let task = execution.task;
        if task.mutates(scene.plan) {
            self.learnt.borrow_mut().changed = true;
            assumed("not executed, it changes something; taken as passed");
            return Ok(self.taken_as_passed(scene, execution, BTreeMap::new()));
        }
        let needs: Vec<String> = {
            let learnt = self.learnt.borrow();
            let mentioned = screen::variables_of(&script.text, scene.run.values());
            let in_expectations = |name: &String| {
                let block = task.block(scene.plan);
                block.is_some_and(|block| {
                    block.expect.iter().any(|e| format!("{:?}", e.that).contains(name.as_str()))
                })
            };
            let mut needs: BTreeSet<String> = mentioned.into_iter().map(|(name, _)| name).collect();
            needs.extend(learnt.unknown.iter().filter(|name| in_expectations(name)).cloned());
            needs.into_iter().filter(|name| learnt.unknown.contains(name)).collect()
        };
        if !needs.is_empty() {
            assumed(&format!("not executed, it needs {}, unknown before the real run", needs.join(", ")));
            return Ok(self.taken_as_passed(scene, execution, BTreeMap::new()));
        }
        let executed = self.local.execute(scene, execution, script, journal).await?;
        let changed = self.learnt.borrow().changed;
        let passed = executed.finished.outcome == Outcome::Passed;
        self.learnt.borrow_mut().real.extend(executed.finished.captures.keys().cloned());
        if executed.finished.outcome == Outcome::Interrupted {
            return Ok(Executed { park: true, ..executed });
        }
        if !changed {
            if !passed {
                self.learnt.borrow_mut().failures.push(executed.finished.action.clone());
            }
            return Ok(executed);
        }
        if !passed {
            screen::failure(&executed.finished);
            assumed("does not hold now, before the changes that this run would make; taken as passed");
        }
        let captures = executed.finished.captures;
        Ok(self.taken_as_passed(scene, execution, captures))
    }
}

impl ChecksOnly {
    fn taken_as_passed(
        &self,
        scene: &Scene<'_>,
        execution: Execution,
        mut captures: BTreeMap<String, String>,
    ) -> Executed {
        let task = execution.task;
        for capture in task.block(scene.plan).iter().flat_map(|block| &block.options.capture) {
            if !captures.contains_key(&capture.name) {
                screen::say(&format!("    {} = unknown (would be captured here)", capture.name));
                self.learnt.borrow_mut().unknown.insert(capture.name.clone());
                captures.insert(capture.name.clone(), unknown(&capture.name));
            }
        }
        let finished = Finished {
            step: task.step_of(scene.plan).id.clone(),
            action: task.id(scene.plan),
            attempt: execution.attempt,
            probe: execution.probe,
            outcome: Outcome::Passed,
            exit: None,
            signal: None,
            error: None,
            duration_ms: 0,
            output: None,
            expectations: Vec::new(),
            captures,
            files: BTreeMap::new(),
            state: None,
            masked: BTreeMap::new(),
            remarks: Vec::new(),
        };
        Executed { finished, park: false }
    }
}
