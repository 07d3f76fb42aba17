//! A document's approval: its bytes, whom it asks, and whether all have given it.
#![allow(clippy::unwrap_used, reason = "tests")]

use holdpoint_document::{Assurance, Meaning, compile, read_config};
use holdpoint_signing::{Approval, Approving, Asked, Moment, Signer};

const CONFIG: &str = "[people.\"qa@example.org\"]\nalias = \"github.com/quinn\"\n";

fn asked(front: &str) -> Asked {
    let plan = compile(&format!("---\nrunbook: 1\ntitle: T\n{front}---\n\n# T\n\n- [ ] One\n"), None).plan;
    let config = read_config(CONFIG).0;
    Asked::of(("sop.md", &"0".repeat(64), &[]), &plan, Some(&config))
}

fn by(asked: &Asked, who: &str) -> Approval {
    let at = Moment { time: "2026-11-23T14:34:05.123456+01:00".into(), zone: "Europe/Vienna".into() };
    Approval::of(asked, Signer { principal: who.into(), name: "Quinn".into() }, at)
}

fn given(asked: &Asked, who: &str) -> Approving {
    Approving { approval: by(asked, who), assurance: Assurance::Ssh, key: "SHA256:x".into() }
}

#[test]
fn what_is_signed_is_json_that_people_can_read_and_only_its_very_bytes_read_back() {
    let approval = by(&asked("revision: \"1\"\napprovers: [github.com/quinn]\n"), "qa@example.org");
    let bytes = approval.to_bytes().unwrap();
    assert_eq!(Approval::read(&bytes).unwrap(), approval);
    let text = String::from_utf8(bytes).unwrap();
    assert!(
        text.starts_with("{\n  \"holdpoint\": \"approval/1.0\",\n  \"meaning\": \"approval\",\n"),
        "{text}"
    );
    for (from, to) in [
        ("approval/1.0", "approval/2.0"),
        ("\"meaning\": \"approval\"", "\"meaning\": \"review\""),
        ("\"title\": \"T\"", "\"title\": \"T\",\n    \"note\": \"x\""),
        ("\"title\": \"T\"", "\"title\": \"T\", \"title\": \"U\""),
        ("\"title\"", " \"title\""),
        ("\n}\n", "\n}"),
        ("\n}\n", "\n}\n\n"),
        ("\n", "\r\n"),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(Approval::read(text.replacen(from, to, 1).as_bytes()).is_err(), "{from} to {to}");
    }
    assert_eq!(approval.meaning, Meaning::Approval);
}

#[test]
fn people_are_who_they_are_under_every_name() {
    let asked =
        asked("authors: [qa@example.org, github.com/quinn]\napprovers: [z, github.com/quinn, a, a@b.c]\n");
    assert_eq!(asked.authors, ["qa@example.org"]);
    assert_eq!(asked.approvers, ["a", "a@b.c", "qa@example.org", "z"]);
    assert_eq!(asked.independent().collect::<Vec<_>>(), ["a", "a@b.c", "z"]);
}

#[test]
fn a_document_is_approved_once_everybody_has_approved_these_bytes_surely_enough() {
    let asked = asked("approvers: [a, b]\n");
    let (a, b) = (given(&asked, "a"), given(&asked, "b"));
    let lacks = |given: &[Approving], least| asked.not_approved(given, least, false);
    assert_eq!(lacks(&[a.clone(), b.clone()], Assurance::Ssh), None);
    assert!(lacks(std::slice::from_ref(&a), Assurance::Ssh).unwrap().contains("the approval of b "));
    assert!(lacks(&[a.clone(), a.clone()], Assurance::Ssh).is_some());
    assert!(lacks(&[a.clone(), b.clone()], Assurance::FidoUv).unwrap().contains("did not verify its user"));
    let mut other = b;
    other.approval.document.path = "copy.md".into();
    assert!(lacks(&[a, other], Assurance::Ssh).is_some());
}

#[test]
fn authors_are_not_counted_on() {
    let alone = asked("authors: [a]\napprovers: [a]\n");
    assert!(alone.not_approved(&[given(&alone, "a")], Assurance::Ssh, false).is_some());
    assert!(alone.refusal("a").is_some() && alone.refusal("b").is_some());
    let both = asked("authors: [a]\napprovers: [a, b]\n");
    let all = [given(&both, "a"), given(&both, "b")];
    assert_eq!(both.not_approved(&all, Assurance::Ssh, false), None);
    assert!(both.not_approved(&all, Assurance::Ssh, true).is_some());
    assert_eq!((both.refusal("a"), both.refusal("b")), (None, None));
    assert!(asked("").refusal("a").is_some());
}
