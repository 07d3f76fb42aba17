//! Schemas of what people write know the very keys that the reader knows. The reader names them itself: told a key that
//! it does not know and that is near to none, it lists those that it does.

use std::collections::BTreeSet;
use std::path::Path;

use holdpoint_document::{Diagnostic, Plan, compile, read_answers, read_config};
use serde_json::Value;

use crate::support::Bench;

/// A key that no key is near to.
const UNKNOWN: &str = "qqqqqqqqqqqqqqqqqqqq";

/// Which schema, where in it the keys stand, and a text with the unknown key in that place.
const MAPS: &[(&str, &str, &str)] = &[
    ("front-matter", "/properties", "QQ: 1"),
    ("front-matter", "/$defs/input/properties", "inputs: { A: { QQ: 1 } }"),
    ("front-matter", "/$defs/input/properties/from/properties", "inputs: { A: { from: { QQ: 1 } } }"),
    ("options", "/properties", "#| QQ: 1"),
    ("options", "/properties/retry/properties", "#| retry: { QQ: 1 }"),
    ("options", "/properties/hold/properties", "#| hold: { QQ: 1 }"),
    ("options", "/properties/capture/additionalProperties/properties", "#| capture: { A: { QQ: 1 } }"),
    ("step", "/properties", "QQ: 1"),
    ("step", "/properties/rollout/properties", "rollout: { QQ: 1 }"),
    ("signoff", "/properties", "QQ: 1"),
    ("record", "/$defs/value/properties", "a: { QQ: 1 }"),
    ("expect", "/properties", "QQ: 1"),
    ("expect", "/$defs/matcher/properties", "stdout: { QQ: a }"),
    ("probe", "/properties", "QQ: 1"),
    ("probe", "/properties/http/properties", "http: { url: https://a, QQ: 1 }"),
    ("probe", "/properties/http/properties/tls/properties", "http: { url: https://a, tls: { QQ: 1 } }"),
    (
        "probe",
        "/properties/http/properties/headers/additionalProperties/anyOf/1/properties",
        "http: { url: https://a, headers: { A: { QQ: 1 } } }",
    ),
    ("probe", "/properties/tcp/properties", "tcp: { QQ: 1 }"),
    ("probe", "/properties/dns/properties", "dns: { QQ: 1 }"),
    ("probe", "/properties/file/properties", "file: { QQ: 1 }"),
    ("probe", "/properties/git/properties", "git: { QQ: 1 }"),
    ("probe", "/properties/image/properties", "image: { QQ: 1 }"),
    ("config", "/properties", "QQ = 1"),
    ("config", "/properties/store/properties", "store = { QQ = 1 }"),
    ("config", "/properties/signers/properties", "signers = { QQ = 1 }"),
    ("config", "/properties/people/additionalProperties/properties", "people.a = { QQ = 1 }"),
    ("config", "/properties/coverage/properties", "coverage = { QQ = 1 }"),
    ("config", "/properties/anchors/properties", "anchors = { QQ = 1 }"),
    ("config", "/properties/notify/properties", "notify = { bell = true, QQ = 1 }"),
    ("config", "/$defs/environment/properties", "environments.a = { QQ = 1 }"),
    ("config", "/$defs/target/properties", "environments.a.targets.web = { places = \"local\", QQ = 1 }"),
    ("config", "/$defs/environment/properties/requires/properties", "environments.a.requires = { QQ = 1 }"),
    (
        "config",
        "/$defs/environment/properties/requires/properties/change/properties",
        "environments.a.requires = { change = { pattern = \"a\", QQ = 1 } }",
    ),
    ("answers", "/properties", "QQ: 1"),
    ("answers", "/$defs/answer/properties", "steps: { step: { QQ: 1 } }"),
    ("answers", "/$defs/answer/properties/sign/properties", "steps: { step: { sign: { QQ: 1 } } }"),
];

/// The same for words that a key takes.
const WORDS: &[(&str, &str, &str)] = &[
    ("front-matter", "/$defs/input/properties/type/enum", "inputs: { A: { type: QQ } }"),
    ("step", "/properties/on_failure/enum", "on_failure: QQ"),
    ("signoff", "/properties/meaning/enum", "meaning: QQ"),
    ("record", "/$defs/value/properties/type/enum", "a: { type: QQ }"),
    ("record", "/$defs/value/properties/evidence/enum", "a: { evidence: QQ }"),
    ("probe", "/properties/http/properties/method/enum", "http: { url: https://a, method: QQ }"),
    ("probe", "/properties/dns/properties/type/enum", "dns: { name: a, type: QQ }"),
    (
        "config",
        "/$defs/target/properties/become/enum",
        "environments.a.targets.web = { places = \"local\", become = \"QQ\" }",
    ),
    ("config", "/properties/notify/properties/on/items/enum", "notify = { bell = true, on = [\"QQ\"] }"),
    ("config", "/properties/checks/enum", "checks = \"QQ\""),
    ("config", "/$defs/environment/properties/signature/enum", "environments.a.signature = \"QQ\""),
    ("config", "/$defs/environment/properties/sessions/enum", "environments.a.sessions = \"QQ\""),
    ("answers", "/$defs/answer/properties/choice/enum", "steps: { step: { choice: QQ } }"),
];

