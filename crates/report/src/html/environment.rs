//! Templates and their filters. Every value is made harmless and escaped, unless a filter has made it safe.

use holdpoint_model::Work;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, HtmlEscape, UndefinedBehavior, Value, escape_formatter,
    syntax::SyntaxConfig,
};

use crate::markdown::words;
use crate::text::visible;
use crate::time::{clock, took};
use crate::{Material, Summary};

const HAPPENED: &str = include_str!("page/happened.html");

/// No templates and no filters, and every value escaped.
pub(super) fn bare() -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    env.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_formatter(|out, state, value| match value.as_str().filter(|_| !value.is_safe()) {
        Some(text) => escape_formatter(out, state, &Value::from(visible(text.as_bytes()))),
        None => escape_formatter(out, state, value),
    });
    Ok(env)
}

/// Our templates, with filters for this run.
pub(super) fn environment(m: &Material<'_>, summary: &Summary) -> Result<Environment<'static>, Error> {
    let mut env = bare()?;
    let zone = m.zone.clone();
    env.add_filter("time", move |at: String| match at.parse() {
        Ok(at) => Ok(clock(at, &zone)),
        Err(_) => Err(Error::new(ErrorKind::InvalidOperation, "not a time")),
    });
    env.add_filter("took", took);
    let names = summary.printed_names();
    env.add_filter("who", move |principal: String| {
        let name = names.iter().find(|(known, _)| *known == principal).map(|(_, name)| name);
        name.map_or_else(|| principal.clone(), |name| format!("{name} ({principal})"))
    });
    env.add_filter("via", |via: String| words::way(&via).words());
    env.add_filter("signed_via", |via: String| words::signed_by_way(words::way(&via)));
    let steps = summary.steps.iter();
    let steps: Vec<_> =
        steps.map(|step| (step.id.clone(), format!("{} {}", step.number, step.title))).collect();
    let titles = steps.clone();
    env.add_filter("linked", move |id: String| {
        let title = titles.iter().find(|(known, _)| *known == id).map_or(&id, |(_, title)| title);
        let title = visible(title.as_bytes());
        Value::from_safe_string(format!("<a href=\"#step-{}\">{}</a>", anchor(&id), HtmlEscape(&title)))
    });
    env.add_filter("anchor", |id: String| anchor(&id));
    env.add_filter("step", move |id: String| {
        steps.iter().find(|(known, _)| *known == id).map_or(id, |(_, title)| title.clone())
    });
    let actions = m.plan.steps.iter().flat_map(|step| &step.actions);
    let actions: Vec<_> = actions
        .map(|action| match &action.work {
            Work::Confirm { text } => (action.id.clone(), words::item(text)),
            work => (action.id.clone(), format!("{} {}", work.kind(), action.id)),
        })
        .collect();
    env.add_filter("action", move |id: String| {
        actions.iter().find(|(known, _)| *known == id).map_or(id, |(_, name)| name.clone())
    });
    env.add_filter("deviation", |name: String| words::deviation(&name).ok_or_else(unknown));
    env.add_filter("undone", |name: String| read(name).map(holdpoint_engine::RollbackState::words));
    env.add_filter("meaning", |name: String| read(name).map(words::meaning));
    env.add_filter("assurance", |name: String| read(name).map(words::assurance));
    env.add_template("page.html", PAGE)?;
    env.add_template("happened.html", HAPPENED)?;
    Ok(env)
}

/// A step's id as a part of an address.
pub(super) fn anchor(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

/// An enum by its serialised name; a name that is none of them is an error.
fn read<T: serde::de::DeserializeOwned>(name: String) -> Result<T, Error> {
    serde_json::from_value(serde_json::Value::String(name)).map_err(|_| unknown())
}

fn unknown() -> Error {
    Error::new(ErrorKind::InvalidOperation, "not a known name")
}

pub(super) const PAGE: &str = include_str!("page/page.html");
