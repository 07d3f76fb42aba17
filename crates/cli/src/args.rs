//! What can be said on the command line (cli.md).

mod lists;
mod records;
mod serving;
mod shared;
mod taking_up;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCandidates;

pub use lists::{Compare, CompareFormat, Coverage, History, Listing, Reading};
pub use records::{Anchor, Audit, Export, Expunge, Review, ReviewAs, Verify};
pub use serving::Serve;
use shared::somebody;

use crate::completing;
pub use shared::{Checks, ChecksAre, Format, Lines, RunFormat, SessionKey, Who};
pub use taking_up::{Overriding, Resume, Rollback, TakeUp};

/// Run-books you can run, sign and prove.
#[derive(Debug, Parser)]
#[command(name = "holdpoint", version, propagate_version = true, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

const EXIT_CODES: &str = "Exit codes:
   0  done and passed
   1  a run ended failed, or a check that denies warnings found some
   2  usage, document or configuration error; nothing was executed
   3  parked: the run waits for a person
   4  aborted by the operator
   5  refused: a rule does not hold, somebody may not do that, or a signature does not count;
      nothing more was executed
   6  the record is altered, truncated, expunged in part, or does not conform
  70  a fault of holdpoint itself";

/// One verb each.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Say everything that is wrong with run-books
    Check(Check),
    /// Show the ordered steps with their values; execute nothing
    Plan(Plan),
    /// Propose what makes a run-book of a check-list, as a diff with reasons; the document is not written
    Adopt(Adopt),
    /// Open a run of a run-book and drive it
    Run(Run),
    /// Drive on a run that was interrupted or parked
    Resume(Resume),
    /// Undo what was done in an open run, and end it
    Rollback(Rollback),
    /// Show the evidence, and take the signature that a run waits for
    Sign(Sign),
    /// List the runs
    Runs(Listing),
    /// One run at a glance
    Show(Reading),
    /// Sign a document's bytes as one of its approvers
    Approve(Approve),
    /// Show which places targets stand for, and ask each whether it answers
    Targets(Targets),
    /// Add a note to an open run
    Note(Note),
    /// Put a value right that was written down in an open run
    Correct(Correct),
    /// Say something of a run that is over, signed, beside its sealed record
    Review(Review),
    /// Have somebody else say that a record was there: a time-stamp or a signed git tag, beside it
    Anchor(Anchor),
    /// Hand an open run over to its next operator, accept that, or take it back
    Handover(Handover),
    /// Compare two runs: outcomes, values, expectations, outputs, deviations
    Compare(Compare),
    /// How long the steps of a run-book take, and how often they fail
    History(History),
    /// Which blocks that change something are checked, can be undone, and were ever tried
    Coverage(Coverage),
    /// Re-prove a record, or a bundle of one: bytes, seal, signatures, conformity
    Verify(Verify),
    /// Go over all runs of a store: gaps, what ties them together, each record, signatures, clocks
    Audit(Audit),
    /// Pack a record, its reports and a script that checks it into one file to give away
    Export(Export),
    /// Take a leaked blob out of a record; verify then says: expunged
    Expunge(Expunge),
    /// Watch a run again as it happened; executes nothing
    Replay(Replay),
    /// Render a record
    Report(Report),
    /// Answer an editor on standard input and output (Language Server Protocol)
    ///
    /// An editor starts it, and talks to it: findings as one types, what a step will do, completions, outline and fixes.
    /// Typed at a terminal it waits for an editor's words; Ctrl-C ends it. How editors are set up: docs/editors.md.
    #[command(verbatim_doc_comment)]
    Lsp,
    /// Show the runs in a browser, and to programs over HTTP; with --sign, sign hold points there with passkeys
    Serve(Serve),
    /// Write what a repository needs and does not have
    Init(Init),
    /// Print a shell's completions
    Completions(Completions),
    /// Print the manual page, or write one page a verb
    Man(Man),
    /// Print a JSON Schema of what holdpoint reads or writes
    Schema(Schema),
}

