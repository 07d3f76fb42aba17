//! Known faults of dependencies, by the RustSec database, with cargo-deny. Where the database cannot be had they are not
//! checked, which is told and counted; a finding is never passed over.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{command, tools, workspace};

/// What came of it, where no advisory applies.
#[derive(Debug, PartialEq, Eq)]
pub enum Advisories {
    /// Checked against the database as it is now: none applies.
    None,
    /// Not checked: the reason.
    Unknown(String),
}

/// Fetches the database, and asks it.
///
/// # Errors
/// An advisory applies, or cargo-deny fails for another reason than that the database cannot be fetched.
pub fn check() -> io::Result<Advisories> {
    match tools::installed("cargo-deny", None) {
        Some(deny) => ask(&deny),
        None => Ok(Advisories::Unknown("cargo-deny cannot be had here".to_owned())),
    }
}

/// As [`check`]; says by itself where nothing was checked.
///
/// # Errors
/// As of [`check`].
pub fn report() -> io::Result<()> {
    if let Advisories::Unknown(why) = check()? {
        println!("    advisories: NOT CHECKED, for there is no database to ask:\n{why}");
    }
    Ok(())
}

/// In two commands, so that a database that cannot be fetched is not taken for a finding, or the other way around.
fn ask(deny: &Path) -> io::Result<Advisories> {
    let mut fetch = Command::new(deny);
    fetch.args(["--locked", "--color", "never", "fetch", "db"]).current_dir(workspace());
    fetch.env("GIT_TERMINAL_PROMPT", "0");
    println!("    {}", command::line(&fetch));
    let fetched = fetch.stdin(Stdio::null()).output()?;
    if !fetched.status.success() {
        let said = String::from_utf8_lossy(&fetched.stderr).trim().to_owned();
        return match could_not_be_fetched(&said) {
            true => Ok(Advisories::Unknown(said)),
            false => Err(io::Error::other(format!(
                "{} ended with {}\n{said}",
                command::line(&fetch),
                fetched.status
            ))),
        };
    }
    let mut check = Command::new(deny);
    check.args(["--locked", "check", "--disable-fetch", "advisories"]).current_dir(workspace());
    println!("    {}", command::line(&check));
    command::run(&mut check)?;
    Ok(Advisories::None)
}

/// Whether that is what cargo-deny says of a database that it could not fetch. Anything else that keeps it from
/// fetching, such as a `deny.toml` that it cannot read, is no excuse.
fn could_not_be_fetched(said: &str) -> bool {
    said.lines().any(|line| line.contains("failed to fetch advisory database"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    /// What is asked of a cargo-deny that fetches and checks like this.
    fn asked(fetch: &str, check: &str) -> io::Result<Advisories> {
        let temp = tempfile::tempdir().unwrap();
        let deny = temp.path().join("cargo-deny");
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in\n*fetch\\ db*) {fetch} ;;\n*check*disable-fetch*) {check} ;;\nesac\n"
        );
        fs::write(&deny, script).unwrap();
        fs::set_permissions(&deny, fs::Permissions::from_mode(0o755)).unwrap();
        ask(&deny)
    }

    const OFFLINE: &str = "echo '[ERROR] failed to fetch advisory database: no route' >&2; exit 1";

    #[test]
    fn a_database_that_cannot_be_fetched_leaves_advisories_unknown_with_the_reason() {
        let told = asked(OFFLINE, "exit 0").unwrap();
        assert_eq!(
            told,
            Advisories::Unknown("[ERROR] failed to fetch advisory database: no route".to_owned())
        );
    }

    #[test]
    fn a_finding_is_an_error_whatever_it_says() {
        assert_eq!(asked("exit 0", "exit 0").unwrap(), Advisories::None);
        assert!(asked("exit 0", "echo 'error[vulnerability]: overflow' >&2; exit 1").is_err());
        assert!(asked("exit 0", OFFLINE).is_err());
    }

    #[test]
    fn another_failure_to_fetch_is_no_excuse() {
        let error =
            asked("echo '[ERROR] failed to validate configuration' >&2; exit 1", "exit 0").unwrap_err();
        assert!(error.to_string().contains("failed to validate configuration"), "{error}");
    }
}
