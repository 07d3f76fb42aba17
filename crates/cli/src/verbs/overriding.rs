//! An override: somebody with the role for it answers for rules that do not hold, before anything more happens.

use std::collections::BTreeSet;
use std::path::Path;

use holdpoint_document::Assurance;
use holdpoint_engine::{
    By, Change, Deviation, DeviationKind, Event, Override, People, Policy, Rehearsed, Rule, Run, Via,
};
use holdpoint_signing::SIGNOFF;

use super::rules::Obeyed;
use super::taking_up::OnDisk;
use crate::approvals;
use crate::args::Overriding;
use crate::by_key::{self, KeyFile, Signature, What};
use crate::operator::listed;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::Store;

/// What is known of an override before the run opens: everything but the signature.
pub struct Ready {
    deviation: Deviation,
}

/// Whether somebody who may overrides the rules that do not hold. `run` is as it would be then; nothing has been written
/// yet, nor been looked at `more`, a rule that will not hold then either.
pub fn ready(
    place: &Place,
    given: &Overriding,
    (refusal, more): (Option<Problem>, Option<Rule>),
    run: &Run,
    zone: &str,
) -> Result<Ready, Problem> {
    let Some(refusal) = refusal else {
        return Err(Problem::usage(
            "there is nothing to override: every rule of the environment holds",
            "Leave --override out. Nothing was run.",
        ));
    };
    let reason = given.reason.as_deref().unwrap_or_default().trim();
    if reason.is_empty() {
        return Err(Problem::usage("an override needs a reason", "Say why, with --override REASON."));
    }
    let config = place.configuration();
    let said = given.override_by.as_deref().unwrap_or(run.operator());
    let who = config.map_or(said, |config| config.person(said)).to_owned();
    if given.override_by.is_some() {
        listed(&run.opened().map(People::of).unwrap_or_default(), &who)?;
    }
    let may = run.may_override(&who).and_then(|role| {
        // The run goes by the roles it opened with; a role that was withdrawn since is none.
        let holds = config.is_some_and(|config| run.has_role(&config.roles, &role, &who));
        if holds { Ok(role) } else { Err(format!("{who} does not have the role {role} any more")) }
    });
    let role = may.map_err(|why| Problem::refused(format!("{refusal}; and {why}"), help(place, run)))?;
    let Some(name) = config.and_then(|config| config.people.get(&who)?.name.clone()) else {
        return Err(Problem::usage(
            format!("an override shows a printed name, and holdpoint.toml has none for {who}"),
            format!("Add it: [people.\"{who}\"] with name = \"First Last\"."),
        ));
    };
    let key = given.override_key.as_deref();
    if run.takes_key(key.is_some()) {
        let signers = approvals::signers(place, zone);
        let unable = signers.map_or_else(Some, |signers| {
            by_key::unable(&signers, &who, SIGNOFF, KeyFile::of_override_key(key))
        });
        if let Some(why) = unable {
            return Err(Problem::refused(
                format!("the override cannot be signed: {why}"),
                "Nothing was run or written.",
            ));
        }
    }
    let rules = run.barred().iter().copied().chain(more).collect();
    let overridden = Override { rules, role, name, assurance: Assurance::Typed, signature: None };
    let by = By { who, via: Via::Command };
    let deviation = Deviation::of(DeviationKind::PolicyOverridden, "", None, reason, by);
    Ok(Ready { deviation: deviation.overriding(overridden) })
}

/// How the rules may be overridden: by whoever may, where there is anybody.
fn help(place: &Place, run: &Run) -> String {
    let roles = place.configuration().into_iter().flat_map(|config| config.roles.values());
    let who: BTreeSet<&str> = roles.flatten().map(String::as_str).collect();
    let who: Vec<&str> = who.into_iter().filter(|who| run.may_override(who).is_ok()).collect();
    match who.is_empty() {
        true => "holdpoint.toml names the roles that may: override = [\"ROLE\"].".to_owned(),
        false => format!("Somebody who may overrides them: --override-by WHO ({}).", who.join(", ")),
    }
}

