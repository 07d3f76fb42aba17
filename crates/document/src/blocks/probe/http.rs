//! `http`

use holdpoint_bounded::json::Value as Json;

use super::reader::{Reader, is_address, shown};
use crate::blocks::capture::check_json_path;
use crate::blocks::raw::is_templated;
use crate::spanned::{Entry, Fields, Node, Value};
use crate::{Body, Code, HeaderValue, HttpProbe, Method, SENT_LIMIT};

/// Bytes of a body, unless the probe says otherwise, and at most.
const BODY: u64 = 1024 * 1024;
const MOST_BODY: i64 = 64 * 1024 * 1024;
const MOST_REDIRECTS: i64 = 20;
/// Headers that the connection itself needs, or that would change whom we ask.
const OURS: &[&str] =
    &["host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer"];

pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<HttpProbe> {
    let url = reader.need("url", "write `url: https://…`");
    let url =
        reader.must_be("url", url, good_url, "write https:// or http://, a host, a path; no user and no `#`");
    let method = match reader.get("method") {
        Some(node) => method(node, reader),
        None => Some(Method::Get),
    };
    let headers = reader.get("headers").map_or(Some(Vec::new()), |node| headers(node, reader));
    let body = match reader.get("body") {
        Some(node) => body(node, method, reader).map(Some),
        None => Some(None),
    };
    let redirects = reader.int("redirects", 0..=MOST_REDIRECTS).unwrap_or(0);
    if let (Some(Method::Post), Some(node), true) = (method, reader.get("redirects"), redirects > 0) {
        let help = "leave `redirects` out, and name the address that answers";
        reader.bad(node, "what is sent by POST is sent to no other address", help);
    }
    let at_most = reader.int("at_most", 1..=MOST_BODY).map_or(BODY, i64::unsigned_abs);
    let resolve = reader.text("resolve");
    let resolve = reader.must_be("resolve", resolve, is_address, "write `127.0.0.1` or `127.0.0.1:8443`");
    let (ca, client, valid_for) = match reader.get("tls") {
        Some(node) => tls(node, url.as_deref(), reader),
        None => (None, None, None),
    };
    status(reader);
    let reads_json = json(reader);
    if reads_json && method == Some(Method::Head) {
        let node = reader.node;
        reader.bad(node, "an answer to HEAD has no body to look at", "leave `json` out, or ask by GET");
    }
    Some(HttpProbe {
        url: url?,
        method: method?,
        headers: headers?,
        body: body?,
        redirects: u32::try_from(redirects).unwrap_or(0),
        ca,
        client,
        resolve,
        valid_for,
        at_most,
        reads_json,
    })
}

fn good_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        !host.is_empty()
            && !host.contains('@')
            && !rest.contains('#')
            && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

fn method(node: &Node, reader: &mut Reader<'_, '_>) -> Option<Method> {
    let text = node.text(reader.findings)?;
    if matches!(&*text, "PUT" | "PATCH" | "DELETE") {
        reader.bad(
            node,
            format!("{text} changes something, and a probe only looks"),
            "ask by GET, HEAD, OPTIONS or POST, or write a `sh run`",
        );
        return None;
    }
    let methods = [Method::Get, Method::Head, Method::Options, Method::Post];
    let words = methods.map(|method| (method.name(), method));
    node.word(reader.findings, &words)
}

/// A text is sent as it is, a map or a list as JSON.
fn body(node: &Node, method: Option<Method>, reader: &mut Reader<'_, '_>) -> Option<Body> {
    if method.is_some_and(|method| method != Method::Post) {
        reader.bad(node, "nothing is sent but by POST", "add `method: POST`, or leave `body` out");
    }
    let body = match &node.value {
        Value::Map(_) | Value::Seq(_) => {
            reader.texts_in(node);
            Body::Json(node.json(reader.findings)?)
        }
        _ => Body::Text(reader.text_of(node)?),
    };
    let bytes = body.sent().len();
    if bytes > SENT_LIMIT {
        let message = format!("the body has {bytes} bytes, and a probe sends {SENT_LIMIT} at most");
        reader.bad(node, message, "ask for less, or write a `sh run`");
        return None;
    }
    Some(body)
}

