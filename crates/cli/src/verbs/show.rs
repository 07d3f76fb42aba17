//! `show`: one run at a glance.

use console::Style;
use holdpoint_document::{many, rollback_of};
use holdpoint_engine::{By, Choice, Status};
use holdpoint_report::{clock, clock_of, soaks, took};
use holdpoint_view::{
    Driver, ExpungedFacts, Happening, LapsingFacts, RunningNow, SignOffEvent, SignOffFacts, StepSummary,
    Summary, What,
};

use super::anchored;
use super::choice::{Among, chosen};
use super::farewell::{BY_AGENT, resuming};
use super::handover::accepting;
use super::one_step;
use super::read::summed_up;
use super::reviewed;
use super::runs::Tone;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::{Cell, Screen, Table};

/// One run at a glance.
pub fn show(screen: &Screen, arguments: &args::Reading) -> Result<Exit, Problem> {
    let dir = chosen(screen, arguments.run.as_deref(), Among::All)?;
    if (arguments.output || arguments.attempts) && arguments.format == Format::Json {
        let option = if arguments.attempts { "--attempts" } else { "--output" };
        return Err(Problem::usage(
            format!("{option} shows what was printed as text, and --format json is no text"),
            "Leave one of them out; JSON names the blobs that hold it.",
        ));
    }
    let overview = arguments.format == Format::Text && arguments.step.is_none();
    let summary = summed_up(&dir, overview)?;
    let step = arguments.step.as_deref().map(|named| one_step::step(&summary, named)).transpose()?;
    match (arguments.format, step) {
        (Format::Json, Some(step)) => screen.data(&json(&step)?),
        (Format::Json, None) => screen.data(&json(&summary)?),
        (Format::Text, Some(step)) => {
            let outputs = match (arguments.output, arguments.attempts) {
                (_, true) => one_step::Outputs::All,
                (true, false) => one_step::Outputs::Last,
                (false, false) => one_step::Outputs::None,
            };
            one_step::tell(screen, &dir, &step, outputs, !arguments.no_pager);
        }
        (Format::Text, None) => {
            screen.data(&glance(screen, &summary).join("\n"));
            screen.data("");
            screen.table(steps(screen, &summary));
        }
    }
    let refused = summary.run.verification.as_ref().is_some_and(|said| !said.intact);
    Ok(if refused || summary.break_words().is_some() { Exit::Record } else { Exit::Passed })
}

fn json(what: &impl serde::Serialize) -> Result<String, Problem> {
    serde_json::to_string_pretty(what).map_err(Problem::ours)
}

/// What is to be known of a run, a fact a line.
fn glance(screen: &Screen, summary: &Summary) -> Vec<String> {
    let (run, document) = (&summary.run, &summary.document);
    let head = format!("Run {} · {} · {}", run.number, summary.verdict_words(), document.title);
    let mut lines = screen.hung_on_stdout("", &screen.within_a_line(&head));
    // A line of somebody's text passes for no line of ours.
    let facts = facts(summary);
    let width = facts.iter().map(|(name, _)| name.len() + 1).max().unwrap_or(0).max(13);
    for (name, value) in facts {
        lines.extend(screen.hung_on_stdout(&format!("  {name:<width$}"), &screen.within_a_line(&value)));
    }
    lines
}

