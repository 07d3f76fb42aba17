//! One write of many events, and the blobs that events name: torn anywhere, killed or refused before it is durable.

use sha2::{Digest as _, Sha256};

use crate::trial::{EVERY, RUN};
use crate::wire::{Call, Fault, Wire, first_run};
use crate::{spread, support::Desk, sweep};

const MORE: &[u8] = b",\"more\":true,\"type\":";

fn log_of(desk: &Desk) -> Vec<u8> {
    std::fs::read(first_run(desk).unwrap().join("run.jsonl")).unwrap()
}

/// Where each write of a record begins, and how many lines it has.
fn writes(log: &[u8]) -> Vec<(usize, usize)> {
    let (mut writes, mut at, mut open) = (Vec::new(), 0, None::<(usize, usize)>);
    for line in log.split_inclusive(|byte| *byte == b'\n') {
        let (start, lines) = open.take().unwrap_or((at, 0));
        at += line.len();
        match line.windows(MORE.len()).any(|part| part == MORE) {
            true => open = Some((start, lines + 1)),
            false => writes.push((start, lines + 1)),
        }
    }
    assert_eq!(open, None, "the last line ends its write");
    writes
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A run that was killed when a write of several events was not durable yet; where that write begins.
fn killed_in_a_write_of_many(wire: &Wire, call: &Call) -> (Desk, usize) {
    let desk = EVERY.desk();
    wire.strikes(&desk, RUN, call, Fault::Kill);
    let (start, lines) = *writes(&log_of(&desk)).last().unwrap();
    assert!(lines > 1, "the write that {call:?} was to sync has one line");
    (desk, start)
}

#[test]
fn a_write_of_many_events_that_is_torn_anywhere_is_taken_back_and_kept_and_the_run_goes_on() {
    let wire = Wire::learn(&EVERY.desk(), RUN);
    let calls = wire.calls(&EVERY.desk(), RUN);
    let of_the_log = |call: &&Call| call.line.contains("/run.jsonl>");
    // The sync after the first write whose bytes are those of several events.
    let whole = EVERY.desk();
    whole.holdpoint(RUN).output().unwrap();
    let many = writes(&log_of(&whole)).iter().position(|(_, lines)| *lines > 1).expect("a write of many");
    let syncs = calls.iter().filter(of_the_log).filter(|call| call.name == "fdatasync");
    let sync = syncs.clone().nth(many).unwrap();

    let (desk, start) = killed_in_a_write_of_many(&wire, sync);
    let lengths: Vec<usize> = (1..log_of(&desk).len() - start).collect();
    sweep("bytes of a torn write of many events", lengths.len(), &spread(&lengths, 6), |n, length| {
        let (desk, start) = killed_in_a_write_of_many(&wire, sync);
        let log = log_of(&desk);
        let kept = &log[..(start + length).min(log.len() - 1)];
        let torn = &kept[start..];
        std::fs::write(first_run(&desk).unwrap().join("run.jsonl"), kept).unwrap();
        let record = EVERY.goes_on(&desk, &format!("{length} bytes of a write"), start as u64, n % 2 == 1);
        assert!(record.bytes.starts_with(&log[..start]), "the writes before it are there");
        let recovered = record.events.iter().find(|event| event["type"] == "log.recovered").unwrap();
        let name = recovered["torn"]["sha256"].as_str().unwrap();
        assert_eq!((name, &recovered["torn"]["bytes"]), (&*digest(torn), &torn.len().into()));
        let blob = first_run(&desk).unwrap().join("blobs/sha256").join(name);
        assert_eq!(std::fs::read(blob).unwrap(), torn, "what was cut is kept");
    });
}

/// What is asked of the disk between a blob's getting its name and the write that may name it.
#[test]
fn no_event_is_written_before_the_directory_of_the_blobs_that_it_names_is_synced() {
    let desk = EVERY.desk();
    let wire = Wire::learn(&EVERY.desk(), RUN);
    let (mut unsynced, mut named, mut synced) = (0, 0, 0);
    for Call { name, line, .. } in wire.calls(&desk, RUN) {
        let ok = line.contains(") = 0");
        match name.as_str() {
            "rename" | "renameat" | "renameat2" if line.contains("/blobs/sha256/") && ok => {
                (unsynced, named) = (unsynced + 1, named + 1);
            }
            "fsync" | "fdatasync" if line.contains("/blobs/sha256>") && ok => {
                (unsynced, synced) = (0, synced + 1);
            }
            "write" | "pwrite64" | "writev" if line.contains("/run.jsonl>") => {
                assert_eq!(unsynced, 0, "{line}: blobs have names that a power cut may take away");
            }
            _ => {}
        }
    }
    assert!(named > 5 && synced > 2, "{named} blobs, {synced} syncs: nothing was watched");
}

#[test]
fn a_directory_of_blobs_that_cannot_be_synced_stops_the_run_before_any_event_names_them() {
    let wire = Wire::learn(&EVERY.desk(), RUN);
    let calls = wire.calls(&EVERY.desk(), RUN);
    let syncs: Vec<Call> = calls
        .into_iter()
        .filter(|call| call.name == "fsync" && call.line.contains("/blobs/sha256>"))
        .collect();
    assert!(syncs.len() > 2, "{syncs:?}");
    sweep("syncs of the directory of blobs", syncs.len(), &spread(&syncs, 4), |_, sync| {
        let desk = EVERY.desk();
        let traced = wire.strikes(&desk, RUN, sync, Fault::Eio);
        assert!(matches!(traced.code, Some(70 | 2)), "{:?}: {}", traced.code, traced.told);
        assert!(traced.told.contains("cannot sync the directory"), "{}", traced.told);
        // Nothing is written after it: not the event that names the blob, and no other.
        let (_, after) = traced.trace.split_once("(INJECTED)").unwrap();
        let wrote = |line: &&str| line.contains("/run.jsonl>") && line.contains("write");
        assert_eq!(after.lines().find(wrote), None);
    });
}
