//! A run stepped through at a real terminal, answer by answer.

use crate::support::{Desk, OPS, QA};

/// A run-book of one title with these steps.
pub fn book(steps: &str) -> String {
    format!("---\nrunbook: 1\ntitle: Book\nroles: [operator, qa]\n---\n\n# Book\n\n{steps}")
}

const TWO: &str = "## Make\n\n```sh run\necho made >>log\n```\n\n```sh rollback\necho unmade >>log\n```\n\n\
    ## Use\n\n```sh run\necho used >>log\n```\n\n```sh rollback\necho unused >>log\n```\n";

#[test]
fn each_block_is_run_when_the_operator_says_so() {
    let desk =
        Desk::with(&book("## Greet\n\n```sh run\nNAME=Ada\n```\n\n```sh check\necho hello $NAME\n```\n"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("NAME=Ada").chooses("run");
    terminal.waits_for("echo hello $NAME").chooses("r").waits_for("│ hello Ada").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(
        record.after_opening(),
        [
            "action.started greet#1",
            "action.finished greet#1 passed",
            "action.started greet#2",
            "action.finished greet#2 passed",
            "run.closed passed"
        ]
    );
    assert!(record.events[0]["session"]["tty"].as_str().unwrap().starts_with("/dev/"));
}

#[test]
fn enter_alone_runs_the_block_and_a_word_that_is_no_answer_is_asked_again() {
    let desk = Desk::with(&book("## Greet\n\n```sh run\necho hello\n```\n"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("jump").waits_for("That is none of them.");
    terminal.chooses("?").waits_for("end the run here, for good");
    terminal.waits_for("What now? [run]:").listens();
    terminal.types("\r");
    terminal.waits_for("What now?: run\r\n").waits_for("│ hello");
    terminal.ends(0);
    desk.is_intact_and_complete(1);
}

#[test]
fn a_skipped_block_needs_a_reason_and_is_a_deviation() {
    let desk = Desk::with(&book(TWO));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("skip").waits_for("Why is it skipped? (Ctrl-C goes back)").listens();
    terminal.types("\r");
    terminal.answers("Why is it skipped? (Ctrl-C goes back)", "made yesterday");
    terminal.chooses("run").waits_for("1 deviation");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    let deviation = record.one("deviation");
    assert_eq!(
        (&deviation["kind"], &deviation["action"], &deviation["reason"]),
        (&"skipped".into(), &"make#1".into(), &"made yesterday".into())
    );
    assert_eq!(deviation["by"], serde_json::json!({ "who": OPS, "via": "terminal" }));
    assert_eq!(desk.read("log"), "used\n");
}

#[test]
fn an_edited_script_runs_instead_and_is_kept() {
    let desk = Desk::with(&book("## Greet\n\n```sh run\necho helo\n```\n"));
    let editor = desk.program("editor", "#!/bin/sh\nsed 's/helo/hello/' \"$1\" >e && cp e \"$1\"\n");
    let desk = desk.set("EDITOR", editor.to_str().unwrap());
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("edit").answers("Why is it changed? (Ctrl-C goes back)", "a typing error");
    terminal.waits_for("EDITED for this run").chooses("run").waits_for("│ hello");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    let deviation = record.one("deviation");
    assert_eq!((&deviation["kind"], &deviation["reason"]), (&"edited".into(), &"a typing error".into()));
    assert_eq!(record.blob(&record.one("action.started")["script"]).trim_end(), "echo hello");
    assert_eq!(record.stdout_of("greet#1"), "hello\n");
}

#[test]
fn an_editor_that_saves_nothing_changes_nothing() {
    let desk = Desk::with(&book("## Greet\n\n```sh run\necho hello\n```\n")).set("EDITOR", "true");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("edit").waits_for("Nothing was saved");
    terminal.chooses("run").waits_for("PASSED");
    terminal.ends(0);
    assert!(desk.is_intact_and_complete(1).all("deviation").is_empty());
}

#[test]
fn an_editor_that_fails_or_is_not_there_changes_nothing_and_that_is_said() {
    let book = book("## Greet\n\n```sh run\necho hello\n```\n");
    let fails = Desk::with(&book);
    let editor = fails.program("editor", "#!/bin/sh\necho 'echo other' >\"$1\"\nexit 1\n");
    let fails = fails.set("EDITOR", editor.to_str().unwrap());
    let none = Desk::with(&book).set("EDITOR", "no-such-editor --wait");
    for (desk, says) in [(fails, "exit status: 1"), (none, "no-such-editor is not installed")] {
        let mut terminal = desk.terminal(&["run", "book.md"]);
        terminal.chooses("edit").waits_for("Nothing was saved").waits_for(says);
        terminal.chooses("run").waits_for("PASSED");
        terminal.ends(0);
        assert!(desk.is_intact_and_complete(1).all("deviation").is_empty());
    }
}

#[test]
fn an_edit_that_no_document_may_hold_is_refused_and_no_change_asks_nothing() {
    let desk = Desk::with(&book("## Greet\n\n```sh run\necho hello\n```\n"));
    // Saves what stands in the file at hand.
    let editor = desk.program("editor", "#!/bin/sh\ncat \"$0.text\" >\"$1\"\ntouch -d +1min \"$1\"\n");
    let text = editor.with_extension("text");
    let desk = desk.set("EDITOR", editor.to_str().unwrap());
    let mut terminal = desk.terminal(&["run", "book.md"]);
    for (script, says) in [
        ("echo hello\n", "Nothing was changed"),
        ("# nothing\n\n", "it has no commands"),
        ("#| timeout: 1s\necho hello\n", "options are the document's"),
        ("if true\n", "cannot parse it"),
        ("cat <<END\nhello\n", "here-document in it has no end"),
    ] {
        std::fs::write(&text, script).unwrap();
        terminal.chooses("edit").waits_for(says);
    }
    terminal.chooses("run").waits_for("PASSED");
    terminal.ends(0);
    assert!(desk.is_intact_and_complete(1).all("deviation").is_empty());
}

#[test]
fn a_failure_shows_what_was_expected_beside_what_came_and_can_be_tried_again() {
    let steps =
        "## Look\n\n```sh check\ncat state\n```\n\n```yaml expect\nstdout: [ { equals: ready } ]\n```\n";
    let desk = Desk::with(&book(steps));
    desk.write("state", "starting\n");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("✗ FAILED").waits_for("expected").waits_for("ready");
    terminal.waits_for("actual").waits_for("starting");
    desk.write("state", "ready\n");
    terminal.chooses("retry").waits_for("✓ passed");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(
        record.after_opening(),
        [
            "action.started look#1",
            "action.finished look#1 failed",
            "decision look#1 retry",
            "action.started look#1",
            "action.finished look#1 passed",
            "run.closed passed"
        ]
    );
    assert_eq!(record.all("action.started")[1]["attempt"], 2);
}

#[test]
fn a_step_can_be_repeated_and_the_run_goes_on_where_it_was() {
    let desk = Desk::with(&book(TWO));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("2 Use");
    terminal.chooses("back").answers("Which step?", "1");
    terminal
        .answers("Repeat it, or go on from there?", "repeat")
        .answers("Why? (Ctrl-C goes back)", "once more");
    terminal.waits_for("1 Make").chooses("run").waits_for("2 Use").chooses("run").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.one("deviation")["kind"], "repeated");
    assert_eq!(desk.read("log"), "made\nmade\nused\n");
}

#[test]
fn going_back_does_everything_from_there_again() {
    let steps = format!("{TWO}\n## End\n\n```sh check\ntrue\n```\n");
    let desk = Desk::with(&book(&steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").chooses("run").waits_for("3 End");
    terminal.chooses("back").answers("Which step?", "1");
    terminal
        .answers("Repeat it, or go on from there?", "from there")
        .answers("Why? (Ctrl-C goes back)", "all of it");
    terminal.waits_for("1 Make").chooses("run").waits_for("2 Use").chooses("run");
    terminal.waits_for("3 End").chooses("run").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.one("deviation")["kind"], "out_of_order");
    assert_eq!(desk.read("log"), "made\nused\nmade\nused\n");
}

#[test]
fn notes_and_shells_are_on_record_and_a_rollback_can_be_looked_at_first() {
    let desk = Desk::with(&book(TWO)).set("PS1", "shell> ");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").chooses("what rollback").waits_for("1. undo 1 Make");
    terminal.chooses("note").answers("Note (Ctrl-C goes back)", "the light is green");
    terminal
        .chooses("shell")
        .answers("What is the shell for? (Ctrl-C goes back)", "to look around")
        .waits_for("(beside run 1) shell> ");
    terminal.types("echo beside >beside; exit\n");
    terminal.chooses("run").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.one("note")["text"], "the light is green");
    let deviation = record.one("deviation");
    assert_eq!((&deviation["kind"], &deviation["reason"]), (&"shell".into(), &"to look around".into()));
    assert_eq!(desk.read("beside"), "beside\n");
    assert_eq!(desk.read("log"), "made\nused\n");
}

#[test]
fn what_is_typed_in_a_shell_beside_the_run_waits_for_no_run_that_waits_for_it() {
    let sign_off = "## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: Go.\n```\n";
    let desk = Desk::with(&book(&format!("{TWO}\n{sign_off}"))).set("PS1", "shell> ");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal
        .chooses("shell")
        .answers("What is the shell for? (Ctrl-C goes back)", "to sign")
        .waits_for("(beside run 1) shell> ");
    let holdpoint = env!("CARGO_BIN_EXE_holdpoint");
    for verb in ["sign 1", "note 1 seen", "resume 1"] {
        terminal.types(&format!("{holdpoint} {verb}; echo ended=$?\n"));
        terminal.waits_for("that is what opened this shell").waits_for("ended=2");
    }
    terminal.types("exit\n");
    terminal.chooses("park");
    terminal.ends(3);
}

#[test]
fn a_rollback_undoes_what_was_done_last_first() {
    let steps = format!("{TWO}\n## End\n\n```sh check\ntrue\n```\n");
    let desk = Desk::with(&book(&steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").chooses("run").waits_for("3 End");
    terminal.chooses("roll back").waits_for("1. undo 2 Use").waits_for("2. undo 1 Make");
    terminal.answers("Roll back and end the run?", "no");
    terminal.chooses("roll back").answers("Roll back and end the run?", "yes");
    terminal.answers("Why is it rolled back? (Ctrl-C goes back)", "second thoughts");
    terminal.chooses("run").chooses("run").waits_for("ROLLED BACK");
    terminal.ends(1);
    let record = desk.is_intact_and_complete(1);
    let opened = record.one("rollback.opened");
    assert_eq!(
        (&opened["steps"], &opened["reason"]),
        (&serde_json::json!(["use", "make"]), &"second thoughts".into())
    );
    assert_eq!(desk.read("log"), "made\nused\nunused\nunmade\n");
    assert_eq!(record.last()["verdict"], "rolled_back");
}

#[test]
fn an_aborted_run_ends_with_its_own_exit_code_and_a_reason() {
    let desk = Desk::with(&book(TWO));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("abort").answers("End the run for good?", "no");
    terminal.chooses("abort").answers("End the run for good?", "yes");
    terminal.answers("Why is it aborted? (Ctrl-C goes back)", "the wrong day").waits_for("ABORTED");
    terminal.ends(4);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.after_opening(), ["decision make#1 abort", "run.closed aborted"]);
    assert_eq!(record.one("decision")["reason"], "the wrong day");
    assert_eq!(desk.read("log"), "");
}

#[test]
fn a_parked_run_waits_and_is_taken_up_again() {
    let desk = Desk::with(&book(TWO));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").chooses("park").waits_for("PARKED").waits_for("holdpoint resume 1");
    terminal.ends(3);
    desk.is_intact_and_open(1);
    let mut terminal = desk.terminal(&["resume", "latest"]);
    terminal.waits_for("1 Make: will not run: passed").waits_for("2 Use: goes on here");
    terminal.chooses("run").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.all("session.opened").len(), 1);
    assert_eq!(desk.read("log"), "made\nused\n");
}

const BY_HAND: &str = r#"## Prepare

- [ ] The door is closed

## Observe

```yaml record
pressure: { prompt: Pressure in bar, type: number, min: 1, max: 2, evidence: file }
colour: { prompt: Colour of the light, type: choice, choices: [red, green], evidence: url }
```
"#;

#[test]
fn items_are_confirmed_and_values_written_down_with_their_evidence() {
    let desk = Desk::with(&book(BY_HAND));
    let photo = desk.write("photo", "a picture");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("[ ] The door is closed").chooses("confirm");
    terminal.waits_for("Pressure in bar").listens();
    terminal.types("high\r");
    terminal.answers("Pressure in bar (number, 1 to 2; with a file as evidence)", "1.5");
    terminal.waits_for("Evidence (file)").listens();
    terminal.types("nowhere\r");
    terminal.answers("Evidence (file)", photo.to_str().unwrap());
    terminal
        .answers("Colour of the light (one of red, green; with an address as evidence)", "green")
        .answers("Evidence (address)", "https://cam.example/1");
    terminal.waits_for("evidence: the file ").waits_for("photo, 9 bytes");
    terminal.waits_for("evidence: https://cam.example/1");
    terminal.answers("Write that down?", "yes").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    let confirmed = record.one("item.confirmed");
    assert_eq!(confirmed["by"]["who"], OPS);
    let values = record.all("value.recorded");
    assert_eq!(values.len(), 2);
    assert_eq!((&values[0]["value"], &values[0]["within_limits"]), (&"1.5".into(), &true.into()));
    assert_eq!(record.blob(&values[0]["evidence"]["file"]["blob"]), "a picture");
    assert_eq!(values[1]["evidence"]["url"], "https://cam.example/1");
}

#[test]
fn a_value_out_of_its_limits_is_kept_and_fails_the_step() {
    let steps = "## Observe\n\n```yaml record\npressure: { prompt: Pressure, type: number, max: 2 }\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.answers("Pressure (number, at most 2)", "2.7").waits_for("It is kept, and the step fails.");
    terminal.answers("Write that down?", "yes").waits_for("did not pass").chooses("retry");
    terminal.answers("Pressure (number, at most 2)", "1.9");
    terminal.answers("Write that down?", "yes").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    let kept: Vec<_> =
        record.all("value.recorded").iter().map(|e| (&e["value"], &e["within_limits"])).collect();
    assert_eq!(kept, [(&"2.7".into(), &false.into()), (&"1.9".into(), &true.into())]);
}

const SIGNED: &str = r#"## Work

```sh run
echo worked >>log
```

## Release

```yaml signoff
role: qa
meaning: approval
statement: I reviewed it.
independent: true
```
"#;

#[test]
fn a_hold_point_takes_the_right_person_only_and_keeps_every_attempt() {
    let desk = Desk::with(&book(SIGNED));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    let who = "Who signs it off (as holdpoint.toml names people)?";
    terminal.chooses("run").waits_for("HOLD POINT").waits_for("“I reviewed it.”");
    terminal.chooses("sign").answers(who, OPS).waits_for("refused:").waits_for("must be independent");
    terminal.chooses("sign").waits_for(who).listens();
    terminal.types("guest@example.org\r");
    terminal.waits_for("Nobody is listed by that name.").listens();
    // Asked again, with what was typed still there.
    terminal.types("\u{15}night@example.org\r");
    terminal.waits_for("does not have the role qa");
    terminal
        .chooses("reject")
        .answers("Who rejects it?", QA)
        .answers("Why? (Ctrl-C goes back)", "the report is missing");
    terminal.answers("Printed name", "Quinn Auditor");
    terminal.chooses("sign").answers(who, QA).waits_for("Printed name").listens();
    terminal.types("Somebody Else\r");
    terminal.waits_for("Type Quinn Auditor, as it stands in holdpoint.toml.");
    terminal.answers("Printed name", "Quinn Auditor").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(
        record.after_opening()[2..],
        [
            "signoff.requested release#1",
            "signoff.refused release#1",
            "signoff.refused release#1",
            "signoff.rejected release#1",
            "signoff.given release#1 Quinn Auditor",
            "run.closed passed"
        ]
    );
    let refused: Vec<_> = record.all("signoff.refused").iter().map(|event| &event["by"]["who"]).collect();
    assert_eq!(refused, [OPS, "night@example.org"]);
    assert_eq!(record.one("signoff.rejected")["reason"], "the report is missing");
    let given = record.one("signoff.given");
    assert_eq!(
        (&given["name"], &given["assurance"], &given["meaning"], &given["by"]["who"]),
        (&"Quinn Auditor".into(), &"typed".into(), &"approval".into(), &QA.into())
    );
}

#[test]
fn a_caution_is_acknowledged_before_the_block_runs() {
    let steps = "## Switch\n\n> [!CAUTION]\n> Users will notice.\n\n```sh run\necho on >>log\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("CAUTION").waits_for("Users will notice.").chooses("proceed");
    terminal.chooses("run").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.after_opening()[0], "decision switch#1 proceed");
}

#[test]
fn two_sign_offs_take_two_people() {
    let steps = "## Release\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: Seen.\ncount: 2\nexpires: 4h\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    let who = "Who signs it off (as holdpoint.toml names people)?";
    terminal.waits_for("nobody has signed so far; it takes 2 different people");
    terminal.waits_for("good for 4h, unless what it guards has begun by then");
    terminal.chooses("info").waits_for("the role qa; nobody has signed so far");
    terminal.chooses("sign").answers(who, QA).answers("Printed name", "Quinn Auditor");
    terminal.waits_for("signed off so far by qa@example.org; it takes 2");
    terminal.chooses("sign").answers(who, QA).waits_for("Printed name").listens();
    terminal.types("Quinn Auditor\r");
    terminal.waits_for("it takes different people");
    terminal.chooses("sign").answers(who, OPS).answers("Printed name", "Olive Operator").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.all("signoff.given").len(), 2);
    assert_eq!(record.one("signoff.refused")["by"]["who"], QA);
}

#[test]
fn what_was_signed_before_a_rejection_has_lapsed_for_every_reader() {
    let steps = "## Release\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: Seen.\ncount: 2\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    let who = "Who signs it off (as holdpoint.toml names people)?";
    terminal.chooses("sign").answers(who, QA).answers("Printed name", "Quinn Auditor");
    terminal
        .waits_for("it takes 2")
        .chooses("reject")
        .answers("Who rejects it?", QA)
        .answers("Why? (Ctrl-C goes back)", "looked again")
        .answers("Printed name", "Quinn Auditor");
    terminal.waits_for("has lapsed (rejected by qa@example.org: looked again)");
    terminal
        .chooses("sign")
        .answers(who, OPS)
        .answers("Printed name", "Olive Operator")
        .waits_for("it takes 2");
    terminal.chooses("park").waits_for("PARKED");
    terminal.ends(3);
    assert_eq!(
        desk.record(1).after_opening(),
        [
            "signoff.requested release#1",
            "signoff.given release#1 Quinn Auditor",
            "signoff.rejected release#1",
            "signoff.lapsed release#1",
            "signoff.requested release#1",
            "signoff.given release#1 Olive Operator",
        ]
    );
    for (reader, words) in [
        (&["show", "1"][..], "WAITING"),
        (&["report", "1"], "**STEP 1 WAITING**"),
        (&["report", "1", "--format", "json"], "\"status\": \"waiting\""),
        (&["report", "1", "--format", "junit"], "<skipped"),
    ] {
        let (told, _) = desk.ends(0, reader);
        assert!(told.contains(words), "{reader:?}: {told}");
    }
}

#[test]
fn a_check_list_that_knows_nothing_of_holdpoint_is_stepped_through() {
    let desk = Desk::with("# Before you leave\n\n- [ ] Windows are shut\n- [ ] Lights are off\n");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("Windows are shut").chooses("confirm");
    terminal
        .waits_for("Lights are off")
        .chooses("skip")
        .answers("Why is it skipped? (Ctrl-C goes back)", "somebody is still in");
    terminal.waits_for("PASSED").waits_for("1 deviation");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.all("item.confirmed").len(), 1);
}
