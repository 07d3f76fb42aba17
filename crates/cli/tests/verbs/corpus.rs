//! Other people's documents: each is read and planned without a crash, and nothing of it is ever executed by itself.

use std::path::{Path, PathBuf};

use crate::support::Bench;

/// The corpus beside the repository, or where `HOLDPOINT_CORPUS` says. Without it the test fails: nothing is skipped.
fn corpus() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let at = std::env::var_os("HOLDPOINT_CORPUS").map_or(beside, PathBuf::from);
    assert!(at.is_dir(), "there is no corpus at {}: name it with HOLDPOINT_CORPUS", at.display());
    at
}

fn documents(at: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(documents(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_document_of_the_corpus_is_checked_and_planned_without_a_crash() {
    let corpus = corpus();
    let documents = documents(&corpus);
    assert!(documents.len() >= 100, "the corpus is not whole");
    let bench = Bench::new();
    for document in &documents {
        let name = document.file_name().unwrap().to_str().unwrap();
        std::fs::copy(document, bench.path("book.md")).unwrap();
        let checked = bench.holdpoint(&["check", "--format", "json", "book.md"]);
        assert!(matches!(checked.code, 0 | 2), "{name}: {}\n{}", checked.code, checked.stderr);
        let planned = bench.holdpoint(&["plan", "--format", "json", "book.md"]);
        assert!(matches!(planned.code, 0 | 2), "{name}: {}\n{}", planned.code, planned.stderr);
        let sound = planned.code == 0;
        assert_eq!(sound, checked.code == 0, "{name}: check and plan disagree\n{}", planned.stderr);
        if sound {
            planned.json();
        }
        let left: Vec<_> = std::fs::read_dir(bench.root()).unwrap().collect();
        assert_eq!(left.len(), 1, "{name}: something was written");
    }
}

#[test]
fn a_foreign_document_parks_at_its_first_manual_step_and_executes_nothing() {
    let corpus = corpus();
    let mut parked = 0;
    for document in documents(&corpus).iter().step_by(9) {
        let name = document.file_name().unwrap().to_str().unwrap();
        let bench = Bench::new();
        std::fs::copy(document, bench.path("book.md")).unwrap();
        let planned = bench.holdpoint(&["plan", "--format", "json", "book.md"]);
        if planned.code != 0 || planned.json()["document"]["steps"].as_array().is_none_or(Vec::is_empty) {
            continue;
        }
        let dry = bench.holdpoint(&["run", "book.md", "--dry-run", "--unattended"]);
        assert!(matches!(dry.code, 0 | 1), "{name}: {}\n{}", dry.code, dry.stderr);
        assert!(!bench.exists(".holdpoint"), "{name}: a dry run made a store");
        let ran = bench.holdpoint(&["run", "book.md", "--unattended"]);
        assert_eq!(ran.code, 3, "{name}\n{}", ran.stderr);
        assert!(bench.of_type(1, "action.started").is_empty(), "{name}: something was executed");
        bench.ends(0, &["verify", "1"]).says("intact, open");
        parked += 1;
    }
    assert!(parked >= 5, "only {parked} documents were tried");
}
