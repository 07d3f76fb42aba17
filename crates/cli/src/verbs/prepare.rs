//! Everything that is made sure of before a run opens. Nothing is written here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdpoint_document::{
    Answers, Assurance, Block, Code, Compiled, Config, Diagnostic, DocumentKind, Environment, Plan, Reader,
    Requires, compile_and_lint_with, compile_with,
};
use holdpoint_driver::Secrets;
use holdpoint_engine::{EnvironmentSeen, Rollouts, TargetSeen};
use holdpoint_executor::{Asked, syntax_errors};
use holdpoint_record::Found;
use holdpoint_redact::Redactor;

use super::targets;
use crate::args::Given;
use crate::files;
use crate::inputs::{self, Inputs, Wanted};
use crate::interrupts::Prompting;
use crate::place::{Place, current_dir};
use crate::problem::{Finding, Problem, Room, Text};
use crate::screen::{self, Screen};
use crate::sources::{self, Sources};

/// A document read and found sound, where it is to run, and with what.
pub struct Prepared {
    /// Where we are.
    pub place: Place,
    /// The document's path as the record names it.
    pub path: String,
    /// Its text, and what it includes.
    pub sources: Sources,
    /// What to do.
    pub plan: Plan,
    /// Warnings; none of what is not to be run.
    pub warnings: Vec<Diagnostic>,
    /// Where it runs.
    pub environment: EnvironmentSeen,
    /// What must hold before it runs there.
    pub requires: Requires,
    /// The change under which it is to run, once that is known.
    pub change: Option<String>,
    /// With what.
    pub inputs: Inputs,
    /// Answers from a file.
    pub answers: Option<Answers>,
}

/// A document read, with everything that is wrong with it.
pub struct Checked {
    /// Where we are.
    pub place: Place,
    /// The path as the record names it.
    pub path: String,
    /// Its text, and what it includes.
    pub sources: Sources,
    /// What to do.
    pub plan: Plan,
    /// Every finding, in source order.
    pub findings: Vec<Diagnostic>,
}

impl Checked {
    /// Whether no run opens with this finding.
    pub fn keeps_from_running(&self, finding: &Diagnostic) -> bool {
        finding.is_error() || (finding.code == Code::Placeholder && self.plan.kind == DocumentKind::Annotated)
    }

    /// What keeps it from running, in words: what `check` calls a warning is not called an error here.
    pub fn has(&self) -> &'static str {
        match self.findings.iter().any(Diagnostic::is_error) {
            true => "has errors",
            false => "has placeholders that nobody filled in",
        }
    }
}

/// Reads a document and checks everything about it.
pub fn check(file: &Path) -> Result<Checked, Problem> {
    checked(file, compile_and_lint_with)
}

/// The same of a text that need not be the one on the disk, as an editor has it.
pub fn check_text(file: &Path, source: Arc<String>) -> Result<Checked, Problem> {
    checked_text(file, source, compile_and_lint_with)
}

/// The same, and looks for errors only: no lint is one.
fn check_for_errors(file: &Path) -> Result<Checked, Problem> {
    checked(file, |book, config, read| (compile_with(book, config, read), Vec::new()))
}

fn checked(
    file: &Path,
    compile: impl FnOnce((&str, &str), Option<&Config>, &mut Reader<'_>) -> (Compiled, Vec<Diagnostic>),
) -> Result<Checked, Problem> {
    checked_text(file, Arc::new(read(file)?), compile)
}

fn checked_text(
    file: &Path,
    source: Arc<String>,
    compile: impl FnOnce((&str, &str), Option<&Config>, &mut Reader<'_>) -> (Compiled, Vec<Diagnostic>),
) -> Result<Checked, Problem> {
    let place = place_of(file)?;
    let path = place.relative(file);
    let (mut compiled, warnings) =
        compile((&path, &source), place.configuration(), &mut sources::reader(&place.root));
    let sources = Sources::of(source, &mut compiled);
    let (plan, mut findings) = (compiled.plan, compiled.diagnostics);
    let errors = script_errors(&plan, &findings);
    findings.extend(errors);
    findings.extend(warnings);
    // Where this machine stands is looked for among hundreds of files: only for a date that is held against today.
    let dated = plan.front.effective_date.is_some() || plan.front.approval_date.is_some();
    let today = if dated { today() } else { jiff::civil::Date::default() };
    findings.extend(holdpoint_document::lint_claims(&plan, place.configuration(), today));
    findings.extend(targets::refused(&plan, place.configuration()));
    findings.sort_by_key(|finding| (finding.span.map(|span| span.start), finding.code));
    findings.dedup();
    Ok(Checked { place, path, sources, plan, findings })
}

/// The place that a document belongs to: that of its directory, or the current one where that is none.
pub fn place_of(file: &Path) -> Result<Place, Problem> {
    let directory = match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => current_dir()?,
    };
    let directory = directory.canonicalize().unwrap_or(directory);
    let place = Place::of(&directory)?;
    match !place.is_git && place.config.is_none() && current_dir()? != directory {
        true => Place::here(),
        false => Ok(place),
    }
}

/// Today, where this machine stands.
pub fn today() -> jiff::civil::Date {
    jiff::tz::TimeZone::system().to_datetime(jiff::Timestamp::now()).date()
}

/// The text of a document.
pub fn read(file: &Path) -> Result<String, Problem> {
    let help = "Name a file that can be read.";
    let bytes = files::read(file, files::TEXT)
        .map_err(|error| Problem::usage(format!("{} cannot be read: {error}", file.display()), help))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Problem::usage(format!("{} is not UTF-8, from byte {at} on", file.display()), "Save it as UTF-8.")
    })
}

