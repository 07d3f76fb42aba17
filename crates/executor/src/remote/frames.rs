//! What a place answers, line by line and body by body.
//!
//! Every line of ours begins with a token made for this one call. Whatever else comes (a login shell's greeting) is passed over.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

/// A place that says nothing for so long cannot be reached: whoever follows there says something every two seconds.
pub(crate) const SILENCE: Duration = Duration::from_secs(8);
/// A line that carries less than this is as good as none, bytes a second.
const SLOWEST: usize = 16 * 1024;
/// Size of a read, bytes.
const READ: usize = 64 * 1024;
/// No line of ours is longer, bytes.
const LINE: usize = 8 * 1024;
/// No body is longer, bytes; what a shell left behind can be this long.
const BODY: u64 = 64 * 1024 * 1024;

/// Why nothing more comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cut(pub(crate) String);

/// One part of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// A word and what belongs to it.
    Said(String, String),
    /// Some bytes of a body: what they are of, where the first one stands there, and whether they are its last.
    Bytes { of: Of, at: u64, bytes: &'a [u8], last: bool },
}

/// What a body is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Out,
    Err,
    Log,
    State,
    End,
}

#[derive(Clone, Copy)]
struct Body {
    of: Of,
    at: u64,
    left: u64,
}

/// An answer, read.
pub(crate) struct Frames<R> {
    reader: R,
    head: Vec<u8>,
    buffer: Vec<u8>,
    from: usize,
    body: Option<Body>,
    silence: Duration,
    /// How long it may be silent before it has said anything.
    first: Duration,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    /// For what is asked with a text of this length: it takes its time to get there.
    pub(crate) fn patient(self, length: usize) -> Frames<R> {
        let more = Duration::from_secs((length / SLOWEST) as u64);
        Frames { first: self.silence + more, ..self }
    }

    pub(crate) fn of(reader: R, token: &str, silence: Duration) -> Frames<R> {
        let head = format!("{token} ").into_bytes();
        Frames { reader, head, buffer: Vec::new(), from: 0, body: None, first: silence, silence }
    }

    /// From here on, the answer to another question: that of this length whose answer begins with this token.
    pub(crate) fn go_on(&mut self, token: &str, length: usize) {
        self.head = format!("{token} ").into_bytes();
        self.first = self.silence + Duration::from_secs((length / SLOWEST) as u64);
    }

    /// The next part. Cancelling loses what was read and not handed out.
    pub(crate) async fn next(&mut self) -> Result<Frame<'_>, Cut> {
        loop {
            if let Some(body) = self.body {
                let there = self.buffer.len() - self.from;
                if there == 0 {
                    self.fill().await?;
                    continue;
                }
                let length = usize::try_from(body.left).map_or(there, |left| left.min(there));
                let start = self.from;
                self.from += length;
                let left = body.left - length as u64;
                self.body = (left > 0).then_some(Body { at: body.at + length as u64, left, ..body });
                let bytes = &self.buffer[start..start + length];
                return Ok(Frame::Bytes { of: body.of, at: body.at, bytes, last: left == 0 });
            }
            let Some(line) = self.line() else {
                self.fill().await?;
                continue;
            };
            let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let of = match word {
                "o" => Of::Out,
                "e" => Of::Err,
                "l" => Of::Log,
                "s" => Of::State,
                "end" => Of::End,
                _ => return Ok(Frame::Said(word.to_owned(), rest.to_owned())),
            };
            let (at, left) =
                numbers(rest).ok_or_else(|| Cut(format!("it answered `{}`", line.escape_debug())))?;
            if left > BODY {
                return Err(Cut("it announced more than is taken at once".to_owned()));
            }
            if left == 0 {
                return Ok(Frame::Bytes { of, at, bytes: &[], last: true });
            }
            self.body = Some(Body { of, at, left });
        }
    }

    /// The next line of ours that is there, without the token.
    fn line(&mut self) -> Option<String> {
        loop {
            let rest = &self.buffer[self.from..];
            let Some(length) = rest.iter().position(|&byte| byte == b'\n') else {
                if rest.len() > LINE {
                    // Nobody of ours writes such lines.
                    self.from = self.buffer.len();
                }
                return None;
            };
            let line = &rest[..length];
            self.from += length + 1;
            if let Some(ours) = line.strip_prefix(&self.head[..]) {
                self.first = self.silence;
                return Some(String::from_utf8_lossy(ours).into_owned());
            }
        }
    }

    async fn fill(&mut self) -> Result<(), Cut> {
        self.buffer.drain(..self.from);
        self.from = 0;
        let had = self.buffer.len();
        self.buffer.reserve(READ);
        match timeout(self.first, self.reader.read_buf(&mut self.buffer)).await {
            Err(_) => Err(Cut(format!("nothing was heard for {} s", self.first.as_secs()))),
            Ok(Err(error)) => Err(Cut(error.to_string())),
            Ok(Ok(_)) if self.buffer.len() == had => Err(Cut("the connection was closed".to_owned())),
            Ok(Ok(_)) => Ok(()),
        }
    }
}

fn numbers(text: &str) -> Option<(u64, u64)> {
    let (first, second) = text.split_once(' ')?;
    Some((first.parse().ok()?, second.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &[u8]) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut frames = Frames::of(answer, "tok", SILENCE);
            let mut seen = Vec::new();
            loop {
                match frames.next().await {
                    Ok(frame) => seen.push(format!("{frame:?}")),
                    Err(Cut(why)) => {
                        seen.push(why);
                        return seen;
                    }
                }
            }
        })
    }

    #[test]
    fn lines_of_ours_and_bodies_are_told_from_noise() {
        let seen =
            read(b"Welcome!\nnot tok x\ntok boot a b\ntok o 7 5\ntok x\ntok e 0 0\nlast: tok \ntok beat 1\n");
        assert_eq!(
            seen,
            [
                r#"Said("boot", "a b")"#,
                r#"Bytes { of: Out, at: 7, bytes: [116, 111, 107, 32, 120], last: true }"#,
                "Bytes { of: Err, at: 0, bytes: [], last: true }",
                r#"Said("beat", "1")"#,
                "the connection was closed",
            ]
        );
    }

    #[test]
    fn what_is_no_number_or_too_large_ends_the_reading() {
        assert_eq!(read(b"tok o 1 x\n"), ["it answered `o 1 x`"]);
        assert_eq!(read(b"tok o 1 99999999999\n"), ["it announced more than is taken at once"]);
    }

    #[test]
    fn noise_without_an_end_is_not_kept() {
        let noise = [vec![b'x'; 3 * LINE], b"\ntok complete\n".to_vec()].concat();
        assert_eq!(read(&noise), [r#"Said("complete", "")"#, "the connection was closed"]);
    }
}
