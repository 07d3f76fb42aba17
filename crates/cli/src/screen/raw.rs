//! The operator's terminal while a program draws on it: keys go through as they come, and whatever way the program or
//! ours ends, it is as it was.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::termios::{OptionalActions, Termios, Winsize, tcgetattr, tcgetwinsize, tcsetattr};

use super::modes::Modes;

static LENT: Mutex<Option<Lent>> = Mutex::new(None);

/// A terminal that is lent to a program.
struct Lent {
    before: Termios,
    modes: Modes,
    /// Whether it is the program's now, and not given back for as long as ours is suspended.
    raw: bool,
}

fn lent() -> MutexGuard<'static, Option<Lent>> {
    LENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While this lives, keys come through as they are typed (Ctrl-C and Ctrl-Z too), and what is shown is not changed. When
/// it is dropped the terminal is as it was, and what was typed and not read is thrown away: it was meant for the program.
pub struct Raw(());

impl Raw {
    /// Lends the terminal of standard input and standard error to a program.
    pub fn enter() -> io::Result<Raw> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        // From here on whoever restores the terminal knows how.
        *lent() = Some(Lent { before, modes: Modes::default(), raw: true });
        let raw_now = Raw(());
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        Ok(raw_now)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        restore();
    }
}

/// Shows what a program wrote, as it is. A terminal that went away is no reason to stop.
pub fn draw(bytes: &[u8]) {
    if let Some(lent) = lent().as_mut() {
        lent.modes.note(bytes);
    }
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(bytes);
    let _ = stderr.flush();
}

/// Takes the terminal back, if it is lent: for whatever way out.
pub fn restore() {
    // Whoever panics may hold it; then the terminal is only half its own, and there is nothing better to be had.
    let Ok(mut lent) = LENT.try_lock().or_else(|error| match error {
        std::sync::TryLockError::Poisoned(poisoned) => Ok(poisoned.into_inner()),
        std::sync::TryLockError::WouldBlock => Err(()),
    }) else {
        return;
    };
    if let Some(lent) = lent.take() {
        lent.give_back();
    }
}

/// Takes the terminal back for as long as this program is suspended.
pub fn suspend() {
    if let Some(lent) = lent().as_mut().filter(|lent| lent.raw) {
        lent.raw = false;
        lent.give_back();
    }
}

/// Lends it again. Whatever a shell did to it in between does not matter.
pub fn resume() {
    if let Some(lent) = lent().as_mut() {
        let mut raw = lent.before.clone();
        raw.make_raw();
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &raw);
        if !lent.raw {
            let _ = io::stderr().write_all(&lent.modes.redo());
        }
        lent.raw = true;
    }
}

impl Lent {
    fn give_back(&self) {
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(&self.modes.undo());
        let _ = stderr.flush();
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}

/// Columns and rows of the operator's terminal; 80 and 24 where it does not say.
pub fn size() -> (u16, u16) {
    let size = tcgetwinsize(io::stderr()).or_else(|_| tcgetwinsize(io::stdin()));
    match size {
        Ok(Winsize { ws_col, ws_row, .. }) if ws_col > 0 && ws_row > 0 => (ws_col, ws_row),
        _ => (80, 24),
    }
}
