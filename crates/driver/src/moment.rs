//! What a session says while it lasts, as values.

use holdpoint_engine::{By, Event, Finished, Holding, Question, Task, Unfound, Verdict};
use holdpoint_model::Plan;
use jiff::Timestamp;
use serde::Serialize;

use crate::RunView;

/// Something that has just become true. Texts are masked; steps and actions are named by their ids.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "moment", rename_all = "snake_case")]
pub enum Moment {
    /// A step is at hand that was not before.
    StepEntered {
        /// The step.
        step: String,
        /// Its number, as the document counts.
        number: String,
        /// Its title, rendered where that can be done.
        title: String,
        /// Whether it is to be undone.
        rollback: bool,
    },
    /// Every step has passed: the run is about to be closed.
    StepsPassed,
    /// What does not concern this run was passed over.
    PassedOver {
        /// The step.
        step: String,
        /// The action; `None`: the whole step.
        action: Option<String>,
        /// The condition that does not hold.
        condition: String,
    },
    /// A sign-off does not count any more, and is asked for again.
    SignOffLapsed {
        /// The step.
        step: String,
        /// The hold point.
        action: String,
        /// Why, in words.
        reason: String,
    },
    /// An attempt is made by itself, after a pause.
    Waiting {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Where, for a step on several places.
        place: Option<String>,
        /// How long, in milliseconds.
        pause_ms: u64,
        /// For how long it has held, where it is a check that must hold for a time.
        held: Option<Held>,
    },
    /// A pause before an attempt was cut short: somebody is asked, or wants to leave.
    PauseCut {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Where, for a step on several places.
        place: Option<String>,
    },
    /// A step may not begin before a time.
    NotBefore {
        /// The step.
        step: String,
        /// When it may.
        until: Timestamp,
        /// Whether that is waited for.
        waits: bool,
    },
    /// This script runs next, and nobody at a terminal was asked.
    Permitted {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// The script as it will run.
        script: String,
    },
    /// The block needs somebody at a terminal, and nobody is there.
    NeedsSomebody {
        /// The step.
        step: String,
        /// The action.
        action: String,
    },
    /// An attempt is on record as begun; its block begins right away.
    AttemptStarted {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Where, for a step on several places.
        place: Option<String>,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// An attempt that an earlier driver started is looked for at its place.
    AttemptTakenUp {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Where.
        place: Option<String>,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// Whether or how an attempt ended cannot be known now: it stays open.
    AttemptOpen {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Where.
        place: Option<String>,
        /// Why, in words.
        why: String,
    },
    /// What was answered about an attempt in doubt does not count: it was looked for once more, and this was found.
    AnswerOvertaken {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Where; the name of a machine, where an earlier driver began it on that.
        place: Option<String>,
        /// What was found.
        why: Overtaken,
        /// Whether somebody is asked once more.
        asked_again: bool,
        /// Whether the run is left.
        left: bool,
        /// The process group that still runs, where that is on this machine.
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<i32>,
    },
    /// Nothing begins, or the run does not end: something still runs that an earlier driver began. The run is left.
    KeptBack {
        /// The step that is at hand.
        step: String,
        /// The action.
        action: String,
        /// Where something still runs; nothing for this machine.
        place: Option<String>,
        /// The process group that does, where that is on this machine.
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<i32>,
        /// Whether it is the run that does not end, for this action still runs.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        end: bool,
    },
    /// An attempt has ended.
    AttemptEnded {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Where, for a step on several places.
        place: Option<String>,
        /// How.
        finished: Box<Finished>,
        /// Nothing was executed, or what came of it does not count.
        assumed: bool,
    },
    /// Somebody is asked.
    Asked {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// What.
        question: Question,
    },
    /// What was answered is on record.
    Answered {
        /// The step; `None`: it is about no one step.
        step: Option<String>,
        /// The action; `None`: it is about the whole step.
        action: Option<String>,
        /// The answer.
        events: Vec<Event>,
    },
    /// A note that somebody wrote at a prompt is on record. It answers nothing.
    Noted {
        /// The step at hand.
        step: Option<String>,
        /// What it says.
        text: String,
        /// Who wrote it.
        by: By,
    },
    /// The document asks for a rollback of what was done.
    RollbackAsked,
    /// The run waits for somebody; it can be taken up again.
    Parked {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// For what.
        question: Question,
    },
    /// The run has ended.
    Closed {
        /// How.
        verdict: Verdict,
    },
}

impl Moment {
    /// What an answer comes to, once it is on record. What lapsed with it is told by itself.
    pub(crate) fn of_answer(events: &[Event]) -> Vec<Moment> {
        let mut moments = Vec::new();
        let mut answer = Vec::new();
        for event in events {
            match event {
                Event::Note { text, step, by, .. } => {
                    let (step, text, by) = (step.clone(), text.clone(), by.clone());
                    moments.push(Moment::Noted { step, text, by });
                }
                Event::SignOffLapsed { .. } => {}
                event => answer.push(event.clone()),
            }
        }
        if let Some(about) = answer.first().map(Event::about) {
            let step = about.map(|(step, _)| step.to_owned());
            let action = about.and_then(|(_, action)| action).map(str::to_owned);
            moments.push(Moment::Answered { step, action, events: answer });
        }
        moments
    }
}

/// A step and an action of it, by their ids.
pub(crate) fn named(plan: &Plan, task: Task) -> (String, String) {
    (task.step_of(plan).id.clone(), task.id(plan))
}

/// Why an answer about what was in doubt does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Overtaken {
    /// Its place cannot be reached: it may run there.
    Unreached,
    /// It still runs there, and nobody keeps it.
    Runs,
    /// It has an end, which is on record now.
    Ended,
}

impl From<Unfound> for Overtaken {
    fn from(unfound: Unfound) -> Overtaken {
        match unfound {
            Unfound::Runs => Overtaken::Runs,
            Unfound::Away | Unfound::Lost => Overtaken::Unreached,
        }
    }
}

/// For how long a check has held that must hold for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// So long, in milliseconds.
    pub held_ms: u64,
    /// It must for so long, in milliseconds.
    pub of_ms: u64,
    /// Tries that passed one after another.
    pub tries: u32,
    /// How often it has begun anew, as nobody had looked for too long.
    pub anew: u32,
}

impl From<Holding> for Held {
    fn from(holding: Holding) -> Held {
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (held_ms, of_ms) = (millis(holding.held), millis(holding.of));
        Held { held_ms, of_ms, tries: holding.tries, anew: holding.anew }
    }
}

/// Whoever is told: a screen, a log, a web page.
pub trait Observer {
    /// Something has become true, and is durable. The view is of the run as it is by now.
    fn saw(&mut self, view: &RunView<'_>, moment: &Moment);
    /// Nothing is held back any more: what became durable was seen, and what did not will never be.
    fn caught_up(&mut self) {}
}

/// Nobody is told.
impl Observer for () {
    fn saw(&mut self, _: &RunView<'_>, _: &Moment) {}
}
