//! Somebody at a terminal: a program on a pty of its own, what it shows read as fast as it comes, one question answered.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::process::Command;

/// What the program asks, and what is typed then.
const QUESTION: &[u8] = b"What now?";
const ANSWER: &[u8] = b"r\r";

/// Runs a program there, in a session of its own (`setsid(1)`), to its end.
pub(crate) fn sit(program: &str, arguments: &[&str]) -> io::Result<()> {
    let (master, slave) = super::pump::pair()?;
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait", program]).args(arguments);
    command.stdin(slave.try_clone()?).stdout(slave.try_clone()?).stderr(slave);
    let mut child = command.spawn()?;
    // It holds the other side, and would keep it open.
    drop(command);
    let (mut master, mut asked) = (File::from(master), Vec::new());
    let mut piece = vec![0; 1 << 16];
    loop {
        match master.read(&mut piece) {
            Ok(0) => break,
            Ok(read) if !asked.ends_with(QUESTION) => {
                asked.extend_from_slice(&piece[..read]);
                if let Some(at) = asked.windows(QUESTION.len()).position(|seen| seen == QUESTION) {
                    asked.truncate(at + QUESTION.len());
                    master.write_all(ANSWER)?;
                }
                // What was shown long ago is no question any more.
                let old = asked.len().saturating_sub(1 << 16);
                asked.drain(..old);
            }
            Ok(_) => {}
            // The other side is closed.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => break,
            Err(error) => return Err(error),
        }
    }
    super::pump::ended(child.wait()?)
}
