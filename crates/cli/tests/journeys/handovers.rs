//! A run that goes from one operator to the next.

use crate::screens::book;
use crate::support::{Desk, OPS, QA};

const NIGHT: &str = "night@example.org";

fn three() -> Desk {
    let block = |title: &str| format!("## {title}\n\n```sh run\necho {title} >>log\n```\n\n");
    let sign_off = "## Release\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: Seen.\nindependent: true\n```\n";
    let desk = Desk::with(&book(&format!("{}{}{sign_off}", block("One"), block("Two"))));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal
        .chooses("run")
        .waits_for("2 Two")
        .chooses("skip")
        .answers("Why is it skipped? (Ctrl-C goes back)", "not today");
    terminal.waits_for("HOLD POINT").chooses("park").waits_for("PARKED");
    terminal.ends(3);
    desk
}

#[test]
fn the_next_operator_sees_where_the_run_stands_accepts_it_and_goes_on() {
    let desk = three();
    let (_, told) = desk.ends(0, &["handover", "1", "--to", QA, "--note", "Is the tape in?"]);
    for part in [
        "1 of 3 actions done, 1 skipped",
        "Release, release#1 takes a sign-off",
        "not signed off yet: release#1",
        "not today",
    ] {
        assert!(told.contains(part), "{part} in\n{told}");
    }
    let (shown, _) = desk.ends(0, &["show", "1"]);
    assert!(shown.contains(&format!("by {OPS} to {QA}: Is the tape in?; waits to be accepted")), "{shown}");
    assert!(!shown.contains("go on with"), "{shown}");
    let mut terminal = desk.terminal(&["resume", "1", "--operator", QA]);
    terminal.waits_for("not today").waits_for("open questions: Is the tape in?");
    terminal.answers(&format!("{QA}, what now?"), "i").waits_for("open questions: Is the tape in?");
    terminal.answers(&format!("{QA}, what now?"), "accept");
    terminal.waits_for("HOLD POINT").chooses("park").waits_for("PARKED");
    terminal.ends(3);
    let record = desk.is_intact_and_open(1);
    let handover = record.one("handover");
    assert_eq!((&handover["to"], &handover["by"]["who"]), (&QA.into(), &OPS.into()));
    assert_eq!(handover["note"], "Is the tape in?");
    assert_eq!(handover["standing"]["next"]["takes"], "sign_off");
    assert_eq!(handover["standing"]["sign_offs"][0], "release#1");
    assert_eq!(handover["standing"]["deviations"].as_array().unwrap().len(), 1);
    let after: Vec<_> = record.after_opening().into_iter().rev().take(2).collect();
    assert_eq!(after, ["session.opened", "handover.accepted"]);
    for (format, parts) in [
        ("markdown", vec!["## Handovers", "Is the tape in?"]),
        ("html", vec!["<h2>Handovers</h2>", "Is the tape in?"]),
        ("json", vec!["\"handovers\"", "Is the tape in?", "\"accepted\": true"]),
        ("cast", vec!["HANDED OVER by", "handover accepted by"]),
        ("junit", vec!["handed over", "Is the tape in?"]),
    ] {
        let (report, _) = desk.ends(0, &["report", "1", "--format", format]);
        parts.iter().for_each(|part| assert!(report.contains(part), "{part} in {format}\n{report}"));
    }
    let (_, replayed) = desk.ends(0, &["replay", "1", "--max-wait", "0.001"]);
    assert!(replayed.contains(&format!("HANDED OVER by {OPS} to {QA}")), "{replayed}");
}

