//! Lines that break, and drivers that die.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use holdpoint_hosts::Options;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{RUN, stage, stage_with_cable};
use crate::waiting::eventually;

/// A block that counts how often it ran, prints on, and ends when it is let.
const SLOW: &str = "## Deploy

```yaml step
target: web
rollout: { at_once: 2 }
```

```sh run
echo ran >>count
n=0
until [ -f go ]; do n=$((n+1)); echo $n; sleep 0.05; done
echo whole
FOO=kept
```

```sh check
test \"$FOO\" = kept
```
";

/// What it prints, whatever came between.
fn is_whole(output: &str) {
    let lines: Vec<&str> = output.lines().collect();
    let (last, numbers) = lines.split_last().unwrap();
    assert_eq!(*last, "whole");
    for (at, number) in numbers.iter().enumerate() {
        assert_eq!(number.parse(), Ok(at + 1));
    }
}

#[test]
fn a_driver_that_was_killed_is_followed_by_another_and_the_block_ran_once() {
    let Some(stage) = stage("places::a_driver_that_was_killed", 2, &Options::default()) else { return };
    stage.book("", SLOW);
    let mut driver = stage.command(&RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("both blocks run", || (0..2).all(|host| stage.text(host, "count") == "ran\n"));
    kill_process(Pid::from_raw(i32::try_from(driver.id()).unwrap()).unwrap(), Signal::KILL).unwrap();
    driver.wait().unwrap();
    for host in 0..2 {
        // One of them ends while nobody looks, the other one later.
        if host == 0 {
            fs::write(stage.on(host, "go"), "").unwrap();
        }
    }
    let elsewhere = stage.bench.all().join("other-home");
    fs::create_dir(&elsewhere).unwrap();
    let mut second = stage.command(&["resume", "1", "--unattended"]);
    let second = second.env("HOME", &elsewhere).env("HOLDPOINT_OPERATOR", "night@example.org");
    let second = second.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("the first has been found", || {
        stage.blocks().iter().any(|block| block == "deploy#1 @0 passed")
    });
    fs::write(stage.on(1, "go"), "").unwrap();
    let ran = crate::bench::Ran::of(second.wait_with_output().unwrap());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    for host in 0..2 {
        assert_eq!(stage.text(host, "count"), "ran\n");
        is_whole(&stage.output("deploy#1", host));
    }
    // A replay shows all that each printed, before the first driver died and after.
    for words in
        [&["replay", "1", "--speed", "1000"][..], &["replay", "1", "--speed", "1000", "--step", "deploy"]]
    {
        let replayed = stage.ends(0, words);
        for host in 0..2 {
            let mark = format!("{} │ ", stage.place(host));
            let lines = replayed.stderr.lines().filter_map(|line| line.split_once(&mark));
            let shown: String = lines.map(|(_, text)| format!("{text}\n")).collect();
            assert_eq!(shown, stage.output("deploy#1", host), "{}", replayed.stderr);
        }
    }
    // Of one place, nothing of another.
    let one = stage.place(0);
    let replayed = stage.ends(0, &["replay", "1", "--speed", "1000", "--place", &one]);
    assert!(replayed.stderr.contains(&format!("{one} │ whole")), "{}", replayed.stderr);
    assert!(!replayed.stderr.contains(&stage.place(1)), "{}", replayed.stderr);
    stage.ends(2, &["replay", "1", "--place", "ssh://nowhere"]).says("the run has no place ssh://nowhere");
    stage.is_over_and_clean();
}

/// Processes whose directory lies below this one.
fn within(directory: &std::path::Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let here = processes.filter(|process| {
        fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(directory))
    });
    here.map(|process| fs::read_to_string(process.path().join("cmdline")).unwrap_or_default()).collect()
}

