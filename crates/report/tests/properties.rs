//! What must hold of every rendering, whatever the document says and whatever a run throws at it.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use holdpoint_engine::*;
use proptest::prelude::*;
use pulldown_cmark::{Event as Md, Options, Parser, Tag, TagEnd};

/// Pieces of documents: each is complete, so that any sequence of them is a document.
const PIECES: &[&str] = &[
    "Some prose, *emphasis* and a [link](https://example.org).\n",
    "- [ ] one\n- [ ] two\n- [x] three\n",
    "- [ ] outer\n\n  ```sh run\n  echo nested\n  ```\n\n- [ ] after\n",
    "- [ ] outer\n  - [ ] inner\n    - [ ] innermost\n- [ ] next\n",
    "- [ ] with more\n  text below it\n",
    "1. First\n\n   ```sh run\n   echo one\n   ```\n\n2. Second\n   ```sh check\n   echo two\n   ```\n3. Third\n",
    "```sh run\necho \"$RELEASE\"\n```\n",
    "```sh run\necho 1\n```\n```yaml expect\nexit: 0\n```\nProse right below the fence.\n",
    "````sh run\ncat <<'X'\n```\nX\n````\n",
    "```sh rollback\n./undo.sh\n```\n",
    "> [!CAUTION]\n> This cannot be undone.\n",
    "> **PASSED** · exit 0 · a quote of the document's own\n",
    "```yaml signoff\nrole: qa\n```\n",
    "```yaml record\nrate: { type: number }\n```\n",
    "| a | b |\n| --- | --- |\n| 1 | 2 |\n",
    "***\n",
    "- [ ] quoting\n  > a quote inside of the item\n- [ ] last\n",
    "> - [ ] quoted\n> - [ ] another\n>\n> ```sh run\n> echo quoted\n> ```\n> and prose\n",
    "1. a\n   1. b\n\n      ```sh run\n      echo deep\n      ```\n\n      text\n2. c\n",
    "* [ ] star\n\n  paragraph\n* [ ] star again\n",
    "12. [ ] numbered\n13. [ ] and next\nlazy\n",
    "<details><summary>More</summary>\n\nhidden\n\n</details>\n",
];

/// Texts that would break out of their place if they could.
const HOSTILE: &[&str] = &[
    "```",
    "~~~",
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    "</details>",
    "<script>alert(1)</script>",
    "<!--",
    "-->",
    "\x1b[2J\x1b[31m",
    "\u{202e}",
    "\u{2028}",
    "| x |",
    "> quote",
    "\n> **PASSED** · exit 0",
    "- [ ] item",
    "# heading",
    "\n---\n",
    "[a]: https://example.org",
    "`",
    "``",
    "\\",
    "&lt;",
    "*b*",
    "_",
    "![i](x)",
    "<https://example.org>",
    "\t",
    "    code",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "\0",
    "ordinary words",
    "$x^2$",
    "\u{9b}31m",
];

fn document() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(PIECES);
    let section = proptest::collection::vec(piece, 0..6);
    (proptest::collection::vec(section, 1..4), any::<bool>(), any::<bool>()).prop_map(
        |(sections, front, cut)| {
            let mut text = if front { "---\nrunbook: 1\n---\n".to_owned() } else { String::new() };
            text.push_str("# Generated\n\n");
            for (number, pieces) in sections.iter().enumerate() {
                text.push_str(&format!("## Section {number}\n\n{}\n", pieces.join("\n")));
            }
            if cut { text.trim_end().to_owned() } else { text }
        },
    )
}

fn hostile() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(HOSTILE), 1..6).prop_map(|parts| parts.concat())
}

/// Something that happens: what, to which action (taken modulo their number), with what text.
fn happening() -> impl Strategy<Value = (u8, usize, String, Vec<u8>)> {
    let bytes = prop_oneof![
        hostile().prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..30),
        Just(vec![b'x'; 5000]),
        Just(b"line\n".repeat(100)),
    ];
    (0u8..20, any::<usize>(), hostile(), bytes)
}

