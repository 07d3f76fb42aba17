//! Executes blocks wherever they belong: on this machine, and at the places of targets.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use holdpoint_document::{Become, Place};
use holdpoint_driver::{End, LeftBehind, Reached, Way, Whereabouts};
use holdpoint_engine::{EnvironmentSeen, Execution, RunOpened, SentTo, Task, Unfound};
use holdpoint_executor::{Job, ProcessGroup, Remote, Setting, State, Ways};

use super::ends::not_started;
use super::given::{GRACE, Where, block_of};
use super::local::{self, Local};
use super::recording::Recording;
use super::shown::Shown;
use super::tell::tell_start;
use super::{Interrupt, RunView, Runner, Script, Store, probing, remote};
use crate::problem::Problem;
use crate::screen::{Live, Screen};

/// This machine, and every place that is reached from it.
pub struct Places {
    /// This machine.
    pub local: Local,
    /// The run's id, which the names of its attempts begin with.
    run: String,
    environment: EnvironmentSeen,
    doors: RefCell<BTreeMap<Key, Rc<Door>>>,
    /// What carries over, by place.
    states: RefCell<BTreeMap<String, Rc<State>>>,
    /// The process group that an earlier driver left.
    left: Option<Left>,
}

/// A place and whom blocks become there.
type Key = (String, Option<Become>);

/// A place, opened when it is first needed, and again after it was given up.
#[derive(Default)]
struct Door(tokio::sync::Mutex<Option<Rc<Remote>>>);

impl Places {
    /// For a run that opens as `opened` says; `kept` is what carries over at places, as an earlier driver left it.
    pub fn new(local: Local, opened: &RunOpened, kept: BTreeMap<String, State>) -> Places {
        let states = kept.into_iter().map(|(place, state)| (place, Rc::new(state))).collect();
        Places {
            local,
            run: opened.id.clone(),
            environment: opened.environment.clone(),
            doors: RefCell::default(),
            states: RefCell::new(states),
            left: None,
        }
    }

    /// An earlier driver left this process group.
    pub fn beside(self, left: Option<Left>) -> Places {
        Places { left, ..self }
    }

    /// Keeps these variables from the blocks that follow, as [`Local::keep_back`].
    pub fn keep_back(&self, unknown: BTreeSet<String>) {
        self.local.keep_back(unknown);
    }

