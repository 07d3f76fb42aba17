//! A line from whoever is at the keyboard. Where the cursor can be moved, a line editor asks; in a dumb terminal, and where
//! what is written goes through a pipe, the terminal's own line editing does, and nothing but text is written.

use std::io::{self, IsTerminal, Write};

use holdpoint_document::{EvidenceKind, Field, ValueKind};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};

use super::Screen;
use super::harmless::harmless;
use crate::interrupts::Prompting;

/// How often a prompt looks whether Ctrl-C was pressed.
const LOOKS: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

impl Screen {
    /// A value that `fits` takes, where nothing else can be chosen: what is typed is the value, [`EXPLAIN`] has it explained,
    /// and `::` begins one with a colon. Errors as in [`Screen::line`].
    pub fn only_value(
        &self,
        prompting: &Prompting,
        prompt: &str,
        fits: impl Fn(&str) -> Result<(), String>,
        explain: impl Fn(),
    ) -> io::Result<String> {
        let takes = |line: &str| {
            let value = plain_value(line)?;
            if line == EXPLAIN { Ok(()) } else { fits(value) }
        };
        loop {
            let line = self.line(prompting, prompt, None, takes)?;
            if line != EXPLAIN {
                return Ok(plain_value(&line).unwrap_or(&line).to_owned());
            }
            explain();
        }
    }

    /// One line that `fits`; it says why another does not. Enter alone gives the `default`, if there is one.
    ///
    /// Errors: [`io::ErrorKind::Interrupted`] after Ctrl-C, others where the terminal went away.
    pub fn line(
        &self,
        prompting: &Prompting,
        prompt: &str,
        default: Option<&str>,
        fits: impl Fn(&str) -> Result<(), String>,
    ) -> io::Result<String> {
        let prompt = &*harmless(prompt, self.colours());
        // What was said before the question stands above it.
        self.written();
        if self.moves() {
            return self.edited(prompting, prompt, default, fits);
        }
        let shown = default.map(|default| format!(" [{default}]")).unwrap_or_default();
        loop {
            let typed = self.ask(prompting, &format!("{prompt}{shown}: "))?;
            let text = match (typed.trim(), default) {
                ("", Some(default)) => default,
                (text, _) => text,
            };
            if !self.is_terminal() {
                // What is typed is seen on the terminal, not in what the pipe leads to.
                self.say(&format!("→ {text}"));
            }
            match fits(text) {
                Ok(()) => return Ok(text.to_owned()),
                Err(why) => self.say_hung("    ", &self.neutralise(&why)),
            }
        }
    }

