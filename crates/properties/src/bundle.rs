//! Bundles from anywhere.

use std::fs;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use holdpoint_record::bundle::{Room, is_one, unpack};
use holdpoint_record::{LOG, verify};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// Nothing small takes longer to be refused or proved.
const SOON: Duration = Duration::from_secs(20);
const ROOM: Room = Room { bytes: 1 << 20, files: 100 };

pub(crate) fn unpacked(bytes: &[u8]) {
    let bundle = match bytes.strip_prefix(b"=") {
        Some(bundle) => bundle.to_vec(),
        None => compress_to_vec(bytes, CompressionLevel::Fastest),
    };
    let begun = Instant::now();
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(&bundle).and_then(|()| file.rewind()).expect("a bundle");
    if !is_one(&mut file) {
        return;
    }
    let temp = tempfile::tempdir().expect("a directory");
    match unpack(file, ROOM, temp.path()) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(dir) => {
            let (mut files, mut size) = (0, 0);
            looked_through(&dir, &mut files, &mut size);
            assert!(dir.join(LOG).is_file() && files <= ROOM.files && size <= ROOM.bytes);
            if let Err(error) = verify(&dir) {
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(begun.elapsed() < SOON, "it took {:?}", begun.elapsed());
}

fn looked_through(directory: &Path, files: &mut u64, size: &mut u64) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let found = fs::symlink_metadata(&path).expect("what was unpacked");
        assert!(found.is_file() || found.is_dir(), "{} is neither file nor directory", path.display());
        if found.is_dir() {
            looked_through(&path, files, size);
        } else {
            *files += 1;
            *size += found.len();
        }
    }
}

/// Archives to begin with: one as we pack it, and some that no packer of ours makes.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    use tar::EntryType::{Directory, Fifo, GNULongName, Link, Regular, Symlink};
    let log: &[u8] = b"{}\n";
    let archives: [&[(&str, tar::EntryType, &[u8])]; 9] = [
        &[
            ("run/run.jsonl", Regular, log),
            ("run/seal.json", Regular, b"{}"),
            ("run/verify.sh", Regular, b"exit 0\n"),
        ],
        &[("run", Directory, b""), ("run/run.jsonl", Regular, log), ("run/blobs/sha256/00", Regular, b"x")],
        &[("../run/run.jsonl", Regular, log)],
        &[("/run/run.jsonl", Regular, log)],
        &[("run/run.jsonl", Symlink, b"")],
        &[("run/run.jsonl", Regular, log), ("run/seal.json", Link, b"")],
        &[("run/run.jsonl", Regular, log), ("run/run.jsonl", Regular, log)],
        &[("run/run.jsonl", Fifo, b""), ("other/run.jsonl", Regular, log)],
        &[("run/run.jsonl", GNULongName, log)],
    ];
    let mut seeds: Vec<Vec<u8>> = archives.iter().map(|entries| archive(entries)).collect();
    let whole = compress_to_vec(seeds[0].as_slice(), CompressionLevel::Fastest);
    seeds.push([b"=", whole.as_slice()].concat());
    seeds.push([b"=", &whole[..whole.len() / 2]].concat());
    seeds
}

fn archive(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_ustar();
        // The library refuses names that lead out.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_cksum();
        archive.append(&header, *content).expect("an archive in memory");
    }
    archive.into_inner().expect("an archive in memory")
}
