//! `targets`: which places an environment's targets stand for, and whether they answer.

use std::collections::BTreeMap;

use holdpoint_document::Target;
use holdpoint_executor::{Probed, Remote, Setting, Unreachable, Ways};
use serde_json::{Value, json};

use super::clearing::{Cleared, Runs};
use super::prepare::no_environment;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;

/// One place of a target.
struct Row<'c> {
    environment: &'c str,
    target: &'c str,
    seen: &'c Target,
    place: &'c holdpoint_document::Place,
    /// What it answered, if it was asked.
    probed: Option<Result<Probed, Unreachable>>,
    /// What it had of attempts, if it was to remove them.
    cleared: Option<Result<Cleared, Unreachable>>,
}

/// Lists places, and asks each where that was said. Nothing of a run-book runs there.
///
/// # Errors
/// The configuration cannot be read, or knows no such environment.
pub async fn targets(screen: &Screen, arguments: &args::Targets) -> Result<Exit, Problem> {
    let place = Place::here()?;
    let none = BTreeMap::new();
    let environments = place.configuration().map_or(&none, |config| &config.environments);
    if let Some(name) = arguments.environment.as_deref().filter(|name| !environments.contains_key(*name)) {
        let names: Vec<&str> = environments.keys().map(String::as_str).collect();
        return Err(no_environment(name, &names));
    }
    let wanted = |name: &str| arguments.environment.as_deref().is_none_or(|only| only == name);
    let mut rows = Vec::new();
    for (environment, configured) in environments.iter().filter(|(name, _)| wanted(name)) {
        for (target, seen) in &configured.targets {
            for place in &seen.places {
                rows.push(Row { environment, target, seen, place, probed: None, cleared: None });
            }
        }
    }
    if arguments.probe {
        for row in &mut rows {
            row.probed = Some(probe(row.place.clone(), row.seen).await);
        }
    }
    if arguments.clean {
        let runs = Runs::of(&place.store())?;
        for row in rows.iter_mut().filter(|row| *row.place != holdpoint_document::Place::Local) {
            row.cleared = Some(runs.clear(row.place.clone()).await);
        }
    }
    match arguments.format {
        Format::Json => {
            let rows: Vec<Value> = rows.iter().map(as_json).collect();
            screen.data(&serde_json::to_string_pretty(&rows).unwrap_or_default());
        }
        Format::Text if rows.is_empty() => screen.data("no targets: every block runs on this machine"),
        Format::Text => rows.iter().for_each(|row| tell(screen, row)),
    }
    let useless = |row: &Row<'_>| match &row.probed {
        Some(Ok(probed)) => probed.become_refused.is_some(),
        Some(Err(_)) => true,
        None => false,
    };
    let silent = rows.iter().any(|row| useless(row) || matches!(row.cleared, Some(Err(_))));
    Ok(if silent { Exit::Failed } else { Exit::Passed })
}

async fn probe(place: holdpoint_document::Place, seen: &Target) -> Result<Probed, Unreachable> {
    let setting = Setting { r#become: seen.r#become, ..Setting::default() };
    Remote::open(place, Ways::default(), setting).await?.probe().await
}

/// What a clock differs in that is read in whole seconds, over a line that takes its time.
fn clock(ahead: f64) -> String {
    match ahead {
        ahead if ahead.abs() < 1.0 => "within a second of this one".to_owned(),
        ahead if ahead > 0.0 => format!("ahead by {ahead:.1} s"),
        ahead => format!("behind by {:.1} s", -ahead),
    }
}

fn as_json(row: &Row<'_>) -> Value {
    let Row { environment, target, seen, place, probed, cleared } = row;
    let mut told = json!({ "environment": environment, "target": target, "place": place.to_string() });
    if let Some(how) = seen.r#become {
        told["become"] = how.as_str().into();
    }
    match probed {
        None => {}
        Some(Ok(probed)) => {
            let programs: BTreeMap<&str, &str> =
                probed.programs.iter().map(|(name, path)| (name.as_str(), path.as_str())).collect();
            told["reachable"] = true.into();
            told["user"] = probed.user.as_str().into();
            if !probed.host_keys.is_empty() {
                told["host_keys"] = json!(probed.host_keys);
            }
            if let Some(shell) = &probed.login_shell {
                told["login_shell"] = shell.as_str().into();
            }
            told["system"] = probed.system.as_str().into();
            told["programs"] = json!(programs);
            told["clock_ahead_s"] = json!((probed.clock_ahead * 10.0).round() / 10.0);
            told["free_kib"] = json!(probed.free_kib);
            if let Some(why) = &probed.become_refused {
                told["become_refused"] = why.as_str().into();
            }
        }
        Some(Err(error)) => {
            told["reachable"] = false.into();
            told["why"] = error.why.as_str().into();
            if let Some(help) = &error.help {
                told["help"] = help.as_str().into();
            }
        }
    }
    match cleared {
        None => {}
        Some(Ok(cleared)) => {
            told["removed"] = cleared.removed.into();
            told["left"] = json!(cleared.left);
        }
        Some(Err(error)) => told["why"] = error.why.as_str().into(),
    }
    told
}

fn tell(screen: &Screen, row: &Row<'_>) {
    let say = |text: String| screen.data(&screen.neutralise(&text));
    let how = row.seen.r#become.map_or_else(String::new, |how| format!("  become {}", how.as_str()));
    say(format!("{}  {}  {}{how}", row.environment, row.target, row.place));
    match &row.probed {
        None => {}
        Some(Ok(probed)) => {
            let free =
                probed.free_kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{} MiB", kib / 1024));
            let names: Vec<&str> = probed.programs.iter().map(|(name, _)| name.as_str()).collect();
            say(format!("    answers as {} on {}", probed.user, probed.system));
            for key in &probed.host_keys {
                say(format!("    host key {key}"));
            }
            if let Some(shell) = &probed.login_shell {
                say(format!("    login shell {shell}"));
            }
            say(format!("    clock {}, free {free}", clock(probed.clock_ahead)));
            say(format!("    has {}", names.join(", ")));
            if let (Some(why), Some(how)) = (&probed.become_refused, row.seen.r#become) {
                say(format!("    BECOME IS REFUSED: {why}"));
                say(format!("    Blocks need {} for this user without a password.", how.as_str()));
            }
        }
        Some(Err(error)) => {
            say(format!("    DOES NOT ANSWER: {}", error.why));
            error.help.iter().for_each(|help| say(format!("    {help}")));
        }
    }
    match &row.cleared {
        None => {}
        Some(Ok(cleared)) => {
            say(format!("    removed {}", cleared.removed));
            cleared.left.iter().for_each(|(attempt, why)| say(format!("    left {attempt}: {why}")));
        }
        Some(Err(error)) => say(format!("    DOES NOT ANSWER: {}", error.why)),
    }
}
