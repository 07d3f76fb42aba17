//! Prompts. Letters and words, each ended with Enter: they work over ssh, in a dumb terminal and under `tee`, and the
//! answers stay readable in the scrollback.

use console::measure_text_width;
use rustix::termios::{QueueSelector, tcflush};

use crate::interrupts::Prompting;
use crate::screen::{self, Screen};

/// Columns from which on a prompt says how one gets out of it.
const ROOM_FOR_HINTS: usize = 60;

/// What came of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked<T> {
    /// An answer.
    Said(T),
    /// Ctrl-C, or the terminal went away.
    Left,
}

/// One of several, by first letter or word. `?` explains them all. The first is the default if `default` is set.
pub fn one_of(
    screen: &Screen,
    prompt: &str,
    options: &[(&'static str, char, &str)],
    default: bool,
) -> Asked<&'static str> {
    let words: Vec<String> = options.iter().map(|(word, key, _)| with_key(word, *key)).collect();
    for line in menu(screen.width() - 4, &words) {
        screen.say(&format!("  {}", screen.style().dim().apply_to(line)));
    }
    // A key that was pressed while a block ran answers no question that nobody had seen.
    let _ = tcflush(std::io::stdin(), QueueSelector::IFlush);
    let default = options.first().filter(|_| default).map(|(word, ..)| *word);
    loop {
        let prompting = Prompting::begin(screen);
        let answer = match screen.line(&prompting, &format!("  {prompt}"), default, |_| Ok(())) {
            Ok(answer) => answer,
            Err(error) => return left(screen, &prompting, &error),
        };
        drop(prompting);
        let answer = answer.trim().to_lowercase();
        if answer == "?" {
            for (word, key, help) in options {
                screen.say_hung(&format!("    {:<17}", with_key(word, *key)), help);
            }
            continue;
        }
        let chosen = options.iter().find(|(word, key, _)| *word == answer || key.to_string() == answer);
        match chosen {
            Some((word, ..)) => return Asked::Said(word),
            None => {
                screen.tell("    That is none of them. Type a word or its letter, or ? for what each does.")
            }
        }
    }
}

/// A prompt that gave no answer. Ctrl-C and signals reach the rest of the program a moment later; before that, no
/// other prompt may change the terminal again and no block may begin.
fn left<T>(screen: &Screen, prompting: &Prompting, error: &std::io::Error) -> Asked<T> {
    if error.kind() == std::io::ErrorKind::Interrupted {
        prompting.wait_until_heard();
    }
    if screen.moves() {
        // The prompt's own line is not ended.
        screen.say("");
    }
    Asked::Left
}

/// What may be chosen, in lines of so many columns; none of it is broken.
fn menu(width: usize, words: &[String]) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.iter().map(String::as_str).chain(["? explains"]) {
        let line = lines.last_mut().expect("there is one from the start");
        match line.is_empty() {
            true => line.push_str(word),
            false if measure_text_width(line) + measure_text_width(word) + " · ".chars().count() <= width => {
                *line += " · ";
                *line += word;
            }
            false => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `run` and `r` become `[r]un`.
fn with_key(word: &str, key: char) -> String {
    match word.split_once(key) {
        Some((before, after)) => format!("{before}[{key}]{after}"),
        None => format!("{word} [{key}]"),
    }
}

/// A line of text that must not be empty. `?` says `help`.
pub fn text(screen: &Screen, prompt: &str, help: &str) -> Asked<String> {
    // Where it is narrow, `?` says so: what is typed needs the room.
    let back = if screen.width() < ROOM_FOR_HINTS { "" } else { " (Ctrl-C goes back)" };
    fitting(screen, &format!("{prompt}{back}"), help, |_| Ok(()))
}

/// A line of text that is not empty and that `fits` must take; it says why not. `?` says `help`.
pub fn fitting(
    screen: &Screen,
    prompt: &str,
    help: &str,
    fits: impl Fn(&str) -> Result<(), String>,
) -> Asked<String> {
    fitting_or_nothing(screen, (prompt, false), help, fits)
}

/// The same for a line that may be empty, where that is said.
pub fn fitting_or_nothing(
    screen: &Screen,
    (prompt, may_be_empty): (&str, bool),
    help: &str,
    fits: impl Fn(&str) -> Result<(), String>,
) -> Asked<String> {
    let fits = |text: &str| match text {
        "?" => Ok(()),
        "" if may_be_empty => Ok(()),
        _ => screen::not_empty(text).and_then(|()| fits(text)),
    };
    loop {
        let prompting = Prompting::begin(screen);
        match screen.line(&prompting, &format!("  {prompt}"), None, fits) {
            Ok(text) if text == "?" => screen.tell(&format!("    {help} Ctrl-C leaves this question.")),
            Ok(text) => return Asked::Said(text),
            Err(error) => return left(screen, &prompting, &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_choice_of_a_menu_is_broken_over_lines() {
        let words =
            [("run", 'r'), ("what rollback", 'w'), ("roll back", 'k')].map(|(word, key)| with_key(word, key));
        let lines = ["[r]un · [w]hat rollback", "roll bac[k] · ? explains"];
        for width in 24..34 {
            assert_eq!(menu(width, &words), lines, "{width}");
        }
        assert_eq!(menu(10, &words), ["[r]un", "[w]hat rollback", "roll bac[k]", "? explains"]);
    }
}
