//! A run that is taken up to be written to, by whatever verb.

use std::time::{Duration, Instant};

use holdpoint_driver::{NotConforming, Observer, Recorder, Secrets};
use holdpoint_engine::{Event, Run, Stamped};
use holdpoint_record::{
    Holder, OpenError, Position, Recovered, RunDir, SealClosedError, Visitor, Writer, driver, seal_closed,
};
use jiff::Timestamp;

use super::read::{Recorded, open_problem};
use super::verdict::exit_of;
use crate::exit::Exit;
use crate::interrupts::Prompting;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::disk::Disk;
use crate::world::screening::Screening;

/// A run and its record on the disk, told of on the terminal.
pub type OnDisk<'a> = Recorder<'a, Disk, Screening>;

/// How long somebody else may have the run before one gives up.
const PATIENCE: Duration = Duration::from_secs(60);
/// The kernel tells nobody when a lock is let go of without waiting for it for good.
const LOOK: Duration = Duration::from_millis(100);

/// A record that was taken up: who writes on, what is there, and what was cut off.
pub type Opened = (Writer, Vec<Stamped>, Option<Recovered>);

/// Waits for whoever has the run for something else than to drive it, such as to sign: they are done soon. A driver is not waited
/// for. They may come back before the run is taken up: that waits, too.
pub fn wait_for_others(screen: &Screen, dir: &RunDir) {
    let mut patience = Patience::new(screen);
    while let Some(holder) = driver(&dir.path).filter(|holder| holder.visitor.is_some())
        && patience.waits(Some(Box::new(holder)), "")
    {}
}

/// Takes the run up to drive it, and waits for others as [`wait_for_others`] does. `known` was read before.
pub fn go_on(screen: &Screen, dir: &RunDir, known: (Vec<Stamped>, Position)) -> Result<Opened, Problem> {
    patiently(screen, known, |known| Writer::go_on(&dir.path, known))
}

/// The same for something that is done beside its driver.
pub fn go_on_beside(
    screen: &Screen,
    dir: &RunDir,
    known: (Vec<Stamped>, Position),
    visitor: &Visitor,
) -> Result<Opened, Problem> {
    patiently(screen, known, |known| Writer::go_on_beside(&dir.path, known, visitor.clone()))
}

fn patiently(
    screen: &Screen,
    mut known: (Vec<Stamped>, Position),
    open: impl Fn((Vec<Stamped>, Position)) -> Result<Opened, OpenError>,
) -> Result<Opened, Problem> {
    let mut patience = Patience::new(screen);
    loop {
        match open(std::mem::take(&mut known)) {
            // Whoever has just taken it has not said who they are.
            Err(OpenError::Held(holder))
                if holder.as_ref().is_none_or(|holder| holder.visitor.is_some())
                    && patience.waits(holder.clone(), "") => {}
            other => return other.map_err(open_problem),
        }
    }
}

/// Somebody who waits for whoever has the run, and says so once.
pub struct Patience<'a> {
    screen: &'a Screen,
    begun: Instant,
    /// While it waits, any signal ends that.
    waiting: Option<Prompting>,
}

impl Patience<'_> {
    /// From now on.
    pub fn new(screen: &Screen) -> Patience<'_> {
        Patience { screen, begun: Instant::now(), waiting: None }
    }

    /// Waits a moment; `false` where that is no use any more. `what` is said behind that one waits.
    pub fn waits(&mut self, holder: Option<Box<Holder>>, what: &str) -> bool {
        if self.begun.elapsed() >= PATIENCE {
            return false;
        }
        if self.waiting.is_none() {
            self.waiting = Some(Prompting::of_holder(self.screen));
            let held = self.screen.neutralise(&OpenError::Held(holder).to_string());
            self.screen.tell(&format!("{held}. Waiting for it{what}."));
        }
        std::thread::sleep(LOOK);
        true
    }
}

/// Folds in what `writer` has read and puts on record what was cut off: before anybody is asked anything, for they may
/// leave, and whatever is refused then.
pub fn take_up<'a, O: Observer>(
    recorded: (&'a holdpoint_document::Plan, &'a str),
    disk: Disk,
    observer: O,
    secrets: &Secrets,
    events: &[Stamped],
    recovered: Option<&Recovered>,
) -> Result<Recorder<'a, Disk, O>, Problem> {
    let mut recorder = Recorder::new(recorded, disk, observer, secrets.clone(), Timestamp::now);
    recorder.replay(events).map_err(|NotConforming { n, unexpected }| {
        Problem::record(
            format!("the record does not conform at event {n}: {unexpected}"),
            "Nothing was executed. `holdpoint verify` says more.",
        )
    })?;
    if let Some(recovered) = recovered {
        recorder.record(vec![Event::LogRecovered { torn: recovered.torn.clone() }])?;
    }
    Ok(recorder)
}

/// As [`take_up`], to write something beside a run that nobody drives.
pub fn take_up_beside<'a>(
    screen: &Screen,
    recorded: &'a Recorded,
    (writer, events, recovered): Opened,
    secrets: &Secrets,
) -> Result<OnDisk<'a>, Problem> {
    let book = (&recorded.plan, recorded.sources.text());
    take_up(book, Disk::beside(writer), Screening::new(screen, false), secrets, &events, recovered.as_ref())
}

/// How the run ended, where it has: that is told, and it is sealed if that is still to be done.
pub fn is_over(
    screen: &Screen,
    dir: &RunDir,
    recorded: &Recorded,
    undoes: bool,
) -> Result<Option<Exit>, Problem> {
    let Some(Event::RunClosed { verdict }) = recorded.events.last().map(|stamped| &stamped.event) else {
        return Ok(None);
    };
    if !recorded.sealed {
        seal_closed(&dir.path).map_err(|error| match error {
            SealClosedError::Open(error) => open_problem(error),
            SealClosedError::Seal(error) => Problem::fault(
                format!("the run is closed and cannot be sealed: {error}"),
                "Make room or mend the disk, then try again; `holdpoint verify` tells what there is.",
            ),
        })?;
        screen.tell("The run had ended and was not sealed yet; it is now.");
    }
    let events = recorded.events.iter().map(|stamped| (stamped.at, stamped.event.clone()));
    let deviations = Run::replay(&recorded.plan, events).map_or(0, |run| run.deviations());
    let (number, words) = (recorded.opened().number, verdict.told(deviations));
    if undoes {
        return Err(Problem::usage(
            format!("run {number} has ended ({words}), and only an open run can be rolled back"),
            "What it did is undone by a run-book of its own.",
        ));
    }
    screen.tell(&format!("Run {number} has ended ({words}); there is nothing to resume."));
    Ok(Some(exit_of(*verdict)))
}

/// Refuses a run of a program that read its document otherwise.
pub fn read_alike(recorded: &Recorded) -> Result<(), Problem> {
    if recorded.plan.digest() == recorded.in_force().plan {
        return Ok(());
    }
    Err(Problem::usage(
        "this program reads the recorded document differently from the one that opened the run",
        format!("Resume it with holdpoint {}.", recorded.opened().session.program.version),
    ))
}
