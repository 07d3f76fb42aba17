//! Blocks that no author of good will writes, and some that one does: every case under `tests/cases/hostile`, with
//! what must come of it beside it. Whatever a block does, its record is intact, and the next block runs.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Desk, Record};
use crate::sweep;

/// Longest output that is shown whole, in bytes.
const SHOWN: usize = 300;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/hostile")
}

/// Runs to the end: what fails is passed over, what is in doubt is said to have happened.
fn driven(desk: &Desk) -> (Vec<Option<i32>>, Record) {
    let mut ends = vec![desk.holdpoint(&["run", "book.md", "--unattended"]).output().unwrap().status.code()];
    while ends.last().is_some_and(|end| *end != Some(0)) {
        assert!(ends.len() < 6, "{ends:?} {:#?}", desk.record(1).shape());
        desk.ends(0, &["verify", "1"]);
        let record = desk.record(1);
        let action = record.last()["action"].as_str().unwrap().to_owned();
        let choice = if record.last()["type"] == "action.started" { "happened" } else { "skip" };
        desk.write("answers.yaml", &format!("steps:\n  {action}: {{ choice: {choice}, reason: hostile }}\n"));
        let words = ["resume", "1", "--unattended", "--answers", "answers.yaml"];
        ends.push(desk.holdpoint(&words).output().unwrap().status.code());
    }
    (ends, desk.is_intact_and_complete(1))
}

/// What came, in a form that is the same on every machine.
fn told(desk: &Desk, ends: &[Option<i32>], record: &Record) -> String {
    let mut text = String::new();
    for end in ends {
        text += &match end {
            Some(code) => format!("exit code {code}\n"),
            None => "the program was killed\n".to_owned(),
        };
    }
    for (event, shape) in record.events.iter().zip(record.shape()).skip(1) {
        text += &shape;
        for key in ["exit", "signal"] {
            if let Some(number) = event[key].as_i64() {
                text += &format!(" {key} {number}");
            }
        }
        text += "\n";
        for stream in ["stdout", "stderr"] {
            if event["output"][stream]["bytes"].as_u64().is_some_and(|bytes| bytes > 0) {
                text += &format!("  {stream} {}\n", shown(desk, record, &event["output"][stream]));
            }
        }
        for remark in event["remarks"].as_array().into_iter().flatten() {
            text += &format!("  remark: {}\n", remark.as_str().unwrap());
        }
        for expectation in event["expectations"].as_array().into_iter().flatten() {
            if expectation["held"] == false {
                let word = |key: &str| expectation[key].as_str().unwrap_or("nothing").to_owned();
                let came = word("came").replace(&work(desk), "[work]");
                text += &format!("  expected {}, came {came}\n", word("expected"));
            }
        }
    }
    text
}

fn work(desk: &Desk) -> String {
    desk.path("").display().to_string().trim_end_matches('/').to_owned()
}

fn shown(desk: &Desk, record: &Record, blob: &Value) -> String {
    let digest = blob["sha256"].as_str().unwrap();
    let bytes = std::fs::read(record.dir.join("blobs/sha256").join(digest)).unwrap();
    let text: String =
        bytes.iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect();
    let text = text.replace(&work(desk), "[work]");
    let text = text.replace(&desk.root().display().to_string(), "[root]");
    if text.contains("still here") {
        return "whatever came in time".to_owned();
    }
    // The shell names the script by a path of its own choosing.
    let text =
        text.split("[root]/tmp/holdpoint-").enumerate().map(|(n, part)| match (n, part.split_once('/')) {
            (0, _) => part.to_owned(),
            (_, Some((_, rest))) => format!("[scratch]/{rest}"),
            _ => "[scratch]".to_owned(),
        });
    let text: String = text.collect();
    if text.len() > SHOWN { format!("{} bytes, sha256 {}", bytes.len(), &digest[..16]) } else { text }
}

/// Ends what a case left running.
fn sweep_out(desk: &Desk) {
    for pid in desk.read("daemons").lines().filter_map(|pid| pid.parse().ok()).filter_map(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

#[test]
fn whatever_a_block_does_its_record_is_intact_and_the_next_block_runs() {
    let entries = std::fs::read_dir(cases()).unwrap().map(|entry| entry.unwrap().path());
    let mut books: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    books.sort();
    sweep("hostile blocks", books.len(), &books, |_, path| {
        let desk = Desk::new();
        desk.write("book.md", &std::fs::read_to_string(path).unwrap());
        let (ends, record) = driven(&desk);
        let came = told(&desk, &ends, &record);
        sweep_out(&desk);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(cases());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_snapshot_suffix(path.file_name().unwrap().to_string_lossy());
        settings.bind(|| insta::assert_snapshot!("came", came));
    });
}
