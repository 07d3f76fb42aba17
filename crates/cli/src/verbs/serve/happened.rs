//! What happened in a run, as its page tells of it.

use holdpoint_engine::Stamped;
use holdpoint_report::clock;
use holdpoint_web::Happened;
use jiff::tz::TimeZone;

/// So many of the last events stand on the page of a run that is not over.
const LAST: usize = 12;

/// An event, told with its time as the rest of the page shows times.
pub fn happened(stamped: &Stamped) -> Happened {
    let Stamped { n, at, event, .. } = stamped;
    Happened { n: *n, at: clock(*at, &TimeZone::system()), words: event.told() }
}

/// The last of these events.
pub fn last(events: &[Stamped]) -> Vec<Happened> {
    events[events.len().saturating_sub(LAST)..].iter().map(happened).collect()
}
