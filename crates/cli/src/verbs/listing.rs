//! `runs` and `show`.

use holdpoint_engine::Event;
use serde_json::json;

use super::read::{recorded, store_problem};
use super::verdict_words;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen;

/// Lists every run of the store; one that cannot be read is listed as such.
pub fn runs(arguments: &args::Listing) -> Result<Exit, Problem> {
    let runs = Place::here()?.store().runs().map_err(store_problem)?;
    let mut rows = Vec::new();
    for dir in runs {
        let read = holdpoint_record::read(&dir.path);
        let row = match &read {
            Ok(read) => {
                let Some((first, last)) = read.events.first().zip(read.events.last()) else { continue };
                let Event::RunOpened(opened) = &first.event else { continue };
                let state = match &last.event {
                    Event::RunClosed { verdict } => verdict_words(*verdict).to_owned(),
                    _ => "open".to_owned(),
                };
                json!({"number": dir.number, "name": dir.name, "id": opened.id, "state": state,
                       "environment": opened.environment.name, "runbook": opened.runbook.path,
                       "title": opened.runbook.title, "operator": opened.session.operator,
                       "opened": first.at, "last": last.at, "sealed": read.seal.is_some()})
            }
            Err(error) => {
                json!({"number": dir.number, "name": dir.name, "state": "unreadable", "error": error.to_string()})
            }
        };
        rows.push(row);
    }
    if arguments.format == Format::Json {
        screen::data(&serde_json::to_string_pretty(&rows).unwrap_or_default());
        return Ok(Exit::Passed);
    }
    if rows.is_empty() {
        screen::say("There are no runs yet. Open one with: holdpoint run FILE");
    }
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let opened = text("opened");
        let when = opened.split('.').next().unwrap_or_default().replace('T', " ");
        let line = match row.get("error") {
            Some(_) => format!("{:>5}  {:<11}  {}", row["number"], "unreadable", text("error")),
            None => format!(
                "{:>5}  {:<11}  {:<12}  {when:<19}  {:<24}  {}",
                row["number"],
                text("state"),
                text("environment"),
                text("operator"),
                text("title"),
            ),
        };
        screen::data(&screen::neutralise(&line));
    }
    Ok(Exit::Passed)
}

/// One run at a glance.
pub fn show(arguments: &args::Reading) -> Result<Exit, Problem> {
    let recorded = recorded(&arguments.run)?;
    if arguments.format == Format::Json {
        let json = recorded.with_material(None, holdpoint_report::json);
        let json = json.map_err(|error| Problem::fault(error.to_string(), ""))?;
        screen::data(&serde_json::to_string_pretty(&json).unwrap_or_default());
        return Ok(Exit::Passed);
    }
    let summary = recorded.with_material(None, holdpoint_report::summarise);
    let summary =
        summary.map_err(|error| Problem::fault(error.to_string(), "This is a fault of holdpoint."))?;
    screen::data(&screen::neutralise(&glance(&summary)));
    Ok(Exit::Passed)
}

/// A run on one screen.
fn glance(summary: &holdpoint_report::Summary) -> String {
    let mut out = format!("{}\n", serde_json::to_string_pretty(&summary.run).unwrap_or_default());
    for step in &summary.steps {
        out.push_str(&format!(
            "  {:<8}{:<44}{}\n",
            step.number,
            screen::at_most(42, &step.title),
            step.status.words()
        ));
    }
    out
}
