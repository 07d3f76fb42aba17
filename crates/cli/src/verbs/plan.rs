//! `plan`: the ordered steps with their values, roles and sign-offs, and what is still unknown.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use holdpoint_document::{Action, Block, CaptureFrom, Place, Plan, Rollout, Work, code_of, many};
use holdpoint_driver::Secrets;
use holdpoint_engine::{EnvironmentSeen, Included, InputGiven, Values, duration, expects};
use holdpoint_executor::{Remote, Ways};
use holdpoint_view::{Expectations, Together};
use serde::Serialize;

use super::expected::expected;
use super::explain::{self, explained};
use super::prepare::{self, Prepared};
use super::wanting::wanting;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::problem::{Problem, say_all};
use crate::screen::{self, Screen};
use crate::world::{together, whole_lines};

/// Shows what a run would do. Executes nothing, asks nobody but the places whether they answer.
pub async fn plan(screen: &Screen, arguments: &args::Plan, secrets: &Secrets) -> Result<Exit, Problem> {
    let prepared =
        prepare::prepare(screen, &arguments.file, &arguments.given, (false, false), secrets, |_, _| Ok(()))?;
    let values = Values::given(&prepared.plan, &prepared.environment, &prepared.inputs.given);
    let Prepared { place, path, environment, .. } = &prepared;
    let expected = expected(place, (&prepared.plan, path), &environment.name, None)?;
    say_all(
        screen,
        &prepared.sources.findings(path, &wanting(place, &prepared.plan, Some(&environment.name))),
    );
    let unreachable = match arguments.explain && arguments.format == Format::Text {
        true => BTreeMap::new(),
        false => unreachable(&prepared).await,
    };
    match arguments.format {
        Format::Json => {
            let shown = Shown {
                runbook: &prepared.path,
                sha256: crate::digest::sha256(prepared.sources.own().as_bytes()),
                includes: prepared.sources.named(),
                plan: prepared.plan.digest(),
                environment: &prepared.environment,
                inputs: &prepared.inputs.given,
                unknown: unknown(&prepared),
                unreachable: &unreachable,
                expected: Whole { steps: &expected, all: expected.together(&prepared.plan.steps) },
                explained: arguments.explain.then(|| explained(prepared.sources.own(), &prepared.plan)),
                document: &prepared.sources.parts().map_or_else(
                    || Cow::Borrowed(&prepared.plan),
                    |parts| Cow::Owned(parts.by_file(&prepared.plan)),
                ),
            };
            screen.data(&serde_json::to_string_pretty(&shown).unwrap_or_default());
        }
        Format::Text if arguments.explain => {
            let steps = explained(prepared.sources.own(), &prepared.plan);
            screen.data(&screen.neutralise(&explain::text(&prepared.path, &prepared.plan, &steps)));
        }
        Format::Text => text(screen, &prepared, &values, &expected, &unreachable),
    }
    // The process ends with the verb: a whole document and its plan need not be taken apart before that.
    std::mem::forget(prepared);
    Ok(Exit::Passed)
}

/// A plan as JSON, in the order of its keys; written as it stands, without a copy in between.
#[derive(Serialize)]
struct Shown<'p> {
    runbook: &'p str,
    sha256: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    includes: Vec<Included>,
    plan: String,
    environment: &'p EnvironmentSeen,
    inputs: &'p [InputGiven],
    unknown: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unreachable: &'p Unreached,
    expected: Whole<'p>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explained: Option<Vec<explain::Step>>,
    document: &'p Plan,
}

/// How long it is expected to take.
#[derive(Serialize)]
struct Whole<'p> {
    /// Each step of which something is known.
    steps: &'p Expectations,
    all: Together,
}

/// Places that do not answer, each with why.
type Unreached = BTreeMap<String, String>;

/// Asks the places that the plan's blocks run at, all at once, whether they answer.
async fn unreachable(prepared: &Prepared) -> Unreached {
    let plan = &prepared.plan;
    let actions = plan.steps.iter().flat_map(|step| &step.actions).filter_map(|action| action.work.block());
    let blocks = actions.chain(plan.steps.iter().flat_map(|step| &step.rollbacks));
    let own = blocks.filter_map(|block| block.options.target.as_deref());
    let targets: BTreeSet<&str> =
        plan.steps.iter().filter_map(|step| step.target.as_deref()).chain(own).collect();
    let seen = targets.into_iter().filter_map(|target| prepared.environment.targets.get(target));
    let names: BTreeSet<&String> = seen.flat_map(|seen| &seen.places).collect();
    let found = RefCell::new(Unreached::new());
    let asked = names.into_iter().filter_map(|name| {
        let place = Place::parse(name).ok().filter(|place| *place != Place::Local)?;
        let found = &found;
        Some(async move {
            if let Err(error) = Remote::answers(place, Ways::default()).await {
                found.borrow_mut().insert(name.clone(), error.why);
            }
        })
    });
    together::all(asked).await;
    found.into_inner()
}

