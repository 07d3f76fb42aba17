//! Records to measure with, and parts of the program that no verb does alone.

mod failure;
mod parts;
mod record;

use std::path::Path;
use std::process::ExitCode;

use failure::Failure;

const USAGE: &str = "usage: record closed|open EVENTS DIRECTORY | store RUNS DIRECTORY | verify-bytes DIRECTORY | compile FILE | redact FILE";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["record", how @ ("closed" | "open"), events, directory] => events
            .parse()
            .map_err(Failure::from)
            .and_then(|events| record::make(Path::new(directory), events, *how == "closed")),
        ["store", runs, directory] => {
            runs.parse().map_err(Failure::from).and_then(|runs| record::store(Path::new(directory), runs))
        }
        ["verify-bytes", directory] => parts::verify_bytes(Path::new(directory)),
        ["compile", file] => parts::compile(Path::new(file)),
        ["redact", file] => parts::redact(Path::new(file)),
        _ => Err(USAGE.into()),
    };
    done.map_or_else(
        |error| {
            eprintln!("holdpoint-inputs: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}
