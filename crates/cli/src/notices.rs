//! Notices to people who do not sit at the terminal: a command, an address, the terminal itself. They are given beside the
//! run, which waits for none of them; what came of each is on record as a note, but of the end's, for by then the record is
//! sealed.

mod ways;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use holdpoint_document::{Noteworthy, Notify, Plan, Work, many};
use holdpoint_driver::{Moment, RunView};
use holdpoint_engine::{By, Event, Question, Task, Via};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::place::{CONFIG, Place, user};
use crate::problem::Problem;
use crate::screen::Screen;
use ways::{Ending, Given, Way};

/// For so long notices are waited for once the run is left or over.
const PATIENCE: Duration = Duration::from_secs(10);

/// For so long those that were ended then may take to be gone.
const GRACE: Duration = Duration::from_secs(2);

/// The notices of a session. Clones are the same.
#[derive(Clone)]
pub struct Notices(Rc<RefCell<Inner>>);

struct Inner {
    screen: Screen,
    sources: Vec<Source>,
    /// What a repository asks for that its user did not allow.
    refused: Option<String>,
    /// Of what, by which source, about which action: nobody is told of the same twice in a session.
    told: BTreeSet<(Noteworthy, usize, String)>,
    given: (Sender<Given>, Receiver<Given>),
    under_way: usize,
    ending: Ending,
}

/// A configuration that asks for notices.
struct Source {
    notify: Notify,
    ways: Vec<Way>,
}

impl std::fmt::Debug for Notices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notices").finish_non_exhaustive()
    }
}

impl Notices {
    /// What the user's configuration and the repository's ask for. A repository runs and sends something only where the user
    /// has allowed that: it was written by others, and would act without a word.
    pub fn of(screen: &Screen, place: &Place) -> Result<Notices, Problem> {
        let own = user::config()?;
        let (mut sources, mut refused) = (Vec::new(), None);
        if let Some(notify) = own.notify {
            sources.push(Source { ways: Way::of(&notify, &place.root), notify });
        }
        if let Some(notify) = place.configuration().and_then(|config| config.notify.clone()) {
            // What lies in it, such as a clone or a submodule, is a repository of its own, by others.
            let allows = |directory: &String| is_same(Path::new(directory), &place.root);
            let allowed = own.allow_notices.iter().any(allows);
            if notify.reaches_out() && !allowed {
                refused = Some(refusal(&notify, &place.root));
            }
            let ways = if allowed { Way::of(&notify, &place.root) } else { Vec::new() };
            sources.push(Source { notify, ways });
        }
        let (screen, told) = (screen.clone(), BTreeSet::new());
        let inner = Inner {
            screen,
            sources,
            refused,
            told,
            given: channel(),
            under_way: 0,
            ending: Ending::default(),
        };
        Ok(Notices(Rc::new(RefCell::new(inner))))
    }

    /// Says what is asked for and not given.
    pub fn tell(&self) {
        let inner = self.0.borrow();
        if let Some(refused) = &inner.refused {
            inner.screen.say_hung("  note: ", &inner.screen.neutralise(refused));
        }
    }

    /// Something has become true, and is durable.
    pub fn saw(&self, view: &RunView<'_>, moment: &Moment) {
        let (whats, action): (&[Noteworthy], &str) = match moment {
            Moment::Asked { action, question, .. } => (of_question(*question), action),
            Moment::Parked { action, question, .. } => match of_question(*question) {
                [Noteworthy::Waits] => (&[Noteworthy::Waits, Noteworthy::Parks], action),
                [Noteworthy::Fails] => (&[Noteworthy::Fails, Noteworthy::Parks], action),
                _ => (&[Noteworthy::Parks], action),
            },
            Moment::Closed { .. } => (&[Noteworthy::Ends], ""),
            _ => return,
        };
        let mut inner = self.0.borrow_mut();
        for source in 0..inner.sources.len() {
            // The most telling of those that are asked for.
            let what = whats.iter().copied().find(|what| inner.sources[source].notify.is_on(*what));
            let Some(what) = what else { continue };
            if inner.told.insert((what, source, action.to_owned())) {
                inner.give(source, what, view, moment, action);
            }
        }
    }

    /// What came of notices since this was asked last, as notes of whoever operates; at the end those that are under way are waited
    /// for, for a while.
    pub fn notes(&self, operator: &str, ending: bool) -> Vec<Event> {
        let texts = self.0.borrow_mut().outcomes(ending);
        let by = || By { who: operator.to_owned(), via: Via::Command };
        texts.into_iter().map(|text| Event::Note { text, step: None, corrects: None, by: by() }).collect()
    }

    /// Tells of those that no record can hold any more.
    pub fn farewell(&self) {
        let texts = self.0.borrow_mut().outcomes(true);
        let inner = self.0.borrow();
        for text in texts {
            inner.screen.say_hung("  ", &inner.screen.one_line(&text));
        }
    }
}

