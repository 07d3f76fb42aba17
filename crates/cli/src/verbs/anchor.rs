//! `anchor`: something outside of the operator's hands says that a record was there: a time-stamp token over it, or a
//! signed git tag. Kept beside the record.

use std::path::Path;

use holdpoint_engine::{Rule, RunOpened};
use holdpoint_record::{KeepError, Position, anchorable, keep_anchor};
use holdpoint_signing::{Anchor, AnchorKind, GIT, Over, Prefix, RunNamed, Tag, signed_by, tag_message};
use jiff::Timestamp;

use super::anchored::{authorities, no_token, proved};
use super::read::{place_of, read_problem};
use crate::args;
use crate::digest::sha256;
use crate::exit::Exit;
use crate::operator::not_in_a_block;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::stamps::{self, NoToken};
use crate::{files, git};

/// Anchors one record.
pub fn anchor(screen: &Screen, arguments: &args::Anchor) -> Result<Exit, Problem> {
    not_in_a_block("nothing is anchored")?;
    let dir = place_of(&arguments.run)?;
    let proof = holdpoint_record::verify(&dir).map_err(read_problem)?;
    let opened = match &proof.opened {
        Some(opened) if proof.verdict.holds() => opened,
        _ => {
            return Err(Problem::record(
                format!("the record is not intact: {}", proof.verdict),
                "Nothing was written. `holdpoint verify` says more.",
            ));
        }
    };
    let before = proved(&dir, opened, &proof.position).map_err(read_problem)?.whole()?;
    if let Some(why) = &before.wrong {
        return Err(Problem::record(
            format!("the anchors that are there do not hold: {why}"),
            "Nothing was written. `holdpoint verify` says what else is wrong.",
        ));
    }
    let run = RunNamed { number: opened.number, id: opened.id.clone() };
    let over = anchorable(&dir, &proof.position).map_err(read_problem)?;
    let (kind, bytes, time, by) = match (&arguments.tsa, &arguments.git_tag) {
        (Some(url), _) => {
            let (reply, time) = token(url, over.digest(), arguments.tsa_ca.as_deref())?;
            (AnchorKind::Rfc3161, reply, time, format!("time-stamped by {url}"))
        }
        (None, Some(name)) => {
            let name = if name.is_empty() { tag_name(&run, &over) } else { name.clone() };
            let (raw, tag) = tag(&run, &over, &name, arguments.key.as_deref())?;
            (AnchorKind::GitTag, raw, tag.at, format!("tagged as {name} by {}", tag.who))
        }
        (None, None) => {
            let place = Place::here()?;
            let Some(url) = place.configuration().and_then(|config| config.anchors.tsa.clone()) else {
                return Err(Problem::usage(
                    "nothing says how to anchor it",
                    "Give --tsa URL for a time-stamp, or --git-tag for a signed tag; or name an authority in holdpoint.toml: [anchors] tsa = \"URL\".",
                ));
            };
            let authorities = authorities(&place).map_err(|why| Problem::usage(why, "Nothing was sent."))?;
            let (reply, time) = stamp(&url, over.digest(), authorities.as_deref())?;
            (AnchorKind::Rfc3161, reply, time, format!("time-stamped by {url}"))
        }
    };
    let number = before.held.len() as u64 + 1;
    let holdpoint = Anchor::FORMAT.to_owned();
    let anchor = Anchor { holdpoint, run, number, kind, over, time, file: sha256(&bytes) };
    keep_anchor(&dir, &anchor, &bytes).map_err(|error| match error {
        KeepError::Disk(error) => Problem::disk(&error, error.to_string()),
        other => Problem::usage(other.to_string(), "Nothing was kept beside the record. Anchor it again."),
    })?;
    let over = anchor.over.words();
    let time = holdpoint_report::clock(anchor.time, &jiff::tz::TimeZone::system());
    screen.tell(
        &screen.neutralise(&format!("Anchor {number} of run {}: {over}, {by}, {time}.", opened.number)),
    );
    counts(screen, &dir, opened, &proof.position)
}

