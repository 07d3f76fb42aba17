//! One block at another place: sent there or looked for, its output taken as it comes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use holdpoint_driver::{End, Secrets};
use holdpoint_engine::{Execution, SentTo, Unfound};
use holdpoint_executor::{Came, Ended, Had, How, Identity, Job, Remote, Sink, Standing, State, Stream};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::ends::{Over, not_started};
use super::given::{STOPPING, block_of};
use super::known::Known;
use super::recording::Recording;
use super::stops::{Heard, Stops};
use super::{Interrupt, RunView, Store};
use crate::problem::Problem;
use crate::screen::Screen;

/// Said instead of what is said of a block that is stopped, while its place cannot be reached.
const STOPPING_LATER: &str = "cannot be reached, so nothing is stopped yet: the block is, as soon as the line is back; \
    Ctrl-C again leaves it to itself and parks the run";

/// Said where the line is cut after that.
const NOT_HEARD: &str = "If it has not heard yet that it is to stop, it does as soon as the line is back";

/// A block that is stopped has had its KILL by then, and its end was told, if anybody there tells it at all.
const END_HEARD_WITHIN: Duration = Duration::from_secs(15);

/// A block on its way to another place, and all that it needs meanwhile.
pub struct Attempt {
    pub(super) screen: Screen,
    pub(super) execution: Execution,
    pub(super) place: String,
    pub(super) job: Job,
    /// The block's own directory, below the home directory there.
    pub(super) cwd: Option<PathBuf>,
    /// What carries over there; `None`: nothing yet, it begins at home.
    pub(super) state: Option<Rc<State>>,
    pub(super) sent: SentTo,
    /// Names of variables that hold secrets.
    pub(super) withheld: Vec<String>,
    /// An earlier driver sent it.
    pub(super) back: bool,
    pub(super) recording: RefCell<Recording>,
    pub(super) source: Rc<str>,
    pub(super) secrets: Secrets,
    pub(super) registered: Vec<String>,
    pub(super) heard: Option<Heard>,
    pub(super) over: Option<Arrived>,
}

/// What has become of it.
pub(super) struct Arrived {
    came: Came,
    /// Its output could not be kept on this machine.
    unkept: bool,
    park: bool,
}

impl Attempt {
    /// The place cannot be reached: nothing was sent, or nothing can be learnt.
    pub(super) fn out_of_reach(&mut self, why: String) {
        let came = if self.back { Came::Unreachable(why) } else { Came::NeverRan(why) };
        self.over = Some(Arrived { came, unkept: false, park: false });
    }

    /// Sends or looks for it, and follows it to its end.
    pub(super) async fn run(&mut self, remote: &Remote, known: &Known, stops: &Stops) {
        let home = Path::new(remote.home());
        self.job.cwd = self.cwd.as_ref().map(|own| home.join(own));
        self.job.within = Some(home.to_owned());
        let state = Rc::clone(self.state.get_or_insert_with(|| Rc::new(State::new(home))));
        let Some(heard) = self.heard.take() else { return };
        let SentTo { attempt, boot, store } = self.sent.clone();
        let attempt = holdpoint_executor::Attempt {
            id: attempt,
            identity: Identity { boot, store },
            secrets: self.withheld.clone(),
            known: known.all(),
        };
        let (recording, asked, cut) = (&self.recording, Cell::new(None), Cell::new(false));
        let stopped = Notify::new();
        let interrupt = async {
            asked.set(Some(stops.next(&heard).await));
            if cut.get() {
                let place = self.screen.neutralise(&self.place);
                recording.borrow().tell(&format!("{place}: {STOPPING_LATER}"));
            } else {
                recording.borrow().stands("stops");
                if stops.is_first_to_tell(&heard) {
                    recording.borrow().stops(STOPPING);
                }
            }
            stopped.notify_one();
        };
        let mut hearing = Hearing {
            screen: &self.screen,
            place: &self.place,
            recording,
            known,
            source: &self.source,
            session: &self.secrets,
            registered: &mut self.registered,
            cut: &cut,
            asked: &asked,
            unkept: false,
        };
        let insisted = Cell::new(false);
        // Whoever insists while nobody can be reached leaves, and so does whoever hears of no end though the block was to be
        // killed long ago: it is looked for when the run is taken up.
        let leave = async {
            stopped.notified().await;
            loop {
                let leaves = insisted.get() || asked.get() == Some(Interrupt::Leave);
                let patience = if leaves { END_HEARD_WITHIN } else { Duration::MAX };
                let more = timeout(patience, stops.next(&heard)).await;
                if more.is_err() || insisted.replace(true) || cut.get() {
                    return;
                }
            }
        };
        let (job, sink) = (&self.job, &mut hearing);
        let followed = async {
            match self.back {
                true => remote.attach(job, &state, &attempt, Had::default(), interrupt, sink).await,
                false => remote.run(job, &state, &attempt, interrupt, sink).await,
            }
        };
        let came = tokio::select! {
            biased;
            came = followed => came,
            () = leave => Came::Unreachable(match cut.get() {
                true => "left while it could not be reached".to_owned(),
                false => "left before its end was told there".to_owned(),
            }),
        };
        let unkept = hearing.unkept;
        let again = stops.end(heard).await;
        let park = again || insisted.get() || asked.get() == Some(Interrupt::Leave);
        self.over = Some(Arrived { came, unkept, park });
    }

