//! Containers that hold nothing but busybox, which is shell and every program at once.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use holdpoint_executor::{Came, How, Remote, Setting, State, Stream, Ways};
use holdpoint_hosts::{Container, Engine, skipped};

use crate::common::{job, runtime};
use crate::places::{Hearing, attempt, opened};

fn container(test: &str) -> Option<(Remote, Container)> {
    match Engine::start().and_then(|engine| Arc::new(engine).busybox("small")) {
        Ok(container) => {
            let ways = Ways { docker_host: Some(container.engine().address()), ..Ways::default() };
            Some((opened("docker://small", ways, Setting::default()), container))
        }
        Err(missing) => {
            skipped(test, &missing);
            None
        }
    }
}

fn run(remote: &Remote, script: &str, limit: Option<Duration>, state: &State) -> (String, Came) {
    let mut printed = Vec::new();
    let mut block = job("sh", script);
    block.timeout = limit;
    let attempt = attempt(remote);
    let came = {
        let mut sink = Hearing(|stream, bytes: &[u8], _| {
            if stream == Stream::Stdout {
                printed.extend_from_slice(bytes);
            }
            Ok(())
        });
        runtime().block_on(remote.run(&block, state, &attempt, pending(), &mut sink))
    };
    (String::from_utf8(printed).unwrap(), came)
}

#[test]
fn a_place_of_nothing_but_busybox_keeps_the_promises_and_a_restart_is_noticed() {
    let test = "a_place_of_nothing_but_busybox_keeps_the_promises_and_a_restart_is_noticed";
    let Some((remote, container)) = container(test) else { return };
    let state = State::new("/");
    for (script, how) in [
        ("exit 0", How::Exited(0)),
        ("exit 7", How::Exited(7)),
        ("exit 137", How::Exited(137)),
        ("exit 130", How::Exited(130)),
        ("kill -9 $$", How::Signalled(9)),
        ("kill -2 $$; sleep 5", How::Signalled(2)),
        ("kill -13 $$; sleep 5", How::Signalled(13)),
        ("kill -15 $$; sleep 5", How::Signalled(15)),
    ] {
        let (_, came) = run(&remote, script, None, &state);
        let Came::Ended(ended) = came else { panic!("{script}: {came:?}") };
        assert_eq!(
            (&ended.how, ended.remarks.len()),
            (&how, usize::from(matches!(how, How::Signalled(_)))),
            "{script}: {ended:?}"
        );
    }
    let (printed, came) =
        run(&remote, "mkdir -p d; cd d; V='a b'; export E=1; echo out; echo err >&2", None, &state);
    let Came::Ended(ended) = came else { panic!("{came:?}") };
    assert_eq!((&ended.how, printed.as_str()), (&How::Exited(0), "out\n"));
    let next = ended.state.unwrap();
    assert_eq!(next.cwd, std::path::Path::new("/d"));
    let (printed, _) = run(&remote, "pwd; echo \"$V $E\"; wc -c; P=1", None, &next);
    assert_eq!(printed, "/d\na b 1\n0\n");
    let (_, came) = run(&remote, "trap '' TERM; sleep 1000", Some(Duration::from_secs(1)), &state);
    let Came::Ended(ended) = came else { panic!("{came:?}") };
    assert_eq!((ended.how, ended.timed_out), (How::Signalled(9), true));
    let mut large = 0;
    let mut sink = Hearing(|_, bytes: &[u8], _| {
        large += bytes.len();
        Ok(())
    });
    let (block, first) = (job("sh", "head -c 8000000 /dev/zero"), attempt(&remote));
    runtime().block_on(remote.run(&block, &state, &first, pending(), &mut sink));
    assert_eq!(large, 8_000_000);

    container.restart().unwrap();
    let (_, came) = run(&remote, "touch /ran", None, &state);
    assert!(matches!(came, Came::NeverRan(_)), "{came:?}");
    assert!(container.execute(&["ls", "/ran"]).is_err());
    let mut remote = remote;
    runtime().block_on(remote.renew()).unwrap();
    let (_, came) = run(&remote, "touch /ran", None, &state);
    assert!(matches!(came, Came::Ended(_)), "{came:?}");
    assert!(container.execute(&["ls", "/ran"]).is_ok());
}
