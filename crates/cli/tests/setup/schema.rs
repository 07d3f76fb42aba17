//! JSON Schemas, held against the examples, the cases and real records by a stock validator (ajv).

use std::path::{Path, PathBuf};

use holdpoint_document::{Code, Diagnostic, DocumentKind, compile, read_answers, read_config};
use serde_json::{Value, json};

use crate::keys::schema;
use crate::node::node;
use crate::support::Bench;

const NAMES: [&str; 11] = [
    "front-matter",
    "options",
    "step",
    "expect",
    "record",
    "signoff",
    "probe",
    "config",
    "events",
    "moments",
    "answers",
];

/// Reads each text with a stock reader of its format and validates it; what does not parse is no good either.
const VALIDATE: &str = r#"
import fs from "node:fs";
import { createRequire } from "node:module";
const need = createRequire("MODULES/");
const Ajv = need("MODULES/ajv/dist/2020.js").default;
const yaml = need("MODULES/yaml");
const toml = await import("MODULES/smol-toml/dist/index.js");
const input = JSON.parse(fs.readFileSync(0, "utf8"));
const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
const compiled = {};
for (const [name, schema] of Object.entries(input.schemas)) compiled[name] = ajv.compile(schema);
const read = { yaml: (text) => yaml.parse(text, { logLevel: "error" }), toml: (text) => toml.parse(text), json: (text) => JSON.parse(text) };
console.log(JSON.stringify(input.texts.map(({ schema, format, text }) => {
  let value;
  try { value = read[format](text); } catch (error) { return "does not parse: " + error.message; }
  return compiled[schema](value) ? null : ajv.errorsText(compiled[schema].errors);
})));
"#;

/// A text that a schema is of, and where it comes from.
struct Text {
    from: String,
    schema: &'static str,
    format: &'static str,
    text: String,
    /// What the reader itself has against it.
    findings: Vec<Diagnostic>,
}

