//! The fuzzer: hunts for bytes of which a property does not hold, for a time that is told.

use std::fs;
use std::io;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{command, corpus, target, workspace};

/// The cargo-fuzz that is installed where there is none.
const CARGO_FUZZ: &str = "0.13.2";

/// What is fuzzed, and for how long.
pub struct Options {
    /// How long each target runs.
    pub seconds: u64,
    /// Only these, by name; all where there is none.
    pub targets: Vec<String>,
    /// Documents to begin with besides our own: a folder that `cargo xtask corpus` takes.
    pub corpus: Option<PathBuf>,
}

/// How far one target came.
#[derive(Debug, Default, PartialEq, Eq)]
struct Reached {
    executions: u64,
    /// Places in the code that were reached, and with what counts of visits.
    edges: u64,
    features: u64,
    /// Inputs that are kept, for each showed something new.
    inputs: u64,
}

/// Builds the targets once, and runs one after the other, beginning with their seeds and what earlier runs kept.
///
/// # Errors
/// A tool is missing, or something was found; the message says where it is and how to make it small.
pub fn run(options: &Options) -> io::Result<()> {
    let wanted = wanted(&targets()?, &options.targets)?;
    let folder = target().join("fuzz");
    let binaries = build(&folder)?;
    sow(&folder, options.corpus.as_deref())?;
    let mut findings = Vec::new();
    for name in &wanted {
        for part in ["corpus", "findings"] {
            fs::create_dir_all(folder.join(part).join(name))?;
        }
        let sown = listed(&folder.join("seeds").join(name))?.len();
        println!("\n==> {name}: {} s, from {sown} seeds", options.seconds);
        let reached = hunt(&folder, &binaries.join(name), name, options.seconds);
        let (reached, mut found) = reached?;
        println!(
            "    {} executions, {} edges, {} features, {} inputs kept, {} finding(s)",
            reached.executions,
            reached.edges,
            reached.features,
            reached.inputs,
            found.len()
        );
        findings.append(&mut found);
    }
    if findings.is_empty() {
        println!("\nNothing was found.");
        return Ok(());
    }
    Err(io::Error::other(findings.iter().map(|finding| advice(&binaries, finding)).collect::<String>()))
}

/// A target, and a file that its property does not hold of.
struct Finding {
    target: String,
    file: PathBuf,
}

fn advice(binaries: &Path, finding: &Finding) -> String {
    let (name, file) = (&finding.target, finding.file.display());
    let binary = binaries.join(name);
    format!(
        "\n{name}: the property does not hold of {file}\n  see it:        {binary} {file}\n  \
         make it small: {binary} -minimize_crash=1 -max_total_time=60 -exact_artifact_path=small {file}\n  \
         then:          put `small` into tests/cases/fuzz/{name}/ under a name that says what it is, and mend it:\n                 \
         cargo test -p holdpoint-properties\n",
        binary = binary.display()
    )
}

/// Builds the targets, without a sanitizer: there is no unsafe code of ours to watch, and it costs half the speed.
fn build(folder: &Path) -> io::Result<PathBuf> {
    if command::output(Command::new("cargo").args(["+nightly", "--version"])).is_err() {
        let help = "the fuzzer needs a nightly toolchain: rustup toolchain install nightly --profile minimal";
        return Err(io::Error::other(help));
    }
    if !command::exists("c++") {
        return Err(io::Error::other("the fuzzer needs a C++ compiler: apt-get install g++"));
    }
    let cargo_fuzz = crate::tools::installed("cargo-fuzz", Some(CARGO_FUZZ)).ok_or_else(|| {
        let help = format!("cargo install --locked cargo-fuzz --version {CARGO_FUZZ}");
        io::Error::other(format!("cargo-fuzz could not be installed; try it by hand: {help}"))
    })?;
    println!("\n==> building the targets");
    let build = folder.join("build");
    let mut fuzz = Command::new(cargo_fuzz);
    // cargo-fuzz asks whichever cargo it was started by; only a nightly one knows the flags.
    fuzz.env("RUSTUP_TOOLCHAIN", "nightly").env_remove("CARGO").env_remove("RUSTC");
    fuzz.args(["fuzz", "build", "--sanitizer", "none", "--target-dir"]).arg(&build);
    command::run(fuzz.current_dir(workspace()))?;
    let host = command::output(
        Command::new("rustc").args(["+nightly", "--print", "host-tuple"]).env_remove("RUSTC"),
    )?;
    Ok(build.join(host).join("release"))
}