#[test]
fn of_a_driver_that_was_killed_no_shell_stays_at_its_places_once_the_block_has_ended() {
    let Some(stage) = stage("places::of_a_driver_that_was_killed", 1, &Options::default()) else { return };
    stage.book("", SLOW);
    let mut driver = stage.command(&RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the block runs", || stage.text(0, "count") == "ran\n");
    let attempts = stage.on(0, ".holdpoint/attempts");
    assert!(!within(&attempts).is_empty());
    kill_process(Pid::from_raw(i32::try_from(driver.id()).unwrap()).unwrap(), Signal::KILL).unwrap();
    driver.wait().unwrap();
    // What follows there prints to nobody until it ends.
    std::thread::sleep(Duration::from_secs(5));
    fs::write(stage.on(0, "go"), "").unwrap();
    eventually("nothing is left there", || within(&attempts).is_empty());
    stage.ends(0, &["resume", "1", "--unattended"]);
    assert_eq!(stage.text(0, "count"), "ran\n");
    stage.is_over_and_clean();
}

/// Those that keep a block at a place, with all that they started of their own.
fn keepers(attempts: &std::path::Path) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let here = processes.filter(|process| {
        let cwd = fs::read_link(process.path().join("cwd"));
        let line = fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
        cwd.is_ok_and(|cwd| cwd.starts_with(attempts)) && line.contains("keeper")
    });
    here.filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?)).collect()
}

