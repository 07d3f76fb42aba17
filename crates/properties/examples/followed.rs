//! `followed FILE`: whether what must hold of a document that people follow by hand holds of this one. A panic tells
//! what does not.

use std::fs;
use std::io;

fn main() -> io::Result<()> {
    let file =
        std::env::args_os().nth(1).ok_or_else(|| io::Error::other("name a document: followed FILE"))?;
    holdpoint_properties::followed_by_hand(&fs::read(file)?);
    Ok(())
}
