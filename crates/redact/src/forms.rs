//! The forms that a secret is looked for in (record.md section 6).
//!
//! Each is what some common encoder makes of the value; one that encodes in another way is not found.

use std::collections::BTreeSet;

use super::quoting::{
    add_markup, add_numbers, add_perl, add_quoted_again, add_shell, add_source, plain_markup,
};

/// Every form a value is looked for in, each once. None is shorter than [`LEAST_SECRET`] bytes.
pub(super) fn forms(value: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    for text in texts(value) {
        add_json(&text, &mut forms);
        add_shell(&text, &mut forms);
        add_source(&text, &mut forms);
        add_quoted_again(&text, |text| json(text, MORE_IN_JSON[0], 0), &mut forms);
        add_perl(&text, &mut forms);
        add_markup(&text, &mut forms);
        add_json_and_markup(&text, &mut forms);
        add_numbers(&text, &mut forms);
        add_url(&text, &mut forms);
        add_base64(text.as_bytes(), &mut forms);
        add_hex(text.as_bytes(), &mut forms);
        forms.insert(text.into_bytes());
    }
    forms.retain(|form| form.trim_ascii().len() >= LEAST_SECRET);
    forms
}

/// The value itself, with either line end, and each of its lines that is long enough to be told from other text.
fn texts(value: &str) -> BTreeSet<String> {
    // A line end after the value is no part of it: files have one, what prints the value may not.
    let value = value.trim_end_matches(['\r', '\n']);
    let plain = value.replace("\r\n", "\n");
    let whole = [value.to_owned(), plain.replace('\n', "\r\n"), plain];
    let lines = value.lines().map(|line| line.trim().to_owned());
    whole.into_iter().chain(lines).filter(|text| text.trim().len() >= LEAST_SECRET).collect()
}

/// What some encoders escape in JSON beyond what JSON asks for: nothing, Go, template engines, .NET.
const MORE_IN_JSON: [&str; 4] = ["", "<>&\u{2028}\u{2029}", "<>&'\u{2028}\u{2029}", "<>&'\"+`\u{7f}"];

/// Inside of a JSON string: as little as JSON asks for, with `\/`, with `\u00XX` where a short escape would do, with
/// all that is not ASCII escaped, with what matters in HTML escaped; hex in either case.
fn add_json(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:=@ ".contains(&byte)) {
        return;
    }
    // jq escapes DEL, and nothing else beyond what JSON asks for.
    let delete = text.contains('\u{7f}').then_some("\u{7f}");
    for more in MORE_IN_JSON.into_iter().chain(delete) {
        for bits in 0..16_u8 {
            forms.insert(json(text, more, bits).into_bytes());
        }
    }
}

/// Inside of a JSON string, with `more` escaped. The bits say: `\/`; all that is not ASCII escaped; `\u00XX` where a short
/// escape would do; hex in upper case.
fn json(text: &str, more: &str, bits: u8) -> String {
    let [slash, ascii, long, upper] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
    let mut form = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        let short = match c {
            '"' | '\\' => Some(c),
            '\n' => Some('n'),
            '\r' => Some('r'),
            '\t' => Some('t'),
            '\u{8}' => Some('b'),
            '\u{c}' => Some('f'),
            '/' if slash => Some('/'),
            _ => None,
        };
        match short {
            Some(letter) if !(long && c.is_control() || more.contains(c)) => {
                form.extend(['\\', letter]);
            }
            _ if c < ' ' || (ascii && !c.is_ascii()) || more.contains(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    form += &if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
                }
            }
            _ => form.push(c),
        }
    }
    form
}

/// JSON within HTML or XML, such as an attribute that scripts read; HTML or XML within JSON. Each in the ways that are
/// common, for every one of the one in every one of the other would be thousands.
fn add_json_and_markup(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    for bits in 0..4_u8 {
        let json = json(text, MORE_IN_JSON[0], bits);
        if json != text {
            add_markup(&json, forms);
        }
    }
    for markup in plain_markup(text) {
        if markup == text {
            continue;
        }
        for more in &MORE_IN_JSON[..2] {
            forms.extend((0..4).map(|bits| json(&markup, more, bits).into_bytes()));
        }
    }
}

