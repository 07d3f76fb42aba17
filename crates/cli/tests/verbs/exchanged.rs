//! `resume --with-new-document`: a run that goes on by another document than it was opened with.

use std::fs;

use serde_json::{Value, json};

use crate::runs::book;
use crate::support::{Bench, Ran, forge, sha256};

const BODY: &str = "## Look\n\n```sh check\n#| capture: { SEEN: { stdout: true } }\necho seen\n```\n\n## Ask\n\n```sh check\ntrue\n```\n\n- [ ] The lamp is green\n\n\
    ## Turn\n\n```sh run\necho turned | tee turned\n```\n\n## Tell\n\n- [ ] Everybody was told\n";

const ANSWERS: &str = "steps:\n  ask: { confirm: true }\n  tell: { confirm: true }\n";

/// A run that waits for the second of its four steps.
fn parked() -> Bench {
    let answers = [("book.md", &*book("", BODY)), ("yes.yaml", ANSWERS), ("no.yaml", "steps: {}\n")];
    let bench = Bench::with(&answers);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    bench
}

fn exchange(bench: &Bench, answers: &str) -> Ran {
    exchange_of(bench, "latest", ("the lamp is a lever", answers))
}

fn exchange_of(bench: &Bench, run: &str, (reason, answers): (&str, &str)) -> Ran {
    bench.holdpoint(&[
        "resume",
        run,
        "--with-new-document",
        "--reason",
        reason,
        "--unattended",
        "--answers",
        answers,
    ])
}

/// The rest of the document as it is mended: a block that says something else, and a step that is new.
fn mended() -> String {
    let other = "## Turn\n\n```sh run\necho turned twice {{ SEEN }} | tee turned\n```\n\n## Wait\n\n```sh check\ntrue\n```\n";
    book(
        "",
        &BODY
            .replace("## Turn\n\n```sh run\necho turned | tee turned\n```\n", other)
            .replace("{{ SEEN }}", "$SEEN"),
    )
}

/// A run whose document was exchanged on the way, and that passed.
fn exchanged() -> Bench {
    let bench = parked();
    bench.file("book.md", &mended());
    let ran = exchange(&bench, "yes.yaml");
    assert_eq!(ran.code, 0, "{}", ran.both());
    bench
}

#[test]
fn a_run_goes_on_by_the_document_as_it_is_now_and_the_record_tells_both() {
    let bench = parked();
    let before = bench.text("book.md");
    bench.file("book.md", &mended());
    let ran = exchange(&bench, "yes.yaml");
    assert_eq!(ran.code, 0, "{}", ran.both());
    ran.says("takes the place of the recorded document: the lamp is a lever");
    assert_eq!(bench.text("turned"), "turned twice seen\n");
    let event = bench.of_type(1, "document.exchanged").remove(0);
    let digest = |key: &str| event[key]["sha256"].as_str().unwrap().to_owned();
    assert_eq!(event["runbook"]["blob"]["sha256"], sha256(mended().as_bytes()));
    assert_eq!(
        (&event["reason"], &event["by"]["who"]),
        (&json!("the lamp is a lever"), &json!("ops@example.org"))
    );
    let difference = fs::read_to_string(bench.run_dir(1).join("blobs/sha256").join(digest("diff"))).unwrap();
    let side = |mark: char| -> String {
        let lines = difference.split('\n').filter(|line| !line.starts_with(mark));
        lines.map(|line| &line[1..]).collect::<Vec<_>>().join("\n")
    };
    assert_eq!((side('+'), side('-')), (before, mended()));
    bench.ends(0, &["verify", "1"]).says("intact and complete");
    bench.ends(0, &["audit"]);
    let listed = bench.ends(0, &["runs", "--format", "json"]).json();
    assert_eq!(listed[0]["state"], "passed", "{listed}");
    bench.ends(0, &["history", "book.md"]);
    bench.ends(0, &["show", "1"]).says("document exchanged").says("the lamp is a lever");
}

