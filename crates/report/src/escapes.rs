//! Control sequences of terminals (ECMA-48) in a stream, told apart however the stream is cut.

/// A part of what is written to a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text, and the controls of one byte but for ESC.
    Text(&'a [u8]),
    /// `ESC`, intermediates, and a final byte: the whole sequence.
    Escape(&'a [u8]),
    /// A control sequence, from `ESC [` to its final byte.
    Control(&'a [u8]),
    /// A control string (window title, clipboard, graphics), a control of the C1 set, or what is no sequence at all: its
    /// bytes are not handed on.
    Other,
}

/// Tells the parts of a stream apart.
#[derive(Clone, Debug, Default)]
pub struct Escapes {
    state: State,
    /// The sequence so far.
    pending: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    Escape,
    Control,
    /// A control sequence that is longer than any that means something.
    Endless,
    String,
    /// `ESC` within a string: may end it.
    StringEscape,
    /// The first byte of U+0080 to U+00BF: the half below U+00A0 are controls.
    Latin,
}

/// A longer sequence means nothing, bytes.
const LONGEST: usize = 128;
const ESC: u8 = 0x1b;

impl Escapes {
    /// Takes the next piece of the stream.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl FnMut(Part<'_>)) {
        let mut at = 0;
        while at < bytes.len() {
            if self.state == State::Ground {
                let text = bytes[at..].iter().position(|byte| matches!(*byte, ESC | 0xc2));
                let end = text.map_or(bytes.len(), |length| at + length);
                if end > at {
                    sink(Part::Text(&bytes[at..end]));
                }
                at = end;
                if let Some(first) = bytes.get(at) {
                    self.begin(*first);
                    at += 1;
                }
                continue;
            }
            if self.step(bytes[at], sink) {
                at += 1;
            }
        }
    }

    /// Whether the stream stands within a sequence.
    pub fn is_within(&self) -> bool {
        self.state != State::Ground
    }

    fn begin(&mut self, first: u8) {
        self.pending.clear();
        self.pending.push(first);
        self.state = if first == ESC { State::Escape } else { State::Latin };
    }

    /// Takes one byte that is not in the ground state; `false`: it is to be looked at again.
    fn step(&mut self, byte: u8, sink: &mut impl FnMut(Part<'_>)) -> bool {
        let aborts = matches!(byte, 0x18 | 0x1a);
        match self.state {
            State::Ground => return false,
            State::Latin => {
                self.state = State::Ground;
                if matches!(byte, 0x80..=0x9f) {
                    sink(Part::Other);
                    return true;
                }
                sink(Part::Text(&[0xc2]));
                return false;
            }
            State::String | State::StringEscape if aborts || byte == 0x07 => {
                self.state = State::Ground;
                sink(Part::Other);
            }
            State::StringEscape if byte == b'\\' => {
                self.state = State::Ground;
                sink(Part::Other);
            }
            State::String | State::StringEscape => {
                self.state = if byte == ESC { State::StringEscape } else { State::String };
            }
            _ if aborts => {
                self.state = State::Ground;
                sink(Part::Other);
            }
            _ if byte == ESC => self.begin(ESC),
            State::Escape => self.escape(byte, sink),
            State::Control => match byte {
                0x20..=0x3f if self.pending.len() >= LONGEST => self.state = State::Endless,
                0x20..=0x3f => self.pending.push(byte),
                0x40..=0x7e => {
                    self.pending.push(byte);
                    self.state = State::Ground;
                    sink(Part::Control(&self.pending));
                }
                // Terminals do what it says, in the middle of the sequence.
                0x00..=0x1f => sink(Part::Text(&[byte])),
                _ => {}
            },
            State::Endless => {
                if matches!(byte, 0x40..=0x7e) {
                    self.state = State::Ground;
                    sink(Part::Other);
                }
            }
        }
        true
    }

    fn escape(&mut self, byte: u8, sink: &mut impl FnMut(Part<'_>)) {
        let first = self.pending.len() == 1;
        match byte {
            b'[' if first => {
                self.pending.push(byte);
                self.state = State::Control;
            }
            // OSC, DCS, SOS, PM, APC, and the title of screen and tmux.
            b']' | b'P' | b'X' | b'^' | b'_' | b'k' if first => self.state = State::String,
            0x20..=0x2f if self.pending.len() < LONGEST => self.pending.push(byte),
            0x30..=0x7e => {
                self.pending.push(byte);
                self.state = State::Ground;
                sink(Part::Escape(&self.pending));
            }
            0x00..=0x1f => sink(Part::Text(&[byte])),
            _ => {
                self.state = State::Ground;
                sink(Part::Other);
            }
        }
    }
}

/// Passes on what draws on a screen, and nothing that does more: no window titles, no clipboard, no question that a
/// terminal would answer as if it were typed, no mode that changes what keys and the mouse send.
///
/// For showing what is on record: a stream that a block wrote must not act on the terminal of whoever looks at it later.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    escapes: Escapes,
    /// Whether it is the alternate screen that is drawn on.
    alternate: bool,
}

impl Drawing {
    /// Takes the next piece, and gives what of it draws.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut drawn = Vec::with_capacity(bytes.len());
        let alternate = &mut self.alternate;
        self.escapes.push(bytes, &mut |part| match part {
            Part::Text(text) => drawn.extend(text.iter().filter(|byte| is_plain(**byte))),
            Part::Escape(sequence) if escape_draws(sequence) => drawn.extend_from_slice(sequence),
            Part::Control(sequence) if control_draws(sequence) => {
                if let Some(on) = alternates(sequence) {
                    *alternate = on;
                }
                drawn.extend_from_slice(sequence);
            }
            Part::Escape(_) | Part::Control(_) | Part::Other => {}
        });
        drawn
    }

    /// What makes the screen one that others can be shown on: not the alternate one, all lines scroll, plain characters,
    /// the cursor shown.
    pub fn end(&self) -> String {
        let leave = if self.alternate { "\x1b[?1049l" } else { "" };
        format!("{leave}\x1b7\x1b[r\x1b8\x1b[4l\x1b[?7h\x0f\x1b(B\x1b[0m\x1b[?25h")
    }
}

/// Whether a sequence turns the alternate screen on or off.
fn alternates(sequence: &[u8]) -> Option<bool> {
    let [b'\x1b', b'[', b'?', modes @ .., last] = sequence else { return None };
    let alternate = |mode: &[u8]| matches!(mode, b"47" | b"1047" | b"1049");
    modes.split(|byte| *byte == b';').any(alternate).then_some(*last == b'h')
}

/// No ENQ, which is a question, and no bell.
fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x08..=0x0f) || (byte >= 0x20 && byte != 0x7f)
}

