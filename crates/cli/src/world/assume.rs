//! A dry run's world: checks are executed, everything else is assumed, nothing is kept. Every value is labelled
//! given, real, replayed or unknown.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use holdpoint_document::{Action, Answers, Assurance, Block, EvidenceKind, Expected, Step, ValueKind, Work};
use holdpoint_engine::{
    By, Choice, Deviation, DeviationKind, Event, Evidence, Execution, Finished, Fit, Outcome, Question,
    SignedOff, Slot, Task, Via, fit, names_around, names_in_condition, names_in_template, unknown,
};
use serde::Serialize;

use super::before::Before;
use super::ends::finished;
use super::places::{self, Places};
use super::reads::{reads, sets};
use super::tell::{ProseShown, show_question, show_what_it_does};
use super::{
    Answer, Desk, End, Executed, Interrupt, Reached, RunView, Runner, Script, Store, Way, Whereabouts,
};
use crate::problem::Problem;
use crate::screen::{self, Screen};

/// What a dry run has learnt so far.
#[derive(Debug, Default)]
pub struct Learnt {
    /// Variables whose value nobody knows before the real run.
    pub unknown: BTreeSet<String>,
    /// Variables that checks really produced.
    pub real: BTreeSet<String>,
    /// Variables that have the value of the last rehearsal.
    pub replayed: BTreeSet<String>,
    /// The run that they are replayed from; `None` where there is none.
    pub replayed_from: Option<u64>,
    /// How each action came out, in the order in which they were come to.
    pub taken: Vec<Taken>,
    /// Places that could not be reached, and why.
    pub unreachable: BTreeMap<String, String>,
    /// Variables that a check which was not executed would have set for those after it.
    pub unset: BTreeSet<String>,
    /// Checks before the first change that were not executed.
    pub untried: Vec<String>,
    /// Whether a block that changes something was passed over.
    pub changed: bool,
    /// Checks that failed before anything would have been changed.
    pub failures: Vec<String>,
}

impl Learnt {
    /// The names that a condition reads and nobody knows before the real run.
    pub fn unknown_in(&self, condition: &str) -> Vec<String> {
        let names = names_in_condition(condition).into_iter();
        names.filter(|name| self.unknown.contains(name)).collect()
    }

    /// The names that a condition reads and that have the value of the last rehearsal: a real run may decide otherwise.
    pub fn replayed_in(&self, condition: &str) -> Vec<String> {
        let names = names_in_condition(condition).into_iter();
        names.filter(|name| self.is_replayed(name)).collect()
    }

    /// Whether a variable has the value of the last rehearsal, and no other.
    pub fn is_replayed(&self, name: &str) -> bool {
        self.replayed.contains(name) && !self.real.contains(name) && !self.unknown.contains(name)
    }
}

/// How one action came out.
#[derive(Clone, Debug, Serialize)]
pub struct Taken {
    /// The action.
    pub action: String,
    /// Where, if it has places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What is known of it.
    #[serde(flatten)]
    pub how: How,
}

/// What is known of an action after a dry run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum How {
    /// It was executed, and holds.
    Held,
    /// It was executed, and does not hold.
    Failed,
    /// It was executed, and what it said does not count: something would have been changed before it.
    TooEarly {
        /// Whether it holds now.
        holds: bool,
    },
    /// It was not executed: it changes something or may do so, asks somebody, or nothing was to be executed.
    Assumed,
    /// It was not executed, for it reads what nobody knows.
    NotTried {
        /// Whose value.
        needs: Vec<String>,
    },
}

/// Shared between who answers and who executes.
pub type Shared = Rc<RefCell<Learnt>>;

/// Assumes whatever a person would be asked.
pub struct Assuming {
    /// Where it is told.
    pub screen: Screen,
    /// What was learnt.
    pub learnt: Shared,
    /// Values an answers file gives.
    pub answers: Answers,
    /// What stood above actions, and was shown: a dry run is read as the run will be.
    pub told: ProseShown,
}

impl Desk for Assuming {
    type Error = Problem;

    fn attended(&self) -> bool {
        false
    }

    fn enter(&mut self, _view: &RunView<'_>, _task: Task) {
        self.told.forget();
    }

