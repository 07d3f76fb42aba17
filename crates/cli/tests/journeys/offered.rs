//! Commands of documents that people wrote for themselves, as somebody at a terminal is asked about them.

use crate::support::Desk;

const LIST: &str = "# Restart\n\n## Stop it\n\nLook first.\n\n```console\n$ touch ran-one\n$ touch ran-<name>\n$ echo other\nhello\n$ touch ran-two\n$ touch ran-three\n```\n\nThen look again.\n";

#[test]
fn each_command_is_asked_about_and_runs_by_its_key_alone() {
    let desk = Desk::with("");
    desk.write("list.md", LIST);
    let mut terminal = desk.terminal(&["run", "list.md"]);
    terminal.waits_for("Look first.").waits_for("touch ran-one").waits_for("[r]un");
    // Enter alone is no answer.
    terminal.waits_for("What now?").types("\r");
    terminal.waits_for("That is none of them");
    assert!(!desk.path("ran-one").exists());
    terminal.chooses("run").waits_for("✓ passed");
    assert!(desk.path("ran-one").exists());
    terminal.waits_for("touch ran-<name>").waits_for("needed before it runs: <name>").waits_for("[v]alues");
    terminal.chooses("values");
    terminal.waits_for("<name> in this document's commands").listens();
    terminal.types("-x\r");
    terminal.waits_for("It takes one line that does not begin with a hyphen.");
    terminal.answers("<name> in this document's commands", "a 'b'");
    terminal.waits_for("name = a 'b'").answers("Write that down?", "yes");
    // As it would run now, byte for byte.
    terminal.waits_for(r"touch ran-'a '\''b'\'''").chooses("run").waits_for("✓ passed");
    assert!(desk.path("ran-a 'b'").exists());
    terminal.waits_for("echo other").waits_for("shown to print:").waits_for("hello").chooses("run");
    terminal.waits_for("expected").waits_for("actual").waits_for("a[c]cept").chooses("accept");
    terminal.waits_for("decided: what it printed is as it should be");
    terminal.waits_for("touch ran-two").chooses("by hand").waits_for("  done by hand\r\n");
    terminal
        .waits_for("touch ran-three")
        .chooses("not applicable")
        .waits_for("  decided: not applicable\r\n");
    terminal.waits_for("Then look again.").chooses("confirm").waits_for("PASSED");
    terminal.ends(0);
    assert!(!desk.path("ran-two").exists() && !desk.path("ran-three").exists());
    desk.is_intact_and_complete(1);
}

#[test]
fn what_looks_like_an_example_is_asked_whether_it_is_right_still() {
    let desk = Desk::with("");
    desk.write(
        "list.md",
        "# A\n\n## B\n\n```sh\necho v1.0.23 > ran\n```\n\n```sh\necho v1.0.23 >> ran\n```\n",
    );
    let mut terminal = desk.terminal(&["run", "list.md"]);
    terminal.waits_for("v1.0.23, a version: still right?").chooses("values");
    terminal.answers("v1.0.23, a version: still right?", "another");
    terminal.answers("v1.0.23, a version: still right?", "v2.0.0").answers("Write that down?", "again");
    terminal.answers("v1.0.23, a version: still right?", "another");
    terminal.answers("v1.0.23, a version: still right?", "v2.0.0").answers("Write that down?", "yes");
    terminal.chooses("run").waits_for("✓ passed");
    // Asked once a run.
    terminal.waits_for("echo 'v2.0.0' >> ran").chooses("run").waits_for("PASSED");
    terminal.ends(0);
    assert_eq!(std::fs::read_to_string(desk.path("ran")).unwrap(), "v2.0.0\nv2.0.0\n");
}

#[test]
fn a_value_that_was_given_can_be_looked_at_and_put_right_before_the_command_runs_and_after_it_failed() {
    let desk = Desk::with("");
    desk.write(
        "list.md",
        "# A\n\n## B\n\n```sh\ntouch ran-<name>\n```\n\n```sh\ntest -e ran-<name> && touch <other>-<name>\n```\n",
    );
    let mut terminal = desk.terminal(&["run", "list.md"]);
    terminal.chooses("values").answers("<name> in this document's commands", "on");
    terminal.answers("Write that down?", "yes");
    terminal.waits_for("touch ran-'on'").waits_for("[v]alues").chooses("values");
    terminal.waits_for("name = on").answers("What is name (<name>)?", "on");
    terminal.waits_for("It is that already.");
    terminal.answers("What is name (<name>)?", "one").answers("Why is it corrected?", "a letter was missing");
    terminal.waits_for("touch ran-'one'").chooses("run").waits_for("✓ passed");
    assert!(desk.path("ran-one").exists() && !desk.path("ran-on").exists());
    terminal.chooses("values").answers("<other> in this document's commands", "x");
    terminal.answers("Write that down?", "yes");
    terminal.waits_for("touch 'x'-'one'").chooses("values").waits_for("name = one").waits_for("other = x");
    terminal.answers("Which one is wrong?", "name").answers("What is name (<name>)?", "two");
    terminal.answers("Why is it corrected?", "it is another").chooses("run").waits_for("✗ FAILED");
    terminal.waits_for("[v]alues").chooses("values").answers("Which one is wrong?", "name");
    terminal.answers("What is name (<name>)?", "one").answers("Why is it corrected?", "it was right");
    terminal.chooses("retry").waits_for("PASSED");
    terminal.ends(0);
    assert!(desk.path("x-one").exists());
    desk.is_intact_and_complete(1);
}