/// Maps of which the reader reads the keys without opening them: a comparison.
const UNOPENED: usize = 1;

/// Maps that are opened where another is: six probes are, in one place.
const TOGETHER: usize = 5;

/// Maps that have no schema: the user's own configuration.
const WITHOUT_SCHEMA: usize = 1;

/// A run-book with one block of the kind that `schema` describes.
fn run_book(schema: &str, text: &str) -> String {
    let block = match schema {
        "options" => format!("```sh check\n{text}\ntrue\n```"),
        "expect" => format!("```sh check\ntrue\n```\n\n```yaml expect\n{text}\n```"),
        "probe" => format!("```yaml check\n{text}\n```"),
        _ => format!("```yaml {schema}\n{text}\n```\n\n- [ ] Done"),
    };
    format!("---\nrunbook: 1\n---\n\n# A\n\n## Step\n\n{block}\n")
}

fn findings(schema: &str, text: &str) -> Vec<Diagnostic> {
    match schema {
        "front-matter" => {
            compile(&format!("---\nrunbook: 1\n{text}\n---\n\n# A\n\n- [ ] Done\n"), None).diagnostics
        }
        "config" => read_config(text).1,
        "answers" => read_answers(text, &plan()).1,
        _ => compile(&run_book(schema, text), None).diagnostics,
    }
}

fn plan() -> Plan {
    compile("---\nrunbook: 1\n---\n\n# A\n\n## Step\n\n- [ ] Done\n", None).plan
}

/// What the reader says there is to choose from, in place of `QQ`.
fn known(schema: &str, text: &str) -> BTreeSet<String> {
    let findings = findings(schema, &text.replace("QQ", UNKNOWN));
    let about = findings.iter().find(|finding| finding.message.contains(UNKNOWN));
    let help = &about.unwrap_or_else(|| panic!("{schema}: {text}: {findings:#?}")).help;
    let (_, list) = help.split_once(" are: ").unwrap_or_else(|| panic!("{schema}: {text}: {help}"));
    list.split(", ").map(str::to_owned).collect()
}

pub fn schema(name: &str) -> Value {
    Bench::new().ends(0, &["schema", name]).json()
}

fn at(schema: &Value, pointer: &str) -> BTreeSet<String> {
    match schema.pointer(pointer) {
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        Some(Value::Array(items)) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
        other => panic!("{pointer}: {other:?}"),
    }
}

#[test]
fn every_key_that_the_reader_knows_is_in_the_schema_and_the_other_way_round() {
    for (name, pointer, text) in MAPS {
        assert_eq!(at(&schema(name), pointer), known(name, text), "{name} {pointer}");
        // Keys of other tools may stand in front matter: which of them are slips, a schema cannot tell.
        if (*name, *pointer) == ("front-matter", "/properties") {
            continue;
        }
        let parent = schema(name).pointer(pointer.strip_suffix("/properties").unwrap()).cloned().unwrap();
        assert_eq!(parent["additionalProperties"], false, "{name} {pointer} takes any key");
    }
}

#[test]
fn every_word_that_the_reader_takes_is_in_the_schema_and_the_other_way_round() {
    for (name, pointer, text) in WORDS {
        assert_eq!(at(&schema(name), pointer), known(name, text), "{name} {pointer}");
    }
}

/// A map that somebody adds to the reader must be added above: it has to be held against its schema as well.
#[test]
fn every_map_that_the_reader_opens_is_held_against_its_schema() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../document/src");
    let sources = crate::support::files(&sources);
    let of = |(path, bytes): &(std::path::PathBuf, Vec<u8>)| match path.ends_with("spanned/fields.rs") {
        true => 0,
        false => String::from_utf8_lossy(bytes).matches("Fields::open(").count(),
    };
    let opened: usize = sources.iter().map(of).sum();
    assert_eq!(
        opened + UNOPENED + TOGETHER,
        MAPS.len() + WITHOUT_SCHEMA,
        "maps that the reader opens, and maps listed here"
    );
}

/// Whether the reader refuses a text of this kind.
pub fn errors(schema: &str, text: &str) -> bool {
    let findings = match schema {
        "front-matter" => compile(&format!("---\n{text}\n---\n\n# A\n\n- [ ] Done\n"), None).diagnostics,
        "options" => {
            let options: String = text.lines().map(|line| format!("#| {line}\n")).collect();
            compile(&run_book("options", options.trim_end()), None).diagnostics
        }
        _ => findings(schema, text),
    };
    findings.iter().any(Diagnostic::is_error)
}
