//! The HTML report of a run whose sessions are signed, opened in a real browser.

use serde_json::{Value, json};

use crate::page::{Kept, open};
use crate::support::Bench;

const CONFIG: &str = r#"
[signers]
file = "allowed_signers"
[people."ops@example.org"]
name = "Olive Operator"
[environments.vault]
sessions = "ssh"
"#;

const BOOK: &str = "---\nrunbook: 1\n---\n# Restart\n\n## Look\n\n```sh check\ntrue\n```\n";

#[test]
fn a_page_proves_signed_sessions() {
    let bench = Bench::with(&[("holdpoint.toml", CONFIG), ("r.md", BOOK)]);
    bench.sh("ssh-keygen -q -t ed25519 -N '' -f ../ops
        echo \"ops@example.org namespaces=\\\"session@holdpoint\\\" $(cut -d' ' -f1,2 ../ops.pub)\" > allowed_signers");
    bench.ends(0, &["run", "r.md", "--env", "vault", "--unattended", "--key", "../ops"]);
    let page = bench.ends(0, &["report", "1", "--format", "html"]).stdout;
    assert!(page.contains("signed by key"), "{page}");
    let kept = Kept::of(&page);
    let rewritten = |how: &dyn Fn(&mut Value)| {
        let (mut kept, mut events) = (kept.clone(), kept.events());
        how(&mut events[1]);
        kept.forge(events);
        kept.page()
    };
    let bad = "Not intact: altered or cut at event 1";
    // Nothing of sessions is left but in the configuration that the record keeps.
    let taken_out = || {
        let (mut kept, mut events) = (kept.clone(), kept.events());
        events[0]["environment"].as_object_mut().unwrap().remove("sessions");
        events.retain(|event| event["type"] != "session.signed");
        kept.forge(events);
        kept.page()
    };
    let unsigned = || {
        let (mut kept, mut events) = (kept.clone(), kept.events());
        events.retain(|event| event["type"] != "session.signed");
        kept.forge(events);
        kept.page()
    };
    let cases: [(&str, String, &str, &str); 7] = [
        ("not asked for", taken_out(), "bad", "Not intact: altered or cut at event 0"),
        ("not signed", unsigned(), "bad", bad),
        ("as it was", page.clone(), "good", "1 signature by key"),
        ("another account", rewritten(&|event| event["seat"]["os_user"] = json!("mallory")), "bad", bad),
        ("a terminal", rewritten(&|event| event["seat"]["tty"] = json!("/dev/pts/9")), "bad", bad),
        ("another person", rewritten(&|event| event["by"]["who"] = json!("qa@example.org")), "bad", bad),
        (
            "typed",
            rewritten(&|event| {
                event["assurance"] = json!("typed");
                event.as_object_mut().unwrap().remove("signature");
            }),
            "bad",
            bad,
        ),
    ];
    let opened = open(&cases.iter().map(|(_, page, ..)| (page.clone(), None, true)).collect::<Vec<_>>());
    for ((what, _, state, said), opened) in cases.iter().zip(&opened) {
        assert_eq!(opened["state"], *state, "{what}: {opened}");
        assert!(opened["text"].as_str().unwrap().contains(said), "{what}: {opened}");
    }
    assert_eq!(opened.len(), cases.len());
}
