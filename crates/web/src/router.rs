//! Everything that is answered, and what is held against all of it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use tower_http::timeout::TimeoutLayer;

use crate::guard::guard;
use crate::state::{PATIENCE, State};
use crate::{api, pages, signing};

/// Most bytes of a request's body: a form with a field of 800 characters, each of which may be twelve bytes as forms write it.
const LARGEST_BODY: usize = 16 * 1024;
/// So much more than an answer may take, for whoever is slow to ask.
const SLACK: Duration = Duration::from_secs(5);

/// Everything that is answered, with what is held against all of it.
pub(crate) fn router(state: &Arc<State>) -> Router {
    let router = api::paths().into_iter().chain(pages::paths()).chain(signing::paths());
    let router = router.fold(Router::new(), |router, (path, method)| router.route(path, method));
    router
        .fallback(pages::no_such_page)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE + SLACK))
        .layer(from_fn_with_state(Arc::clone(state), guard))
        .with_state(Arc::clone(state))
}
