//! The gate: which rehearsal opens the way, what of it is kept, and that nobody gets by with another one.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::runs::book;
use crate::support::{Bench, Ran, forge, sha256};

const CONFIG: &str = r#"[people."lead@example.org"]
name = "Lee Lead"

[roles]
lead = ["lead@example.org"]

[environments.staging]
rehearsal = true

[environments.lab]
rehearsal = true

[environments.production]
override = ["lead"]
requires = { rehearsal = "staging", max_age = "7d", same = ["RELEASE"] }
"#;

const FRONT: &str = "inputs:\n  RELEASE: { prompt: Which release }\n  NOTE: { default: none }\n";

const BODY: &str =
    "## Look\n\n```sh check\ntest ! -e fail; echo seen\n```\n\n## Turn\n\n```sh check\ntest ! -e off\n```\n";

fn bench() -> Bench {
    Bench::with(&[
        ("book.md", &book(FRONT, BODY)),
        ("holdpoint.toml", CONFIG),
        ("skips.yaml", "steps:\n  turn: { choice: skip, reason: not there }\n"),
    ])
}

fn run(bench: &Bench, environment: &str, release: &str) -> Ran {
    let release = format!("RELEASE={release}");
    bench.holdpoint(&["run", "book.md", "--unattended", "--env", environment, "--set", &release])
}

#[track_caller]
fn runs(bench: &Bench, environment: &str, release: &str) {
    let ran = run(bench, environment, release);
    assert_eq!(ran.code, 0, "{}", ran.both());
}

#[track_caller]
fn refused(bench: &Bench, release: &str) -> Ran {
    let before = fs::read_dir(bench.path(".holdpoint/runs")).map_or(0, Iterator::count);
    let ran = run(bench, "production", release);
    assert_eq!(ran.code, 5, "{}", ran.both());
    let after = fs::read_dir(bench.path(".holdpoint/runs")).map_or(0, Iterator::count);
    assert_eq!(before, after, "nothing is written");
    ran
}

#[test]
fn a_rehearsal_whose_document_was_exchanged_on_the_way_is_refused_for_that_and_no_other_reason() {
    let asks = format!("{BODY}\n## Tell\n\n- [ ] Everybody was told\n");
    let bench = bench();
    bench.file("book.md", &book(FRONT, &asks)).file("yes.yaml", "steps: { tell: { confirm: true } }\n");
    assert_eq!(run(&bench, "staging", "v1.4.0").code, 3);
    bench.file("book.md", &book(FRONT, &asks.replace("Everybody", "Everyone")));
    let exchange = ["--with-new-document", "--reason", "it looks", "--unattended", "--answers", "yes.yaml"];
    bench.ends(0, &[&["resume", "1"][..], &exchange].concat());
    let ran = refused(&bench, "v1.4.0");
    ran.says("The nearest is run 1: its document was exchanged on the way, so none was rehearsed whole");
    assert!(!ran.both().contains("differ"), "{}", ran.both());
    // Changed since that, too: held against what it ended with.
    bench.file("book.md", &book(FRONT, &asks.replace("Everybody", "Somebody")));
    refused(&bench, "v1.4.0")
        .says("the document has changed since: 1 line differs; its document was exchanged on the way");
}

