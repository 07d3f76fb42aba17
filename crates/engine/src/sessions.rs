//! Sessions that are signed: whose key is waited for, and what may happen before it has signed. Checked when it happens,
//! and again whenever the record is verified.

use holdpoint_model::{Assurance, Plan};

use crate::fold::{Fold, ensure};
use crate::run::people::Unsigned;
use crate::{By, Choice, Event, Login, Run, SignedSession, Task, Verdict, Via};

impl Run {
    /// Whether whoever operates must sign that with their key before anything else happens.
    pub fn is_session_unsigned(&self) -> bool {
        self.unsigned.is_some()
    }

    /// Whether this environment has sessions signed by key.
    pub fn signs_sessions(&self) -> bool {
        self.opened().is_some_and(|opened| opened.environment.signs_sessions() && !opened.dry)
    }

    /// Somebody operates from now on.
    pub(crate) fn await_key(&mut self, seat: Option<Login>) {
        self.unsigned = self.signs_sessions().then_some(Unsigned { seat });
    }

    /// What a run stands at whose session is not signed: there it can be ended, and nothing else. A key that is lost, or
    /// counts no more, would keep it open for good.
    pub(crate) fn ends_unsigned(&self, plan: &Plan) -> Option<Task> {
        let ended = self.aborted || self.is_closed();
        if !self.is_session_unsigned() || !self.lapsing.is_empty() || self.handover().is_some() || ended {
            return None;
        }
        let current = match &self.rollback {
            Some(rollback) => rollback.current(),
            None => self.current(),
        };
        // Where all is done, it stands at the last thing that was.
        let last = || {
            let (step, all) =
                plan.steps.iter().enumerate().rev().find(|(_, step)| !step.actions.is_empty())?;
            Some(Task::action(step, all.actions.len() - 1))
        };
        self.probe.map(|probe| probe.of).or(current).or_else(last)
    }

    /// Whoever operates ends a run whose session they have not signed.
    pub(crate) fn end_unsigned(
        &mut self,
        plan: &Plan,
        task: Task,
        names: (&str, &str, Option<&str>),
        (choice, by): (Choice, &By),
    ) -> Fold {
        self.named(plan, task, names)?;
        ensure(choice == Choice::Abort, &self.unsigned_refusal())?;
        ensure(
            self.same(&by.who, &self.operator),
            "only whoever operates ends a run whose session is not signed",
        )?;
        self.aborted = true;
        Ok(())
    }

    /// What may happen before the session is signed: nothing that drives the run, and no sign-off; but it can be ended.
    pub(crate) fn held_unsigned(&self, event: &Event) -> Fold {
        if let (true, Event::Decision { choice: Choice::Abort, reason, .. }) =
            (self.is_session_unsigned(), event)
        {
            let says = reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
            return ensure(says, "to end a run whose session is not signed takes a reason");
        }
        let ends = self.aborted && matches!(event, Event::RunClosed { verdict: Verdict::Aborted });
        let free = ends
            || matches!(
                event,
                Event::SessionOpened(_)
                    | Event::SessionSigned(_)
                    | Event::Note { .. }
                    | Event::LogRecovered { .. }
                    | Event::SignOffLapsed { .. }
            );
        if free || !self.is_session_unsigned() {
            return Ok(());
        }
        Err(self.unsigned_refusal())
    }

    /// Why nothing goes on while the session is not signed, in words.
    pub fn unsigned_refusal(&self) -> String {
        format!("{} operates this run, and has not signed that by key", self.operator)
    }

    pub(crate) fn sign_session(&mut self, signed: &SignedSession) -> Fold {
        let SignedSession { name, assurance, signature, seat, by } = signed;
        let unsigned = self.unsigned.as_ref().ok_or("there is no session to be signed here")?;
        ensure(self.same(&by.who, &self.operator), "only whoever operates signs the session")?;
        ensure(
            matches!(by.via, Via::Terminal | Via::Command),
            "a person signs a session, and no answers file",
        )?;
        ensure(
            unsigned.seat.as_ref().is_none_or(|other| other == seat),
            "the session is of another account, machine or terminal",
        )?;
        ensure(
            !seat.os_user.trim().is_empty() && !seat.host.trim().is_empty(),
            "it does not say from which account and machine it came",
        )?;
        ensure(matches!(assurance, Assurance::Ssh | Assurance::FidoUv), "a session is signed by key")?;
        ensure(!name.trim().is_empty(), "a signed session needs the printed name of whoever operates")?;
        self.name_refusal(&by.who, name).map_or(Ok(()), Err)?;
        self.key_refusal(Some(signature), &by.who).map_or(Ok(()), Err)?;
        self.note_key(Some(signature), &by.who);
        self.unsigned = None;
        Ok(())
    }
}
