//! Programs with a token, and what the API says of itself.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::http::serving;
use crate::pages::store;
use crate::support::Bench;

fn token(bench: &Bench, name: &str) -> String {
    bench.ends(0, &["serve", "--token", name]).stdout.trim().to_owned()
}

#[test]
fn a_token_reads_the_api_until_it_is_taken_back_and_is_kept_as_a_digest() {
    let bench = store();
    let token = token(&bench, "ci");
    let server = serving(&bench);
    let bearer = format!("Authorization: Bearer {token}");
    let rows = bench.holdpoint(&["runs", "--format", "json"]).json();
    assert_eq!(server.get("/api/runs", &[&bearer]).is(200).json(), rows);
    server.get("/api/runs/1", &[&bearer]).is(200);
    for path in ["/", "/runs/1", "/runs/1/report"] {
        server.get(path, &[&bearer]).is(401);
    }
    for near in
        [token.to_uppercase(), token[..token.len() - 1].to_owned(), format!("{token}x"), String::new()]
    {
        server.get("/api/runs", &[&format!("Authorization: Bearer {near}")]).is(401);
    }
    server.get("/api/runs", &[&format!("Authorization: Basic {token}")]).is(401);
    let kept = bench.sh("find \"$HOME\" -name tokens.json");
    let file = std::path::Path::new(kept.trim());
    assert!(!fs::read_to_string(file).unwrap().contains(&token));
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let mut stream = server.stream("/api/events", &[&bearer]);
    stream.until("changed");
    let listed = bench.ends(0, &["serve", "--tokens", "--format", "json"]).json();
    assert_eq!((&listed[0]["name"], &listed[0]["counts"]), (&Value::from("ci"), &Value::from(true)));
    bench.ends(0, &["serve", "--revoke", "ci"]);
    server.get("/api/runs", &[&bearer]).is(401);
    while stream.next().is_some() {}
    bench.ends(2, &["serve", "--revoke", "ci"]);
}

#[test]
fn a_token_that_does_not_count_is_told_though_there_is_a_session() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    server.get("/api/runs", &[&cookie]).is(200);
    server.get("/api/runs", &[&cookie, "Authorization: Bearer x"]).is(401);
}

#[test]
fn tokens_are_of_one_store_and_no_checkout_brings_any_along() {
    let bench = store();
    let token = token(&bench, "ci");
    let other = Bench::with(&[(".holdpoint/serve/tokens.json", "[]")]);
    let server = serving(&other);
    server.get("/api/runs", &[&format!("Authorization: Bearer {token}")]).is(401);
}

#[test]
fn tokens_that_were_made_before_the_first_run_count_after_it() {
    let bench =
        Bench::with(&[("r.md", "---\nrunbook: 1\n---\n# Plain\n\n## Do\n\n```sh run\necho done\n```\n")]);
    let token = token(&bench, "ci");
    bench.sh("ln -s repo ../linked");
    bench.ends(0, &["run", "r.md", "--unattended"]);
    let server = serving(&bench);
    let bearer = format!("Authorization: Bearer {token}");
    assert_eq!(server.get("/api/runs", &[&bearer]).is(200).json().as_array().unwrap().len(), 1);
    let listed = bench.sh("cd ../linked && holdpoint serve --tokens");
    assert!(listed.starts_with("ci until "), "{listed}");
}

#[test]
fn names_of_tokens_are_plain_and_given_once() {
    let bench = Bench::new();
    token(&bench, "ci");
    for name in ["ci", "", "a b", "../x"] {
        bench.ends(2, &["serve", "--token", name]);
    }
    bench.ends(2, &["serve", "--token", "x", "--listen", "127.0.0.1:0"]);
    bench.ends(2, &["serve", "--token", "x", "--days", "0"]);
    bench.ends(2, &["serve", "--days", "3"]);
}

#[test]
fn a_file_of_tokens_that_is_none_of_ours_lets_nobody_in() {
    let bench = store();
    let token = token(&bench, "ci");
    let server = serving(&bench);
    let bearer = format!("Authorization: Bearer {token}");
    server.get("/api/runs", &[&bearer]).is(200);
    let file = bench.sh("find \"$HOME\" -name tokens.json");
    let text = fs::read_to_string(file.trim()).unwrap();
    fs::write(file.trim(), text.replace("\"made\"", "\"maid\"")).unwrap();
    let answer = server.get("/api/runs", &[&bearer]).is(500);
    assert!(!answer.body.contains(file.trim()), "{}", answer.body);
}

