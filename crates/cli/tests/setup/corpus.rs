//! The corpus: records of every kind, good and forged, that lie in `tests/records/FORMAT` and never change, and the table of
//! what program, `verify.sh`, the independent verifier and the page say of each. Where these differ, `docs/record.md` has a
//! row that says so, and each such row has a record that shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use holdpoint_hosts::{Missing, skipped};
use holdpoint_xtask::sample;
use holdpoint_xtask::tools::at_another_time;
use serde_json::Value;

use crate::page::open;
use crate::support::{Bench, HOLDPOINT, Ran};

/// Those who verify, in the order of the table's columns.
const VERIFIERS: [&str; 4] = ["holdpoint verify", "verify.sh", "verify.py", "page"];

/// What is not asked: there is no page of such a record, or it knows no `--trust`.
const NONE: &str = "-";

/// A line of `expected.txt`.
#[derive(Clone)]
struct Row {
    record: String,
    /// Held against `trusted`.
    trust: bool,
    /// By verifier: exit code and verdict; of the page, its colour, and the event where it is red.
    said: [String; 4],
    /// Rows of the documentation, by their ids, that say why they differ.
    differs: Vec<String>,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [program, others @ ..] = &self.said;
        let others = others.each_ref().map(|said| if said == program { "=" } else { said });
        let trust = if self.trust { " --trust" } else { "" };
        let differs = if self.differs.is_empty() { NONE.to_owned() } else { self.differs.join(" ") };
        write!(f, "{}{trust} | {program} | {} | {differs}", self.record, others.join(" | "))
    }
}

impl Row {
    fn of(line: &str) -> Row {
        let cells: Vec<_> = line.split(" | ").map(str::trim).collect();
        let [record, program, script, python, page, differs] = cells[..] else { panic!("six cells: {line}") };
        let said =
            [program, script, python, page].map(|said| if said == "=" { program } else { said }.to_owned());
        let differs = differs.split(' ').filter(|id| *id != NONE).map(str::to_owned).collect();
        let trust = record.ends_with(" --trust");
        Row { record: record.trim_end_matches(" --trust").to_owned(), trust, said, differs }
    }

    /// Those who say something else than the program.
    fn others(&self) -> impl Iterator<Item = usize> {
        (1..4).filter(|at| {
            if *at == 3 { !page_agrees(&self.said[0], &self.said[3]) } else { self.said[*at] != self.said[0] }
        })
    }
}

/// A page is green where the program ends with 0, red and at the same event where it ends with 6, and says that it could not
/// look at everything where something was expunged, or only what lies beside the record is wrong. Where there is no page,
/// nothing is said.
fn page_agrees(program: &str, page: &str) -> bool {
    let event = program.rsplit_once(" at event ").map(|(_, event)| event);
    match (program, page) {
        (_, NONE) => true,
        (_, "green") => program.starts_with("0 "),
        (_, "amber") => program.starts_with("6 expunged") || program.contains(", but it"),
        ("6 truncated", _) => page.starts_with("red "),
        _ => event.is_some_and(|event| page == format!("red {event}")),
    }
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}

/// Directories of the corpus, one a format version.
fn formats() -> Vec<PathBuf> {
    let entries = fs::read_dir(tests().join("records")).unwrap();
    let mut formats: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    formats.sort();
    assert!(!formats.is_empty());
    formats
}

