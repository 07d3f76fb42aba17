//! A sealed record of a rehearsal with one of everything, for tests that tamper with copies of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::support::{self, Bench, Ran, events, sha256};

const BOOK: &str = r#"---
runbook: 1
title: A release
roles: [operator, qa]
inputs:
  RELEASE: { default: v1 }
---

# A release

## Look

```sh check
#| capture: { COMMIT: { regex: 'commit (\w+)' } }
echo commit abc123
echo ok
```

```yaml expect
stdout: [ { contains: ok } ]
```

```sh check
#| retry: { every: 10ms, for: 1m }
test -e asked || { touch asked; echo not yet; exit 1; }
```

## Change it

```sh run
echo "$COMMIT" > live
```

```sh check
cat live; echo to nobody >&2; exit 1
```

```yaml expect
exit: 0
stdout: [ { contains: "{{ COMMIT }}" } ]
```

## Tell the others

- [ ] Everybody was told

## Watch

```yaml record
error_rate: { prompt: Error rate in percent, type: number, max: 0.5 }
```

## Release

```yaml signoff
role: qa
meaning: approval
statement: I release {{ RELEASE }}.
independent: true
```
"#;

const CONFIG: &str = r#"[people."qa@example.org"]
name = "Quinn Auditor"

[people."ops@example.org"]
name = "Olive Operator"

[roles]
operator = ["ops@example.org"]
qa = ["qa@example.org"]

[environments.staging]
rehearsal = true
"#;

const ANSWERS: &str = r#"steps:
  "change-it#2": { choice: skip, reason: the check is known to be wrong }
  tell-the-others: { confirm: true }
  watch: { value: { error_rate: 0.1 } }
  release: { sign: { as: qa@example.org, name: Quinn Auditor } }
"#;

/// The record, made once.
fn original() -> &'static Bench {
    static MADE: OnceLock<Bench> = OnceLock::new();
    MADE.get_or_init(|| {
        let bench = Bench::with(&[("book.md", BOOK), ("holdpoint.toml", CONFIG), ("answers.yaml", ANSWERS)]);
        bench.ends(0, &["run", "book.md", "--env", "staging", "--answers", "answers.yaml", "--unattended"]);
        bench
    })
}

/// A copy of the record, alone in a directory outside of any repository.
pub struct Copy {
    pub bench: Bench,
    pub dir: PathBuf,
}

impl Copy {
    pub fn new() -> Copy {
        Copy::of(original())
    }

    /// Of the first run there.
    pub fn of(made: &Bench) -> Copy {
        let bench = Bench::new();
        copy(&made.run_dir(1), &bench.path("evidence"));
        Copy { dir: bench.path("evidence"), bench }
    }

    pub fn log(&self) -> Vec<u8> {
        fs::read(self.dir.join("run.jsonl")).unwrap()
    }

    pub fn set_log(&self, bytes: &[u8]) {
        fs::write(self.dir.join("run.jsonl"), bytes).unwrap();
    }

    /// Lines with their LF.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        self.log().split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    pub fn events(&self) -> Vec<Value> {
        events(&self.dir)
    }

    pub fn verify(&self) -> Ran {
        self.bench.holdpoint(&["verify", "./evidence"])
    }

    /// The verdict, the same in text and in JSON.
    #[track_caller]
    pub fn verdict(&self) -> (i32, String, String) {
        let before = self.bench.tree();
        let text = self.verify();
        let ran = self.bench.holdpoint(&["verify", "./evidence", "--format", "json"]);
        let json = ran.json();
        assert_eq!(self.bench.tree(), before, "verify wrote something");
        assert_eq!(text.code, ran.code);
        assert_eq!(text.stdout.trim_end(), json["verdict"].as_str().unwrap());
        assert_eq!(json["intact"], text.code == 0);
        let remarks = json["remarks"].as_array().unwrap();
        let remarks: Vec<&str> = remarks.iter().map(|remark| remark.as_str().unwrap()).collect();
        (text.code, text.stdout.trim_end().to_owned(), remarks.join("; "))
    }

    /// Exit code and verdict, of one look.
    pub fn glance(&self) -> (i32, String) {
        let ran = self.verify();
        (ran.code, ran.stdout.trim_end().to_owned())
    }

    #[track_caller]
    pub fn is(&self, code: i32, verdict: &str) {
        let (came, words, remarks) = self.verdict();
        assert_eq!((came, words.as_str()), (code, verdict), "{remarks}");
    }

    /// Puts a blob in place, named as it must be; gives its reference.
    pub fn blob(&self, bytes: &[u8]) -> Value {
        let digest = sha256(bytes);
        fs::write(self.dir.join("blobs/sha256").join(&digest), bytes).unwrap();
        json!({"sha256": digest, "bytes": bytes.len()})
    }

    /// Rewrites events as somebody with the tools would: numbers, chain and seal fit again.
    pub fn forge(&self, how: impl FnOnce(&mut Vec<Value>)) {
        support::forge(&self.dir, how);
    }
}

/// The position of the first event that `is` holds for.
pub fn position(events: &[Value], is: impl Fn(&Value) -> bool) -> usize {
    events.iter().position(is).expect("there is such an event")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, target).unwrap()),
        }
    }
}
