//! `resume --abort`: a run is ended where it is, for a reason.

use serde_json::json;

use crate::support::Bench;

#[test]
fn a_run_is_ended_where_it_is_for_a_reason_whatever_it_waits_for_and_nothing_is_executed() {
    let hold_point = "```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```";
    for (what, body) in [
        ("a failure", "```sh run\nfalse\n```"),
        ("an item", "- [ ] Look at it"),
        ("a hold point", hold_point),
    ] {
        let text = format!(
            "---\nrunbook: 1\nroles: [qa]\n---\n# A release\n\n## First\n\n{body}\n\n## Later\n\n```sh run\ntouch later\n```\n"
        );
        let bench = Bench::with(&[("book.md", &text)]);
        bench.ends(3, &["run", "book.md", "--unattended"]);
        let before = bench.events(1).len();
        bench.ends(2, &["resume", "1", "--abort", "  ", "--unattended"]).says("takes a reason");
        assert_eq!(bench.events(1).len(), before, "{what}");
        bench.ends(4, &["resume", "1", "--abort", "the mill is down", "--unattended"]).says("ABORTED");
        let decision = &bench.of_type(1, "decision")[0];
        assert_eq!(
            (&decision["choice"], &decision["reason"], &decision["by"]["via"]),
            (&json!("abort"), &json!("the mill is down"), &json!("command")),
            "{what}"
        );
        assert!(!bench.exists("later"), "{what}");
        bench.ends(0, &["verify", "1"]).says("intact and complete");
        bench.ends(0, &["report", "1"]).says("the mill is down");
        bench.ends(4, &["resume", "1", "--abort", "again"]).says("there is nothing to resume");
    }
}
