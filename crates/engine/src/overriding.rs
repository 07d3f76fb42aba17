//! Who may override what the environment asks for before a run opens, and while it lasts. Checked when it happens,
//! and again whenever the record is verified.

use crate::fold::{Fold, ensure};
use crate::{Deviation, Due, Frontier, Override, Run, Via};
use holdpoint_model::Assurance;

impl Run {
    /// The role that lets `principal` override the rules that do not hold; or why they may not, in words.
    ///
    /// # Errors
    /// They have none of the roles that may, or they operate and the environment asks for four eyes.
    pub fn may_override(&self, principal: &str) -> Result<String, String> {
        let opened = self.opened().ok_or("the run is not open")?;
        let policy = &opened.policy;
        ensure(!policy.may_override.is_empty(), "the environment lets nobody override its rules")?;
        let holds = |role: &&String| self.has_role(&opened.roles, role, principal);
        let Some(role) = policy.may_override.iter().find(holds) else {
            let roles = policy.may_override.join(" or ");
            return Err(format!("{principal} does not have the role {roles}, which may override"));
        };
        let operates = self.same(principal, &self.operator);
        ensure(
            !(opened.environment.four_eyes && operates),
            &format!("{principal} operates this run, and here it takes somebody else to override a rule"),
        )?;
        Ok(role.clone())
    }

    pub(crate) fn override_rules(
        &mut self,
        now: &Frontier,
        deviation: &Deviation,
        overridden: &Override,
    ) -> Fold {
        ensure(now.due == Some(Due::Override), "no rule was to be overridden here")?;
        let whole = deviation.step.is_empty() && deviation.action.is_none() && deviation.script.is_none();
        ensure(whole, "an override is about the whole run")?;
        let opened = self.opened().ok_or("the run is not open")?;
        ensure(overridden.rules == self.looks.barred, "other rules do not hold than are overridden")?;
        self.may_override(&deviation.by.who)?;
        let holds = self.has_role(&opened.roles, &overridden.role, &deviation.by.who);
        ensure(
            holds && opened.policy.may_override.contains(&overridden.role),
            "the role does not let them override a rule",
        )?;
        ensure(!overridden.name.trim().is_empty(), "an override needs the printed name of whoever does it")?;
        self.name_refusal(&deviation.by.who, &overridden.name).map_or(Ok(()), Err)?;
        ensure(
            matches!(deviation.by.via, Via::Terminal | Via::Command),
            "a person overrides rules, and no answers file",
        )?;
        let assurance = overridden.assurance;
        ensure(
            assurance >= self.least_assurance().max(Assurance::Typed),
            "the environment asks for a surer signature",
        )?;
        let by_key = matches!(assurance, Assurance::Ssh | Assurance::FidoUv);
        ensure(
            by_key == overridden.signature.is_some(),
            "an override by key, and no other, has a signature",
        )?;
        let key = self.key_refusal(overridden.signature.as_ref(), &deviation.by.who);
        key.map_or(Ok(()), Err)?;
        self.note_key(overridden.signature.as_ref(), &deviation.by.who);
        self.looks.overridden(&overridden.role, &deviation.by.who);
        self.deviations += 1;
        Ok(())
    }
}
