//! What a run relied on when it opened, proved again: the document's approvals, and that no rule which did not hold was
//! passed over (record.md, approvals).

use holdpoint_engine::{Approved, BlobRef, Circumstances, Rule, RunOpened, kept};
use holdpoint_model::{Config, Environment, Plan};
use holdpoint_signing::{APPROVAL, Approving, Asked, Signers, prove_approval};
use jiff::Timestamp;

use crate::by_key::ByKey;
use crate::kept::Blobs;
use crate::signatures::signers;

/// Holds event 0's approvals against its signers, and its rules against its configuration; or what it would be with the
/// document that took its place at event `n`. `at` is when that was written. Gives whose keys approved: all approvals hold.
pub(crate) fn prove(
    opened: &RunOpened,
    (n, at): (u64, Timestamp),
    plan: &Plan,
    config: Option<&Config>,
    blobs: &mut Blobs<'_>,
) -> Result<Vec<ByKey>, String> {
    let book = &opened.runbook;
    let asked = Asked::of((&book.path, &book.blob.sha256, &book.includes), plan, config);
    let (mut given, mut keys) = (Vec::new(), Vec::new());
    if !opened.policy.approvals.is_empty() {
        let signers = signers(opened, blobs)?;
        for approved in &opened.policy.approvals {
            let wrong = |why: String| format!("the approval by {} is not proved: {why}", approved.who);
            let (proved, key) = one(approved, &asked, (n, at), &signers, blobs).map_err(wrong)?;
            given.push(proved);
            keys.push(key);
        }
    }
    let none = Environment::default();
    let name = &opened.environment.name;
    let environment = config.and_then(|config| config.environments.get(name)).unwrap_or(&none);
    let mut broken = broken(opened, at, plan, config, environment)?;
    if environment.requires.approved_document {
        let seen = &opened.environment;
        broken.extend(
            asked.not_approved(&given, seen.signature, seen.four_eyes).map(|_| Rule::ApprovedDocument),
        );
    }
    let told = opened.policy.unmet_rules();
    if let Some(rule) = broken.iter().find(|rule| !told.contains(rule)) {
        return Err(format!("the rule {} does not hold, and the run opened as if it did", rule.as_str()));
    }
    let kept = kept(environment);
    if opened.policy.kept != kept {
        return Err("the rules that must keep holding are not as in the recorded configuration".to_owned());
    }
    let timed = plan.steps.iter().any(|step| step.not_before.is_some());
    let may = if told.is_empty() && kept.is_empty() && !timed {
        &[][..]
    } else {
        environment.may_override.as_slice()
    };
    if opened.policy.may_override != may {
        return Err("who may override rules is not as in the recorded configuration".to_owned());
    }
    Ok(keys)
}

fn one(
    approved: &Approved,
    asked: &Asked,
    (n, at): (u64, Timestamp),
    signers: &Signers,
    blobs: &mut Blobs<'_>,
) -> Result<(Approving, ByKey), String> {
    let mut bytes = |blob: &BlobRef| {
        if blobs.is_gone(blob) {
            return Err("it was expunged".to_owned());
        }
        blobs.bytes(blob).map_err(|error| error.to_string())
    };
    let (statement, signature) = (bytes(&approved.statement)?, bytes(&approved.signature)?);
    let proved = prove_approval(&statement, &signature, signers, at).map_err(|error| error.to_string())?;
    let said = &proved.approval;
    let parts = [
        (said.document.sha256 == asked.document.sha256, "is of other bytes"),
        (
            said.document.includes == asked.document.includes,
            "is of other included files, or other bytes of them",
        ),
        (said.document == asked.document, "is of a document of another path, title, revision or date"),
        (said.approvers == asked.approvers, "names other approvers than the document"),
        (said.approver.principal == approved.who, "is by somebody else"),
        (said.approver.name == approved.name, "shows another printed name"),
        (said.at.time == approved.time, "is of another time"),
        (proved.key == approved.key, "is by another key than the record says"),
        (proved.assurance == approved.assurance, "is of another assurance than the record says"),
    ];
    match parts.into_iter().find(|(holds, _)| !holds) {
        Some((_, what)) => Err(format!("it {what}")),
        None => {
            let signed = said.at.timestamp()?;
            let key = ByKey::of(n, "approval", &approved.who, APPROVAL, vec![signed], &signature)?;
            Ok((proved, key))
        }
    }
}

/// Rules that can be judged from the record alone.
fn broken(
    opened: &RunOpened,
    at: Timestamp,
    plan: &Plan,
    config: Option<&Config>,
    environment: &Environment,
) -> Result<Vec<Rule>, String> {
    let front = &plan.front;
    // Only a date needs the zone, which another machine may not know.
    let today = match front.effective_date {
        None => jiff::tz::TimeZone::UTC.to_datetime(at).date(),
        Some(_) => {
            let zone = &opened.session.time_zone;
            let zone = holdpoint_model::recorded_zone(zone)
                .map_err(|_| format!("the time zone `{zone}` is not known here"))?;
            zone.to_datetime(at).date()
        }
    };
    let circumstances = Circumstances { name: &opened.environment.name, environment, config, front, today };
    Ok(circumstances.unmet_by(&opened.runbook).into_iter().map(|unmet| unmet.rule).collect())
}
