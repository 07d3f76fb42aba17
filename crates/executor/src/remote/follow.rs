//! One block on a place, followed to its end over however many connections that takes.

use std::collections::BTreeMap;
use std::time::Instant;

use super::Remote;
use super::asked::Sink;
use super::course::{Course, Last};
use super::frames::{Cut, Frame, Frames, Of, SILENCE};
use super::line::Wire;
use super::order::Text;
use super::session::{Open, REST};
use crate::Stream;
use crate::progress::Stop;

/// More of what a shell told is not taken, bytes; as with blocks of this machine, and its first environment on top.
const MOST_STATE: usize = 17 * 1024 * 1024;

impl Remote {
    /// Asks once and follows until the place has said its last word, or the line is cut. `more`: over a session that was asked
    /// something before, if there is one.
    pub(crate) async fn follow(
        &self,
        id: &str,
        text: &Text,
        more: bool,
        course: &mut Course,
        sink: &mut impl Sink,
    ) -> Result<Last, Cut> {
        let idle = if more { self.idle.lock().await.take() } else { None };
        let (wire, mut frames, text) = match idle.filter(|open| open.since.elapsed() < REST) {
            Some(Open { stdin, mut frames, held, .. }) => {
                frames.go_on(&text.token, text.more.len());
                ((stdin, None, held), frames, &text.more)
            }
            None => {
                let wire = self.line.open().await.map_err(|unreachable| Cut(unreachable.why))?;
                let Wire { stdin, stdout, stderr, held } = wire;
                let frames = Frames::of(stdout, &text.token, SILENCE).patient(text.whole.len());
                ((stdin, Some(stderr), held), frames, &text.whole)
            }
        };
        course.is_sent = true;
        let followed = self.read(&mut frames, course, sink);
        let (last, open) = self.line.exchange(wire, text, followed).await?;
        if let (Last::End(..), Some((stdin, held))) = (&last, open) {
            let open = Open { stdin, frames, held, since: Instant::now() };
            self.resting.borrow_mut().insert(id.to_owned(), open);
        }
        Ok(last)
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
                    "known" => course.proof.hear(&rest),
                    "void" => return Ok(Last::Void(rest)),
                    "doubt" => {
                        let (why, block) = rest.split_once(' ').unwrap_or((&rest, "unknown"));
                        return Ok(Last::Doubt(why.to_owned(), block.to_owned()));
                    }
                    "error" => return Ok(Last::Refused(rest)),
                    "over" => return Err(Cut("it broke off without a last word".to_owned())),
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
                    let registered = course.merger.log(bytes, &mut items);
                    course.deliver(items, sink);
                    if let Err(why) = registered {
                        course.refuse(Stop::Secret(why));
                    }
                }
                Frame::Bytes { of: of @ (Of::Out | Of::Err), at, bytes, .. } => {
                    let stream = if of == Of::Out { Stream::Stdout } else { Stream::Stderr };
                    match course.merger.output(stream, at, bytes) {
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

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use holdpoint_model::Place;

    use super::super::asked::{Attempt, Hello, Identity, Setting, Standing};
    use super::super::line::{Line, Ways};
    use super::super::outcome::Came;
    use super::*;
    use crate::{Job, State};

    struct Hearing(Vec<Standing>);

    impl Sink for Hearing {
        fn on_secret(&mut self, _: &str, _: &str) -> Result<(), String> {
            Ok(())
        }

        fn on_output(&mut self, _: Stream, _: &[u8], _: Duration) -> std::io::Result<()> {
            Ok(())
        }

        fn on_cut(&mut self, _: &str, standing: Standing) {
            self.0.push(standing);
        }
    }

    /// A place that was reached once, and is no more: nothing listens there.
    fn gone() -> Remote {
        let place = Place::parse("ssh://nobody@127.0.0.1:1").unwrap();
        let text = || "text".to_owned();
        let hello = Hello {
            identity: Identity { boot: text(), store: text() },
            how: "shell".to_owned(),
            home: "/".to_owned(),
            base: "/nowhere".to_owned(),
            temporary: "/nowhere".to_owned(),
            host: text(),
            user: text(),
        };
        let ways = Ways { ssh_config: Some("/dev/null".into()), ..Ways::default() };
        let setting = Setting { patience: Some(Duration::from_millis(50)), ..Setting::default() };
        Remote {
            line: Line::to(place, ways).unwrap(),
            setting,
            hello,
            resting: Default::default(),
            idle: Default::default(),
        }
    }

    fn block() -> (Job, State, Attempt) {
        let job = Job {
            name: "a#1".to_owned(),
            interpreter: vec!["sh".to_owned()],
            script: "true".to_owned(),
            strict: true,
            env: Vec::new(),
            timeout: None,
            grace: Duration::from_secs(1),
            cwd: None,
            within: None,
        };
        let identity = Identity { boot: "text".to_owned(), store: "text".to_owned() };
        (
            job,
            State::new("/"),
            Attempt { id: "a".to_owned(), identity, secrets: Vec::new(), known: Vec::new() },
        )
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn what_could_not_be_sent_is_known_not_to_have_begun_and_is_in_no_doubt() {
        let ((job, state, attempt), mut heard) = (block(), Hearing(Vec::new()));
        let remote = gone();
        let came = runtime().block_on(remote.run(&job, &state, &attempt, pending(), &mut heard));
        let Came::NeverRan(why) = came else { panic!("{came:?}") };
        assert!(why.starts_with("it could not be sent there: "), "{why}");
        assert_eq!(heard.0, [Standing::NotBegun]);
    }

    #[test]
    fn what_another_driver_may_have_sent_stays_in_doubt_while_its_place_is_away() {
        let ((job, state, attempt), mut heard) = (block(), Hearing(Vec::new()));
        let (remote, had) = (gone(), Default::default());
        let came = runtime().block_on(remote.attach(&job, &state, &attempt, had, pending(), &mut heard));
        assert!(matches!(came, Came::Unreachable(_)), "{came:?}");
        assert_eq!(heard.0, [Standing::Unknown]);
    }
}
