//! Names a template or a condition may use, at each point of the document.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_bounded::template;
use minijinja::Environment;

use crate::blocks::{Templated, is_templated};
use crate::comparison::with_numbers;
use crate::findings::{Findings, nearest};
use crate::names::BUILT_IN;
use crate::{Code, Config, FrontMatter, Span, ValueKind};

/// Attributes of `environment`: what event 0 of a record says of it.
const OF_ENVIRONMENT: &[&str] = &["name", "rehearsal", "protected", "four_eyes"];

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
    /// Names whose values are texts, whatever they hold: a condition does not read them as numbers.
    texts: BTreeSet<String>,
    engine: Environment<'static>,
}

impl Scope {
    pub(crate) fn new(front: &FrontMatter, config: Option<&Config>) -> Scope {
        let mut scope = Scope {
            names: BTreeMap::new(),
            partial: BTreeMap::new(),
            texts: BTreeSet::new(),
            engine: template::environment(),
        };
        let environments: Vec<_> = allowed(front, config);
        for (_, environment) in &environments {
            for name in environment.vars.keys() {
                scope.texts.insert(name.clone());
                match environments.iter().find(|(_, other)| !other.vars.contains_key(name)) {
                    Some((without, _)) => {
                        scope.partial.insert(name.clone(), (*without).clone());
                    }
                    None => {
                        scope.names.insert(name.clone(), Origin::Configuration);
                    }
                }
            }
        }
        for input in &front.inputs {
            let origin = if input.secret { Origin::Secret } else { Origin::Input };
            scope.names.insert(input.name.clone(), origin);
            match is_text(&input.kind) {
                true => scope.texts.insert(input.name.clone()),
                false => scope.texts.remove(&input.name),
            };
        }
        scope
    }

    /// Adds a captured name (a text) or a recorded one (of its kind). A name that is taken already is an error, but for two alternatives of which
    /// each stands under a condition.
    pub(crate) fn take(
        &mut self,
        name: &str,
        kind: Option<&ValueKind>,
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
                if kind.is_none_or(is_text) {
                    self.texts.insert(name.to_owned());
                }
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
        match undeclared {
            Ok(names) => {
                // Sorted, so that findings do not depend on a hash.
                let names: BTreeSet<String> = names.into_iter().collect();
                names.iter().for_each(|name| self.name(name, span, findings));
                if expression {
                    self.comparisons(text, span, findings);
                }
            }
            Err(error) => {
                let what = if expression { "condition" } else { "template" };
                let reason = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
                let help = if expression {
                    "write an expression without braces, as in environment.name == \"production\""
                } else {
                    "write {{ NAME }}; braces that are no template stand in {% raw %}…{% endraw %}"
                };
                findings.add(Code::Template, span, format!("this {what} does not parse: {reason}"), help);
            }
        }
    }

    /// A text and a number are compared by kind: that is decided before anything is known.
    fn comparisons(&self, text: &str, span: Span, findings: &mut Findings) {
        for (name, filter) in with_numbers(text) {
            if self.texts.contains(&name) {
                let message = format!("`{name}` is a text, which never compares with a number by its value");
                let help =
                    format!("write `{name} | {filter}`, or the number in quotes if the text itself is meant");
                findings.add(Code::Template, span, message, help);
            }
        }
    }

    fn name(&self, dotted: &str, span: Span, findings: &mut Findings) {
        let (name, rest) = dotted.split_once('.').map_or((dotted, None), |(name, rest)| (name, Some(rest)));
        if BUILT_IN.contains(&name) {
            let attribute = rest.map(|rest| rest.split('.').next().unwrap_or(rest));
            if let Some(attribute) = attribute.filter(|_| name == "environment")
                && !OF_ENVIRONMENT.contains(&attribute)
            {
                let message = format!("`environment` has no `{attribute}`");
                let help = crate::findings::suggest(attribute, OF_ENVIRONMENT, "attributes");
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
                        match nearest(
                            name,
                            self.names.keys().map(String::as_str).chain(BUILT_IN.iter().copied()),
                        ) {
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

/// Whether values of this kind are seen as texts by conditions.
fn is_text(kind: &ValueKind) -> bool {
    matches!(kind, ValueKind::Text { .. } | ValueKind::Choice { .. })
}

/// The environments the document may run in, as far as they are configured.
pub(crate) fn allowed<'c>(
    front: &FrontMatter,
    config: Option<&'c Config>,
) -> Vec<(&'c String, &'c crate::Environment)> {
    let all = config.map(|config| config.environments.iter()).into_iter().flatten();
    all.filter(|(name, _)| front.environments.is_empty() || front.environments.contains(name)).collect()
}
