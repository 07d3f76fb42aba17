//! The head of a run, and of each step.

use std::path::Path;

use console::Style;
use holdpoint_document::{Checks, Plan, Step, Work};
use holdpoint_engine::{Ending, EnvironmentSeen, Run, RunOpened, Session, TemplateError};

use super::Screen;
use super::wrap::beside;

/// How far in the facts of a step stand.
const MARGIN: &str = "  ";

/// An environment's colour: protected ones and whatever is called production red, rehearsals green.
pub fn environment_style(environment: &EnvironmentSeen, style: &Style) -> Style {
    let production = environment.name.to_lowercase().starts_with("prod");
    match (environment.protected, environment.rehearsal) {
        (true, _) => style.clone().white().on_red().bold(),
        (false, false) if production => style.clone().white().on_red().bold(),
        (false, true) => style.clone().green().bold(),
        (false, false) => style.clone().cyan().bold(),
    }
}

/// The environment's name in its colour.
pub fn environment_name(screen: &Screen, environment: &EnvironmentSeen) -> String {
    let mark = match (environment.protected, environment.rehearsal) {
        (true, _) => " (protected)",
        (false, true) => " (rehearsal)",
        (false, false) => "",
    };
    let style = environment_style(environment, &screen.style());
    style.apply_to(format!("{}{mark}", screen.neutralise(&environment.name))).to_string()
}

/// What runs, where, by whom.
///
/// Where the repository's `root` is known, the document's name leads there.
pub fn head(
    screen: &Screen,
    (plan, root): (&Plan, Option<&Path>),
    opened: &RunOpened,
    session: &Session,
    label: &str,
) {
    screen.hearing().drives(opened.number);
    let book = &opened.runbook;
    let document =
        [book.document_id.as_deref(), book.revision.as_deref().map(|_| "revision"), book.revision.as_deref()];
    let document: Vec<&str> = document.into_iter().flatten().collect();
    let commit = match (&book.commit, book.dirty) {
        (Some(commit), Some(true)) => format!("{} with uncommitted changes", &commit[..commit.len().min(12)]),
        (Some(commit), _) => commit[..commit.len().min(12)].to_owned(),
        (None, Some(_)) => "none: nothing is committed yet".to_owned(),
        (None, None) => "outside of a git repository".to_owned(),
    };
    screen.say(&screen.style().bold().apply_to(screen.rule(&screen.neutralise(&opened.title()))).to_string());
    if let Err(why) = opened.rendered_title() {
        unrendered(screen, &book.title, &why);
    }
    let line = |name: &str, value: &str| screen.say_hung(&format!("  {:<12}", name), value);
    line("run", label);
    let named = screen.neutralise(format!("{} {}", book.path, document.join(" ")).trim_end());
    match root {
        Some(root) => screen.say_linked(&format!("  {:<12}", "document"), &named, &root.join(&book.path)),
        None => line("document", &named),
    }
    line("digest", &format!("sha256 {}", &book.blob.sha256[..16.min(book.blob.sha256.len())]));
    for one in &book.includes {
        let digest = &one.blob.sha256[..16.min(one.blob.sha256.len())];
        line("includes", &screen.neutralise(&format!("{} sha256 {digest}", one.path)));
    }
    line("commit", &commit);
    for approved in &opened.policy.approvals {
        let at = holdpoint_report::clock_of(&approved.time, &jiff::tz::TimeZone::system());
        line("approved by", &screen.neutralise(&format!("{} ({}), {at}", approved.name, approved.who)));
    }
    if let Some(rehearsed) = &opened.policy.rehearsed {
        let ended = holdpoint_report::clock(rehearsed.ended, &jiff::tz::TimeZone::system());
        let same = rehearsed.same().map(|same| format!(", {same}")).unwrap_or_default();
        let told = format!("in {}, run {}, {ended}{same}", rehearsed.environment, rehearsed.number);
        line("rehearsed", &screen.neutralise(&told));
    }
    line("environment", &environment_name(screen, &opened.environment));
    let now = jiff::Timestamp::now();
    if let Some(id) = opened.policy.change.as_ref().and_then(|change| change.id.as_ref()) {
        line("change", &screen.neutralise(id));
    }
    if let Some(window) = &opened.policy.window {
        line("window", &screen.neutralise(window));
    }
    if let Some(freeze) = &opened.policy.freeze {
        line("freeze", &screen.neutralise(&freeze.path));
    }
    if let Some(ending) = opened.policy.ending(now) {
        line("time left", &screen.neutralise(&time_left(&ending, now)));
    }
    line("operator", &screen.neutralise(&session.operator));
    let works = || plan.steps.iter().flat_map(|step| &step.actions).map(|action| &action.work);
    if session.checks == Some(Checks::Auto) && works().any(|work| matches!(work, Work::Check(_))) {
        line("checks", "run unasked; changes wait for you (--checks ask: checks do too)");
    }
    if session.checks.is_some() && works().any(|work| work.offered().is_some()) {
        line("commands", "each waits for you: none runs unasked");
    }
    for input in &opened.inputs {
        let value = input
            .value
            .as_deref()
            .map_or_else(|| holdpoint_engine::mask(&input.name), |value| screen.neutralise(value));
        line("input", &format!("{} = {value}  ({})", input.name, screen.neutralise(&input.from)));
    }
    screen.say("");
}

