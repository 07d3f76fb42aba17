//! What a probe is told beside its question, and what it gives.

use std::path::PathBuf;
use std::time::Duration;

use holdpoint_bounded::json;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// Where a probe asks from, and with what.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The repository's root, where paths begin and which they do not leave.
    pub root: PathBuf,
    /// The store of runs, where a repository is asked: it is no part of what that holds.
    pub store: Option<PathBuf>,
    /// Secrets that headers may name, and their values.
    pub secrets: Vec<(String, String)>,
    /// Which program asks, and at which machine.
    pub by: String,
}

/// What came of asking.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The facts, as far as they were found.
    pub facts: Value,
    /// A body that was read as JSON, its numbers as they were written.
    pub json: Option<json::Value>,
    /// Why the probe could not ask, or not to the end.
    pub failure: Option<String>,
}

/// As what was printed: the facts, and the body among them.
impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let facts = self.facts.as_object().into_iter().flatten();
        let body = self.json.iter().map(|json| ("json", Fact::Body(json)));
        serializer.collect_map(facts.map(|(name, fact)| (name.as_str(), Fact::Ours(fact))).chain(body))
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Fact<'f> {
    Ours(&'f Value),
    Body(&'f json::Value),
}

/// In milliseconds, as facts tell of times.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What was found out until now.
#[derive(Default)]
pub(crate) struct Facts(Map<String, Value>, Option<json::Value>);

impl Facts {
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    /// So that it stands where an expectation that finds nothing quotes how the answer begins.
    pub(crate) fn set_first(&mut self, key: &str, value: impl Into<Value>) {
        self.0.shift_insert(0, key.to_owned(), value.into());
    }

    pub(crate) fn set_body(&mut self, body: json::Value) {
        self.1 = Some(body);
    }

    pub(crate) fn into_parts(self) -> (Value, Option<json::Value>) {
        (Value::Object(self.0), self.1)
    }
}
