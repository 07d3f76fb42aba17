//! `completions` and `man`: made from the arguments themselves, so that they cannot say anything else. A shell asks the program
//! at each key press, which knows what there is to choose from.

use std::path::Path;

use clap::{Command, CommandFactory};

use crate::args::{self, Cli, Shell};
use crate::completing;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen::Screen;

const NAME: &str = "holdpoint";

/// Writes a shell's completions to standard output.
pub fn completions(screen: &Screen, arguments: &args::Completions) -> Result<Exit, Problem> {
    let shell = match arguments.shell {
        Shell::Bash => "bash",
        Shell::Zsh => "zsh",
        Shell::Fish => "fish",
    };
    let script = completing::script(shell).map_err(|error| {
        Problem::fault(format!("the completions cannot be made: {error}"), "This is a fault of holdpoint.")
    })?;
    screen.data(String::from_utf8_lossy(&script).trim_end());
    Ok(Exit::Passed)
}

/// Writes the main page to standard output, or one page a verb into a directory.
pub fn man(screen: &Screen, arguments: &args::Man) -> Result<Exit, Problem> {
    let command = Cli::command().disable_help_subcommand(true);
    let Some(directory) = &arguments.output else {
        screen.data(page(command)?.trim_end());
        return Ok(Exit::Passed);
    };
    let cannot = |path: &Path, error: std::io::Error| {
        Problem::usage(format!("{} cannot be written: {error}", path.display()), "Name another directory.")
    };
    std::fs::create_dir_all(directory).map_err(|error| cannot(directory, error))?;
    let mut pages = vec![(format!("{NAME}.1"), command.clone())];
    for verb in command.get_subcommands() {
        let name = format!("{NAME}-{}", verb.get_name());
        // A page of its own has to name the whole command in its synopsis, and the program's version.
        let whole = format!("{NAME} {}", verb.get_name());
        let own = verb.clone().display_name(name.clone()).bin_name(whole).version(env!("CARGO_PKG_VERSION"));
        pages.push((format!("{name}.1"), own));
    }
    for (name, command) in &pages {
        let path = directory.join(name);
        std::fs::write(&path, page(command.clone())?).map_err(|error| cannot(&path, error))?;
    }
    screen.tell(&format!("Wrote {} pages to {}.", pages.len(), screen.path(directory)));
    screen.tell(&format!("Read one with: man -l {}", screen.path(&directory.join(format!("{NAME}.1")))));
    Ok(Exit::Passed)
}

fn page(command: Command) -> Result<String, Problem> {
    let mut text = Vec::new();
    let page = clap_mangen::Man::new(command).manual("Holdpoint");
    let page = page.source(concat!("holdpoint ", env!("CARGO_PKG_VERSION")));
    page.render(&mut text).map_err(|error| {
        Problem::fault(format!("the page cannot be made: {error}"), "This is a fault of holdpoint.")
    })?;
    // A blank at a line's end is what linters of man pages stumble over.
    Ok(String::from_utf8_lossy(&text).lines().map(|line| line.trim_end().to_owned() + "\n").collect())
}
