//! Answers from a file, so that rehearsals and tests run unattended. Each is recorded as such.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_document::{Answers, Assurance, Entry, EvidenceKind, Plan, SignOff, Work};
use holdpoint_engine::{
    By, Choice, Deviation, DeviationKind, Event, Evidence, Execution, Fit, Question, SignedOff, Task, Via,
    is_address,
};

use super::reply::evidence_file;
use super::tell::show_question;
use super::terminal::Operator;
use super::{Answer, Desk, RunView, Store, roll_back};
use crate::notices::Notices;
use crate::problem::Problem;
use crate::screen::Screen;

/// Answers from a file, and whoever answers what it does not.
pub struct Prepared {
    screen: Screen,
    /// The file's answers.
    pub answers: Answers,
    /// Who is asked otherwise; nobody parks.
    pub otherwise: Option<Operator>,
    /// Choices that were taken already: none is taken twice, or a failing retry would never end.
    taken: BTreeSet<(Task, &'static str)>,
    /// What was answered with something that does not count, and is asked once more.
    refused: Option<(Task, Question)>,
    /// People who are told elsewhere.
    notices: Option<Notices>,
}

impl Prepared {
    /// Answers first, then `otherwise`.
    pub fn new(screen: &Screen, answers: Answers, otherwise: Option<Operator>) -> Prepared {
        let (screen, taken) = (screen.clone(), BTreeSet::new());
        Prepared { screen, answers, otherwise, taken, refused: None, notices: None }
    }

    /// Puts on record what came of these notices.
    pub fn noticing(self, notices: &Notices) -> Prepared {
        Prepared { notices: Some(notices.clone()), ..self }
    }

    /// What stands above an action that the file answers, where somebody sits there and reads along.
    fn tell_prose(&mut self, view: &RunView<'_>, task: Task) {
        if let Some(operator) = &mut self.otherwise {
            operator.tell_prose(view, task);
        }
    }

    fn entry(&self, plan: &Plan, task: Task) -> Option<&Entry> {
        let steps = &self.answers.steps;
        steps.get(&task.id(plan)).or_else(|| steps.get(&task.step_of(plan).id))
    }

    /// The answer of the file, if it has one.
    fn prepared(
        &mut self,
        view: &RunView<'_>,
        task: Task,
        question: Option<Question>,
        store: &mut Store<'_>,
    ) -> Result<Option<Vec<Event>>, Problem> {
        let Some(entry) = self.entry(view.plan, task).cloned() else { return Ok(None) };
        let asked = Asked {
            view,
            task,
            question,
            entry,
            own: self.answers.steps.contains_key(&task.id(view.plan)),
            step: task.step_of(view.plan).id.clone(),
            action: task.id(view.plan),
        };
        if question != Some(Question::SignOff)
            && !asked.is_answered_otherwise()
            && !self.taken.contains(&(task, "choice"))
            && let Some(event) = asked.chosen()
        {
            self.taken.insert((task, "choice"));
            return Ok(Some(vec![event]));
        }
        Ok(match (question, task.work(view.plan)) {
            (Some(Question::Confirm), Some(work)) if asked.entry.confirm => {
                asked.confirmed(work).map(|event| vec![event])
            }
            // What a step's entry confirms may have been written before the command was.
            (Some(Question::Choose), Some(work)) if asked.entry.confirm && asked.own => {
                asked.confirmed(work).map(|event| vec![event])
            }
            // Written once it had failed: an entry that has it run does not say as well that it was done by hand.
            (Some(Question::Failed), Some(work))
                if asked.entry.confirm
                    && asked.own
                    && asked.entry.choice.is_none()
                    && view.run.is_offered_still(view.plan, task) =>
            {
                asked.confirmed(work).map(|event| vec![event])
            }
            (Some(Question::Choose), _)
                if asked.is_to_run() && !view.run.missing(view.plan, task).is_empty() =>
            {
                asked.written_down(store)?
            }
            (Some(Question::Record), _) => asked.written_down(store)?,
            (Some(Question::SignOff), Some(Work::SignOff(sign_off))) if self.taken.insert((task, "sign")) => {
                asked.signed_off(sign_off).map(|event| vec![event])
            }
            _ => None,
        })
    }
}

/// One question, and what the file says to the step or action it is about.
struct Asked<'a> {
    view: &'a RunView<'a>,
    task: Task,
    /// `None` before a block runs for the first time.
    question: Option<Question>,
    entry: Entry,
    /// The entry is the action's own, and not its step's.
    own: bool,
    step: String,
    action: String,
}

