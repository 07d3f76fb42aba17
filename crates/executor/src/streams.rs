//! The pipes between us and a process: what it prints, what it is told, what it tells.

use std::future::pending;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use tokio::net::unix::pipe::{Receiver, Sender};

/// First size of a read, bytes: many blocks print nothing, or a line.
const FIRST: usize = 4 * 1024;
/// Size of a read of a process that prints more, bytes; what a pipe holds.
const SMALL: usize = 64 * 1024;
/// Size of a read once a process has shown that it prints much, bytes.
const LARGE: usize = 1024 * 1024;
/// As much is written to a pipe in one piece or not at all, bytes (POSIX has at least 512, Linux this).
const PIPE_BUF: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };
/// Size of a read of shell state, bytes; most have less.
const STATE: usize = 8 * 1024;
/// More shell state than this is not taken, bytes.
const MOST_STATE: usize = 16 * 1024 * 1024;

/// One output of a process.
pub(crate) struct Tap {
    pipe: Option<Receiver>,
    buffer: Vec<u8>,
}

impl Tap {
    /// Must be called within a tokio runtime that has its IO driver on.
    pub(crate) fn on(pipe: OwnedFd) -> io::Result<Tap> {
        Ok(Tap { pipe: Some(Receiver::from_owned_fd(pipe)?), buffer: Vec::new() })
    }

    pub(crate) fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// The next piece; `None` when there will be none. Cancelling loses nothing.
    pub(crate) async fn next(&mut self) -> io::Result<Option<&[u8]>> {
        let Some(pipe) = &self.pipe else { return pending().await };
        let length = loop {
            pipe.readable().await?;
            if self.buffer.is_empty() {
                self.buffer.resize(FIRST, 0);
            }
            match pipe.try_read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => break other?,
            }
        };
        if length == 0 {
            self.pipe = None;
            return Ok(None);
        }
        match self.buffer.len() {
            FIRST if length == FIRST => self.buffer.resize(SMALL, 0),
            SMALL if length == SMALL => self.enlarge(),
            _ => {}
        }
        Ok(Some(&self.buffer[..length]))
    }

    /// A larger pipe saves switches between writer and reader. Where the system refuses, the small one does.
    fn enlarge(&mut self) {
        #[cfg(target_os = "linux")]
        if let Some(pipe) = &self.pipe
            && rustix::pipe::fcntl_setpipe_size(pipe.as_fd(), LARGE).is_ok()
        {
            self.buffer.resize(LARGE, 0);
        }
    }

    /// Stops reading and throws away whatever still comes, so that a background process that prints is not killed by
    /// a closed pipe. A thread of its own does this, as long as this process lives: the runtime may rest at a prompt.
    pub(crate) fn abandon(&mut self) {
        let Some(pipe) = self.pipe.take().and_then(|pipe| pipe.into_blocking_fd().ok()) else { return };
        let nowhere = move || std::io::copy(&mut std::fs::File::from(pipe), &mut std::io::sink());
        // Without a thread the pipe is closed; there is nobody to tell.
        let _ = std::thread::Builder::new().name("drain".to_owned()).spawn(nowhere);
    }
}

/// Text on its way to a process.
pub(crate) struct Feed {
    pipe: Option<Sender>,
    text: Vec<u8>,
    written: usize,
}

impl Feed {
    /// Nothing to feed.
    pub(crate) fn none() -> Feed {
        Feed { pipe: None, text: Vec::new(), written: 0 }
    }

    /// Onto a pipe that is empty. What any pipe takes at once is written at once; a reader that has gone away is no
    /// error.
    pub(crate) fn on(pipe: OwnedFd, text: Vec<u8>) -> io::Result<Feed> {
        if text.len() > PIPE_BUF {
            return Ok(Feed { pipe: Some(Sender::from_owned_fd(pipe)?), text, written: 0 });
        }
        match rustix::io::retry_on_intr(|| rustix::io::write(&pipe, &text)) {
            Ok(_) | Err(rustix::io::Errno::PIPE) => Ok(Feed::none()),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Writes some more. A reader that has gone away ends it: whoever reads knows whether it got everything.
    pub(crate) async fn push(&mut self) {
        let Some(pipe) = &self.pipe else { return pending().await };
        let wrote = match pipe.writable().await {
            Ok(()) => pipe.try_write(&self.text[self.written..]),
            Err(error) => Err(error),
        };
        match wrote {
            Ok(length) => self.written += length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.pipe = None,
        }
        if self.written == self.text.len() {
            self.pipe = None;
        }
    }
}

/// Our end of a FIFO; open for writing too.
pub(crate) fn fifo_receiver(fifo: &Path) -> io::Result<Receiver> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Receiver::from_owned_fd_unchecked(rustix::fs::open(fifo, flags, Mode::empty())?)
}

/// What a shell tells about itself.
pub(crate) struct Inbox {
    /// Open for writing too, which keeps it from looking finished between two writers.
    pipe: Option<Receiver>,
    buffer: Vec<u8>,
    told: Vec<u8>,
    too_much: bool,
}

impl Inbox {
    pub(crate) fn on(fifo: Option<&Path>) -> io::Result<Inbox> {
        let pipe = fifo.map(fifo_receiver).transpose()?;
        Ok(Inbox { pipe, buffer: Vec::new(), told: Vec::new(), too_much: false })
    }

    /// Takes some more of what is told. Cancelling loses nothing.
    pub(crate) async fn take(&mut self) {
        let Some(pipe) = &self.pipe else { return pending().await };
        if pipe.readable().await.is_err() {
            self.pipe = None;
            return;
        }
        self.buffer.resize(STATE, 0);
        match self.pipe.as_ref().map(|pipe| pipe.try_read(&mut self.buffer)) {
            Some(Ok(length)) if length > 0 => self.keep(length),
            Some(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => self.pipe = None,
        }
    }

    /// Everything told, now that the teller has ended. Never waits. `None`: more than is taken.
    pub(crate) fn finish(mut self) -> Option<Vec<u8>> {
        self.buffer.resize(STATE, 0);
        // Past tokio's idea of readiness, which may be older than the teller's last words.
        while let Some(pipe) = &self.pipe {
            match rustix::io::read(pipe.as_fd(), &mut self.buffer) {
                Ok(length) if length > 0 => self.keep(length),
                Err(rustix::io::Errno::INTR) => {}
                _ => break,
            }
        }
        Some(self.told).filter(|_| !self.too_much)
    }

    fn keep(&mut self, length: usize) {
        self.too_much |= self.told.len() + length > MOST_STATE;
        if !self.too_much {
            self.told.extend_from_slice(&self.buffer[..length]);
        }
    }
}
