//! Many places at once, each with its own way to end.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use holdpoint_hosts::{Missing, Network, Options, Sshd};
use serde_json::Value;

use crate::support::{RUN, Stage, of};
use crate::waiting::eventually;

const MANY: usize = 32;
/// Greets on both outputs.
const NOISY: usize = 0;
/// Its disk holds less than its block prints.
const FULL: usize = 1;
/// Their lines are cut while their blocks run.
const CUT: std::ops::Range<usize> = 2..7;
/// Prints more than the program may keep in memory.
const LOUD: usize = 7;

fn hosts() -> Result<Vec<Sshd>, Missing> {
    let plain = Options::default();
    let of = |number: usize| match number {
        NOISY => Sshd::on_loopback(&Options { noise: "Welcome to this host".to_owned(), ..plain.clone() }),
        FULL => Sshd::on_loopback(&Options { home_size: Some(1 << 20), ..plain.clone() }),
        number if CUT.contains(&number) => Network::create().and_then(|line| Sshd::behind(line, &plain)),
        _ => Sshd::on_loopback(&plain),
    };
    (0..MANY).map(of).collect()
}

/// 1 GB where every fault is tried, else enough to see that it is not kept in memory.
fn loud() -> u64 {
    let all = std::env::var("HOLDPOINT_FAULTS").is_ok_and(|which| which == "all");
    if all { 1_000_000_000 } else { 100_000_000 }
}

/// Resident memory of a process at its highest, KiB; nothing once it has ended.
fn highest(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn begins_everywhere(stage: &Stage) {
    eventually("every block has begun", || (0..MANY).all(|host| !stage.text(host, "count").is_empty()));
}

#[test]
fn each_of_32_places_ends_in_its_own_way_and_ran_once() {
    let Some(stage) = of("places::each_of_32_places", hosts()) else { return };
    stage.book(
        "",
        "## Deploy

```yaml step
target: web
rollout: { at_once: 32, stop_after: 31 }
```

```sh run
#| timeout: 5m
echo ran >>count
[ ! -f print ] || head -c \"$(cat print)\" /dev/zero
[ ! -f waits ] || until [ -f go ]; do sleep 0.05; done
exit \"$(cat code)\"
```
",
    );
    let code = |host: usize| if host < 8 { 0 } else { i64::try_from(host % 4).unwrap() };
    for host in 0..MANY {
        fs::write(stage.on(host, "code"), code(host).to_string()).unwrap();
    }
    fs::write(stage.on(FULL, "print"), "3000000").unwrap();
    fs::write(stage.on(LOUD, "print"), loud().to_string()).unwrap();
    CUT.for_each(|host| fs::write(stage.on(host, "waits"), "").unwrap());

    let mut driver = stage.command(&RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    begins_everywhere(&stage);
    let lines = || CUT.map(|host| stage.hosts[host].network().unwrap());
    lines().for_each(|line| line.cut().unwrap());
    CUT.for_each(|host| fs::write(stage.on(host, "go"), "").unwrap());
    // The length of the cut is what is tried here: longer than silence is taken for life.
    std::thread::sleep(Duration::from_secs(10));
    lines().for_each(|line| line.heal().unwrap());
    let mut memory = 0;
    eventually("the run is over", || {
        memory = memory.max(highest(driver.id()).unwrap_or(0));
        driver.try_wait().unwrap().is_some()
    });
    // Somebody has to say what becomes of those that failed.
    assert_eq!(driver.wait().unwrap().code(), Some(3));

    let ends = stage.bench.of_type(1, "action.finished");
    for host in 0..MANY {
        let place = stage.place(host);
        let ends: Vec<&Value> = ends.iter().filter(|event| event["place"] == *place).collect();
        assert_eq!(ends.len(), 1, "host {host}: {ends:#?}");
        assert_eq!(stage.text(host, "count"), "ran\n", "host {host}");
        let passed = host != FULL && code(host) == 0;
        assert_eq!(
            ends[0]["outcome"],
            if passed { "passed" } else { "failed" },
            "host {host}: {:#}",
            ends[0]
        );
        if host != FULL {
            assert_eq!(ends[0]["exit"], code(host), "host {host}: {:#}", ends[0]);
        }
    }
    let digest = ends.iter().find(|event| event["place"] == *stage.place(LOUD)).unwrap();
    let digest = digest["output"]["stdout"]["sha256"].as_str().unwrap();
    let kept = fs::metadata(stage.bench.run_dir(1).join("blobs/sha256").join(digest)).unwrap();
    assert_eq!(kept.len(), loud());
    assert!(memory > 0 && memory < 200 * 1024, "{memory} KiB");
    stage.ends(0, &["verify", "1"]);
}
