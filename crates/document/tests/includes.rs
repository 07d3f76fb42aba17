//! Documents that include others, from files that are only in memory.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::collections::BTreeMap;

use holdpoint_document::{
    Code, Compiled, Diagnostic, NotIncluded, Parts, compile_and_lint_with, compile_with,
};

type Files<'f> = BTreeMap<&'f str, String>;

/// Reads `books/main.md` with these files around it.
fn compiled(files: &Files<'_>) -> Compiled {
    let mut asked = Vec::new();
    let compiled = compile_with(("books/main.md", &files["books/main.md"]), None, &mut |path: &str| {
        asked.push(path.to_owned());
        read(files, path)
    });
    asked.sort();
    assert!(asked.windows(2).all(|pair| pair[0] != pair[1]), "a file is read once: {asked:?}");
    compiled
}

fn read(files: &Files<'_>, path: &str) -> Result<String, NotIncluded> {
    let none = || NotIncluded { why: "there is no such file".to_owned(), help: "write it".to_owned() };
    files.get(path).cloned().ok_or_else(none)
}

fn files<'f>(all: &[(&'f str, &str)]) -> Files<'f> {
    all.iter().map(|(path, text)| (*path, (*text).to_owned())).collect()
}

const FRONT: &str = "---\nrunbook: 1\ntitle: Main\nroles: [ops, qa]\ninputs: { RELEASE: { pattern: 'v\\d+' }, \
                     TOKEN: { secret: true } }\n---\n\n# Main\n\n";

const COMMON: &str = "---\nrunbook: 1\ntitle: Common checks\nroles: [qa]\ninputs: { RELEASE: { pattern: 'v\\d+', \
                      prompt: Which }}\n---\n\n# Common checks\n\nRead this first.\n\n## Disk\n\nThere must be room.\n\n\
                      ```sh check\n#| id: room\n#| capture: { FREE: { stdout: true } }\ndf -h .\n```\n\n## People\n\n1. Ask \
                      around\n\n- [ ] all **agree**\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: Ready\n```\n\nAfterwards.\n";

/// `NUMBER ID (ACTIONS) FILE`, a line a step.
fn told(compiled: &Compiled) -> String {
    let line = |step: &holdpoint_document::Step| {
        let actions: Vec<&str> = step.actions.iter().map(|action| action.id.as_str()).collect();
        format!(
            "{} {} ({}) {}\n",
            step.number,
            step.id,
            actions.join(" "),
            step.file.as_deref().unwrap_or("-")
        )
    };
    compiled.plan.steps.iter().map(line).collect()
}

/// `FILE: TEXT` of what a finding points at.
fn at(files: &Files<'_>, compiled: &Compiled, finding: &Diagnostic) -> String {
    let span = finding.span.unwrap();
    let none = Parts::default();
    let (file, local) = compiled.parts.as_deref().unwrap_or(&none).locate(span);
    let path = file.map_or("books/main.md", |file| &file.path);
    assert_eq!(local.of(&files[path]), span.of(compiled.text(&files["books/main.md"])), "{finding:?}");
    format!("{path}: {}", local.of(&files[path]).lines().next().unwrap_or_default())
}

#[test]
fn steps_of_an_included_file_stand_where_the_link_stands_and_are_named_after_it() {
    let main = format!(
        "{FRONT}## Before\n\n```sh run\ntrue\n```\n\n## Preflight\n\nFirst:\n\n[common checks](../common/a.md \
         \"include\")\n\n## After\n\n```sh run\necho $FREE\n```\n"
    );
    let files = files(&[("books/main.md", &main), ("common/a.md", COMMON)]);
    let compiled = compiled(&files);
    assert_eq!(compiled.diagnostics, []);
    let wanted = "1 before (before#1) -\n\
                  2.1.1 common-checks.disk (common-checks.room) common/a.md\n\
                  2.1.2 common-checks.people (common-checks.people#1 common-checks.people#2 common-checks.people#3) \
                  common/a.md\n3 after (after#1) -\n";
    assert_eq!(told(&compiled), wanted);
    let disk = &compiled.plan.steps[1];
    assert_eq!(disk.path, ["Main", "Preflight", "common checks"]);
    let text = compiled.text("");
    assert_eq!(disk.actions[0].prose.unwrap().of(text), "There must be room.");
    let parts = compiled.parts.as_ref().unwrap();
    let (file, span) = parts.locate(disk.actions[0].span);
    assert_eq!(file.unwrap().path, "common/a.md");
    assert_eq!(
        span.of(COMMON),
        "```sh check\n#| id: room\n#| capture: { FREE: { stdout: true } }\ndf -h .\n```"
    );
    // Spans grow with the steps, and what is of the document is found in it again.
    let starts: Vec<usize> = compiled.plan.steps.iter().map(|step| step.span.start).collect();
    assert!(starts.is_sorted(), "{starts:?}");
    let (file, span) = parts.locate(compiled.plan.steps[3].actions[0].span);
    assert_eq!((file, span.of(&files["books/main.md"])), (None, "```sh run\necho $FREE\n```"));
    let passages = &compiled.plan.passages;
    let told: Vec<_> = passages.iter().map(|it| (it.file.as_deref(), it.prose[0].of(text))).collect();
    assert_eq!(
        told,
        [(None, "First:"), (Some("common/a.md"), "Read this first."), (Some("common/a.md"), "Afterwards.")]
    );
}

