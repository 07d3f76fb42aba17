//! Options of typed probes: what is taken, and what is refused with its place, a reason and a next step.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]

use holdpoint_document::{Compiled, Config, Expected, Probe, Work, compile};

const FRONT: &str = "---\nrunbook: 1\ntitle: Case\ninputs:\n  HOST: { default: example.org }\n  TOKEN: { secret: true, from: { env: TOKEN } }\n---\n\n# Case\n\n## Look\n\n";

fn book(probe: &str) -> String {
    format!("{FRONT}```yaml check\n{probe}\n```\n")
}

fn read(source: &str) -> Compiled {
    compile(source, None::<&Config>)
}

/// The block, what the finding points at, words of its message, words of its help.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    ("", "yaml check", "asks nothing", "fill the block in"),
    ("timeout: 5s", "timeout: 5s", "nothing says what is asked", "http, tcp, dns"),
    ("htpp: { url: https://a }", "htpp", "neither a probe nor", "did you mean `http`?"),
    (
        "http: { url: https://a }\nretyr: { every: 1s, for: 2s }",
        "retyr",
        "neither a probe",
        "did you mean `retry`?",
    ),
    (
        "http: { url: https://a }\ntcp: { to: a:1 }",
        "{ to: a:1 }",
        "`tcp` is a second",
        "a `yaml check` for each",
    ),
    ("http: { url: https://a }\ntarget: web", "target", "means nothing on a probe", "sh check"),
    ("http: { url: https://a }\nexpect: { exit: 0 }", "expect", "means nothing", "yaml expect"),
    ("#| timeout: 5s\nhttp: { url: https://a }", "#| timeout: 5s", "a comment of the YAML", "without `#|`"),
    ("capture: { X: { file: out } }\nhttp: { url: https://a }", "X", "writes no file", "json"),
    ("http: { method: GET }", "{ method: GET }", "`url` is missing", "url: https"),
    ("http: { url: ftp://a }", "ftp://a", "cannot be `ftp://a`", "https://"),
    ("http: { url: \"https://me:pw@a\" }", "\"https://me:pw@a\"", "cannot be", "no user"),
    ("http: { url: https://a, method: PUT }", "PUT", "changes something", "sh run"),
    ("http: { url: https://a, method: PATCH, body: x }", "PATCH", "changes something", "or POST"),
    ("http: { url: https://a, method: DELETE }", "DELETE", "changes something", "sh run"),
    ("http: { url: https://a, method: POTS }", "POTS", "not a value", "did you mean `POST`?"),
    ("http: { url: https://a, body: x }", "x", "nothing is sent but by POST", "method: POST"),
    (
        "http: { url: https://a, method: GET, body: { a: b } }",
        "{ a: b }",
        "nothing is sent",
        "leave `body` out",
    ),
    (
        "http: { url: https://a, method: POST, boyd: x }",
        "boyd",
        "not a key of `http`",
        "did you mean `body`?",
    ),
    ("http: { url: https://a, method: POST, body: 17 }", "17", "a text", "in quotes"),
    (
        "http: { url: https://a, method: POST, body: \"{{ TOKEN }}\" }",
        "\"{{ TOKEN }}\"",
        "is a secret",
        "leave it out",
    ),
    (
        "http: { url: https://a, method: POST, body: { a: [\"{{ TOKEN }}\"] } }",
        "\"{{ TOKEN }}\"",
        "is a secret",
        "leave it out",
    ),
    (
        "http: { url: https://a, method: POST, redirects: 2 }",
        "2",
        "to no other address",
        "leave `redirects` out",
    ),
    ("http: { url: https://a, method: GTE }", "GTE", "not a value", "did you mean `GET`?"),
    ("http: { url: https://a, sattus: 200 }", "sattus", "not a key of `http`", "did you mean `status`?"),
    ("http: { url: https://a, status: 2000 }", "2000", "`status` cannot be 2000", "100 to 599"),
    ("http: { url: https://a, status: \"200\" }", "\"200\"", "a whole number", "without quotes"),
    ("http: { url: https://a, redirects: 99 }", "99", "cannot be 99", "0 to 20"),
    ("http: { url: https://a, at_most: 0 }", "0", "cannot be 0", "from 1"),
    ("http: { url: https://a, resolve: localhost }", "localhost", "`resolve` cannot be", "127.0.0.1"),
    ("http: { url: https://a, headers: { Host: b } }", "Host", "cannot be set", "resolve"),
    ("http: { url: https://a, json: { status: ok } }", "status", "not a JSON path", "RFC 9535"),
    (
        "http: { url: https://a, method: HEAD, json: { $.a: b } }",
        "{ url: https://a, method: HEAD, json: { $.a: b } }",
        "no body",
        "by GET",
    ),
    (
        "http: { url: http://a, tls: { valid_for: 2d } }",
        "{ valid_for: 2d }",
        "no TLS with `http://`",
        "https://",
    ),
    (
        "http: { url: https://a, tls: { valid_fro: 2d } }",
        "valid_fro",
        "not a key of `tls`",
        "did you mean `valid_for`?",
    ),
    (
        "http: { url: https://a, tls: { certificate: c.pem } }",
        "{ certificate: c.pem }",
        "one of them is missing",
        "both",
    ),
    ("http: { url: https://a, tls: { ca: ../ca.pem } }", "../ca.pem", "leaves the repository", "root"),
    (
        "http: { url: \"https://{{ HOTS }}\" }",
        "\"https://{{ HOTS }}\"",
        "nothing defines `HOTS`",
        "did you mean `HOST`?",
    ),
    ("http: { url: \"https://a/{{ TOKEN }}\" }", "\"https://a/{{ TOKEN }}\"", "is a secret", "leave it out"),
    (
        "http: { url: https://a, headers: { A: { secret: TOKNE } } }",
        "TOKNE",
        "not a secret input",
        "did you mean `TOKEN`?",
    ),
    (
        "http: { url: https://a, headers: { A: { scret: TOKEN } } }",
        "scret",
        "not a key",
        "did you mean `secret`?",
    ),
    ("tcp: { to: example.org }", "example.org", "`to` cannot be", "a host and a port"),
    ("tcp: { to: \"a:1\", anser: x }", "anser", "not a key of `tcp`", "did you mean `answer`?"),
    ("dns: { name: a.example, type: AAA }", "AAA", "not a value", "did you mean `AAAA`?"),
    (
        "dns: { name: a.example, servers: [192.0.2.1, 192.0.2.2, 192.0.2.1] }",
        "[192.0.2.1, 192.0.2.2, 192.0.2.1]",
        "`192.0.2.1` stands twice",
        "each server once",
    ),
    ("dns: { name: a.example, dnsec: true }", "dnsec", "not a key of `dns`", "did you mean `dnssec`?"),
    ("dns: { name: a.example, dnssec: yes }", "yes", "`true` or `false`", "`true`"),
    ("image: { name: a/b, labels: {} }", "{}", "no label is named", "labels: { NAME: value }"),
    ("dns: { name: a.example, servers: [ns1] }", "[ns1]", "no address of a server", "192.0.2.53"),
    ("dns: { name: a b }", "a b", "cannot be `a b`", "letters"),
    ("dns: { name: a.example, records: [] }", "[]", "the list is empty", "leave the key out"),
    ("file: { path: ../x }", "../x", "`path` cannot be", "below the repository's root"),
    ("file: { path: x, mode: \"644\" }", "\"644\"", "`mode` cannot be", "four digits"),
    ("file: { path: x, sha256: abc }", "abc", "`sha256` cannot be", "64 digits"),
    (
        "file: { path: x, exists: false, contains: y }",
        "{ path: x, exists: false, contains: y }",
        "nothing else can hold",
        "leave",
    ),
    ("file: { path: x, exists: yes }", "yes", "`true` or `false`", "`true`"),
    ("git: {}", "{}", "nothing is asked of git", "clean"),
    ("git: { ancestor: HEAD }", "HEAD", "two revisions", "[OLDER, NEWER]"),
    ("git: { signed_by: me }", "{ signed_by: me }", "none is named", "tag: NAME"),
    ("git: { brnach: main, clean: true }", "brnach", "not a key of `git`", "did you mean `branch`?"),
    ("image: { name: \"-x\" }", "\"-x\"", "cannot be `-x`", "container engine"),
    (
        "image: { name: \"app:v1\", registry: true }",
        "\"app:v1\"",
        "`name` cannot be",
        "begin with the registry",
    ),
    ("image: { name: a/b, registry: true }", "a/b", "`name` cannot be", "registry.example.org"),
    ("image: { name: a, regstry: true }", "regstry", "not a key of `image`", "did you mean `registry`?"),
    ("image: { name: a, registry: r.example.org }", "r.example.org", "`true` or `false`", "`true`"),
    ("image: { name: a, digest: abc }", "abc", "`digest` cannot be", "sha256:"),
    ("image: { name: a, architecture: x86_64 }", "x86_64", "cannot be `x86_64`", "`amd64` (not x86_64)"),
    ("image: { name: a, architecture: amd46 }", "amd46", "cannot be `amd46`", "`amd64`"),
    ("git: { branch: \"ma in\" }", "\"ma in\"", "`branch` cannot be", "branch's name"),
    ("git: { tag: \"-v\" }", "\"-v\"", "`tag` cannot be", "tag's name"),
    ("git: { branch: a..b }", "a..b", "`branch` cannot be", "branch's name"),
    (
        "dns: { name: a.example, servers: [192.0.2.1, \"192.0.2.1:53\"] }",
        "[192.0.2.1, \"192.0.2.1:53\"]",
        "`192.0.2.1:53` stands twice",
        "each server once",
    ),
    (
        "dns: { name: a.example, servers: [\"::1\", \"0:0:0:0:0:0:0:1\"] }",
        "[\"::1\", \"0:0:0:0:0:0:0:1\"]",
        "stands twice",
        "each server once",
    ),
    ("dns: { name: a..example }", "a..example", "cannot be `a..example`", "letters"),
    ("dns: { name: a.example, records: [1.2.3] }", "[1.2.3]", "no record of the type A", "192.0.2.7"),
    (
        "dns: { name: a.example, type: AAAA, records: [192.0.2.7] }",
        "[192.0.2.7]",
        "no record of the type AAAA",
        "2001:db8::7",
    ),
    (
        "dns: { name: a.example, type: MX, records: [mail.example] }",
        "[mail.example]",
        "no record of the type MX",
        "10 mail.example.org.",
    ),
    ("http: { url: https://a, headers: { A: z, a: y } }", "a", "stands there twice", "each header once"),
    ("http: { url: https://a, headers: { A: \"x\\ny\" } }", "\"x\\ny\"", "cannot be sent", "in one line"),
];

