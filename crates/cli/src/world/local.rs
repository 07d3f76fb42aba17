//! Executes blocks on this machine.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use holdpoint_document::{Block, CaptureFrom};
use holdpoint_driver::{End, Secrets, Way};
use holdpoint_engine::{Execution, Task};
use holdpoint_executor::{Display, Ended, Job, ProcessGroup, State};
use holdpoint_redact::Redactor;
use tokio::sync::Notify;

use super::ends::{Over, not_started};
use super::given::{self, GRACE, Given, STOPPING, Where, block_of};
use super::known::Known;
use super::operator_terminal::{NOTICE, OperatorTerminal, beside};
use super::recording::Recording;
use super::shown::{Shown, Window};
use super::stops::{Heard, Stops};
use super::tell::tell_start;
use super::{Interrupt, RunView, Runner, Script, Store};
use crate::files;
use crate::inputs::AGENT;
use crate::problem::Problem;
use crate::screen::{Live, Screen};

/// In debug builds, a variable with the action after which the program panics: tests see what a fault of ours shows.
#[cfg(debug_assertions)]
const PANIC: &str = "HOLDPOINT_PANIC";

/// This machine.
pub struct Local {
    pub(super) screen: Screen,
    executor: holdpoint_executor::Local,
    state: RefCell<Rc<State>>,
    root: PathBuf,
    pub(super) known: Rc<Known>,
    pub(super) given: Given,
    /// The run-book, once a block has begun: a secret that stands in it cannot be masked there.
    source: RefCell<Option<Rc<str>>>,
    pub(super) stops: Stops,
}

impl Local {
    /// Blocks begin in `root`, or where `state` says.
    pub fn new(
        screen: &Screen,
        root: PathBuf,
        state: Option<State>,
        secrets: Vec<(String, String)>,
        redactor: Redactor,
    ) -> Result<Local, Problem> {
        // A secret reaches only the blocks that are given it, also where it came from the environment.
        let secret = |value: &std::ffi::OsStr| secrets.iter().any(|(_, secret)| *value == **secret);
        let agent = given::agent(|value| secret(value.as_ref()));
        let environment = std::env::vars_os()
            .filter(|(name, value)| !secret(value) && !AGENT.iter().any(|agent| name == agent));
        let executor = holdpoint_executor::Local::with(environment, &scratch()).map_err(|error| {
            Problem::fault(
                format!("a private directory for scripts cannot be made: {error}"),
                "Is TMPDIR writable?",
            )
        })?;
        let state = RefCell::new(Rc::new(state.unwrap_or_else(|| State::new(&root))));
        let known = Rc::new(Known::new(secrets, redactor));
        let given = Given::new(Rc::clone(&known), agent);
        let (source, stops) = (RefCell::default(), Stops::catch(screen)?);
        Ok(Local { screen: screen.clone(), executor, state, root, known, given, source, stops })
    }

    /// Keeps these variables from the blocks that follow: what looked at all of them would take a stand-in for a value.
    pub fn keep_back(&self, unknown: BTreeSet<String>) {
        self.given.keep_back(unknown);
    }

    /// Makes ready a block that will probably come next.
    pub fn get_ready(&self, view: &RunView<'_>, task: Task, store: &Store<'_>) {
        if let Some(job) = self.next_job(view, task, store) {
            self.executor.get_ready(&job, &self.state());
        }
    }