#[test]
fn a_plan_by_file_has_each_step_with_places_of_its_own_file() {
    let common = "---\nrunbook: 1\n---\n\nBegin.\n\n- [ ] at the top\n\n## More\n\n- [ ] more\n";
    let main = format!("{FRONT}[x y](a.md \"include\")\n\n## After\n\n- [ ] done\n");
    let files = files(&[("books/main.md", &main), ("books/a.md", common)]);
    let compiled = compiled(&files);
    assert_eq!(compiled.diagnostics, []);
    let plan = compiled.parts.as_ref().unwrap().by_file(&compiled.plan);
    let text = |file: Option<&str>| files[file.unwrap_or("books/main.md")].as_str();
    let told: Vec<String> = plan
        .steps
        .iter()
        .map(|step| {
            let text = text(step.file.as_deref());
            format!("{} {:?} {:?}", step.id, step.span.of(text).trim(), step.actions[0].span.of(text))
        })
        .collect();
    assert_eq!(
        told,
        [
            "x-y.document \"---\\nrunbook: 1\\n---\\n\\nBegin.\\n\\n- [ ] at the top\" \"- [ ] at the top\"",
            "x-y.more \"## More\\n\\n- [ ] more\" \"- [ ] more\"",
            "after \"## After\\n\\n- [ ] done\" \"- [ ] done\"",
        ]
    );
    assert_eq!(plan.steps[0].actions[0].prose.unwrap().of(common), "Begin.");
}

#[test]
fn one_file_may_be_included_twice_under_two_names_and_within_another() {
    let inner = "---\nrunbook: 1\n---\n\n# Inner\n\n## Look\n\n- [ ] looked\n";
    let outer = "---\nrunbook: 1\n---\n\n# One\n\n- [ ] a\n\n# Two\n\n[inner](inner.md \"include\")\n\n[again](./inner.md \"include\")\n";
    let main = format!("{FRONT}## Start\n\n[outer](outer.md \"include\")\n\n[inner](inner.md \"include\")\n");
    let files = files(&[("books/main.md", &main), ("books/inner.md", inner), ("books/outer.md", outer)]);
    let compiled = compiled(&files);
    assert_eq!(compiled.diagnostics, []);
    let wanted = "1.1.1 outer.one (outer.one#1) books/outer.md\n\
                  1.1.2.1.1 outer.inner.look (outer.inner.look#1) books/inner.md\n\
                  1.1.2.2.1 outer.again.look (outer.again.look#1) books/inner.md\n\
                  1.2.1 inner.look (inner.look#1) books/inner.md\n";
    assert_eq!(told(&compiled), wanted);
    let paths: Vec<&str> = compiled.parts.as_ref().unwrap().files.iter().map(|file| &*file.path).collect();
    assert_eq!(paths, ["books/outer.md", "books/inner.md"]);
}

#[test]
fn what_is_open_in_one_file_does_not_reach_into_another() {
    let common = "---\nrunbook: 1\n---\n\n# C\n\n- [ ] see [link]\n";
    let main = format!(
        "{FRONT}## A\n\nBefore\n\n[c](c.md \"include\")\n\n## B\n\n   more [link]\n\n- [ ] b\n\n[link]: http://a.b\n"
    );
    let files = files(&[("books/main.md", &main), ("books/c.md", common)]);
    let compiled = compiled(&files);
    assert_eq!(compiled.diagnostics, []);
    assert_eq!(told(&compiled), "1.1 c.document (c.document#1) books/c.md\n2 b (b#1) -\n");
}

