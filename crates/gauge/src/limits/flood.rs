//! Text, as fast as a pipe takes it: lines as programs log them.

use std::fmt::Write as _;
use std::io::{self, Write as _};

/// Bytes that are written at once.
const PIECE: usize = 1 << 20;

/// Stands once in each [`PIECE`]; `cargo xtask bench` declares it a secret where secrets are to be masked.
const SECRET: &str = "k7#Vt-0001-q9Lw";

/// Prints so many bytes.
pub(crate) fn flood(bytes: u64) -> io::Result<()> {
    let text = text();
    let mut out = io::stdout().lock();
    let mut left = bytes;
    while left > 0 {
        let piece = text.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        out.write_all(&text.as_bytes()[..piece])?;
        left -= piece as u64;
    }
    out.flush()
}

fn text() -> String {
    let mut text = format!("token {SECRET} accepted\n");
    let mut line = 0;
    while text.len() < PIECE {
        let (part, of) = (line * 7919 % 1000, line * 104_729 % 65_536);
        let _ =
            writeln!(text, "14:02:{:02} worker-{part:03} took item {of:05} from the queue, ok", line % 60);
        line += 1;
    }
    text.truncate(PIECE - 1);
    text.push('\n');
    text
}
