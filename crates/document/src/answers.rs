//! Answers files: what an unattended run says where a person would be asked.

mod never;

use std::collections::BTreeMap;

use self::never::About;
pub use self::never::CHOICES;
use crate::findings::{Findings, suggest};
use crate::spanned::{Entry as MapEntry, Fields, Mapped, Node, Value, parse_yaml};
use crate::{Code, Diagnostic, Field, Plan, Span, ValueKind, unseen};

/// What an answers file says (cli.md, "Answers without a terminal").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Values of inputs.
    pub inputs: BTreeMap<String, String>,
    /// Answers by step id or action id; an action's own come first.
    pub steps: BTreeMap<String, Entry>,
}

/// Answers to what one step or action asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Items are confirmed, warnings acknowledged.
    pub confirm: bool,
    /// Recorded values, by field.
    pub value: BTreeMap<String, String>,
    /// Evidence for them, by field.
    pub evidence: BTreeMap<String, String>,
    /// What is chosen: one of [`CHOICES`].
    pub choice: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Who signs off a hold point, in a rehearsal.
    pub sign: Option<Sign>,
}

/// Who signs off a hold point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// The principal.
    pub who: String,
    /// The printed name.
    pub name: String,
}

/// Reads an answers file for a run of `plan`. With any finding it must not be used.
pub fn read_answers(source: &str, plan: &Plan) -> (Answers, Vec<Diagnostic>) {
    let mut findings = Findings::default();
    let text = Mapped::slice(source, Span::new(0, source.len()));
    let mut answers = Answers::default();
    if let Some(root) = parse_yaml(&text, &mut findings)
        && !matches!(root.value, Value::Null)
        && let Some(mut fields) = Fields::open(&root, "the answers", &mut findings)
    {
        if let Some(node) = fields.get("inputs") {
            answers.inputs = texts(node, "inputs", &mut findings);
        }
        if let Some(node) = fields.get("steps") {
            answers.steps = steps(node, plan, &mut findings);
        }
        fields.finish(&mut findings);
    }
    (answers, findings.into_sorted(source))
}

fn steps(node: &Node, plan: &Plan, findings: &mut Findings) -> BTreeMap<String, Entry> {
    let mut out = BTreeMap::new();
    for MapEntry { key, key_span, node } in entries(node, "steps", findings) {
        let Some(about) = About::of(plan, key) else {
            // Of a step that is there, its actions.
            let step = key.split_once('#').and_then(|(step, _)| plan.step(step));
            let (all, plural): (Vec<&str>, _) = match step {
                Some((_, step)) => (step.actions.iter().map(|it| it.id.as_str()).collect(), "its actions"),
                None => (plan.steps.iter().map(|step| step.id.as_str()).collect(), "steps"),
            };
            let help = suggest(key, &all, plural);
            findings.add(
                Code::Undeclared,
                *key_span,
                format!("the run-book has no step or action `{key}`"),
                help,
            );
            continue;
        };
        if let Some(entry) = entry(node, &about, &asked(plan, key), findings) {
            out.insert(key.clone(), entry);
        }
    }
    out
}

/// The values that the step or action `key` asks to be written down.
fn asked<'p>(plan: &'p Plan, key: &str) -> Vec<&'p Field> {
    let actions = plan.steps.iter().flat_map(|step| step.actions.iter().map(move |action| (step, action)));
    let named = actions.filter(|(step, action)| step.id == key || action.id == key);
    named.flat_map(|(_, action)| action.work.fields()).collect()
}

/// Holds the answers of `key` against what is asked. A value out of its limits is one that may be observed.
fn values(
    node: &Node,
    what: &'static str,
    asked: &[&Field],
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let names: Vec<&str> = asked.iter().map(|field| field.name.as_str()).collect();
    for entry in entries(node, what, findings) {
        let Some(field) = asked.iter().find(|field| field.name == entry.key) else {
            let message = format!("no value `{}` is asked for here", entry.key);
            findings.add(Code::Undeclared, entry.key_span, message, suggest(&entry.key, &names, "values"));
            continue;
        };
        let kind = match &field.kind {
            ValueKind::Integer { .. } => ValueKind::Integer { min: None, max: None },
            ValueKind::Number { .. } => ValueKind::Number { min: None, max: None },
            other => other.clone(),
        };
        let value = (what == "value").then(|| entry.node.scalar(&mut Findings::default())).flatten();
        if field.may_be_empty && value.as_deref() == Some("") {
            continue;
        }
        let nothing = |value: &String| value.trim().is_empty().then(|| "nothing is written down".to_owned());
        if let Some(reason) = value.and_then(|value| nothing(&value).or_else(|| kind.refuses(&value))) {
            entry.node.bad(findings, reason, format!("write what `{}` takes", entry.key));
        }
    }
    texts(node, what, findings)
}

