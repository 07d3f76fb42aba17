//! A run that is taken up again later: by somebody else, beside a changed document, with everything as it was left.

use crate::screens::book;
use crate::support::{Desk, QA};

#[test]
fn directory_and_variables_are_as_the_last_block_left_them() {
    let steps = "## Enter\n\n```bash run\nmkdir -p below && cd below\nexport FAR=away\nNEAR=by\n```\n\n\
        ## Look\n\n```bash check\necho \"$(basename \"$PWD\") $FAR $NEAR\"; env | grep -c NEAR || :\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("2 Look").chooses("park").waits_for("PARKED");
    terminal.ends(3);
    desk.ends(0, &["resume", "1", "--unattended"]);
    assert_eq!(desk.is_intact_and_complete(1).stdout_of("look#1"), "below away by\n0\n");
}

#[test]
fn the_document_goes_on_as_it_was_when_the_run_opened() {
    let steps = "## One\n\n```sh run\necho one >>log\n```\n\n## Two\n\n```sh run\necho two >>log\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").chooses("park").waits_for("PARKED");
    terminal.ends(3);
    desk.write("book.md", &book("## Else\n\n```sh run\necho else >>log\n```\n"));
    desk.write("holdpoint.toml", "[roles]\nnobody = []\n");
    desk.ends(0, &["resume", "1", "--unattended"]);
    desk.is_intact_and_complete(1);
    assert_eq!(desk.read("log"), "one\ntwo\n");
}

#[test]
fn whoever_performs_a_part_of_it_may_not_sign_it_off_independently() {
    let steps = "## One\n\n```sh run\ntrue\n```\n\n## Two\n\n```sh run\ntrue\n```\n\n## Release\n\n\
        ```yaml signoff\nrole: qa\nmeaning: review\nstatement: Seen.\nindependent: true\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("2 Two").chooses("park").waits_for("PARKED");
    terminal.ends(3);
    let mut terminal = desk.terminal(&["resume", "1", "--operator", QA]);
    terminal.chooses("run").waits_for("HOLD POINT").chooses("sign");
    terminal
        .answers("Who signs it off (as holdpoint.toml names people)?", QA)
        .waits_for("must be independent");
    terminal.chooses("park").waits_for("PARKED");
    terminal.ends(3);
    let record = desk.is_intact_and_open(1);
    let session = record.one("session.opened");
    assert_eq!((&session["operator"], &session["operator_from"]), (&QA.into(), &"option".into()));
    assert_eq!(record.one("signoff.refused")["by"]["who"], QA);
}

#[test]
fn a_note_from_another_account_is_on_record_when_the_run_goes_on() {
    let desk = Desk::with(&book("## One\n\n```sh run\ntrue\n```\n"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("park").waits_for("PARKED");
    terminal.ends(3);
    desk.ends(0, &["note", "1", "the customer was told", "--step", "one", "--operator", QA]);
    desk.ends(0, &["note", "1", "not yet", "--corrects", "1"]);
    desk.ends(2, &["note", "1", "nowhere", "--step", "two"]);
    desk.ends(0, &["resume", "1", "--unattended"]);
    let record = desk.is_intact_and_complete(1);
    let notes = record.all("note");
    assert_eq!(
        (&notes[0]["text"], &notes[0]["by"]["who"], &notes[0]["by"]["via"]),
        (&"the customer was told".into(), &QA.into(), &"command".into())
    );
    assert_eq!(notes[1]["corrects"], 1);
    assert_eq!(notes.len(), 2);
    // A closed run takes no more.
    desk.ends(2, &["note", "1", "too late"]);
    assert_eq!(desk.is_intact_and_complete(1).bytes, record.bytes);
}
