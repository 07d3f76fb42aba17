//! The last thing that is done to a text on its way to a terminal.

use std::borrow::Cow;

/// A text on its way to a terminal: as `Screen::neutralise`, but that nothing is masked, and that colours of our own stay where
/// they may be `styled`. Everything that is written for people passes here, whatever was made of it before.
pub(super) fn harmless(text: &str, styled: bool) -> Cow<'_, str> {
    let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('\u{1b}').filter(|_| styled) {
        out.push_str(&holdpoint_report::visible(&rest.as_bytes()[..at]));
        let length = colour(&rest[at..]).unwrap_or(0);
        if length == 0 {
            out.push('␛');
        }
        out.push_str(&rest[at..at + length]);
        rest = &rest[at + length.max(1)..];
    }
    out.push_str(&holdpoint_report::visible(rest.as_bytes()));
    Cow::Owned(out)
}

/// How long the sequence is that a text begins with, if it sets colours or weight as we do. Nothing that hides.
fn colour(text: &str) -> Option<usize> {
    let (codes, _) = text.strip_prefix("\u{1b}[")?.split_once('m')?;
    let mut codes_left = codes.split(';').map(|code| code.parse::<u16>().ok());
    while let Some(code) = codes_left.next() {
        match code? {
            0..=4 | 22..=24 | 30..=37 | 39..=47 | 49 | 90..=97 => {}
            38 => {
                let more = match codes_left.next()?? {
                    5 => 1,
                    2 => 3,
                    _ => return None,
                };
                for _ in 0..more {
                    codes_left.next()??;
                }
            }
            _ => return None,
        }
    }
    Some("\u{1b}[".len() + codes.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_colours_reach_the_terminal() {
        let styled = "\u{1b}[1;31mred\u{1b}[0m \u{1b}[38;5;12mblue\u{1b}[39m \u{1b}[38;2;1;2;3mgrey";
        assert_eq!(harmless(styled, true), styled);
        assert_eq!(harmless("\u{1b}[31mred", false), "␛[31mred");
        let hostile =
            "\u{1b}[8mhidden \u{1b}[2J \u{1b}]0;title\u{7} \u{1b}[38;2m \u{1b}[1;8m \u{9b}m \u{202e} \r";
        let shown = harmless(hostile, true);
        assert_eq!(shown, "␛[8mhidden ␛[2J ␛]0;title␇ ␛[38;2m ␛[1;8m ⟨U+009B⟩m ⟨U+202E⟩ ␍");
        assert_eq!(harmless(&shown, true), shown);
    }
}
