//! `http`: one request after another, until one is no redirect.

use std::sync::Arc;
use std::time::{Duration, Instant};

use holdpoint_model::{Body, HeaderValue as Given, HttpProbe, SENT_LIMIT};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use hyper::{Method, Request, Response, StatusCode, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;
use tokio_rustls::rustls::ClientConfig;
use url::Url;

use crate::connection::{self, Both};
use crate::parts::{Facts, millis};
use crate::{Setting, certificate};

/// Most bytes of an answer's head.
const HEAD: usize = 64 * 1024;

pub(crate) async fn ask(probe: &HttpProbe, setting: &Setting, facts: &mut Facts) -> Result<(), String> {
    let text = String::from_utf8(fetch(probe, setting, facts).await?.body).ok();
    facts.set("body", text.as_deref());
    if probe.reads_json {
        // By the reader that judges it later: a name that stands twice is refused, a number kept as written.
        let read = text.as_deref().ok_or("it is not UTF-8".to_owned());
        let read = read.and_then(|text| holdpoint_bounded::json::read(text).map_err(|it| it.to_string()));
        facts.set_body(read.map_err(|why| format!("the body is no JSON: {why}"))?);
    }
    Ok(())
}

/// What a server answered that was no redirect.
pub(crate) struct Fetched {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Asks, and says on the way what is found.
pub(crate) async fn fetch(
    probe: &HttpProbe,
    setting: &Setting,
    facts: &mut Facts,
) -> Result<Fetched, String> {
    let begun = Instant::now();
    let first = url(&probe.url)?;
    if let Some((name, _)) = setting.secrets.iter().find(|(_, secret)| holds(&first, secret)) {
        return Err(format!("the secret {name} stands in the URL, where servers and proxies keep it"));
    }
    // Nothing behind it is sent: what stands there came with a value, and another address would be asked.
    if first.fragment().is_some() {
        return Err(format!("a URL with a `#` in it is refused: what follows that is not sent ({first})"));
    }
    let sent = probe.body.as_ref().map(Body::sent).unwrap_or_default();
    if sent.len() > SENT_LIMIT {
        let (bytes, most) = (sent.len(), SENT_LIMIT);
        return Err(format!("the body that would be sent has {bytes} bytes, and {most} is the most"));
    }
    // What is sent by POST is for the server that the document names.
    let redirects = if probe.method == holdpoint_model::Method::Post { 0 } else { probe.redirects };
    let (mut at, mut followed) = (first.clone(), Vec::new());
    // Read once, however often we are sent on.
    let tls = OnceCell::new();
    loop {
        facts.set("url", at.as_str());
        let (mut response, chain, connected) = request(probe, setting, (&first, &at, &sent), &tls).await?;
        facts.set("status", response.status().as_u16());
        facts.set("success", response.status().is_success());
        facts.set("redirects", followed.clone());
        facts.set("headers", headers(&response));
        if !chain.is_empty() {
            facts.set("tls", certificate::told(&chain, probe.valid_for)?);
        }
        let location = response.headers().get(LOCATION).filter(|_| response.status().is_redirection());
        if let Some(location) = location.filter(|_| redirects > 0) {
            let location = location.to_str().map_err(|_| "it redirects to what is no text".to_owned())?;
            if followed.len() >= redirects as usize {
                return Err(format!("it redirects more than {redirects} times, at last to {location}"));
            }
            let next = at.join(location).map_err(|error| format!("it redirects to `{location}`: {error}"))?;
            let next = url(next.as_str())?;
            if at.scheme() == "https" && next.scheme() == "http" {
                return Err(format!("it redirects from https to {next}"));
            }
            followed.push(Value::from(next.as_str()));
            at = next;
            continue;
        }
        let body = body(&mut response, probe.at_most).await?;
        facts.set("bytes", body.len());
        facts.set("times", json!({ "connected_ms": millis(connected), "all_ms": millis(begun.elapsed()) }));
        return Ok(Fetched { status: response.status(), headers: response.headers().clone(), body });
    }
}

fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("`{text}` is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(format!("`{text}` is no URL of a web server"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL with a user in it is refused: give a header".to_owned());
    }
    Ok(url)
}

/// In whatever form URLs write it.
fn holds(url: &Url, secret: &str) -> bool {
    let in_query: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let in_path = Url::parse("x:/").ok().map(|mut url| {
        url.set_path(secret);
        url.path().trim_start_matches('/').to_owned()
    });
    let decoded = percent_encoding::percent_decode_str(url.as_str()).decode_utf8_lossy();
    let forms = [Some(secret.to_owned()), Some(in_query), in_path];
    let held = |form: &String| !form.is_empty() && (url.as_str().contains(form) || decoded.contains(form));
    forms.iter().flatten().any(held)
}

