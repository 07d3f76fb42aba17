//! Behind a proxy that signs people in: who that is, what they may do in whose name, and who else gets nothing.

use std::os::unix::fs::PermissionsExt as _;

use crate::authenticator::{Passkey, VERIFIED};
use crate::http::{Answer, Serving, serving_with};
use crate::signing::{BOOK, CONFIG, QA, refused, repository};
use crate::support::Bench;

const SECRET: &str = "5ec2e7-0123456789abcdef0123456789abcdef";
const PUBLIC: &str = "https://runs.example.org";
const OLIVE: &str = "ops@example.org";

fn key() -> Passkey {
    Passkey::at(9, "runs.example.org")
}

/// A run that waits for QA, and a server behind a proxy.
fn behind_a_proxy() -> (Bench, Serving) {
    let bench = repository(&format!("{QA} {}\n", key().line()));
    bench.ends(3, &["run", "r.md", "--env", "production", "--unattended"]);
    let server = serving_with(&bench, &options(&bench, SECRET));
    (bench, server)
}

fn options(bench: &Bench, secret: &str) -> [&'static str; 7] {
    let path = bench.all().join("secret");
    std::fs::write(&path, format!("{secret}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    [
        "--sign",
        "--public-url",
        PUBLIC,
        "--identity-header",
        "X-Forwarded-Email",
        "--proxy-secret",
        "../secret",
    ]
}

/// What the proxy sends on.
fn ask(server: &Serving, method: &str, path: &str, lines: &[&str], body: &str) -> Answer {
    server.ask_at("runs.example.org", method, path, lines, body)
}

fn by(who: &str, secret: &str) -> [String; 3] {
    [format!("X-Forwarded-Email: {who}"), format!("Holdpoint-Proxy: {secret}"), format!("Origin: {PUBLIC}")]
}

fn asks_by(server: &Serving, who: &str, method: &str, path: &str, body: &str) -> Answer {
    let lines = by(who, SECRET);
    ask(server, method, path, &lines.each_ref().map(String::as_str), body)
}

#[test]
fn whom_the_proxy_names_is_who_they_are_on_every_page() {
    let (_bench, server) = behind_a_proxy();
    let list = asks_by(&server, "QA@example.org", "GET", "/", "").is(200).body;
    assert!(list.contains("You are Quinn Auditor (qa@example.org)"), "{list}");
    assert!(list.contains("<button name=\"waits_for\" value=\"qa\">qa</button>"), "{list}");
    assert!(!list.contains("Sign out"), "{list}");
    asks_by(&server, QA, "GET", "/?waits_for=qa", "").is(200);
    let page = asks_by(&server, QA, "GET", "/runs/1", "").is(200).body;
    assert!(page.contains("value=\"qa@example.org\" readonly"), "{page}");
    assert_eq!(asks_by(&server, QA, "GET", "/api/runs", "").is(200).json().as_array().unwrap().len(), 1);
    // What a proxy was given by Basic authentication it hands on.
    let [who, secret, _] = by(QA, SECRET);
    ask(&server, "GET", "/api/runs", &[&who, &secret, "Authorization: Basic cWE6cHc="], "").is(200);
    // And the token of its own that it took.
    ask(&server, "GET", "/api/runs", &[&who, &secret, "Authorization: Bearer eyJhbGciOi.x.y"], "").is(200);
    ask(&server, "GET", "/api/runs", &[&who, &secret, "Authorization: Bearer holdpoint_x"], "").is(401);
    ask(&server, "GET", "/api/runs", &[&who, "Authorization: Basic cWE6cHc="], "").is(401);
    asks_by(&server, QA, "GET", "/sign-in", "").is(404);
    asks_by(&server, QA, "POST", "/sign-out", "").is(404);
    asks_by(&server, QA, "POST", "/sign-in", "link=x").is(404);
    assert!(server.told["sign_in"].is_null() && server.told["next_sign_in"].is_null(), "{}", server.told);
}

#[test]
fn whom_nobody_names_or_who_comes_by_another_way_gets_nothing() {
    let (bench, server) = behind_a_proxy();
    for path in ["/", "/runs/1", "/runs/1/report", "/passkey", "/api/runs", "/api/runs/1", "/api/events"] {
        asks_by(&server, "who@example.org", "GET", path, "").is(403);
        asks_by(&server, "", "GET", path, "").is(401);
        let without = by(QA, SECRET);
        ask(&server, "GET", path, &[&without[0], &without[2]], "").is(401);
        ask(&server, "GET", path, &[&without[0], &without[1], "X-Forwarded-Email: ops@example.org"], "")
            .is(401);
        let wrong = by(QA, "6ec2e7-0123456789abcdef0123456789abcdef");
        ask(&server, "GET", path, &wrong.each_ref().map(String::as_str), "").is(401);
        ask(&server, "GET", path, &["Cookie: __Host-holdpoint=x"], "").is(401);
    }
    asks_by(&server, "dev@example.org", "GET", "/runs/1", "").is(200);
    bench.file(
        "holdpoint.toml",
        &CONFIG.replace("[people.\"dev@example.org\"]\nname = \"Dan Developer\"\n", ""),
    );
    asks_by(&server, "dev@example.org", "GET", "/runs/1", "").is(403);
}

#[test]
fn nobody_signs_or_notes_in_anothers_name() {
    let (bench, server) = behind_a_proxy();
    let page = asks_by(&server, QA, "GET", "/runs/1", "").is(200).body;
    let shown = page.split_once("data-shown=\"").unwrap().1.split_once('"').unwrap().0;
    let form = format!("who=qa%40example.org&shown={shown}");
    refused(
        asks_by(&server, OLIVE, "POST", "/runs/1/sign/prepare", &form),
        403,
        "signed in as ops@example.org",
    );
    refused(
        asks_by(&server, OLIVE, "POST", "/runs/1/note", "who=qa%40example.org&text=x"),
        403,
        "signed in as",
    );
    asks_by(&server, OLIVE, "POST", "/runs/1/note", "who=ops%40example.org&text=x").is(200);
    let page = asks_by(&server, QA, "GET", "/runs/1", "").is(200).body;
    let shown = page.split_once("data-shown=\"").unwrap().1.split_once('"').unwrap().0;
    let form = format!("who=qa%40example.org&shown={shown}");
    let told = asks_by(&server, QA, "POST", "/runs/1/sign/prepare", &form).is(200).json();
    let challenge = told["challenge"].as_str().unwrap();
    let answer = key().answers(challenge, PUBLIC, VERIFIED);
    refused(asks_by(&server, OLIVE, "POST", "/runs/1/sign", &answer), 409, "nothing waits");
    asks_by(&server, QA, "POST", "/runs/1/sign", &answer).is(200);
    assert_eq!(bench.of_type(1, "signoff.given")[0]["by"]["who"], QA);
    bench.ends(0, &["verify", "1"]);
    assert_eq!(bench.of_type(1, "note")[0]["by"]["who"], OLIVE);
}

#[test]
fn a_secret_that_others_can_read_or_guess_is_none_and_without_a_public_url_there_is_no_proxy() {
    let bench = Bench::with(&[
        ("r.md", BOOK),
        ("holdpoint.toml", CONFIG),
        ("allowed_signers", ""),
        ("revoked_keys", ""),
    ]);
    bench.committed();
    let good = options(&bench, SECRET);
    let path = bench.all().join("secret");
    let says = |options: &[&str], why: &str| {
        let ran = bench.holdpoint(&[&["serve", "--listen", "127.0.0.1:0"][..], options].concat());
        assert_eq!(ran.code, 2, "{}", ran.both());
        assert!(ran.stderr.contains(why), "{why}: {}", ran.stderr);
    };
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    says(&good, "may read it");
    says(&options(&bench, "short"), "32 or more");
    let mut other = options(&bench, SECRET);
    other[4] = "Holdpoint-Proxy";
    says(&other, "names nobody");
    other[4] = "no header";
    says(&other, "is no name of a header");
    says(&["--identity-header", "X", "--proxy-secret", "../secret"], "--public-url");
    says(&["--public-url", PUBLIC, "--identity-header", "X"], "--proxy-secret");
    says(&["--public-url", PUBLIC, "--identity-header", "X", "--proxy-secret", "../none"], "No such file");
}

#[test]
fn somebody_whose_name_has_other_letters_than_ascii_comes_in_as_proxies_send_it() {
    let (bench, server) = behind_a_proxy();
    bench.file("holdpoint.toml", &CONFIG.replace("dev@example.org", "jörg@example.org"));
    let list = asks_by(&server, "jörg@example.org", "GET", "/", "").is(200).body;
    assert!(list.contains("You are Dan Developer (jörg@example.org)"), "{list}");
    // Another account, which looks the same or is the same to whoever folds names.
    for other in [
        "j\u{f6}rg@example.org\u{202e}",
        "\u{ff4f}ps@example.org",
        "ops@example.org\u{200b}",
        "ops@example.org\u{a0}",
        "\u{3000}ops@example.org",
        "ops@example.org\u{2028}",
        "op\u{17f}@example.org",
    ] {
        asks_by(&server, other, "GET", "/", "").is(403);
    }
}

#[test]
fn a_configuration_that_is_broken_is_no_fault_of_whoever_asks() {
    let (bench, server) = behind_a_proxy();
    bench.file("holdpoint.toml", "[people\n");
    let told = asks_by(&server, QA, "GET", "/api/runs", "").is(500).json();
    assert!(told["help"].as_str().unwrap().contains("Whoever keeps holdpoint.toml"), "{told}");
}
