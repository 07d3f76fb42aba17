//! What a block prints is masked by the secrets that it was sent with. Whoever takes it up with others gets nothing of it.

use std::fs;
use std::process::Stdio;

use holdpoint_hosts::Options;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{RUN, Stage, holds, stage};
use crate::waiting::eventually;

const FIRST: &str = "hunter2-hunter2-a";

const BODY: &str = "## Use

```yaml step
target: web
```

```bash run
#| capture: { said: { regex: '(calling)' } }
touch begun
until [ -f go ]; do sleep 0.05; done
COPY=$TOKEN
echo \"calling with $TOKEN\" | tee /dev/stderr
```

## After

```sh run
echo after
```
";

/// A block runs on the host with this secret, and its driver is dead.
fn left(test: &str, front: &str, body: &str) -> Option<Stage> {
    let stage = stage(test, 1, &Options::default())?;
    stage.book(front, body);
    let mut driver = stage.command(&RUN);
    let driver = driver.env("TOKEN", FIRST).stdout(Stdio::null()).stderr(Stdio::null());
    let mut driver = driver.spawn().unwrap();
    eventually("the block runs", || stage.on(0, "begun").exists());
    kill_process(Pid::from_raw(i32::try_from(driver.id()).unwrap()).unwrap(), Signal::KILL).unwrap();
    driver.wait().unwrap();
    fs::write(stage.on(0, "go"), "").unwrap();
    Some(stage)
}

/// Takes the run up with this secret; what it says, and how it ends.
fn resumed(stage: &Stage, token: &str) -> (String, Option<i32>) {
    let mut resumed = stage.command(&["resume", "1", "--unattended"]);
    let ran = resumed.env("TOKEN", token).output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap() + &String::from_utf8(ran.stdout).unwrap();
    // However its lines are broken.
    (said.split_whitespace().collect::<Vec<_>>().join(" "), ran.status.code())
}

const FRONT: &str = "inputs:\n  TOKEN: { secret: true, from: { env: TOKEN } }\n";

#[test]
fn what_a_block_printed_is_neither_kept_nor_shown_by_whoever_has_another_secret() {
    let Some(stage) = left("places::what_a_block_printed_is_neither_kept", FRONT, BODY) else { return };
    let (said, code) = resumed(&stage, "hunter3-hunter3-b");
    assert_eq!(code, Some(3), "{said}");
    assert!(!said.contains(FIRST), "{said}");
    assert!(said.contains("the secret TOKEN is not the one that it was sent with"), "{said}");
    assert_eq!(holds(&stage.bench.path(".holdpoint"), FIRST), None);
    let ended = &stage.bench.of_type(1, "action.finished")[0];
    assert_eq!((&ended["exit"], &ended["outcome"]), (&0.into(), &"failed".into()), "{ended:#}");
    assert!(ended["state"].is_null() && ended["captures"].get("said").is_none(), "{ended:#}");
    stage.ends(0, &["verify", "1"]).says("intact, open");
}

#[test]
fn what_it_printed_is_taken_by_whoever_has_the_same_secret() {
    let Some(stage) = left("places::what_it_printed_is_taken", FRONT, BODY) else { return };
    let (said, code) = resumed(&stage, FIRST);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(stage.output("use#1", 0), "calling with [REDACTED:TOKEN]\n");
    assert_eq!(holds(&stage.bench.path(".holdpoint"), FIRST), None);
    stage.is_over_and_clean();
}

#[test]
fn a_secret_that_an_earlier_block_registered_is_known_to_nobody_who_takes_the_run_up() {
    let registers = format!("## First\n\n```sh run\necho OTHER={FIRST}-more >$HOLDPOINT_SECRETS\n```\n\n");
    let body = registers.replace(FIRST, "$(printf %s-%s hunter2 hunter2-a)")
        + &BODY.replace("$TOKEN", "hunter2-${none:-hunter2}-a-more");
    let Some(stage) = left("places::a_secret_that_an_earlier_block_registered", "", &body) else { return };
    let (said, code) = resumed(&stage, "");
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("the secret OTHER is not the one"), "{said}");
    assert_eq!(holds(&stage.bench.path(".holdpoint"), FIRST), None);
}
