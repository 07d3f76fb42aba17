//! Going on although it is too late, at the terminal: somebody whose role lets them answers for it.

use holdpoint_document::Assurance;
use std::time::Duration;

use holdpoint_engine::{By, Deviation, DeviationKind, Event, Override, Task, Via};
use jiff::Timestamp;

use super::ask::{self, Asked};
use super::sign::{key_at_hand, printed_name, somebody, unable, wants_a_key};
use crate::by_key::{self, KeyFile, Signature, What};
use crate::operator::not_in_a_block;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::{Answer, RunView, Store};

const REASON: &str =
    "A sentence for whoever reads the record: it stands at the head of every report with your name.";

/// Asks who answers for it and why, and has it signed where the environment asks for a key. `None`: nobody does.
pub(super) fn go_on(
    screen: &Screen,
    view: &RunView<'_>,
    store: &mut Store<'_>,
) -> Result<Option<Answer>, Problem> {
    not_in_a_block("rules are not overridden")?;
    if !key_at_hand(screen, view, "overridden") {
        return Ok(None);
    }
    let Asked::Said(who) = somebody(screen, view, "Who answers for it (as holdpoint.toml names people)?")
    else {
        return Ok(None);
    };
    let who = view.run.principal(&who).to_owned();
    let nothing = |why: &str| screen.say_hung("  Nothing was overridden: ", &screen.neutralise(why));
    let role = match view.run.may_override(&who) {
        Ok(role) => role,
        Err(why) => {
            nothing(&why);
            return Ok(None);
        }
    };
    if let Some(why) = unable(view, &who, store)? {
        nothing(&why);
        return Ok(None);
    }
    let Asked::Said(reason) = ask::text(screen, "Why does it go on all the same?", REASON) else {
        return Ok(None);
    };
    let configured = view.run.opened().and_then(|opened| opened.printed_name(&who)).cloned();
    let name = match configured.filter(|_| wants_a_key(view)) {
        Some(name) => name,
        None => match printed_name(screen, view, &who, "signs") {
            Asked::Said(name) => name,
            Asked::Left => return Ok(None),
        },
    };
    let rules = view.run.barred().to_vec();
    let overridden = Override { rules, role, name, assurance: Assurance::Typed, signature: None };
    let by = By { who, via: Via::Terminal };
    let deviation =
        Deviation::of(DeviationKind::PolicyOverridden, "", None, reason, by).overriding(overridden);
    let Event::Deviation(mut deviation) = view.secrets.masked_event(Event::Deviation(deviation))? else {
        return Err(Problem::fault(
            "an override was masked into something else",
            "This is a fault of holdpoint.",
        ));
    };
    if let (true, Some(given)) = (wants_a_key(view), deviation.as_sign_off()) {
        match by_key::sign(view, given, What::Override, KeyFile::of_override_key(None), store)? {
            Signature::Given(given) => {
                if let Some(overridden) = &mut deviation.overridden {
                    overridden.assurance = given.assurance;
                    overridden.signature = given.signature;
                }
            }
            Signature::Refused(why) | Signature::None(why) => {
                nothing(&why);
                return Ok(None);
            }
        }
    }
    Ok(Some(Answer::Events(vec![Event::Deviation(deviation)])))
}

/// Whether whoever sits there waits for the time of a step; what else there is, they are asked next.
pub(super) fn waits(screen: &Screen, view: &RunView<'_>, task: Task, until: Timestamp) -> bool {
    let now = Timestamp::now();
    let written = task.step_of(view.plan).not_before.as_ref().map(ToString::to_string).unwrap_or_default();
    let left = holdpoint_engine::duration(Duration::from_secs(
        u64::try_from(until.duration_since(now).as_secs()).unwrap_or(0),
    ));
    let mark = screen.style().yellow().bold().apply_to("NOT YET");
    screen.say_hung(
        "  ",
        &format!("{mark} {}", screen.neutralise(&format!("not before {written}: in {left}"))),
    );
    let options = [
        ("wait", 'w', "wait until then"),
        ("otherwise", 'o', "go on all the same, roll back, abort or leave: you are asked"),
    ];
    ask::one_of(screen, "Wait for it?", &options, false) == Asked::Said("wait")
}