impl Asked<'_> {
    fn by(&self) -> By {
        By { who: self.view.run.operator().to_owned(), via: Via::Answers }
    }

    fn place(&self) -> Option<String> {
        self.view.run.place_of(self.task).map(str::to_owned)
    }

    fn decision(&self, choice: Choice) -> Event {
        let (step, action) = (self.step.clone(), self.action.clone());
        let reason = self.entry.reason.clone();
        Event::Decision { step, action, place: self.place(), choice, reason, by: self.by() }
    }

    /// The entry's `choice`, where it can be taken now.
    fn chosen(&self) -> Option<Event> {
        // What may be chosen takes going through the steps: not for every block that simply runs.
        let choice = self.entry.choice.as_deref()?;
        // A command that is offered runs, again too, by an entry of its own alone.
        let offered = self.task.offered(self.view.plan).is_some();
        if offered && !self.own && matches!(choice, "run" | "retry" | "happened" | "find_out" | "accepted") {
            return None;
        }
        let offers = self.view.run.offers(self.view.plan);
        let reason = self.entry.reason.clone();
        let choice = match choice {
            "skip" if offers.skip => {
                let (step, action) = (self.step.clone(), Some(self.action.clone()));
                let skipped = Deviation::of(DeviationKind::Skipped, step, action, reason?, self.by());
                return Some(Event::Deviation(skipped.at(self.place())));
            }
            "rollback" if self.question.is_some() && !offers.rollback.steps.is_empty() => {
                return Some(roll_back(self.view.plan, &offers.rollback, reason, Some(self.by())));
            }
            "retry" => Choice::Retry,
            "proceed" => Choice::Proceed,
            "happened" => Choice::Happened,
            "run" if self.question == Some(Question::Choose) && self.is_to_run() => Choice::RunCommand,
            "run" => Choice::Run,
            "not_applicable" => Choice::NotApplicable,
            "accepted" => Choice::Accepted,
            "find_out" => Choice::FindOut,
            "pass_over" => Choice::PassOver,
            "abort" => Choice::Abort,
            _ => return None,
        };
        // An abort or a retry answers a question; it does not keep a block from being run the first time.
        (self.question.is_some() && offers.choices.contains(&choice)).then(|| self.decision(choice))
    }

    /// Whether the entry says what this question asks for, so that what it chooses is for after a failure.
    fn is_answered_otherwise(&self) -> bool {
        let answered = match self.question {
            Some(Question::Confirm | Question::Choose) => self.entry.confirm,
            Some(Question::Record) => !self.entry.value.is_empty(),
            _ => false,
        };
        answered && matches!(self.entry.choice.as_deref(), Some("rollback" | "abort"))
    }

    /// Whether the file says that this very command be run: what is said of its step is said of no command.
    fn is_to_run(&self) -> bool {
        self.own && self.entry.choice.as_deref() == Some("run")
    }

    fn confirmed(&self, work: &Work) -> Option<Event> {
        match work {
            Work::Run(block) if self.question != Some(Question::Confirm) && block.offered.is_some() => {
                self.view.run.confirmed(self.view.plan, self.task, self.by())
            }
            Work::Confirm { .. } => self.view.run.confirmed(self.view.plan, self.task, self.by()),
            Work::Run(_) => Some(self.decision(Choice::Proceed)),
            _ => None,
        }
    }

    /// All values that are asked for; none where the file lacks one.
    fn written_down(&self, store: &mut Store<'_>) -> Result<Option<Vec<Event>>, Problem> {
        let mut events = Vec::new();
        for field in self.view.run.open_fields(self.view.plan, self.task) {
            let nothing = field.may_be_empty.then(String::new);
            let Some(value) = self.entry.value.get(&field.name).cloned().or(nothing) else {
                return Ok(None);
            };
            let within_limits = match field.fit(&value) {
                Fit::Within => true,
                Fit::OutOfLimits(_) if self.task.offered(self.view.plan).is_none() => false,
                Fit::OutOfLimits(why) | Fit::Wrong(why) => {
                    return Err(Problem::waits(
                        format!("the answers file gives {} = {value:?}: {why}", field.name),
                        format!("Correct the entry of {}, then resume.", self.step),
                    ));
                }
            };
            let evidence = match (field.evidence, self.entry.evidence.get(&field.name)) {
                (None, _) => None,
                (Some(_), None) if field.is_left_empty(&value) => None,
                (Some(_), None) => return Ok(None),
                (Some(EvidenceKind::Url), Some(url)) if !is_address(url) => {
                    return Err(Problem::waits(
                        format!(
                            "the answers file gives {url:?} as evidence of {}, which is no address of a page",
                            field.name
                        ),
                        format!(
                            "Write one that begins with https:// in the entry of {}, then resume.",
                            self.step
                        ),
                    ));
                }
                (Some(EvidenceKind::Url), Some(url)) => Some(Evidence::Url(url.clone())),
                (Some(EvidenceKind::File), Some(path)) => {
                    Some(evidence_file(path, self.view.secrets, store)?)
                }
            };
            let name = field.name.clone();
            let (step, action, by) = (self.step.clone(), self.action.clone(), self.by());
            events.push(Event::ValueRecorded { step, action, name, value, evidence, within_limits, by });
        }
        Ok(Some(events))
    }

    /// A sign-off, or the refusal of one that does not count.
    fn signed_off(&self, sign_off: &SignOff) -> Option<Event> {
        let sign = self.entry.sign.as_ref()?;
        let (step, action) = (self.step.clone(), self.action.clone());
        let given = SignedOff {
            step: step.clone(),
            action: action.clone(),
            role: sign_off.role.clone(),
            meaning: sign_off.meaning,
            statement: self.view.run.statement(sign_off).unwrap_or_default(),
            name: sign.name.clone(),
            assurance: Assurance::Rehearsal,
            signature: None,
            presence: None,
            by: By { who: self.view.run.principal(&sign.who).to_owned(), via: Via::Answers },
        };
        Some(match self.view.run.sign_off_refusal(self.view.plan, self.task, &given) {
            Some(reason) => Event::SignOffRefused { step, action, reason, by: given.by },
            None => Event::SignOffGiven(given),
        })
    }
}

