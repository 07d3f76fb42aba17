//! A record as an auditor's own script would read it: lines of JSON.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The events of a run.
pub struct Record {
    pub dir: PathBuf,
    /// The whole file, a torn tail included.
    pub bytes: Vec<u8>,
    /// Its complete lines.
    pub events: Vec<Value>,
}

impl Record {
    /// Reads what stands there now.
    pub fn read(dir: &Path) -> Record {
        let bytes = std::fs::read(dir.join("run.jsonl")).unwrap_or_default();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        let events = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
        Record { dir: dir.to_owned(), bytes, events }
    }

    /// Events of one type.
    pub fn all(&self, kind: &str) -> Vec<&Value> {
        self.events.iter().filter(|event| event["type"] == kind).collect()
    }

    /// The only event of its type.
    #[track_caller]
    pub fn one(&self, kind: &str) -> &Value {
        let all = self.all(kind);
        assert_eq!(all.len(), 1, "{kind} in {:#?}", self.shape());
        all[0]
    }

    /// The last event.
    pub fn last(&self) -> &Value {
        self.events.last().unwrap()
    }

    /// What happened, in a word or two each: type, action, outcome or choice.
    pub fn shape(&self) -> Vec<String> {
        let shape = |event: &Value| {
            let field = |name: &str| event[name].as_str().map(|text| format!(" {text}"));
            let names = ["kind", "action", "name", "outcome", "choice", "verdict"];
            names.iter().fold(event["type"].as_str().unwrap().to_owned(), |text, name| {
                text + &field(name).unwrap_or_default()
            })
        };
        self.events.iter().map(shape).collect()
    }

    /// The shape without what opened it, for tests that compare all of it.
    pub fn after_opening(&self) -> Vec<String> {
        self.shape().split_off(1)
    }

    /// Starts of an action that were not only to find out.
    pub fn starts(&self, action: &str) -> usize {
        let counts = |event: &&Value| event["action"] == action && event["probe"] != true;
        self.all("action.started").into_iter().filter(counts).count()
    }

    /// The action whose start is the last thing on record about it, if there is one.
    pub fn in_doubt(&self) -> Option<String> {
        let started =
            |event: &&Value| ["action.started", "action.finished"].contains(&event["type"].as_str().unwrap());
        let last = self.events.iter().rfind(started)?;
        (last["type"] == "action.started").then(|| last["action"].as_str().unwrap().to_owned())
    }

    /// What a block printed to standard output, by the last event that ended it.
    #[track_caller]
    pub fn stdout_of(&self, action: &str) -> String {
        let finished = self.all("action.finished");
        let last = finished.iter().rfind(|event| event["action"] == action).unwrap();
        self.blob(&last["output"]["stdout"])
    }

    /// The process group that the driver's lock names, once it names one.
    pub fn child_group(&self) -> i32 {
        let mut group = None;
        super::eventually("a process group in the lock", || {
            let lock = std::fs::read(self.dir.join("lock")).unwrap_or_default();
            let lock: Option<Value> = serde_json::from_slice(&lock).ok();
            group = lock.and_then(|lock| lock["child_group"].as_i64());
            group.is_some()
        });
        i32::try_from(group.unwrap()).unwrap()
    }

    /// A blob, as text.
    pub fn blob(&self, reference: &Value) -> String {
        let digest = reference["sha256"].as_str().unwrap();
        String::from_utf8(std::fs::read(self.dir.join("blobs/sha256").join(digest)).unwrap()).unwrap()
    }
}