fn entry(node: &Node, about: &About<'_>, asked: &[&Field], findings: &mut Findings) -> Option<Entry> {
    let mut fields = Fields::open(node, "an answer", findings)?;
    let confirm = fields.bool("confirm", findings).unwrap_or(false);
    let mut entry = Entry { confirm, ..Entry::default() };
    if let (Some(node), Some(why)) = (fields.get("confirm"), about.never_confirmed().filter(|_| confirm)) {
        never(node, "confirm: true", why, about, findings);
    }
    if let Some(node) = fields.get("value") {
        entry.value = values(node, "value", asked, findings);
    }
    if let Some(node) = fields.get("evidence") {
        entry.evidence = values(node, "evidence", asked, findings);
    }
    let words: Vec<(&str, &str)> = CHOICES.iter().map(|word| (*word, *word)).collect();
    if let Some(node) = fields.get("choice") {
        entry.choice = node.word(findings, &words).map(str::to_owned);
        if let Some((choice, why)) =
            entry.choice.as_deref().and_then(|choice| Some((choice, about.never(choice)?)))
        {
            never(node, choice, why, about, findings);
        }
    }
    entry.reason = fields.text("reason", findings);
    if let Some(node) = fields.get("sign").filter(|_| !about.is_signed()) {
        never(node, "sign", "nobody signs anything off here", about, findings);
    }
    if let Some(node) = fields.get("sign")
        && let Some(mut sign) = Fields::open(node, "a sign-off", findings)
    {
        let help = "write sign: { as: qa@example.org, name: Printed Name }";
        let who = sign.need("as", help, findings).and_then(|node| name(node, findings));
        let name = sign.need("name", help, findings).and_then(|node| name(node, findings));
        sign.finish(findings);
        entry.sign = who.zip(name).map(|(who, name)| Sign { who, name });
    }
    fields.finish(findings);
    let needs_reason = matches!(entry.choice.as_deref(), Some("skip" | "abort" | "rollback"));
    if needs_reason && entry.reason.is_none() {
        let choice = entry.choice.as_deref().unwrap_or_default();
        let message = format!("the choice `{choice}` needs a `reason`");
        findings.add(Code::MissingKey, node.span, message, "write why; it goes into the record");
    }
    Some(entry)
}

/// Says that an answer can never be taken, why, and what can be.
fn never(node: &Node, what: &str, why: &str, about: &About<'_>, findings: &mut Findings) {
    let message = format!("`{what}` can never be taken here: {why}");
    let help = match &about.choices()[..] {
        [] => "leave it out".to_owned(),
        choices => format!("leave it out, or choose one of {} here", choices.join(", ")),
    };
    node.bad(findings, message, help);
}

/// The name of somebody, who must be seen to be who they are.
fn name(node: &Node, findings: &mut Findings) -> Option<String> {
    let name = node.text(findings)?;
    if let Some(c) = unseen(&name) {
        let message = format!("a name has the character U+{:04X}, which nobody sees", u32::from(c));
        node.bad(findings, message, "remove it: who is who must be seen");
        return None;
    }
    Some(name)
}

fn texts(node: &Node, what: &'static str, findings: &mut Findings) -> BTreeMap<String, String> {
    let entries = entries(node, what, findings).iter();
    entries.filter_map(|entry| Some((entry.key.clone(), entry.node.scalar(findings)?))).collect()
}

fn entries<'n>(node: &'n Node, what: &str, findings: &mut Findings) -> &'n [MapEntry] {
    match &node.value {
        Value::Map(entries) => entries,
        Value::Null => &[],
        _ => {
            let message = format!("expected `{what}` as keys and values, found {}", node.found());
            findings.add(Code::BadValue, node.span, message, "write `key: value`");
            &[]
        }
    }
}
