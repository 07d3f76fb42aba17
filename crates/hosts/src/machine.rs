//! Another machine to sit at.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::command::find;
use crate::{Missing, Network, User};

/// A machine with a host name, mounts and a network of its own, and somebody who works there under an account of their own.
/// Its programs are this machine's. Gone when dropped.
#[derive(Debug)]
pub struct Machine {
    name: String,
    user: User,
    directory: tempfile::TempDir,
    network: Network,
    shared: Vec<(PathBuf, PathBuf)>,
    hidden: Vec<PathBuf>,
}

/// The group by which accounts of several machines share what is shared between them. Nobody else is in it.
const GROUP: u32 = 54_311;

impl Machine {
    /// The machine of the account with this number.
    ///
    /// # Errors
    /// There can be none here.
    pub fn create(number: u8) -> Result<Machine, Missing> {
        let user = User::at_work(number)?;
        for (program, package) in [("unshare", "util-linux"), ("setpriv", "util-linux"), ("mount", "mount")] {
            find(program, package)?;
        }
        let network = Network::create()?;
        network.reach_others()?;
        let directory = tempfile::Builder::new().prefix("hp-machine-").tempdir().map_err(Missing::because)?;
        user.give(directory.path())?;
        let name = format!("desk-{number}");
        Ok(Machine { name, user, directory, network, shared: Vec::new(), hidden: Vec::new() })
    }

    /// Its host name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who works there.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// Their home directory, for them alone.
    pub fn home(&self) -> &Path {
        self.directory.path()
    }

    /// Has a file or directory of this machine stand there too, as what several machines mount from one server does.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn mounts(&mut self, what: &Path, at: &Path) -> Result<(), Missing> {
        if what.is_dir() {
            let missing: Vec<&Path> = at.ancestors().take_while(|folder| !folder.exists()).collect();
            for folder in missing.into_iter().rev() {
                fs::create_dir(folder).map_err(Missing::because)?;
                self.user.give(folder)?;
            }
        } else {
            fs::File::create(at).map_err(Missing::because)?;
        }
        self.shared.push((what.to_owned(), at.to_owned()));
        Ok(())
    }

    /// Keeps a directory of this machine from being seen there.
    pub fn hides(&mut self, what: &Path) {
        self.hidden.push(what.to_owned());
    }

    /// Makes a directory one that accounts of several machines share.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn share(directory: &Path) -> Result<(), Missing> {
        use std::os::unix::fs::{PermissionsExt, chown};
        chown(directory, None, Some(GROUP)).map_err(Missing::because)?;
        fs::set_permissions(directory, fs::Permissions::from_mode(0o2770)).map_err(Missing::because)
    }

    /// A program that will run there, as whoever works there. Its process id is the program's own.
    ///
    /// # Errors
    /// It is not known whose account that is.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Result<Command, Missing> {
        let (user, group) = self.user.ids().ok_or_else(|| Missing("nobody works there".to_owned()))?;
        let script = "set -e; hostname \"$1\"; uid=$2 gid=$3 group=$4 count=$5; shift 5
            while [ $count -gt 0 ]; do mount --bind \"$1\" \"$2\"; shift 2; count=$((count - 1)); done
            while [ \"$1\" != -- ]; do mount -t tmpfs none \"$1\"; shift; done; shift
            exec setpriv --reuid \"$uid\" --regid \"$gid\" --groups \"$group\" -- \"$@\"";
        let mut command = self.network.within("unshare");
        command.args(["--mount", "--uts", "sh", "-c", script, "sh", &self.name]);
        command.args([user, group, GROUP].map(|number| number.to_string()));
        command.arg(self.shared.len().to_string());
        for (what, at) in &self.shared {
            command.args([what, at]);
        }
        command.args(&self.hidden).arg("--").arg(program);
        command.current_dir(self.home()).stdin(Stdio::null());
        Ok(command)
    }
}
