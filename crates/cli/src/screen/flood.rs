//! How much output is shown when more comes than anybody can read: showing must not hold up what is recorded.

use std::time::{Duration, Instant};

/// So much is shown at once, bytes.
const AT_ONCE: usize = 1024 * 1024;
/// So much more with every second, bytes.
const PER_SECOND: usize = 256 * 1024;
/// Once something was left out, the next is shown when there is room for so much, bytes: in stretches, not in scraps.
const STRETCH: usize = 128 * 1024;

/// What may still be shown.
pub(super) struct Flood {
    room: usize,
    at: Instant,
    /// Left out since something was shown last, bytes.
    left_out: u64,
}

impl Flood {
    pub(super) fn new(now: Instant) -> Flood {
        Flood { room: AT_ONCE, at: now, left_out: 0 }
    }

    /// How many bytes may be shown now, where the terminal takes so `most` of them. What is shown or left out is then told
    /// to [`Flood::show`], [`Flood::leave_out`].
    pub(super) fn room(&mut self, now: Instant, most: usize) -> usize {
        let since = now.saturating_duration_since(self.at);
        let more = since.min(Duration::from_secs(60)).as_millis() as usize * PER_SECOND / 1000;
        if more > 0 {
            (self.room, self.at) = (AT_ONCE.min(self.room + more), now);
        }
        let room = self.room.min(most);
        if self.left_out > 0 && room < STRETCH { 0 } else { room }
    }

    /// So much is shown. Gives how much was left out before it.
    pub(super) fn show(&mut self, bytes: usize) -> u64 {
        self.room = self.room.saturating_sub(bytes);
        std::mem::take(&mut self.left_out)
    }

    /// So much is not shown.
    pub(super) fn leave_out(&mut self, bytes: usize) {
        self.left_out += bytes as u64;
    }

    /// So much of what was left out is shown after all. Gives how much was left out before it.
    pub(super) fn end(self, shown: usize) -> u64 {
        self.left_out.saturating_sub(shown as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_shown_in_stretches_and_what_is_left_out_is_counted() {
        let start = Instant::now();
        let mut flood = Flood::new(start);
        assert_eq!(flood.room(start, usize::MAX), AT_ONCE);
        assert_eq!(flood.show(AT_ONCE), 0);
        assert_eq!(flood.room(start, usize::MAX), 0);
        flood.leave_out(5_000_000);
        let soon = start + Duration::from_millis(100);
        assert_eq!(flood.room(soon, usize::MAX), 0, "there is room, for a scrap");
        let later = start + Duration::from_secs(1);
        let room = flood.room(later, usize::MAX);
        assert!((STRETCH..=PER_SECOND).contains(&room), "{room}");
        assert_eq!(flood.show(room), 5_000_000);
        flood.leave_out(7);
        assert_eq!(
            flood.room(later + Duration::from_secs(3600), usize::MAX),
            AT_ONCE,
            "no more than at once"
        );
        assert_eq!(flood.end(3), 4);
    }

    #[test]
    fn what_comes_slowly_is_shown_whole() {
        let start = Instant::now();
        let mut flood = Flood::new(start);
        for second in 0..1000 {
            let room = flood.room(start + Duration::from_secs(second), usize::MAX);
            assert!(room >= PER_SECOND, "{second}");
            assert_eq!(flood.show(PER_SECOND), 0);
        }
    }
}
