//! Lays out what the fuzzer begins with: `sow FOLDER` makes `FOLDER/seeds/TARGET/…` and `FOLDER/words.dict`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use holdpoint_properties::{TARGETS, seeds};

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("say where: sow FOLDER"))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for target in TARGETS {
        let sown = folder.join("seeds").join(target.name);
        if sown.exists() {
            fs::remove_dir_all(&sown)?;
        }
        fs::create_dir_all(&sown)?;
        let found = seeds::found(&root, target.name)?.into_iter().map(|(_, bytes)| bytes);
        for (n, bytes) in seeds::seeds(&root, target.name)?.into_iter().chain(found).enumerate() {
            fs::write(sown.join(format!("{n:04}")), bytes)?;
        }
    }
    fs::write(folder.join("words.dict"), seeds::dictionary())
}
