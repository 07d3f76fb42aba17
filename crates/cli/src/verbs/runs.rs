//! `runs`: the runs of a store, newest first.

use std::collections::BTreeSet;

use console::Style;
use holdpoint_document::Config;
use holdpoint_engine::Verdict;
use holdpoint_record::RunDir;
use holdpoint_report::{moment, zone_name};
use holdpoint_view::Wanted;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::history::known;
use super::read::store_problem;
use super::standing::{Standing, Unreadable, standings};
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::{Cell, Screen, Table, environment_style};

/// What is said of a run that nobody can read.
const UNREADABLE: &str = "unreadable";

/// Lists the runs of the store. One that cannot be read, or does not conform, is listed as such, and the exit code says
/// that there is one.
pub fn runs(screen: &Screen, arguments: &args::Listing) -> Result<Exit, Problem> {
    let place = Place::here()?;
    let mut dirs = place.store().runs().map_err(store_problem)?;
    dirs.reverse();
    if let Some(env) = &arguments.env {
        known(&place, env)?;
    }
    let all: Vec<_> = dirs.iter().zip(standings(&dirs)).collect();
    if let Some(role) = &arguments.waiting_for {
        known_role(&place, role, &all)?;
    }
    let book = arguments.runbook.as_deref().map(|book| place.relative(book));
    // Of a run that cannot be read nobody knows whether it is asked for: it is listed.
    let wanted = |standing: &Standing| {
        let opened = &standing.opened;
        let role = standing.awaited.as_ref().and_then(|awaited| awaited.role.as_ref());
        book.as_ref().is_none_or(|book| *book == opened.runbook.path)
            && arguments.env.as_ref().is_none_or(|env| *env == opened.environment.name)
            && arguments.since.is_none_or(|since| since.at <= standing.last)
            && arguments.waiting_for.as_ref().is_none_or(|wanted| role == Some(wanted))
            && (!arguments.open || standing.verdict.is_none())
    };
    let is_wanted =
        |(_, standing): &(&RunDir, Result<Standing, Unreadable>)| standing.as_ref().map_or(true, wanted);
    let listed: Vec<_> = all.into_iter().filter(is_wanted).collect();
    let wrong = |standing: &Result<Standing, Unreadable>| match standing {
        Ok(standing) => standing.broken.is_some(),
        Err(unreadable) => !unreadable.never_opened,
    };
    let exit = if listed.iter().any(|(_, standing)| wrong(standing)) { Exit::Record } else { Exit::Passed };
    if arguments.format == Format::Json {
        let rows: Vec<Value> = listed.iter().map(|(dir, standing)| json_of(dir, standing)).collect();
        screen.data(&serde_json::to_string_pretty(&rows).unwrap_or_default());
        return Ok(exit);
    }
    match (listed.is_empty(), dirs.is_empty()) {
        (true, true) => screen.say("There are no runs yet. Open one with: holdpoint run FILE"),
        (true, false) => screen.say("No run is like that. Without options, all are listed."),
        (false, _) => screen.table(table(screen, &listed)),
    }
    Ok(exit)
}

/// Refuses a role that neither the configuration nor any run knows.
fn known_role(
    place: &Place,
    role: &str,
    all: &[(&RunDir, Result<Standing, Unreadable>)],
) -> Result<(), Problem> {
    let of_config = |config: &Config| config.roles.keys().cloned().collect::<Vec<_>>();
    let mut roles: BTreeSet<String> = place.configuration().map(of_config).into_iter().flatten().collect();
    for standing in all.iter().filter_map(|(_, standing)| standing.as_ref().ok()) {
        roles.extend(standing.opened.roles.keys().cloned());
        roles.extend(standing.awaited.iter().filter_map(|awaited| awaited.role.clone()));
    }
    if roles.is_empty() || roles.contains(role) {
        return Ok(());
    }
    let names: Vec<&str> = roles.iter().map(String::as_str).collect();
    Err(Problem::usage(
        format!("there is no role `{role}` in holdpoint.toml or in any run"),
        format!("Roles are: {}.", names.join(", ")),
    ))
}

fn json_of(dir: &RunDir, standing: &Result<Standing, Unreadable>) -> Value {
    match standing {
        Ok(standing) => {
            let opened = &standing.opened;
            let driver = standing.driver.as_ref().map(|driver| {
                json!({"operator": standing.operator, "pid": driver.pid, "host": driver.host, "since": driver.since})
            });
            let mut row = json!({
                "number": dir.number, "name": dir.name, "id": opened.id, "state": standing.state(),
                "stands": standing.words(), "awaited": standing.awaited, "driver": driver,
                "deviations": standing.deviations, "expunged": standing.expunged,
                "environment": opened.environment.name, "runbook": opened.runbook.path,
                "title": opened.title(), "operator": standing.operator,
                "opened": standing.first, "last": standing.last, "sealed": standing.sealed,
            });
            if let Some(why) = &standing.broken {
                row["error"] = json!(why);
            }
            row
        }
        Err(Unreadable { problem, .. }) => {
            json!({"number": dir.number, "name": dir.name, "state": UNREADABLE, "error": problem.to_string()})
        }
    }
}

fn table(screen: &Screen, listed: &[(&RunDir, Result<Standing, Unreadable>)]) -> Table {
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let opened = format!("opened ({})", zone_name(&zone, now));
    let mut table = Table::new(&[">run", "state", "environment", &opened, "?operator", "title"]);
    let style = screen.data_style();
    for (dir, standing) in listed {
        let number = Cell::from(dir.number.to_string());
        match standing {
            Ok(standing) => {
                let mut state = standing.words();
                if let Some(since) = standing.since() {
                    state += &format!(" since {}", moment(since, now, &zone));
                }
                let (colour, environment) = (colour(standing, &style), &standing.opened.environment);
                let title = match &standing.broken {
                    Some(why) => why.clone(),
                    None => standing.opened.title(),
                };
                table.row([
                    number,
                    Cell::from(state).styled(colour),
                    Cell::from(&*environment.name).styled(environment_style(environment, &style)),
                    moment(standing.first, now, &zone).into(),
                    standing.operator.as_str().into(),
                    title.into(),
                ]);
            }
            Err(Unreadable { problem, .. }) => {
                let state = Cell::from(UNREADABLE).styled(style.clone().red().bold());
                table.row([number, state, "".into(), "".into(), "".into(), problem.to_string().into()]);
            }
        }
    }
    table
}

/// What must be seen first is told by its colour as well; no colour says what no word does.
fn colour(standing: &Standing, style: &Style) -> Style {
    let style = style.clone();
    match (&standing.broken, standing.verdict, &standing.awaited) {
        (Some(_), ..) => style.red().bold(),
        (None, Some(Verdict::Passed), _) if standing.deviations > 0 => style.yellow(),
        (None, Some(Verdict::Passed), _) => style.green(),
        (None, Some(Verdict::NothingDone), _) => style.dim(),
        (None, Some(Verdict::RolledBack), _) => style.magenta(),
        (None, Some(Verdict::Failed | Verdict::Aborted), _) => style.red(),
        (None, None, Some(awaited)) => match awaited.what {
            Wanted::DecisionOnFailure | Wanted::DecisionOnDoubt | Wanted::Nothing => style.red().bold(),
            _ => style.cyan().bold(),
        },
        (None, None, None) => style,
    }
}
