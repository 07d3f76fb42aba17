//! What only an executor on this machine can promise.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use holdpoint_executor::{Array, How, Local, State};

use crate::Here;
use crate::conformance::{Executor, World, job};

fn machine() -> World<Here> {
    World::open_for("").unwrap()
}

/// All bytes of all regular files under a directory, and every entry's mode.
fn everything_in(folder: &Path) -> (Vec<u8>, Vec<u32>) {
    let (mut bytes, mut modes) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        modes.push(entry.metadata().unwrap().permissions().mode() & 0o777);
        if entry.file_type().unwrap().is_file() {
            bytes.extend(fs::read(entry.path()).unwrap());
        }
    }
    (bytes, modes)
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[test]
fn values_are_neither_on_the_disk_nor_on_a_command_line() {
    for shell in ["bash", "sh"] {
        let mut world = machine();
        world.state.plain.insert("plain".into(), "s3cret-plain".into());
        world.state.export("exported", "s3cret-exported");
        world.state.arrays.insert("a".into(), Array::Indexed([(0, "s3cret-array".into())].into()));
        let scratch = world.executor.local.scratch().to_owned();
        let mut block = job(
            shell,
            "own=s3cret-o\"\"wn; echo $$; until [ -e go ]; do :; done; [ $plain = s3cret-pla\"\"in ]",
        );
        block.env.push(("given".into(), "s3cret-given".into()));
        let (mut looked, go) = (0, world.executor.home().join("go"));
        let came = world.run_with(
            &block,
            |_| false,
            |_| {},
            |_, pid| {
                let pid = String::from_utf8(pid.to_vec()).unwrap();
                let command_line = fs::read(Path::new("/proc").join(pid.trim()).join("cmdline")).unwrap();
                let (files, modes) = everything_in(&scratch);
                assert!(holds(&files, "until") && holds(&command_line, "-c"));
                for place in [&files, &command_line] {
                    for secret in ["plain", "exported", "array", "given", "own"] {
                        assert!(!holds(place, &format!("s3cret-{secret}")), "{shell} {secret}");
                    }
                }
                // The script, its FIFOs, and the mark of the directory.
                assert_eq!(modes, [0o600; 4]);
                looked += 1;
                fs::write(&go, "")
            },
        );
        assert_eq!((came.ended.how, looked), (How::Exited(0), 1), "{shell}");
        assert_eq!(fs::read_dir(&scratch).unwrap().count(), 1, "nothing stays behind but the mark");
    }
}

#[test]
fn the_scratch_directory_is_private_and_goes_away() {
    let local = Local::new().unwrap();
    let scratch = local.scratch().to_owned();
    assert_eq!(fs::metadata(&scratch).unwrap().permissions().mode() & 0o777, 0o700);
    drop(local);
    assert!(!scratch.exists());
}

#[test]
fn state_is_not_written_into_a_file_that_took_the_fifos_place() {
    for shell in ["bash", "sh"] {
        let mut world = machine();
        let fifo = world.executor.local.scratch().join("block.sh.state");
        // The link shows what the file held after it is gone.
        let script = format!("v=1; rm {0}; : >{0}; ln {0} linked", fifo.display());
        let came = world.run(&job(shell, &script));
        assert_eq!((came.ended.how, came.ended.state), (How::Exited(0), None), "{shell}");
        assert_eq!(fs::metadata(world.executor.home().join("linked")).unwrap().size(), 0, "{shell}");
    }
}

#[test]
fn only_changes_against_the_environment_are_kept() {
    let environment =
        [("PATH", std::env::var("PATH").unwrap()), ("TOKEN", "s3cret".into()), ("HOLDPOINT_X", "1".into())];
    let environment = environment.map(|(name, value)| (name.into(), value.into()));
    let local = Local::with(environment, &std::env::temp_dir()).unwrap();
    let runtime = crate::common::runtime();
    let mut state = State::new("/");
    for (shell, script) in [
        ("bash", "[ $TOKEN = s3cret ] && [ -z \"${HOLDPOINT_X-}\" ]"),
        ("bash", "export TOKEN=other; TOKEN=s3cret"),
        ("sh", "[ $TOKEN = s3cret ]; export TOKEN=other"),
        ("sh", "[ $TOKEN = other ]; TOKEN=s3cret"),
    ] {
        let block = job(shell, script);
        let run = local.run(&block, &state, std::future::pending(), |_| {}, |_, _, _| Ok(()));
        let ended = runtime.block_on(run);
        assert_eq!(ended.how, How::Exited(0), "{shell} {script}");
        state = ended.state.unwrap();
        assert!(!holds(&state.to_bytes(), "s3cret"), "{shell} {script}: {state:?}");
    }
    assert_eq!(state, State::new("/"));
}

