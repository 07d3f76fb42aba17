//! Pages for people, and what they are made with.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, RawQuery, State as Shared};
use axum::http::header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use jiff::Timestamp;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Deserialize;

use crate::answer::{Kind, Trouble};
use crate::asked::{Given, named, wanted};
use crate::guard::is_of_api;
use crate::identity::Identity;
use crate::known::{SignedIn, failed};
use crate::live::in_a_line;
use crate::sessions::SESSION;
use crate::state::State;
use crate::work::of_host;

/// Paths of pages.
pub(crate) fn paths() -> [(&'static str, MethodRouter<Arc<State>>); 10] {
    [
        ("/", get(list)),
        ("/runs/{run}", get(run)),
        ("/runs/{run}/report", get(report)),
        ("/sign-in", get(sign_in_page).post(sign_in)),
        ("/sign-out", post(sign_out)),
        ("/assets/style.css", get(|| asset("text/css", include_str!("page/style.css")))),
        ("/assets/list.js", get(|| asset("text/javascript", include_str!("page/list.js")))),
        ("/assets/live.js", get(|| asset("text/javascript", include_str!("page/live.js")))),
        ("/assets/run.js", get(|| asset("text/javascript", include_str!("page/run.js")))),
        ("/assets/sign_in.js", get(|| asset("text/javascript", include_str!("page/sign_in.js")))),
    ]
}

pub(crate) async fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, format!("{kind}; charset=utf-8"))], text).into_response()
}

