//! Executes blocks on this machine and keeps what they print.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use holdpoint_document::{Assurance, Block, CaptureFrom};
use holdpoint_driver::Secrets;
use holdpoint_engine::{Execution, Finished, Observation, Outcome, Output, Task, judge};
use holdpoint_executor::{Display, Ended, How, Job, ProcessGroup, State};
use holdpoint_redact::Redactor;
use tokio::sync::Notify;

use super::asking::{MOST, WANTS_A_TERMINAL, wants_a_terminal};
use super::kept_state::masked_state;
use super::operator_terminal::{NOTICE, OperatorTerminal, beside};
use super::recording::Recording;
use super::shown::{Shown, Window};
use super::{Executed, Interrupt, RunView, Runner, Script, Store};
use crate::files;
use crate::inputs::AGENT;
use crate::interrupts::Interrupts;
use crate::problem::Problem;
use crate::screen::{self, Live};

/// How long a block that is stopped gets between TERM and KILL.
const GRACE: Duration = Duration::from_secs(5);

/// What is said when a block is stopped: it may take its time.
const STOPPING: &str = "stopping the block: TERM now, KILL in 5 s; Ctrl-C again parks the run";

/// In debug builds, a variable with the action after which the program panics: tests see what a fault of ours shows.
#[cfg(debug_assertions)]
const PANIC: &str = "HOLDPOINT_PANIC";

/// This machine.
pub struct Local {
    executor: holdpoint_executor::Local,
    state: State,
    root: PathBuf,
    secrets: Vec<(String, String)>,
    /// Variables whose values stand in for ones that nobody knows yet: no block gets them.
    unknown: BTreeSet<String>,
    /// The SSH agent, for blocks that get it.
    agent: Vec<(String, String)>,
    /// Those that blocks registered; known to this process only.
    registered: Vec<(String, String)>,
    redactor: Redactor,
    /// The run-book, once a block has begun: a secret that stands in it cannot be masked there.
    source: Option<Rc<str>>,
    interrupts: Interrupts,
}

impl Local {
    /// Blocks begin in `root`, or where `state` says.
    pub fn new(
        root: PathBuf,
        state: Option<State>,
        secrets: Vec<(String, String)>,
        redactor: Redactor,
    ) -> Result<Local, Problem> {
        // A secret reaches only the blocks that are given it, also where it came from the environment.
        let secret = |value: &std::ffi::OsString| secrets.iter().any(|(_, secret)| *value == **secret);
        let agent = AGENT.map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
        let agent = agent.into_iter().flatten().filter(|(_, value)| !secret(&value.into())).collect();
        let environment = std::env::vars_os()
            .filter(|(name, value)| !secret(value) && !AGENT.iter().any(|agent| name == agent));
        let executor = holdpoint_executor::Local::with(environment, &scratch()).map_err(|error| {
            Problem::fault(
                format!("a private directory for scripts cannot be made: {error}"),
                "Is TMPDIR writable?",
            )
        })?;
        let state = state.unwrap_or_else(|| State::new(&root));
        let (registered, unknown, source, interrupts) =
            (Vec::new(), BTreeSet::new(), None, Interrupts::catch()?);
        Ok(Local { executor, state, root, secrets, unknown, agent, registered, redactor, source, interrupts })
    }

    /// Keeps these variables from the blocks that follow: what looked at all of them would take a stand-in for a value.
    pub fn keep_back(&mut self, unknown: BTreeSet<String>) {
        self.unknown = unknown;
    }

    /// Makes ready a block that will probably come next.
    pub fn get_ready(&self, view: &RunView<'_>, task: Task, store: &Store<'_>) {
        if let Some(job) = self.next_job(view, task, store) {
            self.executor.get_ready(&job, &self.state);
        }
    }

    /// The job of a block that comes later; `None` where it cannot be rendered yet, or gets a terminal: then it is made
    /// ready when its turn has come.
    fn next_job(&self, view: &RunView<'_>, task: Task, store: &Store<'_>) -> Option<Job> {
        let block = task.block(view.plan).filter(|block| !block.options.tty)?;
        let script = self.script(view, task, store).ok()?;
        self.job(view, task, block, &script).ok()
    }

