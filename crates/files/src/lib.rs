//! Files that a document, a configuration, an answers file or the operator names. Only regular files are read: opening
//! one never waits for somebody at the other end, and reading one comes to an end.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use rustix::fs::OFlags;

/// Most bytes of a text that people write: a document, a configuration, answers, a list of keys.
pub const TEXT: u64 = 64 * 1024 * 1024;
/// Most bytes of a value: an input, or a file that a capture is taken from.
pub const VALUE: u64 = 16 * 1024 * 1024;
/// Most bytes of a file that is kept as evidence.
pub const EVIDENCE: u64 = 1024 * 1024 * 1024;

/// Opens a regular file. Anything else is refused before it is opened, for opening a device can do something; and again
/// afterwards, for another may have taken its place.
///
/// # Errors
/// It cannot be opened, or is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    regular(&std::fs::metadata(path).map_err(|error| {
        // A name that leads nowhere is not a name that nobody gave.
        let leads_nowhere = error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_ok();
        if leads_nowhere { invalid("it is a link that leads nowhere") } else { error }
    })?)?;
    // Without waiting: not for a writer, and not for what some files of /proc have yet to say.
    let careful = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(careful.bits() as i32).open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

/// Whether something is there that would be lost if it were written over: anything but a FIFO or a device.
pub fn is_taken(path: &Path) -> bool {
    match std::fs::metadata(path) {
        Ok(found) => found.is_file() || found.is_dir(),
        Err(_) => path.symlink_metadata().is_ok(),
    }
}

/// Makes a file to write to, the user's own, where there is none; or opens a FIFO or a device. A FIFO that nobody reads is
/// refused rather than waited for.
///
/// # Errors
/// It cannot be made or opened, or a file is there already.
pub fn create_new(path: &Path) -> io::Result<File> {
    let is_there = std::fs::metadata(path).is_ok_and(|found| !found.is_file());
    let mut options = OpenOptions::new();
    options.write(true).create_new(!is_there).mode(0o600);
    let file = options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32).open(path)?;
    rustix::fs::fcntl_setfl(&file, OFlags::empty())?;
    Ok(file)
}

/// Reads a regular file of at most `most` bytes.
///
/// # Errors
/// As [`open`]; or it is longer, also where its length was not known before.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    bytes(open(path)?, most)
}

/// As [`read`], of a text in UTF-8.
///
/// # Errors
/// As [`read`]; or it is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?).map_err(|_| invalid("it is not UTF-8"))
}

/// As [`read`], where `path` may not lead out of the directories in `within`, by a link neither.
///
/// # Errors
/// As [`read`]; or it leads out of them.
pub fn read_within(within: &[&Path], path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    // What was opened, and not what has its name by now.
    let (opened, found) = (file.metadata()?, path.canonicalize()?);
    let named = found.symlink_metadata()?;
    let same = (opened.dev(), opened.ino()) == (named.dev(), named.ino());
    if same && within.iter().any(|directory| is_below(directory, &found)) {
        return bytes(file, most);
    }
    Err(invalid("it lies outside of the repository"))
}

/// Whether a path as it is written stays where it begins: it neither goes up nor begins at the root.
pub fn stays(path: &str) -> bool {
    Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Where `path` leads, links resolved, if that is in or below `directory`. What does not exist yet leads to where its
/// nearest existing parent does.
pub fn beneath(directory: &Path, path: &Path) -> Option<PathBuf> {
    let existing = path.ancestors().find(|up| up.symlink_metadata().is_ok())?;
    let rest = path.strip_prefix(existing).ok()?;
    let plain = rest.components().all(|part| matches!(part, Component::Normal(_)));
    let found = existing.canonicalize().ok()?;
    // Joined with nothing it would end in a slash, and then be no file.
    let whole = if rest.as_os_str().is_empty() { found.clone() } else { found.join(rest) };
    (plain && is_below(directory, &found)).then_some(whole)
}

fn is_below(directory: &Path, found: &Path) -> bool {
    directory.canonicalize().is_ok_and(|directory| found.starts_with(directory))
}

fn bytes(file: File, most: u64) -> io::Result<Vec<u8>> {
    let too_long = || invalid(&format!("it is longer than {most} bytes"));
    let length = file.metadata()?.len();
    if length > most {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_long()) } else { Ok(bytes) }
}

fn regular(found: &Metadata) -> io::Result<()> {
    let kind = found.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a FIFO",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    Err(invalid(&format!("it is {what}, not a regular file")))
}

/// The error that a file is not what it has to be.
pub fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_no_regular_file_is_refused_at_once_and_named() {
        let place = tempfile::tempdir().unwrap();
        let fifo = place.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let link = place.path().join("link");
        symlink("/dev/zero", &link).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(place.path().join("socket")).unwrap();
        let cases = [
            (fifo, "a FIFO"),
            (link, "a device"),
            (place.path().join("socket"), "a socket"),
            (place.path().to_owned(), "a directory"),
        ];
        for (path, what) in cases {
            let error = read(&path, 10).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_too_long_is_refused_whatever_length_it_claims() {
        let place = tempfile::tempdir().unwrap();
        let sparse = place.path().join("sparse");
        File::create(&sparse).unwrap().set_len(200 << 30).unwrap();
        assert!(read(&sparse, TEXT).unwrap_err().to_string().contains("longer than"));
        // It says that it is empty, and is not.
        if cfg!(target_os = "linux") {
            assert!(read(Path::new("/proc/self/status"), 10).unwrap_err().to_string().contains("longer"));
        }
        std::fs::write(&sparse, "ten bytes!").unwrap();
        assert_eq!(read(&sparse, 10).unwrap(), b"ten bytes!");
    }

    #[test]
    fn a_link_does_not_lead_out_of_the_directory() {
        let place = tempfile::tempdir().unwrap();
        let (inner, outer) = (place.path().join("in"), place.path().join("out"));
        for directory in [&inner, &outer] {
            std::fs::create_dir(directory).unwrap();
            std::fs::write(directory.join("file"), "x").unwrap();
        }
        symlink(&outer, inner.join("away")).unwrap();
        symlink("file", inner.join("here")).unwrap();
        assert!(read_within(&[&inner], &inner.join("here"), 10).is_ok());
        assert!(read_within(&[&inner], &inner.join("away/file"), 10).is_err());
        assert!(beneath(&inner, &inner.join("here")).is_some());
        assert!(beneath(&inner, &inner.join("here")).is_some_and(|file| file.is_file()));
        assert!(beneath(&inner, &inner.join("new/one")).is_some());
        assert_eq!(beneath(&inner, &inner.join("away/new")), None);
        assert_eq!(beneath(&inner, &inner.join("../out")), None);
    }
}
