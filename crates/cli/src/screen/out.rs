//! Where a screen's text goes.

use std::io::{self, Write};
#[cfg(test)]
use std::sync::{Arc, Mutex};

/// Standard error and standard output; for tests, one piece of memory.
#[derive(Clone)]
pub(super) enum Out {
    Stderr,
    #[cfg(test)]
    Kept(Arc<Mutex<Vec<u8>>>),
}

impl Out {
    /// Where data go, that are not written for people.
    pub(super) fn for_data(&self) -> Box<dyn Write> {
        match self {
            Out::Stderr => Box::new(io::stdout().lock()),
            #[cfg(test)]
            Out::Kept(_) => Box::new(self.clone()),
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Out::Stderr => io::stderr().lock().write(bytes),
            #[cfg(test)]
            Out::Kept(kept) => kept.lock().unwrap().write(bytes),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Out::Stderr => io::stderr().lock().write_all(bytes),
            #[cfg(test)]
            Out::Kept(kept) => kept.lock().unwrap().write_all(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Out::Stderr => io::stderr().lock().flush(),
            #[cfg(test)]
            Out::Kept(_) => Ok(()),
        }
    }
}
