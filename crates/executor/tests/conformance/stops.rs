//! Time limits and interrupts end the whole process group.

use std::time::Duration;

use holdpoint_executor::How;

use super::{Came, Executor, World, job};

/// `count` lines were printed, whole.
fn lines(count: usize) -> impl Fn(&[u8]) -> bool {
    move |printed| printed.iter().filter(|&&byte| byte == b'\n').count() >= count
}

fn all_gone<E: Executor>(world: &World<E>, came: &Came, count: usize) {
    let pids = came.pids();
    assert_eq!(pids.len(), count, "{came:?}");
    for pid in pids {
        assert!(!world.executor.is_alive(pid), "{pid} lives: {came:?}");
    }
}

pub(crate) fn a_time_limit_ends_the_block<E: Executor>(world: &mut World<E>) {
    for (interpreter, script) in [
        ("bash", "P=1; echo $$; sleep 1000"),
        ("sh", "P=1; echo $$; sleep 1000"),
        ("python3", "import os, signal; print(os.getpid(), flush=True); signal.pause()"),
    ] {
        let before = world.state.clone();
        let mut block = job(interpreter, script);
        block.timeout = Some(Duration::from_secs(1));
        let came = world.run(&block);
        assert_eq!(came.ended.how, How::Signalled(15), "{interpreter}");
        assert!(came.ended.timed_out && !came.ended.interrupted);
        assert!(came.ended.duration >= Duration::from_secs(1));
        assert_eq!(world.state, before);
        assert_eq!(came.ended.remarks.len(), usize::from(interpreter != "python3"));
        all_gone(world, &came, 1);
    }
}

pub(crate) fn a_time_limit_ends_what_ignores_term_and_its_children<E: Executor>(world: &mut World<E>) {
    for shell in ["bash", "sh"] {
        let script = "trap '' TERM; (sleep 1000 & echo $!; sleep 1000) & echo $!; echo $$; wait";
        let mut block = job(shell, script);
        block.timeout = Some(Duration::from_secs(1));
        let came = world.run(&block);
        assert_eq!(came.ended.how, How::Signalled(9), "{shell}");
        assert!(came.ended.timed_out);
        assert!(came.ended.duration >= Duration::from_millis(1200), "the grace time was kept: {came:?}");
        all_gone(world, &came, 3);
    }
}

pub(crate) fn what_ended_by_itself_when_told_to_was_ended_by_no_signal<E: Executor>(world: &mut World<E>) {
    for (script, code) in [
        ("trap 'exit 3' TERM; echo 1; while :; do sleep 0.05; done", 3),
        ("trap 'exit 143' TERM; echo 1; while :; do sleep 0.05; done", 143),
    ] {
        let came = world.run_until(&job("sh", script), lines(1));
        assert_eq!(came.ended.how, How::Exited(code));
        let told = &came.ended.remarks[..];
        assert!(matches!(told, [told] if told.starts_with("the script was told to end:")), "{told:?}");
    }
    let came = world.run_until(&job("sh", "echo 1; sleep 1000"), lines(1));
    let told = &came.ended.remarks[..];
    assert!(matches!(told, [told] if told.starts_with("the script was ended by a signal:")), "{told:?}");
}

pub(crate) fn what_outlives_its_parent_gets_its_grace_time_too<E: Executor>(world: &mut World<E>) {
    // Its parent and our pipes are gone at once; it ends by itself, within the grace time.
    let script = "import os, signal, sys, time\n\
        r, w = os.pipe()\n\
        if os.fork() == 0:\n    \
            def late(*_):\n        time.sleep(0.3); open('cleaned', 'w').close(); os._exit(0)\n    \
            signal.signal(signal.SIGTERM, late); os.close(1); os.close(2); os.write(w, b'x')\n    \
            while True: signal.pause()\n\
        os.read(r, 1); print('ready', flush=True); signal.pause()";
    let mut block = job("python3", script);
    block.grace = Duration::from_secs(30);
    let came = world.run_until(&block, lines(1));
    assert!(came.ended.interrupted);
    assert!(world.executor.home().join("cleaned").exists());
}

pub(crate) fn an_interrupt_ends_the_block<E: Executor>(world: &mut World<E>) {
    for shell in ["bash", "sh"] {
        let came = world.run_until(&job(shell, "echo $$; sleep 1000 | sleep 1000"), lines(1));
        assert_eq!(came.ended.how, How::Signalled(15), "{shell}");
        assert!(came.ended.interrupted && !came.ended.timed_out);
        assert_eq!(came.ended.state, None);
        all_gone(world, &came, 1);
    }
}

pub(crate) fn an_interrupt_lets_the_block_clean_up<E: Executor>(world: &mut World<E>) {
    for shell in ["bash", "sh"] {
        let mut block = job(shell, "trap 'echo cleaned; exit 8' TERM; echo ready; while :; do :; done");
        block.grace = Duration::from_secs(30);
        let came = world.run_until(&block, lines(1));
        assert_eq!((&came.ended.how, came.out()), (&How::Exited(8), "ready\ncleaned\n"), "{shell}");
        assert!(came.ended.interrupted);
        assert_eq!(came.ended.state, None, "a block that was stopped leaves no state");
    }
}

pub(crate) fn a_stopped_block_ends_what_it_left_in_the_background<E: Executor>(world: &mut World<E>) {
    let script = "sleep 1000 >/dev/null 2>&1 & echo $!; (trap '' TERM; sleep 1000 >/dev/null 2>&1) & echo $!; sleep 1000";
    let came = world.run_until(&job("sh", script), lines(2));
    all_gone(world, &came, 2);
}

pub(crate) fn a_process_that_was_suspended_can_be_ended<E: Executor>(world: &mut World<E>) {
    let mut block = job("bash", "echo $$; kill -STOP $$");
    block.timeout = Some(Duration::from_secs(1));
    block.grace = Duration::from_secs(30);
    let came = world.run(&block);
    assert_eq!(came.ended.how, How::Signalled(15), "without waiting for KILL");
    all_gone(world, &came, 1);
}

pub(crate) fn a_flood_of_output_does_not_hold_up_the_time_limit<E: Executor>(world: &mut World<E>) {
    let mut block = job("sh", "yes & exec yes >&2");
    block.timeout = Some(Duration::from_secs(1));
    let mut bytes = 0;
    let came = world.run_with(
        &block,
        |_| false,
        |_| {},
        |_, piece| {
            bytes += piece.len();
            Ok(())
        },
    );
    assert!(came.ended.timed_out);
    assert!(!came.stdout.is_empty() && !came.stderr.is_empty(), "both streams get their turn");
    assert_eq!(bytes, came.stdout.len() + came.stderr.len());
}
