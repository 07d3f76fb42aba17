//! A sign-off, given at the terminal.

use std::path::Path;

use holdpoint_document::{Assurance, SignOff, Work, unseen};
use holdpoint_engine::{By, Event, People, SignedOff, SignedRejection, Task, Via};
use holdpoint_signing::SIGNOFF;

use super::ask::{self, Asked};
use super::shown::Shown;
use crate::by_key::{self, KeyFile, Signature, What};
use crate::operator::{not_in_a_block, who_else};
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::{Answer, RunView, Store};

/// Whose name is asked for.
const WHO: &str =
    "The person who stands here and holds the role, for example qa@example.org. Every attempt is on record.";
/// What a printed name is.
const NAME: &str = "First and last name, typed by that person: it is the signature.";

/// Takes a sign-off from whoever holds the role. Leaving a prompt goes back to the question before it. Where the environment asks for
/// a key's signature, theirs is asked for; `None`: nothing was signed, the question stands.
pub(super) fn sign(
    screen: &Screen,
    view: &RunView<'_>,
    task: Task,
    shown: &Shown,
    store: &mut Store<'_>,
) -> Result<Option<Answer>, Problem> {
    let Some(Work::SignOff(sign_off)) = task.work(view.plan) else { return Ok(Some(Answer::Park)) };
    not_in_a_block("nothing is signed")?;
    if !key_at_hand(screen, view, "signed") {
        return Ok(None);
    }
    let Asked::Said(who) = somebody(screen, view, "Who signs it off (as holdpoint.toml names people)?")
    else {
        return Ok(None);
    };
    let by = By { who: view.run.principal(&who).to_owned(), via: Via::Terminal };
    if let Some(reason) = view.run.role_refusal(sign_off, &by.who) {
        return Ok(Some(refused(screen, view, task, reason, by)));
    }
    if let Some(why) = unable(view, &by.who, store)? {
        nothing(screen, view, "signed", (&by.who, by.via), &why);
        return Ok(None);
    }
    let configured = view.run.opened().and_then(|opened| opened.printed_name(&by.who)).cloned();
    let name = match configured.filter(|_| wants_a_key(view)) {
        Some(name) => name,
        None => match printed_name(screen, view, &by.who, "signs") {
            Asked::Said(name) => name,
            Asked::Left => return Ok(None),
        },
    };
    give(screen, view, task, given(view, task, sign_off, name, by, shown), None, shown, store)
}

/// Whether a typed name is not enough here.
pub(super) fn wants_a_key(view: &RunView<'_>) -> bool {
    view.run.takes_key(false)
}

/// Says that a key signs, where one does, before anything is asked; whether there is an agent that could have one.
pub(super) fn key_at_hand(screen: &Screen, view: &RunView<'_>, what: &str) -> bool {
    if !wants_a_key(view) {
        return true;
    }
    let least = view.run.least_assurance();
    let text =
        format!("A key signs here, the environment asks for {least}: it is one that the SSH agent holds.");
    screen.say_hung("  ", &text);
    let missing = by_key::no_agent(KeyFile::of_key(None));
    if let Some(why) = &missing {
        nothing(screen, view, what, ("WHO", Via::Terminal), why);
    }
    missing.is_none()
}

/// Why the agent signs nothing for them, where a key must.
pub(super) fn unable(view: &RunView<'_>, who: &str, store: &Store<'_>) -> Result<Option<String>, Problem> {
    let Some(opened) = view.run.opened().filter(|_| wants_a_key(view)) else { return Ok(None) };
    let signers = by_key::signers(opened, |blob| store.get(blob))?;
    Ok(by_key::unable(&signers, who, SIGNOFF, KeyFile::of_key(None)))
}

/// That nothing was signed or rejected, why, and how they do it from where their key is; with `sign` they know.
fn nothing(screen: &Screen, view: &RunView<'_>, what: &str, by: (&str, Via), why: &str) {
    let (who, via) = by;
    let number = view.run.opened().map_or(0, |opened| opened.number);
    let how = if what == "signed" { "" } else { " --reject --reason WHY" };
    let instead = match via {
        Via::Command => why.to_owned(),
        _ => format!("{why}. Or park, and: holdpoint sign {number} --as {who} --key FILE{how}"),
    };
    screen.say_hung(&format!("  Nothing was {what}: "), &screen.neutralise(&instead));
}

