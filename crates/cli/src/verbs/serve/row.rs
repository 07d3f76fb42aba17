//! A run in the list, as `runs` tells of it.

use holdpoint_record::RunDir;
use holdpoint_web::Row;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::verbs::runs::{json_of_standing, state, tone};
use crate::verbs::standing::Standing;

/// A run in the list.
pub fn row(dir: &RunDir, standing: &Standing) -> Row {
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    Row {
        number: dir.number,
        state: state(standing, now, &zone),
        tone: tone(standing).name(),
        environment: standing.opened.environment.name.clone(),
        opened: holdpoint_report::moment(standing.first, now, &zone),
        operator: standing.operator.clone(),
        title: standing.broken.clone().unwrap_or_else(|| standing.opened.title()),
        json: json_of_standing(dir, standing),
    }
}
