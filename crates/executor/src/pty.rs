//! A pty, and a process that it is the terminal of.

use std::future::{pending, poll_fn};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use pty_process::{Command, OwnedReadPty, OwnedWritePty};
use rustix::io::Errno;
use rustix::termios::{InputModes, OptionalActions, tcgetattr, tcsetattr};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::select;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use crate::exit::Exit;
use crate::interpreter::Kind;
use crate::outlet::{Outlet, Piece};
use crate::prepare::{Prepared, SECRETS};
use crate::registry::Registry;
use crate::scratch::ScriptFile;
use crate::session::Session;
use crate::streams::{Feed, Inbox};
use crate::watch::Running;
use crate::{Input, Job, Size, Stream};

/// More than any terminal holds on its way out, bytes; Linux limits it to 64 KiB.
const MORE_THAN_A_TERMINAL: usize = 256 * 1024;
/// What is read before it is handed on, bytes.
const PIECE: usize = 64 * 1024;
/// Keys beyond this that nobody reads are thrown away, bytes.
const MOST_KEYS: usize = 1024 * 1024;

/// Starts the process as the leader of a session whose terminal is a new pty.
pub(crate) fn start(
    prepared: &Prepared,
    files: &ScriptFile,
    job: &Job,
    size: Size,
    input: UnboundedReceiver<Input>,
) -> io::Result<Running<Session, Console>> {
    let inbox = Inbox::on(files.fifo.as_deref())?;
    let registry = Registry::on(&files.secrets)?;
    let (pty, terminal) = pty_process::open().map_err(io_error)?;
    let (read, write) = pty.into_split();
    let screen = Screen { pty: Some(read), buffer: Vec::new() };
    let keyboard = Keyboard { pty: write, typed: Vec::new() };
    keyboard.resize(size);
    characters_are_utf8(&terminal)?;
    let mut command = Command::new(&prepared.program)
        .args(prepared.arguments(files, false))
        .env_clear()
        .envs(&prepared.environment)
        .env(SECRETS, &files.secrets)
        // The name by which the shell goes there, symbolic links and all; shells check it.
        .env("PWD", &prepared.cwd)
        .current_dir(&prepared.cwd);
    let mut feeder = None;
    if prepared.interpreter.kind != Kind::Other {
        let (reader, writer) = os_pipe::pipe()?;
        command = command.stdin(reader);
        feeder = Some(OwnedFd::from(writer));
    }
    let feed = match feeder {
        Some(feeder) => Feed::on(feeder, prepared.beginning(false))?,
        None => Feed::none(),
    };

    let started = Instant::now();
    // Takes our own descriptors of the terminal with it: only the block's keep it open from here on.
    let child = command.spawn(terminal).map_err(io_error)?;
    let session = child.id().and_then(Session::of);
    let session = session.ok_or_else(|| io::Error::other("the process has no id"))?;
    let exit = Exit::of_child(child, session.group());
    let (timeout, grace) = (job.timeout, job.grace);
    let outlet = Console { screen, keyboard, size, input: Some(input), more: false };
    Ok(Running { target: session, started, exit, outlet, feed, inbox, registry, timeout, grace })
}

fn io_error(error: pty_process::Error) -> io::Error {
    match error {
        pty_process::Error::Io(error) => error,
        pty_process::Error::Rustix(errno) => errno.into(),
        other => io::Error::other(other.to_string()),
    }
}

/// Where a line is typed to the terminal itself, erasing takes back characters and not single bytes of them.
fn characters_are_utf8(terminal: impl AsFd) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let mut modes = tcgetattr(&terminal)?;
        modes.input_modes |= InputModes::IUTF8;
        tcsetattr(&terminal, OptionalActions::Now, &modes)?;
    }
    Ok(())
}

/// A block's terminal, as somebody sits at it: keys go in, what is shown comes out.
pub(crate) struct Console {
    screen: Screen,
    keyboard: Keyboard,
    size: Size,
    /// What is typed; `None` once nobody sits there any more.
    input: Option<UnboundedReceiver<Input>>,
    /// Whether the last read left something.
    more: bool,
}

impl Outlet for Console {
    const HOLDS: usize = MORE_THAN_A_TERMINAL;

