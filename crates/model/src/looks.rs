//! What judging a block looks at: the one question that driving a run and proving its record both ask. And what it asks of
//! where it runs.

use crate::{Block, CaptureFrom, Expected, Options};

impl Block {
    /// Whether an expectation or a capture looks at standard output. Where none does, the output need not be read.
    pub fn looks_at_stdout(&self) -> bool {
        let expected = self.expect.iter().any(|expectation| match expectation.that {
            Expected::Stdout(_) | Expected::Lines(_) | Expected::Json { .. } => true,
            Expected::Exit(_) | Expected::Stderr(_) => false,
        });
        let captured = self.options.capture.iter().any(|capture| match capture.from {
            CaptureFrom::Stdout | CaptureFrom::Regex(_) | CaptureFrom::Json(_) => true,
            CaptureFrom::File(_) => false,
        });
        expected || captured
    }

    /// Whether an expectation looks at standard error.
    pub fn looks_at_stderr(&self) -> bool {
        self.expect.iter().any(|expectation| match expectation.that {
            Expected::Stderr(_) => true,
            Expected::Exit(_) | Expected::Stdout(_) | Expected::Lines(_) | Expected::Json { .. } => false,
        })
    }
}

impl Options {
    /// What a block asks for that there is on the driving machine only, and what can be done instead, in words.
    pub fn only_here(&self) -> Option<(&'static str, &'static str)> {
        let file = |from: &CaptureFrom| matches!(from, CaptureFrom::File(_));
        match self {
            options if options.tty => Some(("needs a terminal", "take `tty` out, or its target")),
            options if options.agent => {
                Some(("wants the SSH agent", "take `agent` out; OpenSSH's configuration can forward it"))
            }
            options if options.capture.iter().any(|capture| file(&capture.from)) => Some((
                "captures a file",
                "have it print the file, and capture that with `stdout`, `regex` or `json`",
            )),
            _ => None,
        }
    }
}
