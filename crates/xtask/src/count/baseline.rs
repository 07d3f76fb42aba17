//! The counts of the last time they were accepted, and what has changed since.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use super::callgrind::Count;
use crate::{command, workspace};

/// What counts depend on beside our own code.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Machine {
    rustc: String,
    valgrind: String,
    libc: String,
    /// Architecture and, of what libraries choose their code by, what valgrind plays.
    processor: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    machine: Machine,
    /// By case.
    instructions: BTreeMap<String, u64>,
}

/// What has changed, case by case.
pub(super) struct Comparison {
    changes: Vec<Change>,
    /// Cases that only the baseline or only the program knows.
    unmatched: Vec<String>,
    /// What is another than the baseline's, if something is.
    elsewhere: Option<String>,
    tolerance: f64,
}

struct Change {
    name: &'static str,
    before: u64,
    now: Count,
}

impl Change {
    fn percent(&self) -> f64 {
        (self.now.own as f64 / self.before.max(1) as f64 - 1.0) * 100.0
    }

    fn grew(&self, tolerance: f64) -> bool {
        self.now.own as f64 > self.before as f64 * (1.0 + tolerance / 100.0)
    }
}

impl Machine {
    pub(super) fn here() -> io::Result<Machine> {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let flags = cpus.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
        let avx2 = if flags.split(' ').any(|flag| flag == "avx2") { " avx2" } else { "" };
        Ok(Machine {
            rustc: command::output(Command::new("rustc").arg("--version"))?,
            valgrind: command::output(Command::new("valgrind").arg("--version"))?,
            libc: command::output(Command::new("getconf").arg("GNU_LIBC_VERSION"))
                .unwrap_or_else(|_| "unknown".to_owned()),
            processor: format!("{}{avx2}", std::env::consts::ARCH),
        })
    }

    fn parts(&self) -> [(&'static str, &str); 4] {
        let Machine { rustc, valgrind, libc, processor } = self;
        [("rustc", rustc), ("valgrind", valgrind), ("libc", libc), ("processor", processor)]
    }
}

impl Baseline {
    pub(super) fn read() -> io::Result<Baseline> {
        let text = fs::read_to_string(path())?;
        toml::from_str(&text)
            .map_err(|error| io::Error::other(format!("the baseline cannot be read: {error}")))
    }

