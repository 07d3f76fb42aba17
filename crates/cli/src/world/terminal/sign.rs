//! A release, typed at the terminal.

use holdpoint_document::{Assurance, Work};
use holdpoint_engine::{By, Choice, Event, SignedOff, Task, Via};

use super::ask::{self, Asked};
use super::me;
use crate::problem::Problem;
use crate::screen;
use crate::world::{Answer, Journal, Scene};

/// Takes a release, a rejection, or leaves the run waiting.
pub(super) fn release(scene: &Scene<'_>, task: Task, _journal: &mut dyn Journal) -> Result<Answer, Problem> {
    let plan = scene.plan;
    let Some(Work::SignOff(sign_off)) = task.work(plan) else { return Ok(Answer::Park) };
    let (step, action) = (task.step_of(plan).id.clone(), task.id(plan));
    let signed: Vec<&str> = scene.run.signers(task).collect();
    if !signed.is_empty() {
        screen::say(&format!("  released so far by {}; it takes {}", signed.join(", "), sign_off.count));
    }
    let options: &[(&'static str, char, &str)] = &[
        ("park", 'p', "leave the run waiting for the release"),
        ("sign", 's', "release it: whoever holds the role types their name"),
        ("reject", 'j', "refuse to release it, with a written reason; nothing is rolled back"),
        ("note", 'n', "write a note into the record"),
        ("abort", 'a', "end the run here, for good"),
    ];
    let Asked::Said(word) = ask::one_of("What now?", options, false) else { return Ok(Answer::Park) };
    match word {
        "sign" => {
            let Asked::Said(who) = ask::text("Who releases it (as holdpoint.toml names people)?") else {
                return Ok(Answer::Park);
            };
            let by = By { who, via: Via::Terminal };
            let refused = |reason: String, by: By| {
                screen::say(&format!(
                    "  {} {}",
                    screen::style().red().apply_to("refused:"),
                    screen::neutralise(&reason)
                ));
                let (step, action) = (step.clone(), action.clone());
                Ok(Answer::Events(vec![Event::SignOffRefused { step, action, reason, by }]))
            };
            if let Some(reason) = scene.run.role_refusal(sign_off, &by.who) {
                return refused(reason, by);
            }
            let known = scene.run.opened().and_then(|opened| opened.people.get(&by.who)).cloned();
            let printed = match known {
                Some(name) => {
                    screen::say(&format!("  {} signs by typing their printed name: {name}", by.who));
                    let same =
                        |text: &str| if text == name { Ok(()) } else { Err(format!("Type {name} to sign.")) };
                    ask::fitting("Printed name", same)
                }
                None => ask::text("Printed name"),
            };
            let Asked::Said(name) = printed else { return Ok(Answer::Park) };
            let statement = scene.run.statement(sign_off).unwrap_or_default();
            let (role, meaning, assurance) = (sign_off.role.clone(), sign_off.meaning, Assurance::Typed);
            let given = SignedOff {
                step: step.clone(),
                action: action.clone(),
                role,
                meaning,
                statement,
                name,
                assurance,
                by,
            };
            match scene.run.sign_off_refusal(plan, task, &given) {
                Some(reason) => refused(reason, given.by),
                None => Ok(Answer::Events(vec![Event::SignOffGiven(given)])),
            }
        }
        "reject" => {
            let Asked::Said(who) = ask::text("Who rejects it?") else { return Ok(Answer::Park) };
            let Asked::Said(reason) = ask::text("Why?") else { return Ok(Answer::Park) };
            let by = By { who, via: Via::Terminal };
            if let Some(refusal) = scene.run.role_refusal(sign_off, &by.who) {
                screen::say(&format!("  refused: {}", screen::neutralise(&refusal)));
                return Ok(Answer::Events(vec![Event::SignOffRefused { step, action, reason: refusal, by }]));
            }
            Ok(Answer::Events(vec![Event::SignOffRejected { step, action, reason, by }]))
        }
        "note" => {
            let Asked::Said(text) = ask::text("Note") else { return Ok(Answer::Park) };
            Ok(Answer::Events(vec![Event::Note { text, step: Some(step), corrects: None, by: me(scene) }]))
        }
        "abort" => {
            let Asked::Said(reason) = ask::text("Why is it aborted?") else { return Ok(Answer::Park) };
            let (choice, by) = (Choice::Abort, me(scene));
            Ok(Answer::Events(vec![Event::Decision { step, action, choice, reason: Some(reason), by }]))
        }
        _ => Ok(Answer::Park),
    }
}
