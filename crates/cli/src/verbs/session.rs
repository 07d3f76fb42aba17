//! A session that its operator signs: who cannot is refused before anything is asked, and nothing happens before it is on
//! record that they did.

use std::path::Path;

use holdpoint_document::nearest;
use holdpoint_engine::{By, EnvironmentSeen, Event, Login, People, RunOpened, SignedSession, Via};
use holdpoint_signing::{SESSION, Signers};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::read::blob_problem;
use super::taking_up::OnDisk;
use crate::approvals;
use crate::by_key::{self, KeyFile, Signature, What};
use crate::operator::{not_in_a_block, operator, time_zone};
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;

/// Whether whoever is about to open a run could sign that, where its environment asks for it.
pub fn could_open(
    place: &Place,
    environment: &EnvironmentSeen,
    option: Option<&str>,
    key: Option<&Path>,
) -> Result<(), Problem> {
    if !environment.signs_sessions() {
        return Ok(());
    }
    let (said, _) = operator(option, &place.root)?;
    let config = place.configuration();
    let who = config.map_or(said.as_str(), |config| config.person(&said));
    let name = config.and_then(|config| config.people.get(who)?.name.as_deref());
    could_sign(approvals::signers(place, &time_zone()?), (who, name), KeyFile::of_key(key))
}

/// The same, of a run that is there: by the keys that it knows.
pub fn could_take_up(dir: &Path, opened: &RunOpened, said: &str, key: Option<&Path>) -> Result<(), Problem> {
    if !opened.environment.signs_sessions() {
        return Ok(());
    }
    let signers =
        by_key::signers(opened, |blob| holdpoint_record::text_blob(dir, blob).map_err(blob_problem))?;
    let people = People::of(opened);
    let who = people.principal(said);
    let name = opened.printed_name(who).map(String::as_str);
    could_sign(Ok(signers), (who, name), KeyFile::of_key(key)).map_err(|refused| {
        let number = opened.number;
        refused.adding(&format!(
            "Where no key of theirs can count any more, this ends the run: holdpoint resume {number} --abort REASON"
        ))
    })
}

fn could_sign(
    signers: Result<Signers, String>,
    (who, name): (&str, Option<&str>),
    key: KeyFile<'_>,
) -> Result<(), Problem> {
    not_in_a_block("no session is signed")?;
    let nothing = "Nothing was run or written.";
    let refused = |why: String, help: String| {
        Problem::refused(format!("the session cannot be signed: {why}"), format!("{help}{nothing}"))
    };
    let signers = signers.map_err(|why| refused(why, String::new()))?;
    if !signers.allowed.names(who) {
        let names = signers.allowed.principals();
        let help = match nearest(who, &names) {
            Some(near) => format!("Did you mean {near}? "),
            None if names.is_empty() => {
                "holdpoint.toml names the file of allowed signers: [signers] file = \"…\". ".to_owned()
            }
            None => format!("allowed_signers names {}. ", names.join(", ")),
        };
        return Err(refused(format!("{who} is not among the allowed signers"), help));
    }
    if !signers.allowed.may(who, SESSION) {
        return Err(refused(
            format!("allowed_signers lets {who} sign other things, and no session"),
            format!("Add {SESSION} to the namespaces on a line of theirs, or leave that option out. "),
        ));
    }
    if name.is_none() {
        return Err(refused(
            format!("a signed session shows a printed name, and holdpoint.toml has none for {who}"),
            format!("Add it: [people.\"{who}\"] with name = \"First Last\". "),
        ));
    }
    match by_key::unable(&signers, who, SESSION, key) {
        Some(why) => Err(refused(why, String::new())),
        None => Ok(()),
    }
}

/// Has whoever operates sign that they do, where that is waited for, and records it. Nothing else may happen before.
pub fn sign(
    screen: &Screen,
    recorder: &mut OnDisk<'_>,
    seat: &Login,
    key: Option<&Path>,
) -> Result<(), Problem> {
    let run = recorder.run();
    // To write down that it was ended takes no key.
    let due = run.is_session_unsigned() && !run.is_aborted();
    let Some(opened) = run.opened().filter(|_| due) else { return Ok(()) };
    let number = opened.number;
    let who = run.principal(run.operator()).to_owned();
    let name = opened.printed_name(&who).cloned().unwrap_or_else(|| who.clone());
    let by = By { who, via: Via::Command };
    let given = SignedSession::as_sign_off(name, seat, by.clone());
    let (view, store) = recorder.view_and_store();
    let why = match by_key::sign(&view, given, What::Session, KeyFile::of_key(key), store)? {
        Signature::Given(given) => {
            let Some(signature) = given.signature else {
                return Err(Problem::fault("a signature is missing", "This is a fault of holdpoint."));
            };
            let (name, assurance, by) = (given.name, given.assurance, given.by);
            let signed = SignedSession { name, assurance, signature, seat: seat.clone(), by };
            let when = holdpoint_report::clock(Timestamp::now(), &TimeZone::system());
            let told = format!(
                "session signed by {} ({}) with {}, {when}",
                signed.name, signed.by.who, signed.signature.key
            );
            recorder.record(vec![Event::SessionSigned(Box::new(signed))])?;
            screen.say_hung("  ", &screen.neutralise(&told));
            return Ok(());
        }
        Signature::Refused(why) | Signature::None(why) => why,
    };
    // Failed attempts are evidence too.
    let text = format!("a session was not signed: {why}");
    recorder.record(vec![Event::Note { text, step: None, corrects: None, by }])?;
    Err(Problem::refused(
        format!("the session was not signed, and so nothing is done in it: {why}"),
        format!(
            "Nothing was executed. With a key that counts: holdpoint resume {number} --key FILE. The run goes by the \
             allowed_signers of when it opened and by those of today. Where none can count any more: holdpoint resume \
             {number} --abort REASON ends it, which takes no key."
        ),
    ))
}
