//! Shells that are started ahead: the same as any other to their script, and nothing before their turn.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod common;

use std::future::pending;
use std::path::Path;
use std::time::{Duration, Instant};

use common::{is_alive, runtime};
use holdpoint_executor::{How, Job, Local, ProcessGroup, State, Stream};
use tokio::runtime::Runtime;

fn job(shell: &str, name: &str, script: &str) -> Job {
    let env = vec![("GIVEN".to_owned(), "its value".to_owned())];
    Job { name: name.to_owned(), env, ..common::job(shell, script) }
}

/// What came of a block, but for what differs from process to process.
#[derive(Debug, PartialEq)]
struct Came {
    how: How,
    stdout: String,
    stderr: String,
    state: Option<State>,
    remarks: Vec<String>,
}

/// The group of the shell that waits, if one does.
fn waits(local: &Local) -> Option<i32> {
    let told = format!("{local:?}");
    let (_, rest) = told.split_once("Waiting { group: ProcessGroup(Pid(")?;
    rest.split_once(')').and_then(|(pid, _)| pid.parse().ok())
}

/// Runs a block, and says what the next will be; gives what came of it and its group.
fn run(runtime: &Runtime, local: &Local, job: &Job, next: Option<&Job>, state: &State) -> (Came, i32) {
    local.expect(next.cloned());
    let (mut out, mut group) = ([Vec::new(), Vec::new()], 0);
    let on_start = |started: ProcessGroup| group = started.id();
    let ended = runtime.block_on(local.run(job, state, pending(), on_start, |stream, bytes, _| {
        out[usize::from(stream == Stream::Stderr)].extend_from_slice(bytes);
        Ok(())
    }));
    let [stdout, stderr] = out.map(|bytes| String::from_utf8(bytes).unwrap());
    (Came { how: ended.how, stdout, stderr, state: ended.state, remarks: ended.remarks }, group)
}

/// Scripts in the order in which they run; each looks at what a shell could tell about how it was started.
const SCRIPTS: &[&str] = &[
    ":",
    "env | grep -v -e ^HOLDPOINT_SECRETS= -e ^_= | sort; pwd; cat; echo \"$0 $# ${GIVEN-}\"",
    "plain='a b'; export EXPORTED='it'\"'\"'s'; mkdir -p 'in side'; cd 'in side'",
    ": after a variable was exported",
    "echo \"$plain $EXPORTED\"; pwd; echo \"${OLDPWD-none}\"; cd ..; cd - >/dev/null; echo \"$OLDPWD\"; cd ..",
    "env | grep -e PWD | sort; [ \"$(pwd -P)\" = \"$(readlink \"/proc/$$/cwd\")\" ]",
    "ln -s 'in side' link; cd link; pwd",
    "pwd; pwd -P; env | grep ^PWD=",
    "cd ..; trap 'echo trapped' EXIT; echo before\nfalse",
    "set -x; echo traced",
    "echo one\necho two\nno_such_command_anywhere",
    "echo \"$no_such_variable\"",
    "exec echo replaced",
    ": after one that was replaced",
    "saved=$PATH; PATH=; echo \"lost:$PATH:\"",
    "echo still; PATH=$saved; unset saved",
    "exec 9>lock; flock 9; echo locked",
    "(sleep 0; echo child); wait; umask; ulimit -n; echo \"$-\"",
    "read -r x && echo \"$x\" || echo \"no input\"",
    "unset EXPORTED plain GIVEN",
    "echo \"${EXPORTED-gone} ${plain-gone} $GIVEN\"; exit 7",
    "[ \"$(ps -o pgid= -p $$ | tr -d ' ')\" = $$ ]; [ \"$(ps -o ppid= -p $$ | tr -d ' ')\" = $PPID ]",
    "kill -TERM $$",
    "echo on",
];

/// And what only bash knows.
const OF_BASH: &[&str] = &[
    "a=(1 'two 3'); declare -A m=([k]='v w'); declare -i n=3; declare -u up=abc",
    "declare -p a m n up OLDPWD PWD SHLVL SECONDS 2>&1; n=n+1",
    "echo ${a[1]} ${m[k]} $n $up; echo $BASH_SUBSHELL $LINENO ${#BASH_SOURCE[@]} ${FUNCNAME[*]-}; shopt -p | sort",
    "echo $SECONDS; jobs; dirs; echo $_; complete -p 2>&1 | wc -l",
];

