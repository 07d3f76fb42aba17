//! What is asked for, read strictly: what nobody knows is refused.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderMap, StatusCode};

use crate::answer::Trouble;
use crate::host::Wanted;
use crate::name::{NoRunName, RunName};

/// What stands in a query, as it was given.
pub(crate) type Given = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// What a query says of these keys, each once; what nobody knows is refused.
fn pairs<const N: usize>(given: Given, known: [&str; N], help: &str) -> Result<[Option<String>; N], Trouble> {
    let wrong = |message: String| Trouble::new(StatusCode::BAD_REQUEST, message, help);
    let unread = |_| wrong("what stands behind the question mark cannot be read".to_owned());
    let Query(given) = given.map_err(unread)?;
    let mut found = known.map(|_| None);
    for (key, value) in given {
        let Some(at) = known.iter().position(|known| *known == key) else {
            return Err(wrong(format!("`{}` is nothing that can be asked for here", shown(&key))));
        };
        if found[at].replace(value).is_some() {
            return Err(wrong(format!("`{key}` is said twice")));
        }
    }
    Ok(found)
}

fn shown(text: &str) -> String {
    holdpoint_model::visible(text.as_bytes())
}

/// What is asked of the list; a field of a form that was left empty asks for nothing.
pub(crate) fn wanted(given: Given) -> Result<Wanted, Trouble> {
    let help = "Known are open=true, unreviewed=true, waits_for=ROLE and environment=NAME, each once; what is open, or waits \
                for a role, is not to be reviewed.";
    let keys = ["open", "unreviewed", "waits_for", "environment"];
    let [open, unreviewed, waits_for, environment] = pairs(given, keys, help)?;
    let wrong = |message: String| Trouble::new(StatusCode::BAD_REQUEST, message, help);
    let is = |key: &str, value: Option<String>| match value.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(wrong(format!("`{key}` is `true` or `false`, not `{}`", shown(other)))),
    };
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (open, unreviewed) = (is("open", open)?, is("unreviewed", unreviewed)?);
    let (waits_for, environment) = (filled(waits_for), filled(environment));
    if unreviewed && (open || waits_for.is_some()) {
        return Err(wrong("a run that is open has nothing to be reviewed yet".to_owned()));
    }
    Ok(Wanted { open, waits_for, environment, unreviewed })
}

/// The number of the event that a listener begins with, where that is said.
pub(crate) fn first(given: Given) -> Result<Option<u64>, Trouble> {
    let help = "Known is from=N, once.";
    let [from] = pairs(given, ["from"], help)?;
    let Some(from) = from else { return Ok(None) };
    let wrong = |_| {
        let message = format!("`from` is the number of an event, not `{}`", shown(&from));
        Trouble::new(StatusCode::BAD_REQUEST, message, help)
    };
    from.parse().map(Some).map_err(wrong)
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
    let wrong = || {
        Trouble::new(StatusCode::BAD_REQUEST, "Last-Event-ID is no number of an event", "Send it as it came.")
    };
    last.ok_or_else(wrong).map(Some)
}
