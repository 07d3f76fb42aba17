//! What programs get: JSON, and events as they happen.

use std::sync::Arc;

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use serde_json::Value;

use crate::answer::{Kind, Trouble, json};
use crate::asked::{Given, named, wanted};
use crate::known::Known;
use crate::live;
use crate::state::State;
use crate::work::of_host;

/// What the API is, for programs that make clients: the page of the documentation that is served.
pub(crate) const OPENAPI: &str = include_str!("../../../docs/openapi.json");

/// Paths of the API. Each is in [`OPENAPI`], a test says.
pub(crate) fn paths() -> [(&'static str, MethodRouter<Arc<State>>); 5] {
    [
        ("/api/openapi.json", get(openapi)),
        ("/api/events", get(live::changes)),
        ("/api/runs", get(list)),
        ("/api/runs/{run}", get(run)),
        ("/api/runs/{run}/events", get(live::events)),
    ]
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

async fn list(Shared(state): Shared<Arc<State>>, _: Known, given: Given) -> Response {
    let made = async {
        let wanted = wanted(given)?;
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_path_of_the_api_is_described_and_nothing_else_is() {
        let described: Value = serde_json::from_str(OPENAPI).unwrap();
        let paths = described["paths"].as_object().unwrap();
        let described: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
        let there: BTreeSet<&str> = super::paths().iter().map(|(path, _)| *path).collect();
        assert_eq!(described, there);
        for (path, methods) in paths {
            let methods: Vec<&String> =
                methods.as_object().unwrap().keys().filter(|key| *key != "parameters").collect();
            assert_eq!(methods, ["get"], "{path}: nothing can be changed");
        }
    }
}