#[test]
fn a_shell_that_was_started_ahead_is_to_its_script_as_one_that_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let bash_as_sh = folder.path().join("sh");
    let bash = ["/bin/bash", "/usr/bin/bash"].into_iter().find(|bash| Path::new(bash).exists()).unwrap();
    std::os::unix::fs::symlink(bash, &bash_as_sh).unwrap();
    for shell in ["sh", "bash", "bash -x", bash_as_sh.to_str().unwrap()] {
        let scripts: Vec<&str> = match shell.starts_with("bash") {
            true => SCRIPTS.iter().chain(OF_BASH).copied().collect(),
            false => SCRIPTS.to_vec(),
        };
        let jobs: Vec<Job> = scripts
            .iter()
            .enumerate()
            .map(|(n, script)| job(shell, &format!("step-{n}#1"), script))
            .collect();
        let both = [false, true].map(|ahead| {
            // The same place for both, so that what they print can be compared.
            let home = folder.path().join("home");
            let _ = std::fs::remove_dir_all(&home);
            std::fs::create_dir(&home).unwrap();
            let scratch = folder.path().join("scratch");
            std::fs::create_dir_all(&scratch).unwrap();
            let (runtime, local) = (runtime(), Local::with(std::env::vars_os(), &scratch).unwrap());
            let private = local.scratch().to_str().unwrap().to_owned();
            let (mut state, mut all, mut used) = (State::new(&home), Vec::new(), 0);
            for (n, job) in jobs.iter().enumerate() {
                let before = waits(&local);
                let next = jobs.get(n + 1).filter(|_| ahead);
                let (mut came, group) = run(&runtime, &local, job, next, &state);
                used += usize::from(before == Some(group));
                for text in [&mut came.stdout, &mut came.stderr] {
                    *text = text.replace(&private, "SCRATCH").replace(&group.to_string(), "PID");
                }
                if shell.ends_with("-x") {
                    // The parts of a pipeline are traced in whatever order they begin.
                    let mut lines: Vec<&str> = came.stderr.lines().collect();
                    lines.sort_unstable();
                    came.stderr = lines.join("\n");
                }
                state = came.state.clone().unwrap_or(state);
                all.push(came);
            }
            (all, used)
        });
        let [(plain, never), (ahead, used)] = both;
        for ((script, plain), ahead) in scripts.iter().zip(&plain).zip(&ahead) {
            assert_eq!(plain, ahead, "{shell}: {script}");
            assert!(!matches!(plain.how, How::NotStarted(_)), "{shell}: {script}: {plain:?}");
        }
        assert_eq!(never, 0);
        // All but the first, and those before which an exported variable changed.
        assert!(used >= scripts.len() - 7, "{shell}: {used} of {}", scripts.len());
    }
}

#[test]
fn time_begins_when_the_script_does() {
    let home = tempfile::tempdir().unwrap();
    let (runtime, local) = (runtime(), Local::new().unwrap());
    let next = job("bash", "next", "echo $SECONDS");
    // Two seconds of the other's, since bash counts whole ones of the clock.
    let first = job("bash", "first", "until [ $SECONDS -ge 2 ]; do :; done");
    let state = State::new(home.path());
    run(&runtime, &local, &first, Some(&next), &state);
    let waiting = waits(&local).unwrap();
    let (came, group) = run(&runtime, &local, &next, None, &state);
    assert_eq!(group, waiting);
    assert!(matches!(came.stdout.trim(), "0" | "1"), "{came:?}");
}

