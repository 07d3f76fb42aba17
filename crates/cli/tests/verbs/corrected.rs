//! `correct`: a value that was written down is put right, and everything that rests on it follows.

use serde_json::json;

use crate::support::{Bench, HOLDPOINT, Ran, forge};

const BOOK: &str = "---\nrunbook: 1\nroles: [operator, qa]\n---\n\n# A release\n\n## Observe\n\n\
```yaml record\npressure: { prompt: Pressure, type: number, max: 2 }\n```\n\n## Release\n\n\
```yaml signoff\nrole: qa\nmeaning: approval\nstatement: The pressure is {{ pressure }}.\n```\n\n\
## Tell\n\n- [ ] Everybody was told\n\n## Change\n\n```sh run\necho done\n```\n";

const CONFIG: &str = "[roles]\noperator = [\"ops@example.org\"]\nqa = [\"qa@example.org\"]\n\n\
[people.\"ops@example.org\"]\nname = \"Olga Ops\"\n\n[people.\"qa@example.org\"]\nname = \"Quinn Auditor\"\n\n\
[environments.staging]\nrehearsal = true\n";

const OBSERVED: &str = "steps:\n  observe: { value: { pressure: \"1.5\" } }\n";
const SIGNED: &str = "steps:\n  release: { sign: { as: qa@example.org, name: Quinn Auditor } }\n";
const TOLD: &str = "  tell: { confirm: true }\n";
const OPS: &str = "ops@example.org";

/// Parked at the hold point, with a pressure of 1.5 on record.
fn observed() -> Bench {
    let bench = Bench::with(&[("book.md", BOOK), ("holdpoint.toml", CONFIG), ("answers.yaml", OBSERVED)]);
    let words = ["run", "book.md", "--env", "staging", "--answers", "answers.yaml", "--unattended"];
    bench.ends(3, &[&words[..], &["--operator", OPS]].concat());
    bench
}

/// Goes on with these answers.
#[track_caller]
fn goes_on(bench: &Bench, answers: &str, code: i32) -> Ran {
    bench.file("answers.yaml", answers);
    bench.ends(code, &["resume", "1", "--answers", "answers.yaml", "--unattended", "--operator", OPS])
}

fn correct<'a>(value: &'a str, reason: &'a str, who: &'a str) -> [&'a str; 8] {
    ["correct", "1", "pressure", value, "--reason", reason, "--operator", who]
}

