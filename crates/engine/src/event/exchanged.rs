//! A run whose document was exchanged for another on the way.

use serde::{Deserialize, Serialize};

use crate::whose::Whose;
use crate::{BlobRef, By, Policy, RunOpened, Runbook};

/// Another document took the place of the one that the run went by: a deviation. Nothing of a step of which anything is on
/// record is another one in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Exchanged {
    /// The document from here on, and how the repository stood.
    pub runbook: Runbook,
    /// [`holdpoint_model::Plan::digest`] of the plan made from it.
    pub plan: String,
    /// Every line of both texts, behind a blank where it stands in both, `-` where it is gone, `+` where it is new.
    pub diff: BlobRef,
    /// The approvals and the rehearsal of the new document that it relies on; every rule of the environment holds.
    #[serde(default, skip_serializing_if = "Policy::is_empty")]
    pub policy: Policy,
    /// Why; never empty.
    pub reason: String,
    /// Who decided it: whoever operates.
    pub by: By,
}

impl Exchanged {
    /// In words, for whoever is told of deviations.
    pub fn words(&self) -> String {
        self.whose().named()
    }

    pub(crate) fn whose(&self) -> Whose {
        let Exchanged { runbook, reason, by, .. } = self;
        let (path, sha256) = (&runbook.path, &runbook.blob.sha256);
        Whose::of("document exchanged by ", by, format!(": {path} is sha256 {sha256} from here on: {reason}"))
    }

    /// What event 0 would be, had the run been opened with this document: who, where, with what is as it was.
    pub fn as_opened(&self, opened: &RunOpened) -> RunOpened {
        let kept = opened.policy.kept.clone();
        let may_override = match kept.as_slice() {
            [] => Vec::new(),
            _ => opened.policy.may_override.clone(),
        };
        let Policy { approvals, rehearsed, .. } = self.policy.clone();
        let rest = opened.policy.clone();
        RunOpened {
            runbook: self.runbook.clone(),
            plan: self.plan.clone(),
            policy: Policy { approvals, rehearsed, unmet: Vec::new(), kept, may_override, ..rest },
            ..opened.clone()
        }
    }
}
