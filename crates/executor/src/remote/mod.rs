//! Blocks on other machines and in containers: each runs once, over a line that may break at any moment.
//!
//! A place needs `sh` and the usual small programs; nothing is installed there. `docs/targets.md` tells operators what a
//! place can rely on; `docs/decisions/055*` tells the protocol.

mod asked;
mod course;
mod follow;
mod frames;
mod host_key;
mod line;
mod merge;
mod order;
mod outcome;
mod places;
mod proof;
mod session;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::time::{Duration, Instant};

use holdpoint_model::Place;

pub use self::line::{Unreachable, Ways};
use self::outcome::Asked;
pub use self::outcome::{Came, Had};
pub use self::places::{Held, Kept, Probed};

use self::asked::Hello;
pub use self::asked::{Attempt, Identity, Setting, Sink, Standing};
use self::course::{Course, Last, pause};
use self::frames::{Cut, Frame, Frames};
use self::line::{Line, Wire};
use self::order::{Call, Order};
use self::proof::Proof;
use self::session::{ANSWER, Open};
use crate::{Ended, Job, State, Stream};

/// After so long without a decision whether a block runs, whoever comes back decides that it never will; hundredths of a second.
const FENCE: &str = "1000";

/// Runs blocks on one place. Blocks may run at the same time.
pub struct Remote {
    line: Line,
    setting: Setting,
    hello: Hello,
    /// Sessions of blocks that have ended and are still to be reaped, by attempt.
    resting: RefCell<BTreeMap<String, Open>>,
    /// One that the next block can be started over. Whoever reaps holds it: what is started next waits for that session.
    idle: tokio::sync::Mutex<Option<Open>>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("line", &self.line).finish_non_exhaustive()
    }
}

impl Remote {
    /// Reaches a place and asks it who it is. Makes its directory for attempts (`~/.holdpoint`, 0700) where there is none.
    ///
    /// Needs a tokio runtime with IO and time, as everything here does.
    ///
    /// # Errors
    /// It cannot be reached, or blocks cannot run there.
    pub async fn open(place: Place, ways: Ways, setting: Setting) -> Result<Remote, Unreachable> {
        let line = line_to(place, ways)?;
        let hello = hello(&line).await?;
        Ok(Remote { line, setting, hello, resting: RefCell::default(), idle: Default::default() })
    }

    /// Whether a place answers. Nothing is made there, and nothing started but the shell that is asked.
    ///
    /// # Errors
    /// It cannot be reached.
    pub async fn answers(place: Place, ways: Ways) -> Result<(), Unreachable> {
        let line = line_to(place, ways)?;
        ask(&line, Call::new(), "answers").await.map(drop)
    }

    /// Which start of which place this is. To be recorded before an attempt is started.
    pub fn identity(&self) -> &Identity {
        &self.hello.identity
    }

    /// Where the first block of a place begins.
    pub fn home(&self) -> &str {
        &self.hello.home
    }

    /// Asks the place once more which one it is, over a new connection if need be: it may have been restarted.
    ///
    /// # Errors
    /// It cannot be reached.
    pub async fn renew(&mut self) -> Result<(), Unreachable> {
        self.hello = hello(&self.line).await?;
        Ok(())
    }

    /// Runs a block to its end; what came of it is a value. However often it is called with the same attempt, and from wherever,
    /// the block runs at most once; but whoever takes up what somebody else may have started calls [`Remote::attach`], which
    /// never says of a place that was replaced meanwhile that the block did not run.
    ///
    /// - `interrupt`: when it completes, the block is stopped there: TERM to all it started, KILL after its grace time.
    ///
    /// If the future is dropped, the block goes on; [`Remote::attach`] finds it.
    pub async fn run(
        &self,
        job: &Job,
        state: &State,
        attempt: &Attempt,
        interrupt: impl Future<Output = ()>,
        sink: &mut impl Sink,
    ) -> Came {
        self.take_up(job, state, attempt, Had::default(), true, interrupt, sink).await
    }

