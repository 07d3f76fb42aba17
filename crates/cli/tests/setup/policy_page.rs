//! The HTML report of runs that relied on approvals or on an override, opened in a real browser.

use serde_json::{Value, json};

use crate::page::{Kept, open};
use crate::support::Bench;

const CONFIG: &str = r#"
[signers]
file = "allowed_signers"
[people."qa@example.org"]
name = "Quinn Adler"
alias = "github.com/quinn"
[roles]
lead = ["qa@example.org"]
[environments.vault]
signature = "ssh"
override = ["lead"]
requires = { approved_document = true }
"#;

const BOOK: &str = "---\nrunbook: 1\nauthors: [o@example.org]\napprovers: [github.com/quinn]\nrevision: A\n---\n\
    # Restart\n\n## Look\n\n```sh check\ntrue\n```\n";

/// A run under an override, and one of the document once it was approved.
fn runs() -> (Kept, Kept, [String; 2]) {
    let bench =
        Bench::with(&[("holdpoint.toml", CONFIG), ("r.md", BOOK), (".gitignore", ".holdpoint/runs\n")]);
    bench.sh("ssh-keygen -q -t ed25519 -N '' -f ../qa
        echo \"qa@example.org $(cut -d' ' -f1,2 ../qa.pub)\" > allowed_signers");
    bench.committed();
    let run = ["run", "r.md", "--env", "vault", "--unattended"];
    let more = ["--override", "it burns", "--override-by", "github.com/quinn", "--override-key", "../qa"];
    bench.ends(0, &[&run[..], &more[..]].concat());
    bench.ends(0, &["approve", "r.md", "--as", "qa@example.org", "--key", "../qa", "--yes"]);
    bench.ends(0, &run);
    let page = |number: &str| bench.ends(0, &["report", number, "--format", "html"]).stdout;
    let pages = [page("1"), page("2")];
    (Kept::of(&pages[0]), Kept::of(&pages[1]), pages)
}

#[test]
fn a_page_proves_the_approvals_and_the_override_that_a_run_relied_on() {
    let (overridden, approved, pages) = runs();
    let rewritten = |kept: &Kept, how: &dyn Fn(&mut Vec<Value>)| {
        let (mut kept, mut events) = (kept.clone(), kept.events());
        how(&mut events);
        kept.forge(events);
        kept.page()
    };
    let approval = |events: &mut Vec<Value>, key: &str, value: Value| {
        events[0]["policy"]["approvals"][0][key] = value;
    };
    let signature = approved.events()[0]["policy"]["approvals"][0]["signature"].clone();
    let at = "Not intact: altered or cut at event";
    let cases: Vec<(&str, String, &str, String)> = vec![
        ("an override", pages[0].clone(), "good", "1 signature by key, the seal".to_owned()),
        ("an approval", pages[1].clone(), "good", "1 signature by key, the seal".to_owned()),
        (
            "another reason",
            rewritten(&overridden, &|events| events[1]["reason"] = json!("maintenance")),
            "bad",
            format!("{at} 1"),
        ),
        (
            "another rule",
            rewritten(&overridden, &|events| events[1]["overridden"]["rules"] = json!(["rehearsal"])),
            "bad",
            format!("{at} 1"),
        ),
        (
            "an override that nobody signed",
            rewritten(&overridden, &|events| {
                events[1]["overridden"].as_object_mut().unwrap().remove("signature");
            }),
            "bad",
            format!("{at} 1"),
        ),
        (
            "another approver",
            rewritten(&approved, &|events| approval(events, "name", json!("Quentin"))),
            "bad",
            "the approval by qa@example.org is of another approver".to_owned(),
        ),
        (
            "another time",
            rewritten(&approved, &|events| {
                approval(events, "time", json!("2026-01-01T00:00:00.000000+00:00"))
            }),
            "bad",
            "the approval by qa@example.org is of another time".to_owned(),
        ),
        (
            "another document",
            rewritten(&approved, &|events| events[0]["runbook"]["path"] = json!("other.md")),
            "bad",
            "the approval by qa@example.org is of another document".to_owned(),
        ),
        (
            "no statement",
            rewritten(&approved, &|events| approval(events, "statement", signature.clone())),
            "bad",
            format!("{at} 0"),
        ),
    ];
    let opened = open(&cases.iter().map(|(_, page, ..)| (page.clone(), None, true)).collect::<Vec<_>>());
    for ((what, _, state, words), opened) in cases.iter().zip(&opened) {
        assert_eq!(opened["state"], *state, "{what}: {opened}");
        assert!(opened["text"].as_str().unwrap().contains(words), "{what}: {words}: {opened}");
        assert_eq!((&opened["said"], &opened["asked"]), (&json!([]), &json!([])), "{what}");
    }
    assert_eq!(opened.len(), cases.len());
}
