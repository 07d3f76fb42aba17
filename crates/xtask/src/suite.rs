//! Everything that must hold before a change goes in. It needs nothing outside of the clone.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Instant, SystemTime};

use rustix::fs::StatVfsMountFlags;

use crate::advisories::{self, Advisories};
use crate::tally::Tally;
use crate::{command, licences, tidy, tools, workspace};

/// Runs every part in turn, cheapest first, and stops at the first that does not hold. The last line says how many tests
/// and other checks passed, failed and were skipped.
pub fn run() -> ExitCode {
    let begun = Instant::now();
    let mut tally = Tally::default();
    let ended = parts(&mut tally);
    match &ended {
        Ok(()) => println!("\nAll of it holds, after {} s.", begun.elapsed().as_secs()),
        Err(error) => eprintln!("\ncargo xtask: {error}"),
    }
    println!("{tally}");
    if ended.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn parts(tally: &mut Tally) -> io::Result<()> {
    part(tally, "tools that the tests need", || holds(tools::ensure()))?;
    part(tally, "tracked files are fit to be read elsewhere", || holds(tidy::check(&workspace())))?;
    part(tally, "format", || holds(cargo(&["fmt", "--all", "--check"], &[])))?;
    part(tally, "clippy, warnings are errors", || {
        holds(cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"], &[]))
    })?;
    part(tally, "documentation of every public item", || {
        holds(cargo(&["doc", "--locked", "--workspace", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")]))
    })?;
    part(tally, "engine and view for a browser", || {
        if has_target(BROWSER) {
            // Making code of it as well takes three times as long, and finds nothing more.
            let both =
                ["check", "--locked", "-p", "holdpoint-engine", "-p", "holdpoint-view", "--target", BROWSER];
            return holds(cargo(&both, &[]));
        }
        println!("    NOT CHECKED, for its target is not installed: rustup target add {BROWSER}");
        Ok(Tally::SKIPPED)
    })?;
    if has_nextest() {
        part(tally, "tests, each in a process of its own", || {
            // Half of their time they wait for something: three more at a time than there are cores.
            let threads = std::thread::available_parallelism().map_or(4, |cores| cores.get() + 3).to_string();
            tests(&[
                "nextest",
                "run",
                "--locked",
                "--workspace",
                "--no-fail-fast",
                "--test-threads",
                &threads,
            ])
        })?;
        part(tally, "examples in the documentation of the code", || {
            tests(&["test", "--doc", "--locked", "--workspace", "--no-fail-fast"])
        })?;
    } else {
        part(tally, "tests", || tests(&["test", "--locked", "--workspace", "--no-fail-fast"]))?;
    }
    part(tally, "licences and sources of dependencies", licences::check)?;
    part(tally, "advisories of dependencies", || {
        Ok(match advisories::check()? {
            Advisories::None => Tally::PASSED,
            Advisories::Unknown(why) => {
                println!("    NOT CHECKED, for there is no database to ask:\n{}", indented(&why));
                Tally::SKIPPED
            }
        })
    })
}

/// A check that is one thing, and holds or does not.
fn holds(checked: io::Result<()>) -> io::Result<Tally> {
    checked.map(|()| Tally::PASSED)
}

/// One part: it adds what it counts. An error where it counts nothing that failed is a failure itself.
fn part(tally: &mut Tally, name: &str, work: impl FnOnce() -> io::Result<Tally>) -> io::Result<()> {
    println!("\n==> {name}");
    let begun = Instant::now();
    let counted = work();
    *tally += *counted.as_ref().unwrap_or(&Tally::FAILED);
    let failed = |why: String| io::Error::other(format!("{name}: {why}"));
    let counted = counted.map_err(|error| failed(error.to_string()))?;
    if counted.failed > 0 {
        return Err(failed(counted.to_string()));
    }
    let did = if counted == Tally::SKIPPED { "skipped" } else { "holds" };
    println!("    {did}, after {:.1} s", begun.elapsed().as_secs_f32());
    Ok(())
}

fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> io::Result<()> {
    let mut cargo = command::cargo();
    cargo.args(arguments).envs(environment.iter().copied());
    println!("    cargo {}", arguments.join(" "));
    command::run(&mut cargo)
}

/// What a browser runs.
const BROWSER: &str = "wasm32-unknown-unknown";

/// Whether the compiler has the libraries of a target.
fn has_target(target: &str) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", target]);
    command::output(&mut rustc).is_ok_and(|folder| std::path::Path::new(folder.trim()).is_dir())
}

fn has_nextest() -> bool {
    command::output(command::cargo().args(["nextest", "--version"])).is_ok()
}

/// Runs tests with either runner, shows what it says as it says it, and counts by its own summaries.
fn tests(arguments: &[&str]) -> io::Result<Tally> {
    println!("    cargo {}", arguments.join(" "));
    let mut cargo = command::cargo();
    // Where it is looked at by somebody, in colour as if it were not read by us in between.
    let colour = if io::IsTerminal::is_terminal(&io::stdout()) { "always" } else { "auto" };
    cargo.args(arguments).env("CARGO_TERM_COLOR", colour);
    let seed = seed();
    println!(
        "    walks and sweeps are sampled, {SEED}={seed} takes the same again; `cargo xtask faults` takes all"
    );
    // A property is tried with fewer inputs than its library would: the fuzzer has the hours for more.
    if std::env::var_os(CASES).is_none() {
        println!("    properties are tried with {FEW} inputs each, {CASES}=N tries N");
        cargo.env(CASES, FEW);
    }
    if std::env::var_os("TMPDIR").is_none()
        && let Some(memory) = memory()
    {
        println!(
            "    what they write goes to {}, in memory; TMPDIR names another directory",
            memory.display()
        );
        cargo.env("TMPDIR", memory);
    }
    if let Some(path) = tools::path_of_programs()? {
        cargo.env("PATH", path);
    }
    // Tests that this machine cannot run say so in there: they have passed, and prove nothing.
    let skipped = tempfile::NamedTempFile::new()?;
    let tally = counted(cargo.env(SEED, seed).env(SKIPPED, skipped.path()))?;
    let said = std::fs::read_to_string(skipped.path())?;
    if !said.is_empty() {
        println!("    NOT RUN, for this machine cannot have what they need:\n{}", indented(&said));
    }
    Ok(less_skipped(tally, &said))
}

/// What is counted where tests have said, a line each, that they were skipped.
fn less_skipped(tally: Tally, said: &str) -> Tally {
    let count = said.lines().count().min(tally.passed);
    Tally { passed: tally.passed - count, skipped: tally.skipped + count, ..tally }
}

/// A directory in memory that has room for what tests write at a time, and whose programs may be run: a sixth of their time
/// went by on a disk. `cargo xtask faults` is about disks, and stays on one.
fn memory() -> Option<&'static Path> {
    const TMPFS: i64 = 0x0102_1994;
    const ROOM: u64 = 8 << 30;
    let path = Path::new("/dev/shm");
    let of = rustix::fs::statvfs(path).ok()?;
    let fits = of.f_bavail * of.f_frsize >= ROOM && !of.f_flag.contains(StatVfsMountFlags::NOEXEC);
    let is_memory = rustix::fs::statfs(path).is_ok_and(|of| of.f_type == TMPFS);
    (fits && is_memory).then_some(path)
}

/// Names the file in which tests say that they were skipped (`holdpoint_hosts::skipped`).
const SKIPPED: &str = "HOLDPOINT_SKIPPED";

/// With how many inputs each property is tried (a variable of proptest's), and how many those are here; 256 elsewhere.
const CASES: &str = "PROPTEST_CASES";
const FEW: &str = "64";

/// What the tests sample by.
const SEED: &str = "HOLDPOINT_SEED";

/// The one that is given, else another every time.
pub(crate) fn seed() -> String {
    let given = std::env::var(SEED).ok().filter(|seed| !seed.is_empty());
    given.unwrap_or_else(|| {
        SystemTime::UNIX_EPOCH.elapsed().map_or(0, |now| now.as_millis() % 1_000_000).to_string()
    })
}

fn counted(command: &mut Command) -> io::Result<Tally> {
    let mut running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let none = || io::Error::other("no output");
    let (stdout, stderr) = (running.stdout.take().ok_or_else(none)?, running.stderr.take().ok_or_else(none)?);
    let (out, err) = std::thread::scope(|scope| {
        let err = scope.spawn(|| told(stderr, |line| eprintln!("{line}")));
        let out = told(stdout, |line| println!("{line}"));
        (out, err.join().unwrap_or_else(|_| Err(none())))
    });
    let mut tally = out?;
    tally += err?;
    let status = running.wait()?;
    // One of both must say that something failed: a runner that does not get to its summary has failed itself.
    if !status.success() && tally.failed == 0 {
        return Err(io::Error::other(format!("{} ended with {status}", command::line(command))));
    }
    Ok(tally)
}

/// Shows a stream line by line, and adds up the summaries in it.
fn told(stream: impl Read, show: impl Fn(&str)) -> io::Result<Tally> {
    let mut tally = Tally::default();
    for line in BufReader::new(stream).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        show(&line);
        if let Some(counted) = Tally::read(&uncoloured(&line)) {
            tally += counted;
        }
    }
    Ok(tally)
}

/// A line without the sequences that colour it.
fn uncoloured(line: &str) -> String {
    let mut plain = String::new();
    for (n, piece) in line.split("\u{1b}[").enumerate() {
        let end = piece.find(|c: char| c.is_ascii_alphabetic()).filter(|_| n > 0);
        plain += end.map_or(piece, |end| &piece[end + 1..]);
    }
    plain
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("      {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(script: &str) -> io::Result<Tally> {
        counted(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn summaries_are_counted_on_both_streams_and_in_colour() {
        let script = "echo 'test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0s'\n\
                      printf '\\033[32;1m     Summary\\033[0m [   1.0s] 2 tests run: \\033[1m2\\033[0m passed, 0 skipped\\n' >&2";
        assert_eq!(of(script).unwrap(), Tally { passed: 5, failed: 0, skipped: 0 });
    }

    #[test]
    fn tests_that_fail_are_counted_and_a_runner_that_dies_is_an_error() {
        let failed =
            of("echo '     Summary [ 1.0s] 3 tests run: 2 passed, 1 failed, 0 skipped' >&2; exit 100");
        assert_eq!(failed.unwrap(), Tally { passed: 2, failed: 1, skipped: 0 });
        assert!(of("exit 101").is_err());
    }

    #[test]
    fn tests_that_say_they_were_skipped_are_not_counted_as_passed() {
        let all = Tally { passed: 5, failed: 1, skipped: 2 };
        assert_eq!(less_skipped(all, ""), all);
        let said = "one: no Docker\ntwo: not root\n";
        assert_eq!(less_skipped(all, said), Tally { passed: 3, failed: 1, skipped: 4 });
    }

    #[test]
    fn a_part_that_does_not_hold_stops_the_suite_and_is_counted() {
        let mut tally = Tally::default();
        part(&mut tally, "one", || holds(Ok(()))).unwrap();
        part(&mut tally, "two", || Ok(Tally::SKIPPED)).unwrap();
        let error = part(&mut tally, "three", || holds(Err(io::Error::other("no")))).unwrap_err();
        assert_eq!(error.to_string(), "three: no");
        assert!(part(&mut tally, "four", || Ok(Tally { passed: 7, failed: 2, skipped: 0 })).is_err());
        assert_eq!(tally, Tally { passed: 8, failed: 3, skipped: 1 });
    }
}
