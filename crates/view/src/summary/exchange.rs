//! A document that takes the place of another: from there on it is the one that the summary tells of.

use holdpoint_engine::{DeviationKind, Exchanged, Runbook};

use super::fold::{Moment, Summing};
use super::{DeviationFacts, ExchangeFacts};

impl Summing<'_> {
    pub(super) fn exchanged(&mut self, Moment { n, at }: Moment, exchanged: Exchanged) {
        self.acted(&exchanged.by.who);
        let Exchanged { runbook, plan, diff, policy, reason, by } = exchanged;
        let title = self.run().opened().map(holdpoint_engine::RunOpened::title).unwrap_or_default();
        let summary = &mut self.summary;
        summary.run.plan = plan;
        (summary.approvals, summary.rehearsed) = (policy.approvals, policy.rehearsed);
        let document = &mut summary.document;
        let before = document.blob.clone();
        let Runbook { blob, includes, commit, dirty, committed, document_id, revision, .. } = runbook.clone();
        document.title = title;
        (document.blob, document.includes) = (blob, includes);
        (document.commit, document.dirty, document.committed) = (commit, dirty, committed);
        (document.document_id, document.revision) = (document_id, revision);
        let facts = ExchangeFacts { before, runbook, diff };
        summary.deviations.push(DeviationFacts {
            n,
            at,
            number: summary.deviations.len() + 1,
            kind: DeviationKind::DocumentExchanged,
            step: String::new(),
            action: None,
            place: None,
            of_rollback: false,
            text: None,
            script: None,
            overridden: None,
            exchanged: Some(Box::new(facts)),
            reason,
            by,
        });
    }
}