/// A name of somebody; of somebody who is listed, where anybody is.
pub(super) fn somebody(screen: &Screen, view: &RunView<'_>, prompt: &str) -> Asked<String> {
    let people = view.run.opened().map(People::of).unwrap_or_default();
    ask::fitting(screen, prompt, WHO, |name| {
        seen(name)?;
        if people.is_empty() || people.knows(name) {
            return Ok(());
        }
        Err(format!("Nobody is listed by that name. {}", who_else(name, &people.names())))
    })
}

/// Signs, by key where the environment asks for one. `None`: nothing was signed, and it was said why.
pub fn give(
    screen: &Screen,
    view: &RunView<'_>,
    task: Task,
    given: SignedOff,
    key: Option<&Path>,
    shown: &Shown,
    store: &mut Store<'_>,
) -> Result<Option<Answer>, Problem> {
    let by_key = view.run.takes_key(key.is_some());
    let by = given.by.clone();
    let given = if by_key {
        match by_key::sign(view, given, What::SignOff(task), KeyFile::of_key(key), store)? {
            Signature::Given(given) => *given,
            Signature::Refused(reason) => return Ok(Some(refused(screen, view, task, reason, by))),
            Signature::None(why) => {
                nothing(screen, view, "signed", (&by.who, by.via), &why);
                return Ok(None);
            }
        }
    } else {
        given
    };
    if let Some(reason) = view.run.sign_off_refusal(view.plan, task, &given) {
        return Ok(Some(refused(screen, view, task, reason, by)));
    }
    shown.keep(store)?;
    Ok(Some(Answer::Events(vec![Event::SignOffGiven(given)])))
}

/// Takes a rejection with its written reason. Nothing is rolled back by it. `None`: nothing was rejected, and it was said
/// why.
pub(super) fn reject(
    screen: &Screen,
    view: &RunView<'_>,
    task: Task,
    shown: &Shown,
    store: &mut Store<'_>,
) -> Result<Option<Answer>, Problem> {
    let Some(Work::SignOff(sign_off)) = task.work(view.plan) else { return Ok(Some(Answer::Park)) };
    not_in_a_block("nothing is rejected")?;
    if !key_at_hand(screen, view, "rejected") {
        return Ok(None);
    }
    let Asked::Said(who) = somebody(screen, view, "Who rejects it?") else { return Ok(None) };
    if let Some(why) = unable(view, view.run.principal(&who), store)? {
        nothing(screen, view, "rejected", (view.run.principal(&who), Via::Terminal), &why);
        return Ok(None);
    }
    let Asked::Said(reason) =
        ask::text(screen, "Why?", "A sentence for whoever reads the record: it stands there with that name.")
    else {
        return Ok(None);
    };
    let by = By { who: view.run.principal(&who).to_owned(), via: Via::Terminal };
    rejection(screen, view, (task, sign_off), (reason, by), None, shown, store)
}

