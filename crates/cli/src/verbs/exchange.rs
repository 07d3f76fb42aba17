//! `resume --with-new-document`: the document as it is now takes the place of the one that the run goes by. Everything is
//! made sure of here before anything is written; whether it may, the engine says.

use holdpoint_document::Plan;
use holdpoint_driver::Secrets;
use holdpoint_engine::{By, Exchanged, Policy, Rule, Run, RunOpened, Session, Via};
use holdpoint_redact::Redactor;

use super::opening::{runbook, signer_files};
use super::overriding;
use super::prepare::{self, Checked, Prepared, keep_secrets_of_rehearsal};
use super::read::Recorded;
use super::rules::Obeyed;
use super::taking_up::OnDisk;
use super::targets;
use crate::digest::sha256;
use crate::inputs::Inputs;
use crate::interrupts::Prompting;
use crate::place::Traced;
use crate::problem::Problem;
use crate::screen::Screen;

/// The document that comes.
pub struct New {
    /// With its plan, which has the one in it whose place it takes.
    pub prepared: Prepared,
    traced: Traced,
    obeyed: Obeyed,
    reason: String,
}

/// Reads the document that stands at the path of the recorded one now, and holds the rules of the environment against it
/// as when a run opens: nobody overrides them.
pub fn new(
    (screen, secrets): (&Screen, &Secrets),
    root: &std::path::Path,
    recorded: &Recorded,
    opened: &RunOpened,
    (session, reason): (&Session, &str),
) -> Result<New, Problem> {
    if reason.trim().is_empty() {
        return Err(Problem::usage("the reason is empty", "Write it in quotes after --reason."));
    }
    let _looking = Prompting::of_git(screen);
    let checked = prepare::check(&root.join(&opened.runbook.path))?;
    if checked.findings.iter().any(|finding| checked.keeps_from_running(finding)) {
        let findings = checked.findings.iter().filter(|finding| checked.keeps_from_running(finding));
        let findings = checked.sources.findings(&checked.path, findings);
        let message = format!("{} {}; nothing was written", checked.path, checked.has());
        return Err(Problem::findings(message, findings));
    }
    let Checked { place, path, sources, plan, findings } = checked;
    let same = opened.runbook.blob.sha256 == sha256(sources.own().as_bytes());
    if same && opened.runbook.includes == sources.named() {
        return Err(Problem::usage(
            format!("{path} is the document that run {} goes by already", opened.number),
            format!("Go on with it: holdpoint resume {}", opened.number),
        ));
    }
    let environment = opened.environment.clone();
    let allowed = &plan.front.environments;
    if !allowed.is_empty() && !allowed.contains(&environment.name) {
        return Err(refused(
            format!("the new document does not run in the environment {}", environment.name),
            opened.number,
        ));
    }
    targets::can_run(&plan, &environment)?;
    let configured = place.configuration().and_then(|config| config.environments.get(&environment.name));
    let requires = configured.map(|environment| environment.requires.clone()).unwrap_or_default();
    let inputs = Inputs { given: opened.inputs.clone(), ..Inputs::default() };
    let plan = plan.in_place_of(recorded.plan.clone());
    let (warnings, answers) = (findings, None);
    let change = opened.policy.change.as_ref().and_then(|change| change.id.clone());
    let prepared =
        Prepared { place, path, sources, plan, warnings, environment, requires, inputs, answers, change };
    as_configured(&prepared, opened)?;
    let traced = prepared.place.trace(&prepared.sources.each(&prepared.path))?;
    let mut obeyed = prepared.obey(&traced, session, (screen, secrets))?;
    obeyed.warn(screen);
    obeyed.may_override.clear();
    if let Some(refusal) = obeyed.refusal() {
        return Err(refusal.adding(
            "Nothing was written; the run goes on by the recorded document without --with-new-document.",
        ));
    }
    Ok(New { prepared, traced, obeyed, reason: reason.to_owned() })
}

