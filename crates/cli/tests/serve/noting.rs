//! Notes over HTTP: who may add to a run, and what stands on record.

use std::fs;

use crate::http::{serving, serving_with};
use crate::signing::{BOOK, CONFIG, QA, Visitor, key, refused, waiting};
use crate::support::Bench;

const NOTE: &str = "who=qa%40example.org&text=The+tape+is+in+the+safe";

#[test]
fn a_note_from_the_page_stands_on_record_by_whoever_wrote_it() {
    let (bench, server) = waiting();
    let visitor = Visitor::of(&server);
    assert!(server.get("/runs/1", &[&visitor.cookie]).is(200).body.contains("Put it on record"));
    assert_eq!(visitor.post("/runs/1/note", NOTE).is(200).json()["said"], "Noted in run 1.");
    let note = &bench.of_type(1, "note")[0];
    assert_eq!(
        (note["text"].as_str(), note["by"]["who"].as_str()),
        (Some("The tape is in the safe"), Some(QA))
    );
    let page = server.get("/runs/1", &[&visitor.cookie]).is(200).body;
    assert!(page.contains("The tape is in the safe"), "{page}");
    // Whoever signs is shown it.
    assert!(visitor.prepares(QA, "").len() > 40);
    bench.ends(0, &["verify", "1"]);
}

#[test]
fn a_note_by_nobody_of_no_words_from_elsewhere_or_to_a_run_that_is_over_or_driven_is_none() {
    let (bench, server) = waiting();
    let visitor = Visitor::of(&server);
    for (body, why) in [
        ("who=qa%40example.org&text=%20", "the note is empty"),
        ("who=&text=x", "not said who"),
        ("who=%20&text=x", "not said who"),
        ("who=qa%E2%80%AE%40example.org&text=x", "U+202E"),
        ("who=qa%0A%40example.org&text=x", "U+000A"),
        ("who=q%D0%B0%40example.org&text=x", "looks like"),
        ("who=who%40example.org&text=x", "is not listed"),
        ("who=qa%40example.org", "form"),
        ("who=qa%40example.org&text=x&corrects=0", "form"),
    ] {
        refused(visitor.post("/runs/1/note", body), 400, why);
    }
    let (cookie, origin) = (visitor.cookie.as_str(), server.origin());
    server.ask("POST", "/runs/1/note", &[&origin], NOTE).is(401);
    server.ask("POST", "/runs/1/note", &[cookie], NOTE).is(403);
    server.get(&format!("/runs/1/note?{NOTE}"), &[cookie]).is(405);
    refused(visitor.post("/runs/2/note", NOTE), 404, "no run 2");
    let lock = fs::File::open(bench.run_dir(1).join("lock")).unwrap();
    lock.lock().unwrap();
    refused(visitor.post("/runs/1/note", NOTE), 400, "run");
    lock.unlock().unwrap();
    bench.ends(4, &["resume", "1", "--abort", "no more"]);
    refused(visitor.post("/runs/1/note", NOTE), 400, "is sealed");
    assert!(bench.of_type(1, "note").is_empty());
    bench.ends(0, &["verify", "1"]);
}

#[test]
fn without_being_asked_to_the_server_takes_no_note_and_none_of_a_run_that_has_secrets() {
    let (bench, _) = waiting();
    let server = serving(&bench);
    let visitor = Visitor::of(&server);
    refused(visitor.post("/runs/1/note", NOTE), 403, "nothing is signed");
    assert!(bench.of_type(1, "note").is_empty());
    let bench = Bench::with(&[(
        "r.md",
        "---\nrunbook: 1\ninputs: { TOKEN: { secret: true, from: { env: TOKEN } } }\n---\n# T\n\n## A\n\n- [ ] Done\n",
    )]);
    bench.committed();
    let ran = bench
        .command(crate::support::HOLDPOINT)
        .env("TOKEN", "s3cret-value")
        .args(["run", "r.md", "--unattended"])
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(3), "{}", String::from_utf8_lossy(&ran.stderr));
    let server = serving_with(&bench, &["--sign"]);
    refused(Visitor::of(&server).post("/runs/1/note", NOTE), 400, "was given secrets");
}

#[test]
fn a_note_of_800_letters_of_any_script_is_taken_and_one_that_is_too_long_is_told_so() {
    let (bench, server) = waiting();
    let visitor = Visitor::of(&server);
    let of = |letter: &str, times: usize| format!("who=qa%40example.org&text={}", letter.repeat(times));
    visitor.post("/runs/1/note", &of("%F0%9F%94%92", 800)).is(200);
    refused(visitor.post("/runs/1/note", &of("a", 17_000)), 413, "too long");
    assert_eq!(bench.of_type(1, "note")[0]["text"].as_str().unwrap().chars().count(), 800);
}

#[test]
fn a_name_that_was_somebody_elses_when_the_run_opened_adds_nothing_in_theirs() {
    let aliased =
        CONFIG.replace("name = \"Quinn Auditor\"", "name = \"Quinn Auditor\"\nalias = \"quinn@old.example\"");
    let signers = format!("{QA} {}\n", key().line());
    let others =
        [("allowed_signers", signers.as_str()), ("revoked_keys", ""), (".gitignore", ".holdpoint\n")];
    let bench = Bench::with(&[&[("holdpoint.toml", aliased.as_str()), ("r.md", BOOK)][..], &others].concat());
    bench.committed();
    bench.ends(3, &["run", "r.md", "--env", "production", "--unattended"]);
    bench.file(
        "holdpoint.toml",
        &format!("{CONFIG}\n[people.\"quinn@old.example\"]\nname = \"Quentin Other\"\n"),
    );
    let server = serving_with(&bench, &["--sign"]);
    let visitor = Visitor::of(&server);
    refused(visitor.post("/runs/1/note", "who=quinn%40old.example&text=x"), 400, "was qa@example.org");
    assert!(bench.of_type(1, "note").is_empty());
}