/// The same as names and texts, which are as recorded. A name is empty where the text goes on with the one before.
pub fn facts(summary: &Summary) -> Vec<(&'static str, String)> {
    let (run, document) = (&summary.run, &summary.document);
    let zone = jiff::tz::TimeZone::system();
    let mut told = Vec::new();
    let mut fact = |name: &'static str, value: String| told.push((name, value));
    let id =
        document.document_id.iter().chain(&document.revision).cloned().collect::<Vec<_>>().join(" revision ");
    fact("document", format!("{} {id}", document.path).trim_end().to_owned());
    if let Some(commit) = &document.commit {
        let not = if document.committed == Some(true) { "" } else { ", THE DOCUMENT IS NOT AS COMMITTED" };
        let dirty = if document.dirty == Some(true) { ", UNCOMMITTED CHANGES in the work tree" } else { "" };
        fact("commit", format!("{}{not}{dirty}", &commit[..commit.len().min(12)]));
    }
    fact("environment", run.environment.name.clone());
    fact("opened", clock(run.opened, &zone));
    fact("last event", format!("{}, {} in all", clock(run.last, &zone), many(run.events, "event")));
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
    if let Some(said) = summary.run.verification.as_ref().filter(|said| !said.intact && said.broken.is_none())
    {
        fact("NOT INTACT", format!("{}; see `holdpoint verify`", said.words));
    }
    if let Some(broken) = summary.break_words() {
        fact("conforms", format!("no: {broken}"));
        fact("", "nothing from that event on counts; see `holdpoint verify`".to_owned());
    }
    if let Some(Driver { operator, pid, host, since, drives, visitor }) = &summary.driver {
        let since = clock(*since, &zone);
        match drives {
            false if visitor.is_some() => {
                let who = visitor.as_deref().unwrap_or_default();
                fact("in use", format!("now: {who}, process {pid} at {host}, since {since}"));
            }
            true => fact("driven", format!("now, by {operator}, process {pid} at {host}, since {since}")),
            false => fact(
                "in use",
                format!(
                    "now, by process {pid} at {host}, since {since}: it signs, notes or takes the run up"
                ),
            ),
        }
    }
    let told_of = |step: &str, action: &str| match rollback_of(action) {
        Some((_, 1)) => format!("the rollback of {}", summary.title_of(step)),
        Some((_, block)) => format!("the rollback of {}, block {block}", summary.title_of(step)),
        None => action.to_owned(),
    };
    for RunningNow { step, number, action, place, since } in &summary.running {
        let action = told_of(step, action);
        let (place, since) = (at_place(place.as_deref()), clock(*since, &zone));
        fact("running", format!("{number} {action}{place}, since {since}"));
    }
    for RunningNow { step, number, action, place, since } in &summary.may_run {
        let action = told_of(step, action);
        let (place, since) = (at_place(place.as_deref()), clock(*since, &zone));
        let what = format!("{number} {action}{place}, begun {since}: how it ended is not on record");
        fact("MAY STILL RUN", what);
    }
    if let Some(back) = &summary.rolling_back {
        fact("ROLLING BACK", back.clone());
    }
    if let Some(waits) = summary.waits.as_ref().filter(|waits| waits.status != Status::Running) {
        let role = waits.role.as_ref().map(|role| format!(", the role {role}")).unwrap_or_default();
        fact(
            "waits at",
            format!(
                "{} {}{} ({}{role})",
                waits.number,
                summary.title_of(&waits.step),
                at_place(waits.place.as_deref()),
                waits.words()
            ),
        );
        waits.terms.iter().for_each(|terms| fact("", terms.clone()));
        go_on(summary, waits.is_to_be_signed()).into_iter().for_each(|(name, told)| fact(name, told));
    } else if summary.waits.is_none() && summary.is_to_be_closed() {
        fact("waits", "to be closed: nothing is left to be done".to_owned());
        go_on(summary, false).into_iter().for_each(|(name, told)| fact(name, told));
    }
    let waited_for = summary.waits.as_ref().map(|waits| &waits.action);
    let others = summary.lapsing.iter().filter(|lapsing| Some(&lapsing.action) != waited_for);
    for LapsingFacts { action, reason } in others {
        fact("lapsed", format!("the sign-off of {action}, by now: {reason}; it is asked for again"));
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
        let same = rehearsed.same().map(|same| format!(", {same}")).unwrap_or_default();
        fact("rehearsed", format!("in {}, run {}, {ended}{same}", rehearsed.environment, rehearsed.number));
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
    for ExpungedFacts { sha256, bytes, at, who, reason } in &summary.expunged {
        let length = many(*bytes, "byte");
        let at = clock(*at, &zone);
        fact("expunged", format!("the blob {sha256} ({length}), {at}, by {who}: {reason}"));
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
                deviation.by.words(),
                deviation.overridden.as_ref().map_or("", |it| &it.role)
            );
            fact("OVERRIDDEN", format!("{rules}, by {whose}: {}", deviation.reason));
            continue;
        }
        if let Some(exchanged) = &deviation.exchanged {
            let (path, sha256) = (&exchanged.runbook.path, &exchanged.runbook.blob.sha256);
            let (who, reason) = (deviation.by.words(), &deviation.reason);
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
        let whole = match deviation.of_rollback {
            true => format!("the rollback of {}", summary.title_of(&deviation.step)),
            false => of.clone(),
        };
        fact(
            "deviation",
            format!(
                "{}, by {}: {}",
                deviation.kind.told_of(&format!("{whole}{}", at_place(deviation.place.as_deref()))),
                deviation.by.words(),
                deviation.reason
            ),
        );
    }
    if let Some(answered) = summary.answered_by_file() {
        fact("answers", answered);
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
        let corrects = note.corrects.map(|n| format!(", correcting event {n}")).unwrap_or_default();
        fact("note", format!("{}{corrects}: {}", note.by.who, note.text));
    }
    told
}

