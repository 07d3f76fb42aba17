//! Run-books in editors, by the Language Server Protocol.
//!
//! What a document says, and what is wrong with it, a [`Host`] tells: the very reader that `check` asks. Here it becomes
//! answers in the editor's terms. Nothing is executed, written or sent anywhere.

mod actions;
mod complete;
mod definition;
mod findings;
mod hover;
mod outline;
mod rename;
mod server;
mod text;
mod wire;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use holdpoint_document::{Adoption, Config, Diagnostic, Plan};

pub use server::serve;

/// Reads documents for the editor.
pub trait Host {
    /// The document at `path` with this text, which need not be the one on the disk, nor any be there.
    fn read(&self, path: &Path, text: &str) -> Read;

    /// The JSON Schema of this name: what keys there are, and what they are for.
    fn schema(&self, of: &str) -> &'static str;
}

/// What was read of a document.
#[derive(Debug)]
pub struct Read {
    /// Its steps. Spans of those without `file` are of its own text.
    pub plan: Plan,
    /// What is wrong with it.
    pub findings: Vec<Found>,
    /// The repository's configuration.
    pub config: Option<Config>,
    /// The repository's root: nothing outside of it is opened.
    pub root: PathBuf,
    /// What `adopt` proposes for it; worked out where an editor first asks, for it asks at every step of its cursor.
    pub proposed: OnceCell<Adoption>,
}

/// A finding, with its place in a file.
#[derive(Debug)]
pub struct Found {
    /// What it is; its span is of the file's own text.
    pub finding: Diagnostic,
    /// The included file that it is in, with its text; `None` for the document itself.
    pub file: Option<(PathBuf, String)>,
}
