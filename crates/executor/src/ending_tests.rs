//! Which processes are seen to live.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::{Child, Command, Stdio};

use super::living;

fn is_seen_alive(mut child: Child) -> bool {
    let id = i32::try_from(child.id()).unwrap();
    let seen = living().unwrap().any(|process| process.id == id);
    child.kill().unwrap();
    child.wait().unwrap();
    seen
}

#[test]
fn a_process_is_seen_whose_name_is_cut_within_a_character() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("datenbank-umz-\u{fc}");
    std::fs::copy("/bin/sleep", &program).unwrap();
    let child = Command::new(&program).arg("60").spawn().unwrap();
    let stat = format!("/proc/{}/stat", child.id());
    while !std::fs::read(&stat).unwrap().windows(9).any(|part| part == b"datenbank") {
        std::thread::yield_now();
    }
    assert!(is_seen_alive(child));
}

#[test]
fn a_process_lives_whose_first_thread_has_ended_while_others_work() {
    let script = "import ctypes, threading, time\n\
        threading.Thread(target=time.sleep, args=(60,)).start()\n\
        print('ready', flush=True)\n\
        ctypes.CDLL(None).pthread_exit(None)";
    let spawned = Command::new("python3").args(["-c", script]).stdout(Stdio::null()).spawn();
    // Nothing else here ends its first thread alone.
    let Ok(child) = spawned else { return };
    let stat = format!("/proc/{}/stat", child.id());
    while !String::from_utf8_lossy(&std::fs::read(&stat).unwrap()).contains(") Z ") {
        std::thread::yield_now();
    }
    assert!(is_seen_alive(child));
}
