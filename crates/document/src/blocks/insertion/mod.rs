//! Where a value may stand in a script that is a template.
//!
//! Every value is quoted as one word, `'…'`. That holds only where a word may begin or go on: inside of quotes the
//! added ones would end them, and the shell would run what the value holds. So this reading must never take a wrong
//! place for a right one; whatever it cannot tell, it refuses.

mod pieces;
mod shell;

use holdpoint_bounded::template;

use crate::Code;
use crate::findings::Findings;
use crate::spanned::Mapped;

/// Reports every insertion and tag of a template script that stands where no word can.
pub(super) fn check(script: &Mapped, findings: &mut Findings) {
    let text = script.text();
    // What does not parse is told elsewhere.
    if template::check(text).is_err() || template::environment().template_from_str(text).is_err() {
        return;
    }
    for (range, wrong) in shell::wrong(&pieces::pieces(text)) {
        let (message, help) = wrong.words(&text[range.clone()]);
        findings.add(Code::Template, script.span(range), message, help);
    }
}

/// Why no value can stand somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Quotes,
    Backticks,
    Braces,
    Arithmetic,
    Subscript,
    HereDocument,
    Comment,
    Glued(char),
    Delimiter,
    Trimmed,
    Tag,
    Unclear,
}

impl Wrong {
    fn words(self, what: &str) -> (String, &'static str) {
        let assign = "write `NAME={{ … }}` on a line of its own before it, and `$NAME` here";
        let told = |place: &str| format!("`{what}` stands {place}");
        match self {
            Wrong::Quotes => (told("inside quotes"), "take the quotes away: the value is quoted already"),
            Wrong::Backticks => (told("inside backticks"), "write `$( … )` for the backticks"),
            Wrong::Braces => (told("inside `${ … }`"), assign),
            Wrong::Arithmetic => (told("where the shell calculates"), assign),
            Wrong::Subscript => (told("inside `[ … ]` of a word"), assign),
            Wrong::HereDocument => (
                told("in a here-document, where quotes are text"),
                "write `printf '%s\\n' {{ … }}` for the here-document",
            ),
            Wrong::Comment => {
                (told("in a comment, which a value of several lines would end"), "take it out of the comment")
            }
            Wrong::Glued('\\') => {
                (told("right after a `\\`"), "take the `\\` away: the value is quoted already")
            }
            Wrong::Glued(c) => {
                (told(&format!("right after a `{c}`")), "put a blank between them, or take it away")
            }
            Wrong::Delimiter => (told("where a here-document's end is named"), "name the end by a word"),
            Wrong::Trimmed => (
                format!("`{what}` takes away the white space beside it, which may end a line or a word"),
                "leave the `-` out",
            ),
            Wrong::Tag => (
                format!("`{what}` cannot be used in a script"),
                "scripts take `if`, `for`, `set NAME = …` and `raw`",
            ),
            Wrong::Unclear => (
                format!("nobody can tell how the shell reads `{what}` here, after what stands before it"),
                assign,
            ),
        }
    }
}
