//! What the operator is told before and after they decide.

use crate::screens::book;
use crate::support::{Desk, Terminal};

const SWITCH: &str = "## Look\n\n```sh check\n#| capture: { PREVIOUS: { stdout: true } }\ncat nothing\n```\n\n\
    ## Switch\n\n```sh run\n: switched\n```\n\n```sh rollback\necho \"$PREVIOUS\" >current\n```\n\n\
    ## End\n\n```sh check\ntrue\n```\n";

#[test]
fn whoever_skips_what_a_rollback_needs_is_told_and_whoever_aborts_what_stays() {
    let desk = Desk::with(&book(SWITCH));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("✗ FAILED").chooses("skip");
    terminal.waits_for("PREVIOUS will have no value, and switch#rollback-1 reads it");
    terminal
        .answers("Why is it skipped? (Ctrl-C goes back)", "no time")
        .waits_for("deviation: skipped, no time");
    terminal.waits_for("2 Switch").chooses("run").waits_for("3 End").chooses("what rollback");
    terminal.waits_for("1. undo 2 Switch").waits_for("PREVIOUS has no value: what sets it was not done");
    terminal.chooses("abort").waits_for("so far: 1 of 3 actions done, 1 skipped");
    terminal.waits_for("not undone: 2 Switch").answers("End the run for good?", "yes");
    terminal.answers("Why is it aborted? (Ctrl-C goes back)", "tomorrow").waits_for("decided: abort");
    terminal.waits_for("ABORTED").waits_for("not undone: 2 Switch");
    terminal.ends(4);
}

#[test]
fn what_was_signed_or_rejected_is_said_and_a_rejection_stands_at_the_hold_point() {
    let steps = "## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal
        .chooses("reject")
        .answers("Who rejects it?", "qa@example.org")
        .answers("Why? (Ctrl-C goes back)", "too slow");
    terminal.answers("Printed name", "Quinn Auditor");
    terminal.waits_for("rejected by qa@example.org: too slow").waits_for("REJECTED by qa@example.org, 20");
    terminal.chooses("sign").answers("Who signs it off (as holdpoint.toml names people)?", "qa@example.org");
    terminal.answers("Printed name", "Quinn Auditor");
    terminal.waits_for("signed off by Quinn Auditor (qa@example.org) in the role qa").waits_for("PASSED");
    terminal.ends(0);
}

#[test]
fn where_a_key_signs_that_is_said_before_anybody_types_a_name() {
    let steps = "## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```\n";
    let desk = Desk::with(&book(steps))
        .configure("[signers]\nfile = \"allowed_signers\"\n[environments.production]\nsignature = \"ssh\"\n");
    desk.write("allowed_signers", ALLOWED);
    let mut terminal = desk.terminal(&["run", "book.md", "--env", "production"]);
    terminal.chooses("sign").waits_for("A key signs here").waits_for("no SSH agent is at hand");
    terminal.waits_for("--as WHO").chooses("park");
    let text = terminal.ends(3);
    assert!(!text.contains("Printed name"), "{text}");
}

/// The key of one who may sign.
const ALLOWED: &str =
    "qa@example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n";

#[test]
fn a_note_that_is_taken_at_a_prompt_is_a_moment_of_its_own_and_answers_nothing() {
    let desk = Desk::with(&book("## Look\n\n- [ ] It is good\n"));
    let mut terminal = desk.terminal(&["run", "book.md", "--format", "json-lines"]);
    terminal.chooses("note").answers("Note (Ctrl-C goes back)", "windy");
    terminal.waits_for("\"moment\":\"noted\",\"step\":\"look\",\"text\":\"windy\"");
    terminal.chooses("confirm").waits_for("\"moment\":\"closed\"");
    let told = terminal.ends(0);
    let answered = told.lines().filter(|line| line.contains("\"moment\":\"answered\""));
    let answered: Vec<&str> = answered.collect();
    assert!(answered.len() == 1 && answered[0].contains("\"action\":\"look#1\""), "{answered:?}");
}

#[test]
fn a_sentence_of_the_program_is_broken_between_words_on_a_narrow_terminal() {
    let book = "---\nrunbook: 1\ntitle: Book\ninputs:\n  TOKEN: { secret: true, prompt: The token }\n---\n\n# Book\n\n\
        ## Talk\n\n```sh run\n#| tty: true\ntrue\n```\n";
    let desk = Desk::with(book);
    let mut terminal = Terminal::start_sized(&desk, 60, 24, &["run", "book.md"]);
    terminal.waits_for("(not shown)").hides();
    terminal.types("ab\r");
    terminal.waits_for("Try again;").waits_for("leaves.").hides();
    terminal.types("long enough to be hidden\r");
    terminal.chooses("run").waits_for("PASSED");
    let text = terminal.ends(0);
    for (begins, goes_on) in
        [("is too short to be masked", "besides"), ("to stop it from outside", "three times")]
    {
        let line = text.lines().find(|line| line.contains(begins)).unwrap_or_else(|| panic!("{text}"));
        assert!(!line.contains(goes_on), "{line}");
        assert!(text.contains(goes_on), "{text}");
    }
}
