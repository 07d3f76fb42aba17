//! What holds whatever the text.

mod support;

use std::sync::LazyLock;

use holdpoint_document::{
    Compiled, compile, compile_and_lint, compile_and_lint_with, compile_with, lint_claims, read_config,
};
use proptest::prelude::*;

/// Valid run-books to break: the cases that raise nothing bad, and some that do.
static SEEDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let names = [
        "steps-example",
        "steps-nested",
        "unknown-key.ok",
        "bad-value",
        "misplaced",
        "syntax.ok",
        "foreign",
        "misplaced.ok",
        "undefined-variable.ok",
        "unclosed-fence",
        "placeholder",
    ];
    names.iter().map(|name| support::text(&support::cases().join(format!("{name}.md")))).collect()
});

/// Pieces that mean something to Markdown, YAML, a shell or a template.
const PIECES: &[&str] = &[
    "```sh run\n",
    "```yaml expect\n",
    "```text expect\n",
    "```yaml record\n",
    "```yaml step\n",
    "```\n",
    "~~~\n",
    "#| ",
    "#| timeout: 5m\n",
    "- [ ] ",
    "1. ",
    "  ",
    "\t",
    "\r\n",
    "# H\n",
    "## H\n",
    "> ",
    "> [!CAUTION]\n",
    "---\n",
    "runbook: 1\n",
    "{{ ",
    "}}",
    "{% raw %}",
    "<!--",
    "-->",
    "é",
    "日本",
    "🚀",
    "\u{feff}",
    "\u{0}",
    "[",
    "{",
    "]",
    "}",
    ": ",
    "&a ",
    "*a ",
    "!t ",
    "| \n",
    "'",
    "\"",
    "$X",
    "${X",
    "$(",
    "`",
    "<<EOF\n",
    "(glob)",
    "(regex)",
    "\u{a0}",
    "|a|b|\n|-|-|\n",
    "[^1]: ",
    "\\",
];

fn seed() -> impl Strategy<Value = String> {
    (0..SEEDS.len()).prop_map(|index| SEEDS[index].clone())
}

fn piece() -> impl Strategy<Value = String> {
    (0..PIECES.len()).prop_map(|index| PIECES[index].to_owned())
}