#[test]
fn a_shell_that_waits_keeps_no_directory_busy_and_runs_nothing() {
    for shell in ["sh", "bash"] {
        let home = tempfile::tempdir().unwrap();
        let (runtime, local) = (runtime(), Local::new().unwrap());
        let state = State::new(home.path());
        let next = job(shell, "next", "touch ran");
        run(&runtime, &local, &job(shell, "first", ":"), Some(&next), &state);
        let waiting = waits(&local).unwrap();
        let cwd = || std::fs::read_link(Path::new("/proc").join(waiting.to_string()).join("cwd")).unwrap();
        // Until it has gone there; a shell tells nobody that it waits.
        let deadline = Instant::now() + Duration::from_secs(10);
        while cwd() != Path::new("/") {
            assert!(Instant::now() < deadline, "{shell} waits in {:?}", cwd());
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(is_alive(waiting) && !home.path().join("ran").exists());
        // Its directory was replaced by another of the same name while it waited.
        let inside = State::new(home.path().join("inside"));
        std::fs::create_dir(&inside.cwd).unwrap();
        let (came, group) = run(&runtime, &local, &next, None, &inside);
        assert_eq!((came.how, group), (How::Exited(0), waiting));
        assert!(inside.cwd.join("ran").exists() && !home.path().join("ran").exists());
    }
}

#[test]
fn a_shell_whose_turn_does_not_come_ends_without_having_run_anything() {
    let home = tempfile::tempdir().unwrap();
    let ran = home.path().join("ran");
    let expected = job("sh", "next", "touch ran");
    let state = State::new(home.path());
    let mut exported = state.clone();
    exported.export("OTHER", "1");
    let changes: [fn(&mut Job); 6] = [
        |job| job.script = ":".into(),
        |job| job.interpreter = vec!["bash".into()],
        |job| job.name = "another".into(),
        |job| job.strict = false,
        |job| job.env.push(("MORE".into(), "1".into())),
        |job| job.interpreter = vec!["cat".into()],
    ];
    let others = changes.map(|change| {
        let mut other = expected.clone();
        change(&mut other);
        (other, state.clone())
    });
    for (other, state) in others.into_iter().chain([(expected.clone(), exported)]) {
        let (runtime, local) = (runtime(), Local::new().unwrap());
        run(&runtime, &local, &job("sh", "first", ":"), Some(&expected), &State::new(home.path()));
        let waiting = waits(&local).unwrap();
        let (came, group) = run(&runtime, &local, &other, None, &state);
        assert_eq!(came.how, How::Exited(0), "{other:?}");
        assert!(group != waiting && !is_alive(waiting), "{other:?}");
        let runs = other.script == expected.script && other.interpreter != ["cat"];
        assert_eq!(ran.exists(), runs, "{other:?}");
        let _ = std::fs::remove_file(&ran);
        assert_eq!(
            std::fs::read_dir(local.scratch()).unwrap().count(),
            1,
            "nothing stays behind but the mark"
        );
    }
}

#[test]
fn a_shell_that_waits_ends_with_its_executor() {
    let (runtime, local) = (runtime(), Local::new().unwrap());
    let home = tempfile::tempdir().unwrap();
    let next = job("bash", "next", "touch ran");
    run(&runtime, &local, &job("bash", "first", ":"), Some(&next), &State::new(home.path()));
    let (waiting, scratch) = (waits(&local).unwrap(), local.scratch().to_owned());
    assert!(is_alive(waiting));
    drop(local);
    assert!(!is_alive(waiting) && !home.path().join("ran").exists() && !scratch.exists());
}

#[test]
fn one_that_was_killed_while_it_waited_is_replaced() {
    let home = tempfile::tempdir().unwrap();
    let (runtime, local) = (runtime(), Local::new().unwrap());
    let state = State::new(home.path());
    let next = job("sh", "next", "touch ran");
    run(&runtime, &local, &job("sh", "first", ":"), Some(&next), &state);
    let waiting = waits(&local).unwrap();
    let group = rustix::process::Pid::from_raw(waiting).unwrap();
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
    while is_alive(waiting) {
        std::thread::yield_now();
    }
    let (came, group) = run(&runtime, &local, &next, None, &state);
    assert_eq!(came.how, How::Exited(0));
    assert!(group != waiting && home.path().join("ran").exists());
}

#[test]
fn a_program_that_was_replaced_while_its_shell_waited_is_started_anew() {
    let home = tempfile::tempdir().unwrap();
    let (runtime, local) = (runtime(), Local::new().unwrap());
    let state = State::new(home.path());
    let sh = home.path().join("sh");
    std::fs::copy("/bin/sh", &sh).unwrap();
    let next = job(sh.to_str().unwrap(), "next", ":");
    run(&runtime, &local, &job("sh", "first", ":"), Some(&next), &state);
    let waiting = waits(&local).unwrap();
    std::fs::copy("/bin/sh", home.path().join("new")).unwrap();
    std::fs::rename(home.path().join("new"), &sh).unwrap();
    let (came, group) = run(&runtime, &local, &next, None, &state);
    assert_eq!(came.how, How::Exited(0));
    assert!(group != waiting && !is_alive(waiting));
}

#[test]
fn variables_that_are_not_exported_and_a_large_state_reach_a_shell_that_waited() {
    for shell in ["sh", "bash"] {
        let home = tempfile::tempdir().unwrap();
        let (runtime, local) = (runtime(), Local::new().unwrap());
        let first = job(shell, "first", "v=$(printf '%0200000d' 7)");
        let next = job(shell, "next", "echo ${#v}");
        let (came, _) = run(&runtime, &local, &first, Some(&next), &State::new(home.path()));
        let waiting = waits(&local).unwrap();
        let (came, group) = run(&runtime, &local, &next, None, &came.state.unwrap());
        assert_eq!((came.stdout.as_str(), group), ("200000\n", waiting), "{shell}");
    }
}

#[test]
fn a_shell_that_was_made_ready_early_is_the_one_its_block_gets() {
    for shell in ["sh", "bash"] {
        let home = tempfile::tempdir().unwrap();
        let (runtime, local) = (runtime(), Local::new().unwrap());
        let (state, block) = (State::new(home.path()), job(shell, "first", "touch ran"));
        {
            let _inside = runtime.enter();
            local.get_ready(&block, &state);
        }
        let waiting = waits(&local).unwrap();
        assert!(is_alive(waiting) && !home.path().join("ran").exists(), "{shell}");
        let (came, group) = run(&runtime, &local, &block, None, &state);
        assert_eq!((came.how, group), (How::Exited(0), waiting), "{shell}");
        assert!(home.path().join("ran").exists(), "{shell}");
    }
}
