//! Two drivers at once, locks that the dead left, and clocks that jump.

use std::process::{Command, Stdio};

use crate::support::{Desk, Gate, eventually, holds_text};
use crate::trial::{EVERY, RUN};
use crate::wire::first_run;

fn book(steps: &str) -> String {
    format!("---\nrunbook: 1\ntitle: Book\n---\n\n# Book\n\n{steps}")
}

/// Many take the same run up at the same moment: one drives, the others are told so, and no block runs twice.
#[test]
fn of_many_who_take_a_run_up_one_drives() {
    let desk = Desk::with(&book(
        "## One\n\n- [ ] Seen\n\n## Two\n\n```sh run\necho ran >>log\nread -r _ <gate\n```\n",
    ));
    desk.ends(3, &["run", "book.md", "--unattended"]);
    let gate = Gate::at(&desk.path("gate"));
    desk.write("answers.yaml", "steps:\n  one: { confirm: true }\n");
    let words = ["resume", "1", "--unattended", "--answers", "answers.yaml"];
    let start = || desk.holdpoint(&words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut drivers: Vec<_> = (0..8).map(|_| start()).collect();
    let mut turned_away = Vec::new();
    eventually("seven are turned away", || {
        let mut at = 0;
        while at < drivers.len() {
            if drivers[at].try_wait().unwrap().is_some() {
                turned_away.push(drivers.swap_remove(at).wait_with_output().unwrap());
            } else {
                at += 1;
            }
        }
        turned_away.len() == 7
    });
    for output in &turned_away {
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && told.contains("is being driven"), "{told}");
    }
    holds_text(&desk.path("log"), "ran");
    gate.open();
    assert!(drivers.pop().unwrap().wait().unwrap().success());
    let record = desk.is_intact_and_complete(1);
    assert_eq!(desk.read("log"), "ran\n");
    assert_eq!(record.all("session.opened").len(), 1);
}

/// Runs opened at the same moment take numbers without a gap, each its own.
#[test]
fn of_many_who_open_runs_each_has_a_number_of_its_own() {
    let desk = Desk::with(&book("## One\n\n```sh run\necho \"$HOLDPOINT_RUN\" >>log\n```\n"));
    let start = || {
        let mut run = desk.holdpoint(&["run", "book.md", "--unattended"]);
        run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let drivers: Vec<_> = (0..8).map(|_| start()).collect();
    for mut driver in drivers {
        assert!(driver.wait().unwrap().success());
    }
    let mut numbers: Vec<u32> = desk.read("log").lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
    for number in numbers {
        desk.is_intact_and_complete(number);
    }
}

/// What a lock file says is no lock: the kernel's is. The dead, strangers and garbage keep nobody from driving.
#[test]
fn a_lock_file_that_was_left_behind_is_no_obstacle() {
    let own = std::process::id();
    for left in [
        r#"{"pid":1,"host":"elsewhere","since":"2020-01-01T00:00:00Z","child_group":null}"#.to_owned(),
        format!(r#"{{"pid":{own},"host":"here","since":"2999-01-01T00:00:00Z","child_group":2147483647}}"#),
        r#"{"pid":1,"host":"h","since":"2020-01-01T00:00:00Z","child_group":-1}"#.to_owned(),
        // A group that one must never be told to kill.
        r#"{"pid":1,"host":"h","since":"2020-01-01T00:00:00Z","child_group":1}"#.to_owned(),
        r#"{"pid":1,"host":"h","since":"2020-01-01T00:00:00Z","child_group":0}"#.to_owned(),
        "{\"pid\":".to_owned(),
        "\0\0\0\0".to_owned(),
        String::new(),
    ] {
        let desk = Desk::with(&book("## One\n\n- [ ] Seen\n\n## Two\n\n```sh run\necho ran >>log\n```\n"));
        desk.ends(3, &["run", "book.md", "--unattended"]);
        std::fs::write(first_run(&desk).unwrap().join("lock"), &left).unwrap();
        desk.write("answers.yaml", "steps:\n  one: { confirm: true }\n");
        let (_, told) = desk.ends(0, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
        assert!(!told.contains("STILL RUNNING"), "{left}\n{told}");
        desk.is_intact_and_complete(1);
        assert_eq!(desk.read("log"), "ran\n");
    }
}

fn at(desk: &Desk, moment: &str, words: &[&str]) -> Command {
    let mut command = desk.command("faketime");
    // Clocks of the day jump; how long something takes is measured by one that cannot.
    command
        .args(["--exclude-monotonic", "-f", moment, env!("CARGO_BIN_EXE_holdpoint")])
        .args(words)
        .stdin(Stdio::null());
    command
}

/// A run begun in the future is taken up in the past, and proved before it began.
#[test]
fn clocks_that_jump_between_sessions_do_not_spoil_a_record() {
    let desk = Desk::with(&book(
        "## One\n\n```sh run\necho one >>log\n```\n\n- [ ] Seen\n\n## Two\n\n```sh run\n#| timeout: 1m\necho two >>log\n```\n",
    ));
    desk.write("answers.yaml", "steps:\n  one: { confirm: true }\n");
    let ended = at(&desk, "@2035-06-01 12:00:00", &["run", "book.md", "--unattended"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(3), "{}", String::from_utf8_lossy(&ended.stderr));
    let resume = ["resume", "1", "--unattended", "--answers", "answers.yaml"];
    let ended = at(&desk, "@1999-12-31 12:00:00", &resume).output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    let record = desk.is_intact_and_complete(1);
    let times: Vec<&str> = record.events.iter().map(|event| event["at"].as_str().unwrap()).collect();
    assert!(
        times[0].starts_with("2035-06-01") && times.last().unwrap().starts_with("1999-12-31"),
        "{times:?}"
    );
    for words in
        [&["report", "1", "--format", "markdown"][..], &["replay", "1", "--speed", "1000"], &["runs"]]
    {
        desk.ends(0, words);
    }
    assert_eq!(desk.read("log"), "one\ntwo\n");
}

/// A clock that runs a thousand times too fast, also through retries, recorded values and releases.
#[test]
fn a_clock_that_races_within_a_run_does_not_spoil_its_record() {
    for moment in ["+0 x1000", "-20y x0.5"] {
        let desk = EVERY.desk();
        let ended = at(&desk, moment, RUN).output().unwrap();
        let told = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{moment}\n{told}");
        let record = desk.is_intact_and_complete(1);
        EVERY.did_what_was_decided(&desk, &record, moment);
    }
}