/// Scripts that their own interpreter cannot parse. Where a fence runs on too far it has already been `found`, and what a
/// shell says of the text in it would only hide that.
fn script_errors(plan: &Plan, found: &[Diagnostic]) -> Vec<Diagnostic> {
    let runs_on = |finding: &&Diagnostic| {
        matches!(finding.code, Code::SwallowedByFence | Code::UnclosedFence | Code::ScriptSyntax)
    };
    let places: Vec<usize> = found.iter().filter(runs_on).filter_map(|it| Some(it.span?.start)).collect();
    let whole = |block: &Block| !places.iter().any(|at| (block.span.start..block.span.end).contains(at));
    let blocks = plan.steps.iter().flat_map(|step| {
        // What is only offered is run as it stands, or not at all.
        let actions = step.actions.iter().filter_map(|action| action.work.block());
        let actions = actions.filter(|block| block.offered.is_none());
        actions.chain(&step.rollbacks)
    });
    let blocks: Vec<&Block> = blocks.filter(|block| !block.options.template && whole(block)).collect();
    let asked: Vec<Asked<'_>> =
        blocks.iter().map(|block| Asked { interpreter: &block.interpreter, script: &block.script }).collect();
    let errors =
        syntax_errors(&asked).into_iter().filter_map(|(index, error)| Some((blocks[index], error.ok()?)));
    errors
        .map(|(block, error)| {
            let program = block.interpreter.join(" ");
            let message =
                format!("{program} cannot parse this script, line {}: {}", error.line, error.message);
            Diagnostic::new(
                Code::ScriptSyntax,
                block.span,
                message,
                "Correct the script; it was not executed.",
            )
        })
        .collect()
}

/// Makes sure of everything. `all` wants every input to have a value, `ask` lets the operator be asked for one; `may` holds
/// whoever operates and what the environment requires against it while no input has its value yet, and is told whether
/// somebody or a command is going to be asked for one.
pub fn prepare(
    screen: &Screen,
    file: &Path,
    given: &Given,
    (ask, all): (bool, bool),
    secrets: &Secrets,
    may: impl FnOnce(&mut Prepared, bool) -> Result<(), Problem>,
) -> Result<Prepared, Problem> {
    // What is not to be run is warned of by `check` alone.
    let looking = Prompting::of_git(screen);
    let checked = if all { check(file)? } else { check_for_errors(file)? };
    drop(looking);
    let name = checked.path.clone();
    let refuses = |finding: &Diagnostic| finding.is_error() || (all && checked.keeps_from_running(finding));
    if checked.findings.iter().any(refuses) {
        let findings = checked.findings.iter().filter(|finding| refuses(finding));
        let findings = checked.sources.findings(&name, findings);
        return Err(Problem::findings(format!("{name} {}; nothing was run", checked.has()), findings));
    }
    let Checked { place, path, sources, plan, findings: warnings } = checked;
    if all && plan.steps.is_empty() {
        let help = "Write steps: headings with blocks, numbered items, or `- [ ]` items.";
        return Err(Problem::usage(format!("nothing in {name} is a step, so there is nothing to run"), help));
    }
    let (environment, requires) = environment(&place, &plan, given.environment.as_deref())?;
    inputs::hide_at_hand(screen, &plan, &place.root, secrets);
    let answers = given.answers.as_deref().map(|file| answers(file, &plan, secrets)).transpose()?;
    if let (Some(answers), Some(config)) = (&answers, place.configuration()) {
        signers_are_known(answers, &config.principals().collect::<Vec<_>>(), |name| {
            config.principal(name).is_some()
        })?;
    }
    let from_answers = crate::world::answers::inputs(&answers);
    let set = inputs::parse_set(&given.set)?;
    let (root, agent) = (place.root.clone(), !environment.keys_sign());
    let wanted = Wanted { set, answers: &from_answers, root: &root, ask, all, agent };
    let inputs = Inputs::default();
    let mut prepared = Prepared {
        place,
        path,
        sources,
        plan,
        warnings,
        environment,
        requires,
        change: None,
        inputs,
        answers: None,
    };
    let asks = inputs::asks(&prepared.plan, &wanted);
    may(&mut prepared, asks)?;
    let inputs = inputs::resolve(screen, &prepared.plan, &prepared.path, prepared.sources.own(), &wanted)?;
    Ok(Prepared { inputs, answers, ..prepared })
}