#[test]
fn the_group_told_at_the_start_is_the_blocks_own() {
    let mut world = machine();
    let mut group = None;
    let came =
        world.run_with(&job("sh", "echo $$"), |_| false, |started| group = Some(started.id()), |_, _| Ok(()));
    assert_eq!(came.pids(), [group.unwrap()]);
    let script = "import os; print(os.getpgrp() == os.getpid(), os.getpgrp() != os.getpgid(os.getppid()))";
    assert_eq!(world.passes("python3", script), "True True\n");
}

#[test]
fn a_state_that_cannot_be_restored_runs_nothing() {
    for shell in ["bash", "sh"] {
        let mut world = machine();
        // No shell takes this name; no dump of ours could hold it.
        world.state.plain.insert("ok".into(), "1".into());
        world.state.attributes.insert("ok".into(), "Z".into());
        let came = world.run(&job(shell, "touch ran"));
        let started = !matches!(came.ended.how, How::NotStarted(_));
        assert_eq!(started, shell == "sh", "{came:?}");
        assert_eq!(world.executor.home().join("ran").exists(), started);
    }
}

#[test]
fn a_block_of_nothing_is_quick_and_waits_for_no_timer() {
    let mut world = machine();
    world.passes("sh", "P=1");
    let quickest = (0..10).map(|_| world.run(&job("sh", ":")).ended.duration).min().unwrap();
    assert!(quickest < Duration::from_millis(100), "{quickest:?}");
}

#[test]
fn a_block_inherits_no_descriptor_of_ours() {
    // What the test's own parents left open for everybody is not ours.
    let close_on_exec = |fd: &str| {
        let info = fs::read_to_string(Path::new("/proc/self/fdinfo").join(fd)).unwrap_or_default();
        let flags =
            info.lines().find_map(|line| line.strip_prefix("flags:")).map(str::trim).unwrap_or("02000000");
        i64::from_str_radix(flags, 8).unwrap() & 0o2000000 != 0
    };
    let open =
        fs::read_dir("/proc/self/fd").unwrap().map(|fd| fd.unwrap().file_name().into_string().unwrap());
    let mut expected: Vec<i32> = open.filter(|fd| !close_on_exec(fd)).map(|fd| fd.parse().unwrap()).collect();
    expected.extend([0, 1, 2]);
    expected.sort_unstable();
    expected.dedup();
    for shell in ["bash", "sh"] {
        let mut world = machine();
        world.state.plain.insert("p".into(), "1".into());
        let script = "python3 -c 'import os; print(*[n for n in range(1024) if os.path.exists(\"/proc/%d/fd/%d\" % (os.getppid(), n))])'; :";
        let seen: Vec<i32> =
            world.passes(shell, script).split_whitespace().map(|fd| fd.parse().unwrap()).collect();
        // The script's own file, which the shell reads while it runs.
        let ours = |fd: &&i32| !expected.contains(fd);
        assert!(
            seen.iter().filter(ours).count() <= usize::from(shell == "sh"),
            "{shell}: {seen:?} {expected:?}"
        );
    }
}

#[test]
fn bash_in_the_role_of_sh_carries_over() {
    let mut world = machine();
    let bash = world.passes("bash", "command -v bash");
    let sh = world.executor.home().join("sh");
    std::os::unix::fs::symlink(bash.trim(), &sh).unwrap();
    let sh = sh.to_str().unwrap();
    world.passes(sh, "cd /; export E=$'1\\n'; P=\"it's\"; a=(1 2)");
    for shell in [sh, "sh", "bash"] {
        assert_eq!(world.passes(shell, "echo \"$E|$P\"; pwd; P=$P"), "1\n|it's\n/\n", "{shell}");
    }
    assert_eq!(world.passes("bash", "echo ${a[1]} ${POSIXLY_CORRECT-none}"), "2 none\n");
    let came = world.run(&job(sh, "f() { local l=1; exit 3; }; g=2; f"));
    assert_eq!((came.ended.how, came.ended.remarks.len()), (How::Exited(3), 1));
    assert!(came.ended.state.unwrap().get("l").is_none());
}

#[test]
fn what_is_given_time_to_end_is_no_time_in_which_nobody_ran() {
    let mut world = machine();
    let mut block = job("sh", "trap '' TERM; sleep 1000 & wait; sleep 1000");
    block.timeout = Some(Duration::from_secs(1));
    // Longer than any look at the time is late.
    block.grace = Duration::from_millis(2500);
    let came = world.run(&block);
    assert!(came.ended.timed_out && came.ended.how == How::Signalled(9), "{came:?}");
    assert!(!came.ended.remarks.iter().any(|remark| remark.contains("did not run")), "{came:?}");
}