    fn job(&self, view: &RunView<'_>, task: Task, block: &Block, script: &Script) -> Result<Job, Problem> {
        Ok(Job {
            name: task.id(view.plan),
            interpreter: block.interpreter.clone(),
            script: script.text.clone(),
            strict: block.options.strict,
            env: self.environment(view, task, block)?,
            timeout: block.options.timeout,
            grace: GRACE,
            cwd: block.options.cwd.as_ref().map(|cwd| self.root.join(cwd)),
            within: Some(self.root.clone()),
        })
    }

    fn environment(
        &self,
        view: &RunView<'_>,
        task: Task,
        block: &Block,
    ) -> Result<Vec<(String, String)>, Problem> {
        let values = view.run.values_at(task);
        let known = values.vars().iter().filter(|(name, _)| !self.unknown.contains(*name));
        let mut environment: Vec<(String, String)> =
            known.map(|(name, value)| (name.clone(), value.clone())).collect();
        let wanted = |name: &String| block.options.secrets.as_ref().is_none_or(|names| names.contains(name));
        environment.extend(self.secrets.iter().filter(|(name, _)| wanted(name)).cloned());
        for (name, template) in &block.options.env {
            let value =
                values.render(template).map_err(|error| cannot_render(&format!("env {name}"), &error))?;
            environment.push((name.clone(), value));
        }
        if let Some(opened) = view.run.opened() {
            environment.push(("HOLDPOINT_RUN".to_owned(), opened.number.to_string()));
            environment.push(("HOLDPOINT_ENVIRONMENT".to_owned(), opened.environment.name.clone()));
        }
        // Where a key signs, a script that reaches the agent could sign as well as its owner.
        if block.options.agent || view.run.least_assurance() <= Assurance::Typed {
            // An agent that a block started is left to those after it.
            let own = |name: &String| self.state.exported.contains_key(name);
            environment.extend(self.agent.iter().filter(|(name, _)| !own(name)).cloned());
        }
        environment.push(("HOLDPOINT_STEP".to_owned(), task.step_of(view.plan).id.clone()));
        environment.push(("HOLDPOINT_OPERATOR".to_owned(), view.run.operator().to_owned()));
        Ok(environment)
    }

    /// Files that captures are taken from, as they are after the block; and why there are none where something stands
    /// that is none.
    fn captured_files(&self, block: &Block) -> (BTreeMap<String, Vec<u8>>, Vec<String>) {
        let paths = block.options.capture.iter().filter_map(|capture| match &capture.from {
            CaptureFrom::File(path) => Some(path),
            _ => None,
        });
        let (mut captured, mut remarks) = (BTreeMap::new(), Vec::new());
        for path in paths {
            match self.captured_file(path) {
                Ok(bytes) => drop(captured.insert(path.clone(), bytes)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => remarks.push(format!("the file {path} is not captured: {error}")),
            }
        }
        (captured, remarks)
    }

    /// The text of a file that neither leaves the repository nor where the block stands, secrets masked.
    fn captured_file(&self, path: &str) -> std::io::Result<Vec<u8>> {
        let invalid = |why| std::io::Error::new(ErrorKind::InvalidInput, why);
        if !files::stays(path) {
            return Err(invalid("its path leads out of where the block stands"));
        }
        let within = [self.root.as_path(), &self.state.cwd];
        let bytes = files::read_within(&within, &self.state.cwd.join(path), files::VALUE)?;
        let text = String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8"))?;
        Ok(self.redactor.text(&text).into_owned().into_bytes())
    }
}

/// Where a block's output is shown. A block that gets the terminal is told of before it does.
fn shown(view: &RunView<'_>, task: Task, block: &Block) -> Result<Shown, Problem> {
    if block.options.tty {
        screen::say(&screen::style().dim().apply_to(format!("  {NOTICE}")).to_string());
        return Window::open().map(Shown::Window);
    }
    let (done, all) = view.run.progress();
    let title = view.run.numbered_title(task.step_of(view.plan));
    let quiet = block.options.sensitive || !block.options.record;
    Ok(Shown::Lines(Live::new(&title, block.options.timeout, done, all, quiet)))
}

/// The end of a block whose start is on record, and of which nothing was begun: it is in no doubt. Where not even that
/// can be kept, the fault alone is told.
fn not_started(
    view: &RunView<'_>,
    execution: Execution,
    block: &Block,
    fault: Problem,
    store: &mut Store<'_>,
) -> Result<Executed<Problem>, Problem> {
    let output = match block.options.record.then(|| store.put(b"")).transpose() {
        Ok(nothing) => {
            nothing.map(|blob| Output { stdout: blob.clone(), stderr: blob.clone(), timing: blob })
        }
        Err(_) => return Err(fault),
    };
    let error = format!("not started: {fault}");
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
        step: execution.task.step_of(view.plan).id.clone(),
        action: execution.task.id(view.plan),
        place: view.run.place_of(execution.task).map(str::to_owned),
        attempt: execution.attempt,
        probe: execution.probe,
        outcome: judgement.outcome,
        exit: None,
        signal: None,
        error: Some(error),
        duration_ms: 0,
        output,
        expectations: judgement.expectations,
        captures: judgement.captures,
        files: BTreeMap::new(),
        state: None,
        masked: BTreeMap::new(),
        remarks: Vec::new(),
    };
    Ok(Executed { finished, park: false, assumed: false, fault: Some(fault) })
}