/// Whether somebody is there and is to be asked.
pub fn asks(screen: &Screen, unattended: bool) -> Result<bool, Problem> {
    match screen.audience() {
        _ if unattended => Ok(false),
        screen::Audience::Absent => Ok(false),
        screen::Audience::Present => Ok(true),
        screen::Audience::Blind => Err(Problem::usage(
            "somebody is at the keyboard, but standard error leads to where no question would be seen",
            "Keep the screen as well with `2>&1 | tee FILE`, or say --unattended if nobody is to be asked.",
        )),
    }
}

/// Reads an answers file.
pub fn answers(file: &Path, plan: &Plan, hidden: &Secrets) -> Result<Answers, Problem> {
    let text = read(file)?;
    let (answers, findings) = holdpoint_document::read_answers(&text, plan);
    if findings.is_empty() {
        return Ok(answers);
    }
    // The lines around a finding are shown, and secrets may stand there.
    let secret = |name: &String| plan.front.inputs.iter().any(|input| input.secret && input.name == *name);
    let secrets = answers.inputs.into_iter().filter(|(name, _)| secret(name));
    // One that is too short is told by its name once the file is right.
    let secrets = secrets.filter(|secret| Redactor::new(vec![secret.clone()]).is_ok());
    if let Ok(secrets) = Redactor::new(secrets.collect()) {
        hidden.hide(&secrets);
    }
    let name = file.to_string_lossy();
    let text = Text::new(&name, text);
    let findings = findings.into_iter().map(|found| Finding::in_text(&text, found)).collect();
    Err(Problem::findings("the answers file has errors; nothing was run", findings))
}

/// Refuses answers in the name of somebody whom the configuration does not list, where it lists anybody: before
/// anything is done, for whoever is nobody there can sign nothing.
pub fn signers_are_known(
    answers: &Answers,
    names: &[&str],
    knows: impl Fn(&str) -> bool,
) -> Result<(), Problem> {
    let mut signers = answers.steps.values().filter_map(|entry| entry.sign.as_ref());
    match signers.find(|sign| !names.is_empty() && !knows(&sign.who)) {
        None => Ok(()),
        Some(sign) => Err(Problem::refused(
            format!("the answers file signs as {}, who is not listed in holdpoint.toml", sign.who),
            format!("Nothing was run. {}", crate::operator::who_else(&sign.who, names)),
        )),
    }
}

/// An environment that the configuration does not define; `names` are those that it does.
pub fn no_environment(name: &str, names: &[&str]) -> Problem {
    if names.is_empty() {
        let help = "Define it in holdpoint.toml under [environments], or leave --env out.";
        return Problem::usage(format!("the repository defines no environment, and no {name}"), help);
    }
    let near = holdpoint_document::nearest(name, names).map(|near| format!("Did you mean {near}? "));
    let help = format!("{}holdpoint.toml defines {}.", near.unwrap_or_default(), names.join(", "));
    Problem::usage(format!("there is no environment {name}"), help)
}