#[test]
fn every_rendering_tells_of_the_exchange_and_shows_the_document_that_took_its_place() {
    let bench = exchanged();
    let new = sha256(mended().as_bytes());
    for format in ["markdown", "html"] {
        let ran = bench.ends(0, &["report", "1", "--format", format]);
        ran.says("document exchanged")
            .says("the lamp is a lever")
            .says(&new)
            .says("What differs in the document");
        ran.says("PASSED WITH 1 DEVIATION").says("echo turned twice");
    }
    let json = bench.ends(0, &["report", "1", "--format", "json"]).json();
    assert_eq!(json["document"]["blob"]["sha256"], new);
    assert_eq!(json["deviations"][0]["kind"], "document_exchanged");
    assert_eq!(json["deviations"][0]["exchanged"]["before"]["sha256"], sha256(book("", BODY).as_bytes()));
    let steps: Vec<&str> =
        json["steps"].as_array().unwrap().iter().map(|step| step["id"].as_str().unwrap()).collect();
    assert_eq!(steps, ["look", "ask", "turn", "wait", "tell"]);
    let statuses: Vec<&str> =
        json["steps"].as_array().unwrap().iter().map(|step| step["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["passed", "passed", "passed", "passed", "confirmed"]);
    assert_eq!(json["misfits"], json!([]));
    bench.ends(0, &["report", "1", "--format", "junit"]).says("document exchanged for sha256");
    bench.ends(0, &["report", "1", "--format", "cast"]).says("document exchanged by");
    let frames = bench.ends(0, &["replay", "1", "--speed", "1000", "--max-wait", "0.001"]).both();
    assert!(frames.contains("document exchanged by") && !frames.contains("does not count"), "{frames}");
    bench.ends(0, &["run", "book.md", "--unattended", "--answers", "yes.yaml"]);
    let ran = bench.holdpoint(&["compare", "1", "2"]);
    ran.says("DIFFERS  deviation");
    assert!(!ran.both().contains("DIFFERS  document"), "both went by the same in the end\n{}", ran.both());
}

#[test]
fn a_run_is_taken_up_once_more_after_an_exchange_and_exchanged_again() {
    let bench = parked();
    bench.file("book.md", &mended());
    assert_eq!(exchange(&bench, "no.yaml").code, 3);
    bench.ends(0, &["verify", "1"]).says("intact, open");
    bench.ends(0, &["show", "1"]).says("document exchanged");
    let runs = bench.ends(0, &["runs"]).both();
    assert!(!runs.contains("DOES NOT CONFORM"), "{runs}");
    bench
        .ends(2, &["resume", "1", "--with-new-document", "--reason", "again", "--unattended"])
        .says("is the document that run 1 goes by already");
    bench.file("book.md", &mended().replace("turned twice", "turned thrice"));
    assert_eq!(exchange(&bench, "no.yaml").code, 3);
    let digest = sha256(&fs::read(bench.path("book.md")).unwrap());
    let ran = bench.ends(0, &["resume", "1", "--unattended", "--answers", "yes.yaml"]);
    // The head is of the document that the run goes by.
    ran.says(&format!("digest      sha256 {}", &digest[..16]));
    assert_eq!(bench.text("turned"), "turned thrice seen\n");
    assert_eq!(bench.of_type(1, "document.exchanged").len(), 2);
    bench.ends(0, &["verify", "1"]).says("intact and complete");
    bench.ends(0, &["report", "1", "--format", "markdown"]).says("turned thrice");
}

#[test]
fn what_the_table_refuses_is_refused_with_each_reason_and_nothing_is_written() {
    let bench = parked();
    let good = book("", BODY);
    let cases: [(&str, String, &[&str]); 6] = [
        ("another command", good.replace("echo seen", "echo other"), &["look is done, and is not the same"]),
        (
            "another option",
            good.replace("stdout: true", "stdout: true, empty: true"),
            &["look is done, and is not the same"],
        ),
        (
            "another word of an item",
            good.replace("lamp is green", "lamp is red"),
            &["ask is under way, and is not the same"],
        ),
        (
            "a step that is gone",
            good.replace("## Look", "## Look at it"),
            &["look is done, and is gone", "look-at-it is new, and stands before a step that is under way"],
        ),
        (
            "a new step in front",
            good.replace("## Ask", "## New\n\n```sh check\ntrue\n```\n\n## Ask"),
            &["new is new, and stands before a step that is under way"],
        ),
        (
            "all at once",
            book(
                "inputs:\n  RELEASE: { default: v1 }\n",
                &BODY.replace("echo seen", "echo other").replace("green", "red"),
            ),
            &[
                "it asks for other inputs",
                "look is done, and is not the same",
                "ask is under way, and is not the same",
            ],
        ),
    ];
    for (what, text, reasons) in cases {
        bench.file("book.md", &text);
        let before = bench.tree();
        let ran = exchange(&bench, "yes.yaml");
        assert_eq!(ran.code, 5, "{what}: {}", ran.both());
        for reason in reasons {
            ran.says(reason);
        }
        assert_eq!(bench.tree(), before, "{what}");
    }
    bench.file("book.md", &good);
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "yes.yaml"]);
    bench.ends(0, &["verify", "1"]);
}