/// `check`
#[derive(Debug, Args)]
pub struct Check {
    /// Run-books to check, directories of them, or patterns in quotes
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// How findings are written
    #[arg(long, value_enum, default_value = "text")]
    pub format: CheckFormat,
    /// Treat these findings as errors
    #[arg(long, value_enum)]
    pub deny: Option<Deny>,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// With the source lines they stand in.
    Text,
    /// One array of objects.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// GitHub Actions workflow commands.
    Github,
}

/// What `--deny` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Every warning.
    Warnings,
}

/// `plan`
#[derive(Debug, Args)]
pub struct Plan {
    /// The run-book
    pub file: PathBuf,
    #[command(flatten)]
    pub given: Given,
    /// How the plan is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Say of each step and command what it was taken for, how sure that is, and why
    #[arg(long)]
    pub explain: bool,
}

/// `adopt`
#[derive(Debug, Args)]
pub struct Adopt {
    /// The document
    pub file: PathBuf,
    /// Write the run-book to this file, which is not there yet, instead of a diff to standard output
    #[arg(long, value_name = "NEW")]
    pub write: Option<PathBuf>,
    /// How what is proposed is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// `targets`
#[derive(Debug, Args)]
pub struct Targets {
    /// Only this environment, as holdpoint.toml names it
    #[arg(long = "env", value_name = "E", add = ArgValueCandidates::new(completing::environments))]
    pub environment: Option<String>,
    /// Ask each place whether it answers, who one is there, and what it has
    #[arg(long)]
    pub probe: bool,
    /// Have each place remove what runs of this store that are over left there, and name the rest
    #[arg(long)]
    pub clean: bool,
    /// How places are written
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// What a run is given.
#[derive(Debug, Default, Args)]
pub struct Given {
    /// The environment, as holdpoint.toml names it
    #[arg(long = "env", value_name = "E", add = ArgValueCandidates::new(completing::environments))]
    pub environment: Option<String>,
    /// Give an input its value
    #[arg(long = "set", value_name = "K=V")]
    pub set: Vec<String>,
    /// Take answers from this file (YAML: step id → confirm, value, choice with reason)
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
}

/// `run`
#[derive(Debug, Args)]
pub struct Run {
    /// The run-book
    pub file: PathBuf,
    #[command(flatten)]
    pub given: Given,
    /// Ask nobody: what no answers file answers parks the run
    #[arg(long)]
    pub unattended: bool,
    /// Execute checks only, assume the rest, keep nothing
    #[arg(long, conflicts_with = "reason")]
    pub dry_run: bool,
    /// Execute no block at all; inputs that come from a command are asked all the same
    #[arg(long, requires = "dry_run")]
    pub no_checks: bool,
    /// How the run is told to programs, on standard output: json-lines as it happens, json a dry run at its end
    #[arg(long, value_enum, default_value = "text")]
    pub format: RunFormat,
    #[command(flatten)]
    pub checks: ChecksAre,
    /// The change under which it runs, where the environment asks for one
    #[arg(long, value_name = "ID")]
    pub change: Option<String>,
    #[command(flatten)]
    pub who: Who,
    #[command(flatten)]
    pub session: SessionKey,
    #[command(flatten)]
    pub overriding: Overriding,
}

/// `sign`
#[derive(Debug, Args)]
pub struct Sign {
    /// Number, id prefix, path or `latest` [default: the only run that waits for a sign-off]
    #[arg(add = ArgValueCandidates::new(completing::open_runs))]
    pub run: Option<String>,
    /// Who signs, as holdpoint.toml and allowed_signers name people [default: as for --operator]
    #[arg(long = "as", value_name = "PRINCIPAL", add = ArgValueCandidates::new(completing::people), value_parser = somebody)]
    pub principal: Option<String>,
    /// Sign with this key through ssh-keygen, instead of asking the SSH agent
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Sign without asking; the evidence is shown all the same
    #[arg(long)]
    pub yes: bool,
    /// Refuse to sign it off; nothing is rolled back
    #[arg(long, requires = "reason", conflicts_with = "yes")]
    pub reject: bool,
    /// Why it is rejected
    #[arg(long, requires = "reject")]
    pub reason: Option<String>,
    /// Show what the blocks printed last as well; no part of what is signed
    #[arg(long)]
    pub outputs: bool,
    /// Show the evidence here, however long it is [default: in $PAGER, else less, where it is longer than the terminal]
    #[arg(long)]
    pub no_pager: bool,
    /// Give the evidence in this form and sign nothing
    #[arg(long, value_enum, conflicts_with_all = ["yes", "reject", "key", "no_pager"])]
    pub format: Option<EvidenceFormat>,
    /// Write the evidence here and sign nothing; as text, without --format
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["yes", "reject", "key", "no_pager"])]
    pub output: Option<PathBuf>,
}