/// The table beside the records, which has each of them.
fn table(format: &Path) -> Vec<Row> {
    let text = fs::read_to_string(format.join("expected.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let rows: Vec<_> = lines.map(Row::of).collect();
    let told: BTreeSet<_> = rows.iter().filter(|row| !row.trust).map(|row| row.record.clone()).collect();
    let there = fs::read_dir(format).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<_> =
        there.filter_map(|name| name.strip_suffix(".tar.gz").map(str::to_owned)).collect();
    assert_eq!(told, there, "each record has a row, and each row a record: {}", format.display());
    let all: BTreeSet<_> = rows.iter().map(|row| (&row.record, row.trust)).collect();
    assert_eq!(all.len(), rows.len(), "a row stands there once");
    rows
}

/// The records of a format, unpacked, each with the script as it is now.
fn unpacked(bench: &Bench, format: &Path) {
    bench.sh(&format!("for record in '{}'/*.tar.gz; do tar -xzf \"$record\"; done", format.display()));
    bench.sh(&format!("cp -r '{}/trusted' .", format.display()));
    for row in table(format) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bundle/verify.sh");
        fs::copy(script, bench.path(&row.record).join("verify.sh")).unwrap();
    }
}

fn said(mut command: Command) -> String {
    let ran = Ran::of(at_another_time(&mut command).unwrap());
    format!("{} {}", ran.code, ran.stdout.lines().next().unwrap_or_default()).trim_end().to_owned()
}

/// What the three that need no browser say of a record, with a clock that `faketime` sets, if it is given.
fn three_say(bench: &Bench, row: &Row, when: Option<&str>) -> [String; 3] {
    let dir = bench.path(&row.record);
    let script = dir.join("verify.sh");
    let verifier = tests().join("independent/verify.py");
    [
        vec![Path::new(HOLDPOINT), Path::new("verify"), &dir],
        vec![Path::new("sh"), &script],
        vec![Path::new("python3"), Path::new("-B"), &verifier, &dir],
    ]
    .map(|words| {
        let mut command = match when {
            Some(when) => {
                let mut command = bench.command("faketime");
                command.arg(when).args(&words);
                command
            }
            None => {
                let mut command = bench.command(words[0]);
                command.args(&words[1..]);
                command
            }
        };
        if row.trust {
            command.arg("--trust").arg(bench.path("trusted"));
        }
        said(command)
    })
}

/// Rows with what these say now, in their order; as many at once as there are processors.
fn now(bench: &Bench, rows: &[Row], when: Option<&str>) -> Vec<Row> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((at, row)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, rows.get(at)?)))
                {
                    let mut row = row.clone();
                    let [program, script, python] = three_say(bench, &row, when);
                    row.said = [program, script, python, row.said[3].clone()];
                    done.lock().unwrap().insert(at, row);
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().collect()
}

#[track_caller]
fn is_as_expected(format: &Path, expected: &[Row], now: &[Row]) {
    let pairs = expected.iter().map(Row::to_string).zip(now.iter().map(Row::to_string));
    let wrong: Vec<_> = pairs.filter(|(expected, now)| expected != now).collect();
    let wrong: Vec<_> = wrong.iter().map(|(expected, now)| format!("- {expected}\n+ {now}")).collect();
    assert!(
        wrong.is_empty(),
        "{}: {} of {} rows. The records stay as they are, and so do their words: mend whoever says something else.\n{}",
        format.join("expected.txt").display(),
        wrong.len(),
        expected.len(),
        wrong.join("\n")
    );
}

#[test]
fn program_script_and_independent_verifier_say_of_every_record_what_the_table_says() {
    for format in formats() {
        let (bench, rows) = (Bench::new(), sample::some(table(&format), 4));
        unpacked(&bench, &format);
        is_as_expected(&format, &rows, &now(&bench, &rows, None));
    }
}

#[test]
fn what_is_said_of_a_record_does_not_hang_on_the_day() {
    for format in formats() {
        let bench = Bench::new();
        unpacked(&bench, &format);
        for when in ["2026-03-03 12:00:00", "2049-06-01 12:00:00"] {
            let rows = sample::some(table(&format), 1);
            is_as_expected(&format, &rows, &now(&bench, &rows, Some(when)));
        }
    }
}

#[test]
fn no_record_of_the_corpus_was_made_anew_and_none_names_a_machine() {
    for format in formats() {
        let bench = Bench::new();
        let listed = fs::read_to_string(format.join("SHA256SUMS")).unwrap();
        let there = bench.sh(&format!(
            "cd '{}' && find . -type f ! -name expected.txt ! -name SHA256SUMS | LC_ALL=C sort | cut -c 3- | xargs sha256sum",
            format.display()
        ));
        assert_eq!(
            there, listed,
            "records that are there stay as they are; for a new one, its line is added"
        );
        unpacked(&bench, &format);
        for row in table(&format).iter().filter(|row| !row.trust) {
            let log = fs::read(bench.path(&row.record).join("run.jsonl")).unwrap();
            for line in log.split(|byte| *byte == b'\n') {
                let Ok(event) = serde_json::from_slice::<Value>(line) else { continue };
                let session = if event["type"] == "run.opened" { &event["session"] } else { &event };
                for (key, ours) in [("host", "shop"), ("os_user", "ops"), ("cwd", "/srv/")] {
                    let told = session[key].as_str().unwrap_or(ours);
                    assert!(told.starts_with(ours), "{}: {key} is {told}", row.record);
                }
            }
        }
    }
}

