//! The schema of events, which is checked in, is the one that the types of events give.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::support::Bench;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// One line of `run.jsonl`: an event, and what every line carries (record.md section 2).
fn derived() -> Value {
    let mut derived = schemars::schema_for!(holdpoint_engine::Event).to_value();
    plain(&mut derived);
    let stamp = json!({
        "n": {"description": "Position in the record, from 0.", "type": "integer", "minimum": 0},
        "prev": {
            "description": "SHA-256, lower-case hex, of all bytes of run.jsonl before this line.",
            "type": "string", "pattern": "^[0-9a-f]{64}$",
        },
        "at": {
            "description": "When it was written: UTC, RFC 3339.",
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z$",
        },
    });
    for variant in derived["oneOf"].as_array_mut().unwrap() {
        variant["properties"]["more"] = json!({
            "description": "Whether the same write goes on with the next line. It stands between `at` and `type`, or nowhere.",
            "type": "boolean", "const": true,
        });
        for (name, what) in stamp.as_object().unwrap() {
            variant["properties"][name] = what.clone();
            variant["required"].as_array_mut().unwrap().push(json!(name));
        }
        variant["additionalProperties"] = json!(false);
    }
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), json!(DRAFT));
    whole.insert("title".to_owned(), json!("One line of a holdpoint record's run.jsonl"));
    let rest = derived.as_object().unwrap().clone().into_iter();
    whole.extend(rest.filter(|(key, _)| !matches!(key.as_str(), "$schema" | "title")));
    Value::Object(whole)
}

/// Takes out what only Rust knows: sizes of integers, links of its documentation.
fn plain(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("format").is_some_and(Value::is_string) {
                map.shift_remove("format");
            }
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = text.replace("[`", "`").replace("`]", "`");
            }
            map.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

#[test]
fn the_schema_of_events_is_the_one_that_their_types_give() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/verbs/schema/events.json");
    let derived = format!("{}\n", serde_json::to_string_pretty(&derived()).unwrap());
    if std::fs::read_to_string(&path).is_ok_and(|written| written == derived) {
        return;
    }
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("events.json");
    std::fs::write(&new, derived).unwrap();
    panic!("the types have changed: look at it, then\ncp {} {}", new.display(), path.display());
}

#[test]
fn the_independent_verifier_knows_every_key_and_word_of_every_event() {
    let bench = Bench::new();
    bench.file("events.json", &bench.ends(0, &["schema", "events"]).stdout);
    let shapes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/independent/shapes.py");
    let differs = bench.sh(&format!("python3 -B '{}' < events.json | LC_ALL=C sort", shapes.display()));
    // What no configuration can ask of sessions, the schema has among the words that sign-offs have.
    let known =
        ["fido-uv", "rehearsal"].map(|word| format!("run.opened, environment, sessions: the word {word}\n"));
    assert_eq!(differs, known.concat());
}