/// A run-book with a few cuts, insertions and doublings.
fn mutated() -> impl Strategy<Value = String> {
    let edit =
        (any::<prop::sample::Index>(), 0..40usize, prop_oneof![piece(), Just(String::new())], any::<bool>());
    (seed(), prop::collection::vec(edit, 1..6)).prop_map(|(mut text, edits)| {
        for (at, length, insert, double) in edits {
            let floor = |mut at: usize| {
                at = at.min(text.len());
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            let start = floor(at.index(text.len() + 1));
            let end = floor(start + length).max(start);
            let cut = text[start..end].to_owned();
            let new = if double { format!("{cut}{insert}{cut}") } else { insert };
            text.replace_range(start..end, &new);
        }
        text
    })
}

fn assembled() -> impl Strategy<Value = String> {
    let parts = prop::collection::vec(prop_oneof![3 => piece(), 1 => "[a-z :\n]{0,12}"], 0..60);
    (any::<bool>(), parts).prop_map(|(annotated, parts)| {
        let head = if annotated { "---\nrunbook: 1\n---\n" } else { "" };
        format!("{head}{}", parts.concat())
    })
}

fn everything(source: &str) -> Compiled {
    let compiled = compile(source, None);
    support::check_invariants(source, &compiled.plan);
    support::check_findings(source, &compiled.diagnostics);
    let (linted, warnings) = compile_and_lint(source, None);
    support::check_findings(source, &warnings);
    assert_eq!((linted.plan, linted.diagnostics), (compiled.plan.clone(), compiled.diagnostics.clone()));
    lint_claims(&compiled.plan, None, jiff::civil::date(2026, 11, 23));
    compiled
}

/// Compiles a document that includes `common`, which may include `other`.
fn including(common: &str, other: &str) {
    let main = "---\nrunbook: 1\n---\n\n# M\n\n[one](one.md \"include\")\n\n## Last\n\n- [ ] done\n\n[two](two.md \"include\")\n";
    let common = format!("{common}\n\n[in it](two.md \"include\")\n");
    let text = |path: &str| match path {
        "one.md" => common.clone(),
        _ => other.to_owned(),
    };
    let compiled = compile_with(("main.md", main), None, &mut |path: &str| Ok(text(path)));
    let whole = compiled.text(main);
    support::check_findings(whole, &compiled.diagnostics);
    if !compiled.has_errors() {
        support::check_invariants(whole, &compiled.plan);
    }
    let Some(parts) = &compiled.parts else { return };
    let same = |span: holdpoint_document::Span| {
        let (file, local) = parts.locate(span);
        let text = file.map_or(main, |file| &file.text);
        assert!(text.get(local.start..local.end).is_some(), "{local:?} is not in its file");
        let (here, there) = (span.of(whole), local.of(text));
        assert!(here.starts_with(there), "{here:?} is not {there:?}");
    };
    compiled.diagnostics.iter().filter_map(|finding| finding.span).for_each(same);
    for step in &compiled.plan.steps {
        same(step.span);
        step.actions.iter().for_each(|action| same(action.span));
    }
    let (by_file, linted) = (
        parts.by_file(&compiled.plan),
        compile_and_lint_with(("main.md", main), None, &mut |path: &str| Ok(text(path))),
    );
    support::check_findings(linted.0.text(main), &linted.1);
    for step in &by_file.steps {
        let text = parts.files.iter().find(|file| Some(&file.path) == step.file.as_ref());
        let text = text.map_or(main, |file| &file.text);
        assert!(step.actions.iter().all(|action| text.get(action.span.start..action.span.end).is_some()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_compiles_to_a_sound_plan(source in any::<String>()) {
        everything(&source);
    }

    #[test]
    fn text_made_of_meaningful_pieces_compiles_to_a_sound_plan(source in assembled()) {
        everything(&source);
    }

    #[test]
    fn a_broken_run_book_compiles_to_a_sound_plan(source in mutated()) {
        everything(&source);
    }

    #[test]
    fn whatever_is_included_compiles_to_a_sound_plan_and_every_place_leads_back_to_its_file(
        common in prop_oneof![mutated(), assembled()],
        other in mutated(),
    ) {
        including(&common, &other);
    }

    #[test]
    fn compiling_twice_gives_the_same(source in mutated()) {
        let (one, two) = (compile(&source, None), compile(&source, None));
        prop_assert_eq!(one.plan.digest(), two.plan.digest());
        prop_assert_eq!(one.diagnostics, two.diagnostics);
    }

    #[test]
    fn any_configuration_is_read_or_refused(source in "(\\[|\\]|[a-z.= \"\n]|environments|roles|é|\\{|\\}){0,60}") {
        let (_, findings) = read_config(&source);
        support::check_findings(&source, &findings);
    }

    #[test]
    fn a_misspelt_option_is_never_ignored(key in "[a-z]{2,12}") {
        let known = [
            "id", "timeout", "retry", "hold", "idempotent", "capture", "target", "cwd", "env", "interpreter", "when", "tty",
            "secrets", "record", "reason", "template", "sensitive", "strict",
        ];
        prop_assume!(!known.contains(&key.as_str()));
        let source = format!("---\nrunbook: 1\n---\n\n# A\n\n```sh run\n#| {key}: 1\ntrue\n```\n");
        prop_assert!(compile(&source, None).has_errors());
    }

    #[test]
    fn a_second_word_that_is_no_kind_is_never_prose(word in "[A-Za-z]{1,10}") {
        let known = ["run", "check", "rollback", "example", "output"];
        prop_assume!(!known.contains(&word.as_str()));
        let source = format!("---\nrunbook: 1\n---\n\n# A\n\n- [ ] x\n\n```sh {word}\ntrue\n```\n");
        prop_assert!(compile(&source, None).has_errors());
    }
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    for unit in ["> ", "- ", "1. ", "> - ", "- > "] {
        for head in ["", "---\nrunbook: 1\n---\n\n"] {
            let source = format!("{head}{}- [ ] x", unit.repeat(5_000));
            everything(&source);
        }
    }
    let yaml = "[".repeat(5_000);
    everything(&format!("---\nrunbook: 1\n---\n\n```yaml step\nwhen: {yaml}\n```\n"));
    everything(&format!("---\nrunbook: 1\n---\n\n# A {{{{ {} }}}}\n\n- [ ] a\n", "(".repeat(5_000)));
}

#[test]
fn line_ends_and_a_byte_order_mark_make_no_difference_to_what_is_done() {
    let source = support::text(&support::cases().join("steps-nested.md"));
    let plain = compile(&source, None);
    for changed in [source.replace('\n', "\r\n"), format!("\u{feff}{source}")] {
        let other = everything(&changed);
        let names = |compiled: &Compiled| -> Vec<String> {
            compiled
                .plan
                .steps
                .iter()
                .flat_map(|step| &step.actions)
                .map(|action| action.id.clone())
                .collect()
        };
        let scripts = |compiled: &Compiled| -> Vec<String> {
            let actions = compiled.plan.steps.iter().flat_map(|step| &step.actions);
            actions.filter_map(|action| action.work.block()).map(|block| block.script.clone()).collect()
        };
        assert_eq!(names(&plain), names(&other));
        assert_eq!(scripts(&plain), scripts(&other));
        assert_eq!(plain.diagnostics.len(), other.diagnostics.len());
    }
}

/// A long document is read in pieces by several threads; one with a link reference is read as a whole.
#[test]
fn a_long_document_gives_what_it_gives_when_it_is_read_as_a_whole() {
    let parts = (0..4_000).map(|part| {
        format!(
            "## Part {}\n\nProse *of* `part`.\n\n- [ ] look at [it](x{part})\n\n```sh run\n#| timeout: {}m\necho $NONE{part} <HOST>\n```\n\n",
            part % 7,
            part % 3
        )
    });
    let long = format!("---\nrunbook: 1\n---\n\n# Long\n\n{}", parts.collect::<String>());
    assert!(long.len() > 400 * 1024, "{} bytes", long.len());
    let whole = format!("{long}## Last\n\na\n\n[b]: c\n");
    let (long, whole) = (everything(&format!("{long}## Last\n\na\n")), everything(&whole));
    assert_eq!(long.plan.steps.len(), 4_000);
    assert!(long.diagnostics.len() > 1_000, "{}", long.diagnostics.len());
    assert_eq!((long.plan, long.diagnostics), (whole.plan, whole.diagnostics));
}

#[test]
fn the_digest_of_a_plan_is_that_of_its_outline() {
    let source =
        "---\nrunbook: 1\n---\n\n# A\n\n```sh run\ntrue\n```\n\n```sh rollback\ntrue\n```\n\n- [ ] b\n";
    let plan = compile(source, None).plan;
    let outline =
        format!("step a 1 {}\naction a#1 run\naction a#2 confirm\nrollback 1\n", plan.steps[0].digest);
    assert_eq!(plan.digest(), support::sha256(&outline));
}
