//! Prompts. Letters and words, each ended with Enter: they work over ssh, in a dumb terminal and under `tee`, and the
//! answers stay readable in the scrollback.

use console::measure_text_width;
use holdpoint_document::many;
use holdpoint_engine::{Event, Evidence};

use crate::interrupts::Prompting;
use crate::screen::{self, EXPLAIN, Screen, beside};

/// How one gets out of a question, to where one was before.
const BACK: &str = "Ctrl-C goes back";
/// Columns that somebody who types is left, where that stands beside the question.
const ROOM_TO_TYPE: usize = 24;

/// What may be chosen: its word, its letter, and what it does.
pub type Choice = (&'static str, char, &'static str);

/// What came of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked<T> {
    /// An answer.
    Said(T),
    /// Ctrl-C, or the terminal went away.
    Left,
}

/// One of several, by first letter or word. `?` explains them all. The first is the default if `default` is set.
pub fn one_of(screen: &Screen, prompt: &str, options: &[Choice], default: bool) -> Asked<&'static str> {
    show_menu(screen, options);
    let default = options.first().filter(|_| default).map(|(word, ..)| *word);
    loop {
        let prompting = Prompting::begin(screen);
        let answer = match screen.line(&prompting, &format!("  {prompt}"), default, |_| Ok(())) {
            Ok(answer) => answer,
            Err(error) => return left(screen, &prompting, &error),
        };
        drop(prompting);
        if answer.trim() == "?" {
            explain(screen, options);
            continue;
        }
        match chosen(options, &answer) {
            Some(word) => return Asked::Said(word),
            None => {
                screen.tell("    That is none of them. Type a word or its letter, or ? for what each does.")
            }
        }
    }
}

/// What somebody chooses who types this, a word or its letter.
pub fn chosen(options: &[Choice], typed: &str) -> Option<&'static str> {
    let typed = typed.trim().to_lowercase();
    options.iter().find(|(word, key, _)| *word == typed || key.to_string() == typed).map(|(word, ..)| *word)
}

fn show_menu(screen: &Screen, options: &[Choice]) {
    show_menu_with(screen, options, "? explains");
}

fn show_menu_with(screen: &Screen, options: &[Choice], explains: &str) {
    let words: Vec<String> = options.iter().map(|(word, key, _)| with_key(word, *key)).collect();
    for line in menu(screen.width() - 4, &words, explains) {
        screen.say(&format!("  {}", screen.style().dim().apply_to(line)));
    }
    // A key that was pressed while a block ran answers no question that nobody had seen.
    screen::forget_typed();
}

fn explain(screen: &Screen, options: &[Choice]) {
    for (word, key, help) in options {
        screen.say_hung(&format!("    {:<17}", with_key(word, *key)), help);
    }
}