/// What is missing for a look at pages.
fn missing() -> Option<Missing> {
    let found = |program: &str| {
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .any(|dir| dir.join(program).is_file())
    };
    let missing: Vec<_> = ["chromium", "node"].into_iter().filter(|program| !found(program)).collect();
    let packages = holdpoint_xtask::tools::node_modules().is_dir();
    let what = if packages { missing.join(" and ") } else { "the packages of npm".to_owned() };
    (!what.is_empty()).then(|| Missing(format!("{what} missing; cargo xtask tools installs what is needed")))
}

#[test]
fn the_page_of_every_record_has_the_colour_that_the_table_says() {
    if let Some(missing) = missing() {
        return skipped("the_page_of_every_record_has_the_colour_that_the_table_says", &missing);
    }
    for format in formats() {
        let (bench, rows) = (Bench::new(), table(&format));
        unpacked(&bench, &format);
        let rows = sample::some(rows.into_iter().filter(|row| !row.trust), 3);
        let pages: Vec<_> = rows
            .iter()
            .map(|row| bench.path(&row.record))
            .map(|dir| bench.holdpoint(&["report", dir.to_str().unwrap(), "--format", "html"]))
            .map(|ran| (!ran.stdout.is_empty()).then_some(ran.stdout))
            .collect();
        let mut shown =
            open(&pages.iter().flatten().map(|page| (page.clone(), None, true)).collect::<Vec<_>>())
                .into_iter();
        let now: Vec<_> = rows
            .iter()
            .zip(&pages)
            .map(|(row, page)| {
                let mut row = row.clone();
                row.said[3] = page.as_ref().map_or(NONE.to_owned(), |_| {
                    let page = shown.next().unwrap();
                    let text = page["text"].as_str().unwrap();
                    println!("{}: {text}\n", row.record);
                    match page["state"].as_str().unwrap() {
                        "good" | "open" => "green".to_owned(),
                        "unsure" => "amber".to_owned(),
                        "bad" => {
                            let event = text.split_once("At event ").unwrap().1.split(':').next().unwrap();
                            format!("red {event}")
                        }
                        other => other.to_owned(),
                    }
                });
                row
            })
            .collect();
        is_as_expected(&format, &rows, &now);
    }
}

/// Rows of "Where verifiers differ": id, and the cells of those beside the program.
fn documented() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(tests().join("../docs/record.md")).unwrap();
    let section = text.split_once("### Where verifiers differ").unwrap().1.split_once("\n## ").unwrap().0;
    let lines = section.lines().filter(|line| line.starts_with("| `"));
    lines
        .map(|line| {
            let cells: Vec<_> =
                line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
            assert_eq!(cells.len(), 5, "id, what, and one cell each: {line}");
            (cells[0].trim_matches('`').to_owned(), cells[2..].to_vec())
        })
        .collect()
}

#[test]
fn verifiers_differ_where_the_documentation_says_so_and_each_row_of_it_has_a_record() {
    let documented = documented();
    let (mut wrong, mut shown) = (Vec::new(), BTreeSet::new());
    for row in formats().iter().flat_map(|format| table(format)) {
        for id in &row.differs {
            let Some(cells) = documented.get(id) else {
                wrong.push(format!("{row}\n  docs/record.md has no row {id}"));
                continue;
            };
            if row.others().any(|at| cells[at - 1] != "as the program") {
                shown.insert(id.clone());
            } else {
                wrong.push(format!("{row}\n  nobody differs whom the row {id} is about"));
            }
        }
        for at in row.others() {
            let allowed = row.differs.iter().filter_map(|id| documented.get(id));
            if !allowed.into_iter().any(|cells| cells[at - 1] != "as the program") {
                wrong.push(format!("{row}\n  no row says that {} differs", VERIFIERS[at]));
            }
        }
    }
    let all: BTreeSet<_> = documented.keys().cloned().collect();
    for id in all.difference(&shown) {
        wrong.push(format!("the row {id} of docs/record.md is shown by no record"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
