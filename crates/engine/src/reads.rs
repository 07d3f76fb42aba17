//! Which names a block, a template or a condition reads: by its structure, never by a search through its text.

use std::collections::BTreeSet;
use std::convert::Infallible;

use holdpoint_bounded::json::Value;
use holdpoint_bounded::template;
use holdpoint_model::{Block, Expected, LineMatcher, Matcher};

/// Names that a condition reads.
pub fn names_in_condition(condition: &str) -> BTreeSet<String> {
    if template::check_condition(condition).is_err() {
        return BTreeSet::new();
    }
    let environment = template::environment();
    let compiled = environment.compile_expression(condition);
    compiled.map(|it| it.undeclared_variables(false).into_iter().collect()).unwrap_or_default()
}

/// Names that a template reads.
pub fn names_in_template(text: &str) -> BTreeSet<String> {
    if (!text.contains("{{") && !text.contains("{%")) || template::check(text).is_err() {
        return BTreeSet::new();
    }
    let environment = template::environment();
    let compiled = environment.template_from_str(text);
    compiled.map(|it| it.undeclared_variables(false).into_iter().collect()).unwrap_or_default()
}

/// Names that are read where a block is prepared and judged: its own variables, its script if that is a template, what
/// its probe asks, and its expectations. What a script reads by itself is for its language to say.
pub fn names_around(block: &Block) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut read = |text: &str| names.extend(names_in_template(text));
    block.options.env.iter().for_each(|(_, text)| read(text));
    if block.options.template {
        read(&block.script);
    }
    if let Some(probe) = &block.probe {
        let Ok(_) = probe.rendered(|text| {
            read(text);
            Ok::<_, Infallible>(String::new())
        });
    }
    for expectation in &block.expect {
        match &expectation.that {
            Expected::Exit(_) => {}
            Expected::Stdout(matcher) | Expected::Stderr(matcher) => match matcher {
                Matcher::Empty | Matcher::NotEmpty => {}
                Matcher::Contains(text)
                | Matcher::NotContains(text)
                | Matcher::Equals(text)
                | Matcher::Matches(text)
                | Matcher::NotMatches(text) => read(text),
            },
            Expected::Lines(lines) => lines.iter().for_each(|LineMatcher { text, .. }| read(text)),
            Expected::Json { value, .. } => texts(value, &mut read),
        }
    }
    names
}

fn texts(value: &Value, read: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => read(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, read)),
        Value::Object(map) => map.values().for_each(|item| texts(item, read)),
        _ => {}
    }
}
