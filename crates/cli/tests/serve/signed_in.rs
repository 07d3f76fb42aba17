//! Who gets in, and by what.

use std::os::unix::fs::PermissionsExt as _;

use crate::http::serving;
use crate::support::Bench;
use crate::waiting::eventually;

#[test]
fn it_listens_on_this_machine_alone_and_its_link_signs_in_once() {
    let bench = Bench::new();
    let server = serving(&bench);
    assert!(server.address.starts_with("127.0.0.1:"), "{}", server.address);
    let link = server.link();
    let first = server.sign_in(&link).unwrap();
    server.get("/", &[&first]).is(200);
    let again = server.sign_in(&link).unwrap_err().is(403);
    assert!(again.body.contains("does not sign in, or no longer"), "{}", again.body);
    assert_eq!(again.header("set-cookie"), "");
}

#[test]
fn the_next_link_is_in_a_file_that_only_the_user_can_read_and_goes_with_the_server() {
    let bench = Bench::new();
    let mut server = serving(&bench);
    let file = server.link_file();
    let read = || std::fs::read_to_string(&file).unwrap().trim().to_owned();
    assert!(file.starts_with(bench.all().join("home")), "not in the repository: {}", file.display());
    assert_eq!(read(), server.link());
    server.signed_in();
    eventually("another link takes the place of the one that was used", || read() != server.link());
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    let second = server.sign_in(&read()).unwrap();
    server.get("/", &[&second]).is(200);
    bench.sh(&format!("kill -TERM {}", server.pid()));
    assert_eq!(server.wait(), 0);
    assert!(!file.exists());
}

#[test]
fn a_cookie_is_for_this_server_alone_and_counts_until_somebody_signs_out() {
    let bench = Bench::new();
    let server = serving(&bench);
    let body = format!("link={}", server.link().rsplit('#').next().unwrap());
    let answer = server.ask("POST", "/sign-in", &[&server.origin()], &body).is(303);
    let line = answer.header("set-cookie");
    let port = server.address.rsplit(':').next().unwrap();
    assert!(line.starts_with(&format!("holdpoint-{port}=")), "{line}");
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=28800"] {
        assert!(line.contains(part), "{line}");
    }
    assert!(!line.contains("Domain"), "{line}");
    let cookie = format!("Cookie: {}", line.split(';').next().unwrap());
    server.get("/", &[&cookie]).is(200);
    server.get("/", &[&format!("{cookie}x")]).is(401);
    server.get("/", &[&format!("{cookie}; {}", cookie.trim_start_matches("Cookie: "))]).is(401);
    server.ask("POST", "/sign-out", &[&cookie], "").is(403);
    server.get("/", &[&cookie]).is(200);
    server.ask("POST", "/sign-out", &[&cookie, &server.origin()], "").is(303);
    server.get("/", &[&cookie]).is(401);
}

#[test]
fn nobody_else_gets_anything_of_a_run() {
    let bench = Bench::with(&[(
        "r.md",
        "---\nrunbook: 1\n---\n# Secret plans\n\n## Do\n\n```sh run\necho done\n```\n",
    )]);
    bench.ends(0, &["run", "r.md", "--unattended"]);
    let server = serving(&bench);
    for path in [
        "/",
        "/runs/1",
        "/runs/1/report",
        "/runs/9",
        "/api/runs",
        "/api/runs/1",
        "/api/runs/1/events",
        "/api/events",
    ] {
        let answer = server.get(path, &[]).is(401);
        assert!(!answer.body.contains("Secret plans"), "{path}");
        server.get(path, &["Cookie: holdpoint-1=x", "Authorization: Bearer x"]).is(401);
    }
    server.get("/sign-in", &[]).is(200);
    server.get("/sign-in?token=x", &[]).is(400);
    server.get("/api/openapi.json", &[]).is(200);
}
