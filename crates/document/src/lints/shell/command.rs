//! Commands as lints see them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use holdpoint_shell::Redirected;

/// What a script holds.
#[derive(Debug, Default)]
pub(in crate::lints) struct Shell<'t> {
    pub(in crate::lints) commands: Vec<Command<'t>>,
    /// Variables that are read without a default.
    pub(in crate::lints) uses: Vec<(String, Range<usize>)>,
    /// Variables that are set somewhere in the script.
    pub(in crate::lints) defines: BTreeSet<String>,
    /// The first comparison that is a redirection.
    pub(in crate::lints) redirected: Option<Redirected>,
}

/// A word and where it stands.
#[derive(Clone, Debug)]
pub(in crate::lints) struct Word<'t> {
    /// Borrowed where it stands so in the script.
    pub(in crate::lints) text: Cow<'t, str>,
    pub(in crate::lints) at: Range<usize>,
}

/// One simple command.
#[derive(Clone, Debug, Default)]
pub(in crate::lints) struct Command<'t> {
    /// Words without their quotes; assignments, keywords and wrappers in front are gone.
    pub(in crate::lints) words: Vec<Word<'t>>,
    /// Its output goes into a pipe, a file, or a substitution.
    pub(in crate::lints) captured: bool,
    /// Its input comes from a pipe, a file or a here-document.
    pub(in crate::lints) fed: bool,
    /// Its output goes into a pipe.
    pub(in crate::lints) piped: bool,
    /// It stands in a group, a loop or a condition whose output goes into a pipe.
    pub(in crate::lints) grouped: bool,
    /// It is given so much time and no more.
    pub(in crate::lints) limited: bool,
    /// It runs in the background.
    pub(in crate::lints) background: bool,
    /// It runs behind `sudo` or the like, as root or somebody else.
    pub(in crate::lints) raised: bool,
    /// It runs behind a program that may ask for a password at the terminal first, which is this one.
    pub(in crate::lints) password_for: Option<&'static str>,
}

impl Command<'_> {
    /// The program's name, without its folder.
    pub(in crate::lints) fn program(&self) -> &str {
        self.words.first().map_or("", |word| word.text.rsplit('/').next().unwrap_or_default())
    }

    pub(in crate::lints) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(|word| &*word.text)
    }

    /// Whether a flag is given: `-f` also inside of `-nf`, `--follow` also as `--follow=name`.
    pub(in crate::lints) fn flag(&self, short: char, long: &str) -> bool {
        self.arguments().take_while(|word| *word != "--").any(|word| match word.strip_prefix("--") {
            Some(name) => !long.is_empty() && (name == long || name.starts_with(&format!("{long}="))),
            None => word.strip_prefix('-').is_some_and(|flags| {
                flags.chars().take_while(|c| c.is_ascii_alphabetic()).any(|flag| flag == short)
            }),
        })
    }

    /// Where it stands.
    pub(in crate::lints) fn at(&self) -> Range<usize> {
        match (self.words.first(), self.words.last()) {
            (Some(first), Some(last)) => first.at.start..last.at.end,
            _ => 0..0,
        }
    }
}
