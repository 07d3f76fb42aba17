//! Documents and blocks.

use std::ops::Range;

use holdpoint_document::{
    Config, Diagnostic, DocumentKind, Plan, Span, Work, compile, compile_and_lint, lint_claims,
};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::layer;
use crate::world::sha256;

/// What holds of a document.
pub(crate) fn document(source: &str, config: Option<&Config>) -> Plan {
    let compiled = compile(source, config);
    let again = compile(source, config);
    assert_eq!(compiled.plan.digest(), again.plan.digest(), "read twice, planned twice");
    assert_eq!(compiled.diagnostics, again.diagnostics);
    findings(source, &compiled.diagnostics);
    let (_, lints) = compile_and_lint(source, config);
    findings(source, &lints);
    assert!(
        lints.iter().all(|finding| !finding.is_error()),
        "a lint that is an error stops nothing: {lints:?}"
    );
    findings(source, &lint_claims(&compiled.plan, None, jiff::civil::date(2026, 11, 23)));
    inert(&holdpoint_document::html(source, 0, &[]));
    assert_eq!(compiled.has_errors(), compiled.diagnostics.iter().any(Diagnostic::is_error));
    plan(source, &compiled.plan, compiled.has_errors());
    if !compiled.has_errors() && compiled.plan.kind == DocumentKind::Annotated {
        nothing_is_dropped(source, &compiled.plan);
    }
    if compiled.plan.kind == DocumentKind::Foreign {
        let work = compiled.plan.steps.iter().flat_map(|step| &step.actions).map(|action| &action.work);
        let asked = |work: &Work| {
            matches!(work, Work::Confirm { .. } | Work::Record { .. }) || work.offered().is_some()
        };
        assert!(work.into_iter().all(asked), "a foreign block runs unasked");
        assert!(compiled.plan.steps.iter().all(|step| step.rollbacks.is_empty()));
        layer::shown_once(source, &compiled);
    }
    compiled.plan
}

/// Findings say what is wrong, where in the text, and what to do.
pub(crate) fn findings(source: &str, findings: &[Diagnostic]) {
    for finding in findings {
        assert!(finding.span.is_none_or(|span| inside(source, span)), "{finding:?} is not in the text");
        assert!(!finding.message.trim().is_empty() && !finding.help.trim().is_empty(), "{finding:?}");
    }
}

fn inside(source: &str, span: Span) -> bool {
    span.start <= span.end && source.get(span.start..span.end).is_some()
}

fn plan(source: &str, plan: &Plan, broken: bool) {
    for passage in &plan.passages {
        assert!(passage.before <= plan.steps.len(), "{passage:?}");
        assert!(passage.prose.iter().all(|prose| inside(source, *prose)), "{passage:?}");
    }
    let (mut names, mut numbers) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    assert!(inside(source, plan.front.span));
    for input in &plan.front.inputs {
        assert!(inside(source, input.span));
    }
    for step in &plan.steps {
        assert!(inside(source, step.span), "{step:?}");
        assert_eq!(step.digest, sha256(step.span.of(source).as_bytes()), "digest of {}", step.id);
        assert!(!step.actions.is_empty(), "{} holds nothing to do", step.id);
        assert!(names.insert(&step.id) || broken, "two steps are called {}", step.id);
        assert!(numbers.insert(&step.number), "two steps are numbered {}", step.number);
    }
    let mut names = std::collections::BTreeSet::new();
    for action in plan.steps.iter().flat_map(|step| &step.actions) {
        assert!(inside(source, action.span), "{action:?}");
        assert!(names.insert(&action.id) || broken, "two actions are called {}", action.id);
        assert!(action.prose.is_none_or(|prose| inside(source, prose)), "{action:?}");
    }
    for block in blocks(plan) {
        assert!(inside(source, block.span), "{block:?}");
        assert!(block.expect.iter().all(|expected| inside(source, expected.span)), "{block:?}");
    }
}

fn blocks(plan: &Plan) -> impl Iterator<Item = &holdpoint_document::Block> {
    plan.steps
        .iter()
        .flat_map(|step| step.actions.iter().filter_map(|action| action.work.block()).chain(&step.rollbacks))
}

/// What a fence says it is, with where it stands; read by another hand than the compiler's.
fn fences(source: &str, from: usize) -> Vec<(String, Range<usize>)> {
    let options = Options::ENABLE_GFM
        | Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES;
    let mut found = Vec::new();
    for (event, range) in Parser::new_ext(&source[from..], options).into_offset_iter() {
        if let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) = event
            && let [_, kind] = info.split_whitespace().collect::<Vec<_>>()[..]
        {
            found.push((kind.to_owned(), range.start + from..range.end + from));
        }
    }
    found
}

