//! What is asked for, read strictly: what nobody knows is refused.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::answer::Trouble;
use crate::host::Wanted;
use crate::name::{NoRunName, RunName};

/// What can be asked of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    #[serde(default)]
    open: Option<Flag>,
    #[serde(default)]
    waits_for: Option<String>,
    #[serde(default)]
    environment: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Flag {
    True,
    False,
}

impl Asked {
    /// Of a query; a field of a form that was left empty asks for nothing.
    pub(crate) fn wanted(asked: Result<Query<Asked>, QueryRejection>) -> Result<Wanted, Trouble> {
        let help = "Known are open=true, waits_for=ROLE and environment=NAME, each once.";
        let Query(asked) = asked.map_err(|error| {
            Trouble::new(
                StatusCode::BAD_REQUEST,
                format!("the list cannot be asked for that: {}", error.body_text()),
                help,
            )
        })?;
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Wanted {
            open: matches!(asked.open, Some(Flag::True)),
            waits_for: filled(asked.waits_for),
            environment: filled(asked.environment),
        })
    }
}

/// The run that a path names.
pub(crate) fn named(run: &str) -> Result<RunName, Trouble> {
    let no_run =
        |error: NoRunName| Trouble::new(StatusCode::NOT_FOUND, "there is no such run", error.to_string());
    run.parse().map_err(no_run)
}

/// The number of the event that a listener had last, so that what comes next follows on it.
pub(crate) fn had_last(headers: &HeaderMap) -> Result<Option<u64>, Trouble> {
    let Some(last) = headers.get("last-event-id") else { return Ok(None) };
    let last = last.to_str().ok().and_then(|last| last.parse().ok());
    let wrong = || Trouble::new(StatusCode::BAD_REQUEST, "Last-Event-ID is no number of an event", "");
    last.ok_or_else(wrong).map(Some)
}
