//! The demo: from nothing to a verified record of a promotion that really happened.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::command;
use crate::product::{self, ANSWERS, PRODUCTION_ANSWERS, Product, QA, RELEASE, RUNBOOK};
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

/// Runs the demo: rehearses, promotes, compares, and looks back. Gives the exit code of the promotion; where that is 0, what
/// went wrong with looking back.
///
/// # Errors
/// The program cannot be built, or the scratch repository not be made.
pub fn run(options: &Options) -> io::Result<ExitCode> {
    let binary = options.holdpoint.as_ref().map_or_else(build, fs::canonicalize)?;
    let directory = make_room(options.keep.as_deref())?;
    eprintln!("Making a scratch repository and two deployments …");
    let mut product = product::make(&directory.join("product"))?;
    let attended = !options.rehearse_only && io::stdin().is_terminal() && io::stdout().is_terminal();
    let demo = Demo { binary: &binary, product: &product };

    let rehearsed = demo.rehearse()?;
    let ended = match rehearsed {
        0 if !options.rehearse_only => demo.promote(attended)?,
        ended => ended,
    };
    let promoted = ended == 0 && !options.rehearse_only;
    let compared = if promoted { demo.compare()? } else { 0 };
    let looked = match newest_record(&product.repo)? {
        Some(record) => demo.look_back(&directory, &record)?,
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
    let code = [ended, compared, looked].into_iter().find(|code| *code != 0).unwrap_or(0);
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

/// The program in the scratch repository of a product.
struct Demo<'a> {
    binary: &'a Path,
    product: &'a Product,
}

impl Demo<'_> {
    /// Undisturbed by the user's Git set-up.
    fn holdpoint(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.binary);
        command.args(arguments).current_dir(&self.product.repo);
        command::hermetic(&mut command).env_remove("HOLDPOINT_OPERATOR");
        command
    }

    /// Shows what is typed, runs it, and gives its exit code.
    fn types(&self, arguments: &[&str]) -> io::Result<i32> {
        println!("\n$ holdpoint {}\n", arguments.join(" "));
        Ok(self.holdpoint(arguments).status()?.code().unwrap_or(70))
    }

    /// Promotes in staging, unattended, with answers from a file.
    fn rehearse(&self) -> io::Result<i32> {
        let Product { repo, staging, previous, candidate, .. } = self.product;
        println!("\nA sample product is at {}", repo.display());
        println!(
            "  {} serves commit {previous:.12}, and so does {}",
            staging.url(),
            self.product.production.url()
        );
        println!("  branch staging holds commit {candidate:.12}, to become {RELEASE}");
        println!("First it is promoted in a rehearsal, unattended, with answers from a file:");
        println!("  tests, backup, fast-forward, tag, build, switch, verification, release.");
        println!("\n$ cd {}", repo.display());
        self.types(&["run", RUNBOOK, "--env", "staging", "--unattended", "--answers", ANSWERS])
    }

    /// Promotes the same bytes in production: at a terminal step by step, else up to the hold point, which is signed off by
    /// a key that was made for that.
    fn promote(&self, attended: bool) -> io::Result<i32> {
        let release = format!("RELEASE={RELEASE}");
        println!("\nNow the same bytes in production, which takes them only because they were rehearsed.");
        if attended {
            println!(
                "Each step is shown and asks before it runs. Nothing leaves this directory and this machine."
            );
            println!("The sign-off needs somebody else than the operator: {QA}.");
            return self.types(&["run", RUNBOOK, "--env", "production", "--set", &release]);
        }
        let answers = ["--unattended", "--answers", PRODUCTION_ANSWERS];
        let ended = self.types(&[&["run", RUNBOOK, "--env", "production"][..], &answers].concat())?;
        if ended != 3 {
            return Ok(ended);
        }
        println!("\nNo file of answers signs off in production. {QA} does, with a key:");
        let key = self.product.key.display().to_string();
        match self.types(&["sign", "latest", "--as", QA, "--key", &key, "--yes"])? {
            0 => self.types(&["resume", "latest", "--unattended"]),
            refused => Ok(refused),
        }
    }

    /// Shows how production differed from the rehearsal. That they differ is no fault: one step sets a rehearsal's stage.
    fn compare(&self) -> io::Result<i32> {
        Ok(match self.types(&["compare", "latest", "--to-rehearsal"])? {
            0 | 1 => 0,
            failed => failed,
        })
    }

    /// Verifies the record, writes its report, and says how to look further. Gives the exit code of `verify`.
    fn look_back(&self, directory: &Path, record: &Path) -> io::Result<i32> {
        let verified = self.types(&["verify", "latest"])?;
        let report = directory.join("report.md");
        let output = self
            .holdpoint(&["report", "latest", "--format", "markdown"])
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
        let (repo, binary) = (self.product.repo.display(), self.binary.display());
        println!("  replay  cd {repo} && {binary} replay latest");
        let failed = !output.status.success();
        Ok(if verified == 0 && failed { 70 } else { verified })
    }
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
