//! An attempt runs at most once, and what is known of it is true.

use std::fs;
use std::future::pending;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use holdpoint_executor::{Attempt, Came, Had, Held, How, Remote, Setting, Sink, State, Stream};
use holdpoint_hosts::{Missing, skipped};
use tokio::sync::Notify;

use crate::common::{is_alive, job, runtime};
use crate::places::{Hearing, attempt, kept_in, opened};

/// A shell of this machine, with what it keeps of attempts.
pub(super) struct Here {
    pub(super) remote: Remote,
    pub(super) home: tempfile::TempDir,
    pub(super) kept: tempfile::TempDir,
    pub(super) state: State,
}

impl Here {
    pub(super) fn new() -> Here {
        let (home, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let remote = opened("local", kept_in(kept.path()), Setting::default());
        let state = State::new(home.path().canonicalize().unwrap());
        Here { remote, home, kept, state }
    }

    pub(super) fn folder(&self, attempt: &Attempt) -> PathBuf {
        Path::new(self.remote.home()).join(".holdpoint/attempts").join(&attempt.id)
    }

    /// What a block printed on standard output, and what came of it.
    pub(super) fn run(&self, script: &str, attempt: &Attempt) -> (String, Came) {
        let mut printed = Vec::new();
        let came = {
            let mut sink = Hearing(|stream, bytes: &[u8], _| {
                if stream == Stream::Stdout {
                    printed.extend_from_slice(bytes);
                }
                Ok(())
            });
            let block = job("sh", script);
            runtime().block_on(self.remote.run(&block, &self.state, attempt, pending(), &mut sink))
        };
        (String::from_utf8(printed).unwrap(), came)
    }

    /// Runs a block that prints a line and waits until `go` is there; does `then` when the line was seen.
    pub(super) async fn while_it_runs(&self, attempt: &Attempt, then: impl AsyncFnOnce()) -> (Vec<u8>, Came) {
        let block = job("sh", "echo $$; until [ -e go ]; do sleep 0.05; done; echo done");
        let (seen, mut printed) = (Notify::new(), Vec::new());
        let came = {
            let mut sink = Hearing(|_, bytes: &[u8], _| {
                printed.extend_from_slice(bytes);
                seen.notify_one();
                Ok(())
            });
            let run = self.remote.run(&block, &self.state, attempt, pending(), &mut sink);
            let other = async {
                seen.notified().await;
                then().await;
            };
            tokio::join!(run, other).0
        };
        (printed, came)
    }

    pub(super) fn let_go(&self) {
        fs::write(self.home.path().join("go"), "").unwrap();
    }
}

pub(super) fn exited(came: &Came) -> i32 {
    match came {
        Came::Ended(ended) => match ended.how {
            How::Exited(code) => code,
            ref other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

pub(super) fn pid_of(file: &Path) -> i32 {
    let text = fs::read_to_string(file).unwrap();
    text.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
}

pub(super) fn kill(pid: i32) {
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
}

#[test]
fn a_block_is_started_over_the_session_of_the_one_that_was_reaped_before_it_and_of_no_other() {
    let here = Here::new();
    // Who started the keeper: the shell of the session.
    let script = "read -r _ keeper _ <\"$(ls -td ~/.holdpoint/attempts/*/ | head -n 1)pid\"
                  sed -n 's/^PPid:[^0-9]*//p' \"/proc/$keeper/status\"";
    let run = async |reaped: bool| {
        let (attempt, mut printed) = (attempt(&here.remote), Vec::new());
        let mut block = job("sh", script);
        block.env.push(("HOME".to_owned(), here.remote.home().to_owned()));
        let mut sink = Hearing(|_, bytes: &[u8], _| {
            printed.extend_from_slice(bytes);
            Ok(())
        });
        let came = here.remote.run(&block, &here.state, &attempt, pending(), &mut sink).await;
        assert_eq!(exited(&came), 0);
        assert!(!reaped || here.remote.reap(&attempt.id).await.unwrap());
        String::from_utf8(printed).unwrap().trim().parse::<u32>().unwrap()
    };
    let shells = runtime().block_on(async {
        [run(true).await, run(true).await, run(false).await, run(false).await, run(true).await]
    });
    let [first, second, third, fourth, fifth] = shells;
    assert!(first == second && second == third, "{shells:?}");
    assert!(fourth != third && fifth != fourth && fifth != third, "{shells:?}");
}

#[test]
fn an_attempt_that_is_started_twice_runs_once_and_ends_the_same() {
    let here = Here::new();
    let attempt = attempt(&here.remote);
    let first = here.run("echo run >>ran; echo out; exit 3", &attempt);
    let second = here.run("echo run >>ran; echo out; exit 3", &attempt);
    assert_eq!((exited(&first.1), exited(&second.1)), (3, 3));
    assert_eq!((first.0.as_str(), second.0.as_str()), ("out\n", "out\n"));
    assert_eq!(fs::read_to_string(here.home.path().join("ran")).unwrap(), "run\n");
    runtime().block_on(here.remote.reap(&attempt.id)).unwrap();
    let third = here.run("echo run >>ran; exit 3", &attempt);
    assert_eq!((exited(&third.1), third.0.as_str()), (3, ""), "the tombstone knows how it ended");
    assert_eq!(fs::read_to_string(here.home.path().join("ran")).unwrap(), "run\n");
}

#[test]
fn a_driver_that_goes_away_leaves_the_block_running_and_the_next_one_finds_it() {
    let here = Here::new();
    let attempt = attempt(&here.remote);
    let block = job("sh", "echo first; until [ -e go ]; do sleep 0.05; done; echo second; exit 4");
    runtime().block_on(async {
        let seen = Notify::new();
        let mut sink = Hearing(|_, _: &[u8], _| {
            seen.notify_one();
            Ok(())
        });
        tokio::select! {
            _ = here.remote.run(&block, &here.state, &attempt, pending(), &mut sink) => panic!("it ended"),
            () = seen.notified() => {}
        }
    });
    here.let_go();
    // Somebody else, from where the first one's output ends.
    let other = opened("local", kept_in(here.kept.path()), Setting::default());
    let mut printed = Vec::new();
    let mut sink = Hearing(|_, bytes: &[u8], _| {
        printed.extend_from_slice(bytes);
        Ok(())
    });
    let had = Had { stdout: 6, stderr: 0 };
    let runtime = runtime();
    let came = runtime.block_on(other.attach(&block, &here.state, &attempt, had, pending(), &mut sink));
    assert_eq!((exited(&came), printed.as_slice()), (4, &b"second\n"[..]));
    // And goes on with the next one, over the session that followed it.
    assert!(runtime.block_on(other.reap(&attempt.id)).unwrap());
    let (next, block) = (crate::places::attempt(&other), job("sh", "exit 5"));
    let mut sink = Hearing(|_, _: &[u8], _| Ok(()));
    let run = other.run(&block, &here.state, &next, pending(), &mut sink);
    assert_eq!(exited(&runtime.block_on(run)), 5);
}

#[test]
fn an_attempt_that_nobody_started_never_runs_once_somebody_has_asked_for_it() {
    let here = Here::new();
    let attempt = attempt(&here.remote);
    let mut sink = Hearing(|_, _: &[u8], _| Ok(()));
    let block = job("sh", "touch ran");
    let asked = here.remote.attach(&block, &here.state, &attempt, Had::default(), pending(), &mut sink);
    assert!(matches!(runtime().block_on(asked), Came::NeverRan(_)));
    let (_, came) = here.run("touch ran", &attempt);
    assert!(matches!(came, Came::NeverRan(_)), "{came:?}");
    assert!(!here.home.path().join("ran").exists());
}

#[test]
fn a_place_that_is_another_one_by_now_refuses_before_anything_runs() {
    let here = Here::new();
    for change in [
        |attempt: &mut Attempt| attempt.identity.boot = "another/1/pid".to_owned(),
        |attempt: &mut Attempt| attempt.identity.store = "another".to_owned(),
    ] {
        let mut attempt = attempt(&here.remote);
        change(&mut attempt);
        let (_, came) = here.run("touch ran", &attempt);
        assert!(matches!(came, Came::NeverRan(_)), "{came:?}");
        assert!(!here.home.path().join("ran").exists() && !here.folder(&attempt).exists());
    }
}

#[test]
fn a_place_that_was_restarted_while_the_block_ran_leaves_it_in_doubt() {
    let here = Here::new();
    let attempt = attempt(&here.remote);
    let (_, came) = here.run("exit 0", &attempt);
    exited(&came);
    // As the disk looks after a restart in the middle.
    let folder = here.folder(&attempt);
    fs::remove_file(folder.join("end")).unwrap();
    let pid = fs::read_to_string(folder.join("pid")).unwrap();
    fs::write(folder.join("pid"), pid.replacen("boot ", "boot before-", 1)).unwrap();
    let (_, came) = here.run("touch ran", &attempt);
    let Came::InDoubt(why) = came else { panic!("{came:?}") };
    assert!(why.contains("restarted"), "{why}");
    assert!(!here.home.path().join("ran").exists());
}

#[test]
fn what_somebody_started_before_a_restart_is_in_doubt_even_if_nothing_of_it_is_left() {
    let here = Here::new();
    let block = job("sh", "touch ran");
    let mut attempt = attempt(&here.remote);
    attempt.identity.boot = "before/1/pid".to_owned();
    let attach = |attempt: &Attempt| {
        let mut sink = Hearing(|_, _: &[u8], _| Ok(()));
        let asked = here.remote.attach(&block, &here.state, attempt, Had::default(), pending(), &mut sink);
        runtime().block_on(asked)
    };
    let came = attach(&attempt);
    assert!(matches!(came, Came::InDoubt(_)), "no directory: {came:?}");
    // A decision that was made, and on no disk yet when the power went.
    fs::create_dir(here.folder(&attempt)).unwrap();
    let came = attach(&attempt);
    assert!(matches!(came, Came::InDoubt(_)), "no decision: {came:?}");
    assert!(!here.home.path().join("ran").exists());
}

#[test]
fn a_keeper_that_was_killed_leaves_the_block_in_doubt_and_says_whether_it_runs() {
    let here = Here::new();
    let attempt = attempt(&here.remote);
    let folder = here.folder(&attempt);
    let killed = async || kill(pid_of(&folder.join("pid")));
    let (printed, came) = runtime().block_on(here.while_it_runs(&attempt, killed));
    let Came::Unkept(why) = came else { panic!("{came:?}") };
    assert!(why.contains("still runs"), "{why}");
    let block = String::from_utf8(printed).unwrap().trim().parse().unwrap();
    assert!(is_alive(block));
    here.let_go();
    // What the keeper had started sees to the end, and nothing of it stays.
    let here_still = || {
        fs::read_dir("/proc").unwrap().any(|entry| {
            fs::read_link(entry.unwrap().path().join("cwd")).is_ok_and(|directory| directory == folder)
        })
    };
    let start = Instant::now();
    while is_alive(block) || here_still() {
        assert!(start.elapsed() < Duration::from_secs(20), "something of it stays for ever");
        std::thread::sleep(Duration::from_millis(2));
    }
    let (printed, came) = here.run("exit 9", &attempt);
    assert_eq!(exited(&came), 0);
    assert!(printed.ends_with("\ndone\n"), "{printed}");
}

#[test]
fn a_follower_that_was_killed_is_replaced() {
    let here = Here::new();
    let attempt = attempt(&here.remote);
    let killed = async || {
        // The shell that was asked, and with it the connection.
        let own = std::process::id().to_string();
        for child in
            fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap().split_whitespace()
        {
            kill(child.parse().unwrap());
        }
        here.let_go();
    };
    let (printed, came) = runtime().block_on(here.while_it_runs(&attempt, killed));
    assert_eq!(exited(&came), 0);
    assert!(printed.ends_with(b"\ndone\n"), "{}", printed.escape_ascii());
}

#[test]
fn a_decision_that_does_not_come_is_made_by_whoever_waits_for_it() {
    let here = Here::new();
    let attempt = attempt(&here.remote);
    // A starter that died before its keeper decided.
    fs::create_dir(here.folder(&attempt)).unwrap();
    let (_, came) = here.run("touch ran", &attempt);
    assert!(matches!(came, Came::NeverRan(_)), "{came:?}");
    let go = fs::read_link(here.folder(&attempt).join("go")).unwrap();
    assert_eq!(go, Path::new("void.fence"));
    assert!(
        symlink("run", here.folder(&attempt).join("go")).is_err(),
        "a keeper that comes late finds it decided"
    );
}

#[test]
fn what_is_reaped_leaves_nothing_of_the_output_and_what_is_cleaned_leaves_nothing() {
    let here = Here::new();
    let attempt = attempt(&here.remote);
    here.run("echo to-be-cleared-away; V=to-be-cleared-away", &attempt);
    let runtime = runtime();
    let folder = here.folder(&attempt);
    assert!(runtime.block_on(here.remote.reap(&attempt.id)).unwrap());
    let mut left: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["end", "go", "pid"]);
    let kept = runtime.block_on(here.remote.kept()).unwrap();
    assert!(kept.iter().any(|kept| kept.id == attempt.id && kept.held == Held::Ended));
    assert!(runtime.block_on(here.remote.clean(&attempt.id, false)).unwrap());
    assert!(!folder.exists());
}

#[test]
fn what_runs_is_neither_reaped_nor_cleaned() {
    let here = Here::new();
    let attempt = attempt(&here.remote);
    let tried = async || {
        assert!(!here.remote.reap(&attempt.id).await.unwrap());
        assert!(!here.remote.clean(&attempt.id, false).await.unwrap());
        here.let_go();
    };
    let (printed, came) = runtime().block_on(here.while_it_runs(&attempt, tried));
    assert_eq!(exited(&came), 0);
    assert!(printed.ends_with(b"\ndone\n"));
}

/// What a block registered, and when.
#[derive(Default)]
struct Registering(Vec<String>);

impl Sink for Registering {
    fn on_secret(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.0.push(format!("secret {name}={value}"));
        Ok(())
    }

    fn on_output(&mut self, _: Stream, bytes: &[u8], _: Duration) -> std::io::Result<()> {
        self.0.push(String::from_utf8(bytes.to_vec()).unwrap());
        Ok(())
    }
}

#[test]
fn a_secret_that_a_block_registers_is_known_before_what_it_prints_afterwards() {
    let here = Here::new();
    let script = "for n in 1 2 3 4 5; do echo \"T$n=value-$n\" >\"$HOLDPOINT_SECRETS\"; echo value-$n; done";
    let mut heard = Registering::default();
    let attempt = attempt(&here.remote);
    let block = job("sh", script);
    let run = here.remote.run(&block, &here.state, &attempt, pending(), &mut heard);
    assert!(matches!(runtime().block_on(run), Came::Ended(_)));
    for number in 1..=5 {
        let at = |text: &str| heard.0.iter().position(|heard| heard.contains(text)).unwrap();
        assert!(
            at(&format!("secret T{number}=value-{number}")) < at(&format!("value-{number}\n")),
            "{:?}",
            heard.0
        );
    }
}

#[test]
fn a_secret_is_on_no_command_line_in_no_file_and_not_in_what_carries_over() {
    let here = Here::new();
    let secret = "correct-horse-battery";
    for shell in ["sh", "bash"] {
        let mut attempt = attempt(&here.remote);
        attempt.secrets = vec!["TOKEN".to_owned()];
        let folder = here.folder(&attempt);
        let mut block =
            job(shell, "[ ${#TOKEN} = 21 ]; echo looked-at; until [ -e go ]; do sleep 0.05; done; P=1");
        block.env.push(("TOKEN".to_owned(), secret.to_owned()));
        let mut looked = 0;
        let mut sink = Hearing(|_, _: &[u8], _| {
            for process in fs::read_dir("/proc").unwrap() {
                let command = fs::read(process.unwrap().path().join("cmdline")).unwrap_or_default();
                assert!(!String::from_utf8_lossy(&command).contains(secret));
            }
            looked += files_with(&folder, secret).1;
            assert_eq!(files_with(&folder, secret).0, Vec::<PathBuf>::new());
            here.let_go();
            Ok(())
        });
        let run = here.remote.run(&block, &here.state, &attempt, pending(), &mut sink);
        let Came::Ended(ended) = runtime().block_on(run) else { panic!() };
        assert!(looked > 3, "there were files to look at");
        assert_eq!((&ended.how, ended.remarks.len()), (&How::Exited(0), 0), "{ended:?}");
        let state = ended.state.unwrap();
        assert_eq!((state.get("TOKEN"), state.get("P")), (None, Some("1".as_ref())));
        assert_eq!(files_with(&folder, secret).0, Vec::<PathBuf>::new(), "{shell}");
        fs::remove_file(here.home.path().join("go")).unwrap();
    }
}

/// Files below a folder that hold a text, and how many files there are.
fn files_with(folder: &Path, text: &str) -> (Vec<PathBuf>, usize) {
    let (mut found, mut count) = (Vec::new(), 0);
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            let (inner, number) = files_with(&entry.path(), text);
            found.extend(inner);
            count += number;
        } else if kind.is_file() {
            count += 1;
            let bytes = fs::read(entry.path()).unwrap_or_default();
            if String::from_utf8_lossy(&bytes).contains(text) {
                found.push(entry.path());
            }
        }
    }
    (found, count)
}

#[test]
fn a_read_only_secret_costs_the_state_and_is_not_kept() {
    let here = Here::new();
    for shell in ["sh", "bash"] {
        let mut attempt = attempt(&here.remote);
        attempt.secrets = vec!["TOKEN".to_owned()];
        let mut block = job(shell, "readonly TOKEN; P=1");
        block.env.push(("TOKEN".to_owned(), "correct-horse-battery".to_owned()));
        let mut sink = Hearing(|_, _: &[u8], _| Ok(()));
        let run = here.remote.run(&block, &here.state, &attempt, pending(), &mut sink);
        let Came::Ended(ended) = runtime().block_on(run) else { panic!() };
        assert_eq!((ended.how, ended.state, ended.remarks.len()), (How::Exited(0), None, 1), "{shell}");
        assert_eq!(files_with(&here.folder(&attempt), "correct-horse").0, Vec::<PathBuf>::new());
    }
}

#[test]
fn signals_are_told_from_exit_codes_and_may_be_caught() {
    let here = Here::new();
    // Under `nohup` HUP is ignored, and stays so for whatever is started; PIPE, which Rust ignores, is given back.
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
    for signal in [1, 2, 3, 6, 9, 13, 15] {
        let (_, came) = here.run(&format!("kill -{signal} $$; exit 7"), &attempt(&here.remote));
        let Came::Ended(ended) = came else { panic!("{came:?}") };
        let expected = if signal != 13 && ignored >> (signal - 1) & 1 == 1 {
            How::Exited(7)
        } else {
            How::Signalled(signal)
        };
        assert_eq!(ended.how, expected);
        let (_, came) = here.run(&format!("exit {}", 128 + signal), &attempt(&here.remote));
        assert_eq!(exited(&came), 128 + signal);
    }
    let (printed, came) =
        here.run("trap 'echo caught; exit 5' INT; kill -INT $$; sleep 5", &attempt(&here.remote));
    assert_eq!((printed.as_str(), exited(&came)), ("caught\n", 5), "no part of the chain ignores INT");
}

#[test]
fn a_stopped_block_ends_what_has_left_its_group_too() {
    let here = Here::new();
    let mut block = job("sh", "setsid sleep 1000 >/dev/null 2>&1 & sleep 0.2; echo $!; sleep 1000");
    block.timeout = Some(Duration::from_secs(1));
    let mut printed = Vec::new();
    let mut sink = Hearing(|_, bytes: &[u8], _| {
        printed.extend_from_slice(bytes);
        Ok(())
    });
    let attempt = attempt(&here.remote);
    let came = runtime().block_on(here.remote.run(&block, &here.state, &attempt, pending(), &mut sink));
    let Came::Ended(ended) = came else { panic!("{came:?}") };
    assert!(ended.timed_out);
    let stray = String::from_utf8(printed).unwrap().trim().parse().unwrap();
    assert!(!is_alive(stray));
}

#[test]
fn a_block_has_no_terminal_and_the_umask_of_whoever_operates() {
    let here = Here::new();
    let (printed, came) = here.run(
        "if ( : </dev/tty ) 2>/dev/null; then echo tty; else echo none; fi; umask",
        &attempt(&here.remote),
    );
    exited(&came);
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let umask = status.lines().find_map(|line| line.strip_prefix("Umask:")).unwrap().trim();
    assert_eq!(printed, format!("none\n{umask}\n"));
}

#[test]
fn the_text_that_places_are_sent_is_posix_shell() {
    let test = "the_text_that_places_are_sent_is_posix_shell";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/remote");
    let common = fs::read(folder.join("common.sh")).unwrap();
    for name in ["call.sh", "keeper.sh", "runner.sh"] {
        let text = [common.clone(), fs::read(folder.join(name)).unwrap()].concat();
        let whole = tempfile::NamedTempFile::new().unwrap();
        fs::write(whole.path(), text).unwrap();
        // Variables come from the other parts; what looks unreachable is called from there.
        let mut checker = std::process::Command::new("shellcheck");
        checker.args(["-s", "sh", "-e", "SC2034,SC2154,SC2317,SC1007,SC2329"]).arg(whole.path());
        match checker.output() {
            Ok(said) => assert!(said.status.success(), "{name}: {}", String::from_utf8_lossy(&said.stdout)),
            Err(_) => return skipped(test, &Missing("`shellcheck` is not installed".to_owned())),
        }
    }
}

#[test]
fn what_a_place_is_and_has_can_be_asked() {
    let here = Here::new();
    let probed = runtime().block_on(here.remote.probe()).unwrap();
    assert!(probed.clock_ahead.abs() < 5.0, "{probed:?}");
    assert!(probed.free_kib.is_some_and(|free| free > 0), "{probed:?}");
    assert!(probed.programs.iter().any(|(name, path)| name == "sh" && path.ends_with("/sh")), "{probed:?}");
    assert!(!probed.user.is_empty() && !probed.system.is_empty(), "{probed:?}");
}
