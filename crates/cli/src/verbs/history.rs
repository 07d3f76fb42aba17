//! `history`: how long the steps of a run-book take and how often they fail, over all runs of it. Executes nothing.

use holdpoint_document::many;
use holdpoint_engine::Event;
use holdpoint_record::{Reader, RunDir, by_all, read_seal};
use holdpoint_report::took;
use holdpoint_view::{Spread, StepHistory, Summary, history as gathered};
use serde_json::json;

use super::plans::Plans;
use super::prepare;
use super::read::{store_problem, summed_up_in, tell_passed_over};
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::{Cell, Screen, Table};

/// Tells it. A record that cannot be read is named and passed over.
pub fn history(screen: &Screen, arguments: &args::History) -> Result<Exit, Problem> {
    let checked = prepare::check(&arguments.file)?;
    if let Some(env) = &arguments.env {
        known(&checked.place, env)?;
    }
    let (summaries, unused) = Past::of(&checked.place)?.runs_of(&checked.path, arguments.env.as_deref());
    let steps = gathered(&checked.plan, &summaries);
    match arguments.format {
        Format::Json => {
            let json = json!({
                "runbook": checked.path, "environment": arguments.env, "runs": summaries.len(),
                "passed_over": unused, "steps": steps,
            });
            screen.data(&serde_json::to_string_pretty(&json).unwrap_or_default());
        }
        Format::Text => text(screen, &checked.path, summaries.len(), &steps),
    }
    tell_passed_over(screen, "", &unused);
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

/// The runs of a store by their first events: what stands behind those is read of the runs that are asked for alone.
pub struct Past {
    /// Each with its document's path and its environment.
    runs: Vec<(RunDir, String, String)>,
    /// Numbers of those of which nobody knows what they are of.
    unknown: Vec<u64>,
}

/// What the first event of a record says.
enum Began {
    /// Of which document, where.
    Of(String, String),
    /// Nothing of it was ever recorded, as a crash leaves it.
    Never,
    /// It cannot be read, or is another run's.
    Unknown,
}

impl Past {
    /// Of the store of this place.
    pub fn of(place: &Place) -> Result<Past, Problem> {
        let dirs = place.store().runs().map_err(store_problem)?;
        let (mut runs, mut unknown) = (Vec::new(), Vec::new());
        for (dir, began) in dirs.iter().zip(by_all(&dirs, began)) {
            match began {
                Began::Of(path, environment) => runs.push((dir.clone(), path, environment)),
                Began::Never => {}
                Began::Unknown => unknown.push(dir.number),
            }
        }
        Ok(Past { runs, unknown })
    }

    /// All runs of a run-book, in this environment alone where one is named; and numbers of records that cannot be used.
    pub fn runs_of(&self, path: &str, environment: Option<&str>) -> (Vec<Summary>, Vec<u64>) {
        let is_of = |(_, of, there): &&(RunDir, String, String)| {
            of == path && environment.is_none_or(|name| name == there)
        };
        let dirs: Vec<&RunDir> = self.runs.iter().filter(is_of).map(|(dir, ..)| dir).collect();
        let (plans, mut summaries, mut passed_over) = (Plans::default(), Vec::new(), self.unknown.clone());
        for (dir, summary) in dirs.iter().zip(by_all(&dirs, |dir| summed_up_in(dir, &plans))) {
            match summary {
                Ok(summary) if summary.misfits.is_empty() => summaries.push(summary),
                Ok(_) | Err(_) => passed_over.push(dir.number),
            }
        }
        passed_over.sort_unstable();
        (summaries, passed_over)
    }
}

fn began(dir: &RunDir) -> Began {
    let first = match Reader::open(&dir.path).map(|mut events| events.next()) {
        Ok(Some(Ok(first))) => first,
        Ok(None) if matches!(read_seal(&dir.path), Ok(None)) => return Began::Never,
        Ok(None | Some(Err(_))) | Err(_) => return Began::Unknown,
    };
    match first.event {
        Event::RunOpened(opened) if opened.number == dir.number => {
            Began::Of(opened.runbook.path, opened.environment.name)
        }
        _ => Began::Unknown,
    }
}

fn text(screen: &Screen, path: &str, runs: usize, steps: &[StepHistory]) {
    screen.data_hung("", &format!("{path}: {}", many(runs, "run")));
    if runs == 0 {
        return;
    }
    let heads = [">step", ">begun", ">done", ">failed", ">skipped", ">p50", ">p95", ">longest", "title"];
    let mut table = Table::new(&heads);
    for StepHistory { number, title, runs, done, failed, skipped, elapsed_ms, .. } in steps {
        let of = |pick: fn(&Spread) -> u64| {
            Cell::from(elapsed_ms.as_ref().map_or("-".to_owned(), |spread| took(pick(spread))))
        };
        let style = screen.data_style();
        let failures = Cell::from(failed.to_string());
        table.row([
            number.as_deref().unwrap_or("gone").into(),
            runs.to_string().into(),
            done.to_string().into(),
            if *failed > 0 { failures.styled(style.red()) } else { failures },
            skipped.to_string().into(),
            of(|it| it.p50),
            of(|it| it.p95),
            of(|it| it.most),
            title.as_str().into(),
        ]);
    }
    screen.table(table);
}