/// The run's rules, roles and signers are those that it was opened with, and the new document is held against the same.
fn as_configured(prepared: &Prepared, opened: &RunOpened) -> Result<(), Problem> {
    let config = prepared.place.config.as_ref().map(|config| sha256(config.text.as_bytes()));
    let [signers, revoked] = signer_files(prepared)?.map(|bytes| bytes.map(|bytes| sha256(&bytes)));
    let parts = [
        ("holdpoint.toml", config, &opened.config),
        ("the file of allowed signers", signers, &opened.signers),
        ("the list of revoked keys", revoked, &opened.revoked),
    ];
    let changed =
        parts.into_iter().find(|(_, now, then)| *now != then.as_ref().map(|blob| blob.sha256.clone()));
    match changed {
        None => Ok(()),
        Some((what, ..)) => {
            Err(refused(format!("{what} is another one than when the run was opened"), opened.number))
        }
    }
}

fn refused(why: String, number: u64) -> Problem {
    Problem::refused(
        why,
        format!(
            "Nothing was written. The run goes on by the recorded document: holdpoint resume {number}. Or end it, and open a new one."
        ),
    )
}

impl New {
    /// Refuses what the table does not let be, and what would put a secret into the record.
    pub fn fits(&self, plan: &Plan, run: &Run, redactor: &Redactor) -> Result<(), Problem> {
        let number = run.opened().map_or(0, |opened| opened.number);
        if let Some(why) = run.unexchangeable(plan) {
            return Err(refused(format!("its document cannot be exchanged: {why}"), number));
        }
        let reasons = run.reconcile(plan, &self.prepared.plan).refusals;
        if !reasons.is_empty() {
            return Err(Problem::refused(
                format!("the new document does not go on where run {number} stands: {}", reasons.join("; ")),
                format!(
                    "What anything is on record of stays what and where it is: write these steps as they were, and the rest as it is to be. A block that failed can be edited for this run alone: holdpoint resume {number}. Nothing was written."
                ),
            ));
        }
        self.prepared.keep_secrets(redactor)?;
        self.obeyed.rehearsed.as_ref().map_or(Ok(()), |found| keep_secrets_of_rehearsal(found, redactor))
    }

    /// Puts it on record, after the text `before` it: from then on the run goes by it. Gives event 0 as it would be with it.
    pub fn record<'a>(
        &'a self,
        recorder: &mut OnDisk<'a>,
        (opened, before): (&RunOpened, &str),
        who: &str,
    ) -> Result<RunOpened, Problem> {
        let New { prepared, traced, obeyed, reason } = self;
        let (_, store) = recorder.view_and_store();
        let difference = holdpoint_view::difference(before, prepared.sources.text());
        let Policy { approvals, rehearsed, .. } = overriding::policy(obeyed, store)?;
        let exchanged = Exchanged {
            runbook: runbook(prepared, store, traced.clone())?,
            plan: prepared.plan.digest(),
            diff: store.put(difference.as_bytes())?,
            policy: Policy { approvals, rehearsed, ..Policy::default() },
            reason: reason.clone(),
            by: By { who: who.to_owned(), via: Via::Command },
        };
        let opened = exchanged.as_opened(recorder.run().opened().unwrap_or(opened));
        recorder.exchange((&prepared.plan, prepared.sources.text()), exchanged)?;
        Ok(opened)
    }
}

/// Whether rules that do not hold for the recorded document leave room for another one.
pub fn leaves_room(run: &Run, unmet: &[holdpoint_engine::Unmet]) -> bool {
    run.not_overridden(unmet).into_iter().all(Rule::is_about_the_document)
}

/// What whoever takes it up is told.
pub fn tell(screen: &Screen, new: &New, secrets: &Secrets) {
    let path = secrets.masked(&new.prepared.path).into_owned();
    let mark = screen.style().yellow().bold();
    let told = screen.neutralise(&format!("{path} takes the place of the recorded document: {}", new.reason));
    screen.tell(&format!("  {} {told}", mark.apply_to("DEVIATION")));
}
