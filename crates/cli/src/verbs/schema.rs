//! `schema`: JSON Schemas (draft 2020-12) of what people write and of what a record holds.
//!
//! Events are described by their own types. What people write is read by a strict reader of YAML and TOML that has no
//! types to derive from; those schemas stand beside this file, and `tests/setup` holds them against the reader, key by
//! key.

use serde_json::{Map, Value, json};

use crate::args::{self, SchemaOf};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Prints a schema.
pub fn schema(arguments: &args::Schema) -> Result<Exit, Problem> {
    let written = match arguments.of {
        SchemaOf::FrontMatter => include_str!("schema/front-matter.json"),
        SchemaOf::Options => include_str!("schema/options.json"),
        SchemaOf::Step => include_str!("schema/step.json"),
        SchemaOf::Expect => include_str!("schema/expect.json"),
        SchemaOf::Record => include_str!("schema/record.json"),
        SchemaOf::Signoff => include_str!("schema/signoff.json"),
        SchemaOf::Config => include_str!("schema/config.json"),
        SchemaOf::Answers => include_str!("schema/answers.json"),
        SchemaOf::Events => {
            screen::data(&serde_json::to_string_pretty(&events()).unwrap_or_default());
            return Ok(Exit::Passed);
        }
    };
    screen::data(written.trim_end());
    Ok(Exit::Passed)
}

/// One line of `run.jsonl`: an event, and what every line carries (record.md section 2).
fn events() -> Value {
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
    for variant in derived["oneOf"].as_array_mut().into_iter().flatten() {
        for (name, what) in stamp.as_object().into_iter().flatten() {
            variant["properties"][name] = what.clone();
            if let Some(required) = variant["required"].as_array_mut() {
                required.push(json!(name));
            }
        }
        variant["additionalProperties"] = json!(false);
    }
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), json!(DRAFT));
    whole.insert("title".to_owned(), json!("One line of a holdpoint record's run.jsonl"));
    whole.extend(
        derived
            .as_object()
            .cloned()
            .into_iter()
            .flatten()
            .filter(|(key, _)| !matches!(key.as_str(), "$schema" | "title")),
    );
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
