//! Who may sign off a hold point. Checked by the engine when it happens, and again whenever the record is verified.

use std::collections::BTreeMap;

use holdpoint_model::{Assurance, Plan, SignOff, Work, unseen};

use crate::run::state::{State, Status};
use crate::{
    By, KeySignature, Presence, Rule, Run, SignedOff, SignedRejection, Task, TemplateError, Via, duration,
};

impl Run {
    /// The statement to be signed, rendered.
    pub fn statement(&self, sign_off: &SignOff) -> Result<String, TemplateError> {
        self.values().render_shown(&sign_off.statement)
    }

    /// Who has signed it off so far.
    pub fn signers(&self, task: Task) -> impl Iterator<Item = &str> {
        self.state(task).signers.iter().map(String::as_str)
    }

    /// What it takes beyond that one person signs, in words: of how many people, who of them has signed, and for how long
    /// that is good.
    pub fn sign_off_terms(&self, plan: &Plan, task: Task) -> Vec<String> {
        let Some(Work::SignOff(sign_off)) = task.work(plan) else { return Vec::new() };
        let mut terms = Vec::new();
        let lapsing = self.lapsing.iter().find(|(lapsing, _)| *lapsing == task);
        if let Some((_, reason)) = lapsing {
            terms.push(format!("it was signed off, and that has lapsed: {reason}"));
        }
        let signed: Vec<&str> = self.signers(task).filter(|_| lapsing.is_none()).collect();
        if sign_off.count > 1 || !signed.is_empty() {
            let so_far = match &signed[..] {
                [] => "nobody has signed so far".to_owned(),
                signed => format!("signed off so far by {}", signed.join(", ")),
            };
            terms.push(format!("{so_far}; it takes {}", many_people(sign_off.count)));
        }
        if let Some(good) = sign_off.expires {
            terms.push(format!("good for {}, unless what it guards has begun by then", duration(good)));
        }
        terms
    }

    /// Whether a sign-off in this step lapsed, and nobody has given it again.
    pub fn has_lapsed(&self, step: usize) -> bool {
        let lapsed = |state: &State| state.told.lapsed && state.status != Status::Settled;
        self.states[step].iter().any(lapsed)
    }

    /// The least assurance this run takes.
    pub fn least_assurance(&self) -> Assurance {
        self.opened().map_or(Assurance::Typed, |opened| opened.environment.signature)
    }

    /// Whether a key signs here: the environment asks for one, or whoever signs has `named` one.
    pub fn takes_key(&self, named: bool) -> bool {
        named || self.least_assurance() > Assurance::Typed
    }

    /// Whether these roles give one of this name to `who`, by any of their names.
    pub fn has_role(&self, roles: &BTreeMap<String, Vec<String>>, role: &str, who: &str) -> bool {
        roles.get(role).is_some_and(|all| all.iter().any(|one| self.same(one, who)))
    }

    /// Whether `who` had a role that must be kept when the run opened, and has it no more, by the roles of now.
    pub fn has_lost_role(&self, now: &BTreeMap<String, Vec<String>>, role: &str, who: &str) -> bool {
        self.opened().is_some_and(|opened| {
            opened.policy.kept.contains(&Rule::Roles)
                && self.has_role(&opened.roles, role, who)
                && !self.has_role(now, role, who)
        })
    }

    /// Why `principal` may not sign it off, in words; `None` if they may. Where the repository configures no roles at
    /// all, anybody may act in any role, and the record shows that nothing was configured.
    pub fn role_refusal(&self, sign_off: &SignOff, principal: &str) -> Option<String> {
        let Some(opened) = self.opened() else { return Some("the run is not open".to_owned()) };
        let role = &sign_off.role;
        if principal.trim().is_empty() {
            return Some("a sign-off must say who gives it".to_owned());
        }
        if let Some(refusal) = unseen_refusal("whoever gives it", principal) {
            return Some(refusal);
        }
        if !opened.roles.is_empty() && !self.has_role(&opened.roles, role, principal) {
            return Some(format!("{principal} does not have the role {role}"));
        }
        if !self.knows(principal) {
            return Some(format!("{principal} is not listed in holdpoint.toml"));
        }
        if !self.is_independent(sign_off) {
            return None;
        }
        if self.performers.iter().any(|performer| self.same(performer, principal)) {
            return Some(format!(
                "{principal} performed steps of this run, and this sign-off must be independent"
            ));
        }
        // Whatever comes after it, they would perform.
        self.same(principal, &self.operator)
            .then(|| format!("{principal} operates this run, and this sign-off must be independent"))
    }

    /// Why this sign-off does not count, in words; `None` if it does.
    pub fn sign_off_refusal(&self, plan: &Plan, task: Task, given: &SignedOff) -> Option<String> {
        let Some(Work::SignOff(sign_off)) = task.work(plan) else {
            return Some("this is no hold point".to_owned());
        };
        if given.by.via == Via::Assumed && self.is_dry() {
            return self.statement_refusal(sign_off, &given.statement);
        }
        if let Some(refusal) = self.role_refusal(sign_off, &given.by.who) {
            return Some(refusal);
        }
        let rehearsal = self.opened().is_some_and(|opened| opened.environment.rehearsal);
        let answered = given.by.via == Via::Answers;
        if answered != (given.assurance == Assurance::Rehearsal) || (answered && !rehearsal) {
            return Some(
                "a sign-off from an answers file counts in a rehearsal only, and as that".to_owned(),
            );
        }
        if !answered && given.assurance < self.least_assurance() {
            return Some("the environment asks for a surer signature".to_owned());
        }
        if let Some(refusal) = self.presence_refusal(given.presence.as_deref(), &given.by) {
            return Some(refusal);
        }
        let by_key = matches!(given.assurance, Assurance::Ssh | Assurance::FidoUv);
        if by_key != given.signature.is_some() {
            return Some("a sign-off by key, and no other, has a signature".to_owned());
        }
        if self.signers(task).any(|signer| self.same(signer, &given.by.who)) {
            return Some(format!("{} has signed it off already; it takes different people", given.by.who));
        }
        if let Some(refusal) = self.key_refusal(given.signature.as_ref(), &given.by.who) {
            return Some(refusal);
        }
        if given.name.trim().is_empty() {
            return Some("a sign-off needs the printed name of whoever gives it".to_owned());
        }
        if let Some(refusal) = unseen_refusal("the printed name", &given.name) {
            return Some(refusal);
        }
        if let Some(refusal) = self.name_refusal(&given.by.who, &given.name) {
            return Some(refusal);
        }
        if given.role != sign_off.role || given.meaning != sign_off.meaning {
            return Some("role or meaning are not those of the hold point".to_owned());
        }
        self.statement_refusal(sign_off, &given.statement)
    }

