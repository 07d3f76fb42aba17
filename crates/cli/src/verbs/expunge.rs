//! `expunge`: takes a leaked blob out of a record and leaves a tombstone.

use holdpoint_driver::Secrets;
use holdpoint_record::{ExpungeError, Expunging};
use holdpoint_signing::EXPUNGE;
use jiff::Timestamp;

use super::note::known_secrets;
use super::read::open_problem;
use super::read::{find, place_of, read_dir, read_problem};
use super::run::hide;
use crate::args;
use crate::by_key::{KeyFile, signature, withdrawn};
use crate::exit::Exit;
use crate::operator::{not_for_another, not_in_a_block, operator};
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;

/// Expunges one blob.
pub fn expunge(screen: &Screen, arguments: &args::Expunge, hidden: &Secrets) -> Result<Exit, Problem> {
    not_in_a_block("nothing is expunged")?;
    let dir = place_of(&arguments.run)?;
    let place = Place::here()?;
    let (who, _) = operator(arguments.who.operator.as_deref(), &place.root)?;
    not_for_another(&who, place.configuration())?;
    // The reason must not say what the blob may not. A record whose run-book is gone names no sources of secrets.
    if let Ok(recorded) = find(&arguments.run).and_then(read_dir) {
        hide(&known_secrets(screen, &recorded, &place)?, hidden)?;
    }
    let (who, reason) = (hidden.masked(&who).into_owned(), hidden.masked(&arguments.reason).into_owned());
    let problem = |error| problem(error, &arguments.run);
    let begun = Expunging::begin(&dir, &arguments.blob, &who, &reason, Timestamp::now()).map_err(problem)?;
    let signature = match begun.to_sign() {
        Some((bytes, signers)) => {
            let signed = signature(signers, &who, EXPUNGE, KeyFile::of_key(arguments.key.as_deref()), bytes);
            let unsigned = |why: String| {
                Problem::usage(
                    format!("nothing was expunged, for nobody signed for it: {why}"),
                    "This run knows signers, so that whoever takes something out of its record signs for that.",
                )
            };
            let signed = signed.map_err(unsigned)?;
            if let Some(why) = withdrawn(&who, EXPUNGE, bytes, &signed)? {
                return Err(Problem::refused(
                    format!("nothing was expunged, for the signature does not count: {why}"),
                    "The tombstone would be told as not trusted. Somebody whose key counts still signs for it.",
                ));
            }
            Some(signed)
        }
        None if arguments.key.is_some() => {
            screen
                .tell("  No signature is needed: the run knows no signers, or one was given before a crash.");
            None
        }
        None => None,
    };
    let done = begun.finish(signature.as_deref()).map_err(problem)?;
    let stone = &done.tombstone;
    screen.tell(&format!("Expunged the blob {} ({} bytes).", stone.blob.sha256, stone.blob.bytes));
    screen.tell(&format!(
        "  The first event that names it is {}. From now on `holdpoint verify` says: expunged.",
        done.event
    ));
    screen.tell(&match &done.key {
        Some(key) => format!("  {} signed for it with {key}.", screen.one_line(&stone.who)),
        None => "  Nobody signed for it: the run knows no signers.".to_owned(),
    });
    screen.tell("  Copies elsewhere (backups, exports, git, terminals' scrollback) are not touched.");
    screen.say("  Whatever leaked has leaked: change the secret.");
    Ok(Exit::Passed)
}

fn problem(error: ExpungeError, run: &str) -> Problem {
    let message = error.to_string();
    match error {
        ExpungeError::Open(error) => open_problem(error),
        ExpungeError::Read(error) => read_problem(error),
        ExpungeError::Missing(_) | ExpungeError::BadTombstone { .. } => Problem::record(
            message,
            "Nothing was expunged. `holdpoint verify` says what is wrong with the record.",
        ),
        ExpungeError::Disk(_) => {
            Problem::fault(message, "Mend that, then do it again: it ends what was begun.")
        }
        ExpungeError::NotNamed(_) | ExpungeError::Ambiguous(_) | ExpungeError::NoDigest(_) => Problem::usage(
            message,
            "Give the digest as run.jsonl has it: `grep -l LEAKED blobs/sha256/*` in the run's directory finds it.",
        ),
        ExpungeError::BadSignature(_) => Problem::refused(
            message,
            "Nothing was expunged. The run's allowed_signers must let this key sign for expunge@holdpoint.",
        ),
        ExpungeError::Unsigned | ExpungeError::Signers => Problem::usage(message, "Nothing was expunged."),
        ExpungeError::Needed(_) => Problem::usage(
            message,
            format!(
                "Nothing was expunged. End the run first, then expunge it: holdpoint resume {run} --abort"
            ),
        ),
        ExpungeError::NotInOrder(_) => Problem::record(
            message,
            "Nothing was expunged. Keep the record as it is, and find out why; change the secret.",
        ),
        ExpungeError::BadSigners(_) => {
            Problem::record(message, "Nothing was expunged: who may do it cannot be told.")
        }
        ExpungeError::Unexplained => Problem::usage(message, "Give --reason, and --operator if need be."),
        ExpungeError::Already(_) => Problem::usage(message, "Nothing is left to be done."),
    }
}
