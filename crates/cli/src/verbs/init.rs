//! `init`: writes what a repository needs and does not have, and nothing else.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::args::{self, Example};
use crate::exit::Exit;
use crate::files;
use crate::git;
use crate::place::{CONFIG, Place, current_dir};
use crate::problem::Problem;
use crate::screen::Screen;

const RUN_BOOK: &str = "runbooks/first.md";
const IGNORE: &str = ".gitignore";

/// Sets a repository, or a directory, up.
pub fn init(screen: &Screen, arguments: &args::Init) -> Result<Exit, Problem> {
    let here = current_dir()?;
    let directory = arguments.directory.as_ref().map_or(here.clone(), |named| here.join(named));
    if !directory.is_dir() {
        let message = format!("{} is no directory", directory.display());
        return Err(Problem::usage(message, "Make it first, or leave it out for the current one."));
    }
    let place = Place::of(&directory)?;
    if let Some(Example::Promotion) = arguments.example {
        return promotion(screen, &place, &here);
    }
    let mut wrote = Vec::new();
    if create(&place.root.join(CONFIG), include_str!("init/holdpoint.toml"))? {
        wrote.push(format!("{CONFIG}: every setting, commented out; nothing has to be set"));
    }
    if ignore_runs(&place)? {
        wrote.push(format!("{IGNORE}: a line that keeps runs out of commits"));
    }
    if create(&place.root.join(RUN_BOOK), include_str!("init/first.md"))? {
        wrote.push(format!("{RUN_BOOK}: a first run-book"));
    }
    screen.say(&format!("{}:", screen.path(&place.root)));
    for line in &wrote {
        screen.say(&format!("  wrote {line}"));
    }
    if wrote.is_empty() {
        screen.say("  everything is there already; nothing was written");
    }
    let environments = place.configuration().map(|config| &config.environments);
    let first = environments.and_then(|environments| environments.keys().next());
    let environment = first.map(|name| format!(" --env {name}")).unwrap_or_default();
    screen.say("");
    screen.say("Next:");
    let from = place.root.canonicalize().ok();
    if from != here.canonicalize().ok() {
        screen.say(&format!("  cd {}", screen.path(&place.root)));
    }
    screen.say(&format!("  holdpoint check {RUN_BOOK}"));
    screen.say(&format!("  holdpoint run {RUN_BOOK}{environment}"));
    screen.say("  holdpoint verify latest");
    Ok(Exit::Passed)
}

/// What the example is made of.
const PROMOTION: [(&str, &str, &str); 5] = [
    (CONFIG, include_str!("init/promotion/holdpoint.toml"), "people, roles, and two environments"),
    (PROMOTED, include_str!("init/promotion/promotion.md"), "the run-book"),
    (ANSWERS, include_str!("init/promotion/answers.yaml"), "what a person would say, for rehearsals"),
    ("promotion/staging.txt", "v1.0\n", "the site in staging"),
    ("promotion/production.txt", "v1.0\n", "the site in production"),
];
const PROMOTED: &str = "runbooks/promotion.md";
const ANSWERS: &str = "runbooks/promotion-answers.yaml";

/// Writes the example, all of it or nothing: with another configuration it would be another one.
fn promotion(screen: &Screen, place: &Place, here: &Path) -> Result<Exit, Problem> {
    let there = |(name, ..): &&(&str, &str, &str)| place.root.join(name).symlink_metadata().is_ok();
    if let Some((name, ..)) = PROMOTION.iter().find(there) {
        return Err(Problem::usage(
            format!("{name} is there already, and the example brings its own"),
            "Nothing was written. Take a directory of its own: mkdir promotion && holdpoint init --example promotion promotion",
        ));
    }
    screen.say(&format!("{}:", screen.path(&place.root)));
    for (name, text, what) in PROMOTION {
        create(&place.root.join(name), text)?;
        screen.say(&format!("  wrote {name}: {what}"));
    }
    if ignore_runs(place)? {
        screen.say(&format!("  wrote {IGNORE}: a line that keeps runs out of commits"));
    }
    screen.say("");
    screen.tell(
        "Next: a rehearsal that asks nobody, then production, where you are asked. Park it at its hold point; quality \
         assurance signs, from their own account, and you resume it, which closes the run.",
    );
    if place.root.canonicalize().ok() != here.canonicalize().ok() {
        screen.say(&format!("  cd {}", screen.path(&place.root)));
    }
    screen.say(&format!("  holdpoint run {PROMOTED} --env staging --answers {ANSWERS} --unattended"));
    screen.say(&format!("  holdpoint run {PROMOTED} --env production --set RELEASE=v1.1"));
    screen.say("  holdpoint sign latest --as qa@example.org");
    screen.say("  holdpoint resume latest");
    Ok(Exit::Passed)
}

/// Writes a file that is not there; whether it did. What is there stays as it is, whatever it is.
fn create(path: &Path, text: &str) -> Result<bool, Problem> {
    let directory = path.parent().unwrap_or(Path::new("."));
    if !directory.is_dir() {
        let above = mode(directory.parent().unwrap_or(Path::new(".")));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(directory)
            .map_err(|error| cannot(directory, &error))?;
        permit(directory, above & 0o775)?;
    }
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).map_err(|error| cannot(path, &error))?;
            permit(path, mode(directory) & 0o664)?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(cannot(path, &error)),
    }
}

/// Has git ignore the store, unless it does already or the store lies elsewhere; whether anything was written.
fn ignore_runs(place: &Place) -> Result<bool, Problem> {
    let store = place.store();
    let Ok(below) = store.path().strip_prefix(&place.root) else { return Ok(false) };
    let below = below.to_string_lossy().into_owned();
    let probe = format!("{below}/0001-run/run.jsonl");
    if place.is_git && git::ignores(&place.root, &probe, true)? {
        return Ok(false);
    }
    let path = place.root.join(IGNORE);
    let line = format!("/{below}/");
    if create(&path, &format!("{line}\n"))? {
        return Ok(true);
    }
    let text = files::read_text(&path, files::TEXT).map_err(|error| cannot(&path, &error))?;
    let same = |known: &str| known.trim().trim_matches('/') == line.trim_matches('/');
    if text.lines().any(same) {
        return Ok(false);
    }
    let before = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let mut file =
        std::fs::OpenOptions::new().append(true).open(&path).map_err(|error| cannot(&path, &error))?;
    file.write_all(format!("{before}{line}\n").as_bytes()).map_err(|error| cannot(&path, &error))?;
    Ok(true)
}

/// The program makes private files; what belongs to the repository is as open as the directory it lies in.
fn permit(path: &Path, mode: u32) -> Result<(), Problem> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(|error| cannot(path, &error))
}

fn mode(directory: &Path) -> u32 {
    let shown: PathBuf =
        if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory.to_owned() };
    std::fs::metadata(shown).map_or(0o700, |metadata| metadata.permissions().mode())
}

fn cannot(path: &Path, error: &std::io::Error) -> Problem {
    Problem::usage(
        format!("{} cannot be written: {error}", path.display()),
        "Nothing that was there was changed. Look at its permissions, then run init again.",
    )
}
