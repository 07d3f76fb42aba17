//! A template apart: text, `{{ insertions }}`, `{% tags %}`.

use std::ops::Range;

/// One character of the text, or something of the template in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(char),
    Insertion,
    /// A tag and its first word; `raw` is none: what it holds is text.
    Tag(String),
    /// `{{-`, `-%}`: white space beside it is taken away, line ends too.
    Trimmed,
}

/// The pieces in order, each with where it stands.
pub(super) fn pieces(text: &str) -> Vec<(Piece, Range<usize>)> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let opened = ["{{", "{%", "{#"].into_iter().find(|opens| rest.starts_with(opens));
        let Some(opens) = opened else {
            out.push((Piece::Text(c), at..at + c.len_utf8()));
            at += c.len_utf8();
            continue;
        };
        let length = match opens {
            "{{" => expression(rest, "}}"),
            "{%" => expression(rest, "%}"),
            _ => rest.find("#}").map_or(rest.len(), |at| at + 2),
        };
        let whole = at..at + length;
        let inner = rest[..length].get(2..length.saturating_sub(2)).unwrap_or_default();
        let word: String = inner
            .trim_start_matches(['-', '+'])
            .trim_start()
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        if inner.starts_with('-') || inner.ends_with('-') {
            out.push((Piece::Trimmed, whole.clone()));
        } else if opens == "{{" {
            out.push((Piece::Insertion, whole.clone()));
        } else if opens == "{%" && word == "raw" {
            let (end, next, trims) = end_of_raw(text, whole.end);
            out.extend(text[whole.end..end].char_indices().map(|(i, c)| {
                let from = whole.end + i;
                (Piece::Text(c), from..from + c.len_utf8())
            }));
            if trims {
                out.push((Piece::Trimmed, end..next));
            }
            at = next;
            continue;
        } else if opens == "{%" {
            // `{% set NAME = … %}` is an expression; without `=` it is a part of the template.
            let word = if word == "set" && !inner.contains('=') { "set …".to_owned() } else { word };
            out.push((Piece::Tag(word), whole.clone()));
        }
        at = whole.end;
    }
    out
}

/// How long the tag is that `text` begins with: strings and brackets in it may hold what ends it.
fn expression(text: &str, ends: &str) -> usize {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, c) in text.char_indices().skip(2) {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, _) if depth == 0 && text[at..].starts_with(ends) => return at + ends.len(),
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    text.len()
}

/// Where the text of a raw block ends, where what follows its `{% endraw %}` begins, and whether that takes white space
/// away.
fn end_of_raw(text: &str, from: usize) -> (usize, usize, bool) {
    let mut at = from;
    while let Some(found) = text[at..].find("{%") {
        let open = at + found;
        let inner = text[open + 2..].trim_start_matches(['-', '+']).trim_start();
        if let Some(after) = inner.strip_prefix("endraw") {
            let close = after.find("%}").map_or(text.len(), |at| text.len() - after.len() + at + 2);
            let trims = text[open..].starts_with("{%-") || text[..close].ends_with("-%}");
            return (open, close, trims);
        }
        at = open + 2;
    }
    (text.len(), text.len(), false)
}
