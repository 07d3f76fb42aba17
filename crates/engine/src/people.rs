//! Who is who, as event 0 tells it: one person by any of their names.

use holdpoint_model::{Plan, SignOff, Work, folded};

use crate::fold::Fold;
use crate::{EnvironmentSeen, Independence, Run, Task};

impl Run {
    /// The principal that goes by this name, as configured; the name itself, where nobody does.
    pub fn principal<'n>(&'n self, name: &'n str) -> &'n str {
        self.people.principal(name)
    }

    /// The person of this name, as names are compared here: one for all their names.
    pub(crate) fn person(&self, name: &str) -> String {
        folded(self.principal(name))
    }

    /// Whether two names, principals or aliases, are one person's.
    pub fn same(&self, one: &str, other: &str) -> bool {
        one == other || self.person(one) == self.person(other)
    }

    /// Whether the configuration names somebody so. Where it names nobody at all, nobody is a stranger.
    pub fn knows(&self, name: &str) -> bool {
        self.people.is_empty() || self.people.knows(name)
    }

    /// Whether a sign-off there must be by somebody who performs nothing of this run.
    pub fn is_independent(&self, sign_off: &SignOff) -> bool {
        sign_off.independent || self.opened().is_some_and(|opened| opened.environment.four_eyes)
    }

    /// On what the independence of those who signed rests.
    pub fn independence(&self) -> &Independence {
        &self.independence
    }

    /// Why `who` may not operate the run, in words; `None` if they may.
    ///
    /// Whoever signed off a hold point that asks for somebody else performs nothing of what was signed for. A rollback
    /// was signed for by nobody.
    pub fn operator_refusal(&self, plan: &Plan, who: &str, from: Option<&str>) -> Option<String> {
        let opened = self.opened()?;
        let known = self.people.knows(who);
        stranger(&opened.environment, who, from, known).or_else(|| self.performer_refusal(plan, who))
    }

    /// Why `who` may perform nothing, in words.
    pub fn performer_refusal(&self, plan: &Plan, who: &str) -> Option<String> {
        if self.is_rolling_back() {
            return None;
        }
        let signed = |task: &&Task| {
            matches!(task.work(plan), Some(Work::SignOff(sign_off)) if self.is_independent(sign_off))
                && self.signers(**task).any(|signer| self.same(signer, who))
        };
        if let Some(task) = self.signed_off.iter().find(signed) {
            let id = task.id(plan);
            return Some(format!(
                "{who} signed off {id}, and whoever did performs nothing that comes after it"
            ));
        }
        let four_eyes = self.opened().is_some_and(|opened| opened.environment.four_eyes);
        let overrode = four_eyes && self.looks.overriders().any(|overrode| self.same(overrode, who));
        overrode.then(|| format!("{who} overrode rules of this run, and here somebody else performs it"))
    }

    pub(crate) fn may_operate(&self, plan: &Plan, who: &str, from: Option<&str>) -> Fold {
        self.operator_refusal(plan, who, from).map_or(Ok(()), Err)
    }
}

/// Where an operator's name came from when git's `user.email` says it.
pub const BY_GIT: &str = "git";

/// Why `who` is nobody who may operate there, in words: with four eyes only whom the configuration names (`known`), where
/// it is protected also whom git knows by that name. `from` is where the name came from.
pub fn stranger(environment: &EnvironmentSeen, who: &str, from: Option<&str>, known: bool) -> Option<String> {
    let EnvironmentSeen { name, four_eyes, protected, .. } = environment;
    let by_git = !four_eyes && from == Some(BY_GIT);
    if !(*four_eyes || *protected) || known || by_git {
        return None;
    }
    let what = if *four_eyes { "takes four eyes" } else { "is protected" };
    Some(format!("{name} {what}, and the operator {who} is not listed in holdpoint.toml"))
}
