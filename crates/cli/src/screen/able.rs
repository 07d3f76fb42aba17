//! What the terminal can do, and who is at it.

use std::io::IsTerminal;
use std::sync::LazyLock;

use console::Style;

/// Whether people read along on a terminal.
pub fn is_terminal() -> bool {
    static THERE: LazyLock<bool> = LazyLock::new(|| std::io::stderr().is_terminal());
    *THERE
}

/// Whether what is read comes from a terminal.
pub(super) fn is_typed() -> bool {
    static THERE: LazyLock<bool> = LazyLock::new(|| std::io::stdin().is_terminal());
    *THERE
}

/// Whether somebody can be asked, and will see the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Somebody types, and sees what is written.
    Present,
    /// Somebody types, but what is written goes elsewhere: a question would not be seen.
    Blind,
    /// Nobody types.
    Absent,
}

/// Who is there. A pipe is taken for `tee` or the like, through which questions are seen.
pub fn audience() -> Audience {
    use rustix::fs::{FileType, fstat};
    let piped = || fstat(std::io::stderr()).is_ok_and(|file| FileType::from_raw_mode(file.st_mode).is_fifo());
    match is_typed() {
        false => Audience::Absent,
        true if is_terminal() || piped() => Audience::Present,
        true => Audience::Blind,
    }
}

/// Whether the terminal's cursor may be moved.
pub fn moves() -> bool {
    is_terminal() && !dumb()
}

/// Whether colours may be written.
pub fn colours() -> bool {
    moves() && !no_color()
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

/// Columns of the terminal, at least 20; 100 where there is none.
pub fn width() -> usize {
    columns().unwrap_or(100)
}

/// Columns of the terminal that is looked at, if there is one.
pub(super) fn columns() -> Option<usize> {
    let columns = match (is_terminal(), is_typed()) {
        (true, _) => console::Term::stderr().size().1,
        // Through a pipe it is seen on the terminal that is typed on.
        (false, true) => rustix::termios::tcgetwinsize(std::io::stdin()).map_or(0, |size| size.ws_col),
        (false, false) => 0,
    };
    (columns > 0).then(|| usize::from(columns).max(20))
}

/// Columns for prose, inside of the margin: longer lines are hard to read.
pub fn prose_width() -> usize {
    (width() - 4).min(96)
}
