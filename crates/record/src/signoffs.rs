//! Signed statements beside the events: `signoffs/NNNN.json` and `signoffs/NNNN.json.sig`, NNNN being the number of
//! the `signoff.given` that they belong to (record.md sections 1 and 4).

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use holdpoint_engine::KeySignature;
use sha2::{Digest as _, Sha256};

use crate::Writer;
use crate::chain::hex;
use crate::disk::{DiskError, cannot, is_no_file, make_file, open_regular, sync_dir};
use crate::errors::WriteError;
use crate::layout::SIGNOFFS;

/// A statement or a signature is not longer than this, bytes: a record may be anybody's.
pub const LONGEST_STATEMENT: u64 = 16 * 1024 * 1024;

/// The two files of one sign-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedFiles {
    /// The statement's exact bytes.
    pub statement: Vec<u8>,
    /// The armored signature over them.
    pub signature: Vec<u8>,
}

/// Why they cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SignedFilesError {
    /// One of them is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// One of them is not what the event says.
    #[error("{0} is altered: {1}")]
    Altered(String, String),
    /// The file system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

fn names(event: u64) -> [String; 2] {
    [format!("{SIGNOFFS}/{event:04}.json"), format!("{SIGNOFFS}/{event:04}.json.sig")]
}

impl Writer {
    /// Keeps the files of the sign-off that will be the next event, and makes them durable. What an attempt that came
    /// to nothing left under this number is replaced.
    ///
    /// # Errors
    /// The file system refuses; nothing may be written after that.
    pub fn keep_signed(&mut self, files: &SignedFiles) -> Result<(), WriteError> {
        self.poison.check()?;
        let poison = self.poison.clone();
        let event = self.position().events;
        poison.on_error(keep(&self.dir, event, files)).map_err(WriteError::from)
    }
}

fn keep(dir: &Path, event: u64, files: &SignedFiles) -> Result<(), DiskError> {
    for (name, bytes) in names(event).iter().zip([&files.statement, &files.signature]) {
        let path = dir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(cannot("replace", &path)(error));
            }
            _ => {}
        }
        let mut file = make_file(&path).map_err(cannot("create", &path))?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(cannot("write to", &path))?;
    }
    sync_dir(&dir.join(SIGNOFFS))
}

/// Reads the files of the sign-off that is event `event`, held against the digests that it names.
///
/// # Errors
/// They are not there, or not what was recorded.
pub fn signed_files(
    dir: &Path,
    event: u64,
    recorded: &KeySignature,
) -> Result<SignedFiles, SignedFilesError> {
    let [statement, signature] = names(event);
    Ok(SignedFiles {
        statement: one(dir, statement, &recorded.statement)?,
        signature: one(dir, signature, &recorded.signature)?,
    })
}

fn one(dir: &Path, name: String, sha256: &str) -> Result<Vec<u8>, SignedFilesError> {
    let path = dir.join(&name);
    let file = match open_regular(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SignedFilesError::Missing(name)),
        Err(error) if is_no_file(&error) => return Err(SignedFilesError::Altered(name, error.to_string())),
        Err(error) => return Err(cannot("read", &path)(error).into()),
    };
    let mut bytes = Vec::new();
    file.take(LONGEST_STATEMENT).read_to_end(&mut bytes).map_err(cannot("read", &path))?;
    let found = hex(Sha256::new_with_prefix(&bytes));
    if found != sha256 {
        return Err(SignedFilesError::Altered(name, format!("its bytes have the digest {found}")));
    }
    Ok(bytes)
}

/// Files in `signoffs/` that belong to none of these events: a crash between signing and recording leaves such.
///
/// # Errors
/// The directory cannot be listed.
pub(crate) fn strays(dir: &Path, events: &[u64]) -> Result<Vec<PathBuf>, DiskError> {
    let path = dir.join(SIGNOFFS);
    let entries = match fs::read_dir(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(cannot("list", &path))?,
    };
    let known: Vec<PathBuf> =
        events.iter().flat_map(|event| names(*event)).map(|name| dir.join(name)).collect();
    let mut strays = Vec::new();
    for entry in entries {
        let found = entry.map_err(cannot("list", &path))?.path();
        if !known.contains(&found) {
            strays.push(found);
        }
    }
    strays.sort();
    Ok(strays)
}
