//! Blocks on a terminal of their own: what goes to and fro, and the entry point.
//!
//! Nobody's terminal is touched here. What the operator types, and how large the window is, comes in through a channel;
//! what the block writes goes out to the caller, who shows it.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::outlet::Piece;
use crate::prepare::prepare;
use crate::pty::start;
use crate::shell::StandardInput;
use crate::waiting::{could_not_start, files};
use crate::watch::watch;
use crate::{Display, Input, Size};
use crate::{Ended, Job, Local, ProcessGroup, State};

impl Local {
    /// As [`Local::run_registering`], on a new terminal of this size: a pty, which is the block's standard input, output
    /// and error and its controlling terminal. The main process leads its session, so Ctrl-C, Ctrl-Z and `fg` work in it
    /// as they do in a window of its own; none of them reaches the caller.
    ///
    /// - `input`: may end before the block does; then nothing more is typed. What a block does not read is thrown away
    ///   beyond 1 MiB.
    /// - `on_display`: its size first, then what is written, and every other size it takes, with the time since the
    ///   start. An error stops the block and comes back in [`Ended::output_error`].
    ///
    /// To stop the block, every process of its session is sent TERM, after half its grace time HUP (which ends the
    /// interactive shells that ignore TERM), and after all of it KILL. When the main process ends by itself the terminal
    /// hangs up: of what it left in the background only what ignores HUP lives on.
    ///
    /// `COLUMNS` and `LINES` of the environment are left out unless the job itself sets them: they would be wrong once
    /// the window changes.
    #[allow(clippy::too_many_arguments)] // one more than the plain way has: what is typed
    pub async fn run_on_terminal(
        &self,
        job: &Job,
        state: &State,
        size: Size,
        input: UnboundedReceiver<Input>,
        interrupt: impl Future<Output = ()>,
        on_start: impl FnOnce(ProcessGroup),
        on_secret: impl FnMut(&str, &str) -> Result<(), String>,
        mut on_display: impl FnMut(Display<'_>, Duration) -> io::Result<()>,
    ) -> Ended {
        self.expect_nothing();
        let mut prepared = match prepare(job, state, &self.base, StandardInput::Terminal, None) {
            Ok(prepared) => prepared,
            Err(why) => return Ended::not_started(why, state),
        };
        for name in ["COLUMNS", "LINES"] {
            if !job.env.iter().any(|(own, _)| own == name) {
                prepared.environment.remove(std::ffi::OsStr::new(name));
            }
        }
        let files = match files(&prepared, &self.scratch) {
            Ok(files) => files,
            Err(why) => return Ended::not_started(why, state),
        };
        let running = match start(&prepared, &files, job, size, input) {
            Ok(running) => running,
            Err(error) => return Ended::not_started(could_not_start(&prepared, &error), state),
        };
        on_start(running.target.group());
        let on_piece = |piece: Piece<'_>, at| match piece {
            Piece::Bytes(_, bytes) => on_display(Display::Bytes(bytes), at),
            Piece::Size(size) => on_display(Display::Size(size), at),
        };
        let seen = watch(running, interrupt, on_secret, on_piece).await;
        drop(files);
        self.ended(seen, &prepared, job, state)
    }
}
