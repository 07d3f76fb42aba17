//! Hosts for a row: each an OpenSSH server on a loopback address of its own.

use std::path::Path;

use holdpoint_hosts::{Missing, Options, Sshd, write_ssh};

/// Hosts, and an `ssh` that knows them. Ended when dropped.
pub(super) struct Farm {
    names: Vec<String>,
    bin: tempfile::TempDir,
    /// Last: they are reached until nobody asks any more.
    _servers: Vec<Sshd>,
}

impl Farm {
    /// So many, which keep what they have in `within`.
    pub(super) fn start(count: u32, within: &Path) -> Result<Farm, Missing> {
        println!("    starting {count} hosts");
        let options = Options { within: Some(within.to_owned()), ..Options::default() };
        let servers = (0..count).map(|_| Sshd::on_loopback(&options)).collect::<Result<Vec<_>, _>>()?;
        let because = |error: std::io::Error| Missing(error.to_string());
        let bin = tempfile::tempdir_in(within).map_err(because)?;
        let path = std::env::var("PATH").unwrap_or_default();
        write_ssh(bin.path(), &path, &servers)?;
        Ok(Farm { names: servers.iter().map(Sshd::host).collect(), bin, _servers: servers })
    }

    /// Each as `USER@ADDRESS:PORT`.
    pub(super) fn hosts(&self) -> &[String] {
        &self.names
    }

    /// The folder of that `ssh`.
    pub(super) fn bin(&self) -> &Path {
        self.bin.path()
    }
}
