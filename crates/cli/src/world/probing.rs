//! Asks probes: a check without a process, executed on this machine.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use holdpoint_document::{PROBE_LIMIT, Probe};
use holdpoint_driver::End;
use holdpoint_engine::{Execution, duration};
use holdpoint_executor::{Ended, How, State, Stream};
use holdpoint_probes::{Answer, Setting, ask};

use super::ends::Over;
use super::local::{Local, shown};
use super::recording::Recording;
use super::stops::Heard;
use super::tell::tell_start;
use super::{Interrupt, RunView, Script, Store};
use crate::place::Place;
use crate::problem::Problem;

/// What is said when a probe is stopped.
const STOPPING: &str = "the probe was stopped";

/// A probe that is asked.
pub struct Attempt {
    /// Which execution it is of.
    pub execution: Execution,
    probe: Probe,
    setting: Setting,
    limit: Duration,
    state: Rc<State>,
    recording: RefCell<Recording>,
    heard: Option<Heard>,
    ended: Option<(Ended, bool)>,
}

impl Local {
    /// Begins the attempt. What is asked is what the record keeps as its script.
    pub(super) fn start_probe(
        &self,
        view: &RunView<'_>,
        execution: Execution,
        script: &Script,
        store: &mut Store<'_>,
    ) -> Result<Attempt, Problem> {
        let task = execution.task;
        let block = super::given::block_of(view, task)?;
        let probe: Probe = serde_json::from_str(&script.text).map_err(|error| {
            Problem::fault(
                format!("what {} asks cannot be read: {error}", task.id(view.plan)),
                "This is a fault of holdpoint.",
            )
        })?;
        tell_start(&self.screen, view, execution, None);
        let recording = Recording::new(block, &self.known, shown(&self.screen, view, task, block)?, store)?;
        let host = holdpoint_record::this_machine();
        // Looking for it asks git, which is nothing to the other probes.
        let store = match &probe {
            Probe::Git(_) => Some(Place::of(self.root())?.store().path().to_owned()),
            _ => None,
        };
        let setting = Setting {
            root: self.root().to_owned(),
            store,
            secrets: self.given.secrets(block),
            by: format!("holdpoint {} at {host}", env!("CARGO_PKG_VERSION")),
        };
        Ok(Attempt {
            execution,
            probe,
            setting,
            limit: block.options.timeout.unwrap_or(PROBE_LIMIT),
            state: self.state(),
            recording: RefCell::new(recording),
            heard: Some(self.stops.listen()),
            ended: None,
        })
    }

    /// Asks, until there is an answer, the time is up or somebody stops it.
    pub(super) async fn run_probe(&self, attempt: &mut Attempt) {
        let Some(heard) = attempt.heard.take() else { return };
        let begun = Instant::now();
        let mut ended = Ended {
            how: How::Exited(0),
            timed_out: false,
            interrupted: false,
            output_error: None,
            secret_error: None,
            duration: Duration::ZERO,
            state: None,
            remarks: Vec::new(),
        };
        let (timed_out, asked) = (Cell::new(false), Cell::new(None));
        let ends = async {
            tokio::select! {
                () = tokio::time::sleep(attempt.limit) => {
                    timed_out.set(true);
                    format!("there was no whole answer within {}", duration(attempt.limit))
                }
                interrupt = self.stops.next(&heard) => {
                    attempt.recording.borrow().stops(STOPPING);
                    asked.set(Some(interrupt));
                    STOPPING.to_owned()
                }
            }
        };
        let answer = ask(&attempt.probe, &attempt.setting, ends).await;
        (ended.timed_out, ended.interrupted) = (timed_out.get(), asked.get().is_some());
        ended.duration = begun.elapsed();
        if answer.failure.is_some() {
            ended.how = How::Exited(1);
        }
        if let Err(error) = attempt.keep(&answer, ended.duration) {
            ended.output_error = Some(error);
        }
        ended.state = Some((*attempt.state).clone());
        let again = self.stops.end(heard).await;
        attempt.ended = Some((ended, again || asked.get() == Some(Interrupt::Leave)));
    }

    /// What came of it.
    pub(super) fn end_probe(
        &self,
        view: &RunView<'_>,
        attempt: Attempt,
        store: &mut Store<'_>,
    ) -> Result<End<Problem>, Problem> {
        let Attempt { execution, recording, state, ended, .. } = attempt;
        let action = execution.task.id(view.plan);
        let not_run =
            || Problem::fault(format!("{action} was not asked to its end"), "This is a fault of holdpoint.");
        let (mut ended, park) = ended.ok_or_else(not_run)?;
        if let Some(error) = ended.output_error.take() {
            return Err(Problem::fault(
                format!("what {action} answered cannot be kept: {error}"),
                "Make room or mend the disk, then resume this run; the check is in doubt.",
            ));
        }
        let over = Over {
            execution,
            ended,
            untaken: None,
            recording: recording.into_inner(),
            before: state,
            registered: Vec::new(),
            files: Default::default(),
            park,
        };
        over.told(view, &self.known, None, store).map(|(end, _)| end)
    }
}

impl Attempt {
    fn keep(&self, answer: &Answer, elapsed: Duration) -> std::io::Result<()> {
        let mut recording = self.recording.borrow_mut();
        let mut facts = serde_json::to_string_pretty(answer)?;
        facts.push('\n');
        recording.push(Stream::Stdout, facts.as_bytes(), elapsed)?;
        match &answer.failure {
            Some(why) => recording.push(Stream::Stderr, format!("{why}\n").as_bytes(), elapsed),
            None => Ok(()),
        }
    }
}
