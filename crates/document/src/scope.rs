//! Names a template or a condition may use, at each point of the document.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_bounded::template;
use minijinja::Environment;

use crate::blocks::{Templated, is_templated};
use crate::conditions::{self, CONFIGURED, ENVIRONMENTS, Kind, Room, Texts};
use crate::findings::{Findings, nearest};
use crate::names::BUILT_IN;
use crate::{Code, Config, FrontMatter, Span};

/// Attributes of `environment`: what event 0 of a record says of it.
const OF_ENVIRONMENT: &[&str] = &["name", "rehearsal", "protected", "four_eyes"];

/// Attributes of `run`.
const OF_RUN: &[&str] = &["number", "id"];

/// Most conditions around one that it is held against.
const OUTER: usize = 8;

/// Where a name comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Input,
    Secret,
    Configuration,
    /// Captured or recorded by an action; whether only under a condition.
    Taken {
        conditional: bool,
    },
}

/// The names known so far.
pub(crate) struct Scope {
    names: BTreeMap<String, Origin>,
    /// Names that only some of the environments have, and one that has not.
    partial: BTreeMap<String, String>,
    /// What is known of their values; what is not here is not known.
    kinds: BTreeMap<String, Kind>,
    /// For what is worked out of their patterns.
    room: Room,
    /// Environments that the document can run in; `None` where that is not known.
    environments: Option<Vec<String>>,
    /// What is configured of those.
    configured: Vec<crate::Environment>,
    engine: Environment<'static>,
}

impl Scope {
    pub(crate) fn new(front: &FrontMatter, config: Option<&Config>) -> Scope {
        let mut scope = Scope {
            names: BTreeMap::new(),
            partial: BTreeMap::new(),
            kinds: BTreeMap::new(),
            room: Room::default(),
            environments: environments(front, config),
            configured: allowed(front, config)
                .into_iter()
                .map(|(_, environment)| environment.clone())
                .collect(),
            engine: template::environment(),
        };
        let environments: Vec<_> = allowed(front, config);
        // Each environment is gone through once: of many with variables of their own, all by all would take for ever.
        let mut variables: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
        for (name, value) in environments.iter().flat_map(|(_, environment)| &environment.vars) {
            variables.entry(name).or_default().push(value);
        }
        for (name, values) in variables {
            if values.len() == environments.len() {
                scope.names.insert(name.clone(), Origin::Configuration);
            } else if let Some((without, _)) =
                environments.iter().find(|(_, other)| !other.vars.contains_key(name))
            {
                scope.partial.insert(name.clone(), (*without).clone());
            }
            let values: BTreeSet<String> = values.into_iter().cloned().collect();
            let kind = Kind::Text(Texts::OneOf(values.into_iter().collect(), CONFIGURED));
            scope.kinds.insert(name.clone(), kind);
        }
        for input in &front.inputs {
            let origin = if input.secret { Origin::Secret } else { Origin::Input };
            scope.names.insert(input.name.clone(), origin);
            scope.kinds.insert(input.name.clone(), Kind::of(&input.kind, true).within(&scope.room));
        }
        scope
    }

    /// Adds a captured or recorded name. A name that is taken already is an error, but for two alternatives of which
    /// each stands under a condition.
    pub(crate) fn take(
        &mut self,
        name: &str,
        kind: Kind,
        span: Span,
        conditional: bool,
        findings: &mut Findings,
    ) {
        let clash = match self.names.get(name) {
            Some(Origin::Input | Origin::Secret) => "an input of this name",
            Some(Origin::Configuration) => "an environment variable of this name in holdpoint.toml",
            Some(Origin::Taken { conditional: earlier }) if !(*earlier && conditional) => {
                "a captured or recorded value of this name"
            }
            _ if self.partial.contains_key(name) => "an environment variable of this name in holdpoint.toml",
            _ => {
                self.names.insert(name.to_owned(), Origin::Taken { conditional });
                let kind = kind.within(&self.room);
                let kind = match self.kinds.remove(name) {
                    Some(other) => other.or(kind),
                    None => kind,
                };
                self.kinds.insert(name.to_owned(), kind);
                return;
            }
        };
        let message = format!("there is {clash} already, so `{name}` would mean two things");
        findings.add(Code::DuplicateId, span, message, "give it another name");
    }