/// Waits until the operator asks at their terminal for the block to be stopped; for ever where there is none.
async fn told(leave: Option<&Notify>) {
    match leave {
        Some(leave) => leave.notified().await,
        None => std::future::pending().await,
    }
}

/// Whether they asked once more.
fn was_told(leave: &Notify) -> bool {
    std::pin::pin!(leave.notified()).as_mut().enable()
}

/// Where scripts and FIFOs are kept while they are needed: where `TMPDIR` says, else in memory if there is a place for
/// that, where making and removing them costs no disk anything.
fn scratch() -> PathBuf {
    use rustix::fs::Access;
    if std::env::var_os("TMPDIR").is_none() {
        let own = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let places = own.into_iter().chain([PathBuf::from("/dev/shm")]);
        let mut usable = places.filter(|place| {
            place.is_absolute()
                && place.is_dir()
                && rustix::fs::access(place, Access::WRITE_OK | Access::EXEC_OK).is_ok()
        });
        if let Some(place) = usable.next() {
            return place;
        }
    }
    std::env::temp_dir()
}

fn block_of<'a>(view: &RunView<'a>, task: Task) -> Result<&'a Block, Problem> {
    let missing = || Problem::fault(format!("{} is no block", task.id(view.plan)), "");
    task.block(view.plan).ok_or_else(missing)
}

fn cannot_render(what: &str, error: &holdpoint_engine::TemplateError) -> Problem {
    Problem::usage(
        format!("{what} cannot be rendered: {error}"),
        "Nothing was executed. Correct the document.",
    )
}

/// One attempt under way.
pub struct Attempt {
    /// Which.
    pub execution: Execution,
    begun: Begun,
}

enum Begun {
    /// Nothing of it will be: a fault of ours.
    NotStarted(Problem),
    Ready(Box<Ready>),
}

/// A block and all that it needs while it runs.
struct Ready {
    job: Job,
    /// What the operator types goes to a block that has the terminal.
    operator: Option<OperatorTerminal>,
    recording: RefCell<Recording>,
    source: Rc<str>,
    secrets: Secrets,
    /// How many secrets blocks had registered before.
    registered_before: usize,
    /// How it ended, and whether the operator wants to leave.
    ended: Option<(Ended, bool)>,
}

impl Runner for Local {
    type Error = Problem;
    type Attempt = Attempt;

