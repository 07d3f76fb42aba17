//! The head of a run, and of each step.

use holdpoint_document::Plan;
use holdpoint_engine::{EnvironmentSeen, Run, RunOpened, TemplateError};

use super::{neutralise, rule, say, say_hung, style};

/// The environment's name in its colour: protected ones and whatever is called production red, rehearsals green.
pub fn environment_name(environment: &EnvironmentSeen) -> String {
    let production = environment.name.to_lowercase().starts_with("prod");
    let (style, mark) = match (environment.protected, environment.rehearsal) {
        (true, _) => (style().white().on_red().bold(), " (protected)"),
        (false, false) if production => (style().white().on_red().bold(), ""),
        (false, true) => (style().green().bold(), " (rehearsal)"),
        (false, false) => (style().cyan().bold(), ""),
    };
    style.apply_to(format!("{}{mark}", neutralise(&environment.name))).to_string()
}

/// What runs, where, by whom.
pub fn head(opened: &RunOpened, operator: &str, label: &str) {
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
    say(&style().bold().apply_to(rule(&neutralise(&opened.title()))).to_string());
    if let Err(why) = opened.rendered_title() {
        unrendered(&book.title, &why);
    }
    let line = |name: &str, value: &str| say_hung(&format!("  {:<12}", name), value);
    line("run", label);
    line("document", &neutralise(format!("{} {}", book.path, document.join(" ")).trim_end()));
    line("digest", &format!("sha256 {}", &book.blob.sha256[..16.min(book.blob.sha256.len())]));
    line("commit", &commit);
    for approved in &opened.policy.approvals {
        let at = holdpoint_report::clock_of(&approved.time, &jiff::tz::TimeZone::system());
        line("approved by", &neutralise(&format!("{} ({}), {at}", approved.name, approved.who)));
    }
    line("environment", &environment_name(&opened.environment));
    line("operator", &neutralise(operator));
    for input in &opened.inputs {
        let value = input.value.as_deref().map_or_else(|| holdpoint_engine::mask(&input.name), neutralise);
        line("input", &format!("{} = {value}  ({})", input.name, neutralise(&input.from)));
    }
    say("");
}

/// Why no title stands above.
fn unrendered(title: &str, why: &TemplateError) {
    say_hung("  ", &neutralise(&format!("the title, `{title}`, cannot be rendered: {why}")));
}

/// Where the run is now.
pub fn step_head(plan: &Plan, index: usize, run: &Run) {
    let step = &plan.steps[index];
    let all = plan.steps.len();
    say("");
    say(&style().bold().apply_to(rule(&neutralise(&run.numbered_title(step)))).to_string());
    if let Err(why) = run.values().render(&step.title) {
        unrendered(&step.title, &why);
    }
    let mut facts: Vec<String> =
        run.opened().map(|opened| environment_name(&opened.environment)).into_iter().collect();
    // The document's title stands in the head of the run, and fills half a narrow screen.
    let mut path = run.titles_above(step);
    if step.path.first() == Some(&plan.title) {
        path.remove(0);
    }
    if !path.is_empty() {
        facts.push(neutralise(&path.join(" › ")));
    }
    facts.extend([format!("step {} of {all}", index + 1), format!("id {}", step.id)]);
    facts.extend(step.role.iter().map(|role| format!("role {role}")));
    if step.irreversible {
        facts.push("point of no return".to_owned());
    }
    // The environment stands here again: the head of the run is many screens above.
    say_hung("  ", &facts.join(" · "));
}
