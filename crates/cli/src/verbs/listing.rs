//! `runs` and `show`.

use holdpoint_engine::Choice;
use holdpoint_report::{clock, clock_of, soaks, took};
use holdpoint_view::{SignOffEvent, SignOffFacts, StepSummary, Summary};
use serde_json::json;

use super::anchored;
use super::handover::accepting;
use super::history::known;
use super::read::{store_problem, summed_up};
use super::reviewed;
use super::standing::{Standing, Unreadable, standings};
use super::verdict::verdict_words;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;

/// What is said of a run in which the engine did not ask for every event.
const DOES_NOT_CONFORM: &str = "does not conform";

/// Lists every run of the store. One that cannot be read, or does not conform, is listed as such, and the exit code says
/// that there is one.
pub fn runs(screen: &Screen, arguments: &args::Listing) -> Result<Exit, Problem> {
    let place = Place::here()?;
    let runs = place.store().runs().map_err(store_problem)?;
    if let Some(env) = &arguments.env {
        known(&place, env)?;
    }
    let book = arguments.runbook.as_deref().map(|book| place.relative(book));
    // Of a run that cannot be read nobody knows whether it is asked for: it is listed.
    let wanted = |standing: &Standing| {
        let opened = &standing.opened;
        book.as_ref().is_none_or(|book| *book == opened.runbook.path)
            && arguments.env.as_ref().is_none_or(|env| *env == opened.environment.name)
            && (!arguments.open || standing.verdict.is_none())
    };
    let (mut rows, mut exit) = (Vec::new(), Exit::Passed);
    for (dir, standing) in runs.iter().zip(standings(&runs)) {
        if standing.as_ref().is_ok_and(|standing| !wanted(standing)) {
            continue;
        }
        let row = match standing {
            Ok(Standing { opened, verdict, broken, first, last, sealed }) => {
                let state = match (&broken, verdict) {
                    (Some(_), _) => DOES_NOT_CONFORM,
                    (None, Some(verdict)) => verdict_words(verdict),
                    (None, None) => "open",
                };
                let mut row = json!({"number": dir.number, "name": dir.name, "id": opened.id, "state": state,
                       "environment": opened.environment.name, "runbook": opened.runbook.path,
                       "title": opened.title(), "operator": opened.session.operator,
                       "opened": first, "last": last, "sealed": sealed});
                if let Some(why) = broken {
                    exit = Exit::Record;
                    row["error"] = why.into();
                }
                row
            }
            Err(Unreadable { problem, never_opened }) => {
                if !never_opened {
                    exit = Exit::Record;
                }
                json!({"number": dir.number, "name": dir.name, "state": "unreadable", "error": problem.to_string()})
            }
        };
        rows.push(row);
    }
    if arguments.format == Format::Json {
        screen.data(&serde_json::to_string_pretty(&rows).unwrap_or_default());
        return Ok(exit);
    }
    if rows.is_empty() && !runs.is_empty() {
        screen.say("No run is like that. Without options, all are listed.");
    } else if rows.is_empty() {
        screen.say("There are no runs yet. Open one with: holdpoint run FILE");
    }
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let opened = text("opened");
        let when = opened.split('.').next().unwrap_or_default().replace('T', " ");
        let line = match row.get("error") {
            Some(_) => format!("{:>5}  {:<11}  {}", row["number"], text("state"), text("error")),
            None => format!(
                "{:>5}  {:<11}  {:<12}  {when:<19}  {:<24}  {}",
                row["number"],
                text("state"),
                text("environment"),
                text("operator"),
                text("title"),
            ),
        };
        screen.data(&screen.neutralise(&line));
    }
    Ok(exit)
}