#[test]
fn damaged_rehearsals_that_are_passed_over_are_named_whether_another_is_taken_or_none() {
    let bench = bench();
    for _ in 0..4 {
        runs(&bench, "staging", "v1.4.0");
    }
    fs::write(bench.run_dir(2).join("run.jsonl"), "no event\n").unwrap();
    // Its ends are as they were.
    let blobs = bench.run_dir(4).join("blobs/sha256");
    let digest =
        bench.of_type(4, "action.finished")[0]["output"]["stdout"]["sha256"].as_str().unwrap().to_owned();
    fs::remove_file(blobs.join(digest)).unwrap();
    // Younger ones than that which is taken.
    let told = |numbers: &str| {
        format!(
            "passed over, as their records cannot be used: {numbers}; `holdpoint verify` says what is wrong"
        )
    };
    let dry =
        ["run", "book.md", "--env", "production", "--set", "RELEASE=v1.4.0", "--dry-run", "--unattended"];
    bench.ends(0, &dry).says(&format!("warning: the rehearsal is run 3; {}", told("4")));
    let ran = run(&bench, "production", "v1.4.0");
    assert_eq!(ran.code, 0, "{}", ran.both());
    ran.says(&format!("warning: the rehearsal is run 3; {}", told("4")));
    // None is left: the nearest is told with what is wrong with it.
    fs::write(bench.run_dir(3).join("run.jsonl"), "no event\n").unwrap();
    fs::write(bench.run_dir(1).join("run.jsonl"), "no event\n").unwrap();
    let ran = refused(&bench, "v1.4.0");
    ran.says(&format!("there is none ({}). The nearest is run 4: its record does not hold", told("1, 2, 3")));
    refused(&bench, "v1.5.0").says(&told("1, 2, 3"));
}

/// Rewrites the times of a record, so that it is so many hours older.
fn older(dir: &Path, hours: i64) {
    forge(dir, |events| {
        for event in events {
            let at: jiff::Timestamp = event["at"].as_str().unwrap().parse().unwrap();
            event["at"] = json!((at - jiff::SignedDuration::from_hours(hours)).to_string());
        }
    });
}

/// Puts bytes among the blobs of a run.
fn blob(dir: &Path, bytes: &[u8]) -> Value {
    let digest = sha256(bytes);
    fs::write(dir.join("blobs/sha256").join(&digest), bytes).unwrap();
    json!({"sha256": digest, "bytes": bytes.len()})
}

/// Has the run in `dir` say that it relied on the run in `other`, with all that is kept of one, as an insider would.
fn rely(dir: &Path, other: &Path) {
    let [seal, log] = ["seal.json", "run.jsonl"].map(|name| blob(dir, &fs::read(other.join(name)).unwrap()));
    let events = crate::support::events(other);
    let (first, last) = (&events[0], events.last().unwrap());
    let mut rehearsed = json!({
        "number": first["number"], "id": first["id"], "environment": first["environment"]["name"],
        "ended": last["at"], "seal": seal, "log": log,
    });
    if let Some(config) = first["config"]["sha256"].as_str() {
        rehearsed["config"] = blob(dir, &fs::read(other.join("blobs/sha256").join(config)).unwrap());
    }
    forge(dir, |events| events[0]["policy"]["rehearsed"] = rehearsed);
}

/// Whether a run that says it relied on `other` is taken for one that could.
#[track_caller]
fn is_none(bench: &Bench, run: u64, other: &Path, why: &str) {
    rely(&bench.run_dir(run), other);
    let ran = bench.ends(6, &["verify", &run.to_string()]);
    ran.says("does not conform at event 0").says(why);
}

#[test]
fn the_rehearsal_stands_in_event_0_and_what_it_said_of_itself_is_kept() {
    let bench = bench();
    runs(&bench, "staging", "v1.5.0");
    runs(&bench, "production", "v1.5.0");
    let (there, rehearsed) = (bench.run_dir(1), bench.events(2)[0]["policy"]["rehearsed"].clone());
    let (first, last) = (bench.events(1)[0].clone(), bench.events(1).last().unwrap().clone());
    assert_eq!(rehearsed["number"], 1);
    assert_eq!((&rehearsed["id"], &rehearsed["environment"]), (&first["id"], &json!("staging")));
    // A record writes the zeros at the end of a time, and event 0 does not.
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(time(&rehearsed["ended"]), time(&last["at"]));
    for (key, name) in [("seal", "seal.json"), ("log", "run.jsonl")] {
        let (kept, bytes) = (rehearsed[key]["sha256"].as_str().unwrap(), fs::read(there.join(name)).unwrap());
        assert_eq!(kept, sha256(&bytes));
        assert_eq!(fs::read(bench.run_dir(2).join("blobs/sha256").join(kept)).unwrap(), bytes);
    }
    // A rehearsal relies on none.
    assert_eq!(first["policy"]["rehearsed"], Value::Null);
    let ran = bench.ends(0, &["verify", "2"]);
    ran.says("intact and complete")
        .says("rehearsed in staging: run 1")
        .says("whose record is here and the same");
    let json = bench.ends(0, &["verify", "2", "--format", "json"]).json();
    assert_eq!(json["rehearsal"]["record"], "as relied on");
    assert_eq!(json["rehearsal"]["seal"], rehearsed["seal"]["sha256"]);
    bench.ends(0, &["audit"]).says("rehearsed in run 1");
}