#[test]
fn what_is_wrong_with_a_probe_is_told_with_its_place_a_reason_and_a_next_step() {
    for (probe, at, message, help) in REFUSED {
        let source = book(probe);
        let compiled = read(&source);
        let found = compiled.diagnostics.iter().find(|finding| {
            finding.is_error() && finding.message.contains(message) && finding.help.contains(help)
        });
        let found = found.unwrap_or_else(|| panic!("{probe}\n{:#?}", compiled.diagnostics));
        assert_eq!(found.span.unwrap().of(&source), *at, "{probe}");
    }
}

/// The block, its sentence, what its answer must hold.
const TAKEN: &[(&str, &str, &[&str])] = &[
    ("http: { url: https://a/b }", "asks https://a/b by GET, from this machine", &["$.success"]),
    (
        "timeout: 3s\nretry: { every: 1s, for: 5s }\nhttp:\n  url: \"https://{{ HOST }}/v\"\n  method: GET\n  redirects: 3\n  resolve: 127.0.0.1:8443\n  headers: { Accept: a/b, X: { secret: TOKEN, before: \"Bearer \" } }\n  status: 200\n  json: { $.a: \"{{ HOST }}\" }\n  tls: { ca: ca.pem, certificate: c.pem, key: /etc/k.pem, valid_for: 14d }",
        "asks https://{{ HOST }}/v by GET at 127.0.0.1:8443, following up to 3 redirects, from this machine",
        &["$.tls.valid_long_enough", "$.status", "$.json.a"],
    ),
    ("http: { url: https://a, method: POST }", "asks https://a by POST, from this machine", &["$.success"]),
    (
        "http: { url: https://a, method: POST, body: \"ping {{ HOST }}\\n\" }",
        "asks https://a by POST, sending \"ping {{ HOST }}\\n\", from this machine",
        &["$.success"],
    ),
    (
        "http: { url: https://a, method: POST, body: { query: \"{ health }\", n: [1.10, true, null] } }",
        "asks https://a by POST, sending {\"query\":\"{ health }\",\"n\":[1.10,true,null]}, from this machine",
        &["$.success"],
    ),
    (
        "tcp: { to: \"[::1]:22\", answer: SSH }",
        "connects to [::1]:22, waits for \"SSH\", from this machine",
        &["$.answered"],
    ),
    (
        "dns: { name: a.example, type: MX, servers: [192.0.2.1, \"192.0.2.2:53\"], records: [1 b, 1 a] }",
        "asks 192.0.2.1, 192.0.2.2:53 for MX of a.example, from this machine",
        &["$.missing", "$.extra", "$.agree"],
    ),
    (
        "dns: { name: a.example, servers: [192.0.2.1], dnssec: true }",
        "asks 192.0.2.1 for A of a.example, authenticated by DNSSEC, from this machine",
        &["$.found", "$.authenticated", "$.agree"],
    ),
    (
        "dns: { name: a.example, dnssec: false }",
        "asks the name servers of this machine for A of a.example, from this machine",
        &["$.found", "$.agree"],
    ),
    (
        "file: { path: /etc/hosts, mode: \"0644\", owner: root, size: 3 }",
        "looks at the file /etc/hosts, from this machine",
        &["$.exists", "$.mode", "$.owner", "$.size"],
    ),
    ("file: { path: x, exists: false }", "looks at the file x, from this machine", &["$.exists"]),
    (
        "git: { clean: true, branch: main, ancestor: [v1, HEAD], equal_trees: [v1, HEAD], tag: v1, signed_by: me }",
        "asks git for the state of this repository, whether v1 is an ancestor of HEAD, whether v1 and HEAD hold the same, who signed the tag v1, from this machine",
        &["$.clean", "$.branch", "$.ancestor", "$.equal_trees", "$.tag.signed", "$.tag.signed_by"],
    ),
    (
        "image: { name: a/b, architecture: amd64, labels: { org.x: y } }",
        "asks the container engine about the image a/b, from this machine",
        &["$.architecture", "$.labels[\"org.x\"]"],
    ),
    (
        "image: { name: \"r.example.org/a:v1\", registry: true, architecture: \"{{ HOST }}\" }",
        "asks its registry about the image r.example.org/a:v1, from this machine",
        &["$.architecture"],
    ),
];