    /// The repository's root.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn state(&self) -> Rc<State> {
        Rc::clone(&self.state.borrow())
    }

    /// The run-book's text, kept for as long as blocks run.
    pub(super) fn source(&self, view: &RunView<'_>) -> Rc<str> {
        Rc::clone(self.source.borrow_mut().get_or_insert_with(|| view.source.into()))
    }

    /// The job of a block that comes later; `None` where it cannot be rendered yet, or gets a terminal: then it is made
    /// ready when its turn has come.
    fn next_job(&self, view: &RunView<'_>, task: Task, store: &Store<'_>) -> Option<Job> {
        let block = task.block(view.plan).filter(|block| !block.options.tty && block.probe.is_none())?;
        let script = given::script(view, task, store).ok()?;
        self.job(view, task, block, &script).ok()
    }

    fn job(&self, view: &RunView<'_>, task: Task, block: &Block, script: &Script) -> Result<Job, Problem> {
        Ok(Job {
            name: task.id(view.plan),
            interpreter: block.interpreter.clone(),
            script: script.text.clone(),
            strict: block.options.strict,
            env: self.given.environment(view, task, block, &Where::Here(&self.state()))?,
            timeout: block.options.timeout,
            grace: GRACE,
            cwd: block.options.cwd.as_ref().map(|cwd| self.root.join(cwd)),
            within: Some(self.root.clone()),
        })
    }

    /// Files that captures are taken from, as they are after the block; and why there are none where something stands
    /// that is none.
    fn captured_files(&self, block: &Block, cwd: &Path) -> (BTreeMap<String, Vec<u8>>, Vec<String>) {
        let paths = block.options.capture.iter().filter_map(|capture| match &capture.from {
            CaptureFrom::File(path) => Some(path),
            _ => None,
        });
        let (mut captured, mut remarks) = (BTreeMap::new(), Vec::new());
        for path in paths {
            match self.captured_file(path, cwd) {
                Ok(bytes) => drop(captured.insert(path.clone(), bytes)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => remarks.push(format!("the file {path} is not captured: {error}")),
            }
        }
        (captured, remarks)
    }

    /// The text of a file that neither leaves the repository nor where the block stands, secrets masked.
    fn captured_file(&self, path: &str, cwd: &Path) -> std::io::Result<Vec<u8>> {
        let invalid = |why| std::io::Error::new(ErrorKind::InvalidInput, why);
        if !files::stays(path) {
            return Err(invalid("its path leads out of where the block stands"));
        }
        let within = [self.root.as_path(), cwd];
        let bytes = files::read_within(&within, &cwd.join(path), files::VALUE)?;
        let text = String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8"))?;
        Ok(self.known.redactor().text(&text).into_owned().into_bytes())
    }
}

/// Where a block's output is shown. A block that gets the terminal is told of before it does.
pub(super) fn shown(
    screen: &Screen,
    view: &RunView<'_>,
    task: Task,
    block: &Block,
) -> Result<Shown, Problem> {
    if block.options.tty {
        for line in screen.hung("  ", NOTICE) {
            screen.say(&screen.style().dim().apply_to(line).to_string());
        }
        return Window::open(screen).map(Shown::Window);
    }
    let quiet = block.options.sensitive || !block.options.record;
    if view.run.is_holding(view.plan, task) {
        return Ok(Shown::Lines(Live::out_of_sight(screen, None, quiet)));
    }
    if view.run.retrying(view.plan, task).is_some() {
        return Ok(Shown::Lines(Live::retried(screen, None, quiet)));
    }
    let clocked = screen.clocked(view.plan, view.run, task.step);
    let title = view.run.numbered_title(task.step_of(view.plan));
    Ok(Shown::Lines(Live::new(screen, &title, block.options.timeout, view.run.progress(), clocked, quiet)))
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
    state: Rc<State>,
    /// What the operator types goes to a block that has the terminal.
    operator: Option<OperatorTerminal>,
    recording: RefCell<Recording>,
    source: Rc<str>,
    secrets: Secrets,
    /// Names of the secrets that it registered.
    registered: RefCell<Vec<String>>,
    heard: Option<Heard>,
    /// How it ended, and whether the operator wants to leave.
    ended: Option<(Ended, bool)>,
}

impl Runner for Local {
    type Error = Problem;
    type Attempt = Attempt;

    fn script(&self, view: &RunView<'_>, task: Task, store: &Store<'_>) -> Result<Script, Problem> {
        given::script(view, task, store)
    }

    fn needs_somebody(&self, view: &RunView<'_>, task: Task) -> bool {
        task.block(view.plan).is_some_and(|block| block.options.tty)
    }

    async fn wait(&self, pause: Duration) -> Option<Interrupt> {
        self.stops.wait(pause).await
    }

    async fn asked_to_leave(&self, attended: bool) -> bool {
        self.stops.asked_to_leave(attended).await
    }

    fn cwd(&self) -> String {
        self.state.borrow().cwd.to_string_lossy().into_owned()
    }

    fn expect(&self, view: &RunView<'_>, next: Option<Task>, store: &Store<'_>) {
        let job = next.and_then(|task| self.next_job(view, task, store));
        self.executor.expect(job);
    }

