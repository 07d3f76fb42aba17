//! `yaml check`: typed probes. What is asked becomes a [`Probe`], what must hold of the answer becomes expectations.

mod here;
mod http;
mod lookup;
mod reader;

use super::raw::{Kind, Read};
use super::{Decoded, options, script};
use crate::findings::{Findings, suggest};
use crate::markdown::Fence;
use crate::spanned::{Entry, Fields, Value};
use crate::{Block, CaptureFrom, Code, HttpProbe, PROBE_LIMIT, Probe};
use reader::Reader;

const PROBES: &[&str] = &["http", "tcp", "dns", "file", "git", "image"];
/// What stands beside it.
const BESIDE: &[&str] =
    &["id", "timeout", "retry", "hold", "capture", "when", "record", "reason", "sensitive"];
/// Options of other checks that mean nothing here.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "target",
        "a probe asks from the driving machine: write a `sh check` for what is to be asked at a place",
    ),
    ("cwd", "a probe has no working directory: paths begin at the repository's root"),
    ("env", "a probe is given no variables: write {{ NAME }} in its values"),
    ("template", "values of a probe are templates without it"),
    ("secrets", "a probe reads a secret where a header says `{ secret: NAME }`"),
    ("interpreter", "no program runs a probe"),
    ("tty", "a probe needs no terminal"),
    ("agent", "a probe needs no agent"),
    ("strict", "no shell runs a probe"),
    ("idempotent", "a probe changes nothing, and may be retried"),
    ("expect", "expectations stand in a `yaml expect` block right below"),
];

/// Decodes a `yaml check`. `None` after a finding.
pub(crate) fn decode(fence: &Fence, findings: &mut Findings) -> Option<Decoded> {
    option_lines(fence, findings);
    let node = super::yaml(fence, "this check asks nothing", findings)?;
    let Value::Map(entries) = &node.value else {
        node.bad(findings, format!("expected a probe, found {}", node.found()), "write `http: { url: … }`");
        return None;
    };
    misplaced(entries, findings);
    let mut fields = Fields::open(&node, "a probe's block", findings)?;
    let mut read = Read::default();
    options::beside(&mut fields, Kind::Check, &mut read, findings);
    let mut found = Vec::new();
    for key in PROBES {
        found.extend(fields.get(key).map(|node| (*key, node)));
    }
    unknown(entries, findings);
    for (capture, span) in read.options.capture.iter().zip(&read.capture_spans) {
        if matches!(capture.from, CaptureFrom::File(_)) {
            let help = "take it from what the probe answers: `{ json: $.path }`";
            findings.add(Code::BadValue, *span, "a probe writes no file", help);
        }
    }
    let (key, probe) = match found.as_slice() {
        [(key, node)] => (*key, *node),
        [] => {
            let help = format!("write one of: {}", PROBES.join(", "));
            findings.add(Code::MissingKey, node.span, "nothing says what is asked", help);
            return None;
        }
        [_, (other, second), ..] => {
            let message = format!("a check asks one thing, and `{other}` is a second");
            second.bad(findings, message, "write a `yaml check` for each");
            return None;
        }
    };
    let mut reader = Reader::open(probe, key, findings)?;
    let probe = match key {
        "http" => http::read(&mut reader).map(Probe::Http),
        "tcp" => lookup::tcp(&mut reader).map(Probe::Tcp),
        "dns" => lookup::dns(&mut reader).map(Probe::Dns),
        "file" => here::file(&mut reader).map(Probe::File),
        "git" => here::git(&mut reader).map(Probe::Git),
        _ => here::image(&mut reader).map(Probe::Image),
    };
    let (expect, templates, secrets) = reader.finish();
    // What is captured from the body as JSON is read as JSON, whether or not something is expected of it.
    let from_body =
        |from: &CaptureFrom| matches!(from, CaptureFrom::Json(path) if path.starts_with("$.json"));
    let probe = probe.map(|probe| match probe {
        Probe::Http(http) => {
            let captured = read.options.capture.iter().any(|capture| from_body(&capture.from));
            Probe::Http(HttpProbe { reads_json: http.reads_json || captured, ..http })
        }
        other => other,
    });
    // It is given these alone.
    let (names, secret_spans) = secrets.into_iter().unzip();
    read.options.secrets = Some(names);
    read.templates.extend(templates);
    read.options.timeout.get_or_insert(PROBE_LIMIT);
    // Its values are templates, and what is asked is kept as it was rendered.
    read.options.template = true;
    let block = Block {
        language: "yaml".to_owned(),
        interpreter: vec!["holdpoint".to_owned()],
        script: fence.body.text().to_owned(),
        span: fence.span,
        options: read.options,
        expect,
        probe: Some(Box::new(probe?)),
        offered: None,
    };
    Some(Decoded {
        block,
        templates: read.templates,
        capture_spans: read.capture_spans,
        id_span: read.id_span,
        target_span: None,
        secret_spans,
        script_span: fence.span,
    })
}

/// In YAML they would be comments.
fn option_lines(fence: &Fence, findings: &mut Findings) {
    for range in fence.body.lines() {
        if script::near_miss(&fence.body.text()[range.clone()], "#|").is_some() {
            let help = "write `timeout: 5s` and the like as keys beside the probe, without `#|`";
            findings.add(Code::Misplaced, fence.body.span(range), "this line is a comment of the YAML", help);
        }
    }
}

fn misplaced(entries: &[Entry], findings: &mut Findings) {
    for entry in entries {
        if let Some((key, help)) = ELSEWHERE.iter().find(|(key, _)| *key == entry.key) {
            let message = format!("`{key}` means nothing on a probe");
            findings.add(Code::Misplaced, entry.key_span, message, *help);
        }
    }
}

fn unknown(entries: &[Entry], findings: &mut Findings) {
    let known: Vec<&str> = PROBES.iter().chain(BESIDE).copied().collect();
    let elsewhere = |key: &str| ELSEWHERE.iter().any(|(other, _)| *other == key);
    for entry in entries.iter().filter(|entry| !known.contains(&&*entry.key) && !elsewhere(&entry.key)) {
        let message = format!("`{}` is neither a probe nor an option of one", entry.key);
        findings.add(Code::UnknownKey, entry.key_span, message, suggest(&entry.key, &known, "keys"));
    }
}
