//! The report as one HTML file: a document to print and file, which carries its record and proves it when opened.

mod beside;
mod comparison;
mod drawing;
mod embed;
mod environment;
mod exhibit;
mod happened;
mod outputs;
mod prose;
mod told;

use holdpoint_view::Comparison;
use minijinja::value::{Serde, Value};
use serde::Serialize;

pub use comparison::comparison;
pub use embed::{Kept, LARGEST_BLOB};
pub use exhibit::exhibit;
use told::Moved;
pub use told::Outputs;

use crate::decided::{Decided, decided};
use crate::markdown::belongs_together;
use crate::time::zone_name;
use crate::{
    Exchange, Material, Person, ReportError, StepSummary, Summary, Waits, exchanges, summarise, text,
};

const STYLE: &str = include_str!("page/style.css");
/// In the order in which they need each other.
const SCRIPTS: [&str; 6] = [
    include_str!("page/bytes.js"),
    include_str!("page/ssh.js"),
    include_str!("page/signers.js"),
    include_str!("page/asked.js"),
    include_str!("page/prove.js"),
    include_str!("page/show.js"),
];

/// The report as one HTML file that needs nothing beside itself: no network, no fonts, no other file.
///
/// What comes from the run is escaped, control and hidden characters are shown as pictures. A policy in the page lets
/// no style and no script act but its own, by their digests. The script proves `kept`, not the page's own wording: whoever
/// can change a file can change that, and the page says so.
///
/// # Errors
///
/// [`ReportError`]: where there is no run, or plan, source text and record do not belong together.
pub fn html(m: &Material<'_>, kept: &Kept<'_>) -> Result<String, ReportError> {
    html_with(m, kept, Outputs::Full)
}

/// The same, with what blocks printed where it is wanted.
///
/// # Errors
///
/// As [`html`].
pub fn html_with(m: &Material<'_>, kept: &Kept<'_>, outputs: Outputs) -> Result<String, ReportError> {
    Ok(html_and_policy(m, kept, outputs)?.html)
}

/// A page, and the content security policy that stands in it: whoever serves it says the same.
#[derive(Clone, Debug)]
pub struct HtmlPage {
    /// The page.
    pub html: String,
    /// Its policy.
    pub policy: String,
}

/// The same, with the policy of the page beside it.
///
/// # Errors
///
/// As [`html`].
pub fn html_and_policy(m: &Material<'_>, kept: &Kept<'_>, outputs: Outputs) -> Result<HtmlPage, ReportError> {
    let summary = summarise(m)?;
    belongs_together(m, &summary)?;
    let env = environment::environment(m, &summary)?;
    let script = format!("\"use strict\";(() => {{\n{}}})();\n", SCRIPTS.concat());
    let prose = prose::executed(m, &summary, &env, outputs)?;
    let style = format!("{STYLE}{}", running_head(&summary));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        embed::digest(style.as_bytes()),
        embed::digest(script.as_bytes()),
    );
    let page = Page {
        summary: &summary,
        verdict: summary.verdict_words(),
        tone: tone(&summary),
        zone: zone_name(&m.zone, summary.run.opened),
        statuses: summary.steps.iter().map(StatusLabel::of).collect(),
        decided: decided(&summary),
        waits_words: summary.waits.as_ref().map(Waits::words),
        answered_by_file: summary.answered_by_file(),
        acting: summary.people.iter().filter(|person| person.acted).collect(),
        policy: &policy,
        exchanges: exchanges(m, &summary),
        beside: kept.rehearsal.map(Beside::of).transpose()?,
        drawing: Value::from_safe_string(drawing::drawing(m, &summary)),
        front: prose.front,
        prose: Value::from_safe_string(text::visible(prose.html.as_bytes())),
        record: Value::from_safe_string(embed::record(m, kept, &summary)?),
        script: Value::from_safe_string(script),
        style: Value::from_safe_string(style),
        outputs_left_out: outputs == Outputs::None,
        appendix: prose.appendix,
    };
    let html = env.get_template("page.html")?.render(Value::from(Serde(page)))?;
    Ok(HtmlPage { html, policy })
}

/// What the page's template sees: the summary, words for it, and parts that are HTML already.
#[derive(Serialize)]
struct Page<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    verdict: String,
    tone: &'static str,
    zone: String,
    statuses: Vec<StatusLabel>,
    decided: Vec<Decided<'a>>,
    waits_words: Option<String>,
    answered_by_file: Option<String>,
    acting: Vec<&'a Person>,
    policy: &'a str,
    exchanges: Vec<Exchange>,
    beside: Option<Beside<'a>>,
    drawing: Value,
    front: String,
    prose: Value,
    record: Value,
    script: Value,
    style: Value,
    outputs_left_out: bool,
    appendix: Vec<Moved>,
}

/// What stands at the head of each sheet: which document, which revision, which run.
fn running_head(summary: &Summary) -> String {
    let (document, run) = (&summary.document, &summary.run);
    let revision = document.revision.as_ref().map(|revision| format!(" revision {revision}"));
    let document = document.document_id.as_deref().unwrap_or(&document.path);
    let rehearsal = if run.environment.rehearsal { ", REHEARSAL" } else { "" };
    let left = format!("{document}{}", revision.unwrap_or_default());
    let right =
        format!("run {} in {}{rehearsal}: {}", run.number, run.environment.name, summary.verdict_words());
    let (left, right) = (quoted(&left), quoted(&right));
    format!(
        "@media print {{ @page {{ @top-left {{ content: {left}; font: 8pt sans-serif; }} @top-right {{ content: {right}; \
         font: 8pt sans-serif; }} }} }}\n"
    )
}

/// A text as a string of a style sheet: nothing in it ends it, or the sheet.
fn quoted(text: &str) -> String {
    let escaped = |c: char| match c {
        ' ' => " ".to_owned(),
        c if c.is_ascii_alphanumeric() => c.to_string(),
        c => format!("\\{:x} ", u32::from(c)),
    };
    format!("\"{}\"", text::visible(text.as_bytes()).chars().map(escaped).collect::<String>())
}

/// The rehearsal that the run relied on, beside it.
#[derive(Default, Serialize)]
struct Beside<'a> {
    compared: Option<Value>,
    outcomes_differ: bool,
    /// Why they were not compared.
    not_compared: Option<&'a str>,
}

impl<'a> Beside<'a> {
    fn of(rehearsal: Result<&Comparison, &'a str>) -> Result<Beside<'a>, ReportError> {
        Ok(match rehearsal {
            Ok(comparison) => Beside {
                compared: Some(beside::beside(comparison, 3, ["the rehearsal", "this run"])?),
                outcomes_differ: comparison.outcomes_differ,
                not_compared: None,
            },
            Err(why) => Beside { not_compared: Some(why), ..Beside::default() },
        })
    }
}

/// A status in words, and what kind of news it is.
#[derive(Serialize)]
struct StatusLabel {
    words: String,
    tone: &'static str,
}

impl StatusLabel {
    fn of(step: &StepSummary) -> StatusLabel {
        StatusLabel { words: step.words(), tone: told::tone(step.status) }
    }
}

fn tone(summary: &Summary) -> &'static str {
    use holdpoint_engine::Verdict;
    match summary.verdict() {
        None if !summary.misfits.is_empty() => "bad",
        None => "wait",
        Some(Verdict::Passed) if summary.deviations.is_empty() => "good",
        Some(Verdict::Passed) => "note",
        Some(Verdict::NothingDone | Verdict::Failed | Verdict::RolledBack | Verdict::Aborted) => "bad",
    }
}
