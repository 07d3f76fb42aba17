//! Where the output of a block comes out: two pipes, or a terminal.

use std::io;

use tokio::select;

use crate::streams::Tap;
use crate::{Size, Stream};

/// What comes out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece<'a> {
    Bytes(Stream, &'a [u8]),
    /// The terminal is this large from now on.
    Size(Size),
}

/// Our end of a block's output.
pub(crate) trait Outlet {
    /// More than is held on the way out, bytes: once as much was read, all that the main process printed is in it.
    const HOLDS: usize;

    /// What is told before anything comes out.
    fn first(&self) -> Option<Piece<'static>> {
        None
    }

    /// Whether anything may still come out.
    fn is_open(&self) -> bool;

    /// What comes out next; `None`: nothing more, from here or from one side of it. Cancelling loses nothing.
    async fn next(&mut self) -> io::Result<Option<Piece<'_>>>;

    /// Whether the last read left something behind.
    fn has_more(&self) -> bool;

    /// Stops reading; throws away what still comes, so that what prints in the background is not ended by that.
    fn abandon(&mut self);
}

/// More than any pipe holds, bytes.
const MORE_THAN_A_PIPE: usize = 1024 * 1024;
/// A shorter read than this, bytes, has emptied its pipe: what comes later is not the main process's.
const EMPTIES: usize = 4096;

/// Standard output and standard error, apart.
pub(crate) struct Outputs {
    stdout: Tap,
    stderr: Tap,
    /// Whether the last read of each left something in its pipe.
    more: [bool; 2],
}

impl Outputs {
    pub(crate) fn of(stdout: Tap, stderr: Tap) -> Outputs {
        Outputs { stdout, stderr, more: [false; 2] }
    }
}

impl Outlet for Outputs {
    const HOLDS: usize = 2 * MORE_THAN_A_PIPE;

    fn is_open(&self) -> bool {
        self.stdout.is_open() || self.stderr.is_open()
    }

    /// Both get their turn.
    async fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        let (stream, piece) = select! {
            piece = self.stdout.next() => (Stream::Stdout, piece),
            piece = self.stderr.next() => (Stream::Stderr, piece),
        };
        let Some(bytes) = piece? else { return Ok(None) };
        self.more[usize::from(stream == Stream::Stderr)] = bytes.len() >= EMPTIES;
        Ok(Some(Piece::Bytes(stream, bytes)))
    }

    fn has_more(&self) -> bool {
        self.more != [false, false]
    }

    fn abandon(&mut self) {
        self.stdout.abandon();
        self.stderr.abandon();
    }
}