    /// Checks syntax and names of a text that is a template.
    pub(crate) fn check_text(&self, text: &str, span: Span, findings: &mut Findings) {
        if is_templated(text) {
            self.names_of(text, span, false, findings);
        }
    }

    /// Checks syntax and names of a template or an expression.
    pub(crate) fn check(&self, templated: &Templated, findings: &mut Findings) {
        let Templated { text, span, expression } = templated;
        match expression {
            true => self.names_of(text, *span, true, findings),
            false => self.check_text(text, *span, findings),
        }
    }

    fn names_of(&self, text: &str, span: Span, expression: bool, findings: &mut Findings) {
        let engine = &self.engine;
        let small = if expression { template::check_condition(text) } else { template::check(text) };
        if let Err(message) = small {
            let help = "take it apart: what is long to write is long to check for whoever signs for it";
            findings.add(Code::Template, span, message, help);
            return;
        }
        let undeclared = if expression {
            engine.compile_expression(text).map(|compiled| compiled.undeclared_variables(true))
        } else {
            engine.template_from_str(text).map(|compiled| compiled.undeclared_variables(true))
        };
        let (reason, otherwise) = match (undeclared, template::check_read(text, expression)) {
            (Ok(names), Ok(())) => {
                // Sorted, so that findings do not depend on a hash.
                let names: BTreeSet<String> = names.into_iter().collect();
                names.iter().for_each(|name| self.name(name, span, findings));
                return self.comparisons(text, span, expression, findings);
            }
            (Ok(_), Err(reason)) => (
                reason,
                "write `,` between the texts of a list, `~` to join two, `and` or `or` between conditions",
            ),
            (Err(error), _) => (
                error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
                match (expression, text.contains("{#")) {
                    (true, _) => {
                        "write an expression without braces, as in environment.name == \"production\""
                    }
                    (false, true) => {
                        "`{#` begins a comment of templates; an anchor as other tools write it, `{#name}`, is left out: \
                         ids come from the words"
                    }
                    (false, false) => {
                        "write {{ NAME }}; braces that are no template stand in {% raw %}…{% endraw %}"
                    }
                },
            ),
        };
        let what = if expression { "condition" } else { "template" };
        let meant = conditions::meant(text).filter(|_| expression);
        let help = meant.map_or_else(|| otherwise.to_owned(), |meant| format!("did you mean `{meant}`?"));
        findings.add(Code::Template, span, format!("this {what} does not parse: {reason}"), help);
    }

    /// Whether a condition can hold where others around it do.
    pub(crate) fn beside(&self, around: &[String], own: &str, span: Span, findings: &mut Findings) {
        let all: Vec<&str> = around.iter().map(String::as_str).chain([own]).collect();
        let alone = |text: &&str| {
            template::check_condition(text).is_ok()
                && conditions::parses(text)
                && conditions::condition(text, self).is_empty()
        };
        // What is wrong with one by itself has been told.
        if around.is_empty() || around.len() > OUTER || !all.iter().all(alone) {
            return;
        }
        let together = format!("({})", all.join(") and ("));
        for complaint in conditions::condition(&together, self) {
            let help =
                "the conditions of what it stands in hold for all of it: take it out, or correct one of them";
            findings.add(Code::Comparison, span, complaint.message, help);
        }
    }

    fn comparisons(&self, text: &str, span: Span, expression: bool, findings: &mut Findings) {
        let complaints = match expression {
            true => conditions::condition(text, self),
            false => conditions::template(text, self),
        };
        for complaint in complaints {
            findings.add(Code::Comparison, span, complaint.message, complaint.help);
        }
    }

    fn near(&self, name: &str) -> Option<&str> {
        nearest(name, self.names.keys().map(String::as_str).chain(BUILT_IN.iter().copied()))
    }

