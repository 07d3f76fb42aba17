//! A sample of what somebody with the disk can do, judged by the binary; every byte of it is judged within
//! `crates/record/tests`.

use crate::support::Desk;
use crate::trial::{EVERY, RUN};
use crate::wire::first_run;
use crate::{spread, sweep};

/// One change of a file.
#[derive(Clone, Copy, Debug)]
enum Change {
    Bit,
    Insertion,
    Deletion,
    Truncation,
}

fn changed(bytes: &[u8], at: usize, change: Change) -> Vec<u8> {
    let (before, after) = bytes.split_at(at);
    match change {
        Change::Bit => [before, &[after[0] ^ 1], &after[1..]].concat(),
        Change::Insertion => [before, b"0", after].concat(),
        Change::Deletion => [before, &after[1..]].concat(),
        Change::Truncation => before.to_vec(),
    }
}

#[test]
fn no_change_of_any_file_of_a_sealed_record_is_called_intact_and_complete() {
    let desk: Desk = EVERY.desk();
    desk.ends(0, RUN);
    let dir = first_run(&desk).unwrap();
    let mut files = vec!["run.jsonl".to_owned(), "seal.json".to_owned()];
    for blob in std::fs::read_dir(dir.join("blobs/sha256")).unwrap() {
        files.push(format!("blobs/sha256/{}", blob.unwrap().file_name().to_string_lossy()));
    }
    let mut points = Vec::new();
    for file in &files {
        let bytes = std::fs::read(dir.join(file)).unwrap();
        for at in 0..bytes.len() {
            for change in [Change::Bit, Change::Insertion, Change::Deletion, Change::Truncation] {
                points.push((file, at, change));
            }
        }
    }
    // Every byte is judged in process; through the binary 1500 of them are all that there are.
    let points = every(&points, 1500);
    let some = spread(&points, 61);
    // Copies, since several are judged at a time.
    sweep("changes of a sealed record through the binary", points.len(), &some, |n, (file, at, change)| {
        let copy = desk.root().join(format!("copy-{n}"));
        let made = std::process::Command::new("cp").arg("-r").arg(&dir).arg(&copy).status().unwrap();
        assert!(made.success());
        let path = copy.join(file);
        let good = std::fs::read(&path).unwrap();
        let bad = changed(&good, *at, *change);
        std::fs::write(&path, &bad).unwrap();
        let output = desk.holdpoint(&["verify", copy.to_str().unwrap()]).output().unwrap();
        let verdict = String::from_utf8_lossy(&output.stdout).into_owned();
        // The line's end of a seal is not part of what it says.
        let same = file.as_str() == "seal.json" && bad.trim_ascii_end() == good.trim_ascii_end();
        if same {
            assert_eq!(verdict.trim_end(), "intact and complete");
        } else {
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(
                matches!(output.status.code(), Some(2 | 6)) && !verdict.contains("intact"),
                "{change:?} at byte {at} of {file}: {verdict}{told}"
            );
        }
        std::fs::remove_dir_all(copy).unwrap();
    });
}

/// Evenly spread, so many of them.
fn every<T: Clone>(points: &[T], many: usize) -> Vec<T> {
    (0..many).map(|n| points[n * (points.len() - 1) / (many - 1)].clone()).collect()
}