/// A run of whatever the engine takes; or, every other time, one that is forged from some event on.
fn tape() -> impl Strategy<Value = Tape> {
    let forged = proptest::option::of(0usize..25);
    (document(), proptest::collection::vec(happening(), 0..25), hostile(), forged).prop_map(
        |(source, happenings, text, forged)| {
            let mut tape = Tape::open(&source, |opened| {
                // A value is a variable, which holds no NUL.
                opened.inputs[0].value = Some(text.replace('\0', "␀"));
                opened.environment.vars.insert("HOSTILE".to_owned(), text.clone());
                opened.people.insert("olga@example.org".to_owned(), text.clone());
                opened.session.host = text.clone();
                opened.runbook.path = text;
            });
            declare(&mut tape);
            let mut actions: Vec<String> = Vec::new();
            for step in &tape.plan.steps {
                actions.extend(step.actions.iter().map(|action| action.id.clone()));
                actions
                    .extend((0..step.rollbacks.len()).map(|at| format!("{}#rollback-{}", step.id, at + 1)));
            }
            actions.push("nowhere#1".to_owned());
            for (at, (kind, pick, text, bytes)) in happenings.into_iter().enumerate() {
                if forged == Some(at) {
                    tape.forging();
                }
                happen(&mut tape, kind, &actions[pick % actions.len()], &text, bytes);
            }
            tape
        },
    )
}

/// Every block holds its output against something and captures a value: what a run brings stands there, too.
fn declare(tape: &mut Tape) {
    let ids = tape.plan.steps.iter().flat_map(|step| {
        let blocks = step.actions.iter().filter(|action| action.work.block().is_some());
        let rollbacks = (0..step.rollbacks.len()).map(|at| format!("{}#rollback-{}", step.id, at + 1));
        blocks.map(|action| action.id.clone()).chain(rollbacks)
    });
    for id in ids.collect::<Vec<_>>() {
        tape.expects(&id).captures(&id, "CAPTURED");
    }
}

fn happen(tape: &mut Tape, kind: u8, action: &str, text: &str, bytes: Vec<u8>) {
    let step = action.split('#').next().unwrap().to_owned();
    let action = action.to_owned();
    let reason = text.to_owned();
    let mut end = if kind == 0 { passed(&bytes) } else { failed(1, &bytes) };
    end.expectations.push(broke(text, text));
    end.captures = vec![("CAPTURED", text.to_owned())];
    let by_quinn = || by("quinn");
    let event = match kind {
        0 | 1 => return ignore(tape.try_run(&action, end)),
        2 => {
            tape.reach(&action);
            Event::ActionStarted(tape.starting(&action, 2, Some(text)))
        }
        3 => Event::ActionFinished(Box::new(tape.finishing(&action, 2, end))),
        4 => {
            tape.reach(&action);
            tape.confirming(&action)
        }
        5 => {
            let (name, value) = ("rate".to_owned(), "9".to_owned());
            tape.reach(&action);
            let evidence = Some(Evidence::Url(format!("https://{text}")));
            Event::ValueRecorded { step, action, name, value, evidence, within_limits: false, by: by("olga") }
        }
        6 => {
            tape.reach(&action);
            let statement = STATEMENT.to_owned();
            Event::SignOffRequested { step, action, role: "qa".to_owned(), statement }
        }
        7 => {
            tape.reach(&action);
            Event::SignOffGiven(Tape::signing(&action, "quinn", "Quinn Q. Approver"))
        }
        8 => {
            tape.reach(&action);
            Event::SignOffRejected {
                step,
                action,
                reason,
                signed: None,
                presence: Some(Tape::presence()),
                by: by_quinn(),
            }
        }
        9 | 10 => {
            tape.reach(&action);
            deviation(DeviationKind::Skipped, step, (kind == 9).then_some(action), reason)
        }
        11 => deviation(DeviationKind::Repeated, step, None, reason),
        12 => deviation(DeviationKind::OutOfOrder, step, None, reason),
        13 => {
            tape.offer(Event::SessionOpened(session("olga")));
            let (choice, reason) = (Choice::Happened, Some(reason));
            Event::Decision { step, action, place: None, choice, reason, by: by("olga") }
        }
        14 => Event::Note { text: reason, step: Some(step), corrects: Some(0), by: by(text) },
        15 => Event::SignOffLapsed { step, action, reason },
        16 => {
            let standing = match &tape.run {
                Some(run) => run.standing(&tape.plan),
                None => Standing {
                    next: AtHand {
                        place: None,
                        step: Some(step),
                        action: Some(action),
                        takes: Takes::SignOff,
                    },
                    in_doubt: vec![text.to_owned()],
                    sign_offs: vec![text.to_owned()],
                    deviations: vec![text.to_owned()],
                },
            };
            let to = "quinn@example.org".to_owned();
            Event::Handover(Box::new(Handover { to, standing, note: Some(reason), by: by("olga") }))
        }
        17 => Event::HandoverAccepted { by: by_quinn() },
        18 => Event::HandoverWithdrawn { reason: Some(reason), by: by(text) },
        _ => match &tape.run {
            Some(_) => return tape.try_rolling_back(text),
            None => {
                let (steps, without) = (vec![step], Vec::new());
                Event::RollbackOpened { steps, without, places: Vec::new(), reason: Some(reason), by: None }
            }
        },
    };
    tape.offer(event);
}