/// Names that get their values while the run goes on, or were not given.
fn unknown(prepared: &Prepared) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = prepared.inputs.unknown.iter().cloned().collect();
    for action in prepared.plan.steps.iter().flat_map(|step| &step.actions) {
        match &action.work {
            Work::Run(block) | Work::Check(block) => {
                names.extend(block.options.capture.iter().map(|capture| capture.name.clone()));
                names.extend(action.work.fields().into_iter().map(|field| field.name.clone()));
            }
            Work::Record { fields } => names.extend(fields.iter().map(|field| field.name.clone())),
            _ => {}
        }
    }
    names
}

fn text(
    screen: &Screen,
    prepared: &Prepared,
    values: &Values,
    expected: &Expectations,
    unreachable: &Unreached,
) {
    let mut out = String::new();
    let mut line = |text: String| {
        let text = screen.neutralise(&text);
        for text in text.split('\n') {
            out.push_str(&laid_out(screen, text));
            out.push('\n');
        }
    };
    let title = rendered(values, &prepared.plan.title);
    line(format!("{title} ({}), environment {}", prepared.path, prepared.environment.name));
    for kept in &prepared.plan.front.kept {
        line(format!("  {}: {}  (kept for other tools)", kept.name, screen.at_most(90, &kept.value)));
    }
    for given in &prepared.inputs.given {
        let value = given.value.clone().unwrap_or_else(|| holdpoint_engine::mask(&given.name));
        line(format!("  {} = {value}  ({})", given.name, given.from));
    }
    for name in &prepared.inputs.unknown {
        line(format!("  {name} is not given yet"));
    }
    let foreign = prepared.plan.is_foreign().then(|| prepared.sources.own());
    let mut above: &[String] = &[];
    for (index, step) in prepared.plan.steps.iter().enumerate() {
        if let Some(source) = foreign {
            read_before(&prepared.plan, index, source, &mut line);
            let path =
                step.path.strip_prefix(std::slice::from_ref(&prepared.plan.title)).unwrap_or(&step.path);
            if path != above && !path.is_empty() {
                line(String::new());
                line(format!("        under     {}", path.join(" › ")));
            }
            above = path;
        }
        let title = rendered(values, &step.title);
        let title = if screen::told_below(&prepared.plan, step) { screen.at_most(72, &title) } else { title };
        let role = step.role.as_ref().map(|role| format!("  role {role}")).unwrap_or_default();
        let point = if step.irreversible { "  point of no return" } else { "" };
        line(String::new());
        let time = expected.step(&step.id).map(|it| format!("  expected {}", screen::told(it)));
        let time = time.unwrap_or_default();
        line(format!("{:<8}{title}  [{}]{role}{point}{time}", step.number, step.id));
        if let Some(file) = &step.file {
            line(format!("        from {file}"));
        }
        step.alternatives.iter().for_each(|part| line(explain::may_be_passed_over(part)));
        if let Some(target) = &step.target {
            line(format!(
                "        at {target}: {}",
                places(prepared, target, step.rollout.unwrap_or_default(), unreachable)
            ));
        }
        if let Some(time) = &step.not_before {
            line(format!("        not before {time}"));
        }
        for condition in &step.when {
            line(format!("        when {condition}  ({})", holds(values, condition)));
        }
        for action in &step.actions {
            if let Some((source, prose)) = foreign.zip(action.prose) {
                line("        read".to_owned());
                as_written(whole_lines(source, prose), "          ", &mut line);
            }
            match &action.work {
                Work::Confirm { text } if foreign.is_some() => in_full(text, &mut line),
                _ => describe(screen, action, (values, foreign), &mut line),
            }
        }
        for block in &step.rollbacks {
            describe_block("rollback", block, (values, foreign), &mut line);
        }
    }
    if let Some(source) = foreign {
        read_before(&prepared.plan, prepared.plan.steps.len(), source, &mut line);
    }
    let all = expected.together(&prepared.plan.steps);
    if all.known > 0 {
        line(String::new());
        let of = format!("{} of {}", all.known, many(prepared.plan.steps.len(), "step"));
        line(format!(
            "Expected in all: {} ({of} known, waiting for people included)",
            screen::told_together(all)
        ));
    }
    if !unreachable.is_empty() {
        line(String::new());
        line("Not reachable now; holdpoint targets --probe says more:".to_owned());
        unreachable.iter().for_each(|(place, why)| line(format!("  {place}: {why}")));
    }
    let unknown = unknown(prepared);
    if !unknown.is_empty() {
        line(String::new());
        line(format!("Unknown before the run: {}", unknown.into_iter().collect::<Vec<_>>().join(", ")));
    }
    screen.data(&out);
}