/// What is wrong, where the fault is in `main.md` or in one of the others, with code and a part of the message.
#[test]
fn a_bad_include_is_told_at_its_link_with_a_reason_and_help() {
    let ok = "---\nrunbook: 1\n---\n\n# C\n\n- [ ] c\n";
    let with = |front: &str| format!("---\nrunbook: 1\n{front}\n---\n\n# C\n\n- [ ] c\n");
    let link = |to: &str| format!("[c]({to} \"include\")");
    let plain = || link("c.md");
    let long = format!("{ok}\n{}", "word ".repeat(900_000));
    let many: String = (0..70).map(|n| format!("[c {n}](c.md \"include\")\n\n")).collect();
    let cases: Vec<(String, String, Code, String, &str)> = vec![
        (link("missing.md"), ok.into(), Code::BadInclude, link("missing.md"), "there is no such file"),
        (link("../../c.md"), ok.into(), Code::BadInclude, link("../../c.md"), "leads out of the repository"),
        (link("/etc/passwd"), ok.into(), Code::BadInclude, link("/etc/passwd"), "is no path from this file"),
        (link("https://a.b/c.md"), ok.into(), Code::BadInclude, link("https://a.b/c.md"), "an address"),
        (link("c.md#part"), ok.into(), Code::BadInclude, link("c.md#part"), "a whole file"),
        (
            link("main.md"),
            ok.into(),
            Code::IncludeCycle,
            link("main.md"),
            "includes itself: books/main.md → books/main.md",
        ),
        (link("my checks.md"), ok.into(), Code::BadInclude, link("my checks.md"), "looks like an include"),
        (
            "[c] (c.md \"include\")".into(),
            ok.into(),
            Code::BadInclude,
            "[c] (c.md \"include\")".into(),
            "looks like",
        ),
        (
            "[c](c.md) \"include\"".into(),
            ok.into(),
            Code::BadInclude,
            "[c](c.md) \"include\"".into(),
            "looks like",
        ),
        ("[c](c.md include)".into(), ok.into(), Code::BadInclude, "[c](c.md include)".into(), "looks like"),
        (
            "[c](c.md “include”)".into(),
            ok.into(),
            Code::BadInclude,
            "[c](c.md “include”)".into(),
            "looks like",
        ),
        (
            "![c](c.md \"include\")".into(),
            ok.into(),
            Code::BadInclude,
            "![c](c.md \"include\")".into(),
            "looks like",
        ),
        (plain(), "# C\n\n- [ ] c\n".into(), Code::BadInclude, plain(), "is no run-book"),
        (
            "[🚀](c.md \"include\")".into(),
            ok.into(),
            Code::BadInclude,
            "[🚀](c.md \"include\")".into(),
            "has no text",
        ),
        (
            format!("{}\n\n[C](c.md \"include\")", plain()),
            ok.into(),
            Code::DuplicateId,
            "[C](c.md \"include\")".into(),
            "is called `c` already",
        ),
        (format!("See {}.", plain()), ok.into(), Code::Misplaced, plain(), "alone in a paragraph"),
        (format!("- {}", plain()), ok.into(), Code::Misplaced, plain(), "alone in a paragraph"),
        (format!("> {}", plain()), ok.into(), Code::Misplaced, plain(), "alone in a paragraph"),
        (format!("## {}\n\n- [ ] a", plain()), ok.into(), Code::Misplaced, plain(), "alone in a paragraph"),
        (
            "[c](c.md \"includ\")".into(),
            ok.into(),
            Code::UnknownKind,
            "[c](c.md \"includ\")".into(),
            "nearly the title",
        ),
        (
            format!("{}\n\nThen this.", plain()),
            ok.into(),
            Code::Misplaced,
            "Then this.".into(),
            "below an include",
        ),
        (
            format!("{}\n\n```sh run\ntrue\n```", plain()),
            ok.into(),
            Code::Misplaced,
            "```sh run".into(),
            "below an include",
        ),
        (plain(), with("roles: [security]"), Code::Undeclared, plain(), "has the role `security`"),
        (plain(), with("inputs: { RELEASES: {} }"), Code::Undeclared, plain(), "needs the input `RELEASES`"),
        (plain(), with("inputs: { RELEASE: {} }"), Code::BadInclude, plain(), "another type or other limits"),
        (plain(), with("inputs: { TOKEN: {} }"), Code::BadInclude, plain(), "a secret in one of them"),
        (
            plain(),
            with("inputs: { RELEASE: { pattern: 'v\\d+', default: v1 } }"),
            Code::BadInclude,
            plain(),
            "another default",
        ),
        (
            plain(),
            with("inputs: { RELEASE: { pattern: 'v\\d+', from: { env: R } } }"),
            Code::BadInclude,
            plain(),
            "from somewhere else",
        ),
        (plain(), with("environments: [staging]"), Code::BadInclude, plain(), "runs in staging only"),
        (
            plain(),
            with("effective_date: 2026-12-01"),
            Code::BadInclude,
            plain(),
            "is effective from 2026-12-01",
        ),
        (plain(), long, Code::BadInclude, plain(), "more than 4194304 bytes"),
        (many, ok.into(), Code::BadInclude, "[c 64](c.md \"include\")".into(), "more than 64 includes"),
        (plain(), with("rolles: [ops]"), Code::UnknownKey, "rolles".into(), "`rolles`"),
        (
            plain(),
            format!("{ok}\n```sh run\nfalse\n"),
            Code::UnclosedFence,
            "```sh run".into(),
            "never closed",
        ),
        (plain(), format!("{ok}\n```sh rn\nfalse\n```\n"), Code::UnknownKind, "sh rn".into(), "rn"),
        (
            plain(),
            format!("{ok}\n```sh run\n#| timout: 5s\nfalse\n```\n"),
            Code::UnknownKey,
            "timout".into(),
            "timout",
        ),
        (
            plain(),
            format!("{ok}\n```yaml signoff\nrole: cfo\nmeaning: review\nstatement: a\n```\n"),
            Code::Undeclared,
            "cfo".into(),
            "`cfo`",
        ),
        (
            plain(),
            format!("{ok}\n## More\n\n[m](main.md \"include\")\n"),
            Code::IncludeCycle,
            "[m](main.md \"include\")".into(),
            "books/main.md → books/c.md → books/main.md",
        ),
        (
            plain(),
            format!("{ok}\n## More\n\n[c](./c.md \"include\")\n"),
            Code::IncludeCycle,
            "[c](./c.md \"include\")".into(),
            "books/c.md → books/c.md",
        ),
    ];
    for (body, common, code, place, message) in cases {
        let main = format!("{FRONT}## A\n\n- [ ] a\n\n## B\n\n{body}\n");
        let files = files(&[("books/main.md", &main), ("books/c.md", &common)]);
        let compiled = compiled(&files);
        let found: Vec<String> = compiled
            .diagnostics
            .iter()
            .filter(|finding| finding.is_error())
            .map(|finding| {
                format!(
                    "{:?} {} | {} | {}",
                    finding.code,
                    at(&files, &compiled, finding),
                    finding.message,
                    finding.help
                )
            })
            .collect();
        let whose = if main.contains(&place) { "books/main.md" } else { "books/c.md" };
        let wanted = format!("{code:?} {whose}: {place} | ");
        assert!(
            found.iter().any(|found| found.starts_with(&wanted) && found.contains(message)),
            "{body}\nwanted {wanted} … {message}\n{found:#?}"
        );
        assert_eq!(found.len(), 1, "{body}: {found:#?}");
    }
}