#[test]
fn whoever_reads_a_run_is_told_which_rehearsal_it_relied_on() {
    let bench = bench();
    runs(&bench, "staging", "v1.5.0");
    run(&bench, "production", "v1.5.0").says("in staging, run 1");
    let id = bench.events(1)[0]["id"].as_str().unwrap().to_owned();
    let seal = sha256(&fs::read(bench.run_dir(1).join("seal.json")).unwrap());
    bench.ends(0, &["show", "2"]).says("in staging, run 1");
    for format in ["html", "markdown", "json", "junit"] {
        bench.ends(0, &["report", "2", "--format", format]).says(&id).says(&seal).says("staging");
    }
    bench.ends(0, &["report", "2", "--format", "markdown"]).says("| Rehearsed in | staging, run 1,");
    bench.ends(0, &["report", "2", "--format", "junit"]).says("name=\"rehearsed\"");
    bench.ends(0, &["report", "2", "--format", "html"]).says("Rehearsal that the run relied on");
    // A run that relied on none tells of none.
    let json = bench.ends(0, &["report", "1", "--format", "json"]).json();
    assert_eq!(json["rehearsed"], Value::Null);
}

#[test]
fn the_refusal_names_what_differs_and_what_to_type() {
    let bench = bench();
    let ran = refused(&bench, "v1.5.0");
    ran.says("with the same RELEASE within 7d").says("there is none");
    ran.says("holdpoint run book.md --env staging --set RELEASE=v1.5.0");
    runs(&bench, "staging", "v1.4.0");
    refused(&bench, "v1.5.0").says("The nearest is run 1: RELEASE was v1.4.0 there");
    older(&bench.run_dir(1), 9 * 24);
    let ran = refused(&bench, "v1.5.0");
    ran.says("RELEASE was v1.4.0 there; it was 9 days ago, and 7 days are allowed");
    refused(&bench, "v1.4.0").says("The nearest is run 1: it was 9 days ago, and 7 days are allowed");
    // What the document was then is compared by lines.
    bench.file("book.md", &book(FRONT, &BODY.replace("echo seen", "echo seen it")));
    refused(&bench, "v1.4.0").says("the document has changed since: 1 line differs; it was 9 days ago");
    bench.sh("echo >> book.md; echo more >> book.md");
    refused(&bench, "v1.4.0").says("the document has changed since: 3 lines differ");
    // What a shell would take apart is quoted.
    let ran = run(&bench, "production", "v1; reboot");
    ran.says("--set RELEASE='v1; reboot'");
}