    /// What came of it; and the state in which the next block there begins, where that is known.
    pub(super) fn end(
        self,
        view: &RunView<'_>,
        known: &Known,
        store: &mut Store<'_>,
    ) -> Result<(End<Problem>, Option<Rc<State>>), Problem> {
        let task = self.execution.task;
        let (block, action) = (block_of(view, task)?, task.id(view.plan));
        let not_run =
            || Problem::fault(format!("{action} was not run to its end"), "This is a fault of holdpoint.");
        let Arrived { came, unkept, park } = self.over.ok_or_else(not_run)?;
        let ended = match came {
            Came::Ended(ended) => *ended,
            Came::NeverRan(why) => {
                let executed = not_started(view, self.execution, block, &why, None, store)?;
                return Ok((End::Known(Box::new(executed)), None));
            }
            Came::InDoubt(why) => return Ok((End::Open(Unfound::Lost, why), None)),
            Came::Unkept(why) => return Ok((End::Open(Unfound::Runs, why), None)),
            Came::Unreachable(why) => return Ok((End::Open(Unfound::Away, why), None)),
        };
        let Ended { output_error, .. } = &ended;
        if let (Some(error), true) = (output_error, unkept) {
            return Err(Problem::fault(
                format!("what {action} printed cannot be kept: {error}"),
                "The block was stopped. Make room or mend the disk, then resume this run: it is looked for at its place.",
            ));
        }
        let untaken = output_error.as_ref().map(|error| format!("what it printed was not taken: {error}"));
        let (recording, registered) = (self.recording.into_inner(), self.registered);
        let before = self.state.unwrap_or_else(|| Rc::new(State::new("/")));
        let nothing = (BTreeMap::new(), Vec::new());
        let execution = self.execution;
        let over = Over { execution, ended, untaken, recording, before, registered, files: nothing, park };
        let began = !matches!(over.ended.how, How::NotStarted(_));
        let (end, after) = over.told(view, known, None, store)?;
        Ok((end, began.then_some(after)))
    }
}

/// Takes what a block on a place tells.
struct Hearing<'h> {
    screen: &'h Screen,
    place: &'h str,
    recording: &'h RefCell<Recording>,
    known: &'h Known,
    source: &'h str,
    session: &'h Secrets,
    registered: &'h mut Vec<String>,
    cut: &'h Cell<bool>,
    /// What was asked for while it ran.
    asked: &'h Cell<Option<Interrupt>>,
    unkept: bool,
}

impl Sink for Hearing<'_> {
    fn on_secret(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.known.register(name, value, self.source, self.session)?;
        self.registered.push(name.to_owned());
        Ok(())
    }

    fn on_output(&mut self, stream: Stream, bytes: &[u8], at: Duration) -> std::io::Result<()> {
        self.on_healed();
        let pushed = self.recording.borrow_mut().push(stream, bytes, at);
        self.unkept |= pushed.is_err();
        pushed
    }

    fn on_cut(&mut self, why: &str, standing: Standing) {
        if !self.cut.replace(true) {
            let known = match standing {
                Standing::NotBegun => "Nothing was sent and nothing has begun there, so nothing is in doubt",
                Standing::Unknown => {
                    "It was sent; whether it has begun is asked as soon as the line is back, and it runs once at the most"
                }
                Standing::Begun => "The block has begun and goes on there",
            };
            let stops = if self.asked.get().is_some() { format!(". {NOT_HEARD}") } else { String::new() };
            let text = format!("{}: no line ({why}); calling again. {known}{stops}", self.place);
            let recording = self.recording.borrow();
            recording.stands("unreached");
            recording.tell(&self.screen.neutralise(&text));
        }
    }

    fn on_healed(&mut self) {
        if self.cut.replace(false) {
            let recording = self.recording.borrow();
            let (stands, stops) = match self.asked.get() {
                Some(_) => ("stops", format!("; {STOPPING}")),
                None => ("runs", String::new()),
            };
            recording.stands(stands);
            recording.tell(&self.screen.neutralise(&format!("{}: reached again{stops}", self.place)));
        }
    }
}
