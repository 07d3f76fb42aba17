//! What is held against every request before anything else is, and what every answer carries.

use std::sync::Arc;

use axum::extract::{Request, State as Shared};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;

use crate::answer::{Kind, Trouble};
use crate::state::{Reached, State};

/// The policy of our own pages: nothing from anywhere else, no script and no style in the page itself, in no frame.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What every answer carries. `same-origin`, for with `no-referrer` browsers name no origin with a form.
const HEADERS: [(HeaderName, &str); 8] = [
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// Refuses what does not come from a page of ours or a program, and what is for another host.
pub(crate) async fn guard(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let refused = refusal(request.method(), request.uri(), request.headers(), &state.reached);
    let refused = refused.map(|(status, message, help)| Trouble::new(status, message, help)).or_else(|| {
        let proxied = state.proxied.as_ref().is_some_and(|proxied| proxied.carried(request.headers()));
        let often = !proxied && state.limits.strangers.check().is_err() && !says_who_it_is(request.headers());
        often.then(Trouble::too_often)
    });
    let api = is_of_api(request.uri());
    let mut response = match refused {
        Some(trouble) if api => trouble.told(&state, Kind::Api),
        // A page of ours is nothing for whoever does not come from here.
        Some(trouble) => trouble.in_a_line(),
        None => in_our_words(next.run(request).await, &state, api),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    response
}

/// Whether it asks for something of the API.
pub(crate) fn is_of_api(uri: &Uri) -> bool {
    uri.path() == "/api" || uri.path().starts_with("/api/")
}

/// What nobody of us has answered is answered once more: libraries have words for their makers.
fn in_our_words(response: Response, state: &State, api: bool) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let ours =
        kind.is_some_and(|kind| kind.starts_with(b"application/json") || kind.starts_with(b"text/html"));
    let status = response.status();
    if ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let kind = if api { Kind::Api } else { Kind::Page { path: None } };
    Trouble::of(status).told(state, kind)
}

/// Whether it brings something by which it may be known: those have a limit of their own, each.
fn says_who_it_is(headers: &HeaderMap) -> bool {
    headers.contains_key(header::COOKIE) || headers.contains_key(header::AUTHORIZATION)
}

/// A status, what is wrong, and what to do.
type Refused = (StatusCode, &'static str, &'static str);

/// By which names it is reached.
const NAMES: &str = "Say the address that holdpoint serve told; behind a proxy, the host of --public-url.";
/// Who may ask.
const HERE: &str = "Open the pages at the address that holdpoint serve told.";

/// Why a request is refused, whoever sends it.
fn refusal(method: &Method, uri: &Uri, headers: &HeaderMap, reached: &Reached) -> Option<Refused> {
    let one = |name: HeaderName| {
        let mut all = headers.get_all(name).into_iter();
        match (all.next(), all.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    };
    // A name that leads here and is none of ours is somebody else's: their pages would be of our origin.
    let ours = |host: &str| reached.hosts.contains(&host.to_ascii_lowercase());
    let Some(host) = one(header::HOST).filter(|host| ours(host)) else {
        return Some((StatusCode::MISDIRECTED_REQUEST, "this server is not reached by that name", NAMES));
    };
    if uri.authority().is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(host)) {
        return Some((StatusCode::MISDIRECTED_REQUEST, "the request names two hosts", NAMES));
    }
    let fetch = |name: &'static str| headers.get(name).map(HeaderValue::as_bytes);
    let from_here = matches!(fetch("sec-fetch-site"), None | Some(b"same-origin" | b"none"));
    // A link that leads here from elsewhere is followed; nothing else that other pages have a browser ask for is.
    let followed = *method == Method::GET
        && fetch("sec-fetch-mode") == Some(b"navigate")
        && fetch("sec-fetch-dest") == Some(b"document");
    if !from_here && !followed {
        return Some((StatusCode::FORBIDDEN, "the request comes from a page of somebody else", HERE));
    }
    let changes = !matches!(*method, Method::GET | Method::HEAD);
    if changes && is_of_api(uri) {
        return Some((
            StatusCode::METHOD_NOT_ALLOWED,
            "nothing can be changed through the API",
            "Ask with GET. What changes a run is said at a terminal: holdpoint run, sign, note, resume.",
        ));
    }
    let origin = format!("{}://{host}", reached.scheme);
    if changes && !one(header::ORIGIN).is_some_and(|of| of.eq_ignore_ascii_case(&origin)) {
        return Some((
            StatusCode::FORBIDDEN,
            "the request does not say that it comes from a page of this server",
            HERE,
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: Method, uri: &str, lines: &[(&'static str, &'static str)]) -> u16 {
        let hosts = vec!["127.0.0.1:8000".to_owned(), "localhost:8000".to_owned()];
        let reached = Reached { scheme: "http", hosts, cookie: "c".to_owned(), secure: false, site: None };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        refusal(&method, &uri.parse().unwrap(), &headers, &reached)
            .map_or(200, |(status, ..)| status.as_u16())
    }

    const HOST: (&str, &str) = ("host", "127.0.0.1:8000");

    #[test]
    fn only_the_names_that_it_listens_on_lead_here() {
        let get = |lines: &[_]| status(Method::GET, "/", lines);
        assert_eq!(get(&[HOST]), 200);
        assert_eq!(get(&[("host", "LOCALHOST:8000")]), 200);
        for other in
            ["evil.example", "127.0.0.1", "127.0.0.1:80", "localhost", "127.0.0.1:8000.evil.example", ""]
        {
            assert_eq!(get(&[("host", other)]), 421, "{other}");
        }
        assert_eq!(get(&[]), 421);
        assert_eq!(get(&[HOST, HOST]), 421, "two are none");
        assert_eq!(status(Method::GET, "http://evil.example/", &[HOST]), 421);
        assert_eq!(status(Method::GET, "http://127.0.0.1:8000/", &[HOST]), 200);
    }

    #[test]
    fn what_changes_something_says_that_it_comes_from_here() {
        let post = |lines: &[_]| status(Method::POST, "/", lines);
        assert_eq!(post(&[HOST]), 403);
        assert_eq!(post(&[HOST, ("origin", "http://127.0.0.1:8000")]), 200);
        for other in [
            "null",
            "http://127.0.0.1",
            "https://127.0.0.1:8000",
            "http://localhost:8000",
            "http://evil.example",
        ] {
            assert_eq!(post(&[HOST, ("origin", other)]), 403, "{other}");
        }
        let twice = ("origin", "http://127.0.0.1:8000");
        assert_eq!(post(&[HOST, twice, twice]), 403);
        assert_eq!(status(Method::PUT, "/", &[HOST]), 403);
        let here = ("origin", "http://127.0.0.1:8000");
        assert_eq!(status(Method::POST, "/api/runs", &[HOST, here]), 405, "whoever asks");
    }

    #[test]
    fn pages_of_others_get_nothing_but_a_link_that_somebody_follows() {
        let site = |site| ("sec-fetch-site", site);
        let get = |lines: &[_]| status(Method::GET, "/", lines);
        let (navigate, document) = (("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"));
        assert_eq!(get(&[HOST, site("same-origin")]), 200);
        assert_eq!(get(&[HOST, site("none")]), 200);
        for other in ["cross-site", "same-site", "else"] {
            assert_eq!(get(&[HOST, site(other)]), 403, "{other}");
            assert_eq!(get(&[HOST, site(other), navigate, ("sec-fetch-dest", "iframe")]), 403, "{other}");
            assert_eq!(get(&[HOST, site(other), navigate, document]), 200, "{other}");
            let post = [HOST, site(other), navigate, document, ("origin", "http://127.0.0.1:8000")];
            assert_eq!(status(Method::POST, "/", &post), 403, "{other}");
        }
    }
}