    fn name(&self, dotted: &str, span: Span, findings: &mut Findings) {
        let (name, rest) = dotted.split_once('.').map_or((dotted, None), |(name, rest)| (name, Some(rest)));
        if BUILT_IN.contains(&name) {
            let attribute = rest.map(|rest| rest.split('.').next().unwrap_or(rest));
            let known = attributes(name);
            if let Some(attribute) = attribute.filter(|attribute| !known.contains(attribute)) {
                let message = format!("`{name}` has no `{attribute}`");
                let help = crate::findings::suggest(attribute, known, "attributes");
                findings.add(Code::UndefinedName, span, message, help);
            }
            return;
        }
        if matches!(name, "range" | "dict" | "namespace" | "debug") && rest.is_none() && name != "debug" {
            return;
        }
        match self.names.get(name) {
            Some(Origin::Secret) => {
                let message = format!("`{name}` is a secret and would be shown and recorded");
                let help = "leave it out of templates; blocks find it in their environment";
                findings.add(Code::BadValue, span, message, help);
            }
            Some(_) => {}
            None => {
                let (message, help) = match self.partial.get(name) {
                    Some(without) => (
                        format!("`{name}` is not defined in the environment `{without}`"),
                        format!(
                            "add it to [environments.{without}] vars, or leave `{without}` out of `environments`"
                        ),
                    ),
                    None => (
                        format!("nothing defines `{name}` before this point"),
                        match findings.are_few().then(|| self.near(name)).flatten() {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => "declare it in `inputs`, in holdpoint.toml's vars, or capture it earlier"
                                .into(),
                        },
                    ),
                };
                findings.add(Code::UndefinedName, span, message, help);
            }
        }
    }
}

impl Scope {
    /// What no environment is that the document can run in, a condition cannot wait for. Where one is, others may not be.
    fn known_of_environments(&self, is: impl Fn(&crate::Environment) -> bool) -> Kind {
        Kind::Truth(if self.configured.iter().any(is) { None } else { Some(false) })
    }
}

impl conditions::Names for Scope {
    fn kind(&self, dotted: &str) -> Kind {
        match dotted {
            "operator" => Kind::Text(Texts::NotEmpty),
            // A ULID.
            "run.id" => Kind::Text(Texts::Sized(26, 26)),
            "run.number" => Kind::number(1.0),
            "environment.name" => Kind::Text(match &self.environments {
                Some(names) => Texts::OneOf(names.clone(), ENVIRONMENTS),
                None => Texts::NotEmpty,
            }),
            "environment.rehearsal" => self.known_of_environments(|environment| environment.rehearsal),
            "environment.protected" => self.known_of_environments(|environment| environment.protected),
            "environment.four_eyes" => self.known_of_environments(|environment| environment.four_eyes),
            "environment" | "run" => Kind::Group,
            name => self.kinds.get(name).cloned().unwrap_or(Kind::Unknown),
        }
    }

    fn is_always_there(&self, name: &str) -> bool {
        let taken = matches!(self.names.get(name), None | Some(Origin::Taken { .. }));
        !taken || BUILT_IN.contains(&name)
    }

    fn attributes(&self, name: &str) -> &'static [&'static str] {
        attributes(name)
    }
}

/// The attributes that a built-in name has.
fn attributes(name: &str) -> &'static [&'static str] {
    match name {
        "environment" => OF_ENVIRONMENT,
        "run" => OF_RUN,
        _ => &[],
    }
}

/// Names of the environments that the document can run in, as far as that is said: without a configuration, by its
/// front matter alone.
fn environments(front: &FrontMatter, config: Option<&Config>) -> Option<Vec<String>> {
    let listed = &front.environments;
    // A name that the configuration has not is told where it is listed.
    if !listed.is_empty() {
        return Some(listed.clone());
    }
    let configured: Vec<String> =
        config.map(|config| config.environments.keys().cloned().collect()).unwrap_or_default();
    Some(if configured.is_empty() { vec!["local".to_owned()] } else { configured })
}

/// The environments the document may run in, as far as they are configured.
pub(crate) fn allowed<'c>(
    front: &FrontMatter,
    config: Option<&'c Config>,
) -> Vec<(&'c String, &'c crate::Environment)> {
    let all = config.map(|config| config.environments.iter()).into_iter().flatten();
    let listed: BTreeSet<&String> = front.environments.iter().collect();
    all.filter(|(name, _)| listed.is_empty() || listed.contains(name)).collect()
}
