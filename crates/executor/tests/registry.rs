//! Secrets that blocks register: known before anything that is printed afterwards is handed on.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::pending;
use std::time::Duration;

use holdpoint_executor::{Ended, How, Job, Local, State};

fn job(interpreter: &str, script: &str) -> Job {
    Job {
        timeout: Some(Duration::from_secs(60)),
        grace: Duration::from_secs(1),
        ..common::job(interpreter, script)
    }
}

/// What was registered, and what was printed, with how many secrets were known then.
type Seen = (BTreeMap<String, String>, Vec<(usize, String)>);

fn run(job: &Job, refuse: &str) -> (Ended, Seen) {
    let runtime = common::runtime();
    let local = Local::new().unwrap();
    let seen: RefCell<Seen> = RefCell::default();
    let state = State::new(std::env::temp_dir());
    let run = local.run_registering(
        job,
        &state,
        pending(),
        |_| {},
        |name, value| {
            if name == refuse {
                return Err(format!("{name} is refused"));
            }
            seen.borrow_mut().0.insert(name.to_owned(), value.to_owned());
            Ok(())
        },
        |_, bytes, _| {
            let mut seen = seen.borrow_mut();
            let known = seen.0.len();
            seen.1.push((known, String::from_utf8(bytes.to_vec()).unwrap()));
            Ok(())
        },
    );
    let ended = runtime.block_on(run);
    assert_eq!(std::fs::read_dir(local.scratch()).unwrap().count(), 1, "nothing stays behind but the mark");
    (ended, seen.into_inner())
}

#[test]
fn nothing_printed_after_a_secret_was_registered_comes_before_it() {
    let loops = [
        (
            "bash",
            "for i in {1..400}; do printf 'S%s=value-%s\\n' $i $i >\"$HOLDPOINT_SECRETS\"; echo $i; echo $i >&2; done",
        ),
        (
            "sh",
            "i=0; while [ $i -lt 400 ]; do i=$((i + 1)); echo \"S$i=v$i\" >\"$HOLDPOINT_SECRETS\"; echo $i; done",
        ),
        (
            "python3",
            "import os\nwith open(os.environ['HOLDPOINT_SECRETS'], 'w') as f:\n  for i in range(1, 401):\n    print(f'S{i}=v{i}', file=f, flush=True)\n    print(i, flush=True)",
        ),
    ];
    for (interpreter, script) in loops {
        let (ended, (secrets, printed)) = run(&job(interpreter, script), "");
        assert_eq!((ended.how, ended.secret_error), (How::Exited(0), None), "{interpreter}");
        assert_eq!(secrets.len(), 400, "{interpreter}");
        for (known, text) in printed {
            let last = text.lines().filter_map(|line| line.parse().ok()).max().unwrap_or(0);
            assert!(known >= last, "{interpreter}: {last} was printed and {known} were known");
        }
    }
}

#[test]
fn a_secret_larger_than_a_pipe_and_one_without_an_end_are_taken() {
    let script = "import os\nf = open(os.environ['HOLDPOINT_SECRETS'], 'w')\nf.write('\\0BIG=' + 'x\\n' * 100000 + '\\0LAST=unended')";
    let (ended, (secrets, _)) = run(&job("python3", script), "");
    assert_eq!((ended.how, ended.secret_error), (How::Exited(0), None));
    assert_eq!(secrets["BIG"].len(), 200_000);
    assert_eq!(secrets["LAST"], "unended");
}

#[test]
fn what_cannot_be_a_secret_stops_the_block_and_silences_it() {
    for (record, told) in [("BAD=x", "BAD is refused"), ("hunter2", "$HOLDPOINT_SECRETS is not NAME=value")] {
        for shell in ["bash", "sh"] {
            let script =
                format!("echo before; echo '{record}' >\"$HOLDPOINT_SECRETS\"; while :; do echo after; done");
            let (ended, (_, printed)) = run(&job(shell, &script), "BAD");
            let why = ended.secret_error.unwrap();
            assert!(why.contains(told) && !why.contains("hunter2"), "{why}");
            assert_eq!(ended.how, How::Signalled(15), "{shell}");
            let text: String = printed.into_iter().map(|(_, text)| text).collect();
            assert!(!text.contains("after"), "{text}");
        }
    }
    let (ended, _) = run(&job("sh", "printf BAD=x >\"$HOLDPOINT_SECRETS\""), "BAD");
    assert_eq!((ended.how, ended.secret_error.is_some()), (How::Exited(0), true), "also at its very end");
}

#[test]
fn the_fifo_is_only_its_owners() {
    let script = "ls -l \"$HOLDPOINT_SECRETS\" | cut -c 1-10; [ -p \"$HOLDPOINT_SECRETS\" ]";
    let (ended, (_, printed)) = run(&job("sh", script), "");
    assert_eq!(ended.how, How::Exited(0));
    assert_eq!(printed.into_iter().map(|(_, text)| text).collect::<String>(), "prw-------\n");
}
