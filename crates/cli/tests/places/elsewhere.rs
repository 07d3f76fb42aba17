//! A run that somebody else takes up, who sits at another machine: with an account, a host name, a network and a clone of their
//! own, and nothing in common with whoever began it but the store and the hosts.

use std::fs;
use std::process::{Command, Stdio};

use holdpoint_hosts::{Machine, Missing, Network, Options, Sshd, skipped, write_ssh_for};
use rustix::process::{Pid, Signal, kill_process};

use crate::bench::{HOLDPOINT, Ran};
use crate::support::{RUN, Stage, of};
use crate::waiting::eventually;

const BOOK: &str = "## Begin

```sh run
HERE=kept
pwd >began-in
```

## Deploy

```yaml step
target: web
rollout: { first: 1, at_once: 1 }
```

```sh run
echo ran >>count
until [ -f go ]; do sleep 0.05; done
echo whole
FOO=kept
```

```sh check
test \"$FOO\" = kept
```

## End

```sh check
test \"$HERE\" = kept
pwd
```
";

/// Somebody's machine, with a clone at a path of its own, in which the store is mounted.
fn desk(stage: &Stage, number: u8) -> Result<Machine, Missing> {
    let mut machine = Machine::create(number)?;
    let clone = machine.home().join(format!("clone-{number}"));
    let bin = machine.home().join("bin");
    for folder in [&clone, &bin, &machine.home().join("tmp")] {
        fs::create_dir(folder).unwrap();
        machine.user().give(folder)?;
    }
    for name in ["book.md", "holdpoint.toml"] {
        fs::copy(stage.bench.path(name), clone.join(name)).unwrap();
    }
    write_ssh_for(machine.user(), &bin, &std::env::var("PATH").unwrap(), &stage.hosts)?;
    machine.mounts(HOLDPOINT.as_ref(), &machine.home().join("holdpoint"))?;
    machine.mounts(&stage.bench.path(".holdpoint/runs"), &clone.join(".holdpoint/runs"))?;
    machine.hides(stage.bench.all());
    for host in &stage.hosts {
        host.network().unwrap().reach_others()?;
    }
    Ok(machine)
}

/// `holdpoint` at a machine.
fn command(machine: &Machine, number: u8, operator: &str, words: &[&str]) -> Command {
    let home = machine.home();
    let mut command = machine.command(home.join("holdpoint")).unwrap();
    let path = format!("{}:{}", home.join("bin").display(), std::env::var("PATH").unwrap());
    command.args(words).current_dir(home.join(format!("clone-{number}"))).env_clear();
    command.env("PATH", path).env("HOME", home).env("TMPDIR", home.join("tmp"));
    command.env("TZ", "UTC").env("LC_ALL", "C.UTF-8").env("HOLDPOINT_OPERATOR", operator);
    command
}

fn hosts() -> Result<Vec<Sshd>, Missing> {
    let host = || Network::create().and_then(|cable| Sshd::behind(cable, &Options::default()));
    (0..2).map(|_| host()).collect()
}

/// Two desks whose store is shared; the second sees nothing of the first. `None`, said and counted, where there can be none.
fn desks(test: &str, stage: &Stage) -> Option<[Machine; 2]> {
    let store = stage.bench.path(".holdpoint/runs");
    fs::create_dir_all(&store).unwrap();
    let desks = Machine::share(&store).and_then(|()| Ok([desk(stage, 1)?, desk(stage, 2)?]));
    let mut desks = desks.map_err(|missing| skipped(test, &missing)).ok()?;
    let first = desks[0].home().to_owned();
    desks[1].hides(&first);
    Some(desks)
}

/// Begins the run at the first desk, and kills whoever drives it once `begun`.
fn is_begun_and_killed(desk: &Machine, begun: impl Fn() -> bool) {
    let mut driver = command(desk, 1, "day@example.org", &RUN);
    let mut driver = driver.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the block runs", begun);
    kill_process(Pid::from_raw(i32::try_from(driver.id()).unwrap()).unwrap(), Signal::KILL).unwrap();
    driver.wait().unwrap();
}

#[test]
fn a_run_whose_driver_was_killed_goes_on_under_another_account_on_another_machine() {
    let test = "places::a_run_goes_on_on_another_machine";
    let Some(stage) = of(test, hosts()) else { return };
    stage.book("", BOOK);
    let Some(desks) = desks(test, &stage) else { return };
    is_begun_and_killed(&desks[0], || stage.text(0, "count") == "ran\n");
    (0..2).for_each(|host| fs::write(stage.on(host, "go"), "").unwrap());

    let mut second = command(&desks[1], 2, "night@example.org", &["resume", "1", "--unattended"]);
    let ran = Ran::of(second.output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.both());
    for host in 0..2 {
        assert_eq!(stage.text(host, "count"), "ran\n", "host {host}");
        assert_eq!(stage.output("deploy#1", host), "whole\n", "host {host}");
    }
    // What runs here runs in the clone of whoever sits here.
    let clone = |number: u8| desks[usize::from(number) - 1].home().join(format!("clone-{number}"));
    let pwd = |number| format!("{}\n", clone(number).display());
    assert_eq!(fs::read_to_string(clone(1).join("began-in")).unwrap(), pwd(1));
    assert_eq!(stage.printed("end#1"), pwd(2));

    let opened = &stage.bench.events(1)[0]["session"];
    let resumed = &stage.bench.of_type(1, "session.opened")[0];
    for (session, desk) in [(opened, &desks[0]), (resumed, &desks[1])] {
        assert_eq!(session["host"], desk.name(), "{session:#}");
        assert_eq!(session["os_user"], desk.user().name.as_str(), "{session:#}");
    }
    for (number, who) in [(1_u8, "day@example.org"), (2, "night@example.org")] {
        let desk = &desks[usize::from(number) - 1];
        let proved = Ran::of(command(desk, number, who, &["verify", "1"]).output().unwrap());
        assert_eq!(proved.code, 0, "{}", proved.both());
        proved.says("intact and complete");
    }
    stage.is_over_and_clean();
}

#[test]
fn a_block_that_was_left_on_another_machine_is_in_doubt_and_nobody_is_told_to_kill_something_here() {
    let test = "places::a_block_that_was_left_on_another_machine";
    let Some(stage) = of(test, Ok(Vec::new())) else { return };
    stage.bench.file("holdpoint.toml", "[environments.staging]\nrehearsal = true\n");
    stage.book("", "## Begin\n\n```sh run\necho $$ >begun\nexec sleep 600\n```\n");
    let Some(desks) = desks(test, &stage) else { return };
    let left = desks[0].home().join("clone-1/begun");
    is_begun_and_killed(&desks[0], || fs::read_to_string(&left).is_ok_and(|text| text.ends_with('\n')));
    for _ in 0..2 {
        let mut second = command(&desks[1], 2, "night@example.org", &["resume", "1", "--unattended"]);
        let ran = Ran::of(second.output().unwrap());
        assert_eq!(ran.code, 3, "{}", ran.both());
        ran.says("MAY STILL RUN").says("on desk-1, which cannot be seen from here");
    }
    let mut here = command(&desks[0], 1, "day@example.org", &["resume", "1", "--unattended"]);
    Ran::of(here.output().unwrap()).says("STILL RUNNING");
    let pid: i32 = fs::read_to_string(&left).unwrap().trim().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}
