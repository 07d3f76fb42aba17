//! Variables of a run, and the templates and conditions that see them.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, UndefinedBehavior, Value};

/// The variables a run knows at one moment. Secrets are known by name only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    vars: BTreeMap<String, String>,
    secrets: BTreeSet<String>,
    context: BTreeMap<String, BTreeMap<String, Scalar>>,
    operator: String,
}

/// A value of the run's own context (`environment.protected`, `run.number`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Text(String),
    Number(u64),
    Truth(bool),
}

/// A template or condition that cannot be evaluated: a name nothing defines, or bad syntax.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What is wrong, in words.
    pub message: String,
}

impl Values {
    /// The value of a variable; `None` for unknown names and for secrets.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str)
    }

    /// Every variable that is not a secret, by name.
    pub fn vars(&self) -> &BTreeMap<String, String> {
        &self.vars
    }

    /// Names of the secrets.
    pub fn secrets(&self) -> &BTreeSet<String> {
        &self.secrets
    }

    /// Sets a variable.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.vars.insert(name.into(), value.into());
    }

    /// Makes a secret known by name. Templates render it as its mask, which is what recorded output holds.
    pub fn set_secret(&mut self, name: impl Into<String>) {
        self.secrets.insert(name.into());
    }

    pub(crate) fn set_context(&mut self, group: &str, key: &str, value: Scalar) {
        self.context.entry(group.to_owned()).or_default().insert(key.to_owned(), value);
    }

    pub(crate) fn set_operator(&mut self, operator: &str) {
        operator.clone_into(&mut self.operator);
    }

    /// Renders a minijinja template. Undefined names are errors.
    pub fn render(&self, template: &str) -> Result<String, TemplateError> {
        if !template.contains("{{") && !template.contains("{%") && !template.contains("{#") {
            return Ok(template.to_owned());
        }
        strict().render_str(template, self.context()).map_err(TemplateError::from)
    }

    /// Renders a script: every inserted value is quoted for a POSIX shell as one word.
    pub fn render_script(&self, template: &str) -> Result<String, TemplateError> {
        let mut environment = strict();
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::Custom("shell".into()));
        environment.set_formatter(|out, state, value| {
            if value.is_undefined() {
                return minijinja::escape_formatter(out, state, value);
            }
            let quoted = quote(&value.to_string());
            out.write_str(&quoted).map_err(|_| {
                minijinja::Error::new(
                    minijinja::ErrorKind::WriteFailure,
                    "the rendered script cannot be written",
                )
            })
        });
        environment.render_str(template, self.context()).map_err(TemplateError::from)
    }

    /// Evaluates a condition. Undefined names are errors.
    pub fn holds(&self, condition: &str) -> Result<bool, TemplateError> {
        let environment = strict();
        let expression = environment.compile_expression_owned(condition.to_owned())?;
        let value = expression.eval(self.context())?;
        if value.is_undefined() {
            return Err(TemplateError { message: format!("`{condition}` is not defined") });
        }
        Ok(value.is_true())
    }

    fn context(&self) -> Value {
        let mut all: BTreeMap<String, Value> = BTreeMap::new();
        for (group, entries) in &self.context {
            let entries = entries.iter().map(|(key, value)| (key.clone(), value.into()));
            all.insert(group.clone(), entries.collect::<BTreeMap<String, Value>>().into());
        }
        all.insert("operator".to_owned(), self.operator.as_str().into());
        all.extend(self.vars.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
        all.extend(self.secrets.iter().map(|name| (name.clone(), mask(name).into())));
        all.into()
    }
}

/// How a secret's value is written wherever it would have been seen.
pub fn mask(name: &str) -> String {
    format!("[REDACTED:{name}]")
}

/// One word of a POSIX shell.
fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

fn strict() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
}

impl From<&Scalar> for Value {
    fn from(scalar: &Scalar) -> Value {
        match scalar {
            Scalar::Text(text) => text.as_str().into(),
            Scalar::Number(number) => (*number).into(),
            Scalar::Truth(truth) => (*truth).into(),
        }
    }
}

impl From<minijinja::Error> for TemplateError {
    fn from(error: minijinja::Error) -> TemplateError {
        let message = match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        };
        TemplateError { message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let mut values = Values::default();
        values.set("RELEASE", "v1.2.3");
        values.set("ODD", "it's $(rm -rf x)");
        values.set_secret("TOKEN");
        values.set_context("environment", "name", Scalar::Text("production".into()));
        values.set_context("environment", "protected", Scalar::Truth(true));
        values
    }

    #[test]
    fn a_template_sees_variables_and_the_environment() {
        assert_eq!(
            values().render("{{ RELEASE }} to {{ environment.name }}").unwrap(),
            "v1.2.3 to production"
        );
    }

    #[test]
    fn an_undefined_name_is_an_error_and_never_empty_text() {
        assert!(values().render("{{ RELEAS }}").is_err());
        assert!(values().holds("RELEAS == 'x'").is_err());
        assert!(values().holds("RELEAS").is_err());
        assert!(values().holds("environment.nmae == 'x'").is_err());
    }

    #[test]
    fn a_secret_renders_as_its_mask() {
        assert_eq!(values().render("{{ TOKEN }}").unwrap(), "[REDACTED:TOKEN]");
    }

    #[test]
    fn a_value_in_a_script_is_one_quoted_word() {
        assert_eq!(values().render_script("echo {{ ODD }}").unwrap(), r"echo 'it'\''s $(rm -rf x)'");
        assert!(values().render_script("echo {{ NOPE }}").is_err());
    }

    #[test]
    fn a_condition_is_true_or_false() {
        assert!(values().holds("environment.name == 'production'").unwrap());
        assert!(!values().holds("not environment.protected").unwrap());
    }
}
