//! What people see. Everything here goes to standard error; a terminal that went away is no reason to stop.

mod able;
mod action;
mod bar;
mod behind;
mod flood;
mod head;
mod lent_writer;
mod live;
mod modes;
mod plain;
mod playback;
mod prompt;
mod prose;
pub mod raw;
mod wrap;

use std::io::{IsTerminal, Write};
use std::sync::LazyLock;

use crate::secrets::masked;
use able::is_typed;
use behind::Kind;

pub use able::{Audience, audience, bars, colours, is_terminal, moves, prose_width, style, width};
pub use action::{again, failure, shown_command, started, started_at, variables_of, verdict_line};
pub use head::{head, step_head};
pub use lent_writer::LentWriter;
pub use live::Live;
use plain::harmless;
pub use plain::{neutralise, paragraphs, path, prose};
pub use playback::Playback;
pub use prompt::{hidden, line, not_empty};
pub use prose::{Cautions, heading, markdown};
pub use wrap::{at_most, hung, value_lines, wrapped};

/// Writes one line (or several) for people. Whatever it holds, only our own colours act on the terminal.
pub fn say(text: &str) {
    let text = masked(text);
    let text = harmless(&text, colours());
    show(format!("{text}\n"), Kind::Said);
}

/// Writes a text that hangs behind a margin, see [`hung`].
pub fn say_hung(margin: &str, text: &str) {
    hung(margin, text).iter().for_each(|line| say(line));
}

/// Writes a sentence of our own; what does not fit goes on below, behind the blanks that it begins with.
pub fn tell(sentence: &str) {
    let text = sentence.trim_start_matches(' ');
    say_hung(&sentence[..sentence.len() - text.len()], text);
}

fn show(text: String, kind: Kind) {
    let Err(text) = behind::write(text, kind) else { return };
    if let Err(error) = std::io::stderr().lock().write_all(text.as_bytes())
        && error.kind() == std::io::ErrorKind::BrokenPipe
        && is_typed()
        && let Ok(mut terminal) = std::fs::OpenOptions::new().write(true).open("/dev/tty")
    {
        // Ctrl-C ends a `tee` too. Whoever pressed it shall see what comes of it.
        let _ = terminal.write_all(text.as_bytes());
    }
}

/// Waits until all that was said is written.
pub fn written() {
    behind::end();
}

/// Writes data to standard output, as they are; on a terminal nothing of them acts. A reader that closed its end is no
/// fault.
pub fn data(text: &str) {
    static SEEN: LazyLock<bool> = LazyLock::new(|| std::io::stdout().is_terminal());
    let text = masked(text);
    let text = if *SEEN { harmless(&text, false) } else { text };
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = stdout.write_all(b"\n");
    }
    let _ = stdout.flush();
}

/// A line across the screen, with a text in it; a text that is too long for one goes on below.
pub fn rule(text: &str) -> String {
    let mut lines = wrapped(width() - 4, text);
    if let Some(last) = lines.last_mut() {
        let rest = width().saturating_sub(4 + console::measure_text_width(last));
        *last = format!("{last} {}", "─".repeat(rest));
    }
    format!("── {}", lines.join("\n   "))
}
