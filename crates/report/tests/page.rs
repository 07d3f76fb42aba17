//! The page: nothing of a run acts in it, and it carries the record.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use common::*;
use holdpoint_engine::*;
use holdpoint_report::{Kept, html};

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
    let order =
        ["class=\"verdict", "<h2>Deviations", "<h2>Signatures", "<h2>People", "<h2>Steps", "as executed"];
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
