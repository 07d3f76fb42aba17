//! A line that is being typed, on one line of the terminal however long it is: what does not fit is out of sight until the
//! cursor comes there. A question that leaves no room to type is broken at blanks above it.

use std::borrow::Cow;
use std::io::{self, IsTerminal};

use console::{Key, Term, measure_text_width};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::Screen;
use super::behind::Kind;
use super::harmless::harmless;
use super::prompt::wait_for_keys;
use crate::interrupts::Prompting;

/// Columns that somebody who types is left at the least.
const ROOM: usize = 20;

/// What has been typed, and where the cursor stands in it.
#[derive(Default)]
struct Typed {
    chars: Vec<char>,
    at: usize,
}

impl Typed {
    /// Whether a key is one for this line; Enter is not.
    fn press(&mut self, key: &Key) {
        match key {
            Key::Char('\u{15}') => drop(self.chars.drain(..std::mem::take(&mut self.at))),
            Key::Char('\u{17}') => {
                let word = self.word_before();
                self.chars.drain(word..self.at);
                self.at = word;
            }
            Key::Char(typed) if !typed.is_control() => {
                self.chars.insert(self.at, *typed);
                self.at += 1;
            }
            Key::Backspace if self.at > 0 => {
                self.at -= 1;
                self.chars.remove(self.at);
            }
            Key::Del if self.at < self.chars.len() => drop(self.chars.remove(self.at)),
            Key::ArrowLeft => self.at = self.at.saturating_sub(1),
            Key::ArrowRight => self.at = (self.at + 1).min(self.chars.len()),
            Key::Home => self.at = 0,
            Key::End => self.at = self.chars.len(),
            // Alt with b and f, as shells have it.
            Key::UnknownEscSeq(keys) if keys[..] == ['b'] => self.at = self.word_before(),
            Key::UnknownEscSeq(keys) if keys[..] == ['f'] => self.at = self.word_behind(),
            _ => {}
        }
    }

    fn word_before(&self) -> usize {
        let before = &self.chars[..self.at];
        let end = before.iter().rposition(|c| !c.is_whitespace()).map_or(0, |last| last + 1);
        before[..end].iter().rposition(|c| c.is_whitespace()).map_or(0, |blank| blank + 1)
    }

    fn word_behind(&self) -> usize {
        let behind = &self.chars[self.at..];
        let end = behind.iter().position(|c| c.is_whitespace()).unwrap_or(behind.len());
        let next = behind[end..].iter().position(|c| !c.is_whitespace());
        self.at + next.map_or(behind.len(), |next| end + next)
    }

    /// What is seen of it in so many columns, and how many of them are behind the cursor. However long it is, no more is
    /// looked at than is seen.
    fn seen(&self, room: usize) -> (String, usize) {
        let width = |c: &char| measure_text_width(&shown(*c));
        // The cursor needs a column of its own, and so does the mark of what is out of sight before it.
        let mut left = room.saturating_sub(2).max(1);
        let mut takes = |c: &char| {
            let fits = width(c) <= left;
            left -= if fits { width(c) } else { 0 };
            fits
        };
        let (before, behind) = self.chars.split_at(self.at);
        let first = before.len() - before.iter().rev().take_while(|c| takes(c)).count();
        let behind = &behind[..behind.iter().take_while(|c| takes(c)).count()];
        let text = |chars: &[char]| chars.iter().map(|c| shown(*c)).collect::<String>();
        let mark = if first > 0 { "…" } else { "" };
        (format!("{mark}{}{}", text(&before[first..]), text(behind)), behind.iter().map(width).sum())
    }
}

/// While this lives, the terminal hands on each key as it is pressed, so that one sees that there is one without taking it.
struct ByKey(Termios);

impl ByKey {
    fn begin() -> io::Result<ByKey> {
        let before = tcgetattr(io::stdin())?;
        let mut by_key = before.clone();
        by_key.make_raw();
        by_key.output_modes = before.output_modes;
        tcsetattr(io::stdin(), OptionalActions::Drain, &by_key)?;
        Ok(ByKey(before))
    }
}

impl Drop for ByKey {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.0);
    }
}

/// A character as it may be seen.
fn shown(c: char) -> Cow<'static, str> {
    Cow::Owned(harmless(c.encode_utf8(&mut [0; 4]), false).into_owned())
}

