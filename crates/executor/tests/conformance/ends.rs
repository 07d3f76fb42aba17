//! How a block ends, and why one does not begin.

use holdpoint_executor::{How, State};

use super::{Executor, World, job};

const SHELLS: [&str; 2] = ["bash", "sh"];

pub(crate) fn exit_codes_are_told_from_signals<E: Executor>(world: &mut World<E>) {
    for (interpreter, script, how) in [
        ("bash", "exit 0", How::Exited(0)),
        ("bash", "exit 255", How::Exited(255)),
        ("bash", "kill -9 $$", How::Signalled(9)),
        ("bash", "sh -c 'kill -9 $$'", How::Exited(137)),
        ("sh", "exit 7", How::Exited(7)),
        ("sh", "kill -15 $$", How::Signalled(15)),
        ("python3", "import sys; sys.exit(6)", How::Exited(6)),
        ("python3", "import os; os.kill(os.getpid(), 6)", How::Signalled(6)),
        ("bash", "", How::Exited(0)),
        ("sh", "# nothing", How::Exited(0)),
    ] {
        let came = world.run(&job(interpreter, script));
        assert_eq!(came.ended.how, how, "{interpreter} {script}");
        assert!(!came.ended.timed_out && !came.ended.interrupted, "{interpreter} {script}");
        let shell_killed = interpreter != "python3" && matches!(how, How::Signalled(_));
        assert_eq!(came.ended.state.is_none(), shell_killed, "{interpreter} {script}");
    }
}

pub(crate) fn a_strict_block_stops_at_the_first_failure<E: Executor>(world: &mut World<E>) {
    for (shell, script) in [
        ("bash", "echo 1; false; echo 2"),
        ("bash", "echo 1; false | true; echo 2"),
        ("sh", "echo 1; false; echo 2"),
    ] {
        let came = world.run(&job(shell, script));
        assert_eq!((&came.ended.how, came.out()), (&How::Exited(1), "1\n"), "{shell} {script}");
    }
}

pub(crate) fn a_lenient_block_goes_on<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        let mut block = job(shell, "false; false | true; echo \"[$undefined]\"; (exit 4)");
        block.strict = false;
        let came = world.run(&block);
        assert_eq!((&came.ended.how, came.out()), (&How::Exited(4), "[]\n"), "{shell}");
    }
}

pub(crate) fn an_undefined_variable_stops_a_strict_block<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        let came = world.run(&job(shell, "echo 1\necho $undefined\necho 3"));
        assert!(matches!(came.ended.how, How::Exited(1..)), "{came:?}");
        assert_eq!(came.out(), "1\n");
        assert!(came.err().contains("undefined"), "{}", came.err());
    }
}

pub(crate) fn standard_input_is_empty<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        // Once without and once with state to bring back, which comes in the same way.
        for _ in 0..2 {
            assert_eq!(
                world.passes(shell, "cat; wc -c | tr -d ' '; readlink /proc/self/fd/0; P=1"),
                "0\n/dev/null\n"
            );
        }
    }
    assert_eq!(world.passes("python3", "import sys; print(len(sys.stdin.read()))"), "0\n");
}

pub(crate) fn messages_carry_the_scripts_name_and_its_own_line_numbers<E: Executor>(world: &mut World<E>) {
    for (interpreter, script, name, line) in [
        ("bash", "true\n\nno-such-program\n", "deploy-web.sh", "line 3:"),
        ("bash", "f() {\n  no-such-program\n}\nf\n", "deploy-web.sh", "line 2:"),
        ("sh", "true\n\nno-such-program\n", "deploy-web", "3:"),
        ("python3", "\n\nraise Exception('x')\n", "deploy-web.py", "line 3"),
    ] {
        for _ in 0..2 {
            let mut block = job(interpreter, script);
            block.name = "deploy-web".into();
            let came = world.run(&block);
            assert!(came.err().contains(name) && came.err().contains(line), "{interpreter}: {}", came.err());
            world.passes("sh", "P=1");
        }
    }
    let mut block = job("sh", "echo \"$0 $#\"");
    block.name = "deploy web#2".into();
    assert_eq!(world.run(&block).out(), "deploy web#2 0\n");
}

pub(crate) fn a_missing_interpreter_is_named<E: Executor>(world: &mut World<E>) {
    for interpreter in ["no-such-shell", "/no/such/bash", "/usr/bin/env no-such-python", "./none"] {
        let came = world.run(&job(interpreter, "echo 1"));
        let How::NotStarted(why) = &came.ended.how else { panic!("{came:?}") };
        assert!(why.contains(interpreter.rsplit(' ').next().unwrap()), "{why}");
        assert_eq!(came.ended.state.as_ref(), Some(&world.state));
    }
}

