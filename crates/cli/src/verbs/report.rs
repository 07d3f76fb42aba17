//! `report`: a rendering of the record.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use super::read::{find, proved};
use crate::args::{self, ReportFormat};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen;

/// Renders a run. The record is proved first, and the report says what came of it.
pub fn report(arguments: &args::Report) -> Result<Exit, Problem> {
    let (proof, recorded) = proved(find(&arguments.run)?)?;
    let verdict = Some(proof.verdict.to_string());
    let text = match arguments.format {
        ReportFormat::Markdown => recorded.with_material(verdict, holdpoint_report::markdown),
        ReportFormat::Json => recorded
            .with_material(verdict, holdpoint_report::json)
            .map(|json| serde_json::to_string_pretty(&json).unwrap_or_default() + "\n"),
        ReportFormat::Junit => recorded.with_material(verdict, holdpoint_report::junit),
        ReportFormat::Cast => recorded.with_material(verdict, holdpoint_report::cast),
    };
    let text = text.map_err(|error| Problem::fault(error.to_string(), "This is a fault of holdpoint."))?;
    if !proof.verdict.intact() {
        screen::say(&format!("The record is not intact: {}", proof.verdict));
    }
    match &arguments.output {
        None => screen::data(&text),
        Some(path) => {
            let cannot = |error| {
                Problem::usage(format!("{} cannot be written: {error}", path.display()), "Name another file.")
            };
            let mut options = std::fs::OpenOptions::new();
            let mut file =
                options.write(true).create(true).truncate(true).mode(0o600).open(path).map_err(cannot)?;
            file.write_all(text.as_bytes()).map_err(cannot)?;
            screen::say(&format!("Written to {}.", path.display()));
        }
    }
    Ok(if proof.verdict.intact() { Exit::Passed } else { Exit::Record })
}
