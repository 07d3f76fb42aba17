//! The predicate: which run, of which document, under whose rules, and everything that somebody who decides by it must not
//! miss. Its keys are told in docs/record.md.

use holdpoint_engine::{BlobRef, Event, Included, KeySignature, Override};
use serde_json::{Value, json};

use super::on_the_way;
use crate::{Material, SignOffEvent, Summary};

pub(super) fn predicate(m: &Material<'_>, summary: &Summary) -> Value {
    let Summary { run, document, .. } = summary;
    let mut told = json!({
        "run": {
            "number": run.number, "id": run.id, "format": run.record_format, "events": run.events,
            "opened": run.opened, "ended": run.closed.as_ref().map(|closed| closed.at),
        },
        "document": {
            "path": document.path, "digest": digest(&document.blob), "title": document.title,
            "documentId": document.document_id, "revision": document.revision, "commit": document.commit,
            "committed": document.committed, "dirty": document.dirty,
        },
        "environment": {
            "name": run.environment.name, "rehearsal": run.environment.rehearsal,
            "protected": run.environment.protected, "fourEyes": run.environment.four_eyes,
            "signature": run.environment.signature, "sessions": run.environment.sessions,
        },
        "rules": rules(m),
        "verdict": summary.verdict(),
        "verification": run.verification,
        "independence": summary.independence,
        "operators": summary.sessions.iter().map(|session| &session.session.operator).collect::<Vec<_>>(),
        "sessions": sessions(summary),
        "people": people(summary),
        "approvals": approvals(summary),
        "rehearsal": summary.rehearsed.as_ref().map(|rehearsed| json!({
            "run": rehearsed.number, "id": rehearsed.id, "environment": rehearsed.environment,
            "ended": rehearsed.ended, "seal": digest(&rehearsed.seal),
        })),
        "signOffs": sign_offs(summary),
        "deviations": deviations(summary),
    });
    on_the_way::tell(m, summary, &mut told);
    if !document.includes.is_empty() {
        let one = |one: &Included| json!({"path": one.path, "digest": digest(&one.blob)});
        told["document"]["includes"] = document.includes.iter().map(one).collect();
    }
    told
}

/// A digest as in-toto writes one.
fn digest(blob: &BlobRef) -> Value {
    json!({"sha256": blob.sha256})
}

fn key(signature: Option<&KeySignature>) -> Option<&str> {
    signature.map(|signature| signature.key.as_str())
}

/// What decided who may do what, as it was when the run opened: null where there was none.
fn rules(m: &Material<'_>) -> Value {
    let opened = m.events.first().and_then(|stamped| match &stamped.event {
        Event::RunOpened(opened) => Some(opened),
        _ => None,
    });
    let of = |blob: Option<&BlobRef>| blob.map(digest);
    json!({
        "configuration": of(opened.and_then(|opened| opened.config.as_ref())),
        "signers": of(opened.and_then(|opened| opened.signers.as_ref())),
        "revoked": of(opened.and_then(|opened| opened.revoked.as_ref())),
    })
}

/// Who operated, from where, and with which key they signed that.
fn sessions(summary: &Summary) -> Vec<Value> {
    let opened = summary.sessions.iter().map(|facts| {
        let session = &facts.session;
        let told = json!({
            "event": facts.n, "at": facts.at, "operator": session.operator, "operatorFrom": session.operator_from,
            "account": session.os_user, "host": session.host, "terminal": session.tty,
            "program": session.program,
        });
        (facts.n, told)
    });
    let signed = summary.signed_sessions.iter().map(|signed| {
        let told = json!({
            "event": signed.n, "at": signed.at, "operator": signed.who, "name": signed.name,
            "account": signed.seat.os_user, "host": signed.seat.host, "terminal": signed.seat.tty,
            "assurance": signed.assurance, "key": signed.key,
        });
        (signed.n, told)
    });
    let mut all: Vec<_> = opened.chain(signed).collect();
    all.sort_by_key(|(n, _)| *n);
    all.into_iter().map(|(_, told)| told).collect()
}

fn people(summary: &Summary) -> Vec<Value> {
    let acted = summary.people.iter().filter(|person| person.acted);
    acted
        .map(|person| json!({"principal": person.principal, "name": person.name, "roles": person.roles}))
        .collect()
}

fn approvals(summary: &Summary) -> Vec<Value> {
    let approvals = summary.approvals.iter();
    approvals
        .map(|approved| {
            json!({
                "principal": approved.who, "name": approved.name, "at": approved.time,
                "assurance": approved.assurance, "key": approved.key,
            })
        })
        .collect()
}

fn sign_offs(summary: &Summary) -> Vec<Value> {
    let given = summary.sign_offs.iter().filter_map(|sign_off| match &sign_off.what {
        SignOffEvent::Given { role, meaning, statement, name, assurance, key, presence, counts, by } => {
            Some(json!({
                "event": sign_off.n, "at": sign_off.at, "step": sign_off.step, "action": sign_off.action,
                "role": role, "meaning": meaning, "statement": statement, "principal": by.who, "name": name,
                "assurance": assurance, "key": key, "counts": counts, "presence": presence,
            }))
        }
        _ => None,
    });
    given.collect()
}

fn deviations(summary: &Summary) -> Vec<Value> {
    let overridden = |overridden: &Override| {
        json!({
            "rules": overridden.rules, "role": overridden.role, "name": overridden.name,
            "assurance": overridden.assurance, "key": key(overridden.signature.as_ref()),
        })
    };
    let deviations = summary.deviations.iter();
    deviations
        .map(|deviation| {
            json!({
                "event": deviation.n, "at": deviation.at, "kind": deviation.kind, "step": deviation.step,
                "action": deviation.action, "place": deviation.place,
                "script": deviation.script.as_ref().map(digest),
                "document": deviation.exchanged.as_ref().map(|exchanged| json!({
                    "before": digest(&exchanged.before),
                    "after": digest(&exchanged.runbook.blob),
                })),
                "reason": deviation.reason, "principal": deviation.by.who,
                "overridden": deviation.overridden.as_deref().map(overridden),
            })
        })
        .collect()
}
