//! `cargo xtask bench`: the program beside the least that the machine allows, and beside others, in one run.
//!
//! It measures and does not judge a change: times on a busy machine say little. [`crate::count`] does that.

mod built;
mod farm;
mod figures;
mod inputs;
mod measure;
mod options;
mod peers;
mod row;
mod rows;
mod scene;
mod table;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::{command, target, workspace};

pub(crate) use built::{Built, build};
pub(crate) use inputs::document;
pub use options::Options;
pub(crate) use rows::runbook;

/// Measures rows, prints each when it is done, and writes `table.md` and `results.json`.
///
/// # Errors
/// A row that nobody knows, or the bench itself fails. A missed target is a result.
pub fn run(options: &Options) -> io::Result<()> {
    let mut rows = rows::all();
    let known: Vec<&str> = rows.iter().map(|row| row.name).collect();
    if let Some(unknown) = options.rows.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(io::Error::other(format!("there is no row {unknown}; there are {}", known.join(", "))));
    }
    rows.retain(|row| options.rows.is_empty() || options.rows.iter().any(|name| name == row.name));
    let home = home()?;
    println!("==> building");
    let built = build(&home)?;
    if options.peers {
        println!("\n==> others to compare with");
        peers::install()?;
    }
    let head = head(options)?;
    let inputs = inputs::Inputs::of(&built.inputs, &home)?;
    let mut scene = scene::Scene::new(built, inputs, &home)?;
    let mut measured = Vec::new();
    for row in &rows {
        let row = measure::row(row, &mut scene, options)?;
        println!("{}", table::one(&row));
        measured.push(row);
    }
    let table = table::table(&head, &measured);
    fs::write(home.join("table.md"), &table)?;
    let results = serde_json::json!({"head": head, "quick": options.quick, "rows": measured});
    fs::write(home.join("results.json"), serde_json::to_string_pretty(&results)?)?;
    if let Some(summary) = table.lines().find(|line| line.contains(" targets reached")) {
        println!("{summary}");
    }
    println!("Written: table.md and results.json in target/bench");
    Ok(())
}

/// Where everything of the bench lies.
pub(crate) fn home() -> io::Result<PathBuf> {
    let home = target().join("bench");
    fs::create_dir_all(&home)?;
    Ok(home)
}

/// When this was, of what, and on what.
fn head(options: &Options) -> io::Result<String> {
    let date = command::output(Command::new("date").args(["--utc", "+%F %H:%MZ"]))?;
    let commit = command::output(command::git(&workspace()).args(["describe", "--always", "--dirty"]));
    let rustc = command::output(Command::new("rustc").arg("--version"))?;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, it)| it.trim()));
    let mut head = format!(
        "{date}, commit {}, {rustc}, {processors} × {}.",
        commit.unwrap_or_else(|_| "unknown".to_owned()),
        cpu.unwrap_or("an unknown processor"),
    );
    if options.quick {
        head.push_str(" Quick: few rounds.");
    }
    let others = peers::versions();
    if !others.is_empty() {
        head.push_str(&format!(" Beside {others}."));
    }
    Ok(head)
}