fn environment(
    place: &Place,
    plan: &Plan,
    asked: Option<&str>,
) -> Result<(EnvironmentSeen, Requires), Problem> {
    let none = std::collections::BTreeMap::new();
    let known = place.configuration().map_or(&none, |config| &config.environments);
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    let name = match (asked, names.is_empty()) {
        (Some(name), false) if known.contains_key(name) => name,
        (Some("local") | None, true) => "local",
        (Some(name), _) => return Err(no_environment(name, &names)),
        (None, false) => {
            let help = format!("Say where it runs: --env {}.", names.join(" or --env "));
            return Err(Problem::usage("no environment given", help));
        }
    };
    let allowed = &plan.front.environments;
    if !allowed.is_empty() && !allowed.iter().any(|one| one == name) {
        let help = format!("Its front matter allows {}.", allowed.join(", "));
        return Err(Problem::usage(format!("the document does not run in the environment {name}"), help));
    }
    let environment = known.get(name).cloned().unwrap_or_default();
    let targets = TargetSeen::of(&environment);
    let Environment { rehearsal, protected, vars, signature, sessions, four_eyes, requires, .. } =
        environment;
    let signature = signature.unwrap_or(Assurance::Typed);
    let sessions = sessions.unwrap_or(Assurance::Typed);
    let name = name.to_owned();
    let rollouts = (!targets.is_empty()).then_some(Rollouts::Strict);
    let seen = EnvironmentSeen {
        name,
        rehearsal,
        protected,
        four_eyes,
        signature,
        sessions,
        vars,
        targets,
        rollouts,
    };
    Ok((seen, requires))
}

impl Prepared {
    /// Refuses a run whose record would hold a secret where nothing can be masked: document and configuration are kept
    /// byte for byte, and the run directory is named after the document.
    pub fn keep_secrets(&self, secrets: &Redactor) -> Result<(), Problem> {
        let config = self.place.config.as_ref().map(|config| config.text.as_str()).unwrap_or_default();
        let kept = [
            ("the run-book", self.sources.own()),
            ("holdpoint.toml", config),
            ("the run-book's path", &*self.path),
        ];
        let mut kept: Vec<(String, &str)> = kept.map(|(what, text)| (what.to_owned(), text)).into();
        for file in self.sources.files() {
            kept.push((format!("the included file {}", file.path), &file.text));
            kept.push((format!("the path of the included file {}", file.path), &file.path));
        }
        for input in &self.inputs.given {
            kept.extend(input.value.as_deref().map(|value| (format!("the input {}", input.name), value)));
        }
        kept.into_iter().try_for_each(|(what, text)| {
            holds_none(secrets, &what, text.as_bytes(), |name| {
                format!("Use ${name} instead, and change the secret if others could read it.")
            })
        })
    }

    /// Says what should be looked at, before anything runs.
    pub fn warn(&self, screen: &Screen) {
        let mut room = Room::among(&self.warnings);
        let more = room.more;
        for warning in self.warnings.iter().filter(|warning| room.takes(warning)) {
            let place = warning.span.map(|span| self.sources.locate(&self.path, span));
            let line = place.map(|(_, text, span)| text[..span.start].matches('\n').count() + 1);
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            let path = screen.neutralise(place.map_or(&self.path, |(path, ..)| path));
            let mark = screen.style().yellow();
            let message = screen.neutralise(&warning.message);
            screen.tell(&format!("  {} {path}{line} {message}", mark.apply_to("warning:")));
        }
        if !more.is_nothing() {
            screen.tell(&format!("  {}", more.words()));
        }
    }

    /// The document's file name without its ending, for the run directory.
    pub fn slug(&self) -> String {
        let stem = PathBuf::from(&self.path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let keep = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let slug: String = stem.unwrap_or_default().chars().map(keep).collect();
        let parts: Vec<&str> = slug.split('-').filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { "run".to_owned() } else { parts.join("-") }
    }
}

/// Refuses a rehearsal whose record holds the value of a secret: it would be kept with the run byte for byte.
pub fn keep_secrets_of_rehearsal(rehearsed: &Found, secrets: &Redactor) -> Result<(), Problem> {
    let Found { number, log, config, .. } = rehearsed;
    let again = |name: &str| {
        format!(
            "Change the secret {name} if others could read it, and rehearse again so that it is not recorded."
        )
    };
    holds_none(secrets, &format!("the record of the rehearsal, run {number},"), log, again)?;
    let config = config.as_deref().unwrap_or_default();
    holds_none(secrets, &format!("holdpoint.toml as it was in the rehearsal, run {number},"), config, again)
}

/// Refuses what would be kept as it is and holds the value of a secret.
pub fn holds_none(
    secrets: &Redactor,
    what: &str,
    bytes: &[u8],
    help: impl Fn(&str) -> String,
) -> Result<(), Problem> {
    match secrets.held_by(bytes) {
        None => Ok(()),
        Some(name) => Err(Problem::usage(
            format!("{what} holds the value of the secret {name}, and would be kept as it is"),
            format!("Nothing was run. {}", help(name)),
        )),
    }
}
