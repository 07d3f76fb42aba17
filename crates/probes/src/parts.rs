//! What a probe is told beside its question, and what it gives.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

/// Where a probe asks from, and with what.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The repository's root, where paths begin and which they do not leave.
    pub root: PathBuf,
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
    /// Why the probe could not ask, or not to the end.
    pub failure: Option<String>,
}

/// In milliseconds, as facts tell of times.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What was found out until now.
#[derive(Default)]
pub(crate) struct Facts(Map<String, Value>);

impl Facts {
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}
