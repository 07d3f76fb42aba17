//! A document that took the place of another, proved as event 0 is: its plan, its approvals, its rehearsal, the rules of its
//! environment, and that what is told as the difference is that of the two texts.

use holdpoint_engine::{Exchanged, Run, Stamped, is_difference};
use holdpoint_model::{Environment, Plan};

use crate::by_key::ByKey;
use crate::kept::Blobs;
use crate::planned::{Planned, plan_of};
use crate::{approvals, rehearsed};

/// What was proved of an exchange; whether it may be, the engine says.
pub(crate) struct Proved {
    /// The plan of the new document.
    pub(crate) new: Plan,
    /// Whose keys approved it.
    pub(crate) signed: Vec<ByKey>,
    /// `false` where some of what is kept of its rehearsal was expunged.
    pub(crate) rehearsed: bool,
}

/// Proves an exchange in a run that has come so far. `None` where bytes that it takes were expunged.
pub(crate) fn prove(
    run: &Run,
    stamped: &Stamped,
    exchanged: &Exchanged,
    blobs: &mut Blobs<'_>,
) -> Result<Option<Proved>, String> {
    let before = run.opened().ok_or("the run is not open")?;
    let now = exchanged.as_opened(before);
    let books = [&before.runbook, &now.runbook].into_iter();
    let mut texts =
        books.flat_map(|book| std::iter::once(&book.blob).chain(book.includes.iter().map(|it| &it.blob)));
    if texts.any(|blob| blobs.is_gone(blob)) || blobs.is_gone(&exchanged.diff) {
        return Ok(None);
    }
    let Planned { text: old, .. } = plan_of(blobs.dir, before)?;
    let Planned { plan: new, config, text } = plan_of(blobs.dir, &now)?;
    let difference = blobs.bytes(&exchanged.diff).map_err(|error| error.to_string())?;
    if !std::str::from_utf8(&difference).is_ok_and(|told| is_difference(told, &old, &text)) {
        return Err("what is told as the difference is not that of the two documents".to_owned());
    }
    let when = (stamped.n, stamped.at);
    let signed = approvals::prove(&now, when, &new, config.as_ref(), blobs)?;
    let asks = config.as_ref().and_then(|config| config.environments.get(&now.environment.name));
    let none = Environment::default();
    let rehearsed = rehearsed::prove((&now, &new), (stamped.at, true), asks.unwrap_or(&none), blobs)?;
    Ok(Some(Proved { new, signed, rehearsed }))
}
