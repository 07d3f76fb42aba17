//! Commands of documents that people wrote for themselves: each is offered, and run only where somebody says so.

use serde::Serialize;

use crate::Field;

/// What is known of a command that is offered. Every text is as it stands in the document, byte for byte.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Offered {
    /// The command, without its prompt.
    pub text: String,
    /// What stands above it in the same code and is no command to run: comments, usage.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub lead: String,
    /// What follows it in the same code, likewise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub after: String,
    /// What must be known before it runs; each is asked once a run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Blank>,
    /// Why it cannot be run from here, so that it is done by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Why it was taken for a command.
    pub reading: Reading,
}

/// A part of a command that somebody must fill in, or look at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Blank {
    /// The value's name, what is asked, and what it takes.
    pub field: Field,
    /// What it takes, in words: `a version: letters, digits, . _ + -`.
    pub takes: &'static str,
    /// As it stands in the document: `<version>`, `v1.0.23`, `$VERSION`.
    pub written: String,
    /// It looks like an example: what stands there may be right still.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub example: bool,
}

/// What a piece of code was taken for, how sure that is, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// What for.
    pub class: Class,
    /// How sure.
    pub confidence: Confidence,
    /// Why, in words.
    pub reason: String,
}

/// What a command of a document is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Something to run, which is offered.
    Offered,
    /// The same, and it talks with whoever sits at the terminal.
    Interactive,
    /// It explains something, and is shown with the text around it.
    Explanatory,
    /// It is no command, or none of a shell that runs here.
    NotACommand,
}

impl Class {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Class::Offered => "offered",
            Class::Interactive => "offered, at a terminal",
            Class::Explanatory => "explains, and is not offered",
            Class::NotACommand => "no command",
        }
    }
}

/// How sure a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The document says so itself.
    Sure,
    /// Nothing speaks against it.
    Likely,
    /// It could be something else.
    Unsure,
}

impl Confidence {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Confidence::Sure => "sure",
            Confidence::Likely => "likely",
            Confidence::Unsure => "unsure",
        }
    }
}
