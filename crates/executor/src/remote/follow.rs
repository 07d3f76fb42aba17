//! One block on a place, followed to its end over however many connections that takes.

use std::collections::BTreeMap;

use super::Remote;
use super::asked::Sink;
use super::course::{Course, Last};
use super::frames::{Cut, Frame, Frames, Of, SILENCE};
use super::line::Wire;
use crate::Stream;
use crate::progress::Stop;

/// More of what a shell told is not taken, bytes; as with blocks of this machine, and its first environment on top.
const MOST_STATE: usize = 17 * 1024 * 1024;

impl Remote {
    /// Asks once and follows until the place has said its last word, or the line is cut.
    pub(crate) async fn follow(
        &self,
        text: &[u8],
        token: &str,
        course: &mut Course,
        sink: &mut impl Sink,
    ) -> Result<Last, Cut> {
        let wire = self.line.open().await.map_err(|unreachable| Cut(unreachable.why))?;
        let Wire { stdin, stdout, stderr, held } = wire;
        course.is_sent = true;
        let mut frames = Frames::of(stdout, token, SILENCE).patient(text.len());
        let followed = self.read(&mut frames, course, sink);
        self.line.exchange((stdin, stderr, held), text, followed).await
    }

    async fn read(
        &self,
        frames: &mut Frames<impl tokio::io::AsyncRead + Unpin>,
        course: &mut Course,
        sink: &mut impl Sink,
    ) -> Result<Last, Cut> {
        let (mut state, mut end) = (Vec::new(), Vec::new());
        loop {
            match frames.next().await? {
                Frame::Said(word, rest) => match word.as_str() {
                    "started" | "attached" => {
                        course.is_there = true;
                        if std::mem::take(&mut course.is_cut) {
                            sink.on_healed();
                        }
                    }
                    "void" => return Ok(Last::Void(rest)),
                    "doubt" => {
                        let (why, block) = rest.split_once(' ').unwrap_or((&rest, "unknown"));
                        return Ok(Last::Doubt(why.to_owned(), block.to_owned()));
                    }
                    "error" => return Ok(Last::Refused(rest)),
                    _ => {}
                },
                Frame::Bytes { of: Of::State, bytes, .. } => {
                    if state.len() + bytes.len() <= MOST_STATE {
                        state.extend_from_slice(bytes);
                    }
                }
                Frame::Bytes { of: Of::End, bytes, last, .. } => {
                    end.extend_from_slice(bytes);
                    if last {
                        return words(&end)
                            .map(|words| Last::End(words, state))
                            .ok_or_else(|| Cut("what it says of the end cannot be read".to_owned()));
                    }
                }
                Frame::Bytes { of: Of::Log, at, bytes, .. } => {
                    if at != course.log {
                        return Err(Cut("its log came out of order".to_owned()));
                    }
                    course.log += bytes.len() as u64;
                    let mut items = Vec::new();
                    let registered = course.weave.log(bytes, &mut items);
                    course.deliver(items, sink);
                    if let Err(why) = registered {
                        course.refuse(Stop::Secret(why));
                    }
                }
                Frame::Bytes { of: of @ (Of::Out | Of::Err), at, bytes, .. } => {
                    let stream = if of == Of::Out { Stream::Stdout } else { Stream::Stderr };
                    match course.weave.output(stream, at, bytes) {
                        Err(why) => return Err(Cut(why)),
                        Ok(()) => course.deliver(Vec::new(), sink),
                    }
                }
            }
        }
    }
}

/// `KEY VALUE` lines up to one that holds a dot.
fn words(end: &[u8]) -> Option<BTreeMap<String, String>> {
    let text = std::str::from_utf8(end).ok()?;
    let (lines, _) = text.split_once("\n.\n")?;
    Some(
        lines
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect(),
    )
}
