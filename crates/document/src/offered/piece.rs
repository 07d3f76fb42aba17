//! What code is cut into.

use std::ops::Range;

use super::prompts::Who;
use crate::placeholders::is_elided;
use crate::{Class, Reading};

/// What a piece of code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Blank,
    Comment,
    Prompt,
    Command,
    Output,
}

/// A piece, by its bytes in the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) kind: Kind,
    pub(crate) at: Range<usize>,
}

/// A whole command.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// Its lines in the code, with prompts.
    pub(crate) at: Range<usize>,
    /// What a shell gets: without prompts.
    pub(crate) text: String,
    pub(crate) reading: Reading,
    /// What it is shown to print, if anything.
    pub(crate) output: Option<Range<usize>>,
    /// It is typed into a program or a shell that another command opens.
    pub(crate) is_typed_in: bool,
    /// It may be a command, and is not sure to be one of this machine.
    pub(crate) is_doubtful: bool,
    /// What follows what it is shown to print may be a command, or more of that.
    pub(crate) is_unsettled: bool,
    /// Who is at its prompt, if it has one of a shell.
    pub(crate) who: Option<Who>,
}

/// Code that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cut {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) commands: Vec<Command>,
}

impl Command {
    /// Whether it only stands for something that is not there.
    pub(crate) fn is_left_out(&self) -> bool {
        is_elided(&self.text)
    }

    /// Whether it is offered.
    pub(crate) fn is_offered(&self) -> bool {
        matches!(self.reading.class, Class::Offered | Class::Interactive)
    }
}