    /// Follows a block that was started by whoever, from where its output is `had`. One that has not begun never will.
    pub async fn attach(
        &self,
        job: &Job,
        state: &State,
        attempt: &Attempt,
        had: Had,
        interrupt: impl Future<Output = ()>,
        sink: &mut impl Sink,
    ) -> Came {
        self.take_up(job, state, attempt, had, false, interrupt, sink).await
    }

    #[allow(clippy::too_many_arguments, reason = "what both of its callers were given")]
    async fn take_up(
        &self,
        job: &Job,
        state: &State,
        attempt: &Attempt,
        had: Had,
        start: bool,
        interrupt: impl Future<Output = ()>,
        sink: &mut impl Sink,
    ) -> Came {
        let id = &attempt.id;
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Came::NeverRan(format!("`{}` cannot be the name of an attempt", id.escape_debug()));
        }
        // Not guessed by anybody, and known to whoever takes the attempt up: the name is in nobody's output.
        let mark = format!("holdpoint-{id}");
        let order = match Order::of(job, state, attempt, &mark, &self.ways()) {
            Ok(order) => order,
            Err(why) => return Came::Ended(Box::new(Ended::not_started(why, state))),
        };
        let mut course = Course::from(&mark, had.stdout, had.stderr);
        if !start {
            course.proof = Proof::of(&attempt.known);
        }
        let enough = course.enough.clone();
        let stopper = async {
            tokio::select! {
                () = interrupt => {}
                () = enough.notified() => {}
            }
            self.stop(attempt, job.grace).await;
        };
        let last = {
            let followed = self.follow_through(&order, attempt, start, job.timeout, &mut course, sink);
            tokio::pin!(stopper, followed);
            let mut is_stopped = false;
            loop {
                tokio::select! {
                    biased;
                    last = &mut followed => break last,
                    () = &mut stopper, if !is_stopped => is_stopped = true,
                }
            }
        };
        if let (true, Err(Cut(why))) = (course.standing(start) == Standing::NotBegun, &last) {
            return Came::NeverRan(format!("it could not be sent there: {why}"));
        }
        let asked = Asked { order: &order, job, state, attempt, hello: &self.hello };
        outcome::came(last, course, &asked, sink)
    }

    fn ways(&self) -> order::Ways<'_> {
        order::Ways { hello: &self.hello, setting: &self.setting }
    }

    /// Starts or attaches, again after every cut, until there is a last word or patience ends.
    async fn follow_through(
        &self,
        order: &Order,
        attempt: &Attempt,
        start: bool,
        limit: Option<Duration>,
        course: &mut Course,
        sink: &mut impl Sink,
    ) -> Result<(Last, bool), Cut> {
        let patience = self.setting.patience.unwrap_or(Duration::from_secs(600));
        let mut cut_since: Option<Instant> = None;
        let mut tries = 0;
        loop {
            let mut call = self.call(&attempt.id);
            for (name, value) in [
                ("store", attempt.identity.store.clone()),
                ("expected", attempt.identity.boot.clone()),
                ("from_out", course.merger.had(Stream::Stdout).to_string()),
                ("from_err", course.merger.had(Stream::Stderr).to_string()),
                ("from_log", course.log.to_string()),
            ] {
                call = call.with(name, value);
            }
            let text = match start {
                true => order.add_to(call).of_a_block("start"),
                false => call.of_a_block("attach"),
            };
            let text = text.map_err(Cut)?;
            let before = (course.log, course.merger.had(Stream::Stdout), course.merger.had(Stream::Stderr));
            match self.follow(&attempt.id, &text, start && tries == 0, course, sink).await {
                Ok(last) => {
                    return Ok((last, !start || course.is_there || tries > 0));
                }
                Err(Cut(why)) => {
                    let after =
                        (course.log, course.merger.had(Stream::Stdout), course.merger.had(Stream::Stderr));
                    let since = *cut_since.get_or_insert_with(Instant::now);
                    if before != after {
                        // It was reached in between.
                        cut_since = Some(Instant::now());
                        tries = 0;
                    } else if since.elapsed() > limit.unwrap_or_default() + patience {
                        return Err(Cut(why));
                    }
                    if !std::mem::replace(&mut course.is_cut, true) {
                        sink.on_cut(&why, course.standing(start));
                    }
                    tokio::time::sleep(pause(tries)).await;
                    tries += 1;
                }
            }
        }
    }

    fn call(&self, id: &str) -> Call {
        Call::new().with("base", &self.hello.base).with("id", id).with("fence", FENCE)
    }

    /// Has a block stopped, until the place has heard it.
    async fn stop(&self, attempt: &Attempt, grace: Duration) {
        let mut tries = 0;
        loop {
            let call = self.call(&attempt.id).with("grace", grace.as_secs().max(1).to_string());
            match ask(&self.line, call, "stop").await {
                // Nothing is there to be stopped yet, or the block is not known to its keeper.
                Ok(said) if said.iter().any(|(word, _)| word == "stopping") => return,
                _ => {
                    tokio::time::sleep(pause(tries)).await;
                    tries += 1;
                }
            }
        }
    }
}

