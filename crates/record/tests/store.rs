//! Runs in a store: their numbers, their names, who drives them.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Barrier;

use common::{Bench, id, note, now};
use holdpoint_record::{OpenError, Store, StoreError, Writer, read};

#[test]
fn runs_are_numbered_from_one_and_sorted() {
    let bench = Bench::new();
    assert!(bench.runs().is_empty(), "no store, no runs");
    for slug in ["b", "a", "c"] {
        bench.store.create_run(slug).unwrap();
    }
    let names: Vec<_> = bench.runs().into_iter().map(|run| (run.number, run.name)).collect();
    assert_eq!(names, [(1, "0001-b".into()), (2, "0002-a".into()), (3, "0003-c".into())]);
}

#[test]
fn concurrent_creators_get_each_their_own_number_without_gaps() {
    let bench = Bench::new();
    let (threads, each) = (8, 6);
    let barrier = Barrier::new(threads);
    let taken: Vec<u64> = std::thread::scope(|scope| {
        let creator = |thread: usize| {
            let (store, barrier) = (Store::open(bench.store.path()), &barrier);
            scope.spawn(move || {
                barrier.wait();
                // Other slugs: the directory's name alone would let two of them have one number.
                (0..each).map(|_| store.create_run(&format!("run-{thread}")).unwrap().0).collect::<Vec<_>>()
            })
        };
        let handles: Vec<_> = (0..threads).map(creator).collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
    });
    let all: BTreeSet<u64> = taken.iter().copied().collect();
    assert_eq!(taken.len(), threads * each);
    assert_eq!(all, (1..=(threads * each) as u64).collect());
    assert!(bench.store.missing_numbers().unwrap().is_empty());
}

#[test]
fn a_removed_run_leaves_a_gap_that_is_named() {
    let bench = Bench::new();
    for _ in 0..4 {
        bench.store.create_run("x").unwrap();
    }
    fs::remove_dir_all(bench.store.path().join("0002-x")).unwrap();
    assert_eq!(bench.store.missing_numbers().unwrap(), [(2, 2)]);
    assert_eq!(bench.store.create_run("x").unwrap().0, 5, "a gap is not filled");
}

#[test]
fn a_directory_of_a_great_number_is_told_at_once_as_a_gap_from_and_to() {
    let bench = Bench::new();
    bench.store.create_run("x").unwrap();
    fs::create_dir(bench.store.path().join("18446744073709551615-x")).unwrap();
    assert_eq!(bench.store.missing_numbers().unwrap(), [(2, u64::MAX - 1)]);
}

#[test]
fn what_is_in_the_way_keeps_its_number() {
    let bench = Bench::new();
    fs::create_dir_all(bench.store.path()).unwrap();
    fs::write(bench.store.path().join("0001-x"), "").unwrap();
    assert_eq!(bench.store.create_run("x").unwrap().0, 2);
    let names: Vec<String> = bench.runs().into_iter().map(|run| run.name).collect();
    assert_eq!(names, ["0001-x", "0002-x"], "and is told of");
}

#[test]
fn a_run_is_found_by_number_name_id_path_and_latest() {
    let bench = Bench::new();
    for slug in ["promote", "promote", "restore"] {
        bench.opened(slug);
    }
    let path = bench.store.path().join("0002-promote");
    let (path, log) = (path.to_str().unwrap().to_owned(), format!("{}/run.jsonl", path.to_str().unwrap()));
    let id = id(2);
    let found =
        ["2", "02", "0002", "0002-", "0002-promote", "0002-p", &id, &id[..9], &id.to_lowercase(), &path];
    for what in found {
        let run = bench.store.find(what).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!((run.number, run.name.as_str()), (2, "0002-promote"), "{what}");
    }
    assert_eq!(bench.store.find("latest").unwrap().number, 3);
    for what in ["4", "00", "0", "nothing", "01KB", "99999999999999999999999"] {
        assert!(matches!(bench.store.find(what), Err(StoreError::NotFound { .. })), "{what}");
    }
    for what in ["./nothing", &log, "/", "."] {
        assert!(matches!(bench.store.find(what), Err(StoreError::NotARun(_))), "{what}");
    }
}

#[test]
fn an_ambiguous_name_is_an_error_that_lists_what_it_may_mean() {
    let bench = Bench::new();
    for slug in ["promote", "restore"] {
        bench.opened(slug);
    }
    for what in ["01KAQ", "01k"] {
        let error = bench.store.find(what).unwrap_err().to_string();
        assert!(error.contains("0001-promote, 0002-restore"), "{error}");
    }
}

#[test]
fn a_run_that_was_renamed_is_found_by_path_with_its_own_number() {
    let bench = Bench::new();
    bench.opened("promote");
    let moved = bench.dir.path().join("evidence");
    fs::rename(bench.store.path().join("0001-promote"), &moved).unwrap();
    let run = bench.store.find(moved.to_str().unwrap()).unwrap();
    assert_eq!((run.number, run.name.as_str()), (1, "evidence"));
}

