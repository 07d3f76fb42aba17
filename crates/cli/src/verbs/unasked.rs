//! Whether checks wait for somebody who says so.

use holdpoint_document::{Checks, Plan};

use crate::args::{self, ChecksAre};
use crate::place::{Place, user};
use crate::problem::Problem;

/// What was chosen for a session in which somebody is asked; `None` where nobody is.
///
/// A command line says it for one session. Of the user's configuration and the repository's, the more careful one counts:
/// neither can take from the other that they are asked. Where none of them says anything, what is in a document of ours
/// as a check was meant as one, and in another nobody said so.
pub fn chosen(option: &ChecksAre, place: &Place, plan: &Plan, asks: bool) -> Result<Option<Checks>, Problem> {
    if !asks {
        return Ok(None);
    }
    let said = option.checks.map(|checks| match checks {
        args::Checks::Ask => Checks::Ask,
        args::Checks::Auto => Checks::Auto,
    });
    let of_repository = place.configuration().and_then(|config| config.checks);
    let configured = match (user::config()?.checks, of_repository) {
        (Some(Checks::Ask), _) | (_, Some(Checks::Ask)) => Some(Checks::Ask),
        (own, of_repository) => own.or(of_repository),
    };
    let default = if plan.is_foreign() { Checks::Ask } else { Checks::Auto };
    Ok(Some(said.or(configured).unwrap_or(default)))
}
