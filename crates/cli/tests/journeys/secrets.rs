//! A secret that is asked for: nowhere but in the block's environment.

use crate::support::{Desk, Gate, Terminal, eventually, files, holds_text};

const SECRET: &str = "correct-horse-battery-staple";

const BOOK: &str = r#"---
runbook: 1
title: Log in
inputs:
  TOKEN: { secret: true, prompt: The token }
---

# Log in

## Use it

```sh run
KEPT=$TOKEN
echo "out: $TOKEN"
echo "err: $TOKEN" >&2
test "$TOKEN" = correct-horse-'battery'-staple
echo begun >>log
read -r _ <gate
```

## Use what was kept

```sh run
echo "kept: $KEPT"
test "$KEPT" = correct-horse-'battery'-staple
```
"#;

fn gives_it(terminal: &mut Terminal) {
    terminal.waits_for("The token (not shown)").hides();
    terminal.types(&format!("{SECRET}\r"));
    terminal.waits_for("[hidden]");
}

#[track_caller]
fn is_nowhere(what: &str, bytes: &[u8]) {
    let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
    assert!(!found, "the secret is in {what}");
}

#[track_caller]
fn is_in_no_file(desk: &Desk) {
    let all = files(&desk.root());
    assert!(all.iter().any(|file| file.ends_with("run.jsonl")));
    for file in all {
        is_nowhere(&file.display().to_string(), &std::fs::read(&file).unwrap());
    }
}

#[test]
fn a_secret_that_is_asked_for_is_neither_shown_nor_stored() {
    let desk = Desk::with(BOOK);
    let gate = Gate::at(&desk.path("gate"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    gives_it(&mut terminal);
    terminal.waits_for("TOKEN = [REDACTED:TOKEN]").chooses("run");
    holds_text(&desk.path("log"), "begun");
    eventually("both outputs on the screen", || {
        let text = terminal.text();
        text.contains("out: [REDACTED:TOKEN]") && text.contains("err: [REDACTED:TOKEN]")
    });
    is_in_no_file(&desk);
    gate.open();
    terminal.waits_for("✓ passed").chooses("park");
    is_nowhere("what the terminal showed", &terminal.bytes());
    terminal.ends(3);
    is_in_no_file(&desk);

    // It is in no record, so whoever goes on gives it again; what the shell kept of it works on.
    let mut terminal = desk.terminal(&["resume", "1"]);
    gives_it(&mut terminal);
    terminal.chooses("run").waits_for("kept: [REDACTED:TOKEN]").waits_for("PASSED");
    is_nowhere("what the terminal showed", &terminal.bytes());
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.stdout_of("use-it#1"), "out: [REDACTED:TOKEN]\n");
    is_in_no_file(&desk);
    for words in [
        &["report", "1", "--format", "markdown"][..],
        &["report", "1", "--format", "json"],
        &["replay", "1", "--speed", "1000"],
        &["show", "1"],
    ] {
        let (out, err) = desk.ends(0, words);
        is_nowhere(&format!("{words:?}"), format!("{out}{err}").as_bytes());
    }
    let left: Vec<_> = std::fs::read_dir(desk.root().join("tmp")).unwrap().collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

#[test]
fn a_secret_that_cannot_be_masked_is_asked_for_again() {
    let desk = Desk::with(BOOK);
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("The token (not shown)").hides();
    terminal.types("abc\r");
    terminal.waits_for("too short to be masked").waits_for("Try again");
    gives_it(&mut terminal);
    terminal.waits_for("TOKEN = [REDACTED:TOKEN]").chooses("park");
    terminal.ends(3);
}

#[test]
fn a_run_that_needs_a_secret_and_can_ask_nobody_is_not_opened() {
    let desk = Desk::with(BOOK);
    let (_, told) = desk.ends(2, &["run", "book.md", "--unattended"]);
    assert!(told.contains("the input TOKEN has no value"), "{told}");
    assert_eq!(desk.runs(), 0);
}

#[test]
fn a_secret_given_on_the_command_line_is_not_stored_either() {
    let desk = Desk::with(BOOK);
    desk.write("gate", "open\n");
    let (out, err) = desk.ends(0, &["run", "book.md", "--unattended", "--set", &format!("TOKEN={SECRET}")]);
    is_nowhere("what was printed", format!("{out}{err}").as_bytes());
    assert_eq!(desk.read("log"), "begun\n");
    is_in_no_file(&desk);
    desk.is_intact_and_complete(1);
}
