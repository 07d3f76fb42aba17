//! What happens, as it happens.

use crate::http::{Stream, serving};
use crate::pages::store;
use crate::support::Bench;

const ITEM: &str =
    "---\nrunbook: 1\n---\n# Plain\n\n## Do\n\n- [ ] it\n\n## More\n\n```sh run\necho more\n```\n";

fn types(stream: &mut Stream, most: usize) -> Vec<String> {
    let mut types = Vec::new();
    while types.len() < most {
        let told = stream.until("event");
        types.push(told["event"]["type"].as_str().unwrap().to_owned());
    }
    types
}

#[test]
fn a_listener_gets_what_is_on_record_then_what_is_added_then_the_end() {
    let bench = Bench::with(&[("r.md", ITEM), ("a.yaml", "steps:\n  do:\n    confirm: true\n")]);
    bench.ends(3, &["run", "r.md", "--unattended"]);
    let recorded = bench.events(1);
    let server = serving(&bench);
    let cookie = server.signed_in();
    let mut stream = server.stream("/api/runs/1/events", &[&cookie]);
    for event in &recorded {
        let told = stream.until("event");
        let mut event = event.clone();
        event.as_object_mut().unwrap().remove("more");
        assert_eq!((&told["n"], &told["event"]), (&event["n"], &event));
    }
    assert_eq!(stream.until("standing")["state"], "open");
    bench.ends(0, &["note", "1", "hello there"]);
    let mut told = stream.until("event");
    while told["event"]["type"] != "note" {
        told = stream.until("event");
    }
    assert_eq!(told["words"], "note by ops@example.org: hello there");
    // As the page shows times, and not as the record writes them.
    let at = told["at"].as_str().unwrap();
    assert!(at.len() == "2026-11-29 22:44:20 +00:00".len() && at.as_bytes()[10] == b' ', "{at}");
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "a.yaml"]);
    let last = loop {
        let told = stream.until("event");
        if told["event"]["type"] == "run.closed" {
            break told;
        }
    };
    assert_eq!(last["n"].as_u64().unwrap() as usize + 1, bench.events(1).len());
    // The last event is told before its seal is written, where somebody looks in between.
    while stream.until("standing")["sealed"] != true {}
    stream.until("end");
    assert_eq!(stream.next(), None, "nothing follows");
}

#[test]
fn a_listener_begins_where_it_says_or_behind_what_it_had() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let all = bench.events(1).len();
    let told = |path: &str, lines: &[&str]| {
        let mut stream = server.stream(path, &[&[cookie.as_str()], lines].concat());
        let mut numbers = Vec::new();
        loop {
            match stream.next() {
                Some((name, data)) if name == "event" => numbers.push(data["n"].as_u64().unwrap() as usize),
                Some((name, _)) if name == "end" => return numbers,
                Some(_) => {}
                None => panic!("no end"),
            }
        }
    };
    assert_eq!(told("/api/runs/1/events", &[]), (0..all).collect::<Vec<_>>());
    assert_eq!(told("/api/runs/1/events?from=2", &[]), (2..all).collect::<Vec<_>>());
    assert_eq!(told("/api/runs/1/events?from=1", &["Last-Event-ID: 2"]), (3..all).collect::<Vec<_>>());
    assert_eq!(told(&format!("/api/runs/1/events?from={all}"), &[]), Vec::<usize>::new());
    server.get("/api/runs/1/events?form=2", &[&cookie]).is(400);
    server.get("/api/runs/1/events?from=x", &[&cookie]).is(400);
    server.get("/api/runs/1/events", &[&cookie, "Last-Event-ID: x"]).is(400);
}

#[test]
fn the_list_tells_that_it_changed() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let mut stream = server.stream("/api/events", &[&cookie]);
    stream.until("changed");
    bench.ends(0, &["run", "good.md", "--env", "staging", "--unattended"]);
    stream.until("changed");
    let rows = server.get("/api/runs", &[&cookie]).is(200).json();
    assert_eq!(rows.as_array().unwrap().len(), 4);
}

#[test]
fn whoever_signs_out_is_told_no_more() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let mut stream = server.stream("/api/runs/3/events", &[&cookie]);
    types(&mut stream, 1);
    server.ask("POST", "/sign-out", &[&cookie, &server.origin()], "").is(303);
    while stream.next().is_some() {}
}

#[test]
fn only_so_many_listen_at_once_of_one_token_only_half_of_them_and_others_are_answered() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let token = |name: &str| {
        let ran = bench.ends(0, &["serve", "--token", name]);
        format!("Authorization: Bearer {}", ran.stdout.trim())
    };
    let (greedy, other) = (token("greedy"), token("other"));
    let listens = |who: &str| {
        let mut stream = server.stream("/api/events", &[who]);
        stream.until("changed");
        stream
    };
    let first: Vec<Stream> = (0..16).map(|_| listens(&greedy)).collect();
    server.get("/api/events", &[&greedy]).is(503);
    let second: Vec<Stream> = (0..16).map(|_| listens(&cookie)).collect();
    server.get("/api/events", &[&other]).is(503);
    server.get("/runs/1", &[&cookie]).is(200);
    drop((first, second));
}
