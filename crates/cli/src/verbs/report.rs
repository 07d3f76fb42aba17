//! `report`: a rendering of the record.

use std::collections::BTreeMap;
use std::io::Read;

use holdpoint_record::{LOG, Verification, signed_files};
use holdpoint_report::{Kept, Material, Outputs};

use super::choice::{Among, chosen};
use super::compare::beside_rehearsal;
use super::read::{Recorded, proved, said};
use crate::args::{self, OutputsIn, ReportFormat};
use crate::attest::{attest, attestable, sound_beside};
use crate::exit::Exit;
use crate::output;
use crate::problem::Problem;
use crate::screen::Screen;

/// Renders a run. The record is proved first, and the report says what came of it.
pub fn report(screen: &Screen, arguments: &args::Report) -> Result<Exit, Problem> {
    let (proof, recorded) = proved(chosen(screen, arguments.run.as_deref(), Among::All)?)?;
    let attestation = arguments.format == ReportFormat::InToto;
    if arguments.key.is_some() != attestation {
        return Err(Problem::usage(
            "--key is for in-toto statements",
            "Leave it out, or say --format in-toto.",
        ));
    }
    let verdict = Some(said(&proof));
    if attestation {
        attestable(&proof)?;
        let summary = recorded.with_material(verdict.clone(), holdpoint_report::summarise);
        sound_beside(&summary.map_err(Problem::ours)?)?;
    }
    if arguments.outputs.is_some() && arguments.format != ReportFormat::Html {
        return Err(Problem::usage("--outputs is for the page", "Leave it out, or say --format html."));
    }
    let outputs = match arguments.outputs {
        None | Some(OutputsIn::Full) => Outputs::Full,
        Some(OutputsIn::Appendix) => Outputs::Appendix,
        Some(OutputsIn::None) => Outputs::None,
    };
    output::untaken(arguments.output.as_deref())?;
    let text = match arguments.format {
        ReportFormat::Markdown => recorded.with_material(verdict, holdpoint_report::markdown),
        ReportFormat::Html => kept(&recorded, &proof, true, |material, kept| {
            holdpoint_report::html_with(material, kept, outputs)
        })?,
        ReportFormat::InToto => kept(&recorded, &proof, false, holdpoint_report::in_toto)?,
        ReportFormat::Json => recorded
            .with_material(verdict, holdpoint_report::json)
            .map(|json| serde_json::to_string_pretty(&json).unwrap_or_default() + "\n"),
        ReportFormat::Junit => recorded.with_material(verdict, holdpoint_report::junit),
        ReportFormat::Cast => recorded.with_material(verdict, holdpoint_report::cast),
    };
    let text = text.map_err(Problem::ours)?;
    let text = match &arguments.key {
        Some(key) => attest(&recorded, &text, key)?,
        None => text,
    };
    if !proof.verdict.intact() {
        screen.tell(&format!("The record is not intact: {}", proof.verdict));
    }
    output::give(screen, arguments.output.as_deref(), &text, "")?;
    Ok(if proof.verdict.intact() { Exit::Passed } else { Exit::Record })
}

/// A file of a record that was proved: no link is followed.
fn read_whole(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    holdpoint_record::open_regular(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A rendering that needs the record's own bytes. Files that are not as recorded are left out: the page tells that they
/// are missing. `beside`: the rehearsal that the run relied on is laid beside it.
pub fn kept<T>(
    recorded: &Recorded,
    proof: &Verification,
    beside: bool,
    make: impl Fn(&Material<'_>, &Kept<'_>) -> Result<T, holdpoint_report::ReportError>,
) -> Result<Result<T, holdpoint_report::ReportError>, Problem> {
    let dir = &recorded.dir.path;
    let read = |name: &str| {
        read_whole(&dir.join(name)).map_err(|error| {
            Problem::record(format!("{name} cannot be read: {error}"), "Verify it with holdpoint verify.")
        })
    };
    let log = read(LOG)?;
    let seal = recorded.sealed.then(|| read("seal.json")).transpose()?;
    let mut signoffs = BTreeMap::new();
    for stamped in &recorded.events {
        if let Some(signature) = stamped.event.signature()
            && let Ok(files) = signed_files(dir, stamped.n, signature)
        {
            signoffs.insert(format!("{:04}.json", stamped.n), files.statement);
            signoffs.insert(format!("{:04}.json.sig", stamped.n), files.signature);
        }
    }
    let expunged: Vec<_> = proof.expunged.iter().map(|gone| gone.tombstone.blob.sha256.clone()).collect();
    let rehearsal = if beside { beside_rehearsal(recorded) } else { None };
    let rehearsal = rehearsal.as_ref().map(|beside| beside.as_ref().map_err(String::as_str));
    let kept = Kept { log: &log, seal: seal.as_deref(), signoffs: &signoffs, expunged: &expunged, rehearsal };
    let verdict = Some(said(proof));
    Ok(recorded.with_material(verdict, |material| make(material, &kept)))
}
