//! Every call that touches the store is refused by the disk, one at a time: the run stops and says what to do, the
//! block that runs is ended, nothing that was promised is lost, and the record can be taken up.

use std::io::Write;

use crate::support::{Desk, group_lives};
use crate::trial::{EVERY, RESUME, RUN, Trial, UNDONE};
use crate::wire::{Call, Fault, Traced, Wire, first_run};
use crate::{spread, sweep};

/// Conveniences that are no evidence: the run goes on without the lock's content, or with a file too many.
fn may_fail(call: &Call) -> bool {
    call.name == "unlink" || call.line.contains("/lock>")
}

/// The program stopped in order.
#[track_caller]
fn stopped(desk: &Desk, traced: &Traced, call: &Call, what: &str) {
    let opened = first_run(desk)
        .is_some_and(|dir| std::fs::read(dir.join("run.jsonl")).is_ok_and(|log| log.contains(&b'\n')));
    let code = traced.code.unwrap_or(-1);
    if may_fail(call) && !traced.told.contains("help:") {
        return;
    }
    assert!(
        code == 70 || (!opened && code == 2),
        "{what}: exit code {code}\n{}\n{}",
        traced.told,
        traced.tail()
    );
    assert!(traced.told.contains("help:"), "{what}: nothing says what to do\n{}", traced.told);
    for pid in desk.read("pids").lines().filter_map(|pid| pid.parse().ok()) {
        assert!(!group_lives(pid), "{what}: a block of group {pid} lives on");
    }
}

/// Every fault at every call of `words`, on desks that `prepare` makes, with a record that holds so many bytes.
fn refused(trial: &Trial, words: &[&str], what: &str, few: usize, prepare: impl Fn() -> (Desk, u64) + Sync) {
    let wire = Wire::learn(&prepare().0, words);
    let calls = wire.calls(&prepare().0, words);
    let faults = [Fault::Eio, Fault::Enospc, Fault::Kill];
    let all: Vec<_> = calls.iter().flat_map(|call| faults.map(|fault| (call, fault))).collect();
    // Three faults a call: a step of three would take the same one each time.
    let few = few + usize::from(few.is_multiple_of(3));
    let points = spread(&all, few);
    sweep(what, all.len(), &points, |n, (call, fault)| {
        let (desk, before) = prepare();
        let traced = wire.strikes(&desk, words, call, *fault);
        let what = format!("{fault:?} at {}", call.line);
        if *fault != Fault::Kill {
            stopped(&desk, &traced, call, &what);
        }
        let log = first_run(&desk).map(|dir| dir.join("run.jsonl"));
        let promised = log.map_or(0, |log| before + traced.promised(&log));
        if is_sealed(&desk) {
            desk.is_intact_and_complete(1);
            return;
        }
        trial.goes_on(&desk, &what, promised, n % 2 == 1);
    });
}

fn is_sealed(desk: &Desk) -> bool {
    first_run(desk).is_some_and(|dir| dir.join("seal.json").exists())
}

/// A run whose driver died in the middle of a block; how much of its record there is.
fn struck(trial: &Trial, words: &str) -> (Desk, u64) {
    let desk = trial.desk();
    desk.write("strike", &format!("{words} all\n"));
    desk.holdpoint(RUN).output().unwrap();
    assert!(!desk.path("strike").exists());
    let length = std::fs::metadata(first_run(&desk).unwrap().join("run.jsonl")).unwrap().len();
    (desk, length)
}

#[test]
fn every_call_of_a_run_is_refused_once() {
    refused(&EVERY, RUN, "faults in calls of a run of every kind", 8, || (EVERY.desk(), 0));
}

#[test]
fn every_call_of_a_run_that_is_rolled_back_is_refused_once() {
    refused(&UNDONE, RUN, "faults in calls of a run that is rolled back", 5, || (UNDONE.desk(), 0));
}

#[test]
fn every_call_of_taking_up_a_torn_record_is_refused_once() {
    refused(&UNDONE, RESUME, "faults in calls of taking up a torn record", 6, || {
        let (desk, length) = struck(&UNDONE, "begin undo-two");
        desk.write("answers.yaml", "steps:\n  two#rollback-1: { choice: run }\n");
        let log = first_run(&desk).unwrap().join("run.jsonl");
        let mut log = std::fs::OpenOptions::new().append(true).open(log).unwrap();
        log.write_all(br#"{"n":6,"prev":"00"#).unwrap();
        (desk, length)
    });
}
