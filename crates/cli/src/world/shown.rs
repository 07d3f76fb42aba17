//! Where a block's output is shown, masked already: line by line among our own, or as it is on the terminal that the
//! block was given.

use std::time::{Duration, Instant};

use crate::problem::Problem;
use crate::screen::{LentWriter, Live, Screen, Unseen, raw};

/// Where output is shown.
pub(super) enum Shown {
    /// Line by line, made harmless.
    Lines(Live),
    /// As it is.
    Window(Window),
}

impl Shown {
    pub(super) fn push(&mut self, error: bool, bytes: &[u8]) {
        match self {
            Shown::Lines(live) => live.push(error, bytes),
            Shown::Window(window) => window.push(bytes),
        }
    }

    /// What is left out here stands in the record.
    pub(super) fn all_is_recorded(&mut self) {
        if let Shown::Lines(live) = self {
            live.all_is_recorded();
        }
    }

    /// As [`Live::rest`].
    pub(super) fn rest(&self) {
        if let Shown::Lines(live) = self {
            live.rest();
        }
    }

    /// Says something of our own; on a lent terminal, on a line by itself.
    pub(super) fn tell(&self, text: &str) {
        match self {
            Shown::Lines(live) => live.tell(text),
            Shown::Window(window) => window.writer.draw(format!("\r\n  {text}\r\n").as_bytes()),
        }
    }

    /// As [`Live::stands`].
    pub(super) fn stands(&self, word: &str) {
        if let Shown::Lines(live) = self {
            live.stands(word);
        }
    }

    /// As [`Live::finish`].
    pub(super) fn finish(self) -> Unseen {
        match self {
            Shown::Lines(live) => live.finish(),
            Shown::Window(window) => {
                drop(window);
                Unseen::default()
            }
        }
    }
}

/// Bytes that may begin a secret are shown after so long a silence …
const PATIENCE: Duration = Duration::from_millis(50);
/// … if they are no more than these. A secret has at least eight, so most of it stays hidden; yet an echo of keys, or the
/// end of a program's last sequence, that happens to begin as a secret does is not kept from the operator.
const MOST_SHOWN: usize = 3;

/// The operator's terminal, lent to a block.
pub(super) struct Window {
    /// Before `_raw`: it is done when the terminal is given back.
    writer: LentWriter,
    /// Gives it back when dropped.
    _raw: raw::Raw,
    /// Shown already, though it is not yet known to begin no secret.
    ahead: Ahead,
    /// What is held back, and since when.
    held: (Vec<u8>, Instant),
}

impl Window {
    /// Lends the terminal.
    pub(super) fn open(screen: &Screen) -> Result<Window, Problem> {
        let raw = raw::Raw::enter(screen).map_err(|error| {
            Problem::fault(
                format!("the terminal cannot be lent to the block: {error}"),
                "Nothing of the block was executed; the run can be resumed at another terminal.",
            )
        })?;
        Ok(Window {
            writer: LentWriter::new(screen),
            _raw: raw,
            ahead: Ahead::default(),
            held: (Vec::new(), Instant::now()),
        })
    }

    fn push(&mut self, bytes: &[u8]) {
        let rest = self.ahead.rest(bytes);
        if !rest.is_empty() {
            self.writer.draw(rest);
        }
    }

    /// Looks at what is held back because it may begin a secret, and shows it where that would keep an echo back.
    pub(super) fn look_at_held(&mut self, held: &[u8]) {
        if self.held.0 != held {
            self.held = (held.to_vec(), Instant::now());
        }
        if self.held.1.elapsed() >= PATIENCE && held.len() <= MOST_SHOWN {
            let more = self.ahead.more(held);
            if !more.is_empty() {
                self.writer.draw(more);
            }
        }
    }
}

/// What was shown before it was decided.
#[derive(Default)]
struct Ahead(Vec<u8>);

impl Ahead {
    /// What of `held` is not shown yet; from now on it is.
    fn more<'a>(&mut self, held: &'a [u8]) -> &'a [u8] {
        let more = held.strip_prefix(self.0.as_slice()).unwrap_or_default();
        self.0.extend_from_slice(more);
        more
    }

    /// What of a decided piece is still to be shown. A mask stands for what was shown ahead, too, and is shown whole.
    fn rest<'a>(&mut self, piece: &'a [u8]) -> &'a [u8] {
        let same = self.0.len().min(piece.len());
        if self.0[..same] != piece[..same] {
            self.0.clear();
            return piece;
        }
        self.0.drain(..same);
        &piece[same..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_ahead_is_not_shown_again_and_a_mask_is_shown_whole() {
        let mut ahead = Ahead::default();
        assert_eq!(ahead.more(b"h"), b"h");
        assert_eq!(ahead.more(b"hu"), b"u");
        assert_eq!(ahead.more(b"hu"), b"");
        assert_eq!(ahead.rest(b"h"), b"");
        assert_eq!(ahead.rest(b"ut"), b"t");
        assert_eq!(ahead.rest(b"ut"), b"ut");
        assert_eq!(ahead.more(b"hun"), b"hun");
        assert_eq!(ahead.rest(b"[REDACTED:TOKEN]"), b"[REDACTED:TOKEN]");
        assert_eq!(ahead.rest(b"hun"), b"hun");
    }
}
