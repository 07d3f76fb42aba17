//! What goes wrong, as an answer: a page for people, an object for programs.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use minijinja::context;
use serde_json::{Value, json};

use crate::host::{Refusal, RefusalKind};
use crate::state::State;

/// Why somebody does not get what they asked for.
#[derive(Debug)]
pub(crate) struct Trouble {
    status: StatusCode,
    message: String,
    help: String,
    header: Option<(HeaderName, &'static str)>,
}

/// For whom it is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind<'p> {
    /// People; the path that they asked for, where asking again may help.
    Page { path: Option<&'p str> },
    /// Programs.
    Api,
}

impl Trouble {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>, help: impl Into<String>) -> Trouble {
        Trouble { status, message: message.into(), help: help.into(), header: None }
    }

    fn with(self, name: HeaderName, value: &'static str) -> Trouble {
        Trouble { header: Some((name, value)), ..self }
    }

    /// Nobody is signed in, or what was given does not count.
    pub(crate) fn unknown() -> Trouble {
        let help = "Sign in with the link that holdpoint serve printed. Programs send a token: Authorization: Bearer TOKEN.";
        Trouble::new(StatusCode::UNAUTHORIZED, "you are not signed in", help).with(WWW_AUTHENTICATE, "Bearer")
    }

    pub(crate) fn too_often() -> Trouble {
        Trouble::new(StatusCode::TOO_MANY_REQUESTS, "too many requests", "Wait a few seconds.")
            .with(RETRY_AFTER, "5")
    }

    /// All hands are busy, or one takes too long.
    pub(crate) fn too_slow(message: &str) -> Trouble {
        let help = "Try again in a while. What is too long to be shown here can be read where it lies: holdpoint report.";
        Trouble::new(StatusCode::SERVICE_UNAVAILABLE, message, help).with(RETRY_AFTER, "10")
    }

    /// A fault of ours, which was told where the server runs.
    pub(crate) fn fault() -> Trouble {
        Trouble::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "this is a fault of holdpoint",
            "The server's terminal says more.",
        )
    }

    /// What a status says, where nothing else is known.
    pub(crate) fn of(status: StatusCode) -> Trouble {
        let (message, help) = match status {
            StatusCode::NOT_FOUND => return Trouble::no_such_page(),
            StatusCode::METHOD_NOT_ALLOWED => ("nothing is done here in that way", "Ask with GET."),
            StatusCode::PAYLOAD_TOO_LARGE => {
                ("the request is too long", "Say it in fewer words: no request needs more than 16 KB.")
            }
            StatusCode::SERVICE_UNAVAILABLE => return Trouble::too_slow("it takes too long"),
            status if status.is_server_error() => return Trouble::fault(),
            _ => (
                "the request cannot be read",
                "What can be asked for is in docs/serve.md, and at /api/openapi.json.",
            ),
        };
        Trouble::new(status, message, help)
    }

    /// As a line of text, for whoever does not come from a page of ours.
    pub(crate) fn in_a_line(self) -> Response {
        let Trouble { status, message, help, header } = self;
        let mut response = (status, format!("{message}. {help}\n")).into_response();
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    pub(crate) fn no_such_page() -> Trouble {
        Trouble::new(
            StatusCode::NOT_FOUND,
            "there is no such page",
            "/ lists the runs; /api/openapi.json describes the API.",
        )
    }

    /// Whether it is that nobody knows who asks.
    pub(crate) fn is_unknown(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// As an answer.
    pub(crate) fn told(self, state: &State, kind: Kind<'_>) -> Response {
        let Trouble { status, message, help, header } = self;
        let mut response = match kind {
            Kind::Api => json(status, &json!({"error": message, "help": help})),
            Kind::Page { path } => {
                let page = state.pages.render(
                    "trouble.html",
                    context! { title => sentence(&message), help, path => path.filter(|_| status == StatusCode::UNAUTHORIZED) },
                );
                (status, Html(page)).into_response()
            }
        };
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// As a heading: it begins with a capital.
fn sentence(message: &str) -> String {
    let mut rest = message.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Trouble {
        let status = match refusal.kind {
            RefusalKind::Missing => StatusCode::NOT_FOUND,
            RefusalKind::Asked => StatusCode::BAD_REQUEST,
            RefusalKind::Nobody => StatusCode::FORBIDDEN,
            RefusalKind::Record | RefusalKind::TooMuch => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Trouble::new(status, refusal.message, refusal.help)
    }
}

/// JSON for programs.
pub(crate) fn json(status: StatusCode, value: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], format!("{value:#}\n")).into_response()
}