/// Tells of a tag that is kept and counts for nothing where an anchor is asked for.
fn counts(screen: &Screen, dir: &Path, opened: &RunOpened, position: &Position) -> Result<Exit, Problem> {
    let kept = proved(dir, opened, position).map_err(read_problem)?.whole()?;
    let tagged = kept.held.last().and_then(|last| last.tagged.as_ref());
    let Some(why) = tagged.and_then(|tagged| tagged.unlisted.clone()) else { return Ok(Exit::Passed) };
    let message = format!("its tag is kept, and nobody vouches for its key: {why}");
    let help = "The run goes by the allowed_signers of when it opened: sign with a key that they list for the namespace git, \
                or use --tsa URL.";
    if opened.policy.kept.contains(&Rule::Anchor) {
        let asks = &opened.environment.name;
        return Err(Problem::refused(
            format!("{message}; so it is not the anchor that {asks} asks for"),
            help,
        ));
    }
    screen.tell(&format!(
        "  {} {}",
        screen.style().yellow().apply_to("warning:"),
        screen.neutralise(&message)
    ));
    Ok(Exit::Passed)
}

/// How a certificate begins as PEM (RFC 7468, section 5).
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

fn token(url: &str, digest: &str, authorities: Option<&Path>) -> Result<(Vec<u8>, Timestamp), Problem> {
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return Err(Problem::usage(
            format!("`{url}` is no address of an authority"),
            "It begins with https:// or http://. Nothing was written.",
        ));
    }
    let authorities = authorities.map(|path| {
        let unusable = |why: &str| {
            Problem::usage(format!("the certificates in {} {why}", path.display()), "Nothing was sent.")
        };
        let read =
            files::read(path, files::TEXT).map_err(|error| unusable(&format!("cannot be read: {error}")))?;
        match String::from_utf8_lossy(&read).lines().any(|line| line.trim() == CERTIFICATE) {
            true => Ok(read),
            false => Err(unusable(&format!("are none in PEM: no line of it is {CERTIFICATE}"))),
        }
    });
    stamp(url, digest, authorities.transpose()?.as_deref())
}

fn stamp(url: &str, digest: &str, authorities: Option<&[u8]>) -> Result<(Vec<u8>, Timestamp), Problem> {
    stamps::ask(url, digest, authorities).map_err(|error| match error {
        NoToken::There(why) => Problem::usage(
            format!("there is no time-stamp from {url}: {why}"),
            "Nothing was written. Ask again later, or another authority.",
        ),
        other => no_token(&other),
    })
}

/// What the tag is called where nobody says.
fn tag_name(run: &RunNamed, over: &Over) -> String {
    let RunNamed { number, id } = run;
    match over {
        Over::Seal(_) => format!("holdpoint/run-{number}-{id}"),
        Over::Head(Prefix { events, .. }) => format!("holdpoint/run-{number}-{id}-{events}"),
    }
}

fn tag(run: &RunNamed, over: &Over, name: &str, key: Option<&Path>) -> Result<(Vec<u8>, Tag), Problem> {
    let place = Place::here()?;
    let Some(root) = git::top(&place.root)? else {
        return Err(Problem::usage(
            "this is no repository of git, and a tag is in one",
            "Go to the repository, or use --tsa URL. Nothing was written.",
        ));
    };
    // Git runs in the repository's root, and the key may be named from elsewhere.
    let key = key.map(|key| {
        files::open(key).map(drop).and_then(|()| key.canonicalize()).map_err(|error| {
            Problem::usage(
                format!("the key {} cannot be read: {error}", key.display()),
                "Nothing was written.",
            )
        })
    });
    let message = tag_message(run, over);
    let raw = git::sign_tag(&root, name, &message, key.transpose()?.as_deref())?;
    let made = Tag::read(&raw).and_then(|tag| {
        if tag.message != message {
            return Err("its message is not the one that was given".to_owned());
        }
        let counts = signed_by(tag.payload.as_bytes(), tag.armored.as_bytes(), GIT);
        counts.map(|_| tag).map_err(|why| why.to_string())
    });
    let tag = made.map_err(|why| {
        Problem::usage(
            format!("git made the tag {name}, and it does not anchor the record: {why}"),
            format!("Nothing was kept beside the record. `git tag -d {name}` removes the tag."),
        )
    })?;
    Ok((raw, tag))
}