    fn first(&self) -> Option<Piece<'static>> {
        Some(Piece::Size(self.size))
    }

    fn is_open(&self) -> bool {
        self.screen.is_open()
    }

    async fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        // In this order, so that no flood of output holds up a key.
        let length = loop {
            break select! {
                biased;
                came = next_input(&mut self.input) => match came {
                    Some(Input::Keys(keys)) => {
                        self.keyboard.take(&keys);
                        continue;
                    }
                    Some(Input::Resized(new)) if new != self.size => {
                        self.size = new;
                        self.keyboard.resize(new);
                        return Ok(Some(Piece::Size(new)));
                    }
                    Some(Input::Resized(_)) => continue,
                    None => {
                        self.input = None;
                        continue;
                    }
                },
                () = self.keyboard.press() => continue,
                length = self.screen.read() => length?,
            };
        };
        self.more = length == Some(PIECE);
        Ok(length.map(|length| Piece::Bytes(Stream::Stdout, &self.screen.buffer[..length])))
    }

    fn has_more(&self) -> bool {
        self.more
    }

    fn abandon(&mut self) {
        self.screen.abandon();
    }
}

async fn next_input(input: &mut Option<UnboundedReceiver<Input>>) -> Option<Input> {
    match input {
        Some(input) => input.recv().await,
        None => pending().await,
    }
}

/// What a block's terminal shows.
struct Screen {
    pty: Option<OwnedReadPty>,
    buffer: Vec<u8>,
}

/// What is typed on a block's terminal, and how large it is.
struct Keyboard {
    pty: OwnedWritePty,
    /// Keys that the terminal has no room for yet.
    typed: Vec<u8>,
}

impl Screen {
    /// Whether anything may still be written to it.
    fn is_open(&self) -> bool {
        self.pty.is_some()
    }

    /// Reads what was written to it into its buffer, and tells how much; `None` once nobody has the terminal open any
    /// more. Cancelling loses nothing.
    async fn read(&mut self) -> io::Result<Option<usize>> {
        let Some(pty) = &mut self.pty else { return pending().await };
        if self.buffer.is_empty() {
            self.buffer.resize(PIECE, 0);
        }
        let length = poll_fn(|context| read_all(pty, context, &mut self.buffer)).await?;
        if length == 0 {
            self.pty = None;
            return Ok(None);
        }
        Ok(Some(length))
    }

    /// Keeps the terminal open and throws away whatever is still written to it, so that what lives on in the background
    /// is not ended by that. Lasts as long as the runtime.
    fn abandon(&mut self) {
        let Some(mut pty) = self.pty.take() else { return };
        tokio::spawn(async move {
            let mut nowhere = vec![0; 4096];
            while poll_fn(|context| read_all(&mut pty, context, &mut nowhere))
                .await
                .is_ok_and(|read| read > 0)
            {}
        });
    }
}

impl Keyboard {
    /// Keys to be typed.
    fn take(&mut self, keys: &[u8]) {
        let room = MOST_KEYS.saturating_sub(self.typed.len());
        self.typed.extend_from_slice(&keys[..keys.len().min(room)]);
    }

    /// Types some more. Cancelling loses nothing; a terminal that is closed takes none. Waits for ever without keys.
    async fn press(&mut self) {
        if self.typed.is_empty() {
            return pending().await;
        }
        match self.pty.write(&self.typed).await {
            Ok(length) => drop(self.typed.drain(..length)),
            Err(_) => self.typed.clear(),
        }
    }

    /// Gives the terminal another size; the system tells its programs.
    fn resize(&self, size: Size) {
        // One that is closed has none.
        let _ = self.pty.resize(pty_process::Size::new(size.rows, size.columns));
    }
}

/// Reads until there is no more for now or the buffer is full: the system hands out four thousand bytes at a time.
/// Nothing is read once it is over, for which the system says EIO: nobody has the terminal open any more.
fn read_all(pty: &mut OwnedReadPty, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
    let mut buffer = ReadBuf::new(buffer);
    loop {
        let before = buffer.filled().len();
        let read = Pin::new(&mut *pty).poll_read(context, &mut buffer);
        let length = buffer.filled().len();
        return match read {
            Poll::Ready(Ok(())) if length > before && buffer.remaining() > 0 => continue,
            Poll::Ready(Err(error)) if error.raw_os_error() != Some(Errno::IO.raw_os_error()) => {
                Poll::Ready(Err(error))
            }
            Poll::Pending if length == 0 => Poll::Pending,
            _ => Poll::Ready(Ok(length)),
        };
    }
}
