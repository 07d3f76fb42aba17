//! Sign-offs that were good for a time only, in records whose first part was long ago.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Bench, forge, sha256};

const BOOK: &str = "---\nrunbook: 1\nroles: [operator, qa]\n---\n\n# A release\n\n## Release\n\n\
```yaml signoff\nrole: qa\nmeaning: approval\nstatement: Go.\nexpires: 4h\n```\n\n\
## Tell\n\n- [ ] Everybody was told\n\n## Change\n\n```sh run\necho done\n```\n";

const CONFIG: &str = "[roles]\noperator = [\"ops@example.org\", \"night@example.org\"]\nqa = [\"qa@example.org\"]\n\n\
[environments.staging]\nrehearsal = true\n";

const SIGNED: &str = "steps:\n  release: { sign: { as: qa@example.org, name: Quinn Auditor } }\n";
const TOLD: &str = "  tell: { confirm: true }\n";

/// A rehearsal in which everything up to the sign-off was years ago.
fn long_ago(answers: &str, ends: i32) -> Bench {
    long_ago_of(BOOK, answers, ends)
}

fn long_ago_of(book: &str, answers: &str, ends: i32) -> Bench {
    let bench = Bench::with(&[("book.md", book), ("holdpoint.toml", CONFIG), ("answers.yaml", answers)]);
    bench.ends(ends, &["run", "book.md", "--env", "staging", "--answers", "answers.yaml", "--unattended"]);
    let dir = bench.run_dir(1);
    let (mut log, mut past) = (Vec::new(), true);
    for mut event in bench.events(1) {
        if past {
            event["at"] = json!(format!("2000{}", &event["at"].as_str().unwrap()[4..]));
        }
        past &= event["type"] != "signoff.given";
        event["prev"] = json!(sha256(&log));
        log.extend(serde_json::to_vec(&event).unwrap());
        log.push(b'\n');
    }
    fs::write(dir.join("run.jsonl"), &log).unwrap();
    if let Ok(seal) = fs::read(dir.join("seal.json")) {
        let mut seal: Value = serde_json::from_slice(&seal).unwrap();
        seal["sha256"] = json!(sha256(&log));
        fs::write(dir.join("seal.json"), serde_json::to_vec(&seal).unwrap()).unwrap();
    }
    bench
}

