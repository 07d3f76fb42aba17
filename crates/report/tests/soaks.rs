//! What each format says of a check that must hold for a time, and of a step that took longer than expected.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{Tape, failed, passed};
use holdpoint_document::Hold;
use holdpoint_report::{Kept, html, junit};

const BOOK: &str = "# Release\n\n## Watch\n\n```sh check\nlook\n```\n\n## Tell\n\n- [ ] Everybody was told\n";
const WATCH: &str = "watch#1";

/// Must hold for so many seconds; a try ends every eight.
fn tape(seconds: u64) -> Tape {
    let mut tape = Tape::open(BOOK, |_| ());
    let options = &mut tape.block_mut(WATCH).options;
    options.hold = Some(Hold { for_: Duration::from_secs(seconds), every: Duration::from_secs(2) });
    tape.plan.steps[0].expected = Some(Duration::from_secs(15));
    tape
}

fn tried(tape: &mut Tape, attempts: impl IntoIterator<Item = u32>) {
    attempts
        .into_iter()
        .for_each(|attempt| drop_it(tape.ran(WATCH, attempt, passed(format!("look {attempt}\n")))));
}

fn drop_it(_: &mut Tape) {}

fn page(tape: &Tape) -> String {
    let kept = Kept { log: b"", seal: None, signoffs: &BTreeMap::new(), expunged: &[], rehearsal: None };
    tape.with(None, |m| html(m, &kept).unwrap())
}

#[test]
fn the_tries_of_a_soak_are_told_in_one_line_and_drawn_as_one_band() {
    let mut tape = tape(80);
    tried(&mut tape, 1..=11);
    let copy = tape.markdown();
    assert!(copy.contains("held for 1 min 20 s of 1 min 20 s, 11 tries"), "{copy}");
    assert!(copy.contains("**HELD** · 9 more tries passed, attempts 2 to 10"), "{copy}");
    assert!(copy.contains("look 1\n") && copy.contains("look 11\n") && !copy.contains("look 5\n"), "{copy}");
    assert!(copy.contains("expected 15.0 s, LATE by 1 min 11 s"), "{copy}");
    let page = page(&tape);
    let bands: Vec<&str> = page.split("<rect class=\"held\"").skip(1).collect();
    assert!(
        bands.len() == 1 && bands[0].contains("watch#1 held: 1 min 20 s of 1 min 20 s, 11 tries"),
        "{page}"
    );
    assert!(page.contains("9 more tries passed, attempts 2 to 10") && !page.contains("attempt 5"), "{page}");
    let cases = tape.with(None, |m| junit(m).unwrap());
    assert!(cases.contains("held for 1 min 20 s of 1 min 20 s, 11 tries"), "{cases}");
    let history = tape.json()["steps"][0]["actions"][0]["history"].clone();
    assert_eq!(history.as_array().unwrap().len(), 11);
    assert_eq!(history[4]["held"]["held_ms"], 32_000);
    assert_eq!(tape.json()["steps"][0]["expected_ms"], 15_000);
}

#[test]
fn a_soak_that_failed_is_on_its_way_or_began_anew_is_told_as_that() {
    let mut failing = tape(80);
    tried(&mut failing, 1..=4);
    failing.ran(WATCH, 5, failed(1, "down\n"));
    let copy = failing.markdown();
    assert!(copy.contains("**FAILED** · 5 attempts · had held for 24.0 s of 1 min 20 s, 4 tries"), "{copy}");
    assert!(copy.contains("**HELD** · 2 more tries passed, attempts 2 to 3"), "{copy}");
    let cases = failing.with(None, |m| junit(m).unwrap());
    assert!(cases.contains("<failure") && cases.contains("had held for 24.0 s of 1 min 20 s"), "{cases}");

    let mut open = tape(80);
    tried(&mut open, 1..=4);
    let copy = open.markdown();
    assert!(copy.contains("**HOLDING**: it has held so far, and not for long enough yet"), "{copy}");
    let cases = open.with(None, |m| junit(m).unwrap());
    assert!(cases.contains(">holding</skipped>"), "{cases}");

    let mut anew = tape(24);
    tried(&mut anew, 1..=2);
    anew.wait(3600);
    tried(&mut anew, 3..=6);
    let copy = anew.markdown();
    assert!(copy.contains("began to hold anew: nobody had looked for too long"), "{copy}");
    assert!(copy.contains("held for 24.0 s of 24.0 s, 4 tries"), "{copy}");
    assert!(copy.contains("had held for 8.0 s of 24.0 s, 2 tries"), "{copy}");
    let bands = page(&anew).split("<rect class=\"held\"").count() - 1;
    assert_eq!(bands, 2);
}
