//! One secret, leaked in every way that a run has and in every form that it is looked for in: it is found nowhere.

use std::path::Path;

use crate::forms::{SECRET, base64, forms, hex, is_nowhere};
use crate::support::{Desk, Gate, OPS, files};

const BOOK: &str = r#"---
runbook: 1
title: Leak it
inputs:
  TOKEN: { secret: true, from: { env: TOKEN } }
---

# Leak it

## Print it

```bash run
for form in forms/*; do cat "$form"; echo; cat "$form" >&2; echo >&2; done
for form in forms/*; do
  text=$(cat "$form")
  for ((at = 0; at < ${#text}; at++)); do printf %s "${text:at:1}"; done
  echo
done
echo '"'"$TOKEN"'"' "${TOKEN%???}" | cut -c -5
```

## Keep it

```bash run
RAW=$TOKEN
CODED=$(cat forms/base64)
declare -A BOTH=([raw]=$TOKEN [hex]=$(cat forms/hex))
export ESCAPED=$(cat forms/json-ascii)
```

## Capture it

```bash check
#| capture: { LENGTH: { file: length }, GOT: { regex: 'got=(.*)' }, WHOLE: { file: leaked } }
cat forms/* | tee leaked | wc -c | tee length
echo "got=$(cat forms/url)"
```

## Stand in it

```bash run
mkdir -p "in-$(cat forms/hex)" && cd "in-$(cat forms/hex)"
```

## Write it down

```yaml record
OBSERVED: { prompt: What was seen, evidence: file }
```

## Use what was written

```bash run
#| template: true
echo {{ OBSERVED }}
false
```

```yaml expect
exit: 0
stdout: [ { contains: "{{ OBSERVED }} and more" } ]
```
"#;

fn desk() -> Desk {
    let desk = Desk::with(BOOK).set("TOKEN", SECRET);
    std::fs::create_dir(desk.path("forms")).unwrap();
    for (name, form) in forms() {
        desk.write(&format!("forms/{name}"), &form);
    }
    let all: String = forms().into_iter().map(|(_, form)| format!("{form}\n")).collect();
    desk.write(&format!("evidence-{}", hex()), &all);
    // JSON is YAML.
    let answers = serde_json::json!({ "steps": {
        "capture-it": { "choice": "skip", "reason": all },
        "write-it-down": { "value": { "OBSERVED": all }, "evidence": { "OBSERVED": format!("evidence-{}", hex()) } },
    } });
    desk.write("answers.yaml", &answers.to_string());
    desk
}

#[track_caller]
fn is_in_no_file_of(directory: &Path) {
    for file in files(directory) {
        is_nowhere(&format!("the name {}", file.display()), file.to_string_lossy().as_bytes());
        is_nowhere(&file.display().to_string(), &std::fs::read(&file).unwrap());
    }
}

#[track_caller]
fn masks(what: &str, text: &str) {
    is_nowhere(what, text.as_bytes());
    assert!(text.contains("[REDACTED:TOKEN]"), "{what} masks nothing:\n{text}");
}