/// How long something may still be changed.
pub fn time_left(ending: &Ending, now: jiff::Timestamp) -> String {
    let at = holdpoint_report::clock(ending.at, &jiff::tz::TimeZone::system());
    format!("{}: {} at {at}", ending.left(now), ending.why)
}

/// Why no title stands above.
fn unrendered(screen: &Screen, title: &str, why: &TemplateError) {
    screen.say_hung("  ", &screen.neutralise(&format!("the title, `{title}`, cannot be rendered: {why}")));
}

/// Where the run is now.
pub fn step_head(screen: &Screen, plan: &Plan, index: usize, run: &Run) {
    let step = &plan.steps[index];
    let all = plan.steps.len();
    screen.say("");
    let title = screen.neutralise(&run.numbered_title(step));
    let title = if told_below(plan, step) { screen.at_most(screen.width() - 5, &title) } else { title };
    screen.say(&screen.style().bold().apply_to(screen.rule(&title)).to_string());
    if let Err(why) = run.values().render(&step.title) {
        unrendered(screen, &step.title, &why);
    }
    let mut facts: Vec<String> =
        run.opened().map(|opened| environment_name(screen, &opened.environment)).into_iter().collect();
    // The document's title stands in the head of the run, and fills half a narrow screen.
    let mut path = run.titles_above(step);
    if step.path.first() == Some(&plan.title) {
        path.remove(0);
    }
    if !path.is_empty() {
        facts.push(screen.neutralise(&path.join(" › ")));
    }
    facts.extend([format!("step {} of {all}", index + 1), format!("id {}", step.id)]);
    facts.extend(step.file.iter().map(|file| format!("from {}", screen.neutralise(file))));
    facts.extend(step.role.iter().map(|role| format!("role {role}")));
    facts.extend(step.not_before.iter().map(|time| format!("not before {time}")));
    let now = jiff::Timestamp::now();
    let changed_for = |ending: Ending| format!("may be changed for {}: {}", ending.left(now), ending.why);
    facts.extend(run.ending(now).map(|ending| screen.neutralise(&changed_for(ending))));
    if step.irreversible {
        facts.push("point of no return".to_owned());
    }
    facts.extend(screen.expected_facts(plan, run, index));
    // The environment stands here again: the head of the run is many screens above.
    facts_hung(screen, &facts);
}

/// Facts beside one another, as many on a line as fit: a name is not torn from what it is of.
fn facts_hung(screen: &Screen, facts: &[String]) {
    let room = screen.columns().map_or(usize::MAX, |columns| columns.saturating_sub(MARGIN.len() + 1));
    let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
    beside(room, &facts).iter().for_each(|line| screen.say_hung(MARGIN, line));
}

/// Whether the whole text that a step is called after is shown below its head, as what is asked or above it.
pub fn told_below(plan: &Plan, step: &Step) -> bool {
    let at = step.span.start;
    plan.is_foreign()
        && step.actions.iter().any(|action| match &action.work {
            Work::Confirm { .. } if action.span.start == at => true,
            _ => action.prose.is_some_and(|prose| prose.start <= at && at < prose.end),
        })
}
