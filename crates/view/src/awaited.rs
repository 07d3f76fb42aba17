//! What an open run waits for, whose turn it is and since when, as the engine says.

use holdpoint_engine::{AtHand, DeviationKind, Event, Next, Run, Takes};
use holdpoint_model::{Plan, Work};
use jiff::Timestamp;
use serde::Serialize;

/// What it takes for an open run to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Awaited {
    /// What.
    pub what: Wanted,
    /// Whose turn it is, where the document names a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Who is to accept it, where it was handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The step; `None` where it is about no one step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Whether the run is being rolled back: then it waits within that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rolling_back: bool,
    /// Whether somebody whose sign-off it waits for has rejected it, and nobody has signed since.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rejected: bool,
    /// The last event that moved the run; of a sign-off, the one by which its hold point was reached, or its last sign-off.
    pub since: Timestamp,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Whoever it was handed over to accepts it.
    Acceptance,
    /// Whoever operates signs that by key.
    SessionSigned,
    /// Rules of the environment hold, or are overridden.
    Rules,
    /// Nothing more: rules did not hold when it opened, and nobody overrode them.
    Nothing,
    /// It is driven on.
    Driver,
    /// A block that runs now comes to its end: somebody drives the run.
    EndOfBlock,
    /// An item is confirmed, or a warning acknowledged.
    Confirmation,
    /// Values are written down.
    Values,
    /// A hold point is signed off.
    SignOff,
    /// Somebody decides after a failure.
    DecisionOnFailure,
    /// Somebody decides on what is in doubt.
    DecisionOnDoubt,
    /// What was done is rolled back.
    Rollback,
    /// It is closed: nothing is left to be done.
    Closing,
}

impl Awaited {
    /// Of a run that is not closed; `since`: when it last moved. Where nobody drives it, what has no end is in doubt.
    pub fn of(run: &Run, plan: &Plan, since: Timestamp, driven: bool) -> Awaited {
        let plan = plan.after(run.exchanges());
        let AtHand { step, action, takes, .. } =
            if driven { run.now_at_hand(plan) } else { run.standing(plan).next };
        let rolling_back = run.rolling_back(plan).is_some();
        let (what, step_id) = (Wanted::Driver, step.clone());
        let mut awaited =
            Awaited { what, role: None, to: None, step: step_id, rolling_back, rejected: false, since };
        if let Some(handover) = run.handover() {
            return Awaited { what: Wanted::Acceptance, to: Some(handover.to.clone()), ..awaited };
        }
        awaited.what = match takes {
            _ if run.is_aborted() => Wanted::Closing,
            _ if run.is_session_unsigned() => Wanted::SessionSigned,
            _ if run.is_barred_since_opening() => Wanted::Nothing,
            _ if !run.barred().is_empty() && run.is_bound(plan) => Wanted::Rules,
            _ if run.verdict(plan).is_some() => Wanted::Closing,
            Takes::Execution if driven && matches!(run.next(plan), Next::Await(_)) => Wanted::EndOfBlock,
            Takes::Execution => Wanted::Driver,
            Takes::Confirmation => Wanted::Confirmation,
            Takes::Values => Wanted::Values,
            Takes::SignOff => Wanted::SignOff,
            Takes::Decision => Wanted::DecisionOnFailure,
            Takes::Certainty => Wanted::DecisionOnDoubt,
            Takes::Rollback => Wanted::Rollback,
        };
        if matches!(awaited.what, Wanted::Confirmation | Wanted::Values | Wanted::SignOff)
            && let Some((_, step)) = step.as_deref().and_then(|id| plan.step(id))
        {
            let action = step.actions.iter().find(|of| Some(&of.id) == action.as_ref());
            awaited.role = match action.map(|action| &action.work) {
                Some(Work::SignOff(sign_off)) => Some(sign_off.role.clone()),
                _ => step.role.clone(),
            };
        }
        let at = run.stands_at(plan).filter(|_| awaited.what == Wanted::SignOff);
        awaited.rejected = at.is_some_and(|task| run.rejection(task).is_some());
        awaited
    }

    /// In words: `waits for qa`, `failed, waits for a decision`.
    pub fn words(&self) -> String {
        let whom = self.role.as_deref().unwrap_or("its operator");
        match self.what {
            Wanted::Acceptance => format!("waits for {} to accept it", self.to.as_deref().unwrap_or(whom)),
            Wanted::SessionSigned => "waits for its operator's key".to_owned(),
            Wanted::Rules => "rules do not hold".to_owned(),
            Wanted::Nothing => "rules did not hold, goes no further".to_owned(),
            Wanted::EndOfBlock if self.rolling_back => "rolling back".to_owned(),
            Wanted::Driver if self.rolling_back => "parked in its rollback".to_owned(),
            Wanted::DecisionOnFailure if self.rolling_back => {
                "rollback failed, waits for a decision".to_owned()
            }
            Wanted::DecisionOnDoubt if self.rolling_back => {
                "rollback in doubt, waits for a decision".to_owned()
            }
            Wanted::Driver => "parked".to_owned(),
            Wanted::EndOfBlock => "running".to_owned(),
            Wanted::SignOff if self.rejected => format!("rejected, waits for {whom}"),
            Wanted::Confirmation | Wanted::Values | Wanted::SignOff => format!("waits for {whom}"),
            Wanted::DecisionOnFailure => "failed, waits for a decision".to_owned(),
            Wanted::DecisionOnDoubt => "in doubt, waits for a decision".to_owned(),
            Wanted::Rollback => "parked in a rollback".to_owned(),
            Wanted::Closing => "done, waits to be closed".to_owned(),
        }
    }
}

/// Whether a run has moved with this event: it waits no longer for that somebody wrote a note, or looked.
pub(crate) fn moves(event: &Event) -> bool {
    !matches!(
        event,
        Event::Note { .. }
            | Event::RulesChecked(_)
            | Event::LogRecovered { .. }
            | Event::SessionOpened(_)
            | Event::SessionSigned(_)
            | Event::SignOffRefused { .. }
    )
}

/// Of an event that [`moves`] the run, whether it stands elsewhere since: not where it was handed over, or a shell opened beside it.
pub(crate) fn leads_on(event: &Event) -> bool {
    match event {
        Event::Handover(_) | Event::HandoverAccepted { .. } | Event::HandoverWithdrawn { .. } => false,
        Event::Deviation(deviation) => deviation.kind != DeviationKind::Shell,
        _ => true,
    }
}