fn line_to(place: Place, ways: Ways) -> Result<Line, Unreachable> {
    Line::to(place.clone(), ways).map_err(|error| Unreachable {
        place: place.to_string(),
        why: format!("no private directory can be made here: {error}"),
        help: None,
    })
}

async fn hello(line: &Line) -> Result<Hello, Unreachable> {
    let said = ask(line, Call::new(), "hello").await?;
    let of = |key: &str| said.iter().find(|(word, _)| word == key).map(|(_, rest)| rest.clone());
    if let Some(what) = of("error") {
        let why = match what.split_once(' ').unwrap_or((&what, "")) {
            ("tool", name) => format!("`{name}` is missing there"),
            ("home", _) => "no directory can be made in the home directory there".to_owned(),
            _ => what,
        };
        return Err(line.unreachable(why));
    }
    let need = |key: &str| of(key).ok_or_else(|| line.unreachable(format!("it did not say its {key}")));
    Ok(Hello {
        identity: Identity { boot: need("boot")?, store: need("store")? },
        how: need("how")?,
        home: need("home")?,
        base: need("base")?,
        temporary: need("temporary")?,
        host: need("host")?,
        user: need("user")?,
    })
}

/// Asks a question that is answered in words, and answered soon.
async fn ask(line: &Line, call: Call, operation: &str) -> Result<Vec<(String, String)>, Unreachable> {
    let text = call.text(operation).map_err(|why| line.unreachable(why))?;
    let Wire { stdin, stdout, stderr, held } = line.open().await?;
    let mut frames = Frames::of(stdout, &text.token, ANSWER);
    let mut said = Vec::new();
    let answer = async {
        loop {
            if let Frame::Said(word, rest) = frames.next().await? {
                if word == "over" {
                    return Err(Cut("it gave no answer".to_owned()));
                }
                let is_last = LAST.contains(&word.as_str());
                said.push((word, rest));
                if is_last {
                    return Ok(());
                }
            }
        }
    };
    let in_time = async {
        let late = |_| Err(Cut(format!("no answer came within {} s", ANSWER.as_secs())));
        tokio::time::timeout(ANSWER, answer).await.unwrap_or_else(late)
    };
    let answered = line.exchange((stdin, Some(stderr), held), &text.whole, in_time).await;
    answered.map_err(|Cut(why)| line.unreachable(why))?;
    Ok(said)
}

/// Words that end an answer.
const LAST: [&str; 7] = ["complete", "error", "none", "stopping", "reaped", "cleaned", "void"];