/// A line as wide as the terminal: what does not fit goes on a little to the right of where it begins; of a step, below its
/// title. Where nobody looks at a terminal nothing is broken.
fn laid_out(screen: &Screen, text: &str) -> String {
    let bare = text.trim_start_matches(' ');
    if bare.is_empty() || !screen.is_data_on_terminal() {
        return text.to_owned();
    }
    let margin = &text[..text.len() - bare.len()];
    let numbered = margin.is_empty() && bare.starts_with(|c: char| c.is_ascii_digit());
    match bare.split_at_checked(8).filter(|(number, _)| numbered && number.ends_with(' ')) {
        Some((number, rest)) => screen.hung_on_stdout(number, rest).join("\n"),
        None => {
            let hung = screen.hung_on_stdout(&format!("{margin}  "), bare).join("\n");
            format!("{margin}{}", &hung[margin.len() + 2..])
        }
    }
}

/// What is read before a step of a foreign document, or behind the last.
fn read_before(plan: &Plan, index: usize, source: &str, line: &mut impl FnMut(String)) {
    for passage in plan.passages.iter().filter(|passage| passage.before == index) {
        line(String::new());
        line(
            format!("        read      {}", passage.heading.as_deref().unwrap_or_default())
                .trim_end()
                .to_owned(),
        );
        passage.prose.iter().for_each(|span| as_written(whole_lines(source, *span), "          ", line));
    }
}

/// A thing to do in a foreign document: all that a run will show, each line as it is written.
fn in_full(text: &str, line: &mut impl FnMut(String)) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    line(format!("        confirm   {first}"));
    as_written(rest, "                  ", line);
}

fn as_written(text: &str, margin: &str, line: &mut impl FnMut(String)) {
    for text in text.lines() {
        line(if text.is_empty() { String::new() } else { format!("{margin}{text}") });
    }
}

/// Which places a target stands for, and how a step goes over several.
fn places(prepared: &Prepared, target: &str, rollout: Rollout, unreachable: &Unreached) -> String {
    let Some(seen) = prepared.environment.targets.get(target) else { return "no place".to_owned() };
    let place = |place: &String| match unreachable.contains_key(place) {
        true => format!("{place} (NOT REACHABLE)"),
        false => place.clone(),
    };
    let mut told = seen.places.iter().map(place).collect::<Vec<_>>().join(", ");
    if seen.places.len() > 1 {
        if rollout.first > 0 {
            told += &format!("; {} first", rollout.first);
        }
        told += &format!("; {} at a time, stops after {} failed", rollout.at_once, rollout.stop_after + 1);
    }
    if let Some(how) = &seen.r#become {
        told += &format!("; becomes another user by {how}");
    }
    told
}

/// `foreign` is the document, where people follow it by hand.
fn describe(
    screen: &Screen,
    action: &Action,
    (values, foreign): (&Values, Option<&str>),
    line: &mut impl FnMut(String),
) {
    match &action.work {
        Work::Run(block) | Work::Check(block) => {
            describe_block(action.work.kind(), block, (values, foreign), line)
        }
        Work::Confirm { text } => {
            let text = screen::untabbed(&rendered(values, text)).into_owned();
            let mut lines = text.lines().filter(|text| !text.trim().is_empty());
            line(format!("        confirm   {}", lines.next().unwrap_or_default().trim()));
            lines.for_each(|text| line(format!("                  {text}")));
        }
        Work::Record { fields } => {
            for field in fields {
                let prompt = rendered(values, field.prompt.as_deref().unwrap_or(""));
                let prompt = screen::with_field(first_line(screen, &prompt), field);
                line(format!("        record    {}  {prompt}", field.name));
            }
        }
        Work::SignOff(sign_off) => {
            let independent = if sign_off.independent { ", independent" } else { "" };
            let good = sign_off.expires.map(|good| format!(", good for {}", duration(good)));
            line(format!(
                "        sign-off  role {}{independent}, {}{}",
                sign_off.role,
                many(sign_off.count as usize, "signature"),
                good.unwrap_or_default()
            ));
            let statement = rendered(values, &sign_off.statement);
            line(format!("          “{}”", first_line(screen, &statement)));
        }
    }
}

