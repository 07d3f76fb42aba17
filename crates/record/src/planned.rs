//! The plan that recorded bytes make, and event 0 held against them.

use std::path::Path;

use holdpoint_document::{Config, NotIncluded, Plan, compile_with, read_config};
use holdpoint_engine::{BlobRef, Claims, RunOpened, TargetSeen};

use crate::text_blob;

// Events are masked once more than the output that they tell of: a secret that a capture put together is masked in the
// event only.
pub(crate) use holdpoint_engine::MASK;

/// What recorded bytes make.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    /// The recorded configuration.
    pub(crate) config: Option<Config>,
    /// The document and all that it includes, as one text.
    pub(crate) text: String,
}

/// The plan that the recorded bytes make, and event 0 held against the recorded configuration, which comes with it.
pub(crate) fn plan_of(dir: &Path, opened: &RunOpened) -> Result<Planned, String> {
    if opened.dry {
        return Err("it is the record of a dry run, and those are never recorded".to_owned());
    }
    let text = |reference: &BlobRef| {
        let bytes = text_blob(dir, reference).map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|_| "a recorded text is not UTF-8".to_owned())
    };
    let config = match &opened.config {
        Some(reference) => {
            let (config, findings) = read_config(&text(reference)?);
            if let Some(finding) = findings.iter().find(|finding| finding.is_error()) {
                return Err(format!("the recorded configuration has an error: {}", finding.message));
            }
            Some(config)
        }
        None => None,
    };
    configured(opened, config.as_ref())?;
    let book = &opened.runbook;
    let own = text(&book.blob)?;
    let compiled = compile_with((&book.path, &own), config.as_ref(), &mut |path: &str| {
        let kept = book.includes.iter().find(|one| one.path == path);
        let bytes = kept.ok_or_else(|| "it is not in the record".to_owned()).and_then(|one| text(&one.blob));
        bytes.map_err(|why| NotIncluded { why, help: String::new() })
    });
    if let Some(finding) = compiled.diagnostics.iter().find(|finding| finding.is_error()) {
        return Err(format!("the recorded run-book has an error: {}", finding.message));
    }
    let files = compiled.parts.iter().flat_map(|parts| &parts.files).map(|file| &file.path);
    if !files.eq(book.includes.iter().map(|one| &one.path)) {
        return Err("it keeps other files than the recorded run-book includes".to_owned());
    }
    if compiled.plan.digest() != opened.plan {
        return Err("the recorded run-book makes another plan than the one that was run".to_owned());
    }
    let front = &compiled.plan.front;
    let same = |told: &str, claimed: &str| told == claimed || told.contains(MASK);
    let claims = [(&book.document_id, &front.document_id), (&book.revision, &front.revision)];
    let claims = claims.map(|(told, claimed)| (told.as_deref(), claimed.as_deref()));
    if !same(&book.title, &compiled.plan.title)
        || claims.iter().any(|(told, claimed)| !same(told.unwrap_or_default(), claimed.unwrap_or_default()))
    {
        return Err("title, document_id or revision are not those of the recorded run-book".to_owned());
    }
    let masked = serde_json::to_string(&book.claims).is_ok_and(|claims| claims.contains(MASK));
    if book.claims != Claims::of(front) && !masked {
        return Err("the claims are not those of the recorded run-book".to_owned());
    }
    let text = compiled.parts.map_or(own, |parts| parts.text);
    Ok(Planned { plan: compiled.plan, config, text })
}

/// Roles, people and environment as event 0 tells them must be those of the recorded configuration: they decide who
/// may sign what off.
fn configured(opened: &RunOpened, config: Option<&Config>) -> Result<(), String> {
    let none = Config::default();
    let config = config.unwrap_or(&none);
    let seen = &opened.environment;
    let people = opened.people == config.printed_names() && opened.aliases == config.aliases();
    if opened.roles != config.roles || !people {
        return Err("roles or people are not those of the recorded configuration".to_owned());
    }
    let same = match config.environments.get(&seen.name) {
        Some(environment) => {
            environment.rehearsal == seen.rehearsal
                && environment.protected == seen.protected
                && environment.four_eyes == seen.four_eyes
                && environment.vars == seen.vars
                && TargetSeen::of(environment) == seen.targets
                && environment.signature.unwrap_or(holdpoint_model::Assurance::Typed) == seen.signature
                && environment.sessions.unwrap_or(holdpoint_model::Assurance::Typed) == seen.sessions
        }
        None => {
            let plain = !seen.rehearsal && !seen.protected && !seen.four_eyes;
            let plain = plain && seen.vars.is_empty() && seen.targets.is_empty();
            config.environments.is_empty()
                && seen.name == "local"
                && plain
                && seen.signature == holdpoint_model::Assurance::Typed
                && seen.sessions == holdpoint_model::Assurance::Typed
        }
    };
    if same { Ok(()) } else { Err("the environment is not that of the recorded configuration".to_owned()) }
}
