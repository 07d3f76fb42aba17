//! What a verb gives: to standard output, or to a file that is not there yet.

use std::io::{self, Write as _};
use std::path::Path;

use crate::files;
use crate::problem::Problem;
use crate::screen::Screen;

/// Refuses a file that is there already, before anything is done for it.
///
/// # Errors
/// It is there.
pub fn untaken(output: Option<&Path>) -> Result<(), Problem> {
    output.filter(|output| files::is_taken(output)).map_or(Ok(()), |output| Err(there_already(output)))
}

/// Gives a text away. `done` is what is said of it, to follow on the file's name.
///
/// # Errors
/// The file is there already, or cannot be written.
pub fn give(screen: &Screen, output: Option<&Path>, text: &str, done: &str) -> Result<(), Problem> {
    let Some(path) = output else {
        screen.data(text);
        return Ok(());
    };
    untaken(output)?;
    let mut file = files::create_new(path).map_err(|error| cannot_write(path, &error))?;
    file.write_all(text.as_bytes()).map_err(|error| cannot_write(path, &error))?;
    screen.tell(&format!("Written to {}{done}.", screen.path(path)));
    Ok(())
}

/// A file that is there already.
pub fn there_already(output: &Path) -> Problem {
    Problem::usage(
        format!("{} is there already", output.display()),
        "Nothing was written. Name another file.",
    )
}

/// A file that cannot be written.
pub fn cannot_write(output: &Path, error: &io::Error) -> Problem {
    Problem::usage(format!("{} cannot be written: {error}", output.display()), "Name another file.")
}
