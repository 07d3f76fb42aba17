//! The document's own claims about itself, and the inputs it asks for.

use holdpoint_bounded::json::Number;
use serde::Serialize;

use crate::Span;

/// Front matter of an annotated document (format.md section 2).
///
/// The document-control keys are claims; identity is path, commit and digest of the bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FrontMatter {
    /// What the document is called.
    pub title: Option<String>,
    /// The quality system's number for the document.
    pub document_id: Option<String>,
    /// The quality system's revision.
    pub revision: Option<String>,
    /// Who wrote it, as the document names people.
    pub authors: Vec<String>,
    /// Who approves it, as the document names people.
    pub approvers: Vec<String>,
    /// When it was approved.
    pub approval_date: Option<jiff::civil::Date>,
    /// From when it may be used.
    pub effective_date: Option<jiff::civil::Date>,
    /// How long after approval it must be reviewed, as written (`6 months`).
    pub review_in: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Kept and shown: where the document says it lives.
    pub repository: Option<String>,
    /// Kept and shown.
    pub folder: Option<String>,
    /// Kept and shown.
    pub content_type: Option<String>,
    /// What a run asks for before it starts, in the order written.
    pub inputs: Vec<Input>,
    /// Roles that steps and sign-offs may name.
    pub roles: Vec<String>,
    /// The only environments it may run in; none means any.
    pub environments: Vec<String>,
    /// Whether prose is confirmed as in a foreign document, section by section.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub manual: bool,
    /// Keys that other tools read, in the order written. Nothing here depends on them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Kept>,
    /// Where the front matter stands.
    pub span: Span,
}

/// A key of the front matter that other tools read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The key.
    pub name: String,
    /// Its value as it is written; lists and maps as JSON in one line.
    pub value: String,
}

/// One input a run asks for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Input {
    /// The variable's name: `[A-Za-z_][A-Za-z0-9_]*`.
    pub name: String,
    /// What the operator is asked.
    pub prompt: Option<String>,
    /// What values it takes.
    pub kind: ValueKind,
    /// Used when nothing else gives a value.
    pub default: Option<String>,
    /// Never shown, stored or digested; asked without echo.
    pub secret: bool,
    /// Where the value comes from when it is not given with `--set`.
    pub from: Option<Source>,
    /// Where it is declared.
    pub span: Span,
}

/// What values an input or a recorded value takes, with its limits.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ValueKind {
    /// Any text; the pattern, if any, is a regular expression that must match.
    Text {
        /// Regular expression, as written.
        pattern: Option<String>,
    },
    /// A whole number.
    Integer {
        /// Least value allowed.
        min: Option<i64>,
        /// Greatest value allowed.
        max: Option<i64>,
    },
    /// A decimal number.
    Number {
        /// Least value allowed.
        min: Option<Number>,
        /// Greatest value allowed.
        max: Option<Number>,
    },
    /// `true` or `false`.
    Boolean,
    /// One of the listed texts.
    Choice {
        /// What may be chosen.
        choices: Vec<String>,
    },
}

/// Where an input's value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// An environment variable of the operator.
    Env(String),
    /// A file, relative to the repository's root; one trailing newline is dropped.
    File(String),
    /// A shell command's standard output; one trailing newline is dropped.
    Command(String),
}