    /// Why nobody signs under this printed name for that person, in words: theirs is configured, and is another.
    pub(crate) fn name_refusal(&self, who: &str, name: &str) -> Option<String> {
        let people = &self.opened()?.people;
        let (who, configured) = people.iter().find(|(person, _)| self.same(person, who))?;
        (!configured.is_empty() && configured != name)
            .then(|| format!("the printed name of {who} is {configured}, not {name}"))
    }

    /// Why this key does not count as that person's, in words: one key is one person.
    pub fn key_refusal(&self, signature: Option<&KeySignature>, who: &str) -> Option<String> {
        let KeySignature { key, .. } = signature?;
        let other = self.keys.get(key).filter(|other| !self.same(other, who))?;
        Some(format!("the key {key} is one that {other} signed with: one key is one person"))
    }

    /// Takes note of whose key it was.
    pub(crate) fn note_key(&mut self, signature: Option<&KeySignature>, who: &str) {
        if let Some(signature) = signature {
            self.keys.entry(signature.key.clone()).or_insert_with(|| who.to_owned());
        }
    }

    /// Why this rejection does not count, in words; `None` if it does. It takes the assurance that a sign-off takes.
    pub fn rejection_refusal(
        &self,
        sign_off: &SignOff,
        signed: Option<&SignedRejection>,
        presence: Option<&Presence>,
        by: &By,
    ) -> Option<String> {
        if let Some(refusal) = self.role_refusal(sign_off, &by.who) {
            return Some(refusal);
        }
        if let Some(refusal) = self.presence_refusal(presence, by) {
            return Some(refusal);
        }
        let rehearsed =
            by.via == Via::Answers && self.opened().is_some_and(|opened| opened.environment.rehearsal);
        let assurance = signed.map_or(Assurance::Typed, |signed| signed.assurance);
        if !rehearsed && assurance < self.least_assurance() {
            return Some("the environment asks for a surer signature, of a rejection too".to_owned());
        }
        let signed = signed?;
        if !matches!(signed.assurance, Assurance::Ssh | Assurance::FidoUv) {
            return Some("a rejection by key, and no other, has a signature".to_owned());
        }
        if signed.name.trim().is_empty() {
            return Some("a rejection by key needs the printed name of whoever gives it".to_owned());
        }
        if let Some(refusal) = self.name_refusal(&by.who, &signed.name) {
            return Some(refusal);
        }
        if signed.role != sign_off.role || signed.meaning != sign_off.meaning {
            return Some("role or meaning are not those of the hold point".to_owned());
        }
        if let Some(refusal) = self.statement_refusal(sign_off, &signed.statement) {
            return Some(refusal);
        }
        self.key_refusal(Some(&signed.signature), &by.who)
    }

    /// Whether no session of this run so far was of a machine's user of this name: not of the one who opened it, nor of
    /// anybody who took it up. The name alone counts, for one person may have the same on many machines.
    pub fn is_other_account(&self, os_user: &str) -> bool {
        !self.accounts.contains(os_user)
    }

    /// Why what is said of a signer's presence cannot be, in words: there is some exactly where a person answered.
    fn presence_refusal(&self, presence: Option<&Presence>, by: &By) -> Option<String> {
        let Some(Presence { os_user, host, other_account, .. }) = presence else {
            return matches!(by.via, Via::Terminal | Via::Command)
                .then(|| "it does not say what its signer was shown, and where they sat".to_owned());
        };
        if matches!(by.via, Via::Answers | Via::Assumed) {
            return Some("an answers file was shown nothing, and sits nowhere".to_owned());
        }
        if os_user.trim().is_empty() || host.trim().is_empty() {
            return Some("it does not say from which account and machine it came".to_owned());
        }
        (*other_account != self.is_other_account(os_user)).then(|| {
            "whether its account is another than the sessions' is not as the record has it".to_owned()
        })
    }

    fn statement_refusal(&self, sign_off: &SignOff, said: &str) -> Option<String> {
        match self.statement(sign_off) {
            Ok(statement) if self.is_as_shown(said, &statement) => None,
            Ok(_) => Some("the statement is not that of the hold point".to_owned()),
            Err(error) => Some(format!("the statement cannot be rendered: {error}")),
        }
    }
}

/// Refuses a name in which something stands that nobody sees: it could pass for another.
fn unseen_refusal(what: &str, name: &str) -> Option<String> {
    unseen(name).map(|c| format!("{what} has the character U+{:04X}, which nobody sees", u32::from(c)))
}

fn many_people(count: u32) -> String {
    if count == 1 { "one person".to_owned() } else { format!("{count} different people") }
}
