//! The operator's place at a block's terminal: what they type and how large their window is goes in, and they can stop
//! the block from outside of it.

use std::io::{self, PipeWriter};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use holdpoint_executor::{Input, Size};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal as Kill, getpid, kill_process};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle as Task;

use super::keys::Leave;
use crate::problem::Problem;
use crate::screen::{Screen, raw};

/// How often what is held back is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// What is said before a block gets the terminal.
pub(super) const NOTICE: &str =
    "the block has the terminal now; to stop it from outside, press Ctrl-] three times";

/// While this lives, keys and sizes go to a block.
pub(super) struct OperatorTerminal {
    leave: Arc<Notify>,
    input: Option<UnboundedReceiver<Input>>,
    windows: Task<()>,
    keyboard: Option<JoinHandle<()>>,
    /// The keyboard is listened to until this is closed.
    stop: Option<PipeWriter>,
}

impl OperatorTerminal {
    /// Somebody sits there from now on. The terminal is lent by whoever shows the block's output.
    pub(super) fn take(screen: &Screen) -> Result<OperatorTerminal, Problem> {
        let fault = |error: io::Error| Problem::fault(format!("the terminal cannot be read: {error}"), "");
        let (keys, input) = unbounded_channel();
        let leave = Arc::new(Notify::new());
        suspend_properly(screen).map_err(fault)?;
        let changed = signal(SignalKind::window_change()).map_err(fault)?;
        let continued = signal(SignalKind::from_raw(Kill::CONT.as_raw())).map_err(fault)?;
        let windows = tokio::spawn(watch_window(screen.clone(), changed, continued, keys.clone()));
        let (stopped, stop) = io::pipe().map_err(fault)?;
        let told = Arc::clone(&leave);
        let keyboard = std::thread::spawn(move || listen(&stopped.into(), &keys, &told));
        Ok(OperatorTerminal {
            leave,
            input: Some(input),
            windows,
            keyboard: Some(keyboard),
            stop: Some(stop),
        })
    }

    /// What comes from there, once; and the size of the window now.
    pub(super) fn input(&mut self) -> (Size, UnboundedReceiver<Input>) {
        let nothing = || unbounded_channel().1;
        (window(), self.input.take().unwrap_or_else(nothing))
    }

    /// Tells when the block is to be stopped.
    pub(super) fn leave(&self) -> Arc<Notify> {
        Arc::clone(&self.leave)
    }
}

impl Drop for OperatorTerminal {
    fn drop(&mut self) {
        self.windows.abort();
        self.stop = None;
        // It must not take a key that is meant for a prompt.
        if let Some(keyboard) = self.keyboard.take() {
            let _ = keyboard.join();
        }
    }
}

/// Waits for `run`, and meanwhile looks again and again.
pub(super) async fn beside<T>(run: impl Future<Output = T>, mut look: impl FnMut()) -> T {
    let looks = async {
        loop {
            tokio::time::sleep(LOOK).await;
            look();
        }
    };
    tokio::select! {
        ended = run => ended,
        () = looks => unreachable!("it looks for ever"),
    }
}

fn window() -> Size {
    let (columns, rows) = raw::size();
    Size { columns, rows }
}

/// Runner on what is typed, until it is told to stop or there is no terminal any more.
fn listen(stopped: &OwnedFd, keys: &UnboundedSender<Input>, told: &Notify) {
    let (stdin, start) = (io::stdin(), Instant::now());
    let mut leave = Leave::default();
    let mut buffer = vec![0; 4096];
    loop {
        let mut wait = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match poll(&mut wait, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return,
            Ok(_) if !wait[1].revents().is_empty() => return,
            Ok(_) => {}
        }
        match rustix::io::read(&stdin, &mut buffer) {
            Ok(0) => return,
            Ok(length) => {
                if leave.press(&buffer[..length], start.elapsed()) {
                    told.notify_one();
                }
                if keys.send(Input::Keys(buffer[..length].to_vec())).is_err() {
                    return;
                }
            }
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Err(_) => return,
        }
    }
}

/// Runner on how large the window is when that changes. After a suspension it is made to change, so that the program
/// draws anew over what stands there now.
async fn watch_window(
    screen: Screen,
    mut changed: Signal,
    mut continued: Signal,
    sizes: UnboundedSender<Input>,
) {
    loop {
        let anew = tokio::select! {
            _ = changed.recv() => false,
            _ = continued.recv() => true,
        };
        let size = window();
        if anew {
            screen.resume();
            let other = Size { rows: size.rows.saturating_sub(1).max(1), ..size };
            let _ = sizes.send(Input::Resized(other));
        }
        if sizes.send(Input::Resized(size)).is_err() {
            return;
        }
    }
}

/// Once the program catches the signal that suspends it, it has to suspend itself: with the terminal as it was.
fn suspend_properly(screen: &Screen) -> io::Result<()> {
    if screen.hearing().suspends() {
        return Ok(());
    }
    let mut suspended = signal(SignalKind::from_raw(Kill::TSTP.as_raw()))?;
    if screen.hearing().begins_to_suspend() {
        let screen = screen.clone();
        tokio::spawn(async move {
            while suspended.recv().await.is_some() {
                screen.suspend();
                let _ = kill_process(getpid(), Kill::STOP);
            }
        });
    }
    Ok(())
}
