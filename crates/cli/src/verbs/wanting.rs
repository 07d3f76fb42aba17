//! What an environment asks for and its repository lacks: keys that could sign, something that could anchor. A run would be
//! refused, or stand still; `check` and `plan` say so before.

use holdpoint_document::{Assurance, Code, Config, Diagnostic, Environment, Plan, Work};
use holdpoint_signing::{SESSION, SIGNOFF, Signers};

use crate::approvals;
use crate::operator::time_zone;
use crate::place::Place;

/// What a signed tag is signed for.
const GIT: &str = "git";

/// Of each environment that the document may run in; of the one named, where one is.
pub fn wanting(place: &Place, plan: &Plan, only: Option<&str>) -> Vec<Diagnostic> {
    let Some(config) = place.configuration() else { return Vec::new() };
    // What is wrong with the files themselves is told where they are needed.
    let signers = config.signers.as_ref().map(|_| approvals::signers(place, &time_zone().ok()?).ok());
    let named = &plan.front.environments;
    let environments = config.environments.iter().filter(|(name, _)| match only {
        Some(only) => name.as_str() == only,
        None => named.is_empty() || named.contains(name),
    });
    let found = environments.flat_map(|environment| {
        let mut found = of(config, plan, environment, signers.as_ref());
        found.extend(files(place, environment));
        found
    });
    found.collect()
}

/// Files of the rules: a run is refused without them, and production is a bad place to learn of that.
fn files(place: &Place, (name, environment): (&String, &Environment)) -> Vec<Diagnostic> {
    let requires = &environment.requires;
    let script = requires.change.as_ref().and_then(|change| change.check.as_ref());
    let named = [("freeze", requires.freeze.as_ref()), ("change.check", script)];
    let missing = named.into_iter().filter_map(|(key, path)| {
        let path = path.filter(|path| !place.root.join(path).is_file())?;
        Some(Diagnostic::new(
            Code::NoRuleFile,
            None,
            format!("{name} names {path} as `requires.{key}`, and there is no such file"),
            "No run opens there without it. Write it, or take the key out.",
        ))
    });
    missing.collect()
}

fn of(
    config: &Config,
    plan: &Plan,
    (name, environment): (&String, &Environment),
    signers: Option<&Option<Signers>>,
) -> Vec<Diagnostic> {
    let by_key = |asked: Option<Assurance>| asked.is_some_and(|least| least > Assurance::Typed);
    let signed_off =
        plan.steps.iter().flat_map(|step| &step.actions).any(|it| matches!(it.work, Work::SignOff(_)));
    let mut found = Vec::new();
    for (asked, namespace, what, key) in [
        (by_key(environment.sessions), SESSION, "whoever operates to sign by key", "sessions"),
        (by_key(environment.signature) && signed_off, SIGNOFF, "sign-offs by key", "signature"),
    ] {
        let lacking = match signers {
            _ if !asked => continue,
            None => "holdpoint.toml names no file of allowed signers".to_owned(),
            Some(Some(signers)) if !signers.allowed.may_somebody(namespace) => {
                format!("allowed_signers lets nobody sign for `{namespace}`")
            }
            Some(_) => continue,
        };
        found.push(Diagnostic::new(
            Code::NoSigners,
            None,
            format!("{name} asks for {what} (`{key}`), and {lacking}"),
            format!(
                "Add [signers] with file = \"allowed_signers\", and a line there with namespaces=\"{namespace}\"; \
                 or take `{key}` out."
            ),
        ));
    }
    let tags = || signers.is_some_and(|read| read.as_ref().is_none_or(|it| it.allowed.may_somebody(GIT)));
    if environment.requires.anchor && config.anchors.tsa.is_none() && !tags() {
        found.push(Diagnostic::new(
            Code::NoAnchors,
            None,
            format!(
                "{name} asks for an anchor (`requires.anchor`), and nothing here could make one: holdpoint.toml names no \
                 authority, and allowed_signers lets nobody sign for `{GIT}`"
            ),
            "Add [anchors] with tsa = \"https://…\", or let somebody sign tags: namespaces=\"git\" in allowed_signers.",
        ));
    }
    found
}
