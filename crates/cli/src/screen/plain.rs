//! Text from outside, made harmless before it stands among our own.

/// Replaces what could steer a terminal or mislead its reader: control characters by their pictures, bidirectional
/// overrides by their code points. Newlines and tabs stay.
pub fn neutralise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\t' => out.push(char),
            '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + char as u32).unwrap_or('�')),
            '\u{7f}' => out.push('␡'),
            '\u{80}'..='\u{9f}' => out.push('�'),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.push_str(&format!("⟨U+{:04X}⟩", char as u32));
            }
            other => out.push(other),
        }
    }
    out
}

/// Prose of the document as it is shown: without surrounding blank lines and common indentation.
pub fn prose(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let common = lines.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    let cut = |line: &&str| line.get(common..).unwrap_or_default().to_owned();
    neutralise(&lines[first.min(last)..last].iter().map(cut).collect::<Vec<_>>().join("\n"))
}

/// The first `limit` characters, with a mark where something is left out.
pub fn at_most(limit: usize, text: &str) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_comes_through() {
        let shown = neutralise("\u{1b}[31mred\u{1b}[0m \r over \u{7}\u{9b}2J \u{202e}gnp.exe");
        assert_eq!(shown, "␛[31mred␛[0m ␍ over ␇�2J ⟨U+202E⟩gnp.exe");
        assert!(!shown.chars().any(|char| char.is_control()));
    }

    #[test]
    fn prose_loses_its_indentation_and_blank_edges() {
        assert_eq!(prose("\n\n   one\n     two\n\n"), "one\n  two");
        assert_eq!(prose("\n\n"), "");
    }
}
