//! kill -9 at every boundary, and inside of blocks; then taken up, finished, proved, and held against the traces.

use crate::trial::{EVERY, RUN, Trial, UNDONE};
use crate::wire::{Fault, Wire};
use crate::{spread, sweep};

/// Kills at calls that touch the store, where `wanted`, and takes the run up.
fn killed_at_calls(trial: &Trial, what: &str, few: usize, wanted: impl Fn(&str) -> bool) {
    let wire = Wire::learn(&trial.desk(), RUN);
    let all: Vec<_> = wire.calls(&trial.desk(), RUN).into_iter().filter(|call| wanted(&call.line)).collect();
    let points = spread(&all, few);
    sweep(what, all.len(), &points, |n, call| {
        let desk = trial.desk();
        let traced = wire.strikes(&desk, RUN, call, Fault::Kill);
        let log = crate::wire::first_run(&desk).map(|dir| dir.join("run.jsonl"));
        let promised = log.map_or(0, |log| traced.promised(&log));
        trial.goes_on(&desk, &format!("killed at {}", call.line), promised, n % 2 == 1);
    });
}

/// Before each event is written, and when it is written and not yet durable.
#[test]
fn killed_at_every_event() {
    let event = |line: &str| {
        line.contains("/run.jsonl>") && (line.starts_with("write(") || line.starts_with("fdatasync("))
    };
    killed_at_calls(&EVERY, "kill -9 at events of a run of every kind", 5, event);
    killed_at_calls(&UNDONE, "kill -9 at events of a run that is rolled back", 3, event);
}

/// What a block does when its driver dies in the middle of it: die as well, or go on with nobody to tell.
#[test]
fn killed_inside_of_every_block() {
    let mut points = Vec::new();
    for (n, trial) in [EVERY, UNDONE].into_iter().enumerate() {
        for (mark, _) in trial.marks {
            for word in ["begin", "end"] {
                points.extend(["all", "alone"].map(|how| (n, *mark, word, how)));
            }
        }
    }
    let some = spread(&points, 5);
    sweep("kill -9 inside of blocks", points.len(), &some, |n, (which, mark, word, how)| {
        let trial = [EVERY, UNDONE][*which];
        let desk = trial.desk();
        desk.write("strike", &format!("{word} {mark} {how}\n"));
        let status = desk.holdpoint(RUN).output().unwrap().status;
        let what = format!("killed in {mark} at its {word}, {how}");
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{what}");
        assert!(!desk.path("strike").exists(), "{what}: it never came to this");
        let log = crate::wire::first_run(&desk).unwrap().join("run.jsonl");
        // Whatever stands there is a whole number of events that were durable before the block began.
        let promised = std::fs::metadata(log).unwrap().len();
        trial.goes_on(&desk, &what, promised, n % 2 == 1);
    });
}

#[test]
fn nothing_goes_wrong_where_nothing_is_made_to() {
    for trial in [EVERY, UNDONE] {
        let desk = trial.desk();
        desk.ends(trial.ends.0, RUN);
        let record = desk.is_intact_and_complete(1);
        assert_eq!(record.last()["verdict"], trial.ends.1);
        trial.did_what_was_decided(&desk, &record, "uninterrupted");
    }
}
