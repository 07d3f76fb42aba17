//! Names that one part of a document uses and another, or the configuration, must declare.

use std::collections::{BTreeMap, HashSet};

use crate::findings::{Findings, suggest};
use crate::front::Front;
use crate::scope::allowed;
use crate::steps::Built;
use crate::{Code, Config, Environment, Place};

pub(crate) fn check(front: &Front, built: &Built, config: Option<&Config>, findings: &mut Findings) {
    roles(front, built, config, findings);
    environments(front, config, findings);
    targets(front, built, config, findings);
    elsewhere(front, built, config, findings);
    secrets(front, built, findings);
    ids(built, findings);
}

fn roles(front: &Front, built: &Built, config: Option<&Config>, findings: &mut Findings) {
    let declared: Vec<&str> = front.matter.roles.iter().map(String::as_str).collect();
    let listed: HashSet<&str> = declared.iter().copied().collect();
    for (role, span) in &built.roles {
        if !listed.contains(role.as_str()) {
            let help = match declared.as_slice() {
                [] => format!("add `roles: [{role}]` to the front matter"),
                _ => suggest(role, &declared, "roles in the front matter"),
            };
            findings.add(Code::Undeclared, *span, format!("the role `{role}` is not declared"), help);
        }
    }
    let Some(config) = config.filter(|config| names_people(front, config)) else { return };
    let known: Vec<&str> = config.roles.keys().map(String::as_str).collect();
    for (role, span) in front.role_spans.iter().filter(|(role, _)| !config.roles.contains_key(role)) {
        let help = suggest(role, &known, "roles in holdpoint.toml");
        findings.add(
            Code::Undeclared,
            *span,
            format!("holdpoint.toml says nobody has the role `{role}`"),
            help,
        );
    }
}

/// Whether roles are for those alone whom the configuration lists. Where it defines none at all, anybody may act in any, but
/// not where an environment of the document is protected or takes four eyes.
fn names_people(front: &Front, config: &Config) -> bool {
    let of_named = |environment: &Environment| environment.protected || environment.four_eyes;
    !config.roles.is_empty() || allowed(&front.matter, Some(config)).iter().any(|(_, it)| of_named(it))
}

fn environments(front: &Front, config: Option<&Config>, findings: &mut Findings) {
    let Some(config) = config else { return };
    let known: Vec<&str> = config.environments.keys().map(String::as_str).collect();
    for (name, span) in
        front.environment_spans.iter().filter(|(name, _)| !config.environments.contains_key(name))
    {
        let message = format!("holdpoint.toml has no environment `{name}`");
        findings.add(Code::Undeclared, *span, message, suggest(name, &known, "environments"));
    }
}

fn targets(front: &Front, built: &Built, config: Option<&Config>, findings: &mut Findings) {
    let environments = allowed(&front.matter, config);
    // Which environments have each target, found once: many targets in many environments are not all looked for.
    let mut having: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for (name, target) in environments.iter().flat_map(|(name, it)| it.targets.keys().map(move |t| (name, t)))
    {
        having.entry(target).or_default().push(name);
    }
    let known: Vec<&str> = having.keys().copied().collect();
    for (target, span) in built.targets.iter().filter(|(target, _)| target != "local") {
        let having = having.get(target.as_str()).map_or(&[][..], Vec::as_slice);
        let everywhere = having.len() == environments.len();
        if config.is_some() && (environments.is_empty() || !everywhere) {
            let without =
                environments.iter().find(|(_, environment)| !environment.targets.contains_key(target));
            let message = match without {
                Some((name, _)) => format!("the environment `{name}` has no target `{target}`"),
                None => format!("holdpoint.toml has no target `{target}`"),
            };
            let help = match (having.first(), without) {
                (Some(other), Some((name, _))) => format!(
                    "the environment `{other}` has it (`--env {other}`): add it to [environments.{name}.targets], or name \
                     the environments that this is for in the front matter"
                ),
                _ => suggest(target, &known, "targets"),
            };
            findings.add(Code::Undeclared, *span, message, help);
        }
    }
}

/// What a block asks for that there is on the driving machine only, where an environment has its target at another place.
fn elsewhere(front: &Front, built: &Built, config: Option<&Config>, findings: &mut Findings) {
    let mut away: BTreeMap<&str, (&String, &Place)> = BTreeMap::new();
    for (name, environment) in allowed(&front.matter, config) {
        for (target, said) in &environment.targets {
            if let Some(place) = said.places.iter().find(|place| **place != Place::Local) {
                away.entry(target).or_insert((name, place));
            }
        }
    }
    for step in &built.steps {
        let target = step.target.as_deref().filter(|target| *target != "local");
        let Some((name, place)) = target.and_then(|target| away.get(target)) else { continue };
        let actions = step.actions.iter().filter_map(|action| action.work.block());
        for block in actions.chain(&step.rollbacks) {
            let Some((what, help)) = block.options.only_here() else { continue };
            let message = format!(
                "this block {what}, as one on the driving machine can, and in the environment `{name}` it runs at {place}"
            );
            findings.add(Code::Misplaced, block.span, message, help);
        }
    }
}

fn secrets(front: &Front, built: &Built, findings: &mut Findings) {
    let known: Vec<&str> =
        front.matter.inputs.iter().filter(|input| input.secret).map(|input| input.name.as_str()).collect();
    let listed: HashSet<&str> = known.iter().copied().collect();
    for (name, span) in built.secrets.iter().filter(|(name, _)| !listed.contains(name.as_str())) {
        let message = format!("`{name}` is not a secret input of this document");
        findings.add(Code::Undeclared, *span, message, suggest(name, &known, "secrets"));
    }
}

fn ids(built: &Built, findings: &mut Findings) {
    let steps: HashSet<&str> = built.steps.iter().map(|step| step.id.as_str()).collect();
    let mut seen = HashSet::new();
    for (id, span) in &built.ids {
        let twice = !seen.insert(id);
        if twice || steps.contains(id.as_str()) {
            let what = if twice { "another block" } else { "a step" };
            let message = format!("`{id}` is the id of {what} already");
            findings.add(Code::DuplicateId, *span, message, "give it another id");
        }
    }
}