    fn script(&self, view: &RunView<'_>, task: Task, store: &Store<'_>) -> Result<Script, Problem> {
        let block = block_of(view, task)?;
        if let Some(edited) = view.run.edited_script(task) {
            let text = String::from_utf8_lossy(&store.get(edited)?).into_owned();
            return Ok(Script { text, differs: true });
        }
        if block.options.template {
            let rendered = view.run.values().render_script(&block.script);
            let text = rendered.map_err(|error| cannot_render("the script", &error))?;
            return Ok(Script { text, differs: true });
        }
        Ok(Script { text: block.script.clone(), differs: false })
    }

    fn needs_somebody(&self, view: &RunView<'_>, task: Task) -> bool {
        task.block(view.plan).is_some_and(|block| block.options.tty)
    }

    async fn wait(&mut self, pause: Duration) -> Option<Interrupt> {
        tokio::select! {
            () = tokio::time::sleep(pause) => None,
            interrupt = self.interrupts.next() => Some(interrupt),
        }
    }

    async fn asked_to_leave(&mut self, attended: bool) -> bool {
        self.interrupts.asked_to_leave(attended).await
    }

    fn cwd(&self) -> String {
        self.state.cwd.to_string_lossy().into_owned()
    }

    fn expect(&mut self, view: &RunView<'_>, next: Option<Task>, store: &Store<'_>) {
        let job = next.and_then(|task| self.next_job(view, task, store));
        self.executor.expect(job);
    }

    fn start(
        &mut self,
        view: &RunView<'_>,
        execution: Execution,
        script: &Script,
        store: &mut Store<'_>,
    ) -> Result<Attempt, Problem> {
        let task = execution.task;
        let block = block_of(view, task)?;
        let made = self.job(view, task, block, script).and_then(|job| {
            screen::started(&task.id(view.plan), execution.attempt);
            let operator = block.options.tty.then(OperatorTerminal::take).transpose()?;
            let live = shown(view, task, block)?;
            let recording = RefCell::new(Recording::new(block, &self.redactor, live, store)?);
            let source = Rc::clone(self.source.get_or_insert_with(|| view.source.into()));
            let secrets = view.secrets.clone();
            let registered_before = self.registered.len();
            Ok(Ready { job, operator, recording, source, secrets, registered_before, ended: None })
        });
        let begun = made.map_or_else(Begun::NotStarted, |ready| Begun::Ready(Box::new(ready)));
        Ok(Attempt { execution, begun })
    }

    async fn run(&mut self, attempt: &mut Attempt, child: impl FnMut(Option<i32>)) {
        let Begun::Ready(ready) = &mut attempt.begun else { return };
        let Ready { job, operator, recording, source, secrets, ended, .. } = &mut **ready;
        let recording = &*recording;
        let interrupts = &mut self.interrupts;
        let asked = RefCell::new(None);
        let leave = operator.as_ref().map(OperatorTerminal::leave);
        let interrupt = async {
            let interrupt = tokio::select! {
                interrupt = interrupts.next() => interrupt,
                () = told(leave.as_deref()) => Interrupt::Stop,
            };
            *asked.borrow_mut() = Some(interrupt);
            recording.borrow().tell(STOPPING);
        };
        let child = RefCell::new(child);
        let (declared, registered, redactor) = (&self.secrets, &mut self.registered, &mut self.redactor);
        let register = |name: &str, value: &str| {
            let secret = (name.to_owned(), value.to_owned());
            if registered.contains(&secret) {
                return Ok(());
            }
            registered.push(secret);
            let all = declared.iter().chain(&*registered).cloned().collect();
            *redactor = Redactor::new(all).map_err(|error| error.to_string())?;
            if Redactor::new(vec![(name.to_owned(), value.to_owned())])
                .is_ok_and(|new| new.held_by(source.as_bytes()).is_some())
            {
                return Err(format!("the secret {name} stands in the run-book, where nothing can be masked"));
            }
            secrets.hide(redactor);
            recording.borrow_mut().switch(redactor);
            Ok(())
        };
        let on_start = |group: ProcessGroup| child.borrow_mut()(Some(group.id()));
        let how = match operator {
            None => {
                let push =
                    |stream, bytes: &[u8], elapsed| recording.borrow_mut().push(stream, bytes, elapsed);
                self.executor.run_registering(job, &self.state, interrupt, on_start, register, push).await
            }
            Some(operator) => {
                let (size, input) = operator.input();
                let display =
                    |display: Display<'_>, elapsed| recording.borrow_mut().display(display, elapsed);
                let run = self.executor.run_on_terminal(
                    job,
                    &self.state,
                    size,
                    input,
                    interrupt,
                    on_start,
                    register,
                    display,
                );
                beside(run, || recording.borrow_mut().look_at_held()).await
            }
        };
        let insisted = leave.is_some_and(|leave| was_told(&leave));
        *operator = None;
        child.borrow_mut()(None);
        #[cfg(debug_assertions)]
        if std::env::var_os(PANIC).is_some_and(|at| *at == *job.name) {
            panic!("a test asked for this, with {:?}", job.env);
        }
        let again = self.interrupts.pending().await;
        let park = again.is_some() || insisted || asked.into_inner() == Some(Interrupt::Leave);
        *ended = Some((how, park));
    }

