//! `lsp`: the protocol through the program, as an editor speaks it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Bench, HOLDPOINT, Ran};

/// Longest wait for an answer: it means that none comes.
const PATIENCE: Duration = Duration::from_secs(60);

/// An editor at work in a bench.
pub(super) struct Editor<'b> {
    bench: &'b Bench,
    child: Child,
    stdin: Option<ChildStdin>,
    came: Receiver<Value>,
    last: i64,
}

impl<'b> Editor<'b> {
    pub(super) fn new(bench: &'b Bench) -> Editor<'b> {
        let mut command = bench.command(HOLDPOINT);
        command.arg("lsp").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, came) = channel();
        std::thread::spawn(move || {
            while let Some(message) = message(&mut stdout) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut editor = Editor { bench, child, stdin, came, last: 0 };
        let abilities =
            editor.ask("initialize", json!({"processId": null, "rootUri": null, "capabilities": {}}));
        assert_eq!(abilities["result"]["capabilities"]["positionEncoding"], "utf-16", "{abilities}");
        editor.tell("initialized", json!({}));
        editor
    }

    fn raw(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(bytes).unwrap();
        stdin.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn came(&self, what: &str) -> Value {
        self.came.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// The whole answer, whatever is told meanwhile.
    pub(super) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let id = self.last;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.came(method);
            if message["id"] == id {
                return message;
            }
        }
    }

    pub(super) fn uri(&self, name: &str) -> String {
        format!("file://{}", self.bench.path(name).canonicalize().unwrap_or(self.bench.path(name)).display())
    }

    pub(super) fn open(&mut self, name: &str, text: &str) -> Value {
        let uri = self.uri(name);
        self.tell(
            "textDocument/didOpen",
            json!({"textDocument": {"uri": uri, "languageId": "markdown", "version": 1, "text": text}}),
        );
        self.findings(name)
    }

    fn change(&mut self, name: &str, text: &str) -> Value {
        let uri = self.uri(name);
        self.tell(
            "textDocument/didChange",
            json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": text}]}),
        );
        self.findings(name)
    }

    /// What is told next of a document.
    fn findings(&self, name: &str) -> Value {
        let uri = self.uri(name);
        loop {
            let message = self.came("findings");
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == *uri {
                return message["params"]["diagnostics"].clone();
            }
        }
    }

    /// The answer about the place of `needle`.
    fn at(&mut self, method: &str, name: &str, text: &str, needle: &str) -> Value {
        let params = json!({"textDocument": {"uri": self.uri(name)}, "position": position(text, needle)});
        self.ask(method, params)["result"].clone()
    }

    /// Ends it as editors do; its exit code.
    pub(super) fn ends(mut self) -> i32 {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.stdin = None;
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(said, "");
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Editor<'_> {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.wait();
    }
}

fn message(stdout: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stdout.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().strip_prefix("Content-Length: ") {
            Some(count) => length = count.parse().unwrap(),
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let mut text = vec![0; length];
    stdout.read_exact(&mut text).ok()?;
    Some(serde_json::from_slice(&text).unwrap())
}

/// Line and column, in UTF-16, behind the first letter of `needle`.
pub(super) fn position(text: &str, needle: &str) -> Value {
    let at = text.find(needle).unwrap_or_else(|| panic!("{needle} is not in the text")) + 1;
    let line = text[..at].matches('\n').count();
    let column = text[..at].rsplit('\n').next().unwrap().encode_utf16().count();
    json!({"line": line, "character": column})
}

const BOOK: &str = "---
runbook: 1
title: Release
roles: [operator, qa]
inputs:
  RELEASE: { prompt: Release tag }
---

# Release

See [the end](#sign-it-off).

## Deploy it

```yaml step
role: operator
```

[common checks](common/checks.md \"include\")

## Switch 𝄞 over

```yaml step
role: operator
```

```sh run
#| id: switch
#| timeout: 5m
#| capture: { DIGEST: { stdout: true } }
./switch.sh \"$RELEASE\"
```

```sh check
test -n \"$DIGEST\"
```

```sh rollback
./switch.sh back
```

## Sign it off

```yaml signoff
role: qa
meaning: approval
statement: I release {{ RELEASE }}.
```
";

const CHECKS: &str =
    "---\nrunbook: 1\nroles: [operator]\n---\n\n# Checks\n\n## Look\n\n```sh check\ntrue\n```\n";

pub(super) fn bench() -> Bench {
    let bench = Bench::with(&[("book.md", BOOK), ("common/checks.md", CHECKS), ("outside.md", CHECKS)]);
    bench.committed();
    bench
}

fn codes(found: &Value) -> Vec<&str> {
    found.as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn findings_are_those_of_check_and_follow_what_is_typed() {
    let bench = bench();
    let mut editor = Editor::new(&bench);
    let found = editor.open("book.md", BOOK);
    let checked = bench.holdpoint(&["check", "--format", "json", "book.md"]).json();
    assert_eq!(codes(&found), codes(&checked));
    // In UTF-16, behind a character of two units, in a text that is not saved.
    let slip = BOOK.replace("## Switch 𝄞 over", "##Switch 𝄞 over").replace("role: qa\n", "role: 𝄞\n");
    let found = editor.change("book.md", &slip);
    let undeclared =
        found.as_array().unwrap().iter().find(|finding| finding["code"] == "undeclared").unwrap();
    let range = &undeclared["range"];
    assert_eq!(
        (&range["start"]["character"], &range["end"]["character"]),
        (&json!(6), &json!(8)),
        "{undeclared}"
    );
    assert_eq!(undeclared["severity"], 1);
    assert_eq!(undeclared["source"], "holdpoint");
    assert!(codes(&found).contains(&"misplaced"), "{found}");
    assert_eq!(codes(&editor.change("book.md", BOOK)), codes(&checked));
    assert_eq!(editor.ends(), 0);
}

#[test]
fn a_part_of_a_text_is_changed_where_the_editor_counts_in_utf_16() {
    let bench = bench();
    let mut editor = Editor::new(&bench);
    let text = "---\nrunbook: 1\n---\n\n# 𝄞 A\n\n- [ ] 𝄞 Look\n";
    assert_eq!(codes(&editor.open("a.md", text)), [""; 0]);
    let uri = editor.uri("a.md");
    // `𝄞 Look` becomes `𝄞 {{ X }}`.
    let range = json!({"start": {"line": 6, "character": 9}, "end": {"line": 6, "character": 13}});
    editor.tell(
        "textDocument/didChange",
        json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"range": range, "text": "{{ X }}"}]}),
    );
    let found = editor.findings("a.md");
    assert_eq!(codes(&found), ["undefined-name"], "{found}");
    assert_eq!(editor.ends(), 0);
}

#[test]
fn an_editor_learns_what_a_place_is_where_it_leads_and_what_may_stand_there() {
    let bench = bench();
    let mut editor = Editor::new(&bench);
    editor.open("book.md", BOOK);
    let hover = editor.at("textDocument/hover", "book.md", BOOK, "./switch.sh \"");
    let told = hover["contents"]["value"].as_str().unwrap();
    for part in [
        "**Step 2**",
        "role `operator`",
        "`switch`",
        "by `sh`",
        "at most 300 s",
        "captures `DIGEST`",
        "has a rollback",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    let hover = editor.at("textDocument/hover", "book.md", BOOK, "meaning: approval");
    let told = hover["contents"]["value"].as_str().unwrap();
    assert!(told.contains("waits for a sign-off of 1 with the role `qa`"), "{told}");

    // Where it leads.
    let included = editor.at("textDocument/definition", "book.md", BOOK, "common/checks.md");
    assert_eq!(included["uri"], editor.uri("common/checks.md"));
    let step = editor.at("textDocument/definition", "book.md", BOOK, "the end");
    assert_eq!(step["range"]["start"]["line"], position(BOOK, "## Sign it off")["line"]);
    let input = editor.at("textDocument/definition", "book.md", BOOK, "RELEASE\"");
    assert_eq!(input["range"]["start"]["line"], 5);
    let capture = editor.at("textDocument/definition", "book.md", BOOK, "DIGEST\"");
    assert_eq!(capture["range"]["start"]["line"], position(BOOK, "```sh run")["line"]);

    // The outline.
    let uri = editor.uri("book.md");
    let outline = editor.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}}));
    let names: Vec<&str> =
        outline["result"].as_array().unwrap().iter().map(|symbol| symbol["name"].as_str().unwrap()).collect();
    assert_eq!(names.last(), Some(&"3 Sign it off"), "{names:?}");
    assert!(names.iter().any(|name| name.ends_with("Switch 𝄞 over")), "{names:?}");

    // What may stand there.
    for (typed, needle, wanted) in [
        ("\n```sh ", "", "rollback"),
        ("\n```yaml ", "", "signoff"),
        ("\n```sh run\n#| ti", "", "timeout"),
        ("\n```yaml step\nrole: ", "", "operator"),
        ("\n```yaml step\nirr", "", "irreversible"),
        ("\n```sh run\necho $R", "", "RELEASE"),
        ("\n```sh run\necho $D", "", "DIGEST"),
        ("\nSee [there](#sw", "", "sign-it-off"),
    ] {
        let text = format!("{BOOK}{typed}{needle}");
        editor.change("book.md", &text);
        let line = text.matches('\n').count();
        let column = text.rsplit('\n').next().unwrap().encode_utf16().count();
        let params = json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": column}});
        let items = editor.ask("textDocument/completion", params);
        let labels: Vec<&str> =
            items["result"].as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect();
        assert!(labels.contains(&wanted), "{typed:?}: {labels:?}");
    }
    assert_eq!(editor.ends(), 0);
}

