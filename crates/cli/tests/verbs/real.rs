//! Documents as people write them for themselves: read, planned and begun without a crash, and nothing executed.

use std::path::Path;

use holdpoint_xtask::{corpus, sample};

use crate::support::HOLDPOINT;

#[test]
fn documents_as_people_write_them_park_at_their_first_step_and_execute_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/real");
    let documents = corpus::documents(&folder).unwrap();
    assert!(documents.len() >= 15, "only {} documents", documents.len());
    for document in sample::some(documents, 4) {
        if let Err(why) = corpus::through(Path::new(HOLDPOINT), &document) {
            panic!("{}: {why}", document.display());
        }
    }
}

#[test]
fn a_document_of_ours_that_runs_something_is_told_from_one_that_waits() {
    let bench =
        crate::support::Bench::with(&[("ours.md", "---\nrunbook: 1\n---\n\n# A\n\n```sh run\ntrue\n```\n")]);
    let why = corpus::through(Path::new(HOLDPOINT), &bench.path("ours.md")).unwrap_err();
    assert!(why.contains("ended with"), "{why}");
}
