//! `coverage`: which blocks that change something are checked, can be undone, and were ever tried. Executes nothing.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

use holdpoint_document::{CoverageFloors, Diagnostic, many};
use holdpoint_report::clock;
use holdpoint_view::{BlockCoverage, Covered, coverage as covered};
use serde_json::{Value, json};

use super::history::Past;
use super::prepare::{self, Checked};
use super::read::tell_passed_over;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen::Screen;

/// More documents than this are not looked for in a directory.
const MOST: usize = 10_000;

/// One document.
struct Document {
    path: String,
    blocks: Vec<BlockCoverage>,
    runs: usize,
    passed_over: Vec<u64>,
}

/// Tells it, of all documents together and of each. Ends with 1 where a floor of holdpoint.toml is not kept.
pub fn coverage(screen: &Screen, arguments: &args::Coverage) -> Result<Exit, Problem> {
    let (mut documents, mut foreign, mut floors) = (Vec::new(), Vec::new(), CoverageFloors::default());
    let mut pasts: HashMap<PathBuf, Past> = HashMap::new();
    for file in files(&arguments.path)? {
        let checked = prepare::check(&file)?;
        if let Some(config) = checked.place.configuration() {
            floors = config.coverage;
        }
        if checked.plan.is_foreign() {
            foreign.push(checked.path);
            continue;
        }
        let store = checked.place.store().path().to_owned();
        let past = match pasts.entry(store) {
            Entry::Occupied(past) => past.into_mut(),
            Entry::Vacant(none) => none.insert(Past::of(&checked.place)?),
        };
        documents.push(document(checked, past)?);
    }
    if documents.is_empty() {
        return Err(Problem::usage(
            format!("there is no run-book in {}", arguments.path.display()),
            "A run-book has `runbook: 1` in its front matter.",
        ));
    }
    let all = Covered::of(documents.iter().flat_map(|document| &document.blocks));
    let missed: Vec<String> = missed(&all, floors);
    match arguments.format {
        Format::Json => {
            let told = |document: &Document| {
                let Document { path, blocks, runs, passed_over } = document;
                json!({"path": path, "runs": runs, "passed_over": passed_over, "covered": Covered::of(blocks), "blocks": blocks})
            };
            let json: Value = json!({
                "covered": all, "below": missed, "not_run_books": foreign,
                "documents": documents.iter().map(told).collect::<Vec<_>>(),
            });
            screen.data(&serde_json::to_string_pretty(&json).unwrap_or_default());
        }
        Format::Text => text(screen, &documents, &all, &missed, foreign.len()),
    }
    Ok(if missed.is_empty() { Exit::Passed } else { Exit::Failed })
}

fn document(checked: Checked, past: &Past) -> Result<Document, Problem> {
    if checked.findings.iter().any(Diagnostic::is_error) {
        return Err(Problem::usage(
            format!("{} has errors, so that nobody can say what it covers", checked.path),
            format!("`holdpoint check {}` shows them.", checked.place.typed(&checked.path)),
        ));
    }
    let (summaries, passed_over) = past.runs_of(&checked.path, None);
    let blocks = covered(&checked.plan, &summaries);
    Ok(Document { path: checked.path, blocks, runs: summaries.len(), passed_over })
}

/// The file itself, or the Markdown files in and below a directory; hidden ones and links are left out.
fn files(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let (mut found, mut left) = (Vec::new(), vec![path.to_owned()]);
    while let Some(directory) = left.pop() {
        let cannot = |error: std::io::Error| {
            Problem::usage(format!("{} cannot be listed: {error}", directory.display()), "Name the files.")
        };
        for entry in fs::read_dir(&directory).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let kind = entry.file_type().map_err(cannot)?;
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            let markdown = Path::new(&entry.file_name()).extension().is_some_and(|ending| ending == "md");
            match () {
                () if hidden => {}
                () if kind.is_dir() => left.push(entry.path()),
                () if kind.is_file() && markdown => found.push(entry.path()),
                () => {}
            }
        }
        if found.len() > MOST {
            return Err(Problem::usage(
                format!("there are more than {MOST} documents in {}", path.display()),
                "Name a directory further down.",
            ));
        }
    }
    found.sort();
    Ok(found)
}

/// What is counted, by the key of its floor.
fn parts(all: &Covered) -> [(&'static str, usize, &'static str); 4] {
    [
        ("checked", all.checked, "are followed by a check"),
        ("rollback", all.rollback, "have a rollback"),
        ("rehearsed", all.rehearsed, "had that rollback done once"),
        ("ran", all.ran, "ran once"),
    ]
}

fn missed(all: &Covered, floors: CoverageFloors) -> Vec<String> {
    let floors = [floors.checked, floors.rollback, floors.rehearsed, floors.ran];
    let held = parts(all).into_iter().zip(floors);
    let below = held.filter_map(|((key, part, _), floor)| {
        let (floor, percent) = (usize::from(floor?), all.percent(part));
        (percent < floor).then(|| format!("{key}: {percent} %, and holdpoint.toml asks for {floor} %"))
    });
    below.collect()
}

fn text(screen: &Screen, documents: &[Document], all: &Covered, missed: &[String], foreign: usize) {
    let zone = jiff::tz::TimeZone::system();
    for Document { path, blocks, runs, passed_over } in documents {
        let of = Covered::of(blocks);
        let head = format!("{path}: {} with an effect, {}", many(of.blocks, "block"), many(*runs, "run"));
        screen.data_hung("", &head);
        for BlockCoverage { action, checked, rollback, rehearsed, ran, last_failed, .. } in blocks {
            let lacks: Vec<&str> = [
                (checked, "no check follows"),
                (rollback, "no rollback"),
                (&(*rehearsed || !rollback), "its rollback was never done"),
                (ran, "never ran"),
            ]
            .into_iter()
            .filter(|(has, _)| !**has)
            .map(|(_, lack)| lack)
            .collect();
            let lacks = if lacks.is_empty() { "covered".to_owned() } else { lacks.join(", ") };
            let failed = last_failed.map(|at| format!("; last failed {}", clock(at, &zone)));
            let told = format!("{action}: {lacks}{}", failed.unwrap_or_default());
            told.lines().for_each(|line| screen.data_hung("  ", line));
        }
        tell_passed_over(screen, "  ", passed_over);
    }
    screen.data(&format!("Of {} with an effect", many(all.blocks, "block")));
    for (_, part, what) in parts(all) {
        screen.data(&format!("  {:>3} % {what} ({part})", all.percent(part)));
    }
    for below in missed {
        screen.data_hung("BELOW  ", below);
    }
    if foreign > 0 {
        screen.tell(&format!("{} left out: no `runbook: 1` in front.", many(foreign, "document")));
    }
}
