//! Who is being asked at a screen, and which signals were heard meanwhile.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use holdpoint_driver::Interrupt;
use holdpoint_helper::Stop;
use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Whom a prompt asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// Nobody is asked.
    Nobody,
    /// Somebody who operates: nothing runs, and everything that happened is durable.
    Operator,
    /// Somebody who gives an input: nothing has happened yet.
    Input,
    /// git, which may not answer, before anything is executed.
    Git,
    /// git, while a run is under way: nothing runs just now, and everything that happened is durable.
    GitMeanwhile,
    /// Nobody: whoever holds the run is waited for.
    Holder,
}

/// What one screen's prompts, helpers and signals know of each other.
#[derive(Default)]
pub struct Hearing {
    asking: AtomicU8,
    /// Whether the program was asked to leave while somebody was asked something: no prompt waits any more.
    leaving: AtomicBool,
    told_leaving: AtomicBool,
    /// The number of the run that is driven; 0 as long as none is.
    run: AtomicU64,
    /// Whether somebody listens beside prompts: one is enough.
    watched: OnceLock<()>,
    /// Whether the signal that suspends the program is caught.
    suspends: OnceLock<()>,
    heard: Mutex<Heard>,
    heard_one: Condvar,
    modes: OnceLock<Termios>,
    /// Whether keys are not shown just now that would be.
    hides_keys: Mutex<bool>,
}

/// What was heard, and what ends with the next signal.
#[derive(Default)]
struct Heard {
    signals: usize,
    stops: BTreeMap<usize, Stop>,
    /// How many were put there so far: the name of the next.
    given: usize,
    listeners: Vec<UnboundedSender<Interrupt>>,
}

impl Hearing {
    /// Whether nobody listens beside prompts yet; from now on somebody does.
    pub fn begins(&self) -> bool {
        self.watched.set(()).is_ok()
    }

    /// Whether the signal that suspends the program is caught already.
    pub fn suspends(&self) -> bool {
        self.suspends.get().is_some()
    }

    /// Whether it was not caught before; from now on it is.
    pub fn begins_to_suspend(&self) -> bool {
        self.suspends.set(()).is_ok()
    }

    /// Somebody else is asked from now on.
    pub fn ask(&self, whom: Asking) {
        self.asking.store(whom as u8, Ordering::SeqCst);
    }

    /// Who is asked now.
    pub fn asking(&self) -> Asking {
        let asked = self.asking.load(Ordering::SeqCst);
        [Asking::Operator, Asking::Input, Asking::Git, Asking::GitMeanwhile, Asking::Holder]
            .into_iter()
            .find(|whom| *whom as u8 == asked)
            .unwrap_or(Asking::Nobody)
    }

    /// The program was asked to leave while somebody was asked something. Says whether that was so before.
    pub fn leave(&self) -> bool {
        self.leaving.swap(true, Ordering::SeqCst)
    }

    /// Whether the program was asked to leave at a prompt.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::SeqCst)
    }

    /// Whether that is still to be said; from now on it is not.
    pub fn tells_leaving(&self) -> bool {
        self.is_leaving() && !self.told_leaving.swap(true, Ordering::SeqCst)
    }

    /// This run is driven from now on.
    pub fn drives(&self, run: u64) {
        self.run.store(run, Ordering::SeqCst);
    }

    /// The run that is driven, as it is named to `resume`.
    pub fn driven(&self) -> String {
        match self.run.load(Ordering::SeqCst) {
            0 => "latest".to_owned(),
            number => number.to_string(),
        }
    }

    /// How many signals did not end the program so far.
    pub fn signals(&self) -> usize {
        self.heard().signals
    }

    /// Tells of every signal that does not end the program from now on.
    pub fn listen(&self) -> UnboundedReceiver<Interrupt> {
        let (tells, listens) = unbounded_channel();
        self.heard().listeners.push(tells);
        listens
    }

    /// A signal that does not end the program: it is counted before anybody is told of it.
    pub fn one(&self, interrupt: Interrupt) {
        let mut heard = self.heard();
        heard.signals += 1;
        heard.stops.values().for_each(Stop::now);
        heard.listeners.retain(|listener| listener.send(interrupt).is_ok());
        self.heard_one.notify_all();
    }

    /// Waits, a second at most, until there were more of them than so many.
    pub fn wait_for_more_than(&self, signals: usize) {
        let unheard = |heard: &mut Heard| heard.signals == signals;
        drop(self.heard_one.wait_timeout_while(self.heard(), Duration::from_secs(1), unheard));
    }

    /// The next signal ends a helper; the name under which it is known.
    pub fn add(&self, stop: Stop) -> usize {
        let mut heard = self.heard();
        heard.given += 1;
        let name = heard.given;
        heard.stops.insert(name, stop);
        name
    }

    /// No signal ends this helper any more.
    pub fn remove(&self, name: usize) {
        self.heard().stops.remove(&name);
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps how the terminal is, for [`Hearing::restore_modes`]; the first time counts.
    pub fn remember_modes(&self) {
        if let Ok(modes) = tcgetattr(std::io::stdin()) {
            self.modes.get_or_init(|| modes);
        }
    }

    /// The terminal's modes as they were before anybody was asked anything.
    pub fn restore_modes(&self) {
        if let Some(modes) = self.modes.get() {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, modes);
        }
    }

    /// Keys that are pressed from now on are not shown, until [`Hearing::show_keys`]: nobody reads them while a block runs,
    /// and they would stand in what is drawn. Ctrl-C is heard as ever.
    pub fn hide_keys(&self) {
        let mut hides = self.hides();
        if *hides {
            return;
        }
        self.remember_modes();
        *hides = echoes(false);
    }

    /// Keys are shown again, if they were before.
    pub fn show_keys(&self) {
        if std::mem::take(&mut *self.hides()) {
            echoes(true);
        }
    }

    fn hides(&self) -> MutexGuard<'_, bool> {
        self.hides_keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has the terminal show keys, or not. Says whether that changed anything.
fn echoes(shown: bool) -> bool {
    let input = std::io::stdin();
    // From the background nobody may: the system would stop the program.
    if !tcgetpgrp(&input).is_ok_and(|group| group == getpgrp()) {
        return false;
    }
    let Ok(mut modes) = tcgetattr(&input) else { return false };
    if modes.local_modes.contains(LocalModes::ECHO) == shown {
        return false;
    }
    modes.local_modes.set(LocalModes::ECHO, shown);
    tcsetattr(&input, OptionalActions::Now, &modes).is_ok()
}