/// How the run goes on, where nobody has it and nobody is to accept it.
fn go_on(summary: &Summary, to_be_signed: bool) -> Vec<(&'static str, String)> {
    let handed = summary.handovers.iter().any(|handover| handover.end.is_none());
    if summary.driver.is_some() || handed {
        return Vec::new();
    }
    let (number, environment) = (summary.run.number, &summary.run.environment);
    if to_be_signed {
        return vec![("go on with", format!("holdpoint sign {number}"))];
    }
    let resume = resuming(environment, number);
    let mut told = match summary.anchor_wanted {
        Some(_) => {
            let anchor = anchored::command(Place::here().ok().as_ref(), number);
            let name = &environment.name;
            vec![
                ("go on with", format!("{anchor}: {name} asks for an anchor at each sign-off")),
                ("", format!("then {resume}")),
            ]
        }
        None => vec![("go on with", resume)],
    };
    if environment.signs_sessions() {
        told.push(("", BY_AGENT.to_owned()));
    }
    told
}

/// What became of each step, and of its actions at each place where there are several.
fn steps(screen: &Screen, summary: &Summary) -> Table {
    let mut table = Table::new(&["", "", "", ""]).indented(2);
    for step in &summary.steps {
        let expected = step.expected_ms.map(|ms| format!("expected {}", took(ms)));
        let took = (step.elapsed_ms > 0).then(|| took(step.elapsed_ms));
        let took = took.into_iter().chain(expected).collect::<Vec<_>>().join(", ");
        let style = status_style(step.status, &screen.data_style());
        let status = Cell::from(step.words()).styled(style);
        table.row([step.number.as_str().into(), step.title.as_str().into(), status, took.into()]);
        if let Some(file) = &step.file {
            table.row(["".into(), format!("from {file}").into(), "".into(), "".into()]);
        }
        for (place, status) in places(step) {
            table.row(["".into(), format!("at {place}").into(), status.into(), "".into()]);
        }
        for action in &step.actions {
            for told in soaks(action).into_iter().chain(one_step::said(action)) {
                table.row(["".into(), format!("{} {told}", action.id).into(), "".into(), "".into()]);
            }
        }
    }
    table
}

/// What kind of news a step's status is.
pub fn status_tone(status: Status) -> Tone {
    match status {
        Status::Failed | Status::TimedOut | Status::Interrupted | Status::Rejected => Tone::Bad,
        Status::InDoubt | Status::Unknown => Tone::Bad,
        Status::PassedWithDeviations
        | Status::Skipped
        | Status::LeftAfterFailure
        | Status::ByHandAfterFailure
        | Status::TakenAsDone => Tone::Note,
        Status::Waiting | Status::Running | Status::RollbackRunning | Status::Holding => Tone::Wait,
        Status::RolledBack => Tone::Back,
        status if status.is_done() => Tone::Good,
        _ => Tone::Quiet,
    }
}