fn escape_draws(sequence: &[u8]) -> bool {
    match sequence[1..] {
        // Cursor saved and brought back, index, next line, reverse index, tab stop, alignment test.
        [b'7' | b'8' | b'D' | b'E' | b'M' | b'H'] | [b'#', b'8'] => true,
        // Character sets.
        [b'(' | b')' | b'*' | b'+', b'0' | b'A' | b'B'] => true,
        _ => false,
    }
}

/// Private modes that only draw: column mode and origin are left out with all the others.
const DRAWING_MODES: [u16; 7] = [7, 12, 25, 47, 1047, 1048, 1049];

fn control_draws(sequence: &[u8]) -> bool {
    let [_, _, inner @ .., last] = sequence else { return false };
    if let [b'?', modes @ ..] = inner {
        let modes = std::str::from_utf8(modes).unwrap_or_default().split(';').map(str::parse::<u16>);
        return matches!(last, b'h' | b'l')
            && modes.into_iter().all(|mode| mode.is_ok_and(|mode| DRAWING_MODES.contains(&mode)));
    }
    let numbers = inner.iter().all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':'));
    numbers
        && matches!(
            last,
            b'@' | b'A'
                ..=b'M'
                    | b'P'
                    | b'S'
                    | b'T'
                    | b'X'
                    | b'Z'
                    | b'`'
                    | b'a'
                    | b'b'
                    | b'd'
                    | b'e'
                    | b'f'
                    | b'g'
                    | b'm'
                    | b'r'
                    | b's'
                    | b'u'
        )
        || matches!((inner, last), ([b'4'], b'h' | b'l'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(bytes: &[u8]) -> String {
        String::from_utf8_lossy(&Drawing::default().push(bytes)).into_owned()
    }

    #[test]
    fn what_draws_passes_and_what_does_more_does_not() {
        for draws in [
            "plain \u{e9}\u{a0}\r\n\t\u{8}",
            "\x1b[1;31mred\x1b[0m",
            "\x1b[?1049h\x1b[2J\x1b[H",
            "\x1b[?25l\x1b[10;20r\x1b7\x1b8",
            "\x1b(0lqqk\x1b(B",
            "\x1b[4h\x1b[4l",
        ] {
            assert_eq!(drawn(draws.as_bytes()), draws);
        }
        for (bytes, left) in [
            (&b"a\x1b]0;title\x07b"[..], "ab"),
            (b"a\x1b]52;c;aGk=\x1b\\b", "ab"),
            (b"a\x1bP$q\"p\x1b\\b", "ab"),
            (b"a\x1b[6nb", "ab"),
            (b"a\x1b[cb\x1b[>cb\x1b[=c", "abb"),
            (b"a\x1b[21tb", "ab"),
            (b"a\x1b[?1000;1006hb\x1b[?2004h\x1b[?1h\x1b=", "ab"),
            (b"a\x1b[>1u\x1b[<u\x1b[?u\x1b[>4;2mb", "ab"),
            (b"a\x1b[?25;1000hb", "ab"),
            (b"a\x05\x07\x7f\0b", "ab"),
            (b"a\xc2\x9b6nb", "a6nb"),
            (b"a\x1bcb\x1b[!pb", "abb"),
            (b"a\x1b[12\x18b", "ab"),
            (b"a\x1b[1\r2Ab", "a\r\x1b[12Ab"),
            (b"a\x1b[?", "a"),
        ] {
            assert_eq!(drawn(bytes), left, "{}", bytes.escape_ascii());
        }
        let endless = [b"\x1b[".as_slice(), &b"1;".repeat(500), b"Hend"].concat();
        assert_eq!(drawn(&endless), "end");
    }

    #[test]
    fn the_alternate_screen_is_left_where_it_was_left_on() {
        let end = |bytes: &[u8]| {
            let mut drawing = Drawing::default();
            drawing.push(bytes);
            drawing.end().starts_with("\x1b[?1049l")
        };
        assert!(end(b"\x1b[?1049;25h") && !end(b"\x1b[?1049h\x1b[?1049l") && !end(b"text"));
    }

    proptest! {
        #[test]
        fn however_a_stream_is_cut_the_same_is_drawn(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just(b"\x1b[1m".to_vec()), Just(b"\x1b]0;x\x07".to_vec()), Just(b"\x1b\\".to_vec()),
                    Just(b"\xc2\x9b".to_vec()), Just("\u{a9}".as_bytes().to_vec()), Just(b"\x1b[?25h".to_vec()),
                    Just(b"\x1b[6n".to_vec()), proptest::collection::vec(any::<u8>(), 0..4),
                ],
                0..12,
            ),
            cuts in proptest::collection::vec(0usize..60, 0..6),
        ) {
            let whole = pieces.concat();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(whole.len())).collect();
            cuts.extend([0, whole.len()]);
            cuts.sort_unstable();
            let mut drawing = Drawing::default();
            let cut: Vec<u8> = cuts.windows(2).flat_map(|pair| drawing.push(&whole[pair[0]..pair[1]])).collect();
            prop_assert_eq!(cut, Drawing::default().push(&whole));
        }
    }
}
