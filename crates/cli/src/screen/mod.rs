//! What people see. Everything here goes to standard error; a terminal that went away is no reason to stop.

mod action;
mod flood;
mod head;
mod live;
mod plain;

use std::io::{IsTerminal, Write};

use crate::secrets::masked;
use console::Style;

pub use action::{failure, shown_command, started, variables_of, verdict_line};
pub use head::{head, step_head};
pub use live::Live;
pub use plain::{at_most, neutralise, paragraphs, prose, wrapped};

/// Writes one line (or several) for people.
pub fn say(text: &str) {
    let text = masked(text);
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.write_all(b"\n");
}

/// Writes data to standard output. A reader that closed its end is no fault.
pub fn data(text: &str) {
    let text = masked(text);
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = stdout.write_all(b"\n");
    }
    let _ = stdout.flush();
}

/// Whether people read along on a terminal.
pub fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether somebody can be asked.
pub fn can_ask() -> bool {
    is_terminal() && std::io::stdin().is_terminal()
}

/// Whether colours may be written.
pub fn colours() -> bool {
    is_terminal() && !no_color() && !dumb()
}

/// Whether a progress bar may be drawn.
pub fn bars() -> bool {
    colours()
}

fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term == "dumb")
}

/// The styles in use; plain text where colours may not be written.
pub fn style() -> Style {
    Style::new().for_stderr().force_styling(colours())
}

/// Columns of the terminal, at least 40; 100 where there is none.
pub fn width() -> usize {
    if !is_terminal() {
        return 100;
    }
    usize::from(console::Term::stderr().size().1).clamp(40, 120)
}

/// A line across the screen, with a text in it.
pub fn rule(text: &str) -> String {
    let text = format!("── {text} ");
    let rest = width().saturating_sub(console::measure_text_width(&text));
    format!("{text}{}", "─".repeat(rest))
}
