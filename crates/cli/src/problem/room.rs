//! How many findings are shown: what nobody reads to its end is counted instead.

use holdpoint_document::{Diagnostic, Severity};

/// Most findings that are shown at once.
pub const MOST: usize = 200;

/// What there is room for: errors first, then warnings, each from the beginning of the text.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    errors: usize,
    warnings: usize,
    /// How many there are of each beyond it.
    pub more: More,
}

/// Findings that are not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct More {
    /// Errors among them.
    pub errors: usize,
    /// Warnings among them.
    pub warnings: usize,
}

impl Room {
    /// Room for some of these findings.
    pub fn among<'f>(findings: impl IntoIterator<Item = &'f Diagnostic>) -> Room {
        let (mut errors, mut warnings) = (0, 0);
        for finding in findings {
            match finding.severity {
                Severity::Error => errors += 1,
                Severity::Warning => warnings += 1,
            }
        }
        let shown = errors.min(MOST);
        let rest = warnings.min(MOST - shown);
        let more = More { errors: errors - shown, warnings: warnings - rest };
        Room { errors: shown, warnings: rest, more }
    }

    /// Whether there is room for this one too, which is then taken up.
    pub fn takes(&mut self, finding: &Diagnostic) -> bool {
        let left = match finding.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        let taken = *left > 0;
        *left = left.saturating_sub(1);
        taken
    }
}

impl More {
    /// Whether everything is shown.
    pub fn is_nothing(self) -> bool {
        self.errors == 0 && self.warnings == 0
    }

    /// How many there are, in words.
    pub fn words(self) -> String {
        let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let (errors, warnings) = (many(self.errors, "error"), many(self.warnings, "warning"));
        format!("{errors} and {warnings} more are not shown; {MOST} findings are at most")
    }
}

#[cfg(test)]
mod tests {
    use holdpoint_document::{Code, Span};

    use super::*;

    #[test]
    fn errors_are_shown_before_warnings_and_the_rest_is_counted() {
        let finding = |code, at| Diagnostic::new(code, Span::new(at, at), "m", "h");
        let mut findings: Vec<Diagnostic> = (0..300).map(|at| finding(Code::NoCheck, at)).collect();
        findings.extend((300..350).map(|at| finding(Code::Syntax, at)));
        let mut room = Room::among(&findings);
        assert_eq!(room.more, More { errors: 0, warnings: 150 });
        let shown: Vec<&Diagnostic> = findings.iter().filter(|finding| room.takes(finding)).collect();
        assert_eq!(shown.len(), MOST);
        assert!(shown[..150].iter().all(|finding| finding.code == Code::NoCheck));
        assert!(shown[150..].iter().all(|finding| finding.is_error()));
        assert!(Room::among(&findings[..MOST]).more.is_nothing());
    }
}