/// A block whole: what it runs, when, how often it is tried, and what it must bring.
fn describe_block(
    kind: &str,
    block: &Block,
    (values, foreign): (&Values, Option<&str>),
    line: &mut impl FnMut(String),
) {
    let limit = block.options.timeout.map(|limit| format!(", limit {}", duration(limit))).unwrap_or_default();
    let agent = if block.options.agent { ", gets the SSH agent" } else { "" };
    line(format!("        {:<9} {}{limit}{agent}", kind, block.language));
    if let Some(retry) = block.options.retry {
        let (every, for_) = (duration(retry.every), duration(retry.for_));
        line(format!("          where it fails, again every {every} for {for_}"));
    }
    if let Some(hold) = block.options.hold {
        let (for_, every) = (duration(hold.for_), duration(hold.every));
        line(format!("          must hold for {for_}, tried every {every}, once it has passed"));
    }
    if let Some(condition) = &block.options.when {
        line(format!("          when {condition}  ({})", holds(values, condition)));
    }
    if let Some(probe) = &block.probe {
        let asks = probe.rendered(|text| Ok::<_, std::convert::Infallible>(rendered(values, text)));
        line(format!("          {}", asks.as_ref().map_or_else(|_| probe.to_string(), ToString::to_string)));
    }
    // As it would run, where its values are known.
    let script = match (&block.offered, block.options.template && block.probe.is_none()) {
        // As the document has it: its values are asked for when it is run.
        (Some(offered), _) => offered.text.clone(),
        (None, true) => values.render_script(&block.script).unwrap_or_else(|_| block.script.clone()),
        (None, false) => block.script.clone(),
    };
    let around = |text: &str, line: &mut dyn FnMut(String)| {
        text.lines().for_each(|text| line(format!("          | {text}")));
    };
    block.offered.iter().for_each(|offered| around(&offered.lead, line));
    for text in script.trim_end().lines() {
        line(format!("          {text}"));
    }
    block.offered.iter().for_each(|offered| around(&offered.after, line));
    for blank in block.offered.iter().flat_map(|offered| &offered.values) {
        let prompt = blank.field.prompt.as_deref().unwrap_or_default();
        line(format!("            asks for {}: {prompt}", blank.field.name));
    }
    if let Some(why) = block.offered.as_ref().and_then(|offered| offered.refused.as_ref()) {
        line(format!("            not run from here: {why}"));
    }
    for (name, value) in screen::variables_of(&block.script, values) {
        line(format!("            {name} = {value}"));
    }
    let expected = expects(block, values);
    // What an offered command is shown to print is no expectation: where it differs, somebody is asked.
    if let Some((source, first)) = foreign.zip(block.expect.first()).filter(|_| block.offered.is_some()) {
        line("          is shown to print:".to_owned());
        // As the document has it: what differs from run to run is left open where it is judged.
        code_of(source, first.span).trim_end().lines().for_each(|text| line(format!("            {text}")));
    }
    if block.offered.is_none() && (kind == "check" || !block.expect.is_empty()) {
        let words: Vec<&str> = expected.iter().map(|one| one.words.as_str()).collect();
        // Of a port, that it takes a connection is all.
        if !words.is_empty() {
            line(format!("          expects: {}", words.join(", ")));
        }
        expected.iter().flat_map(|one| &one.lines).for_each(|text| line(format!("            {text}")));
    }
    for capture in &block.options.capture {
        let from = match &capture.from {
            CaptureFrom::File(path) => format!("file {path}"),
            CaptureFrom::Stdout => "stdout".to_owned(),
            CaptureFrom::Regex(pattern) => format!("stdout by {pattern}"),
            CaptureFrom::Json(path) => format!("stdout at {path}"),
        };
        let may = match (capture.empty, capture.null) {
            (true, true) => ", may be empty or null",
            (true, false) => ", may be empty",
            (false, true) => ", may be null",
            (false, false) => "",
        };
        line(format!("            {} is captured from {from}{may}", capture.name));
    }
}

/// Whether a condition holds, as far as that can be told.
fn holds(values: &Values, condition: &str) -> &'static str {
    match values.settled(condition) {
        Some(true) => "holds",
        Some(false) => "does not hold: not for this run",
        None => "not known yet",
    }
}

/// With the values that are known, or as it is written where one is not.
fn rendered(values: &Values, text: &str) -> String {
    values.render(text).unwrap_or_else(|_| text.to_owned())
}

fn first_line(screen: &Screen, text: &str) -> String {
    screen.at_most(90, text.trim().lines().next().unwrap_or_default())
}
