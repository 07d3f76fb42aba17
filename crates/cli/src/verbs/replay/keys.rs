//! Keys while a replay runs: each as it is pressed, without Enter. `console` reads keys too, but cannot stop waiting for
//! one, and a replay goes on by itself.

use crate::screen::Screen;
use std::io::stdin;
use std::time::Duration;

use holdpoint_report::Wish;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Something of the player.
    Wish(Wish),
    /// What the keys are.
    Help,
    /// The end.
    Quit,
}

/// What each key does, for whoever asks.
pub const HELP: [(&str, &str); 7] = [
    ("space", "stop, and go on"),
    ("right, down", "to the next action; the rest of this one is shown at once"),
    ("left, up", "to the beginning of this action, then to the one before"),
    ("d", "to the next deviation"),
    ("s", "to the next sign-off"),
    ("?", "this"),
    ("q, Ctrl-C", "leave"),
];

/// The terminal, handing on each key. It is as it was before when this is dropped.
pub struct Keys {
    before: Termios,
    typed: Vec<u8>,
}

impl Keys {
    /// Listens to the terminal on standard input.
    pub fn listen(screen: &Screen) -> std::io::Result<Keys> {
        let before = tcgetattr(stdin())?;
        let mut raw = before.clone();
        // Output stays as it is. A stopped program would leave the terminal like this: no signals by keys.
        raw.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN;
        raw.special_codes[SpecialCodeIndex::VMIN] = 0;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        screen.hearing().remember_modes();
        tcsetattr(stdin(), OptionalActions::Now, &raw)?;
        Ok(Keys { before, typed: Vec::new() })
    }

    /// The next key that means something, if one comes within `patience`.
    pub fn next_within(&mut self, patience: Duration) -> Option<Key> {
        if let Some(key) = decode(&mut self.typed) {
            return Some(key);
        }
        let stdin = stdin();
        let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
        let patience = Timespec::try_from(patience).ok();
        // A wait that is broken off by a signal is over: whoever waits looks at signals then.
        if poll(&mut ready, patience.as_ref()).is_err() || ready[0].revents().is_empty() {
            return None;
        }
        let mut buffer = [0; 64];
        match rustix::io::read(&stdin, &mut buffer) {
            // The terminal went away.
            Ok(0) if !ready[0].revents().contains(PollFlags::IN) => return Some(Key::Quit),
            Ok(length) => self.typed.extend_from_slice(&buffer[..length]),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Err(_) => return Some(Key::Quit),
        }
        decode(&mut self.typed)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}

/// Takes the next key that means something off what was typed; what is not complete yet stays.
fn decode(typed: &mut Vec<u8>) -> Option<Key> {
    loop {
        let (taken, key) = match typed.as_slice() {
            [] | [0x1b] => return None,
            [0x1b, b'[' | b'O', rest @ ..] => {
                let end = rest.iter().position(|byte| (0x40..=0x7e).contains(byte))?;
                let wish = match rest[end] {
                    b'C' | b'B' => Some(Wish::Forward),
                    b'D' | b'A' => Some(Wish::Back),
                    _ => None,
                };
                (end + 3, wish.map(Key::Wish))
            }
            [first, ..] => (1, plain(*first)),
        };
        typed.drain(..taken);
        if key.is_some() {
            return key;
        }
    }
}

fn plain(byte: u8) -> Option<Key> {
    Some(match byte.to_ascii_lowercase() {
        b' ' => Key::Wish(Wish::Pause),
        b'd' => Key::Wish(Wish::Deviation),
        b's' => Key::Wish(Wish::SignOff),
        b'?' | b'h' => Key::Help,
        b'q' | 0x03 | 0x04 => Key::Quit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(typed: &[u8]) -> (Vec<Key>, Vec<u8>) {
        let mut typed = typed.to_vec();
        let keys = std::iter::from_fn(|| decode(&mut typed)).collect();
        (keys, typed)
    }

    #[test]
    fn arrows_come_in_both_of_their_forms_and_with_modifiers() {
        let (keys, left) = keys(b"\x1b[C\x1bOB\x1b[D\x1bOA\x1b[1;5C");
        let [forward, back] = [Key::Wish(Wish::Forward), Key::Wish(Wish::Back)];
        assert_eq!((keys, left), (vec![forward, forward, back, back, forward], vec![]));
    }

    #[test]
    fn an_arrow_that_comes_in_pieces_is_waited_for() {
        assert_eq!(keys(b"d\x1b"), (vec![Key::Wish(Wish::Deviation)], vec![0x1b]));
        assert_eq!(keys(b"\x1b["), (vec![], b"\x1b[".to_vec()));
    }

    #[test]
    fn what_means_nothing_is_passed_over() {
        assert_eq!(keys(b"xyz\x1b[5~\x1bq"), (vec![Key::Quit], vec![]));
        assert_eq!(keys("ü".as_bytes()), (vec![], vec![]));
    }
}
