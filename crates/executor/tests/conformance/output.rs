//! What a block prints.

use std::io;

use holdpoint_executor::{How, Stream};

use super::{Executor, World, job};

pub(crate) fn outputs_are_apart_and_exact<E: Executor>(world: &mut World<E>) {
    for shell in ["bash", "sh"] {
        let came = world
            .run(&job(shell, r"printf 'no newline'; printf '\377\000\n\r' >&2; printf '\xe9' >/dev/null"));
        assert_eq!(
            (came.stdout.as_slice(), came.stderr.as_slice()),
            (&b"no newline"[..], &b"\xff\0\n\r"[..]),
            "{shell}"
        );
    }
    let came = world.run(&job("python3", "import sys; sys.stdout.buffer.write(bytes(range(256)))"));
    assert_eq!(came.stdout, (0..=255).collect::<Vec<u8>>());
    let came = world.run(&job("sh", ":"));
    assert!(came.pieces.is_empty());
}

pub(crate) fn ten_megabytes_arrive_whole<E: Executor>(world: &mut World<E>) {
    let script = "import sys\nfor n in range(1250000):\n    sys.stdout.write('%07d\\n' % n)\n    \
                  if n % 10 == 0: sys.stderr.write('%07d\\n' % n)";
    let came = world.run(&job("python3", script));
    assert_eq!(came.ended.how, How::Exited(0));
    let expected: String = (0..1_250_000).map(|n| format!("{n:07}\n")).collect();
    assert!(came.out() == expected);
    let expected: String = (0..1_250_000).step_by(10).map(|n| format!("{n:07}\n")).collect();
    assert!(came.err() == expected);
    assert!(came.pieces.iter().all(|&(_, length, _)| length <= 1024 * 1024));
    assert!(came.pieces.is_sorted_by_key(|&(_, _, at)| at));
}

pub(crate) fn output_is_seen_while_the_block_runs<E: Executor>(world: &mut World<E>) {
    // It goes on only after its first line was seen.
    let seen = world.executor.home().join("seen");
    let script = "echo first; until [ -e seen ]; do :; done; echo second";
    let came = world.run_with(&job("sh", script), |_| false, |_| {}, |_, _| std::fs::write(&seen, ""));
    assert_eq!(came.out(), "first\nsecond\n");
    assert_eq!(came.pieces.len(), 2);
    assert!(came.pieces[1].2 <= came.ended.duration || came.pieces[1].2 >= came.pieces[0].2);
}

pub(crate) fn a_background_process_does_not_hang_the_block_and_lives_on<E: Executor>(world: &mut World<E>) {
    for shell in ["bash", "sh"] {
        let came = world.run(&job(shell, "P=1; sleep 1000 & echo $!"));
        assert_eq!(came.ended.how, How::Exited(0));
        assert_eq!(came.ended.remarks.len(), 1, "{:?}", came.ended.remarks);
        assert!(came.ended.remarks[0].contains("background process keeps the output open"));
        let pid = came.pids()[0];
        assert!(world.executor.is_alive(pid));
        // One that is done with our pipes is no matter for a remark.
        let other: i32 = world.passes(shell, "sleep 1000 >/dev/null 2>&1 & echo $!").trim().parse().unwrap();
        assert!(world.executor.is_alive(other));
        world.passes(shell, &format!("kill {pid} {other}; echo $P >/dev/null"));
    }
}

pub(crate) fn a_background_process_that_prints_is_not_killed_by_us<E: Executor>(world: &mut World<E>) {
    let script = "mkfifo go done; (read x <go; head -c 500000 /dev/zero; echo printed >done) & echo started";
    let came = world.run(&job("sh", script));
    assert_eq!((came.ended.remarks.len(), came.out()), (1, "started\n"));
    assert_eq!(world.passes("sh", "echo >go; cat done"), "printed\n");
}

pub(crate) fn a_failing_sink_kills_the_block<E: Executor>(world: &mut World<E>) {
    let mut calls = 0;
    let full = |_: Stream, _: &[u8]| {
        calls += 1;
        Err(io::Error::from(io::ErrorKind::StorageFull))
    };
    let block = job("sh", "trap '' TERM; sleep 1000 & echo $!; echo $$; while :; do echo more; done");
    let came = world.run_with(&block, |_| false, |_| {}, full);
    assert_eq!(came.ended.output_error.as_ref().map(io::Error::kind), Some(io::ErrorKind::StorageFull));
    assert!(matches!(came.ended.how, How::Signalled(9)), "{came:?}");
    assert!(!came.ended.timed_out && !came.ended.interrupted);
    assert_eq!(calls, 1, "nothing is offered to a sink that has failed");
    let pids = came.pids();
    assert!(!pids.is_empty() && pids.iter().all(|&pid| !world.executor.is_alive(pid)));
}
