//! Files beside a record that are numbered without gaps, two a number: a statement, `NNNN.json`, and what it is about or
//! proved by.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::disk::{DiskError, Kind, cannot, make_dir, make_file, not_a, open_regular, sync_dir};

/// None of them is longer than this, bytes: a record may be anybody's.
pub(crate) const LONGEST: u64 = 1024 * 1024;
/// No record has more.
const MOST: usize = 9_999;
/// What the first file of each number ends with.
const STATEMENT: &str = "json";

/// Where such files are.
pub(crate) struct Numbered {
    /// The directory inside a run's.
    pub(crate) place: &'static str,
    /// What one of them is called.
    pub(crate) one: &'static str,
    /// What the second file of each number ends with, one of these.
    pub(crate) second: &'static [&'static str],
    /// What is said where it is not there.
    pub(crate) lacks: &'static str,
}

/// Why one cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Somebody else was faster, or the number is another.
    #[error("there is one of that number already")]
    Taken,
    /// It is longer than it may be.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// The file system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Numbered {
    /// The name of a file, inside the place.
    fn name(number: u64, ending: &str) -> String {
        format!("{number:04}.{ending}")
    }

    /// How many there are. A second file behind the last of them is what a crash left of the next.
    pub(crate) fn count(&self, dir: &Path) -> Result<usize, String> {
        let Numbered { place, one, .. } = self;
        let path = dir.join(place);
        if path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(0);
        }
        if let Some(other) = not_a(Kind::Directory, &path) {
            return Err(format!("{place} is {other}"));
        }
        let mut all = BTreeSet::new();
        let unlisted = |error: io::Error| format!("{place} cannot be listed: {error}");
        for entry in fs::read_dir(path).map_err(unlisted)? {
            all.insert(entry.map_err(unlisted)?.file_name().to_string_lossy().into_owned());
            if all.len() > 2 * MOST {
                return Err(format!("there are more than {MOST} {place}"));
            }
        }
        let ending = format!(".{STATEMENT}");
        let count = all.iter().filter(|name| name.ends_with(&ending)).count();
        for number in 1..=count as u64 {
            if !all.remove(&Numbered::name(number, STATEMENT)) {
                return Err(format!("{one} {number} is missing, and later ones are there"));
            }
            let second = self.second.iter().filter(|ending| all.remove(&Numbered::name(number, ending)));
            match second.count() {
                0 => return Err(format!("{one} {number} {}", self.lacks)),
                1 => {}
                _ => return Err(format!("{one} {number} is there twice")),
            }
        }
        for ending in self.second {
            all.remove(&Numbered::name(count as u64 + 1, ending));
        }
        match all.first() {
            Some(name) => Err(format!("{name:?} in {place} is no {one}")),
            None => Ok(count),
        }
    }

    /// The statement of this number.
    pub(crate) fn statement(&self, dir: &Path, number: u64) -> Result<Vec<u8>, String> {
        bytes(&dir.join(self.place).join(Numbered::name(number, STATEMENT)))
    }

    /// The second file of this number.
    pub(crate) fn second(&self, dir: &Path, number: u64, ending: &str) -> Result<Vec<u8>, String> {
        bytes(&dir.join(self.place).join(Numbered::name(number, ending)))
    }

    /// Names of both files, from the record's directory.
    pub(crate) fn names(&self, number: u64, ending: &str) -> [String; 2] {
        [STATEMENT, ending].map(|ending| format!("{}/{}", self.place, Numbered::name(number, ending)))
    }

    /// Puts both files of this number beside a record, whole or not at all: the second one first, then the statement,
    /// which makes it count.
    pub(crate) fn keep(
        &self,
        dir: &Path,
        number: u64,
        statement: &[u8],
        (ending, second): (&str, &[u8]),
    ) -> Result<(), KeepError> {
        if statement.len().max(second.len()) as u64 > LONGEST {
            return Err(KeepError::TooLong);
        }
        let place = dir.join(self.place);
        match make_dir(&place) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(cannot("create", &place)(error).into());
            }
            Err(_) => {}
            Ok(()) => sync_dir(dir)?,
        }
        // Two who do it at a time come one after the other.
        let locked = fs::File::open(&place).map_err(cannot("open", &place))?;
        locked.lock().map_err(cannot("lock", &place))?;
        if self.count(dir).ok() != usize::try_from(number - 1).ok() {
            return Err(KeepError::Taken);
        }
        // What a crash left of one that came to nothing.
        for torn in self.second {
            let torn = place.join(Numbered::name(number, torn));
            match fs::remove_file(&torn) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(cannot("replace", &torn)(error).into());
                }
                _ => {}
            }
        }
        write(&place.join(Numbered::name(number, ending)), second)?;
        let (partial, name) =
            (dir.join(format!("{}.partial", self.one)), place.join(Numbered::name(number, STATEMENT)));
        let _ = fs::remove_file(&partial);
        write(&partial, statement)?;
        fs::rename(&partial, &name).map_err(cannot("create", &name))?;
        Ok(sync_dir(&place)?)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let mut file = make_file(path).map_err(cannot("create", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(cannot("write to", path))
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let name = path.file_name().unwrap_or_default().display();
    let file = open_regular(path).map_err(|error| format!("{name} cannot be read: {error}"))?;
    let mut bytes = Vec::new();
    let read = file.take(LONGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("{name} cannot be read: {error}"))?;
    match bytes.len() as u64 {
        0..=LONGEST => Ok(bytes),
        _ => Err(format!("{name} is longer than {LONGEST} bytes")),
    }
}