impl Desk for Prepared {
    type Error = Problem;

    fn adds(&mut self, view: &RunView<'_>, ending: bool) -> Vec<Event> {
        let notes = |notices: &Notices| notices.notes(view.run.operator(), ending);
        self.notices.as_ref().map(notes).unwrap_or_default()
    }

    fn attended(&self) -> bool {
        self.otherwise.is_some()
    }

    fn enter(&mut self, view: &RunView<'_>, task: Task) {
        if let Some(desk) = &mut self.otherwise {
            desk.enter(view, task);
        }
    }

    fn waits(&mut self, view: &RunView<'_>, task: Task, until: jiff::Timestamp) -> bool {
        self.otherwise.as_mut().is_some_and(|desk| desk.waits(view, task, until))
    }

    fn permit(
        &mut self,
        view: &RunView<'_>,
        execution: Execution,
        script: &str,
        store: &mut Store<'_>,
    ) -> Result<Answer, Problem> {
        if let Some(events) = self.prepared(view, execution.task, None, store)? {
            self.tell_prose(view, execution.task);
            return Ok(Answer::Events(events));
        }
        match &mut self.otherwise {
            Some(desk) => desk.permit(view, execution, script, store),
            None => Ok(Answer::Go),
        }
    }

    fn permit_one_more(
        &mut self,
        view: &RunView<'_>,
        execution: Execution,
        _script: &str,
        store: &mut Store<'_>,
    ) -> Result<Answer, Problem> {
        let prepared = self.prepared(view, execution.task, None, store)?;
        Ok(prepared.map_or(Answer::Go, Answer::Events))
    }

    fn answer(
        &mut self,
        view: &RunView<'_>,
        task: Task,
        question: Question,
        store: &mut Store<'_>,
    ) -> Result<Answer, Problem> {
        if let Some(events) = self.prepared(view, task, Some(question), store)? {
            if !matches!(question, Question::Failed | Question::InDoubt | Question::Barred) {
                self.tell_prose(view, task);
            }
            show_question(&self.screen, view, task, question);
            if let [Event::SignOffRefused { reason, .. }] = &events[..] {
                self.screen.tell(&format!("  refused: {}", self.screen.neutralise(reason)));
                self.refused = Some((task, question));
            }
            return Ok(Answer::Events(events));
        }
        let shown = self.refused.take() == Some((task, question));
        match &mut self.otherwise {
            Some(desk) => desk.answer(view, task, question, store),
            None => {
                if !shown {
                    show_question(&self.screen, view, task, question);
                }
                Ok(Answer::Park)
            }
        }
    }
}

/// Values for inputs, where the file has any.
pub fn inputs(answers: &Option<Answers>) -> BTreeMap<String, String> {
    answers.as_ref().map(|answers| answers.inputs.clone()).unwrap_or_default()
}
