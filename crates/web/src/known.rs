//! How whoever asks is known: by a session's cookie, or by a token.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT, AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use minijinja::Value;
use minijinja::value::Serde;

use crate::answer::{Kind, Trouble};
use crate::host::Person;
use crate::identity::Identity;
use crate::proxied::Unsaid;
use crate::secret::Digest;
use crate::state::State;
use crate::tokens::{TokenError, is_of_ours};
use crate::work::of_host;

/// Somebody who is signed in. Pages are for them alone.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    /// What they are told apart by.
    pub(crate) session: Digest,
    /// Who that is, where a proxy says so; whoever signed in by a link may be anybody.
    pub(crate) person: Option<Person>,
}

impl SignedIn {
    /// Who that is, for pages.
    pub(crate) fn for_pages(&self) -> Option<Value> {
        self.person.clone().map(|person| Value::from(Serde(person)))
    }

    /// Refuses what somebody does in another's name.
    pub(crate) fn is(&self, who: &str) -> Result<(), Trouble> {
        match &self.person {
            Some(person) if person.principal != who => {
                let message = format!("you are signed in as {}", person.principal);
                Err(Trouble::new(StatusCode::FORBIDDEN, message, "Nothing is done here in another's name."))
            }
            _ => Ok(()),
        }
    }
}

/// Somebody who is signed in, or a program with a token.
#[derive(Clone, Debug)]
pub(crate) struct Known(pub(crate) Identity);

/// Whether somebody still is who they were: sessions end, and tokens are taken back.
pub(crate) fn is_still(who: &Identity, state: &State) -> bool {
    let now = Timestamp::now();
    match who {
        Identity::Session(session) => state.sessions.lasts(session, now),
        Identity::Person(said) => state.host.person(said).is_ok(),
        Identity::Token(name, sha256) => state.tokens.all().is_ok_and(|all| {
            all.iter().any(|token| token.name == *name && token.sha256 == sha256.hex() && now < token.until)
        }),
    }
}

impl FromRequestParts<Arc<State>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<SignedIn, Response> {
        // What a page's script asks for is told to the script, which tells it where somebody looks.
        let by_script =
            parts.headers.get(ACCEPT).is_some_and(|accepted| accepted.as_bytes() == b"application/json");
        let kind = |path| if by_script { Kind::Api } else { Kind::Page { path } };
        let page = |trouble: Trouble| trouble.told(state, kind(Some(parts.uri.path())));
        if let Some(proxied) = &state.proxied {
            let told = |trouble: Trouble| trouble.told(state, kind(None));
            let said = proxied.says(&parts.headers).map_err(|unsaid| told(unsaid.into()))?;
            let session = Digest::of(&format!("person {said}"));
            not_too_often(state, &Identity::Person(said.clone())).map_err(told)?;
            let person = of_host(state, move |host| host.person(&said)).await.map_err(told)?;
            return Ok(SignedIn { session, person: Some(person) });
        }
        let cookie = cookie(&parts.headers, &state.reached.cookie);
        let session = cookie.and_then(|cookie| state.sessions.of(cookie, Timestamp::now()));
        let session = session.ok_or_else(|| page(Trouble::unknown()))?;
        not_too_often(state, &Identity::Session(session)).map_err(page)?;
        Ok(SignedIn { session, person: None })
    }
}

impl FromRequestParts<Arc<State>> for Known {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Known, Response> {
        let told = |trouble: Trouble| trouble.told(state, Kind::Api);
        let identity = known(&parts.headers, state).map_err(told)?;
        if let Identity::Person(said) = &identity {
            let said = said.clone();
            of_host(state, move |host| host.person(&said)).await.map_err(told)?;
        }
        Ok(Known(identity))
    }
}

fn known(headers: &HeaderMap, state: &State) -> Result<Identity, Trouble> {
    let now = Timestamp::now();
    // A token that was given and does not count is told, whatever session there is beside it.
    let proxied = state.proxied.as_ref().filter(|proxied| proxied.carried(headers));
    // What somebody gave the proxy, or another that it asks, and which it hands on, is nothing for us.
    let theirs = |given: &&HeaderValue| proxied.is_none() || given.to_str().is_ok_and(is_of_ours);
    let identity = match headers.get(AUTHORIZATION).filter(theirs) {
        Some(given) => {
            let given = given.to_str().ok().and_then(|given| given.strip_prefix("Bearer "));
            let given = given.ok_or_else(|| failed(state))?;
            let held = state.tokens.holds(given, now).map_err(|error: TokenError| {
                Trouble::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "tokens cannot be read",
                    format!("Whoever runs the server looks at their file: {}.", told_without_path(&error)),
                )
            })?;
            Identity::Token(held.ok_or_else(|| failed(state))?, Digest::of(given))
        }
        None if let Some(proxied) = &state.proxied => Identity::Person(proxied.says(headers)?),
        None => {
            let session =
                cookie(headers, &state.reached.cookie).and_then(|cookie| state.sessions.of(cookie, now));
            Identity::Session(session.ok_or_else(Trouble::unknown)?)
        }
    };
    not_too_often(state, &identity)?;
    Ok(identity)
}

impl From<Unsaid> for Trouble {
    fn from(unsaid: Unsaid) -> Trouble {
        let (message, help) = match unsaid {
            Unsaid::Past => (
                "the request did not come through the proxy that signs people in".to_owned(),
                "Come by the address that the proxy serves. Whoever keeps the proxy has it send its secret in Holdpoint-Proxy.",
            ),
            Unsaid::Nobody(header) => (
                format!("the proxy did not say who you are in {header}"),
                "Sign in there, then load the page anew.",
            ),
        };
        Trouble::new(StatusCode::UNAUTHORIZED, message, help)
    }
}

/// Where the file lies is nothing for whoever asks.
fn told_without_path(error: &TokenError) -> String {
    match error {
        TokenError::File { cause, .. } => cause.kind().to_string(),
        other => other.to_string(),
    }
}

/// Somebody gave something that does not let in.
pub(crate) fn failed(state: &State) -> Trouble {
    match state.limits.failed.check() {
        Ok(()) => Trouble::unknown(),
        Err(_) => Trouble::too_often(),
    }
}

fn not_too_often(state: &State, identity: &Identity) -> Result<(), Trouble> {
    state.limits.known.check_key(identity).map_err(|_| Trouble::too_often())
}

/// The value of a cookie, where there is exactly one of that name.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut named = all
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(of, _)| *of == name)
        .map(|(_, value)| value);
    match (named.next(), named.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_counts_only_where_it_is_there_once() {
        let of = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(COOKIE, line.parse().unwrap());
            }
            cookie(&headers, "hp").map(str::to_owned)
        };
        assert_eq!(of(&["a=b; hp=x; c=d"]).as_deref(), Some("x"));
        assert_eq!(of(&["a=b", "hp=x"]).as_deref(), Some("x"));
        assert_eq!(of(&["hp=x; hp=y"]), None);
        assert_eq!(of(&["hp=x", "hp=x"]), None);
        assert_eq!(of(&["hpx=x; xhp=y; HP=z"]), None);
        assert_eq!(of(&[]), None);
    }
}