#[test]
fn there_is_no_latest_run_in_an_empty_store() {
    assert!(matches!(Bench::new().store.find("latest"), Err(StoreError::NotFound { .. })));
}

#[test]
fn a_store_that_cannot_be_made_says_where_and_why() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    for path in ["file/runs", "file"] {
        let error = Store::open(dir.path().join(path)).create_run("x").unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, StoreError::Disk(_)), "{text}");
        assert!(text.starts_with("cannot ") && text.contains("/file"), "{text}");
    }
    // Not even root makes directories there.
    let text = Store::open("/proc/holdpoint/runs").create_run("x").unwrap_err().to_string();
    assert!(text.contains("cannot create /proc/holdpoint"), "{text}");
}

#[test]
fn a_second_writer_is_refused_and_told_who_has_it() {
    let bench = Bench::new();
    let mut first = bench.opened("promote");
    first.note_child(4711).unwrap();
    let error = Writer::open(first.dir()).unwrap_err();
    let text = error.to_string();
    let OpenError::Held(Some(holder)) = error else { panic!("{text}") };
    assert_eq!((holder.pid, holder.child_group), (std::process::id(), Some(4711)));
    assert!(text.contains(&format!("process {}", holder.pid)) && text.contains(&holder.host), "{text}");
    first.append(now(), note("the first goes on")).unwrap();

    let dir = first.dir().to_owned();
    first.clear_child().unwrap();
    drop(first);
    assert_eq!(fs::read(dir.join("lock")).unwrap(), b"", "let go of in order");
    let (second, events, _) = Writer::open(&dir).unwrap();
    assert_eq!((events.len(), second.predecessor()), (2, None));
}

#[test]
fn a_reader_needs_no_lock() {
    let bench = Bench::new();
    let writer = bench.driven();
    assert_eq!(read(writer.dir()).unwrap().events.len(), 6);
}

#[test]
fn strange_content_of_the_lock_file_is_no_obstacle() {
    let bench = Bench::new();
    let dir = bench.open_record();
    for content in [
        &b"{"[..],
        b"\xff\0",
        b"{\"pid\":1,\"host\":\"h\",\"since\":\"2026-11-23T14:34:05Z\",\"child_group\":9}",
    ] {
        fs::write(dir.join("lock"), content).unwrap();
        let (mut writer, ..) = Writer::open(&dir).unwrap();
        assert_eq!(
            writer.predecessor().and_then(|holder| holder.child_group),
            (content.len() > 9).then_some(9)
        );
        writer.clear_child().unwrap();
    }
}

#[test]
fn a_process_group_that_may_be_alive_is_named_until_somebody_saw_to_it() {
    let bench = Bench::new();
    let mut writer = bench.opened("promote");
    let dir = writer.dir().to_owned();
    writer.note_child(4711).unwrap();
    for _ in 0..2 {
        drop(writer);
        writer = Writer::open(&dir).unwrap().0;
        assert_eq!(writer.predecessor().unwrap().child_group, Some(4711));
    }
    writer.clear_child().unwrap();
    drop(writer);
    assert_eq!(Writer::open(&dir).unwrap().0.predecessor(), None);
}

const HELD: &str = "HOLDPOINT_TEST_RUN_TO_HOLD";

/// No test: the other process of the next one.
#[test]
fn holds_a_run_until_it_is_killed() {
    let Ok(dir) = std::env::var(HELD) else { return };
    let (mut writer, ..) = Writer::open(dir.as_ref()).unwrap();
    writer.note_child(4711).unwrap();
    println!("\nheld");
    std::io::stdin().lines().for_each(drop);
}

#[test]
fn a_killed_driver_leaves_no_lock_and_names_its_child() {
    let bench = Bench::new();
    let dir = bench.open_record();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holds_a_run_until_it_is_killed", "--nocapture"])
        .env(HELD, &dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    assert!(output.lines().any(|line| line.unwrap() == "held"), "the child took the run");
    assert!(matches!(Writer::open(&dir), Err(OpenError::Held(Some(holder))) if holder.pid == child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
    let (writer, ..) = Writer::open(&dir).unwrap();
    let before = writer.predecessor().unwrap();
    assert_eq!((before.pid, before.child_group), (child.id(), Some(4711)));
}

#[test]
fn a_directory_without_a_record_is_no_run_and_stays_untouched() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Writer::open(dir.path()).unwrap_err().to_string().contains("is not a run"));
    assert!(read(dir.path()).unwrap_err().to_string().contains("is not a run"));
    assert!(read(&dir.path().join("nowhere")).unwrap_err().to_string().contains("is not a run"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}