async fn request(
    probe: &HttpProbe,
    setting: &Setting,
    (first, at, sent): (&Url, &Url, &str),
    tls: &OnceCell<Arc<ClientConfig>>,
) -> Result<(Response<Incoming>, Vec<Vec<u8>>, Duration), String> {
    let begun = Instant::now();
    let host = at.host_str().unwrap_or_default().to_owned();
    let port = at.port_or_known_default().ok_or("the URL has no port")?;
    let same = first.origin() == at.origin();
    // What the probe says of one server is not for another that it is sent to.
    let resolve = probe.resolve.as_deref().filter(|_| same);
    let stream = connection::connect(&host, port, resolve).await?;
    let (stream, chain): (Box<dyn Both>, Vec<Vec<u8>>) = match at.scheme() {
        "https" => {
            let config = tls.get_or_try_init(|| connection::tls(probe, &setting.root)).await?;
            connection::secured(stream, (&host, probe.ca.as_deref()), config.clone()).await?
        }
        _ => (Box::new(stream), Vec::new()),
    };
    let connected = begun.elapsed();
    let failed = |error: hyper::Error| {
        let why = words(&error);
        // Whether a certificate was wanted is told behind the handshake (RFC 8446, 4.4.2.4).
        let help = match why.contains("CertificateRequired") {
            true => ": it wants a certificate of ours, which `tls.certificate` and `tls.key` name",
            false => "",
        };
        format!("{host} does not answer as a web server: {why}{help}")
    };
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let method = match probe.method {
        holdpoint_model::Method::Get => Method::GET,
        holdpoint_model::Method::Head => Method::HEAD,
        holdpoint_model::Method::Options => Method::OPTIONS,
        holdpoint_model::Method::Post => Method::POST,
    };
    let mut request =
        Request::builder().method(method).uri(&at[url::Position::BeforePath..url::Position::AfterQuery]);
    let authority = &at[url::Position::BeforeHost..url::Position::BeforePath];
    request = request.header("host", authority).header("connection", "close");
    let own = |name: &str| probe.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    if !own("user-agent") {
        request = request.header("user-agent", "holdpoint");
    }
    if !own("accept") {
        request = request.header("accept", "*/*");
    }
    if probe.method == holdpoint_model::Method::Post {
        request = request.header("content-length", sent.len());
    }
    let content = match &probe.body {
        Some(Body::Text(_)) => Some("text/plain; charset=utf-8"),
        Some(Body::Json(_)) => Some("application/json"),
        None => None,
    };
    if let Some(content) = content.filter(|_| !own("content-type")) {
        request = request.header("content-type", content);
    }
    for (name, value) in probe.headers.iter().filter(|_| same) {
        request = request.header(header_name(name)?, header(name, value, setting)?);
    }
    let request = request.body(Full::new(Bytes::from(sent.to_owned()))).map_err(|error| error.to_string())?;
    // It ends with its sender.
    let driven = tokio::spawn(connection);
    let answered = sender.send_request(request).await;
    let response = match answered {
        Ok(response) => response,
        Err(error) => {
            driven.abort();
            return Err(failed(error));
        }
    };
    Ok((response, chain, connected))
}

fn header_name(name: &str) -> Result<HeaderName, String> {
    HeaderName::try_from(name).map_err(|_| format!("`{name}` is no name of a header"))
}

fn header(name: &str, value: &Given, setting: &Setting) -> Result<HeaderValue, String> {
    let text = match value {
        Given::Text(text) => text.clone(),
        Given::Secret { name: secret, before } => {
            let found = setting.secrets.iter().find(|(given, _)| given == secret);
            let (_, value) = found.ok_or_else(|| format!("the secret {secret} has no value"))?;
            [before, value.as_str()].concat()
        }
    };
    // The error must not show the value.
    let mut made =
        HeaderValue::try_from(text).map_err(|_| format!("the value of the header {name} cannot be sent"))?;
    made.set_sensitive(matches!(value, Given::Secret { .. }));
    Ok(made)
}

fn headers(response: &Response<Incoming>) -> Value {
    let mut headers = Map::new();
    for name in response.headers().keys() {
        let values = response.headers().get_all(name).iter();
        let texts: Vec<_> =
            values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        headers.insert(name.as_str().to_owned(), texts.join(", ").into());
    }
    Value::Object(headers)
}

async fn body(response: &mut Response<Incoming>, at_most: u64) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(frame) = response.body_mut().frame().await {
        let frame = frame.map_err(|error| format!("the answer breaks off: {}", words(&error)))?;
        if let Ok(data) = frame.into_data() {
            if (body.len() + data.len()) as u64 > at_most {
                return Err(format!("the answer is longer than {at_most} bytes; it was not read on"));
            }
            body.extend_from_slice(&data);
        }
    }
    Ok(body)
}

/// The error and what caused it.
fn words(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", words(cause)),
        None => error.to_string(),
    }
}