    /// Makes these counts the baseline.
    pub(super) fn write(machine: &Machine, counts: &[(&'static str, Count)]) -> io::Result<()> {
        fs::write(path(), text(machine, counts))?;
        println!("    {} cases are the baseline now, in crates/xtask/instructions.toml", counts.len());
        Ok(())
    }

    pub(super) fn compare(
        &self,
        machine: &Machine,
        counts: &[(&'static str, Count)],
        tolerance: f64,
    ) -> Comparison {
        let mut changes = Vec::new();
        let mut unmatched = Vec::new();
        for (name, now) in counts {
            match self.instructions.get(*name) {
                Some(before) => changes.push(Change { name, before: *before, now: *now }),
                None => unmatched.push(format!("{name} is not in the baseline")),
            }
        }
        let counted = |name: &String| counts.iter().any(|(counted, _)| counted == name);
        let gone = self.instructions.keys().filter(|name| !counted(name));
        unmatched.extend(gone.map(|name| format!("{name} is in the baseline and was not counted")));
        let others: Vec<String> = (self.machine.parts().into_iter().zip(machine.parts()))
            .filter(|(theirs, ours)| theirs != ours)
            .map(|((what, theirs), (_, ours))| format!("{what}: {theirs} then, {ours} now"))
            .collect();
        let elsewhere = (!others.is_empty()).then(|| others.join("; "));
        Comparison { changes, unmatched, elsewhere, tolerance }
    }
}

impl Comparison {
    /// A line a case.
    pub(super) fn told(&self, cases: &[(&str, &str)]) -> String {
        let mut text = String::new();
        for change in &self.changes {
            let what = cases.iter().find(|(name, _)| *name == change.name).map_or("", |(_, what)| *what);
            let _ = writeln!(
                text,
                "    {:8} {:>12} instructions, {:+.1} % ({:.1} million of SHA-256 aside): {what}{}",
                change.name,
                change.now.own,
                change.percent(),
                change.now.digests as f64 / 1e6,
                // What was gained and not accepted could be lost again unseen.
                if change.percent() < -self.tolerance {
                    "\n             cheaper: --accept keeps it"
                } else {
                    ""
                }
            );
        }
        if let Some(elsewhere) = &self.elsewhere {
            let _ = writeln!(
                text,
                "    NOT JUDGED: the baseline was counted with something else ({elsewhere}).\n    \
                 `cargo xtask count --accept` on the code before a change makes a baseline to hold it against."
            );
        }
        text
    }

    /// What is wrong, if something is.
    pub(super) fn wrong(&self) -> Option<String> {
        let mut wrong = self.unmatched.clone();
        if self.elsewhere.is_none() {
            let grown = self.changes.iter().filter(|change| change.grew(self.tolerance));
            wrong.extend(grown.map(|change| {
                format!(
                    "{} takes {:.1} % more instructions than it did; {} % is tolerated",
                    change.name,
                    change.percent(),
                    self.tolerance
                )
            }));
        }
        (!wrong.is_empty()).then(|| wrong.join("\n"))
    }
}

fn text(machine: &Machine, counts: &[(&'static str, Count)]) -> String {
    let mut text =
        "# Instructions of fixed work, without those of SHA-256. `cargo xtask count` holds against them,\n\
                    # and `cargo xtask count --accept` writes them.\n\n[machine]\n"
            .to_owned();
    for (what, is) in machine.parts() {
        let _ = writeln!(text, "{what} = {is:?}");
    }
    text.push_str("\n[instructions]\n");
    for (name, count) in counts {
        let _ = writeln!(text, "{name} = {}", count.own);
    }
    text
}

fn path() -> PathBuf {
    workspace().join("crates/xtask/instructions.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(rustc: &str) -> Machine {
        let word = || "x".to_owned();
        Machine { rustc: rustc.to_owned(), valgrind: word(), libc: word(), processor: word() }
    }

    fn counted(own: u64) -> Vec<(&'static str, Count)> {
        vec![("case", Count { own, digests: 7 })]
    }

    fn baseline() -> Baseline {
        toml::from_str(&text(&machine("1"), &counted(1000))).unwrap()
    }

    fn wrong(rustc: &str, own: u64) -> Option<String> {
        baseline().compare(&machine(rustc), &counted(own), 10.0).wrong()
    }

    #[test]
    fn what_is_written_is_read_again() {
        assert_eq!(baseline().machine, machine("1"));
        assert_eq!(baseline().instructions, BTreeMap::from([("case".to_owned(), 1000)]));
    }

    #[test]
    fn a_case_that_grew_is_wrong_beyond_what_is_tolerated() {
        assert_eq!(wrong("1", 1100), None);
        assert_eq!(wrong("1", 10), None);
        assert!(wrong("1", 1101).unwrap().contains("case takes 10.1 % more"));
    }

    #[test]
    fn a_case_that_became_cheaper_is_told_to_be_accepted() {
        let told = |own| baseline().compare(&machine("1"), &counted(own), 10.0).told(&[]);
        assert!(told(800).contains("--accept keeps it"));
        assert!(!told(950).contains("--accept"));
    }

    #[test]
    fn counts_of_another_compiler_are_told_and_not_judged() {
        let comparison = baseline().compare(&machine("2"), &counted(5000), 10.0);
        assert_eq!(comparison.wrong(), None);
        let told = comparison.told(&[]);
        assert!(told.contains("+400.0 %") && told.contains("NOT JUDGED"), "{told}");
        assert!(told.contains("rustc: 1 then, 2 now"), "{told}");
    }

    #[test]
    fn a_case_on_one_side_only_is_wrong_with_any_compiler() {
        for rustc in ["1", "2"] {
            let none = baseline().compare(&machine(rustc), &[], 10.0).wrong().unwrap();
            assert!(none.contains("was not counted"), "{none}");
            let other = [("other", Count { own: 1, digests: 0 })];
            let more = baseline().compare(&machine(rustc), &other, 10.0).wrong().unwrap();
            assert!(more.contains("other is not in the baseline"), "{more}");
        }
    }
}
