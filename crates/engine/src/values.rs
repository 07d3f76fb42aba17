//! Variables of a run, and the templates and conditions that see them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use holdpoint_bounded::template;
use holdpoint_model::{Block, Field, ValueKind, shows_nothing};
use holdpoint_shell::{is_empty_script, open_here_document};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Enumerator, Object, ValueKind as Kind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Value};

use crate::Rehearsed;
use crate::reads::{names_in_condition, names_in_template};
use crate::unknown::{marked, unknown};

/// The variables a run knows at one moment. Secrets are known by name only.
///
/// Names are looked up one by one, so that a condition costs the same in a run of ten variables and of ten thousand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    known: Arc<Known>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    vars: BTreeMap<String, String>,
    /// Of variables that are declared with a type; all others are text.
    types: BTreeMap<String, Type>,
    secrets: BTreeSet<String>,
    context: BTreeMap<String, BTreeMap<String, Scalar>>,
    operator: String,
    /// Names that have no one value here, each with why, in words.
    withheld: BTreeMap<String, String>,
    /// Whether texts are no templates: people wrote the document for themselves, and braces in it mean nothing.
    verbatim: bool,
    /// Whether nothing really happens, so that some values are [`unknown`].
    dry: bool,
    /// The rehearsal whose captured values blocks capture too.
    rehearsed: Option<Arc<Rehearsed>>,
}

