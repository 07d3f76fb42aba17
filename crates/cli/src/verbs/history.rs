//! `history`: how long the steps of a run-book take and how often they fail, over all runs of it. Executes nothing.

use holdpoint_record::{RunDir, by_all};
use holdpoint_report::took;
use holdpoint_view::{Spread, StepHistory, Summary, history as gathered};
use serde_json::json;

use super::check::many;
use super::prepare;
use super::read::{store_problem, summed_up_in};
use super::standing::standings;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;

/// Tells it. A record that cannot be read is named and passed over.
pub fn history(screen: &Screen, arguments: &args::History) -> Result<Exit, Problem> {
    let checked = prepare::check(&arguments.file)?;
    if let Some(env) = &arguments.env {
        known(&checked.place, env)?;
    }
    let (summaries, passed_over) = runs_of(&checked.place, &checked.path, arguments.env.as_deref())?;
    let steps = gathered(&checked.plan, &summaries);
    match arguments.format {
        Format::Json => {
            let json = json!({
                "runbook": checked.path, "environment": arguments.env, "runs": summaries.len(),
                "passed_over": passed_over, "steps": steps,
            });
            screen.data(&serde_json::to_string_pretty(&json).unwrap_or_default());
        }
        Format::Text => text(screen, &checked.path, summaries.len(), &steps),
    }
    if !passed_over.is_empty() {
        let numbers: Vec<String> = passed_over.iter().map(u64::to_string).collect();
        let verify = "`holdpoint verify` says what is wrong";
        screen
            .say(&format!("Passed over, as their records cannot be used: {}; {verify}.", numbers.join(", ")));
    }
    Ok(Exit::Passed)
}

/// Refuses an environment that the configuration does not define.
pub fn known(place: &Place, environment: &str) -> Result<(), Problem> {
    let Some(config) = place.configuration().filter(|config| !config.environments.is_empty()) else {
        return Ok(());
    };
    let names: Vec<&str> = config.environments.keys().map(String::as_str).collect();
    match names.contains(&environment) {
        true => Ok(()),
        false => Err(prepare::no_environment(environment, &names)),
    }
}

/// All runs of a run-book, in this environment alone where one is named; and numbers of records that cannot be used.
pub fn runs_of(
    place: &Place,
    path: &str,
    environment: Option<&str>,
) -> Result<(Vec<Summary>, Vec<u64>), Problem> {
    let dirs = place.store().runs().map_err(store_problem)?;
    let stand = standings(&dirs);
    let (mut of_it, mut passed_over): (Vec<RunDir>, Vec<u64>) = (Vec::new(), Vec::new());
    for (dir, standing) in dirs.into_iter().zip(stand) {
        match standing {
            Ok(standing) if standing.broken.is_some() => passed_over.push(dir.number),
            Ok(standing) => {
                let opened = &standing.opened;
                let there = environment.is_none_or(|name| name == opened.environment.name);
                if there && opened.runbook.path == path {
                    of_it.push(dir);
                }
            }
            Err(unreadable) if unreadable.never_opened => {}
            Err(_) => passed_over.push(dir.number),
        }
    }
    let mut summaries: Vec<Summary> = Vec::new();
    for (dir, summary) in of_it.iter().zip(by_all(&of_it, |dir| summed_up_in(dir, false))) {
        match summary {
            Ok(summary) => summaries.push(summary),
            Err(_) => passed_over.push(dir.number),
        }
    }
    passed_over.sort_unstable();
    Ok((summaries, passed_over))
}

fn text(screen: &Screen, path: &str, runs: usize, steps: &[StepHistory]) {
    screen.data(&screen.neutralise(&format!("{path}: {}", many(runs, "run"))));
    if runs == 0 {
        return;
    }
    screen.data(&format!(
        "{:>5}  {:>5} {:>5} {:>6} {:>7}  {:>9} {:>9} {:>9}  {}",
        "step", "begun", "done", "failed", "skipped", "p50", "p95", "longest", "title"
    ));
    for StepHistory { number, title, runs, done, failed, skipped, elapsed_ms, .. } in steps {
        let number = number.as_deref().unwrap_or("gone");
        let of = |pick: fn(&Spread) -> u64| {
            elapsed_ms.as_ref().map_or("-".to_owned(), |spread| took(pick(spread)))
        };
        let (p50, p95, most) = (of(|it| it.p50), of(|it| it.p95), of(|it| it.most));
        let line = format!(
            "{number:>5}  {runs:>5} {done:>5} {failed:>6} {skipped:>7}  {p50:>9} {p95:>9} {most:>9}  {title}"
        );
        screen.data(&screen.neutralise(&line));
    }
}