/// What must be seen first is told by its colour as well.
fn status_style(status: Status, style: &Style) -> Style {
    let style = style.clone();
    match status_tone(status) {
        Tone::Bad => style.red().bold(),
        Tone::Note => style.yellow(),
        Tone::Wait => style.cyan().bold(),
        Tone::Back => style.magenta(),
        Tone::Good => style.green(),
        Tone::Quiet | Tone::Plain => style.dim(),
    }
}

/// What was signed off, refused, corrected, ended or rolled back, by whom and why, in the order in which it happened.
fn decided(summary: &Summary, zone: &jiff::tz::TimeZone) -> Vec<(&'static str, String)> {
    let mut told: Vec<(u64, &'static str, String)> = Vec::new();
    for SignOffFacts { n, at, action, what, .. } in &summary.sign_offs {
        let (name, reason, by) = match what {
            SignOffEvent::Lapsed { reason } => {
                told.push((
                    *n,
                    "lapsed",
                    format!("the sign-off of {action}, {}: {reason}", clock(*at, zone)),
                ));
                continue;
            }
            SignOffEvent::Rejected { reason, by, .. } => ("rejected", reason, by),
            SignOffEvent::Refused { reason, by } => ("did not count", reason, by),
            SignOffEvent::Given { name, presence, counts, by, .. } => {
                let from = presence.as_ref().map(|presence| format!(", from {}", presence.words()));
                let lapsed = if *counts { "" } else { ", counts no more" };
                let text = format!(
                    "{action}, by {name} ({}){}, {}{}{lapsed}",
                    by.who,
                    by.source(),
                    clock(*at, zone),
                    from.unwrap_or_default()
                );
                told.push((*n, "signed off", text));
                continue;
            }
            SignOffEvent::Requested { .. } => continue,
        };
        let how = if name == "rejected" { "" } else { "an attempt to sign " };
        told.push((*n, name, format!("{how}{action}, by {}, {}: {reason}", by.words(), clock(*at, zone))));
    }
    let histories = summary.steps.iter().flat_map(|step| &step.actions).flat_map(|action| &action.history);
    for Happening { n, at, what, .. } in histories {
        if let What::Corrected(corrected) = what {
            told.push((*n, "corrected", format!("{}, {}", corrected.words(), clock(*at, zone))));
        }
    }
    for decision in summary.decisions.iter().filter(|decision| decision.choice == Choice::Abort) {
        let reason = decision.reason.as_deref().unwrap_or("no reason given");
        told.push((
            decision.n,
            "aborted",
            format!("at {}, by {}: {reason}", decision.action, decision.by.words()),
        ));
    }
    for rollback in &summary.rollbacks {
        let by = rollback.by.as_ref().map_or("the document".to_owned(), By::words);
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

/// Of a step that is done at several places, what became of its actions at each.
fn places(step: &StepSummary) -> Vec<(&str, String)> {
    let Some(by_place) = step.by_place() else { return Vec::new() };
    let told = |place: &&str| {
        let told = by_place.actions.iter().zip(by_place.row(place));
        let told: Vec<(&str, &str)> =
            told.filter_map(|(action, here)| Some((action.id.as_str(), here?.status.words()))).collect();
        match &told[..] {
            [(_, first), rest @ ..] if rest.iter().all(|(_, words)| words == first) => (*first).to_owned(),
            _ => told.iter().map(|(id, words)| format!("{id} {words}")).collect::<Vec<_>>().join(", "),
        }
    };
    by_place.places.iter().map(|place| (*place, told(place))).collect()
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
            out_of_limits: Vec::new(),
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
        let told = places(&at_three);
        let told: Vec<(&str, &str)> = told.iter().map(|(place, words)| (*place, words.as_str())).collect();
        assert_eq!(
            told,
            [
                ("ssh://web-01", "PASSED"),
                ("ssh://web-02", "deploy#1 FAILED, deploy#2 NOT REACHED"),
                ("ssh://web-03", "PASSED"),
            ]
        );
        assert!(places(&step(vec![action("deploy#1", &[Failed])])).is_empty(), "one place has no table");
        assert!(places(&step(vec![action("deploy#1", &[])])).is_empty());
    }
}
