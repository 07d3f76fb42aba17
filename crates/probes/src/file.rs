//! `file`: a regular file of this machine, opened without waiting.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use holdpoint_files::{invalid, open, read};
use holdpoint_model::FileProbe;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::parts::Facts;
use crate::paths;
use crate::work::beside;

/// Most bytes that are read to find a text or make a digest.
const MOST: u64 = 1024 * 1024 * 1024;
const PASSWD: u64 = 16 * 1024 * 1024;

pub(crate) async fn ask(probe: &FileProbe, root: &Path, facts: &mut Facts) -> Result<(), String> {
    facts.set("path", probe.path.as_str());
    if !probe.of_machine && probe.path.starts_with('/') {
        return Err(format!(
            "`{}` is no path of the repository, and the document does not say that it is one of this machine",
            probe.path
        ));
    }
    let (probe, place) = (probe.clone(), paths::place(root, &probe.path)?);
    let found = beside(move || look(&probe, &place)).await?;
    for (key, value) in found {
        facts.set(key, value);
    }
    Ok(())
}

fn look(probe: &FileProbe, place: &Path) -> Result<Vec<(&'static str, Value)>, String> {
    let told = |error: io::Error| format!("{} cannot be read: {error}", probe.path);
    let found = match std::fs::metadata(place) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![("exists", false.into())]),
        Err(error) => return Err(told(error)),
    };
    if !found.is_file() {
        return Err(told(invalid("it is no regular file")));
    }
    let mut facts: Vec<(&'static str, Value)> = vec![
        ("exists", true.into()),
        ("mode", format!("{:04o}", found.mode() & 0o7777).into()),
        ("owner", owner(found.uid()).into()),
        ("size", found.len().into()),
    ];
    if probe.contains.is_none() && !probe.digest {
        return Ok(facts);
    }
    if found.len() > MOST {
        return Err(told(invalid(&format!("it is longer than {MOST} bytes"))));
    }
    let file = open(place).map_err(told)?;
    let (digest, holds) = read_through(file, probe.contains.as_deref()).map_err(told)?;
    facts.push(("sha256", digest.into()));
    if let Some(holds) = holds {
        facts.push(("contains", holds.into()));
    }
    Ok(facts)
}

/// The user's name, where `/etc/passwd` has it, else their number.
fn owner(uid: u32) -> String {
    let passwd = read(Path::new("/etc/passwd"), PASSWD).unwrap_or_default();
    let passwd = String::from_utf8_lossy(&passwd).into_owned();
    let named = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(uid)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| uid.to_string())
}

fn read_through(mut file: File, text: Option<&str>) -> io::Result<(String, Option<bool>)> {
    let (mut digest, mut piece, mut held) = (Sha256::new(), vec![0; 1 << 16], Vec::new());
    let (mut all, mut holds) = (0, false);
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Ok((holdpoint_model::hex(&digest.finalize()), text.map(|_| holds)));
        }
        all += count as u64;
        if all > MOST {
            return Err(invalid(&format!("it is longer than {MOST} bytes")));
        }
        digest.update(&piece[..count]);
        if let Some(text) = text.filter(|_| !holds) {
            held.extend_from_slice(&piece[..count]);
            holds = memchr::memmem::find(&held, text.as_bytes()).is_some();
            // What may be the beginning of it is held back.
            held.drain(..held.len().saturating_sub(text.len().saturating_sub(1)));
        }
    }
}
