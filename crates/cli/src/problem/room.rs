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
        let more =
            |count: usize, what: &str| format!("{count} more {what}{}", if count == 1 { "" } else { "s" });
        let counted = [(self.errors, "error"), (self.warnings, "warning")];
        let told = counted.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| more(count, what));
        let are = if self.errors + self.warnings == 1 { "is" } else { "are" };
        let told = told.collect::<Vec<_>>().join(" and ");
        format!("{told} {are} not shown (at most {MOST} findings are listed)")
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

    #[test]
    fn what_is_not_shown_is_told_in_plain_words() {
        let words = |errors, warnings| More { errors, warnings }.words();
        let listed = "(at most 200 findings are listed)";
        assert_eq!(words(0, 400), format!("400 more warnings are not shown {listed}"));
        assert_eq!(words(1, 0), format!("1 more error is not shown {listed}"));
        assert_eq!(words(3, 1), format!("3 more errors and 1 more warning are not shown {listed}"));
    }
}