    /// One line that is not shown while it is typed. Errors as with [`Screen::line`].
    pub fn hidden(&self, prompting: &Prompting, prompt: &str) -> io::Result<String> {
        let prompt = &*harmless(prompt, self.colours());
        self.written();
        if self.moves() {
            loop {
                let answer =
                    dialoguer::Password::new().with_prompt(prompt).allow_empty_password(true).interact();
                let answer = answer.map_err(|dialoguer::Error::IO(error)| error)?;
                if !answer.is_empty() {
                    return Ok(answer);
                }
                // Nothing comes from a terminal that is gone, again and again.
                if !io::stderr().is_terminal() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &silent)?;
        let answer = self.ask(prompting, &format!("{prompt}: "));
        tcsetattr(io::stdin(), OptionalActions::Now, &before)?;
        self.say("");
        answer
    }

    /// Writes the prompt and reads what the terminal hands on when Enter is pressed.
    fn ask(&self, prompting: &Prompting, prompt: &str) -> io::Result<String> {
        // A question that nobody can see is not asked.
        io::stderr().lock().write_all(self.masked(prompt).as_bytes())?;
        let (mut typed, mut buffer) = (Vec::new(), [0; 1024]);
        while !typed.ends_with(b"\n") {
            if let Err(error) = wait_for_keys(prompting) {
                self.say("");
                return Err(error);
            }
            match rustix::io::read(io::stdin(), &mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => typed.extend_from_slice(&buffer[..length]),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(String::from_utf8_lossy(&typed).trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// Waits until something can be read.
///
/// # Errors
/// [`io::ErrorKind::Interrupted`] where the prompt is to be left before.
pub(super) fn wait_for_keys(prompting: &Prompting) -> io::Result<()> {
    let stdin = io::stdin();
    loop {
        let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut ready, Some(&LOOKS)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if prompting.was_interrupted() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if !ready[0].revents().is_empty() {
            return Ok(());
        }
    }
}

/// Drops what was typed before anybody had seen what it would answer.
pub fn forget_typed() {
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
}

/// A prompt for a value to write down, with what it takes, and what goes with it.
pub fn with_field(prompt: String, field: &Field) -> String {
    let evidence = field.evidence.map(|kind| match kind {
        EvidenceKind::File => "with a file as evidence",
        EvidenceKind::Url => "with an address as evidence",
    });
    let takes = field.kind.words().into_iter().chain(evidence.map(str::to_owned));
    let takes: Vec<String> = takes.chain(field.may_be_empty.then(|| "may be empty".to_owned())).collect();
    if takes.is_empty() { prompt } else { format!("{prompt} ({})", takes.join("; ")) }
}

/// A prompt for a value, with what it takes.
pub fn with_kind(prompt: String, kind: &ValueKind) -> String {
    match kind.words() {
        Some(words) => format!("{prompt} ({words})"),
        None => prompt,
    }
}

/// What explains a question for a value: a `?` alone may be the value.
pub const EXPLAIN: &str = ":?";

/// What is typed where a value is awaited and nothing else can be chosen: the value, of which `::` begins one with a colon; the
/// error says why it is none. [`EXPLAIN`] is left as it is.
fn plain_value(line: &str) -> Result<&str, String> {
    match line.strip_prefix(':') {
        None => Ok(line),
        _ if line == EXPLAIN => Ok(line),
        Some(behind) if behind.starts_with(':') => Ok(behind),
        Some(_) => Err("Type :? for what it takes, or :: for a value with a colon first.".to_owned()),
    }
}

/// For lines that must say something.
pub fn not_empty(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("It must not be empty; Ctrl-C leaves.".to_owned()) } else { Ok(()) }
}

/// What somebody means who types `y` where one of Yes and No is asked for, or `YES`; anything else as it is.
pub fn meant<'t>(kind: &'t ValueKind, typed: &'t str) -> &'t str {
    let told: Vec<(&str, &str)> = match kind {
        ValueKind::Boolean => vec![("yes", "true"), ("no", "false"), ("true", "true"), ("false", "false")],
        ValueKind::Choice { choices } => choices.iter().map(|of| (of.as_str(), of.as_str())).collect(),
        _ => return typed,
    };
    if told.iter().any(|(_, value)| *value == typed) {
        return typed;
    }
    let only = |is: &dyn Fn(&str) -> bool| {
        let mut found = told.iter().filter(|(word, _)| is(word)).map(|(_, value)| *value);
        found.next().filter(|_| found.next().is_none())
    };
    let answers = |word: &str| word.eq_ignore_ascii_case("yes") || word.eq_ignore_ascii_case("no");
    let by_letter = |word: &str| answers(word) && typed.len() == 1 && word[..1].eq_ignore_ascii_case(typed);
    only(&|word| word.to_lowercase() == typed.to_lowercase()).or_else(|| only(&by_letter)).unwrap_or(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_was_typed_and_one_with_a_colon_first_has_two() {
        for (typed, value) in [("?", Some("?")), ("a:b", Some("a:b")), ("::b", Some(":b")), (":b", None)] {
            assert_eq!(plain_value(typed).ok(), value, "{typed}");
        }
        assert_eq!(plain_value(EXPLAIN), Ok(EXPLAIN));
    }

    #[test]
    fn yes_and_no_are_taken_by_their_letters_and_in_any_case() {
        let of =
            |choices: &[&str]| ValueKind::Choice { choices: choices.iter().map(|c| (*c).into()).collect() };
        let cases = [
            (of(&["Yes", "No"]), "y", "Yes"),
            (of(&["Yes", "No"]), "NO", "No"),
            (of(&["Yes", "No", "N/A"]), "n", "No"),
            (of(&["Yes", "No"]), "Yep", "Yep"),
            (of(&["yes", "Yes"]), "YES", "YES"),
            (of(&["yes", "Yes"]), "Yes", "Yes"),
            (of(&["Done", "Deferred"]), "d", "d"),
            (of(&["Done", "Deferred"]), "done", "Done"),
            (ValueKind::Boolean, "y", "true"),
            (ValueKind::Boolean, "False", "false"),
            (ValueKind::Text { pattern: None }, "y", "y"),
        ];
        for (kind, typed, means) in cases {
            assert_eq!(meant(&kind, typed), means, "{kind:?}");
        }
    }
}
