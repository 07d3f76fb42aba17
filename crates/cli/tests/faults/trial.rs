//! A run-book of every block kind that leaves a trace of all it does, and what a person would do after a crash:
//! look at the traces, decide, go on.

use std::path::Path;

use serde_json::Value;

use crate::support::{Desk, Record, group_is_gone};
use crate::wire::first_run;

/// `./mark begin NAME` leaves a line in `log`. Where `strike` holds the same words, the driver dies there and then;
/// with `all` behind them the block dies with it, else it lives on without anybody who reads what it prints.
const MARK: &str = r#"#!/bin/sh
trap '' PIPE
echo "$*" >>log
echo "$PPID" >>pids
if [ -e strike ]; then
    read -r first second how <strike
    if [ "$first $second" = "$*" ]; then
        rm strike
        pid=$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' .holdpoint/runs/0001-*/lock)
        kill -9 "$pid"
        if [ "$how" = all ]; then kill -9 0; fi
    fi
fi
"#;

/// Every kind of block. What changes something marks where it begins and ends.
const EVERY_KIND: &str = r####"---
runbook: 1
title: Every kind of {{ RELEASE }}
inputs:
  RELEASE: { default: v1 }
  API_TOKEN: { secret: true, from: { env: API_TOKEN } }
roles: [operator, qa]
---

# Every kind

## Look

```sh check
#| capture: { BASE: { stdout: true } }
echo base
```

```yaml expect
stdout: [ { equals: base } ]
stderr: empty
```

## Shell

> [!CAUTION]
> From here on something changes.

```sh run
#| timeout: 1m
./mark begin shell
echo "$BASE of $RELEASE"
colour=blue
./mark end shell
```

```text expect
base of v1
```

```sh rollback
./mark undo shell
```

## Bash

```bash run
./mark begin bash
list=(a "b c")
printf '%s\n' "$API_TOKEN" >&2
./mark end bash
```

```yaml expect
stderr: [ { contains: "[REDACTED:API_TOKEN]" } ]
```

## Python

```python run
import subprocess
subprocess.run(["./mark", "begin", "python"], check=True)
print('{"status": "ok", "count": 3}')
subprocess.run(["./mark", "end", "python"], check=True)
```

```yaml expect
json: { $.status: ok }
```

## Rendered

```sh run
#| template: true
#| idempotent: true
#| retry: { every: 10ms, for: 10s }
#| capture: { MADE: { file: made } }
./mark begin rendered
echo {{ BASE }} >made
./mark end rendered
```

## Elsewhere

```yaml step
when: environment.name == "elsewhere"
```

```sh run
./mark begin elsewhere
```

## Again

```sh check
#| retry: { every: 10ms, for: 10s }
echo x >>tries
test "$(wc -l <tries)" -ge 3
```

## Hidden

```sh run
#| record: false
#| reason: nobody is to read it
./mark begin hidden
echo hidden
./mark end hidden
```

## By hand

- [ ] Looked at

- [ ] Done with a command

  ```sh run
  ./mark begin hand
  ./mark end hand
  ```

## Observed

```yaml record
rate: { prompt: Rate, type: number, max: 1, evidence: file }
```

## Last

```bash run
./mark begin last
echo "$MADE $rate"
./mark end last
```

## Release

```yaml signoff
role: qa
meaning: approval
statement: I release {{ RELEASE }}.
independent: true
```
"####;

/// What the answers file says where nothing went wrong.
const ANSWERS: &[(&str, &str)] = &[
    ("shell", "{ choice: proceed }"),
    ("by-hand", "{ confirm: true }"),
    ("observed", "{ value: { rate: \"0.5\" }, evidence: { rate: evidence.txt } }"),
    ("release", "{ sign: { as: qa@example.org, name: Quinn Auditor } }"),
];

/// A block fails, and the document wants what was done undone.
const ROLLED_BACK: &str = r####"---
runbook: 1
---

# Rolled back

## One

```sh run
./mark begin one
./mark end one
```

```sh rollback
./mark begin undo-one
./mark end undo-one
```

## Two

```yaml step
on_failure: rollback
```

```sh run
./mark begin two
./mark end two
false
```