pub(crate) fn page(state: &State, made: Result<(&'static str, Value), Trouble>) -> Response {
    match made {
        Ok((template, of)) => Html(state.pages.render(template, of)).into_response(),
        Err(trouble) => trouble.told(state, Kind::Page { path: None }),
    }
}

pub(crate) async fn no_such_page(Shared(state): Shared<Arc<State>>, uri: Uri) -> Response {
    let kind = if is_of_api(&uri) { Kind::Api } else { Kind::Page { path: None } };
    Trouble::no_such_page().told(&state, kind)
}

async fn list(Shared(state): Shared<Arc<State>>, by: SignedIn, given: Given) -> Response {
    let made = async {
        let wanted = wanted(given)?;
        let asked = wanted.clone();
        let (rows, zone, title, operator) = of_host(&state, move |host| {
            Ok((host.list(&wanted)?, host.zone(), host.title(), host.operator()))
        })
        .await?;
        let filtered = asked != Default::default();
        Ok((
            "list.html",
            context! {
                title => format!("Runs of {title}"), operator, site => state.reached.site.clone(), zone, rows => Value::from(Serde(rows)), filtered, script => "list.js",
                open => asked.open, waits_for => asked.waits_for, environment => asked.environment, unreviewed => asked.unreviewed, person => by.for_pages(),
            },
        ))
    };
    page(&state, made.await)
}

async fn run(Shared(state): Shared<Arc<State>>, by: SignedIn, Path(run): Path<String>) -> Response {
    let made = async {
        let run = named(&run)?;
        let (shown, operator) = of_host(&state, move |host| Ok((host.run(&run)?, host.operator()))).await?;
        let mut shown = shown;
        shown.happened.iter_mut().for_each(|one| one.words = in_a_line(&one.words));
        let title = format!("Run {}: {}", shown.number, shown.title);
        let script = (!shown.over).then_some("run.js");
        Ok((
            "run.html",
            context! { title, operator, run => Value::from(Serde(shown)), script, site => state.reached.site.clone(), person => by.for_pages() },
        ))
    };
    page(&state, made.await)
}

/// The report is a page of its own, with a policy of its own: it carries its style and its script.
async fn report(Shared(state): Shared<Arc<State>>, by: SignedIn, Path(run): Path<String>) -> Response {
    let made = async {
        let run = named(&run)?;
        // Until it was sent, it is held in memory: whoever takes it slowly keeps others from having more of them made.
        let place = state.reports.place(&Identity::Session(by.session));
        let place = place.ok_or_else(|| Trouble::too_slow("other reports are being sent"))?;
        Ok::<_, Trouble>((of_host(&state, move |host| host.report(&run)).await?, place))
    };
    match made.await {
        Ok((report, place)) => {
            let policy = HeaderValue::from_str(&format!("{}; frame-ancestors 'none'", report.policy));
            match policy {
                Ok(policy) => {
                    let length = HeaderValue::from(report.html.len());
                    let head = [(CONTENT_SECURITY_POLICY, policy), (CONTENT_LENGTH, length)];
                    (head, Html(sent(report.html, place))).into_response()
                }
                Err(_) => Trouble::fault().told(&state, Kind::Page { path: None }),
            }
        }
        Err(trouble) => trouble.told(&state, Kind::Page { path: None }),
    }
}

/// A text that is sent piece by piece, and what is held until it was.
fn sent(text: String, held: impl Send + 'static) -> Body {
    const PIECE: usize = 64 * 1024;
    let mut text = Bytes::from(text);
    let pieces = std::iter::from_fn(move || {
        let _ = &held;
        let piece = text.split_to(text.len().min(PIECE));
        (!piece.is_empty()).then_some(Ok::<_, Infallible>(piece))
    });
    Body::from_stream(futures_util::stream::iter(pieces))
}

async fn sign_in_page(Shared(state): Shared<Arc<State>>, RawQuery(query): RawQuery) -> Response {
    if state.proxied.is_some() {
        return by_the_proxy(&state);
    }
    // A link that was pasted into a query would stand in logs: it is not taken.
    if query.is_some() {
        let help = "Open the link as it was printed, with # before the secret.";
        let trouble = Trouble::new(StatusCode::BAD_REQUEST, "signing in takes no query", help);
        return trouble.told(&state, Kind::Page { path: None });
    }
    page(&state, Ok(("sign_in.html", context! { title => "Sign in", script => "sign_in.js" })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    link: String,
}

async fn sign_in(Shared(state): Shared<Arc<State>>, form: Result<Form<Link>, FormRejection>) -> Response {
    if state.proxied.is_some() {
        return by_the_proxy(&state);
    }
    let told = |trouble: Trouble| trouble.told(&state, Kind::Page { path: None });
    let Ok(Form(Link { link })) = form else {
        return told(Trouble::new(StatusCode::BAD_REQUEST, "the form is not the one of this page", ""));
    };
    // The whole link, or the secret in it.
    let secret = link.trim().rsplit('#').next().unwrap_or_default();
    match state.sessions.sign_in(secret, Timestamp::now()) {
        Ok(Some(cookie)) => go_to("/", &cookie_line(&state, &cookie, SESSION.as_secs())),
        Ok(None) => {
            // The right link lets in however often others were tried.
            let trouble = failed(&state);
            if trouble.is_unknown() {
                let help = "A link signs in once, and for a quarter of an hour. The newest is in the file that holdpoint serve named.";
                return told(Trouble::new(
                    StatusCode::FORBIDDEN,
                    "this link does not sign in, or no longer",
                    help,
                ));
            }
            told(trouble)
        }
        Err(_) => told(Trouble::fault()),
    }
}

/// Nobody signs in or out here where a proxy says who they are.
fn by_the_proxy(state: &State) -> Response {
    let help = "Open / by the address that the proxy serves.";
    Trouble::new(StatusCode::NOT_FOUND, "people sign in and out at the proxy", help)
        .told(state, Kind::Page { path: None })
}

async fn sign_out(Shared(state): Shared<Arc<State>>, by: SignedIn) -> Response {
    if by.person.is_some() {
        return by_the_proxy(&state);
    }
    state.sessions.end(&by.session);
    go_to("/sign-in", &cookie_line(&state, "", 0))
}

/// `Set-Cookie`: for this server alone, out of reach of scripts, and sent by no page of others.
fn cookie_line(state: &State, value: &str, seconds: i64) -> String {
    let secure = if state.reached.secure { "; Secure" } else { "" };
    format!("{}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}", state.reached.cookie)
}

fn go_to(path: &'static str, cookie: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path), (SET_COOKIE, cookie)]).into_response()
}
