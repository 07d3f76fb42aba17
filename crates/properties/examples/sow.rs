//! Lays out what the fuzzer begins with: `sow FOLDER [DOCUMENTS]` makes `FOLDER/seeds/TARGET/…` and
//! `FOLDER/words.dict`, from documents of this folder too where one is named.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use holdpoint_properties::{TARGETS, seeds};

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("say where: sow FOLDER [DOCUMENTS]"))?;
    let documents = std::env::args_os().nth(2).map(PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for target in TARGETS {
        let sown = folder.join("seeds").join(target.name);
        if sown.exists() {
            fs::remove_dir_all(&sown)?;
        }
        fs::create_dir_all(&sown)?;
        let found = seeds::found(&root, target.name)?.into_iter().map(|(_, bytes)| bytes);
        let mut all = seeds::seeds(&root, target.name)?;
        if let Some(documents) = &documents {
            all.extend(seeds::elsewhere(documents, target.name)?);
        }
        for (n, bytes) in all.into_iter().chain(found).enumerate() {
            fs::write(sown.join(format!("{n:04}")), bytes)?;
        }
    }
    fs::write(folder.join("words.dict"), seeds::dictionary())
}
