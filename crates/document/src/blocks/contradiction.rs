//! Expectations of one block that nothing can meet together, or that everything meets.

use crate::findings::Findings;
use crate::{Code, Expectation, Expected, Matcher};

use super::raw::is_templated;

/// Tells of what comes out the same whatever a block does.
pub(super) fn look(expectations: &[Expectation], findings: &mut Findings) {
    if let [Expectation { that: Expected::Exit(codes), span }] = expectations
        && (0..=255).all(|code| codes.contains(&code))
    {
        let help = "name the codes that are right, or say what must be printed";
        findings.add(Code::BadValue, *span, "every exit code is right, so this expects nothing", help);
    }
    for (at, later) in expectations.iter().enumerate() {
        let contradicted = expectations[..at].iter().find(|earlier| match (&earlier.that, &later.that) {
            (Expected::Stdout(one), Expected::Stdout(other))
            | (Expected::Stderr(one), Expected::Stderr(other)) => {
                never_both(one, other) || never_both(other, one)
            }
            (Expected::Json { path, value }, Expected::Json { path: other, value: wanted }) => {
                path == other
                    && value != wanted
                    && !is_templated(&value.to_string())
                    && !is_templated(&wanted.to_string())
            }
            _ => false,
        });
        if contradicted.is_some() {
            let help = "take one of them out, or put them below blocks of their own";
            let message = "this and an expectation above it never hold together";
            findings.add(Code::BadValue, later.span, message, help);
        }
    }
}

fn never_both(one: &Matcher, other: &Matcher) -> bool {
    use Matcher::{Contains, Empty, Equals, NotContains, NotEmpty};
    let plain = |text: &String| !is_templated(text);
    // One trailing newline is left aside.
    let whole = |text: &String| text.strip_suffix('\n').unwrap_or(text).to_owned();
    match (one, other) {
        (Empty, NotEmpty) => true,
        (Empty, Equals(text) | Contains(text)) => plain(text) && !text.trim().is_empty(),
        (Equals(one), Equals(other)) => plain(one) && plain(other) && whole(one) != whole(other),
        (Equals(text), Contains(part)) => {
            plain(text) && plain(part) && !text.contains(part.trim_end_matches('\n'))
        }
        (Equals(text) | Contains(text), NotContains(part)) => {
            plain(text) && plain(part) && text.contains(part)
        }
        (Equals(text), NotEmpty) => plain(text) && text.trim().is_empty(),
        _ => false,
    }
}
