//! Documents that people follow by hand: under which step a reader finds each line. The answers in `tests/cases/foreign`
//! are written by hand.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod support;

use std::fmt::Write;

use holdpoint_document::{Plan, Shown, Span, ValueKind, Work, compile};

/// What a case is called, its document, and the answer.
fn cases(text: &str) -> Vec<(&str, &str, &str)> {
    text.split("\n==== ")
        .skip(1)
        .map(|case| {
            let (name, rest) = case.split_once('\n').unwrap();
            let (document, answer) =
                rest.split_once("\n----\n").unwrap_or_else(|| panic!("{name}: no answer"));
            (name, document, answer.trim_end())
        })
        .collect()
}

/// A text in one line.
fn line(text: &str) -> String {
    text.trim_end().replace('\n', "⏎")
}

/// What is shown, in the order in which a run shows it.
fn told(source: &str, plan: &Plan) -> String {
    let mut out = String::new();
    let passages = |before: usize, out: &mut String| {
        for passage in plan.passages.iter().filter(|passage| passage.before == before) {
            let prose: Vec<String> = passage.prose.iter().map(|span| line(span.of(source))).collect();
            let heading =
                passage.heading.as_deref().map(|heading| format!("{heading}: ")).unwrap_or_default();
            writeln!(out, "{}", format!("read {heading}{}", prose.join(" | ")).trim_end()).unwrap();
        }
    };
    for (index, step) in plan.steps.iter().enumerate() {
        passages(index, &mut out);
        let whys: Vec<String> = step.alternatives.iter().map(|one| format!(" ({})", one.why)).collect();
        writeln!(out, "{} {}{}", step.number, step.title, whys.concat()).unwrap();
        for action in &step.actions {
            if let Some(prose) = action.prose {
                writeln!(out, "  above: {}", line(prose.of(source))).unwrap();
            }
            match &action.work {
                Work::Confirm { text } => writeln!(out, "  [ ] {}", line(text)).unwrap(),
                Work::Record { fields } => {
                    let told = fields.iter().map(|field| {
                        let prompt = field.prompt.as_deref().unwrap_or_default();
                        match &field.kind {
                            ValueKind::Choice { choices } => format!("{prompt} = {}", choices.join("/")),
                            _ => prompt.to_owned(),
                        }
                    });
                    writeln!(out, "  write {}", told.collect::<Vec<_>>().join(", ")).unwrap();
                }
                work => {
                    let offered = work.offered().unwrap();
                    let all = [offered.lead.as_str(), &offered.text, "\n", &offered.after].concat();
                    writeln!(out, "  offer: {}", line(&all)).unwrap();
                }
            }
        }
    }
    passages(plan.steps.len(), &mut out);
    out
}

