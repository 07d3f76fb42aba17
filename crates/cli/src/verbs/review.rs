//! `review`: something is said of a run that is over, signed, beside its sealed record.

use holdpoint_signing::{REVIEW, Review, ReviewKind};
use jiff::Timestamp;

use super::prepare;
use super::read::place_of;
use super::reviewed::{facts, words};
use super::reviewing::{Reviewing, says_something, statement};
use crate::args::{self, ReviewAs};
use crate::by_key::{self, KeyFile};
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::operator::{not_in_a_block, operator};
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::terminal::ask::{self, Asked};

/// Takes one review.
pub fn review(screen: &Screen, arguments: &args::Review) -> Result<Exit, Problem> {
    not_in_a_block("nothing is reviewed")?;
    says_something(&arguments.text)?;
    let dir = place_of(&arguments.run)?;
    let place = Place::here()?;
    let (said, _) = operator(arguments.principal.as_deref(), &place.root)?;
    let reviewing = Reviewing::of(&place, &dir, &arguments.run, &said)?;
    let review = reviewing.review(arguments.kind.kind(), &arguments.text, Timestamp::now())?;
    show(screen, &reviewing, &review);
    let key = KeyFile::of_key(arguments.key.as_deref());
    let who = &review.reviewer.principal;
    // Before anything is asked: a signal must not end the program while a prompt has changed the terminal.
    let _signals = Interrupts::catch(screen)?;
    let able = || by_key::is_able(screen, &reviewing.signers, who, REVIEW, key);
    if !arguments.yes && !consents(screen, who, able)? {
        screen.say("Nothing was signed.");
        return Ok(Exit::Parked);
    }
    let statement = statement(&review)?;
    let signature = match by_key::signature(&reviewing.signers, who, REVIEW, key, &statement) {
        Ok(signature) => signature.into_bytes(),
        Err(why) => {
            screen.tell(&format!("Nothing was signed: {}", screen.neutralise(&why)));
            return Ok(Exit::Parked);
        }
    };
    let kept = reviewing.keep(&review, &statement, &signature)?;
    screen.tell(&screen.neutralise(&kept));
    Ok(Exit::Passed)
}

fn show(screen: &Screen, reviewing: &Reviewing, review: &Review) {
    let say =
        |name: &str, value: &str| screen.say_hung(&format!("  {name:<12}"), &screen.within_a_line(value));
    let Reviewing { opened, before, .. } = reviewing;
    let head = screen.neutralise(&format!("Run {}: {}", opened.number, opened.title()));
    screen.say(&screen.style().bold().apply_to(screen.rule(&head)).to_string());
    say("environment", &opened.environment.name);
    say("record", &review.verdict);
    say("seal", &review.seal);
    for one in &before.held {
        say("review", &words(&facts(one)));
    }
    say("you say", &format!("{}: {}", review.kind.words(), review.text));
    screen.say("");
}

fn consents(screen: &Screen, who: &str, able: impl FnOnce() -> bool) -> Result<bool, Problem> {
    if !prepare::asks(screen, false)? {
        return Err(Problem::usage(
            "there is no terminal to ask at",
            "Look at what is shown above, and at the record. Then add --yes to sign it.",
        ));
    }
    if !able() {
        return Ok(false);
    }
    let options =
        [("leave", 'l', "sign nothing now"), ("sign", 's', "sign it; it cannot be taken back or changed")];
    let asked = ask::one_of(screen, &format!("{}, what now?", screen.neutralise(who)), &options, true);
    Ok(matches!(asked, Asked::Said("sign")))
}

impl ReviewAs {
    /// As it is signed.
    pub fn kind(self) -> ReviewKind {
        match self {
            ReviewAs::AuditTrail => ReviewKind::AuditTrail,
            ReviewAs::LateNote => ReviewKind::LateNote,
            ReviewAs::PostRelease => ReviewKind::PostRelease,
        }
    }
}