/// A value of the run's own context (`environment.protected`, `run.number`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Text(String),
    Number(u64),
    Truth(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Integer,
    Number,
    Boolean,
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
        self.known.vars.get(name).map(String::as_str)
    }

    /// Every variable that is not a secret, by name.
    pub fn vars(&self) -> &BTreeMap<String, String> {
        &self.known.vars
    }

    /// Names of the secrets.
    pub fn secrets(&self) -> &BTreeSet<String> {
        &self.known.secrets
    }

    /// Sets a variable to a text.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let known = Arc::make_mut(&mut self.known);
        let name = name.into();
        known.types.remove(&name);
        known.withheld.remove(&name);
        known.vars.insert(name, value.into());
    }

    /// Sets a variable that is declared with a type: conditions then compare numbers as numbers, and `false` is not
    /// true. Scripts and templates see it as it was written.
    pub fn set_typed(&mut self, name: impl Into<String>, value: impl Into<String>, kind: &ValueKind) {
        let name = name.into();
        self.set(name.clone(), value);
        let typed = match kind {
            ValueKind::Integer { .. } => Type::Integer,
            ValueKind::Number { .. } => Type::Number,
            ValueKind::Boolean => Type::Boolean,
            ValueKind::Text { .. } | ValueKind::Choice { .. } => return,
        };
        Arc::make_mut(&mut self.known).types.insert(name, typed);
    }

    /// Sets a variable to what somebody wrote down. A text that is left empty is an empty one; of any other type there is no
    /// value then.
    pub(crate) fn write_down(&mut self, field: &Field, value: &str) {
        let is_text = matches!(field.kind, ValueKind::Text { .. });
        self.set_typed(&field.name, value, &field.kind);
        if field.is_left_empty(value) && !is_text {
            let known = Arc::make_mut(&mut self.known);
            known.vars.remove(&field.name);
            known.types.remove(&field.name);
        }
    }

    /// Takes a variable away that has no one value here. Whatever reads it is told why.
    pub(crate) fn withhold(&mut self, name: &str, why: String) {
        let known = Arc::make_mut(&mut self.known);
        known.vars.remove(name);
        known.types.remove(name);
        known.withheld.insert(name.to_owned(), why);
    }

    /// Names that have no one value here, each with why.
    pub(crate) fn withheld(&self) -> &BTreeMap<String, String> {
        &self.known.withheld
    }

    /// Makes a secret known by name. Templates render it as its mask, which is what recorded output holds.
    pub fn set_secret(&mut self, name: impl Into<String>) {
        Arc::make_mut(&mut self.known).secrets.insert(name.into());
    }

    pub(crate) fn set_context(&mut self, group: &str, key: &str, value: Scalar) {
        let known = Arc::make_mut(&mut self.known);
        known.context.entry(group.to_owned()).or_default().insert(key.to_owned(), value);
    }

    pub(crate) fn set_operator(&mut self, operator: &str) {
        operator.clone_into(&mut Arc::make_mut(&mut self.known).operator);
    }

    pub(crate) fn set_rehearsed(&mut self, rehearsed: Option<&Rehearsed>) {
        let told = rehearsed.filter(|of| !of.captured.is_empty()).cloned().map(Arc::new);
        Arc::make_mut(&mut self.known).rehearsed = told;
    }

    /// The rehearsal whose captured values blocks capture too; `None` where there are none.
    pub(crate) fn rehearsed(&self) -> Option<&Rehearsed> {
        self.known.rehearsed.as_deref()
    }

    pub(crate) fn set_verbatim(&mut self, verbatim: bool) {
        Arc::make_mut(&mut self.known).verbatim = verbatim;
    }

    pub(crate) fn set_dry(&mut self, dry: bool) {
        Arc::make_mut(&mut self.known).dry = dry;
    }

    /// Whether nobody knows the value before a real run.
    pub(crate) fn is_unknown(&self, name: &str) -> bool {
        self.known.dry && self.get(name).is_some_and(|value| value == unknown(name))
    }

    /// Renders a text of the document, a minijinja template. Undefined names are errors. A foreign document's texts stay
    /// as they are written. In a dry run whatever is made of an unknown value is unknown, and a text that hangs on one as a
    /// whole stays as it is written, and says so.
    pub fn render(&self, template: &str) -> Result<String, TemplateError> {
        if self.known.verbatim {
            return Ok(template.to_owned());
        }
        if !template.contains("{{") && !template.contains("{%") && !template.contains("{#") {
            return Ok(template.to_owned());
        }
        match self.hung_on(template) {
            Some(names) => Ok(format!("⟨hangs on {}, unknown: {template}⟩", names.join(", "))),
            None => self.render_in(&TEXT, template),
        }
    }

    /// The unknown values that decide in this template which text it is at all; `None` where there are none.
    fn hung_on(&self, template: &str) -> Option<Vec<String>> {
        self.unknowns_marked(template)?.err()
    }

    /// The template with a mark for whatever it makes of an unknown value; `None` where it reads none.
    fn unknowns_marked(&self, template: &str) -> Option<Result<String, Vec<String>>> {
        if !self.known.dry {
            return None;
        }
        let mut unknown = names_in_template(template);
        unknown.retain(|name| self.is_unknown(name));
        (!unknown.is_empty()).then(|| marked(template, &unknown))
    }

    /// Renders what somebody is to answer to. What came to nothing that can be seen is an error: nobody can confirm or
    /// sign it.
    pub(crate) fn render_shown(&self, template: &str) -> Result<String, TemplateError> {
        let text = self.render(template)?;
        if !self.known.verbatim && shows_nothing(&text) {
            return Err(TemplateError { message: "nothing that can be seen is left of it".to_owned() });
        }
        Ok(text)
    }

    /// Renders a script: every inserted value is quoted for a POSIX shell as one word. A script of which no command is
    /// left is an error: it would pass whatever is the case. So is one whose end is the text of a here-document.
    pub fn render_script(&self, template: &str) -> Result<String, TemplateError> {
        let script = self.render_in(&SCRIPT, template)?;
        // Only shells take templates, and all of them begin a comment in the same way.
        if is_empty_script(&script, "sh") {
            let message = "no command is left of it, so it would pass whatever is the case".to_owned();
            return Err(TemplateError { message });
        }
        if let Some(at) = open_here_document(&script) {
            let begins = script[at..].lines().next().unwrap_or_default();
            let message = format!("the here-document `{begins}` has no end: all that follows is its text");
            return Err(TemplateError { message });
        }
        Ok(script)
    }

    /// What a block runs: its script, or what its probe asks, as JSON, with values in it.
    ///
    /// # Errors
    /// A name is not defined, or a template is none.
    pub fn render_block(&self, block: &Block) -> Result<String, TemplateError> {
        let Some(probe) = &block.probe else { return self.render_script(&block.script) };
        let asked = probe.rendered(|text| {
            let rendered = self.render(text)?;
            // What is asked about nothing, or looks for nothing, holds of everything.
            match rendered.trim().is_empty() && !text.trim().is_empty() {
                true => Err(TemplateError { message: format!("`{text}` came to nothing") }),
                false => Ok(rendered),
            }
        })?;
        serde_json::to_string_pretty(&asked).map_err(|error| TemplateError { message: error.to_string() })
    }

    /// Renders a regular expression: every inserted value stands for itself alone, so that the dots of a version match
    /// dots.
    pub(crate) fn render_pattern(&self, template: &str) -> Result<String, TemplateError> {
        self.render_in(&PATTERN, template)
    }

    /// Renders a glob, in which every inserted value stands for itself too.
    pub(crate) fn render_glob(&self, template: &str) -> Result<String, TemplateError> {
        self.render_in(&GLOB, template)
    }

    fn render_in(&self, environment: &Environment<'_>, template: &str) -> Result<String, TemplateError> {
        template::check(template).map_err(|message| TemplateError { message })?;
        let marked = self.unknowns_marked(template).transpose().map_err(|names| TemplateError {
            message: format!("it hangs on {}, unknown before the real run", names.join(", ")),
        })?;
        let template = marked.as_deref().unwrap_or(template);
        let rendered = template::render(environment, template, self.view(View::AsWritten));
        rendered.map_err(|error| self.named(error, || names_in_template(template)))
    }

    /// Evaluates a condition. Undefined names are errors, and so is whatever is neither true nor false: the text
    /// `"false"` would count as true.
    pub fn holds(&self, condition: &str) -> Result<bool, TemplateError> {
        template::check_condition(condition).map_err(|message| TemplateError { message })?;
        let value = template::expression(&TEXT, condition)?.eval(self.view(View::Typed));
        let value = value.map_err(|error| self.named(error, || names_in_condition(condition)))?;
        if value.is_undefined() {
            return Err(TemplateError { message: format!("`{condition}` is not defined") });
        }
        if value.kind() != Kind::Bool {
            let message = format!("`{condition}` is neither true nor false; compare it with something");
            return Err(TemplateError { message });
        }
        Ok(value.is_true())
    }

    /// Whether a condition holds, whatever names that nothing defines yet come to be; `None` where that hangs on one of them.
    pub fn settled(&self, condition: &str) -> Option<bool> {
        template::check_condition(condition).ok()?;
        let names = self.names(View::Typed);
        let missed = Arc::clone(&names.missed);
        let value = template::expression(&TEXT, condition).ok()?.eval(Value::from_object(names)).ok()?;
        let is_known = !missed.load(Ordering::Relaxed) && value.kind() == Kind::Bool;
        is_known.then(|| value.is_true())
    }

    /// The error, which says of what is not defined which of the names `read` it is.
    fn named(&self, error: Error, read: impl FnOnce() -> BTreeSet<String>) -> TemplateError {
        if error.kind() != ErrorKind::UndefinedError {
            return error.into();
        }
        let known = Arc::new(self.names(View::AsWritten));
        let missing = read().into_iter().filter(|name| known.get_value(&name.as_str().into()).is_none());
        let missing: Vec<String> = missing.collect();
        if let Some(why) = missing.iter().find_map(|name| self.known.withheld.get(name)) {
            return TemplateError { message: why.clone() };
        }
        let missing: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
        match missing.as_slice() {
            [] => error.into(),
            [one] => TemplateError { message: format!("{one} is not defined") },
            many => TemplateError { message: format!("{} are not defined", many.join(" and ")) },
        }
    }

    fn view(&self, view: View) -> Value {
        Value::from_object(self.names(view))
    }

    fn names(&self, view: View) -> Names {
        Names { known: Arc::clone(&self.known), view, missed: Arc::default() }
    }
}

