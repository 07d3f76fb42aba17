//! Times as whoever reads a message is told them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Date and time to the second in the reader's zone: `2026-11-23 15:34:05 +01:00`.
pub(crate) fn clock(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}
