//! Nothing that came from outside acts on the terminal, whatever verb shows it. On a dumb terminal we draw nothing
//! ourselves: any control character that comes out came in.

use std::collections::BTreeMap;

use holdpoint_record::bundle::{Content, pack};

use crate::support::Desk;

/// A title, a screen cleared, text that runs backwards, and what some terminals take for the beginning of a sequence.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{7f}";
/// The same where YAML, TOML or JSON say it.
const ESCAPED: &str = "\\u001b]0;owned\\u0007\\u001b[2J\\u009b31m\\u202e\\u007f";

/// Whether a character acts on a terminal, or hides something there.
fn acts(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
        || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
}

fn desk() -> Desk {
    Desk::new().set("TERM", "dumb").set("HOLDPOINT_OPERATOR", format!("ops{HOSTILE}@example.org"))
}

/// Both streams lead to the terminal. Gives what was shown.
#[track_caller]
fn shows_nothing_raw(desk: &Desk, words: &[&str]) -> String {
    let bytes = desk.terminal(words).bytes_at_any_end();
    let shown = String::from_utf8(bytes).unwrap_or_else(|_| panic!("{words:?} shows what is not UTF-8"));
    // Where one looks at what goes by without a terminal, on the way through a pipe, there is nothing raw either.
    let stderr = desk.holdpoint(words).output().unwrap().stderr;
    for text in [&shown, &String::from_utf8(stderr).unwrap()] {
        let raw: Vec<char> = text.chars().filter(|c| acts(*c)).collect();
        assert!(raw.is_empty(), "{words:?} shows {raw:?}:\n{text:?}");
    }
    shown
}

/// A document that cannot be run: such characters stand in it as they are.
fn bad_book(rest: &str) -> String {
    book_with(HOSTILE, HOSTILE, rest)
}

/// One that can: they come from its values, and a paragraph may turn its text around.
fn book(rest: &str) -> String {
    book_with("", "\u{202e}", rest)
}

fn book_with(mark: &str, prose: &str, rest: &str) -> String {
    format!(
        "---\nrunbook: 1\ntitle: \"T{ESCAPED}\"\nroles: [\"qa{ESCAPED}\"]\n\
         inputs: {{ IN: {{ default: \"in{ESCAPED}\" }} }}\n---\n# Heading {mark}\n\nProse {prose}.\n\n\
         ## A {mark}\n\n> [!WARNING]\n> Beware {mark}\n\n\
         ```sh check\n#| capture: {{ OUT: {{ stdout: true }} }}\nprintf 'out\\033[2J\\302\\2331m'; printf 'err\\033[2J' >&2\n```\n\n{rest}"
    )
}

#[test]
fn documents_configurations_and_answers_do_not_reach_the_terminal_raw() {
    let desk = desk();
    let name = format!("bad{HOSTILE}.md");
    desk.write(
        &name,
        &bad_book(&format!(
            "```sh rnu{HOSTILE}\ntrue\n```\n\n```yaml step\nk{HOSTILE}: \"{ESCAPED}\"\n```\n"
        )),
    );
    for verb in ["check", "run", "plan", "approve"] {
        shows_nothing_raw(&desk, &[verb, &name]);
    }
    for format in ["json", "sarif", "github"] {
        shows_nothing_raw(&desk, &["check", &name, "--format", format]);
    }
    desk.write("good.md", &book("- [ ] done\n"));
    let missing = format!("no{HOSTILE}");
    for words in [
        &["run", &missing][..],
        &["verify", &missing],
        &["show", &missing],
        &["run", "good.md", "--env", &missing],
        &["run", "good.md", "--set", &format!("{missing}=1")],
        &["run", "good.md", "--set", "IN=1", "--unattended", "--answers", &missing],
        &["report", "1", "--format", &missing],
        &[&missing],
        &["init", &missing],
    ] {
        shows_nothing_raw(&desk, words);
    }
    desk.write("answers.yaml", &format!("steps:\n  \"a{ESCAPED}\": {{ confirm: true }}\n"));
    shows_nothing_raw(&desk, &["run", "good.md", "--unattended", "--answers", "answers.yaml"]);
    desk.write("holdpoint.toml", &format!("\"key{ESCAPED}\" = 1\n"));
    shows_nothing_raw(&desk, &["run", "good.md", "--unattended"]);
    desk.write("holdpoint.toml", &format!("[signers]\nfile = \"s{ESCAPED}\"\n"));
    shows_nothing_raw(&desk, &["run", "good.md", "--unattended"]);
    desk.write("holdpoint.toml", &format!("[store]\npath = \"../s{ESCAPED}\"\n"));
    shows_nothing_raw(&desk, &["runs"]);
}

