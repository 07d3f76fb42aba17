//! Documents that people follow by hand, given to the program as they are: each is read, planned and begun, and nothing
//! of it is executed. Ours are in `tests/cases/real`, and tests ask the same of them.

mod adopted;
mod commands;
mod compare;
mod told;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::command;
use adopted::Adopted;
use commands::Commands;

/// Asks of every document in a folder what must hold of it, and says at the end of how many it does.
///
/// # Errors
/// There is no document, something does not build, or something does not hold of one: then all of those are told.
pub fn run(dir: &Path) -> io::Result<()> {
    let documents = documents(&folder(dir))?;
    // Both at once, as the tests are: so they share what cargo builds for those.
    let both = ["--workspace", "--bin", "holdpoint", "--example", "followed"];
    let holdpoint = command::built(&both, "holdpoint")?;
    let reader = command::built(&both, "followed")?;
    let other = compare::ensure();
    if let Err(why) = &other {
        println!("markdown-it-py cannot be had, so nothing is held against it: {why}");
    }
    let counted = Mutex::new((Commands::default(), Adopted::default()));
    let failed = each(&documents, |document| {
        let read =
            Command::new(&reader).arg(document).env("RUST_BACKTRACE", "0").stdin(Stdio::null()).output();
        let read = read.map_err(|error| format!("{} could not be started: {error}", reader.display()))?;
        if !read.status.success() {
            return Err(String::from_utf8_lossy(&read.stderr).trim().to_owned());
        }
        let (commands, adopted) = beside(&holdpoint, document, other.as_deref().ok())?;
        let mut counted = counted.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        counted.0.add(commands);
        counted.1.add(adopted);
        Ok(())
    });
    for (document, why) in &failed {
        println!("{}: {why}\n", document.display());
    }
    let (commands, adopted) = counted.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    println!("{commands}\n{adopted}");
    let skipped = if other.is_ok() { 0 } else { documents.len() };
    println!("{}", tally(documents.len(), failed.len(), skipped));
    match failed.is_empty() {
        true => Ok(()),
        false => {
            Err(io::Error::other(format!("see above what does not hold of documents in {}", dir.display())))
        }
    }
}

/// Where the documents of a corpus are: in `files` below it, if there is such a folder.
pub fn folder(dir: &Path) -> PathBuf {
    let files = dir.join("files");
    if files.is_dir() { files } else { dir.to_owned() }
}

/// The line that continuous integration counts by.
fn tally(all: usize, failed: usize, skipped: usize) -> String {
    let skipped = if skipped > 0 { format!(", {skipped} not compared") } else { String::new() };
    format!("{} passed, {failed} failed{skipped}", all - failed)
}

/// Every document in a folder.
///
/// # Errors
/// It cannot be read, or there is none in it: then nothing was asked, and nothing can hold.
pub fn documents(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(named)? {
        let path = entry.map_err(named)?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    if found.is_empty() {
        return Err(io::Error::other(format!("{} holds no .md file", folder.display())));
    }
    found.sort();
    Ok(found)
}

/// Those of which it does not hold, with the reason, in order; as many at a time as there are cores.
fn each(documents: &[PathBuf], holds: impl Fn(&Path) -> Result<(), String> + Sync) -> Vec<(PathBuf, String)> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        let mut failed_here = Vec::new();
        while let Some(document) = documents.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(why) = holds(document) {
                failed_here.push((document.clone(), why));
            }
        }
        failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).append(&mut failed_here);
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let mut failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    failed.sort();
    failed
}

/// What the commands of a document are taken for, and what is proposed for it, as it goes through the program. Of it this
/// holds: it is read and planned alike, a dry run and a proposal leave nothing behind, and an unattended run waits at its first step, with nothing executed and an intact record.
///
/// # Errors
/// What does not hold.
pub fn through(holdpoint: &Path, document: &Path) -> Result<(Commands, Adopted), String> {
    beside(holdpoint, document, None)
}

