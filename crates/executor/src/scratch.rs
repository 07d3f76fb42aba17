//! Files that a block needs while it runs: its script, and the FIFOs that its state and its secrets come out of.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;

use crate::fleeting::FleetingDir;

/// A private directory (0700), gone when dropped.
#[derive(Debug)]
pub(crate) struct Scratch(FleetingDir);

/// A script (0600) and its FIFOs (0600), gone when dropped.
#[derive(Debug)]
pub(crate) struct ScriptFile {
    pub(crate) script: PathBuf,
    pub(crate) fifo: Option<PathBuf>,
    /// The FIFO that secrets are registered through.
    pub(crate) secrets: PathBuf,
}

/// Longest file name made from a job's name, bytes.
const LONGEST_NAME: usize = 80;

impl Scratch {
    pub(crate) fn create(parent: &Path) -> io::Result<Scratch> {
        // Shells and scripts see this path from other directories.
        let parent = fs::canonicalize(parent)?;
        FleetingDir::create(&parent).map(Scratch)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a script. A job of the same name that runs at the same time gets a number in its file's name.
    pub(crate) fn script(
        &self,
        name: &str,
        extension: &str,
        script: &str,
        fifo: bool,
    ) -> io::Result<ScriptFile> {
        let stem = stem(name);
        let mut file_name = format!("{stem}{extension}");
        let mut count = 1;
        let (mut file, path) = loop {
            let path = self.path().join(&file_name);
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => break (file, path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => count += 1,
                Err(error) => return Err(error),
            }
            file_name = format!("{stem}~{count}{extension}");
        };
        let secrets = self.path().join(format!("{file_name}.secrets"));
        let mut made = ScriptFile { script: path, fifo: None, secrets };
        file.write_all(script.as_bytes())?;
        rustix::fs::mkfifoat(rustix::fs::CWD, &made.secrets, Mode::RUSR | Mode::WUSR)?;
        if fifo {
            let path = self.path().join(format!("{file_name}.state"));
            rustix::fs::mkfifoat(rustix::fs::CWD, &path, Mode::RUSR | Mode::WUSR)?;
            made.fifo = Some(path);
        }
        Ok(made)
    }
}

impl Drop for ScriptFile {
    fn drop(&mut self) {
        // What is left behind goes with the directory.
        let _ = fs::remove_file(&self.script);
        let _ = self.fifo.as_ref().map(fs::remove_file);
        let _ = fs::remove_file(&self.secrets);
    }
}

/// What the file of a job's script is called.
pub(crate) fn file_name(name: &str, extension: &str) -> String {
    format!("{}{extension}", stem(name))
}

/// A job's name as part of a file name.
fn stem(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    let name: String = name.chars().map(plain).collect();
    let mut name = name.trim_start_matches(['.', '-']).to_owned();
    let end = (0..=LONGEST_NAME.min(name.len())).rev().find(|&at| name.is_char_boundary(at)).unwrap_or(0);
    name.truncate(end);
    if name.is_empty() { "block".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_one_plain_file_name() {
        for (name, expected) in [
            ("deploy", "deploy"),
            ("deploy-web#2", "deploy-web-2"),
            ("a/../b", "a-..-b"),
            ("../../etc", "etc"),
            ("-x", "x"),
            ("", "block"),
            ("prüfen", "prüfen"),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
        assert!(stem(&"é".repeat(100)).len() <= LONGEST_NAME);
    }

    #[test]
    fn two_jobs_of_one_name_do_not_share_a_file() {
        let scratch = Scratch::create(&std::env::temp_dir()).unwrap();
        let first = scratch.script("a", ".sh", "1", true).unwrap();
        let second = scratch.script("a", ".sh", "2", true).unwrap();
        assert_ne!(first.script, second.script);
        assert_ne!(first.fifo, second.fifo);
        assert_eq!(fs::read_to_string(&first.script).unwrap(), "1");
    }

    #[test]
    fn nothing_stays_behind() {
        let scratch = Scratch::create(&std::env::temp_dir()).unwrap();
        drop(scratch.script("a", ".sh", "1", true).unwrap());
        // But the mark of what made the directory.
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }
}
