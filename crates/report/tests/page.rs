//! The page: nothing of a run acts in it, and it carries the record.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use common::*;
use holdpoint_engine::*;
use holdpoint_report::{Kept, Outputs, html, html_with};

const PROMOTE: &str = include_str!("common/promote.md");

fn page(tape: &Tape) -> String {
    let none = BTreeMap::new();
    let kept = Kept { log: b"{}\n", seal: None, signoffs: &none, expunged: &[], rehearsal: None };
    tape.with(Some("intact and complete"), |material| html(material, &kept)).unwrap()
}

fn told() -> Tape {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.deviated(
        DeviationKind::Skipped,
        "prepare",
        Some("prepare#1"),
        "hotfix </script><script>x()</script>",
    );
    tape.confirmed("prepare#2").wait(40).confirmed("prepare#3");
    tape.ran("prepare#4", 1, passed("9f2c1e7a\n"));
    let mut sick = failed(22, "\x1b[31mred \u{202e}turned</pre><img src=x onerror=alert(1)>\n");
    sick.expectations.push(broke("standard output contains \"<b>\"", "nothing"));
    tape.expects("deploy#1").ran("deploy#1", 1, sick);
    tape.ran("deploy#1", 2, passed("ok\n"));
    tape.noted("a \"note\" <b>", Some("deploy"), Some(3));
    tape
}

#[test]
fn a_run_that_waits_and_one_that_is_over_both_make_a_page() {
    let mut tape = told();
    assert!(page(&tape).contains("The run is open."));
    tape.closed(Verdict::Aborted);
    let page = page(&tape);
    assert!(page.contains("<p class=\"verdict bad\">ABORTED</p>"), "{page}");
    assert!(!page.contains("The run is open."));
}

#[test]
fn nothing_that_a_run_brought_acts_in_the_page() {
    let page = page(&told());
    let own = page.matches("<script").count();
    // The record, and the proof of it.
    assert_eq!(own, 2, "{page}");
    for bad in ["<img", "<b>", "onerror=\"", "\u{1b}", "\u{202e}", "style=\"", "javascript:"] {
        assert!(!page.contains(bad), "{bad:?}");
    }
    assert!(page.contains("␛[31mred ⟨U+202E⟩turned&lt;&#x2f;pre&gt;&lt;img"));
    assert!(page.contains("default-src &#x27;none&#x27;") || page.contains("default-src 'none'"));
}

#[test]
fn deviations_come_before_everything_else_that_is_told() {
    let page = page(&told());
    let at = |what: &str| page.find(what).unwrap_or_else(|| panic!("{what}"));
    let order = [
        "class=\"verdict",
        "<h2>Deviations",
        "<h2>Signatures",
        "<h2>People",
        "<h2>Steps",
        "<h2>The document, as executed",
    ];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])));
}

#[test]
fn a_large_blob_is_named_and_left_out() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.confirmed("prepare#1").confirmed("prepare#2").confirmed("prepare#3");
    let large = "x".repeat(usize::try_from(holdpoint_report::LARGEST_BLOB).unwrap() + 1);
    let digest = sha256(large.as_bytes());
    tape.ran("prepare#4", 1, passed(large));
    let page = page(&tape);
    let data = page.split_once("id=\"record\">").unwrap().1.split_once("</script>").unwrap().0;
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["left_out"], serde_json::json!([digest]));
    assert!(data["blobs"].get(&digest).is_none());
    assert!(!data["blobs"].as_object().unwrap().is_empty());
}

fn made(tape: &Tape, outputs: Outputs) -> String {
    let none = BTreeMap::new();
    let kept = Kept { log: b"{}\n", seal: None, signoffs: &none, expunged: &[], rehearsal: None };
    tape.with(Some("intact and complete"), |material| html_with(material, &kept, outputs)).unwrap()
}

#[test]
fn outputs_stand_beside_each_block_behind_the_document_or_nowhere() {
    let tape = told();
    let sick = "turned&lt;";
    let full = made(&tape, Outputs::Full);
    assert!(full.contains(sick) && !full.contains("<h2>Outputs</h2>"));
    let appendix = made(&tape, Outputs::Appendix);
    let (document, behind) = appendix.split_once("<h2>Outputs</h2>").unwrap();
    assert!(!document.contains(sick) && behind.contains(sick), "{behind}");
    assert!(document.contains("<a href=\"#output-2\">Output 2</a>") && behind.contains("id=\"output-2\""));
    assert!(behind.contains("deploy#1, attempt 1"));
    let none = made(&tape, Outputs::None);
    assert!(
        !none.contains(sick) && none.contains("not in this copy") && none.contains("left out of this copy")
    );
    // An attempt that does not count takes a line.
    assert!(none.contains("<details data-print=\"closed\"><summary>FAILED"), "{none}");
    assert!(!full.contains("<summary>FAILED"));
}

#[test]
fn each_sheet_says_which_document_and_run_it_is_of_and_links_lead_to_steps() {
    let page = page(&told());
    assert!(page.contains("@top-left { content: \"") && page.contains("counter(page)"), "{page}");
    let anchors: Vec<&str> =
        page.match_indices("href=\"#").map(|(at, _)| page[at + 7..].split('"').next().unwrap()).collect();
    assert!(anchors.iter().filter(|anchor| anchor.starts_with("step-")).count() > 3, "{anchors:?}");
    for anchor in anchors {
        assert!(page.contains(&format!("id=\"{anchor}\"")), "nothing has the id {anchor}");
    }
    // A table that goes on says again what stands in its columns.
    assert_eq!(page.matches("<thead>").count(), page.matches("<table>").count(), "a table without a head");
}