    fn key(&self, where_to: &Whereabouts) -> Option<Key> {
        let place = where_to.place.clone().filter(|place| place != LOCAL)?;
        let target = where_to.target.as_ref().and_then(|target| self.environment.targets.get(target));
        let becomes = target.is_some_and(|target| target.r#become.as_deref() == Some(Become::Sudo.as_str()));
        Some((place, becomes.then_some(Become::Sudo)))
    }

    async fn open(&self, key: &Key) -> Result<Rc<Remote>, String> {
        let door = Rc::clone(self.doors.borrow_mut().entry(key.clone()).or_default());
        let mut open = door.0.lock().await;
        if let Some(remote) = &*open {
            return Ok(Rc::clone(remote));
        }
        let place = Place::parse(&key.0).map_err(|_| format!("`{}` is no place", key.0))?;
        let setting = Setting { r#become: key.1, ..Setting::default() };
        let opened = Remote::open(place, Ways::default(), setting).await;
        let remote = opened.map_err(|error| match &error.help {
            Some(help) => format!("{error}\n{help}"),
            None => error.to_string(),
        })?;
        Ok(Rc::clone(open.insert(Rc::new(remote))))
    }

    /// The same, with a line on the screen while it is being connected to.
    async fn open_seen(&self, key: &Key) -> Result<Rc<Remote>, String> {
        let known = self.doors.borrow().get(key).cloned();
        let is_open = known.is_some_and(|door| door.0.try_lock().is_ok_and(|open| open.is_some()));
        let _line = (!is_open).then(|| Live::connecting(&self.local.screen, &key.0));
        self.open(key).await
    }

    /// A place that did not take an attempt may be another one by now: it is asked once more who it is.
    fn give_up(&self, key: &Key) {
        self.doors.borrow_mut().remove(key);
    }

    fn send(
        &self,
        view: &RunView<'_>,
        execution: Execution,
        script: &Script,
        (key, sent, back): (Key, SentTo, bool),
        store: &mut Store<'_>,
    ) -> Result<remote::Attempt, Problem> {
        let task = execution.task;
        let block = block_of(view, task)?;
        let job = Job {
            name: task.id(view.plan),
            interpreter: block.interpreter.clone(),
            script: script.text.clone(),
            strict: block.options.strict,
            env: self.local.given.environment(view, task, block, &Where::There)?,
            timeout: block.options.timeout,
            grace: GRACE,
            cwd: None,
            within: None,
        };
        let withheld = self.local.given.secrets(block).into_iter().map(|(name, _)| name).collect();
        let known = &self.local.known;
        let recording =
            RefCell::new(Recording::new(block, known, shown(&self.local.screen, view, task, &key.0), store)?);
        Ok(remote::Attempt {
            screen: self.local.screen.clone(),
            execution,
            state: self.states.borrow().get(&key.0).cloned(),
            place: key.0,
            job,
            cwd: block.options.cwd.as_ref().map(PathBuf::from),
            sent,
            withheld,
            back,
            recording,
            source: self.local.source(view),
            secrets: view.secrets.clone(),
            registered: Vec::new(),
            heard: Some(self.local.stops.listen()),
            over: None,
        })
    }
}

/// The name of this machine among places.
const LOCAL: &str = "local";

/// Where its output is shown: as that of any block, or where its step goes over several places, in lines that say which.
fn shown(screen: &Screen, view: &RunView<'_>, task: Task, place: &str) -> Shown {
    let block = task.block(view.plan);
    let quiet = block.is_some_and(|block| block.options.sensitive || !block.options.record);
    let several = view.run.places_of(task).len() > 1;
    if view.run.is_holding(view.plan, task) {
        return Shown::Lines(Live::out_of_sight(screen, several.then_some(place), quiet));
    }
    if view.run.retrying(view.plan, task).is_some() {
        return Shown::Lines(Live::retried(screen, several.then_some(place), quiet));
    }
    let clocked = screen.clocked(view.plan, view.run, task.step);
    if several {
        return Shown::Lines(Live::at(screen, place, clocked, quiet));
    }
    let title = view.run.numbered_title(task.step_of(view.plan));
    let limit = block.and_then(|block| block.options.timeout);
    Shown::Lines(Live::new(screen, &title, limit, view.run.progress(), clocked, quiet))
}

/// One attempt under way.
pub enum Attempt {
    /// On this machine.
    Here(Box<local::Attempt>),
    /// A probe, asked from this machine.
    Asking(Box<probing::Attempt>),
    /// At another place.
    There(Key, Box<remote::Attempt>),
    /// Nowhere: why.
    Nowhere(Execution, String),
}

impl Attempt {
    /// Which execution it is of.
    pub fn execution(&self) -> Execution {
        match self {
            Attempt::Here(attempt) => attempt.execution,
            Attempt::Asking(attempt) => attempt.execution,
            Attempt::There(_, attempt) => attempt.execution,
            Attempt::Nowhere(execution, _) => *execution,
        }
    }
}

/// A process group that a block had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// On this machine.
    Here(i32),
    /// On another one of this name, or in another container: nobody here can tell whether it lives.
    Elsewhere(i32, String),
}

impl Left {
    /// What is known of it; nothing once it is gone.
    pub fn behind(&self) -> Option<LeftBehind> {
        match self {
            Left::Here(group) => {
                let left = ProcessGroup::noted(*group).filter(|group| group.lives())?;
                let unfound = if left.leader_lives() { Unfound::Runs } else { Unfound::Away };
                Some(LeftBehind { group: *group, elsewhere: None, unfound })
            }
            Left::Elsewhere(group, host) => {
                Some(LeftBehind { group: *group, elsewhere: Some(host.clone()), unfound: Unfound::Away })
            }
        }
    }
}

impl Runner for Places {
    type Error = Problem;
    type Attempt = Attempt;

    fn script(&self, view: &RunView<'_>, task: Task, store: &Store<'_>) -> Result<Script, Problem> {
        self.local.script(view, task, store)
    }

    fn needs_somebody(&self, view: &RunView<'_>, task: Task) -> bool {
        self.local.needs_somebody(view, task)
    }

    async fn wait(&self, pause: Duration) -> Option<Interrupt> {
        self.local.wait(pause).await
    }

    async fn asked_to_leave(&self, attended: bool) -> bool {
        self.local.asked_to_leave(attended).await
    }

    fn left_behind(&self) -> Option<LeftBehind> {
        self.left.as_ref().and_then(Left::behind)
    }

    fn cwd(&self) -> String {
        self.local.cwd()
    }

    fn expect(&self, view: &RunView<'_>, next: Option<Task>, store: &Store<'_>) {
        let here = |task: &Task| view.run.places_of(*task).is_empty();
        self.local.expect(view, next.filter(here), store);
    }

