//! Lists of runs, and what is told of one: newest first, in the columns that there are, each state by its own words.

use serde_json::Value;

use super::support::{Desk, Terminal, eventually};

const HEAD: &str = "---\nrunbook: 1\ntitle: Promote the shop from staging to production 本番環境 🚀\nroles: [operator, qa]\ninputs: { HOW: { default: well } }\n---\n\n# Promote\n\n";
/// Passes, fails, waits for a sign-off, or for a file, as it is told.
const BODY: &str = "## Look at everything that may have been forgotten and at the weather\n\n```sh check\ntrue\n```\n\n\
    ```sh check\n#| when: HOW == \"badly\"\nfalse\n```\n\n\
    ```sh check\n#| when: HOW == \"slowly\"\n: >begun; until test -e go; do sleep 0.02; done\n```\n\n\
    ## Release\n\n```yaml step\nwhen: HOW == \"signed\"\n```\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```\n";

fn desk() -> Desk {
    let desk = Desk::with(&format!("{HEAD}{BODY}"));
    desk.write(
        "other.md",
        "---\nrunbook: 1\ntitle: Another\n---\n\n# Another\n\n## Look\n\n```sh check\ntrue\n```\n",
    );
    desk.write("skip.yaml", "steps:\n  look-at-everything-that-may-have-been-forgotten-and-at-the-weather#2: { choice: skip, reason: not today }\n");
    desk
}

fn how(desk: &Desk, code: i32, how: &str) {
    desk.ends(code, &["run", "book.md", "--unattended", "--set", &format!("HOW={how}")]);
}

/// Numbers of the runs that are listed.
fn listed(desk: &Desk, options: &[&str]) -> Vec<u64> {
    let (told, _) = desk.ends(0, &[&["runs", "--format", "json"][..], options].concat());
    let rows: Vec<Value> = serde_json::from_str(&told).unwrap();
    rows.iter().map(|row| row["number"].as_u64().unwrap()).collect()
}

fn row<'t>(told: &'t str, number: &str) -> &'t str {
    told.lines().find(|line| line.trim_start().starts_with(&format!("{number}  "))).unwrap()
}

#[test]
fn runs_are_listed_newest_first_and_each_says_how_it_stands() {
    let desk = desk();
    how(&desk, 0, "well");
    how(&desk, 3, "badly");
    how(&desk, 3, "signed");
    desk.ends(0, &["run", "other.md", "--unattended"]);
    desk.ends(0, &["run", "book.md", "--unattended", "--answers", "skip.yaml", "--set", "HOW=badly"]);
    desk.ends(0, &["run", "other.md", "--unattended"]);
    let blob = desk.record(6).events.iter().find_map(|event| {
        let printed = &event["output"]["stdout"];
        (event["type"] == "action.finished").then(|| printed["sha256"].as_str().unwrap().to_owned())
    });
    desk.ends(0, &["expunge", "6", "--blob", &blob.unwrap(), "--reason", "it shows a token"]);
    let mut driven =
        desk.holdpoint(&["run", "book.md", "--unattended", "--set", "HOW=slowly"]).spawn().unwrap();
    eventually("the block has begun", || desk.path("begun").exists());
    let (told, _) = desk.ends(0, &["runs"]);
    let numbers: Vec<&str> = told.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(numbers, ["run", "7", "6", "5", "4", "3", "2", "1"], "{told}");
    for (number, state) in [
        ("7", "driven by ops@example.org, running since "),
        ("6", "passed, expunged"),
        ("5", "passed with 1 deviation"),
        ("4", "passed  "),
        ("3", "waits for qa since "),
        ("2", "failed, waits for a decision since "),
        ("1", "passed  "),
    ] {
        assert!(row(&told, number).contains(&format!("{number}  {state}")), "{number} {state}\n{told}");
    }
    assert_eq!(listed(&desk, &["--open"]), [7, 3, 2]);
    assert_eq!(listed(&desk, &["--waiting-for", "qa"]), [3]);
    assert_eq!(listed(&desk, &["--waiting-for", "operator"]), Vec::<u64>::new());
    assert_eq!(listed(&desk, &["--runbook", "other.md"]), [6, 4]);
    assert_eq!(listed(&desk, &["--since", "1h", "--open", "--runbook", "book.md"]), [7, 3, 2]);
    let (_, refused) = desk.ends(2, &["runs", "--waiting-for", "qaa"]);
    assert!(refused.contains("there is no role `qaa`") && refused.contains("operator, qa"), "{refused}");
    for wrong in ["2099-01-01", "0d", "-3d", "yesterday", "7"] {
        let (_, refused) = desk.ends(2, &["runs", &format!("--since={wrong}")]);
        assert!(refused.contains("--since"), "{wrong}: {refused}");
    }
    desk.write("go", "");
    assert!(driven.wait().unwrap().success());
    let rows: Vec<Value> = serde_json::from_str(&desk.ends(0, &["runs", "--format", "json"]).0).unwrap();
    assert_eq!((&rows[0]["state"], &rows[0]["driver"]), (&"passed".into(), &Value::Null));
    assert_eq!((&rows[4]["state"], &rows[4]["awaited"]["role"]), (&"open".into(), &"qa".into()));
}

