//! The runner that executes nothing.

use std::time::Duration;

use holdpoint_engine::{Execution, Finished, Outcome, Task};

use crate::{BlobStore, End, Executed, Fault, Interrupt, RunView, Runner, Script, Way};

/// Executes nothing: every block passes, as one that exits with 0, meets what is expected of it, and
/// captures nothing but empty texts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Passing;

type Store<'a> = dyn BlobStore<Error = Fault> + 'a;

impl Runner for Passing {
    type Error = Fault;
    type Attempt = Execution;

    fn script(&self, view: &RunView<'_>, task: Task, _: &Store<'_>) -> Result<Script, Fault> {
        let text = task.block(view.plan).map(|block| block.script.clone()).unwrap_or_default();
        Ok(Script { text, differs: false })
    }

    async fn wait(&self, _: Duration) -> Option<Interrupt> {
        None
    }

    async fn asked_to_leave(&self, _: bool) -> bool {
        false
    }

    fn cwd(&self) -> String {
        "/".to_owned()
    }

    fn start(
        &self,
        _: &RunView<'_>,
        execution: Execution,
        _: &Script,
        _: Way,
        _: &mut Store<'_>,
    ) -> Result<Execution, Fault> {
        Ok(execution)
    }

    async fn run(&self, _: &mut Execution, _: impl FnMut(Option<i32>)) {}

    fn end(&self, view: &RunView<'_>, execution: Execution, _: &mut Store<'_>) -> Result<End<Fault>, Fault> {
        let task = execution.task;
        let (step, action) = (task.step_of(view.plan).id.clone(), task.id(view.plan));
        let block = task.block(view.plan);
        let names = block.into_iter().flat_map(|block| &block.options.capture);
        let captures = names.map(|capture| (capture.name.clone(), String::new())).collect();
        let judged = block.and_then(|block| holdpoint_engine::assumed(block, &captures));
        let finished = Finished {
            place: view.run.place_of(task).map(str::to_owned),
            probe: execution.probe,
            exit: Some(0),
            captures,
            expectations: judged.map(|judged| judged.expectations).unwrap_or_default(),
            ..Finished::of(step, action, execution.attempt, Outcome::Passed)
        };
        Ok(End::Known(Box::new(Executed { finished, park: false, assumed: false, fault: None })))
    }
}
