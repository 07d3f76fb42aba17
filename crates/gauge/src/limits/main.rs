//! What this machine allows: each verb does the least that a row of `cargo xtask bench` cannot do without.

mod flood;
mod pump;
mod reading;
mod seat;

use std::io;
use std::process::{Command, ExitCode};

const USAGE: &str = "usage: true | loop N PROGRAM ARGUMENT... | flood BYTES | pump BYTES FILE | \
    pump-synced BYTES FILE | pty BYTES FILE | \
    seat PROGRAM ARGUMENT... | markdown FILE | read FILE";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["true"] => Ok(()),
        ["loop", times, program, arguments @ ..] => {
            number(times).and_then(|times| again(times, program, arguments))
        }
        ["flood", bytes] => number(bytes).and_then(flood::flood),
        ["pump", bytes, file] => number(bytes).and_then(|bytes| pump::pump(bytes, file, false)),
        ["pump-synced", bytes, file] => number(bytes).and_then(|bytes| pump::pump(bytes, file, true)),
        ["pty", bytes, file] => number(bytes).and_then(|bytes| pump::pty(bytes, file)),
        ["seat", program, arguments @ ..] => seat::sit(program, arguments),
        ["markdown", file] => reading::markdown(file),
        ["read", file] => reading::read(file),
        _ => Err(io::Error::other(USAGE)),
    };
    done.map_or_else(
        |error| {
            eprintln!("holdpoint-limits: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn number(word: &str) -> io::Result<u64> {
    word.parse().map_err(|_| io::Error::other(format!("{word} is no number")))
}

/// Starts a program and waits for it, time after time. The standard library starts it with `posix_spawn`.
fn again(times: u64, program: &str, arguments: &[&str]) -> io::Result<()> {
    for _ in 0..times {
        let status = Command::new(program).args(arguments).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("{program} ended with {status}")));
        }
    }
    Ok(())
}