/// How declared types are seen.
#[derive(Clone, Copy, Debug)]
enum View {
    /// Typed throughout: conditions.
    Typed,
    /// Typed where that is rendered exactly as it was written, else text: `0.10` stays `0.10`.
    AsWritten,
}

#[derive(Debug)]
struct Names {
    known: Arc<Known>,
    view: View,
    /// Whether a name was asked for that nothing defines.
    missed: Arc<AtomicBool>,
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        // The run's own names cannot be taken by a variable.
        if let Some(entries) = self.known.context.get(name) {
            let entries = entries.iter().map(|(key, value)| (key.as_str(), Value::from(value)));
            return Some(entries.collect::<BTreeMap<&str, Value>>().into());
        }
        if name == "operator" {
            return Some(self.known.operator.as_str().into());
        }
        if self.known.secrets.contains(name) {
            return Some(mask(name).into());
        }
        let Some(written) = self.known.vars.get(name) else {
            self.missed.store(true, Ordering::Relaxed);
            return None;
        };
        let typed = self.known.types.get(name).and_then(|typed| typed.read(written));
        let typed = typed.filter(|value| matches!(self.view, View::Typed) || text(value) == *written);
        Some(typed.unwrap_or_else(|| written.as_str().into()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

impl Type {
    fn read(self, text: &str) -> Option<Value> {
        match self {
            Type::Integer => text.parse::<i64>().ok().map(Value::from),
            Type::Number => text.parse::<f64>().ok().map(Value::from),
            Type::Boolean => text.parse::<bool>().ok().map(Value::from),
        }
    }
}

/// How a secret's value is written wherever it would have been seen.
pub fn mask(name: &str) -> String {
    format!("{MASK}{name}]")
}

/// How every mask begins.
pub const MASK: &str = "[REDACTED:";

static TEXT: LazyLock<Environment<'static>> = LazyLock::new(|| writing(str::to_owned));
static SCRIPT: LazyLock<Environment<'static>> =
    LazyLock::new(|| writing(|value| format!("'{}'", value.replace('\'', r"'\''"))));
static PATTERN: LazyLock<Environment<'static>> = LazyLock::new(|| writing(regex::escape));
static GLOB: LazyLock<Environment<'static>> = LazyLock::new(|| writing(escape_glob));

/// An environment in which undefined names are errors and every inserted value goes through `quote`, also where a
/// template calls it safe.
fn writing(quote: fn(&str) -> String) -> Environment<'static> {
    let mut environment = template::environment();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // Delimiters stay the default ones, which never fail to build.
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_formatter(move |out, state, value| {
        if value.is_undefined() {
            return minijinja::escape_formatter(out, state, value);
        }
        out.write_str(&quote(&text(value)))
            .map_err(|_| Error::new(ErrorKind::WriteFailure, "the rendered text cannot be written"))
    });
    environment
}

/// A value as run-books write it: `true`, where minijinja writes `True`.
fn text(value: &Value) -> String {
    match value.kind() {
        Kind::Bool => value.is_true().to_string(),
        _ => value.to_string(),
    }
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

impl From<Error> for TemplateError {
    fn from(error: Error) -> TemplateError {
        if error.kind() == ErrorKind::OutOfFuel {
            return TemplateError { message: "it takes too long, or makes too much".to_owned() };
        }
        let message = match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        };
        TemplateError { message }
    }
}

/// A text as a glob that only it matches.
pub(crate) fn escape_glob(text: &str) -> String {
    let escaped = |c: char| matches!(c, '*' | '?' | '[' | '\\').then_some('\\').into_iter().chain([c]);
    text.chars().flat_map(escaped).collect()
}

#[cfg(test)]
#[path = "values_tests.rs"]
mod tests;