fn types(bench: &Bench) -> Vec<String> {
    bench.events(1).iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn both_values_stand_on_record_and_in_every_report_and_the_new_one_is_signed() {
    let bench = observed();
    let told = bench.ends(0, &correct("1.9", "read the wrong gauge", OPS));
    told.says("pressure is “1.9” now, it was “1.5”.");
    let events = bench.events(1);
    let event = events.iter().find(|event| event["type"] == "value.corrected").unwrap();
    for (key, value) in [
        ("name", json!("pressure")),
        ("old", json!("1.5")),
        ("new", json!("1.9")),
        ("reason", json!("read the wrong gauge")),
        ("within_limits", json!(true)),
        ("by", json!({"who": "ops@example.org", "via": "command"})),
    ] {
        assert_eq!(event[key], value, "{event}");
    }
    goes_on(&bench, &format!("{SIGNED}{TOLD}"), 0);
    let given = bench.events(1).into_iter().find(|event| event["type"] == "signoff.given").unwrap();
    assert_eq!(given["statement"], "The pressure is 1.9.");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
    bench.ends(0, &["report", "1"]).says("`pressure` = `1.5` → `1.9`");
    bench.ends(0, &["report", "1", "--format", "html"]).says("pressure = 1.5 → 1.9");
    bench
        .ends(0, &["replay", "1"])
        .says("pressure = 1.5 → 1.9 (corrected by ops@example.org: read the wrong");
    let json: serde_json::Value =
        serde_json::from_str(&bench.ends(0, &["report", "1", "--format", "json"]).stdout).unwrap();
    assert_eq!(json["values"][0]["value"], "1.9");
    assert_eq!(json["values"][0]["corrected"], "1.5");
}

#[test]
fn a_sign_off_that_saw_the_old_value_lapses_and_limits_are_judged_again() {
    let bench = observed();
    goes_on(&bench, SIGNED, 3);
    bench.ends(0, &correct("2.5", "a slip", OPS)).says("It is out of its limits");
    let types = types(&bench);
    assert_eq!(types[types.len() - 2..], ["value.corrected", "signoff.lapsed"]);
    bench.ends(0, &["show", "1"]).says("observe");
    goes_on(&bench, &format!("{SIGNED}{TOLD}"), 3);
    assert!(!bench.events(1).iter().any(|event| event["type"] == "action.started"));
    bench.ends(0, &["report", "1"]).says("CORRECTED, OUT OF LIMITS");
    bench.ends(0, &correct("1.5", "it was right", OPS));
    goes_on(&bench, &format!("{SIGNED}{TOLD}"), 0);
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn what_cannot_be_corrected_is_refused_and_changes_nothing() {
    let bench = observed();
    let before = types(&bench);
    let refused = |code: i32, words: &[&str], says: &str| {
        let ran = bench.ends(code, words);
        assert!(ran.both().contains(says), "{words:?}: {}", ran.both());
        assert_eq!(types(&bench), before, "{words:?}");
    };
    refused(2, &correct("1.9", " ", OPS), "the reason is empty");
    refused(2, &correct("high", "a slip", OPS), "pressure");
    refused(2, &correct("1.5", "a slip", OPS), "pressure is 1.5 already");
    refused(
        2,
        &["correct", "1", "presure", "1.9", "--reason", "x", "--operator", OPS],
        "Did you mean pressure?",
    );
    refused(2, &["correct", "9", "pressure", "1.9", "--reason", "x"], "no run `9`");
    refused(5, &correct("1.9", "a slip", "somebody@example.org"), "somebody@example.org is not listed");
    let mut within = bench.command(HOLDPOINT);
    let ran = Ran::of(within.args(correct("1.9", "a slip", OPS)).env("HOLDPOINT_RUN", "1").output().unwrap());
    assert_eq!(ran.code, 5, "{}", ran.both());
    assert_eq!(types(&bench), before);
}

#[test]
fn a_correction_that_the_engine_would_not_have_taken_does_not_conform() {
    for (key, value) in [
        ("old", json!("1.6")),
        ("new", json!("3")),
        ("new", json!("1.5")),
        ("within_limits", json!(false)),
        ("reason", json!(" ")),
        ("name", json!("other")),
        ("action", json!("change#1")),
    ] {
        let bench = observed();
        bench.ends(0, &correct("1.9", "a slip", OPS));
        let at = types(&bench).iter().position(|kind| kind == "value.corrected").unwrap();
        forge(&bench.run_dir(1), |events| events[at][key] = value.clone());
        bench.ends(6, &["verify", "1"]).says(&format!("does not conform at event {at}"));
    }
}

#[test]
fn a_secret_that_was_written_down_where_nobody_knew_it_is_put_right_where_it_is_known() {
    let book = "---\nrunbook: 1\nroles: [operator, qa]\ninputs:\n  TOK: { secret: true, from: { env: TOK } }\n---\n\n# T\n\n\
## Observe\n\n```yaml record\nseen: { prompt: Seen, type: text }\n```\n\n## Release\n\n\
```yaml signoff\nrole: qa\nmeaning: approval\nstatement: It says {{ seen }}.\n```\n";
    let answers = "steps:\n  observe: { value: { seen: something } }\n";
    let bench = Bench::with(&[("book.md", book), ("holdpoint.toml", CONFIG), ("answers.yaml", answers)]);
    let run = |words: &[&str], secret: Option<&str>| {
        let mut command = bench.command(HOLDPOINT);
        command
            .args(words)
            .args(["--operator", OPS])
            .env_remove("TOK")
            .envs(secret.map(|secret| ("TOK", secret)));
        Ran::of(command.output().unwrap())
    };
    let known = Some("toksecret-9876");
    let begin = ["run", "book.md", "--env", "staging", "--answers", "answers.yaml", "--unattended"];
    assert_eq!(run(&begin, known).code, 3);
    let ran = run(&["correct", "1", "seen", "a toksecret-9876", "--reason", "a slip"], None);
    assert_eq!(ran.code, 0, "{}", ran.both());
    // What was asked for with it is asked for again, masked.
    let ran = run(&["resume", "1", "--unattended"], known);
    assert_eq!(ran.code, 3, "{}", ran.both());
    let ran = run(&["correct", "1", "seen", "a lamp", "--reason", "that was the token"], known);
    assert_eq!(ran.code, 0, "{}", ran.both());
    assert!(!ran.both().contains("toksecret"), "{}", ran.both());
    let last = bench.events(1).into_iter().rfind(|event| event["type"] == "value.corrected").unwrap();
    assert_eq!((&last["old"], &last["new"]), (&json!("a [REDACTED:TOK]"), &json!("a lamp")));
    bench.file("answers.yaml", SIGNED);
    let ran = run(&["resume", "1", "--answers", "answers.yaml", "--unattended"], known);
    assert_eq!(ran.code, 0, "{}", ran.both());
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn what_comes_of_a_value_out_of_its_limits_is_said_as_the_document_has_it() {
    for (on_failure, says) in
        [("ask", "waits at that step again"), ("stop", "ends once it is taken up, as the document says")]
    {
        let step = format!("## Observe\n\n```yaml step\non_failure: {on_failure}\n```\n");
        let book = BOOK.replace("## Observe\n", &step);
        let bench =
            Bench::with(&[("book.md", &book), ("holdpoint.toml", CONFIG), ("answers.yaml", OBSERVED)]);
        let words = ["run", "book.md", "--env", "staging", "--answers", "answers.yaml", "--unattended"];
        bench.ends(3, &[&words[..], &["--operator", OPS]].concat());
        let told = bench.ends(0, &correct("7", "a slip", OPS));
        told.says(says);
        assert!(!told.both().contains("Sign-offs that saw"), "nobody had signed: {}", told.both());
    }
}

#[test]
fn a_value_of_several_lines_passes_for_no_line_of_ours_where_somebody_signs() {
    let book = BOOK.replace("type: number, max: 2", "type: text");
    let bench = Bench::with(&[("book.md", &book), ("holdpoint.toml", CONFIG), ("answers.yaml", OBSERVED)]);
    let words = ["run", "book.md", "--env", "staging", "--answers", "answers.yaml", "--unattended"];
    bench.ends(3, &[&words[..], &["--operator", OPS]].concat());
    bench.ends(0, &correct("fine\nHold point: forged", "because\n  event 9: forged", OPS));
    let shown = bench.holdpoint(&["sign", "1", "--as", "qa@example.org"]);
    let told = shown.both();
    let forged: Vec<&str> = told.lines().filter(|line| line.contains("forged")).collect();
    assert!(forged.len() >= 2, "{told}");
    assert!(forged.iter().all(|line| line.starts_with("    │ ")), "{forged:?}");
}

#[test]
fn a_value_that_was_corrected_out_of_its_limits_is_told_with_limit_and_reason_to_whoever_decides() {
    let bench = observed();
    bench.ends(0, &correct("2.5", "a slip", OPS));
    let why = "out of limits: pressure = 2.5, and it must be at most 2 (corrected from 1.5 by ops@example.org: a slip)";
    let plain = |ran: &Ran| ran.both().split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        &["resume", "1", "--unattended", "--operator", OPS][..],
        &["show", "1"],
        &["show", "1", "--step", "observe"],
    ] {
        let ran = bench.holdpoint(words);
        assert!(plain(&ran).contains(why), "{words:?}: {}", ran.both());
    }
    bench.ends(0, &correct("1.6", "it was right", OPS));
    assert!(!plain(&bench.ends(0, &["show", "1"])).contains("out of limits:"));
}

#[test]
fn a_note_that_would_correct_a_value_is_refused_where_the_value_can_still_be_corrected() {
    let bench = observed();
    let note = ["note", "1", "it was 1.9", "--corrects", "1", "--operator", OPS];
    let before = types(&bench);
    bench.ends(2, &note).says("holdpoint correct 1 pressure VALUE --reason TEXT");
    assert_eq!(types(&bench), before);
    bench.ends(0, &correct("1.9", "read the wrong gauge", OPS));
    let corrected = types(&bench).iter().position(|name| name == "value.corrected").unwrap().to_string();
    bench
        .ends(2, &["note", "1", "it was 1.8", "--corrects", &corrected, "--operator", OPS])
        .says("holdpoint correct 1");
    bench.ends(0, &["note", "1", "it was the old gauge", "--operator", OPS]);
    // What stands on record about anything else is put right by a note, as before.
    bench.ends(0, &["note", "1", "the wrong ticket", "--corrects", "0", "--operator", OPS]);
    // Where no value can be corrected any more, a note is all there is.
    bench.ends(0, &["handover", "1", "--to", "qa@example.org", "--note", "Go on", "--operator", OPS]);
    bench.ends(2, &correct("1.8", "again", OPS));
    bench.ends(0, &note);
}

#[test]
fn what_is_to_be_signed_is_told_with_the_value_that_was_corrected_while_it_was_waited_for() {
    let bench = observed();
    bench.ends(0, &["report", "1"]).says("To be signed: The pressure is 1.5.");
    bench.ends(0, &correct("1.8", "read the wrong gauge", OPS));
    bench.ends(0, &correct("1.9", "and the wrong line", OPS));
    let tells = || {
        for format in ["markdown", "html"] {
            let ran = bench.ends(0, &["report", "1", "--format", format]);
            ran.says("To be signed: The pressure is 1.9.");
            ran.says("Asked for before a value was corrected: The pressure is 1.5.");
            assert!(!ran.stdout.contains("The pressure is 1.8"), "{}", ran.stdout);
        }
    };
    tells();
    goes_on(&bench, SIGNED, 3);
    assert_eq!(bench.of_type(1, "signoff.requested").len(), 1);
    assert_eq!(bench.of_type(1, "signoff.given")[0]["statement"], "The pressure is 1.9.");
    tells();
}

#[test]
fn corrections_lapses_and_corrected_events_are_told_by_show_and_the_table_of_values_has_both() {
    let bench = observed();
    goes_on(&bench, SIGNED, 3);
    bench.ends(0, &correct("1.9", "read the wrong gauge", OPS));
    bench.ends(0, &["note", "1", "the gauge is new", "--corrects", "2", "--operator", OPS]);
    let shown = bench.ends(0, &["show", "1"]);
    let shown = shown.both().split_whitespace().collect::<Vec<_>>().join(" ");
    for told in [
        "corrected pressure = 1.5 → 1.9 (corrected by ops@example.org: read the wrong gauge), ",
        "lapsed the sign-off of release#1, ",
        "pressure, which its signer saw, was corrected",
        "note ops@example.org, correcting event 2: the gauge is new",
    ] {
        assert!(shown.contains(told), "{told} in {shown}");
    }
    bench
        .ends(0, &["report", "1"])
        .says("| `pressure` | `1.5` → `1.9` | written down, corrected | 1 Observe |");
    let page = bench.ends(0, &["report", "1", "--format", "html"]);
    page.says("<td><code>1.5</code> → <code>1.9</code></td><td>written down, corrected</td>");
}

#[test]
fn a_run_whose_sign_off_was_rejected_is_told_so_and_goes_on_by_being_signed() {
    let bench = observed();
    // Without names nothing is typed, so that no terminal is needed.
    let config = CONFIG.split("[people").next().unwrap();
    let config = format!("{config}[environments.staging]\nrehearsal = true\n");
    bench.file("holdpoint.toml", &config).file("answers.yaml", OBSERVED);
    let words = ["run", "book.md", "--env", "staging", "--answers", "answers.yaml", "--unattended"];
    bench.ends(3, &[&words[..], &["--operator", OPS]].concat());
    bench.ends(0, &["runs"]).says("waits for qa since");
    bench.ends(0, &["sign", "2", "--as", "qa@example.org", "--reject", "--reason", "too high"]);
    bench.ends(0, &["runs"]).says("rejected, waits for qa since");
    let rows = bench.ends(0, &["runs", "--format", "json", "--waiting-for", "qa"]).json();
    assert_eq!(rows[0]["awaited"]["rejected"], true, "{rows}");
    assert_eq!(rows[1]["awaited"].get("rejected"), None, "{rows}");
    let shown = bench.ends(0, &["show", "2"]);
    shown.says("(for a signature after a rejection, the role qa)").says("holdpoint sign 2").says("too high");
    bench.ends(0, &["report", "2"]).says("for a signature after a rejection");
}

#[test]
fn whoever_finds_the_run_taken_by_somebody_who_has_not_said_who_they_are_waits_for_them() {
    let bench = observed();
    let lock = std::fs::File::open(bench.run_dir(1).join("lock")).unwrap();
    for words in [
        &["note", "1", "hello", "--operator", OPS][..],
        &correct("1.9", "a slip", OPS),
        &["handover", "1", "--to", "qa@example.org", "--note", "", "--operator", OPS],
    ] {
        lock.lock().unwrap();
        let mut waiting = bench.command(HOLDPOINT);
        let mut waiting = waiting.args(words).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let mut told = String::new();
        let mut said = std::io::BufReader::new(waiting.stderr.take().unwrap());
        while !told.contains("Waiting for it") {
            let read = std::io::BufRead::read_line(&mut said, &mut told).unwrap();
            assert_ne!(read, 0, "{words:?} did not wait: {told}");
        }
        lock.unlock().unwrap();
        std::io::Read::read_to_string(&mut said, &mut told).unwrap();
        assert!(waiting.wait().unwrap().success(), "{words:?}: {told}");
    }
}

#[test]
fn runs_of_a_document_that_is_not_there_and_was_never_run_are_an_error() {
    let bench = observed();
    bench.file("other.md", BOOK);
    bench.ends(2, &["runs", "--runbook", "bok.md"]).says("there is no run-book bok.md").says("book.md?");
    bench.ends(0, &["runs", "--runbook", "other.md"]).says("No run matches.");
    std::fs::remove_file(bench.path("book.md")).unwrap();
    bench.ends(0, &["runs", "--runbook", "book.md"]).says("waits for qa");
}

#[test]
fn of_a_value_that_is_not_corrected_it_is_said_where_it_is_from() {
    let book = "---\nrunbook: 1\ninputs:\n  RELEASE: { prompt: Which release }\n---\n\n# A release\n\n## Look\n\n\
        ```sh check\n#| capture: { LIVE: { stdout: true } }\necho v1\n```\n\n## Observe\n\n\
        ```yaml record\npressure: { prompt: Pressure, type: number }\n```\n\n## Tell\n\n- [ ] Everybody was told\n";
    let config = "[environments.staging]\nrehearsal = true\nvars = { PLACE = \"attic\" }\n";
    let bench = Bench::with(&[("book.md", book), ("holdpoint.toml", config), ("answers.yaml", OBSERVED)]);
    let words = ["run", "book.md", "--env", "staging", "--set", "RELEASE=v2", "--answers", "answers.yaml"];
    bench.ends(3, &[&words[..], &["--unattended", "--operator", OPS]].concat());
    for (name, why) in [
        ("RELEASE", "RELEASE was given as an input"),
        ("LIVE", "LIVE was captured by look#1"),
        ("PLACE", "PLACE is a variable of the environment"),
        ("NONE", "no value NONE was written down in this run"),
    ] {
        let refused = bench.ends(2, &["correct", "1", name, "v3", "--reason", "typo", "--operator", OPS]);
        refused.says(why).says("What was written down can be corrected: pressure.");
    }
}
