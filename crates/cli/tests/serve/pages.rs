//! Pages of runs.

use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha256};

use crate::http::serving;
use crate::support::{Bench, HOLDPOINT};
use crate::waiting::eventually;

pub const CONFIG: &str =
    "[roles]\nqa = [\"qa@example.org\"]\nops = [\"ops@example.org\"]\n[environments.staging]\n";

pub const BOOK: &str = "---\nrunbook: 1\nroles: [qa]\n---\n# Release a < b & c\n\n## Build\n\n```sh run\necho built\n```\n\n\
    ## Approve\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: It is tested.\n```\n";

/// A store with a run that passed, one that failed and one that waits for qa.
pub fn store() -> Bench {
    let plain =
        |command: &str| format!("---\nrunbook: 1\n---\n# Plain\n\n## Do\n\n```sh run\n{command}\n```\n");
    let bench = Bench::with(&[
        ("holdpoint.toml", CONFIG),
        ("r.md", BOOK),
        ("good.md", &plain("echo fine")),
        ("bad.md", &plain("exit 3")),
        (".gitignore", ".holdpoint\n"),
    ]);
    bench.committed();
    bench.ends(0, &["run", "good.md", "--env", "staging", "--unattended"]);
    let _ = bench.holdpoint(&["run", "bad.md", "--env", "staging", "--unattended"]);
    bench.ends(3, &["run", "r.md", "--env", "staging", "--unattended"]);
    bench
}

fn text(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#x27;", "'")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

#[test]
fn the_list_says_of_each_run_what_the_command_says() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let page = server.get("/", &[&cookie]).is(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let told = text(&page.body);
    let rows = bench.holdpoint(&["runs", "--format", "json"]).json();
    assert_eq!(rows.as_array().unwrap().len(), 3);
    for row in rows.as_array().unwrap() {
        for key in ["stands", "title", "operator", "environment"] {
            let words = row[key].as_str().unwrap();
            assert!(told.contains(words), "{key}: {words}\n{told}");
        }
    }
    assert_eq!(server.get("/api/runs", &[&cookie]).is(200).json(), rows);
    assert!(page.body.contains("Release a &lt; b &amp; c"), "a title is text: {}", page.body);
}

#[test]
fn the_list_can_be_asked_for_what_the_command_can_be_asked_for_and_for_nothing_else() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let cases: [(&str, &[&str]); 6] = [
        ("?waits_for=qa", &["--waiting-for", "qa"]),
        ("?waits_for=ops", &["--waiting-for", "ops"]),
        ("?open=true", &["--open"]),
        ("?environment=staging&open=true&waits_for=", &["--env", "staging", "--open"]),
        ("?open=false", &[]),
        ("?unreviewed=true&environment=staging", &["--unreviewed", "--env", "staging"]),
    ];
    for (query, options) in cases {
        let rows = bench.holdpoint(&[&["runs", "--format", "json"][..], options].concat()).json();
        assert_eq!(server.get(&format!("/api/runs{query}"), &[&cookie]).is(200).json(), rows, "{query}");
        server.get(&format!("/{query}"), &[&cookie]).is(200);
    }
    for query in
        ["?waits_for=nobody", "?environment=production", "?open=yes", "?opne=true", "?open=true&open=true"]
    {
        server.get(&format!("/api/runs{query}"), &[&cookie]).is(400);
        server.get(&format!("/{query}"), &[&cookie]).is(400);
    }
}

#[test]
fn the_page_of_a_run_says_what_show_and_verify_say() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let page = text(&server.get("/runs/3", &[&cookie]).is(200).body);
    assert!(page.contains("intact"), "{page}");
    assert!(page.contains("holdpoint sign 3"), "{page}");
    let shown = bench.ends(0, &["show", "1"]).stdout;
    let page = text(&server.get("/runs/1", &[&cookie]).is(200).body);
    for words in ["PASSED", "ops@example.org on", "staging"] {
        assert!(shown.contains(words) && page.contains(words), "{words}\n{shown}\n{page}");
    }
    let id =
        bench.holdpoint(&["show", "1", "--format", "json"]).json()["run"]["id"].as_str().unwrap().to_owned();
    assert!(text(&server.get(&format!("/runs/{id}"), &[&cookie]).is(200).body).contains("Run 1"));
    let json = server.get("/api/runs/1", &[&cookie]).is(200).json();
    assert_eq!(json["intact"], true);
    assert_eq!(json["run"]["id"].as_str().unwrap(), id);
}

#[test]
fn a_hold_point_shows_the_text_whose_digest_is_signed_and_the_command_that_signs_it() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let shown = bench.ends(0, &["sign", "3", "--format", "json"]).json();
    let hold_point = server.get("/api/runs/3", &[&cookie]).is(200).json()["hold_point"].clone();
    assert_eq!(hold_point["sha256"], shown["shown"]["sha256"]);
    let text = bench.ends(0, &["sign", "3", "--format", "text"]).stdout;
    assert_eq!(hold_point["text"].as_str().unwrap().trim_end(), text.trim_end());
    let page = self::text(&server.get("/runs/3", &[&cookie]).is(200).body);
    assert!(page.contains(text.trim()), "{page}");
    assert!(page.contains("holdpoint sign 3 --reject --reason \"WHY\""), "{page}");
    assert_eq!(server.get("/api/runs/1", &[&cookie]).is(200).json()["hold_point"], serde_json::Value::Null);
}

