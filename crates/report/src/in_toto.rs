//! An in-toto Statement (v1) about a sealed record: which bytes it is of, and what they tell. Whoever signs it puts it into
//! an envelope; nothing is signed here.

use std::collections::BTreeMap;

use holdpoint_engine::{Event, Evidence, Included, InputGiven};
use holdpoint_model::sha256;
use serde_json::{Value, json};

use crate::{Kept, Material, ReportError, SignOffEvent, Summary, summarise};

/// What kind of predicate stands in the statement; docs/record.md tells its keys. The name resolves nowhere.
pub const PREDICATE: &str = "https://holdpoint.example/run/v1";
const STATEMENT: &str = "https://in-toto.io/Statement/v1";

/// The statement's bytes.
///
/// # Errors
///
/// Those of [`summarise`].
pub fn in_toto(m: &Material<'_>, kept: &Kept<'_>) -> Result<String, ReportError> {
    let summary = summarise(m)?;
    let subjects = subjects(m, kept, &summary);
    let subjects: Vec<Value> = subjects
        .into_iter()
        .map(|(name, sha256)| json!({"name": name, "digest": {"sha256": sha256}}))
        .collect();
    let statement = json!({
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": PREDICATE,
        "predicate": predicate(&summary),
    });
    Ok(serde_json::to_string(&statement)?)
}

/// Names and digests: the record itself, the files that it took values or proof from, and digests that it found.
fn subjects(m: &Material<'_>, kept: &Kept<'_>, summary: &Summary) -> BTreeMap<String, String> {
    let mut subjects = BTreeMap::from([("run.jsonl".to_owned(), sha256(kept.log))]);
    subjects.extend(kept.seal.map(|seal| ("seal.json".to_owned(), sha256(seal))));
    for stamped in summary.conforming(m.events) {
        match &stamped.event {
            Event::ActionFinished(finished) | Event::RollbackFinished(finished) => {
                let files = finished.files.iter();
                subjects.extend(files.map(|(path, blob)| (format!("files/{path}"), blob.sha256.clone())));
            }
            Event::ValueRecorded { evidence: Some(Evidence::File { path, blob }), .. } => {
                subjects.insert(format!("evidence/{}/{path}", stamped.n), blob.sha256.clone());
            }
            _ => {}
        }
    }
    let given = |input: &InputGiven| Some((input.name.clone(), input.value.clone()?));
    let found = summary.values.iter().map(|found| (found.name.clone(), found.value.clone()));
    for (name, value) in summary.inputs.iter().filter_map(given).chain(found) {
        subjects.extend(digest(&value).map(|sha256| (format!("values/{name}"), sha256.to_owned())));
    }
    subjects
}

/// The digest that a value is: `sha256:HEX`, or the digits alone.
fn digest(value: &str) -> Option<&str> {
    let value = value.trim();
    let digits = value.strip_prefix("sha256:").unwrap_or(value);
    let is_one = digits.len() == 64 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    is_one.then_some(digits)
}

fn predicate(summary: &Summary) -> Value {
    let Summary { run, document, .. } = summary;
    let operators: Vec<&String> = summary.sessions.iter().map(|session| &session.session.operator).collect();
    let acted = summary.people.iter().filter(|person| person.acted);
    let people: Vec<Value> = acted
        .map(|person| json!({"principal": person.principal, "name": person.name, "roles": person.roles}))
        .collect();
    let sign_offs: Vec<Value> = summary
        .sign_offs
        .iter()
        .filter_map(|sign_off| match &sign_off.what {
            SignOffEvent::Given { role, meaning, statement, name, assurance, key, presence, counts, by } => Some(json!({
                "event": sign_off.n, "at": sign_off.at, "step": sign_off.step, "action": sign_off.action,
                "role": role, "meaning": meaning, "statement": statement, "principal": by.who, "name": name,
                "assurance": assurance, "key": key, "counts": counts, "presence": presence,
            })),
            _ => None,
        })
        .collect();
    let deviations: Vec<Value> = summary
        .deviations
        .iter()
        .map(|deviation| {
            json!({
                "event": deviation.n, "at": deviation.at, "kind": deviation.kind, "step": deviation.step,
                "action": deviation.action,
                "document": deviation.exchanged.as_ref().map(|exchanged| json!({
                    "before": {"sha256": exchanged.before.sha256},
                    "after": {"sha256": exchanged.runbook.blob.sha256},
                })),
                "reason": deviation.reason, "principal": deviation.by.who,
                "overridden": deviation.overridden.as_ref().map(|overridden| json!({
                    "rules": overridden.rules, "role": overridden.role, "name": overridden.name,
                    "assurance": overridden.assurance,
                    "key": overridden.signature.as_ref().map(|signature| &signature.key),
                })),
            })
        })
        .collect();
    let approvals: Vec<Value> = summary
        .approvals
        .iter()
        .map(|approved| {
            json!({
                "principal": approved.who, "name": approved.name, "at": approved.time,
                "assurance": approved.assurance, "key": approved.key,
            })
        })
        .collect();
    let mut told = json!({
        "run": {
            "number": run.number, "id": run.id, "format": run.record_format, "events": run.events,
            "opened": run.opened, "ended": run.closed.as_ref().map(|closed| closed.at),
        },
        "document": {
            "path": document.path, "digest": {"sha256": document.blob.sha256}, "title": document.title,
            "documentId": document.document_id, "revision": document.revision, "commit": document.commit,
        },
        "environment": {
            "name": run.environment.name, "rehearsal": run.environment.rehearsal,
            "protected": run.environment.protected, "fourEyes": run.environment.four_eyes,
        },
        "verdict": summary.verdict(),
        "verification": run.verification,
        "operators": operators,
        "people": people,
        "approvals": approvals,
        "rehearsal": summary.rehearsed.as_ref().map(|rehearsed| json!({
            "run": rehearsed.number, "id": rehearsed.id, "environment": rehearsed.environment,
            "ended": rehearsed.ended, "seal": {"sha256": rehearsed.seal.sha256},
        })),
        "signOffs": sign_offs,
        "deviations": deviations,
    });
    if !document.includes.is_empty() {
        let one = |one: &Included| json!({"path": one.path, "digest": {"sha256": one.blob.sha256}});
        told["document"]["includes"] = document.includes.iter().map(one).collect();
    }
    told
}
