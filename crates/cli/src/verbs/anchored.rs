//! What is told of anchors, and how far each was proved on this machine.

use std::path::Path;

use holdpoint_engine::{AnchorSeen, RunOpened};
use holdpoint_record::{Anchored, Anchors, Position, ReadError, Tagged, anchors};
use holdpoint_signing::{Anchor, AnchorKind};
use holdpoint_view::AnchorFacts;
use jiff::tz::TimeZone;

use crate::place::Place;
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

/// The anchor of an open run that is over at least so many events, of those that the repository lets count: the one over
/// most. Else why the anchors that are there do not count, where there are some.
pub fn relied_on(
    place: &Place,
    dir: &Path,
    opened: &RunOpened,
    due: u64,
) -> Result<AnchorSeen, Option<String>> {
    let cannot = |error: std::io::Error| Some(format!("the record cannot be read: {error}"));
    let bytes = std::fs::metadata(dir.join(holdpoint_record::LOG)).map_err(cannot)?.len();
    let position = Position { events: 0, bytes, sha256: String::new() };
    let Proved { anchors, unchecked } =
        proved(dir, opened, &position).map_err(|error| Some(error.to_string()))?;
    if let Some(why) = unchecked {
        return Err(Some(format!("its time-stamps cannot be checked here: {why}")));
    }
    if let Some(why) = anchors.wrong {
        return Err(Some(format!("its anchors do not hold: {why}")));
    }
    let mut why = None;
    let over = anchors.held.iter().rev().filter_map(|held| Some((held, held.seen()?)));
    for (held, seen) in over.filter(|(_, seen)| seen.events >= due) {
        match counts(place, held) {
            Ok(()) => return Ok(seen),
            Err(not) => why = Some(format!("anchor {} does not count: {not}", seen.number)),
        }
    }
    Err(why)
}

/// Whether the repository lets an anchor count: a tag by a key that the run's signers list, a time-stamp that the
/// configured certificates vouch for, where there are some.
fn counts(place: &Place, held: &Anchored) -> Result<(), String> {
    if let Some(unlisted) = held.tagged.as_ref().and_then(|tagged| tagged.unlisted.as_ref()) {
        return Err(unlisted.clone());
    }
    let Some(authorities) = authorities(place)?.filter(|_| held.tagged.is_none()) else { return Ok(()) };
    match stamps::prove(&held.bytes, held.anchor.over.digest(), Some(&authorities)) {
        Ok(stamped) => stamped.untrusted.map_or(Ok(()), Err),
        Err(error) => Err(error.to_string()),
    }
}

/// The configured certificates of the authority.
pub fn authorities(place: &Place) -> Result<Option<Vec<u8>>, String> {
    let Some(path) = place.configuration().and_then(|config| config.anchors.ca.as_ref()) else {
        return Ok(None);
    };
    let read = place.configured_file(path);
    read.map(Some).map_err(|error| format!("the certificates in {path} cannot be read: {error}"))
}

/// Whether a token beside a record is good by itself, in words.
pub fn token_holds(anchored: &Anchored) -> Result<(), String> {
    tokens(anchored).map_err(|error| error.to_string())
}

/// The anchor that an open run goes on after, of which its record does not tell: where it lies beside it, none is wanted.
pub fn still_wanted(dir: &Path, opened: &RunOpened, wanted: Option<u64>) -> Option<u64> {
    let there = |due| Place::here().is_ok_and(|place| relied_on(&place, dir, opened, due).is_ok());
    wanted.filter(|due| !there(*due))
}

/// What to type so that a run is anchored.
pub fn how(place: &Place, number: u64) -> String {
    format!("Anchor it: {}.", command(Some(place), number))
}

/// The command alone, as the configuration at hand asks for it.
pub fn command(place: Option<&Place>, number: u64) -> String {
    let config = place.and_then(Place::configuration);
    match config.and_then(|config| config.anchors.tsa.as_ref()) {
        Some(_) => format!("holdpoint anchor {number}"),
        None => format!("holdpoint anchor {number} --tsa URL (or --git-tag)"),
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
        false => {
            let told = holdpoint_report::clock(stamped.time, &TimeZone::system());
            Err(NoToken::There(format!("it tells another time, {told}")))
        }
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
        over_seal: over.is_seal() && anchored.is_vouched(),
    }
}

/// An anchor on one line.
pub fn words(anchor: &AnchorFacts) -> String {
    let AnchorFacts { number, what, over, time, by, .. } = anchor;
    let time = holdpoint_report::clock_of(time, &TimeZone::system());
    format!("{number}, {what} over {over}, {time}, {by}")
}
