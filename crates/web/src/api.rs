//! Paths, and what programs get: JSON, and events as they happen.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, State as Shared};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use serde::Deserialize;
use serde_json::Value;
use tower_http::timeout::TimeoutLayer;

use crate::answer::{Kind, Trouble, json};
use crate::guard::guard;
use crate::host::Wanted;
use crate::identity::Known;
use crate::name::RunName;
use crate::state::{PATIENCE, State};
use crate::work::of_host;
use crate::{live, pages};

/// What the API is, for programs that make clients: the page of the documentation that is served.
pub(crate) const OPENAPI: &str = include_str!("../../../docs/openapi.json");

/// Most bytes of a request's body: a form with one short field.
const LARGEST_BODY: usize = 4 * 1024;
/// So much more than an answer may take, for whoever is slow to ask.
const SLACK: Duration = Duration::from_secs(5);

/// Paths of the API. Each is in [`OPENAPI`], a test says.
fn api() -> [(&'static str, MethodRouter<Arc<State>>); 5] {
    [
        ("/api/openapi.json", get(openapi)),
        ("/api/events", get(live::changes)),
        ("/api/runs", get(list)),
        ("/api/runs/{run}", get(run)),
        ("/api/runs/{run}/events", get(live::events)),
    ]
}

/// Everything that is answered, with what is held against all of it.
pub(crate) fn router(state: &Arc<State>) -> Router {
    let router = api().into_iter().chain(pages::paths());
    let router = router.fold(Router::new(), |router, (path, method)| router.route(path, method));
    router
        .fallback(pages::no_such_page)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE + SLACK))
        .layer(from_fn_with_state(Arc::clone(state), guard))
        .with_state(Arc::clone(state))
}

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
            Trouble::new(StatusCode::BAD_REQUEST, format!("the list cannot be asked for that: {}", error.body_text()), help)
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
    let no_run = |error: crate::name::NoRunName| Trouble::new(StatusCode::NOT_FOUND, "there is no such run", error.to_string());
    run.parse().map_err(no_run)
}

/// JSON, or why there is none.
fn told(state: &State, made: Result<Value, Trouble>) -> Response {
    match made {
        Ok(value) => json(StatusCode::OK, &value),
        Err(trouble) => trouble.told(state, Kind::Api),
    }
}

async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn list(
    Shared(state): Shared<Arc<State>>,
    _: Known,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let made = async {
        let wanted = Asked::wanted(asked)?;
        let rows = of_host(&state, move |host| host.list(&wanted)).await?;
        Ok(rows.into_iter().map(|row| row.json).collect())
    };
    told(&state, made.await)
}

async fn run(Shared(state): Shared<Arc<State>>, _: Known, Path(run): Path<String>) -> Response {
    let made = async {
        let run = named(&run)?;
        Ok(of_host(&state, move |host| host.run(&run)).await?.json)
    };
    told(&state, made.await)
}

/// The number of the event that a listener had last, so that what comes next follows on it.
pub(crate) fn had_last(headers: &HeaderMap) -> Result<Option<u64>, Trouble> {
    let Some(last) = headers.get("last-event-id") else { return Ok(None) };
    let last = last.to_str().ok().and_then(|last| last.parse().ok());
    let wrong = || Trouble::new(StatusCode::BAD_REQUEST, "Last-Event-ID is no number of an event", "");
    last.ok_or_else(wrong).map(Some)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_path_of_the_api_is_described_and_nothing_else_is() {
        let described: Value = serde_json::from_str(OPENAPI).unwrap();
        let paths = described["paths"].as_object().unwrap();
        let described: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
        let there: BTreeSet<&str> = api().iter().map(|(path, _)| *path).collect();
        assert_eq!(described, there);
        for (path, methods) in paths {
            let methods: Vec<&String> = methods.as_object().unwrap().keys().filter(|key| *key != "parameters").collect();
            assert_eq!(methods, ["get"], "{path}: nothing can be changed");
        }
    }
}