/// Why the validator refuses each text; `None` where it does not.
fn refusals(texts: &[Text]) -> Vec<Option<String>> {
    let schemas: serde_json::Map<String, Value> =
        NAMES.iter().map(|name| ((*name).to_owned(), schema(name))).collect();
    let of = |text: &Text| json!({"schema": text.schema, "format": text.format, "text": text.text});
    let told =
        node(VALIDATE, &json!({"schemas": schemas, "texts": texts.iter().map(of).collect::<Vec<_>>()}));
    serde_json::from_value(told).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The front matter and the blocks of an annotated document that schemas are of.
fn parts(from: &str, source: &str) -> Vec<Text> {
    let mut texts = Vec::new();
    let compiled = compile(source, None);
    // Somebody else's document has front matter of its own; a near miss of ours is an error, and stays.
    if compiled.plan.kind == DocumentKind::Foreign && !compiled.has_errors() {
        return texts;
    }
    let all = compiled.diagnostics;
    let mut push = |schema, text: String, start: usize, end: usize| {
        let within = |finding: &&Diagnostic| {
            finding.span.is_some_and(|span| (start..=end).contains(&span.start) && span.end <= end + 1)
        };
        let findings = all.iter().filter(within).cloned().collect();
        texts.push(Text { from: format!("{from} at {start}"), schema, format: "yaml", text, findings });
    };
    let Some(rest) = source.strip_prefix("---\n") else { return texts };
    let Some(front) = rest.find("\n---\n").map(|end| &rest[..=end]) else { return texts };
    push("front-matter", front.to_owned(), 4, 4 + front.len());
    let mut open: Option<(String, &'static str, usize, String)> = None;
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let text = line.trim();
        let ticks = &text[..text.len() - text.trim_start_matches('`').len()];
        match &mut open {
            Some((marks, schema, begun, body)) if text == marks => {
                if !body.is_empty() {
                    push(*schema, body.clone(), *begun, start);
                }
                open = None;
            }
            Some((_, "options", _, body)) => {
                if let Some(option) = text.strip_prefix("#|") {
                    body.push_str(&format!("{}\n", option.strip_prefix(' ').unwrap_or(option)));
                }
            }
            Some((_, "", ..)) => {}
            Some((_, _, _, body)) => body.push_str(line),
            None if ticks.len() >= 3 => {
                let schema = match text[ticks.len()..].split_once(' ') {
                    Some(("yaml", "step")) => "step",
                    Some(("yaml", "expect")) => "expect",
                    Some(("yaml", "record")) => "record",
                    Some(("yaml", "signoff")) => "signoff",
                    Some(("yaml", "check")) => "probe",
                    Some((_, "run" | "check" | "rollback")) => "options",
                    _ => "",
                };
                open = Some((ticks.to_owned(), schema, at, String::new()));
            }
            None => {}
        }
    }
    texts.retain(|text| !text.schema.is_empty());
    texts
}

fn config(from: &str, text: String) -> Text {
    let findings = read_config(&text).1;
    Text { from: from.to_owned(), schema: "config", format: "toml", text, findings }
}

fn answers(from: &str, text: String, book: &str) -> Text {
    let findings = read_answers(&text, &compile(book, None).plan).1;
    Text { from: from.to_owned(), schema: "answers", format: "yaml", text, findings }
}

/// Everything of the repository that people wrote for holdpoint to read, and that is good.
fn examples() -> Vec<Text> {
    let mut texts = Vec::new();
    for path in files("examples", ".md").into_iter().chain(files("runbooks", ".md")) {
        let source = std::fs::read_to_string(&path).unwrap();
        texts.extend(parts(&name(&path), &source));
        let answer = root().join("examples/answers").join(name(&path).replace(".md", ".yaml"));
        if let Ok(text) = std::fs::read_to_string(&answer) {
            texts.push(answers(&name(&answer), text, &source));
        }
    }
    let product = std::fs::read_to_string(root().join("examples/product/holdpoint.toml")).unwrap();
    texts.push(config("examples/product/holdpoint.toml", product));
    let bench = Bench::new();
    bench.ends(0, &["init"]);
    texts.push(config("init's holdpoint.toml", bench.text("holdpoint.toml")));
    texts.extend(parts("init's first.md", &bench.text("runbooks/first.md")));
    texts
}

/// Cases: documents and configurations beside what they must give, and files of refused command lines.
fn cases() -> Vec<Text> {
    let mut texts = Vec::new();
    for path in files("tests/cases/document", ".md") {
        texts.extend(parts(&name(&path), &std::fs::read_to_string(&path).unwrap()));
    }
    for path in files("tests/cases/document", ".toml") {
        texts.push(config(&name(&path), std::fs::read_to_string(&path).unwrap()));
    }
    for path in files("tests/cases/cli", ".case") {
        let case = std::fs::read_to_string(&path).unwrap();
        let mut book = String::new();
        for file in case.split("\n-- ").skip(1) {
            let (file, text) = file.split_once(" --\n").unwrap();
            let text = format!("{}\n", text.trim_end_matches('\n'));
            let from = format!("{} {file}", name(&path));
            match file {
                "holdpoint.toml" => texts.push(config(&from, text)),
                _ if file.ends_with(".md") => {
                    texts.extend(parts(&from, &text));
                    book = text;
                }
                _ if file.ends_with(".yaml") => texts.push(answers(&from, text, &book)),
                _ => {}
            }
        }
    }
    texts
}

#[test]
fn every_example_validates() {
    let texts = examples();
    for name in NAMES.iter().filter(|name| !["events", "moments"].contains(name)) {
        assert!(texts.iter().any(|text| text.schema == *name), "no example has {name}");
    }
    for (text, refused) in texts.iter().zip(refusals(&texts)) {
        let keys = [Code::UnknownKey, Code::MissingKey, Code::BadValue, Code::Syntax];
        let bad: Vec<_> = text.findings.iter().filter(|finding| keys.contains(&finding.code)).collect();
        assert!(bad.is_empty(), "{}: {bad:?}", text.from);
        assert_eq!(refused, None, "{} {}\n{}", text.schema, text.from, text.text);
    }
    assert!(texts.len() > 50, "{} texts only", texts.len());
}

/// What a schema refuses the reader refuses; and what the reader refuses for its keys the schema refuses.
#[test]
fn bad_cases_are_refused_where_a_schema_can_see_it_and_good_ones_are_not() {
    let texts = cases();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for (text, refused) in texts.iter().zip(refusals(&texts)) {
        let codes: Vec<Code> =
            text.findings.iter().filter(|finding| finding.is_error()).map(|finding| finding.code).collect();
        // Which of another tool's keys are slips for ours, a schema of front matter cannot tell.
        let of_front = text.schema == "front-matter";
        let by_key = |code: &Code| *code == Code::MissingKey || *code == Code::UnknownKey && !of_front;
        let by_key = codes.iter().any(by_key);
        match &refused {
            Some(why) if codes.is_empty() => {
                wrong.push(format!(
                    "{} {}: the schema alone refuses it: {why}\n{}",
                    text.schema, text.from, text.text
                ));
            }
            None if by_key => {
                wrong.push(format!("{} {}: the schema lets it pass\n{}", text.schema, text.from, text.text));
            }
            Some(_) => seen += 1,
            None => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 20, "{seen} refusals only");
}

/// Values, not keys: what a reader of the schema alone can tell.
#[test]
fn bad_values_are_refused_by_reader_and_schema_alike() {
    let of = |schema: &'static str, text: &str| {
        let format = if schema == "config" { "toml" } else { "yaml" };
        Text { from: text.to_owned(), schema, format, text: text.to_owned(), findings: Vec::new() }
    };
    let front = |rest: &str| of("front-matter", &format!("runbook: 1\n{rest}"));
    let texts = vec![
        of("front-matter", "runbook: 2"),
        of("front-matter", "runbook: \"1\""),
        front("title: ''"),
        front("authors: a"),
        front("authors: [a, a]"),
        front("approval_date: 20261101"),
        front("approval_date: 1 November"),
        front("manual: 'yes'"),
        front("keep: weight"),
        front("keep: [a, a]"),
        front("inputs: { 1A: {} }"),
        front("inputs: { environment: {} }"),
        front("inputs: { HOLDPOINT_X: {} }"),
        front("inputs: { A: { type: choice } }"),
        front("inputs: { A: { choices: [a] } }"),
        front("inputs: { A: { min: 1 } }"),
        front("inputs: { A: { type: integer, min: 1.5 } }"),
        front("inputs: { A: { type: integer, pattern: a } }"),
        front("inputs: { A: { secret: true, default: hunter22 } }"),
        front("inputs: { A: { from: { env: A, file: b } } }"),
        of("options", "timeout: 5"),
        of("options", "timeout: soon"),
        of("options", "retry: { every: 5s }"),
        of("options", "hold: { for: 10m }"),
        of("options", "hold: 10m"),
        of("options", "record: false"),
        of("options", "reason: because"),
        of("options", "id: a b"),
        of("options", "cwd: /etc"),
        of("options", "capture: { A: {} }"),
        of("options", "capture: { A: { stdout: false } }"),
        of("options", "capture: { A: { json: status } }"),
        of("options", "strict: 'no'"),
        of("expect", "{}"),
        of("expect", "exit: 256"),
        of("expect", "exit: []"),
        of("expect", "stdout: healthy"),
        of("expect", "stdout: { contains: a, equals: b }"),
        of("expect", "json: { status: ok }"),
        of("record", "{}"),
        of("record", "a: { type: number, min: low }"),
        of("signoff", "role: qa\nmeaning: approval"),
        of("signoff", "role: qa\nmeaning: fine\nstatement: x"),
        of("signoff", "role: qa\nmeaning: review\nstatement: x\ncount: 0"),
        of("step", "on_failure: retry"),
        of("step", "expected: 300"),
        of("probe", "hold: { every: 5s }\ntcp: { to: \"a:1\" }"),
        of("probe", "timeout: 5s"),
        of("probe", "http: { url: https://a }\ntcp: { to: \"a:1\" }"),
        of("probe", "http: { url: https://a, status: 1000 }"),
        of("probe", "http: { url: https://a, tls: { key: a } }"),
        of("probe", "http: { url: https://a, body: x }"),
        of("probe", "http: { url: https://a, method: POST, body: 1 }"),
        of("probe", "http: { url: https://a, method: POST, redirects: 1 }"),
        of("probe", "http: { url: https://a, method: PUT }"),
        of("probe", "git: {}"),
        of("probe", "git: { ancestor: [HEAD] }"),
        of("probe", "dns: { name: a, servers: [] }"),
        of("config", "[store]"),
        of("config", "[environments.a]\nsignature = \"gpg\""),
        of("config", "[environments.a]\nrequires = { max_age = \"7d\" }"),
        of("config", "[environments.a.targets]\nweb = []"),
        of("config", "[environments.a.targets]\nweb = \"prod-01\""),
        of("config", "[environments.a.targets]\nweb = [\"local\", \"local\"]"),
        of("config", "[environments.a.targets]\nlocal = \"local\""),
        of("config", "[environments.a.targets]\nweb = { become = \"sudo\" }"),
        of("step", "target: web\nrollout: { at_once: 0 }"),
        of("answers", "steps: { step: { choice: skip } }"),
        of("answers", "steps: { step: { confirm: 'yes' } }"),
        of("answers", "steps: { step: { sign: { as: a } } }"),
    ];
    for (text, refused) in texts.iter().zip(refusals(&texts)) {
        assert!(refused.is_some(), "{}: the schema lets it pass: {}", text.schema, text.text);
        let errors = crate::keys::errors(text.schema, &text.text);
        assert!(errors, "{}: the reader lets it pass: {}", text.schema, text.text);
    }
}

const STORY: &str = "---\nrunbook: 1\ntitle: A story\nroles: [qa]\ninputs: { NAME: { default: x } }\n---\n\n# A story\n\n\
    ## Change\n\n```sh run\n#| capture: { N: { file: n } }\necho 1 >n\n```\n\n```sh check\n#| record: false\n#| reason: too much\n\
    cat n\n```\n\n```sh rollback\nrm n\n```\n\n## Write down\n\n```yaml record\nrate: { type: number, max: 1, evidence: url }\n```\n\n\
    - [ ] It is good\n\n## Not here\n\n```sh check\n#| when: NAME == \"y\"\ntrue\n```\n\n## Release\n\n```yaml signoff\nrole: qa\n\
    meaning: approval\nstatement: Good\n```\n\n## Fails\n\n```yaml step\non_failure: ROLL\n```\n\n```sh check\nfalse\n```\n";
const STORY_CONFIG: &str = "[people.\"qa@example.org\"]\nname = \"Quinn\"\n[roles]\nqa = [\"qa@example.org\"]\n\
    [environments.lab]\nrehearsal = true\nvars = { A = 1 }\n";
const STORY_ANSWERS: &str = "steps:\n  write-down: { value: { rate: 0.5 }, evidence: { rate: \"https://example.org\" } }\n  \
    release: { sign: { as: qa@example.org, name: Quinn } }\n  fails: { choice: abort, reason: enough }\n";

/// Lines of real records: a run that is rolled back, one that parks and is taken up, notes, deviations, sign-offs.
fn records() -> Vec<String> {
    let back = STORY.replace("ROLL", "rollback");
    let bench = Bench::with(&[
        ("back.md", &back),
        ("ask.md", &STORY.replace("ROLL", "ask")),
        ("holdpoint.toml", STORY_CONFIG),
        ("answers.yaml", &format!("{STORY_ANSWERS}  write-down#2: {{ confirm: true }}\n")),
        ("skip.yaml", &format!("{STORY_ANSWERS}  write-down#2: {{ choice: skip, reason: not now }}\n")),
    ]);
    bench.committed();
    bench.ends(1, &["run", "back.md", "--env", "lab", "--unattended", "--answers", "answers.yaml"]);
    bench.ends(3, &["run", "ask.md", "--env", "lab", "--unattended"]);
    bench.ends(0, &["note", "2", "waiting", "--step", "change"]);
    bench.ends(4, &["resume", "2", "--unattended", "--answers", "skip.yaml"]);
    let lines = |number| std::fs::read_to_string(bench.run_dir(number).join("run.jsonl")).unwrap();
    [lines(1), lines(2)].concat().lines().map(str::to_owned).collect()
}

#[test]
fn every_line_of_a_real_record_validates_and_none_that_was_tampered_with() {
    let lines = records();
    let of = |text: String| Text {
        from: String::new(),
        schema: "events",
        format: "json",
        text,
        findings: Vec::new(),
    };
    let (mut texts, mut bad) = (Vec::new(), Vec::new());
    let mut types = std::collections::BTreeSet::new();
    for line in &lines {
        let event: Value = serde_json::from_str(line).unwrap();
        types.insert(event["type"].as_str().unwrap().to_owned());
        texts.push(of(line.clone()));
        let mut change = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
            let mut event = event.as_object().cloned().unwrap();
            change(&mut event);
            bad.push(of(Value::Object(event).to_string()));
        };
        change(&|event| drop(event.insert("extra".to_owned(), json!(1))));
        change(&|event| drop(event.insert("type".to_owned(), json!("run.reopened"))));
        change(&|event| drop(event.insert("prev".to_owned(), json!("ABC"))));
        change(&|event| drop(event.insert("n".to_owned(), json!(-1))));
        change(&|event| drop(event.insert("at".to_owned(), json!("yesterday"))));
        for key in ["n", "prev", "at", "type"] {
            change(&|event| drop(event.shift_remove(key)));
        }
    }
    for wanted in [
        "run.opened",
        "session.opened",
        "action.finished",
        "value.recorded",
        "item.confirmed",
        "note",
        "signoff.given",
        "step.not_applicable",
        "deviation",
        "decision",
        "rollback.finished",
        "run.closed",
    ] {
        assert!(types.contains(wanted), "{wanted} is in none of the records: {types:?}");
    }
    let good = texts.len();
    texts.extend(bad);
    for (at, (text, refused)) in texts.iter().zip(refusals(&texts)).enumerate() {
        assert_eq!(refused.is_none(), at < good, "{refused:?}: {}", text.text);
    }
}

