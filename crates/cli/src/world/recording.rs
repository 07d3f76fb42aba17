//! Output on its way from a block into the record and onto the screen: the one place where it is masked, shown,
//! digested and stored.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use holdpoint_engine::{BlobRef, Output};
use holdpoint_executor::{Display, Stream};
use holdpoint_record::{MaskStream, Redactor};

use super::shown::Shown;
use super::{Journal, Sink};
use crate::problem::Problem;

/// Output on its way: masked, then stored and shown.
pub(super) struct Recording {
    streams: [Kept; 2],
    timing: Vec<u8>,
    live: Shown,
}

struct Kept {
    mask: MaskStream,
    sink: Option<Box<dyn Sink>>,
    /// Held in memory only where the record keeps nothing.
    held: Vec<u8>,
    offset: u64,
}

/// What a block printed, as the record keeps it.
pub(super) struct Recorded {
    pub(super) output: Option<Output>,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) masked: BTreeMap<String, u64>,
}

impl Recording {
    pub(super) fn new(
        keep: bool,
        redactor: &Redactor,
        live: Shown,
        journal: &mut dyn Journal,
    ) -> Result<Recording, Problem> {
        let mut kept = || -> Result<Kept, Problem> {
            let sink = if keep { Some(journal.sink()?) } else { None };
            Ok(Kept { mask: redactor.stream(), sink, held: Vec::new(), offset: 0 })
        };
        Ok(Recording { streams: [kept()?, kept()?], timing: Vec::new(), live })
    }

    /// Masks for more secrets from here on.
    pub(super) fn switch(&mut self, redactor: &Redactor) {
        self.streams.iter_mut().for_each(|kept| kept.mask.switch(redactor));
    }

    /// Says something of our own.
    pub(super) fn tell(&self, text: &str) {
        self.live.tell(text);
    }

    pub(super) fn push(&mut self, stream: Stream, bytes: &[u8], elapsed: Duration) -> io::Result<()> {
        let error = stream == Stream::Stderr;
        let Kept { mask, sink, held, offset } = &mut self.streams[usize::from(error)];
        let (mut result, live, before) = (Ok(()), &mut self.live, *offset);
        mask.push(bytes, &mut |piece| {
            if result.is_ok() {
                result = write(sink, held, piece);
                *offset += piece.len() as u64;
                live.push(error, piece);
            }
        });
        if *offset > before {
            writeln!(self.timing, "{} {offset} {}", if error { 'e' } else { 'o' }, elapsed.as_micros())?;
        }
        result
    }

    /// As [`Recording::push`], for what a block's terminal shows.
    pub(super) fn display(&mut self, display: Display<'_>, elapsed: Duration) -> io::Result<()> {
        match display {
            Display::Bytes(bytes) => self.push(Stream::Stdout, bytes, elapsed),
            Display::Size(size) => {
                writeln!(self.timing, "r {}x{} {}", size.columns, size.rows, elapsed.as_micros())
            }
        }
    }

    /// A moment has passed: on a terminal, what little is held back because it may begin a secret is shown.
    pub(super) fn look_at_held(&mut self) {
        if let Shown::Window(window) = &mut self.live {
            window.look_at_held(self.streams[0].mask.held());
        }
    }

    pub(super) fn finish(self, journal: &mut dyn Journal) -> Result<Recorded, Problem> {
        let Recording { streams, mut timing, mut live } = self;
        let mut masked = BTreeMap::new();
        let (mut blobs, mut helds): (Vec<BlobRef>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
        let last = timing.split(|byte| *byte == b'\n').rev().find(|line| !line.is_empty());
        let last = last.and_then(|line| String::from_utf8_lossy(line).split(' ').nth(2).map(str::to_owned));
        for (error, kept) in streams.into_iter().enumerate() {
            let Kept { mask, mut sink, mut held, mut offset } = kept;
            let (mut result, before) = (Ok(()), offset);
            let counts = mask.finish(&mut |piece| {
                if result.is_ok() {
                    result = write(&mut sink, &mut held, piece);
                    offset += piece.len() as u64;
                    live.push(error == 1, piece);
                }
            });
            result.map_err(|error| {
                Problem::fault(format!("the output cannot be kept: {error}"), "Make room, then resume.")
            })?;
            if offset > before {
                let line = format!(
                    "{} {offset} {}\n",
                    if error == 1 { 'e' } else { 'o' },
                    last.as_deref().unwrap_or("0")
                );
                timing.extend_from_slice(line.as_bytes());
            }
            for (name, count) in counts {
                *masked.entry(name).or_insert(0) += count;
            }
            match sink {
                Some(sink) => blobs.push(sink.finish()?),
                None => helds.push(held),
            }
        }
        live.finish();
        match <[BlobRef; 2]>::try_from(blobs) {
            Ok([stdout, stderr]) => {
                let (out, err) = (journal.get(&stdout)?, journal.get(&stderr)?);
                let timing = journal.put(&timing)?;
                let output = Some(Output { stdout, stderr, timing });
                Ok(Recorded { output, stdout: out, stderr: err, masked })
            }
            Err(_) => {
                let mut helds = helds.into_iter();
                let (stdout, stderr) = (helds.next().unwrap_or_default(), helds.next().unwrap_or_default());
                Ok(Recorded { output: None, stdout, stderr, masked })
            }
        }
    }
}

fn write(sink: &mut Option<Box<dyn Sink>>, held: &mut Vec<u8>, piece: &[u8]) -> io::Result<()> {
    match sink {
        Some(sink) => sink.write_all(piece),
        None => {
            held.extend_from_slice(piece);
            Ok(())
        }
    }
}