    fn permit(
        &mut self,
        view: &RunView<'_>,
        execution: Execution,
        _script: &str,
        _store: &mut Store<'_>,
    ) -> Result<Answer, Problem> {
        self.told.show(&self.screen, view, execution.task);
        Ok(Answer::Go)
    }

    fn answer(
        &mut self,
        view: &RunView<'_>,
        task: Task,
        question: Question,
        _store: &mut Store<'_>,
    ) -> Result<Answer, Problem> {
        let plan = view.plan;
        if !matches!(question, Question::Failed | Question::InDoubt | Question::Barred) {
            self.told.show(&self.screen, view, task);
        }
        let unknown = if question == Question::Failed { self.unknown_in(view, task) } else { Vec::new() };
        if unknown.is_empty() {
            show_question(&self.screen, view, task, question);
        } else {
            let unknown = unknown.join(", ");
            let what = format!(
                "passed over here: it depends on {unknown}, unknown before the real run, which may do:"
            );
            assumed(&self.screen, &what);
            let only = view.run.offers(plan).skip.then(|| task.id(plan));
            show_what_it_does(&self.screen, view, &task.step_of(plan).id, only.as_deref());
        }
        let by = By { who: view.run.operator().to_owned(), via: Via::Assumed };
        let (step, action) = (task.step_of(plan).id.clone(), task.id(plan));
        let place = view.run.place_of(task).map(str::to_owned);
        let events = match (question, task.work(plan)) {
            (Question::Confirm, Some(Work::Confirm { .. })) => {
                assumed(&self.screen, "the operator would be asked to confirm this");
                // What cannot be shown is confirmed by nobody.
                let Some(confirmed) = view.run.confirmed(plan, task, by) else { return Ok(Answer::Park) };
                vec![confirmed]
            }
            (Question::Confirm, _) => {
                assumed(&self.screen, "the operator would have to acknowledge this");
                vec![Event::Decision { step, action, place, choice: Choice::Proceed, reason: None, by }]
            }
            (Question::Choose, _) => {
                assumed(
                    &self.screen,
                    "the operator would be asked about this command; taken as done by hand",
                );
                let Some(confirmed) = view.run.confirmed(plan, task, by) else { return Ok(Answer::Park) };
                vec![confirmed]
            }
            (Question::Record, _) => return self.values(view, task, &by),
            (Question::SignOff, Some(Work::SignOff(sign_off))) => {
                assumed(
                    &self.screen,
                    &format!("the run would wait here for a sign-off by the role {}", sign_off.role),
                );
                vec![Event::SignOffGiven(SignedOff {
                    step,
                    action,
                    role: sign_off.role.clone(),
                    meaning: sign_off.meaning,
                    statement: view.run.statement(sign_off).unwrap_or_default(),
                    name: "(assumed)".to_owned(),
                    assurance: Assurance::Rehearsal,
                    signature: None,
                    presence: None,
                    by: By {
                        who: format!("(assumed {})", 1 + view.run.signers(task).count()),
                        via: Via::Assumed,
                    },
                })]
            }
            (Question::Failed, _) => {
                let offers = view.run.offers(plan);
                let action = match (offers.skip, offers.skip_step) {
                    (true, _) => Some(action),
                    (false, true) => None,
                    (false, false) => return Ok(Answer::Park),
                };
                let reason = "dry run: looks at the rest all the same";
                let skipped = Deviation::of(DeviationKind::Skipped, step, action, reason, by);
                vec![Event::Deviation(skipped.at(place))]
            }
            _ => return Ok(Answer::Park),
        };
        Ok(Answer::Events(events))
    }
}

impl Assuming {
    /// Names that nobody knows before the real run, and that a condition or a text reads which stands in the way here.
    fn unknown_in(&self, view: &RunView<'_>, task: Task) -> Vec<String> {
        if view.run.condition_error(view.plan, task).is_none() {
            return Vec::new();
        }
        let block = task.block(view.plan);
        let conditions =
            task.step_of(view.plan).when.iter().chain(block.and_then(|block| block.options.when.as_ref()));
        let mut names: BTreeSet<String> = conditions.flat_map(|it| names_in_condition(it)).collect();
        names.extend(block.into_iter().flat_map(names_around));
        match task.work(view.plan) {
            Some(Work::Confirm { text }) => names.extend(names_in_template(text)),
            Some(Work::Record { fields }) => {
                let prompts = fields.iter().filter_map(|field| field.prompt.as_deref());
                names.extend(prompts.flat_map(names_in_template));
            }
            Some(Work::SignOff(sign_off)) => names.extend(names_in_template(&sign_off.statement)),
            _ => {}
        }
        let unknown = &self.learnt.borrow().unknown;
        names.into_iter().filter(|name| unknown.contains(name)).collect()
    }

