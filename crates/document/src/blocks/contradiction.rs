//! Expectations of one block that nothing can meet together, or that everything meets.

use crate::findings::Findings;
use crate::{Code, Expectation, Expected, Matcher};

use super::raw::is_templated;
use holdpoint_bounded::json::Value;

/// Tells of what comes out the same whatever a block does.
pub(super) fn look(expectations: &[Expectation], findings: &mut Findings) {
    if let [Expectation { that: Expected::Exit(codes), span }] = expectations
        && (0..=255).all(|code| codes.contains(&code))
    {
        let help = "name the codes that are right, or say what must be printed";
        findings.add(Code::BadValue, *span, "every exit code is right, so this expects nothing", help);
    }
    if let Some(beyond) = expectations.get(MOST) {
        let message = format!("{} expectations of one block: there may be {MOST}", expectations.len());
        findings.add(Code::BadValue, beyond.span, message, "put them below blocks of their own");
        return;
    }
    let known: Vec<Known<'_>> = expectations.iter().map(Known::of).collect();
    for (at, later) in known.iter().enumerate() {
        if known[..at].iter().any(|earlier| never_both(earlier, later) || never_both(later, earlier)) {
            let help = "take one of them out, or put them below blocks of their own";
            let message = "this and an expectation above it never hold together";
            findings.add(Code::BadValue, expectations[at].span, message, help);
        }
    }
}

/// Most expectations of one block: each is compared with all others.
const MOST: usize = 500;

/// What an expectation says of something whatever is inserted.
enum Known<'e> {
    Stdout(&'e Matcher),
    Stderr(&'e Matcher),
    Json(&'e str, &'e Value),
    Nothing,
}

impl<'e> Known<'e> {
    fn of(expectation: &'e Expectation) -> Known<'e> {
        match &expectation.that {
            Expected::Stdout(matcher) if is_plain(matcher) => Known::Stdout(matcher),
            Expected::Stderr(matcher) if is_plain(matcher) => Known::Stderr(matcher),
            Expected::Json { path, value } if !is_templated(&value.to_string()) => Known::Json(path, value),
            _ => Known::Nothing,
        }
    }
}

fn is_plain(matcher: &Matcher) -> bool {
    match matcher {
        Matcher::Empty | Matcher::NotEmpty => true,
        Matcher::Contains(text) | Matcher::NotContains(text) | Matcher::Equals(text) => !is_templated(text),
        Matcher::Matches(_) | Matcher::NotMatches(_) => false,
    }
}

fn never_both(one: &Known<'_>, other: &Known<'_>) -> bool {
    match (one, other) {
        (Known::Stdout(one), Known::Stdout(other)) | (Known::Stderr(one), Known::Stderr(other)) => {
            contradict(one, other)
        }
        (Known::Json(path, value), Known::Json(other, wanted)) => path == other && value != wanted,
        _ => false,
    }
}

/// Whether nothing that is printed meets both.
fn contradict(one: &Matcher, other: &Matcher) -> bool {
    use Matcher::{Contains, Empty, Equals, NotContains, NotEmpty};
    // One trailing newline is left aside.
    fn whole(text: &str) -> &str {
        text.strip_suffix('\n').unwrap_or(text)
    }
    match (one, other) {
        (Empty, NotEmpty) => true,
        (Empty, Equals(text) | Contains(text)) => !text.trim().is_empty(),
        (Equals(one), Equals(other)) => whole(one) != whole(other),
        (Equals(text), Contains(part)) => !text.contains(part.trim_end_matches('\n')),
        (Equals(text) | Contains(text), NotContains(part)) => text.contains(part),
        (Equals(text), NotEmpty) => text.trim().is_empty(),
        _ => false,
    }
}