#[test]
fn whoever_is_told_to_leave_leaves_a_block_whose_keeper_tells_no_end() {
    let Some(stage) = stage("places::whoever_is_told_to_leave", 1, &Options::default()) else { return };
    stage.book("", SLOW);
    let mut driver = stage.command(&RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the block runs", || stage.text(0, "count") == "ran\n");
    let keepers = keepers(&stage.on(0, ".holdpoint/attempts"));
    assert!(!keepers.is_empty());
    let all = |signal| keepers.iter().for_each(|pid| assert!(kill_process(*pid, signal).is_ok()));
    all(Signal::STOP);
    kill_process(Pid::from_raw(i32::try_from(driver.id()).unwrap()).unwrap(), Signal::TERM).unwrap();
    assert_eq!(driver.wait().unwrap().code(), Some(3));
    assert_eq!(stage.blocks(), ["deploy#1 @0 started"]);
    all(Signal::CONT);
    fs::write(stage.on(0, "go"), "").unwrap();
    stage.ends(3, &["resume", "1", "--unattended"]);
    assert_eq!(stage.text(0, "count"), "ran\n");
}

#[test]
fn a_cut_line_is_said_and_the_block_goes_on_and_ran_once() {
    let Some(stage) = stage_with_cable("places::a_cut_line") else { return };
    let network = stage.hosts[0].network().unwrap();
    stage.book("", SLOW);
    let driver = stage.command(&RUN).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("the block runs", || stage.text(0, "count") == "ran\n");
    network.cut().unwrap();
    // Longer than it takes to notice.
    std::thread::sleep(Duration::from_secs(9));
    network.heal().unwrap();
    fs::write(stage.on(0, "go"), "").unwrap();
    let ran = crate::bench::Ran::of(driver.wait_with_output().unwrap());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    ran.says("no line (").says("reached again");
    assert_eq!(stage.text(0, "count"), "ran\n");
    is_whole(&stage.output("deploy#1", 0));
    stage.is_over_and_clean();
}

#[test]
fn ctrl_c_while_the_line_is_cut_says_that_the_block_is_stopped_when_it_is_back() {
    let Some(stage) = stage_with_cable("places::ctrl_c_while_the_line_is_cut") else { return };
    let network = stage.hosts[0].network().unwrap();
    stage.book("", SLOW);
    let said = stage.bench.all().join("said");
    let file = fs::File::create(&said).unwrap();
    let mut driver = stage.command(&RUN).stdout(Stdio::null()).stderr(file).spawn().unwrap();
    let says = |text: &str| eventually(text, || fs::read_to_string(&said).unwrap().contains(text));
    eventually("the block runs", || stage.text(0, "count") == "ran\n");
    network.cut().unwrap();
    says("no line (");
    kill_process(Pid::from_raw(i32::try_from(driver.id()).unwrap()).unwrap(), Signal::INT).unwrap();
    says("nothing is stopped yet");
    assert!(!fs::read_to_string(&said).unwrap().contains("stopping the block"));
    network.heal().unwrap();
    says("reached again; stopping the block");
    assert_eq!(driver.wait().unwrap().code(), Some(3));
    assert_eq!(stage.blocks(), ["deploy#1 @0 started", "deploy#1 @0 interrupted"]);
}

#[test]
fn a_host_that_is_rebooted_in_the_middle_leaves_its_block_in_doubt_and_the_others_done() {
    let options = Options { reboots: true, ..Options::default() };
    let Some(mut stage) = stage("places::a_host_that_is_rebooted", 2, &options) else { return };
    stage.book("", SLOW);
    let driver = stage.command(&RUN).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("both blocks run", || (0..2).all(|host| stage.text(host, "count") == "ran\n"));
    stage.hosts[0].reboot().unwrap();
    (0..2).for_each(|host| fs::write(stage.on(host, "go"), "").unwrap());
    let ran = crate::bench::Ran::of(driver.wait_with_output().unwrap());
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    ran.says("the place was restarted while the block ran").says("a decision on what is in doubt");
    for host in 0..2 {
        assert_eq!(stage.text(host, "count"), "ran\n");
    }
    is_whole(&stage.output("deploy#1", 1));
    stage.ends(0, &["verify", "1"]).says("intact, open");
    // Somebody looks at the host, and says what they found.
    let answers = "steps: { deploy: { choice: happened, reason: it is deployed there } }\n";
    stage.bench.file("answers.yaml", answers);
    let over = stage.ends(3, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    assert_eq!(stage.text(0, "count"), "ran\n", "{}", over.both());
}

#[test]
fn an_attempt_that_was_recorded_and_never_sent_is_known_not_to_have_run() {
    let Some(stage) = stage("places::an_attempt_that_was_never_sent", 1, &Options::default()) else { return };
    stage.book("", SLOW);
    let mut driver = stage.command(&RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the block runs", || stage.text(0, "count") == "ran\n");
    kill_process(Pid::from_raw(i32::try_from(driver.id()).unwrap()).unwrap(), Signal::KILL).unwrap();
    driver.wait().unwrap();
    fs::write(stage.on(0, "go"), "").unwrap();
    eventually("it has ended", || stage.kept(0).iter().all(|attempt| attempt.join("end").exists()));
    // As if it had never arrived there.
    stage.kept(0).iter().for_each(|attempt| {
        let begun = format!(".begun.{}", attempt.file_name().unwrap().to_str().unwrap());
        fs::remove_file(attempt.with_file_name(begun)).unwrap();
        fs::remove_dir_all(attempt).unwrap();
    });
    stage.ends(3, &["resume", "1", "--unattended"]).says("not started").says("a decision on a failure");
    assert_eq!(stage.blocks(), ["deploy#1 @0 started", "deploy#1 @0 failed"]);
    stage.ends(0, &["verify", "1"]).says("intact, open");
}

#[test]
fn ctrl_c_stops_the_block_there_and_nothing_else_begins() {
    let Some(stage) = stage("places::ctrl_c_stops_the_block", 2, &Options::default()) else { return };
    stage.book("", SLOW);
    let driver = stage.command(&RUN).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("both blocks run", || (0..2).all(|host| stage.text(host, "count") == "ran\n"));
    kill_process(Pid::from_raw(i32::try_from(driver.id()).unwrap()).unwrap(), Signal::INT).unwrap();
    let ran = crate::bench::Ran::of(driver.wait_with_output().unwrap());
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    let mut ends: Vec<String> = stage.blocks().split_off(2);
    ends.sort();
    assert_eq!(ends, ["deploy#1 @0 interrupted", "deploy#1 @1 interrupted"]);
    stage.ends(0, &["verify", "1"]).says("intact, open");
}
