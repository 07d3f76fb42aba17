//! The summary as it stands when a run opens: everything known, nothing done.

use holdpoint_engine::{RunOpened, Stamped, Status};
use holdpoint_model::Plan;

use super::*;

/// From event 0 and the plan.
pub(super) fn opening(
    plan: &Plan,
    first: &Stamped,
    opened: &RunOpened,
    verified: Option<Verified>,
) -> Summary {
    let (front, book) = (&plan.front, &opened.runbook);
    Summary {
        format: "1.0",
        run: RunFacts {
            n: first.n,
            number: opened.number,
            id: opened.id.clone(),
            record_format: opened.format.clone(),
            plan: opened.plan.clone(),
            environment: opened.environment.clone(),
            opened: first.at,
            last: first.at,
            elapsed_ms: 0,
            executing_ms: 0,
            closed: None,
            verification: verified,
            events: 1,
            config: opened.config.clone(),
            signers: opened.signers.clone(),
        },
        document: DocumentFacts {
            title: opened.title(),
            document_id: book.document_id.clone(),
            revision: book.revision.clone(),
            path: book.path.clone(),
            blob: book.blob.clone(),
            includes: book.includes.clone(),
            commit: book.commit.clone(),
            dirty: book.dirty,
            committed: book.committed,
            kind: plan.kind,
            authors: front.authors.clone(),
            approvers: front.approvers.clone(),
            approval_date: front.approval_date.map(|date| date.to_string()),
            effective_date: front.effective_date.map(|date| date.to_string()),
        },
        approvals: opened.policy.approvals.clone(),
        rehearsed: opened.policy.rehearsed.clone(),
        change: opened.policy.change.clone(),
        window: opened.policy.window.clone(),
        freeze: opened.policy.freeze.clone(),
        unmet: opened.policy.unmet.clone(),
        independence: None,
        people: people(opened),
        sessions: vec![SessionFacts { n: first.n, at: first.at, session: opened.session.clone() }],
        signed_sessions: Vec::new(),
        looks: Vec::new(),
        inputs: opened.inputs.clone(),
        steps: plan.steps.iter().map(empty_step).collect(),
        values: Vec::new(),
        deviations: Vec::new(),
        decisions: Vec::new(),
        sign_offs: Vec::new(),
        rollbacks: Vec::new(),
        not_undone: Vec::new(),
        notes: Vec::new(),
        handovers: Vec::new(),
        reviews: Vec::new(),
        reviews_wrong: None,
        anchors: Vec::new(),
        anchors_wrong: None,
        expunged: Vec::new(),
        asks_for_anchor: false,
        no_anchor: None,
        rehearsal_wrong: None,
        recoveries: Vec::new(),
        waits: None,
        lapsing: Vec::new(),
        anchor_wanted: None,
        rolling_back: None,
        driver: None,
        running: Vec::new(),
        may_run: Vec::new(),
        barred: false,
        unsigned: None,
        misfits: Vec::new(),
    }
}

fn people(opened: &RunOpened) -> Vec<Person> {
    let mut principals: Vec<&String> =
        opened.people.keys().chain(opened.aliases.values()).chain(opened.roles.values().flatten()).collect();
    principals.sort();
    principals.dedup();
    let roles = |who: &String| {
        opened.roles.iter().filter(|(_, all)| all.contains(who)).map(|(role, _)| role.clone()).collect()
    };
    principals
        .into_iter()
        .map(|who| Person {
            principal: who.clone(),
            name: opened.printed_name(who).cloned(),
            alias: opened
                .aliases
                .iter()
                .find(|(_, principal)| *principal == who)
                .map(|(alias, _)| alias.clone()),
            roles: roles(who),
            acted: false,
        })
        .collect()
}

fn empty_step(step: &holdpoint_model::Step) -> StepSummary {
    let rollback_id = |at: usize| holdpoint_model::rollback_id(&step.id, at + 1);
    StepSummary {
        id: step.id.clone(),
        file: step.file.clone(),
        number: step.number.clone(),
        title: step.title.clone(),
        path: step.path.clone(),
        role: step.role.clone(),
        status: Status::NotReached,
        rounds: 1,
        started: None,
        ended: None,
        elapsed_ms: 0,
        expected_ms: step.expected.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        performers: Vec::new(),
        history: Vec::new(),
        actions: step.actions.iter().map(|a| empty_action(a.id.clone(), a.work.kind())).collect(),
        rollback: None,
        rollback_blocks: (0..step.rollbacks.len())
            .map(|at| empty_action(rollback_id(at), "rollback"))
            .collect(),
    }
}

fn empty_action(id: String, kind: &'static str) -> ActionSummary {
    ActionSummary {
        id,
        kind,
        status: Status::NotReached,
        attempts: 0,
        started: None,
        ended: None,
        duration_ms: 0,
        places: Vec::new(),
        who: Vec::new(),
        out_of_limits: Vec::new(),
        history: Vec::new(),
    }
}
