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
pub const UNREADABLE: &str = "unreadable";

/// Lists the runs of the store. One that cannot be read, or does not conform, is listed as such, and the exit code says
/// that there is one.
pub fn runs(screen: &Screen, arguments: &args::Listing) -> Result<Exit, Problem> {
    let place = Place::here()?;
    let mut dirs = place.store().runs().map_err(store_problem)?;
    dirs.reverse();
    let standings = standings(&dirs);
    let listed = asked_for(&place, arguments, dirs.iter().zip(&standings).collect())?;
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
        (true, true) => screen.tell("There are no runs yet. Open one with: holdpoint run FILE"),
        (true, false) => screen.tell("No run matches. Without options, all are listed."),
        (false, _) => screen.table(table(screen, &listed)),
    }
    Ok(exit)
}

/// A run and where it stands, or why that cannot be told.
pub type Listed<'a> = (&'a RunDir, &'a Result<Standing, Unreadable>);

/// Those of all runs that are asked for. One that cannot be read may be any.
///
/// # Errors
/// Something is asked for that nobody knows.
pub fn asked_for<'a>(
    place: &Place,
    arguments: &args::Listing,
    all: Vec<Listed<'a>>,
) -> Result<Vec<Listed<'a>>, Problem> {
    if let Some(env) = &arguments.env {
        known(place, env)?;
    }
    if let Some(role) = &arguments.waiting_for {
        known_role(place, role, &all)?;
    }
    let book = arguments.runbook.as_deref().map(|book| place.relative(book));
    if let (Some(book), Some(path)) = (&book, &arguments.runbook) {
        known_book(book, path.exists(), &all)?;
    }
    let wanted = |standing: &Standing| {
        let opened = &standing.opened;
        let role = standing.awaited.as_ref().and_then(|awaited| awaited.role.as_ref());
        book.as_ref().is_none_or(|book| *book == opened.runbook.path)
            && arguments.env.as_ref().is_none_or(|env| *env == opened.environment.name)
            && arguments.since.is_none_or(|since| since.at <= standing.last)
            && arguments.waiting_for.as_ref().is_none_or(|wanted| role == Some(wanted))
            && (!arguments.open || standing.verdict.is_none())
            && (!arguments.unreviewed || standing.is_unreviewed())
    };
    Ok(all.into_iter().filter(|(_, standing)| standing.as_ref().map_or(true, wanted)).collect())
}

/// Refuses a run-book that is neither there nor was ever run.
fn known_book(book: &str, is_there: bool, all: &[Listed<'_>]) -> Result<(), Problem> {
    let ran: BTreeSet<&str> = all
        .iter()
        .filter_map(|(_, standing)| Some(standing.as_ref().ok()?.opened.runbook.path.as_str()))
        .collect();
    if is_there || ran.contains(book) {
        return Ok(());
    }
    let ran: Vec<&str> = ran.into_iter().collect();
    let help = match holdpoint_document::nearest(book, &ran) {
        Some(near) => format!("Did you mean {near}?"),
        None if ran.is_empty() => "Nothing was run yet.".to_owned(),
        None => format!("Those that were run: {}.", ran.join(", ")),
    };
    Err(Problem::usage(format!("there is no run-book {book}, and no run of one"), help))
}

/// Refuses a role that neither the configuration nor any run knows.
fn known_role(place: &Place, role: &str, all: &[Listed<'_>]) -> Result<(), Problem> {
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

/// A run in the list, for programs.
pub fn json_of(dir: &RunDir, standing: &Result<Standing, Unreadable>) -> Value {
    match standing {
        Ok(standing) => json_of_standing(dir, standing),
        Err(Unreadable { problem, .. }) => {
            json!({"number": dir.number, "name": dir.name, "state": UNREADABLE, "error": problem.to_string()})
        }
    }
}

/// A run of which it is known where it stands, for programs.
pub fn json_of_standing(dir: &RunDir, standing: &Standing) -> Value {
    let opened = &standing.opened;
    let mut row = json!({
        "number": dir.number, "name": dir.name, "id": opened.id, "state": standing.state(),
        "stands": standing.words(), "awaited": standing.awaited, "driver": standing.driver,
        "deviations": standing.deviations, "expunged": standing.expunged,
        "environment": opened.environment.name, "runbook": opened.runbook.path,
        "title": opened.title(), "operator": standing.operator,
        "opened": standing.first, "last": standing.last, "sealed": standing.sealed,
        "reviews": standing.reviews,
    });
    if let Some(why) = &standing.broken {
        row["error"] = json!(why);
    }
    row
}

fn table(screen: &Screen, listed: &[Listed<'_>]) -> Table {
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let opened = format!("opened ({})", zone_name(&zone, now));
    let mut table = Table::new(&[">run", "state", "environment", &opened, "?operator", "title"]);
    let style = screen.data_style();
    for (dir, standing) in listed {
        let number = Cell::from(dir.number.to_string());
        match standing {
            Ok(standing) => {
                let state = state(standing, now, &zone);
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

/// How a run stands, and since when it waits or is driven.
pub fn state(standing: &Standing, now: Timestamp, zone: &TimeZone) -> String {
    let how = standing.how();
    standing.with_what_is_gone(match standing.since() {
        Some(since) => format!("{how} since {}", moment(since, now, zone)),
        None => how,
    })
}

/// What kind of news a run is. No kind says what no word does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It went as it should.
    Good,
    /// It did, and not as the document says.
    Note,
    /// Something is wrong.
    Bad,
    /// Somebody is waited for.
    Wait,
    /// It was undone.
    Back,
    /// There is nothing to be said of it.
    Quiet,
    /// It goes on.
    Plain,
}

impl Tone {
    /// Its name, for programs and style sheets.
    pub fn name(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Note => "note",
            Tone::Bad => "bad",
            Tone::Wait => "wait",
            Tone::Back => "back",
            Tone::Quiet => "quiet",
            Tone::Plain => "plain",
        }
    }
}

/// What must be seen first is told by its tone as well.
pub fn tone(standing: &Standing) -> Tone {
    match (&standing.broken, standing.verdict, &standing.awaited) {
        (Some(_), ..) => Tone::Bad,
        (None, Some(Verdict::Passed), _) if standing.deviations > 0 => Tone::Note,
        (None, Some(Verdict::Passed), _) => Tone::Good,
        (None, Some(Verdict::NothingDone), _) => Tone::Quiet,
        (None, Some(Verdict::RolledBack), _) => Tone::Back,
        (None, Some(Verdict::Failed | Verdict::Aborted), _) => Tone::Bad,
        (None, None, Some(awaited)) => match awaited.what {
            Wanted::DecisionOnFailure | Wanted::DecisionOnDoubt | Wanted::Nothing => Tone::Bad,
            Wanted::SignOff if awaited.rejected => Tone::Bad,
            _ => Tone::Wait,
        },
        (None, None, None) => Tone::Plain,
    }
}

fn colour(standing: &Standing, style: &Style) -> Style {
    let style = style.clone();
    match tone(standing) {
        // What ended is not to be acted on.
        Tone::Bad if standing.verdict.is_some() => style.red(),
        Tone::Bad => style.red().bold(),
        Tone::Note => style.yellow(),
        Tone::Good => style.green(),
        Tone::Quiet => style.dim(),
        Tone::Back => style.magenta(),
        Tone::Wait => style.cyan().bold(),
        Tone::Plain => style,
    }
}
