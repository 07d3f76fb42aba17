//! Ctrl-C and its relatives, as values that can be awaited.

use tokio::signal::unix::{Signal, SignalKind, signal};

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
    /// Catches INT, TERM and HUP.
    pub fn catch() -> Result<Interrupts, Problem> {
        let catch = |kind| {
            signal(kind).map_err(|error| Problem::fault(format!("signals cannot be caught: {error}"), ""))
        };
        Ok(Interrupts {
            int: catch(SignalKind::interrupt())?,
            leave: [catch(SignalKind::terminate())?, catch(SignalKind::hangup())?],
        })
    }

    /// Waits for one.
    pub async fn next(&mut self) -> Interrupt {
        let [term, hup] = &mut self.leave;
        tokio::select! {
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
}
