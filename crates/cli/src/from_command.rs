//! What a command gives an input (`from: { command }`): its output within limits, and nothing of it left behind.

use std::io::{BufRead as _, BufReader, Error, ErrorKind, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use holdpoint_executor::{start, start_without_terminal};

use crate::files;
use crate::interrupts::Heard;
use crate::screen;

/// Longest time that a command may take.
const LIMIT: Duration = Duration::from_secs(600);
/// How long outputs are waited for once the command has ended, where something that it left behind holds them.
const GRACE: Duration = Duration::from_millis(500);
/// How often the command and signals are looked at.
const LOOK: Duration = Duration::from_millis(5);
/// Bytes of a line that are shown as one.
const LINE: u64 = 64 * 1024;

/// What a command prints, up to [`files::VALUE`] bytes, and how it ended. What it has to say meanwhile is shown. Where
/// somebody sits at the terminal (`ask`), it may ask them.
pub fn answer(
    command: &str,
    root: &Path,
    without: &[&str],
    ask: bool,
) -> std::io::Result<(ExitStatus, Vec<u8>)> {
    within(LIMIT, command, root, without, ask)
}

fn within(
    limit: Duration,
    command: &str,
    root: &Path,
    without: &[&str],
    ask: bool,
) -> std::io::Result<(ExitStatus, Vec<u8>)> {
    let mut shell = Command::new("sh");
    for name in without {
        shell.env_remove(name);
    }
    shell.args(["-euc", command]).current_dir(root).stdin(Stdio::null());
    shell.stdout(Stdio::piped()).stderr(Stdio::piped());
    let heard = Heard::now();
    let mut child = if ask { start(shell)? } else { start_without_terminal(shell)? };
    let shown = Arc::new(AtomicBool::new(true));
    let said = child.stderr().take().map(|from| show(from, Arc::clone(&shown)));
    let mut printed = child.stdout().take().map(|from| Printed { from: read(from), read: None });
    let began = Instant::now();
    let ended = loop {
        if let Some(printed) = &mut printed {
            printed.wait(LOOK);
        }
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) => {}
            Err(error) => break Err(error),
        }
        if printed.as_ref().is_some_and(Printed::is_too_much) {
            break Err(too_much());
        }
        if heard.anything() {
            break Err(Error::new(ErrorKind::Interrupted, "it was interrupted"));
        }
        if began.elapsed() > limit {
            let why = format!("it did not end within {}", holdpoint_engine::duration(limit));
            break Err(Error::new(ErrorKind::TimedOut, why));
        }
        std::thread::sleep(LOOK);
    };
    // Its last words: what it left behind may hold the pipes for as long as it likes.
    if ended.is_ok() {
        printed.iter_mut().for_each(|printed| printed.wait(GRACE));
        if let Some(said) = &said {
            let _ = said.recv_timeout(GRACE);
        }
    }
    // Of a session of its own everything ends; at our terminal, where it is none, only the command itself.
    let _ = child.start_kill();
    if ended.is_err() {
        let _ = child.wait();
    }
    printed.iter_mut().for_each(|printed| printed.wait(GRACE));
    shown.store(false, Ordering::SeqCst);
    let status = ended?;
    let bytes = match printed.map(|printed| printed.read) {
        None => Vec::new(),
        Some(Some(read)) => read?,
        Some(None) => {
            let why = "something that it left running holds its output open";
            return Err(Error::new(ErrorKind::TimedOut, why));
        }
    };
    if bytes.len() as u64 > files::VALUE {
        return Err(too_much());
    }
    Ok((status, bytes))
}

fn too_much() -> Error {
    Error::new(ErrorKind::InvalidData, format!("it prints more than {} bytes", files::VALUE))
}

/// Its standard output, read on a thread of its own.
struct Printed {
    from: Receiver<std::io::Result<Vec<u8>>>,
    read: Option<std::io::Result<Vec<u8>>>,
}

impl Printed {
    fn wait(&mut self, at_most: Duration) {
        if self.read.is_some() {
            return;
        }
        self.read = match self.from.recv_timeout(at_most) {
            Ok(read) => Some(read),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Err(Error::other("its output cannot be read"))),
        };
    }

    fn is_too_much(&self) -> bool {
        matches!(&self.read, Some(Ok(bytes)) if bytes.len() as u64 > files::VALUE)
    }
}

/// Reads up to one byte more than there may be.
fn read(from: impl Read + Send + 'static) -> Receiver<std::io::Result<Vec<u8>>> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = from.take(files::VALUE + 1).read_to_end(&mut bytes);
        // Nobody listens any more after a time-out.
        let _ = tell.send(read.map(|_| bytes));
    });
    told
}

/// Shows what it says, line by line, for as long as it is `shown`; tells when there is no more.
fn show(from: impl Read + Send + 'static, shown: Arc<AtomicBool>) -> Receiver<()> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(from.by_ref().take(LINE).read_until(b'\n', &mut line), Ok(1..)) {
            if shown.load(Ordering::SeqCst) {
                let line = line.strip_suffix(b"\n").unwrap_or(&line);
                screen::say(&screen::neutralise(&String::from_utf8_lossy(line)));
            }
            line.clear();
        }
        let _ = tell.send(());
    });
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(limit: Duration, command: &str) -> std::io::Result<(ExitStatus, Vec<u8>)> {
        within(limit, command, Path::new("/"), &[], false)
    }

    #[test]
    fn a_command_that_takes_too_long_is_ended_with_all_it_started() {
        let long = asked(Duration::from_millis(50), "sleep 60 & sleep 60");
        assert!(long.is_err_and(|error| error.to_string().contains("did not end within")));
    }

    #[test]
    fn what_a_command_leaves_behind_is_not_waited_for() {
        let began = Instant::now();
        for command in ["sleep 60 >/dev/null & echo v", "sleep 60 & echo v"] {
            let (status, printed) = asked(LIMIT, command).unwrap();
            assert!(status.success() && printed == b"v\n", "{command}");
        }
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
