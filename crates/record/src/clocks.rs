//! Times in a record that cannot be: remarks, for a clock that was set is no proof of anything.

use holdpoint_engine::Stamped;
use jiff::Timestamp;

use crate::Expunged;

pub use holdpoint_engine::SKEW;

/// Whether `later` is before `earlier` by more than [`SKEW`].
pub fn is_back(earlier: Timestamp, later: Timestamp) -> bool {
    earlier.duration_since(later) > SKEW
}

/// The clock of the events that went by.
#[derive(Default)]
pub(crate) struct Clock {
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    backwards: usize,
    worst: Option<(u64, Timestamp, Timestamp)>,
}

impl Clock {
    pub(crate) fn see(&mut self, stamped: &Stamped) {
        let at = stamped.at;
        self.first.get_or_insert(at);
        if let Some(before) = self.last.replace(at)
            && is_back(before, at)
        {
            self.backwards += 1;
            self.worst.get_or_insert((stamped.n, before, at));
        }
    }

    /// What cannot be, in words.
    pub(crate) fn remarks(&self, expunged: &[Expunged]) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some((n, before, at)) = self.worst {
            let more = match self.backwards {
                1 => String::new(),
                several => format!(", the first of {several} such"),
            };
            remarks.push(format!("a clock was set back: event {n} is of {at}, after one of {before}{more}"));
        }
        for Expunged { event, tombstone, .. } in expunged {
            if let Some(first) = self.first.filter(|first| is_back(*first, tombstone.at)) {
                let (at, blob) = (tombstone.at, &tombstone.blob.sha256);
                remarks.push(format!(
                    "event {event}: the tombstone of the blob {blob} is of {at}, before the run opened at {first}"
                ));
            }
        }
        remarks
    }
}
