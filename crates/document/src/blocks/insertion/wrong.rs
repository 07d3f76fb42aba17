//! What is wrong with a value that is inserted into a script.

/// Why no value can stand somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
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
    /// What this tag leaves out is neither words of a command nor commands.
    Cut,
    /// This command reads the value once more.
    Again(&'static str),
    Unclear,
}

impl Wrong {
    pub(super) fn words(self, what: &str) -> (String, &'static str) {
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
            Wrong::Cut => (
                format!("what `{what}` may leave out is neither words of one command nor whole commands"),
                "put the tag and its end around whole commands, each on a line of its own; in one command, around at \
                 most five words or groups of words",
            ),
            Wrong::Again(command) => (
                format!("`{command}` evaluates `{what}` again, so code in the value would run"),
                "quoting does not help here: pass the value as an argument (`sh -c 'echo \"$1\"' sh {{ … }}`), a \
                 variable or standard input, and let the program stay as it is written",
            ),
            Wrong::Unclear => {
                (format!("what stands before `{what}` leaves it unclear how the shell reads it"), assign)
            }
        }
    }
}
