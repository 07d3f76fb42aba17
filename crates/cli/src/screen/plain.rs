//! Text from outside, made harmless before it stands among our own. Secrets are masked here too: once a text is broken
//! into lines, cut or escaped, they would not be found any more.

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
    pub fn prose(&self, text: &str) -> String {
        self.neutralise(&unindented(&self.masked(text)))
    }
}

/// A text without surrounding blank lines and common indentation.
fn unindented(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let common = lines.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    let cut = |line: &&str| line.get(common..).unwrap_or_default().to_owned();
    lines[first.min(last)..last].iter().map(cut).collect::<Vec<_>>().join("\n")
}

/// Prose with the lines of each paragraph joined, so that it can be broken anew; list items, quotes, tables, fences
/// and headings keep their own lines.
pub fn paragraphs(prose: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let (mut fenced, mut open) = (false, false);
    for line in prose.lines() {
        let text = line.trim_start();
        let fence = text.starts_with("```") || text.starts_with("~~~");
        let own = ["- ", "* ", "+ ", ">", "|", "#", "    "].iter().any(|mark| text.starts_with(mark))
            || line.starts_with("    ")
            || text.split_once(['.', ')']).is_some_and(|(number, _)| number.parse::<u32>().is_ok());
        match out.last_mut() {
            Some(last) if open && !fenced && !fence && !own && !text.is_empty() => {
                last.push(' ');
                last.push_str(text);
            }
            _ => out.push(line.to_owned()),
        }
        fenced ^= fence;
        open = !fenced && !fence && !text.is_empty() && !text.starts_with(['|', '#', '>']);
    }
    out
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
    fn paragraphs_are_joined_and_lists_keep_their_lines() {
        let text = "One sentence\nthat goes on.\n\n- first\n  goes on\n- second\n> quoted\n> again\n\n```\na\nb\n```";
        let joined = [
            "One sentence that goes on.",
            "",
            "- first goes on",
            "- second",
            "> quoted",
            "> again",
            "",
            "```",
            "a",
            "b",
            "```",
        ];
        assert_eq!(paragraphs(text), joined);
    }

    #[test]
    fn prose_loses_its_indentation_and_blank_edges() {
        assert_eq!(unindented("\n\n   one\n     two\n\n"), "one\n  two");
        assert_eq!(unindented("\n\n"), "");
    }
}