#[test]
fn every_line_stands_under_the_item_that_a_reader_would_name() {
    let mut wrong = Vec::new();
    let mut count = 0;
    let folder = support::root().join("tests/cases/foreign");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "txt")) {
        for (name, document, answer) in cases(&support::text(path)) {
            count += 1;
            let compiled = compile(document, None);
            assert!(!compiled.has_errors(), "{name}: {:?}", compiled.diagnostics);
            layer_is_whole(document, &compiled.plan, &compiled.pieces);
            let told = told(document, &compiled.plan);
            if told.trim_end() != answer {
                wrong.push(format!("{}, {name}\n--- wanted\n{answer}\n--- came\n{told}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 60, "{count} cases");
}

/// What the cell of a row says of its answer, and whether somebody is asked for that.
const CELLS: [(&str, bool); 7] = [
    ("☐ pass ☐ fail", true),
    ("☑ pass ☐ fail", true),
    ("[x] pass [ ] fail", true),
    ("☐ pass", true),
    ("☑", true),
    ("", true),
    ("nothing to do", false),
];

#[test]
fn check_lists_each_placeholder_that_a_run_asks_for_wherever_its_command_stands() {
    let source = "# T\n\n## A\n\n```\ngit tag vX.Y.Z\n```\n\n## B\n\nRun:\n\n    git push origin <VERSION>\n\n## C\n\n\
        $ kubectl delete pod YOUR_POD\n\n## D\n\n```console\n$ rm -rf /srv/[path]\n$ tar xf app-v<RELEASE>.tar\n```\n\n\
        ## E\n\n1. Copy\n\n   ```text\n   cp <source> a; \\\n     cp a <target>\n   ```\n\n```sh\ngit tag vX.Y.Z\n```\n\n\
        ## F\n\nThe <name> in a sentence.\n\n```yaml\nimage: <tag>\n```\n";
    let (compiled, warnings) = holdpoint_document::compile_and_lint(source, None);
    let found = warnings.iter().filter(|one| one.code.as_str() == "placeholder");
    let told: Vec<&str> = found.map(|one| one.span.unwrap().of(source)).collect();
    let wanted = ["vX.Y.Z", "<VERSION>", "YOUR_POD", "[path]", "<RELEASE>", "<source>", "<target>"];
    assert_eq!(told, wanted);
    let actions = compiled.plan.steps.iter().flat_map(|step| &step.actions);
    let offered = actions.filter_map(|action| action.work.offered());
    let asked: std::collections::BTreeSet<&str> =
        offered.flat_map(|offered| &offered.values).map(|blank| blank.written.as_str()).collect();
    assert_eq!(asked, wanted.into_iter().collect());
}

#[test]
fn every_row_of_a_table_is_told_once_wherever_it_stands_and_asked_for_where_it_has_a_box() {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (first, second, third) in (0..CELLS.len().pow(3))
        .map(|at| (CELLS[at % 7], CELLS[at / 7 % 7], CELLS[at / 49]))
        // Somewhere must be something to choose, or it is a table of another kind.
        .filter(|(a, b, c)| [a, b, c].iter().any(|cell| cell.0.contains("fail")))
    {
        let cells = [first, second, third];
        for (head, remark, around) in [
            ("| Check | Result |\n|---|---|\n", false, ""),
            ("| Check | Result | Comment |\n|---|---|---|\n", true, ""),
            ("| Check | Result |\n|---|---|\n", false, "> "),
        ] {
            let row = |(at, (cell, _)): (usize, &(&str, bool))| {
                let remark = if remark { format!(" heard{at} |") } else { String::new() };
                format!("| word{at} | {cell} |{remark}\n")
            };
            let table = format!("{head}{}", cells.iter().enumerate().map(row).collect::<String>());
            let table: String = table.split_inclusive('\n').map(|line| format!("{around}{line}")).collect();
            let document = format!("# T\n\n## A\n\nLead.\n\n{table}\nAfter it.\n");
            let compiled = compile(&document, None);
            layer_is_whole(&document, &compiled.plan, &compiled.pieces);
            let told = told(&document, &compiled.plan);
            count += 1;
            for (at, (_, asked)) in cells.iter().enumerate() {
                let is_asked = |line: &&str| {
                    let line = line.trim_start();
                    (line.starts_with("write ") || line.starts_with("[ ] "))
                        && line.contains(&format!("word{at}"))
                };
                let once = letters(&told).matches(&format!("word{at}")).count() == 1
                    && (!remark || letters(&told).matches(&format!("heard{at}")).count() == 1);
                // Below the last row text is part of what is confirmed of that.
                let below = !asked && cells[at..].iter().all(|cell| !cell.1);
                if !once || *asked != told.lines().any(|line| is_asked(&line)) && !below {
                    wrong.push(format!("row {at} of\n{table}--- came\n{told}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
    assert!(count > 500, "{count} tables");
}

/// Every byte belongs to one piece, and every piece is of something that there is.
fn layer_is_whole(source: &str, plan: &Plan, pieces: &[holdpoint_document::Piece]) {
    let mut at = 0;
    for piece in pieces {
        assert_eq!(piece.span.start, at, "{:?}", &source[at..]);
        at = piece.span.end;
        let within = |outer: Span, inner: Span| {
            assert!(inner.of(source).contains(outer.of(source).trim()), "{piece:?}");
        };
        match piece.shown {
            Shown::Prose { step, action } => {
                within(plan.steps[step].actions[action].prose.unwrap(), piece.span);
            }
            Shown::Work { step, action } => {
                assert!(plan.steps[step].actions.len() > action, "{piece:?}");
            }
            Shown::Passage(passage) => {
                plan.passages[passage].prose.iter().for_each(|prose| within(*prose, piece.span))
            }
            Shown::Front | Shown::Heading => {}
        }
    }
    assert_eq!(at, source.len());
}