```sh rollback
./mark begin undo-two
./mark end undo-two
```
"####;

/// A run-book, and how its run ends.
#[derive(Clone, Copy)]
pub struct Trial {
    book: &'static str,
    answers: &'static [(&'static str, &'static str)],
    /// Exit code and verdict of a run in which nothing goes wrong.
    pub ends: (i32, &'static str),
    /// The blocks that change something, in order, by what they mark, with the action they are.
    pub marks: &'static [(&'static str, &'static str)],
}

pub const EVERY: Trial = Trial {
    book: EVERY_KIND,
    answers: ANSWERS,
    ends: (0, "passed"),
    marks: &[
        ("shell", "shell#1"),
        ("bash", "bash#1"),
        ("python", "python#1"),
        ("rendered", "rendered#1"),
        ("hidden", "hidden#1"),
        ("hand", "by-hand#2"),
        ("last", "last#1"),
    ],
};

pub const UNDONE: Trial = Trial {
    book: ROLLED_BACK,
    answers: &[],
    ends: (1, "rolled_back"),
    marks: &[
        ("one", "one#1"),
        ("two", "two#1"),
        ("undo-two", "two#rollback-1"),
        ("undo-one", "one#rollback-1"),
    ],
};

/// How a run is opened.
pub const RUN: &[&str] = &["run", "book.md", "--env", "try", "--unattended", "--answers", "answers.yaml"];
/// How it is taken up.
pub const RESUME: &[&str] = &["resume", "1", "--unattended", "--answers", "answers.yaml"];

impl Trial {
    /// A desk with everything on it.
    pub fn desk(&self) -> Desk {
        let desk = Desk::with(self.book)
            .configure("[environments.try]\nrehearsal = true\n[environments.elsewhere]\n");
        let desk = desk.set("API_TOKEN", "a secret that is long enough");
        desk.program("mark", MARK);
        desk.write("evidence.txt", "a screenshot, say");
        self.answer(&desk, None);
        desk
    }

    fn answer(&self, desk: &Desk, decided: Option<(&str, &str)>) {
        let entries = self.answers.iter().map(|(step, entry)| format!("  {step}: {entry}\n"));
        let decided = decided.map(|(action, choice)| {
            format!("  {action}: {{ choice: {choice}, reason: looked at the log }}\n")
        });
        let entries: String = entries.chain(decided).collect();
        desk.write(
            "answers.yaml",
            &if entries.is_empty() { String::new() } else { format!("steps:\n{entries}") },
        );
    }

    /// What a person decides who looks at the traces. `odd` tells which of two ways out of a half-done block is taken.
    fn decide(&self, desk: &Desk, action: &str, odd: bool) -> &'static str {
        let Some((mark, _)) = self.marks.iter().find(|(_, of)| *of == action) else { return "run" };
        let log = desk.read("log");
        let has = |word: &str| log.lines().any(|line| line == format!("{word} {mark}"));
        match (has("begin"), has("end")) {
            // What it captured is wanted later on, and running it once more does no harm.
            _ if *mark == "rendered" => "run",
            // To say that it happened would be to say that it passed, and it must fail for this run-book's sake.
            _ if *mark == "two" => "run",
            (_, true) => "happened",
            (true, false) if odd && !action.contains("rollback") => "skip",
            _ => "run",
        }
    }