#[test]
fn a_command_that_failed_is_done_by_hand_or_skipped_and_every_report_says_that_it_failed() {
    let desk = Desk::with("");
    let fence = "```sh\nfalse\n```\n\n";
    desk.write("list.md", &format!("# A\n\n## One\n\n{fence}## Two\n\n{fence}## Three\n\n{fence}{fence}"));
    let mut terminal = desk.terminal(&["run", "list.md"]);
    terminal.chooses("run").waits_for("✗ FAILED").waits_for("by [h]and").chooses("by hand");
    terminal.waits_for("Two").chooses("run").waits_for("✗ FAILED").chooses("skip");
    terminal.answers("Why is it skipped? (Ctrl-C goes back)", "the standby has none");
    terminal.waits_for("Three").chooses("run").waits_for("✗ FAILED").chooses("skip");
    terminal.answers("Why is it skipped? (Ctrl-C goes back)", "it is known to fail");
    terminal.chooses("by hand").waits_for("PASSED");
    terminal.ends(0);
    desk.is_intact_and_complete(1);
    let (shown, _) = desk.ends(0, &["show", "1"]);
    for told in
        ["FAILED, THEN DONE BY HAND", "one#1 failed, then done by hand, by", "PASSED WITH 2 DEVIATIONS"]
    {
        assert!(shown.contains(told), "{told} is not in\n{shown}");
    }
    assert_eq!(shown.matches("FAILED, THEN SKIPPED").count(), 2, "{shown}");
    let (junit, _) = desk.ends(0, &["report", "1", "--format", "junit"]);
    assert!(junit.contains("failed, then done by hand, as ops@example.org says"), "{junit}");
    let (step, _) = desk.ends(0, &["show", "1", "--step", "three"]);
    assert!(step.contains("FAILED, THEN SKIPPED") && step.contains("DONE BY HAND"), "{step}");
}

#[test]
fn the_head_does_not_say_that_checks_run_unasked_where_every_command_waits() {
    let desk = Desk::with("");
    desk.write("list.md", "# A\n\n## Look at the disk:\n\n```sh\ndf -P /\n```\n");
    let mut terminal = desk.terminal(&["run", "list.md", "--checks", "auto"]);
    terminal.waits_for("each waits for you: none runs unasked").waits_for("df -P /").chooses("park");
    let text = terminal.ends(3);
    assert!(!text.contains("checks      run unasked"), "{text}");
    // What its title ends with does not stand before what we say of it.
    assert!(text.contains("PARKED · at 1 Look at the disk, waiting for"), "{text}");
}

#[test]
fn a_step_that_was_done_by_hand_in_part_says_so_and_reports_list_that_among_the_decisions() {
    let desk = Desk::with("");
    desk.write("list.md", "# A\n\n## One\n\n```sh\nrm \"$HOME/a\"\n```\n\n```sh\nrm b\n```\n");
    desk.write("a.yaml", "steps:\n  one#1: { confirm: true }\n  one#2: { choice: not_applicable }\n");
    desk.ends(0, &["run", "list.md", "--unattended", "--answers", "a.yaml"]);
    let (shown, _) = desk.ends(0, &["show", "1"]);
    assert!(shown.contains("DONE BY HAND, 1 NOT APPLICABLE"), "{shown}");
    assert!(shown.contains("one#1 done by hand, by ops@example.org (from the answers file)"), "{shown}");
    let (markdown, _) = desk.ends(0, &["report", "1"]);
    assert!(markdown.contains("| **DONE BY HAND, 1 NOT APPLICABLE** |"), "{markdown}");
    let decided = markdown.split("## Decisions").nth(1).unwrap().split("## Sign-offs").next().unwrap();
    assert!(decided.contains("| not reached | done by hand |"), "{decided}");
    assert!(decided.contains("| not applicable: it is not for this run |"), "{decided}");
    let told: Vec<&str> = markdown.lines().filter(|line| line.contains("**DONE BY HAND** ·")).collect();
    assert_eq!(told.len(), 1, "{markdown}");
    assert_eq!(told[0].matches("rm ").count(), 1, "the command is told once: {}", told[0]);
    let (page, _) = desk.ends(0, &["report", "1", "--format", "html"]);
    assert!(page.contains("<td class=\"ours\">done by hand</td>"), "the page tells it too");
}

#[test]
fn text_above_what_a_file_answers_is_shown_to_whoever_sits_there() {
    let desk = Desk::with("");
    desk.write(
        "list.md",
        "# A\n\n## B\n\nTell ops first.\n\n| Check | Result |\n|---|---|\n| About disks | see the wiki |\n| Disks | ☐ pass ☐ fail |\n\n## C\n\nLook at it.\n",
    );
    desk.write("answers.yaml", "steps:\n  b: { value: { row_disks: pass } }\n");
    let mut terminal = desk.terminal(&["run", "list.md", "--answers", "answers.yaml"]);
    terminal.waits_for("Tell ops first.").waits_for("About disks").waits_for("row_disks");
    terminal.waits_for("Look at it.").chooses("confirm").waits_for("PASSED");
    terminal.ends(0);
}
