//! What still runs at a place, though whoever kept or started it there is gone, or its directory.

use std::fs;
use std::future::pending;
use std::path::Path;
use std::time::{Duration, Instant};

use holdpoint_executor::{Attempt, Came, Had, Stream};

use super::attempts::{Here, exited, kill, pid_of};
use crate::common::{is_alive, job, runtime};
use crate::places::{Hearing, attempt};

/// Starts a block that prints its number once it runs, and leaves it to itself; the number.
fn left(here: &Here, attempt: &Attempt, script: &str) -> i32 {
    let block = job("sh", script);
    let mut printed = Vec::new();
    let seen = tokio::sync::Notify::new();
    runtime().block_on(async {
        let mut sink = Hearing(|_, bytes: &[u8], _| {
            printed.extend_from_slice(bytes);
            seen.notify_one();
            Ok(())
        });
        tokio::select! {
            came = here.remote.run(&block, &here.state, attempt, pending(), &mut sink) => panic!("{came:?}"),
            () = seen.notified() => {}
        }
    });
    String::from_utf8(printed).unwrap().trim().parse().unwrap()
}

/// What is found of it, with what it printed.
fn found(here: &Here, attempt: &Attempt) -> (String, Came) {
    let (block, mut printed) = (job("sh", "touch again"), Vec::new());
    let came = {
        let mut sink = Hearing(|stream, bytes: &[u8], _| {
            if stream == Stream::Stdout {
                printed.extend_from_slice(bytes);
            }
            Ok(())
        });
        let asked = here.remote.attach(&block, &here.state, attempt, Had::default(), pending(), &mut sink);
        runtime().block_on(asked)
    };
    (String::from_utf8(printed).unwrap(), came)
}

fn eventually(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn parent_of(pid: i32) -> i32 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().parse().unwrap()
}

const WAITS: &str = "echo $$; until [ -e go ]; do sleep 0.05; done; echo done";

#[test]
fn a_block_runs_while_anything_of_its_group_does() {
    let here = Here::new();
    let attempt = attempt(&here.remote);
    let script = "(until [ -e go ]; do sleep 0.05; done; echo ended >ended) & echo $$; wait";
    let block = left(&here, &attempt, script);
    kill(pid_of(&here.folder(&attempt).join("pid")));
    kill(block);
    eventually("it is gone", || !is_alive(block));
    // Whatever the keeper's own children write down.
    let (_, came) = found(&here, &attempt);
    assert!(matches!(came, Came::Unkept(_)), "{came:?}");
    here.let_go();
    eventually("it has ended", || here.home.path().join("ended").exists());
    eventually("nobody is left", || !matches!(found(&here, &attempt).1, Came::Unkept(_)));
}

#[test]
fn a_block_whose_parent_was_killed_is_kept_to_its_end() {
    let here = Here::new();
    let attempt = attempt(&here.remote);
    let block = left(&here, &attempt, WAITS);
    let parent = parent_of(block);
    kill(parent);
    eventually("it is somebody else's", || parent_of(block) != parent);
    // Longer than it takes to say that nobody knows.
    let end = here.folder(&attempt).join("end");
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(2) {
        assert!(!end.exists() && is_alive(block));
        std::thread::sleep(Duration::from_millis(20));
    }
    here.let_go();
    let (printed, came) = found(&here, &attempt);
    assert!(matches!(came, Came::InDoubt(_)), "{came:?}");
    assert!(printed.ends_with("\ndone\n"), "{printed}");
}

#[test]
fn an_end_that_nobody_saw_is_none_while_the_block_runs() {
    let here = Here::new();
    let attempt = attempt(&here.remote);
    let block = left(&here, &attempt, WAITS);
    // As an earlier version's keeper left it.
    let text = "end 1\nkind lost\ncode exec\nwhy none\nafter 1\ntook 1\nsizes 0 0\nlost none\nheld yes\nstate no\n.\n";
    fs::write(here.folder(&attempt).join("end"), text).unwrap();
    let (_, came) = found(&here, &attempt);
    assert!(matches!(came, Came::Unkept(_)), "{came:?}");
    here.let_go();
    eventually("it has ended", || !is_alive(block));
}

#[test]
fn a_block_whose_directory_was_removed_is_known_to_have_begun() {
    let here = Here::new();
    let attempt = attempt(&here.remote);
    let block = left(&here, &attempt, WAITS);
    fs::remove_dir_all(here.folder(&attempt)).unwrap();
    let (_, came) = found(&here, &attempt);
    assert!(matches!(came, Came::Unkept(_)), "{came:?}");
    here.let_go();
    eventually("it has ended", || !is_alive(block));
    let (_, came) = found(&here, &attempt);
    assert!(matches!(came, Came::InDoubt(_)), "{came:?}");
    // Nor is it begun once more by whoever sends it again.
    let (_, came) = here.run("touch again", &attempt);
    assert!(matches!(came, Came::InDoubt(_)), "{came:?}");
    assert!(!here.home.path().join("again").exists());
}

#[test]
fn what_is_cleared_away_leaves_no_trace_of_an_attempt() {
    let here = Here::new();
    let attempts = [attempt(&here.remote), attempt(&here.remote)];
    for attempt in &attempts {
        assert_eq!(exited(&here.run("true", attempt).1), 0);
        runtime().block_on(here.remote.reap(&attempt.id)).unwrap();
    }
    let ids: Vec<String> = attempts.iter().map(|attempt| attempt.id.clone()).collect();
    assert_eq!(runtime().block_on(here.remote.clean_all(&ids)).unwrap(), Vec::<String>::new());
    let names = fs::read_dir(Path::new(here.remote.home()).join(".holdpoint/attempts")).unwrap();
    let names: Vec<String> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| name.starts_with(".store")), "{names:?}");
}

#[test]
fn another_place_that_answers_says_nothing_of_the_block() {
    let here = Here::new();
    let mut attempt = attempt(&here.remote);
    attempt.identity.store = "another".to_owned();
    let (_, came) = found(&here, &attempt);
    assert!(matches!(&came, Came::Unreachable(why) if why.contains("is not the one")), "{came:?}");
}
