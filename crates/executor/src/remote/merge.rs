//! Output and secrets of a block on a place, put back in the order in which they came.
//!
//! The place's log holds what the block registers as secrets, and between that marks of ours, each closed in by NUL:
//! `MARK o LENGTH CLOCK` and `MARK e LENGTH CLOCK` when so much more of an output lay in its file, `MARK b OUT ERR CLOCK` that
//! so much of both lay there, `MARK s CLOCK` that the block began. Marks go through the same pipe as secrets: what stands
//! before a mark was registered before whatever that mark covers was printed. So nothing is handed on that no mark covers.

use std::collections::VecDeque;
use std::time::Duration;

use crate::Stream;
use crate::registry::{Pending, Registered};

/// More of one output than this is not held back for the sake of the other, bytes.
const HELD_FOR_ORDER: usize = 4 * 1024 * 1024;
/// More that no mark covers is not taken, bytes.
const HELD_UNCOVERED: usize = 64 * 1024 * 1024;
/// Largest piece that is handed on, bytes.
const PIECE: usize = 1024 * 1024;

/// What is handed on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Began,
    Secret(Registered),
    Output(Stream, Vec<u8>, Duration),
}

/// Bytes of one output that wait to be handed on.
#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Where the first of them stands in the output.
    at: u64,
    /// How much of the output marks cover.
    covered: u64,
}

/// Puts both outputs and the registered secrets back in order; this is how far it is.
pub(crate) struct OutputMerger {
    mark: Vec<u8>,
    out: Waiting,
    err: Waiting,
    /// Marks that are not behind us: which output, up to where, when.
    marks: VecDeque<(Stream, u64, Duration)>,
    log: Vec<u8>,
    secrets: Pending,
    /// The clock when the block began.
    began: Option<u64>,
    /// When the last piece that was handed on came: both pumps look at the clock for themselves.
    latest: Duration,
}

impl OutputMerger {
    /// For an attempt whose output is already had up to `out` and `err`.
    pub(crate) fn from(mark: &str, out: u64, err: u64) -> OutputMerger {
        let waiting = |at| Waiting { at, ..Waiting::default() };
        OutputMerger {
            mark: [b"\0", mark.as_bytes(), b" "].concat(),
            out: waiting(out),
            err: waiting(err),
            marks: VecDeque::new(),
            log: Vec::new(),
            secrets: Pending::default(),
            began: None,
            latest: Duration::ZERO,
        }
    }

    /// How much of an output has come, handed on or not.
    pub(crate) fn had(&self, stream: Stream) -> u64 {
        let waiting = self.waiting_ref(stream);
        waiting.at + waiting.bytes.len() as u64
    }

    /// More of an output. The error says why it cannot be what the place printed.
    pub(crate) fn output(&mut self, stream: Stream, at: u64, bytes: &[u8]) -> Result<(), String> {
        if at != self.had(stream) {
            return Err(format!("output came out of order: byte {at} instead of {}", self.had(stream)));
        }
        let waiting = self.waiting(stream);
        waiting.bytes.extend_from_slice(bytes);
        let uncovered =
            (waiting.at + waiting.bytes.len() as u64).saturating_sub(waiting.covered.max(waiting.at));
        if uncovered > HELD_UNCOVERED as u64 {
            return Err("more output came than its log accounts for".to_owned());
        }
        Ok(())
    }

    /// More of the log: hands on the secrets in it. The error says what cannot be a secret.
    pub(crate) fn log(&mut self, bytes: &[u8], items: &mut Vec<Item>) -> Result<(), String> {
        self.log.extend_from_slice(bytes);
        let mut from = 0;
        while let Some(found) = find(&self.log[from..], &self.mark).map(|found| from + found) {
            let inner = found + self.mark.len();
            let Some(length) = self.log[inner..].iter().position(|&byte| byte == 0) else { break };
            register(&mut self.secrets, &self.log[from..found], items)?;
            let text = String::from_utf8_lossy(&self.log[inner..inner + length]).into_owned();
            self.marked(&text, items);
            from = inner + length + 1;
        }
        // What may be the beginning of a mark waits for the rest of it.
        let rest = &self.log[from..];
        let keep = find(rest, &self.mark).unwrap_or_else(|| {
            let longest = self.mark.len().min(rest.len());
            (0..=longest)
                .rev()
                .find(|&length| rest.ends_with(&self.mark[..length]))
                .map_or(rest.len(), |length| rest.len() - length)
        });
        register(&mut self.secrets, &rest[..keep], items)?;
        self.log.drain(..from + keep);
        Ok(())
    }

