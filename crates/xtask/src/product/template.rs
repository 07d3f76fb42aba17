//! The sample product's files, from `examples/product`, with its own ports.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use super::names::{ANSWERS, INCLUDED, PRODUCTION_ANSWERS, QA, RUNBOOK};
use crate::{command, workspace};

/// Writes the product's files, run-book and answers apart, into `repo`.
pub(super) fn write(repo: &Path, staging: u16, production: u16) -> io::Result<()> {
    copy(&workspace().join("examples/product"), repo)?;
    let file = repo.join("holdpoint.toml");
    let mut config = fs::read_to_string(&file)?;
    for (placeholder, port) in [("8081", staging), ("8080", production)] {
        if config.matches(placeholder).count() != 2 {
            return Err(io::Error::other(format!("holdpoint.toml does not name port {placeholder} twice")));
        }
        config = config.replace(placeholder, &port.to_string());
    }
    fs::write(file, config)
}

/// Makes a key for whoever signs off, and lists it in `repo`.
pub(super) fn write_signers(repo: &Path, key: &Path) -> io::Result<()> {
    let mut made = Command::new("ssh-keygen");
    command::output(made.args(["-q", "-t", "ed25519", "-N", "", "-C", QA, "-f"]).arg(key))?;
    let public = fs::read_to_string(key.with_extension("pub"))?;
    fs::write(repo.join("allowed_signers"), format!("{QA} {public}"))?;
    let config = repo.join("holdpoint.toml");
    let text = fs::read_to_string(&config)?;
    fs::write(config, format!("{text}\n[signers]\nfile = \"allowed_signers\"\n"))
}

/// Writes the run-book, what it includes, and its answers into `repo`.
pub(super) fn write_runbook(repo: &Path) -> io::Result<()> {
    copy(&workspace().join(INCLUDED), &repo.join(INCLUDED))?;
    fs::copy(workspace().join(RUNBOOK), repo.join(RUNBOOK))?;
    let answers =
        fs::read_to_string(workspace().join("examples/answers/promote-staging-to-production.yaml"))?;
    fs::write(repo.join(ANSWERS), &answers)?;
    let unsigned = |line: &&str| !line.trim_start().starts_with("sign:") && !line.starts_with('#');
    let unsigned: String = answers.split_inclusive('\n').filter(unsigned).collect();
    fs::write(repo.join(PRODUCTION_ANSWERS), unsigned)?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
