//! Documents as people write them for themselves: `tests/cases/real`, a page for each shape that real ones have.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use holdpoint_properties::followed_by_hand;

fn documents() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/real");
    let named = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())
    };
    let mut all: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| named(entry.unwrap().path())).collect();
    all.sort();
    all
}

#[test]
fn every_document_as_people_write_them_has_steps_and_runs_nothing() {
    for (name, bytes) in documents() {
        println!("{name}"); // shown where it does not hold, as the last
        followed_by_hand(&bytes);
    }
}

/// An editor that mends the end of a line, or a well-meant tidying, would take away what a document is there for.
#[test]
fn every_shape_is_still_among_them() {
    let documents = documents();
    let any = |what: &dyn Fn(&str) -> bool| {
        documents.iter().any(|(_, bytes)| what(std::str::from_utf8(bytes).unwrap()))
    };
    let has = |text: &str| any(&|document| document.contains(text));
    for shape in [
        "\r\n",
        "\n$ ",
        "    $ ",
        "\n# systemctl",
        "| clip```",
        "````{tab-set}",
        "<%= ",
        "{{< tabs",
        "=== \"",
        "\n+++\n",
        "\n---\ntitle:",
        "<!--\n",
        "1. [ ] ",
        "  - [ ] ",
        "- [x] ",
        "| Item | Yes | No |",
        "<details",
        "\n~~~",
        "\n===",
        "\n1) ",
        "\n\t",
        "\n5. ",
        "        ssh ",
        "<<EOF\n",
        "\u{a0}",
        "[^1]",
        "> [!CAUTION]",
        "YOUR_USER",
        "<cluster-name>",
        "X.Y.Z",
        "CHANGEME",
        "## Rollback",
    ] {
        assert!(has(shape), "no document has {shape:?} any more");
    }
    assert!(any(&|document| !document.ends_with('\n')), "each ends with a line feed");
    assert!(
        any(&|document| !document.contains("```") && !document.contains("- ")),
        "each has a fence or a list"
    );
}

#[test]
fn a_document_that_does_not_hold_is_told_from_one_that_does() {
    for (bytes, said) in [
        (&b"\n"[..], "no step"),
        (b"---\nrunbook: 1\n---\n\n# Ours\n\n- [ ] Done\n", "one of ours"),
        (b"# Not text \xff\n\n- [ ] Done\n", "not UTF-8"),
    ] {
        let panic = std::panic::catch_unwind(|| followed_by_hand(bytes)).unwrap_err();
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap();
        assert!(text.contains(said), "{text}");
    }
}