    fn marked(&mut self, text: &str, items: &mut Vec<Item>) {
        let words: Vec<&str> = text.split(' ').collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
        match (words.first().copied(), number(1), number(2), number(3)) {
            (Some("s"), Some(clock), ..) => {
                self.began = Some(clock);
                items.push(Item::Began);
            }
            (Some("o"), Some(length), Some(clock), _) => {
                let upto = self.out.covered + length;
                self.cover(Stream::Stdout, upto, clock);
            }
            (Some("e"), Some(length), Some(clock), _) => {
                let upto = self.err.covered + length;
                self.cover(Stream::Stderr, upto, clock);
            }
            (Some("b"), Some(out), Some(err), Some(clock)) => {
                self.ahead(Stream::Stdout, out, clock);
                self.ahead(Stream::Stderr, err, clock);
            }
            _ => {}
        }
    }

    fn cover(&mut self, stream: Stream, upto: u64, clock: u64) {
        self.waiting(stream).covered = upto;
        let at = self.since(clock);
        self.marks.push_back((stream, upto, at));
    }

    /// So much is there, whatever the pump has said of it yet: it will say the same once more, in its own lengths.
    fn ahead(&mut self, stream: Stream, upto: u64, clock: u64) {
        let at = self.since(clock);
        if upto > self.waiting_ref(stream).covered {
            self.marks.push_back((stream, upto, at));
        }
    }

    fn since(&self, clock: u64) -> Duration {
        Duration::from_millis(clock.saturating_sub(self.began.unwrap_or(clock)) * 10)
    }

    /// Everything up to these sizes was there when the block had ended, after so long.
    pub(crate) fn finish(&mut self, out: u64, err: u64, took: Duration) {
        self.marks.push_back((Stream::Stdout, out, took));
        self.marks.push_back((Stream::Stderr, err, took));
    }

    /// What may be handed on by now, in order.
    pub(crate) fn due(&mut self, items: &mut Vec<Item>) {
        while let Some(&(stream, upto, at)) = self.marks.front() {
            self.latest = self.latest.max(at);
            let latest = self.latest;
            let waiting = self.waiting(stream);
            let length = usize::try_from(upto.saturating_sub(waiting.at)).unwrap_or(usize::MAX);
            let there = length.min(waiting.bytes.len());
            waiting.hand_on(there, stream, latest, items);
            if there < length {
                // The rest is on its way. What stands behind it waits, as long as it is not too much.
                self.out_of_order(stream, items);
                return;
            }
            self.marks.pop_front();
        }
    }

    fn out_of_order(&mut self, held_up_by: Stream, items: &mut Vec<Item>) {
        let other = match held_up_by {
            Stream::Stdout => Stream::Stderr,
            Stream::Stderr => Stream::Stdout,
        };
        if self.waiting_ref(other).bytes.len() <= HELD_FOR_ORDER {
            return;
        }
        let marks: Vec<_> = self.marks.iter().copied().filter(|mark| mark.0 == other).collect();
        for (_, upto, at) in marks {
            self.latest = self.latest.max(at);
            let at = self.latest;
            let waiting = self.waiting(other);
            let length = usize::try_from(upto.saturating_sub(waiting.at)).unwrap_or(usize::MAX);
            let there = length.min(waiting.bytes.len());
            waiting.hand_on(there, other, at, items);
        }
    }

    /// The last record needs no end.
    pub(crate) fn last_secret(&mut self) -> Result<Option<Registered>, String> {
        let rest = std::mem::take(&mut self.log);
        let mut items = Vec::new();
        register(&mut self.secrets, &rest, &mut items)?;
        let last = self.secrets.last()?;
        Ok(items
            .into_iter()
            .find_map(|item| match item {
                Item::Secret(registered) => Some(registered),
                _ => None,
            })
            .or(last))
    }

    fn waiting(&mut self, stream: Stream) -> &mut Waiting {
        match stream {
            Stream::Stdout => &mut self.out,
            Stream::Stderr => &mut self.err,
        }
    }

    fn waiting_ref(&self, stream: Stream) -> &Waiting {
        match stream {
            Stream::Stdout => &self.out,
            Stream::Stderr => &self.err,
        }
    }
}

impl Waiting {
    fn hand_on(&mut self, length: usize, stream: Stream, at: Duration, items: &mut Vec<Item>) {
        let mut left = length;
        while left > 0 {
            let now = left.min(PIECE);
            let rest = self.bytes.split_off(now);
            items.push(Item::Output(stream, std::mem::replace(&mut self.bytes, rest), at));
            left -= now;
            self.at += now as u64;
        }
    }
}

