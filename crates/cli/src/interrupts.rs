//! Ctrl-C and its relatives, as values that can be awaited.

use holdpoint_driver::Interrupt;
use holdpoint_helper::Stop;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::exit::Exit;
use crate::hearing::Asking;
use crate::problem::Problem;
use crate::screen::Screen;

/// Signals that ask the program to stop what it does. While one of these exists, none of them ends the program.
///
/// All are heard in one place, [`leave_prompts`], which counts one before it hands it on: whoever has one from here, and asks
/// somebody something then, does not take that one for an answer.
pub struct Interrupts {
    heard: UnboundedReceiver<Interrupt>,
}

impl Interrupts {
    /// Catches INT, TERM, QUIT and HUP. From now on all but INT park the run at a prompt.
    pub fn catch(screen: &Screen) -> Result<Interrupts, Problem> {
        if screen.hearing().begins() {
            // A file that may not grow any more then fails to be written, as on a full disk, and the block is ended
            // and something is said; unheard, the signal would end this program on the spot.
            drop(caught(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
            beside(screen)?;
        }
        Ok(Interrupts { heard: screen.hearing().listen() })
    }

    /// Waits for one.
    pub async fn next(&mut self) -> Interrupt {
        match self.heard.recv().await {
            Some(interrupt) => interrupt,
            // Nobody is left to tell of one: whoever waits goes on waiting.
            None => std::future::pending().await,
        }
    }

    /// One that has come already, if any.
    pub fn pending(&mut self) -> Option<Interrupt> {
        self.heard.try_recv().ok()
    }
}

/// Starts [`leave_prompts`] on a thread of its own: a prompt blocks the one that drives.
fn beside(screen: &Screen) -> Result<(), Problem> {
    let cannot = |error| Problem::fault(format!("signals cannot be caught: {error}"), "");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(cannot)?;
    let signals = {
        let _inside = runtime.enter();
        (caught_leave()?, caught(SignalKind::interrupt())?)
    };
    let (leave, int) = signals;
    let screen = screen.clone();
    let listen = move || runtime.block_on(leave_prompts(&screen, leave, int));
    std::thread::Builder::new().name("signals".to_owned()).spawn(listen).map(drop).map_err(cannot)
}

/// TERM, HUP and QUIT: QUIT would end this program, and not the block.
fn caught_leave() -> Result<[Signal; 3], Problem> {
    Ok([caught(SignalKind::terminate())?, caught(SignalKind::hangup())?, caught(SignalKind::quit())?])
}

fn caught(kind: SignalKind) -> Result<Signal, Problem> {
    signal(kind).map_err(|error| Problem::fault(format!("signals cannot be caught: {error}"), ""))
}

/// While this lives, somebody is being asked: nothing runs, and everything that happened is durable.
pub struct Prompting {
    screen: Screen,
    heard: usize,
}

impl Prompting {
    /// Somebody is asked from now on.
    pub fn begin(screen: &Screen) -> Prompting {
        Prompting::of(screen, Asking::Operator)
    }

    /// As [`Prompting::begin`], for an input, before anything has happened: there is no run to park. Ctrl-C ends the
    /// program from beside the prompt too, since a prompt for a secret would leave the terminal without its echo.
    pub fn for_input(screen: &Screen) -> Prompting {
        Prompting::of(screen, Asking::Input)
    }

    fn of(screen: &Screen, whom: Asking) -> Prompting {
        let hearing = screen.hearing();
        hearing.remember_modes();
        hearing.show_keys();
        hearing.ask(whom);
        Prompting { heard: hearing.signals(), screen: screen.clone() }
    }

    /// git is asked, with nothing under way: whoever does not want to wait for it leaves, by any signal.
    pub fn of_git(screen: &Screen) -> Prompting {
        Prompting::of(screen, Asking::Git)
    }

    /// The same while a run is under way: whoever leaves parks it.
    pub fn of_git_meanwhile(screen: &Screen) -> Prompting {
        Prompting::of(screen, Asking::GitMeanwhile)
    }

    /// Somebody else holds the run, and is waited for: any signal ends that.
    pub fn of_holder(screen: &Screen) -> Prompting {
        Prompting::of(screen, Asking::Holder)
    }

    /// Whether Ctrl-C was pressed since the prompt began, for prompts that leave the terminal its keys, or the program was
    /// asked to leave.
    pub fn was_interrupted(&self) -> bool {
        let hearing = self.screen.hearing();
        hearing.is_leaving() || hearing.signals() != self.heard
    }

    /// For a prompt that was interrupted, which raises INT: waits, a second at most, until that has been heard, or
    /// until the program has left.
    pub fn wait_until_heard(&self) {
        if self.screen.hearing().is_leaving() {
            return;
        }
        self.screen.hearing().wait_for_more_than(self.heard);
    }
}

impl Drop for Prompting {
    fn drop(&mut self) {
        self.screen.hearing().ask(Asking::Nobody);
    }
}

/// While this lives, a signal that does not end the program ends a helper process, with nobody at a prompt.
pub struct Stops {
    screen: Screen,
    name: usize,
}

impl Stops {
    /// The next signal ends it.
    pub fn with_the_next(screen: &Screen, stop: Stop) -> Stops {
        Stops { name: screen.hearing().add(stop), screen: screen.clone() }
    }
}

impl Drop for Stops {
    fn drop(&mut self) {
        self.screen.hearing().remove(self.name);
    }
}

/// A prompt of a run is told to give up, and the run parks as by Ctrl-C, notices and all; whoever asks once more does not
/// wait for that. At other prompts nothing is left to be written, so the program leaves from beside them.
async fn leave_prompts(screen: &Screen, [mut term, mut hup, mut quit]: [Signal; 3], mut int: Signal) {
    loop {
        let leave = tokio::select! {
            biased;
            _ = term.recv() => true,
            _ = hup.recv() => true,
            _ = quit.recv() => true,
            _ = int.recv() => false,
        };
        let hearing = screen.hearing();
        let go_on = || format!("Go on with: holdpoint resume {}", hearing.driven());
        let (words, exit) = match hearing.asking() {
            Asking::Operator if leave && hearing.leave() => {
                (format!("PARKED: the program was asked to leave. {}", go_on()), Exit::Parked)
            }
            Asking::Input => ("The input was not given. Nothing was run.".to_owned(), Exit::Usage),
            Asking::Git => {
                let words = "Interrupted while git was asked about the repository. Nothing was executed.";
                (words.to_owned(), Exit::Usage)
            }
            Asking::GitMeanwhile => (
                format!("PARKED: interrupted while git was asked about the repository. {}", go_on()),
                Exit::Parked,
            ),
            Asking::Holder => {
                let words = "Interrupted while somebody else held the run. Nothing was written.";
                (words.to_owned(), Exit::Parked)
            }
            Asking::Operator | Asking::Nobody => {
                hearing.one(if leave { Interrupt::Leave } else { Interrupt::Stop });
                continue;
            }
        };
        restore_terminal(screen);
        screen.say("");
        screen.tell(&words);
        // A prompt that came back for the next key meanwhile has set them once more.
        screen.hearing().restore_modes();
        #[allow(clippy::exit)] // see above: the one place where the loop cannot be left by returning
        std::process::exit(exit as i32);
    }
}

/// The terminal as it was before anybody was asked anything.
pub fn restore_terminal(screen: &Screen) {
    screen.take_back();
    screen.untitled();
    screen.hearing().restore_modes();
    if screen.moves() {
        let _ = console::Term::stderr().show_cursor();
    }
}