#[test]
fn an_include_leads_to_no_file_outside_of_the_repository() {
    let bench = bench();
    let mut editor = Editor::new(&bench);
    std::fs::write(bench.all().join("secret.md"), CHECKS).unwrap();
    let text = format!("{BOOK}\n[up](../secret.md \"include\")\n\n[at](/etc/hosts \"include\")\n");
    editor.open("book.md", &text);
    for needle in ["../secret.md", "/etc/hosts"] {
        assert_eq!(editor.at("textDocument/definition", "book.md", &text, needle), Value::Null, "{needle}");
    }
    assert_eq!(editor.ends(), 0);
}

#[test]
fn an_id_is_renamed_with_the_links_to_it_and_no_two_get_one_name() {
    let bench = bench();
    let mut editor = Editor::new(&bench);
    let text = format!("{BOOK}\nWhat [switches](#switch) is above.\n");
    editor.open("book.md", &text);
    let uri = editor.uri("book.md");
    let mut rename = |needle: &str, name: &str| {
        let place = position(&text, needle);
        editor.ask(
            "textDocument/rename",
            json!({"textDocument": {"uri": uri}, "position": place, "newName": name}),
        )
    };
    let renamed = rename("switch\n#| timeout", "switch-over");
    let edits = renamed["result"]["changes"]
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap()
        .as_array()
        .unwrap()
        .clone();
    let lines: Vec<&Value> = edits.iter().map(|edit| &edit["range"]["start"]["line"]).collect();
    let line = |needle: &str| position(&text, needle)["line"].clone();
    assert_eq!(lines, [&line("#| id: switch"), &line("What [switches]")], "{renamed}");
    for name in ["sign-it-off", "a b", ""] {
        let refused = rename("switch\n#| timeout", name);
        assert!(refused["error"]["message"].is_string(), "{name}: {refused}");
    }
    assert!(rename("Switch 𝄞 over", "x")["error"].is_object());
    assert_eq!(editor.ends(), 0);
}

