//! What holds of every run-book for a service, whichever it is.

use std::fs;

use holdpoint_xtask::workspace;

use crate::support::Stage;

fn books() -> Vec<(String, String)> {
    let mut books = Vec::new();
    for entry in fs::read_dir(workspace().join("runbooks/services")).unwrap() {
        let path = entry.unwrap().path();
        books.push((
            path.file_name().unwrap().to_str().unwrap().to_owned(),
            fs::read_to_string(&path).unwrap(),
        ));
    }
    assert!(!books.is_empty());
    books
}

#[test]
fn every_run_book_is_without_findings_under_the_configuration_that_is_shipped_with_it() {
    let stage = Stage::new(&[]);
    let names: Vec<_> = books().into_iter().map(|(name, _)| format!("runbooks/services/{name}")).collect();
    let mut words = vec!["check", "--deny", "warnings"];
    words.extend(names.iter().map(String::as_str));
    let ran = stage.holdpoint(&words, &[]);
    assert_eq!(ran.code, 0, "{}", ran.told);
}

#[test]
fn every_run_book_says_what_it_was_tested_against_and_has_all_its_parts() {
    for (name, text) in books() {
        let body = text.splitn(3, "---\n").nth(2).unwrap();
        let first: String = body.lines().take(6).collect();
        assert!(first.contains("**Tested against"), "{name} begins with {first}");
        for part in ["document_id:", "revision:", "approvers:", "environments: [staging, production]"] {
            assert!(text.contains(part), "{name} lacks {part}");
        }
        for part in
            ["## Preflight", "## Action", "## Verification", "## Rotation of credentials", "## Staging"]
        {
            assert!(body.contains(&format!("\n{part}\n")), "{name} lacks {part}");
        }
        assert!(body.contains("rollback\n"), "{name} undoes nothing");
    }
}