#[test]
fn no_other_run_is_the_rehearsal_neither_when_one_opens_nor_when_a_record_says_so() {
    let bench = bench();
    // As it should be, to be forged below: 1 and 2.
    runs(&bench, "staging", "v1.5.0");
    runs(&bench, "production", "v1.5.0");
    let good = bench.all().join("good");
    bench.sh(&format!("cp -r .holdpoint/runs/0001-* '{}'", good.display()));
    rely(&bench.run_dir(2), &good);
    bench.ends(0, &["verify", "2"]);
    let kept = |number: u64| {
        let to = bench.all().join(format!("run-{number}"));
        bench.sh(&format!("mv .holdpoint/runs/{number:04}-* '{}'", to.display()));
        // The number stays taken, or the next run would have it.
        bench.sh(&format!("mkdir .holdpoint/runs/{number:04}-gone"));
        to
    };
    kept(1);
    refused(&bench, "v1.5.0").says("there is none");
    // Of another environment.
    runs(&bench, "lab", "v1.5.0");
    refused(&bench, "v1.5.0").says("there is none");
    is_none(&bench, 2, &kept(3), "it was in lab");
    // With another value.
    runs(&bench, "staging", "v1.4.0");
    refused(&bench, "v1.5.0").says("RELEASE was v1.4.0 there");
    is_none(&bench, 2, &kept(4), "RELEASE was v1.4.0 there");
    // One that skipped something.
    bench.file("off", "");
    let skips = ["--set", "RELEASE=v1.5.0", "--unattended", "--answers", "skips.yaml"];
    bench.ends(0, &[&["run", "book.md", "--env", "staging"][..], &skips].concat());
    bench.sh("rm off");
    refused(&bench, "v1.5.0").says("turn#1 was skipped in it").says("requires.complete = false");
    is_none(&bench, 2, &kept(5), "turn#1 was skipped in it");
    // One that did not pass, and one that has not ended.
    bench.file("fail", "");
    assert_eq!(run(&bench, "staging", "v1.5.0").code, 3);
    refused(&bench, "v1.5.0").says("it is not finished and sealed").says("holdpoint resume 6");
    bench.sh("rm fail");
    kept(6);
    // A record that calls itself one of a dry run, which none is.
    let dry = bench.all().join("dry");
    bench.sh(&format!("cp -r '{}' '{}'", good.display(), dry.display()));
    forge(&dry, |events| events[0]["dry"] = json!(true));
    is_none(&bench, 2, &dry, "dry run");
    // A dry run leaves nothing.
    let dry = ["run", "book.md", "--env", "staging", "--set", "RELEASE=v1.5.0", "--dry-run", "--unattended"];
    bench.ends(0, &dry);
    refused(&bench, "v1.5.0").says("there is none");
    // Of other bytes.
    let before = bench.text("book.md");
    bench.sh("echo >> book.md");
    runs(&bench, "staging", "v1.5.0");
    bench.file("book.md", &before);
    refused(&bench, "v1.5.0").says("the document has changed since: 1 line differs");
    is_none(&bench, 2, &kept(7), "the document has changed since");
    // Too old.
    runs(&bench, "staging", "v1.5.0");
    older(&bench.run_dir(8), 24 * 8 + 1);
    refused(&bench, "v1.5.0").says("it was 8 days ago, and 7 days are allowed");
    let old = kept(8);
    is_none(&bench, 2, &old, "it was 8 days");
    // Later than the run that relies on it.
    older(&old, -24 * 9 - 1);
    is_none(&bench, 2, &old, "a clock was set");
    // One of which the engine did not ask for something, chain and seal made to fit.
    runs(&bench, "staging", "v1.5.0");
    forge(&bench.run_dir(9), |events| {
        let finished = events.iter_mut().find(|event| event["type"] == "action.finished").unwrap();
        finished["outcome"] = "failed".into();
    });
    refused(&bench, "v1.5.0").says("its record does not hold: does not conform");
    is_none(&bench, 2, &kept(9), "does not conform");
    // A record under another one's seal: neither can be read.
    runs(&bench, "staging", "v1.5.0");
    let log = bench.run_dir(10).join("run.jsonl");
    fs::copy(bench.all().join("run-4/run.jsonl"), &log).unwrap();
    refused(&bench, "v1.5.0").says("passed over, as their records cannot be used: 10");
    is_none(&bench, 2, &bench.run_dir(10), "its seal is over another record");
    // One that opened after the run that relies on it.
    runs(&bench, "staging", "v1.5.0");
    is_none(&bench, 2, &kept(11), "it is no run before this one");
    // The good one still opens the way.
    bench.sh("rm -r .holdpoint/runs/0001-gone");
    bench.sh(&format!("cp -r '{}' .holdpoint/runs/0001-book", good.display()));
    rely(&bench.run_dir(2), &good);
    bench.ends(0, &["verify", "2"]);
    runs(&bench, "production", "v1.5.0");
}