    fn values(&self, view: &RunView<'_>, task: Task, by: &By) -> Result<Answer, Problem> {
        let plan = view.plan;
        let (step, action) = (task.step_of(plan).id.clone(), task.id(plan));
        let entry = self.answers.steps.get(&action).or_else(|| self.answers.steps.get(&step));
        let mut events = Vec::new();
        for field in view.run.open_fields(plan, task) {
            let given = entry.and_then(|entry| entry.value.get(&field.name)).cloned();
            let via = if given.is_some() { Via::Answers } else { Via::Assumed };
            let value = match given {
                Some(value) => {
                    self.learnt.borrow_mut().unknown.remove(&field.name);
                    value
                }
                None => {
                    self.screen
                        .tell(&format!("    {} = unknown (the operator would write it down)", field.name));
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
            let (step, action, name) = (step.clone(), action.clone(), field.name.clone());
            let by = By { via, ..by.clone() };
            events.push(Event::ValueRecorded { step, action, name, value, evidence, within_limits, by });
        }
        Ok(Answer::Events(events))
    }
}

/// A value of the kind, so that the walk can go on; the engine takes it for unknown.
fn stand_in(kind: &ValueKind, name: &str) -> String {
    match kind {
        ValueKind::Text { .. } => unknown(name),
        ValueKind::Integer { min, max } => min.or(*max).unwrap_or_default().to_string(),
        ValueKind::Number { min, max } => {
            min.as_ref().or(max.as_ref()).map_or_else(|| "0".to_owned(), ToString::to_string)
        }
        ValueKind::Boolean => "true".to_owned(),
        ValueKind::Choice { choices } => choices.first().cloned().unwrap_or_default(),
    }
}

fn assumed(screen: &Screen, what: &str) {
    screen.tell(&format!("  {} {what}", screen.style().cyan().apply_to("assumed:")));
}

/// An exit code that every expectation of one allows.
fn expected_exit(block: &Block) -> i32 {
    let sets: Vec<&Vec<i32>> = block
        .expect
        .iter()
        .filter_map(|expectation| match &expectation.that {
            Expected::Exit(codes) => Some(codes),
            _ => None,
        })
        .collect();
    let first = sets.first().map(|codes| codes.as_slice()).unwrap_or(&[0]);
    first.iter().copied().find(|code| sets.iter().all(|codes| codes.contains(code))).unwrap_or(0)
}

/// Executes checks, assumes the rest.
pub struct ChecksOnly {
    /// Executes.
    pub places: Places,
    /// What was learnt.
    pub learnt: Shared,
    /// What blocks captured in the last rehearsal; `None` where there is none.
    pub before: Option<Before>,
    /// Whether checks are executed.
    pub checks: bool,
}

/// An attempt of a dry run.
pub enum Attempt {
    /// Taken as passed, without being executed.
    Assumed(Box<Executed<Problem>>),
    /// Executed.
    Checked(Box<places::Attempt>),
}

impl Runner for ChecksOnly {
    type Error = Problem;
    type Attempt = Attempt;

    fn script(&self, view: &RunView<'_>, task: Task, store: &Store<'_>) -> Result<Script, Problem> {
        self.places.script(view, task, store)
    }

    async fn wait(&self, pause: Duration) -> Option<Interrupt> {
        self.places.wait(pause).await
    }

    async fn asked_to_leave(&self, attended: bool) -> bool {
        self.places.asked_to_leave(attended).await
    }

    fn cwd(&self) -> String {
        self.places.cwd()
    }

    async fn reach(&self, where_to: Whereabouts) -> Reached {
        self.places.reach(where_to).await
    }

    fn start(
        &self,
        view: &RunView<'_>,
        execution: Execution,
        script: &Script,
        way: Way,
        store: &mut Store<'_>,
    ) -> Result<Attempt, Problem> {
        let task = execution.task;
        if let Way::Nowhere(_) = way {
            let attempt = self.places.start(view, execution, script, way, store)?;
            return Ok(Attempt::Checked(Box::new(attempt)));
        }
        let assumed = |why: &str, how: How| {
            self::assumed(&self.places.local.screen, why);
            self.note(view, task, how);
            Ok(Attempt::Assumed(Box::new(self.taken_as_passed(view, execution))))
        };
        if self.places.needs_somebody(view, task) {
            let untried = !self.changed_before(view, task) && !task.mutates(view.plan);
            let mut learnt = self.learnt.borrow_mut();
            learnt.untried.extend(untried.then(|| task.id(view.plan)));
            // Whoever sits there could change anything.
            learnt.changed = true;
            drop(learnt);
            return assumed("not executed, it needs somebody at a terminal; taken as passed", How::Assumed);
        }
        if task.mutates(view.plan) {
            self.learnt.borrow_mut().changed = true;
            return assumed("not executed, it changes something; taken as passed", How::Assumed);
        }
        if !task.runs_dry(view.plan) {
            let mut learnt = self.learnt.borrow_mut();
            if !learnt.changed {
                learnt.untried.push(task.id(view.plan));
            }
            drop(learnt);
            let why = "not asked, for nobody can see from here whether it changes something; taken as passed";
            return assumed(why, How::Assumed);
        }
        if !self.checks {
            self.not_tried(view, task, script);
            return assumed("not executed, as --no-checks says; taken as passed", How::Assumed);
        }
        let needs = self.unknown_of(view, task, &script.text);
        if !needs.is_empty() {
            self.not_tried(view, task, script);
            let why = format!("not executed, it needs {}, unknown before the real run", needs.join(", "));
            return assumed(&why, How::NotTried { needs });
        }
        self.places.keep_back(self.learnt.borrow().unknown.iter().cloned().collect());
        self.places
            .start(view, execution, script, way, store)
            .map(|attempt| Attempt::Checked(Box::new(attempt)))
    }

    async fn reap(&self, where_to: Whereabouts, attempt: String) {
        self.places.reap(where_to, attempt).await;
    }

    async fn clean(&self, over: Vec<(String, String)>, open: Vec<(String, String)>) {
        self.places.clean(over, open).await;
    }

    async fn run(&self, attempt: &mut Attempt, child: impl FnMut(Option<i32>)) {
        if let Attempt::Checked(attempt) = attempt {
            self.places.run(attempt, child).await;
        }
    }

    fn end(
        &self,
        view: &RunView<'_>,
        attempt: Attempt,
        store: &mut Store<'_>,
    ) -> Result<End<Problem>, Problem> {
        let known = |executed| Ok(End::Known(Box::new(executed)));
        let attempt = match attempt {
            Attempt::Assumed(executed) => return Ok(End::Known(executed)),
            Attempt::Checked(attempt) => attempt,
        };
        let (execution, nowhere) = (attempt.execution(), matches!(*attempt, places::Attempt::Nowhere(..)));
        let executed = match self.places.end(view, *attempt, store)? {
            End::Known(executed) => *executed,
            open @ End::Open(..) => return Ok(open),
        };
        if executed.finished.outcome == Outcome::Interrupted {
            return known(Executed { park: true, ..executed });
        }
        let passed = executed.finished.outcome == Outcome::Passed;
        if nowhere {
            let Finished { action, place, error, .. } = &executed.finished;
            self.note(view, execution.task, How::Failed);
            let mut learnt = self.learnt.borrow_mut();
            learnt.failures.push(action.clone());
            let why = error.clone().unwrap_or_default();
            place.iter().for_each(|place| drop(learnt.unreachable.insert(place.clone(), why.clone())));
            drop(learnt);
            return known(executed);
        }
        if !self.changed_before(view, execution.task) {
            self.note(view, execution.task, if passed { How::Held } else { How::Failed });
            let mut learnt = self.learnt.borrow_mut();
            learnt.real.extend(executed.finished.captures.keys().cloned());
            if executed.finished.place.is_none() {
                learnt.unknown.retain(|name| !executed.finished.captures.contains_key(name));
            }
            if !passed {
                learnt.failures.push(executed.finished.action.clone());
            }
            return known(executed);
        }
        // What it says now is not what it will say after the changes, so nothing of it counts.
        self.note(view, execution.task, How::TooEarly { holds: passed });
        screen::failure(&self.places.local.screen, &executed.finished);
        assumed(
            &self.places.local.screen,
            match passed {
                true => "holds already, before the changes that this run would make; taken as passed",
                false => "does not hold now, before the changes that this run would make; taken as passed",
            },
        );
        known(self.taken_as_passed(view, execution))
    }
}

impl ChecksOnly {
    /// Whether a real run would or may have changed something before this: also by what was passed over here because
    /// nobody knows whether it is for the run, or what it is.
    fn changed_before(&self, view: &RunView<'_>, task: Task) -> bool {
        let learnt = self.learnt.borrow();
        let hangs = |condition: &String| !learnt.unknown_in(condition).is_empty();
        let perhaps = |step: &Step, action: &Action| match &action.work {
            Work::Run(block) => {
                let mut conditions = step.when.iter().chain(&block.options.when);
                conditions.any(hangs) || names_around(block).iter().any(|name| learnt.unknown.contains(name))
            }
            _ => false,
        };
        let here = (task.step, task.slot);
        learnt.changed
            || view.plan.steps.iter().enumerate().take(task.step + 1).any(|(index, step)| {
                let before = |slot: &usize| (index, Slot::Action(*slot)) < here;
                let mut actions = step.actions.iter().enumerate().filter(|(slot, _)| before(slot));
                actions.any(|(_, action)| perhaps(step, action))
            })
    }

    /// What a check that is not executed would have left in its shell is not there for those that follow.
    fn not_tried(&self, view: &RunView<'_>, task: Task, script: &Script) {
        let untried = !self.changed_before(view, task);
        let mut learnt = self.learnt.borrow_mut();
        learnt.unset.extend(sets(&script.text).map(str::to_owned));
        learnt.untried.extend(untried.then(|| task.id(view.plan)));
    }

    /// What a check reads that nobody knows before the real run: in its script, its own variables, its expectations.
    fn unknown_of(&self, view: &RunView<'_>, task: Task, script: &str) -> Vec<String> {
        let Some(block) = task.block(view.plan) else { return Vec::new() };
        let around = names_around(block);
        let learnt = self.learnt.borrow();
        let names: BTreeSet<&String> = learnt.unknown.iter().chain(&learnt.unset).collect();
        let reads = |name: &str| around.contains(name) || reads(block, script, name);
        names.into_iter().filter(|name| reads(name)).cloned().collect()
    }

    fn note(&self, view: &RunView<'_>, task: Task, how: How) {
        let place = view.run.place_of(task).map(str::to_owned);
        self.learnt.borrow_mut().taken.push(Taken { action: task.id(view.plan), place, how });
    }

    fn taken_as_passed(&self, view: &RunView<'_>, execution: Execution) -> Executed<Problem> {
        let mut captures = BTreeMap::new();
        let task = execution.task;
        let block = task.block(view.plan);
        for capture in block.iter().flat_map(|block| &block.options.capture) {
            let (name, screen) = (&capture.name, &self.places.local.screen);
            let (action, place) = (task.id(view.plan), view.run.place_of(task));
            let before = self.before.as_ref();
            let replayed =
                before.and_then(|before| Some((before.number, before.captured(&action, place, name)?)));
            let mut learnt = self.learnt.borrow_mut();
            learnt.real.remove(name);
            let value = match replayed {
                Some((number, value)) => {
                    screen.tell(&format!(
                        "    {name} = {} (replayed from run {number})",
                        screen.neutralise(value)
                    ));
                    // At another place it may be one that nobody knows.
                    if place.is_none() {
                        learnt.unknown.remove(name);
                    }
                    learnt.replayed.insert(name.clone());
                    value.to_owned()
                }
                None => {
                    screen.tell(&format!("    {name} = unknown (would be captured here)"));
                    learnt.replayed.remove(name);
                    learnt.unknown.insert(name.clone());
                    unknown(name)
                }
            };
            captures.insert(name.clone(), value);
        }
        let judgement = block.and_then(|block| holdpoint_engine::assumed(block, &captures));
        let finished = Finished {
            exit: block.map(expected_exit),
            expectations: judgement.map(|judgement| judgement.expectations).unwrap_or_default(),
            captures,
            ..finished(view, execution, Outcome::Passed)
        };
        Executed { finished, park: false, assumed: true, fault: None }
    }
}