#[test]
fn a_list_since_a_day_leaves_out_what_ended_before() {
    let desk = desk();
    how(&desk, 3, "signed");
    let began = desk.record(1).events[0]["at"].as_str().unwrap().to_owned();
    how(&desk, 0, "well");
    let second = desk.record(2).events[0]["at"].as_str().unwrap().to_owned();
    assert_eq!(listed(&desk, &["--since", &began]), [2, 1]);
    assert_eq!(listed(&desk, &["--since", &second]), [2]);
    assert_eq!(listed(&desk, &["--since", "2026-01-01"]), [2, 1]);
    // Whoever writes into it moves it.
    desk.ends(0, &["note", "1", "still there"]);
    assert_eq!(listed(&desk, &["--since", &second]), [2, 1]);
}

#[test]
fn a_run_need_not_be_named_where_only_one_makes_sense() {
    let desk = desk();
    let (_, told) = desk.ends(2, &["show"]);
    assert!(told.contains("there are no runs"), "{told}");
    how(&desk, 3, "signed");
    let (shown, told) = desk.ends(0, &["show"]);
    assert!(
        shown.starts_with("Run 1 ") && told.contains("Taking run 1, the only one there is."),
        "{shown}{told}"
    );
    for verb in ["verify", "report"] {
        let (_, told) = desk.ends(0, &[verb]);
        assert!(told.contains("Taking run 1"), "{verb}: {told}");
    }
    how(&desk, 0, "well");
    let (_, told) = desk.ends(2, &["show"]);
    assert!(told.contains("which run is meant? 2 make sense: 2, 1"), "{told}");
    let (text, told) = desk.ends(0, &["sign", "--format", "text"]);
    assert!(
        text.contains("I release it.")
            && told.contains("Taking run 1, the only one that waits for a sign-off."),
        "{told}"
    );
    for words in [&["sign", "--as", "qa@example.org", "--yes"][..], &["resume", "--unattended"]] {
        let (_, told) = desk.ends(2, words);
        assert!(told.contains("the run must be named"), "{words:?}: {told}");
    }
    let mut terminal = Terminal::start(&desk, &["resume"]);
    terminal.waits_for("Taking run 1, the only one that is open.");
    terminal
        .waits_for("weather: will not run: passed at 20")
        .waits_for("2 Release: goes on here")
        .chooses("park");
    terminal.ends(3);
    how(&desk, 3, "badly");
    let (_, told) = desk.ends(2, &["handover", "--to", "qa@example.org"]);
    assert!(told.contains("which run is meant? 2 make sense: 3, 1"), "{told}");
    // Nobody knows what that one is.
    let log = desk.record(3).dir.join("run.jsonl");
    let altered = std::fs::read_to_string(&log).unwrap().replacen("badly", "madly", 1);
    std::fs::write(&log, altered).unwrap();
    let (_, told) = desk.ends(2, &["sign", "--format", "text"]);
    assert!(told.contains("which run is meant? 2 make sense: 3, 1"), "{told}");
}

/// What the program writes on a terminal with so many columns, without colours.
fn on(desk: &Desk, columns: usize, code: i32, words: &[&str]) -> String {
    let bytes = Terminal::start_sized(desk, columns, 24, words).bytes_at_the_end(code);
    let told = String::from_utf8(bytes).unwrap();
    let mut plain = told.split_once("READY").unwrap().1.split('\u{1b}');
    let first = plain.next().unwrap_or_default().to_owned();
    first + &plain.map(|part| part.split_once('m').map_or(part, |(_, rest)| rest)).collect::<String>()
}

#[test]
fn whatever_the_width_no_line_is_wider_and_no_word_is_broken() {
    let desk = desk().configure("\n[environments.staging-of-the-second-data-centre]\nrehearsal = true\n");
    for how in ["well", "signed", "badly"] {
        let code = if how == "well" { 0 } else { 3 };
        let set = format!("HOW={how}");
        let env = "staging-of-the-second-data-centre";
        desk.ends(code, &["run", "book.md", "--unattended", "--env", env, "--set", &set]);
    }
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for verb in [
        &["runs"][..],
        &["show", "3"],
        &["history", "book.md"],
        &["coverage", "book.md"],
        &["compare", "1", "2"],
        &["verify", "1"],
        &["audit"],
    ] {
        let code = if verb[0] == "compare" { 1 } else { 0 };
        let (whole, said) = desk.ends(code, verb);
        let known = [words(&whole), words(&said)].concat();
        for columns in [40, 60, 80, 200] {
            let told = on(&desk, columns, code, verb);
            for line in told.lines() {
                let wide = console_width(line.trim_end());
                // A word is whole, and behind its margin if need be.
                let one = line.split_whitespace().any(|word| word.len() + 16 > columns);
                assert!(wide <= columns || one, "{verb:?} at {columns}: {wide} {line:?}\n{told}");
            }
            // Wide characters may part anywhere.
            for word in words(&told).iter().filter(|word| word.is_ascii()) {
                assert!(known.contains(word), "{verb:?} at {columns}: {word:?} is a part of a word\n{told}");
            }
        }
    }
}

