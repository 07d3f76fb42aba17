//! What a shell can complete with: environments, people, roles, runs and steps that there are here. It is asked at a key press, so
//! nothing is told, nothing fails and nothing is written; what is odd is left out.

use std::ffi::OsString;

use clap::{Command, CommandFactory};
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::{Bash, CompleteEnv, EnvCompleter, Fish, Zsh};
use holdpoint_document::{Config, NotIncluded};
use holdpoint_engine::Event;
use holdpoint_record::{RunDir, glance, read, text_blob};

use crate::place::Place;

/// The variable by which a shell asks.
const ASKS: &str = "HOLDPOINT_COMPLETE";
const NAME: &str = "holdpoint";
/// No more runs are offered, newest first.
const MOST: usize = 50;

/// Answers a shell that asks, and whether that went well; `None` where none does. A shell asks by the variable and a line behind
/// `--`: the variable alone, left over from somewhere, must not keep a verb from what it is asked for.
pub fn answer<C: CommandFactory>() -> Option<bool> {
    let asks =
        std::env::var_os(ASKS).is_some() && std::env::args_os().nth(1).is_some_and(|word| word == "--");
    if !asks {
        return None;
    }
    let command = || -> Command { C::command() };
    let asked = CompleteEnv::with_factory(command).var(ASKS).bin(NAME);
    let here = std::env::current_dir().ok();
    Some(asked.try_complete(std::env::args_os(), here.as_deref()).unwrap_or(false))
}

/// What a shell takes in, so that it asks.
pub fn script(shell: &str) -> std::io::Result<Vec<u8>> {
    let shells: [&dyn EnvCompleter; 3] = [&Bash, &Zsh, &Fish];
    let mut script = Vec::new();
    for known in shells.into_iter().filter(|known| known.is(shell)) {
        known.write_registration(ASKS, NAME, NAME, NAME, &mut script)?;
    }
    Ok(script)
}

/// Environments of the repository's configuration.
pub fn environments() -> Vec<CompletionCandidate> {
    candidates(configured().map(|config| config.environments.into_keys().collect()).unwrap_or_default())
}

/// People whom it names.
pub fn people() -> Vec<CompletionCandidate> {
    let mut names: Vec<String> =
        configured().map(|config| config.principals().map(str::to_owned).collect()).unwrap_or_default();
    names.sort();
    names.dedup();
    candidates(names)
}

/// Roles that it gives.
pub fn roles() -> Vec<CompletionCandidate> {
    candidates(configured().map(|config| config.roles.into_keys().collect()).unwrap_or_default())
}

/// Runs of the store, newest first.
pub fn runs() -> Vec<CompletionCandidate> {
    offered(|_| true)
}

/// Those of them that are not over.
pub fn open_runs() -> Vec<CompletionCandidate> {
    let is_open = |last: &Event| !matches!(last, Event::RunClosed { .. });
    offered(|run| glance(&run.path).is_ok_and(|glance| is_open(&glance.last.event)))
}

fn offered(is_offered: impl Fn(&RunDir) -> bool) -> Vec<CompletionCandidate> {
    let named = |run: &RunDir| {
        let name = run.path.file_name()?.to_string_lossy().into_owned();
        let of = name.split_once('-').map(|(_, of)| of.to_owned())?;
        let shown = is_plain(&of).then(|| of.into());
        Some(CompletionCandidate::new(run.number.to_string()).help(shown))
    };
    let newest = stored().into_iter().rev().filter(is_offered).take(MOST);
    let latest = CompletionCandidate::new("latest");
    newest.filter_map(|run| named(&run)).chain([latest]).collect()
}

/// Steps of the run that the command line names, else of the newest one.
pub fn steps() -> Vec<CompletionCandidate> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let stored = stored();
    let numbered = |word: &OsString| stored.iter().find(|run| *word == *run.number.to_string());
    // Behind the mark stands the line, and the program and the verb are no run.
    let line = words.iter().skip_while(|word| *word != "--").skip(3);
    let run = line.into_iter().find_map(numbered).or(stored.last());
    candidates(run.and_then(steps_of).unwrap_or_default())
}

fn steps_of(run: &RunDir) -> Option<Vec<String>> {
    let recorded = read(&run.path).ok()?;
    let last = recorded.events.iter().rev().find_map(|stamped| match &stamped.event {
        Event::RunOpened(opened) => Some(&opened.runbook),
        Event::DocumentExchanged(exchanged) => Some(&exchanged.runbook),
        _ => None,
    });
    let book = last?;
    let text = |blob| String::from_utf8(text_blob(&run.path, blob).ok()?).ok();
    let source = text(&book.blob)?;
    let mut include = |path: &str| {
        let kept = book.includes.iter().find(|kept| kept.path == path).and_then(|kept| text(&kept.blob));
        kept.ok_or_else(|| NotIncluded { why: String::new(), help: String::new() })
    };
    let plan = holdpoint_document::compile_with((&book.path, &source), None, &mut include).plan;
    Some(plan.steps.into_iter().map(|step| step.id).collect())
}

fn configured() -> Option<Config> {
    Place::here().ok()?.config.map(|configured| configured.config)
}

fn stored() -> Vec<RunDir> {
    Place::here().ok().and_then(|place| place.store().runs().ok()).unwrap_or_default()
}

fn candidates(names: Vec<String>) -> Vec<CompletionCandidate> {
    names.into_iter().filter(|name| is_plain(name)).map(CompletionCandidate::new).collect()
}

/// Whether a word means nothing to a shell or a terminal: a repository may be of anybody's making.
fn is_plain(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with('-')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "._@+-".contains(c))
}