/// One run at a glance.
pub fn show(screen: &Screen, arguments: &args::Reading) -> Result<Exit, Problem> {
    let summary = summed_up(&arguments.run, arguments.format == Format::Text)?;
    screen.data(&match arguments.format {
        Format::Json => serde_json::to_string_pretty(&summary)
            .map_err(|error| Problem::fault(error.to_string(), "This is a fault of holdpoint."))?,
        Format::Text => screen.neutralise(&glance(screen, &summary)),
    });
    Ok(if summary.break_words().is_some() { Exit::Record } else { Exit::Passed })
}

/// A run on one screen.
fn glance(screen: &Screen, summary: &Summary) -> String {
    let (run, document) = (&summary.run, &summary.document);
    let zone = jiff::tz::TimeZone::system();
    let mut lines = vec![format!("Run {} · {} · {}", run.number, summary.verdict_words(), document.title)];
    // A line of somebody's text passes for no line of ours.
    let mut fact = |name: &str, value: String| {
        let name = if name.len() < 13 { name.to_owned() } else { format!("{name} ") };
        lines.push(format!("  {name:<13}{}", value.replace('\n', "\n    │ ")));
    };
    let id =
        document.document_id.iter().chain(&document.revision).cloned().collect::<Vec<_>>().join(" revision ");
    fact("document", format!("{} {id}", document.path).trim_end().to_owned());
    fact("environment", run.environment.name.clone());
    fact("opened", clock(run.opened, &zone));
    fact("last event", format!("{}, {} events in all", clock(run.last, &zone), run.events));
    for session in &summary.sessions {
        let what = if session.n == 0 { "operator" } else { "resumed by" };
        fact(what, format!("{} on {}", session.session.operator, session.session.host));
    }
    for signed in &summary.signed_sessions {
        fact("signed by key", format!("session at event {}, by {} ({})", signed.n, signed.who, signed.key));
    }
    if let Some(why) = &summary.no_anchor {
        fact("anchors", format!("none, and {why}"));
    }
    if let Some(unsigned) = &summary.unsigned {
        fact("note", unsigned.clone());
    }
    if let Some(broken) = summary.break_words() {
        fact("conforms", format!("no: {broken}"));
        fact("", "nothing from that event on counts; see `holdpoint verify`".to_owned());
    }
    if let Some(waits) = &summary.waits {
        let role = waits.role.as_ref().map(|role| format!(", the role {role}")).unwrap_or_default();
        fact(
            "waits at",
            format!(
                "{} {}{} ({}{role})",
                waits.number,
                waits.step,
                at_place(waits.place.as_deref()),
                waits.status.words().to_lowercase()
            ),
        );
        if summary.handovers.iter().all(|handover| handover.end.is_some()) {
            fact("go on with", format!("holdpoint resume {}", run.number));
        }
    }
    if let Some(independence) = &summary.independence {
        fact("note", independence.clone());
    }
    for approved in &summary.approvals {
        fact(
            "approved by",
            format!("{} ({}), {}", approved.name, approved.who, clock_of(&approved.time, &zone)),
        );
    }
    if let Some(rehearsed) = &summary.rehearsed {
        let ended = clock(rehearsed.ended, &zone);
        fact("rehearsed", format!("in {}, run {}, {ended}", rehearsed.environment, rehearsed.number));
    }
    for one in &summary.anchors {
        fact("anchor", anchored::words(one));
    }
    if let Some(why) = &summary.anchors_wrong {
        fact("anchors", format!("do not hold: {why}"));
    }
    for one in &summary.reviews {
        fact("review", reviewed::words(one));
    }
    if let Some(why) = &summary.reviews_wrong {
        fact("reviews", format!("do not hold: {why}"));
    }
    for unmet in summary.all_unmet() {
        fact("did not hold", unmet.why.clone());
    }
    if summary.barred {
        fact("goes no further", "nobody overrode what did not hold; open a new run".to_owned());
    }
    for deviation in &summary.deviations {
        let rules = deviation.rules();
        if !rules.is_empty() {
            let whose = format!(
                "{}, role {}",
                deviation.by.who,
                deviation.overridden.as_ref().map_or("", |it| &it.role)
            );
            fact("OVERRIDDEN", format!("{rules}, by {whose}: {}", deviation.reason));
            continue;
        }
        if let Some(exchanged) = &deviation.exchanged {
            let (path, sha256) = (&exchanged.runbook.path, &exchanged.runbook.blob.sha256);
            let (who, reason) = (&deviation.by.who, &deviation.reason);
            fact(
                "deviation",
                format!(
                    "{}, by {who}: {path} is sha256 {sha256} from event {} on: {reason}",
                    deviation.kind, deviation.n
                ),
            );
            continue;
        }
        let of = deviation.action.as_ref().unwrap_or(&deviation.step);
        let what = if deviation.of_rollback { "the rollback " } else { "" };
        fact(
            "deviation",
            format!(
                "{what}{of}{} {}, by {}: {}",
                at_place(deviation.place.as_deref()),
                deviation.kind,
                deviation.by.who,
                deviation.reason
            ),
        );
    }
    for (name, what) in decided(summary, &zone) {
        fact(name, what);
    }
    for still in summary.still_done() {
        fact("not undone", still);
    }
    for handover in &summary.handovers {
        let end = match &handover.end {
            None => format!("; waits to be accepted: {}", accepting(run.number, &handover.to)),
            Some(end) if end.accepted => "; accepted".to_owned(),
            Some(end) => format!("; withdrawn by {}", end.by.who),
        };
        let note = handover.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        fact("handed over", format!("by {} to {}{note}{end}", handover.by.who, handover.to));
    }
    for note in &summary.notes {
        fact("note", format!("{}: {}", note.by.who, note.text));
    }
    lines.push(String::new());
    for step in &summary.steps {
        let expected = step.expected_ms.map(|ms| format!("expected {}", took(ms)));
        let took = (step.elapsed_ms > 0).then(|| took(step.elapsed_ms));
        let took = took.into_iter().chain(expected).collect::<Vec<_>>().join(", ");
        let title = screen.at_most(46, &step.title);
        lines.push(
            format!("  {:<8}{title:<48}{:<24}{took}", step.number, step.status.words()).trim_end().to_owned(),
        );
        lines.extend(places(screen, step));
        for action in &step.actions {
            let told = soaks(action).into_iter();
            lines.extend(told.map(|told| format!("  {:<8}{} {}", "", action.id, screen.neutralise(&told))));
        }
    }
    lines.join("\n")
}

