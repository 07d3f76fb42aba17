//! Forms in which zsh writes a text, where it differs from other shells. Without the quotes around it.

use std::collections::BTreeSet;

/// What backslashes stand before in `printf %q` and `${(q)x}`, beside what stands first; before `!` where somebody types.
const ESCAPED: &str = " \"#$&'()*;<>?[\\]^`{|}";

/// `set -x`, `typeset -p`, `export -p`, `printf %q` and the `(q…)` flags, in locales with and without other characters
/// than those of ASCII.
pub(super) fn add(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    forms.insert(between_quotes(text).into_bytes());
    forms.insert(where_needed(text).into_bytes());
    for ascii in [true, false] {
        forms.insert(in_dollar_quotes(text, ascii).into_bytes());
        forms.insert(by_numbers(text, ascii).into_bytes());
        forms.insert(by_backslashes(text, ascii, "").into_bytes());
        forms.insert(by_backslashes(text, ascii, "!").into_bytes());
    }
}

/// What `set -x` makes of a text that was quoted before.
pub(super) fn add_traced(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    forms.insert(between_quotes(text).into_bytes());
    if text.contains(|c: char| c.is_control() || !c.is_ascii()) {
        forms.extend([true, false].map(|ascii| in_dollar_quotes(text, ascii).into_bytes()));
    }
}

/// In single quotes, which are closed for all quotes in a row, and stand around nothing at either end.
fn between_quotes(text: &str) -> String {
    let mut form = String::with_capacity(text.len() + 8);
    let mut open = true;
    for (at, c) in text.char_indices() {
        if (c == '\'') == open && at > 0 {
            form.push('\'');
        }
        open = c != '\'';
        form.push_str(if open { "" } else { "\\" });
        form.push(c);
    }
    form
}

/// In single quotes where they are needed, as `${(q-)x}` does it: not around what stands between two quotes and is plain.
fn where_needed(text: &str) -> String {
    let special = |c: char| ESCAPED.contains(c) || c == '!' || c.is_whitespace() || c.is_control();
    let parts = text.split('\'').map(|part| match part.contains(special) {
        true => format!("'{part}'"),
        false => part.to_owned(),
    });
    let form = parts.collect::<Vec<_>>().join("\\'");
    let form = form.strip_prefix('\'').unwrap_or(&form);
    // A quote of the text's own at its end stays.
    let own = form.ends_with("\\'");
    form.strip_suffix('\'').filter(|_| !own).unwrap_or(form).to_owned()
}

/// What `set -x` writes as `$'…'`.
fn in_dollar_quotes(text: &str, ascii: bool) -> String {
    pieces(
        text,
        ascii,
        |c, form| {
            form.push_str(if matches!(c, '\'' | '\\') { "\\" } else { "" });
            form.push(c);
        },
        |byte, form| match byte {
            b'\t' => form.push_str("\\t"),
            b'\n' => form.push_str("\\n"),
            _ => {
                let (low, meta) = (byte & 0x7f, byte >= 0x80);
                form.push_str(if meta { "\\M-" } else { "" });
                match low {
                    0..0x20 => form.extend(['\\', 'C', '-', char::from(low + 0x40)]),
                    0x7f => form.push_str("\\C-?"),
                    _ => form.push(char::from(low)),
                }
            }
        },
    )
}

/// What `${(qqqq)x}` writes as `$'…'`: it escapes `!` as well.
fn by_numbers(text: &str, ascii: bool) -> String {
    pieces(
        text,
        ascii,
        |c, form| {
            form.push_str(if matches!(c, '\'' | '\\' | '!') { "\\" } else { "" });
            form.push(c);
        },
        |byte, form| match named(byte) {
            Some(name) => form.extend(['\\', name]),
            None => form.push_str(&format!("\\{byte:03o}")),
        },
    )
}

/// What `printf %q` writes: what is not printed stands in `$'…'` byte by byte.
fn by_backslashes(text: &str, ascii: bool, more: &str) -> String {
    pieces(
        text,
        ascii,
        |c, form| {
            let first = form.is_empty() && "=~".contains(c);
            form.push_str(if first || ESCAPED.contains(c) || more.contains(c) { "\\" } else { "" });
            form.push(c);
        },
        |byte, form| match named(byte) {
            Some(name) => form.extend(['$', '\'', '\\', name, '\'']),
            None => form.push_str(&format!("$'\\{byte:03o}'")),
        },
    )
}

/// Puts together what becomes of each character that is printed, and of each byte of those that are not.
fn pieces(
    text: &str,
    ascii: bool,
    printed: impl Fn(char, &mut String),
    unprinted: impl Fn(u8, &mut String),
) -> String {
    let mut form = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if c.is_control() || ascii && !c.is_ascii() {
            c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| unprinted(byte, &mut form));
        } else {
            printed(c, &mut form);
        }
    }
    form
}

/// The letter that stands for it behind a backslash.
fn named(byte: u8) -> Option<char> {
    Some(match byte {
        0x07 => 'a',
        0x08 => 'b',
        b'\t' => 't',
        b'\n' => 'n',
        0x0b => 'v',
        0x0c => 'f',
        b'\r' => 'r',
        _ => return None,
    })
}