/// Whether two paths lead to the same directory.
fn is_same(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

/// What a question is to people who are elsewhere.
fn of_question(question: Question) -> &'static [Noteworthy] {
    match question {
        Question::SignOff => &[Noteworthy::Waits],
        Question::Failed | Question::InDoubt => &[Noteworthy::Fails],
        _ => &[],
    }
}

/// That a repository asks for what its user did not allow.
fn refusal(notify: &Notify, root: &Path) -> String {
    let ways: Vec<String> = Way::of(notify, root).iter().map(Way::told).collect();
    let file = user::file().unwrap_or_else(|| PathBuf::from("holdpoint/config.toml"));
    format!(
        "{CONFIG} asks for notices by {}, and you did not allow it to: nothing is run or sent. To allow it: allow_notices = \
         [\"{}\"] in {}",
        ways.join(" and by "),
        root.display(),
        file.display()
    )
}

impl Inner {
    fn give(&mut self, source: usize, what: Noteworthy, view: &RunView<'_>, moment: &Moment, action: &str) {
        let notice = notice(what, view, moment, action);
        let masked = |text: &str| view.secrets.masked(text).into_owned();
        let words = masked(notice["words"].as_str().unwrap_or_default());
        let Source { notify, ways } = &self.sources[source];
        if notify.bell {
            self.screen.ring();
        }
        if notify.terminal {
            self.screen.notice(&words);
        }
        let text = masked(&notice.to_string());
        for way in ways {
            let (way, text, given) = (way.clone(), text.clone(), self.given.0.clone());
            let ending = self.ending.clone();
            self.under_way += 1;
            std::thread::spawn(move || {
                let _ = given.send(way.give(what, &text, &ending));
            });
        }
    }

    fn outcomes(&mut self, ending: bool) -> Vec<String> {
        let (mut until, mut texts, mut ended) = (Instant::now() + PATIENCE, Vec::new(), false);
        while self.under_way > 0 {
            let wait = if ending { until.saturating_duration_since(Instant::now()) } else { Duration::ZERO };
            match self.given.1.recv_timeout(wait) {
                Ok(given) => {
                    self.under_way -= 1;
                    texts.push(given.words());
                }
                Err(RecvTimeoutError::Timeout) if !ending => break,
                // Nothing of ours outlives the run.
                Err(RecvTimeoutError::Timeout) if !ended => {
                    ended = true;
                    std::mem::take(&mut self.ending).end_all();
                    until = Instant::now() + GRACE;
                }
                Err(_) => {
                    let were = if self.under_way == 1 { "was" } else { "were" };
                    let notices = many(self.under_way, "notice");
                    texts.push(format!("{notices} {were} under way still when nobody waited any longer"));
                    self.under_way = 0;
                }
            }
        }
        texts
    }
}

/// What is told: which run, where it is, and why. No value and no output of it goes anywhere.
fn notice(what: Noteworthy, view: &RunView<'_>, moment: &Moment, action: &str) -> Value {
    let RunView { run, plan, .. } = view;
    let Some(opened) = run.opened() else { return Value::Null };
    let task = task(plan, action);
    let step = task.map(|task| run.step_in_words(task.step_of(plan)));
    let role = task.and_then(|task| match task.work(plan) {
        Some(Work::SignOff(sign_off)) => Some(sign_off.role.clone()),
        _ => task.step_of(plan).role.clone(),
    });
    let verdict = match moment {
        Moment::Closed { verdict } => serde_json::to_value(verdict).ok(),
        _ => None,
    };
    let verdict = verdict.as_ref().and_then(Value::as_str).map(|word| word.replace('_', " "));
    let at = step.as_ref().map(|step| format!(" at {step}")).unwrap_or_default();
    let happened = match what {
        Noteworthy::Waits => format!("waits for {}{at}", role.as_deref().unwrap_or("somebody")),
        Noteworthy::Fails => format!("needs a decision{at}"),
        Noteworthy::Parks => format!("is parked{at}"),
        Noteworthy::Ends => format!("has ended: {}", verdict.as_deref().unwrap_or("over")),
    };
    let environment = &opened.environment.name;
    let words = format!("run {} ({}, {environment}) {happened}", opened.number, opened.title());
    json!({
        "notice": what.as_str(),
        "words": words,
        "run": opened.number,
        "id": opened.id,
        "title": opened.title(),
        "document": opened.runbook.path,
        "environment": environment,
        "step": step,
        "action": task.map(|_| action),
        "role": role,
        "verdict": verdict,
        "operator": run.operator(),
        "at": Timestamp::now().to_string(),
    })
}

fn task(plan: &Plan, action: &str) -> Option<Task> {
    plan.steps.iter().find_map(|step| Task::named(plan, &step.id, action))
}
