//! A program's output into a file: through a pipe, with its digest; through the kernel's pty, without.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pipe::fcntl_setpipe_size;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use sha2::{Digest as _, Sha256};

/// Bytes that are read at once, and the size of the pipe.
const PIECE: usize = 1 << 20;

/// Pipe, digest, file, in one thread and from one buffer.
pub(crate) fn pump(bytes: u64, path: &str, synced: bool) -> io::Result<()> {
    let mut child = flood(bytes)?.stdout(Stdio::piped()).spawn()?;
    let mut pipe = child.stdout.take().ok_or_else(|| io::Error::other("there is no pipe"))?;
    fcntl_setpipe_size(&pipe, PIECE)?;
    let (mut file, mut digest) = (File::create(path)?, Sha256::new());
    let mut piece = vec![0; PIECE];
    loop {
        let read = pipe.read(&mut piece)?;
        if read == 0 {
            break;
        }
        digest.update(&piece[..read]);
        file.write_all(&piece[..read])?;
    }
    if synced {
        file.sync_data()?;
    }
    println!("{:02x?}", digest.finalize());
    ended(child.wait()?)
}

/// The kernel's pty into a file.
pub(crate) fn pty(bytes: u64, path: &str) -> io::Result<()> {
    let (master, slave) = pair()?;
    let mut child = flood(bytes)?.stdout(slave).spawn()?;
    let (mut master, mut file) = (File::from(master), File::create(path)?);
    let mut piece = vec![0; PIECE];
    loop {
        match master.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => file.write_all(&piece[..read])?,
            // The other side is closed.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => break,
            Err(error) => return Err(error),
        }
    }
    ended(child.wait()?)
}

/// Both sides of a new pty.
pub(crate) fn pair() -> io::Result<(OwnedFd, File)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let name = name.to_str().map_err(io::Error::other)?;
    // Whoever measures does not get it as a terminal of their own.
    let slave = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    Ok((master, File::from(slave)))
}

fn flood(bytes: u64) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["flood", &bytes.to_string()]);
    Ok(command)
}

pub(crate) fn ended(status: std::process::ExitStatus) -> io::Result<()> {
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("it ended with {status}"))) }
}
