//! Signing over HTTP with a passkey in software: who signs, and what is refused.

use std::fs;
use std::io::{Read as _, Write as _};

use holdpoint_hosts::{Missing, skipped};

use crate::authenticator::{Passkey, TOUCHED, VERIFIED};
use crate::http::{Answer, Serving, serving, serving_with};
use crate::support::Bench;
use crate::waiting::eventually;

pub const QA: &str = "qa@example.org";

pub const CONFIG: &str = r#"[signers]
file = "allowed_signers"
revoked = "revoked_keys"

[people."ops@example.org"]
name = "Olive Operator"

[people."qa@example.org"]
name = "Quinn Auditor"

[people."dev@example.org"]
name = "Dan Developer"

[roles]
qa = ["qa@example.org", "ops@example.org"]

[environments.production]
signature = "fido-uv"
"#;

pub const BOOK: &str = "---\nrunbook: 1\nroles: [qa]\n---\n# Release\n\n## Build\n\n```sh run\necho built\n```\n\n\
    ## Approve\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: It is tested.\nindependent: true\n```\n\n\
    ## Switch\n\n```sh run\necho live\n```\n";

/// A repository in which these lines say who may sign.
pub fn repository(signers: &str) -> Bench {
    let bench = Bench::with(&[
        ("holdpoint.toml", CONFIG),
        ("r.md", BOOK),
        ("allowed_signers", signers),
        ("revoked_keys", ""),
        (".gitignore", ".holdpoint\n"),
    ]);
    bench.committed();
    bench
}

pub fn key() -> Passkey {
    Passkey::of(9)
}

/// A passkey of QA's that is not at hand.
fn former() -> String {
    format!("{QA} {}\n", Passkey::of(8).line())
}

/// A run that waits for QA's passkey, and a server that takes it, reached by its name.
pub fn waiting() -> (Bench, Serving) {
    let bench =
        repository(&format!("{QA} namespaces=\"signoff@holdpoint,review@holdpoint\" {}\n", key().line()));
    bench.ends(3, &["run", "r.md", "--env", "production", "--unattended"]);
    let mut server = serving_with(&bench, &["--sign"]);
    server.address = server.address.replace("127.0.0.1", "localhost");
    (bench, server)
}

/// Somebody at the run's page.
pub struct Visitor<'a> {
    pub server: &'a Serving,
    pub cookie: String,
}

