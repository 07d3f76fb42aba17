//! `http` and `tcp`: what is asked, what comes of it, and where it ends.

use std::io::Write as _;

use crate::bench::{Bench, HOLDPOINT, Ran, files};
use crate::server::{Server, good};
use crate::{SECRET, asks, book};

#[test]
fn a_probe_is_run_captured_expected_shown_reported_and_proved() {
    let server = Server::says(&good("{\"commit\": \"abc\", \"n\": 7}"));
    let bench = Bench::new();
    let url = server.url("/version");
    let probe = format!(
        "capture: {{ N: {{ json: $.json.n }} }}\nhttp: {{ url: \"{url}\", status: 200, json: {{ $.commit: \"{{{{ WANT }}}}\" }} }}"
    );
    let follows = "## After\n\n```sh check\ntest \"$N\" = 7\n```\n";
    let expect = "```yaml expect\njson: { $.json.n: 7, \"$.headers['content-type']\": nothing }\n```\n\n";
    bench.file("good.md", &format!("{}{}", book(&[&probe]), follows));
    bench.file("bad.md", &format!("{}{}{}", book(&[&probe]), expect, follows));
    let run = |name: &str| {
        let mut command = bench.command(HOLDPOINT);
        Ran::of(command.args(["run", name, "--unattended"]).env("TOKEN", SECRET).output().unwrap())
    };
    let ran = run("good.md");
    assert_eq!(ran.code, 0, "{}", ran.both());
    assert!(server.requests.recv().unwrap().starts_with("GET /version HTTP/1.1\r\n"));
    bench.ends(0, &["verify", "1"]).says("executions judged again");
    bench.ends(0, &["show", "1"]).says("PASSED");
    for format in ["markdown", "html", "json", "junit"] {
        bench.ends(0, &["report", "1", "--format", format]);
    }
    let blobs = files(&bench.run_dir(1));
    let said = |text: &str| {
        blobs.iter().any(|(_, bytes)| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
    };
    // What was asked, who asked and what came.
    assert!(said(&format!("\"url\": \"{url}\"")) && said("\"by\": \"holdpoint ") && said("\"n\": 7"));
    // Other expectations stand below it as below any check.
    let ran = run("bad.md");
    assert_eq!(ran.code, 3, "{}", ran.both());
    ran.says("nothing");
    bench.ends(0, &["verify", "2"]);
    // It is asked in a dry run, too, as every check is.
    let mut dry = bench.command(HOLDPOINT);
    let dry = Ran::of(
        dry.args(["run", "good.md", "--unattended", "--dry-run"]).env("TOKEN", SECRET).output().unwrap(),
    );
    assert_eq!(dry.code, 0, "{}", dry.both());
    assert_eq!(server.requests.try_iter().count(), 2);
    bench.ends(0, &["plan", "good.md"]).says(&format!("asks {url} by GET, from this machine"));
}

/// The answer, the rest of the probe, the exit code, what is said.
const ANSWERS: &[(&str, &str, i32, &str)] = &[
    ("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "", 3, "$.success = true"),
    ("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", ", status: 503", 0, "passed"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ", status: 204", 3, "$.status = 204"),
    ("HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n", ", status: 302", 0, "passed"),
    (
        "HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n",
        ", redirects: 4",
        3,
        "redirects more than 4 times",
    ),
    (
        "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
        ", redirects: 4",
        3,
        "no URL of a web server",
    ),
    ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnot json!", ", json: { $.a: b }", 3, "the body is no JSON"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nshort", "", 3, "the answer breaks off"),
    ("SSH-2.0-OpenSSH\r\n", "", 3, "does not answer as a web server"),
    ("", "", 3, "does not answer as a web server"),
];

#[test]
fn every_answer_is_told_for_what_it_is() {
    let bench = Bench::new();
    for (answer, rest, code, words) in ANSWERS {
        let server = Server::says(answer);
        let probe = format!("http: {{ url: \"{}\"{rest} }}", server.url("/"));
        asks(&bench, *code, &probe).says(words);
    }
}

#[test]
fn a_body_is_read_as_all_json_is() {
    let bench = Bench::new();
    for (body, expected, code) in [
        (r#"{"a":1,"a":2}"#, "$.a: 2", 3),
        (r#"{"b":{"c":1,"c":2},"a":1}"#, "$.a: 1", 3),
        (r#"{"a":0.1000000000000000000000000001}"#, "$.a: 0.1", 3),
        (r#"{"a":18446744073709551617}"#, "$.a: 18446744073709551617", 0),
        (r#"{"a":18446744073709551617}"#, "$.a: 18446744073709551616", 3),
        (r#"{"a":1e400}"#, "$.a: 1e400", 0),
    ] {
        let server = Server::says(&good(body));
        asks(&bench, code, &format!("http: {{ url: \"{}\", json: {{ {expected} }} }}", server.url("/")));
    }
    // What is captured from it need not be expected, and stays as it was written.
    let server = Server::says(&good(r#"{"a":1.10}"#));
    let probe = format!("capture: {{ A: {{ json: $.json.a }} }}\nhttp: {{ url: \"{}\" }}", server.url("/"));
    asks(&bench, 0, &probe).says("captured A = 1.10");
}

#[test]
fn a_body_that_is_no_json_is_kept_and_told_beside_why_it_is_none() {
    let bench = Bench::new();
    let page = "<html><title>Sign in</title> a-secret-that-nobody-sees</html>";
    for rest in ["json: { $.a: b }", "status: 200"] {
        let server = Server::says(&good(page));
        let probe = format!(
            "capture: {{ A: {{ json: $.json.a }} }}\nhttp: {{ url: \"{}\", {rest} }}",
            server.url("/")
        );
        let ran = asks(&bench, 3, &probe);
        ran.says("the body is no JSON: expected a value at line 1 column 1")
            .says("<title>Sign in</title> [REDACTED:TOKEN]");
        ran.says(r#"nothing there in "{\n  \"error\": \"the body is no JSON"#);
    }
    let finished = &bench.of_type(1, "action.finished")[0];
    let digest = finished["output"]["stdout"]["sha256"].as_str().unwrap();
    let printed = std::fs::read(bench.run_dir(1).join("blobs/sha256").join(digest)).unwrap();
    let told: serde_json::Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!(told["body"], page.replace("a-secret-that-nobody-sees", "[REDACTED:TOKEN]"));
    assert!(told.get("json").is_none(), "{told}");
    // Of what is no text there are as many bytes.
    let server = Server::start(|_, stream| {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe"))
    });
    let ran = asks(&bench, 3, &format!("http: {{ url: \"{}\", json: {{ $.a: b }} }}", server.url("/")));
    ran.says("the body is no JSON: it is not UTF-8").says("\"body\": null").says("\"bytes\": 2");
}

#[test]
fn nothing_is_read_without_an_end() {
    let bench = Bench::new();
    let gigabyte = |head: &'static str| {
        Server::start(move |_, stream| {
            let piece = vec![b'x'; 1 << 20];
            let _ = stream.write_all(head.as_bytes());
            for _ in 0..1024 {
                if stream.write_all(&piece).is_err() {
                    return;
                }
            }
        })
    };
    let body = gigabyte("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
    let endless = gigabyte("HTTP/1.1 200 OK\r\n\r\n");
    let head = gigabyte("HTTP/1.1 200 OK\r\nX: ");
    for (server, words) in [
        (&body, "longer than 1048576 bytes"),
        (&endless, "longer than 1048576 bytes"),
        (&head, "does not answer as a web server"),
    ] {
        asks(&bench, 3, &format!("http: {{ url: \"{}\" }}", server.url("/"))).says(words);
    }
}

#[test]
fn a_server_that_hangs_is_waited_for_no_longer_than_the_block_says() {
    let bench = Bench::new();
    let held = std::sync::Mutex::new(Vec::new());
    let server = Server::start(move |_, stream| held.lock().unwrap().push(stream.try_clone().unwrap()));
    for probe in [
        format!("timeout: 300ms\nhttp: {{ url: \"{}\" }}", server.url("/")),
        format!(
            "timeout: 300ms\ntcp: {{ to: \"127.0.0.1:{}\", send: \"x\\r\\n\\r\\n\", answer: y }}",
            server.port
        ),
    ] {
        let ran = asks(&bench, 3, &probe);
        ran.says("TIMED OUT").says("\"error\": \"there was no whole answer within 300ms\"");
        ran.says(if probe.contains("tcp:") { "\"answered\": false" } else { "\"url\": " });
        assert!(!ran.both().contains("no JSON"), "{}", ran.both());
    }
    let ends = bench.of_type(1, "action.finished");
    assert_eq!(ends[0]["outcome"], "timed_out");
}

#[test]
fn what_came_over_a_port_before_the_time_was_up_is_told() {
    let bench = Bench::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap();
    // As an SSH server does: it greets, and waits.
    let greets = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"SSH-2.0-x\r\n").unwrap();
        stream
    });
    let ran = asks(&bench, 3, &format!("timeout: 500ms\ntcp: {{ to: \"{to}\", answer: HTTP }}"));
    ran.says("\"connected\": true").says("\"received\": \"SSH-2.0-x\\r\\n\"").says("\"bytes\": 11");
    drop(greets.join().unwrap());
}

#[test]
fn what_came_of_a_json_value_is_quoted_once() {
    let bench = Bench::new();
    let server = Server::says(&good("{\"branch\": \"master\"}"));
    let ran =
        asks(&bench, 3, &format!("http: {{ url: \"{}\", json: {{ $.branch: main }} }}", server.url("/")));
    ran.says("actual    \"master\"");
}

#[test]
fn a_secret_is_sent_in_a_header_and_stands_nowhere_else() {
    let bench = Bench::new();
    // It says back what it was told.
    let server = Server::start(|head, stream| drop(stream.write_all(good(&format!("{head:?}")).as_bytes())));
    let header = "headers: { Authorization: { secret: TOKEN, before: \"Bearer \" }, X-Want: \"{{ WANT }}\" }";
    let ran = asks(&bench, 0, &format!("http: {{ url: \"{}\", {header} }}", server.url("/")));
    let head = server.requests.recv().unwrap().to_lowercase();
    assert!(
        head.contains(&format!("authorization: bearer {SECRET}")) && head.contains("x-want: abc"),
        "{head}"
    );
    assert!(ran.both().contains("[REDACTED:TOKEN]") && !ran.both().contains(SECRET), "{}", ran.both());
    for (path, bytes) in files(&bench.root()) {
        assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "{}", path.display());
    }
    // Not to another server that this one sends us to.
    let other = Server::says(&good("{}"));
    let to = other.url("/");
    let sends = Server::start(move |_, stream| {
        let _ = stream
            .write_all(format!("HTTP/1.1 302 F\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").as_bytes());
    });
    asks(&bench, 0, &format!("http: {{ url: \"{}\", redirects: 1, {header} }}", sends.url("/")));
    let (first, second) = (sends.requests.recv().unwrap(), other.requests.recv().unwrap());
    assert!(
        first.contains(SECRET) && !second.contains(SECRET) && !second.to_lowercase().contains("x-want"),
        "{second}"
    );
}

#[test]
fn a_secret_does_not_get_into_a_url() {
    let server = Server::says(&good("{}"));
    let bench = Bench::new();
    // The value of another input that is the same as the secret.
    let text = book(&[&format!("http: {{ url: \"{}\" }}", server.url("/{{ WANT }}"))]);
    bench.file("book.md", &text);
    let mut command = bench.command(HOLDPOINT);
    let want = format!("WANT={SECRET}");
    command.args(["run", "book.md", "--unattended", "--set", &want]).env("TOKEN", SECRET);
    let ran = Ran::of(command.output().unwrap());
    assert_ne!(ran.code, 0, "{}", ran.both());
    assert!(server.requests.try_recv().is_err() && !ran.both().contains(SECRET), "{}", ran.both());
}

#[test]
fn a_port_is_asked_whether_it_answers_and_what() {
    let server = Server::start(|_, stream| drop(stream.write_all(b"220 ready\r\n")));
    let bench = Bench::new();
    let to = format!("127.0.0.1:{}", server.port);
    asks(&bench, 0, &format!("tcp: {{ to: \"{to}\" }}"));
    asks(&bench, 0, &format!("tcp: {{ to: \"{to}\", send: \"x\\r\\n\\r\\n\", answer: ready }}"));
    asks(&bench, 3, &format!("tcp: {{ to: \"{to}\", send: \"x\\r\\n\\r\\n\", answer: gone }}"))
        .says("$.answered = true");
    // Taken, and listened to by nobody.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    asks(&bench, 3, &format!("tcp: {{ to: \"127.0.0.1:{closed}\" }}")).says("does not answer");
    asks(&bench, 3, "tcp: { to: \"no-such-host.invalid:1\" }")
        .says("no address of no-such-host.invalid is known");
}

#[test]
fn a_probe_is_tried_again_until_it_holds() {
    let count = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |_, stream| {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let status = if n < 2 { "503 No" } else { "200 OK" };
        let _ = stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes());
    });
    let bench = Bench::new();
    asks(&bench, 0, &format!("retry: {{ every: 10ms, for: 1m }}\nhttp: {{ url: \"{}\" }}", server.url("/")));
    assert_eq!(bench.of_type(1, "action.finished").len(), 3);
    bench.ends(0, &["verify", "1"]);
}

#[test]
fn a_port_of_which_nothing_more_is_expected_has_no_line_of_expectations_in_plan() {
    let bench = Bench::new();
    bench.file("book.md", &book(&["tcp: { to: \"127.0.0.1:1\" }"]));
    let ran = bench.ends(0, &["plan", "book.md"]);
    ran.says("127.0.0.1:1");
    assert!(!ran.stdout.contains("expects:"), "{}", ran.stdout);
}