fn register(secrets: &mut Pending, bytes: &[u8], items: &mut Vec<Item>) -> Result<(), String> {
    items.extend(secrets.feed(bytes)?.into_iter().map(Item::Secret));
    Ok(())
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(text: &str, at: u64) -> Item {
        Item::Output(Stream::Stdout, text.as_bytes().to_vec(), Duration::from_millis(at))
    }

    fn err(text: &str, at: u64) -> Item {
        Item::Output(Stream::Stderr, text.as_bytes().to_vec(), Duration::from_millis(at))
    }

    fn secret(name: &str, value: &str) -> Item {
        Item::Secret((name.to_owned(), value.to_owned()))
    }

    #[test]
    fn output_comes_in_the_order_of_its_marks_with_its_times() {
        let mut merger = OutputMerger::from("M", 0, 0);
        let mut items = Vec::new();
        merger.log(b"\0M s 100\0\0M o 2 101\0\0M e 1 150\0\0M o 1 200\0", &mut items).unwrap();
        merger.output(Stream::Stdout, 0, b"abc").unwrap();
        merger.due(&mut items);
        assert_eq!(items, [Item::Began, out("ab", 10)], "the third waits for what was printed before it");
        merger.output(Stream::Stderr, 0, b"x").unwrap();
        merger.due(&mut items);
        assert_eq!(items[2..], [err("x", 500), out("c", 1000)]);
    }

    #[test]
    fn a_secret_is_known_before_what_was_printed_after_it_wherever_the_log_is_cut() {
        let log = b"\0M s 0\0A=1\nB=l\0M o 3 1\0ong\n\0MC=2\n3\0\0M e 1 2\0D=4";
        for cut in 0..log.len() {
            let mut merger = OutputMerger::from("M", 0, 0);
            let mut items = Vec::new();
            merger.output(Stream::Stdout, 0, b"abc").unwrap();
            merger.output(Stream::Stderr, 0, b"d").unwrap();
            for part in [&log[..cut], &log[cut..]] {
                merger.log(part, &mut items).unwrap();
                merger.due(&mut items);
            }
            let at = |item: &Item| items.iter().position(|other| other == item);
            assert!(at(&secret("A", "1")) < at(&out("abc", 10)), "{cut}: {items:?}");
            assert!(at(&secret("B", "long")).is_some(), "{cut}: {items:?}");
            assert!(at(&secret("MC", "2\n3")) < at(&err("d", 20)), "{cut}: {items:?}");
            assert_eq!(merger.last_secret().unwrap(), Some(("D".to_owned(), "4".to_owned())));
        }
    }

    #[test]
    fn what_no_mark_covers_waits_until_the_end() {
        let mut merger = OutputMerger::from("M", 0, 0);
        let mut items = Vec::new();
        merger.output(Stream::Stdout, 0, b"abcd").unwrap();
        merger.due(&mut items);
        assert_eq!(items, []);
        merger.log(b"\0M b 2 0 7\0", &mut items).unwrap();
        merger.due(&mut items);
        assert_eq!(items, [out("ab", 0)]);
        // The pump says of the same bytes, later and in its own lengths.
        merger.log(b"\0M o 3 9\0", &mut items).unwrap();
        merger.due(&mut items);
        assert_eq!(items[1..], [out("c", 0)]);
        merger.finish(4, 0, Duration::from_secs(1));
        merger.due(&mut items);
        assert_eq!(items[2..], [out("d", 1000)]);
    }

    #[test]
    fn times_never_run_backwards() {
        let mut merger = OutputMerger::from("M", 0, 0);
        let mut items = Vec::new();
        merger.log(b"\0M s 100\0\0M o 1 150\0", &mut items).unwrap();
        merger.output(Stream::Stdout, 0, b"a").unwrap();
        merger.due(&mut items);
        merger.log(b"\0M e 1 149\0", &mut items).unwrap();
        merger.output(Stream::Stderr, 0, b"b").unwrap();
        merger.due(&mut items);
        assert_eq!(items[1..], [out("a", 500), err("b", 500)]);
    }

    #[test]
    fn what_was_had_before_is_not_handed_on_again() {
        let mut merger = OutputMerger::from("M", 3, 0);
        let mut items = Vec::new();
        merger.log(b"A=1\n\0M o 2 1\0\0M o 2 2\0", &mut items).unwrap();
        merger.output(Stream::Stdout, 3, b"d").unwrap();
        merger.due(&mut items);
        assert_eq!(items, [secret("A", "1"), out("d", 0)]);
        assert!(merger.output(Stream::Stdout, 9, b"x").is_err());
    }
}
