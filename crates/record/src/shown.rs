//! What whoever signed was shown: made again from the record, and held against what is kept (record.md, "What the signer
//! is shown").

use holdpoint_engine::{BlobRef, Event, Presence, Run, Task, Wording};
use holdpoint_model::{Plan, sha256};

use crate::kept::Blobs;

/// Why the text cannot be made again.
enum Unmade {
    /// A script that it shows was expunged.
    Gone,
    /// A script that it shows cannot be read.
    Unread(String),
}

/// Holds the text that is kept against what the record tells up to then. `false`: a script in it, or the text
/// itself with masked secrets, was expunged, so that nobody can compare them any more.
pub(crate) fn prove(
    run: &Run,
    plan: &Plan,
    event: &Event,
    (presence, secretive): (&Presence, bool),
    blobs: &mut Blobs<'_>,
) -> Result<bool, String> {
    let (Event::SignOffGiven(holdpoint_engine::SignedOff { step, action, .. })
    | Event::SignOffRejected { step, action, .. }) = event
    else {
        return Err("nobody is shown anything at this event".to_owned());
    };
    let task = Task::named(plan, step, action).ok_or("there is no such hold point")?;
    let Presence { shown, .. } = presence;
    // Wordings differ in what they take to be made.
    let mut unmade = None;
    for wording in Wording::ALL {
        match made(run, plan, (task, wording), blobs) {
            Ok(due) if shown.sha256 == sha256(due.as_bytes()) => return Ok(true),
            Ok(_) => {}
            Err(why) => drop(unmade.replace(why)),
        }
    }
    match unmade {
        Some(Unmade::Gone) => return Ok(false),
        Some(Unmade::Unread(why)) => {
            return Err(format!("what its signer was shown cannot be made again: {why}"));
        }
        None => {}
    }
    let other = || "its signer was shown something else than the record tells".to_owned();
    // A secret that stands in the document itself was masked.
    if blobs.is_gone(shown) {
        return if secretive { Ok(false) } else { Err(other()) };
    }
    let kept = blobs.bytes(shown).map_err(|error| error.to_string())?;
    let kept = String::from_utf8(kept.to_vec()).map_err(|_| other())?;
    let wording = Wording::of(&kept).ok_or_else(other)?;
    let due = made(run, plan, (task, wording), blobs).map_err(|_| other())?;
    if is_as_shown(run, &kept, &due) { Ok(true) } else { Err(other()) }
}

/// The text in these words.
fn made(
    run: &Run,
    plan: &Plan,
    (task, wording): (Task, Wording),
    blobs: &mut Blobs<'_>,
) -> Result<String, Unmade> {
    let script = |blob: &BlobRef| match blobs.is_gone(blob) {
        true => Err(Unmade::Gone),
        false => {
            blobs.bytes(blob).map(|bytes| bytes.to_vec()).map_err(|error| Unmade::Unread(error.to_string()))
        }
    };
    run.exhibit_in(wording, plan, task, script).map(|exhibit| exhibit.text())
}

/// Line by line: no mask stands for more than something in a line.
fn is_as_shown(run: &Run, kept: &str, due: &str) -> bool {
    let (kept, due) = (kept.split('\n'), due.split('\n'));
    kept.clone().count() == due.clone().count() && kept.zip(due).all(|(kept, due)| run.is_as_shown(kept, due))
}
