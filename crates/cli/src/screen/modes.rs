//! What a program has changed about the terminal that it draws on, and how to change it back.

use std::collections::BTreeSet;

use holdpoint_report::{Escapes, Part};

/// Private modes that are on before a program does anything, or that terminals differ in: never turned off for it.
const LEFT_ON: [u16; 5] = [7, 8, 12, 25, 1007];
/// Private modes of the alternate screen, turned off last so that everything else is cleaned up on it.
const ALTERNATE: [u16; 3] = [47, 1047, 1049];
/// More modes than any terminal has.
const MOST_MODES: usize = 256;

/// What a program has changed about a terminal, by what it wrote.
#[derive(Clone, Debug, Default)]
pub struct Modes {
    escapes: Escapes,
    on: BTreeSet<u16>,
    hidden_cursor: bool,
    no_wrap: bool,
    keypad: bool,
    /// Lines that scroll are not all lines.
    region: bool,
    /// How many of kitty's keyboard modes lie on its stack.
    keyboards: u16,
    /// Whether xterm's way of sending more keys is on.
    more_keys: bool,
    cursor_shape: bool,
    /// Whether a line was left unfinished.
    amid_line: bool,
    /// The same on the screen that the alternate one covers.
    amid_line_below: bool,
    /// Whether anything was written.
    touched: bool,
}

impl Modes {
    /// Takes note of what is written.
    pub fn note(&mut self, bytes: &[u8]) {
        let mut escapes = std::mem::take(&mut self.escapes);
        escapes.push(bytes, &mut |part| self.part(part));
        self.escapes = escapes;
        self.touched |= !bytes.is_empty();
    }

    fn part(&mut self, part: Part<'_>) {
        match part {
            Part::Text(text) => self.amid_line = !text.ends_with(b"\n"),
            Part::Escape(b"\x1b=") => self.keypad = true,
            Part::Escape(b"\x1b>") => self.keypad = false,
            Part::Escape(b"\x1bc") => *self = Modes { touched: true, ..Modes::default() },
            Part::Control(sequence) => self.control(sequence),
            Part::Escape(_) | Part::Other => {}
        }
    }

    fn control(&mut self, sequence: &[u8]) {
        let [_, _, inner @ .., last] = sequence else { return };
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<u16>().ok();
        match (inner, last) {
            ([b'?', modes @ ..], b'h' | b'l') => {
                modes
                    .split(|byte| *byte == b';')
                    .filter_map(number)
                    .for_each(|mode| self.mode(mode, *last == b'h'));
            }
            (region, b'r') => self.region = !region.is_empty() && !region.starts_with(b"?"),
            ([b'>', ..], b'u') => self.keyboards = self.keyboards.saturating_add(1),
            ([b'<', many @ ..], b'u') => {
                self.keyboards = self.keyboards.saturating_sub(number(many).unwrap_or(1));
            }
            (b">4" | b">4;0" | b">", b'm') => self.more_keys = false,
            ([b'>', b'4', ..], b'm') => self.more_keys = true,
            ([.., b' '], b'q') => self.cursor_shape = true,
            _ => {}
        }
    }

    fn mode(&mut self, mode: u16, on: bool) {
        if ALTERNATE.contains(&mode) && on != self.is_alternate() {
            match on {
                true => self.amid_line_below = self.amid_line,
                false => self.amid_line = self.amid_line_below,
            }
        }
        match mode {
            25 => self.hidden_cursor = !on,
            7 => self.no_wrap = !on,
            _ if !on => drop(self.on.remove(&mode)),
            _ if self.on.len() < MOST_MODES && !LEFT_ON.contains(&mode) => drop(self.on.insert(mode)),
            _ => {}
        }
    }

    fn is_alternate(&self) -> bool {
        ALTERNATE.iter().any(|mode| self.on.contains(mode))
    }

