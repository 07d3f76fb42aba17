//! What people write down and sign off.

use holdpoint_model::{EvidenceKind, Field, Plan, SignOff, Work};

use crate::fold::{Fold, ensure};
use crate::run::state::Status;
use crate::{Event, Evidence, Fit, Run, Task, Via, unknown};

impl Run {
    pub(crate) fn record(&mut self, plan: &Plan, task: Task, event: &Event) -> Fold {
        let Event::ValueRecorded { name, value, evidence, within_limits, by, .. } = event else {
            return Err("no value".into());
        };
        let open = self.open_fields(plan, task);
        let Some(field) = open.iter().find(|field| field.name == *name) else {
            return Err(format!("no value {name} is to be written down here"));
        };
        judged(field, value, *within_limits)?;
        let proven = field.is_left_empty(value) && evidence.is_none() || proves(field, evidence.as_ref());
        ensure(proven, "the value needs evidence")?;
        let offered = task.offered(plan).is_some();
        ensure(!offered || *within_limits, "a command is given no value that does not keep its limits")?;
        let last = open.len() == 1 && !offered;
        self.captured.remove(name);
        self.written.insert(name.clone(), task);
        // The event has a value that fits, so that a dry run can go on.
        match self.is_dry() && by.via == Via::Assumed {
            true => self.values.set(name, unknown(name)),
            false => self.values.write_down(field, value),
        }
        self.performed_by(&by.who);
        self.change(task, |state| {
            if !offered {
                state.recorded.insert(name.clone());
            }
            if !within_limits {
                state.out_of_limits.insert(name.clone());
            }
            if last {
                state.written_down();
            }
        });
        Ok(())
    }

    /// What happens at a hold point.
    pub(crate) fn hold(&mut self, plan: &Plan, task: Task, event: &Event) -> Fold {
        let Some(Work::SignOff(sign_off)) = task.work(plan) else {
            return Err("this is no hold point".into());
        };
        match event {
            Event::SignOffRequested { role, statement, .. } => self.request(task, sign_off, role, statement),
            Event::SignOffGiven(given) => {
                self.sign_off_refusal(plan, task, given).map_or(Ok(()), Err)?;
                self.change(task, |state| {
                    state.signers.insert(given.by.who.clone());
                    state.told.rejected = false;
                    if state.signers.len() >= sign_off.count as usize {
                        state.status = Status::Settled;
                    }
                });
                if self.is_independent(sign_off) {
                    self.independence.note(given);
                }
                self.note_key(given.signature.as_ref(), &given.by.who);
                self.signed_off.insert(task);
                (self.looks.signed_off, self.looks.unused) = (true, true);
                self.fresh.retain(|sign_off| *sign_off != task);
                self.fresh.push(task);
                self.unused.retain(|sign_off| *sign_off != task);
                self.unused.push(task);
                Ok(())
            }
            Event::SignOffRejected { reason, signed, presence, by, .. } => {
                ensure(!reason.trim().is_empty(), "a rejection needs a written reason")?;
                self.rejection_refusal(sign_off, signed.as_deref(), presence.as_deref(), by)
                    .map_or(Ok(()), Err)?;
                self.note_key(signed.as_deref().map(|signed| &signed.signature), &by.who);
                // Something of the step has happened, if nothing else of it changes.
                self.change(task, |state| state.told.rejected = true);
                // Whoever signed did not know of it.
                if !self.state(task).signers.is_empty() {
                    self.lapse(task, &format!("rejected by {}: {reason}", by.who));
                }
                Ok(())
            }
            Event::SignOffRefused { reason, .. } => {
                ensure(!reason.trim().is_empty(), "a refusal needs a reason")
            }
            _ => Err("this is no answer to what was asked".into()),
        }
    }

    fn request(&mut self, task: Task, sign_off: &SignOff, role: &str, statement: &str) -> Fold {
        ensure(!self.state(task).requested, "the sign-off has been asked for already")?;
        ensure(role == sign_off.role, "the role is not that of the hold point")?;
        let rendered = self.statement(sign_off).map_err(|error| error.to_string())?;
        ensure(self.is_as_shown(statement, &rendered), "the statement is not that of the hold point")?;
        self.change(task, |state| state.requested = true);
        Ok(())
    }

    /// Sign-offs whose signer saw something that changes now, before anything they guard has begun, lapse: each by an
    /// event, and they are asked for again (record.md sections 4 and 7).
    pub(crate) fn lapse_fresh(&mut self, reason: &str) {
        for task in std::mem::take(&mut self.fresh) {
            self.lapse(task, reason);
        }
    }

    /// A rollback waits for no sign-off, so none lapses while one is under way.
    pub(crate) fn lapse(&mut self, task: Task, reason: &str) {
        if self.rollback.is_some() || self.lapsing.iter().any(|(lapsing, _)| *lapsing == task) {
            return;
        }
        self.lapsing.push((task, reason.to_owned()));
        self.lapsing.sort_by_key(|(task, _)| *task);
    }
}

/// Whether a value is one that the field can have, and keeps its limits as it is told.
pub(crate) fn judged(field: &Field, value: &str, within_limits: bool) -> Fold {
    match field.fit(value) {
        Fit::Wrong(why) => Err(format!("{}: {why}", field.name)),
        Fit::Within => ensure(within_limits, "the value keeps its limits"),
        Fit::OutOfLimits(_) => ensure(!within_limits, "the value does not keep its limits"),
    }
}

/// Whether a text is the address of a page, as whoever gives one as evidence is asked for. Records of earlier versions hold
/// others, so that this is asked before something is recorded, and not of what is.
pub fn is_address(text: &str) -> bool {
    let text = text.trim();
    let rest = ["https://", "http://"].iter().find_map(|scheme| {
        let (begins, rest) = text.split_at_checked(scheme.len())?;
        begins.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let host = |rest: &str| {
        rest.split(['/', '?', '#']).next().is_some_and(|host| host.contains(char::is_alphanumeric))
    };
    rest.is_some_and(host) && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn proves(field: &Field, evidence: Option<&Evidence>) -> bool {
    match (field.evidence, evidence) {
        (None, None) => true,
        (None | Some(EvidenceKind::Url), Some(Evidence::Url(address))) => !address.trim().is_empty(),
        (None | Some(EvidenceKind::File), Some(Evidence::File { .. })) => true,
        (Some(_), _) => false,
    }
}
