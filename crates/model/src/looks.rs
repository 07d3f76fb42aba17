//! What judging a block looks at: the one question that driving a run and proving its record both ask.

use crate::{Block, CaptureFrom, Expected};

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
