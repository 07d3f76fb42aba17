//! A record in one file to give away, as verbs are given it.

use std::io;
use std::path::{Path, PathBuf};

use holdpoint_executor::FleetingDir;
use holdpoint_record::bundle::{Room, is_one, unpack};

use crate::files;

/// The script that checks a record with sha256sum, jq and ssh-keygen alone.
pub const SCRIPT: &str = include_str!("verify.sh");

/// A bundle's record. The directory goes when this is dropped.
pub struct Unpacked {
    /// The run directory.
    pub dir: PathBuf,
    _temp: FleetingDir,
}

/// What is said of a file that does not even begin as a bundle does: it was named, so it was meant to be one.
pub fn not_a_bundle() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is damaged from its beginning, or no bundle")
}

/// The record of the bundle at `path`; `None` where that is none.
///
/// # Errors
/// It begins as a bundle does, and cannot be unpacked.
pub fn unpacked(path: &Path) -> io::Result<Option<Unpacked>> {
    let Ok(mut file) = files::open(path) else { return Ok(None) };
    if !is_one(&mut file) {
        return Ok(None);
    }
    let room = Room::of(file.metadata()?.len());
    let temp = FleetingDir::create(&std::env::temp_dir())?;
    let dir = unpack(file, room, temp.path())?;
    Ok(Some(Unpacked { dir, _temp: temp }))
}
