//! Answers from a file, so that rehearsals and tests run unattended. Each is recorded as such.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_document::{Answers, Entry, EvidenceKind, Plan, Work};
use holdpoint_engine::{
    By, Choice, Deviation, DeviationKind, Event, Evidence, Execution, Fit, Question, SignedOff, Task, Via,
    fit,
};

use super::{Answer, Journal, Person, Scene};
use crate::problem::Problem;
use crate::screen;

/// Answers from a file, and whoever answers what it does not.
pub struct Prepared<P> {
    /// The file's answers.
    pub answers: Answers,
    /// Who is asked otherwise; nobody parks.
    pub otherwise: Option<P>,
    /// Choices that were taken already: none is taken twice, or a failing retry would never end.
    taken: BTreeSet<(Task, &'static str)>,
    bare: Bare,
}

/// Plain lines for runs that nobody watches.
#[derive(Default)]
struct Bare;

impl<P: Person> Prepared<P> {
    /// Answers first, then `otherwise`.
    pub fn new(answers: Answers, otherwise: Option<P>) -> Prepared<P> {
        Prepared { answers, otherwise, taken: BTreeSet::new(), bare: Bare }
    }

    fn entry(&self, plan: &Plan, task: Task) -> Option<&Entry> {
        let steps = &self.answers.steps;
        steps.get(&task.id(plan)).or_else(|| steps.get(&task.step_of(plan).id))
    }

    /// The answer of the file, if it has one.
    fn prepared(
        &mut self,
        scene: &Scene<'_>,
        task: Task,
        question: Option<Question>,
        journal: &mut dyn Journal,
    ) -> Result<Option<Vec<Event>>, Problem> {
        let plan = scene.plan;
        let Some(entry) = self.entry(plan, task).cloned() else { return Ok(None) };
        let by = By { who: scene.run.operator().to_owned(), via: Via::Answers };
        let (step, action) = (task.step_of(plan).id.clone(), task.id(plan));
        let offers = scene.run.offers(plan);
        if let Some(choice) = &entry.choice
            && !matches!(question, Some(Question::SignOff))
            && !self.taken.contains(&(task, "choice"))
        {
            let decision = |choice| Event::Decision {
                step: step.clone(),
                action: action.clone(),
                choice,
                reason: entry.reason.clone(),
                by: by.clone(),
            };
            let of_name = |name: &str| match name {
                "retry" => Some(Choice::Retry),
                "proceed" => Some(Choice::Proceed),
                "happened" => Some(Choice::Happened),
                "run" => Some(Choice::Run),
                "find_out" => Some(Choice::FindOut),
                "abort" => Some(Choice::Abort),
                _ => None,
            };
            let event = match choice.as_str() {
                "skip" if offers.skip => entry.reason.clone().map(|reason| {
                    let (action, script) = (Some(action.clone()), None);
                    let kind = DeviationKind::Skipped;
                    Event::Deviation(Deviation {
                        kind,
                        step: step.clone(),
                        action,
                        script,
                        reason,
                        by: by.clone(),
                    })
                }),
                "rollback" if question.is_some() && !offers.rollback.steps.is_empty() => {
                    Some(roll_back(plan, &offers.rollback, entry.reason.clone(), by.clone()))
                }
                // An abort or a retry answers a question; it does not keep a block from being run the first time.
                name => of_name(name)
                    .filter(|choice| question.is_some() && offers.choices.contains(choice))
                    .map(decision),
            };
            if let Some(event) = event {
                self.taken.insert((task, "choice"));
                return Ok(Some(vec![event]));
            }
        }
        Ok(match (question, task.work(plan)) {
            (Some(Question::Confirm), Some(Work::Confirm { .. })) if entry.confirm => {
                Some(vec![Event::ItemConfirmed { step, action, by }])
            }
            (Some(Question::Confirm), Some(Work::Run(_))) if entry.confirm => {
                let choice = Choice::Proceed;
                Some(vec![Event::Decision { step, action, choice, reason: entry.reason.clone(), by }])
            }
            (Some(Question::Record), _) => {
                let mut events = Vec::new();
                for field in scene.run.open_fields(plan, task) {
                    let Some(value) = entry.value.get(&field.name) else { return Ok(None) };
                    let within_limits = match fit(&field.kind, value) {
                        Fit::Within => true,
                        Fit::OutOfLimits(_) => false,
                        Fit::Wrong(why) => {
                            return Err(Problem::usage(
                                format!("the answers file gives {} = {value:?}: {why}", field.name),
                                format!("Correct the entry of {step}, then resume."),
                            ));
                        }
                    };
                    let evidence = match (field.evidence, entry.evidence.get(&field.name)) {
                        (None, _) => None,
                        (Some(_), None) => return Ok(None),
                        (Some(EvidenceKind::Url), Some(url)) => Some(Evidence::Url(url.clone())),
                        (Some(EvidenceKind::File), Some(path)) => {
                            Some(super::terminal::evidence_file(path, journal)?)
                        }
                    };
                    let (name, value) = (field.name.clone(), value.clone());
                    let (step, action, by) = (step.clone(), action.clone(), by.clone());
                    events.push(Event::ValueRecorded {
                        step,
                        action,
                        name,
                        value,
                        evidence,
                        within_limits,
                        by,
                    });
                }
                Some(events)
            }
            (Some(Question::SignOff), Some(Work::SignOff(sign_off))) => {
                let Some(sign) = &entry.sign else { return Ok(None) };
                let refused = |reason: &str, by: By| {
                    screen::say(&format!("  refused: {reason}"));
                    Event::SignOffRefused {
                        step: step.clone(),
                        action: action.clone(),
                        reason: reason.to_owned(),
                        by,
                    }
                };
                let by = By { who: sign.who.clone(), via: Via::Answers };
                if !self.taken.insert((task, "sign")) {
                    return Ok(None);
                }
                let statement = scene.run.statement(sign_off).unwrap_or_default();
                let given = SignedOff {
                    step: step.clone(),
                    action: action.clone(),
                    role: sign_off.role.clone(),
                    meaning: sign_off.meaning,
                    statement,
                    name: sign.name.clone(),
                    assurance: holdpoint_document::Assurance::Rehearsal,
                    by: by.clone(),
                };
                match scene.run.sign_off_refusal(plan, task, &given) {
                    Some(reason) => Some(vec![refused(&reason, by)]),
                    None => Some(vec![Event::SignOffGiven(given)]),
                }
            }
            _ => None,
        })
    }
}

impl<P: Person> Person for Prepared<P> {
    fn attended(&self) -> bool {
        self.otherwise.is_some()
    }

