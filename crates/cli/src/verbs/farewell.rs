//! What is said of a run that is left: how it ended, or what it waits for.

use std::path::Path;

use holdpoint_document::{Plan, Work, many};
use holdpoint_driver::Stop;
use holdpoint_engine::{EnvironmentSeen, Question, Run, Verdict};
use jiff::Timestamp;

use super::verdict::{exit_of, verdict_words};
use crate::exit::Exit;
use crate::screen::Screen;
use crate::world::{tell_rejection, tell_sign_off_terms, tell_still_done};

/// Says how it ended and what to do next.
pub fn farewell(
    screen: &Screen,
    run: &Run,
    plan: &Plan,
    (stop, number): (Stop, u64),
    key: Option<&Path>,
) -> Exit {
    screen.say("");
    match stop {
        Stop::Done(verdict) => {
            let at_all = holdpoint_report::clock(Timestamp::now(), &jiff::tz::TimeZone::system());
            let deviations = match run.deviations() {
                0 => "no deviations".to_owned(),
                deviations => many(deviations, "deviation"),
            };
            let exit = exit_of(verdict);
            let style = if exit == Exit::Passed { screen.style().green() } else { screen.style().red() };
            let words = verdict_words(verdict).to_uppercase();
            screen.tell(&format!("Run {number}: {} · {deviations} · {at_all}", style.bold().apply_to(words)));
            if !matches!(verdict, Verdict::Passed | Verdict::NothingDone) {
                tell_still_done(screen, run, plan);
            }
            if run.asks_for_anchored_seal() {
                let environment = run.opened().map_or("", |opened| opened.environment.name.as_str());
                let environment = screen.neutralise(environment);
                screen.tell(&format!(
                    "  {environment} asks for an anchor over its seal: holdpoint anchor {number}"
                ));
            }
            screen.tell(&format!(
                "  holdpoint verify {number}   holdpoint report {number}   holdpoint replay {number}"
            ));
            exit
        }
        Stop::Parked(task, question) => {
            let step = task.step_of(plan);
            let what = match question {
                Question::SignOff => "a sign-off",
                Question::Failed => "a decision on a failure",
                Question::Barred => "rules that hold",
                Question::InDoubt => "a decision on what is in doubt",
                Question::Record => "values to be written down",
                Question::Choose => "an answer to a command that is offered",
                _ => "the operator",
            };
            let title = screen.neutralise(&run.step_in_words(step));
            let back = run.rolling_back(plan);
            let (within, of) =
                if back.is_some() { (" in its rollback", "the rollback of ") } else { ("", "") };
            screen.tell(&format!(
                "Run {number}: {}{within} · at {of}{title}, waiting for {what}",
                screen.style().yellow().bold().apply_to("PARKED")
            ));
            if let Some(back) = back {
                screen.tell(&screen.neutralise(&format!("  {}", back.words(run, plan, false))));
            }
            if let (Question::SignOff, Some(Work::SignOff(sign_off))) = (question, task.work(plan)) {
                screen.tell(&format!(
                    "  whoever has the role {} types, from their own account: holdpoint sign {number}",
                    screen.neutralise(&sign_off.role)
                ));
            }
            if question == Question::SignOff {
                tell_sign_off_terms(screen, run, plan, task);
            }
            tell_rejection(screen, run, task);
            let go_on = going_on(run, number, key);
            let anchored = format!("once it is signed off and anchored (holdpoint anchor {number})");
            let after = format!("once it is anchored (holdpoint anchor {number})");
            let when = match question {
                Question::SignOff if run.asks_for_anchored_seal() => anchored.as_str(),
                Question::SignOff => "once it is signed off",
                _ if run.anchor_wanted().is_some() => after.as_str(),
                _ => "go on with",
            };
            screen.tell(&screen.neutralise(&format!("  {when}: {go_on}")));
            Exit::Parked
        }
    }
}

/// The command that takes the run up again: where sessions are signed, by the key that signed this one.
pub fn going_on(run: &Run, number: u64, key: Option<&Path>) -> String {
    let signs = run.opened().is_some_and(|opened| opened.environment.signs_sessions());
    let key = key.filter(|_| signs).map(|key| {
        let key = key.to_string_lossy();
        format!(" --key {}", shlex::try_quote(&key).unwrap_or_default())
    });
    format!("holdpoint resume {number}{}", key.unwrap_or_default())
}

/// The same command for whoever that will be: which key is theirs, nobody knows.
pub fn resuming(environment: &EnvironmentSeen, number: u64) -> String {
    let key = if environment.signs_sessions() { " --key FILE" } else { "" };
    format!("holdpoint resume {number}{key}")
}

/// What goes without that key.
pub const BY_AGENT: &str = "without --key the SSH agent signs the session";
