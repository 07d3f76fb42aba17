//! What helpers get, how far they may go, and what is told of those that give no answer.

#![allow(missing_docs)]

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use holdpoint_helper::{Answer, Helper, Unanswered};
use rustix::process::{Pid, test_kill_process};

fn sh(script: &str) -> Helper {
    Helper::new("sh").arguments(["-c", script])
}

/// Whether a process whose id was printed is gone, or is soon.
fn goes(printed: &[u8]) -> bool {
    let id = String::from_utf8_lossy(printed).trim().parse().ok().and_then(Pid::from_raw).expect("an id");
    let began = Instant::now();
    while test_kill_process(id).is_ok() && !is_dead(id) {
        if began.elapsed() > Duration::from_secs(20) {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

/// Nobody reaps what has no parent left, in some containers.
fn is_dead(id: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/stat", id.as_raw_pid()));
    status.is_ok_and(|status| status.contains(") Z "))
}

#[test]
fn what_a_helper_says_is_one_line() {
    let answer = sh("printf 'out\\n'; printf 'bad \\n\\tthing\\n' >&2; exit 7").ask().unwrap();
    assert_eq!((answer.code(), answer.printed.as_slice()), (Some(7), &b"out\n"[..]));
    assert_eq!(answer.words(), "bad thing");
    assert_eq!(sh("exit 3").ask().unwrap().words(), "it ended with 3 and said nothing");
    assert_eq!(sh("kill -9 $$").ask().unwrap().words(), "killed by signal 9");
}

#[test]
fn a_helper_that_takes_too_long_or_prints_too_much_is_no_answer() {
    let long = sh("exec sleep 60").within(Duration::from_millis(50)).ask();
    assert_eq!(long.unwrap_err().to_string(), "sh did not end within 0.05 s");
    // It is not waited for until it notices that nobody reads.
    let much = sh("head -c 2000 /dev/zero; exec sleep 600").at_most(1000).ask();
    assert!(matches!(much, Err(Unanswered::TooMuch(..))), "{much:?}");
    let words = sh("head -c 1000000 /dev/zero | tr '\\0' x >&2").ask().unwrap();
    assert_eq!((words.code(), words.said.len()), (Some(0), 4096));
}

#[test]
fn a_program_that_is_not_there_is_told_apart_from_a_directory_that_is_not() {
    let none = Helper::new("no-such-program-at-all").ask();
    assert!(matches!(none, Err(Unanswered::Missing(_))), "{none:?}");
    let nowhere = sh("true").directory("/no/such/directory".as_ref()).ask();
    assert!(matches!(nowhere, Err(Unanswered::Failed(..))), "{nowhere:?}");
}

#[test]
fn a_helper_reads_what_it_is_given_and_nothing_else() {
    let echoed = sh("cat; printf %s \"$GIVEN\"").input("in ").variable("GIVEN", "there").ask().unwrap();
    assert_eq!(echoed.printed, b"in there");
    assert_eq!(sh("cat").ask().unwrap().printed, b"");
}

#[test]
fn the_last_word_about_a_variable_counts() {
    // PATH and HOME are there in every test.
    let printed = |helper: Helper| String::from_utf8(helper.ask().unwrap().printed).unwrap();
    let script = "printf %s \"${PATH+set} ${HOME-unset}\"";
    assert_eq!(printed(sh(script).without_those_of("HOM", &[])), "set unset");
    assert_eq!(printed(sh(script).without_those_of("HOM", &[]).variable("HOME", "ours")), "set ours");
    assert_eq!(printed(sh(script).variable("HOME", "ours").without(&["HOME"])), "set unset");
}

#[test]
fn what_changes_how_a_shell_starts_does_not_reach_a_helper() {
    // The variables of this process cannot be changed here: a shell asks the helper below with them set.
    let this = std::env::current_exe().unwrap();
    let inner = sh("exec \"$THIS\" --exact --nocapture the_environment_that_a_helper_gets")
        .variable("THIS", this)
        .variable("BASH_ENV", "/dev/null")
        .variable("SHELLOPTS", "braceexpand")
        .variable("BASHOPTS", "extglob")
        .variable("LEFT_ALONE", "yes");
    let answer = inner.ask().unwrap();
    let printed = String::from_utf8_lossy(&answer.printed).into_owned();
    assert!(printed.contains("LEFT_ALONE=yes") && printed.contains("1 passed"), "{printed}");
    for name in ["BASH_ENV=", "SHELLOPTS=", "BASHOPTS="] {
        assert!(!printed.contains(name), "{printed}");
    }
}

#[test]
fn the_environment_that_a_helper_gets() {
    let Answer { printed, .. } = Helper::new("env").ask().unwrap();
    println!("{}", String::from_utf8_lossy(&printed));
    assert!(String::from_utf8_lossy(&printed).contains("PATH="));
}

#[test]
fn a_helper_that_is_alone_has_no_terminal_and_ends_with_all_that_it_started() {
    let answer = sh("sleep 600 >/dev/null 2>&1 & echo $!").alone().ask().unwrap();
    assert!(goes(&answer.printed));
    let leads = sh("read -r _ _ _ _ _ session _ </proc/$$/stat && test \"$session\" = $$").alone().ask();
    assert_eq!(leads.unwrap().code(), Some(0));
}

#[test]
fn what_a_helper_leaves_behind_is_not_waited_for() {
    for script in ["sleep 600 >/dev/null 2>&1 & echo v", "sleep 600 & echo v"] {
        let began = Instant::now();
        assert_eq!(sh(script).alone().ask().unwrap().printed, b"v\n", "{script}");
        assert!(began.elapsed() < Duration::from_secs(60));
    }
    // Where it is at our terminal, what it leaves is not ours to end.
    let held = sh("sleep 8 & echo v").ask();
    assert!(matches!(held, Err(Unanswered::HeldOpen(_))), "{held:?}");
}

#[test]
fn a_helper_is_heard_while_it_runs_and_ends_when_it_is_told_to() {
    let (tell, told) = channel();
    let helper = sh("echo one >&2; echo two >&2; exec sleep 600").alone().heard_by(move |line| {
        tell.send(String::from_utf8_lossy(line).into_owned()).unwrap();
    });
    let stop = helper.stop();
    let asked = std::thread::spawn(move || helper.ask());
    assert_eq!([told.recv().unwrap(), told.recv().unwrap()], ["one", "two"]);
    stop.now();
    let answer = asked.join().unwrap();
    assert!(matches!(answer, Err(Unanswered::Stopped(_))), "{answer:?}");
}

#[test]
fn a_helper_that_is_stopped_before_it_begins_ends_at_once() {
    let helper = sh("exec sleep 600");
    helper.stop().now();
    let answer = helper.ask();
    assert!(matches!(answer, Err(Unanswered::Stopped(_))), "{answer:?}");
}

#[test]
fn at_the_terminal_a_helper_answers_and_has_no_limit() {
    let helper = sh("cat; exit 4").input("given").within(Duration::ZERO);
    let answer = helper.ask_at_terminal().unwrap();
    assert_eq!((answer.code(), answer.printed.as_slice()), (Some(4), &b"given"[..]));
    assert_eq!(sh("exit 5").lend_terminal().unwrap().code(), Some(5));
}
