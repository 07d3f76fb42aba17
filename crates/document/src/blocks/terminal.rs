//! What cannot be said of a block that has a terminal: its output is a screen, drawn and drawn over.

use super::patience::Patience;
use super::raw::Read;
use crate::findings::Findings;
use crate::{CaptureFrom, Code, Expectation, Expected, Matcher, Span};

/// Checks the options that mean nothing beside `tty: true`, which stands at `tty`.
pub(super) fn options(read: &Read, patience: Patience, tty: Span, findings: &mut Findings) {
    let by_itself = [("retry", patience.retry), ("hold", patience.hold)];
    for (key, span) in by_itself.into_iter().filter_map(|(key, span)| Some((key, span?))) {
        findings.add(
            Code::Misplaced,
            span,
            format!("`{key}` begins a block again by itself, and one with a terminal needs somebody who sits there"),
            format!("remove `{key}`; whoever operates may retry a block that failed"),
        );
    }
    if read.options.sensitive {
        findings.add(
            Code::Misplaced,
            tty,
            "`sensitive` keeps output from the screen, and on a terminal the screen is the output",
            "remove one of them; `record: false` shows the program and keeps nothing",
        );
    }
    for (capture, span) in read.options.capture.iter().zip(&read.capture_spans) {
        if !matches!(capture.from, CaptureFrom::File(_)) {
            findings.add(
                Code::Misplaced,
                *span,
                format!("`{}` cannot be taken from what a terminal shows", capture.name),
                "have the block write it to a file and capture that, or capture it in a check after it",
            );
        }
    }
}

/// Checks expectations of a block with a terminal. Only what fails where it is not found can be judged on a screen: text
/// that must not be there may be there in pieces.
pub(crate) fn expectations_of_terminal(expectations: &[Expectation], findings: &mut Findings) {
    for expectation in expectations {
        let message = match &expectation.that {
            Expected::Exit(_)
            | Expected::Stdout(Matcher::NotEmpty | Matcher::Contains(_) | Matcher::Matches(_)) => continue,
            Expected::Stderr(_) => "a terminal shows standard error among standard output, so there is none",
            Expected::Stdout(_) | Expected::Json { .. } | Expected::Lines(_) => {
                "what a terminal shows is drawn and drawn over, and cannot be judged like this"
            }
        };
        let help =
            "expect `exit`, or `stdout` with `contains`, `matches` or `not_empty`; or write a check after it";
        findings.add(Code::Misplaced, expectation.span, message, help);
    }
}
