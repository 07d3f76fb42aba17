//! Others that do the same work, in pinned versions below `target/bench/peers`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{command, target};

struct Peer {
    /// What rows call it.
    name: &'static str,
    package: &'static str,
    version: &'static str,
    /// The program that the package brings.
    program: &'static str,
    from: From,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    /// The registry of crates.
    Cargo,
    /// The Python package index; with the least minor version of Python 3.
    Pip(u32),
}

const PEERS: &[Peer] = &[
    Peer { name: "cram", package: "cram", version: "0.7", program: "cram", from: From::Pip(8) },
    Peer { name: "rundoc", package: "rundoc", version: "0.4.5", program: "rundoc", from: From::Pip(8) },
    Peer { name: "paulrun", package: "paulrun", version: "0.4.0", program: "paulrun", from: From::Pip(12) },
    Peer {
        name: "audited-runbook",
        package: "audited-runbook",
        version: "0.1.0",
        program: "runbook",
        from: From::Pip(12),
    },
    Peer {
        name: "ansible",
        package: "ansible-core",
        version: "2.21.5",
        program: "ansible-playbook",
        from: From::Pip(12),
    },
    Peer { name: "just", package: "just", version: "1.59.0", program: "just", from: From::Cargo },
    Peer { name: "mask", package: "mask", version: "0.11.7", program: "mask", from: From::Cargo },
];

/// Installs what is not there. What cannot be installed is said, and is a figure that is missing.
pub(super) fn install() -> io::Result<()> {
    for peer in PEERS.iter().filter(|peer| !program_of(peer).exists()) {
        println!("    installing {} {}", peer.package, peer.version);
        let home = home(peer);
        fs::create_dir_all(&home)?;
        let installed = match peer.from {
            From::Cargo => cargo(peer, &home),
            From::Pip(least) => pip(peer, &home, least),
        };
        if let Err(error) = installed {
            println!("    {} could not be installed: {error}", peer.name);
        }
    }
    Ok(())
}

fn cargo(peer: &Peer, home: &Path) -> io::Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["install", "--quiet", "--locked", "--version", peer.version, "--root"]).arg(home);
    command::run(cargo.arg(peer.package).env("CARGO_TARGET_DIR", home.join("build")))?;
    fs::remove_dir_all(home.join("build"))
}

fn pip(peer: &Peer, home: &Path, least: u32) -> io::Result<()> {
    let mut python = python(least)?;
    command::output(python.args(["-m", "venv"]).arg(home))?;
    let mut pip = Command::new(home.join("bin/pip"));
    pip.args(["install", "--quiet", &format!("{}=={}", peer.package, peer.version)]);
    command::output(&mut pip).map(drop)
}

/// A Python 3 that is new enough: under its own name, or under that of a version that pyenv keeps.
fn python(least: u32) -> io::Result<Command> {
    let versions = command::output(Command::new("pyenv").args(["versions", "--bare"])).unwrap_or_default();
    let kept = versions.lines().map(|version| {
        let mut python = Command::new("python3");
        python.env("PYENV_VERSION", version.trim());
        python
    });
    let named = (least..30).map(|minor| Command::new(format!("python3.{minor}")));
    let probe = format!("import sys; sys.exit(sys.version_info < (3, {least}))");
    for mut python in [Command::new("python3")].into_iter().chain(named).chain(kept) {
        if command::output(python.args(["-c", &probe])).is_ok() {
            let mut found = Command::new(python.get_program());
            found.envs(python.get_envs().filter_map(|(name, value)| Some((name, value?))));
            return Ok(found);
        }
    }
    Err(io::Error::other(format!("there is no Python 3.{least} or newer")))
}

/// Why this peer cannot take part, if so.
pub(super) fn lacks(name: &str) -> Option<String> {
    (!program(name).exists()).then(|| "not installed (--peers installs what can be had)".to_owned())
}

/// Where a peer's program is, once it is installed.
pub(super) fn program(name: &str) -> PathBuf {
    PEERS.iter().find(|peer| peer.name == name).map(program_of).unwrap_or_default()
}

fn program_of(peer: &Peer) -> PathBuf {
    home(peer).join("bin").join(peer.program)
}

fn home(peer: &Peer) -> PathBuf {
    target().join("bench/peers").join(format!("{}-{}", peer.package, peer.version))
}

/// Versions, for the table.
pub(super) fn versions() -> String {
    let installed = PEERS.iter().filter(|peer| program_of(peer).exists());
    installed.map(|peer| format!("{} {}", peer.package, peer.version)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{row::Program, rows};

    #[test]
    fn every_peer_that_a_row_names_can_be_installed() {
        for row in rows::all() {
            for contender in row.contenders {
                if let Program::Peer(name) | Program::ShellWith(name) = contender.program {
                    assert!(PEERS.iter().any(|peer| peer.name == name), "{}: {name}", row.name);
                }
            }
        }
    }
}
