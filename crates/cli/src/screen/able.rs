//! What the terminal can do, and who is at it.

use std::path::Path;
use std::sync::atomic::Ordering;

use super::Screen;
use super::behind::Kind;
use super::harmless::harmless;
use crate::uri::encoded;

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

impl Screen {
    /// Whether people read along on a terminal.
    pub fn is_terminal(&self) -> bool {
        self.0.able.terminal
    }

    /// Whether what is read comes from a terminal.
    pub(super) fn is_typed(&self) -> bool {
        self.0.able.typed
    }

    /// Who is there. A pipe is taken for `tee` or the like, through which questions are seen.
    pub fn audience(&self) -> Audience {
        match self.is_typed() {
            false => Audience::Absent,
            true if self.is_terminal() || self.0.able.piped => Audience::Present,
            true => Audience::Blind,
        }
    }

    /// Whether the terminal's cursor may be moved.
    pub fn moves(&self) -> bool {
        self.is_terminal() && !self.0.able.dumb
    }

    /// Rings the terminal's bell, where there is one.
    pub fn ring(&self) {
        if self.moves() {
            self.show("\x07".to_owned(), Kind::Said);
        }
    }

    /// Has the terminal tell something by a notice of its own (OSC 9), where it can; others pass over it.
    pub fn notice(&self, text: &str) {
        if self.moves() {
            let text = self.at_most(200, &self.one_line(text));
            self.show(format!("\x1b]9;{text}\x07"), Kind::Said);
        }
    }

    /// Has the terminal's window called so until [`Screen::untitled`], where it takes a title (xterm's OSC 2, which others have
    /// too). What it was called is put aside before, where the terminal can do that.
    pub fn title(&self, text: &str) {
        if !self.moves() || !self.0.able.titled {
            return;
        }
        let text = self.at_most(100, &self.one_line(text));
        let aside = if self.0.title.swap(true, Ordering::SeqCst) { "" } else { "\x1b[22;2t" };
        self.show(format!("{aside}\x1b]2;{text}\x07"), Kind::Said);
    }

    /// The window is called what it was called before; nothing, where the terminal did not put that aside.
    pub fn untitled(&self) {
        if self.0.title.swap(false, Ordering::SeqCst) {
            self.show("\x1b]2;\x07\x1b[23;2t".to_owned(), Kind::Said);
        }
    }

    /// As [`Screen::say_hung`], with the text as a link to a file (OSC 8), where the terminal says that it takes links. The
    /// text is what it is elsewhere; a path that holds a secret is none to be linked.
    pub fn say_linked(&self, margin: &str, text: &str, file: &Path) {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let path = file.to_string_lossy();
        if !self.moves() || !self.0.able.links || self.masked(&path) != path {
            return self.say_hung(margin, text);
        }
        let url = format!("file://{}{}", encoded(&holdpoint_record::this_machine()), encoded(&path));
        for line in self.hung(margin, text) {
            let (blank, text) = line.split_at(line.len().min(margin.len()));
            let text = harmless(&self.masked(text), self.colours()).into_owned();
            self.show(format!("{blank}\x1b]8;;{url}\x07{text}\x1b]8;;\x07\n"), Kind::Said);
        }
    }

    /// Whether colours may be written.
    pub fn colours(&self) -> bool {
        self.moves() && !self.0.able.no_color
    }

    /// Whether a progress bar may be drawn.
    pub fn bars(&self) -> bool {
        self.colours()
    }

    /// Columns of the terminal, at least 20; 100 where there is none.
    pub fn width(&self) -> usize {
        self.columns().unwrap_or(100)
    }

    /// Lines of the terminal that is drawn on.
    pub(super) fn rows(&self) -> usize {
        usize::from(console::Term::stderr().size().0).max(1)
    }

    /// Columns of the terminal that is looked at, if there is one.
    pub(super) fn columns(&self) -> Option<usize> {
        let columns = match (self.is_terminal(), self.is_typed()) {
            (true, _) => console::Term::stderr().size().1,
            // Through a pipe it is seen on the terminal that is typed on.
            (false, true) => rustix::termios::tcgetwinsize(std::io::stdin()).map_or(0, |size| size.ws_col),
            (false, false) => 0,
        };
        (columns > 0).then(|| usize::from(columns).max(20))
    }

    /// Columns of the terminal on which data are looked at, at least 20, if there is one.
    pub(super) fn data_columns(&self) -> Option<usize> {
        let columns = if self.0.able.data_on_terminal { console::Term::stdout().size().1 } else { 0 };
        (columns > 0).then(|| usize::from(columns).max(20))
    }

    /// Whether data go to a terminal.
    pub fn is_data_on_terminal(&self) -> bool {
        self.0.able.data_on_terminal
    }

    /// Whether data may have colours.
    pub(super) fn data_colours(&self) -> bool {
        let able = &self.0.able;
        able.data_on_terminal && !able.dumb && !able.no_color
    }

    /// Columns for prose, inside of the margin: longer lines are hard to read.
    pub fn prose_width(&self) -> usize {
        (self.width() - 4).min(96)
    }
}
