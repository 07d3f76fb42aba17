//! Signing with a passkey, from the page of a run: what waits for one, and for whom. Nothing is kept of it but for minutes.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State as Shared};
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use jiff::Timestamp;
use minijinja::context;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{self, Kind, Trouble};
use crate::asked::named;
use crate::host::{Asker, Passkey, ToSign, Wish};
use crate::known::SignedIn;
use crate::pages::{asset, page};
use crate::state::State;
use crate::work::of_host;

/// Paths of what is signed.
pub(crate) fn paths() -> [(&'static str, MethodRouter<Arc<State>>); 7] {
    [
        ("/passkey", get(passkey_page)),
        ("/runs/{run}/sign/prepare", post(sign_off)),
        ("/runs/{run}/review/prepare", post(review)),
        ("/runs/{run}/sign", post(complete)),
        ("/runs/{run}/note", post(note)),
        ("/assets/passkey.js", get(|| asset("text/javascript", include_str!("page/passkey.js")))),
        ("/assets/sign.js", get(|| asset("text/javascript", include_str!("page/sign.js")))),
    ]
}

/// The site of passkeys, where anything is signed here.
fn site(state: &State) -> Result<String, Trouble> {
    state.reached.site.clone().ok_or_else(|| {
        let help = "Sign in a terminal: holdpoint sign. Whoever serves may let people sign here: holdpoint serve --sign.";
        Trouble::new(StatusCode::FORBIDDEN, "nothing is signed through this server", help)
    })
}

async fn passkey_page(Shared(state): Shared<Arc<State>>, by: SignedIn) -> Response {
    let made = async {
        let site = site(&state)?;
        let operator = of_host(&state, |host| Ok(host.operator())).await?;
        Ok((
            "passkey.html",
            context! { title => "Make a passkey", script => "passkey.js", site, operator, person => by.for_pages() },
        ))
    };
    page(&state, made.await)
}

/// For the page's script.
fn told(state: &State, made: Result<Value, Trouble>) -> Response {
    match made {
        Ok(value) => answer::json(StatusCode::OK, &value),
        Err(trouble) => trouble.told(state, Kind::Api),
    }
}

fn form<T>(given: Result<Form<T>, FormRejection>) -> Result<T, Trouble> {
    given.map(|Form(form)| form).map_err(|wrong| match wrong.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Trouble::of(StatusCode::PAYLOAD_TOO_LARGE),
        _ => Trouble::new(StatusCode::BAD_REQUEST, "the form is not the one of this page", "Load it anew."),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    who: String,
    shown: String,
    rejects: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedForReview {
    who: String,
    shown: String,
    kind: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    who: String,
    text: String,
}

async fn sign_off(
    Shared(state): Shared<Arc<State>>,
    by: SignedIn,
    Path(run): Path<String>,
    given: Result<Form<Asked>, FormRejection>,
) -> Response {
    let wish = |Asked { who, shown, rejects }| Wish {
        who,
        what: rejects.map_or(ToSign::SignOff, ToSign::Rejection),
        shown,
    };
    told(&state, prepare(&state, by, &run, form(given).map(wish)).await)
}

async fn review(
    Shared(state): Shared<Arc<State>>,
    by: SignedIn,
    Path(run): Path<String>,
    given: Result<Form<AskedForReview>, FormRejection>,
) -> Response {
    let wish =
        |AskedForReview { who, shown, kind, text }| Wish { who, what: ToSign::Review { kind, text }, shown };
    told(&state, prepare(&state, by, &run, form(given).map(wish)).await)
}

/// What the passkey is to be asked with; from then on it is waited for.
async fn prepare(
    state: &Arc<State>,
    by: SignedIn,
    run: &str,
    wish: Result<Wish, Trouble>,
) -> Result<Value, Trouble> {
    let (site, run) = (site(state)?, named(run)?);
    let (wish, of) = (wish?, run.clone());
    by.is(&wish.who)?;
    let pending = of_host(state, move |host| host.prepare(&of, wish, &site)).await?;
    let challenge = Base64UrlUnpadded::encode_string(&pending.challenge);
    state.waiting.wait(by.session, run, pending, Timestamp::now());
    Ok(json!({"challenge": challenge}))
}

/// A note is signed by nobody: it says who wrote it, as `holdpoint note` does.
async fn note(
    Shared(state): Shared<Arc<State>>,
    by: SignedIn,
    Path(run): Path<String>,
    given: Result<Form<Noted>, FormRejection>,
) -> Response {
    let made = async {
        site(&state)?;
        let (run, Noted { who, text }) = (named(&run)?, form(given)?);
        by.is(&who)?;
        let said = of_host(&state, move |host| host.note(&run, &who, &text)).await?;
        Ok(json!({"said": said}))
    };
    told(&state, made.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    client_data: String,
    authenticator_data: String,
    signature: String,
}

async fn complete(
    Shared(state): Shared<Arc<State>>,
    by: SignedIn,
    Path(run): Path<String>,
    headers: HeaderMap,
    given: Result<Form<Given>, FormRejection>,
) -> Response {
    let made = async {
        let (site, run) = (site(&state)?, named(&run)?);
        let pending = state.waiting.take(&by.session, &run, Timestamp::now()).ok_or_else(|| {
            let help =
                "It waits for five minutes, for whoever asked, and once. Begin again from the run's page.";
            Trouble::new(StatusCode::CONFLICT, "nothing waits for a passkey here", help)
        })?;
        let Given { client_data, authenticator_data, signature } = form(given)?;
        let bytes = |text: String| {
            let wrong = |_| Trouble::new(StatusCode::BAD_REQUEST, "the form is not the one of this page", "");
            Base64UrlUnpadded::decode_vec(&text).map_err(wrong)
        };
        let passkey = Passkey {
            client_data: bytes(client_data)?,
            authenticator_data: bytes(authenticator_data)?,
            signature: bytes(signature)?,
        };
        // The guard has held it against the names that there are.
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let page = format!("{}://{}", state.reached.scheme, host.to_ascii_lowercase());
        let said = of_host(&state, move |host| {
            host.complete(&run, &pending, &passkey, Asker { site: &site, page: &page })
        });
        Ok(json!({"said": said.await?}))
    };
    told(&state, made.await)
}
