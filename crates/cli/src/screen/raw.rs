//! The operator's terminal while a program draws on it: keys go through as they come, and whatever way the program or
//! ours ends, it is as it was.

use std::io::{self, Write};
use std::sync::{MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use rustix::termios::{Winsize, tcgetattr, tcgetwinsize};

use super::Screen;
use super::lent::Lent;

/// How often, and how long each time, one waits for whoever holds the terminal.
const MOMENTS: usize = 100;
const MOMENT: Duration = Duration::from_millis(1);

/// While this lives, keys come through as they are typed (Ctrl-C and Ctrl-Z too), and what is shown is not changed. When
/// it is dropped the terminal is as it was, and what was typed and not read is thrown away: it was meant for the program.
pub struct Raw(Screen);

impl Raw {
    /// Lends the terminal of standard input and standard error to a program.
    pub fn enter(screen: &Screen) -> io::Result<Raw> {
        let lent = Lent::from(tcgetattr(io::stdin())?);
        // From here on whoever restores the terminal knows how.
        let raw_now = Raw(screen.clone());
        screen.lent().insert(lent).make_raw()?;
        Ok(raw_now)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.0.take_back();
    }
}

impl Screen {
    fn lent(&self) -> MutexGuard<'_, Option<Lent>> {
        self.0.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what a program wrote, as it is, while the terminal is lent. One that went away is no reason to stop.
    pub fn draw(&self, bytes: &[u8]) {
        // Held until it is written: whoever gives the terminal back writes after it, and nothing is drawn after that.
        let mut stderr = io::stderr().lock();
        match self.lent().as_mut() {
            Some(lent) => lent.modes.note(bytes),
            None => return,
        }
        let _ = stderr.write_all(bytes);
        let _ = stderr.flush();
    }

    /// Takes the terminal back, if it is lent: for whatever way out.
    pub fn take_back(&self) {
        // Others hold it for a moment. Whoever panics may hold it too; then there is nothing better to be had.
        let lent = (0..MOMENTS).find_map(|_| match self.0.lent.try_lock() {
            Ok(mut lent) => Some(lent.take()),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner().take()),
            Err(TryLockError::WouldBlock) => {
                std::thread::sleep(MOMENT);
                None
            }
        });
        let lent = lent.flatten();
        if let Some(lent) = lent {
            lent.give_back();
        }
    }

    /// Takes the terminal back for as long as this program is suspended.
    pub fn suspend(&self) {
        // Not held while it is written: who draws holds the terminal first, and then asks whether it is lent.
        let given_back = self.lent().as_mut().and_then(Lent::suspend);
        if let Some(lent) = given_back {
            lent.give_back();
        }
    }

    /// Lends it again. Whatever a shell did to it in between does not matter.
    pub fn resume(&self) {
        let again = self.lent().as_mut().and_then(Lent::resume);
        let _ = again.map(|modes| io::stderr().write_all(&modes));
    }
}

/// Columns and rows of the operator's terminal; 80 and 24 where it does not say.
pub fn size() -> (u16, u16) {
    told_size().unwrap_or((80, 24))
}

/// Columns and rows of the operator's terminal; one that does not say is driven by a program, or by a serial line.
pub fn told_size() -> Option<(u16, u16)> {
    let size = tcgetwinsize(io::stderr()).or_else(|_| tcgetwinsize(io::stdin()));
    match size {
        Ok(Winsize { ws_col, ws_row, .. }) if ws_col > 0 && ws_row > 0 => Some((ws_col, ws_row)),
        _ => None,
    }
}
