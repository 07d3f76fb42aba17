//! Programs that the tests need, installed where they are missing.

use std::io;
use std::process::Command;

use crate::command;

/// Program, and the Debian package that brings it.
const NEEDED: &[(&str, &str)] = &[
    ("git", "git"),
    ("jq", "jq"),
    ("bash", "bash"),
    ("dash", "dash"),
    ("ps", "procps"),
    ("sha256sum", "coreutils"),
    ("setsid", "util-linux"),
    ("tar", "tar"),
    ("tmux", "tmux"),
    ("curl", "curl"),
    ("strace", "strace"),
    ("faketime", "faketime"),
    ("prlimit", "util-linux"),
];

/// Installs what is missing with apt-get, as root or through sudo.
///
/// # Errors
/// Something is missing and cannot be installed; the message names it.
pub fn ensure() -> io::Result<()> {
    let missing: Vec<_> = NEEDED.iter().filter(|(program, _)| !command::exists(program)).collect();
    if !missing.is_empty() {
        let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
        println!("    missing: {}", packages.join(" "));
        install(&packages)?;
    }
    if let Some((program, package)) = NEEDED.iter().find(|(program, _)| !command::exists(program)) {
        return Err(io::Error::other(format!(
            "{program} is still missing after package {package} was installed"
        )));
    }
    for (component, probe) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if command::output(Command::new("cargo").args([probe, "--version"])).is_err() {
            command::run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}

fn install(packages: &[&str]) -> io::Result<()> {
    let by_hand = || format!("install them by hand: {}", packages.join(" "));
    if !command::exists("apt-get") {
        return Err(io::Error::other(format!("there is no apt-get here; {}", by_hand())));
    }
    let root = command::output(Command::new("id").arg("-u"))? == "0";
    if !root && !command::exists("sudo") {
        return Err(io::Error::other(format!("neither root nor sudo; {}", by_hand())));
    }
    let apt = |arguments: &[&str]| {
        let mut command = if root { Command::new("env") } else { Command::new("sudo") };
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes"]).args(arguments);
        command::run(&mut command).map_err(|error| io::Error::other(format!("{error}; {}", by_hand())))
    };
    apt(&["update"])?;
    apt(&["install", "--no-install-recommends"].iter().chain(packages).copied().collect::<Vec<_>>())
}