impl<'a> Visitor<'a> {
    pub fn of(server: &'a Serving) -> Visitor<'a> {
        Visitor { server, cookie: server.signed_in() }
    }

    /// Somebody else, by the link after the first one.
    pub fn second(server: &'a Serving) -> Visitor<'a> {
        let link = || fs::read_to_string(server.link_file()).unwrap().trim().to_owned();
        eventually("another link takes the place of the first one", || link() != server.link());
        Visitor { server, cookie: server.sign_in(&link()).unwrap() }
    }

    /// The digest of the text that the page shows.
    pub fn shown(&self) -> String {
        let page = self.server.get("/runs/1", &[&self.cookie]).is(200).body;
        page.split_once("data-shown=\"").unwrap().1.split_once('"').unwrap().0.to_owned()
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.server.ask("POST", path, &[&self.cookie, &self.server.origin()], body)
    }

    fn asks(&self, who: &str, more: &str) -> Answer {
        let body = format!("who={}&shown={}{more}", who.replace('@', "%40"), self.shown());
        self.post("/runs/1/sign/prepare", &body)
    }

    /// The challenge.
    #[track_caller]
    pub fn prepares(&self, who: &str, more: &str) -> String {
        self.asks(who, more).is(200).json()["challenge"].as_str().unwrap().to_owned()
    }

    pub fn page(&self) -> String {
        format!("http://{}", self.server.address)
    }

    pub fn answers(&self, challenge: &str) -> Answer {
        self.post("/runs/1/sign", &key().answers(challenge, &self.page(), VERIFIED))
    }
}

#[track_caller]
pub fn refused(answer: Answer, status: u16, why: &str) {
    let told = answer.is(status).json();
    assert!(told["error"].as_str().unwrap().contains(why), "{told:#}");
}

#[track_caller]
fn nothing_signed(bench: &Bench, attempts: usize) {
    assert!(bench.of_type(1, "signoff.given").is_empty() && bench.of_type(1, "signoff.rejected").is_empty());
    assert_eq!(bench.of_type(1, "signoff.refused").len(), attempts);
    bench.ends(0, &["verify", "1"]);
}

#[test]
fn a_passkey_signs_what_the_page_shows_once_and_the_run_goes_on() {
    let (bench, server) = waiting();
    let visitor = Visitor::of(&server);
    let shown = visitor.shown();
    let challenge = visitor.prepares(QA, "");
    assert_eq!(visitor.answers(&challenge).is(200).json()["said"], "Signed off by Quinn Auditor.");
    refused(visitor.answers(&challenge), 409, "nothing waits");
    let given = &bench.of_type(1, "signoff.given")[0];
    assert_eq!((given["assurance"].as_str(), given["by"]["who"].as_str()), (Some("fido-uv"), Some(QA)));
    assert_eq!(given["presence"]["shown"]["sha256"], *shown);
    assert!(given["presence"].get("tty").is_none(), "the server's terminal is nobody's: {given}");
    bench.ends(0, &["resume", "1", "--unattended"]);
    let said = bench.ends(0, &["verify", "1"]).stderr;
    assert!(said.contains(&format!("by passkey, asked for by {}", visitor.page())), "{said}");
    assert_eq!(bench.of_type(1, "signoff.given").len(), 1);
}

#[test]
fn a_rejection_takes_a_passkey_and_a_reason() {
    let (bench, server) = waiting();
    let visitor = Visitor::of(&server);
    refused(visitor.asks(QA, "&rejects=%20"), 400, "needs a reason");
    let challenge = visitor.prepares(QA, "&rejects=The+footer+says+v1.0");
    assert_eq!(visitor.answers(&challenge).is(200).json()["said"], "Rejected by Quinn Auditor.");
    let rejected = &bench.of_type(1, "signoff.rejected")[0];
    assert_eq!(rejected["reason"], "The footer says v1.0");
    assert_eq!(rejected["signed"]["assurance"], "fido-uv");
    bench.ends(0, &["verify", "1"]);
}

#[test]
fn without_being_asked_to_the_server_signs_nothing() {
    let bench = repository(&former());
    bench.ends(3, &["run", "r.md", "--env", "production", "--unattended"]);
    let server = serving(&bench);
    let visitor = Visitor::of(&server);
    assert!(!server.get("/runs/1", &[&visitor.cookie]).is(200).body.contains("data-shown"));
    refused(visitor.post("/runs/1/sign/prepare", "who=a&shown=b"), 403, "nothing is signed");
    refused(
        visitor.post("/runs/1/sign", "client_data=&authenticator_data=&signature="),
        403,
        "nothing is signed",
    );
    server.get("/passkey", &[&visitor.cookie]).is(403);
    nothing_signed(&bench, 0);
}

#[test]
fn nobody_signs_without_a_session_from_another_page_by_get_or_at_another_name() {
    let (bench, server) = waiting();
    let visitor = Visitor::of(&server);
    let body = format!("who=qa%40example.org&shown={}", visitor.shown());
    let (cookie, origin) = (visitor.cookie.as_str(), server.origin());
    for path in ["/runs/1/sign/prepare", "/runs/1/sign"] {
        server.ask("POST", path, &[&origin], &body).is(401);
        server.ask("POST", path, &[cookie], &body).is(403);
        server.ask("POST", path, &[cookie, "Origin: http://localhost:1"], &body).is(403);
        server.ask("POST", path, &[cookie, "Origin: null"], &body).is(403);
        server.ask("POST", path, &[cookie, &origin, "Sec-Fetch-Site: cross-site"], &body).is(403);
        server.get(&format!("{path}?{body}"), &[cookie]).is(405);
    }
    refused(visitor.post("/runs/1/sign/prepare", &format!("{body}&role=qa")), 400, "form");
    refused(visitor.post("/runs/2/sign/prepare", &body), 404, "no run 2");
    server.ask("POST", "/api/runs/1/sign", &[cookie, &origin], &body).is(405);
    nothing_signed(&bench, 0);
}

#[test]
fn what_waits_for_a_passkey_is_of_its_session_and_its_last_request_alone() {
    let (bench, server) = waiting();
    let (visitor, other) = (Visitor::of(&server), Visitor::second(&server));
    refused(visitor.answers("AAAA"), 409, "nothing waits");
    let former = visitor.prepares(QA, "");
    refused(other.answers(&former), 409, "nothing waits");
    let last = visitor.prepares(QA, "&rejects=no");
    assert_ne!(former, last);
    // A signature of what was asked for before is none of a rejection.
    refused(visitor.answers(&former), 400, "not signed by a passkey of qa@example.org");
    refused(visitor.answers(&last), 409, "nothing waits");
    nothing_signed(&bench, 0);
}

#[test]
fn a_run_in_which_something_happened_since_is_not_signed() {
    let (bench, server) = waiting();
    let visitor = Visitor::of(&server);
    let (shown, challenge) = (visitor.shown(), visitor.prepares(QA, ""));
    bench.ends(0, &["note", "1", "The tape is missing"]);
    refused(visitor.answers(&challenge), 400, "another text than the page shows");
    refused(
        visitor.post("/runs/1/sign/prepare", &format!("who=qa%40example.org&shown={shown}")),
        400,
        "another text than the page shows",
    );
    nothing_signed(&bench, 0);
    let challenge = visitor.prepares(QA, "");
    bench.ends(4, &["resume", "1", "--abort", "no more"]);
    refused(visitor.answers(&challenge), 400, "is over");
}

#[test]
fn whoever_has_not_the_role_did_the_work_or_is_nobody_is_not_even_asked() {
    let (bench, server) = waiting();
    let visitor = Visitor::of(&server);
    refused(visitor.asks("dev@example.org", ""), 400, "does not have the role qa");
    refused(visitor.asks("who@example.org", ""), 400, "is not listed");
    let operator = bench.events(1)[0]["session"]["operator"].as_str().unwrap().to_owned();
    refused(visitor.asks(&operator, ""), 400, "must be independent");
    nothing_signed(&bench, 0);
}

#[test]
fn a_role_that_was_withdrawn_meanwhile_is_none() {
    let (bench, server) = waiting();
    let visitor = Visitor::of(&server);
    let challenge = visitor.prepares(QA, "");
    bench.file("holdpoint.toml", &CONFIG.replace("qa = [\"qa@example.org\", ", "qa = ["));
    refused(visitor.answers(&challenge), 400, "gives qa@example.org the role qa no more");
    refused(visitor.asks(QA, ""), 400, "gives qa@example.org the role qa no more");
    nothing_signed(&bench, 0);
}

#[test]
fn a_signature_that_does_not_count_is_refused_and_one_by_their_passkey_stands_on_record() {
    let (bench, server) = waiting();
    let visitor = Visitor::of(&server);
    let signs = |passkey: &Passkey, page: &str, flags| {
        let challenge = visitor.prepares(QA, "");
        visitor.post("/runs/1/sign", &passkey.answers(&challenge, page, flags))
    };
    refused(signs(&Passkey::of(8), &visitor.page(), VERIFIED), 400, "not signed by a passkey of");
    refused(signs(&key(), "http://localhost:1", VERIFIED), 400, "another page");
    refused(signs(&key(), &visitor.page(), 0x45), 400, "not signed by a passkey of");
    nothing_signed(&bench, 0);
    refused(signs(&key(), &visitor.page(), 1), 400, "did not verify its user");
    refused(signs(&key(), &visitor.page(), 4), 400, "without being touched");
    nothing_signed(&bench, 2);
    // Revoked after the run opened, and after it was asked for.
    let challenge = visitor.prepares(QA, "");
    bench.file("revoked_keys", &format!("{}\n", key().line()));
    refused(visitor.answers(&challenge), 400, "revoked");
    nothing_signed(&bench, 3);
}

#[test]
fn a_passkey_that_came_after_the_run_opened_signs_nothing_of_it() {
    let bench = repository(&former());
    bench.ends(3, &["run", "r.md", "--env", "production", "--unattended"]);
    bench.file("allowed_signers", &format!("{QA} {}\n", key().line()));
    let mut server = serving_with(&bench, &["--sign"]);
    server.address = server.address.replace("127.0.0.1", "localhost");
    let visitor = Visitor::of(&server);
    let challenge = visitor.prepares(QA, "");
    refused(visitor.answers(&challenge), 400, "not signed by a passkey of");
    nothing_signed(&bench, 0);
}

#[test]
fn who_has_a_security_key_and_no_passkey_of_this_site_is_told_to_sign_in_a_terminal() {
    let bench = repository(
        "ops@example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGc5nJy4cSnpFjnJwZzXEyYpDmxvVXTOzVFQyvC6QjKr\n",
    );
    bench.ends(3, &["run", "r.md", "--env", "production", "--unattended"]);
    let server = serving_with(&bench, &["--sign"]);
    let visitor = Visitor::of(&server);
    let told = visitor.asks(QA, "").is(400).json();
    assert!(
        told["error"].as_str().unwrap().contains("has no passkey of qa@example.org for localhost"),
        "{told:#}"
    );
    assert!(told["help"].as_str().unwrap().contains("holdpoint sign"), "{told:#}");
    nothing_signed(&bench, 0);
}

#[test]
fn a_run_that_somebody_drives_is_theirs_until_they_park_it() {
    let (bench, server) = waiting();
    let visitor = Visitor::of(&server);
    let challenge = visitor.prepares(QA, "");
    let lock = fs::File::open(bench.run_dir(1).join("lock")).unwrap();
    lock.lock().unwrap();
    refused(visitor.answers(&challenge), 400, "run");
    lock.unlock().unwrap();
    nothing_signed(&bench, 0);
}

#[test]
fn a_server_that_signs_is_reached_by_a_name() {
    let bench = repository("");
    for arguments in [
        vec!["serve", "--sign", "--listen", "127.8.0.1:0"],
        vec!["serve", "--sign", "--public-url", "https://10.0.0.1"],
    ] {
        let ran = bench.holdpoint(&arguments);
        assert_eq!(ran.code, 2, "{}", ran.both());
        assert!(ran.stderr.contains("a site that has a name"), "{}", ran.stderr);
    }
}

#[test]
fn a_passkey_that_asked_for_no_finger_face_or_pin_signs_nothing_whatever_the_environment_asks_for() {
    for (signature, why) in [("signature = \"fido-uv\"", "did not verify"), ("", "did not ask for a finger")]
    {
        let bench = repository(&format!("{QA} {}\n", key().line()));
        bench.file("holdpoint.toml", &CONFIG.replace("signature = \"fido-uv\"", signature));
        bench.ends(3, &["run", "r.md", "--env", "production", "--unattended"]);
        let mut server = serving_with(&bench, &["--sign"]);
        server.address = server.address.replace("127.0.0.1", "localhost");
        let visitor = Visitor::of(&server);
        let challenge = visitor.prepares(QA, "");
        let answer = key().answers(&challenge, &visitor.page(), TOUCHED);
        refused(visitor.post("/runs/1/sign", &answer), 400, why);
        nothing_signed(&bench, 1);
    }
}

#[test]
fn where_people_come_by_the_name_localhost_nobody_else_has_its_other_address() {
    let there = std::net::TcpListener::bind("[::1]:0");
    let Ok(taken) = there else {
        return skipped("the other address of localhost", &Missing("an address of IPv6, [::1]".into()));
    };
    let (bench, server) = waiting();
    let port = server.address.rsplit(':').next().unwrap().to_owned();
    assert!(std::net::TcpListener::bind(format!("[::1]:{port}")).is_err(), "another user could have it");
    for address in ["127.0.0.1", "[::1]"] {
        let mut to = std::net::TcpStream::connect(format!("{address}:{port}")).unwrap();
        write!(to, "GET /sign-in HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n").unwrap();
        let mut told = String::new();
        to.read_to_string(&mut told).unwrap();
        assert!(told.starts_with("HTTP/1.1 200"), "{address}: {told}");
    }
    let port = taken.local_addr().unwrap().port();
    let ran = bench.holdpoint(&["serve", "--sign", "--listen", &format!("127.0.0.1:{port}")]);
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says(&format!("[::1]:{port}"));
}

#[test]
fn a_record_whose_output_was_altered_is_signed_neither_from_the_page_nor_in_a_terminal() {
    let (bench, server) = waiting();
    let visitor = Visitor::of(&server);
    let challenge = visitor.prepares(QA, "");
    let form = format!("who=qa%40example.org&shown={}", visitor.shown());
    let blobs = bench.run_dir(1).join("blobs/sha256");
    let output = fs::read_dir(&blobs).unwrap().map(|entry| entry.unwrap().path());
    let output = output.into_iter().find(|path| fs::read(path).unwrap() == b"built\n").unwrap();
    fs::write(&output, "other\n").unwrap();
    refused(visitor.answers(&challenge), 422, "not intact: altered");
    refused(visitor.post("/runs/1/sign/prepare", &form), 422, "not intact: altered");
    let before = bench.events(1).len();
    bench.ends(6, &["sign", "1", "--as", QA]).says("not intact: altered").says("Nothing was signed");
    bench.ends(6, &["sign", "1", "--format", "text"]).says("not intact: altered");
    // Nor does anything go on that relies on it.
    bench.ends(6, &["resume", "1", "--unattended"]).says("not intact: altered").says("Nothing was done");
    assert_eq!(bench.events(1).len(), before);
    fs::write(&output, "built\n").unwrap();
    nothing_signed(&bench, 0);
}

#[test]
fn a_script_of_the_page_is_told_in_json_why_it_gets_nothing() {
    let (_bench, server) = waiting();
    let lines = [&*server.origin(), "Accept: application/json"];
    let told = server.ask("POST", "/runs/1/sign/prepare", &lines, "who=a&shown=b").is(401).json();
    assert_eq!(told["error"], "you are not signed in");
}
