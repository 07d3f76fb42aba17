//! A terminal that is lent to a program, and how it was before.

use std::io::{self, Write};

use rustix::termios::{OptionalActions, Termios, tcsetattr};

use super::modes::Modes;

/// A terminal that is lent to a program.
#[derive(Clone)]
pub(super) struct Lent {
    before: Termios,
    pub(super) modes: Modes,
    /// Whether it is the program's now, and not given back for as long as ours is suspended.
    raw: bool,
}

impl Lent {
    /// One that was like this before.
    pub(super) fn from(before: Termios) -> Lent {
        Lent { before, modes: Modes::default(), raw: true }
    }

    /// Keys come through as they are typed.
    pub(super) fn make_raw(&self) -> io::Result<()> {
        let mut raw = self.before.clone();
        raw.make_raw();
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &raw)?)
    }

    pub(super) fn give_back(&self) {
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(&self.modes.undo());
        let _ = stderr.flush();
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }

    /// To be given back for a while; `None` where it is already.
    pub(super) fn suspend(&mut self) -> Option<Lent> {
        std::mem::take(&mut self.raw).then(|| self.clone())
    }

    /// Lends it again. What is to be written, so that it is as the program left it.
    pub(super) fn resume(&mut self) -> Option<Vec<u8>> {
        let _ = self.make_raw();
        (!std::mem::replace(&mut self.raw, true)).then(|| self.modes.redo())
    }
}
