//! `docs/record.md` names every event with every field, and shows each as it is.

use holdpoint_engine::{Choice, DeviationKind, Event, Outcome, Verdict, Via};
use serde::de::DeserializeOwned;

use crate::none;
use crate::page::{Page, between, names, source, sources_below};

fn page() -> Page {
    Page::of("docs/record.md")
}

/// The names that serde says it would have taken.
fn expected<T: DeserializeOwned>(json: &str) -> Vec<String> {
    let Err(error) = serde_json::from_str::<T>(json) else { panic!("{json} was taken") };
    let error = error.to_string();
    let (_, listed) = error.split_once("expected ").unwrap_or_else(|| panic!("{json}: {error}"));
    let found: Vec<String> = between(listed, "`", '`').into_iter().step_by(2).map(str::to_owned).collect();
    assert!(!found.is_empty(), "{json}: {error}");
    found
}

fn types() -> Vec<String> {
    expected::<Event>(r#"{"type":"?"}"#)
}

#[test]
fn every_event_has_a_section_that_names_each_of_its_fields() {
    let page = page();
    let mut wrong = Vec::new();
    for kind in types() {
        let section = page.sections_about(&kind);
        if section.is_empty() {
            wrong.push(format!("no heading names `{kind}`"));
            continue;
        }
        let fields = expected::<Event>(&format!(r#"{{"type":"{kind}","?":1}}"#));
        wrong.extend(
            fields
                .iter()
                .filter(|field| !names(&section, field))
                .map(|field| format!("the section of `{kind}` does not name `{field}`")),
        );
    }
    none(wrong, "docs/record.md");
}

#[test]
fn every_field_of_what_belongs_to_events_is_named() {
    let page = page();
    let mut files = vec!["event.rs".to_owned()];
    files.extend(sources_below("crates/engine/src").into_iter().filter(|file| file.starts_with("event/")));
    let wrong = files
        .iter()
        .flat_map(|file| {
            let text = source(&format!("crates/engine/src/{file}"));
            let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            let fields = between(&text, "    pub ", ':').into_iter().map(str::to_owned);
            fields.filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_')).collect::<Vec<_>>()
        })
        .filter(|field| field != "event" && !page.names(field))
        .collect();
    none(wrong, "docs/record.md does not name these fields");
}

#[test]
fn every_word_that_an_event_may_hold_is_named() {
    let page = page();
    let words = [
        expected::<Choice>(r#""?""#),
        expected::<DeviationKind>(r#""?""#),
        expected::<Outcome>(r#""?""#),
        expected::<Verdict>(r#""?""#),
        expected::<Via>(r#""?""#),
    ];
    let wrong = words.into_iter().flatten().filter(|word| !page.names(word)).collect();
    none(wrong, "docs/record.md does not name these words");
}

#[test]
fn every_example_of_an_event_is_one_and_each_event_has_an_example() {
    let mut shown = Vec::new();
    for (info, text) in page().fences {
        if info == "json" && text.starts_with("{\"type\"") {
            let event = serde_json::from_str::<Event>(&text);
            assert!(event.is_ok(), "{text}\n{}", event.unwrap_err());
            shown.extend(between(&text, "{\"type\":\"", '"').first().map(|kind| (*kind).to_owned()));
        }
    }
    let wrong = types().into_iter().filter(|kind| !shown.contains(kind)).collect();
    none(wrong, "docs/record.md shows no example of");
}

#[test]
fn the_check_by_hand_is_the_one_that_the_record_crate_tests() {
    let tested = source("crates/record/tests/stock_tools.rs");
    let shown = page().fences.into_iter().find(|(info, text)| info == "bash" && text.contains("seal.json"));
    let (_, shown) = shown.unwrap();
    assert!(tested.contains(shown.trim()), "docs/record.md shows another check than the one that is tested");
}