#[test]
fn event_0_cannot_say_otherwise_than_what_is_kept() {
    let bench = bench();
    runs(&bench, "staging", "v1.5.0");
    runs(&bench, "production", "v1.5.0");
    let dir = bench.run_dir(2);
    let before = bench.events(2)[0]["policy"]["rehearsed"].clone();
    let says = |how: &dyn Fn(&mut Value), why: &str| {
        forge(&dir, |events| {
            events[0]["policy"]["rehearsed"] = before.clone();
            how(&mut events[0]["policy"]);
        });
        bench.ends(6, &["verify", "2"]).says("does not conform at event 0").says(why);
    };
    let without = |policy: &mut Value| drop(policy.as_object_mut().unwrap().shift_remove("rehearsed"));
    says(&without, "the rule rehearsal does not hold");
    says(&|policy| policy["rehearsed"]["number"] = json!(7), "it has another number");
    says(&|policy| policy["rehearsed"]["id"] = json!("01JD"), "it has another ULID");
    says(&|policy| policy["rehearsed"]["environment"] = json!("lab"), "it was in another environment");
    says(&|policy| policy["rehearsed"]["ended"] = json!("2026-01-01T00:00:00Z"), "it ended at another time");
    let config = |policy: &mut Value| {
        drop(policy["rehearsed"].as_object_mut().unwrap().shift_remove("config"));
    };
    says(&config, "another configuration");
    // A seal of its own making, over the record that is kept, and one over nothing.
    let seal: Value = serde_json::from_slice(&fs::read(bench.run_dir(1).join("seal.json")).unwrap()).unwrap();
    let sealed = |key: &str, value: Value| {
        let mut seal = seal.clone();
        seal[key] = value;
        blob(&dir, &serde_json::to_vec(&seal).unwrap())
    };
    for (key, value) in [("verdict", json!("failed")), ("number", json!(2)), ("events", json!(1))] {
        let seal = sealed(key, value);
        says(&|policy| policy["rehearsed"]["seal"] = seal.clone(), "its seal has another");
    }
    let seal = sealed("sha256", json!("0".repeat(64)));
    says(&|policy| policy["rehearsed"]["seal"] = seal.clone(), "its seal is over another record");
    let none = blob(&dir, b"nothing\n");
    says(&|policy| policy["rehearsed"]["seal"] = none.clone(), "is no seal");
    says(&|policy| policy["rehearsed"]["log"] = none.clone(), "its seal is over another record");
    // The rule was overridden, and held.
    let both = |policy: &mut Value| {
        policy["unmet"] = json!([{"rule": "rehearsal", "why": "so"}]);
        policy["may_override"] = json!(["lead"]);
    };
    says(&both, "says that the rule does not hold");
    // Where no rehearsal is asked for, none is named.
    let rehearsed = before.clone();
    forge(&bench.run_dir(1), |events| events[0]["policy"] = json!({"rehearsed": rehearsed}));
    for kept in ["seal", "log", "config"] {
        let digest = before[kept]["sha256"].as_str().unwrap();
        fs::copy(dir.join("blobs/sha256").join(digest), bench.run_dir(1).join("blobs/sha256").join(digest))
            .unwrap();
    }
    bench.ends(6, &["verify", "1"]).says("its environment asks for none");
}