#[test]
fn an_escape_in_a_path_is_read_as_links_have_it() {
    let common = "---\nrunbook: 1\n---\n\n# C\n\n- [ ] c\n";
    for link in [
        "[c](my%20%C3%BCber.md \"include\")",
        "[c](<my über.md> \"include\")",
        "[c][x]\n\n[x]: my%20über.md \"include\"",
        "[c]\n\n[c]: <my über.md> 'include'",
    ] {
        let main = format!("{FRONT}## A\n\n- [ ] a\n\n## B\n\n{link}\n");
        let files = files(&[("books/main.md", &main), ("books/my über.md", common)]);
        let compiled = compiled(&files);
        assert_eq!(compiled.diagnostics, [], "{link}");
        assert_eq!(compiled.plan.steps[1].file.as_deref(), Some("books/my über.md"), "{link}");
    }
}

#[test]
fn no_escape_leads_anywhere_that_cannot_be_seen() {
    for to in [
        "%2e%2e/c.md",
        ".%2E/c.md",
        "..%2fc.md",
        "%2e%2e%2fc.md",
        "%2fetc/passwd",
        "a%2fc.md",
        "%2e/c.md",
        "c%00.md",
        "c%0a.md",
        "c%5c.md",
        "https%3a//a.b/c.md",
        "c%ff.md",
        "c%c0%af.md",
        "c%e2%80%8b.md",
        "c%2.md",
        "100%",
        "%2egit/c.md",
        "x/%2e%2e/%2e%2e/c.md",
    ] {
        let main = format!("{FRONT}## A\n\n- [ ] a\n\n## B\n\n[c]({to} \"include\")\n");
        let compiled =
            compile_with(("books/main.md", &main), None, &mut |path: &str| panic!("{to} asks for {path}"));
        let found: Vec<&Diagnostic> = compiled.diagnostics.iter().filter(|one| one.is_error()).collect();
        assert!(found.len() == 1 && found[0].code == Code::BadInclude, "{to}: {found:#?}");
        assert!(!found[0].message.contains('\n') && !found[0].help.is_empty(), "{to}");
    }
}

