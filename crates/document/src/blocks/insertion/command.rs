//! The words of the command that a value stands in, as the shell will have them.

use std::ops::Range;

use super::again;

/// The command at hand, and those around it whose substitutions are open.
pub(super) struct Commands {
    /// Never empty.
    levels: Vec<Level>,
    /// Values that a shell at the other end of a pipe runs, and which.
    pub(super) run: Vec<(Range<usize>, &'static str)>,
}

/// A command, as far as it was read.
#[derive(Default)]
struct Level {
    words: Vec<String>,
    /// The word so far; `$` for what the shell puts in, U+FFFD for what the template does.
    spelled: String,
    /// Whether a word has begun, be it empty.
    begun: bool,
    /// The operator whose word comes next: that is none of the command's.
    redirects: Option<Redirection>,
    /// Values in it, and in those that are piped into it.
    values: Vec<Range<usize>>,
    piped: Vec<Range<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redirection {
    File,
    /// `<<<`
    Text,
}

impl Default for Commands {
    fn default() -> Commands {
        Commands { levels: vec![Level::default()], run: Vec::new() }
    }
}

impl Commands {
    fn last(&mut self) -> Option<&mut Level> {
        self.levels.last_mut()
    }

    /// A substitution opens.
    pub(super) fn open(&mut self) {
        self.levels.push(Level::default());
    }

    /// A substitution closes; its last command has ended.
    pub(super) fn close(&mut self) {
        if self.levels.len() > 1 {
            self.levels.pop();
        }
    }

    /// A word goes on.
    pub(super) fn spell(&mut self, c: char) {
        self.begin_word();
        self.last().into_iter().for_each(|level| level.spelled.push(c));
    }

    /// A word begins, if none has: it may stay empty.
    pub(super) fn begin_word(&mut self) {
        self.last().into_iter().for_each(|level| level.begun = true);
    }

    /// A value goes into the word at hand.
    pub(super) fn value(&mut self, range: Range<usize>) {
        self.spell('\u{fffd}');
        self.last().into_iter().for_each(|level| level.values.push(range.clone()));
    }

    /// The next word belongs to a redirection.
    pub(super) fn redirect(&mut self, what: Redirection) {
        self.last().into_iter().for_each(|level| level.redirects = Some(what));
    }

    /// The word ends before `c`.
    pub(super) fn end_word(&mut self, c: char) {
        let Some(level) = self.last().filter(|level| level.begun) else { return };
        let word = std::mem::take(&mut level.spelled);
        level.begun = false;
        // `2>`
        let descriptor = matches!(c, '<' | '>') && word.bytes().all(|b| b.is_ascii_digit());
        if level.redirects.take().is_none() && !descriptor {
            level.words.push(word);
        }
    }

    /// The command ends; whether the next one reads what it prints.
    pub(super) fn end(&mut self, piped: bool) {
        self.end_word('\n');
        // A line may end after `|`.
        let Some(level) = self.levels.last_mut().filter(|level| piped || !level.words.is_empty()) else {
            return;
        };
        let words = std::mem::take(&mut level.words);
        let values = std::mem::take(&mut level.values);
        level.redirects = None;
        if let Some(command) = again::by_input(&words) {
            self.run.extend(level.piped.iter().map(|range| (range.clone(), command)));
        }
        level.piped.extend(values);
        if !piped {
            level.piped.clear();
        }
    }

    /// The script ends.
    pub(super) fn end_all(&mut self) {
        while !self.levels.is_empty() {
            self.end(false);
            self.levels.pop();
        }
    }

    /// The command that reads a value once more which stands at hand, before the word `after`.
    pub(super) fn again(&self, after: &str) -> Option<&'static str> {
        let level = self.levels.last()?;
        match level.redirects {
            Some(Redirection::Text) => again::by_input(&level.words),
            Some(Redirection::File) => None,
            None => again::by(&level.words, &level.spelled, after),
        }
    }
}