fn deviation(kind: DeviationKind, step: String, action: Option<String>, reason: String) -> Event {
    let by = by("olga");
    Event::Deviation(Deviation {
        place: None,
        kind,
        step,
        action,
        script: None,
        overridden: None,
        reason,
        by,
    })
}

fn mark(tape: &Tape) -> String {
    let copy = tape.markdown();
    let start = copy.find("quotes marked ").unwrap() + "quotes marked ".len();
    copy[start..].split_once('⟧').map(|(mark, _)| format!("{mark}⟧")).unwrap()
}

/// What follows the head: the document as executed.
fn body(copy: &str) -> &str {
    let (_, rest) = copy.split_once("\n## The document, as executed\n").unwrap();
    rest
}

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM
}

/// What a Markdown parser makes of a text, without the block quotes that carry the mark, and without what inserting
/// may change: tight lists becoming loose, ticks, text cut into other pieces.
fn structure(text: &str, mark: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut quotes: Vec<(usize, bool)> = Vec::new();
    for event in Parser::new_ext(text, options()) {
        match event {
            Md::Start(Tag::BlockQuote(_)) => {
                quotes.push((out.len(), false));
                out.push("quote".to_owned());
            }
            Md::End(TagEnd::BlockQuote(_)) => {
                let (from, ours) = quotes.pop().unwrap();
                out.push("end of quote".to_owned());
                if ours {
                    out.truncate(from);
                }
            }
            Md::Start(Tag::Paragraph) | Md::End(TagEnd::Paragraph) | Md::TaskListMarker(_) => {}
            Md::Text(text) => {
                if let Some(quote) = quotes.last_mut().filter(|_| text.contains(mark)) {
                    quote.1 = true;
                }
                match out.last_mut() {
                    Some(last) if last.starts_with("text ") => last.push_str(&text),
                    _ => out.push(format!("text {text}")),
                }
            }
            other => out.push(format!("{other:?}")),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    #[test]
    fn every_event_of_a_record_stands_in_its_json(tape in tape()) {
        let mut found = Vec::new();
        numbers(&tape.json(), &mut found);
        for event in &tape.events {
            prop_assert!(found.contains(&event.n), "event {} ({:?}) is not told", event.n, event.event);
        }
    }

    #[test]
    fn the_documents_own_lines_survive_in_order(tape in tape()) {
        let copy = tape.markdown();
        let mut lines = body(&copy).lines();
        let plain = |line: &str| line.replace("[x]", "[ ]");
        for line in tape.source.lines().filter(|line| !line.trim().is_empty()) {
            prop_assert!(lines.any(|candidate| plain(candidate) == plain(line)), "{line:?} is lost");
        }
    }

    #[test]
    fn without_its_marked_quotes_the_copy_is_the_document_again(tape in tape()) {
        let copy = tape.markdown();
        let (_, executed) = body(&copy).rsplit_once("\n---\n\n# Generated\n").unwrap();
        let source = tape.source.split_once("# Generated\n").unwrap().1;
        let mark = mark(&tape);
        prop_assert_eq!(structure(executed, &mark), structure(source, &mark), "{}", executed);
    }

    #[test]
    fn nothing_that_acts_or_hides_reaches_a_copy(tape in tape()) {
        let copy = tape.markdown();
        let acts = |c: &char| c.is_control() && *c != '\n' && *c != '\t' || "\u{202e}\u{2028}\u{200b}".contains(*c);
        prop_assert_eq!(copy.chars().find(acts), None);
        // HTML and headings in it are the document's own, or none.
        let parsed = |text: &str| -> Vec<String> {
            Parser::new_ext(text, options())
                .filter(|e| matches!(e, Md::Html(_) | Md::InlineHtml(_) | Md::Start(Tag::Heading { .. } | Tag::Image { .. })))
                .map(|event| format!("{event:?}"))
                .collect()
        };
        let head = copy.split_once("\n## The document, as executed\n").unwrap().0;
        prop_assert!(parsed(head).iter().all(|tag| tag.contains("Heading")), "{}", head);
        prop_assert_eq!(parsed(&copy).len() - parsed(head).len() - 1, parsed(tape.source.trim_start_matches("---\nrunbook: 1\n---\n")).len());
    }

    #[test]
    fn frames_never_go_back_in_time_and_tell_every_event(tape in tape()) {
        let frames = tape.with(None, holdpoint_report::timeline);
        prop_assert!(frames.windows(2).all(|pair| pair[0].at <= pair[1].at));
        for event in &tape.events {
            prop_assert!(frames.iter().any(|frame| frame.n == event.n));
        }
    }
}

#[test]
fn what_somebody_wrote_reads_back_from_the_heads_tables() {
    // A value is a variable, which holds no NUL.
    for text in
        HOSTILE.iter().filter(|text| !text.contains('\0')).chain(&["a|b", "`a|b`", "\\|", "*a*|_b_", "end\\"])
    {
        let text = format!("x {text} y");
        let mut tape = Tape::open("# Generated\n\n## S\n\n- [ ] item\n", |opened| {
            opened.inputs[0].value = Some(text.clone());
        });
        tape.deviated(DeviationKind::Skipped, "s", None, &text);
        let copy = tape.markdown();
        let head = copy.split_once("\n## The document, as executed\n").unwrap().0;
        let rows = rows(head);
        let shown = holdpoint_report::visible(text.as_bytes()).replace('\n', "⏎").replace('\t', "␉");
        let deviation = rows.iter().find(|row| row.get(1).is_some_and(|kind| kind == "skipped")).unwrap();
        assert_eq!((deviation.len(), &deviation[3]), (6, &shown), "{head}");
        let input = rows.iter().find(|row| row[0] == "RELEASE").unwrap();
        assert_eq!((input.len(), &input[1]), (3, &shown), "{head}");
    }
}

/// The cells of all table rows, as a reader sees them.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for event in Parser::new_ext(text, options()) {
        match event {
            Md::Start(Tag::TableRow | Tag::TableHead) => rows.push(Vec::new()),
            Md::Start(Tag::TableCell) => rows.last_mut().unwrap().push(String::new()),
            Md::Text(text) | Md::Code(text) => {
                if let Some(cell) = rows.last_mut().and_then(|row| row.last_mut()) {
                    cell.push_str(&text);
                }
            }
            _ => {}
        }
    }
    rows
}
