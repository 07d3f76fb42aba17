//! The file of events while it grows: written into room made ahead (record.md section 3).
//!
//! Bytes written over zeros that are on the disk already change nothing else there, so a sync of them is one write of
//! the disk and waits for no journal. What is left of the room is given back when the record is closed or let go of;
//! after a crash it is a torn tail like any other.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A shorter record than this, bytes, gets no room: most runs end before it would have paid.
const WORTH_IT: u64 = 32 * 1024;
/// How much room is made at once: a quarter of what there is, between these, bytes.
const LEAST: u64 = 64 * 1024;
const MOST: u64 = 1024 * 1024;

/// The file, where its events end, and where its room ends.
pub(crate) struct PreallocatedLog {
    file: File,
    /// Where the next event goes.
    end: u64,
    /// The file's length.
    length: u64,
    /// Something failed: what is on the disk is unknown, and is left as it is.
    failed: bool,
}

impl PreallocatedLog {
    /// Goes on at `end`, which is the file's length. The file must not be open for appending only: Linux would write
    /// at its end whatever is said.
    pub(crate) fn at(file: File, end: u64) -> PreallocatedLog {
        PreallocatedLog { file, end, length: end, failed: false }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.end + bytes.len() as u64;
        if end <= self.length || end < WORTH_IT {
            self.file.write_all_at(bytes, self.end)?;
        } else {
            let room = (end / 4).clamp(LEAST, MOST);
            let mut padded = Vec::with_capacity(bytes.len() + room as usize);
            padded.extend_from_slice(bytes);
            padded.resize(bytes.len() + room as usize, 0);
            self.file.write_all_at(&padded, self.end)?;
            self.length = end + room;
        }
        self.end = end;
        self.length = self.length.max(end);
        Ok(())
    }

    fn cut(&mut self) -> io::Result<()> {
        if self.length > self.end {
            self.file.set_len(self.end)?;
            self.length = self.end;
        }
        Ok(())
    }

    fn noting<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.failed |= result.is_err();
        result
    }
}

impl Log for PreallocatedLog {
    /// Without the room, unless the file is not as long as it was left.
    fn length(&self) -> io::Result<u64> {
        let found = self.file.metadata()?.len();
        Ok(if found == self.length { self.end } else { found })
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.write(bytes);
        self.noting(written)
    }

    fn sync(&mut self) -> io::Result<()> {
        let synced = self.file.sync_data();
        self.noting(synced)
    }

    fn give_back(&mut self) -> io::Result<()> {
        let cut = self.cut();
        self.noting(cut)
    }
}

impl Drop for PreallocatedLog {
    fn drop(&mut self) {
        if !self.failed {
            // What a power cut brings back of it is cut when the run is taken up.
            let _ = self.cut();
        }
    }
}

/// Whether this line is one that the disk got in parts: somewhere in it a whole sector, as far as it is the line's,
/// holds the zeros that were there before. No line that was ever whole holds a NUL. `offset` is where the line begins
/// in the file.
pub(crate) fn has_hole(line: &[u8], offset: u64) -> bool {
    const SECTOR: u64 = 512;
    let mut from = 0;
    while from < line.len() {
        let to = from + (SECTOR - (offset + from as u64) % SECTOR) as usize;
        // A sector that holds the line's end was written. One byte alone is no sector that was not.
        if to > line.len() {
            return false;
        }
        if to - from > 1 && line[from..to].iter().all(|byte| *byte == 0) {
            return true;
        }
        from = to;
    }
    false
}

/// The file of events, so that tests can let it fail.
pub(crate) trait Log: Send {
    fn length(&self) -> io::Result<u64>;
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
    /// Nothing follows: cuts off what was kept free for more.
    fn give_back(&mut self) -> io::Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preallocated() -> (tempfile::TempDir, PreallocatedLog) {
        let dir = tempfile::tempdir().unwrap();
        let file = crate::disk::make_file(&dir.path().join("log")).unwrap();
        (dir, PreallocatedLog::at(file, 0))
    }

    fn on_disk(dir: &tempfile::TempDir) -> Vec<u8> {
        std::fs::read(dir.path().join("log")).unwrap()
    }

    #[test]
    fn a_long_record_is_its_bytes_and_then_zeros_and_a_closed_one_its_bytes() {
        let (dir, mut log) = preallocated();
        let (mut expected, mut grown) = (Vec::new(), 0);
        for n in 0..2000_u32 {
            let line = format!("{n} {}\n", "x".repeat(n as usize % 700));
            let before = on_disk(&dir).len();
            log.append(line.as_bytes()).unwrap();
            expected.extend_from_slice(line.as_bytes());
            let now = on_disk(&dir);
            assert_eq!(log.length().unwrap(), expected.len() as u64);
            assert_eq!(now[..expected.len()], expected);
            assert!(now[expected.len()..].iter().all(|byte| *byte == 0));
            assert!(expected.len() as u64 >= WORTH_IT || now.len() == expected.len(), "no room yet");
            grown += usize::from(now.len() != before && before as u64 > WORTH_IT);
        }
        assert!(grown < 20, "room is made seldom: {grown}");
        assert!(on_disk(&dir).len() > expected.len());
        log.give_back().unwrap();
        assert_eq!(on_disk(&dir), expected);
        log.append(b"on").unwrap();
        expected.extend_from_slice(b"on");
        assert_eq!(on_disk(&dir)[..expected.len()], expected);
        drop(log);
        assert_eq!(on_disk(&dir), expected);
    }

    #[test]
    fn a_length_that_somebody_changed_shows() {
        let (dir, mut log) = preallocated();
        log.append(&vec![b'x'; WORTH_IT as usize]).unwrap();
        let whole = on_disk(&dir);
        assert_eq!(log.length().unwrap(), WORTH_IT);
        for other in [[&whole[..], b"y"].concat(), whole[..WORTH_IT as usize - 1].to_vec()] {
            std::fs::write(dir.path().join("log"), &other).unwrap();
            assert_ne!(log.length().unwrap(), WORTH_IT);
        }
    }

    #[test]
    fn after_a_failure_nothing_is_cut() {
        let (dir, mut log) = preallocated();
        log.append(&vec![b'x'; WORTH_IT as usize]).unwrap();
        let whole = on_disk(&dir);
        log.file = std::fs::File::open(dir.path().join("log")).unwrap();
        assert!(log.append(b"y").is_err());
        log.file = std::fs::OpenOptions::new().write(true).open(dir.path().join("log")).unwrap();
        drop(log);
        assert_eq!(on_disk(&dir), whole);
    }

    #[test]
    fn a_hole_is_a_sector_of_zeros_and_nothing_less() {
        let line = |from: usize, to: usize| {
            let mut line = vec![b'x'; 2000];
            line[from..to].fill(0);
            line.push(b'\n');
            line
        };
        for (offset, from, to, expected) in [
            (0, 0, 0, false),
            (0, 0, 512, true),
            (0, 0, 511, false),
            (0, 1, 513, false),
            (0, 512, 1024, true),
            (100, 0, 412, true),
            (100, 412, 924, true),
            (100, 0, 411, false),
            (510, 0, 2, true),
            (511, 0, 1, false),
            (0, 1536, 2000, false),
            (5, 7, 8, false),
        ] {
            assert_eq!(has_hole(&line(from, to), offset), expected, "{offset}: {from} to {to}");
        }
    }
}
