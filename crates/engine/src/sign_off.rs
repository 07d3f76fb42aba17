//! Who may release a hold point. Checked by the engine when it happens, and again whenever the record is verified.

use holdpoint_document::{Assurance, Plan, SignOff, Work};

use crate::{Run, SignedOff, Task, TemplateError, Via};

impl Run {
    /// The statement to be signed, rendered.
    pub fn statement(&self, sign_off: &SignOff) -> Result<String, TemplateError> {
        self.values().render(&sign_off.statement)
    }

    /// Who has released it so far.
    pub fn signers(&self, task: Task) -> impl Iterator<Item = &str> {
        self.state(task).signers.iter().map(String::as_str)
    }

    /// The least assurance this run takes.
    pub fn least_assurance(&self) -> Assurance {
        self.opened().map_or(Assurance::Typed, |opened| opened.environment.signature)
    }

    /// Why `principal` may not release it, in words; `None` if they may. Where the repository configures no roles at
    /// all, anybody may act in any role, and the record shows that nothing was configured.
    pub fn role_refusal(&self, sign_off: &SignOff, principal: &str) -> Option<String> {
        let Some(opened) = self.opened() else { return Some("the run is not open".to_owned()) };
        let role = &sign_off.role;
        let members = opened.roles.get(role);
        if principal.trim().is_empty() {
            return Some("a release must say who gives it".to_owned());
        }
        if !opened.roles.is_empty() && !members.is_some_and(|members| members.iter().any(|m| m == principal))
        {
            return Some(format!("{principal} does not have the role {role}"));
        }
        let independent = sign_off.independent || opened.environment.four_eyes;
        if independent && self.performers.contains(self.person(principal)) {
            return Some(format!(
                "{principal} performed steps of this run, and this release must be independent"
            ));
        }
        None
    }

    /// Why this release does not count, in words; `None` if it does.
    pub fn sign_off_refusal(&self, plan: &Plan, task: Task, given: &SignedOff) -> Option<String> {
        let Some(Work::SignOff(sign_off)) = task.work(plan) else {
            return Some("this is no hold point".to_owned());
        };
        if given.by.via == Via::Assumed && self.is_dry() {
            return self.statement_refusal(sign_off, given);
        }
        if let Some(refusal) = self.role_refusal(sign_off, &given.by.who) {
            return Some(refusal);
        }
        let rehearsal = self.opened().is_some_and(|opened| opened.environment.rehearsal);
        let answered = given.by.via == Via::Answers;
        if answered != (given.assurance == Assurance::Rehearsal) || (answered && !rehearsal) {
            return Some("a release from an answers file counts in a rehearsal only, and as that".to_owned());
        }
        if !answered && given.assurance < self.least_assurance() {
            return Some("the environment asks for a surer signature".to_owned());
        }
        let by_key = matches!(given.assurance, Assurance::Ssh | Assurance::FidoUv);
        if by_key != given.signature.is_some() {
            return Some("a release by key, and no other, has a signature".to_owned());
        }
        if self.signers(task).any(|signer| self.person(signer) == self.person(&given.by.who)) {
            return Some(format!("{} has released it already; it takes different people", given.by.who));
        }
        if given.name.trim().is_empty() {
            return Some("a release needs the printed name of whoever gives it".to_owned());
        }
        if given.role != sign_off.role || given.meaning != sign_off.meaning {
            return Some("role or meaning are not those of the hold point".to_owned());
        }
        self.statement_refusal(sign_off, given)
    }

    fn statement_refusal(&self, sign_off: &SignOff, given: &SignedOff) -> Option<String> {
        match self.statement(sign_off) {
            Ok(statement) if statement == given.statement => None,
            Ok(_) => Some("the statement is not that of the hold point".to_owned()),
            Err(error) => Some(format!("the statement cannot be rendered: {error}")),
        }
    }
}
