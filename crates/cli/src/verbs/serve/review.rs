//! A review from a page: what `review` does, in two requests. What the passkey signs is made anew before it counts.

use clap::ValueEnum as _;
use holdpoint_record::RunDir;
use holdpoint_signing::{Envelope, REVIEW, Review};
use holdpoint_web::{Asker, Passkey, Pending, ToSign, Wish};
use jiff::Timestamp;

use super::passkey::{Keys, NOBODY_ASKED, NOTHING, assertion};
use super::stamp::small_enough;
use crate::args::ReviewAs;
use crate::place::Place;
use crate::problem::Problem;
use crate::verbs::reviewing::{Reviewing, statement};

/// What is to be signed, as the record stands now.
pub(super) fn prepare(place: &Place, dir: &RunDir, wish: Wish, site: &str) -> Result<Pending, Problem> {
    let at = Timestamp::now();
    let (reviewing, review) = made(place, dir, &wish, at)?;
    keys(&reviewing, site).all()?;
    let statement = statement(&review)?;
    let challenge = Envelope::to_sign(REVIEW, &statement).map_err(Problem::ours)?;
    Ok(Pending { run: reviewing.opened.id, wish, at, statement, challenge })
}

/// Takes what the passkey signed, and keeps the review. In words, what that was.
pub(super) fn complete(
    place: &Place,
    dir: &RunDir,
    pending: &Pending,
    passkey: &Passkey,
    Asker { site, page }: Asker<'_>,
) -> Result<String, Problem> {
    let assertion = assertion(passkey, page)?;
    let (reviewing, review) = made(place, dir, &pending.wish, pending.at)?;
    let statement = statement(&review)?;
    if reviewing.opened.id != pending.run || statement != pending.statement {
        return Err(another());
    }
    let signature = keys(&reviewing, site).signature(&assertion, &statement)?;
    if !assertion.verified_its_user() {
        return Err(Problem::refused(NOBODY_ASKED, NOTHING));
    }
    reviewing.keep(&review, &statement, signature.as_bytes())
}

fn made(place: &Place, dir: &RunDir, wish: &Wish, at: Timestamp) -> Result<(Reviewing, Review), Problem> {
    let ToSign::Review { kind, text } = &wish.what else {
        return Err(Problem::fault(
            "a hold point is nothing to be reviewed",
            "This is a fault of holdpoint.",
        ));
    };
    let kind = ReviewAs::from_str(kind, false).map_err(|_| {
        Problem::usage(
            format!("`{kind}` is no kind of review"),
            "Kinds are audit-trail, late-note and post-release.",
        )
    })?;
    small_enough(&dir.path)?;
    // Names may have come or gone since the server began.
    let place = Place::of(&place.root)?;
    still_named(&place, &wish.who)?;
    let reviewing = Reviewing::of(&place, &dir.path, &dir.number.to_string(), &wish.who)?;
    if reviewing.seal != wish.shown {
        return Err(another());
    }
    let review = reviewing.review(kind.kind(), text, at)?;
    Ok((reviewing, review))
}

/// Who may act at a page goes by the configuration of today, for reviews as for sign-offs.
fn still_named(place: &Place, who: &str) -> Result<(), Problem> {
    match place.configuration().is_some_and(|config| config.principal(who).is_some()) {
        true => Ok(()),
        false => Err(Problem::refused(
            format!("{who} is nobody whom holdpoint.toml names today"),
            format!(
                "{NOTHING} Whoever keeps holdpoint.toml lists people there, under [people] or in a role."
            ),
        )),
    }
}

fn keys<'a>(reviewing: &'a Reviewing, site: &'a str) -> Keys<'a> {
    let who = &reviewing.reviewer.principal;
    Keys { who, site, namespace: REVIEW, signers: &reviewing.signers, listed: "allowed_signers" }
}

fn another() -> Problem {
    Problem::refused(
        "the record, or what was said of it, is another than when this was shown",
        format!("{NOTHING} Load the page anew and look at it once more."),
    )
}