/// What URL encoders leave as it is beside letters and digits: RFC 3986; Python's `quote`; ECMAScript's
/// `encodeURIComponent` and `encodeURI`; HTML forms; what a path may hold.
const SAFE_IN_URLS: [&str; 7] =
    ["-_.~", "-_.~/", "-_.~!*'()", "-_.~!*'();/?:@&=+$,#", "*-._", "-_.~!$&'()*+,;=:@", "-_.~!$&'()*+,;=:@/"];

/// Percent-encoded, hex in either case; a space as `%20` or, as forms do it, as `+`.
fn add_url(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    for safe in SAFE_IN_URLS {
        for (upper, plus) in [(true, false), (false, false), (true, true), (false, true)] {
            let mut form = String::with_capacity(text.len() + 8);
            for byte in text.bytes() {
                match byte {
                    b' ' if plus => form.push('+'),
                    // Where `+` is a space, a plus sign must be escaped.
                    b'+' if plus => form += if upper { "%2B" } else { "%2b" },
                    _ if byte.is_ascii_alphanumeric() || safe.as_bytes().contains(&byte) => {
                        form.push(char::from(byte));
                    }
                    _ if upper => form += &format!("%{byte:02X}"),
                    _ => form += &format!("%{byte:02x}"),
                }
            }
            forms.insert(form.into_bytes());
        }
    }
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const FOR_URLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Where `base64` and `openssl` (and PEM) break lines.
const WRAPPED: [usize; 2] = [76, 64];

/// Base64, in both alphabets, at each of the three places that a value can begin at within a group of three bytes.
///
/// What of it does not depend on what stands around the value is one form; where the value, or the line that it is,
/// ends the encoded text, all of it is, with and without padding. A character at either end that holds bits of a
/// neighbour stays: up to four bits of the value at each end.
fn add_base64(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    for alphabet in [STANDARD, FOR_URLS] {
        for before in 0..3_usize {
            let first = (before * 8).div_ceil(6);
            let all = [vec![0; before], value.to_vec()].concat();
            forms.insert(base64(&all, alphabet)[first..all.len() * 8 / 6].to_vec());
            for end in [&b""[..], b"\n"] {
                let mut form = base64(&[&all, end].concat(), alphabet)[first..].to_vec();
                forms.insert(form.clone());
                form.resize(form.len() + (4 - (first + form.len()) % 4) % 4, b'=');
                forms.insert(form);
            }
        }
    }
    for end in [&b""[..], b"\n"] {
        let mut form = base64(&[value, end].concat(), STANDARD);
        form.resize(form.len().next_multiple_of(4), b'=');
        for width in WRAPPED.into_iter().filter(|width| form.len() > *width) {
            let lines: Vec<&[u8]> = form.chunks(width).collect();
            // A short last line is found with the one before it.
            forms.extend(lines.windows(2).next_back().map(|lines| lines.join(&b"\n"[..])));
            forms.extend(lines.iter().map(|line| line.to_vec()));
        }
    }
}

/// Base64 without padding; the bits that the last character has too many are zero.
fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    let group = |three: &[u8]| {
        let at = |n: usize| u32::from(three.get(n).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        let count = three.len() + 1;
        [18, 12, 6, 0].map(|shift| alphabet[(bits >> shift & 63) as usize]).into_iter().take(count)
    };
    bytes.chunks(3).flat_map(group).collect()
}

fn add_hex(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    forms.insert(hex.to_uppercase().into_bytes());
    forms.insert(hex.into_bytes());
}

/// Shortest value that can be masked, in bytes. Shorter ones would be found everywhere.
pub const LEAST_SECRET: usize = 8;