/// What was signed off, refused, ended or rolled back, by whom and why, in the order in which it happened.
fn decided(summary: &Summary, zone: &jiff::tz::TimeZone) -> Vec<(&'static str, String)> {
    let mut told: Vec<(u64, &'static str, String)> = Vec::new();
    for SignOffFacts { n, at, action, what, .. } in &summary.sign_offs {
        let (name, reason, by) = match what {
            SignOffEvent::Rejected { reason, by, .. } => ("rejected", reason, by),
            SignOffEvent::Refused { reason, by } => ("did not count", reason, by),
            SignOffEvent::Given { name, presence, counts, by, .. } => {
                let from = presence.as_ref().map(|presence| format!(", from {}", presence.words()));
                let lapsed = if *counts { "" } else { ", counts no more" };
                let text = format!(
                    "{action}, by {name} ({}), {}{}{lapsed}",
                    by.who,
                    clock(*at, zone),
                    from.unwrap_or_default()
                );
                told.push((*n, "signed off", text));
                continue;
            }
            SignOffEvent::Requested { .. } | SignOffEvent::Lapsed { .. } => continue,
        };
        let how = if name == "rejected" { "" } else { "an attempt to sign " };
        told.push((*n, name, format!("{how}{action}, by {}, {}: {reason}", by.who, clock(*at, zone))));
    }
    for decision in summary.decisions.iter().filter(|decision| decision.choice == Choice::Abort) {
        let reason = decision.reason.as_deref().unwrap_or("no reason given");
        told.push((
            decision.n,
            "aborted",
            format!("at {}, by {}: {reason}", decision.action, decision.by.who),
        ));
    }
    for rollback in &summary.rollbacks {
        let by = rollback.by.as_ref().map_or("the document", |by| &by.who);
        let reason = match (&rollback.reason, &rollback.by) {
            (Some(reason), _) => format!(": {reason}"),
            (None, Some(_)) => ": no reason given".to_owned(),
            (None, None) => String::new(),
        };
        told.push((rollback.n, "rollback", format!("asked for by {by}{reason}")));
    }
    told.sort_by_key(|(n, ..)| *n);
    told.into_iter().map(|(_, name, what)| (name, what)).collect()
}

/// A line for each place of a step that is done at several: what became of its actions there.
fn places(screen: &Screen, step: &StepSummary) -> Vec<String> {
    let Some(by_place) = step.by_place() else { return Vec::new() };
    let line = |place: &&str| {
        let told = by_place.actions.iter().zip(by_place.row(place));
        let told: Vec<(&str, &str)> =
            told.filter_map(|(action, here)| Some((action.id.as_str(), here?.status.words()))).collect();
        let words = match &told[..] {
            [(_, first), rest @ ..] if rest.iter().all(|(_, words)| words == first) => (*first).to_owned(),
            _ => told.iter().map(|(id, words)| format!("{id} {words}")).collect::<Vec<_>>().join(", "),
        };
        format!("  {:<8}at {:<45}{words}", "", screen.at_most(44, place))
    };
    by_place.places.iter().map(line).collect()
}

fn at_place(place: Option<&str>) -> String {
    place.map(|place| format!(" at {place}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use holdpoint_engine::Status;
    use holdpoint_view::{ActionSummary, PlaceSummary};

    use super::*;

    fn action(id: &str, statuses: &[Status]) -> ActionSummary {
        let place = |(n, status): (usize, &Status)| PlaceSummary {
            place: format!("ssh://web-0{}", n + 1),
            status: *status,
            attempts: 1,
            duration_ms: 1,
        };
        ActionSummary {
            id: id.to_owned(),
            kind: "run",
            status: Status::Failed,
            attempts: 1,
            started: None,
            ended: None,
            duration_ms: 3,
            places: statuses.iter().enumerate().map(place).collect(),
            who: Vec::new(),
            history: Vec::new(),
        }
    }

    fn step(actions: Vec<ActionSummary>) -> StepSummary {
        StepSummary {
            id: "deploy".to_owned(),
            file: None,
            number: "1".to_owned(),
            title: "Deploy".to_owned(),
            path: Vec::new(),
            role: None,
            status: Status::Failed,
            rounds: 1,
            started: None,
            ended: None,
            elapsed_ms: 0,
            expected_ms: None,
            performers: Vec::new(),
            history: Vec::new(),
            actions,
            rollback: None,
            rollback_blocks: Vec::new(),
        }
    }

    #[test]
    fn a_step_at_three_places_of_which_one_failed_has_a_line_for_each() {
        use Status::{Failed, NotReached, Passed};
        let at_three = step(vec![
            action("deploy#1", &[Passed, Failed, Passed]),
            action("deploy#2", &[Passed, NotReached, Passed]),
        ]);
        let told: Vec<String> = places(&Screen::kept(&Default::default()).0, &at_three)
            .iter()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            told,
            [
                "at ssh://web-01 PASSED",
                "at ssh://web-02 deploy#1 FAILED, deploy#2 NOT REACHED",
                "at ssh://web-03 PASSED",
            ]
        );
        let screen = &Screen::kept(&Default::default()).0;
        assert!(
            places(screen, &step(vec![action("deploy#1", &[Failed])])).is_empty(),
            "one place has no table"
        );
        assert!(places(screen, &step(vec![action("deploy#1", &[])])).is_empty());
    }
}