#[test]
fn what_looks_like_an_include_anywhere_and_is_no_link_is_an_error_at_its_place() {
    let common = "---\nrunbook: 1\n---\n\n# C\n\n- [ ] c\n";
    let errors = |body: &str| {
        let main = format!("{FRONT}## A\n\n- [ ] a\n\n## B\n\n- [ ] b\n\n{body}\n");
        let files = files(&[("books/main.md", &main), ("books/c.md", common)]);
        let compiled = compiled(&files);
        let errors = compiled.diagnostics.iter().filter(|finding| finding.is_error());
        errors.map(|it| format!("{} | {}", at(&files, &compiled, it), it.message)).collect::<Vec<_>>()
    };
    let tag = "<a href=\"c.md\" title=\"include\">";
    for (body, place, said) in [
        (&*format!("{tag}c</a>"), tag, "HTML includes nothing"),
        (&format!("{tag}\nc</a>"), tag, "where nothing is included"),
        (&format!("See {tag}c</a>."), tag, "HTML includes nothing"),
        (&format!("- {tag}c</a>"), tag, "HTML includes nothing"),
        (&format!("### {tag}c</a>\n\n- [ ] d"), tag, "HTML includes nothing"),
        (&format!("| a |\n|---|\n| {tag}c</a> |"), tag, "where nothing is included"),
        (&format!("<p>{tag}c</a></p>"), tag, "where nothing is included"),
        ("<A TITLE=Includes href=c.md>c</A>", "<A TITLE=Includes href=c.md>", "HTML includes nothing"),
        ("See ![c](c.md \"include\").", "![c](c.md \"include\")", "an image includes nothing"),
        ("- ![c](c.md 'Include')", "![c](c.md 'Include')", "an image includes nothing"),
        ("See [c](my c.md \"include\").", "[c](my c.md \"include\")", "and is none"),
        ("- [c](my c.md \"include\")", "[c](my c.md \"include\")", "and is none"),
        ("See [c](c.md) \"include\"", "[c](c.md) \"include\"", "and is none"),
        ("See [c](c.md \"Include\")", "[c](c.md \"Include\")", "nearly the title"),
        ("[c](c.md \"includes\")", "[c](c.md \"includes\")", "nearly the title"),
        ("See [c][x].\n\n[x]: c.md \"include\"", "[c][x]", "alone in a paragraph"),
        ("[x]: c.md \"include\"", "[x]: c.md \"include\"", "no paragraph is a link of this name"),
        ("| a |\n|---|\n| [c][x] |\n\n[x]: c.md 'Include'", "[x]: c.md 'Include'", "no paragraph is a link"),
    ] {
        let told = errors(body);
        let wanted = format!("books/main.md: {place} | ");
        assert!(
            told.len() == 1 && told[0].starts_with(&wanted) && told[0].contains(said),
            "{body}: {told:#?}"
        );
    }
    for body in [
        "Write `[c](c.md \"include\")` or `<a href=\"c.md\" title=\"include\">`.",
        "<a href=\"c.md\" title=\"details\">c</a> ![c](c.png \"a picture\") [c](c.md) [x]",
        "<a href=\"c.md\" data-title=\"include\">c</a>",
        "What (they \"include\") and [1] (things to include).\n\n[y]: c.md \"details\"",
    ] {
        assert_eq!(errors(body), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn a_link_in_a_table_or_in_html_that_looks_like_an_include_is_an_error() {
    let common = "---\nrunbook: 1\n---\n\n# C\n\n- [ ] c\n";
    let links = [
        "[c](c.md \"include\")",
        "[c](c.md 'include')",
        "[c](c.md \"includ\")",
        "[c](c.md \"Include\")",
        "[c](c.md include)",
        "[c] (c.md \"include\")",
        "[c](c.md) \"include\"",
        "[c](c.md “include”)",
    ];
    let around = [
        ("| a | b |\n|---|---|\n| x | ", " |\n"),
        ("<details>\n<summary>more</summary>\n", "\n</details>\n"),
        ("<div>", "</div>\n"),
    ];
    let errors = |body: &str| {
        let main = format!("{FRONT}## A\n\n- [ ] a\n\n{body}");
        let files = files(&[("books/main.md", &main), ("books/c.md", common)]);
        let compiled = compiled(&files);
        let errors = compiled.diagnostics.iter().filter(|finding| finding.is_error());
        errors.map(|it| format!("{} {}", at(&files, &compiled, it), it.message)).collect::<Vec<_>>()
    };
    for (before, after) in around {
        for link in links {
            let told = errors(&format!("{before}{link}{after}"));
            assert!(
                told.len() == 1 && told[0].contains(link) && told[0].contains("where nothing is included"),
                "{before}{link}{after}: {told:?}"
            );
        }
        for other in ["[c](c.md)", "[c](c.md \"details\")", "includes (see \"c\")", "[c](include.md)"] {
            assert_eq!(errors(&format!("{before}{other}{after}")), Vec::<String>::new(), "{other}");
        }
    }
    assert_eq!(errors("<!-- [c](c.md \"include\") -->\n"), Vec::<String>::new(), "taken out for now");
}

#[test]
fn a_file_without_a_step_is_not_included() {
    let main = format!("{FRONT}## A\n\n- [ ] a\n\n## B\n\n[c](c.md \"include\")\n");
    let prose = "Read this.\n\n- a list\n\n```sh example\ntrue\n```\n";
    for (common, refused) in [
        (prose.to_owned(), true),
        (String::new(), true),
        (format!("{prose}\n1. Ask around\n"), false),
        (format!("{prose}\n## Deep\n\n[d](d.md \"include\")\n"), false),
        (format!("{prose}\n```sh check\ntrue\n```\n"), false),
    ] {
        let common = format!("---\nrunbook: 1\n---\n\n# C\n\n{common}");
        let inner = "---\nrunbook: 1\n---\n\n# D\n\n- [ ] d\n";
        let files = files(&[("books/main.md", &main), ("books/c.md", &common), ("books/d.md", inner)]);
        let compiled = compiled(&files);
        let told: Vec<String> = compiled
            .diagnostics
            .iter()
            .map(|it| format!("{:?} {} {}", it.code, at(&files, &compiled, it), it.message))
            .collect();
        match refused {
            true => assert!(told.len() == 1 && told[0].contains("`books/c.md` has no step"), "{told:?}"),
            false => assert_eq!(told, Vec::<String>::new(), "{common}"),
        }
    }
}

#[test]
fn a_hostile_document_ends_soon() {
    // Each includes the next twice: 2^30 of them if nothing held them back.
    let mut all: Files<'_> = BTreeMap::new();
    let names: Vec<String> = (0..30).map(|n| format!("books/{n}.md")).collect();
    for (n, name) in names.iter().enumerate() {
        let links = format!("[a]({}.md \"include\")\n\n[b]({}.md \"include\")\n", n + 1, n + 1);
        all.insert(name, format!("---\nrunbook: 1\n---\n\n# T\n\n{links}"));
    }
    all.insert("books/main.md", format!("{FRONT}[a](0.md \"include\")\n"));
    let compiled = compiled(&all);
    let told: Vec<&str> = compiled.diagnostics.iter().map(|finding| &*finding.message).collect();
    assert!(told.iter().any(|told| told.contains("more than 8 files include one another")), "{told:?}");
    assert!(told.iter().filter(|told| told.contains("more than 64 includes")).count() <= 1, "{told:?}");
    let parts = compiled.parts.unwrap();
    assert!(parts.files.len() <= 8 && parts.text.len() < 64 * 200, "{}", parts.text.len());
}

#[test]
fn the_one_text_is_made_as_the_record_says_so_that_others_can_make_it() {
    let inner = "---\nrunbook: 1\n---\n\n- [ ] c\n";
    let outer = "---\nrunbook: 1\ntitle: '```'\n---\n# B\n\n[c](c.md \"include\")\n";
    let main = format!("{FRONT}[b](b.md \"include\")\n\n## After\n\n- [ ] done\n");
    let files = files(&[("books/main.md", &main), ("books/b.md", outer), ("books/c.md", inner)]);
    let compiled = compiled(&files);
    assert_eq!(compiled.diagnostics, []);
    let c = "```yaml\n---\nrunbook: 1\n---\n```\n\n\n\n- [ ] c\n";
    let b = "````yaml\n---\nrunbook: 1\ntitle: '```'\n---\n````\n\n\n# B\n\n[c](c.md \"include\")";
    let wanted = format!(
        "{FRONT}[b](b.md \"include\")\n\n{b}\n\n{c}\n\n***\n\n\n\n\n***\n\n\n\n## After\n\n- [ ] done\n"
    );
    assert_eq!(compiled.text(""), wanted);
}

#[test]
fn a_foreign_document_includes_nothing() {
    let files = files(&[("books/main.md", "# T\n\n- [ ] a\n\n[c](c.md \"include\")\n")]);
    let compiled = compiled(&files);
    assert_eq!((compiled.parts.is_none(), compiled.diagnostics.len()), (true, 0));
}

#[test]
fn lints_of_an_included_script_stand_in_its_file() {
    let common = "---\nrunbook: 1\n---\n\n# C\n\n## Do\n\n```sh run\n$ echo\n```\n\n## Look\n\n```sh check\ntrue\n```\n";
    let main = format!("{FRONT}## A\n\n- [ ] a\n\n[c](c.md \"include\")\n");
    let files = files(&[("books/main.md", &main), ("books/c.md", common)]);
    let (compiled, warnings) =
        compile_and_lint_with(("books/main.md", &main), None, &mut |path: &str| read(&files, path));
    let told: Vec<String> =
        warnings.iter().map(|it| format!("{:?} {}", it.code, at(&files, &compiled, it))).collect();
    assert!(told.contains(&"PromptInBlock books/c.md: $ echo".to_owned()), "{told:?}");
    assert!(told.contains(&"NoRollback books/c.md: ## Do".to_owned()), "{told:?}");
}

#[test]
fn an_include_stands_in_no_step_that_has_work_of_its_own() {
    let link = "[common checks](../common/a.md \"include\")\n\n";
    let when = "```yaml step\nwhen: RELEASE == \"v1\"\n```\n\n";
    for (above, refused) in [
        ("```sh run\ntrue\n```\n\n", true),
        ("```sh rollback\ntrue\n```\n\n", true),
        ("- [ ] ready\n\n", true),
        ("1. Ask around\n\n", true),
        ("```yaml signoff\nrole: qa\nmeaning: review\nstatement: Ready\n```\n\n", true),
        ("Prose.\n\n- a list\n\n```sh example\ntrue\n```\n\n", false),
        (when, false),
    ] {
        let main = format!("{FRONT}## Stage\n\n{above}{link}## After\n\n```sh check\ntest $FREE\n```\n");
        let files = files(&[("books/main.md", &main), ("common/a.md", COMMON)]);
        let compiled = compiled(&files);
        let said =
            |it: &&Diagnostic| it.code == Code::Misplaced && it.message.contains("a step that has something");
        let said: Vec<&Diagnostic> = compiled.diagnostics.iter().filter(said).collect();
        assert_eq!(said.len(), usize::from(refused), "{above}: {:?}", compiled.diagnostics);
        for finding in said {
            assert!(at(&files, &compiled, finding).starts_with("books/main.md: [common checks]"));
        }
    }
}
