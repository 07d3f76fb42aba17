//! Files to a bundle.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;

use ruzstd::encoding::{CompressionLevel, compress};
use tar::{Builder, EntryType, Header};

use super::Kept;
use crate::open_regular;

/// What stands in a file of the bundle.
pub enum Content {
    /// This.
    Bytes(Vec<u8>),
    /// So many first bytes of this file.
    File(PathBuf, u64),
}

/// Writes a bundle: names in order, owner, group and mode always the same, one time for all. `time` is in seconds
/// since 1970; `files` are named from the one directory `top`.
///
/// # Errors
/// Something cannot be read or written; what was written then is no bundle.
pub fn pack(top: &str, time: u64, files: &BTreeMap<String, Content>, to: impl Write) -> io::Result<()> {
    let mut archive = Builder::new(tempfile::tempfile()?);
    for (name, content) in files {
        let mut header = Header::new_ustar();
        header.set_path(format!("{top}/{name}"))?;
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o600);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(time);
        let size = match content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File(_, size) => *size,
        };
        header.set_size(size);
        header.set_cksum();
        match content {
            Content::Bytes(bytes) => archive.append(&header, bytes.as_slice())?,
            Content::File(path, size) => archive.append(&header, open_regular(path)?.take(*size))?,
        }
    }
    let mut archive = archive.into_inner()?;
    archive.rewind()?;
    let (mut from, mut to) = (Kept::new(archive), Kept::new(to));
    compress(&mut from, &mut to, CompressionLevel::Fastest);
    from.sound()?;
    to.sound()?.flush()
}