    async fn reach(&self, where_to: Whereabouts) -> Reached {
        let Some(key) = self.key(&where_to) else { return self.local.reach(where_to).await };
        let kept = self.states.borrow().get(&key.0).map(|state| state.cwd.clone());
        let listener = self.local.stops.listen();
        let opened = tokio::select! {
            opened = self.open_seen(&key) => opened,
            interrupt = self.local.stops.next(&listener) => {
                self.local.stops.end(listener).await;
                let text = format!("    stopped while {} was being connected to: nothing ran there", key.0);
                self.local.screen.tell(&self.local.screen.neutralise(&text));
                return Reached { cwd: String::new(), way: Way::Stopped(interrupt) };
            }
        };
        match opened {
            Err(why) => {
                let cwd = kept.map_or_else(|| "~".to_owned(), |cwd| cwd.to_string_lossy().into_owned());
                Reached { cwd, way: Way::Nowhere(why) }
            }
            Ok(remote) => {
                let cwd = kept.unwrap_or_else(|| PathBuf::from(remote.home()));
                let attempt = format!("{}-{}", self.run, ulid::Ulid::generate());
                let identity = remote.identity().clone();
                let sent = SentTo { attempt, boot: identity.boot, store: identity.store };
                Reached { cwd: cwd.to_string_lossy().into_owned(), way: Way::To(sent) }
            }
        }
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
        let where_to = Whereabouts {
            target: task.target(view.plan).map(str::to_owned),
            place: view.run.place_of(task).map(str::to_owned),
        };
        let (key, sent, back) = match (way, self.key(&where_to)) {
            (Way::Nowhere(why), _) => return Ok(Attempt::Nowhere(execution, why)),
            (Way::Stopped(_), _) => {
                let why = "it was stopped while its place was being connected to".to_owned();
                return Ok(Attempt::Nowhere(execution, why));
            }
            (Way::To(sent), Some(key)) => (key, sent, false),
            (Way::Back(sent), Some(key)) => (key, sent, true),
            _ if block_of(view, task)?.probe.is_some() => {
                let attempt = self.local.start_probe(view, execution, script, store)?;
                return Ok(Attempt::Asking(Box::new(attempt)));
            }
            (way, _) => {
                let attempt = self.local.start(view, execution, script, way, store)?;
                return Ok(Attempt::Here(Box::new(attempt)));
            }
        };
        match (back, view.run.places_of(task).len()) {
            (true, _) => {}
            (false, 1) => tell_start(&self.local.screen, view, execution, None),
            (false, _) => tell_start(&self.local.screen, view, execution, Some(&key.0)),
        }
        let attempt = self.send(view, execution, script, (key.clone(), sent, back), store)?;
        Ok(Attempt::There(key, Box::new(attempt)))
    }

    async fn run(&self, attempt: &mut Attempt, child: impl FnMut(Option<i32>)) {
        match attempt {
            Attempt::Here(attempt) => self.local.run(attempt, child).await,
            Attempt::Asking(attempt) => self.local.run_probe(attempt).await,
            Attempt::There(key, attempt) => match self.open(key).await {
                Ok(remote) => attempt.run(&remote, &self.local.known, &self.local.stops).await,
                Err(why) => attempt.out_of_reach(why),
            },
            Attempt::Nowhere(..) => {}
        }
    }

    fn end(
        &self,
        view: &RunView<'_>,
        attempt: Attempt,
        store: &mut Store<'_>,
    ) -> Result<End<Problem>, Problem> {
        match attempt {
            Attempt::Here(attempt) => self.local.end(view, *attempt, store),
            Attempt::Asking(attempt) => self.local.end_probe(view, *attempt, store),
            Attempt::There(key, attempt) => {
                let (end, after) = attempt.end(view, &self.local.known, store)?;
                match after {
                    Some(after) => drop(self.states.borrow_mut().insert(key.0, after)),
                    None => self.give_up(&key),
                }
                Ok(end)
            }
            Attempt::Nowhere(execution, why) => {
                let block = block_of(view, execution.task)?;
                let executed = not_started(view, execution, block, &why, None, store)?;
                Ok(End::Known(Box::new(executed)))
            }
        }
    }

    async fn reap(&self, where_to: Whereabouts, attempt: String) {
        let Some(key) = self.key(&where_to) else { return };
        // What cannot be cleared away now goes when the run is over.
        if let Ok(remote) = self.open(&key).await {
            let _ = remote.reap(&attempt).await;
        }
    }

    async fn clean(&self, over: Vec<(String, String)>, open: Vec<(String, String)>) {
        let mut by_place: BTreeMap<String, [Vec<String>; 2]> = BTreeMap::new();
        for (which, attempts) in [over, open].into_iter().enumerate() {
            for (attempt, place) in attempts {
                by_place.entry(place).or_default()[which].push(attempt);
            }
        }
        let all = by_place.into_iter().map(|(place, attempts)| self.clean_at(place, attempts));
        super::together::all(all).await;
    }
}

impl Places {
    async fn clean_at(&self, place: String, [over, open]: [Vec<String>; 2]) {
        let mut left = Vec::new();
        if !open.is_empty() {
            left.push(format!("no end is on record of {}", open.join(", ")));
        }
        let known = self.doors.borrow().keys().find(|key| key.0 == place).cloned();
        let key = known.unwrap_or((place, None));
        if !over.is_empty() {
            match self.open(&key).await {
                Err(_) => left.push("it cannot be reached".to_owned()),
                Ok(remote) => match remote.clean_all(&over).await {
                    Ok(kept) if kept.is_empty() => {}
                    Ok(kept) => left.push(format!("no end is known of {}", kept.join(", "))),
                    Err(error) => left.push(error.why),
                },
            }
        }
        if !left.is_empty() {
            let text = format!(
                "  {} keeps something of this run ({}); see: holdpoint targets --clean",
                key.0,
                left.join("; ")
            );
            let screen = &self.local.screen;
            screen.tell(&screen.neutralise(&text));
        }
    }
}
