//! What came of a block, judged and ready for the record.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use holdpoint_document::Block;
use holdpoint_driver::{End, Executed};
use holdpoint_engine::{Execution, Finished, Observation, Outcome, Output, judge};
use holdpoint_executor::{Ended, How, State};

use super::asking::{ASKS_ELSEWHERE, MOST, WANTS_A_TERMINAL, wants_a_terminal};
use super::given::block_of;
use super::kept_state::masked_state;
use super::known::Known;
use super::recording::Recording;
use super::{RunView, Store};
use crate::problem::Problem;
use crate::screen::STOPPED;

/// A block that has ended, and all that is needed to tell what came of it.
pub(super) struct Over {
    pub(super) execution: Execution,
    pub(super) ended: Ended,
    /// Why its results cannot be taken, though it ran.
    pub(super) untaken: Option<String>,
    pub(super) recording: Recording,
    /// The state that it began in.
    pub(super) before: Rc<State>,
    /// Names of the secrets that it registered.
    pub(super) registered: Vec<String>,
    /// Files that captures are taken from, and why there are none where something stands that is none.
    pub(super) files: (BTreeMap<String, Vec<u8>>, Vec<String>),
    /// The operator wants to leave after it.
    pub(super) park: bool,
}

impl Over {
    /// For the record; and the state in which the next block of the same place begins. `root`: the repository, of a block that
    /// ran in it.
    pub(super) fn told(
        self,
        view: &RunView<'_>,
        known: &Known,
        root: Option<&Path>,
        store: &mut Store<'_>,
    ) -> Result<(End<Problem>, Rc<State>), Problem> {
        let Over { execution, ended, untaken, recording, before, registered, files, park } = self;
        let task = execution.task;
        let block = block_of(view, task)?;
        let mut recorded = recording.finish(store)?;
        for name in registered {
            recorded.masked.entry(name).or_insert(0);
        }
        let mut remarks = ended.remarks;
        let (mut kept_state, mut after) = (None, before);
        if let Some(state) = ended.state {
            if state != *after {
                let (masked, lost) = masked_state(&state, &known.redactor(), known.declared(), root);
                kept_state = Some(store.put(&masked)?);
                if !lost.is_empty() {
                    remarks.push(format!(
                        "{} hold a secret in a form that is not kept: after a resume they are not set",
                        lost.join(", ")
                    ));
                }
            }
            after = Rc::new(state);
        }
        let (exit, signal, error) = match (ended.how, ended.secret_error) {
            (_, Some(why)) => (None, None, Some(format!("{STOPPED}{why}"))),
            (How::Exited(code), None) => (Some(code), None, None),
            (How::Signalled(signal), None) => (None, Some(signal), None),
            (How::NotStarted(why), None) => (None, None, Some(why)),
        };
        let error = untaken.or(error);
        let (files, not_captured) = files;
        remarks.extend(not_captured);
        let judgement = judge(
            block,
            &view.run.values_at(task),
            &Observation {
                exit,
                signal,
                error: error.as_deref(),
                timed_out: ended.timed_out,
                interrupted: ended.interrupted,
                stdout: recorded.stdout.as_deref(),
                stderr: recorded.stderr.as_deref(),
                files: &files,
            },
        );
        let took = u64::try_from(ended.duration.as_millis()).unwrap_or(u64::MAX);
        // Of attempts that are made by themselves, what the last one printed is seen whatever came of it.
        let (run, passed) = (view.run, judgement.outcome == Outcome::Passed);
        let retried = run.retrying(view.plan, task).is_some();
        let again = matches!(judgement.outcome, Outcome::Failed | Outcome::TimedOut)
            && run.is_tried_again_after(view.plan, task, took);
        let seen = match retried {
            true => !again,
            false => !passed,
        };
        if seen {
            recorded.unseen.show();
        }
        let mut kept_files = BTreeMap::new();
        for (path, bytes) in &files {
            kept_files.insert(path.clone(), store.put(bytes)?);
        }
        if judgement.outcome == Outcome::Failed
            && !block.options.tty
            && let Some(output) = &recorded.output
        {
            let short = [&output.stdout, &output.stderr].into_iter().filter(|blob| blob.bytes <= MOST);
            let printed = short.map(|blob| store.get(blob)).collect::<Result<Vec<_>, _>>()?;
            if wants_a_terminal(&printed) {
                let elsewhere = task.target(view.plan).is_some();
                remarks.push(if elsewhere { ASKS_ELSEWHERE } else { WANTS_A_TERMINAL }.to_owned());
            }
        }
        if judgement.outcome == Outcome::Interrupted {
            remarks.push("stopped by the operator".to_owned());
        }
        let finished = Finished {
            exit,
            signal,
            error,
            duration_ms: took,
            output: recorded.output,
            expectations: judgement.expectations,
            captures: judgement.captures,
            files: kept_files,
            state: kept_state,
            masked: recorded.masked,
            remarks,
            ..finished(view, execution, judgement.outcome)
        };
        let executed = Executed { finished, park, assumed: false, fault: None };
        Ok((End::Known(Box::new(executed)), after))
    }
}

/// The end of an execution, of which nothing but its outcome is known yet.
pub(super) fn finished(view: &RunView<'_>, execution: Execution, outcome: Outcome) -> Finished {
    let task = execution.task;
    let place = view.run.place_of(task).map(str::to_owned);
    let (step, action) = (task.step_of(view.plan).id.clone(), task.id(view.plan));
    Finished { place, probe: execution.probe, ..Finished::of(step, action, execution.attempt, outcome) }
}

/// The end of a block whose start is on record, and of which nothing was begun: it is in no doubt. Where not even that
/// can be kept, the fault alone is told.
pub(super) fn not_started(
    view: &RunView<'_>,
    execution: Execution,
    block: &Block,
    why: &str,
    fault: Option<Problem>,
    store: &mut Store<'_>,
) -> Result<Executed<Problem>, Problem> {
    let output = match block.options.record.then(|| store.put(b"")).transpose() {
        Ok(nothing) => {
            nothing.map(|blob| Output { stdout: blob.clone(), stderr: blob.clone(), timing: blob })
        }
        Err(error) => return Err(fault.unwrap_or(error)),
    };
    let error = format!("not started: {why}");
    let nothing: Option<&[u8]> = Some(b"");
    let judgement = judge(
        block,
        &view.run.values_at(execution.task),
        &Observation {
            exit: None,
            signal: None,
            error: Some(&error),
            timed_out: false,
            interrupted: false,
            stdout: nothing.filter(|_| block.looks_at_stdout()),
            stderr: nothing.filter(|_| block.looks_at_stderr()),
            files: &BTreeMap::new(),
        },
    );
    let finished = Finished {
        error: Some(error),
        output,
        expectations: judgement.expectations,
        captures: judgement.captures,
        ..finished(view, execution, judgement.outcome)
    };
    Ok(Executed { finished, park: false, assumed: false, fault })
}
