//! An insider with the store in hand: whatever was signed stays protected.

use std::fs;

use serde_json::{Value, json};

use crate::shop::{QA, QB, Shop};
use crate::support::sha256;

/// A run that was signed off by key and is over.
fn signed_off() -> Shop {
    let shop = Shop::waiting(1);
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    shop
}

#[test]
fn a_forger_who_changes_nothing_is_not_found_out() {
    let shop = signed_off();
    shop.forge(1, |_| {});
    shop.is(1, 0, "intact and complete");
}

/// Rewrites an event with chain and seal fitting again; verify must name event `at`, or the sign-off.
#[track_caller]
fn is_found_out(what: &str, how: impl FnOnce(&mut Vec<Value>)) {
    let shop = signed_off();
    shop.forge(1, how);
    let at = shop.sign_off(1);
    let (code, verdict, remarks) = shop.verdict(1);
    assert_eq!(code, 6, "{what}: {verdict}");
    let named =
        verdict.strip_prefix("does not conform at event ").or(verdict.strip_prefix("altered at event "));
    let named: usize = named.unwrap_or_else(|| panic!("{what}: {verdict}")).parse().unwrap();
    assert!(named <= at, "{what}: {verdict}, signed at {at}: {remarks}");
}

fn of<'e>(events: &'e mut [Value], kind: &str) -> &'e mut Value {
    events.iter_mut().find(|event| event["type"] == kind).unwrap()
}

#[test]
fn nothing_before_a_signature_can_be_rewritten() {
    is_found_out("the operator", |events| events[0]["session"]["operator"] = json!("x@example.org"));
    is_found_out("the host", |events| events[0]["session"]["host"] = json!("elsewhere"));
    is_found_out("an input", |events| events[0]["inputs"][0]["value"] = json!("v2"));
    is_found_out("a commit", |events| events[0]["runbook"]["commit"] = json!("0".repeat(40)));
    is_found_out("a time", |events| events[1]["at"] = json!("2026-01-01T00:00:00.000000Z"));
    is_found_out("a duration", |events| of(events, "action.finished")["duration_ms"] = json!(123_456));
    is_found_out("a remark", |events| of(events, "action.finished")["remarks"] = json!(["fine"]));
    is_found_out("a note put in", |events| {
        let note = json!({"n": 0, "prev": "", "at": "2026-01-01T00:00:00.000000Z", "type": "note", "text": "all well",
            "by": {"who": "x@example.org", "via": "command"}});
        events.insert(2, note);
    });
}

#[test]
fn nothing_of_a_signature_can_be_rewritten() {
    is_found_out("the name", |events| of(events, "signoff.given")["name"] = json!("Somebody Else"));
    is_found_out("the signer", |events| of(events, "signoff.given")["by"]["who"] = json!(QB));
    is_found_out("the assurance", |events| of(events, "signoff.given")["assurance"] = json!("fido-uv"));
    is_found_out("the key", |events| of(events, "signoff.given")["signature"]["key"] = json!("SHA256:x"));
    is_found_out("the time", |events| {
        of(events, "signoff.given")["at"] = json!("2027-01-01T00:00:00.000000Z")
    });
    is_found_out("no signature", |events| {
        of(events, "signoff.given").as_object_mut().unwrap().remove("signature");
    });
    is_found_out("typed instead", |events| {
        let given = of(events, "signoff.given");
        given.as_object_mut().unwrap().remove("signature");
        given["assurance"] = json!("typed");
    });
}