#[test]
fn the_description_is_the_one_of_the_documentation_and_what_it_says_is_so() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let served = server.get("/api/openapi.json", &[]).is(200);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    assert_eq!(served.body, fs::read_to_string(page).unwrap());
    let described = served.json();
    assert_eq!(described["openapi"], "3.1.0");
    for (path, methods) in described["paths"].as_object().unwrap() {
        let at = path.replace("{run}", "1");
        let open = methods["get"]["security"] == serde_json::json!([]);
        assert_eq!(server.get(&at, &[]).status, if open { 200 } else { 401 }, "{path}");
        let kinds = methods["get"]["responses"]["200"]["content"].as_object().unwrap();
        if kinds.contains_key("text/event-stream") {
            server.stream(&at, &[&cookie]);
            continue;
        }
        let told = server.get(&at, &[&cookie]).is(200).json();
        let schema = &kinds["application/json"]["schema"];
        let (schema, told) = match schema["type"].as_str() {
            Some("array") => (&schema["items"], told.as_array().unwrap().clone()),
            _ => (schema, vec![told]),
        };
        let Some(name) = schema["$ref"].as_str() else { continue };
        let schema = described.pointer(name.trim_start_matches('#')).unwrap();
        for one in told {
            for key in schema["required"].as_array().unwrap() {
                assert!(one.get(key.as_str().unwrap()).is_some(), "{path}: no {key}");
            }
            if name.ends_with("/Row") {
                for (key, value) in one.as_object().unwrap() {
                    let of = schema["properties"]
                        .get(key)
                        .unwrap_or_else(|| panic!("{path}: {key} is not described"));
                    let states = of["enum"].as_array();
                    assert!(states.is_none_or(|states| states.contains(value)), "{key}: {value}");
                }
            }
        }
    }
}

#[test]
fn errors_of_the_api_are_objects_in_our_words_whoever_finds_them() {
    let bench = store();
    let token = token(&bench, "ci");
    let server = serving(&bench);
    let bearer = format!("Authorization: Bearer {token}");
    let cases: [(&str, &str, &[&str], u16, &str); 12] = [
        ("GET", "/api/runs", &[], 401, "not signed in"),
        ("GET", "/api/nowhere", &[], 404, "there is no such page"),
        ("POST", "/api/runs", &[], 405, "nothing can be changed"),
        ("DELETE", "/api/runs/1", &[], 405, "nothing can be changed"),
        ("GET", "/api/runs", &["Sec-Fetch-Site: cross-site"], 403, "somebody else"),
        ("GET", "/api/runs?envronment=x", &[], 400, "`envronment` is nothing that can be asked for here"),
        ("GET", "/api/runs?open=yes", &[], 400, "`open` is `true` or `false`, not `yes`"),
        ("GET", "/api/runs?open=true&open=true", &[], 400, "`open` is said twice"),
        ("GET", "/api/runs?waits_for=%1b[2J&waits_for=x", &[], 400, "`waits_for` is said twice"),
        ("GET", "/api/runs/1/events?from=x", &[], 400, "`from` is the number of an event, not `x`"),
        ("GET", "/api/runs/%ff", &[], 400, "cannot be read"),
        ("GET", "/api/runs/99", &[], 404, "there is no run 99"),
    ];
    for (method, path, lines, status, error) in cases {
        let known = if status == 401 { vec![] } else { vec![bearer.as_str()] };
        let answer = server.ask(method, path, &[&known, lines].concat(), "").is(status);
        let told = answer.json();
        assert!(told["error"].as_str().unwrap().contains(error), "{path}: {told}");
        assert!(!told["help"].as_str().unwrap().is_empty(), "{path}: {told}");
        for theirs in ["deserialize", "Invalid URL", "os error", "unknown field", "UTF-8"] {
            assert!(!answer.body.contains(theirs), "{path}: {told}");
        }
    }
    let elsewhere = "GET /api/runs HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert!(server.raw(elsewhere.as_bytes()).is(421).json()["help"].is_string());
    // A page that cannot be read is one of ours, too.
    let cookie = server.signed_in();
    let page = server.get("/runs/%ff", &[&cookie]).is(400);
    assert!(
        page.header("content-type").starts_with("text/html") && !page.body.contains("UTF-8"),
        "{}",
        page.body
    );
    let taken = bench.ends(2, &["serve", "--listen", &server.address]);
    assert!(!taken.stderr.contains("os error"), "{}", taken.stderr);
}
