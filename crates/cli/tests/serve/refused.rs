//! What is refused whoever asks, and how it is refused to be started.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::http::{serving, serving_with};
use crate::support::Bench;
use crate::waiting::eventually;

#[test]
fn it_is_not_reached_by_other_machines_unless_that_is_said_and_encrypted() {
    let bench = Bench::new();
    let cases: [(&[&str], &str); 6] = [
        (&["--listen", "0.0.0.0:0"], "can be reached from other machines"),
        (&["--listen", "[::]:0"], "can be reached from other machines"),
        (
            &["--listen", "0.0.0.0:0", "--public-url", "https://runs.example.org"],
            "can be reached from other machines",
        ),
        (&["--listen", "0.0.0.0:0", "--beyond-this-machine"], "--public-url"),
        (&["--public-url", "http://runs.example.org"], "not encrypted"),
        (&["--listen", "8080"], "invalid"),
    ];
    for (arguments, why) in cases {
        let ran = bench.ends(2, &[&["serve"][..], arguments].concat());
        assert!(ran.stderr.contains(why), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn behind_a_proxy_that_encrypts_the_cookie_is_for_encrypted_connections_and_the_name_is_the_proxys() {
    let bench = Bench::new();
    let server = serving_with(&bench, &["--public-url", "https://runs.example.org"]);
    assert!(server.link().starts_with("https://runs.example.org/sign-in#"), "{}", server.link());
    server.get("/sign-in", &[]).is(421);
    let body = format!("link={}", server.link().rsplit('#').next().unwrap());
    let post = |origin: &str| {
        let head = format!(
            "POST /sign-in HTTP/1.1\r\nHost: runs.example.org\r\nConnection: close\r\nOrigin: {origin}\r\n"
        );
        let length = body.len();
        let form = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        server.raw(format!("{head}{form}").as_bytes())
    };
    post("http://runs.example.org").is(403);
    let answer = post("https://runs.example.org").is(303);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-holdpoint=") && cookie.ends_with("; Secure"), "{cookie}");
}

#[test]
fn beyond_this_machine_it_listens_where_that_is_said_and_answers_by_the_proxys_name_alone() {
    let bench = Bench::new();
    let arguments =
        ["--listen", "0.0.0.0:0", "--beyond-this-machine", "--public-url", "https://runs.example.org"];
    let mut server = serving_with(&bench, &arguments);
    let port = server.address.strip_prefix("0.0.0.0:").unwrap().to_owned();
    server.address = format!("127.0.0.1:{port}");
    server.get("/sign-in", &[]).is(421);
    server.raw(b"GET /sign-in HTTP/1.1\r\nHost: runs.example.org\r\nConnection: close\r\n\r\n").is(200);
}

#[test]
fn whoever_does_not_come_to_the_point_is_let_go() {
    let bench = Bench::new();
    let server = serving(&bench);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for said in [&b""[..], b"GET /sign-in HTTP/1.1\r\nHost: 127", b"GET /sign-in HTTP/1.1\r\n"] {
            scope.spawn(|| server.raw(said));
        }
    });
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn a_name_that_leads_here_and_is_not_ours_gets_nothing() {
    let bench = Bench::new();
    let server = serving(&bench);
    let port = server.address.rsplit(':').next().unwrap();
    let by = |host: &str| {
        server.raw(format!("GET /sign-in HTTP/1.1\r\n{host}Connection: close\r\n\r\n").as_bytes())
    };
    by(&format!("Host: {}\r\n", server.address)).is(200);
    by(&format!("Host: localhost:{port}\r\n")).is(200);
    for host in
        ["Host: evil.example\r\n", "Host: 127.0.0.1\r\n", "", &format!("Host: evil.example:{port}\r\n")]
    {
        assert!([400, 421].contains(&by(host).status), "{host}");
    }
}

#[test]
fn pages_of_others_can_have_a_browser_ask_for_nothing() {
    let bench = Bench::new();
    let server = serving(&bench);
    let cookie = server.signed_in();
    for site in ["cross-site", "same-site"] {
        let site = format!("Sec-Fetch-Site: {site}");
        server
            .get("/api/runs", &[&cookie, &site, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: script"])
            .is(403);
        server.get("/", &[&cookie, &site, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"]).is(403);
        server.get("/", &[&cookie, &site, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"]).is(200);
        server.ask("POST", "/sign-out", &[&cookie, &site, &server.origin()], "").is(403);
    }
    for origin in ["Origin: http://evil.example", "Origin: null", "X: y"] {
        server.ask("POST", "/sign-out", &[&cookie, origin], "").is(403);
    }
    let answer = server.get("/api/runs", &[&cookie, "Origin: http://evil.example"]).is(200);
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[test]
fn every_answer_carries_what_keeps_others_out() {
    let bench = Bench::new();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let paths = [
        "/",
        "/sign-in",
        "/nowhere",
        "/runs/1",
        "/api/runs",
        "/api/nowhere",
        "/assets/style.css",
        "/api/openapi.json",
    ];
    for path in paths {
        let mut answers =
            vec![server.get(path, &[&cookie]), server.get(path, &[]), server.ask("POST", path, &[], "")];
        answers.push(server.ask("DELETE", path, &[&server.origin()], ""));
        for answer in answers {
            let policy = answer.header("content-security-policy");
            assert!(
                policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
                "{path}: {policy}"
            );
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
            assert!(answer.status >= 200, "{path}");
        }
    }
}

#[test]
fn what_is_too_long_or_no_http_is_cut_off() {
    let bench = Bench::new();
    let server = serving(&bench);
    let long = "x".repeat(64 * 1024);
    assert!([0, 400, 414, 431].contains(&server.get(&format!("/{long}"), &[]).status));
    assert!([0, 400, 431].contains(&server.get("/", &[&format!("X: {long}")]).status));
    let many: Vec<String> = (0..200).map(|n| format!("X-{n}: y")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!([0, 400, 431].contains(&server.get("/", &many).status));
    server.ask("POST", "/sign-in", &[&server.origin()], &format!("link={long}")).is(400);
    for bytes in [&b"\0\0\0\0\r\n\r\n"[..], b"GET / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        assert!([0, 400, 505].contains(&server.raw(bytes).status));
    }
    server.get("/sign-in", &[]).is(200);
}

#[test]
fn who_guesses_is_slowed_down_and_the_right_link_is_not() {
    let bench = Bench::new();
    let server = serving(&bench);
    let guesses: Vec<u16> = (0..15).map(|_| server.sign_in("guess").unwrap_err().status).collect();
    assert_eq!(guesses[0], 403, "{guesses:?}");
    assert!(guesses.contains(&429), "{guesses:?}");
    let cookie = server.signed_in();
    let flood: Vec<u16> = (0..150).map(|_| server.get("/nowhere/../api/runs", &[&cookie]).status).collect();
    assert!(flood.iter().all(|status| *status == 404), "no path but those that there are");
    let flood: Vec<u16> = (0..250).map(|_| server.get("/api/runs", &[&cookie]).status).collect();
    assert!(flood.contains(&429) && flood[0] == 200, "{flood:?}");
}

#[test]
fn reports_that_nobody_takes_are_held_so_many_times_and_no_more() {
    let steps: String = (1..=5)
        .map(|n| format!("## S{n}\n\n```sh check\nhead -c 2900000 /dev/urandom | base64\n```\n\n"))
        .collect();
    let bench = Bench::with(&[("big.md", &format!("---\nrunbook: 1\n---\n# Big\n\n{steps}"))]);
    bench.ends(0, &["run", "big.md", "--unattended"]);
    let server = serving(&bench);
    let cookie = server.signed_in();
    let mut slow = Vec::new();
    for _ in 0..3 {
        let mut asked = TcpStream::connect(&server.address).unwrap();
        write!(asked, "GET /runs/1/report HTTP/1.1\r\nHost: {}\r\n{cookie}\r\n\r\n", server.address).unwrap();
        // It has begun, and there it stays.
        asked.read_exact(&mut [0; 12]).unwrap();
        slow.push(asked);
    }
    server.get("/runs/1/report", &[&cookie]).is(503);
    server.get("/runs/1", &[&cookie]).is(200);
    drop(slow);
    eventually("a place is free again", || server.get("/runs/1/report", &[&cookie]).status == 200);
}