    fn enter(&mut self, scene: &Scene<'_>, task: Task) {
        match &mut self.otherwise {
            Some(person) => person.enter(scene, task),
            None => self.bare.enter(scene, task),
        }
    }

    fn permit(
        &mut self,
        scene: &Scene<'_>,
        execution: Execution,
        script: &str,
        journal: &mut dyn Journal,
    ) -> Result<Answer, Problem> {
        if let Some(events) = self.prepared(scene, execution.task, None, journal)? {
            told(&events);
            return Ok(Answer::Events(events));
        }
        match &mut self.otherwise {
            Some(person) => person.permit(scene, execution, script, journal),
            None => {
                super::terminal::show_command(scene, execution.task, script);
                Ok(Answer::Go)
            }
        }
    }

    fn answer(
        &mut self,
        scene: &Scene<'_>,
        task: Task,
        question: Question,
        journal: &mut dyn Journal,
    ) -> Result<Answer, Problem> {
        if let Some(events) = self.prepared(scene, task, Some(question), journal)? {
            super::terminal::show_question(scene, task, question);
            told(&events);
            return Ok(Answer::Events(events));
        }
        match &mut self.otherwise {
            Some(person) => person.answer(scene, task, question, journal),
            None => {
                super::terminal::show_question(scene, task, question);
                Ok(Answer::Park)
            }
        }
    }
}

impl Bare {
    fn enter(&self, scene: &Scene<'_>, task: Task) {
        screen::step_head(scene.plan, task.step_of(scene.plan), scene.run.values());
    }
}

/// A rollback that somebody asks for.
pub fn roll_back(
    plan: &Plan,
    wanted: &holdpoint_engine::RollbackPlan,
    reason: Option<String>,
    by: By,
) -> Event {
    let ids = |steps: &[usize]| steps.iter().map(|step| plan.steps[*step].id.clone()).collect();
    Event::RollbackOpened { steps: ids(&wanted.steps), without: ids(&wanted.without), reason, by: Some(by) }
}

/// What was answered, in one line each.
fn told(events: &[Event]) {
    for event in events {
        let line = match event {
            Event::ItemConfirmed { .. } => "confirmed".to_owned(),
            Event::ValueRecorded { name, value, within_limits, .. } => {
                format!("{name} = {value}{}", if *within_limits { "" } else { " (out of its limits)" })
            }
            Event::SignOffGiven(given) => {
                format!("released by {} ({}) in the role {}", given.name, given.by.who, given.role)
            }
            Event::Deviation(deviation) => format!("deviation: skipped, {}", deviation.reason),
            Event::Decision { choice, .. } => format!("decided: {choice:?}"),
            Event::RollbackOpened { steps, .. } => format!("roll back {}", steps.join(", ")),
            _ => continue,
        };
        screen::say(&format!("  {} (from the answers file)", screen::neutralise(&line)));
    }
}

/// Values for inputs, where the file has any.
pub fn inputs(answers: &Option<Answers>) -> BTreeMap<String, String> {
    answers.as_ref().map(|answers| answers.inputs.clone()).unwrap_or_default()
}
