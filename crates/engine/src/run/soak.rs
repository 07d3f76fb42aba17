//! Tries of a check that passed one after another.

use std::time::Duration;

use holdpoint_model::Hold;
use jiff::Timestamp;

/// A soak that has begun anew more often than this since somebody asked for it is given up.
pub(crate) const MOST_ANEW: u32 = 3;

/// Tries of a check that passed one after another, with nobody looking away in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Soak {
    /// When the first of them ended.
    since: Timestamp,
    /// When the last of them did.
    last: Timestamp,
    pub(crate) tries: u32,
    /// How often it has begun anew, as nobody had looked for too long.
    pub(crate) anew: u32,
    /// What comes next begins anew: another driver has the run.
    pub(crate) broken: bool,
}

/// What a document asks of a soak.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) hold: Hold,
    /// From the end of one try to the end of the next: longer than this, nobody looked.
    pub(crate) longest: Duration,
}

impl Soak {
    pub(crate) fn begun(at: Timestamp) -> Soak {
        Soak { since: at, last: at, tries: 1, anew: 0, broken: false }
    }

    /// Another try passed. Where the time between is longer than the document lets it be, or a clock went back, what was
    /// seen before says nothing of what was meanwhile.
    pub(crate) fn and(self, at: Timestamp, longest: Duration) -> Soak {
        let between = Duration::try_from(at.duration_since(self.last));
        match between {
            Ok(between) if between <= longest => {
                Soak { last: at, tries: self.tries.saturating_add(1), ..self }
            }
            _ => Soak { anew: self.anew.saturating_add(1), ..Soak::begun(at) },
        }
    }

    pub(crate) fn held(&self) -> Duration {
        Duration::try_from(self.last.duration_since(self.since)).unwrap_or_default()
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.anew > MOST_ANEW
    }
}