    /// What brings the terminal back to how it was before: the modes off that were turned on, the cursor shown, plain
    /// characters. Leaves the alternate screen, and begins a new line where one was left unfinished.
    pub fn undo(&self) -> Vec<u8> {
        if !self.touched {
            return Vec::new();
        }
        let mut undo = Vec::new();
        let mut add = |text: &str| undo.extend_from_slice(text.as_bytes());
        if self.escapes.is_within() {
            // Or what follows would be swallowed.
            add("\x18\x1b\\");
        }
        if self.keyboards > 0 {
            add(&format!("\x1b[<{}u", self.keyboards));
        }
        if self.more_keys {
            add("\x1b[>4m");
        }
        for mode in self.on.iter().filter(|mode| !ALTERNATE.contains(mode)) {
            add(&format!("\x1b[?{mode}l"));
        }
        if self.region {
            add("\x1b7\x1b[r\x1b8");
        }
        for mode in self.on.iter().filter(|mode| ALTERNATE.contains(mode)) {
            add(&format!("\x1b[?{mode}l"));
        }
        if self.no_wrap {
            add("\x1b[?7h");
        }
        if self.cursor_shape {
            add("\x1b[0 q");
        }
        if self.keypad {
            add("\x1b>");
        }
        add("\x1b[4l\x0f\x1b(B\x1b[0m\x1b[?25h");
        // The way back from the alternate screen puts the cursor to where it was before.
        if if self.is_alternate() { self.amid_line_below } else { self.amid_line } {
            add("\r\n");
        }
        undo
    }

    /// What brings a program's modes back after [`Modes::undo`].
    pub fn redo(&self) -> Vec<u8> {
        let (alternate, others): (Vec<u16>, Vec<u16>) =
            self.on.iter().partition(|mode| ALTERNATE.contains(mode));
        let mut redo: String =
            alternate.into_iter().chain(others).map(|mode| format!("\x1b[?{mode}h")).collect();
        redo.push_str(if self.keypad { "\x1b=" } else { "" });
        redo.push_str(if self.hidden_cursor { "\x1b[?25l" } else { "" });
        redo.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undo(pieces: &[&[u8]]) -> String {
        let mut modes = Modes::default();
        pieces.iter().for_each(|piece| modes.note(piece));
        String::from_utf8(modes.undo()).unwrap().replace('\x1b', "E")
    }

    #[test]
    fn what_was_turned_on_is_turned_off_and_the_alternate_screen_is_left_last() {
        let plain = "E[4l\x0fE(BE[0mE[?25h";
        assert_eq!(undo(&[]), "");
        assert_eq!(undo(&[b"text\r\n"]), plain);
        assert_eq!(undo(&[b"text"]), format!("{plain}\r\n"));
        assert_eq!(
            undo(&[b"\x1b[?1049h\x1b[?1h\x1b=\x1b[?2004h\x1b[?1000;1006h\x1b[2;5r\x1b[>4;2m\x1b[5 q"]),
            format!("E[>4mE[?1lE[?1000lE[?1006lE[?2004lE7E[rE8E[?1049lE[0 qE>{plain}")
        );
        assert_eq!(undo(&[b"\x1b[?1049h\x1b[?1049l\x1b[>1u\x1b[>3u\x1b[<u\r\n"]), format!("E[<1u{plain}"));
        assert_eq!(undo(&[b"\x1b[?7;25l\x1b[?7h\x1b[?25h\x1b[?1007h\n"]), plain);
        assert_eq!(undo(&[b"\x1b[?1049h\x1bc"]), plain);
        assert_eq!(undo(&[b"half\x1b[?1049hon the other\n"]), format!("E[?1049l{plain}\r\n"));
        assert_eq!(undo(&[b"half\x1b[?1049hx\n\x1b[?1049l"]), format!("{plain}\r\n"));
        assert_eq!(undo(&[b"\x1b]0;no end\n"]), format!("\x18E\\{plain}"));
    }

    #[test]
    fn wherever_the_stream_is_cut_the_same_is_undone() {
        let stream = b"ab\x1b[?1049h\x1b[?25l\x1b[1;10r\x1b]0;t\x07\x1b[?2004hx\xc2\xa9";
        let whole = undo(&[stream]);
        for cut in 0..stream.len() {
            assert_eq!(undo(&[&stream[..cut], &stream[cut..]]), whole, "{cut}");
        }
    }

    #[test]
    fn what_is_brought_back_is_what_was_on() {
        let mut modes = Modes::default();
        modes.note(b"\x1b[?2004h\x1b[?1049h\x1b[?25l");
        assert_eq!(modes.redo(), b"\x1b[?1049h\x1b[?2004h\x1b[?25l");
    }
}
