//! What has the name of a run, or of a directory of ours, and is none.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::Bench;

const BOOK: &str = "---\nrunbook: 1\ntitle: Look\n---\n\n# Look\n\n## Look\n\n- [ ] done\n";

/// A store with one run, which waits.
fn store() -> Bench {
    let bench = Bench::with(&[("book.md", BOOK)]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    bench
}

const VERBS: &[&[&str]] = &[
    &["show", "2"],
    &["verify", "2"],
    &["report", "2"],
    &["replay", "2"],
    &["resume", "2", "--unattended"],
    &["note", "2", "hi"],
    &["export", "2", "-o", "bundle.tar"],
    &["show", "0002-x"],
    &["show", "latest"],
];

#[track_caller]
fn is_told_by_every_verb(bench: &Bench, why: &str) {
    for verb in VERBS {
        let ran = bench.holdpoint(verb);
        assert_eq!(ran.code, 6, "{verb:?}: {}{}", ran.stdout, ran.stderr);
        ran.says(why);
    }
    let listed = bench.holdpoint(&["runs"]);
    assert!(
        listed.code == 6 && listed.stdout.contains("unreadable") && listed.stdout.contains(why),
        "{}",
        listed.stdout
    );
    let audited = bench.holdpoint(&["audit"]);
    assert_eq!(audited.code, 6);
    assert!(audited.stdout.contains("WRONG  run 2"), "{}", audited.stdout);
}

#[test]
fn a_link_in_the_place_of_a_run_is_told_by_every_verb_and_followed_by_none() {
    let bench = store();
    bench.sh("cp -a .holdpoint/runs/0001-* elsewhere");
    let link = bench.path(".holdpoint/runs/0002-x");
    for target in [bench.path("elsewhere"), bench.path("nowhere")] {
        symlink(target, &link).unwrap();
        let before = bench.text("elsewhere/run.jsonl");
        is_told_by_every_verb(&bench, "is a link, not a directory");
        assert_eq!(bench.text("elsewhere/run.jsonl"), before);
        fs::remove_file(&link).unwrap();
    }
    fs::write(&link, "").unwrap();
    is_told_by_every_verb(&bench, "is a file, not a directory");
}

#[test]
fn a_copy_of_a_run_under_another_number_is_not_that_run() {
    let bench = store();
    bench.sh("cp -a .holdpoint/runs/0001-* .holdpoint/runs/0002-x");
    is_told_by_every_verb(&bench, "has the number 2");
    bench.ends(0, &["show", ".holdpoint/runs/0002-x"]);
}

#[test]
fn a_link_in_the_place_of_our_own_directory_is_refused_by_every_verb() {
    let bench = store();
    bench.sh("mv .holdpoint kept && ln -s kept .holdpoint");
    for verb in
        [&["runs"][..], &["show", "1"], &["verify", "1"], &["audit"], &["run", "book.md", "--unattended"]]
    {
        let ran = bench.holdpoint(verb);
        assert_eq!(ran.code, 2, "{verb:?}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(".holdpoint is a link or a file"), "{verb:?}: {}", ran.stderr);
    }
}
