//! A fake executor: blocks on many places with scripted ends. It starts whatever the frontier lets go, ends one block at
//! a time, and writes down what happened in which order.

use std::collections::BTreeMap;

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::story::*;

/// How an attempt ends that nothing is scripted for: it passes.
#[derive(Default)]
pub(crate) struct Script {
    /// By action and place: the outcome of each attempt, in order; those that follow pass.
    pub(crate) ends: BTreeMap<(String, String), Vec<Outcome>>,
    /// By action and place: what it captures as `V`; else `yes`.
    pub(crate) captures: BTreeMap<(String, String), String>,
}

pub(crate) struct Fake {
    pub(crate) story: Story,
    pub(crate) script: Script,
    /// `start ACTION PLACE` and `OUTCOME ACTION PLACE`.
    pub(crate) log: Vec<String>,
    /// The most blocks that ran at the same time.
    pub(crate) most: usize,
    done: BTreeMap<(String, String), usize>,
}

/// A step on the target `web`.
pub(crate) fn on_web(step: Step, first: u32, at_once: u32, stop_after: u32) -> Step {
    Step { target: Some("web".into()), rollout: Some(Rollout { first, at_once, stop_after }), ..step }
}

/// The name of a place of `web`, from 1.
pub(crate) fn web(n: usize) -> String {
    format!("ssh://web-{n:02}")
}

impl Fake {
    /// A run where `web` stands for so many places, and `db` for one.
    pub(crate) fn of(steps: impl IntoIterator<Item = Step>, places: usize) -> Fake {
        Fake::going_by(Some(Rollouts::Strict), steps, places)
    }

    /// The same by other rules; none are those of the first records.
    pub(crate) fn going_by(
        rules: Option<Rollouts>,
        steps: impl IntoIterator<Item = Step>,
        places: usize,
    ) -> Fake {
        let story = Story::opened_as(plan(steps), |opened| {
            opened.environment.targets = targets(&[("web", places), ("db", 1)]);
            opened.environment.rollouts = rules;
        });
        Fake { story, script: Script::default(), log: Vec::new(), most: 0, done: BTreeMap::new() }
    }

    pub(crate) fn ends(mut self, action: &str, place: usize, outcomes: &[Outcome]) -> Fake {
        self.script.ends.insert((action.into(), web(place)), outcomes.to_vec());
        self
    }

    pub(crate) fn captures(mut self, action: &str, place: usize, value: &str) -> Fake {
        self.script.captures.insert((action.into(), web(place)), value.into());
        self
    }

    pub(crate) fn frontier(&self) -> Frontier {
        self.story.run.frontier(&self.story.plan)
    }

    fn key(&self, task: Task) -> (String, String) {
        (task.id(&self.story.plan), self.story.run.place_of(task).unwrap_or("here").to_owned())
    }

    /// Starts everything that may go now.
    pub(crate) fn start_all(&mut self) {
        while let Some(execution) = self.frontier().ready.first().copied() {
            let (action, place) = self.key(execution.task);
            self.story.tell(self.story.start_of(execution));
            self.log.push(format!("start {action} {place}"));
            self.most = self.most.max(self.frontier().running.len());
        }
    }

    /// Ends the running block at this position.
    pub(crate) fn end(&mut self, position: usize) {
        let execution = self.frontier().running[position];
        let key = self.key(execution.task);
        let count = self.done.entry(key.clone()).or_default();
        let outcome = self.script.ends.get(&key).and_then(|ends| ends.get(*count)).copied();
        *count += 1;
        let outcome = outcome.unwrap_or(Outcome::Passed);
        let value = self.script.captures.get(&key).cloned();
        let event = self.story.end_of(execution, outcome, |finished| {
            if let Some(value) = value {
                finished.captures.insert("V".into(), value);
            }
        });
        self.story.tell(event);
        self.log.push(format!("{outcome:?} {} {}", key.0, key.1).to_lowercase());
    }

    /// Goes on until somebody must answer, or the run is over. Blocks end in another order than they began.
    pub(crate) fn go_on(&mut self) -> String {
        for _ in 0..10_000 {
            self.start_all();
            let frontier = self.frontier();
            if !frontier.pass_over.is_empty() {
                self.story.pass_over();
            } else if frontier.running.is_empty() {
                return self.story.at();
            } else {
                self.end(frontier.running.len() - 1);
            }
        }
        panic!("no end: {}", self.story.at());
    }

    /// What is asked now, as `ACTION PLACE`.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asks = self.frontier().asks;
        asks.into_iter().map(|(task, _)| self.key(task)).map(|(a, p)| format!("{a} {p}")).collect()
    }

    /// Positions in the log of all lines that begin like this.
    pub(crate) fn positions(&self, line: &str) -> Vec<usize> {
        let like = self.log.iter().enumerate().filter(|(_, logged)| logged.starts_with(line));
        like.map(|(at, _)| at).collect()
    }

    /// An answer about a task that is asked about, at its place.
    pub(crate) fn decide_at(&mut self, action: &str, place: usize, choice: Choice) {
        let (step, action) = (action.split('#').next().unwrap_or_default().to_owned(), action.to_owned());
        let place = Some(web(place));
        self.story.tell(Event::Decision { step, action, place, choice, reason: None, by: by(OPS) });
    }

    pub(crate) fn skip_at(&mut self, action: &str, place: usize) {
        let step = action.split('#').next().unwrap_or_default();
        self.story.tell(deviation_at(DeviationKind::Skipped, step, Some(action), Some(web(place))));
    }
}
