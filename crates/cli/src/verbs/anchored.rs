//! What is told of anchors, and how far each was proved on this machine.

use std::path::Path;

use holdpoint_engine::RunOpened;
use holdpoint_record::{Anchored, Anchors, Position, ReadError, Tagged, anchors};
use holdpoint_signing::{Anchor, AnchorKind};
use holdpoint_view::AnchorFacts;

use crate::problem::Problem;
use crate::stamps::{self, NoToken};

/// A token that cannot be had or checked on this machine.
pub fn no_token(error: &NoToken) -> Problem {
    let help = match error {
        NoToken::Missing(program) => {
            format!("Nothing was written. Install {program} (Debian: apt install {program}).")
        }
        _ => "Nothing was written.".to_owned(),
    };
    Problem::usage(error.to_string(), help)
}

/// The anchors of a record, each proved as far as this machine can.
///
/// # Errors
/// The record cannot be read.
pub fn proved(dir: &Path, opened: &RunOpened, position: &Position) -> Result<Proved, ReadError> {
    let mut proved = Proved { anchors: anchors(dir, opened, position)?, unchecked: None };
    for at in 0..proved.anchors.held.len() {
        match tokens(&proved.anchors.held[at]) {
            Ok(()) => {}
            Err(NoToken::There(why)) => {
                let number = proved.anchors.held[at].anchor.number;
                proved.anchors.held.truncate(at);
                proved.anchors.wrong = Some(format!("anchor {number}: its token does not hold: {why}"));
                break;
            }
            Err(other) => {
                proved.unchecked = Some(other);
                break;
            }
        }
    }
    Ok(proved)
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Proved {
    /// The anchors.
    pub anchors: Anchors,
    /// Why tokens could not be checked here.
    pub unchecked: Option<NoToken>,
}

impl Proved {
    /// The same, where all could be checked.
    ///
    /// # Errors
    /// It could not; whoever proves a record cannot do without.
    pub fn whole(self) -> Result<Anchors, Problem> {
        match &self.unchecked {
            None => Ok(self.anchors),
            Some(why) => Err(Problem::usage(
                format!("the record's time-stamps cannot be checked here: {why}"),
                "Nothing is known of it until they are. Install openssl (Debian: apt install openssl).",
            )),
        }
    }

    /// What is told of them.
    pub fn facts(&self) -> (Vec<AnchorFacts>, Option<String>) {
        let unchecked = self.unchecked.as_ref().map(|why| format!("not checked here: {why}"));
        let facts = self.anchors.held.iter().map(|anchored| {
            let mut facts = facts(anchored);
            if let (Some(why), AnchorKind::Rfc3161) = (&unchecked, anchored.anchor.kind) {
                facts.by.clone_from(why);
            }
            facts
        });
        (facts.collect(), self.anchors.wrong.clone())
    }
}

/// Proves an anchor's token by itself, where it is one.
fn tokens(anchored: &Anchored) -> Result<(), NoToken> {
    let Anchored { anchor, bytes, .. } = anchored;
    if anchor.kind != AnchorKind::Rfc3161 {
        return Ok(());
    }
    let stamped = stamps::prove(bytes, anchor.over.digest(), None)?;
    match stamped.time == anchor.time {
        true => Ok(()),
        false => Err(NoToken::There(format!("it tells another time, {}", stamped.time))),
    }
}

/// What is told of an anchor where nobody said whom they trust.
pub fn facts(anchored: &Anchored) -> AnchorFacts {
    let by = match &anchored.tagged {
        None => "by an authority that nobody here trusts".to_owned(),
        Some(Tagged { name, signed, unlisted }) => {
            let unlisted = match unlisted {
                Some(_) => ", whom its own signers do not list",
                None => "",
            };
            format!("{name} by {} with {}{unlisted}, by their own clock", signed.who, signed.key)
        }
    };
    facts_by(anchored, by)
}

/// The same, by whom.
pub fn facts_by(anchored: &Anchored, by: String) -> AnchorFacts {
    let Anchor { number, kind, over, time, .. } = &anchored.anchor;
    AnchorFacts {
        number: *number,
        what: match kind {
            AnchorKind::Rfc3161 => "time-stamp".to_owned(),
            AnchorKind::GitTag => "git tag".to_owned(),
        },
        over: over.words(),
        digest: over.digest().to_owned(),
        time: time.to_string(),
        by,
    }
}

/// An anchor on one line.
pub fn words(anchor: &AnchorFacts) -> String {
    let AnchorFacts { number, what, over, time, by, .. } = anchor;
    format!("{number}, {what} over {over}, {time}, {by}")
}
