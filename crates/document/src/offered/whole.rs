//! Where a command ends: lines that a shell would wait for belong to it.

use holdpoint_shell::{ErrorKind, Keyword, Kind, Operator, read};

/// No command is looked for over more lines than this.
pub(crate) const MOST_LINES: usize = 400;

/// Whether a command of many lines can end with this one: each time it is asked costs as much as the command is long.
pub(crate) fn may_end(before: &str, line: &str) -> bool {
    before.ends_with('\\') || !line.trim().contains(' ') || line.contains(['\'', '"', ')', '}', '`', ';'])
}

/// Whether a shell would begin with these lines, and wait for no more.
pub(crate) fn is_whole(text: &str) -> bool {
    let backslashes = text.bytes().rev().take_while(|byte| *byte == b'\\').count();
    if backslashes % 2 == 1 {
        return false;
    }
    let script = read(text);
    if matches!(
        script.error.as_ref().map(|error| error.kind),
        Some(ErrorKind::Open | ErrorKind::OpenHereDocument)
    ) {
        return false;
    }
    let mut depth = 0_usize;
    for token in &script.tokens {
        match &token.kind {
            Kind::Keyword(
                Keyword::If
                | Keyword::For
                | Keyword::While
                | Keyword::Until
                | Keyword::Select
                | Keyword::Case
                | Keyword::BraceOpen
                | Keyword::Test,
            )
            | Kind::Operator(Operator::Open) => depth += 1,
            Kind::Keyword(
                Keyword::Fi | Keyword::Done | Keyword::Esac | Keyword::BraceClose | Keyword::TestEnd,
            )
            | Kind::Operator(Operator::Close) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let mut last = script
        .tokens
        .iter()
        .rev()
        .map(|token| &token.kind)
        .filter(|kind| !matches!(kind, Kind::Comment | Kind::Operator(Operator::Newline)));
    let goes_on = match last.next() {
        Some(Kind::Operator(Operator::And | Operator::Or | Operator::Pipe)) => true,
        // `name()` on a line of its own.
        Some(Kind::Operator(Operator::Close)) => {
            matches!(last.next(), Some(Kind::Operator(Operator::Open)))
        }
        _ => false,
    };
    depth == 0 && !goes_on
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn a_command_ends_where_a_shell_would_wait_for_no_more() {
        let whole = [
            "ls",
            "ls \\\\",
            "a | b",
            "if true; then a; fi",
            "for i in 1 2; do a; done",
            "cat <<E\nx\nE",
            "f() { a; }",
            "case a in a) b;; esac",
            "(a; b)",
            "kubectl delete pod <name>",
            "echo <your name>",
        ];
        for text in whole {
            assert!(is_whole(text), "{text}");
        }
        let begun = [
            "ls \\",
            "a |",
            "a &&",
            "if true; then",
            "for i in 1 2",
            "for i in 1 2; do",
            "while true",
            "cat <<E",
            "cat <<E\nx",
            "echo 'a",
            "echo \"a",
            "f() {",
            "f()",
            "case a in",
            "(a; b",
            "x=$(a",
        ];
        for text in begun {
            assert!(!is_whole(text), "{text}");
        }
    }
}
