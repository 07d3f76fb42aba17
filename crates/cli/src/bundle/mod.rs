//! A record in one file to give away, as verbs are given it.

use std::io;
use std::path::Path;

use holdpoint_record::bundle::{Room, Unpacked, is_one};

use crate::files;

/// The script that checks a record with sha256sum, jq and ssh-keygen alone.
pub const SCRIPT: &str = include_str!("verify.sh");

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
    holdpoint_record::bundle::unpack(file, room).map(Some)
}
