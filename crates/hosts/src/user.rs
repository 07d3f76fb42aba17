//! An ordinary user to log in as.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

use crate::Missing;
use crate::command::{find, is_root, run};

/// Whom tests log in as: a user of their own where tests run as root, else whoever runs them.
#[derive(Clone, Debug)]
pub struct User {
    /// The login name.
    pub name: String,
    ids: Option<(u32, u32)>,
}

const NAME: &str = "holdpoint-test";

impl User {
    /// # Errors
    /// There is none and none can be made.
    pub fn ordinary() -> Result<User, Missing> {
        if !is_root() {
            return Ok(User { name: run("id", ["-un"])?.trim().to_owned(), ids: None });
        }
        User::named(NAME)
    }

    /// Somebody who sits at a machine, by their number: another account than whom tests log in as.
    ///
    /// # Errors
    /// There is none and none can be made.
    pub fn at_work(number: u8) -> Result<User, Missing> {
        if !is_root() {
            return Err(Missing("accounts are made by root".to_owned()));
        }
        User::named(&format!("{NAME}-{number}"))
    }

    fn named(name: &str) -> Result<User, Missing> {
        // Tests run at the same time, each in a process of its own.
        let lock = fs::File::create(std::env::temp_dir().join(".holdpoint-test-user.lock"))
            .map_err(Missing::because)?;
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).map_err(Missing::because)?;
        if ids(name).is_none() {
            // Any password that nobody has: an account that is locked cannot log in by key either.
            let words = [
                "--shell",
                "/bin/sh",
                "--no-create-home",
                "--home-dir",
                "/nonexistent",
                "--password",
                "*",
                name,
            ];
            run(find("useradd", "passwd")?, words)?;
        }
        let ids = ids(name).ok_or_else(|| Missing(format!("there is no user {name}")))?;
        Ok(User { name: name.to_owned(), ids: Some(ids) })
    }

    /// Gives a file or directory to this user.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn give(&self, path: &Path) -> Result<(), Missing> {
        let Some((user, group)) = self.ids else { return Ok(()) };
        chown(path, Some(user), Some(group)).map_err(Missing::because)
    }

    /// Numbers of the user and of their group, where it is a user of their own.
    pub(crate) fn ids(&self) -> Option<(u32, u32)> {
        self.ids
    }
}

fn ids(name: &str) -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2).map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}
