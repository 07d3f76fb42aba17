//! SHA-256 as the record writes it.

use std::io::Read;
use std::path::Path;
use std::sync::LazyLock;

use holdpoint_document::hex;
use sha2::{Digest, Sha256};

pub use holdpoint_document::sha256;

/// So much of a file is read at once, in bytes.
const PIECE: usize = 1 << 18;
/// A line of a processor's cache, in bytes.
const LINE: usize = 64;

/// Lower-case hex of the SHA-256 of a file; `None` if it cannot be read.
pub fn sha256_of_file(path: &Path) -> Option<String> {
    let mut file = std::fs::File::open(path).ok()?;
    let mut hasher = Sha256::new();
    // Some processors copy five times as slowly to what begins just behind a page, as large allocations do.
    let mut buffer = vec![0; LINE + PIECE];
    let begin = buffer.as_ptr().align_offset(LINE).min(LINE);
    let buffer = &mut buffer[begin..begin + PIECE];
    loop {
        match file.read(buffer).ok()? {
            0 => return Some(hex(&hasher.finalize())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// What is executed here does not change while it is: the same for every session.
static PROGRAM: LazyLock<Option<String>> = LazyLock::new(running);

/// Begins to take the digest of the running program, on a thread of its own: it is wanted when a run opens, and takes
/// longer than all that is done until then.
pub fn begin_program() {
    // Without a thread it is taken when it is wanted.
    let _ = std::thread::Builder::new().name("digest".to_owned()).spawn(program);
}

/// The digest of the running program's own file; `None` where it cannot be read.
pub fn program() -> Option<String> {
    PROGRAM.clone()
}

/// Of the file that is being executed, also where another has taken its name since.
#[cfg(target_os = "linux")]
fn running() -> Option<String> {
    sha256_of_file(Path::new("/proc/self/exe"))
}

#[cfg(not(target_os = "linux"))]
fn running() -> Option<String> {
    sha256_of_file(&std::env::current_exe().ok()?)
}