/// The same, held against what `other`, a Python with markdown-it-py, reads in it.
fn beside(holdpoint: &Path, document: &Path, other: Option<&Path>) -> Result<(Commands, Adopted), String> {
    let desk = Desk::new(document).map_err(|error| format!("no place to try it in: {error}"))?;
    let does = |codes: &[i32], arguments: &[&str]| {
        let output = desk.holdpoint(holdpoint, arguments).map_err(|error| error.to_string())?;
        let code = output.status.code();
        if code.is_some_and(|code| codes.contains(&code)) {
            return Ok(output);
        }
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Err(format!("`holdpoint {}` ended with {}\n{stdout}{stderr}", arguments.join(" "), output.status))
    };
    does(&[0], &["check", "book.md"])?;
    let planned = does(&[0], &["plan", "--explain", "--format", "json", "book.md"])?;
    let plan = planned.stdout;
    let planned: serde_json::Value =
        serde_json::from_slice(&plan).map_err(|error| format!("its plan is no JSON: {error}"))?;
    if planned["document"]["steps"].as_array().is_none_or(Vec::is_empty) {
        return Err("its plan has no step".to_owned());
    }
    let tried = does(&[0, 1], &["run", "book.md", "--dry-run", "--unattended"])?;
    let text = does(&[0], &["plan", "book.md"])?;
    let source = fs::read(document).map_err(|error| error.to_string())?;
    let [source, text, shown] =
        [&source, &text.stdout, &tried.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    if let Some(line) = told::untold(&source, &text, &shown) {
        return Err(format!("its plan or a dry run says nothing of this line: {line}"));
    }
    if let Some(python) = other {
        compare::compare(python, (document, &plan, &tried.stderr), &desk.at("tmp"))?;
    }
    let proposed = does(&[0], &["adopt", "--format", "json", "book.md"])?;
    let proposed = serde_json::from_slice(&proposed.stdout)
        .map_err(|error| format!("what is proposed for it is no JSON: {error}"))?;
    let left = desk.left().map_err(|error| error.to_string())?;
    if left != ["book.md"] {
        return Err(format!("after check, plan and a dry run there is {left:?}"));
    }
    does(&[3], &["run", "book.md", "--unattended"])?;
    let log = desk.log().map_err(|error| format!("the record of its run: {error}"))?;
    if log.lines().any(|line| line.contains("\"action.started\"")) {
        return Err("something of it was executed".to_owned());
    }
    let verified = does(&[0], &["verify", "1"])?;
    match String::from_utf8_lossy(&verified.stdout).contains("intact, open") {
        true => Ok((Commands::of(&planned)?, Adopted::of(&proposed)?)),
        false => Err("the record of its run is not intact and open".to_owned()),
    }
}

/// A directory with the document in it, outside of any repository.
struct Desk {
    temp: tempfile::TempDir,
}

impl Desk {
    fn new(document: &Path) -> io::Result<Desk> {
        let temp = tempfile::tempdir()?;
        for name in ["here", "home", "tmp"] {
            fs::create_dir(temp.path().join(name))?;
        }
        // Not copied with its permissions: a corpus may be read-only.
        fs::write(temp.path().join("here/book.md"), fs::read(document)?)?;
        Ok(Desk { temp })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    fn holdpoint(&self, holdpoint: &Path, arguments: &[&str]) -> io::Result<Output> {
        let mut command = Command::new(holdpoint);
        command.args(arguments).current_dir(self.at("here")).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.at("home")).env("TMPDIR", self.at("tmp"));
        command.env("GIT_CEILING_DIRECTORIES", self.temp.path());
        command.env("TZ", "UTC").env("LC_ALL", "C.UTF-8").env("HOLDPOINT_OPERATOR", "ops@example.org");
        command.output()
    }

    fn left(&self) -> io::Result<Vec<String>> {
        let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        fs::read_dir(self.at("here"))?.map(name).collect()
    }

    /// The events of the only run there is.
    fn log(&self) -> io::Result<String> {
        let runs = fs::read_dir(self.at("here/.holdpoint/runs"))?;
        let paths = runs.map(|entry| Ok(entry?.path().join("run.jsonl"))).collect::<io::Result<Vec<_>>>()?;
        let log = paths.iter().find(|path| path.is_file());
        fs::read_to_string(log.ok_or_else(|| io::Error::other("there is none"))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_missing_or_holds_no_document_is_an_error() {
        let temp = tempfile::tempdir().unwrap();
        let missing = documents(&temp.path().join("nowhere")).unwrap_err().to_string();
        assert!(missing.contains("nowhere"), "{missing}");
        fs::write(temp.path().join("index.tsv"), "").unwrap();
        let empty = documents(temp.path()).unwrap_err().to_string();
        assert!(empty.contains("holds no .md file"), "{empty}");
    }

    #[test]
    fn documents_are_taken_from_files_below_where_there_is_such_a_folder() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("README.md"), "about the corpus").unwrap();
        assert_eq!(folder(temp.path()), temp.path());
        fs::create_dir(temp.path().join("files")).unwrap();
        fs::write(temp.path().join("files/b.md"), "").unwrap();
        fs::write(temp.path().join("files/a.md"), "").unwrap();
        let files = temp.path().join("files");
        assert_eq!(documents(&folder(temp.path())).unwrap(), [files.join("a.md"), files.join("b.md")]);
    }

    #[test]
    fn every_document_is_asked_once_and_those_that_fail_are_told() {
        let all: Vec<PathBuf> = (0..40).map(|n| PathBuf::from(format!("{n:02}.md"))).collect();
        let asked = Mutex::new(Vec::new());
        let failed = each(&all, |document| {
            asked.lock().unwrap().push(document.to_owned());
            if document.ends_with("07.md") { Err("no step".to_owned()) } else { Ok(()) }
        });
        let mut asked = asked.into_inner().unwrap();
        asked.sort();
        assert_eq!(asked, all);
        assert_eq!(failed, [(PathBuf::from("07.md"), "no step".to_owned())]);
        assert_eq!(tally(all.len(), failed.len(), 0), "39 passed, 1 failed");
    }
}