#[test]
fn a_probe_says_what_it_asks_and_what_must_hold() {
    for (probe, sentence, paths) in TAKEN {
        let source = book(probe);
        let compiled = read(&source);
        assert!(
            compiled.diagnostics.iter().all(|finding| !finding.is_error()),
            "{probe}\n{:#?}",
            compiled.diagnostics
        );
        let Work::Check(block) = &compiled.plan.steps[0].actions[0].work else { panic!("{probe}") };
        let read: &Probe = block.probe.as_ref().unwrap();
        assert_eq!(read.to_string(), *sentence);
        let expected: Vec<&str> = block
            .expect
            .iter()
            .map(|expectation| match &expectation.that {
                Expected::Json { path, .. } => path.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(expected, *paths, "{probe}");
        for expectation in &block.expect {
            holdpoint_bounded::path::Path::parse(match &expectation.that {
                Expected::Json { path, .. } => path,
                _ => unreachable!(),
            })
            .unwrap();
        }
    }
}

#[test]
fn a_probe_where_a_step_is_for_other_places_is_refused() {
    let at = |target: &str| {
        format!("{FRONT}```yaml step\ntarget: {target}\n```\n\n```yaml check\ntcp: {{ to: \"a:1\" }}\n```\n")
    };
    let source = at("web");
    let compiled = read(&source);
    let found =
        compiled.diagnostics.iter().find(|finding| finding.message.contains("places of `web`")).unwrap();
    assert_eq!(found.span.unwrap().of(&source), "yaml check");
    assert!(!read(&at("local")).has_errors());
}

#[test]
fn a_key_that_is_looked_at_twice_is_told_once() {
    let compiled = read(&book("tcp: { to: \"a:1\", qqqqqqqq: 1 }"));
    let told = compiled.diagnostics.iter().find(|finding| finding.message.contains("qqqqqqqq")).unwrap();
    assert_eq!(told.help, "keys are: to, send, answer");
}

#[test]
fn a_body_is_no_longer_than_what_a_probe_sends_and_a_long_one_is_told_by_its_digest() {
    let asks = |bytes: usize| {
        let probe = format!("http: {{ url: https://a, method: POST, body: {} }}", "x".repeat(bytes));
        read(&book(&probe))
    };
    let compiled = asks(64 * 1024 + 1);
    let told = compiled.diagnostics.iter().find(|finding| finding.message.contains("65537 bytes"));
    assert!(
        told.is_some_and(|finding| finding.message.contains("65536 at most")),
        "{:?}",
        compiled.diagnostics
    );
    let compiled = asks(64 * 1024);
    let Work::Check(block) = &compiled.plan.steps[0].actions[0].work else { panic!() };
    let digest = holdpoint_document::sha256("x".repeat(64 * 1024).as_bytes());
    let sentence =
        format!("asks https://a by POST, sending 65536 bytes, SHA-256 {digest}, from this machine");
    assert_eq!(block.probe.as_ref().unwrap().to_string(), sentence);
}