/// How `sign` gives the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EvidenceFormat {
    /// The text whose digest is recorded, byte for byte.
    Text,
    /// Its parts, what the signature says was seen, and digests, for programs.
    Json,
    /// A page to print.
    Html,
}

/// `approve`
#[derive(Debug, Args)]
pub struct Approve {
    /// The run-book
    pub file: PathBuf,
    /// Who approves, by principal or alias [default: as for --operator]
    #[arg(long = "as", value_name = "PRINCIPAL", add = ArgValueCandidates::new(completing::people), value_parser = somebody)]
    pub principal: Option<String>,
    /// Sign with this key through ssh-keygen, instead of asking the SSH agent
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Sign without asking; what is approved is shown all the same
    #[arg(long)]
    pub yes: bool,
    /// Say who has approved it and who has not; sign nothing
    #[arg(long, conflicts_with_all = ["principal", "key", "yes"])]
    pub list: bool,
    /// How the list is written
    #[arg(long, value_enum, default_value = "text", requires = "list")]
    pub format: Format,
}

/// `note`
#[derive(Debug, Args)]
pub struct Note {
    /// Number, id prefix, path or `latest`
    #[arg(add = ArgValueCandidates::new(completing::open_runs))]
    pub run: String,
    /// What to note
    pub text: String,
    /// The step it is about
    #[arg(long, add = ArgValueCandidates::new(completing::steps))]
    pub step: Option<String>,
    /// The number of the event it corrects
    #[arg(long, value_name = "N")]
    pub corrects: Option<u64>,
    #[command(flatten)]
    pub who: Who,
}

/// `correct`
#[derive(Debug, Args)]
pub struct Correct {
    /// Number, id prefix, path or `latest`
    #[arg(add = ArgValueCandidates::new(completing::runs))]
    pub run: String,
    /// The value's name
    pub name: String,
    /// What it is to be
    pub value: String,
    /// Why: it stands beside the old value and the new one
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub who: Who,
}

/// `handover`
#[derive(Debug, Args)]
pub struct Handover {
    /// Number, id prefix, path or `latest` [default: the only open run]
    #[arg(add = ArgValueCandidates::new(completing::open_runs))]
    pub run: Option<String>,
    /// Who is to go on with it
    #[arg(long, value_name = "WHO", add = ArgValueCandidates::new(completing::people), value_parser = somebody, required_unless_present_any = ["accept", "withdraw"])]
    pub to: Option<String>,
    /// Open questions, and whatever else they should know
    #[arg(long, value_name = "TEXT", requires = "to")]
    pub note: Option<String>,
    /// Accept it: you operate the run from now on
    #[arg(long, conflicts_with_all = ["to", "withdraw"])]
    pub accept: bool,
    /// Take it back before it is accepted, or decline it
    #[arg(long, conflicts_with = "to")]
    pub withdraw: bool,
    /// Why; needed of everybody but the one who handed it over
    #[arg(long, value_name = "WHY", requires = "withdraw")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub who: Who,
    #[command(flatten)]
    pub session: SessionKey,
}