#[test]
fn a_secret_leaked_in_every_way_and_form_is_found_nowhere() {
    let desk = desk();
    let run = ["run", "book.md", "--unattended", "--answers", "answers.yaml"];
    let operator = format!("who-{}", hex());
    let (out, err) = desk.ends(3, &[&run[..], &["--operator", &operator]].concat());
    masks("what run printed", &format!("{out}{err}"));
    let record = desk.record(1);
    let shape = record.shape();
    for happened in [
        "deviation skipped capture-it#1",
        "value.recorded write-it-down#1 OBSERVED",
        "use-what-was-written#1 failed",
    ] {
        assert!(shape.iter().any(|event| event.contains(happened)), "{happened}: {shape:#?}\n{err}");
    }
    for (name, form) in forms() {
        let (out, err) = desk.ends(0, &["note", "1", &format!("{name}: {form}."), "--operator", &operator]);
        is_nowhere("what note printed", format!("{out}{err}").as_bytes());
    }
    // The directory that a block went to is part of the state and of the next start.
    let cwd = record.all("action.started").last().unwrap()["cwd"].to_string();
    assert!(cwd.ends_with("/in-[REDACTED:TOKEN]\""), "{cwd}");
    let masked = record.all("action.finished")[0]["masked"]["TOKEN"].as_u64().unwrap();
    assert!(masked >= 3 * forms().len() as u64, "{masked} masked");
    // A secret in another form cannot be told back into what a variable held, so it does not come back at all.
    let remark = record.all("action.finished")[1]["remarks"].to_string();
    for (name, lost) in [("CODED", true), ("ESCAPED", true), ("BOTH", true), ("RAW", false)] {
        assert_eq!(remark.contains(name), lost, "{name}: {remark}");
    }

    for words in [
        &["report", "1"][..],
        &["report", "1", "--format", "json"],
        &["replay", "1", "--speed", "1000"],
        &["replay", "1", "--format", "json"],
        &["show", "1"],
        &["show", "1", "--format", "json"],
        &["verify", "1"],
        &["runs"],
        &["plan", "book.md"],
    ] {
        let (out, err) = desk.ends(0, words);
        is_nowhere(&format!("{words:?}"), format!("{out}{err}").as_bytes());
    }
    is_in_no_file_of(&desk.path(".holdpoint"));
    let left: Vec<_> = std::fs::read_dir(desk.root().join("tmp")).unwrap().collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

#[test]
fn problems_and_panics_mask_what_they_quote_before_they_break_it_into_lines() {
    let desk = desk();
    let (_, err) =
        desk.ends(2, &["run", "book.md", "--unattended", "--operator", OPS, "--set", "TOKEN=short"]);
    assert!(err.contains("too short"), "{err}");

    let answers = desk.read("answers.yaml");
    for (_, form) in forms().into_iter().filter(|(_, form)| !form.contains(['\\', '"'])) {
        desk.write("answers.yaml", &answers.replace("evidence-", &format!("nowhere-{form}-")));
        let (out, err) = desk.ends(3, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
        masks("a problem", &format!("{out}{err}"));
    }

    // An answers file that holds the secret, with a mistake on the line beside it.
    desk.write("wrong.yaml", &format!("inputs:\n  TOKEN: '{SECRET}'\n  TOKN: x\nsteps:\n  nowhere: {{}}\n"));
    let (out, err) = desk.ends(2, &["run", "book.md", "--unattended", "--answers", "wrong.yaml"]);
    is_nowhere("findings", format!("{out}{err}").as_bytes());

    let at = if cfg!(debug_assertions) { "print-it#1" } else { return };
    let desk = desk.set("HOLDPOINT_PANIC", at);
    let (out, err) = desk.ends(70, &["run", "book.md", "--unattended"]);
    masks("a panic", &format!("{out}{err}"));
    assert!(err.contains("holdpoint failed through a fault of its own"), "{err}");
    is_in_no_file_of(&desk.path(".holdpoint"));
    assert_eq!(std::fs::read_dir(desk.root().join("tmp")).unwrap().count(), 0, "scripts are taken away");
}

#[test]
fn a_terminal_shows_no_form_and_is_as_it_was_after_a_panic() {
    let desk = desk();
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("✓ passed").chooses("run").waits_for("note:").chooses("park");
    masks("the terminal", &String::from_utf8_lossy(&terminal.bytes()));
    terminal.ends(3);
    is_in_no_file_of(&desk.path(".holdpoint"));
    if cfg!(debug_assertions) {
        let desk = desk.set("HOLDPOINT_PANIC", "capture-it#1");
        let mut terminal = desk.terminal(&["resume", "1"]);
        terminal.chooses("run").waits_for("Report this");
        masks("the terminal", &String::from_utf8_lossy(&terminal.bytes()));
        terminal.ends(70);
        is_in_no_file_of(&desk.path(".holdpoint"));
    }
}

#[test]
fn a_run_book_that_holds_the_secret_is_refused_before_anything_is_kept() {
    for form in [SECRET.to_owned(), hex(), base64(SECRET.as_bytes(), false)] {
        let desk = desk();
        desk.write("book.md", &BOOK.replace("## Keep it", &format!("It is {form}.\n\n## Keep it")));
        let (out, err) = desk.ends(2, &["run", "book.md", "--unattended"]);
        is_nowhere("the refusal", format!("{out}{err}").as_bytes());
        assert!(err.contains("the run-book holds the value of the secret TOKEN"), "{err}");
        assert_eq!(desk.runs(), 0);
    }
}

#[test]
fn an_input_that_is_no_secret_may_not_have_the_value_of_one() {
    let desk = Desk::with(&BOOK.replace("inputs:\n", "inputs:\n  PLAIN: {}\n")).set("TOKEN", SECRET);
    let (_, err) = desk.ends(2, &["run", "book.md", "--unattended", "--set", &format!("PLAIN=x{}", hex())]);
    assert!(err.contains("the input PLAIN holds the value of the secret TOKEN"), "{err}");
    is_nowhere("the refusal", err.as_bytes());
    assert_eq!(desk.runs(), 0);
}

#[test]
fn an_edited_script_that_holds_the_secret_is_not_taken() {
    let desk = desk();
    let editor = desk.program("editor", "#!/bin/sh\ncat forms/hex >>\"$1\"\n");
    let desk = desk.set("EDITOR", editor.to_str().unwrap());
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("edit").waits_for("It holds the secret TOKEN, which is not kept").chooses("park");
    is_nowhere("the terminal", &terminal.bytes());
    terminal.ends(3);
    assert!(desk.is_intact_and_open(1).all("deviation").is_empty());
    is_in_no_file_of(&desk.path(".holdpoint"));
}

const REGISTERS: &str = r#"---
runbook: 1
title: Log in
---

# Log in

## Get a token

```bash run
token=$(cat token)
echo "before: $token" | tr a-z A-Z
printf 'SESSION=%s\n' "$token" >"$HOLDPOINT_SECRETS"
echo "out: $token"
echo "err: $token" >&2
printf %s "$token" | base64 -w0
printf '\0KEY=%s\0' "$(cat key)" >"$HOLDPOINT_SECRETS"
cat key
```

## Use it

```sh run
echo "later: $token"
cat key
read -r _ <gate
```

## Capture it

```sh check
#| capture: { GOT: { stdout: true } }
cat token
```
"#;

#[test]
fn a_secret_registered_by_a_block_is_masked_from_then_on() {
    let (token, key) = ("fresh-token-from-the-login", "-----BEGIN KEY-----\nline-one-of-it\nline-two-of-it");
    let desk = Desk::with(REGISTERS);
    desk.write("token", token);
    desk.write("key", key);
    desk.write("gate", "open\n");
    let (out, err) = desk.ends(3, &["run", "book.md", "--unattended"]);
    let shown = format!("{out}{err}");
    let record = desk.record(1);
    let printed = record.stdout_of("get-a-token#1");
    assert!(printed.starts_with("BEFORE: FRESH-TOKEN"), "{printed}");
    assert!(printed.contains("out: [REDACTED:SESSION]\n[REDACTED:SESSION][REDACTED:KEY]"), "{printed}");
    assert!(record.stdout_of("use-it#1").starts_with("later: [REDACTED:SESSION]\n[REDACTED:KEY]"));
    let finished = record.all("action.finished");
    assert_eq!(finished[0]["masked"], serde_json::json!({ "KEY": 1, "SESSION": 3 }));
    assert_eq!(finished[2]["outcome"], "failed", "a capture that would hold it fails");
    for bytes in
        files(&record.dir).iter().map(|file| std::fs::read(file).unwrap()).chain([shown.into_bytes()])
    {
        let text = String::from_utf8_lossy(&bytes);
        for secret in [token, "line-one-of-it", "line-two-of-it"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    desk.is_intact_and_open(1);
    // Nobody keeps it, so a variable that held it is not set after a resume, and whoever prints it registers it again.
    assert!(finished[0]["remarks"].to_string().contains("token hold a secret"), "{}", finished[0]["remarks"]);
}

#[test]
fn what_cannot_be_a_secret_fails_the_block_and_is_not_shown() {
    for (line, why) in [("PIN=%s", "too short"), ("no name %s", "not NAME=value")] {
        let steps = format!(
            "## Do it\n\n```sh run\npin=12345${{none-}}67\nprintf '{line}\\n' \"$pin\" >\"$HOLDPOINT_SECRETS\"\necho \"it is $pin\"\nread -r _ <gate\n```\n"
        );
        let desk = Desk::with(&crate::screens::book(&steps));
        let _gate = Gate::at(&desk.path("gate"));
        let (out, err) = desk.ends(3, &["run", "book.md", "--unattended"]);
        let record = desk.is_intact_and_open(1);
        let finished = record.one("action.finished");
        assert_eq!(finished["outcome"], "failed");
        assert!(finished["error"].as_str().unwrap().contains(why), "{finished}");
        assert!(!format!("{out}{err}{}", record.stdout_of("do-it#1")).contains("1234567"), "{err}");
    }
}