/// The targets there are, by the files they are made from.
fn targets() -> io::Result<Vec<String>> {
    let files = listed(&workspace().join("fuzz/fuzz_targets"))?;
    let mut names: Vec<_> =
        files.iter().filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

fn wanted(all: &[String], named: &[String]) -> io::Result<Vec<String>> {
    match named.iter().find(|name| !all.contains(name)) {
        Some(unknown) => {
            Err(io::Error::other(format!("there is no target {unknown}; there are {}", all.join(", "))))
        }
        None if named.is_empty() => Ok(all.to_vec()),
        None => Ok(named.to_vec()),
    }
}

/// Lays out seeds and words, beside what earlier runs kept. Not done in here, so that xtask needs nothing of the
/// product.
fn sow(folder: &Path, documents: Option<&Path>) -> io::Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["run", "--quiet", "--locked", "--package", "holdpoint-properties", "--example", "sow"]);
    cargo.arg("--").arg(folder);
    if let Some(documents) = documents {
        cargo.arg(corpus::folder(documents).canonicalize()?);
    }
    command::run(cargo.current_dir(workspace()))
}

fn hunt(folder: &Path, binary: &Path, name: &str, seconds: u64) -> io::Result<(Reached, Vec<Finding>)> {
    let findings = folder.join("findings").join(name);
    let before = listed(&findings)?;
    let mut fuzzer = Command::new(binary);
    fuzzer.arg(folder.join("corpus").join(name)).arg(folder.join("seeds").join(name));
    fuzzer.args([
        &format!("-max_total_time={seconds}"),
        "-max_len=8192",
        "-timeout=20",
        "-rss_limit_mb=2048",
    ]);
    fuzzer.args(["-print_final_stats=1", "-use_value_profile=0"]);
    fuzzer.arg(format!("-dict={}", folder.join("words.dict").display()));
    fuzzer.arg(format!("-artifact_prefix={}/", findings.display()));
    // Records are files: in memory, where there is such a place, they do not wear the disk.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        fuzzer.env("TMPDIR", memory);
    }
    let mut running = fuzzer.current_dir(folder).stderr(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let log_file = folder.join(format!("{name}.log"));
    let (mut log, mut reached) = (String::new(), Reached::default());
    for line in
        BufReader::new(running.stderr.take().ok_or_else(|| io::Error::other("no stderr"))?).split(b'\n')
    {
        let line = String::from_utf8_lossy(&line?).into_owned();
        note(&mut reached, &line);
        log += &line;
        log.push('\n');
    }
    let status = running.wait()?;
    fs::write(&log_file, &log)?;
    let new = listed(&findings)?.into_iter().filter(|file| !before.contains(file));
    let found: Vec<_> = new.map(|file| Finding { target: name.to_owned(), file }).collect();
    if !status.success() && found.is_empty() {
        let tail: Vec<_> = log.lines().rev().take(20).collect();
        let tail: Vec<_> = tail.into_iter().rev().collect();
        return Err(io::Error::other(format!("{name} ended with {status}\n{}", tail.join("\n"))));
    }
    for line in log.lines().skip_while(|line| !line.contains("panicked at")).take(6) {
        println!("    {line}");
    }
    Ok((reached, found))
}

fn listed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// Reads what libFuzzer says of itself: `#8192 NEW cov: 1403 ft: 5210 corp: 210/31Kb …`.
fn note(reached: &mut Reached, line: &str) {
    let number = |word: Option<&str>| word.and_then(|word| word.split('/').next()?.parse::<u64>().ok());
    if let Some(executions) = line.strip_prefix('#').and_then(|rest| number(rest.split_whitespace().next())) {
        reached.executions = reached.executions.max(executions);
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            match (pair[0], number(Some(pair[1]))) {
                ("cov:", Some(edges)) => reached.edges = edges,
                ("ft:", Some(features)) => reached.features = features,
                ("corp:", Some(inputs)) => reached.inputs = inputs,
                _ => {}
            }
        }
    }
    if let Some(executions) = line.strip_prefix("stat::number_of_executed_units:") {
        reached.executions = reached.executions.max(number(Some(executions.trim())).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_fuzzer_says_of_itself_is_read() {
        let mut reached = Reached::default();
        for line in [
            "INFO: Seed: 1",
            "#2\tINITED cov: 3 ft: 3 corp: 1/1b exec/s: 0 rss: 30Mb",
            "#8192\tNEW    cov: 1403 ft: 5210 corp: 210/31Kb lim: 80 exec/s: 4096 rss: 60Mb L: 4/8 MS: 1 X-",
            "stat::number_of_executed_units: 9000",
        ] {
            note(&mut reached, line);
        }
        assert_eq!(reached, Reached { executions: 9000, edges: 1403, features: 5210, inputs: 210 });
    }

    #[test]
    fn a_target_that_is_none_is_refused() {
        let all = targets().unwrap();
        let error = wanted(&all, &["document".into()]).unwrap_err().to_string();
        assert!(
            error.contains("no target document; there are adopted, approvals, blocks, bundles, calendars"),
            "{error}"
        );
        assert_eq!(wanted(&all, &[]).unwrap(), all);
    }
}
