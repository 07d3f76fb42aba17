//! The demo: from nothing to a verified record of a promotion that really happened.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::command;
use crate::product::{self, ANSWERS, Product, QA, RELEASE, RUNBOOK};
use crate::target;

/// Tells a directory that the demo made from one that it must not empty.
const MARK: &str = ".holdpoint-demo";

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where to make it, with services left running; `None` is `demo` in the target directory.
    pub keep: Option<PathBuf>,
    /// The unattended rehearsal, also at a terminal.
    pub rehearse_only: bool,
    /// A program that is built already; `None` builds it.
    pub holdpoint: Option<PathBuf>,
}

/// Runs the demo and gives the exit code of the promotion; where that is 0, what went wrong with looking back.
///
/// # Errors
/// The program cannot be built, or the scratch repository not be made.
pub fn run(options: &Options) -> io::Result<ExitCode> {
    let binary = options.holdpoint.as_ref().map_or_else(build, fs::canonicalize)?;
    let directory = make_room(options.keep.as_deref())?;
    eprintln!("Making a scratch repository and two deployments …");
    let mut product = product::make(&directory.join("product"))?;
    let attended = !options.rehearse_only && io::stdin().is_terminal() && io::stdout().is_terminal();
    let arguments = arguments(attended);
    announce(&product, attended, &binary, &arguments)?;

    let ended = holdpoint(&binary, &product, &arguments).status()?.code().unwrap_or(70);
    let looked = match newest_record(&product.repo)? {
        Some(record) => look_back(&binary, &product, &directory, &record)?,
        None => {
            println!("\nNothing was recorded: the run was not opened (exit code {ended}).");
            70
        }
    };
    let parked = ended == 3;
    if parked {
        println!("\nThe run waits for a person. To take it up again:");
        println!("  cd {}", product.repo.display());
        println!("  {} resume latest", binary.display());
        println!("Where it waits for a sign-off, choose `sign` and let {QA} type their printed name.");
    }
    farewell(&mut product, parked || options.keep.is_some())?;
    let code = if ended == 0 { looked } else { ended };
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(70)))
}

/// What `--docker` needs: a program of it, and the package that brings it.
const FOR_DOCKER: &[(&str, &str)] = &[
    ("dockerd", "docker.io"),
    ("docker", "docker.io"),
    ("sshd", "openssh-server"),
    ("nginx", "nginx"),
    ("initdb", "postgresql"),
    ("busybox", "busybox-static"),
    ("ip", "iproute2"),
];

/// Releases the sample shop to hosts with Docker that are made for it, by the test that does the same in the suite; shows
/// what each run said.
///
/// # Errors
/// Something that it needs is not here; the message says what to install.
pub fn docker() -> io::Result<ExitCode> {
    if command::output(Command::new("id").arg("-u"))?.trim() != "0" {
        return Err(io::Error::other(
            "hosts with networks and engines of their own are made by root: sudo cargo xtask demo --docker",
        ));
    }
    let path = crate::tools::search_path();
    let here = |name: &str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    let mut missing: Vec<&str> =
        FOR_DOCKER.iter().filter(|(name, _)| !here(name)).map(|(_, package)| *package).collect();
    missing.dedup();
    if !missing.is_empty() {
        let install = format!("apt-get install --no-install-recommends {}", missing.join(" "));
        return Err(io::Error::other(format!("programs are missing; type: {install}")));
    }
    eprintln!("One host for staging and three for production are made; this takes a minute or two …");
    let mut test = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    test.args([
        "test",
        "--quiet",
        "--locked",
        "--package",
        "holdpoint",
        "--test",
        "shop",
        "--",
        "--nocapture",
    ]);
    let status = test.env("HOLDPOINT_DEMO", "1").current_dir(crate::workspace()).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the program and tells where it is. Unoptimised: first contact is dominated by the build.
fn build() -> io::Result<PathBuf> {
    eprintln!("Building holdpoint …");
    command::built(&["--package", "holdpoint"], "holdpoint")
}

/// An empty directory; a demo that was there before is stopped and removed, anything else is left alone.
fn make_room(keep: Option<&Path>) -> io::Result<PathBuf> {
    let directory = keep.map_or_else(|| target().join("demo"), PathBuf::from);
    if directory.join(MARK).is_file() {
        if directory.join("product/deploy").is_dir() {
            product::stop(&directory.join("product"))?;
        }
        fs::remove_dir_all(&directory)?;
    } else if directory.is_dir() && fs::read_dir(&directory)?.next().is_some() {
        let said =
            format!("{} is not empty and no demo made it; name another directory", directory.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, said));
    }
    fs::create_dir_all(&directory)?;
    fs::write(directory.join(MARK), "")?;
    directory.canonicalize()
}