#[test]
fn what_was_probably_meant_is_a_quick_fix_that_ends_the_finding() {
    let bench = bench();
    let mut editor = Editor::new(&bench);
    let head = "---\nrunbook: 1\n";
    for (text, title) in [
        (format!("{head}rols: [qa]\n---\n\n# A\n\n- [ ] Done\n"), "Write `roles`"),
        (format!("{head}weight: 3\n---\n\n# A\n\n- [ ] Done\n"), "Keep `weight` for another tool"),
        (
            format!("{head}keep: [tags]\ntags: a\nweight: 3\n---\n\n# A\n\n- [ ] Done\n"),
            "Keep `weight` for another tool",
        ),
        (format!("{head}---\n\n# A\n\n## B\n\n```sh rnu\nmkdir x\n```\n"), "Write `sh run`"),
        (format!("{head}---\n\n# A\n\n## B\n\n```sh check\n#| timout: 5s\ntrue\n```\n"), "Write `timeout`"),
        (
            format!("{head}---\n\n# A\n\n## B\n\nProse.\n\n## C\n\n- [ ] Done\n"),
            "Have prose confirmed: `manual: true`",
        ),
        (
            format!("{head}---\n\n# A\n\n## B\n\nProse.\n\n## C\n\n- [ ] Done\n"),
            "Prose is only read: `manual: false`",
        ),
        ("---\nRunbook: 1\n---\n\n# A\n\n- [ ] Done\n".to_owned(), "Write `runbook`"),
    ] {
        let found = editor.open("fix.md", &text);
        let uri = editor.uri("fix.md");
        let first = &found[0];
        let params = json!({"textDocument": {"uri": uri}, "range": first["range"], "context": {"diagnostics": [first]}});
        let actions = editor.ask("textDocument/codeAction", params)["result"].clone();
        let action = actions.as_array().unwrap().iter().find(|action| action["title"] == title);
        let action = action.unwrap_or_else(|| panic!("{title}: {actions}\n{found}"));
        let edit = &action["edit"]["changes"][&uri][0];
        editor.tell(
            "textDocument/didChange",
            json!({"textDocument": {"uri": uri, "version": 2},
                   "contentChanges": [{"range": edit["range"], "text": edit["newText"]}]}),
        );
        let left = editor.findings("fix.md");
        assert!(!codes(&left).contains(&first["code"].as_str().unwrap()), "{title}: {left}");
    }
    assert_eq!(editor.ends(), 0);
}

