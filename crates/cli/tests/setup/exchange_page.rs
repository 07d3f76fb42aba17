//! The HTML report of a run whose document was exchanged on the way, opened in a real browser.

use serde_json::{Value, json};

use crate::page::{Kept, open};
use crate::support::Bench;

const CONFIG: &str = r#"
[signers]
file = "allowed_signers"
[people."qa@example.org"]
name = "Quinn Adler"
[roles]
qa = ["qa@example.org"]
[environments.vault]
signature = "ssh"
requires = { approved_document = true }
"#;

const BOOK: &str = "---\nrunbook: 1\nauthors: [o@example.org]\napprovers: [qa@example.org]\nroles: [qa]\n---\n\
    # Restart\n\n## Look\n\n```sh check\ntrue\n```\n\n## Hold\n\n```yaml signoff\nrole: qa\nmeaning: approval\n\
    statement: It may stop.\n```\n\n## Stop\n\n```sh run\necho stopped\n```\n";

#[test]
fn a_page_follows_an_exchange_and_proves_the_approvals_of_the_new_document() {
    let bench =
        Bench::with(&[("holdpoint.toml", CONFIG), ("r.md", BOOK), (".gitignore", ".holdpoint/runs\n")]);
    bench.sh("ssh-keygen -q -t ed25519 -N '' -f ../qa
        echo \"qa@example.org $(cut -d' ' -f1,2 ../qa.pub)\" > allowed_signers");
    bench.committed();
    let approve = || bench.ends(0, &["approve", "r.md", "--as", "qa@example.org", "--key", "../qa", "--yes"]);
    approve();
    bench.ends(3, &["run", "r.md", "--env", "vault", "--unattended"]);
    bench.file("r.md", &BOOK.replace("echo stopped", "echo stopped gently"));
    approve();
    bench.ends(3, &["resume", "1", "--with-new-document", "--reason", "gently", "--unattended"]);
    bench.ends(0, &["sign", "1", "--as", "qa@example.org", "--key", "../qa", "--yes"]);
    bench.ends(0, &["resume", "1", "--unattended"]);
    let page = bench.ends(0, &["report", "1", "--format", "html"]).stdout;
    let kept = Kept::of(&page);
    let events = kept.events();
    let at = |kind: &str| events.iter().position(|event| event["type"] == kind).unwrap();
    let (exchange, signed) = (at("document.exchanged"), at("signoff.given"));
    let rewritten = |how: &dyn Fn(&mut Vec<Value>)| {
        let (mut kept, mut events) = (kept.clone(), kept.events());
        how(&mut events);
        kept.forge(events);
        kept.page()
    };
    let bad = |at: usize| format!("Not intact: altered or cut at event {at}");
    let cases: Vec<(&str, String, &str, String)> = vec![
        ("as it is", page.clone(), "good", "3 signatures by key, the seal".to_owned()),
        (
            "another title, which was approved and signed otherwise",
            rewritten(&|events| events[exchange]["runbook"]["title"] = json!("Other")),
            "bad",
            bad(exchange),
        ),
        (
            "another reason, which the signer was not told",
            rewritten(&|events| events[exchange]["reason"] = json!("other")),
            "bad",
            bad(signed),
        ),
        ("no exchange", rewritten(&|events| drop(events.remove(exchange))), "bad", bad(signed - 1)),
        (
            "the old approval",
            rewritten(&|events| {
                events[exchange]["policy"]["approvals"] = events[0]["policy"]["approvals"].clone();
            }),
            "bad",
            bad(exchange),
        ),
    ];
    let opened = open(&cases.iter().map(|(_, page, ..)| (page.clone(), None, true)).collect::<Vec<_>>());
    for ((what, _, state, words), opened) in cases.iter().zip(&opened) {
        assert_eq!(opened["state"], *state, "{what}: {opened}");
        assert!(opened["text"].as_str().unwrap().contains(words), "{what}: {words}: {opened}");
    }
}
