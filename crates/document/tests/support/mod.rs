//! What the tests of this crate share. They read case files; the crate itself may not.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, dead_code)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use holdpoint_document::{
    Action, Compiled, Config, Diagnostic, NotIncluded, Plan, Span, Work, compile_and_lint_with, lint_claims,
    read_config,
};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn cases() -> PathBuf {
    root().join("tests/cases/document")
}

pub(crate) fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A case: the document, what it includes, and the configuration beside it if there is one.
pub(crate) struct Case {
    /// The text that all places are of.
    pub(crate) source: String,
    pub(crate) compiled: Compiled,
    /// Of the compiler, the lints and the claims, as on 2026-11-23.
    pub(crate) findings: Vec<Diagnostic>,
}

pub(crate) fn case(path: &Path) -> Case {
    let source = text(path);
    let beside = path.with_extension("toml");
    let config: Option<Config> = beside.exists().then(|| {
        let (config, findings) = read_config(&text(&beside));
        assert_eq!(findings, [], "{}", beside.display());
        config
    });
    let name = path.file_name().unwrap().to_str().unwrap();
    let (compiled, warnings) = compile_and_lint_with((name, &source), config.as_ref(), &mut |other: &str| {
        let none = |_| NotIncluded { why: "there is no such file".to_owned(), help: "write it".to_owned() };
        std::fs::read_to_string(cases().join(other)).map_err(none)
    });
    let source = compiled.text(&source).to_owned();
    let mut findings = compiled.diagnostics.clone();
    findings.extend(warnings);
    findings.extend(lint_claims(&compiled.plan, config.as_ref(), jiff::civil::date(2026, 11, 23)));
    Case { source, compiled, findings }
}

/// The plan as an outline a reader can check by eye.
pub(crate) fn outline(source: &str, plan: &Plan) -> String {
    let mut out = format!("{:?}: {}\n", plan.kind, plan.title);
    for step in &plan.steps {
        write!(out, "\n{} {} [{}]", step.number, step.title, step.id).unwrap();
        if !step.path.is_empty() {
            write!(out, " in {}", step.path.join(" > ")).unwrap();
        }
        out.push('\n');
        if let Some(file) = &step.file {
            writeln!(out, "  from: {file}").unwrap();
        }
        if let Some(role) = &step.role {
            writeln!(out, "  role: {role}").unwrap();
        }
        for when in &step.when {
            writeln!(out, "  when: {when}").unwrap();
        }
        if step.on_failure != holdpoint_document::OnFailure::Ask {
            writeln!(out, "  on_failure: {:?}", step.on_failure).unwrap();
        }
        if step.irreversible {
            writeln!(out, "  irreversible").unwrap();
        }
        if !step.skippable {
            writeln!(out, "  not skippable").unwrap();
        }
        for action in &step.actions {
            self::action(source, action, &mut out);
        }
        for rollback in &step.rollbacks {
            writeln!(out, "  rollback: {:?}", rollback.script).unwrap();
        }
    }
    out
}

fn action(source: &str, action: &Action, out: &mut String) {
    if let Some(prose) = action.prose {
        writeln!(out, "  prose: {:?}", prose.of(source)).unwrap();
    }
    if let Some(caution) = &action.caution {
        writeln!(out, "  caution: {caution:?}").unwrap();
    }
    write!(out, "  {} {}: ", action.work.kind(), action.id).unwrap();
    match &action.work {
        Work::Confirm { text } => writeln!(out, "{text:?}").unwrap(),
        Work::Run(block) | Work::Check(block) => {
            writeln!(out, "{} {:?}", block.interpreter.join(" "), block.script).unwrap();
            if block.options != holdpoint_document::Options::default() {
                writeln!(out, "    options: {}", serde_json::to_string(&block.options).unwrap()).unwrap();
            }
            for expectation in &block.expect {
                writeln!(out, "    expect: {}", serde_json::to_string(&expectation.that).unwrap()).unwrap();
            }
        }
        Work::Record { fields } => writeln!(out, "{}", serde_json::to_string(fields).unwrap()).unwrap(),
        Work::SignOff(signoff) => writeln!(out, "{}", serde_json::to_string(signoff).unwrap()).unwrap(),
    }
}

/// `line:column code: message / help`, and the text the finding points at.
pub(crate) fn findings(source: &str, findings: &[Diagnostic]) -> String {
    let mut out = String::new();
    for finding in findings {
        let span = finding.span.unwrap_or_default();
        let before = &source[..span.start];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let pointed = span.of(source);
        writeln!(out, "{line}:{column} {}: {}", finding.code.as_str(), finding.message).unwrap();
        writeln!(out, "    at {pointed:?}\n    help: {}", finding.help).unwrap();
    }
    out
}

/// What holds of every plan, whatever the document.
pub(crate) fn check_invariants(source: &str, plan: &Plan) {
    let on_text = |span: Span| {
        assert!(
            span.start <= span.end && source.get(span.start..span.end).is_some(),
            "{span:?} is not in the text"
        );
    };
    let mut steps = BTreeSet::new();
    let mut actions = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for step in &plan.steps {
        on_text(step.span);
        assert_eq!(step.digest, sha256(step.span.of(source)), "digest of {}", step.id);
        assert!(steps.insert(&step.id), "two steps are called {}", step.id);
        assert!(numbers.insert(&step.number), "two steps are numbered {}", step.number);
        assert!(!step.actions.is_empty(), "{} holds nothing to do", step.id);
        for action in &step.actions {
            on_text(action.span);
            assert!(actions.insert(&action.id), "two actions are called {}", action.id);
            if let Some(prose) = action.prose {
                on_text(prose);
                assert!(!prose.of(source).trim().is_empty());
            }
            for expectation in action.work.block().iter().flat_map(|block| &block.expect) {
                on_text(expectation.span);
            }
        }
        for block in step.actions.iter().filter_map(|action| action.work.block()).chain(&step.rollbacks) {
            on_text(block.span);
        }
    }
    on_text(plan.front.span);
    plan.front.inputs.iter().for_each(|input| on_text(input.span));
}

/// Every finding points into the text.
pub(crate) fn check_findings(source: &str, findings: &[Diagnostic]) {
    for finding in findings {
        let span = finding.span.unwrap_or_default();
        assert!(source.get(span.start..span.end).is_some(), "{finding:?}");
    }
}

pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