impl Screen {
    /// The question, above and on the line on which it is answered.
    fn asking(&self, question: &str) -> (Vec<String>, String) {
        if measure_text_width(question) + ROOM <= self.width() {
            return (Vec::new(), question.to_owned());
        }
        let text = question.trim_start_matches(' ');
        let margin = &question[..question.len() - text.len()];
        let mut lines = self.hung(margin, text.trim_end());
        match lines.pop() {
            Some(last) if measure_text_width(&last) + 1 + ROOM <= self.width() => (lines, format!("{last} ")),
            last => {
                lines.extend(last);
                (lines, format!("{margin}> "))
            }
        }
    }

    /// Asks until `taken` takes what was typed; it says why not. What was answered stays on the screen, whole.
    pub(super) fn edited(
        &self,
        prompting: &Prompting,
        question: &str,
        default: Option<&str>,
        taken: impl Fn(&str) -> Result<(), String>,
    ) -> io::Result<String> {
        let shown = default.map(|default| format!(" [{default}]")).unwrap_or_default();
        let (above, line) = self.asking(&format!("{question}{shown}: "));
        above.iter().for_each(|line| self.say(line));
        // Its answer stands behind a question without what Enter alone gives.
        let answered = if above.is_empty() { format!("{question}: ") } else { line.clone() };
        loop {
            let typed = self.typed(prompting, &line)?;
            let text = match (typed.trim(), default) {
                ("", Some(default)) => default,
                (text, _) => text,
            };
            self.show("\r\x1b[2K".to_owned(), Kind::Bar);
            let indent = answered.len() - answered.trim_start_matches(' ').len();
            self.say_hung(&answered[..indent], &self.neutralise(&format!("{}{text}", &answered[indent..])));
            match taken(text) {
                Ok(()) => return Ok(text.to_owned()),
                Err(why) => self.say_hung("    ", &self.neutralise(&why)),
            }
        }
    }

    /// One line, as it is typed.
    fn typed(&self, prompting: &Prompting, question: &str) -> io::Result<String> {
        let _by_key = ByKey::begin()?;
        let (terminal, question) = (Term::stderr(), self.masked(question));
        let taken = measure_text_width(&question);
        let mut typed = Typed::default();
        self.show(format!("\r\x1b[2K{question}"), Kind::Bar);
        loop {
            let (seen, behind) = typed.seen(self.width().saturating_sub(taken));
            let back = if behind > 0 { format!("\x1b[{behind}D") } else { String::new() };
            // From behind the question on, over what the terminal may have echoed between two keys (ECMA-48: CHA, EL).
            self.show(format!("\x1b[{}G\x1b[K{seen}{back}", taken + 1), Kind::Bar);
            wait_for_keys(prompting)?;
            match terminal.read_key()? {
                Key::Enter => return Ok(typed.chars.into_iter().collect()),
                // A line that was cut took the terminal with it, and every look at it says that no key is known.
                Key::Unknown if !io::stderr().is_terminal() => {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                key => typed.press(&key),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: impl IntoIterator<Item = Key>) -> Typed {
        let mut typed = Typed::default();
        keys.into_iter().for_each(|key| typed.press(&key));
        typed
    }

    fn keys(text: &str) -> Vec<Key> {
        text.chars().map(Key::Char).collect()
    }

    #[test]
    fn what_is_typed_never_leaves_its_columns_and_the_cursor_is_in_sight() {
        let mut long = typed(keys("go on beyond the eighty columns 日本語日本語 \u{202e}"));
        for at in (0..=long.chars.len()).rev() {
            long.at = at;
            for room in 3..40 {
                let (seen, behind) = long.seen(room);
                assert!(measure_text_width(&seen) < room.max(12), "{room}: {seen:?}");
                assert!(behind <= measure_text_width(&seen), "{room}: {seen:?}");
            }
        }
        assert_eq!(typed(keys("short")).seen(20), ("short".to_owned(), 0));
        assert_eq!(typed(keys("0123456789")).seen(7), ("…56789".to_owned(), 0));
    }

    #[test]
    fn a_slip_is_corrected_where_it_was_made() {
        let all =
            [keys("one twp three"), vec![Key::UnknownEscSeq(vec!['b']), Key::ArrowLeft, Key::Backspace]];
        let mut line = typed(all.concat());
        line.press(&Key::Char('o'));
        assert_eq!(line.chars.iter().collect::<String>(), "one two three");
        line.press(&Key::Char('\u{17}'));
        assert_eq!(line.chars.iter().collect::<String>(), "one  three");
        for key in [Key::End, Key::Char('\u{15}'), Key::Char('\u{7}')] {
            line.press(&key);
        }
        assert_eq!((line.chars.len(), line.at), (0, 0));
    }
}
