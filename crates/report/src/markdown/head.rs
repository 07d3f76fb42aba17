//! The head of the executed copy, by a template. Every value is escaped unless a filter has made it safe.

use holdpoint_model::Work;
use minijinja::{
    AutoEscape, Environment, Error, UndefinedBehavior, Value, syntax::SyntaxConfig, value::Serde,
};
use serde::Serialize;

use super::pen::Pen;
use super::words;
use crate::decided::{Decided, decided};
use crate::text::{self, code_cell, prose};
use crate::time::{clock, took, zone_name};
use crate::{Exchange, Person, ReportError, Summary, Waits, exchanges};

const TEMPLATE: &str = include_str!("../../templates/executed.md.j2");

/// Renders the head, from the title down to where the document begins.
pub(super) fn head(pen: &Pen<'_>) -> Result<String, ReportError> {
    let mut env = environment(pen)?;
    env.add_template("executed.md", TEMPLATE)?;
    let summary = pen.summary;
    let context = Head {
        summary,
        mark: &pen.mark,
        verdict: summary.verdict_words(),
        zone: zone_name(&pen.m.zone, summary.run.opened),
        statuses: summary.steps.iter().map(|step| step.words()).collect(),
        decided: decided(summary),
        waits_words: summary.waits.as_ref().map(Waits::words),
        answered_by_file: summary.answered_by_file(),
        exchanges: exchanges(pen.m, summary)
            .into_iter()
            .map(|Exchange { n, lines }| Fenced {
                n,
                fenced: Value::from_safe_string(text::fenced("diff", &lines).join("\n")),
            })
            .collect(),
        unmet_since: summary.unmet_since().map(|(n, at, unmet)| Unmet { n, at, unmet }).collect(),
        acting: summary.people.iter().filter(|person| person.acted).collect(),
    };
    Ok(env.get_template("executed.md")?.render(Value::from(Serde(context)))?)
}

/// What the template sees: the summary, and words for it.
#[derive(Serialize)]
struct Head<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    mark: &'a str,
    verdict: String,
    zone: String,
    statuses: Vec<String>,
    decided: Vec<Decided<'a>>,
    waits_words: Option<String>,
    answered_by_file: Option<String>,
    exchanges: Vec<Fenced>,
    unmet_since: Vec<Unmet<'a>>,
    acting: Vec<&'a Person>,
}

/// A rule that did not hold any more, and which event told of it.
#[derive(Serialize)]
struct Unmet<'a> {
    n: u64,
    at: jiff::Timestamp,
    #[serde(flatten)]
    unmet: &'a holdpoint_engine::Unmet,
}

/// Lines in which the document differs from the one before, from an event on.
#[derive(Serialize)]
struct Fenced {
    n: u64,
    fenced: Value,
}

fn environment(pen: &Pen<'_>) -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    env.set_syntax(
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?,
    );
    env.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    // Fail closed: a value that no filter made safe is escaped, whoever edits the template.
    env.set_formatter(|out, _, value| {
        let text = value.to_string();
        let text = if value.is_safe() { text } else { prose(&text) };
        out.write_str(&text).map_err(Error::from)
    });
    let safe = Value::from_safe_string;
    env.add_filter("code", move |text: String| safe(code_cell(&text)));
    env.add_filter("digest", move |hex: String| safe(code_cell(&format!("sha256:{hex}"))));
    env.add_filter("took", move |ms: u64| safe(took(ms)));
    let zone = pen.m.zone.clone();
    env.add_filter("time", move |at: String| match at.parse() {
        Ok(at) => Ok(safe(clock(at, &zone))),
        Err(_) => Err(Error::new(minijinja::ErrorKind::InvalidOperation, "not a time")),
    });
    let names = pen.summary.printed_names();
    env.add_filter("who", move |principal: String| {
        match names.iter().find(|(known, _)| *known == principal) {
            Some((_, name)) => safe(format!("{} ({})", prose(name), code_cell(&principal))),
            None => safe(code_cell(&principal)),
        }
    });
    env.add_filter("via", move |via: String| safe(words::way(&via).words().to_owned()));
    env.add_filter("signed_via", move |via: String| safe(words::signed_by_way(words::way(&via)).to_owned()));
    let steps: Vec<(String, String)> = pen
        .summary
        .steps
        .iter()
        .map(|step| (step.id.clone(), format!("{} {}", step.number, step.title)))
        .collect();
    env.add_filter("step", move |id: String| match steps.iter().find(|(known, _)| *known == id) {
        Some((_, title)) => safe(prose(title)),
        None => safe(code_cell(&id)),
    });
    let actions = actions(pen);
    env.add_filter("action", move |id: String| match actions.iter().find(|(known, _)| *known == id) {
        Some((_, kind)) => safe(format!("{} {}", prose(kind), code_cell(&id))),
        None => safe(code_cell(&id)),
    });
    add_words(&mut env);
    Ok(env)
}

/// What to call an action: an item by its text, else its kind.
fn actions(pen: &Pen<'_>) -> Vec<(String, String)> {
    let planned = pen.m.plan.steps.iter().flat_map(|step| &step.actions).map(|action| {
        let name = match &action.work {
            Work::Confirm { text } => words::item(text),
            work => work.kind().to_owned(),
        };
        (action.id.clone(), name)
    });
    let blocks = pen.summary.steps.iter().flat_map(|step| &step.rollback_blocks);
    planned.chain(blocks.map(|block| (block.id.clone(), block.kind.to_owned()))).collect()
}

/// Filters that turn an enum's serialised name into words; a name that is none of them is an error.
fn add_words(env: &mut Environment<'_>) {
    fn read<T: serde::de::DeserializeOwned>(name: String) -> Result<T, Error> {
        serde_json::from_value(serde_json::Value::String(name)).map_err(|_| unknown())
    }
    fn unknown() -> Error {
        Error::new(minijinja::ErrorKind::InvalidOperation, "not a known name")
    }
    env.add_filter("deviation", |name: String| words::deviation(&name).ok_or_else(unknown));
    env.add_filter("undone", |name: String| read(name).map(holdpoint_engine::RollbackState::words));
    env.add_filter("meaning", |name: String| read(name).map(words::meaning));
    env.add_filter("assurance", |name: String| read(name).map(words::assurance));
}