#[test]
fn what_is_kept_proves_the_rule_alone_and_is_held_against_the_store_where_that_has_the_run() {
    let bench = bench();
    runs(&bench, "staging", "v1.5.0");
    runs(&bench, "production", "v1.5.0");
    let record = |bench: &Bench, code: i32, which: &str| {
        bench.ends(code, &["verify", which, "--format", "json"]).json()["rehearsal"]["record"].clone()
    };
    // Away from its store, and in a bundle.
    let alone = bench.all().join("alone");
    bench.sh(&format!("cp -r .holdpoint/runs/0002-* '{}'", alone.display()));
    assert_eq!(record(&bench, 0, alone.to_str().unwrap()), "not here");
    bench.ends(0, &["export", "2", "-o", "b.tar.zst"]);
    assert_eq!(record(&bench, 0, "b.tar.zst"), "not looked for");
    // Rewritten so that nothing shows in itself.
    forge(&bench.run_dir(1), |events| events[0]["session"]["host"] = json!("elsewhere"));
    bench.ends(0, &["verify", "1"]);
    let ran = bench.ends(6, &["verify", "2"]);
    ran.says("but its rehearsal is not what it relied on").says("it was rewritten");
    assert_eq!(record(&bench, 6, "2"), "not as relied on");
    bench.ends(6, &["audit"]).says("it relied on the rehearsal in run 1: it was rewritten");
    // Reports do not look better than that.
    let told = bench.ends(0, &["report", "2", "--format", "json"]).json();
    assert!(told["rehearsal_wrong"].as_str().unwrap().contains("rewritten"), "{told}");
    let page = bench.ends(0, &["report", "2", "--format", "html"]);
    page.says("Its record is not what it was: it was rewritten");
    page.says(r#""beside":["its rehearsal is not what it relied on: it was rewritten"#);
    // Altered in place.
    let log = bench.run_dir(1).join("run.jsonl");
    fs::write(&log, fs::read_to_string(&log).unwrap().replace("elsewhere", "elsewhexx")).unwrap();
    bench.ends(6, &["verify", "2"]).says("but its rehearsal is not what it relied on").says("altered");
    // Another run under its number is not it.
    bench.sh("rm -r .holdpoint/runs/0001-*; cp -r .holdpoint/runs/0002-* .holdpoint/runs/0001-book");
    assert_eq!(record(&bench, 0, "2"), "not here");
    bench.sh("rm -r .holdpoint/runs/0001-*");
    bench.ends(0, &["verify", "2"]).says("by what is kept of it here");
    bench.ends(6, &["audit"]).says("is not here");
}

#[test]
fn stock_tools_see_that_what_is_kept_is_of_one_run() {
    let bench = bench();
    runs(&bench, "staging", "v1.5.0");
    runs(&bench, "lab", "v1.5.0");
    runs(&bench, "production", "v1.5.0");
    let dir = bench.run_dir(3);
    let script = |code: i32| {
        fs::write(dir.join("verify.sh"), include_str!("../../src/bundle/verify.sh")).unwrap();
        let ran = Ran::of(bench.command("sh").arg(dir.join("verify.sh")).output().unwrap());
        fs::remove_file(dir.join("verify.sh")).unwrap();
        assert_eq!(ran.code, code, "{}", ran.both());
        ran
    };
    script(0).says("rehearsed: run 1 in staging");
    let before = bench.events(3)[0]["policy"]["rehearsed"].clone();
    rely(&dir, &bench.run_dir(2));
    let lab = bench.events(3)[0]["policy"]["rehearsed"].clone();
    // That the rule wants staging, the script does not know; that the run says so, it does.
    forge(&dir, |events| events[0]["policy"]["rehearsed"]["environment"] = json!("staging"));
    script(6).says("it is of another run, environment or document");
    for key in ["seal", "log", "id"] {
        forge(&dir, |events| {
            events[0]["policy"]["rehearsed"] = before.clone();
            events[0]["policy"]["rehearsed"][key] = lab[key].clone();
        });
        script(6).says("its seal is of another run, record or verdict");
        bench.ends(6, &["verify", "3"]);
    }
}

#[test]
fn what_was_expunged_of_a_rehearsal_proves_no_rule() {
    let bench = bench();
    runs(&bench, "staging", "v1.5.0");
    runs(&bench, "production", "v1.5.0");
    let log = bench.events(2)[0]["policy"]["rehearsed"]["log"]["sha256"].as_str().unwrap().to_owned();
    bench.ends(0, &["expunge", "2", "--blob", &log, "--reason", "leaked"]);
    let ran = bench.ends(6, &["verify", "2"]);
    ran.says("expunged: 1 blob(s)").says("the rehearsal that it relied on was not proved again");
    // What was expunged of the rehearsal itself was there when the run relied on it; it opens nothing any more.
    let bench = self::bench();
    runs(&bench, "staging", "v1.5.0");
    runs(&bench, "production", "v1.5.0");
    let finished = bench.of_type(1, "action.finished").remove(0);
    let output = finished["output"]["stdout"]["sha256"].as_str().unwrap();
    bench.ends(0, &["expunge", "1", "--blob", output, "--reason", "leaked"]);
    bench.ends(6, &["verify", "1"]);
    bench.ends(0, &["verify", "2"]).says("whose record is here and the same");
    refused(&bench, "v1.5.0").says("its record does not hold: expunged");
}

#[test]
fn an_override_stands_where_the_rehearsal_would() {
    let bench = bench();
    runs(&bench, "staging", "v1.4.0");
    let overriding = ["--override", "the site is down", "--override-by", "lead@example.org"];
    let arguments = ["run", "book.md", "--unattended", "--env", "production", "--set", "RELEASE=v1.5.0"];
    bench.ends(0, &[&arguments[..], &overriding].concat()).says("RULES OVERRIDDEN");
    let policy = bench.events(2)[0]["policy"].clone();
    assert_eq!(policy["rehearsed"], Value::Null);
    assert_eq!(policy["unmet"][0]["rule"], "rehearsal");
    assert!(policy["unmet"][0]["why"].as_str().unwrap().contains("RELEASE was v1.4.0 there"), "{policy}");
    bench.ends(0, &["verify", "2"]).says("intact and complete");
    bench.ends(0, &["show", "2"]).says("RELEASE was v1.4.0 there");
    for format in ["html", "markdown", "json", "junit"] {
        bench.ends(0, &["report", "2", "--format", format]).says("RELEASE was v1.4.0 there");
    }
}

#[test]
fn a_value_that_must_be_the_same_is_an_input_that_the_document_has_and_no_secret() {
    let bench = bench();
    let config = |same: &str| CONFIG.replace("\"RELEASE\"", same);
    bench.file("holdpoint.toml", &config("\"RELAESE\""));
    let ran = refused(&bench, "v1.5.0");
    ran.says("RELAESE, which must be the same there, is no input of the document")
        .says("Its inputs are RELEASE, NOTE");
    bench.file("holdpoint.toml", &config("\"RELEASE\", \"NOTE\""));
    runs(&bench, "staging", "v1.5.0");
    runs(&bench, "production", "v1.5.0");
    bench.file("book.md", &book("inputs:\n  TOKEN: { secret: true, from: { env: TOKEN } }\n", BODY));
    bench.file("holdpoint.toml", &config("\"TOKEN\""));
    let run = |environment: &str| {
        let mut command = bench.command(crate::support::HOLDPOINT);
        command.args(["run", "book.md", "--unattended", "--env", environment]);
        Ran::of(command.env("TOKEN", "a-token-of-some-length").output().unwrap())
    };
    assert_eq!(run("staging").code, 0);
    let ran = run("production");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("TOKEN is a secret, and no record tells whether it was the same there");
}

#[test]
fn a_rehearsal_whose_record_holds_a_secret_of_this_run_is_not_kept() {
    let front = "inputs:\n  TOKEN: { secret: true, from: { env: TOKEN } }\n";
    let body = "## Look\n\n```sh check\n#| capture: { SEEN: { stdout: true } }\ncat seen\n```\n";
    let bench = Bench::with(&[
        ("book.md", &book(front, body)),
        ("seen", "the-token-of-production\n"),
        ("holdpoint.toml", &CONFIG.replace(", same = [\"RELEASE\"]", "")),
    ]);
    let run = |environment: &str, token: &str| {
        let mut command = bench.command(crate::support::HOLDPOINT);
        command.args(["run", "book.md", "--unattended", "--env", environment]);
        Ran::of(command.env("TOKEN", token).output().unwrap())
    };
    let ran = run("staging", "the-token-of-staging");
    assert_eq!(ran.code, 0, "{}", ran.both());
    let ran = run("production", "the-token-of-production");
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says("the record of the rehearsal, run 1, holds the value of the secret TOKEN");
    assert!(!bench.exists(".holdpoint/runs/0002-book"));
    bench.file("seen", "nothing\n");
    assert_eq!(run("staging", "the-token-of-staging").code, 0);
    assert_eq!(run("production", "the-token-of-production").code, 0);
    bench.ends(0, &["verify", "3"]).says("rehearsed in staging: run 2");
}

#[test]
fn what_no_value_would_let_open_is_refused_before_a_value_is_asked_for() {
    let front = "inputs:\n  RELEASE: { from: { command: \"touch asked; echo v1.1\" } }\n";
    let bench = Bench::with(&[("book.md", &book(front, BODY)), ("holdpoint.toml", CONFIG)]);
    let open = |environment: &str| bench.holdpoint(&["run", "book.md", "--unattended", "--env", environment]);
    let is_asked = || bench.path("asked").exists();

    let ran = open("production");
    assert_eq!(ran.code, 5, "{}", ran.both());
    assert!(ran.stderr.contains("staging"), "{}", ran.both());
    assert!(!is_asked(), "there is no rehearsal, whatever the release is");

    assert_eq!(open("staging").code, 0);
    std::fs::remove_file(bench.path("asked")).unwrap();
    let ran = open("production");
    assert_eq!(ran.code, 0, "{}", ran.both());
    assert!(is_asked());

    std::fs::remove_file(bench.path("asked")).unwrap();
    let clean = CONFIG.replace("rehearsal = \"staging\",", "clean_commit = true, rehearsal = \"staging\",");
    std::fs::write(bench.path("holdpoint.toml"), clean).unwrap();
    let ran = open("production");
    assert_eq!(ran.code, 5, "{}", ran.both());
    assert!(!is_asked(), "there is no commit that it could run from");
}

#[test]
fn what_a_refusal_says_to_type_works_where_it_was_said() {
    for (there, document) in [(".", "parts/my book.md"), ("parts", "my book.md"), ("parts", "../book.md")] {
        let bench = bench();
        bench.file("parts/my book.md", &book(FRONT, BODY)).committed();
        let mut command = bench.command(crate::support::HOLDPOINT);
        command.current_dir(bench.path(there)).args(["run", document, "--unattended", "--env", "production"]);
        let refused = Ran::of(command.args(["--set", "RELEASE=v1.4.0"]).output().unwrap());
        assert_eq!(refused.code, 5, "{}", refused.both());
        let told = refused.stderr.split_once("first:").unwrap().1.split_once(" (Or").unwrap().0;
        let line = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let ran = bench
            .command("sh")
            .current_dir(bench.path(there))
            .args(["-c", &format!("{line} --unattended")])
            .output();
        let ran = Ran::of(ran.unwrap());
        assert_eq!(ran.code, 0, "{line}: {}", ran.both());
    }
}
