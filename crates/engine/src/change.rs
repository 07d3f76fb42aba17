//! Whether a run has a change under which it may go on: by its id, and by what the environment's script said of it.

use holdpoint_bounded::pattern::{Over, Pattern};

use crate::fold::{Fold, ensure};
use crate::{Change, ChangeSeen, Policy, Rule};

/// An id of more characters is none.
const LONGEST: usize = 200;

impl Change {
    /// Why an id is none that the environment takes, in words.
    pub fn refuses(&self, id: &str) -> Option<String> {
        if id.chars().count() > LONGEST || id.chars().any(char::is_control) {
            return Some(format!("an id has at most {LONGEST} characters, on one line"));
        }
        // All of the id, whatever the pattern says of its ends.
        let whole = Pattern::new(&format!(r"\A(?:{})\z", self.pattern), Over::Text);
        match whole.map(|whole| whole.is_match(id)) {
            Ok(Ok(true)) => None,
            Ok(Ok(false)) => Some(format!("`{id}` must match {}, all of it", self.pattern)),
            Ok(Err(why)) => Some(why.to_string()),
            Err(why) => Some(format!("{} is no regular expression: {why}", self.pattern)),
        }
    }

    /// Why the rule does not hold in an environment of this name, after what the script `seen` said.
    pub fn unmet(&self, name: &str, seen: Option<&ChangeSeen>) -> Option<String> {
        let Some(id) = &self.id else {
            return Some(format!(
                "{name} asks for the change under which something is run, and none is given"
            ));
        };
        if let Some(why) = self.refuses(id) {
            return Some(format!("{name} does not take this change: {why}"));
        }
        let script = self.check.as_ref()?;
        match seen.map(|seen| seen.exit) {
            Some(Some(0)) => None,
            Some(Some(code)) => {
                Some(format!("{script} does not let {id} go on: it ended with exit code {code}"))
            }
            Some(None) => Some(format!("{script} gave no answer about {id}")),
            None => Some(format!("{script} was not asked about {id}")),
        }
    }

    /// Whether a look may tell what the script said.
    pub(crate) fn is_looked_at(&self) -> bool {
        self.check.is_some() && self.id.is_some()
    }
}

/// What event 0 says of the change, by itself.
pub(crate) fn told(policy: &Policy, name: &str) -> Fold {
    let asks = policy.kept.contains(&Rule::Change);
    ensure(asks == policy.change.is_some(), "its change is not told, or none is asked for")?;
    let Some(change) = &policy.change else { return Ok(()) };
    ensure(
        change.seen.is_none() || change.is_looked_at(),
        "it tells what a script said of a change, and none was to be asked",
    )?;
    match change.unmet(name, change.seen.as_ref()) {
        Some(why) if !policy.unmet_rules().contains(&Rule::Change) => {
            Err(format!("the rule change does not hold, and the run opened as if it did: {why}"))
        }
        _ => Ok(()),
    }
}