#[test]
fn the_report_is_the_one_of_the_command_and_its_policy_is_its_own() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let page = server.get("/runs/1/report", &[&cookie]).is(200);
    let report = bench.ends(0, &["report", "1", "--format", "html"]).stdout;
    assert_eq!(page.body.trim_end(), report.trim_end());
    let policy = page.header("content-security-policy");
    for element in ["script", "style"] {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let inner = page.body.split_once(&open).unwrap().1.split_once(&close).unwrap().0;
        let digest = Base64::encode_string(&Sha256::digest(inner.as_bytes()));
        assert!(policy.contains(&format!("{element}-src 'sha256-{digest}'")), "{policy}");
    }
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("'self'"), "{policy}");
}

#[test]
fn a_request_names_a_run_and_never_a_path() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    bench.file("secret.txt", "nobody is to see this");
    for run in [
        "latest",
        "0001-plain",
        "01",
        "0",
        "-1",
        "1%2F",
        "%31%00",
        "..",
        "..%2F..%2Fsecret.txt",
        "%2e%2e%2fsecret.txt",
        "1/../2",
        "./1",
        ".holdpoint%2Fruns%2F0001-plain",
        "99999999999999999999",
        "4",
        "%FF",
        "１",
    ] {
        for path in [
            format!("/runs/{run}"),
            format!("/runs/{run}/report"),
            format!("/api/runs/{run}"),
            format!("/api/runs/{run}/events"),
        ] {
            let answer = server.get(&path, &[&cookie]);
            assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
            assert!(!answer.body.contains("nobody is to see this"), "{path}");
        }
    }
}

#[test]
fn looking_changes_nothing() {
    let bench = store();
    let listed = || {
        bench.sh("cd .holdpoint && find . -type f -o -type d | sort | while read f; do stat -c '%n %s %y' \"$f\"; done; git status --porcelain")
    };
    let before = listed();
    let server = serving(&bench);
    let cookie = server.signed_in();
    for path in ["/", "/runs/1", "/runs/2", "/runs/3", "/runs/3/report", "/api/runs", "/api/runs/3"] {
        server.get(path, &[&cookie]).is(200);
    }
    server.stream("/api/runs/3/events", &[&cookie]).until("standing");
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for path in ["/runs/1", "/api/runs", "/api/runs/1", "/"] {
            server.ask(method, path, &[&cookie, &server.origin()], "").is(405);
        }
    }
    assert_eq!(listed(), before);
    drop(server);
    assert!(std::path::Path::new(HOLDPOINT).exists());
}

#[test]
fn the_page_of_an_open_run_begins_with_what_happened_last_in_the_words_of_people() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let page = text(&server.get("/runs/3", &[&cookie]).is(200).body);
    let happens = page.split("What happens").nth(1).unwrap();
    for words in ["opened in staging by ops@example.org", "build#1 began", "build#1, attempt 1: passed"] {
        assert!(happens.contains(words), "{words}\n{happens}");
    }
    let opened = bench.events(3)[0]["at"].as_str().unwrap().to_owned();
    assert!(!happens.contains(&opened), "times are shown as on the rest of the page: {happens}");
    for name in ["action.started", "run.opened", "signoff.requested"] {
        assert!(!happens.contains(name), "{name} is a name of the record: {happens}");
    }
    for _ in 0..20 {
        bench.ends(0, &["note", "3", "once more"]);
    }
    let page = server.get("/runs/3", &[&cookie]).is(200).body;
    assert_eq!(page.matches("<li value=").count(), 12, "no more than the last of them");
    assert!(
        !server.get("/runs/1", &[&cookie]).is(200).body.contains("What happens"),
        "nothing happens any more"
    );
}

#[test]
fn the_list_says_in_which_zone_its_times_are() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let head = bench.ends(0, &["runs"]).stdout;
    let zone = head.split("opened (").nth(1).unwrap().split(')').next().unwrap().to_owned();
    let page = text(&server.get("/", &[&cookie]).is(200).body);
    assert!(page.contains(&format!("Times are those of {zone}.")), "{zone}\n{page}");
}

#[test]
fn a_block_that_runs_is_shown_as_running_in_the_list_and_on_its_page() {
    let body = "---\nrunbook: 1\n---\n# Slow\n\n## Wait\n\n```sh run\ntouch begun\nwhile test -e begun -a ! -e go; do sleep 0.02; done\n```\n";
    let bench = Bench::with(&[("slow.md", body)]);
    let mut driver = bench.command(HOLDPOINT).args(["run", "slow.md", "--unattended"]).spawn().unwrap();
    eventually("the block has begun", || bench.exists("begun"));
    let server = serving(&bench);
    let cookie = server.signed_in();
    let mut stream = server.stream("/api/runs/1/events", &[&cookie]);
    assert_eq!(stream.until("standing")["awaited"]["what"], "end_of_block");
    for path in ["/", "/runs/1"] {
        let page = text(&server.get(path, &[&cookie]).is(200).body).to_lowercase();
        assert!(page.contains("running") && !page.contains("in doubt"), "{path}: {page}");
    }
    let run = server.get("/api/runs/1", &[&cookie]).is(200).json();
    assert_eq!((&run["running"][0]["step"], &run["driver"]["drives"]), (&"wait".into(), &true.into()));
    // Nothing is added to the record when its driver is killed, and whoever watches is told all the same.
    driver.kill().unwrap();
    driver.wait().unwrap();
    assert_eq!(stream.until("standing")["awaited"]["what"], "decision_on_doubt");
    for path in ["/", "/runs/1"] {
        let page = text(&server.get(path, &[&cookie]).is(200).body).to_lowercase();
        assert!(!page.contains("running") && page.contains("in doubt"), "{path}: {page}");
    }
    bench.file("go", "");
}
