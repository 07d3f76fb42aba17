//! Foreign text made harmless: control characters visible, Markdown and HTML without effect, fences that hold.

use holdpoint_model::push_visible as push;
pub use holdpoint_model::visible;

/// Longest value shown in a line of text, in characters.
const LONGEST_VALUE: usize = 300;

/// One line: line ends become `⏎`, tabs `␉`, too much is cut with a count.
fn one_line(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim_end_matches('\n').chars() {
        match c {
            '\n' => out.push('⏎'),
            c => push(&mut out, c),
        }
    }
    cut(out, LONGEST_VALUE)
}

fn cut(text: String, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text;
    }
    let kept: String = text.chars().take(most).collect();
    format!("{kept}… ⟨{} more characters⟩", count - most)
}

/// Text for a paragraph or a table cell: nothing in it is Markdown or HTML.
pub(crate) fn prose(text: &str) -> String {
    let line = one_line(text);
    let chars: Vec<char> = line.chars().collect();
    let mut out = String::with_capacity(line.len());
    for (at, &c) in chars.iter().enumerate() {
        let escaped = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '$' | '#' => true,
            // Inside of a word an underscore never means anything; names stay readable in the raw text.
            '_' => {
                let word =
                    |i: Option<usize>| i.and_then(|i| chars.get(i)).is_some_and(|c| c.is_alphanumeric());
                !(word(at.checked_sub(1)) && word(Some(at + 1)))
            }
            _ => false,
        };
        if escaped {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A code span that holds whatever the text is.
pub(crate) fn code(text: &str) -> String {
    let line = one_line(text);
    if line.is_empty() {
        return "(empty)".to_owned();
    }
    let ticks = "`".repeat(longest_run(&line) + 1);
    let strips = line.starts_with(' ') && line.ends_with(' ') && !line.trim().is_empty();
    let pad = if line.starts_with('`') || line.ends_with('`') || strips { " " } else { "" };
    format!("{ticks}{pad}{line}{pad}{ticks}")
}

/// A code span for a table cell: there, and only there, a bar must be escaped even in code.
pub(crate) fn code_cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// A fenced block as lines, its fence longer than any run of backticks in the body.
pub(crate) fn fenced(info: &str, body: &[String]) -> Vec<String> {
    let longest = body.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let info: String = info.chars().filter(|c| c.is_ascii_alphanumeric() || "+-_".contains(*c)).collect();
    let mut lines = vec![format!("{fence}{info}")];
    lines.extend(body.iter().cloned());
    lines.push(fence);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_or_hides_is_shown_instead() {
        let cases: &[(&[u8], &str)] = &[
            (b"\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
            (b"a\r\nb", "a␍\nb"),
            (b"bell\x07 nul\x00 del\x7f", "bell␇ nul␀ del␡"),
            (b"bad\xff\xfebytes", "bad⟨0xFF⟩⟨0xFE⟩bytes"),
            ("abc\u{202e}def\u{200b}".as_bytes(), "abc⟨U+202E⟩def⟨U+200B⟩"),
            ("csi\u{9b}31m".as_bytes(), "csi⟨U+009B⟩31m"),
            (b"tab\tstays", "tab\tstays"),
        ];
        for (bytes, shown) in cases {
            assert_eq!(&visible(bytes), shown);
        }
    }

    #[test]
    fn prose_is_neither_markdown_nor_html() {
        assert_eq!(prose("a_b *c* <b>&amp;`d`|e\nf"), "a_b \\*c\\* \\<b\\>\\&amp;\\`d\\`\\|e⏎f");
        assert_eq!(prose("_under_ error_rate"), "\\_under\\_ error_rate");
    }

    #[test]
    fn a_code_span_holds_any_number_of_backticks() {
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code_cell("a|b"), "`a\\|b`");
        assert_eq!(code(""), "(empty)");
    }

    #[test]
    fn a_fence_is_longer_than_any_fence_inside() {
        let lines = fenced("text", &["````".to_owned()]);
        assert_eq!(lines, ["`````text", "````", "`````"]);
    }
}