pub(crate) fn the_interpreter_is_taken_from_the_first_folder_of_path_that_has_it<E: Executor>(
    world: &mut World<E>,
) {
    let tool =
        |of: &str| format!("mkdir {of}; printf '#!/bin/sh\\necho {of}\\n' >{of}/tool; chmod +x {of}/tool");
    world.passes("sh", &[tool("first"), tool("second")].join("\n"));
    let home = world.executor.home();
    let folder = |of: &str| home.join(of).display().to_string();
    for (path, taken) in [
        (folder("first"), "first\n"),
        (format!("{}:{}", folder("second"), folder("first")), "second\n"),
        (format!("{}:{}", folder("none"), folder("first")), "first\n"),
        (format!(":{}:{}:", folder("first"), folder("second")), "first\n"),
    ] {
        let mut own = job("tool", "");
        own.env.push(("PATH".to_owned(), path.clone()));
        let came = world.run(&own);
        assert_eq!((&came.ended.how, came.out()), (&How::Exited(0), taken), "{path}");
        world.state = State::new(home.clone());
        world.passes("sh", &format!("export PATH='{path}'"));
        assert_eq!(world.passes("tool", ""), taken, "{path}");
        // What the block's own path lacks is looked for where a session there looks.
        assert_eq!(world.passes("sh", "echo here"), "here\n", "{path}");
        world.state = State::new(home.clone());
    }
}

pub(crate) fn a_working_directory_that_is_gone_is_named<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        world.passes(shell, "mkdir gone; cd gone; rmdir ../gone");
        let came = world.run(&job(shell, "echo 1"));
        let How::NotStarted(why) = &came.ended.how else { panic!("{came:?}") };
        assert!(why.contains("/gone does not exist"), "{why}");
        world.state = State::new(world.executor.home());
    }
}

pub(crate) fn a_script_that_does_not_parse_fails_and_says_where<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        let came = world.run(&job(shell, "echo 1\nif true; then\nfi\n"));
        assert!(matches!(came.ended.how, How::Exited(1..)), "{shell}: {came:?}");
        assert!(came.err().contains('3'), "{}", came.err());
    }
}

pub(crate) fn a_trace_shows_the_script_and_nothing_of_ours<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        world.passes(shell, "SECRET=hidden-value");
        for (interpreter, script, more) in
            [(shell.to_owned(), "set -x; echo hi", 1), (format!("{shell} -x"), "echo hi", 2)]
        {
            for script in [script.to_owned(), format!("{script}; exit 0")] {
                let came = world.run(&job(&interpreter, &script));
                let lines: Vec<&str> = came.err().lines().filter(|line| !line.ends_with("exit 0")).collect();
                assert_eq!(lines.len(), more, "{interpreter} {script}: {}", came.err());
                assert!(
                    !came.err().contains("hidden-value") && !came.err().contains("__holdpoint"),
                    "{}",
                    came.err()
                );
            }
        }
    }
}

pub(crate) fn nothing_of_an_earlier_program_reaches_a_block<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        let seen = world.passes(
            shell,
            "env | grep -v '^HOLDPOINT_SECRETS=' | grep -E '^(HOLDPOINT_|BASH_ENV|__holdpoint)' || echo none; echo ${OLDPWD-none}",
        );
        assert_eq!(seen, "none\nnone\n", "{shell}");
        world.state.export("BASH_ENV", "/no/such/file");
    }
}

pub(crate) fn what_cannot_be_given_is_refused_before_anything_runs<E: Executor>(world: &mut World<E>) {
    for (name, value) in [("", "x"), ("A=B", "x"), ("A\0", "x"), ("A", "x\0")] {
        let mut block = job("sh", "touch ran");
        block.env.push((name.into(), value.into()));
        assert!(matches!(world.run(&block).ended.how, How::NotStarted(_)), "{name:?} {value:?}");
    }
    world.state.plain.insert("p".into(), "x\0".into());
    assert!(matches!(world.run(&job("sh", "touch ran")).ended.how, How::NotStarted(_)));
    world.state.plain.clear();
    assert_eq!(world.passes("sh", "ls"), "");
}

pub(crate) fn two_blocks_run_at_the_same_time<E: Executor>(world: &mut World<E>) {
    // Each waits for the other.
    let script =
        |mine: &str, other: &str| format!("mkfifo {mine}; until [ -p {other} ]; do :; done; V={mine}");
    let (first, second) = (job("sh", &script("a", "b")), job("sh", &script("b", "a")));
    let (executor, state) = (&world.executor, &world.state);
    let run = |job| executor.run(job, state, std::future::pending(), |_| {}, |_, _, _| Ok(()));
    let runtime = crate::common::runtime();
    let (one, two) = runtime.block_on(async { tokio::join!(run(&first), run(&second)) });
    for (ended, value) in [(one, "a"), (two, "b")] {
        assert_eq!(ended.how, How::Exited(0));
        assert_eq!(ended.state.unwrap().get("V"), Some(value.as_ref()));
    }
}