fn arguments(attended: bool) -> Vec<String> {
    let release = format!("RELEASE={RELEASE}");
    let words: &[&str] = if attended {
        &["run", RUNBOOK, "--env", "production", "--set", &release]
    } else {
        &["run", RUNBOOK, "--env", "staging", "--unattended", "--answers", ANSWERS]
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The program in the scratch repository, undisturbed by the user's Git set-up.
fn holdpoint(binary: &Path, product: &Product, arguments: &[String]) -> Command {
    let mut command = Command::new(binary);
    command.args(arguments).current_dir(&product.repo);
    command::hermetic(&mut command).env_remove("HOLDPOINT_OPERATOR");
    command
}

fn announce(product: &Product, attended: bool, binary: &Path, arguments: &[String]) -> io::Result<()> {
    let (place, what) = match attended {
        true => (&product.production, "You are about to promote it, in production"),
        false => (
            &product.staging,
            "It is about to be promoted in a rehearsal, unattended, with answers from a file",
        ),
    };
    let serving = product.version(place)?;
    println!();
    println!("A sample product is at {}", product.repo.display());
    println!("  {} serves commit {:.12} as process {}", place.url(), product.previous, serving["pid"]);
    println!("  branch staging holds commit {:.12}, to become {RELEASE}", product.candidate);
    println!("{what}:");
    println!("  tests, backup, fast-forward, tag, build, switch, verification, release.");
    if attended {
        println!(
            "Each step is shown and asks before it runs. Nothing leaves this directory and this machine."
        );
        println!("The sign-off needs somebody else than the operator: {QA}.");
    }
    println!("\n$ cd {}", product.repo.display());
    println!("$ {} {}\n", binary.display(), arguments.join(" "));
    Ok(())
}

/// The record with the highest number.
fn newest_record(repo: &Path) -> io::Result<Option<PathBuf>> {
    let runs = repo.join(".holdpoint/runs");
    if !runs.is_dir() {
        return Ok(None);
    }
    let mut records = Vec::new();
    for entry in fs::read_dir(runs)? {
        let path = entry?.path();
        if path.join("run.jsonl").is_file() {
            records.push(path);
        }
    }
    Ok(records.into_iter().max())
}

/// Verifies the record, writes its report, and says how to look further. Gives the exit code of `verify`.
fn look_back(binary: &Path, product: &Product, directory: &Path, record: &Path) -> io::Result<i32> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    println!("\n$ holdpoint verify latest");
    let verified = holdpoint(binary, product, &words(&["verify", "latest"])).status()?.code().unwrap_or(70);

    let report = directory.join("report.md");
    let output = holdpoint(binary, product, &words(&["report", "latest", "--format", "markdown"]))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    println!("\nWhat is left to look at:");
    println!("  record  {}", record.display());
    if output.status.success() {
        fs::write(&report, output.stdout)?;
        println!("  report  {}", report.display());
    } else {
        println!("  report  could not be made ({})", output.status);
    }
    println!("  replay  cd {} && {} replay latest", product.repo.display(), binary.display());
    let failed = !output.status.success();
    Ok(if verified == 0 && failed { 70 } else { verified })
}

fn farewell(product: &mut Product, keep: bool) -> io::Result<()> {
    println!();
    if keep {
        product.leave_running();
        println!("The service still runs, at {} and {}.", product.production.url(), product.staging.url());
        println!("To stop it: cargo xtask stop {}", product.root.display());
    } else {
        product.stop()?;
        println!(
            "The service is stopped; the repository, the record and the report stay until the next demo."
        );
    }
    Ok(())
}
