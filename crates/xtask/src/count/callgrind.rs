//! Callgrind, and what it writes.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::command;

/// Instructions of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    /// All but those of SHA-256: the processor that valgrind plays has no instructions for it, ours have, so that they
    /// would hide everything else.
    pub(super) own: u64,
    /// Those of SHA-256.
    pub(super) digests: u64,
}

impl Count {
    pub(super) fn less(self, other: Count) -> Count {
        Count { own: self.own.saturating_sub(other.own), digests: self.digests.saturating_sub(other.digests) }
    }

    pub(super) fn over(self, parts: u64) -> Count {
        Count { own: self.own / parts, digests: self.digests / parts }
    }
}

/// Runs a program under callgrind, in `directory` and an environment that is the same everywhere. What it starts is
/// not counted.
pub(super) fn count(program: &Path, arguments: &[&str], directory: &Path) -> io::Result<Count> {
    let out = directory.join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--tool=callgrind", "--trace-children=no"]);
    valgrind.arg(format!("--callgrind-out-file={}", out.display()));
    valgrind.arg(program).args(arguments).current_dir(directory).stdin(Stdio::null());
    valgrind.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    valgrind.env("HOME", directory).env("LANG", "C.UTF-8").env("GIT_CONFIG_NOSYSTEM", "1");
    valgrind.env("GIT_CEILING_DIRECTORIES", directory.parent().unwrap_or(directory));
    command::output(&mut valgrind)?;
    let count = read(&fs::read_to_string(&out)?)?;
    fs::remove_file(out)?;
    Ok(count)
}

/// Sums what functions cost themselves. The format is told in valgrind's manual, "Callgrind Format Specification".
fn read(text: &str) -> io::Result<Count> {
    let mut names: HashMap<&str, bool> = HashMap::new();
    let (mut digest, mut call) = (false, false);
    let mut count = Count { own: 0, digests: 0 };
    for line in text.lines() {
        if let Some((key @ ("fn" | "cfn"), name)) = line.split_once('=') {
            // `(7) name` the first time, `(7)` from then on.
            let (id, name) = name.split_once(' ').unwrap_or((name, ""));
            let known = names.entry(id).or_insert_with(|| is_digest(name));
            if key == "fn" {
                digest = *known;
            }
        } else if line.starts_with("calls=") {
            // The line after it tells what the call cost, which the called function tells itself.
            call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '*')) {
            let cost = line.split(' ').nth(1).and_then(|cost| cost.parse::<u64>().ok());
            match (std::mem::take(&mut call), cost) {
                (true, _) | (false, None) => {}
                (false, Some(cost)) if digest => count.digests += cost,
                (false, Some(cost)) => count.own += cost,
            }
        }
    }
    let told = text.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse::<u64>().ok());
    match told {
        Some(told) if told == count.own + count.digests => Ok(count),
        told => Err(io::Error::other(format!(
            "callgrind's file cannot be read: its functions cost {}, and in all it says {told:?}",
            count.own + count.digests
        ))),
    }
}

fn is_digest(function: &str) -> bool {
    function.contains("sha2") && function.contains("compress")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "version: 1\npositions: line\nevents: Ir\nsummary: 130\n\n\
        ob=(1) /bin/x\nfl=(1) ???\nfn=(1) main\n0 10\ncfn=(2) sha2::sha256::soft::compress\ncalls=2 0\n0 100\n\
        +1 5\n\nfn=(2)\n0 100\n\nfn=(3) other\n* 15\n\ntotals: 130\n";

    #[test]
    fn what_functions_cost_themselves_is_summed_and_digests_apart() {
        assert_eq!(read(FILE).unwrap(), Count { own: 30, digests: 100 });
    }

    #[test]
    fn a_file_whose_parts_are_not_its_total_is_refused() {
        assert!(read(&FILE.replace("totals: 130", "totals: 131")).is_err());
        assert!(read(&FILE.replace("totals: 130\n", "")).is_err());
    }
}
