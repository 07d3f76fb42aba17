//! What scripts say, as far as it can be read without running them.
//!
//! [`read`] is the one tokeniser: it says what stands where, and where shells differ. What follows from that is told by
//! those who ask: lints guess, insertion of values refuses what is unclear, the prover proves.
//!
//! Pure: no files, no processes, no clock.

mod certain;
mod commands;
mod compared;
mod declared;
mod empty;
mod fed;
mod handed;
mod idle;
pub mod interpreter;
mod own;
mod prove;
mod python;
mod quoted;
mod read;
mod split;
mod token;

pub use certain::never_fails;
pub use commands::{Command, Node, Pipeline, pipelines};
pub use compared::{Redirected, redirected};
pub use empty::is_empty_script;
pub use fed::open_here_document;
pub use handed::{Handed, OF_SSH, To, handed};
pub use idle::{Idle, idle};
pub use own::own;
pub use prove::parses_everywhere;
pub use python::{handed_by_python, python_never_fails, python_reads};
pub use quoted::{inert_quotes, jq_is_plain};
pub use read::{DEPTH, HERE_DOCUMENTS, read};
pub use token::{
    Body, Doubt, Error, ErrorKind, Keyword, Kind, Operator, Part, PartKind, Redirection, Script, Token, Word,
};

/// Whether this can be a variable's name.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The name in `NAME=…`, `NAME+=…`, `NAME[i]=…`.
pub fn assigned(word: &str) -> Option<&str> {
    let (left, _) = word.split_once('=')?;
    let name = left.strip_suffix('+').unwrap_or(left).split('[').next()?;
    is_name(name).then_some(name)
}