/// Rejects it, by key where the environment asks for one, else by typing the printed name that is configured: a rejection
/// takes the assurance that a sign-off takes. `None`: nothing was rejected, and it was said why.
pub(super) fn rejection(
    screen: &Screen,
    view: &RunView<'_>,
    (task, sign_off): (Task, &SignOff),
    (reason, by): (String, By),
    key: Option<&Path>,
    shown: &Shown,
    store: &mut Store<'_>,
) -> Result<Option<Answer>, Problem> {
    if let Some(refusal) = view.run.role_refusal(sign_off, &by.who) {
        return Ok(Some(refused(screen, view, task, refusal, by)));
    }
    let by_key = view.run.takes_key(key.is_some());
    let signed = if by_key {
        let Some(name) = view.run.opened().and_then(|opened| opened.printed_name(&by.who)).cloned() else {
            return Err(Problem::usage(
                format!(
                    "a rejection by key shows a printed name, and holdpoint.toml has none for {}",
                    by.who
                ),
                format!("Add it: [people.\"{}\"] with name = \"First Last\"; it counts in new runs.", by.who),
            ));
        };
        let given = given(view, task, sign_off, name, by.clone(), shown);
        match by_key::sign(view, given, What::Rejection(&reason), KeyFile::of_key(key), store)? {
            Signature::Given(given) => as_rejection(*given),
            Signature::Refused(why) => return Ok(Some(refused(screen, view, task, why, by))),
            Signature::None(why) => {
                nothing(screen, view, "rejected", (&by.who, by.via), &why);
                return Ok(None);
            }
        }
    } else {
        let is_named = view.run.opened().is_some_and(|opened| opened.printed_name(&by.who).is_some());
        if is_named && matches!(printed_name(screen, view, &by.who, "rejects"), Asked::Left) {
            nothing(screen, view, "rejected", (&by.who, by.via), "The printed name was not typed");
            return Ok(None);
        }
        None
    };
    let presence = Some(shown.presence(view));
    if let Some(refusal) = view.run.rejection_refusal(sign_off, signed.as_deref(), presence.as_deref(), &by) {
        return Ok(Some(refused(screen, view, task, refusal, by)));
    }
    shown.keep(store)?;
    let (step, action) = (task.step_of(view.plan).id.clone(), task.id(view.plan));
    Ok(Some(Answer::Events(vec![Event::SignOffRejected { step, action, reason, signed, presence, by }])))
}

/// What a key signed, of a rejection.
pub fn as_rejection(given: SignedOff) -> Option<Box<SignedRejection>> {
    let SignedOff { role, meaning, statement, name, assurance, signature, .. } = given;
    let rejection = |signature| SignedRejection { role, meaning, statement, name, assurance, signature };
    signature.map(rejection).map(Box::new)
}

/// Whether all of a name can be seen.
fn seen(name: &str) -> Result<(), String> {
    let c = unseen(name).map(u32::from);
    c.map_or(Ok(()), |c| Err(format!("It has the character U+{c:04X}, which nobody sees. Type it without.")))
}

/// 21 CFR 11.50 (a) (1): the printed name, as configured where it is.
pub(super) fn printed_name(screen: &Screen, view: &RunView<'_>, who: &str, does: &str) -> Asked<String> {
    let Some(name) = view.run.opened().and_then(|opened| opened.printed_name(who)) else {
        return ask::fitting(screen, "Printed name", NAME, seen);
    };
    let shown = screen.neutralise(name);
    screen.tell(&format!("  {} {does} by typing their printed name: {shown}", screen.neutralise(who)));
    ask::fitting(screen, "Printed name", NAME, |text| {
        if text == name { Ok(()) } else { Err(format!("Type {shown}, as it stands in holdpoint.toml.")) }
    })
}

/// The sign-off as it will be recorded, typed so far, by somebody who was shown this.
pub fn given(
    view: &RunView<'_>,
    task: Task,
    sign_off: &SignOff,
    name: String,
    by: By,
    shown: &Shown,
) -> SignedOff {
    SignedOff {
        step: task.step_of(view.plan).id.clone(),
        action: task.id(view.plan),
        role: sign_off.role.clone(),
        meaning: sign_off.meaning,
        statement: view.run.statement(sign_off).unwrap_or_default(),
        name,
        assurance: Assurance::Typed,
        signature: None,
        presence: Some(shown.presence(view)),
        by,
    }
}

/// Failed attempts are evidence too.
pub fn refused(screen: &Screen, view: &RunView<'_>, task: Task, reason: String, by: By) -> Answer {
    let mark = screen.style().red();
    screen.tell(&format!("  {} {}", mark.apply_to("refused:"), screen.neutralise(&reason)));
    let (step, action) = (task.step_of(view.plan).id.clone(), task.id(view.plan));
    Answer::Events(vec![Event::SignOffRefused { step, action, reason, by }])
}
