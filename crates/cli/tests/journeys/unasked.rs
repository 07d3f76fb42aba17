//! Checks that run unasked, and where they do not.

use crate::screens::book;
use crate::support::{Desk, Terminal};

const CHECKED: &str = "## Look\n\n```sh check\necho looked >>log\n```\n\n## Change\n\n```sh run\necho changed >>log\n```\n\n\
    ```sh check\necho looked again >>log\n```\n";

/// The user's own configuration.
fn own(desk: &Desk, text: &str) {
    std::fs::create_dir_all(desk.root().join("home/.config/holdpoint")).unwrap();
    std::fs::write(desk.root().join("home/.config/holdpoint/config.toml"), text).unwrap();
}

/// Goes through [`CHECKED`] where checks run unasked.
fn is_asked_about_the_change_only(desk: &Desk, mut terminal: Terminal) {
    terminal
        .waits_for("run unasked")
        .waits_for("✓ passed")
        .waits_for("2 Change")
        .waits_for("What now?")
        .listens();
    assert_eq!(desk.read("log"), "looked\n");
    terminal.types("run\r");
    terminal.waits_for("PASSED");
    let text = terminal.ends(0);
    assert_eq!(text.matches("[r]un ·").count(), 1, "{text}");
    assert_eq!(desk.read("log"), "looked\nchanged\nlooked again\n");
    assert_eq!(desk.is_intact_and_complete(1).events[0]["session"]["checks"], "auto");
}

#[test]
fn checks_of_a_run_book_run_unasked_and_it_stops_at_what_changes_something() {
    let desk = Desk::with(&book(CHECKED));
    own(&desk, "");
    is_asked_about_the_change_only(&desk, desk.terminal(&["run", "book.md"]));
}

#[test]
fn each_check_is_asked_about_where_a_command_line_or_either_configuration_says_so() {
    let (ask, auto) = ("checks = \"ask\"\n", "checks = \"auto\"\n");
    let cases: [(&str, &str, &[&str], &str); 6] = [
        ("", "", &["--checks", "ask"], "ask"),
        (ask, auto, &[], "ask"),
        (auto, ask, &[], "ask"),
        ("", ask, &[], "ask"),
        (ask, ask, &["--checks", "auto"], "auto"),
        (auto, "", &[], "auto"),
    ];
    for (user, repository, words, checks) in cases {
        let desk = Desk::with(&book(CHECKED));
        own(&desk, user);
        let people = desk.read("holdpoint.toml");
        desk.write("holdpoint.toml", &format!("{repository}{people}"));
        let mut terminal = desk.terminal(&[&["run", "book.md"], words].concat());
        terminal.waits_for("── 1 Look");
        match checks {
            "ask" => terminal.waits_for("echo looked").chooses("park"),
            _ => terminal.waits_for("2 Change").chooses("park"),
        };
        terminal.ends(3);
        assert_eq!(desk.read("log").is_empty(), checks == "ask", "{user:?} {repository:?} {words:?}");
        assert_eq!(desk.record(1).events[0]["session"]["checks"], checks);
    }
}

#[test]
fn a_session_that_takes_the_run_up_says_anew_and_one_without_anybody_says_nothing() {
    let desk = Desk::with(&book(CHECKED));
    own(&desk, "");
    let mut terminal = desk.terminal(&["run", "book.md", "--checks", "ask"]);
    terminal.chooses("park");
    terminal.ends(3);
    let mut terminal = desk.terminal(&["resume", "1", "--checks", "auto"]);
    terminal.waits_for("2 Change").chooses("park");
    terminal.ends(3);
    desk.ends(0, &["resume", "1", "--unattended"]);
    let record = desk.is_intact_and_complete(1);
    let sessions = record.all("session.opened");
    assert_eq!(record.events[0]["session"]["checks"], "ask");
    assert_eq!(sessions[0]["checks"], "auto");
    assert!(sessions[1]["checks"].is_null());
    let (_, told) = desk.ends(2, &["run", "book.md", "--unattended", "--checks", "auto"]);
    assert!(told.contains("cannot be used with"), "{told}");
}

#[test]
fn in_a_check_list_that_is_no_run_book_of_ours_each_check_is_asked_about() {
    let text = "# Look\n\n## Look\n\n```sh check\necho looked >>log\n```\n\n## Change\n\n```sh run\necho changed >>log\n```\n";
    let desk = Desk::with(text);
    own(&desk, "");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("echo looked").waits_for("What now?").listens();
    assert_eq!(desk.read("log"), "");
    terminal.types("park\r");
    terminal.ends(3);
    let record = desk.record(1);
    assert_eq!(record.events[0]["runbook"]["foreign"], true);
    assert_eq!(record.events[0]["session"]["checks"], "ask");
}

#[test]
fn a_check_that_fails_is_asked_about_and_one_that_was_edited_or_has_the_terminal_too() {
    let steps =
        "## Look\n\n```sh check\ntest -e there\n```\n\n## Watch\n\n```sh check\n#| tty: true\ntrue\n```\n";
    let desk = Desk::with(&book(steps));
    let editor =
        desk.program("editor", "#!/bin/sh\necho 'echo edited >>log' >\"$1\"\ntouch -d +1min \"$1\"\n");
    let desk = desk.set("EDITOR", editor.to_str().unwrap());
    own(&desk, "");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("✗ FAILED").chooses("edit").answers("Why is it changed? (Ctrl-C goes back)", "moved");
    terminal.waits_for("EDITED for this run").chooses("run");
    terminal.waits_for("2 Watch").waits_for("What now?").listens();
    assert_eq!(desk.read("log"), "edited\n");
    terminal.types("park\r");
    terminal.ends(3);
    desk.is_intact_and_open(1);
}

#[test]
fn what_is_nearly_a_setting_of_checks_is_an_error() {
    for (user, repository) in [
        ("checks = \"Auto\"", ""),
        ("check = \"ask\"", ""),
        ("", "checks = true\n"),
        ("", "checks = \"always\"\n"),
    ] {
        let desk = Desk::with(&book(CHECKED));
        own(&desk, user);
        let people = desk.read("holdpoint.toml");
        desk.write("holdpoint.toml", &format!("{repository}{people}"));
        let terminal = desk.terminal(&["run", "book.md"]);
        let text = terminal.ends(2);
        assert!(text.contains("check"), "{text}");
        assert_eq!(desk.runs(), 0);
    }
}
