//! A record in one file to give away: a zstd-compressed tar archive whose bytes depend on the record alone.

mod pack;
mod unpack;

use std::io::{self, Read, Write};

pub use pack::{Content, pack};
pub use unpack::{Room, is_one, unpack};

/// A reader or writer for a compressor that panics on errors: the first one is kept and ends the work in silence.
struct Kept<T> {
    inner: T,
    error: Option<io::Error>,
}

impl<T> Kept<T> {
    fn new(inner: T) -> Kept<T> {
        Kept { inner, error: None }
    }

    fn keep(&mut self, error: io::Error, instead: usize) -> io::Result<usize> {
        self.error.get_or_insert(error);
        Ok(instead)
    }

    /// What it holds, where nothing went wrong.
    fn sound(self) -> io::Result<T> {
        self.error.map_or(Ok(self.inner), Err)
    }
}

impl<T: Read> Read for Kept<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => self.keep(error, 0),
            read => read,
        }
    }
}

impl<T: Write> Write for Kept<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.error.is_some() {
            return Ok(bytes.len());
        }
        match self.inner.write(bytes) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => self.keep(error, bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
