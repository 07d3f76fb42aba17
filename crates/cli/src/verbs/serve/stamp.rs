//! Whether a record may have changed since it was read, and whether it is one that is read for a page at all.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use holdpoint_record::{Holder, LOG, driver, has_tombstones};
use holdpoint_view::HeldBy;

use crate::problem::Problem;
use crate::verbs::read::held;

/// Most bytes of a record's events. Whoever waits for a page does not wait for more.
const LONGEST: u64 = 64 * 1024 * 1024;
/// Most bytes of its blobs.
const LARGEST: u64 = 512 * 1024 * 1024;
/// Most blobs.
const MOST: usize = 50_000;
/// Two writes within so long may bear the same time.
const TICK: Duration = Duration::from_secs(1);

/// What a record looks like from outside: while that stays, and it has [settled](Stamp::settled), it is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    log: Option<Look>,
    seal: Option<Look>,
    driver: Option<Holder>,
    tombstones: bool,
    reviews: Option<Look>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl Look {
    fn at(path: &Path) -> Option<Look> {
        let found = path.symlink_metadata().ok()?;
        // The time of the last change of anything about it: nobody sets that one back.
        Some(Look { inode: found.ino(), bytes: found.len(), changed: (found.ctime(), found.ctime_nsec()) })
    }
}

impl Stamp {
    /// Of the record in a directory.
    pub fn of(dir: &Path) -> Stamp {
        Stamp {
            log: Look::at(&dir.join(LOG)),
            seal: Look::at(&dir.join("seal.json")),
            driver: driver(dir),
            tombstones: has_tombstones(dir),
            reviews: Look::at(&dir.join("reviews")),
        }
    }

    /// Whether it is long enough ago that it changed: what is written now cannot bear the same time any more.
    pub fn settled(&self) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let last = [self.log, self.seal, self.reviews]
            .into_iter()
            .flatten()
            .map(|look| look.changed.0)
            .max()
            .unwrap_or(0);
        u64::try_from(last).is_ok_and(|last| Duration::from_secs(last) + TICK < now)
    }

    /// Who had the run then.
    pub fn held(&self) -> Option<HeldBy> {
        self.driver.clone().map(held)
    }

    /// Whether it is sealed, at a glance.
    pub fn has_seal(&self) -> bool {
        self.seal.is_some()
    }
}

/// Refuses to read events of which there are too many.
pub fn short_enough(dir: &Path) -> Result<(), Problem> {
    match dir.join(LOG).symlink_metadata() {
        Ok(found) if found.len() > LONGEST => {
            Err(too_much(&format!("its events take more than {} MB", LONGEST >> 20)))
        }
        // What it is that stands there instead is told by whoever reads it.
        _ => Ok(()),
    }
}

/// Refuses to prove a record of which there is too much.
pub fn small_enough(dir: &Path) -> Result<(), Problem> {
    short_enough(dir)?;
    let Ok(entries) = std::fs::read_dir(dir.join("blobs/sha256")) else { return Ok(()) };
    let sizes = entries.take(MOST + 1).map(|entry| {
        entry.and_then(|entry| entry.path().symlink_metadata()).as_ref().map_or(0, Metadata::len)
    });
    let (count, bytes) =
        sizes.fold((0, 0u64), |(count, bytes), size| (count + 1, bytes.saturating_add(size)));
    if count > MOST || bytes > LARGEST {
        return Err(too_much(&format!("its outputs take more than {} MB, or {MOST} files", LARGEST >> 20)));
    }
    Ok(())
}

fn too_much(what: &str) -> Problem {
    Problem::record(
        format!("the record is too long to be read for a page: {what}"),
        "Read it where it lies: holdpoint show, holdpoint verify, holdpoint report.",
    )
}