#[test]
fn an_exchange_is_asked_for_whole_or_not_at_all() {
    let bench = parked();
    bench.file("book.md", &mended());
    for arguments in [
        &["resume", "1", "--with-new-document"][..],
        &["resume", "1", "--reason", "x"],
        &["resume", "1", "--with-new-document", "--reason", "x", "--override", "y"],
        &["resume", "1", "--with-new-document", "--reason", " "],
        &["rollback", "1", "--reason", "x", "--with-new-document"],
    ] {
        bench.ends(2, arguments);
    }
    assert!(bench.of_type(1, "session.opened").is_empty());
    // Without, the recorded bytes go on.
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "yes.yaml"]);
    assert_eq!(bench.text("turned"), "turned\n");
}

#[test]
fn another_configuration_is_another_run() {
    let bench = parked();
    bench.file("book.md", &mended()).file("holdpoint.toml", "[environments.local]\n");
    let ran = exchange(&bench, "yes.yaml");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("holdpoint.toml is another one than when the run was opened");
}

const RULES: &str = "[environments.staging]\nrehearsal = true\n\n[environments.production]\nrequires = { rehearsal = \"staging\", clean_commit = true }\n";

fn run_in(bench: &Bench, environment: &str, answers: &str) -> i32 {
    bench.holdpoint(&["run", "book.md", "--env", environment, "--unattended", "--answers", answers]).code
}

/// A run in production that waits, with its rehearsal, and a document that was mended since.
fn rehearsed_and_opened() -> Bench {
    let bench = Bench::with(&[
        ("book.md", &book("", BODY)),
        ("yes.yaml", ANSWERS),
        ("no.yaml", "steps: {}\n"),
        ("holdpoint.toml", RULES),
        (".gitignore", "/.holdpoint/\n/turned\n"),
    ]);
    bench.committed();
    let opened = [run_in(&bench, "staging", "yes.yaml"), run_in(&bench, "production", "no.yaml")];
    assert_eq!(opened, [0, 3]);
    bench.file("book.md", &mended());
    bench
}

