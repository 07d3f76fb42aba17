//! Text from outside, made harmless before it stands among our own. Secrets are masked here too: once a text is broken
//! into lines, cut or escaped, they would not be found any more.

use holdpoint_document::{Line, lines};

use super::Screen;

impl Screen {
    /// A path as it is shown: whoever named the file may have meant the name to act on the terminal.
    pub fn path(&self, path: &std::path::Path) -> String {
        self.neutralise(&path.to_string_lossy())
    }

    /// Text in which nothing acts or hides and no secret stands; newlines and tabs stay. As reports do it.
    pub fn neutralise(&self, text: &str) -> String {
        holdpoint_report::visible(self.masked(text).as_bytes())
    }

    /// A line of ours with a text from elsewhere in it: what goes on over lines is marked, so that nothing in it passes for
    /// a line of ours.
    pub fn within_a_line(&self, text: &str) -> String {
        self.neutralise(text).replace('\n', "\n    │ ")
    }

    /// A text from elsewhere in one line, its line ends shown.
    pub fn one_line(&self, text: &str) -> String {
        self.neutralise(text).replace('\n', "⏎")
    }

    /// Prose of the document as it is shown: without surrounding blank lines and common indentation.
    pub fn prose(&self, text: &str) -> Vec<Line> {
        let mut lines = lines(&self.masked(text));
        lines.iter_mut().for_each(|line| line.text = self.neutralise(&line.text));
        unindented(lines)
    }
}

/// Lines without surrounding blank ones and common indentation.
fn unindented(mut lines: Vec<Line>) -> Vec<Line> {
    let blank = |line: &Line| line.text.trim().is_empty();
    let indent = |line: &Line| line.text.len() - line.text.trim_start_matches(' ').len();
    let common = lines.iter().filter(|line| !blank(line)).map(indent).min().unwrap_or(0);
    lines.truncate(lines.iter().rposition(|line| !blank(line)).map_or(0, |last| last + 1));
    let first = lines.iter().position(|line| !blank(line)).unwrap_or(0);
    lines.drain(..first);
    for line in &mut lines {
        line.text.drain(..common.min(indent(line)));
    }
    lines
}

/// What stands before each line of output, of standard output and of standard error.
pub(super) fn gutter(screen: &Screen) -> [String; 2] {
    let marks = [screen.style().dim().apply_to("  │ "), screen.style().yellow().apply_to("  ┃ ")];
    marks.map(|mark| mark.to_string())
}

/// What stands before each line of output at a place, of standard output and of standard error.
pub(super) fn gutter_at(screen: &Screen, place: &str) -> [String; 2] {
    let place = screen.neutralise(place);
    let marks = [screen.style().dim().apply_to("│"), screen.style().yellow().apply_to("┃")];
    marks.map(|mark| format!("  {place} {mark} "))
}

#[cfg(test)]
mod tests {
    use holdpoint_driver::Secrets;

    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_comes_through() {
        let shown = Screen::kept(&Secrets::default())
            .0
            .neutralise("\u{1b}[31mred\u{1b}[0m \r over \u{7}\u{9b}2J \u{202e}gnp.exe");
        assert_eq!(shown, "␛[31mred␛[0m ␍ over ␇⟨U+009B⟩2J ⟨U+202E⟩gnp.exe");
        assert!(!shown.chars().any(|char| char.is_control()));
    }

    #[test]
    fn prose_loses_its_indentation_and_blank_edges() {
        let shown = |text: &str| -> Vec<String> {
            let shown = Screen::kept(&Secrets::default()).0.prose(text);
            shown.into_iter().map(|line| line.text).collect()
        };
        assert_eq!(shown("\n\n   one\n\n     two\n\n"), ["one", "", "  two"]);
        assert_eq!(shown("\n\n"), [""; 0]);
        assert_eq!(shown("    code\n      more\n"), ["code", "  more"]);
    }
}
