//! Reviews over HTTP with a passkey in software: the queue, who reviews, and what is refused.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::authenticator::{Passkey, TOUCHED, VERIFIED};
use crate::http::{Answer, Serving};
use crate::signing::{CONFIG, QA, Visitor, key, refused, waiting};
use crate::support::{Bench, HOLDPOINT, Ran};

/// A run that is over, a server, and the cookie of whoever is signed in.
fn over() -> (Bench, Serving, String) {
    let (bench, server) = waiting();
    let visitor = Visitor::of(&server);
    let challenge = visitor.prepares(QA, "");
    visitor.answers(&challenge).is(200);
    bench.ends(0, &["resume", "1", "--unattended"]);
    let cookie = visitor.cookie;
    (bench, server, cookie)
}

fn asks(visitor: &Visitor<'_>, who: &str, more: &str) -> Answer {
    let body = format!("who={}&shown={}{more}", who.replace('@', "%40"), visitor.shown());
    visitor.post("/runs/1/review/prepare", &body)
}

const LOOKED: &str = "&kind=audit-trail&text=Looked+through";

fn prepares(visitor: &Visitor<'_>) -> String {
    asks(visitor, QA, LOOKED).is(200).json()["challenge"].as_str().unwrap().to_owned()
}

fn reviews(bench: &Bench) -> usize {
    bench.ends(0, &["report", "1", "--format", "json"]).json()["reviews"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_passkey_reviews_a_run_that_is_over_and_every_verifier_proves_it() {
    let (bench, server, cookie) = over();
    let visitor = Visitor { server: &server, cookie };
    let queue = |visitor: &Visitor<'_>| {
        let rows = server.get("/api/runs?unreviewed=true", &[&visitor.cookie]).is(200).json();
        let told = bench.holdpoint(&["runs", "--unreviewed", "--format", "json"]).json();
        assert_eq!(rows, told);
        rows.as_array().unwrap().len()
    };
    assert_eq!(queue(&visitor), 1);
    let challenge = prepares(&visitor);
    let said = visitor.answers(&challenge).is(200).json();
    assert_eq!(said["said"], "Review 1 of run 1: audit-trail review by Quinn Auditor (qa@example.org).");
    refused(visitor.answers(&challenge), 409, "nothing waits");
    assert_eq!(queue(&visitor), 0);
    let page = server.get("/runs/1", &[&visitor.cookie]).is(200).body;
    assert!(page.contains("audit-trail review by Quinn Auditor"), "{page}");
    // Another follows it.
    let challenge = prepares(&visitor);
    visitor.answers(&challenge).is(200);
    let said = bench.ends(0, &["verify", "1"]).both();
    assert!(said.contains("2, audit-trail review by Quinn Auditor"), "{said}");
    bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    bench.sh("mkdir out && tar --zstd -xf run.tar.zst -C out");
    let dir = std::fs::read_dir(bench.path("out")).unwrap().next().unwrap().unwrap().path();
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/independent/verify.py");
    let says = |command: &mut Command| {
        let ran = Ran::of(command.output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.both());
        assert!(ran.stdout.starts_with("intact and complete"), "{}", ran.both());
    };
    says(bench.command("python3").arg("-B").arg(verifier).arg(&dir));
    says(bench.command("sh").arg(dir.join("verify.sh")));
    says(bench.command(HOLDPOINT).arg("verify").arg(&dir));
}

#[test]
fn a_review_of_no_words_of_no_kind_by_nobody_or_with_another_key_is_none() {
    let (bench, server, cookie) = over();
    let visitor = Visitor { server: &server, cookie };
    refused(asks(&visitor, QA, "&kind=audit-trail&text=%20"), 400, "says nothing");
    refused(asks(&visitor, QA, "&kind=audit&text=x"), 400, "`audit` is no kind of review");
    refused(asks(&visitor, QA, "&kind=audit-trail&text=x&rejects=y"), 400, "form");
    refused(asks(&visitor, "who@example.org", LOOKED), 400, "whom holdpoint.toml names");
    refused(asks(&visitor, "dev@example.org", LOOKED), 400, "has no passkey of dev@example.org");
    let (cookie, origin) = (visitor.cookie.as_str(), server.origin());
    let body = format!("who=qa%40example.org&shown={}{LOOKED}", visitor.shown());
    server.ask("POST", "/runs/1/review/prepare", &[&origin], &body).is(401);
    server.ask("POST", "/runs/1/review/prepare", &[cookie], &body).is(403);
    let signs = |passkey: &Passkey, page: &str, flags| {
        let challenge = prepares(&visitor);
        visitor.post("/runs/1/sign", &passkey.answers(&challenge, page, flags))
    };
    refused(signs(&Passkey::of(8), &visitor.page(), VERIFIED), 400, "not signed by a passkey of");
    refused(signs(&key(), "http://localhost:1", VERIFIED), 400, "another page");
    refused(signs(&key(), &visitor.page(), 4), 400, "without being touched");
    let challenge = prepares(&visitor);
    bench.file("revoked_keys", &format!("{}\n", key().line()));
    refused(visitor.answers(&challenge), 400, "revoked");
    assert_eq!(reviews(&bench), 0);
}

#[test]
fn a_review_is_of_what_the_page_showed_and_of_a_run_that_is_over() {
    let (bench, server, cookie) = over();
    let (visitor, other) = (Visitor { server: &server, cookie }, Visitor::second(&server));
    let shown = visitor.shown();
    let (first, second) = (prepares(&visitor), prepares(&other));
    visitor.answers(&first).is(200);
    refused(other.answers(&second), 400, "is another than when this was shown");
    let wrong = format!("who=qa%40example.org&shown={}{LOOKED}", shown.replace(&shown[..4], "0000"));
    refused(visitor.post("/runs/1/review/prepare", &wrong), 400, "is another than when this was shown");
    // What is signed as a review signs nothing else.
    let challenge = prepares(&visitor);
    refused(
        visitor.post("/runs/2/sign", &key().answers(&challenge, &visitor.page(), VERIFIED)),
        409,
        "nothing waits",
    );
    assert_eq!(reviews(&bench), 1);
    bench.ends(3, &["run", "r.md", "--env", "production", "--unattended"]);
    let body = format!("who=qa%40example.org&shown={shown}{LOOKED}");
    refused(visitor.post("/runs/2/review/prepare", &body), 400, "still open");
    let rows = bench.holdpoint(&["runs", "--unreviewed", "--format", "json"]).json();
    assert_eq!(rows.as_array().unwrap().len(), 0, "{rows}");
    bench.ends(2, &["runs", "--unreviewed", "--open"]);
    server.get("/?unreviewed=true&open=true", &[&visitor.cookie]).is(400);
}

#[test]
fn a_key_that_left_the_list_meanwhile_reviews_nothing() {
    let (bench, server, cookie) = over();
    let visitor = Visitor { server: &server, cookie };
    let challenge = prepares(&visitor);
    bench.file("allowed_signers", &format!("{QA} {}\n", Passkey::of(8).line()));
    refused(visitor.answers(&challenge), 400, "not signed by a passkey of");
    assert_eq!(reviews(&bench), 0);
}

#[test]
fn whom_todays_configuration_names_no_more_reviews_nothing_from_the_page() {
    let (bench, server, cookie) = over();
    let visitor = Visitor { server: &server, cookie };
    let challenge = prepares(&visitor);
    let former = CONFIG
        .replace("[people.\"qa@example.org\"]\nname = \"Quinn Auditor\"\n", "")
        .replace("\"qa@example.org\", ", "");
    assert!(!former.contains(QA), "{former}");
    bench.file("holdpoint.toml", &former);
    refused(visitor.answers(&challenge), 400, "names today");
    refused(asks(&visitor, QA, LOOKED), 400, "names today");
    fs::remove_file(bench.path("holdpoint.toml")).unwrap();
    refused(asks(&visitor, QA, LOOKED), 400, "names today");
    assert_eq!(reviews(&bench), 0);
}

#[test]
fn a_passkey_that_asked_for_no_finger_face_or_pin_reviews_nothing() {
    let (bench, server, cookie) = over();
    let visitor = Visitor { server: &server, cookie };
    let answer = key().answers(&prepares(&visitor), &visitor.page(), TOUCHED);
    refused(visitor.post("/runs/1/sign", &answer), 400, "did not ask for a finger");
    assert_eq!(reviews(&bench), 0);
}