#[test]
fn nobody_else_drives_a_run_that_is_being_handed_over() {
    let desk = three();
    desk.ends(5, &["handover", "1", "--to", NIGHT, "--operator", QA]);
    desk.ends(2, &["handover", "1", "--to", OPS]);
    desk.ends(2, &["handover", "1", "--accept"]);
    desk.ends(0, &["handover", "1", "--to", NIGHT]);
    let before = desk.record(1);
    for who in [OPS, QA] {
        let (_, told) = desk.ends(5, &["resume", "1", "--unattended", "--operator", who]);
        assert!(told.contains(NIGHT) && told.contains("--withdraw"), "{told}");
        desk.ends(5, &["handover", "1", "--accept", "--operator", who]);
    }
    desk.ends(2, &["handover", "1", "--to", QA]);
    desk.ends(2, &["handover", "1", "--withdraw", "--operator", QA]);
    let (_, told) = desk.ends(3, &["resume", "1", "--unattended", "--operator", NIGHT]);
    assert!(told.contains("holdpoint handover 1 --accept"), "{told}");
    assert_eq!(desk.is_intact_and_open(1).bytes, before.bytes);
    desk.ends(0, &["note", "1", "it still rains", "--operator", QA]);
    desk.ends(0, &["handover", "1", "--withdraw", "--reason", "nobody came", "--operator", QA]);
    desk.ends(3, &["resume", "1", "--unattended", "--operator", QA]);
    desk.ends(0, &["handover", "1", "--to", NIGHT, "--operator", QA]);
    desk.ends(0, &["handover", "1", "--withdraw", "--operator", QA]);
    let withdrawn = desk.is_intact_and_open(1).all("handover.withdrawn").len();
    assert_eq!(withdrawn, 2);
}

#[test]
fn a_sign_off_is_given_while_the_handover_waits() {
    let desk = three();
    desk.ends(0, &["handover", "1", "--to", NIGHT]);
    let mut terminal = desk.terminal(&["sign", "1", "--as", QA]);
    terminal
        .answers(&format!("{QA}, what now?"), "sign")
        .answers("Printed name", "Quinn Auditor")
        .waits_for("On record");
    terminal.ends(0);
    desk.ends(5, &["resume", "1", "--unattended"]);
    desk.ends(0, &["handover", "1", "--accept", "--operator", NIGHT]);
    desk.ends(0, &["resume", "1", "--unattended", "--operator", NIGHT]);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.one("signoff.given")["by"]["who"], QA);
}

#[test]
fn killed_between_offer_and_acceptance_the_handover_stays_open() {
    let desk = three();
    let mut terminal = desk.terminal(&["handover", "1", "--to", NIGHT]);
    terminal.waits_for("Are there open questions?").listens();
    terminal.killed();
    assert!(desk.is_intact_and_open(1).all("handover").is_empty(), "nothing was said yet");
    let mut terminal = desk.terminal(&["handover", "1", "--to", NIGHT]);
    terminal
        .answers("Are there open questions?", "yes")
        .answers("Open questions (Ctrl-C goes back)", "Who has the key?");
    terminal.waits_for("is handed over");
    terminal.ends(0);
    let mut terminal = desk.terminal(&["resume", "1", "--operator", NIGHT]);
    terminal.waits_for("Who has the key?").waits_for("what now?").listens();
    terminal.killed();
    let record = desk.is_intact_and_open(1);
    assert!(record.all("session.opened").is_empty() && record.all("handover.accepted").is_empty());
    // A line that a crash cut off changes nothing about that.
    let torn = [&record.bytes[..], br#"{"n":9,"prev":"00"#].concat();
    std::fs::write(record.dir.join("run.jsonl"), torn).unwrap();
    desk.ends(5, &["resume", "1", "--unattended"]);
    desk.ends(0, &["handover", "1", "--accept", "--operator", NIGHT]);
    let record = desk.is_intact_and_open(1);
    assert_eq!(record.one("handover.accepted")["by"]["who"], NIGHT);
    assert_eq!(record.all("log.recovered").len(), 1);
    desk.ends(3, &["resume", "1", "--unattended", "--operator", NIGHT]);
}

#[test]
fn a_run_that_has_ended_is_handed_over_to_nobody() {
    let desk = Desk::with(&book("## One\n\n```sh run\ntrue\n```\n"));
    desk.ends(0, &["run", "book.md", "--unattended"]);
    desk.ends(2, &["handover", "1", "--to", NIGHT]);
    desk.ends(2, &["handover", "1"]);
    desk.ends(2, &["handover", "1", "--to", NIGHT, "--accept"]);
    desk.ends(2, &["handover", "1", "--to", NIGHT, "--reason", "x"]);
}
