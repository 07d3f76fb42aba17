//! Typed probes: asks a web server, a port, name servers, a file, the repository or the container engine for facts.
//!
//! A probe changes nothing, judges nothing, and knows no run-books: what it was asked and what it found are its answer,
//! one JSON object. Whoever asks says how long it may take, and stops it by dropping the future. Everything that is read
//! is bounded here.

mod certificate;
mod connection;
mod dns;
mod file;
mod git;
mod http;
mod image;
mod tcp;
mod work;

use std::path::{Path, PathBuf};

use holdpoint_model::Probe;
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

/// What could not be found out, in words; and the facts until then.
pub(crate) struct Facts(Map<String, Value>);

impl Facts {
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }
}

/// Asks. Never waits longer than whoever polls it does.
pub async fn ask(probe: &Probe, setting: &Setting) -> Answer {
    let mut facts = Facts(Map::new());
    facts.set("probe", probe.kind());
    facts.set("by", setting.by.as_str());
    let asked = match probe {
        Probe::Http(probe) => http::ask(probe, setting, &mut facts).await,
        Probe::Tcp(probe) => tcp::ask(probe, &mut facts).await,
        Probe::Dns(probe) => dns::ask(probe, &mut facts).await,
        Probe::File(probe) => file::ask(probe, &setting.root, &mut facts).await,
        Probe::Git(probe) => git::ask(probe, &setting.root, &mut facts).await,
        Probe::Image(probe) => image::ask(probe, &mut facts).await,
    };
    let failure = asked.err();
    if let Some(why) = &failure {
        facts.set("error", why.as_str());
    }
    Answer { facts: Value::Object(facts.0), failure }
}

/// Where a path of a document leads: in the repository, or at the machine where it begins at `/`.
pub(crate) fn place(root: &Path, path: &str) -> Result<PathBuf, String> {
    if path.split('/').any(|part| part == "..") || path.is_empty() {
        return Err(format!("the path `{path}` leaves the repository"));
    }
    let whole = root.join(path);
    if path.starts_with('/') {
        return Ok(whole);
    }
    // What is not there yet leads to where its nearest parent does.
    let outside = || format!("the path `{path}` leads out of the repository");
    let existing = whole.ancestors().find(|up| up.symlink_metadata().is_ok()).ok_or_else(outside)?;
    let found = existing.canonicalize().map_err(|_| format!("`{path}` is a link that leads nowhere"))?;
    let root = root.canonicalize().map_err(|error| error.to_string())?;
    if found.starts_with(root) { Ok(whole) } else { Err(outside()) }
}