/// Columns that a line takes; of what stands in these tests, only these are wide.
fn console_width(line: &str) -> usize {
    line.chars().map(|c| if matches!(c, '一'..='鿿' | '🚀') { 2 } else { 1 }).sum()
}

#[test]
fn one_step_is_shown_with_what_its_blocks_printed_last() {
    let body = "## Look\n\n```sh check\n#| retry: { every: 1ms, for: 20s }\necho \"try $(cat tries 2>/dev/null)\"; printf 'to \\033[2Jerror\\n' >&2\ntest -e tries || { echo 2 >tries; exit 1; }\n```\n\n## Other\n\n```sh check\necho other\n```\n";
    let desk = Desk::with(&format!("---\nrunbook: 1\n---\n\n# T\n\n{body}"));
    desk.ends(0, &["run", "book.md", "--unattended"]);
    for step in ["look", "1"] {
        let (told, _) = desk.ends(0, &["show", "--step", step, "--output"]);
        let wanted = "1 Look · PASSED\n  look#1  check  PASSED  2 attempts";
        assert!(told.starts_with(wanted), "{told}");
        assert!(told.contains("attempt 2 passed, standard output, 6 bytes\n  │ try 2\n"), "{told}");
        assert!(told.contains("standard error, 13 bytes\n  ┃ to ␛[2Jerror\n"), "{told}");
        assert!(!told.contains("other"), "{told}");
    }
    let (told, _) = desk.ends(0, &["show", "1", "--step", "look"]);
    assert!(!told.contains("try 2"), "{told}");
    let (json, _) = desk.ends(0, &["show", "1", "--step", "look", "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["id"], "look");
    let (_, told) = desk.ends(2, &["show", "1", "--step", "look#2"]);
    assert!(
        told.contains("the step look has no action look#2") && told.contains("Its actions are look#1."),
        "{told}"
    );
    let (_, told) = desk.ends(2, &["show", "1", "--step", "lok"]);
    assert!(told.contains("the run has no step lok") && told.contains("Did you mean look?"), "{told}");
    desk.ends(2, &["show", "1", "--output"]);
}

#[test]
fn one_block_of_a_step_is_shown_alone_and_a_rollback_is_its_steps() {
    let body = "## Look\n\n```sh run\necho first\n```\n\n```sh run\necho second\n```\n\n```sh rollback\necho undone\n```\n\n\
        ## End\n\n```sh check\nfalse\n```\n";
    let desk = Desk::with(&format!("---\nrunbook: 1\n---\n\n# T\n\n{body}"));
    desk.write("a.yaml", "steps:\n  end: { choice: rollback, reason: it is broken }\n");
    desk.ends(1, &["run", "book.md", "--unattended", "--answers", "a.yaml"]);
    for (step, says, not) in [
        ("look#2", "│ second", "first"),
        ("look#rollback", "│ undone", "second"),
        ("look#rollback-1", "look#rollback  rollback", "second"),
    ] {
        let (told, _) = desk.ends(0, &["show", "1", "--step", step, "--output"]);
        assert!(told.starts_with("1 Look · ") && told.contains(says) && !told.contains(not), "{told}");
    }
    let (whole, _) = desk.ends(0, &["show", "1", "--step", "look"]);
    assert!(whole.contains("look#1") && !whole.contains("rollback-1"), "{whole}");
    let (_, played) = desk.ends(0, &["replay", "1", "--speed", "1000"]);
    assert!(played.contains("rollback of look · ") && !played.contains("rollback-1"), "{played}");
}

#[test]
fn a_sign_off_is_waited_for_since_its_hold_point_was_reached_whatever_is_done_beside_it() {
    let desk = desk();
    how(&desk, 3, "signed");
    let since = || {
        let (told, _) = desk.ends(0, &["runs", "--format", "json"]);
        let rows: Vec<Value> = serde_json::from_str(&told).unwrap();
        assert_eq!(rows[0]["awaited"]["what"], "sign_off");
        rows[0]["awaited"]["since"].clone()
    };
    let first = since();
    desk.ends(0, &["handover", "1", "--to", "qa@example.org"]);
    desk.ends(0, &["handover", "1", "--withdraw"]);
    assert_eq!(since(), first);
}
