//! A helper from its start to its end. Each of what can happen, its end, its outputs, a wish to stop it, is told in one
//! place as it happens, and awaited there.

use std::io::{self, BufRead as _, BufReader, Read};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use duct::Handle;
use os_pipe::PipeReader;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::parts::{Hear, Helper, Moment};
use crate::{Answer, Unanswered};

/// Bytes of standard error that are kept: enough for any message.
const WORDS: u64 = 4096;
/// Bytes of a line that are heard as one.
const LINE: u64 = 64 * 1024;
/// How long outputs are waited for once the helper has ended, where something that it left behind may hold them.
const GRACE: Duration = Duration::from_millis(500);
/// How long what lies in the pipes is waited for then, on a machine that has much else to do.
const LAST: Duration = Duration::from_secs(5);

struct Running {
    helper: Helper,
    handle: Arc<Handle>,
    ended: Option<ExitStatus>,
    printed: Option<Vec<u8>>,
    said: Option<Vec<u8>>,
}

/// Runs it; what it says goes to standard error as it is where it is at the terminal.
pub(crate) fn ask(mut helper: Helper, at_terminal: bool) -> Result<Answer, Unanswered> {
    let failed = |error| Unanswered::Failed(helper.name(), error);
    let (printed, printing) = os_pipe::pipe().map_err(failed)?;
    let (said, saying) = os_pipe::pipe().map_err(failed)?;
    let mut command = helper.asked().stdout_file(printing);
    if !at_terminal {
        command = command.stderr_file(saying);
    }
    let started = command.start();
    // It holds our ends of the pipes, which would never end otherwise.
    drop(command);
    let handle = Arc::new(started.map_err(|error| helper.not_started(error))?);
    let heard = Arc::new(AtomicBool::new(true));
    let (most, hear, tell) = (helper.most, helper.hear.take(), helper.moments.0.clone());
    let mut running = Running { helper, handle, ended: None, printed: None, said: None };
    let listened = running.listen(printed, most, &tell).and_then(|()| {
        if at_terminal {
            running.said = Some(Vec::new());
            return Ok(());
        }
        running.listen_to_words(said, hear, &heard, &tell)
    });
    let answer = listened.and_then(|()| running.await_answer());
    heard.store(false, Ordering::SeqCst);
    answer
}

impl Running {
    fn listen(&self, from: PipeReader, most: u64, tell: &Sender<Moment>) -> Result<(), Unanswered> {
        let (handle, ended) = (Arc::clone(&self.handle), tell.clone());
        self.beside(move || {
            let status = handle.wait().map(|output| output.status);
            // Nobody listens any more where it was not waited for.
            let _ = ended.send(Moment::Ended(status));
        })?;
        let tell = tell.clone();
        self.beside(move || {
            let mut bytes = Vec::new();
            // One byte more tells that there is more. A helper whose reader is gone cannot print on.
            let read = from.take(most + 1).read_to_end(&mut bytes);
            let _ = tell.send(Moment::Printed(read.map(|_| bytes)));
        })
    }

    fn listen_to_words(
        &self,
        mut from: PipeReader,
        hear: Option<Hear>,
        heard: &Arc<AtomicBool>,
        tell: &Sender<Moment>,
    ) -> Result<(), Unanswered> {
        let (heard, tell) = (Arc::clone(heard), tell.clone());
        self.beside(move || {
            let mut words = Vec::new();
            match hear {
                Some(hear) => each_line(from, hear, &heard),
                None => {
                    // The rest is read too, and forgotten. What cannot be read is no words.
                    let _ = from.by_ref().take(WORDS).read_to_end(&mut words);
                    let _ = io::copy(&mut from, &mut io::sink());
                }
            }
            let _ = tell.send(Moment::Said(words));
        })
    }

    /// Does something on a thread of its own; where there is none to be had, the helper is ended.
    fn beside(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Unanswered> {
        std::thread::Builder::new().spawn(work).map(drop).map_err(|error| {
            self.end();
            self.failed(error)
        })
    }

    fn await_answer(mut self) -> Result<Answer, Unanswered> {
        let all = |running: &Running| running.printed.is_some() && running.said.is_some();
        let limit = self.helper.limit;
        let ended = match self.until(limit, |running| running.ended.is_some()) {
            // Its last words: what it left behind may hold the pipes for as long as it likes.
            Ok(true) => self.until(Some(GRACE), all).map(drop),
            Ok(false) => Err(Unanswered::TooLong(self.helper.name(), limit.unwrap_or_default())),
            Err(why) => Err(why),
        };
        self.end();
        if let Err(why) = ended {
            // No more is wanted of it, only that it is gone.
            let _ = self.until(Some(LAST), |running| running.ended.is_some());
            return Err(why);
        }
        let succeeded = self.ended.is_some_and(|status| status.success());
        self.until(Some(LAST), |running| {
            // What it says to a success is only talk.
            running.printed.is_some() && (succeeded || running.said.is_some())
        })?;
        match (self.ended, self.printed) {
            (Some(status), Some(printed)) => {
                Ok(Answer { status, printed, said: self.said.unwrap_or_default() })
            }
            _ => Err(Unanswered::HeldOpen(self.helper.name())),
        }
    }

    /// Takes in what happens, until it is enough (`true`) or the time is over.
    fn until(
        &mut self,
        time: Option<Duration>,
        enough: impl Fn(&Running) -> bool,
    ) -> Result<bool, Unanswered> {
        let began = Instant::now();
        while !enough(self) {
            let moments = &self.helper.moments.1;
            let moment = match time {
                None => moments.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(time) => moments.recv_timeout(time.saturating_sub(began.elapsed())),
            };
            match moment {
                Ok(Moment::Ended(status)) => {
                    self.ended = Some(status.map_err(|error| self.failed(error))?);
                }
                Ok(Moment::Printed(printed)) => {
                    let printed = printed.map_err(|error| self.failed(error))?;
                    if printed.len() as u64 > self.helper.most {
                        return Err(Unanswered::TooMuch(self.helper.name(), self.helper.most));
                    }
                    self.printed = Some(printed);
                }
                Ok(Moment::Said(said)) => self.said = Some(said),
                Ok(Moment::Stop) => return Err(Unanswered::Stopped(self.helper.name())),
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Ends it: all of its session, where it has one of its own; elsewhere only itself, for the rest of the group is
    /// whoever started this program.
    fn end(&self) {
        let leader = self.handle.pids().first().and_then(|id| Pid::from_raw(i32::try_from(*id).ok()?));
        match leader.filter(|_| self.helper.is_alone()) {
            // A group that is gone has nothing left to end.
            Some(leader) => drop(kill_process_group(leader, Signal::KILL)),
            None if self.ended.is_none() => drop(self.handle.kill()),
            None => {}
        }
    }

    fn failed(&self, error: io::Error) -> Unanswered {
        Unanswered::Failed(self.helper.name(), error)
    }
}

/// Has every line heard, for as long as anybody waits for the helper.
fn each_line(from: PipeReader, mut hear: Hear, heard: &AtomicBool) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while matches!(from.by_ref().take(LINE).read_until(b'\n', &mut line), Ok(1..)) {
        if heard.load(Ordering::SeqCst) {
            hear(line.strip_suffix(b"\n").unwrap_or(&line));
        }
        line.clear();
    }
}