fn headers(node: &Node, reader: &mut Reader<'_, '_>) -> Option<Vec<(String, HeaderValue)>> {
    let Value::Map(entries) = &node.value else {
        reader.bad(
            node,
            format!("expected headers, found {}", node.found()),
            "write `{ Accept: text/plain }`",
        );
        return None;
    };
    let mut headers = Vec::new();
    for (at, Entry { key, key_span, node }) in entries.iter().enumerate() {
        if entries[..at].iter().any(|before| before.key.eq_ignore_ascii_case(key)) {
            let message = format!("`{}` stands there twice, for case does not count in headers", shown(key));
            reader.findings.add(Code::BadValue, *key_span, message, "name each header once");
            continue;
        }
        let is_token =
            !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !is_token || OURS.contains(&&*key.to_ascii_lowercase()) {
            let help = "use letters, digits and `-`; whom a probe asks is said by `url` and `resolve`";
            let message = format!("`{}` cannot be set as a header", shown(key));
            reader.findings.add(Code::BadValue, *key_span, message, help);
            continue;
        }
        let value = match &node.value {
            Value::Map(_) => secret(node, reader),
            _ => reader.text_of(node).map(HeaderValue::Text),
        };
        if let Some(HeaderValue::Text(text)) = &value
            && text.chars().any(|c| c.is_control() && c != '\t')
        {
            let message = format!("`{}` cannot be sent in a header", shown(text));
            reader.bad(node, message, "write it in one line");
            continue;
        }
        headers.extend(value.map(|value| (key.clone(), value)));
    }
    (headers.len() == entries.len()).then_some(headers)
}

fn secret(node: &Node, reader: &mut Reader<'_, '_>) -> Option<HeaderValue> {
    let mut fields = Fields::open(node, "a secret header", reader.findings)?;
    let named = fields.need("secret", "write `{ secret: NAME, before: \"Bearer \" }`", reader.findings);
    let name = named.and_then(|node| node.text(reader.findings));
    let before = fields.get("before").map_or(Some(String::new()), |node| node.text(reader.findings));
    fields.finish(reader.findings);
    let before = before?;
    if is_templated(&before) {
        reader.bad(node, "`before` is no template", "write the text as it is sent");
        return None;
    }
    let (name, named) = (name?, named?);
    reader.secrets.push((name.clone(), named.span));
    Some(HeaderValue::Secret { name, before })
}

type Tls = (Option<String>, Option<(String, String)>, Option<u64>);

fn tls(node: &Node, url: Option<&str>, reader: &mut Reader<'_, '_>) -> Tls {
    let Some(mut fields) = Fields::open(node, "`tls`", reader.findings) else { return (None, None, None) };
    if url.is_some_and(|url| url.starts_with("http://")) {
        reader.bad(node, "there is no TLS with `http://`", "write https://, or leave `tls` out");
    }
    let ca = fields.get("ca").and_then(|node| path(node, reader));
    let certificate = fields.get("certificate").and_then(|node| path(node, reader));
    let key = fields.get("key").and_then(|node| path(node, reader));
    let valid_for =
        fields.get("valid_for").and_then(|node| Some((node.duration(reader.findings)?, node.span)));
    fields.finish(reader.findings);
    if certificate.is_some() != key.is_some() {
        reader.bad(
            node,
            "a client shows a certificate by its key, and one of them is missing",
            "name both files",
        );
    }
    if let Some((_, span)) = valid_for {
        reader.expects("$.tls.valid_long_enough", Json::Bool(true), span);
    }
    (ca, certificate.zip(key), valid_for.map(|(duration, _)| duration.as_secs()))
}

/// A file of the repository, or one of the machine.
fn path(node: &Node, reader: &mut Reader<'_, '_>) -> Option<String> {
    let text = reader.text_of(node)?;
    if super::here::leaves(&text) {
        reader.bad(node, format!("`{}` leaves the repository", shown(&text)), super::here::INSIDE);
        return None;
    }
    Some(text)
}

/// Without a status, any of success.
fn status(reader: &mut Reader<'_, '_>) {
    match reader.get("status") {
        None => {
            let span = reader.node.span;
            reader.expects("$.success", Json::Bool(true), span);
        }
        Some(node) => {
            if let Some(status) = reader.int("status", 100..=599) {
                reader.expects("$.status", Json::Number(status.into()), node.span);
            }
        }
    }
}

/// What the body must hold, read as JSON.
fn json(reader: &mut Reader<'_, '_>) -> bool {
    let Some(node) = reader.get("json") else { return false };
    let Value::Map(entries) = &node.value else {
        let message = format!("expected paths and values, found {}", node.found());
        reader.bad(node, message, "write `json: { $.status: ok }`");
        return true;
    };
    if entries.is_empty() {
        reader.bad(node, "no path is named", "write `json: { $.status: ok }`");
    }
    for Entry { key, key_span, node } in entries {
        if !check_json_path(key, *key_span, reader.findings) {
            continue;
        }
        reader.texts_in(node);
        if let Some(value) = node.json(reader.findings) {
            let span = crate::Span::new(key_span.start, node.span.end.max(key_span.end));
            reader.expects(["$.json", &key[1..]].concat(), value, span);
        }
    }
    true
}