    /// Takes the run up until it is over, deciding on whatever is in doubt, and holds what was done against what was
    /// decided. `before` is the record as the fault left it, `durable` how much of it had been promised.
    #[track_caller]
    pub fn goes_on(&self, desk: &Desk, what: &str, durable: u64, odd: bool) -> Record {
        let Some(dir) = first_run(desk).filter(|_| !desk_has_no_event(desk)) else {
            return self.starts_anew(desk, what);
        };
        let left = std::fs::read(dir.join("run.jsonl")).unwrap();
        let promised = usize::try_from(durable).unwrap();
        assert!(
            left.len() >= promised,
            "{what}: {promised} bytes were promised and {} are there",
            left.len()
        );
        no_block_lives(desk, &dir);
        desk.ends(0, &["verify", "1"]);
        for round in 0.. {
            assert!(round < 5, "{what}: it does not come to an end: {:#?}", desk.record(1).shape());
            let doubtful = in_doubt(&desk.record(1));
            let decided = doubtful.map(|action| {
                let choice = self.decide(desk, &action, odd);
                (action, choice)
            });
            self.answer(desk, decided.as_ref().map(|(action, choice)| (action.as_str(), *choice)));
            let output = desk.holdpoint(RESUME).output().unwrap();
            match output.status.code() {
                Some(3) => {}
                Some(code) if code == self.ends.0 => break,
                code => {
                    let told = String::from_utf8_lossy(&output.stderr);
                    panic!("{what}: resume ended with {code:?}\n{told}\n{:#?}", desk.record(1).shape());
                }
            }
        }
        let record = desk.is_intact_and_complete(1);
        assert!(record.bytes.starts_with(&left[..promised]), "{what}: what was promised is not there");
        assert_eq!(record.last()["verdict"], self.ends.1, "{what}");
        self.did_what_was_decided(desk, &record, what);
        record
    }

    /// Before event 0 there is nothing to take up: the next run is another one.
    fn starts_anew(&self, desk: &Desk, what: &str) -> Record {
        assert_eq!(desk.read("log"), "", "{what}: something ran without a record");
        let taken = u32::try_from(desk.runs()).unwrap();
        self.answer(desk, None);
        desk.ends(self.ends.0, RUN);
        let record = desk.is_intact_and_complete(taken + 1);
        self.did_what_was_decided(desk, &record, what);
        record
    }

    /// Each block that changes something once; or as often as was decided, by what the record says.
    #[track_caller]
    pub fn did_what_was_decided(&self, desk: &Desk, record: &Record, what: &str) {
        let log = desk.read("log");
        for (mark, action) in self.marks {
            let count = |word: &str| log.lines().filter(|line| *line == format!("{word} {mark}")).count();
            let about = |kind: &str| {
                let of = |event: &&Value| event["type"] == kind && event["action"] == *action;
                record.events.iter().filter(of).collect::<Vec<_>>()
            };
            let (begun, ended) = (count("begin"), count("end"));
            let started = about("action.started").len() + about("rollback.started").len();
            let again = about("decision").iter().filter(|event| event["choice"] == "run").count();
            let skipped = about("deviation").len() == 1;
            let once = (begun, ended) == (1, 1);
            let fits = started == 1 + again
                && begun <= started
                && ended <= begun
                && (once || (skipped && ended == 0) || (again > 0 && ended >= 1));
            assert!(
                fits,
                "{what}: {mark} began {begun} times and ended {ended} times\n{log}\n{:#?}",
                record.shape()
            );
        }
        assert!(!log.contains("elsewhere"), "{what}: what was not for this run ran");
    }
}

/// No run of this desk has a first event.
fn desk_has_no_event(desk: &Desk) -> bool {
    let log = first_run(desk).and_then(|dir| std::fs::read(dir.join("run.jsonl")).ok()).unwrap_or_default();
    !log.contains(&b'\n')
}

/// Like [`Record::in_doubt`], rollbacks included.
fn in_doubt(record: &Record) -> Option<String> {
    let of = |event: &Value, kinds: [&str; 2]| kinds.contains(&event["type"].as_str().unwrap());
    let mut open = None;
    for event in &record.events {
        let action = event["action"].as_str().map(str::to_owned);
        if of(event, ["action.started", "rollback.started"]) {
            open = action;
        } else if of(event, ["action.finished", "rollback.finished"])
            || event["choice"] == "happened"
            || event["kind"] == "skipped"
        {
            open = None;
        }
    }
    open
}

/// Waits for the block that the crash left alone, which comes to its end.
fn no_block_lives(desk: &Desk, dir: &Path) {
    let lock = std::fs::read(dir.join("lock")).unwrap_or_default();
    let lock: Option<Value> = serde_json::from_slice(&lock).ok();
    let group = lock.and_then(|lock| lock["child_group"].as_i64());
    for group in group.into_iter().chain(desk.read("pids").lines().filter_map(|pid| pid.parse().ok())) {
        group_is_gone(i32::try_from(group).unwrap());
    }
}
