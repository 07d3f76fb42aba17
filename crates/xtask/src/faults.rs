//! Every fault that the tests know to inject, where `cargo test` takes some of them.

use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::{command, tools, workspace};

/// Injects all of them: more than two thousand runs of the program, of which each is struck once. Shows how far it is,
/// and at its end how many points of each family were struck.
///
/// # Errors
/// A tool is missing, a point was not struck, or what a fault left behind is not what must be left.
pub fn run() -> io::Result<()> {
    tools::ensure()?;
    let begun = Instant::now();
    let mut families = Vec::new();
    let walked = tests(&["engine"], ["walk::"], &mut families);
    let record = ["tampering", "torn_tail"];
    let changed = tests(&record, ["every_"], &mut families);
    let faults = ["faults"];
    let alone = tests(&faults, ALONE.iter().copied(), &mut families);
    // One after the other: each takes as many points at a time as there are cores.
    let skipped = ALONE.iter().flat_map(|module| ["--skip", *module]);
    let swept = tests(&faults, skipped.chain(["--test-threads=1"]), &mut families);
    // What else `cargo xtask test` takes some of.
    let sampled: Vec<io::Result<()>> =
        SAMPLED.iter().map(|(binary, of)| tests(&[binary], of.iter().copied(), &mut families)).collect();
    println!("\n{}\nafter {} s", summary(&families), begun.elapsed().as_secs());
    walked.and(changed).and(alone).and(swept)?;
    sampled.into_iter().collect::<io::Result<()>>()?;
    whole(&families)
}

/// Test binaries that take some of many cases, and what of them; all of it where nothing is named.
const SAMPLED: &[(&str, &[&str])] = &[
    // What blocks on other places promise, at every kind of place.
    ("remote", &[]),
    // Every record of the corpus and every forgery, and what each verifier says of it.
    ("setup", &[]),
    ("signing", &[]),
    ("openssh", &[]),
    ("table", &[]),
    // Every seed of the fuzzer.
    ("seeds", &[]),
    // Every shape of a document that could take longer than its length.
    ("growth", &["that_grows_with"]),
    ("redaction_quoting", &[]),
    ("long", &[]),
    ("verbs", &["contained::", "looked::", "real::", "verdicts::"]),
    ("probes", &["here::"]),
    ("journeys", &["promotion::"]),
    ("demo", &[]),
    ("promotion", &[]),
];

/// Modules whose tests are no sweeps, and run beside each other.
const ALONE: &[&str] = &["disks::", "drivers::"];

/// Runs some of the tests, shows what they say, and gathers what they tell of points.
fn tests<'w>(
    binaries: &[&str],
    words: impl IntoIterator<Item = &'w str>,
    families: &mut Vec<Family>,
) -> io::Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // With the features that `cargo xtask test` builds with: nothing is built anew.
    cargo.args(["test", "--locked", "--workspace"]).args(binaries.iter().flat_map(|name| ["--test", *name]));
    cargo.args(["--", "--nocapture"]);
    cargo.args(words).env("HOLDPOINT_FAULTS", "all").current_dir(workspace()).stdout(Stdio::piped());
    let mut running = cargo.spawn()?;
    for line in BufReader::new(running.stdout.take().ok_or_else(|| io::Error::other("no output"))?).lines() {
        let line = line?;
        println!("{line}");
        families.extend(family(&line));
    }
    let status = running.wait()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{} ended with {status}", command::line(&cargo))))
}

/// How many points of a family were struck.
#[derive(Debug, PartialEq, Eq)]
struct Family {
    name: String,
    struck: usize,
    possible: usize,
}

/// Reads what `struck` of the tests prints, behind whatever the test harness has begun the line with.
fn family(line: &str) -> Option<Family> {
    let (_, rest) = line.split_once("faults: ")?;
    let (counts, name) = rest.split_once(" points struck: ")?;
    let (struck, possible) = counts.split_once(" of ")?;
    Some(Family { name: name.to_owned(), struck: struck.parse().ok()?, possible: possible.parse().ok()? })
}

fn summary(families: &[Family]) -> String {
    let line = |family: &Family| format!("{:>6} of {:>6}  {}\n", family.struck, family.possible, family.name);
    let total: usize = families.iter().map(|family| family.struck).sum();
    let lines: String = families.iter().map(line).collect();
    format!("{lines}{total:>6} points struck")
}

/// Every family took every point there is.
fn whole(families: &[Family]) -> io::Result<()> {
    let missed = families.iter().find(|family| family.struck == 0 || family.struck < family.possible);
    match (families.is_empty(), missed) {
        (true, _) => Err(io::Error::other("no family of faults told how many points it struck")),
        (_, Some(missed)) => {
            let Family { name, struck, possible } = missed;
            Err(io::Error::other(format!("{name}: only {struck} of {possible} points were struck")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_read_wherever_it_stands_in_a_line() {
        let told = "test crashes::killed ... faults: 62 of 62 points struck: kill -9 at events";
        let expected = Family { name: "kill -9 at events".into(), struck: 62, possible: 62 };
        assert_eq!(family(told), Some(expected));
        assert_eq!(family("    kill -9 at events: 50 of 62, about 3 s left"), None);
    }

    #[test]
    fn whatever_tests_take_some_of_is_taken_whole_here() {
        let swept = ["engine", "tampering", "torn_tail", "faults", "conformance", "common"];
        let mut pending = vec![workspace().join("crates")];
        let mut sampling = 0;
        while let Some(path) = pending.pop() {
            if path.is_dir() {
                pending.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
            let Some(at) = parts.iter().rposition(|part| *part == "tests") else { continue };
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            if !["sample::some", "sample::OneOf", "sample::takes_all"].iter().any(|used| text.contains(used))
            {
                continue;
            }
            sampling += 1;
            let (binary, rest) = (parts[at + 1].trim_end_matches(".rs"), &parts[at + 2..]);
            let of = SAMPLED.iter().find(|(name, _)| *name == binary).map(|(_, of)| *of);
            let module = rest.first().map(|file| file.replace(".rs", "::"));
            let taken = |of: &[&str]| of.is_empty() || module.is_none_or(|module| of.contains(&&*module));
            assert!(
                swept.contains(&binary) || of.is_some_and(taken),
                "{} is never taken whole",
                path.display()
            );
        }
        assert!(sampling > 20, "{sampling}");
    }

    #[test]
    fn a_spread_is_not_taken_for_all() {
        let family = |struck| vec![Family { name: "one".into(), struck, possible: 62 }];
        assert!(whole(&family(62)).is_ok());
        assert!(whole(&family(14)).is_err());
        assert!(whole(&[]).is_err());
    }
}
