//! Bad input of every kind, as cases: a file each in `tests/cases/cli`, beside what it must give.
//!
//! A case says in its first lines what it is about, prepares with `> SHELL COMMAND` lines, and then gives the
//! `$ holdpoint …` lines that must be refused. Files follow as `-- NAME --` and their text.

use std::path::{Path, PathBuf};

use crate::runs::book;
use crate::support::{Bench, Ran};

/// A case as read.
struct Case {
    files: Vec<(String, String)>,
    /// Commands that prepare.
    before: Vec<String>,
    /// Commands that must be refused.
    refused: Vec<String>,
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/cli")
}

fn read(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).unwrap();
    let mut case = Case { files: Vec::new(), before: Vec::new(), refused: Vec::new() };
    let mut about = 0;
    for line in text.lines() {
        let name = line.strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --"));
        match (name, case.files.last_mut()) {
            (Some(name), _) => case.files.push((name.to_owned(), String::new())),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => match line.split_at(line.len().min(2)) {
                ("> ", command) => case.before.push(command.to_owned()),
                ("$ ", command) => case.refused.push(command.to_owned()),
                ("", _) => {}
                _ => about += 1,
            },
        }
    }
    assert!(about > 0, "{} does not say what it is about", path.display());
    assert!(!case.refused.is_empty(), "{} refuses nothing", path.display());
    case
}

/// Runs the case; gives what was shown, and what a refusal must not be.
fn play(path: &Path) -> (String, Vec<String>) {
    let case = read(path);
    let name = path.file_name().unwrap().to_string_lossy();
    let bench = Bench::new();
    for (name, text) in &case.files {
        bench.file(name, text);
    }
    for line in &case.before {
        bench.sh(line);
    }
    let (mut shown, mut wrong) = (String::new(), Vec::new());
    for line in &case.refused {
        let before = bench.tree();
        let ran = Ran::of(bench.command("sh").args(["-c", line]).output().unwrap());
        let mut must = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{name}: {line}: {what}\n{}", ran.both()));
            }
        };
        must(matches!(ran.code, 2 | 5 | 6), "the exit code is none of a refusal");
        must(bench.tree() == before, "something was written");
        must(
            ran.stderr.contains("help: ") || ran.stderr.contains("'--help'") || ran.code == 6,
            "no word on what to do",
        );
        must(!ran.both().contains('\u{1b}'), "escape codes where there is no terminal");
        shown.push_str(&format!("$ {line}\nexit {}\n", ran.code));
        for (stream, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
            if !text.is_empty() {
                shown.push_str(&format!("--- {stream}\n{}", steady(&bench.plain(text))));
            }
        }
        shown.push('\n');
    }
    // `happened` is what every block of a case would leave behind.
    if bench.exists("happened") {
        wrong.push(format!("{name}: a block was executed"));
    }
    (shown, wrong)
}

