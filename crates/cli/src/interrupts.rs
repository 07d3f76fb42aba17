//! Ctrl-C and its relatives, as values that can be awaited.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;
use crate::problem::Problem;

/// Signals that ask the program to stop what it does. While one of these exists, none of them ends the program.
pub struct Interrupts {
    int: Signal,
    leave: [Signal; 2],
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Ctrl-C: stop the block and ask.
    Stop,
    /// TERM, or the terminal went away: stop the block and park.
    Leave,
}

impl Interrupts {
    /// Catches INT, TERM and HUP. From now on TERM and HUP at a prompt park the run.
    pub fn catch() -> Result<Interrupts, Problem> {
        tokio::spawn(leave_prompts([caught(SignalKind::terminate())?, caught(SignalKind::hangup())?]));
        Ok(Interrupts {
            int: caught(SignalKind::interrupt())?,
            leave: [caught(SignalKind::terminate())?, caught(SignalKind::hangup())?],
        })
    }

    /// Waits for one.
    pub async fn next(&mut self) -> Interrupt {
        let [term, hup] = &mut self.leave;
        tokio::select! {
            biased;
            _ = term.recv() => Interrupt::Leave,
            _ = hup.recv() => Interrupt::Leave,
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

    /// Forgets a Ctrl-C that was meant for a prompt or a shell; says whether the program was asked to leave.
    pub async fn asked_to_leave(&mut self) -> bool {
        while let Some(interrupt) = self.pending().await {
            if interrupt == Interrupt::Leave {
                return true;
            }
        }
        false
    }
}

fn caught(kind: SignalKind) -> Result<Signal, Problem> {
    signal(kind).map_err(|error| Problem::fault(format!("signals cannot be caught: {error}"), ""))
}

static PROMPTING: AtomicBool = AtomicBool::new(false);
static MODES: OnceLock<Termios> = OnceLock::new();

/// While this lives, somebody is being asked: nothing runs, and everything that happened is durable.
pub struct Prompting;

impl Prompting {
    /// Somebody is asked from now on.
    pub fn begin() -> Prompting {
        if let Ok(modes) = tcgetattr(std::io::stdin()) {
            MODES.get_or_init(|| modes);
        }
        PROMPTING.store(true, Ordering::SeqCst);
        Prompting
    }
}

impl Drop for Prompting {
    fn drop(&mut self) {
        PROMPTING.store(false, Ordering::SeqCst);
    }
}

/// A prompt reads the terminal and cannot be told to stop, so the program leaves from beside it. That is parking:
/// at a prompt nothing is in flight and nothing is left to be written.
async fn leave_prompts([mut term, mut hup]: [Signal; 2]) {
    loop {
        tokio::select! { _ = term.recv() => {}, _ = hup.recv() => {} }
        if PROMPTING.load(Ordering::SeqCst) {
            if let Some(modes) = MODES.get() {
                let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, modes);
            }
            let _ = console::Term::stderr().show_cursor();
            crate::screen::say(
                "\nPARKED: the program was asked to leave. Go on with: holdpoint resume latest",
            );
            #[allow(clippy::exit)] // see above: the one place where the loop cannot be left by returning
            std::process::exit(Exit::Parked as i32);
        }
    }
}
