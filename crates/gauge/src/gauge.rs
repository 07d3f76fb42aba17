//! Runs one program and says what it took: `holdpoint-gauge LIMIT STDERR PROGRAM ARGUMENT…`.
//!
//! A process begins with the peak memory of the one that started it (Linux counts what it was before `exec`), so
//! whoever measures memory must be small itself; this program is, and its own peak is the least that it can tell.
//!
//! Prints `SECONDS USER SYSTEM PEAK EXIT`: times in seconds; the peak in bytes, of the largest process among the
//! program and those it waited for; the exit code, `128 + SIGNAL`, or `late` where it was ended after LIMIT seconds.

use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use wait4::Wait4 as _;

fn main() -> ExitCode {
    match gauge() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("holdpoint-gauge: {error}");
            ExitCode::FAILURE
        }
    }
}

fn gauge() -> io::Result<String> {
    let wrong = || io::Error::other("usage: LIMIT STDERR PROGRAM ARGUMENT...");
    let mut arguments = std::env::args_os().skip(1);
    let limit = arguments.next().and_then(|word| word.to_str()?.parse().ok()).ok_or_else(wrong)?;
    let stderr = File::create(arguments.next().ok_or_else(wrong)?)?;
    let mut command = Command::new(arguments.next().ok_or_else(wrong)?);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).process_group(0);

    let begun = Instant::now();
    let child = command.spawn()?;
    let group = Pid::from_child(&child);
    let (ended, end) = channel::<()>();
    let watch = std::thread::spawn(move || {
        let late = end.recv_timeout(Duration::from_secs_f64(limit)) == Err(RecvTimeoutError::Timeout);
        if late {
            let _ = kill_process_group(group, Signal::KILL);
        }
        late
    });
    let end = child.wait4()?;
    let took = begun.elapsed().as_secs_f64();
    drop(ended);
    let late = watch.join().map_err(|_| io::Error::other("the watch ended in a panic"))?;
    // Whatever it left behind must not disturb the next measurement.
    let _ = kill_process_group(group, Signal::KILL);
    let exit = match (end.status.code(), end.status.signal()) {
        _ if late => "late".to_owned(),
        (Some(code), _) => code.to_string(),
        (None, signal) => (128 + signal.unwrap_or(0)).to_string(),
    };
    let (user, system) = (end.rusage.utime.as_secs_f64(), end.rusage.stime.as_secs_f64());
    Ok(format!("{took:.6} {user:.6} {system:.6} {} {exit}", end.rusage.maxrss))
}
