//! A run that is taken up to be written to, by whatever verb.

use holdpoint_driver::{NotConforming, Recorder, Secrets};
use holdpoint_engine::{Event, Stamped};
use holdpoint_record::{Recovered, Writer};
use jiff::Timestamp;

use super::read::Recorded;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::disk::Disk;
use crate::world::screening::Screening;

/// A run and its record on the disk, told of on the terminal.
pub type OnDisk<'a> = Recorder<'a, Disk, Screening>;

/// Folds in what `writer` has read and puts on record what was cut off: before anybody is asked anything, for they may
/// leave, and whatever is refused then.
pub fn take_up<'a>(
    recorded: (&'a holdpoint_document::Plan, &'a str),
    disk: Disk,
    screening: Screening,
    secrets: &Secrets,
    events: &[Stamped],
    recovered: Option<&Recovered>,
) -> Result<OnDisk<'a>, Problem> {
    let mut recorder = Recorder::new(recorded, disk, screening, secrets.clone(), Timestamp::now);
    recorder.replay(events).map_err(|NotConforming { n, unexpected }| {
        Problem::record(
            format!("the record does not conform at event {n}: {unexpected}"),
            "Nothing was executed. `holdpoint verify` says more.",
        )
    })?;
    if let Some(recovered) = recovered {
        recorder.record(vec![Event::LogRecovered { torn: recovered.torn.clone() }])?;
    }
    Ok(recorder)
}

/// As [`take_up`], to write something beside a run that nobody drives.
pub fn take_up_beside<'a>(
    screen: &Screen,
    recorded: &'a Recorded,
    (writer, events, recovered): (Writer, Vec<Stamped>, Option<Recovered>),
    secrets: &Secrets,
) -> Result<OnDisk<'a>, Problem> {
    let book = (&recorded.plan, recorded.sources.text());
    take_up(book, Disk::beside(writer), Screening::new(screen, false), secrets, &events, recovered.as_ref())
}
