//! Secrets that a block registers while it runs, through the FIFO that `$HOLDPOINT_SECRETS` names.
//!
//! A record is `NAME=value`, ended by a newline or a NUL. One that begins with a NUL is ended by the next NUL only, so
//! that its value may have lines.
//!
//! What was written here before something was printed is in the FIFO when that is read; so whoever looks here after
//! reading and before handing on misses nothing.

use std::future::pending;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use tokio::net::unix::pipe::Receiver;

use crate::names::is_identifier;
use crate::streams::fifo_receiver;

/// A longer record than this is refused, bytes.
const LONGEST: usize = 1024 * 1024;

const ENDLESS: &str = "what was written to $HOLDPOINT_SECRETS has no end";

/// Name and value of what is registered.
pub(crate) type Registered = (String, String);

/// Our end of the FIFO.
pub(crate) struct Registry {
    /// Open for writing too, which keeps it from looking finished between two writers.
    pipe: Option<Receiver>,
    pending: Vec<u8>,
}

impl Registry {
    pub(crate) fn on(fifo: &Path) -> io::Result<Registry> {
        Ok(Registry { pipe: Some(fifo_receiver(fifo)?), pending: Vec::new() })
    }

    /// Waits until something is registered. Cancelling loses nothing.
    pub(crate) async fn ready(&mut self) {
        let Some(pipe) = &self.pipe else { return pending().await };
        if pipe.readable().await.is_err() {
            self.pipe = None;
            return;
        }
        let mut buffer = [0; 4096];
        match pipe.try_read(&mut buffer) {
            Ok(length) if length > 0 => self.pending.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => self.pipe = None,
        }
    }

    /// Everything registered by now. Never waits. The error says what cannot be a secret, not its value.
    pub(crate) fn take(&mut self) -> Result<Vec<Registered>, String> {
        let mut buffer = [0; 4096];
        // Past tokio's idea of readiness, which may be older than the block's last words.
        while let Some(pipe) = &self.pipe {
            match rustix::io::read(pipe.as_fd(), &mut buffer) {
                Ok(length) if length > 0 && self.pending.len() <= LONGEST => {
                    self.pending.extend_from_slice(&buffer[..length]);
                }
                Err(rustix::io::Errno::INTR) => {}
                _ => break,
            }
        }
        let (found, used) = records(&self.pending);
        let found = found.into_iter().map(read).collect();
        self.pending.drain(..used);
        if self.pending.len() > LONGEST {
            return Err(ENDLESS.to_owned());
        }
        found
    }

    /// As [`Registry::take`], now that the block has ended: the last record needs no end.
    pub(crate) fn finish(mut self) -> Result<Vec<Registered>, String> {
        let mut found = self.take()?;
        let rest = self.pending.strip_prefix(b"\0").unwrap_or(&self.pending);
        if !rest.is_empty() {
            found.push(read(rest)?);
        }
        Ok(found)
    }
}

/// Records as they come in pieces, from somewhere else than a FIFO of ours.
#[derive(Debug, Default)]
pub(crate) struct Pending(Vec<u8>);

impl Pending {
    /// What is whole with these bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Registered>, String> {
        self.0.extend_from_slice(bytes);
        let (found, used) = records(&self.0);
        let found = found.into_iter().map(read).collect();
        self.0.drain(..used);
        if self.0.len() > LONGEST {
            return Err(ENDLESS.to_owned());
        }
        found
    }

    /// The last record, which needs no end.
    pub(crate) fn last(&mut self) -> Result<Option<Registered>, String> {
        let rest = std::mem::take(&mut self.0);
        let rest = rest.strip_prefix(b"\0").unwrap_or(&rest);
        if rest.is_empty() { Ok(None) } else { read(rest).map(Some) }
    }
}

/// Whole records, and how many bytes they take.
fn records(bytes: &[u8]) -> (Vec<&[u8]>, usize) {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(first) = bytes.get(at) {
        let many_lines = *first == 0;
        let start = at + usize::from(many_lines);
        let ends = |byte: &u8| *byte == 0 || (*byte == b'\n' && !many_lines);
        let Some(length) = bytes[start..].iter().position(ends) else { break };
        if length > 0 {
            found.push(&bytes[start..start + length]);
        }
        at = start + length + 1;
    }
    (found, at)
}

fn read(record: &[u8]) -> Result<Registered, String> {
    // Nothing of it is quoted: it may be the secret.
    let text = std::str::from_utf8(record)
        .map_err(|_| "what was written to $HOLDPOINT_SECRETS is not UTF-8".to_owned())?;
    match text.split_once('=') {
        Some((name, value)) if is_identifier(name) => Ok((name.to_owned(), value.to_owned())),
        _ => Err("what was written to $HOLDPOINT_SECRETS is not NAME=value".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_end_at_a_newline_or_nul_and_those_with_lines_at_a_nul() {
        type Case = (&'static [u8], &'static [&'static [u8]], usize);
        let cases: [Case; 8] = [
            (b"", &[], 0),
            (b"A=1", &[], 0),
            (b"A=1\n", &[b"A=1"], 4),
            (b"A=1\nB=2", &[b"A=1"], 4),
            (b"A=1\0B=2\0", &[b"A=1", b"B=2"], 8),
            (b"\0A=1\n2\0B=3\n", &[b"A=1\n2", b"B=3"], 11),
            (b"\0A=1\n2\n", &[], 0),
            (b"\n\n\0\0A=1\n", &[b"A=1"], 8),
        ];
        for (bytes, expected, used) in cases {
            assert_eq!(records(bytes), (expected.to_vec(), used), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_name_and_value_is_refused_and_not_quoted() {
        for record in [&b"hunter2hunter2"[..], b"=hunter2", b"a b=hunter2", b"1A=hunter2", b"A=hunter2\xff"] {
            let error = read(record).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert_eq!(read(b"A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
    }
}