/// What event 0 tells of the rules. The approvals, and what there is of the rehearsal, are kept with the record.
pub fn policy(obeyed: &Obeyed, store: &mut Store<'_>) -> Result<Policy, Problem> {
    let mut approvals = Vec::new();
    for (kept, given) in &obeyed.standing.holding {
        let approval = &kept.approval;
        approvals.push(holdpoint_engine::Approved {
            who: approval.approver.principal.clone(),
            name: approval.approver.name.clone(),
            time: approval.at.time.clone(),
            assurance: given.assurance,
            key: given.key.clone(),
            statement: store.put(&kept.statement)?,
            signature: store.put(&kept.signature)?,
        });
    }
    let rehearsed = match &obeyed.rehearsed {
        None => None,
        Some(found) => Some(Rehearsed {
            number: found.number,
            id: found.id.clone(),
            environment: found.environment.clone(),
            ended: found.ended,
            seal: store.put(&found.seal)?,
            log: store.put(&found.log)?,
            config: found.config.as_ref().map(|config| store.put(config)).transpose()?,
            captured: found.captured.clone(),
        }),
    };
    let unmet: Vec<_> = obeyed.unmet.iter().map(|(unmet, _)| unmet.clone()).collect();
    let kept = obeyed.kept.clone();
    let told = !unmet.is_empty() || !kept.is_empty() || obeyed.waits_for_a_time;
    let may_override = if told { obeyed.may_override.clone() } else { Vec::new() };
    let freeze = obeyed.calendar.as_ref().map(|calendar| calendar.kept(store)).transpose()?;
    let window = obeyed.window.clone();
    let change = match &obeyed.change {
        None => None,
        Some((change, looked)) => {
            looked.as_ref().map(|looked| looked.keep(store)).transpose()?;
            let seen = looked.as_ref().map(|looked| looked.seen.clone());
            Some(Change { seen, ..change.clone() })
        }
    };
    Ok(Policy { approvals, rehearsed, change, window, freeze, unmet, kept, may_override })
}

/// Signs the override, where the environment asks for a key, and records it: the run has opened or was taken up, and
/// nothing else may happen before.
pub fn record(
    screen: &Screen,
    recorder: &mut OnDisk<'_>,
    ready: Ready,
    key: Option<&Path>,
) -> Result<(), Problem> {
    // What is signed is what will stand in the record.
    let Event::Deviation(mut deviation) =
        recorder.view().secrets.masked_event(Event::Deviation(ready.deviation))?
    else {
        return Err(Problem::fault(
            "an override was masked into something else",
            "This is a fault of holdpoint.",
        ));
    };
    let by_key = recorder.run().takes_key(key.is_some());
    if let (true, Some(given)) = (by_key, deviation.as_sign_off()) {
        let unsigned = |why: String| {
            Problem::refused(
                format!("the override was not signed, and so the rules stand: {why}"),
                "Nothing was executed. The run stays as it is; open a new one once the key is at hand.",
            )
        };
        let (view, store) = recorder.view_and_store();
        match by_key::sign(&view, given, What::Override, KeyFile::of_override_key(key), store)? {
            Signature::Given(given) => {
                if let Some(overridden) = &mut deviation.overridden {
                    overridden.assurance = given.assurance;
                    overridden.signature = given.signature;
                }
            }
            Signature::Refused(why) | Signature::None(why) => {
                // Failed attempts are evidence too.
                let text = format!("an override was not signed: {why}");
                let by = deviation.by.clone();
                recorder.record(vec![Event::Note { text, step: None, corrects: None, by }])?;
                return Err(unsigned(why));
            }
        }
    }
    let rules = deviation.overridden.iter().flat_map(|it| &it.rules).map(|rule| rule.as_str());
    let rules = rules.collect::<Vec<_>>().join(", ");
    let told = format!("{rules}, by {}: {}", deviation.by.who, deviation.reason);
    recorder.record(vec![Event::Deviation(deviation)])?;
    let mark = screen.style().red().bold();
    screen.tell(&format!("  {} {}", mark.apply_to("RULES OVERRIDDEN:"), screen.neutralise(&told)));
    Ok(())
}
