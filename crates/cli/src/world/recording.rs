//! Output on its way from a block into the record and onto the screen: the one place where it is masked, shown,
//! digested and stored.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

use holdpoint_document::Block;
use holdpoint_engine::{BlobRef, Output};
use holdpoint_executor::{Display, Stream};
use holdpoint_redact::MaskStream;

use super::known::Known;
use super::shown::Shown;
use super::{Sink, Store};
use crate::problem::Problem;
use crate::screen::Unseen;

/// Output on its way: masked, then stored and shown.
pub(super) struct Recording {
    known: Rc<Known>,
    /// Masked for what was known by then.
    times: u64,
    streams: [Kept; 2],
    timing: Timing,
    live: Shown,
}

struct Kept {
    mask: MaskStream,
    to: To,
    offset: u64,
    /// Whether judging the block looks at it.
    looked_at: bool,
}

/// Where output goes.
enum To {
    Record(Box<dyn Sink<Error = Problem>>),
    /// The record keeps nothing of it; it is held to be judged.
    Memory(Vec<u8>),
    Nowhere,
}

/// Which piece came when; none where the record keeps nothing.
struct Timing {
    sink: Option<Box<dyn Sink<Error = Problem>>>,
    /// When the last piece came.
    last: Duration,
}

/// What a block printed, as the record keeps it.
pub(super) struct Recorded {
    pub(super) output: Option<Output>,
    /// `None` where nothing looks at it.
    pub(super) stdout: Option<Vec<u8>>,
    /// As `stdout`.
    pub(super) stderr: Option<Vec<u8>>,
    pub(super) masked: BTreeMap<String, u64>,
    /// The last lines of it, where nobody has seen them.
    pub(super) unseen: Unseen,
}

impl Recording {
    pub(super) fn new(
        block: &Block,
        known: &Rc<Known>,
        mut live: Shown,
        store: &mut Store<'_>,
    ) -> Result<Recording, Problem> {
        let (keep, redactor) = (block.options.record, known.redactor());
        let mut kept = |looked_at: bool| -> Result<Kept, Problem> {
            let to = match (keep, looked_at) {
                (true, _) => To::Record(store.sink(looked_at)?),
                (false, true) => To::Memory(Vec::new()),
                (false, false) => To::Nowhere,
            };
            Ok(Kept { mask: redactor.stream(), to, offset: 0, looked_at })
        };
        let streams = [kept(block.looks_at_stdout())?, kept(block.looks_at_stderr())?];
        let sink = if keep { Some(store.sink(false)?) } else { None };
        if sink.as_ref().is_some_and(|sink| sink.is_lasting()) {
            live.all_is_recorded();
        }
        let (known, times) = (Rc::clone(known), known.times());
        Ok(Recording { known, times, streams, timing: Timing { sink, last: Duration::ZERO }, live })
    }

    /// Masks for more secrets from here on, where there are more.
    fn catch_up(&mut self) {
        if std::mem::replace(&mut self.times, self.known.times()) != self.known.times() {
            let redactor = self.known.redactor();
            self.streams.iter_mut().for_each(|kept| kept.mask.switch(&redactor));
        }
    }

    /// Says something of our own.
    pub(super) fn tell(&self, text: &str) {
        self.live.tell(text);
    }

    /// Says that the block is being stopped.
    pub(super) fn stops(&self, text: &str) {
        self.live.rest();
        self.live.tell(text);
    }

    /// What its place is at, in a word.
    pub(super) fn stands(&self, word: &str) {
        self.live.stands(word);
    }

    pub(super) fn push(&mut self, stream: Stream, bytes: &[u8], elapsed: Duration) -> io::Result<()> {
        self.catch_up();
        let error = stream == Stream::Stderr;
        let Kept { mask, to, offset, .. } = &mut self.streams[usize::from(error)];
        let (mut result, live, before) = (Ok(()), &mut self.live, *offset);
        mask.push(bytes, &mut |piece| {
            if result.is_ok() {
                result = to.write(piece);
                *offset += piece.len() as u64;
                live.push(error, piece);
            }
        });
        // The first failure is the reason; what comes after it only says that there was one.
        result?;
        if *offset > before {
            self.timing.note(error, *offset, elapsed)?;
        }
        Ok(())
    }

    /// As [`Recording::push`], for what a block's terminal shows.
    pub(super) fn display(&mut self, display: Display<'_>, elapsed: Duration) -> io::Result<()> {
        match display {
            Display::Bytes(bytes) => self.push(Stream::Stdout, bytes, elapsed),
            Display::Size(size) => self.timing.line(&format!("r {}x{}", size.columns, size.rows), elapsed),
        }
    }

    /// A moment has passed: on a terminal, what little is held back because it may begin a secret is shown.
    pub(super) fn look_at_held(&mut self) {
        if let Shown::Window(window) = &mut self.live {
            window.look_at_held(self.streams[0].mask.held());
        }
    }

    pub(super) fn finish(mut self, store: &mut Store<'_>) -> Result<Recorded, Problem> {
        self.catch_up();
        let Recording { streams, mut timing, mut live, .. } = self;
        let unkept = |error: io::Error| {
            Problem::fault(format!("the output cannot be kept: {error}"), "Make room, then resume.")
        };
        let mut masked = BTreeMap::new();
        let (mut blobs, mut looked): (Vec<BlobRef>, Vec<Option<Vec<u8>>>) = (Vec::new(), Vec::new());
        for (error, kept) in [false, true].into_iter().zip(streams) {
            let Kept { mask, mut to, mut offset, looked_at } = kept;
            let (mut result, before) = (Ok(()), offset);
            let counts = mask.finish(&mut |piece| {
                if result.is_ok() {
                    result = to.write(piece);
                    offset += piece.len() as u64;
                    live.push(error, piece);
                }
            });
            result.map_err(unkept)?;
            if offset > before {
                timing.note(error, offset, timing.last).map_err(unkept)?;
            }
            for (name, count) in counts {
                *masked.entry(name).or_insert(0) += count;
            }
            match to {
                To::Record(sink) => {
                    let blob = sink.finish()?;
                    // Judged is what the record holds.
                    looked.push(looked_at.then(|| store.get(&blob)).transpose()?);
                    blobs.push(blob);
                }
                To::Memory(held) => looked.push(Some(held)),
                To::Nowhere => looked.push(None),
            }
        }
        let unseen = live.finish();
        let timing = timing.sink.map(Sink::finish).transpose()?;
        let output = match (<[BlobRef; 2]>::try_from(blobs), timing) {
            (Ok([stdout, stderr]), Some(timing)) => Some(Output { stdout, stderr, timing }),
            _ => None,
        };
        let (stderr, stdout) = (looked.pop().flatten(), looked.pop().flatten());
        Ok(Recorded { output, stdout, stderr, masked, unseen })
    }
}

impl To {
    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            To::Record(sink) => sink.write_all(piece)?,
            To::Memory(held) => held.extend_from_slice(piece),
            To::Nowhere => {}
        }
        Ok(())
    }
}

impl Timing {
    /// A piece that ends at `offset` of its stream came now.
    fn note(&mut self, error: bool, offset: u64, elapsed: Duration) -> io::Result<()> {
        self.line(&format!("{} {offset}", if error { 'e' } else { 'o' }), elapsed)
    }

    fn line(&mut self, what: &str, elapsed: Duration) -> io::Result<()> {
        self.last = elapsed;
        let Some(sink) = &mut self.sink else { return Ok(()) };
        sink.write_all(format!("{what} {}\n", elapsed.as_micros()).as_bytes())
    }
}