#[test]
fn an_altered_statement_or_signature_is_found_out_with_its_digest_made_to_fit() {
    for (ending, field) in [("", "statement"), (".sig", "signature")] {
        let shop = signed_off();
        let at = shop.sign_off(1);
        let path = shop.signed(1, ending);
        let bytes = fs::read(&path).unwrap();
        let mut altered = bytes.clone();
        let place = altered.len() / 2;
        altered[place] = if altered[place] == b'a' { b'b' } else { b'a' };
        fs::write(&path, &altered).unwrap();
        shop.is(1, 6, &format!("altered at event {at}"));
        shop.forge(1, |events| events[at]["signature"][field] = json!(sha256(&altered)));
        shop.is(1, 6, &format!("does not conform at event {at}"));
        fs::remove_file(&path).unwrap();
        shop.is(1, 6, &format!("altered at event {at}"));
    }
}

/// The signature of one run put under another run of the same bytes, by the same people, in the same store.
#[test]
fn a_signature_moved_to_another_run_does_not_count() {
    let shop = signed_off();
    fs::remove_file(shop.bench.path("live")).unwrap();
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    shop.signs("2", QB, "qb");
    shop.resumes("2");
    let at = shop.sign_off(2);
    assert_eq!(at, shop.sign_off(1), "both runs went the same way");
    let moved = shop.bench.events(1)[at].clone();
    for ending in ["", ".sig"] {
        fs::copy(shop.signed(1, ending), shop.signed(2, ending)).unwrap();
    }
    let shown = moved["presence"]["shown"]["sha256"].as_str().unwrap().to_owned();
    let blob = |run: u64| shop.bench.run_dir(run).join("blobs/sha256").join(&shown);
    fs::copy(blob(1), blob(2)).unwrap();
    shop.forge(2, |events| events[at] = moved);
    let (code, verdict, remarks) = shop.verdict(2);
    assert_eq!((code, verdict), (6, format!("does not conform at event {at}")), "{remarks}");
    assert!(remarks.contains("another run") || remarks.contains("recorded"), "{remarks}");
}

#[test]
fn a_signature_by_a_key_that_is_not_among_the_recorded_signers_does_not_count() {
    let shop = signed_off();
    let at = shop.sign_off(1);
    let public = shop.make_key("forger");
    assert!(!public.is_empty());
    let statement = fs::read(shop.signed(1, "")).unwrap();
    let forged = shop.bench.sh(&format!(
        "ssh-keygen -Y sign -q -n signoff@holdpoint -f '{}' < '{}'",
        shop.key("forger").display(),
        shop.signed(1, "").display()
    ));
    fs::write(shop.signed(1, ".sig"), &forged).unwrap();
    shop.forge(1, |events| events[at]["signature"]["signature"] = json!(sha256(forged.as_bytes())));
    let (code, verdict, remarks) = shop.verdict(1);
    assert_eq!((code, verdict), (6, format!("does not conform at event {at}")), "{remarks}");
    assert!(remarks.contains("is not one of qa@example.org"), "{remarks}");
    assert!(!statement.is_empty());
}

/// Cut before, at and after the signature, the seal left in place and taken away.
#[test]
fn a_record_cut_anywhere_gets_the_verdict_that_can_be_proved() {
    let shop = signed_off();
    let dir = shop.bench.run_dir(1);
    let log = fs::read(dir.join("run.jsonl")).unwrap();
    let seal = fs::read(dir.join("seal.json")).unwrap();
    let ends: Vec<usize> =
        log.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    let at = shop.sign_off(1);
    for (cut, event) in [(ends[at - 1], "before"), (ends[at], "at"), (ends[at + 1], "after")] {
        fs::write(dir.join("run.jsonl"), &log[..cut]).unwrap();
        fs::write(dir.join("seal.json"), &seal).unwrap();
        shop.is(1, 6, "truncated");
        fs::remove_file(dir.join("seal.json")).unwrap();
        // Whoever removes the seal as well leaves an open record: the docs say that this cannot be told.
        let (code, verdict, remarks) = shop.verdict(1);
        assert_eq!((code, verdict.as_str()), (0, "intact, open"), "{event}: {remarks}");
        assert_eq!(remarks.contains("belong to no sign-off"), event == "before", "{event}: {remarks}");
    }
}