    fn start(
        &self,
        view: &RunView<'_>,
        execution: Execution,
        script: &Script,
        _way: Way,
        store: &mut Store<'_>,
    ) -> Result<Attempt, Problem> {
        let task = execution.task;
        let block = block_of(view, task)?;
        let made = self.job(view, task, block, script).and_then(|job| {
            tell_start(&self.screen, view, execution, None);
            let operator = block.options.tty.then(|| OperatorTerminal::take(&self.screen)).transpose()?;
            let live = shown(&self.screen, view, task, block)?;
            let recording = RefCell::new(Recording::new(block, &self.known, live, store)?);
            let (source, secrets, state) = (self.source(view), view.secrets.clone(), self.state());
            let (registered, heard) = (RefCell::default(), Some(self.stops.listen()));
            Ok(Ready { job, state, operator, recording, source, secrets, registered, heard, ended: None })
        });
        let begun = made.map_or_else(Begun::NotStarted, |ready| Begun::Ready(Box::new(ready)));
        Ok(Attempt { execution, begun })
    }

    async fn run(&self, attempt: &mut Attempt, child: impl FnMut(Option<i32>)) {
        let Begun::Ready(ready) = &mut attempt.begun else { return };
        let Ready { job, state, operator, recording, source, secrets, registered, heard, ended } =
            &mut **ready;
        let Some(heard) = heard.take() else { return };
        let (recording, registered) = (&*recording, &*registered);
        let asked = RefCell::new(None);
        let leave = operator.as_ref().map(OperatorTerminal::leave);
        let interrupt = async {
            let interrupt = tokio::select! {
                interrupt = self.stops.next(&heard) => interrupt,
                () = told(leave.as_deref()) => Interrupt::Stop,
            };
            *asked.borrow_mut() = Some(interrupt);
            recording.borrow().stops(STOPPING);
        };
        let child = RefCell::new(child);
        let register = |name: &str, value: &str| {
            self.known.register(name, value, source, secrets)?;
            registered.borrow_mut().push(name.to_owned());
            Ok(())
        };
        let on_start = |group: ProcessGroup| child.borrow_mut()(Some(group.id()));
        let how = match operator {
            None => {
                let push =
                    |stream, bytes: &[u8], elapsed| recording.borrow_mut().push(stream, bytes, elapsed);
                self.executor.run_registering(job, state, interrupt, on_start, register, push).await
            }
            Some(operator) => {
                let (size, input) = operator.input();
                let display =
                    |display: Display<'_>, elapsed| recording.borrow_mut().display(display, elapsed);
                let run = self
                    .executor
                    .run_on_terminal(job, state, size, input, interrupt, on_start, register, display);
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
        let again = self.stops.end(heard).await;
        let park = again || insisted || asked.into_inner() == Some(Interrupt::Leave);
        *ended = Some((how, park));
    }

    fn end(
        &self,
        view: &RunView<'_>,
        attempt: Attempt,
        store: &mut Store<'_>,
    ) -> Result<End<Problem>, Problem> {
        let Attempt { execution, begun } = attempt;
        let task = execution.task;
        let block = block_of(view, task)?;
        let action = task.id(view.plan);
        let ready = match begun {
            Begun::NotStarted(fault) => {
                let why = fault.to_string();
                let executed = not_started(view, execution, block, &why, Some(fault), store)?;
                return Ok(End::Known(Box::new(executed)));
            }
            Begun::Ready(ready) => *ready,
        };
        let Ready { recording, registered, state, ended, .. } = ready;
        let not_run =
            || Problem::fault(format!("{action} was not run to its end"), "This is a fault of holdpoint.");
        let (mut ended, park) = ended.ok_or_else(not_run)?;
        if let Some(error) = ended.output_error.take() {
            return Err(Problem::fault(
                format!("what {action} printed cannot be kept: {error}"),
                "The block was stopped. Make room or mend the disk, then resume this run; the block is in doubt.",
            ));
        }
        let cwd = ended.state.as_ref().map_or(&state.cwd, |after| &after.cwd);
        let files = self.captured_files(block, cwd);
        let (recording, registered) = (recording.into_inner(), registered.into_inner());
        let over =
            Over { execution, ended, untaken: None, recording, before: state, registered, files, park };
        let (end, after) = over.told(view, &self.known, Some(&self.root), store)?;
        *self.state.borrow_mut() = after;
        Ok(end)
    }
}

#[cfg(test)]
#[path = "lending_tests.rs"]
mod tests;
