//! Disks that fill up, turn read-only or refuse more, and a machine without room for another process.

use std::process::{Command, Stdio};

use crate::mounts::{Mounted, inside};
use crate::struck;
use crate::support::{Desk, Gate, eventually, group_is_gone, group_lives};
use crate::trial::{RUN, UNDONE};
use crate::wire::{Fault, Wire, first_run};

/// Prints more than there is room for, and would then wait for ever.
const FLOOD: &str = "## Before\n\n```sh run\necho before >>log\n```\n\n\
    ## Flood\n\n```sh run\necho $$ >pid\nwhile :; do echo 'a line of a flood that does not end of itself'; done\n```\n\n\
    ## After\n\n```sh run\necho after >>log\n```\n";

fn book(steps: &str) -> String {
    format!("---\nrunbook: 1\ntitle: Book\n---\n\n# Book\n\n{steps}")
}

/// Stops in order in the middle of the flood: says why and what to do, ends the block, starts nothing more.
#[track_caller]
fn flooded(desk: &Desk, command: &mut Command, why: &str) {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(70), "{told}");
    let told = told.replace("\n  |", "").split_whitespace().collect::<Vec<_>>().join(" ");
    for wanted in [why, "help:", "resume"] {
        assert!(told.contains(wanted), "{wanted} in\n{told}");
    }
    let group = desk.read("pid").trim().parse().unwrap();
    group_is_gone(group);
    assert_eq!(desk.read("log"), "before\n");
    assert_eq!(desk.is_intact_and_open(1).in_doubt().as_deref(), Some("flood#1"));
    desk.ends(3, &["resume", "1", "--unattended"]);
}