#[test]
fn whatever_comes_that_is_no_message_the_next_one_is_answered() {
    let bench = bench();
    let mut editor = Editor::new(&bench);
    editor.open("book.md", BOOK);
    for bad in [
        &b"Content-Length: 3\r\n\r\n{{{"[..],
        b"Content-Length: 4\r\n\r\n\xff\xfe\xfd\xfc",
        b"Content-Length: x\r\n",
        b"nonsense\r\n",
        b"Content-Length: 2\r\n\r\n[]",
        b"Content-Length: 0\r\n\r\n",
    ] {
        editor.raw(bad);
        let hover = editor.at("textDocument/hover", "book.md", BOOK, "./switch.sh \"");
        assert!(hover["contents"].is_object(), "{}", String::from_utf8_lossy(bad));
    }
    // Messages that are none of ours, or of the wrong shape.
    for (method, params, code) in [
        ("textDocument/nothing", json!({}), -32601),
        ("textDocument/hover", json!({"textDocument": 5}), -32602),
        ("textDocument/hover", Value::Null, -32602),
    ] {
        assert_eq!(editor.ask(method, params)["error"]["code"], code, "{method}");
    }
    editor
        .tell("textDocument/didChange", json!({"textDocument": {"uri": "file:///nowhere.md", "version": 1}}));
    editor.tell("textDocument/didOpen", json!(3));
    editor.tell("$/cancelRequest", json!({"id": 1}));
    let far = json!({"textDocument": {"uri": editor.uri("book.md")}, "position": {"line": 4_000_000, "character": 9}});
    assert!(editor.ask("textDocument/hover", far)["error"].is_null());
    let unknown =
        json!({"textDocument": {"uri": "file:///nowhere.md"}, "position": {"line": 0, "character": 0}});
    assert_eq!(editor.ask("textDocument/hover", unknown)["result"], Value::Null);
    assert_eq!(editor.ends(), 0);
}

