//! `cargo xtask …`: set-up, demo, tests.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use holdpoint_xtask::{
    advisories, audit, bench, corpus, count, demo, dist, faults, fuzz, licences, mutants, product, site,
    suite, tidy, tools, workspace,
};

/// Set-up, demo and tests of holdpoint.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Promote a sample product in a scratch repository: a real build, a real switch, a record to verify.
    Demo {
        /// Make it here, and let the services run on afterwards.
        #[arg(long, value_name = "DIR")]
        keep: Option<PathBuf>,
        /// Rehearse, unattended, also where there is a terminal.
        #[arg(long)]
        rehearse_only: bool,
        /// Use this program, and build none.
        #[arg(long, value_name = "FILE")]
        holdpoint: Option<PathBuf>,
        /// Release the sample shop to hosts with Docker instead: a first host that fails, a rehearsal, a killed driver.
        #[arg(long, conflicts_with_all = ["keep", "rehearse_only", "holdpoint"])]
        docker: bool,
    },
    /// Everything that must hold before a change goes in. Installs missing tools with apt-get.
    Test,
    /// Install the programs and packages that the tests need, where they are missing.
    Tools {
        /// MongoDB's shell and a server for it too, without which some tests are skipped. Minutes.
        #[arg(long)]
        mongodb: bool,
    },
    /// Inject every fault that the tests know, where `test` takes a spread of them. Twenty minutes.
    Faults,
    /// Measure the program beside the least that the machine allows, and beside others.
    Bench {
        /// Only these rows.
        #[arg(long, value_name = "NAME", num_args = 1..)]
        rows: Vec<String>,
        /// A third of the rounds, and less patience with who is slow.
        #[arg(long)]
        quick: bool,
        /// Install others to compare with, where a registry has them.
        #[arg(long)]
        peers: bool,
    },
    /// Count the instructions of fixed work under callgrind, and hold them against the last ones accepted.
    Count {
        /// Make these counts the ones to hold against.
        #[arg(long)]
        accept: bool,
    },
    /// Hunt for bytes that a reader stumbles over. Needs a nightly toolchain; keeps what it learns in target/fuzz.
    Fuzz {
        /// How long each target runs, in seconds.
        #[arg(long, value_name = "N", default_value_t = 60)]
        seconds: u64,
        /// Only this target; may be given more than once.
        #[arg(long = "target", value_name = "T")]
        targets: Vec<String>,
        /// Begin with the documents in DIR too, as `corpus` takes them.
        #[arg(long, value_name = "DIR")]
        corpus: Option<PathBuf>,
    },
    /// Change the code of engine, driver and record, and see whether their tests notice. A sixtieth of all changes.
    Mutants {
        /// All of them. Hours.
        #[arg(long, conflicts_with = "part")]
        all: bool,
        /// This part of them, as K/N with K from 0.
        #[arg(long, value_name = "K/N")]
        part: Option<String>,
    },
    /// Read, plan and begin every document in DIR, and check that nothing of it is executed. DIR/files if that exists.
    Corpus {
        /// Documents (.md) that people follow by hand.
        dir: PathBuf,
    },
    /// Write the clause tables of docs/audit.md, from docs/audit.toml and the tests that are there.
    Audit,
    /// Pack the program with completions, man pages, its bill of materials and checksums, for this machine's kind.
    Dist {
        /// Use this program, and build none.
        #[arg(long, value_name = "FILE")]
        holdpoint: Option<PathBuf>,
        /// Write it here [default: dist in the target directory]
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
        /// Install and use the Debian package in a clean Debian too. Minutes; root and debootstrap.
        #[arg(long = "try")]
        try_it: bool,
        /// Build the commit at hand once more, from nothing and in another directory, and compare. Minutes.
        #[arg(long, conflicts_with = "holdpoint")]
        twice: bool,
    },
    /// Build docs/ as a site, by mdBook.
    Site {
        /// Write it here [default: site in the target directory]
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
    /// Check that tracked files are fit to be read elsewhere.
    Tidy,
    /// Check the licences, sources and advisories of dependencies, against deny.toml.
    Deny,
    /// Make the sample product's scratch repository in DIR, let it serve, and describe it as JSON.
    Product {
        /// Empty or missing.
        dir: PathBuf,
    },
    /// Stop what a sample product in DIR serves.
    Stop {
        /// Where `demo --keep` or `product` made it.
        dir: PathBuf,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().verb {
        Verb::Demo { docker: true, .. } => {
            return demo::docker().unwrap_or_else(|error| failed(&error));
        }
        Verb::Demo { keep, rehearse_only, holdpoint, docker: false } => {
            return demo::run(&demo::Options { keep, rehearse_only, holdpoint })
                .unwrap_or_else(|error| failed(&error));
        }
        Verb::Test => return suite::run(),
        Verb::Tools { mongodb: true } => tools::ensure_mongodb(),
        Verb::Tools { mongodb: false } => tools::ensure(),
        Verb::Faults => faults::run(),
        Verb::Bench { rows, quick, peers } => bench::run(&bench::Options { rows, quick, peers }),
        Verb::Count { accept } => count::run(accept),
        Verb::Fuzz { seconds, targets, corpus } => fuzz::run(&fuzz::Options { seconds, targets, corpus }),
        Verb::Mutants { all: true, .. } => mutants::run(&mutants::Which::All),
        Verb::Mutants { part, .. } => mutants::run(&part.map_or(mutants::Which::Any, mutants::Which::Part)),
        Verb::Corpus { dir } => corpus::run(&dir),
        Verb::Audit => audit::run(&workspace()),
        Verb::Dist { holdpoint, into, try_it, twice } => {
            dist::make(&dist::Options { holdpoint, directory: into, try_it, twice })
        }
        Verb::Site { into } => site::build(into),
        Verb::Tidy => tidy::check(&workspace()),
        Verb::Deny => licences::check().and_then(|_| advisories::report()),
        Verb::Product { dir } => product::make(&dir).and_then(|mut product| {
            println!("{}", serde_json::to_string_pretty(&product)?);
            product.leave_running();
            Ok(())
        }),
        Verb::Stop { dir } => product::stop(&dir),
    };
    done.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

fn failed(error: &std::io::Error) -> ExitCode {
    eprintln!("cargo xtask: {error}");
    ExitCode::FAILURE
}