/// What was typed where a value is awaited.
pub enum Typed {
    /// The value.
    Value(String),
    /// Something else was chosen, by its word.
    Choice(&'static str),
}

/// Where a value is awaited, what a line says: the value, unless it begins with a colon. Behind one stands the word or letter
/// of a choice; behind two, a value that begins with one.
fn read(options: &[Choice], line: &str) -> Result<Typed, String> {
    let Some(behind) = line.strip_prefix(':') else { return Ok(Typed::Value(line.to_owned())) };
    if behind.starts_with(':') {
        return Ok(Typed::Value(behind.to_owned()));
    }
    chosen(options, behind).map(Typed::Choice).ok_or_else(|| {
        "That is no choice. Type one behind the colon, :? for what each does, or :: for a value with a colon first."
            .to_owned()
    })
}

/// Of a `?` that is no value here: how one is helped.
fn asks_for_help(why: String, value: &str) -> String {
    if value == "?" { format!("{why}. For what it takes, type {EXPLAIN}") } else { why }
}

/// A value that `fits` must take, or one of the choices behind a colon: whatever is typed without one is the value.
pub fn value(
    screen: &Screen,
    (prompt, may_be_empty): (&str, bool),
    (options, all): (&[Choice], bool),
    help: &str,
    fits: impl Fn(&str) -> Result<(), String>,
) -> Asked<Typed> {
    if all {
        screen.say_hung("  ", "Type the value. A choice is typed with a colon before it, as :info or :i.");
        show_menu_with(screen, options, ":? explains");
    }
    let takes = |line: &str| match read(options, line) {
        _ if line == EXPLAIN => Ok(()),
        Err(why) => Err(why),
        Ok(Typed::Choice(_)) => Ok(()),
        Ok(Typed::Value(value)) if value.is_empty() && may_be_empty => Ok(()),
        Ok(Typed::Value(value)) => {
            let why = screen::not_empty(&value).and_then(|()| fits(&value));
            why.map_err(|why| match chosen(options, &value) {
                Some(word) => format!("{why}. To choose it, type :{word}"),
                None => asks_for_help(why, &value),
            })
        }
    };
    loop {
        let prompting = Prompting::begin(screen);
        match screen.line(&prompting, &format!("  {prompt}"), None, takes) {
            Ok(line) if line == EXPLAIN => {
                screen.say_hung("    ", help);
                explain(screen, options);
            }
            Ok(line) => match read(options, &line) {
                Ok(typed) => return Asked::Said(typed),
                Err(why) => screen.tell(&format!("    {why}")),
            },
            Err(error) => return left(screen, &prompting, &error),
        }
    }
}

/// A slip is corrected before it is on record.
const SURE_OF_VALUES: [Choice; 2] =
    [("yes", 'y', "they go into the record as they stand above"), ("again", 'g', "type them again")];

/// Shows values before they go into the record, and asks whether they do.
pub fn are_right(screen: &Screen, events: &[Event], options: &[Choice]) -> bool {
    for event in events {
        if let Event::ValueRecorded { name, value, within_limits, evidence, .. } = event {
            let fails = if *within_limits { "" } else { "  (out of its limits: the step fails)" };
            let shown = if value.is_empty() { "(left empty)" } else { value };
            screen.say_hung("    ", &screen.one_line(&format!("{name} = {shown}{fails}")));
            let proof = evidence.as_ref().map(|evidence| match evidence {
                Evidence::Url(url) => format!("evidence: {url}"),
                Evidence::File { path, blob } => {
                    format!("evidence: the file {path}, {}", many(blob.bytes, "byte"))
                }
            });
            proof.iter().for_each(|proof| screen.say_hung("      ", &screen.one_line(proof)));
            if let Some(word) = chosen(options, value) {
                let text = format!("It is the value. To choose {word} instead: again, then :{word}");
                screen.say_hung("    ", &text);
            }
            if value == "?" {
                screen.say_hung("    ", "It is the value. For what is asked: again, then :?");
            }
        }
    }
    one_of(screen, "Write that down?", &SURE_OF_VALUES, true) == Asked::Said("yes")
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
    if screen.hearing().tells_leaving() {
        screen.tell("  The program was asked to leave.");
    }
    Asked::Left
}

/// What may be chosen, in lines of so many columns; none of it is broken.
fn menu(width: usize, words: &[String], explains: &str) -> Vec<String> {
    let all: Vec<&str> = words.iter().map(String::as_str).chain([explains]).collect();
    beside(width, &all)
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
    fitting(screen, prompt, help, |_| Ok(()))
}

/// A line of text that is not empty and that `fits` must take; it says why not. `?` says `help`.
pub fn fitting(
    screen: &Screen,
    prompt: &str,
    help: &str,
    fits: impl Fn(&str) -> Result<(), String>,
) -> Asked<String> {
    line(screen, &with_way_back(screen, prompt), &format!("{help} {BACK}."), fits)
}

/// A value that `fits` must take, where nothing else can be chosen: what is typed is the value, [`EXPLAIN`] says `help`.
pub fn only_value(
    screen: &Screen,
    prompt: &str,
    help: &str,
    fits: impl Fn(&str) -> Result<(), String>,
) -> Asked<String> {
    let fits = |value: &str| {
        let why = screen::not_empty(value).and_then(|()| fits(value));
        why.map_err(|why| asks_for_help(why, value))
    };
    let explain = || screen.say_hung("    ", &format!("{help} {BACK}."));
    let prompting = Prompting::begin(screen);
    let prompt = format!("  {}", with_way_back(screen, prompt));
    match screen.only_value(&prompting, &prompt, fits, explain) {
        Ok(value) => Asked::Said(value),
        Err(error) => left(screen, &prompting, &error),
    }
}

/// The same before anything has begun, where nobody can go back to something.
pub fn first(
    screen: &Screen,
    prompt: &str,
    help: &str,
    fits: impl Fn(&str) -> Result<(), String>,
) -> Asked<String> {
    line(screen, prompt, &format!("{help} Ctrl-C leaves this question."), fits)
}

fn line(
    screen: &Screen,
    prompt: &str,
    help: &str,
    fits: impl Fn(&str) -> Result<(), String>,
) -> Asked<String> {
    let fits = |text: &str| match text {
        "?" => Ok(()),
        _ => screen::not_empty(text).and_then(|()| fits(text)),
    };
    loop {
        let prompting = Prompting::begin(screen);
        match screen.line(&prompting, &format!("  {prompt}"), None, fits) {
            Ok(text) if text == "?" => screen.say_hung("    ", help),
            Ok(text) => return Asked::Said(text),
            Err(error) => return left(screen, &prompting, &error),
        }
    }
}

/// The question with how one gets out of it; where that leaves too little room to type, it stands above.
fn with_way_back(screen: &Screen, prompt: &str) -> String {
    let whole = format!("{prompt} ({BACK})");
    if measure_text_width(&whole) + ROOM_TO_TYPE <= screen.width() {
        return whole;
    }
    screen.say(&format!("  {}", screen.style().dim().apply_to(BACK)));
    prompt.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_choice_of_a_menu_is_broken_over_lines() {
        let words =
            [("run", 'r'), ("what rollback", 'w'), ("roll back", 'k')].map(|(word, key)| with_key(word, key));
        let lines = ["[r]un · [w]hat rollback ·", "roll bac[k] · ? explains"];
        for width in 25..37 {
            assert_eq!(menu(width, &words, "? explains"), lines, "{width}");
        }
        assert_eq!(
            menu(10, &words, "? explains"),
            ["[r]un ·", "[w]hat rollback ·", "roll bac[k] ·", "? explains"]
        );
    }
}
