//! A bundle to a private directory. It may be anybody's: names, kinds and sizes are looked at before anything is written,
//! and only what a proof reads is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use ruzstd::decoding::StreamingDecoder;
use tar::{Archive, EntryType};

use crate::LOG;

/// How a zstd frame begins.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// What is said of bytes that decoders stumble over.
const DAMAGED: &str = "it is damaged, or its end is missing";
/// So much may come out of any bundle, bytes; and of a larger one so many times its own size.
const LEAST_ROOM: u64 = 1 << 30;
const MOST_TIMES: u64 = 256;
/// So many files may come out of any bundle.
const LEAST_FILES: u64 = 1000;

/// How much may come out of a bundle.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Bytes of all files together.
    pub bytes: u64,
    /// Files.
    pub files: u64,
}

impl Room {
    /// For a bundle of so many bytes.
    pub fn of(bytes: u64) -> Room {
        // Nearly all files of a record are blobs, whose names take 32 bytes however they are compressed.
        Room { bytes: LEAST_ROOM.max(bytes.saturating_mul(MOST_TIMES)), files: LEAST_FILES + bytes / 32 }
    }
}

/// Whether a file begins as a bundle does. Afterwards it stands where it stood.
pub fn is_one(file: &mut File) -> bool {
    let mut first = [0; 4];
    let read = file.read_exact(&mut first).is_ok();
    file.rewind().is_ok() && read && first == MAGIC
}

/// Unpacks the record of a bundle into a directory, which should be this user's own and empty, if there is room for it.
/// Gives the run's directory in it.
///
/// # Errors
/// It is no bundle, damaged, too large, or made to do harm; kind `InvalidData` or `UnexpectedEof` then. Nothing is left
/// behind.
pub fn unpack(file: File, room: Room, into: &Path) -> io::Result<PathBuf> {
    // In the words of its readers it says how far a decoder came, to nobody's use.
    unpack_into(file, room, into).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::Other => bad(DAMAGED),
        _ => error,
    })
}

fn unpack_into(file: File, room: Room, into: &Path) -> io::Result<PathBuf> {
    let Room { bytes: room, files: most } = room;
    let frame = StreamingDecoder::new(BufReader::new(file)).map_err(|_| bad(DAMAGED))?;
    let mut archive = Archive::new(frame.take(room));
    let mut top: Option<String> = None;
    // Raw: names that stand in an entry of their own, and may be of any length, are not taken.
    for (count, entry) in archive.entries()?.raw(true).enumerate() {
        let mut entry = entry?;
        if count as u64 >= most {
            return Err(bad("it holds too many files"));
        }
        let name = entry.path()?.into_owned();
        let (first, rest) = parts(&name)?;
        if top.get_or_insert_with(|| first.clone()) != &first {
            return Err(bad(format!("it holds more than one directory: {}", name.display())));
        }
        match entry.header().entry_type() {
            EntryType::Directory => continue,
            EntryType::Regular if rest.as_os_str().is_empty() => {
                return Err(bad("its record is no directory"));
            }
            EntryType::Regular => {}
            other => return Err(bad(format!("{} is no file: {other:?}", name.display()))),
        }
        if entry.size() > room {
            return Err(bad(format!("{} is said to be {} bytes long", name.display(), entry.size())));
        }
        if is_of_record(&rest) {
            let size = entry.size();
            keep(&mut entry, size, &into.join(&name))?;
        }
    }
    let mut frame = archive.into_inner();
    io::copy(&mut frame, &mut io::sink())?;
    if frame.limit() == 0 {
        return Err(bad(format!("more than {room} bytes come out of it")));
    }
    let (mut file, frame) = frame.into_inner().into_parts();
    if frame.get_checksum_from_data().is_some_and(|sum| Some(sum) != frame.get_calculated_checksum()) {
        return Err(bad("its checksum does not fit: it was damaged on its way"));
    }
    // What `zstd -d` would go on with must not be something else than what was looked at here.
    if file.read(&mut [0])? > 0 {
        return Err(bad("something follows its end"));
    }
    let dir = into.join(top.ok_or_else(|| bad("it is empty"))?);
    if !dir.join(LOG).is_file() {
        return Err(bad(format!("there is no {LOG} in it")));
    }
    Ok(dir)
}

/// The directory that an entry is in, and its name there; never one that leads out of it.
fn parts(name: &Path) -> io::Result<(String, PathBuf)> {
    let out = || bad(format!("{:?} leads out of it", name.display().to_string()));
    let mut parts = Vec::new();
    for part in name.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str().ok_or_else(out)?),
            Component::CurDir => {}
            _ => return Err(out()),
        }
    }
    let (first, rest) = parts.split_first().ok_or_else(out)?;
    Ok(((*first).to_owned(), rest.iter().collect()))
}

/// Whether a proof reads it. Reports, the script and copies for people are not unpacked.
fn is_of_record(name: &Path) -> bool {
    let parts: Vec<_> = name.iter().filter_map(|part| part.to_str()).collect();
    matches!(
        parts.as_slice(),
        [LOG | "seal.json"] | ["blobs", "sha256", _] | ["signoffs" | "reviews" | "anchors", _]
    )
}

fn keep(from: &mut impl Read, size: u64, path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    // A name that comes twice is refused.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(
        |error| match error.kind() {
            io::ErrorKind::AlreadyExists => bad("it holds a file twice"),
            _ => error,
        },
    )?;
    match io::copy(from, &mut file)? {
        copied if copied == size => Ok(()),
        _ => Err(bad("it ends in the middle of a file")),
    }
}

fn bad(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}
