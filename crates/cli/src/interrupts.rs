//! Ctrl-C and its relatives, as values that can be awaited.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use holdpoint_driver::Interrupt;
use holdpoint_helper::Stop;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;
use crate::problem::Problem;

/// Signals that ask the program to stop what it does. While one of these exists, none of them ends the program.
pub struct Interrupts {
    int: Signal,
    leave: [Signal; 3],
}

impl Interrupts {
    /// Catches INT, TERM, QUIT and HUP. From now on all but INT park the run at a prompt.
    pub fn catch() -> Result<Interrupts, Problem> {
        if WATCHED.set(()).is_ok() {
            // A file that may not grow any more then fails to be written, as on a full disk, and the block is ended
            // and something is said; unheard, the signal would end this program on the spot.
            drop(caught(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
            beside()?;
        }
        Ok(Interrupts { int: caught(SignalKind::interrupt())?, leave: caught_leave()? })
    }

    /// Waits for one.
    pub async fn next(&mut self) -> Interrupt {
        let [term, hup, quit] = &mut self.leave;
        tokio::select! {
            biased;
            _ = term.recv() => Interrupt::Leave,
            _ = hup.recv() => Interrupt::Leave,
            _ = quit.recv() => Interrupt::Leave,
            _ = self.int.recv() => Interrupt::Stop,
        }
    }

    /// One that has come already, if any.
    pub async fn pending(&mut self) -> Option<Interrupt> {
        tokio::select! {
            biased;
            interrupt = self.next() => Some(interrupt),
            () = std::future::ready(()) => None,
        }
    }
}

/// Starts [`leave_prompts`] on a thread of its own: a prompt blocks the one that drives.
fn beside() -> Result<(), Problem> {
    let cannot = |error| Problem::fault(format!("signals cannot be caught: {error}"), "");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(cannot)?;
    let signals = {
        let _inside = runtime.enter();
        (caught_leave()?, caught(SignalKind::interrupt())?)
    };
    let (leave, int) = signals;
    let listen = move || runtime.block_on(leave_prompts(leave, int));
    std::thread::Builder::new().name("signals".to_owned()).spawn(listen).map(drop).map_err(cannot)
}

/// TERM, HUP and QUIT: QUIT would end this program, and not the block.
fn caught_leave() -> Result<[Signal; 3], Problem> {
    Ok([caught(SignalKind::terminate())?, caught(SignalKind::hangup())?, caught(SignalKind::quit())?])
}

fn caught(kind: SignalKind) -> Result<Signal, Problem> {
    signal(kind).map_err(|error| Problem::fault(format!("signals cannot be caught: {error}"), ""))
}

const NOBODY: u8 = 0;
const OPERATOR: u8 = 1;
const INPUT: u8 = 2;

/// Who is being asked.
static PROMPTING: AtomicU8 = AtomicU8::new(NOBODY);
/// Whether [`leave_prompts`] is at work: one is enough.
static WATCHED: OnceLock<()> = OnceLock::new();
/// Signals that did not end the program.
static HEARD: Mutex<Heard> = Mutex::new(Heard { signals: 0, stops: BTreeMap::new(), given: 0 });
static HEARD_ONE: Condvar = Condvar::new();
static MODES: OnceLock<Termios> = OnceLock::new();

/// While this lives, somebody is being asked: nothing runs, and everything that happened is durable.
pub struct Prompting {
    heard: usize,
}

impl Prompting {
    /// Somebody is asked from now on.
    pub fn begin() -> Prompting {
        Prompting::of(OPERATOR)
    }

    /// As [`Prompting::begin`], for an input, before anything has happened: there is no run to park. Ctrl-C ends the
    /// program from beside the prompt too, since a prompt for a secret would leave the terminal without its echo.
    pub fn for_input() -> Prompting {
        Prompting::of(INPUT)
    }

    fn of(whom: u8) -> Prompting {
        remember_modes();
        PROMPTING.store(whom, Ordering::SeqCst);
        Prompting { heard: heard().signals }
    }

    /// Whether Ctrl-C was pressed since the prompt began, for prompts that leave the terminal its keys.
    pub fn was_interrupted(&self) -> bool {
        heard().signals != self.heard
    }

    /// For a prompt that was interrupted, which raises INT: waits, a second at most, until that has been heard, or
    /// until the program has left.
    pub fn wait_until_heard(&self) {
        let unheard = |heard: &mut Heard| heard.signals == self.heard;
        drop(HEARD_ONE.wait_timeout_while(heard(), Duration::from_secs(1), unheard));
    }
}

/// What was heard, and what ends with the next signal.
struct Heard {
    signals: usize,
    stops: BTreeMap<usize, Stop>,
    /// How many were put there so far: the name of the next.
    given: usize,
}

fn heard() -> MutexGuard<'static, Heard> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Heard {
    fn one(&mut self) {
        self.signals += 1;
        self.stops.values().for_each(Stop::now);
        HEARD_ONE.notify_all();
    }
}

/// While this lives, a signal that does not end the program ends a helper process, with nobody at a prompt.
pub struct Stops(usize);

impl Stops {
    /// The next signal ends it.
    pub fn with_the_next(stop: Stop) -> Stops {
        let mut heard = heard();
        heard.given += 1;
        let name = heard.given;
        heard.stops.insert(name, stop);
        Stops(name)
    }
}

impl Drop for Stops {
    fn drop(&mut self) {
        heard().stops.remove(&self.0);
    }
}

impl Drop for Prompting {
    fn drop(&mut self) {
        PROMPTING.store(NOBODY, Ordering::SeqCst);
    }
}

/// A prompt reads the terminal and cannot be told to stop, so the program leaves from beside it. That is parking:
/// at a prompt nothing is in flight and nothing is left to be written.
async fn leave_prompts([mut term, mut hup, mut quit]: [Signal; 3], mut int: Signal) {
    loop {
        let leave = tokio::select! {
            biased;
            _ = term.recv() => true,
            _ = hup.recv() => true,
            _ = quit.recv() => true,
            _ = int.recv() => false,
        };
        let (words, exit) = match PROMPTING.load(Ordering::SeqCst) {
            OPERATOR if leave => {
                ("PARKED: the program was asked to leave. Go on with: holdpoint resume latest", Exit::Parked)
            }
            INPUT => ("The input was not given. Nothing was run.", Exit::Usage),
            _ => {
                heard().one();
                continue;
            }
        };
        restore_terminal();
        crate::screen::say(&format!("\n{words}"));
        #[allow(clippy::exit)] // see above: the one place where the loop cannot be left by returning
        std::process::exit(exit as i32);
    }
}

/// Keeps how the terminal is, for [`restore_terminal`]; the first time counts.
pub fn remember_modes() {
    if let Ok(modes) = tcgetattr(std::io::stdin()) {
        MODES.get_or_init(|| modes);
    }
}

/// The terminal as it was before anybody was asked anything.
pub fn restore_terminal() {
    crate::screen::raw::restore();
    if let Some(modes) = MODES.get() {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, modes);
    }
    if crate::screen::moves() {
        let _ = console::Term::stderr().show_cursor();
    }
}