/// Once there is room again the run goes on.
#[track_caller]
fn goes_on(desk: &Desk) {
    desk.write("answers.yaml", "steps:\n  flood: { choice: skip, reason: it floods the disk }\n");
    desk.ends(0, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(desk.read("log"), "before\nafter\n");
    assert_eq!(record.starts("flood#1"), 1);
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_an_output() {
    if !inside("disks::a_disk_that_fills_up_in_the_middle_of_an_output") {
        return;
    }
    let desk = Desk::with(&book(FLOOD));
    let disk = Mounted::on(desk.path(".holdpoint"), "1m");
    flooded(&desk, &mut desk.holdpoint(&["run", "book.md", "--unattended"]), "No space left on device");
    disk.again("size=8m");
    goes_on(&desk);
}

#[test]
fn a_file_that_may_not_grow_any_more_in_the_middle_of_an_output() {
    let desk = Desk::with(&book(FLOOD));
    let mut limited = desk.command("prlimit");
    // The limit is the driver's and the block's alike; the block writes to pipes only.
    limited.args(["--fsize=262144", env!("CARGO_BIN_EXE_holdpoint"), "run", "book.md", "--unattended"]);
    flooded(&desk, limited.stdin(Stdio::null()), "File too large");
    goes_on(&desk);
}

#[test]
fn a_disk_that_is_full_from_the_start_lets_nothing_run() {
    if !inside("disks::a_disk_that_is_full_from_the_start_lets_nothing_run") {
        return;
    }
    let desk = Desk::with(&book("## One\n\n```sh run\necho ran >>log\n```\n"));
    let disk = Mounted::on(desk.path(".holdpoint"), "64k");
    let filler = desk.path(".holdpoint/filler");
    let _ = std::fs::write(&filler, vec![0; 1024 * 1024]);
    let (_, told) = desk.ends(70, &["run", "book.md", "--unattended"]);
    assert!(told.contains("help:") && told.contains("No space left on device"), "{told}");
    assert_eq!(desk.read("log"), "");
    std::fs::remove_file(filler).unwrap();
    disk.again("size=1m");
    desk.ends(0, &["run", "book.md", "--unattended"]);
    let number = u32::try_from(desk.runs()).unwrap();
    desk.is_intact_and_complete(number);
}

/// A block that waits in the middle of its output, while the store turns read-only.
fn turned_read_only(desk: &Desk, turn: impl FnOnce(), back: impl FnOnce()) {
    desk.write(
        "book.md",
        &book(
            "## Flood\n\n```sh run\necho $$ >pid\necho one\nread -r _ <gate\necho two\n```\n\n\
             ## After\n\n```sh run\necho after >>log\n```\n",
        ),
    );
    let gate = Gate::at(&desk.path("gate"));
    let mut run = desk.holdpoint(&["run", "book.md", "--unattended"]);
    let driver = run.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("the block waits", || !desk.read("pid").is_empty() && desk.read("pid").ends_with('\n'));
    let group = desk.read("pid").trim().parse().unwrap();
    turn();
    gate.open();
    let output = driver.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(70), "{told}");
    assert!(told.contains("help:"), "{told}");
    group_is_gone(group);
    assert_eq!(desk.read("log"), "", "{told}");
    // Nothing can be taken up as long as it lasts, and that is no word about the record.
    let (_, told) = desk.ends(0, &["verify", "1"]);
    assert!(told.contains("events"), "{told}");
    let taken_up = desk.holdpoint(&["resume", "1", "--unattended"]).output().unwrap();
    let told = String::from_utf8_lossy(&taken_up.stderr);
    assert!(matches!(taken_up.status.code(), Some(2 | 70)) && told.contains("help:"), "{told}");
    back();
    desk.write("answers.yaml", "steps:\n  flood: { choice: happened, reason: looked at it }\n");
    desk.ends(0, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    desk.is_intact_and_complete(1);
    assert_eq!(desk.read("log"), "after\n");
}

#[test]
fn a_store_that_turns_read_only_while_a_block_runs() {
    if !inside("disks::a_store_that_turns_read_only_while_a_block_runs") {
        return;
    }
    let desk = Desk::new();
    let disk = Mounted::on(desk.path(".holdpoint"), "4m");
    turned_read_only(&desk, || disk.turn_read_only(), || disk.turn_back());
}

/// A block that has printed and waits for ever is ended at once when its output cannot be kept.
#[test]
fn a_block_that_waits_is_ended_when_its_output_cannot_be_kept() {
    let make = || {
        let desk = Desk::with(&book(
            // More than is held in memory until the block has ended.
            "## Wait\n\n```sh run\necho $$ >pid\nyes printed | head -n 20000\nread -r _ <gate\necho on >>log\n```\n",
        ));
        (Gate::at(&desk.path("gate")), desk)
    };
    let words = &["run", "book.md", "--unattended"];
    // Learnt where somebody opens the gate.
    let learn = |open: &dyn Fn(&Desk)| {
        let (gate, desk) = make();
        std::thread::scope(|scope| {
            scope.spawn(|| gate.open());
            open(&desk);
        });
    };
    let wire = std::cell::OnceCell::new();
    learn(&|desk| drop(wire.set(Wire::learn(desk, words))));
    let wire = wire.into_inner().unwrap();
    let calls = std::cell::OnceCell::new();
    learn(&|desk| drop(calls.set(wire.calls(desk, words))));
    let calls = calls.into_inner().unwrap();
    let started = calls.iter().rposition(|call| call.line.contains("/lock>")).unwrap();
    // The first of them: how many there are differs with how much is read at once.
    let output = calls[..started].iter().find(|call| {
        call.name == "write" && call.line.contains("/blobs/partial-0>") && call.line.contains("printed")
    });
    let output = output.expect("what the block prints is written");
    for fault in [Fault::Eio, Fault::Enospc] {
        let (_gate, desk) = make();
        let traced = wire.strikes(&desk, words, output, fault);
        assert_eq!(traced.code, Some(70), "{}", traced.told);
        assert!(traced.told.contains("help:"), "{}", traced.told);
        assert!(!group_lives(desk.read("pid").trim().parse().unwrap()));
        assert_eq!(desk.read("log"), "");
        assert_eq!(desk.is_intact_and_open(1).in_doubt().as_deref(), Some("wait#1"));
    }
}

/// The words before a program that give it a user who may have so many processes, of which there is none yet.
fn at_most(desk: &Desk, processes: u32) -> Command {
    let limit = format!("--nproc={processes}");
    if rustix::process::geteuid().is_root() {
        // Root may always start one more, so it is another user.
        let everything = Command::new("chown").args(["-R", "65534:65534"]).arg(desk.root()).status().unwrap();
        assert!(everything.success());
        let mut limited = desk.command("setpriv");
        limited.args(["--reuid=65534", "--regid=65534", "--clear-groups", "prlimit", &limit]);
        return limited;
    }
    // In a namespace of its own a user's processes are counted anew.
    let mut limited = desk.command("unshare");
    limited.args(["--user", "--map-current-user", "prlimit", &limit]);
    limited
}

#[test]
fn a_full_process_table_is_a_failure_of_the_block_or_of_the_machine_and_never_silent() {
    let mut injected = 0;
    for limit in 1..=12 {
        let desk = UNDONE.desk();
        // Where another user can reach it.
        let program = desk.root().join("holdpoint");
        std::fs::copy(env!("CARGO_BIN_EXE_holdpoint"), &program).unwrap();
        let mut limited = at_most(&desk, limit);
        let output = limited.arg(program).args(RUN).stdin(Stdio::null()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = output.status.code();
        if first_run(&desk).is_none() {
            assert!(
                matches!(code, Some(2 | 70)) && (told.contains("help:") || told.contains("Go on with:")),
                "{limit}: {code:?}; where users may make no namespaces, run it as root\n{told}"
            );
            assert!(!told.contains("Permission denied"), "{limit}: the program was never reached\n{told}");
            injected += 1;
            continue;
        }
        desk.ends(0, &["verify", "1"]);
        let record = desk.record(1);
        assert!(matches!(code, Some(1 | 3 | 70)), "{limit}: {code:?}\n{told}");
        injected += usize::from(record.events.iter().any(|event| event["error"].is_string()));
        // What could not be started is on record as failed, with the reason, and what stands before it is undone.
        for event in record.all("action.finished").iter().filter(|event| event["error"].is_string()) {
            assert_eq!(event["outcome"], "failed");
        }
    }
    assert!(injected > 0, "no limit was low enough");
    // From some limit on nothing is felt: those above it are no points.
    struck("a full process table", injected, injected);
}