    fn end(
        &mut self,
        view: &RunView<'_>,
        attempt: Attempt,
        store: &mut Store<'_>,
    ) -> Result<Executed<Problem>, Problem> {
        let Attempt { execution, begun } = attempt;
        let task = execution.task;
        let block = block_of(view, task)?;
        let (step, action) = (task.step_of(view.plan).id.clone(), task.id(view.plan));
        let ready = match begun {
            Begun::NotStarted(fault) => return not_started(view, execution, block, fault, store),
            Begun::Ready(ready) => *ready,
        };
        let Ready { recording, registered_before, ended, .. } = ready;
        let not_run =
            || Problem::fault(format!("{action} was not run to its end"), "This is a fault of holdpoint.");
        let (ended, park) = ended.ok_or_else(not_run)?;
        if let Some(error) = ended.output_error {
            return Err(Problem::fault(
                format!("what {action} printed cannot be kept: {error}"),
                "The block was stopped. Make room or mend the disk, then resume this run; the block is in doubt.",
            ));
        }

        let mut recorded = recording.into_inner().finish(store)?;
        for (name, _) in &self.registered[registered_before..] {
            recorded.masked.entry(name.clone()).or_insert(0);
        }
        let mut remarks = ended.remarks;
        let mut kept_state = None;
        if let Some(state) = ended.state {
            if state != self.state {
                let (masked, lost) = masked_state(&state, &self.redactor, &self.secrets);
                kept_state = Some(store.put(&masked)?);
                if !lost.is_empty() {
                    remarks.push(format!(
                        "{} hold a secret in a form that is not kept: after a resume they are not set",
                        lost.join(", ")
                    ));
                }
            }
            self.state = state;
        }
        let (exit, signal, error) = match (ended.how, ended.secret_error) {
            (_, Some(why)) => (None, None, Some(format!("the block was stopped: {why}"))),
            (How::Exited(code), None) => (Some(code), None, None),
            (How::Signalled(signal), None) => (None, Some(signal), None),
            (How::NotStarted(why), None) => (None, None, Some(why)),
        };
        let (files, not_captured) = self.captured_files(block);
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
                remarks.push(WANTS_A_TERMINAL.to_owned());
            }
        }
        if judgement.outcome == Outcome::Interrupted {
            remarks.push("stopped by the operator".to_owned());
        }
        let finished = Finished {
            place: view.run.place_of(execution.task).map(str::to_owned),
            step,
            action,
            attempt: execution.attempt,
            probe: execution.probe,
            outcome: judgement.outcome,
            exit,
            signal,
            error,
            duration_ms: u64::try_from(ended.duration.as_millis()).unwrap_or(u64::MAX),
            output: recorded.output,
            expectations: judgement.expectations,
            captures: judgement.captures,
            files: kept_files,
            state: kept_state,
            masked: recorded.masked,
            remarks,
        };
        Ok(Executed { finished, park, assumed: false, fault: None })
    }
}

#[cfg(test)]
#[path = "lending_tests.rs"]
mod tests;
