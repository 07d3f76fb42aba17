//! A release, typed at the terminal.

use holdpoint_document::{Assurance, SignOff, Work};
use holdpoint_engine::{By, Event, SignedOff, Task, Via};

use super::ask::{self, Asked};
use crate::screen;
use crate::world::{Answer, Scene};

/// Whose name is asked for.
const WHO: &str =
    "The person who stands here and holds the role, for example qa@example.org. Every attempt is on record.";
/// What a printed name is.
const NAME: &str = "First and last name, typed by that person: it is the signature.";

/// Who has released it so far, where it takes more than one.
pub(super) fn tell_signers(scene: &Scene<'_>, task: Task) {
    let Some(Work::SignOff(sign_off)) = task.work(scene.plan) else { return };
    let signed: Vec<&str> = scene.run.signers(task).collect();
    if !signed.is_empty() {
        screen::tell(&format!("  released so far by {}; it takes {}", signed.join(", "), sign_off.count));
    }
}

/// Takes a release from whoever holds the role. Leaving a prompt leaves the run waiting.
pub(super) fn sign(scene: &Scene<'_>, task: Task) -> Answer {
    let Some(Work::SignOff(sign_off)) = task.work(scene.plan) else { return Answer::Park };
    let Asked::Said(who) = ask::text("Who releases it (as holdpoint.toml names people)?", WHO) else {
        return Answer::Park;
    };
    let by = By { who, via: Via::Terminal };
    if let Some(reason) = scene.run.role_refusal(sign_off, &by.who) {
        return refused(scene, task, reason, by);
    }
    let Asked::Said(name) = printed_name(scene, &by.who) else { return Answer::Park };
    let given = given(scene, task, sign_off, name, by);
    match scene.run.sign_off_refusal(scene.plan, task, &given) {
        Some(reason) => refused(scene, task, reason, given.by),
        None => Answer::Events(vec![Event::SignOffGiven(given)]),
    }
}

/// Takes a rejection with its written reason. Nothing is rolled back by it.
pub(super) fn reject(scene: &Scene<'_>, task: Task) -> Answer {
    let Some(Work::SignOff(sign_off)) = task.work(scene.plan) else { return Answer::Park };
    let Asked::Said(who) = ask::text("Who rejects it?", WHO) else { return Answer::Park };
    let Asked::Said(reason) =
        ask::text("Why?", "A sentence for whoever reads the record: it stands there with that name.")
    else {
        return Answer::Park;
    };
    let by = By { who, via: Via::Terminal };
    if let Some(refusal) = scene.run.role_refusal(sign_off, &by.who) {
        return refused(scene, task, refusal, by);
    }
    let (step, action) = (task.step_of(scene.plan).id.clone(), task.id(scene.plan));
    Answer::Events(vec![Event::SignOffRejected { step, action, reason, by }])
}

/// 21 CFR 11.50 (a) (1): the printed name, as configured where it is.
fn printed_name(scene: &Scene<'_>, who: &str) -> Asked<String> {
    let Some(name) = scene.run.opened().and_then(|opened| opened.people.get(who)) else {
        return ask::text("Printed name", NAME);
    };
    let shown = screen::neutralise(name);
    screen::tell(&format!("  {} signs by typing their printed name: {shown}", screen::neutralise(who)));
    ask::fitting("Printed name", NAME, |text| {
        if text == name { Ok(()) } else { Err(format!("Type {shown} to sign.")) }
    })
}

fn given(scene: &Scene<'_>, task: Task, sign_off: &SignOff, name: String, by: By) -> SignedOff {
    SignedOff {
        step: task.step_of(scene.plan).id.clone(),
        action: task.id(scene.plan),
        role: sign_off.role.clone(),
        meaning: sign_off.meaning,
        statement: scene.run.statement(sign_off).unwrap_or_default(),
        name,
        assurance: Assurance::Typed,
        by,
    }
}

/// Failed attempts are evidence too.
fn refused(scene: &Scene<'_>, task: Task, reason: String, by: By) -> Answer {
    let mark = screen::style().red();
    screen::tell(&format!("  {} {}", mark.apply_to("refused:"), screen::neutralise(&reason)));
    let (step, action) = (task.step_of(scene.plan).id.clone(), task.id(scene.plan));
    Answer::Events(vec![Event::SignOffRefused { step, action, reason, by }])
}