#[test]
fn schemas_are_data_name_their_draft_and_an_unknown_one_is_a_usage_error() {
    for name in NAMES {
        let told = schema(name);
        assert_eq!(told["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        assert!(told["title"].is_string(), "{name}");
    }
    Bench::new().ends(2, &["schema", "everything"]).says("front-matter");
}

#[test]
fn every_moment_of_a_run_that_programs_are_told_of_validates() {
    let bench = Bench::with(&[(
        "book.md",
        "---\nrunbook: 1\ninputs:\n  WHICH: { default: a }\n---\n\n# B\n\n## Look\n\n```sh check\n#| retry: { every: 10ms, for: 9s }\n\
         test -e there || { touch there; false; }\n```\n\n## Never\n\n\
         ```yaml step\nwhen: WHICH == \"b\"\n```\n\n```sh check\ntrue\n```\n\n## Say\n\n- [ ] It is good\n",
    )]);
    let ran = bench.ends(3, &["run", "book.md", "--unattended", "--format", "json-lines"]);
    bench.file("answers.yaml", "steps: { say: { confirm: true } }\n");
    let resume = ["resume", "1", "--unattended", "--answers", "answers.yaml", "--format", "json-lines"];
    let resumed = bench.ends(0, &resume);
    let dry = bench.ends(0, &["run", "book.md", "--dry-run", "--format", "json-lines"]);
    let mut moments = std::collections::BTreeSet::new();
    let mut texts = Vec::new();
    for of_session in [&ran.stdout, &resumed.stdout, &dry.stdout] {
        for (at, line) in of_session.lines().enumerate() {
            let read: Value = serde_json::from_str(line).unwrap();
            assert_eq!(
                (read["n"].as_u64(), read["format"].as_str()),
                (Some(at as u64), Some("holdpoint-moments-1"))
            );
            assert_eq!(read["moment"] == "run_driven", at == 0, "{line}");
            let moment = read["moment"].as_str().unwrap();
            // Whoever follows one step or action finds it at the top of whatever is of it.
            let of_step = !matches!(moment, "run_driven" | "steps_passed" | "closed");
            let of_action = of_step && !matches!(moment, "step_entered" | "passed_over");
            assert_eq!(
                (read["step"].is_string(), read["action"].is_string()),
                (of_step, of_action),
                "{line}"
            );
            moments.insert(moment.to_owned());
            let of = |text: String| Text {
                from: String::new(),
                schema: "moments",
                format: "json",
                text,
                findings: Vec::new(),
            };
            texts.push((of(line.to_owned()), true));
            let mut more = read.clone();
            more["extra"] = json!(1);
            texts.push((of(more.to_string()), false));
        }
    }
    for wanted in [
        "step_entered",
        "waiting",
        "attempt_started",
        "attempt_ended",
        "passed_over",
        "parked",
        "answered",
        "closed",
    ] {
        assert!(moments.contains(wanted), "{wanted} is not among {moments:?}");
    }
    let (texts, good): (Vec<Text>, Vec<bool>) = texts.into_iter().unzip();
    for ((text, refused), good) in texts.iter().zip(refusals(&texts)).zip(good) {
        assert_eq!(refused.is_none(), good, "{refused:?}: {}", text.text);
    }
    // Another form of what is told is no way of saying nothing.
    bench.ends(2, &["run", "book.md", "--unattended", "--format", "json"]).says("--dry-run");
}
