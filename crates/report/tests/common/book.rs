//! A run-book as a plan, read roughly.

use holdpoint_document::*;

use super::STATEMENT;

/// Plans a document of a plain make: `##` sections are steps, fences with a kind and task items are actions. Stands
/// in for the real parser, which knows far more.
pub fn plan(source: &str) -> Plan {
    let mut steps: Vec<Step> = Vec::new();
    let mut fence: Option<(usize, String, String)> = None;
    let mut at = 0;
    let in_front = source.starts_with("---\n");
    let mut skipping = in_front;
    let mut in_item = false;
    for line in source.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if skipping {
            skipping = start == 0 || line.trim_end() != "---";
            continue;
        }
        let indent = line.len() - line.trim_start_matches([' ', '>']).len();
        let text = line[indent..].trim();
        if let Some((from, info, marks)) = &fence {
            if text == marks {
                let span = Span::new(*from, start + line.trim_end().len());
                let info = info.clone();
                fence = None;
                if let Some(step) = steps.last_mut() {
                    step.span.end = at;
                    add_fence(step, source, span, &info);
                }
            }
            continue;
        }
        if let Some(step) = steps.last_mut() {
            step.span.end = at;
            if let Some(target) = text.strip_prefix("Target: ") {
                step.target = Some(target.to_owned());
                step.rollout = Some(Rollout { first: 0, at_once: 8, stop_after: 0 });
            }
        }
        let lazy = text.starts_with(|c: char| c.is_alphabetic());
        let continues = in_item && (indent > 0 || lazy) && !text.is_empty() && !text.starts_with(['`', '-']);
        in_item = continues || text.contains(" [ ] ") || text.contains(" [x] ");
        if continues {
            steps.last_mut().and_then(|step| step.actions.last_mut()).expect("an item").span.end = at;
        } else if text.starts_with("```") {
            let marks: String = text.chars().take_while(|c| *c == '`').collect();
            fence = Some((start + indent, text[marks.len()..].to_owned(), marks));
        } else if let Some(title) = line.strip_prefix("## ") {
            steps.push(step(title.trim(), steps.len() + 1, Span::new(start, at)));
        } else if let Some(item) = text
            .split_once("[ ] ")
            .or_else(|| text.split_once("[x] "))
            .filter(|(m, _)| m.ends_with(' ') && m.len() < 5)
            .map(|(_, item)| item)
        {
            let step = steps.last_mut().expect("items stand in steps");
            let span = Span::new(start + indent, at);
            push(step, span, Work::Confirm { text: item.to_owned() });
        }
    }
    steps.retain(|step| !step.actions.is_empty());
    Plan {
        kind: DocumentKind::Annotated,
        title: title(source),
        front: front(source),
        steps,
        former: None,
        passages: Vec::new(),
    }
}

pub fn title(source: &str) -> String {
    source.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default().to_owned()
}

pub fn front(source: &str) -> FrontMatter {
    let key = |key: &str| {
        source.lines().find_map(|l| l.strip_prefix(key)).map(|v| v.trim().trim_matches('"').to_owned())
    };
    FrontMatter {
        document_id: key("document_id:"),
        revision: key("revision:"),
        authors: key("author:").into_iter().collect(),
        ..FrontMatter::default()
    }
}

pub fn step(title: &str, number: usize, span: Span) -> Step {
    let id = title.to_lowercase().replace(' ', "-");
    Step {
        file: None,
        id,
        number: number.to_string(),
        title: title.to_owned(),
        once_titled: None,
        path: Vec::new(),
        span,
        digest: String::new(),
        role: None,
        when: Vec::new(),
        target: None,
        rollout: None,
        on_failure: OnFailure::Ask,
        expected: None,
        irreversible: false,
        alternatives: Vec::new(),
        skippable: true,
        not_before: None,
        actions: Vec::new(),
        rollbacks: Vec::new(),
    }
}

pub fn push(step: &mut Step, span: Span, work: Work) {
    let id = format!("{}#{}", step.id, step.actions.len() + 1);
    step.actions.push(Action { id, span, prose: None, caution: None, work, once: None });
}

pub fn add_fence(step: &mut Step, source: &str, span: Span, info: &str) {
    let (language, kind) = info.split_once(' ').unwrap_or((info, ""));
    let inner: Vec<&str> = span.of(source).lines().skip(1).collect();
    let script: String = inner[..inner.len() - 1]
        .iter()
        .filter(|l| !l.starts_with("#|"))
        .map(|line| format!("{line}\n"))
        .collect();
    let has = |option: &str| inner.contains(&option);
    let options = Options {
        sensitive: has("#| sensitive: true"),
        record: !has("#| record: false"),
        reason: has("#| record: false").then(|| "prints the whole key ring".to_owned()),
        ..Options::default()
    };
    let block = Block {
        language: language.to_owned(),
        interpreter: vec![language.to_owned()],
        script,
        span,
        options,
        expect: Vec::new(),
        probe: None,
        offered: None,
    };
    match kind {
        "run" => push(step, span, Work::Run(block)),
        "check" => push(step, span, Work::Check(block)),
        "rollback" => step.rollbacks.push(block),
        "expect" => {
            let action = step.actions.last_mut().expect("a subject");
            action.span.end = span.end;
            let (Work::Run(block) | Work::Check(block)) = &mut action.work else { return };
            if inner.iter().any(|line| line.starts_with("stdout:")) {
                let that = Expected::Stdout(Matcher::Contains("healthy".to_owned()));
                block.expect.push(Expectation { that, span });
            }
        }
        "record" => {
            let fields = inner[..inner.len() - 1].iter().filter_map(|line| line.trim().split_once(':')).map(
                |(name, _)| Field {
                    name: name.to_owned(),
                    prompt: None,
                    kind: ValueKind::Number { min: None, max: holdpoint_model::Number::parse("0.1") },
                    evidence: None,
                    may_be_empty: false,
                },
            );
            push(step, span, Work::Record { fields: fields.collect() });
        }
        "signoff" => push(
            step,
            span,
            Work::SignOff(SignOff {
                role: "qa".to_owned(),
                meaning: Meaning::Approval,
                statement: STATEMENT.to_owned(),
                independent: true,
                count: 1,
                expires: None,
            }),
        ),
        _ => {}
    }
}