#[test]
fn a_document_that_is_not_saved_or_was_deleted_is_read_as_the_editor_has_it() {
    let bench = bench();
    let mut editor = Editor::new(&bench);
    editor.open("book.md", BOOK);
    std::fs::remove_file(bench.path("book.md")).unwrap();
    let found = editor.change("book.md", &BOOK.replace("```sh check", "```sh chek"));
    assert!(codes(&found).contains(&"unknown-kind"), "{found}");
    // A directory stands where it was.
    std::fs::create_dir(bench.path("book.md")).unwrap();
    let found = editor.change("book.md", &BOOK.replace("```sh check", "```sh chek"));
    assert!(codes(&found).contains(&"unknown-kind"), "{found}");
    let uri = editor.uri("book.md");
    editor.tell("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    assert_eq!(editor.findings("book.md"), json!([]));
    // Never saved at all.
    let open = json!({"textDocument": {"uri": "untitled:Untitled-1", "languageId": "markdown", "version": 1,
                                       "text": BOOK.replace("```sh check", "```sh chek")}});
    editor.tell("textDocument/didOpen", open);
    let told = editor.came("findings");
    assert_eq!(told["params"]["uri"], "untitled:Untitled-1");
    assert!(codes(&told["params"]["diagnostics"]).contains(&"unknown-kind"), "{told}");
    assert_eq!(editor.ends(), 0);
}

#[test]
fn what_is_wrong_with_the_configuration_is_told_and_gone_once_it_is_right() {
    let bench = bench();
    let mut editor = Editor::new(&bench);
    bench.file("holdpoint.toml", "[rols]\n");
    let found = editor.open("book.md", BOOK);
    assert_eq!(codes(&found), ["syntax"], "{found}");
    bench.file("holdpoint.toml", "[roles]\noperator = [\"a@example.org\"]\nqa = [\"b@example.org\"]\n");
    editor.tell("workspace/didChangeWatchedFiles", json!({"changes": []}));
    let found = editor.findings("book.md");
    assert!(!codes(&found).contains(&"syntax"), "{found}");
    assert_eq!(editor.ends(), 0);
}

#[test]
fn an_editor_that_is_gone_ends_it() {
    let bench = bench();
    let mut editor = Editor::new(&bench);
    editor.stdin = None;
    assert_eq!(editor.child.wait().unwrap().code(), Some(1), "no `shutdown` came");
}

/// A run-book of so many steps.
fn long(steps: usize) -> String {
    let step = |at: usize| {
        format!(
            "## Step {at}\n\nText above it.\n\n```sh run\n#| timeout: 5m\n./do.sh {at} \"$RELEASE\"\n```\n\n\
             ```sh check\ntest -e done-{at}\n```\n\n```yaml expect\nexit: 0\n```\n\n```sh rollback\n./undo.sh {at}\n```\n\n"
        )
    };
    let head = "---\nrunbook: 1\ntitle: Long\ninputs: { RELEASE: {} }\n---\n\n# Long\n\n";
    std::iter::once(head.to_owned()).chain((1..=steps).map(step)).collect()
}

/// How long a process was on a processor, all of its threads together: what else the machine does is not ours.
fn worked(process: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let of = |thread: std::io::Result<std::fs::DirEntry>| {
        let told = std::fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap_or_default();
        told.split_whitespace().next().and_then(|it| it.parse::<u64>().ok()).unwrap_or_default()
    };
    Duration::from_nanos(threads.map(of).sum())
}

#[test]
fn answers_take_less_than_a_tenth_of_a_second_on_1500_steps() {
    let bench = bench();
    let mut editor = Editor::new(&bench);
    let text = long(1500);
    editor.open("long.md", &text);
    let uri = editor.uri("long.md");
    let process = editor.child.id();
    let mut least = std::collections::BTreeMap::<&str, Duration>::new();
    for round in 0..7 {
        let mut timed = |what: &'static str, before: Duration| {
            let took = worked(process) - before;
            let entry = least.entry(what).or_insert(took);
            *entry = took.min(*entry);
        };
        let before = worked(process);
        editor.change("long.md", &format!("{text}\nRound {round}.\n"));
        timed("findings", before);
        for (method, needle) in [
            ("textDocument/hover", "./do.sh 900"),
            ("textDocument/completion", "$RELEASE\"\n```\n\n```sh check\ntest -e done-1200"),
            ("textDocument/definition", "RELEASE\"\n```\n\n```sh check\ntest -e done-1200"),
        ] {
            let before = worked(process);
            editor.at(method, "long.md", &text, needle);
            timed(method, before);
        }
        let before = worked(process);
        editor.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}}));
        timed("textDocument/documentSymbol", before);
    }
    println!("{least:?}");
    // A program that is not optimised reads a document several times as slowly.
    let most = Duration::from_millis(if cfg!(debug_assertions) { 400 } else { 100 });
    for (what, took) in least {
        assert!(took < most, "{what} took {took:?}");
    }
    assert_eq!(editor.ends(), 0);
}

/// The same through a client that others wrote: pytest-lsp.
#[test]
fn a_stock_client_gets_findings_hover_completion_outline_definition_rename_and_fixes() {
    let python = holdpoint_xtask::tools::python();
    assert!(python.exists(), "the client is missing; cargo xtask tools installs it");
    let bench = bench();
    bench.file("test_editor.py", include_str!("editor.py"));
    let mut command = bench.command(python);
    command.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_editor.py"]);
    let ran =
        Ran::of(command.env("HOLDPOINT", HOLDPOINT).env("BOOK", bench.path("book.md")).output().unwrap());
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("7 passed"), "{}", ran.stdout);
}