#[test]
fn what_a_record_holds_does_not_reach_the_terminal_raw() {
    // Nobody operates under a name that holds what nobody sees, so no record of ours does.
    let desk = desk().set("HOLDPOINT_OPERATOR", "ops@example.org");
    let name = format!("good{HOSTILE}.md");
    desk.write(
        &name,
        &book(&format!(
            "## D\n\n- [ ] done {{{{ IN }}}}\n\n## B\n\n```yaml record\nrate: {{ prompt: \"Rate{ESCAPED}\" }}\n```\n\n## C\n\n\
             ```yaml signoff\nrole: \"qa{ESCAPED}\"\nmeaning: approval\nstatement: \"s{ESCAPED}\"\n```\n"
        )),
    );
    let answers = format!("steps:\n  b: {{ value: {{ rate: \"r{ESCAPED}\" }} }}\n  d: {{ confirm: true }}\n");
    desk.write("answers.yaml", &answers);
    let who = format!("who{HOSTILE}");
    let shown = shows_nothing_raw(&desk, &["run", &name, "--unattended", "--answers", "answers.yaml"]);
    assert!(shown.contains("Run 1"), "{shown}");
    for words in [
        &["note", "1", &who][..],
        &["verify", "1"],
        &["show", "1"],
        &["show", "1", "--format", "json"],
        &["runs"],
        &["runs", "--format", "json"],
        &["report", "1"],
        &["report", "1", "--format", "html"],
        &["report", "1", "--format", "json"],
        &["report", "1", "--format", "junit"],
        &["report", "1", "--format", "cast"],
        &["replay", "1", "--speed", "100000"],
        &["replay", "1", "--format", "json"],
        &["plan", &name],
        &["check", &name],
        &["approve", &name, "--list"],
        &["sign", "1", "--as", &who],
        &["handover", "1", "--to", &who],
        &["resume", "1", "--unattended", "--operator", &who],
        &["expunge", "1", "--blob", &who, "--reason", &who],
        &["export", "1", "--output", &who],
    ] {
        shows_nothing_raw(&desk, words);
    }
}

#[test]
fn names_in_bundles_and_forged_events_do_not_reach_the_terminal_raw() {
    let desk = desk();
    let first = |kind: &str, format: &str| {
        let head = format!(r#"{{"n":0,"prev":"{}","at":"2026-11-23T10:00:00.000000Z","#, "0".repeat(64));
        let prev = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        format!("{head}\"type\":\"{kind}\",\"format\":\"{format}\",\"x{ESCAPED}\":1}}\n")
            .replace(&"0".repeat(64), prev)
    };
    let logs = [
        first(&format!("kind{ESCAPED}"), "2.0"),
        first("run.opened", &format!("9.{ESCAPED}")),
        first("run.opened", "2.0"),
        format!("{HOSTILE}\n{{}}\n"),
    ];
    for log in &logs {
        let mut files = BTreeMap::new();
        files.insert("run.jsonl".to_owned(), Content::Bytes(log.clone().into()));
        files.insert("seal.json".to_owned(), Content::Bytes(format!("{{\"{ESCAPED}\":1}}").into()));
        files.insert(format!("blobs/sha256/b{HOSTILE}"), Content::Bytes(Vec::new()));
        let mut bundle = Vec::new();
        pack(&format!("0001-top{HOSTILE}"), 0, &files, &mut bundle).unwrap();
        std::fs::write(desk.path("bundle.hpz"), bundle).unwrap();
        shows_nothing_raw(&desk, &["verify", "bundle.hpz"]);
        shows_nothing_raw(&desk, &["verify", "bundle.hpz", "--format", "json"]);
        let dir = desk.path(&format!(".holdpoint/runs/0001-r{HOSTILE}"));
        std::fs::create_dir_all(dir.join("blobs/sha256")).unwrap();
        std::fs::write(dir.join("run.jsonl"), log).unwrap();
        for words in [
            &["runs"][..],
            &["show", "1"],
            &["verify", "1"],
            &["report", "1"],
            &["resume", "1"],
            &["replay", "1"],
        ] {
            shows_nothing_raw(&desk, words);
        }
    }
}

#[test]
fn words_of_git_and_of_commands_do_not_reach_the_terminal_raw() {
    let desk = Desk::new().set("TERM", "dumb").set("HOLDPOINT_OPERATOR", "ops@example.org");
    let git = |desk: &Desk, words: &[&str]| {
        assert!(desk.command("git").args(words).output().unwrap().status.success())
    };
    git(&desk, &["init", "-q", "."]);
    let command = "printf 'a\\\\033[2Jb\\\\n' >&2; echo 1";
    let front = format!("---\nrunbook: 1\ninputs: {{ X: {{ from: {{ command: \"{command}\" }} }} }}\n---\n");
    desk.write("a.md", &format!("{front}# T\n\n## A\n\n```sh check\ntrue\n```\n"));
    let shown = shows_nothing_raw(&desk, &["run", "a.md", "--unattended"]);
    assert!(shown.contains("a␛[2Jb"), "{shown}");
    git(&desk, &["config", "user.email", &format!("git{HOSTILE}")]);
    let desk = desk.set("HOLDPOINT_OPERATOR", format!("ops{HOSTILE}@example.org"));
    let shown = shows_nothing_raw(&desk, &["run", "a.md", "--unattended"]);
    assert!(shown.contains("the operator's name has the character"), "{shown}");
    std::fs::write(desk.path(".git/config"), format!("[core{HOSTILE}\n")).unwrap();
    shows_nothing_raw(&desk, &["run", "a.md", "--unattended"]);
}