fn types(bench: &Bench) -> Vec<String> {
    bench.events(1).iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_resumed_run_asks_again_for_a_sign_off_that_has_lapsed() {
    let bench = long_ago(SIGNED, 3);
    let resumed = bench.ends(3, &["resume", "1", "--unattended"]);
    resumed.says("the sign-off of release#1 has lapsed (given at 2000-");
    resumed.says("1 Release: goes on here: its sign-off has lapsed, and is asked for again");
    resumed.says("2 Tell: will run: nothing of it has happened yet");
    assert!(!resumed.both().contains("will not run"), "{}", resumed.both());
    let types = types(&bench);
    assert_eq!(types[types.len() - 3..], ["session.opened", "signoff.lapsed", "signoff.requested"]);
    bench.ends(0, &["verify", "1"]).says("intact, open");
    bench.ends(0, &["replay", "1"]).says("sign-off lapsed: given at 2000-");
    bench.ends(0, &["report", "1"]).says("**lapsed**: given at 2000-");

    bench.file("answers.yaml", &format!("{SIGNED}{TOLD}"));
    bench.ends(0, &["resume", "1", "--answers", "answers.yaml", "--unattended"]);
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn a_record_in_which_something_began_after_its_sign_off_had_lapsed_does_not_conform() {
    let bench = long_ago(&format!("{SIGNED}{TOLD}"), 0);
    let at = types(&bench).iter().position(|kind| kind == "item.confirmed").unwrap();
    let verified = bench.ends(6, &["verify", "1"]);
    verified.says(&format!("does not conform at event {at}"));
    verified.says("it began though the sign-off of release#1 had lapsed (given at 2000-");
}

#[test]
fn a_sign_off_whose_signer_saw_what_a_note_corrects_lapses_by_an_event_of_its_own() {
    let bench = Bench::with(&[("book.md", BOOK), ("holdpoint.toml", CONFIG), ("answers.yaml", SIGNED)]);
    bench.ends(3, &["run", "book.md", "--env", "staging", "--answers", "answers.yaml", "--unattended"]);
    bench.ends(0, &["show", "1"]).says("SIGNED");
    bench.ends(0, &["note", "1", "the wrong ticket", "--corrects", "0"]);
    assert_eq!(types(&bench)[types(&bench).len() - 2..], ["note", "signoff.lapsed"]);
    let lapsed = &bench.of_type(1, "signoff.lapsed")[0];
    assert_eq!(lapsed["reason"], "event 0, which its signer saw, was corrected");
    let shown = bench.ends(0, &["show", "1"]);
    shown.says("WAITING");
    assert!(!shown.stdout.contains("SIGNED"), "{}", shown.stdout);
    bench.ends(0, &["verify", "1"]).says("intact, open");
    bench.ends(3, &["resume", "1", "--unattended"]);
    assert_eq!(types(&bench).last().unwrap(), "signoff.requested");
}

#[test]
fn a_sign_off_that_is_about_to_lapse_counts_no_more_in_any_form() {
    let bench = Bench::with(&[("book.md", BOOK), ("holdpoint.toml", CONFIG), ("answers.yaml", SIGNED)]);
    bench.ends(3, &["run", "book.md", "--env", "staging", "--answers", "answers.yaml", "--unattended"]);
    bench.ends(0, &["note", "1", "the wrong ticket", "--corrects", "0"]);
    // The power failed between the note and what follows from it.
    forge(&bench.run_dir(1), |events| {
        assert_eq!(events.pop().unwrap()["type"], "signoff.lapsed");
    });
    bench.ends(0, &["verify", "1"]).says("intact, open");
    let shown = bench.ends(0, &["show", "1"]);
    assert!(shown.stdout.contains("WAITING") && !shown.stdout.contains("SIGNED"), "{}", shown.stdout);
    let told = bench.ends(0, &["show", "1", "--format", "json"]).json();
    assert_eq!(
        (&told["steps"][0]["status"], &told["waits"]["action"]),
        (&json!("waiting"), &json!("release#1"))
    );
    let copy = bench.ends(0, &["report", "1"]);
    copy.says("**STEP 1 WAITING**");
    bench.ends(0, &["report", "1", "--format", "junit"]).says("<skipped>waiting</skipped>");
}

#[test]
fn a_record_that_goes_on_as_if_a_sign_off_had_not_lapsed_does_not_conform() {
    let bench = Bench::with(&[("book.md", BOOK), ("holdpoint.toml", CONFIG), ("answers.yaml", SIGNED)]);
    bench.ends(3, &["run", "book.md", "--env", "staging", "--answers", "answers.yaml", "--unattended"]);
    bench.ends(0, &["note", "1", "the wrong ticket", "--corrects", "0"]);
    bench.ends(0, &["note", "1", "and another"]);
    let (mut log, mut n) = (Vec::new(), 0);
    for mut event in bench.events(1).into_iter().filter(|event| event["type"] != "signoff.lapsed") {
        event["n"] = json!(n);
        event["prev"] = json!(sha256(&log));
        event.as_object_mut().unwrap().shift_remove("more");
        log.extend(serde_json::to_vec(&event).unwrap());
        log.push(b'\n');
        n += 1;
    }
    fs::write(bench.run_dir(1).join("run.jsonl"), &log).unwrap();
    let verified = bench.ends(6, &["verify", "1"]);
    verified.says(&format!("does not conform at event {}", n - 1));
    verified.says("a sign-off lapses first");
    let shown = bench.ends(6, &["show", "1"]);
    shown.says("DOES NOT CONFORM").says(&format!("event {} is not one that the engine asked for", n - 1));
    assert!(!shown.stdout.contains("SIGNED"), "{}", shown.stdout);
    bench.ends(6, &["report", "1"]).says("This record does not conform from event");
    let junit = bench.ends(6, &["report", "1", "--format", "junit"]);
    junit.says("<error message=\"does not conform\"");
}

#[test]
fn whoever_signs_once_an_earlier_sign_off_has_lapsed_is_asked_for_that_one() {
    let second =
        "## Once more\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: Twice.\n```\n\n## Tell";
    let bench = long_ago_of(&BOOK.replace("## Tell", second), SIGNED, 3);
    let qa = "qa@example.org";
    bench.ends(0, &["sign", "1", "--as", qa, "--reject", "--reason", "too late"]).says("Hold point");
    let types = types(&bench);
    assert_eq!(types[types.len() - 3..], ["signoff.lapsed", "signoff.requested", "signoff.rejected"]);
    assert_eq!(bench.of_type(1, "signoff.rejected")[0]["action"], "release#1");
    bench.ends(0, &["verify", "1"]).says("intact, open");
}

#[test]
fn a_sign_off_whose_time_has_run_out_is_told_as_lapsed_by_everybody_before_any_event_says_so() {
    let bench = long_ago(SIGNED, 3);
    assert!(!types(&bench).contains(&"signoff.lapsed".to_owned()));
    bench.ends(0, &["verify", "1"]).says("intact, open");
    let shown = bench.ends(0, &["show", "1"]);
    shown.says("waits at     1 Release (for a signature, the role qa)");
    shown.says("it was signed off, and that has lapsed: given at 2000-").says("good for 4h");
    shown.says("go on with   holdpoint sign 1").says("counts no more").says("WAITING");
    assert!(!shown.stdout.contains("SIGNED"), "{}", shown.stdout);
    let told = bench.ends(0, &["show", "1", "--format", "json"]).json();
    assert_eq!(
        (&told["steps"][0]["status"], &told["waits"]["action"], &told["lapsing"][0]["action"]),
        (&json!("waiting"), &json!("release#1"), &json!("release#1"))
    );
    bench.ends(0, &["runs"]).says("waits for qa");
    let rows = bench.ends(0, &["runs", "--waiting-for", "qa", "--format", "json"]).json();
    assert_eq!(rows[0]["awaited"]["what"], "sign_off");
    bench.ends(0, &["report", "1"]).says("**STEP 1 WAITING**").says("NO LONGER COUNTS");
    bench.ends(0, &["report", "1", "--format", "junit"]).says("<skipped>waiting</skipped>");
    let page = bench.ends(0, &["report", "1", "--format", "html"]).stdout;
    assert!(page.contains("SIGNED, NO LONGER COUNTS"));
    let handed = bench.ends(0, &["handover", "1", "--to", "night@example.org", "--note", "none"]);
    handed
        .says("next: Release, release#1 takes")
        .says("the sign-off of release#1 has lapsed: given at 2000-");
}

#[test]
fn what_was_done_in_time_behind_a_sign_off_is_told_as_it_was_recorded_for_ever() {
    let two = BOOK.replace("## Change", "## Tell more\n\n- [ ] And the others\n\n## Change");
    for (answers, ends) in
        [(format!("{SIGNED}{TOLD}"), 3), (format!("{SIGNED}{TOLD}  tell-more: {{ confirm: true }}\n"), 0)]
    {
        let bench = long_ago_of(&two, &answers, ends);
        // All of it was long ago, each thing in its time.
        forge(&bench.run_dir(1), |events| {
            for event in events.iter_mut() {
                event["at"] = json!(format!("2000{}", &event["at"].as_str().unwrap()[4..]));
            }
        });
        let shown = bench.ends(0, &["show", "1"]);
        shown.says("SIGNED");
        assert!(
            !shown.stdout.contains("lapsed") && !shown.stdout.contains("counts no more"),
            "{}",
            shown.stdout
        );
        bench.ends(0, &["report", "1"]).says("**STEP 1 SIGNED**");
    }
}