#[test]
fn rules_of_the_environment_are_held_against_the_new_bytes() {
    let bench = rehearsed_and_opened();
    let run = |environment: &str, answers: &str| run_in(&bench, environment, answers);
    let refused = |why: &str| {
        let ran = exchange_of(&bench, "2", ("mended", "yes.yaml"));
        assert_eq!(ran.code, 5, "{}", ran.both());
        ran.says(why);
    };
    refused("production requires a clean commit");
    bench.sh("git commit -qam mended");
    refused("requires a passed rehearsal of these very bytes");
    assert!(bench.of_type(2, "session.opened").is_empty());
    // The recorded bytes go no further either, for the repository moved.
    bench.ends(5, &["resume", "2", "--unattended"]).says("the repository moved");
    assert_eq!(run("staging", "yes.yaml"), 0);
    let ran = exchange_of(&bench, "2", ("mended", "yes.yaml"));
    assert_eq!(ran.code, 0, "{}", ran.both());
    let event = bench.of_type(2, "document.exchanged").remove(0);
    assert_eq!(event["policy"]["rehearsed"]["number"], 3);
    // What the exchange settled is not told of as a rule that did not hold.
    let session = bench.of_type(2, "session.opened").remove(0);
    assert_eq!(session["committed"], true, "judged by the document that the run goes on with");
    let shown = bench.ends(0, &["show", "2"]).both();
    assert!(!shown.contains("did not hold"), "{shown}");
    bench.ends(0, &["verify", "2"]).says("intact and complete");
    bench.ends(0, &["audit"]);
    bench.ends(0, &["verify", "2", "--trust", "."]);
    // What went by two documents rehearses none of them.
    let first = book("", &BODY.replace("lamp is green", "lamp is on"));
    bench.file("book.md", &first);
    bench.sh("git commit -qam first");
    assert_eq!(run("staging", "no.yaml"), 3);
    bench.file("book.md", &first.replace("| tee turned", "| tee -a turned"));
    bench.sh("git commit -qam second");
    let ran = exchange(&bench, "yes.yaml");
    assert_eq!(ran.code, 0, "{}", ran.both());
    for text in [&first, &first.replace("| tee turned", "| tee -a turned")] {
        bench.file("book.md", text);
        bench.sh("git commit -qam once-more --allow-empty");
        let ran = bench.holdpoint(&["run", "book.md", "--env", "production", "--unattended"]);
        assert_eq!(ran.code, 5, "{}", ran.both());
        ran.says("its document was exchanged on the way");
        assert!(!ran.both().contains("has changed since"), "{}", ran.both());
    }
}

#[test]
fn each_rehearsal_that_a_run_relied_on_is_held_against_its_record_and_told() {
    let bench = rehearsed_and_opened();
    let run = |environment: &str, answers: &str| run_in(&bench, environment, answers);
    bench.sh("git commit -qam mended");
    assert_eq!(run("staging", "yes.yaml"), 0);
    let ran = exchange_of(&bench, "2", ("mended", "yes.yaml"));
    assert_eq!(ran.code, 0, "{}", ran.both());

    let told = bench.ends(0, &["verify", "2"]);
    told.says("  rehearsed in staging: run 1, ").says(", rehearsed in staging: run 3, ");
    assert_eq!(told.both().matches("whose record is here and the same").count(), 2, "{}", told.both());
    let records = |code: i32| {
        let told = bench.ends(code, &["verify", "2", "--format", "json"]).json();
        assert_eq!(told["rehearsal"], told["rehearsals"][1], "{told}");
        let each = told["rehearsals"].as_array().unwrap().iter();
        each.map(|one| (one["number"].clone(), one["record"].clone())).collect::<Vec<_>>()
    };
    let both = |first: &str, second: &str| vec![(json!(1), json!(first)), (json!(3), json!(second))];
    assert_eq!(records(0), both("as relied on", "as relied on"));
    // The one that the new document relied on is held like the first.
    let sealed = bench.run_dir(3).join("seal.json");
    let seal = fs::read(&sealed).unwrap();
    fs::remove_file(&sealed).unwrap();
    bench.ends(6, &["verify", "2"]).says("run 3, the rehearsal that it relied on: its record does not hold");
    assert_eq!(records(6), both("as relied on", "not as relied on"));
    fs::write(&sealed, seal).unwrap();
    bench.sh("mv .holdpoint/runs/0003-* aside");
    assert_eq!(records(0), both("as relied on", "not here"));
    bench.sh("mv aside .holdpoint/runs/0003-book; rm .holdpoint/runs/0001-*/seal.json");
    assert_eq!(records(6), both("not as relied on", "as relied on"));
    let told = bench.ends(0, &["report", "2", "--format", "json"]).json();
    assert!(told["rehearsal_wrong"].as_str().unwrap().starts_with("run 1: its record"), "{told}");
}

/// Words of the engine, which every reader asks.
const ENGINE: [&str; 4] =
    ["nothing was to be executed here", "needs a reason", "whoever operates", "the rules stay"];

