//! The user's own configuration: what a repository may not allow itself.

use std::io::ErrorKind;
use std::path::PathBuf;

use holdpoint_document::UserConfig;

use crate::files;
use crate::problem::{Finding, Problem};

/// Directories outside of a repository that its configuration may name all the same.
pub(super) fn allowed_paths() -> Result<Vec<PathBuf>, Problem> {
    Ok(config()?.allow_paths.into_iter().map(PathBuf::from).collect())
}

/// Where it is: below `XDG_CONFIG_HOME`, else below `.config` of the home directory.
pub fn file() -> Option<PathBuf> {
    Some(directory("XDG_CONFIG_HOME", ".config")?.join("config.toml"))
}

/// Where what the user keeps between sessions is: below `XDG_STATE_HOME`, else below `.local/state` of the home directory.
pub fn state() -> Option<PathBuf> {
    directory("XDG_STATE_HOME", ".local/state")
}

/// Our directory in the one that a variable names, else in this one below the home directory.
fn directory(variable: &str, below_home: &str) -> Option<PathBuf> {
    let directory = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let parent = directory(variable).or_else(|| Some(directory("HOME")?.join(below_home)))?;
    Some(parent.join("holdpoint"))
}

/// What it says; nothing where there is no file.
pub fn config() -> Result<UserConfig, Problem> {
    let Some(file) = file() else { return Ok(UserConfig::default()) };
    let text = match files::read_text(&file, files::TEXT) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(UserConfig::default()),
        Err(error) => {
            return Err(Problem::usage(
                format!("your own configuration cannot be read: {error}"),
                format!("Look at {}.", file.display()),
            ));
        }
    };
    let (config, found) = holdpoint_document::read_user_config(&text);
    if found.is_empty() {
        return Ok(config);
    }
    let name = file.to_string_lossy();
    let findings = found.into_iter().map(|found| Finding::new(&name, &text, found)).collect();
    Err(Problem::findings("your own configuration has errors; nothing was done", findings))
}
