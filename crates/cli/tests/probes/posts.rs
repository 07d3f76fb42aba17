//! `http` by POST: what is sent, and that nothing is where nobody said so.

use std::io::Write as _;

use crate::bench::{Bench, HOLDPOINT, Ran, files};
use crate::server::{Server, good};
use crate::{SECRET, asks, book};

#[test]
fn a_question_is_sent_as_it_was_written_with_its_values_and_its_length() {
    let bench = Bench::new();
    let server = Server::says(&good("{\"data\": {\"health\": \"ok\"}}"));
    let url = server.url("/graphql");
    for (rest, head, body) in [
        (
            "body: { query: \"{ health }\", variables: { of: \"{{ WANT }}\", n: 1.10 } }, json: { $.data.health: ok }",
            "content-type: application/json\r\n",
            "{\"query\":\"{ health }\",\"variables\":{\"of\":\"abc\",\"n\":1.10}}",
        ),
        ("body: [1, \"{{ WANT }}\"]", "content-type: application/json\r\n", "[1,\"abc\"]"),
        ("body: \"ping {{ WANT }}\"", "content-type: text/plain; charset=utf-8\r\n", "ping abc"),
        (
            "body: { a: b }, headers: { Content-Type: application/json-rpc }",
            "content-type: application/json-rpc\r\n",
            "{\"a\":\"b\"}",
        ),
        ("body: <a/>, headers: { content-type: text/xml }", "content-type: text/xml\r\n", "<a/>"),
        ("status: 200", "content-length: 0\r\n", ""),
    ] {
        asks(&bench, 0, &format!("http: {{ url: \"{url}\", method: POST, {rest} }}"));
        let request = server.requests.recv().unwrap();
        let (came, sent) = request.split_once("\r\n\r\n").unwrap();
        assert!(came.starts_with("POST /graphql HTTP/1.1\r\n"), "{request}");
        let lower = format!("{came}\r\n").to_lowercase();
        assert!(lower.contains(head) && lower.matches("content-type").count() <= 1, "{request}");
        assert_eq!(sent, body, "{rest}");
    }
    // A value stands for itself in JSON, whatever is in it.
    bench.file(
        "book.md",
        &book(&[&format!("http: {{ url: \"{url}\", method: POST, body: {{ a: \"{{{{ WANT }}}}\" }} }}")]),
    );
    let mut command = bench.command(HOLDPOINT);
    command.args(["run", "book.md", "--unattended", "--set", "WANT=x\", \"b\": \"y"]).env("TOKEN", SECRET);
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.both());
    let request = server.requests.recv().unwrap();
    assert!(request.ends_with("{\"a\":\"x\\\", \\\"b\\\": \\\"y\"}"), "{request}");
    // What was sent is on record, and proved.
    let blobs = files(&bench.run_dir(1));
    assert!(
        blobs.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains("\"query\": \"{ health }\""))
    );
    bench.ends(0, &["verify", "1"]);
}

#[test]
fn what_is_sent_goes_to_no_other_address_whatever_the_server_says() {
    let bench = Bench::new();
    let other = Server::says(&good("{}"));
    let to = other.url("/");
    for status in ["301 M", "302 F", "303 S", "307 T", "308 P"] {
        let to = to.clone();
        let sends = Server::start(move |_, stream| {
            let answer = format!("HTTP/1.1 {status}\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes());
        });
        let url = sends.url("/");
        asks(&bench, 3, &format!("http: {{ url: \"{url}\", method: POST, body: x }}"))
            .says("$.success = true");
        let code: u16 = status[..3].parse().unwrap();
        asks(&bench, 0, &format!("http: {{ url: \"{url}\", method: POST, status: {code} }}"));
    }
    assert!(other.requests.try_recv().is_err());
}

#[test]
fn a_dry_run_sends_nothing_and_says_so() {
    let bench = Bench::new();
    let server = Server::says(&good("{\"n\": 7}"));
    let post = format!(
        "capture: {{ N: {{ json: $.json.n }} }}\nhttp: {{ url: \"{}\", method: POST, body: {{ q: 1 }} }}",
        server.url("/post")
    );
    let get = format!("http: {{ url: \"{}\" }}", server.url("/get"));
    let reads = format!("http: {{ url: \"{}\", json: {{ $.n: \"{{{{ N }}}}\" }} }}", server.url("/reads"));
    bench.file("book.md", &book(&[&post, &get, &reads]));
    let dry = |format: &[&str]| {
        let mut command = bench.command(HOLDPOINT);
        command.args(["run", "book.md", "--unattended", "--dry-run"]).args(format).env("TOKEN", SECRET);
        let ran = Ran::of(command.output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.both());
        ran
    };
    let ran = dry(&[]);
    ran.says("not asked, for nobody can see from here whether it changes something");
    ran.says("N = unknown before the real run").says("not tried: look-0#1, look-2#1");
    let asked: Vec<String> = server.requests.try_iter().collect();
    assert!(asked.len() == 1 && asked[0].starts_with("GET /get "), "{asked:?}");
    let told: serde_json::Value = serde_json::from_str(&dry(&["--format", "json"]).stdout).unwrap();
    assert_eq!(told["actions"][0]["outcome"], "assumed", "{told}");
    assert_eq!(told["untried"], serde_json::json!(["look-0#1", "look-2#1"]), "{told}");
    bench
        .ends(0, &["plan", "book.md"])
        .says(&format!("asks {} by POST, sending {{\"q\":1}}, from this machine", server.url("/post")));
}

#[test]
fn what_a_question_that_is_not_asked_would_capture_comes_from_the_last_rehearsal() {
    let bench = Bench::new();
    let server = Server::says(&good("{\"n\": 7}"));
    let post = format!(
        "capture: {{ N: {{ json: $.json.n }} }}\nhttp: {{ url: \"{}\", method: POST }}",
        server.url("/post")
    );
    bench.file("book.md", &book(&[&post]));
    let run = |more: &[&str]| {
        let mut command = bench.command(HOLDPOINT);
        command.args(["run", "book.md", "--unattended"]).args(more).env("TOKEN", SECRET);
        Ran::of(command.output().unwrap())
    };
    assert_eq!(run(&[]).code, 0);
    let dry = run(&["--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.both());
    dry.says("N = 7 (replayed from run 1)");
    assert_eq!(server.requests.try_iter().count(), 1);
}
