//! The keys that a block with a terminal cannot take: they ask for it to be stopped.

use std::time::Duration;

/// Ctrl-] as terminals send it: plainly, or where a program asked for more keys to be told apart, in xterm's and in
/// kitty's way (a key that is pressed, not one that is held or let go).
const LEAVE: [&[u8]; 5] = [b"\x1d", b"\x1b[27;5;93~", b"\x1b[93;5u", b"\x1b[93;5:1u", b"\x1b[29u"];
/// The same key in kitty's way when it is let go, which programs may ask to be told: no other key either.
const LET_GO: [&[u8]; 1] = [b"\x1b[93;5:3u"];
/// It takes this many …
const TIMES: u32 = 3;
/// … within this time, with no other key between them.
const WITHIN: Duration = Duration::from_secs(1);

/// Looks for the keys that stop a block.
#[derive(Debug, Default)]
pub(super) struct Leave {
    pressed: u32,
    /// When the first of them was, on the caller's clock.
    first: Duration,
}

impl Leave {
    /// Whether these keys, which came at this time, complete what stops a block. They are for the block all the same.
    pub(super) fn press(&mut self, keys: &[u8], at: Duration) -> bool {
        let mut rest = keys;
        let mut asked = false;
        while !rest.is_empty() {
            if let Some(after) = LEAVE.iter().find_map(|key| rest.strip_prefix(*key)) {
                rest = after;
                if self.pressed == 0 || at.saturating_sub(self.first) > WITHIN {
                    (self.pressed, self.first) = (0, at);
                }
                self.pressed += 1;
                if self.pressed == TIMES {
                    (self.pressed, asked) = (0, true);
                }
            } else if let Some(after) = LET_GO.iter().find_map(|key| rest.strip_prefix(*key)) {
                rest = after;
            } else {
                rest = &rest[1..];
                self.pressed = 0;
            }
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(presses: &[(&[u8], u64)]) -> bool {
        let mut leave = Leave::default();
        presses.iter().any(|(keys, at)| leave.press(keys, Duration::from_millis(*at)))
    }

    #[test]
    fn three_times_within_a_second_and_nothing_between() {
        assert!(asked(&[(b"\x1d\x1d\x1d", 0)]));
        assert!(asked(&[(b"a\x1d", 0), (b"\x1d", 300), (b"\x1d", 1000)]));
        assert!(asked(&[(b"\x1b[27;5;93~", 0), (b"\x1b[27;5;93~", 1), (b"\x1b[27;5;93~", 2)]));
        assert!(asked(&[(b"\x1b[93;5u", 0), (b"\x1b[93;5:3u", 1), (b"\x1b[93;5u\x1b[93;5u", 2)]));
        assert!(!asked(&[(b"\x1d", 0), (b"\x1d", 600), (b"\x1d", 1200)]));
        assert!(!asked(&[(b"\x1d\x1d", 0), (b"x", 1), (b"\x1d", 2)]));
        assert!(!asked(&[(b"\x1d\x1d", 0)]));
        assert!(asked(&[(b"\x1d", 0), (b"\x1d", 1500), (b"\x1d\x1d", 1600)]));
    }
}
