//! `docs/` as a site, by mdBook.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::{command, target, tools, workspace};

/// The mdBook that is installed where there is none.
const MDBOOK: &str = "0.5.4";

/// Builds it into a directory, `target/site` where none is named, and says where its first page is.
///
/// # Errors
/// mdBook cannot be had, or does not build it.
pub fn build(into: Option<PathBuf>) -> io::Result<()> {
    let mdbook = tools::installed("mdbook", Some(MDBOOK))
        .ok_or_else(|| io::Error::other(format!("mdbook {MDBOOK} cannot be had here")))?;
    let into = match into {
        Some(into) => std::path::absolute(into)?,
        None => target().join("site"),
    };
    command::run(
        Command::new(mdbook).arg("build").arg(workspace().join("docs")).arg("--dest-dir").arg(&into),
    )?;
    println!("{}", into.join("index.html").display());
    Ok(())
}