/// What differs from machine to machine, made steady: where long lines break, lengths and digests.
fn steady(text: &str) -> String {
    let text = text.replace("\n  | ", " ").replace("\n        ", " ");
    let line = |line: &str| match line.contains(" bytes, sha256 ") {
        true => "  [N] events, [N] bytes, sha256 [SHA256]\n".to_owned(),
        false => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// Plays the cases whose names begin with one of `kinds`.
fn refuses(kinds: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(cases());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut wrong = Vec::new();
    settings.bind(|| {
        insta::glob!(cases(), &format!("{{{kinds}}}-*.case"), |path| {
            let (shown, not_refused) = play(path);
            wrong.extend(not_refused);
            insta::assert_snapshot!("refused", shown);
        });
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const DOCUMENTS: &str = "document,front,include,option";
const VALUES: &str = "answers,input";
const PLACES: &str = "config,environment,policy,store";
const VERBS: &str = "approve,note,record,replay,report,run,usage";

#[test]
fn bad_documents_front_matter_and_options_are_refused_and_nothing_is_written() {
    refuses(DOCUMENTS);
}

#[test]
fn bad_inputs_and_answers_are_refused_and_nothing_is_written() {
    refuses(VALUES);
}

#[test]
fn bad_configuration_environments_policies_and_stores_are_refused_and_nothing_is_written() {
    refuses(PLACES);
}

#[test]
fn verbs_refuse_what_is_not_there_or_not_readable_and_write_nothing() {
    refuses(VERBS);
}

#[test]
fn every_case_is_played() {
    let kinds: Vec<&str> =
        [DOCUMENTS, VALUES, PLACES, VERBS].iter().flat_map(|kinds| kinds.split(',')).collect();
    for entry in std::fs::read_dir(cases()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".case") {
            assert!(kinds.contains(&name.split('-').next().unwrap()), "{name} is of no kind that is played");
        }
    }
}

#[test]
fn what_looks_like_an_item_or_a_block_and_is_none_is_an_error() {
    let items = [
        "-[ ] x",
        "*[ ] x",
        "1.[ ] x",
        "[ ] x",
        "– [ ] x",
        "• [ ] x",
        "-- [ ] x",
        "- [\u{a0}] x",
        "- [\u{2003}] x",
        "- [ ]\u{a0}x",
        "- ☐ x",
        "- ( ) x",
        "- [o] x",
        "- [*] x",
        "- [.] x",
        "- [/] x",
        "- [?] x",
        "- **[ ] x**",
        "☐ x",
        "Then:\n-[ ] x",
        "\u{2212} [ ] x",
        "\u{2010} [ ] x",
        "a. [ ] x",
        "(1) [ ] x",
        "→ [ ] x",
        "- ⬜ x",
        "- ［ ］ x",
        "- [&nbsp;] x",
        "##Step",
        "Then:\n###Step",
        "####### Step",
        "> [!CAUTON]\n> x",
        "> [!CAUTION] It goes away.",
        "> [ !CAUTION ]\n> x",
        "> [!DANGER]\n> x",
        "> [CAUTION]\n> x",
        "> !CAUTION\n> x",
        "> Beware:\n> [!CAUTION]",
        "[!CAUTION]",
        "Look at it.\n    ```sh check\n    false\n    ```",
        "1. Look at it\n       ```sh check\n       false\n       ```",
        "- Look at it\n\t\t~~~sh check\n\t\tfalse\n\t\t~~~",
        "Quality looks at it.\n    ```yaml signoff\n    role: qa\n    ```",
        "'''sh run\ntrue\n'''",
        "´´´sh run\ntrue\n´´´",
        ":::sh run\ntrue\n:::",
        "\\```sh run\ntrue\n\\```",
        "``sh run\ntrue\n``",
        "- {} x",
        "<ul>\n<li>[ ] x</li>\n</ul>",
        "<pre>\n```sh run\ntrue\n```\n</pre>",
        "<script>\n```sh check\nfalse\n```\n</script>",
        "<![CDATA[\n```sh check\nfalse\n```\n]]>",
        "<?x\n```sh check\nfalse\n```\n?>",
    ];
    let fences =
        ["bashrun", "bashcheck", "shrun", "pythonrun", "runsh", "yamlexpect", "yamlstep", "textexpect"];
    let fences = fences.map(|info| format!("```{info}\ntrue\n```"));
    let prose = [
        "- [a] b",
        "- [1] x",
        "See [x] for more.",
        "- (a) x",
        "- [link](a.md)",
        "1. [b]: c",
        "- [ref][x]",
        "#1234 is the ticket",
        "Ask in #ops",
        "[![built](a.svg)](a.md)",
        "It says `sh check`.",
        "``a ` b``",
        "``sh check`` is a kind",
        "```sh check``` is a kind",
        "> [!NOTE]\n> x",
        "> [!CAUTION]\n> It goes away.",
        "> **CAUTION** it goes away",
        "'' is an empty text",
        "Caution: hot",
        "C: [ ]x",
        "a [ ] b",
        "'''bold'''",
        "::: note",
        "<pre>\nsh check\n</pre>",
        "<!--\n```sh check\nfalse\n```\n-->",
        "<ul>\n<li>x</li>\n</ul>",
        "~~gone~~",
    ];
    let check = |text: &str| {
        let body = format!("## A\n\n```sh check\ntrue\n```\n\n{text}\n");
        let bench = Bench::with(&[("book.md", &book("", &body))]);
        bench.holdpoint(&["check", "book.md"])
    };
    for text in items.map(str::to_owned).iter().chain(&fences) {
        let ran = check(text);
        assert_eq!(ran.code, 2, "{text}: {}", ran.both());
    }
    for text in prose {
        let ran = check(text);
        assert_eq!(ran.code, 0, "{text}: {}", ran.both());
    }
}

#[test]
fn front_matter_that_nearly_makes_a_run_book_is_an_error() {
    let body = "\n# T\n\n## A\n\nDo it.\n";
    for front in [
        "***\nrunbook: 1\n***\n",
        "___\nrunbook: 1\n___\n",
        "- - -\nrunbook: 1\n- - -\n",
        ";;;\n{\"runbook\": 1}\n;;;\n",
        "{\"runbook\": 1}\n",
        "{\n  \"runbook\": 1\n}\n",
        "\u{2014}\nrunbook: 1\n\u{2014}\n",
        "> ---\n> runbook: 1\n> ---\n",
        "---\ntitle: T\n# runbook: 1\n---\n",
        "---\nrunbook-version: 1\n---\n",
        "---\nrunbook_version: 1\n---\n",
        "---\nholdpoint: 1\n---\n",
        "---\nx: { runbook: 1 }\n---\n",
    ] {
        let bench = Bench::with(&[("book.md", &format!("{front}{body}"))]);
        for verb in [&["check", "book.md"][..], &["run", "book.md", "--unattended"]] {
            let ran = bench.holdpoint(verb);
            assert_eq!(ran.code, 2, "{front}: {}", ran.both());
        }
    }
    for front in [
        "",
        "***\n",
        "---\ntitle: The runbook\nweight: 1\n---\n",
        "---\nrunbooks: [a, b]\n---\n",
        "> ---\n> quoted\n",
        "{ }\n",
    ] {
        let bench = Bench::with(&[("book.md", &format!("{front}{body}"))]);
        let ran = bench.holdpoint(&["check", "book.md"]);
        assert_eq!(ran.code, 0, "{front}: {}", ran.both());
    }
}

#[test]
fn a_condition_that_no_environment_can_meet_is_an_error() {
    let check = |when: &str, configuration: &str| {
        let body = format!("## A\n\n```sh check\n#| when: {when}\ntrue\n```\n");
        let mut files = vec![("book.md", book("", &body))];
        if !configuration.is_empty() {
            files.push(("holdpoint.toml", configuration.to_owned()));
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        Bench::with(&files).holdpoint(&["check", "book.md"])
    };
    let staging = "[environments.staging]\nrehearsal = true\n";
    for (when, configuration) in [
        ("environment.rehearsal", ""),
        ("environment.protected == true", ""),
        ("environment.four_eyes", staging),
        ("environment.four_eyes and environment.name == 'staging'", staging),
        ("run.number < 1", ""),
        ("run.number > 0", ""),
        ("run.id | length == 25", ""),
    ] {
        let ran = check(when, configuration);
        assert_eq!(ran.code, 2, "{when}: {}", ran.both());
        ran.says("comparison");
    }
    for (when, configuration) in [
        ("environment.rehearsal", staging),
        ("not environment.protected", staging),
        ("not environment.rehearsal", ""),
        ("run.number > 1", ""),
    ] {
        let ran = check(when, configuration);
        assert_eq!(ran.code, 0, "{when}: {}", ran.both());
    }
}

#[test]
fn expectations_that_nothing_or_everything_meets_are_errors() {
    let all: Vec<String> = (0..=255).map(|code| code.to_string()).collect();
    let all = format!("exit: [{}]", all.join(", "));
    let check = |expect: &str| {
        let body = format!("## A\n\n```sh check\necho a\n```\n\n```yaml expect\n{expect}\n```\n");
        Bench::with(&[("book.md", &book("", &body))]).holdpoint(&["check", "book.md"])
    };
    for expect in [
        all.as_str(),
        "stdout: [{ contains: a }, { not_contains: a }]",
        "stdout: [{ equals: a }, { equals: b }]",
        "stdout: [{ equals: a }, { contains: b }]",
        "stderr: [{ not_contains: b }, { equals: abc }]",
    ] {
        let ran = check(expect);
        assert_eq!(ran.code, 2, "{expect}: {}", ran.both());
    }
    for expect in [
        format!("{all}\nstdout: not_empty"),
        "stdout: [{ contains: a }, { contains: b }]".to_owned(),
        "stdout: [{ equals: a }, { equals: \"a\\n\" }]".to_owned(),
        "stdout: { contains: a }\nstderr: { not_contains: a }".to_owned(),
        "stdout: [{ contains: a }, { not_contains: \"{{ operator }}\" }]".to_owned(),
    ] {
        let ran = check(&expect);
        assert_eq!(ran.code, 0, "{expect}: {}", ran.both());
    }
}

#[test]
fn what_an_input_comes_from_gives_a_value_or_there_is_none() {
    for (input, code) in [
        ("{ from: { command: 'false | cat' } }", 2),
        ("{ from: { command: 'echo null' } }", 2),
        ("{ from: { file: empty } }", 2),
        ("{ from: { env: EMPTY } }", 2),
        ("{ from: { file: empty }, default: '' }", 0),
        ("{ from: { command: 'echo v1' } }", 0),
    ] {
        let front = format!("inputs:\n  D: {input}\n");
        let book = book(&front, "## A\n\n```sh check\necho \"$D\"\n```\n");
        let bench = Bench::with(&[("book.md", &book), ("empty", "\n")]);
        let mut command = bench.command(crate::support::HOLDPOINT);
        command.args(["run", "book.md", "--unattended"]).env("EMPTY", "");
        let ran = Ran::of(command.output().unwrap());
        assert_eq!(ran.code, code, "{input}: {}", ran.both());
    }
}

#[test]
fn a_probe_that_is_to_find_nothing_does_not_pass() {
    for probe in [
        "file: { path: book.md, contains: \"{{ E }}\" }",
        "file: { path: book.md, contains: \"{{ B }}\" }",
        "file: { path: \"{{ B }}\", exists: false }",
        "tcp: { to: \"127.0.0.1:1\", answer: \"{{ E }}\" }",
    ] {
        let front = "inputs:\n  E: { default: '' }\n  B: { default: ' ' }\n";
        let bench =
            Bench::with(&[("book.md", &book(front, &format!("## A\n\n```yaml check\n{probe}\n```\n")))]);
        let ran = bench.holdpoint(&["run", "book.md", "--unattended"]);
        assert_eq!(ran.code, 3, "{probe}: {}", ran.both());
        ran.says("came to nothing");
    }
}

#[test]
fn a_shell_behind_another_program_is_strict_too() {
    for (interpreter, code) in [("nice bash", 3), ("timeout 9 bash", 3), ("nice bash -x", 2), ("bash", 3)] {
        let body = format!("## A\n\n```bash check\n#| interpreter: {interpreter}\nfalse\necho after\n```\n");
        let bench = Bench::with(&[("book.md", &book("", &body))]);
        let ran = bench.holdpoint(&["run", "book.md", "--unattended"]);
        assert_eq!(ran.code, code, "{interpreter}: {}", ran.both());
        assert!(!ran.both().contains("│ after"), "{interpreter}: {}", ran.both());
    }
}

#[test]
fn characters_that_nobody_sees_are_errors_wherever_somebody_reads_what_is_meant() {
    let front = |command: &str| format!("inputs:\n  X: {{ from: {{ command: \"{command}\" }} }}\n");
    let check = "## A\n\n```sh check\ntrue\n```\n";
    for c in ['\u{202e}', '\u{1b}', '\u{9b}'] {
        for (front, body) in [
            (front(&format!("echo a{c}b")), check.to_owned()),
            (String::new(), format!("## A{c}\n\n```sh check\ntrue\n```\n")),
            (String::new(), format!("{check}\n- [ ] not{c} done\n")),
            (String::new(), format!("## A\n\n```sh check\n#| env: {{ A: \"x{c}y\" }}\ntrue\n```\n")),
            (String::new(), format!("## A\n\n```sh check\ntrue {c}\n```\n")),
            (
                String::new(),
                format!("## A\n\n```yaml check\nfile: {{ path: \"a{c}b\", exists: false }}\n```\n"),
            ),
            (
                "roles: [qa]\n".into(),
                format!("## A\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: \"a{c}b\"\n```\n"),
            ),
        ] {
            let bench = Bench::with(&[("book.md", &book(&front, &body))]);
            let ran = bench.holdpoint(&["check", "book.md"]);
            assert_eq!(ran.code, 2, "{c:?} {body}: {}", ran.both());
        }
        let shown = format!("{check}\n```text example\nwhat it prints: {c}[1m\n```\n");
        let bench = Bench::with(&[("book.md", &book("", &shown))]);
        assert_eq!(bench.holdpoint(&["check", "book.md"]).code, 0);
    }
    let arabic = format!("{check}\nSee \u{2067}\u{5d0}\u{5d1}\u{2069} first.\n");
    let bench = Bench::with(&[("book.md", &book("", &arabic))]);
    assert_eq!(bench.holdpoint(&["check", "book.md"]).code, 0);
}

#[test]
fn words_of_the_command_line_come_back_harmless_in_what_is_said_of_them() {
    let bench = Bench::with(&[("book.md", &book("", "## A\n\n- [ ] a\n"))]);
    for c in ['\u{202e}', '\u{2066}', '\u{200b}', '\u{1b}', '\u{9b}', '\u{7}'] {
        let word = format!("{c}EVIL");
        for arguments in
            [&[&*word][..], &["report", "latest", "--format", &word], &["export", "latest", &word]]
        {
            let ran = bench.ends(2, arguments);
            assert!(ran.both().contains("VIL") && !ran.both().contains(c), "{arguments:?}: {}", ran.both());
        }
    }
}