/// What `verify` says of a record that was forged where the document was exchanged.
#[track_caller]
fn refused(how: impl FnOnce(&mut Vec<Value>, usize), at: i64, why: &str) {
    let bench = exchanged();
    let events = bench.events(1);
    let exchange = events.iter().position(|event| event["type"] == "document.exchanged").unwrap();
    forge(&bench.run_dir(1), |events| how(events, exchange));
    let wrong = i64::try_from(exchange).unwrap() + at;
    let ran = bench.ends(6, &["verify", "1"]);
    ran.says(&format!("at event {wrong}")).says(why);
    bench.ends(6, &["report", "1", "--format", "json"]);
    // What the engine itself refuses counts for no reader.
    if why.is_empty() || ENGINE.contains(&why) {
        bench.holdpoint(&["show", "1"]).says("DOES NOT CONFORM");
    }
}

#[test]
fn an_exchange_that_never_was_one_is_refused() {
    // Nothing of it on record: the run does what no document asks for.
    refused(|events, at| drop(events.remove(at)), 3, "nothing was to be executed here");
    refused(|events, at| events[at]["plan"] = json!("0".repeat(64)), 0, "makes another plan");
    refused(|events, at| events[at]["runbook"]["blob"]["sha256"] = json!("0".repeat(64)), 0, "is missing");
    refused(|events, at| events[at]["runbook"]["blob"] = events[0]["runbook"]["blob"].clone(), 0, "");
    refused(|events, at| events[at]["runbook"]["title"] = json!("Other"), 0, "title");
    refused(
        |events, at| events[at]["diff"] = events[0]["runbook"]["blob"].clone(),
        0,
        "told as the difference",
    );
    refused(|events, at| events[at]["reason"] = json!(" "), 0, "needs a reason");
    refused(|events, at| events[at]["by"]["who"] = json!("qa@example.org"), 0, "whoever operates");
    refused(|events, at| events[at]["policy"] = json!({"kept": ["roles"]}), 0, "the rules stay");
    // Once more, where it is done already.
    refused(
        |events, at| {
            let again = events[at].clone();
            events.insert(at + 1, again);
        },
        1,
        "told as the difference",
    );
    // Earlier than the steps that it must leave alone, and later than one that it exchanged.
    refused(
        |events, at| {
            let exchange = events.remove(at);
            events.insert(events.len() - 1, exchange);
        },
        3,
        "",
    );
}

#[test]
fn an_exchange_that_the_table_refuses_does_not_conform_however_well_it_is_forged() {
    let cases = [
        ("look is done, and is not the same", book("", &BODY.replace("echo seen", "echo other"))),
        ("ask is under way, and is gone", book("", &BODY.replace("## Ask", "## Ask again"))),
        (
            "new is new, and stands before a step that is done",
            book("", &format!("## New\n\n- [ ] x\n\n{BODY}")),
        ),
        ("other inputs", book("inputs:\n  RELEASE: { default: v1 }\n", BODY)),
    ];
    for (why, text) in cases {
        // What a run of it says of its plan.
        let other = Bench::with(&[("book.md", &text)]);
        other.holdpoint(&["run", "book.md", "--unattended"]);
        let opened = other.events(1).remove(0);
        let bench = parked();
        bench.file("book.md", &mended());
        assert_eq!(exchange(&bench, "no.yaml").code, 3);
        let dir = bench.run_dir(1);
        let put = |text: &str| {
            fs::write(dir.join("blobs/sha256").join(sha256(text.as_bytes())), text).unwrap();
            json!({"sha256": sha256(text.as_bytes()), "bytes": text.len()})
        };
        let marked = |mark: char, text: &str| -> Vec<String> {
            text.split('\n').map(|line| format!("{mark}{line}")).collect()
        };
        let difference = [marked('-', &book("", BODY)), marked('+', &text)].concat().join("\n");
        let (blob, diff) = (put(&text), put(&difference));
        let at = bench.events(1).iter().position(|event| event["type"] == "document.exchanged").unwrap();
        forge(&dir, |events| {
            events.truncate(at + 1);
            (events[at]["runbook"]["blob"], events[at]["diff"]) = (blob, diff);
            events[at]["plan"] = opened["plan"].clone();
        });
        let ran = bench.ends(6, &["verify", "1"]);
        ran.says(&format!("does not conform at event {at}")).says(why);
        bench.holdpoint(&["show", "1"]).says("DOES NOT CONFORM");
        // Nor does anybody go on with it.
        bench.ends(6, &["resume", "1", "--unattended", "--answers", "yes.yaml"]);
    }
}