/// `replay`
#[derive(Debug, Args)]
pub struct Replay {
    /// Number, id prefix, path or `latest` [default: the only run]
    #[arg(add = ArgValueCandidates::new(completing::runs))]
    pub run: Option<String>,
    /// How many times faster than it was
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
    /// Only this step
    #[arg(long, value_name = "ID", add = ArgValueCandidates::new(completing::steps))]
    pub step: Option<String>,
    /// Only what is of this place
    #[arg(long, value_name = "PLACE")]
    pub place: Option<String>,
    /// Longest wait that is played, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = speed)]
    pub max_wait: f64,
    /// How the answer is written; json gives the frames at once
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// `report`
#[derive(Debug, Args)]
pub struct Report {
    /// Number, id prefix, path or `latest` [default: the only run]
    #[arg(add = ArgValueCandidates::new(completing::runs))]
    pub run: Option<String>,
    /// What to make of the record
    #[arg(long, value_enum, default_value = "markdown")]
    pub format: ReportFormat,
    /// Where the page shows what blocks printed: beside each (full), behind the document with links (appendix), or not at all
    #[arg(long, value_enum)]
    pub outputs: Option<OutputsIn>,
    /// The ECDSA P-256 key (PKCS#8, PEM) that signs in-toto statements; no SSH key
    #[arg(long, value_name = "FILE", required_if_eq("format", "in-toto"))]
    pub key: Option<PathBuf>,
    /// Write it here instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Where a page shows what blocks printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputsIn {
    /// Beside each block.
    Full,
    /// Behind the document, with links to it; earlier attempts take a line.
    Appendix,
    /// Nowhere: how much there is, and its digest; earlier attempts take a line.
    None,
}

/// What `report` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// The executed copy: the document, ticked, with what happened.
    Markdown,
    /// One page for print and file, which carries its record and proves it when it is opened.
    Html,
    /// Everything, for programs.
    Json,
    /// JUnit XML, for continuous integration.
    Junit,
    /// An asciicast (version 3), for terminal players.
    Cast,
    /// An in-toto statement about a sealed record, signed with --key (DSSE).
    InToto,
}

/// `init`
#[derive(Debug, Args)]
pub struct Init {
    /// The repository, or a directory [default: the current one]
    pub directory: Option<PathBuf>,
    /// Write an example that runs at once instead: a run-book, its configuration and answers for a rehearsal
    #[arg(long, value_enum)]
    pub example: Option<Example>,
}

/// What `init` can write to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Example {
    /// A release that is rehearsed, promoted and signed off.
    Promotion,
}

/// `completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// A shell that completions can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU Bash.
    Bash,
    /// Z shell.
    Zsh,
    /// Friendly interactive shell.
    Fish,
}

/// `man`
#[derive(Debug, Args)]
pub struct Man {
    /// Write the main page and one page a verb into this directory
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

/// `schema`
#[derive(Debug, Args)]
pub struct Schema {
    /// What is to be described
    #[arg(value_enum)]
    pub of: SchemaOf,
}

/// What a schema can be had of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// A run-book's front matter.
    FrontMatter,
    /// The option lines of run, check and rollback blocks.
    Options,
    /// A `yaml step` block.
    Step,
    /// A `yaml expect` block.
    Expect,
    /// A `yaml record` block.
    Record,
    /// A `yaml signoff` block.
    Signoff,
    /// A `yaml check` block.
    Probe,
    /// holdpoint.toml.
    Config,
    /// One line of a record's run.jsonl.
    Events,
    /// One line of what `run --format json-lines` writes.
    Moments,
    /// An answers file.
    Answers,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("it must be a number above 0".to_owned()),
    }
}