/// Task items that stand where something can be done: not in a quote or a footnote.
fn tasks(source: &str, from: usize) -> usize {
    let options = Options::ENABLE_GFM
        | Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES;
    let (mut count, mut aside) = (0, 0);
    for event in Parser::new_ext(&source[from..], options) {
        match event {
            Event::Start(Tag::BlockQuote(_) | Tag::FootnoteDefinition(_)) => aside += 1,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition) => aside -= 1,
            Event::TaskListMarker(_) if aside == 0 => count += 1,
            _ => {}
        }
    }
    count
}

/// Every fence of a kind that acts became what it says, and nothing else did.
fn nothing_is_dropped(source: &str, plan: &Plan) {
    assert!(blocks(plan).all(|block| !block.interpreter.is_empty()), "nothing would run a block");
    let fences = fences(source, plan.front.span.end);
    let fenced = |kind: &str| fences.iter().filter(|(found, _)| found == kind).count();
    let planned = |kind: &str| {
        plan.steps.iter().flat_map(|step| &step.actions).filter(|action| action.work.kind() == kind).count()
    };
    for kind in ["run", "check", "record", "signoff"] {
        assert_eq!(fenced(kind), planned(kind), "fences and actions of kind {kind}: {fences:?}");
    }
    let rollbacks = plan.steps.iter().map(|step| step.rollbacks.len()).sum::<usize>();
    assert_eq!(fenced("rollback"), rollbacks, "{fences:?}");
    for (_, range) in fences.iter().filter(|(kind, _)| kind == "expect") {
        let within = |span: Span| range.start <= span.start && span.end <= range.end;
        let judged = blocks(plan).flat_map(|block| &block.expect).any(|expected| within(expected.span));
        assert!(judged, "nothing is expected by {:?}", &source[range.clone()]);
    }
    let tasks = tasks(source, plan.front.span.end);
    assert!(tasks <= planned("confirm"), "{tasks} items and {} to confirm", planned("confirm"));
}

/// A block that is put into a right document: its info string, then its text.
pub(crate) fn block(text: &str) {
    let (info, body) = text.split_once('\n').unwrap_or((text, ""));
    let mark = if info.contains('`') { '~' } else { '`' };
    let longest = body.split(|c| c != mark).map(str::len).max().unwrap_or(0);
    let fence = mark.to_string().repeat(longest.max(2) + 1);
    let end = if body.is_empty() || body.ends_with('\n') { "" } else { "\n" };
    let source = format!(
        "---\nrunbook: 1\nroles: [qa]\ninputs: {{ NAME: , TOKEN: {{ secret: true }} }}\n---\n\n# Book\n\n## Step\n\n\
         ```sh run\ntrue\n```\n\n{fence}{info}\n{body}{end}{fence}\n"
    );
    let plan = document(&source, None);
    if compile(&source, None).has_errors() || body.contains(['\r', '\0']) || info.contains('\r') {
        return;
    }
    let body = format!("{body}{end}");
    let found = blocks(&plan).find(|block| block.span.start > 120);
    if let Some(block) = found {
        let (shebang, rest) = match block.script.split_once('\n') {
            Some((first, rest)) if first.starts_with("#!") => (true, rest),
            None if block.script.starts_with("#!") => (true, ""),
            _ => (false, block.script.as_str()),
        };
        let dropped = body.strip_suffix(rest);
        let dropped = dropped.unwrap_or_else(|| panic!("{:?} is not the end of {body:?}", block.script));
        for (n, line) in dropped.lines().enumerate() {
            let options = ["#|", "--|", "//|"].iter().any(|prefix| line.starts_with(prefix));
            let first = shebang && n == 0 && line.starts_with("#!");
            assert!(options || first || line.trim().is_empty(), "{line:?} of {body:?} is lost");
        }
    }
}

/// Foreign bytes as they are shown: no control character but line feed and tab, nothing that turns text around.
pub(crate) fn shown(bytes: &[u8]) {
    let shown = holdpoint_report::visible(bytes);
    harmless(&shown);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
        assert!(letters(&shown) >= letters(text), "letters are lost");
    }
}

/// Nothing in the text acts on a terminal or hides what it says.
pub(crate) fn harmless(text: &str) {
    let bad = |c: &char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(*c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    assert_eq!(text.chars().find(bad), None);
}

/// Of what stands between `<` and `>`, every element is one that the renderer writes; none fetches or acts.
fn inert(html: &str) {
    const KNOWN: [&str; 25] = [
        "p",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "code",
        "span",
        "ol",
        "ul",
        "li",
        "div",
        "sup",
        "table",
        "tr",
        "td",
        "th",
        "em",
        "strong",
        "del",
        "a",
        "br",
        "hr",
    ];
    for tag in html.split('<').skip(1) {
        let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
        assert!(!name.is_empty() && KNOWN.contains(&name), "<{tag}");
        assert_eq!(tag.matches('>').count(), 1, "<{tag}");
    }
}
