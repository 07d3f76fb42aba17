//! Inputs of every type and source, environments, conditions, captures, secrets.

use serde_json::{Value, json};

use crate::runs::book;
use crate::support::{Bench, HOLDPOINT, Ran, files};

/// What a run of `book.md` recorded of its inputs: name, value, source.
fn given(bench: &Bench) -> Vec<(String, Value, String)> {
    let inputs = bench.events(1)[0]["inputs"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    inputs.iter().map(|input| (text(&input["name"]), input["value"].clone(), text(&input["from"]))).collect()
}

#[test]
fn an_input_of_every_type_reaches_the_script_as_a_variable_byte_for_byte() {
    let front = "inputs:
  TEXT: { pattern: '(?s)^a.*' }
  COUNT: { type: integer, min: -5, max: 5 }
  RATE: { type: number, min: 0, max: 1 }
  CHANNEL: { type: choice, choices: [stable, beta] }
  FORCE: { type: boolean }
";
    let body = r#"## Look

```sh check
printf '%s|%s|%s|%s|%s' "$TEXT" "$COUNT" "$RATE" "$CHANNEL" "$FORCE" > seen
```
"#;
    let bench = Bench::with(&[("book.md", &book(front, body))]);
    let text = "a 'b' \"c\" $HOME `id` \\ ü\n; touch happened";
    let set = format!("TEXT={text}");
    bench.ends(
        0,
        &[
            "run",
            "book.md",
            "--set",
            &set,
            "--set",
            "COUNT=-5",
            "--set",
            "RATE=0.25",
            "--set",
            "CHANNEL=beta",
            "--set",
            "FORCE=true",
        ],
    );
    assert_eq!(bench.text("seen"), format!("{text}|-5|0.25|beta|true"));
    assert!(!bench.exists("happened"), "a value was executed");
    assert!(given(&bench).iter().all(|(_, _, from)| from == "set"));
}

#[test]
fn an_input_comes_from_set_answers_its_source_or_its_default_in_this_order() {
    let front = r#"inputs:
  A: { from: { env: A_SOURCE }, default: d }
  B: { from: { file: conf/b }, default: d }
  C: { from: { command: 'echo "c of $(basename "$PWD")"' }, default: d }
  D: { default: d }
  E: { from: { env: NOWHERE }, default: d }
  F: { from: { env: A_SOURCE } }
  G: { from: { env: A_SOURCE } }
"#;
    let bench = Bench::with(&[
        ("book.md", &book(front, "## Look\n\n```sh check\ntrue\n```\n")),
        ("conf/b", "from the file\n"),
        ("answers.yaml", "inputs: { F: from the answers, G: from the answers }\n"),
    ]);
    let mut command = bench.command(HOLDPOINT);
    command.env("A_SOURCE", "from the variable");
    let ran = Ran::of(
        command.args(["run", "book.md", "--answers", "answers.yaml", "--set", "G=set"]).output().unwrap(),
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let wanted = [
        ("A", "from the variable", "env A_SOURCE"),
        ("B", "from the file", "file conf/b"),
        ("C", "c of repo", "command"),
        ("D", "d", "default"),
        ("E", "d", "default"),
        ("F", "from the answers", "answers"),
        ("G", "set", "set"),
    ];
    let wanted: Vec<_> =
        wanted.map(|(name, value, from)| (name.to_owned(), json!(value), from.to_owned())).into();
    assert_eq!(given(&bench), wanted);
}

#[test]
fn the_same_bytes_run_in_every_environment_and_the_configuration_makes_the_difference() {
    let body = r#"## Look

```sh check
echo "$BRANCH in $HOLDPOINT_ENVIRONMENT" > seen
```

## Only in a rehearsal

```yaml step
when: environment.rehearsal
```

```sh check
touch rehearsed
```

## One action

```sh check
#| when: environment.name == "production"
touch produced
```
"#;
    let config = r#"[roles]
operator = ["ops@example.org"]

[environments.staging]
rehearsal = true
vars = { BRANCH = "staging" }

[environments.production]
protected = true
vars = { BRANCH = "main" }
"#;
    let bench = Bench::with(&[("book.md", &book("", body)), ("holdpoint.toml", config)]);
    bench.committed();
    bench.ends(0, &["run", "book.md", "--env", "staging"]);
    assert_eq!(bench.text("seen"), "staging in staging\n");
    assert!(bench.exists("rehearsed") && !bench.exists("produced"));
    bench.sh("rm seen rehearsed");
    bench.ends(0, &["run", "book.md", "--env", "production"]).says("production (protected)");
    assert_eq!(bench.text("seen"), "main in production\n");
    assert!(!bench.exists("rehearsed") && bench.exists("produced"));
    let passed_over = bench.of_type(2, "step.not_applicable");
    assert_eq!(
        (&passed_over[0]["step"], &passed_over[0]["condition"]),
        (&json!("only-in-a-rehearsal"), &json!("environment.rehearsal"))
    );
    assert_eq!(bench.of_type(1, "step.not_applicable")[0]["action"], "one-action#1");
    let book = |number| bench.events(number)[0]["runbook"]["blob"].clone();
    assert_eq!(book(1), book(2));
    for run in ["1", "2"] {
        bench.ends(0, &["verify", run]).says("intact and complete");
    }
}

#[test]
fn captures_of_every_kind_carry_on_to_scripts_expectations_and_titles() {
    let body = r#"## Make

```sh run
#| capture: { ALL: { stdout: true }, WORD: { regex: 'word (\w+)' }, DIGEST: { file: out/digest } }
mkdir out; printf 'abc\n' > out/digest
echo word hello
```

```sh check
#| capture: { STATUS: { json: $.app.status } }
echo '{"app": {"status": "ok"}}'
```

```yaml expect
json: { $.app.status: ok }
```

## Use {{ WORD }}

```sh check
printf '%s,%s,%s,%s' "$ALL" "$WORD" "$DIGEST" "$STATUS" | tee seen
```

```yaml expect
stdout: [ { contains: "{{ DIGEST }}" }, { equals: "word hello,hello,abc,ok" } ]
stderr: empty
```
"#;
    let bench = Bench::with(&[("book.md", &book("", body))]);
    bench.ends(0, &["run", "book.md"]).says("captured WORD = hello").says("2 Use hello");
    assert_eq!(bench.text("seen"), "word hello,hello,abc,ok");
    let captures = &bench.of_type(1, "action.finished")[0]["captures"];
    assert_eq!(*captures, json!({"ALL": "word hello", "DIGEST": "abc", "WORD": "hello"}));
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn a_capture_that_is_not_there_fails_its_block() {
    let body = "## Make\n\n```sh check\n#| capture: { WORD: { regex: 'word (\\w+)' } }\necho nothing\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    bench.ends(3, &["run", "book.md", "--unattended"]).says("✗ FAILED").says("WORD");
    bench.ends(0, &["verify", "1"]).says("intact, open");
}

const SECRET: &str = "hunter2hunter2";
const SECRETIVE: &str = "inputs:\n  TOKEN: { secret: true, from: { env: TOKEN } }\n";

/// Runs with the secret in the environment.
fn secretly(bench: &Bench, arguments: &[&str]) -> Ran {
    let mut command = bench.command(HOLDPOINT);
    Ran::of(command.env("TOKEN", SECRET).args(arguments).output().unwrap())
}

#[test]
fn a_secret_reaches_the_script_and_stands_nowhere_else() {
    let body = "## Use it

```sh run
#| capture: { LENGTH: { file: length }, LAST: { regex: 'last=(\\w+)' } }
printf %s \"$TOKEN\" | wc -c | tee length; echo last=2
echo \"token=$TOKEN.\"; echo \"$TOKEN\" >&2; echo \"a $TOKEN b\" > kept
CARRIED=$TOKEN
```

## Look at {{ LAST }}

- [ ] It is good
";
    let bench = Bench::with(&[("book.md", &book(SECRETIVE, body))]);
    let ran = secretly(&bench, &["run", "book.md", "--unattended"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert_eq!(bench.text("length").trim(), SECRET.len().to_string());
    let noted = secretly(&bench, &["note", "1", &format!("the token is {SECRET}")]);
    assert_eq!(noted.code, 0, "{}", noted.stderr);
    let mut shown = ran.both() + &noted.both();
    for arguments in [
        &["report", "1"][..],
        &["report", "1", "--format", "json"],
        &["show", "1"],
        &["replay", "1", "--speed", "1000"],
        &["plan", "book.md"],
        &["runs"],
        &["verify", "1"],
    ] {
        let ran = secretly(&bench, arguments);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        shown += &ran.both();
    }
    assert!(!shown.contains(SECRET), "the secret was shown");
    assert!(shown.contains("token=[REDACTED:TOKEN]."), "{shown}");
    for (path, bytes) in files(&bench.path(".holdpoint")) {
        assert!(!String::from_utf8_lossy(&bytes).contains(SECRET), "the secret stands in {}", path.display());
    }
    let input = bench.events(1)[0]["inputs"][0].clone();
    assert_eq!(input, json!({"name": "TOKEN", "secret": true, "from": "env TOKEN"}));
    let finished = bench.of_type(1, "action.finished")[0].clone();
    assert_eq!(finished["captures"]["LAST"], "2");
    assert!(finished["masked"]["TOKEN"].as_u64().unwrap() >= 2);
    assert_eq!(bench.of_type(1, "note")[0]["text"], "the token is [REDACTED:TOKEN]");
    bench.ends(0, &["verify", "1"]).says("intact, open");
}

#[test]
fn a_capture_that_holds_a_secret_fails_its_block() {
    for capture in ["stdout: true", "file: kept", "regex: '(to.*)'"] {
        let body = format!(
            r#"## Use it

```sh check
#| capture: {{ GOT: {{ {capture} }} }}
echo "token=$TOKEN" | tee kept
```
"#
        );
        let bench = Bench::with(&[("book.md", &book(SECRETIVE, &body))]);
        let ran = secretly(&bench, &["run", "book.md", "--unattended"]);
        assert_eq!(ran.code, 3, "{capture}: {}", ran.stderr);
        ran.says("it holds the secret TOKEN, which is not kept");
        bench.ends(0, &["verify", "1"]).says("intact, open");
    }
}

#[test]
fn a_resumed_run_needs_its_secret_again_and_carries_on_with_it() {
    let body = r#"## First

```bash run
KEPT="<$TOKEN>"
```

## Look

- [ ] It is good

## Then

```bash run
printf %s "$KEPT$TOKEN" > seen
```
"#;
    let bench = Bench::with(&[
        ("book.md", &book("inputs:\n  TOKEN: { secret: true }\n", body)),
        ("answers.yaml", "steps:\n  look: { confirm: true }\n"),
    ]);
    let set = format!("TOKEN={SECRET}");
    bench.ends(3, &["run", "book.md", "--unattended", "--set", &set]);
    let resume = ["resume", "1", "--unattended", "--answers", "answers.yaml"];
    let before = bench.tree();
    bench.ends(2, &resume).says("TOKEN has no value");
    assert_eq!(bench.tree(), before, "a refused resume wrote something");
    // Only secrets are given again: everything else is in the record.
    bench.ends(2, &[&resume[..], &["--set", "RELEASE=v1"]].concat());
    bench.ends(0, &[&resume[..], &["--set", &set]].concat());
    assert_eq!(bench.text("seen"), format!("<{SECRET}>{SECRET}"));
    for (path, bytes) in files(&bench.path(".holdpoint")) {
        assert!(!String::from_utf8_lossy(&bytes).contains(SECRET), "the secret stands in {}", path.display());
    }
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn a_block_that_names_its_secrets_sees_those_alone() {
    let front = "inputs:\n  ONE: { secret: true }\n  TWO: { secret: true }\n";
    let body = "## Look\n\n```sh check\n#| secrets: [ONE]\necho \"${ONE:+one}${TWO:+two}\" > seen\n```\n";
    let bench = Bench::with(&[("book.md", &book(front, body))]);
    bench.ends(0, &["run", "book.md", "--set", "ONE=first-secret", "--set", "TWO=other-secret"]);
    assert_eq!(bench.text("seen"), "one\n");
}

#[test]
fn a_secret_that_a_capture_puts_together_is_masked_and_the_record_conforms() {
    // Standard output holds the JSON form of the value; what is captured from it is the value itself.
    let front = "inputs:\n  TOKEN: { secret: true, from: { env: TOKEN } }\n";
    let body = r#"## Look

```sh check
#| capture: { GOT: { json: $.token } }
printf '{"token": "hunter2\\u0068unter2"}\n'
```
"#;
    let bench = Bench::with(&[("book.md", &book(front, body))]);
    let ran = secretly(&bench, &["run", "book.md"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(bench.of_type(1, "action.finished")[0]["captures"]["GOT"], "[REDACTED:TOKEN]");
    assert!(!ran.both().contains(SECRET), "{}", ran.both());
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn who_only_looks_executes_no_command_of_an_input() {
    let front = "inputs:\n  A: { from: { command: 'touch happened; echo a' } }\n  TOKEN: { secret: true, from: { command: 'touch happened; echo hunter2\"hunter2\"' } }\n";
    let bench = Bench::with(&[("book.md", &book(front, "## Look\n\n- [ ] It is good\n"))]);
    bench.ends(0, &["plan", "book.md"]).says("A is not given yet");
    bench.ends(0, &["check", "book.md"]);
    assert!(!bench.exists("happened"));
    bench.ends(3, &["run", "book.md", "--unattended"]);
    std::fs::remove_file(bench.path("happened")).unwrap();
    bench.ends(0, &["note", "1", "a note"]).says("TOKEN is not known here");
    bench.ends(0, &["report", "1"]);
    assert!(!bench.exists("happened"));
}

#[test]
fn a_resumed_run_keeps_the_values_it_was_opened_with() {
    let body = "## Look\n\n- [ ] It is good\n\n## Then\n\n```sh check\necho \"$BRANCH $A\" > seen\n```\n";
    let config = "[environments.staging]\nvars = { BRANCH = \"then\" }\n";
    let bench = Bench::with(&[
        ("book.md", &book("inputs:\n  A: { from: { file: a } }\n", body)),
        ("holdpoint.toml", config),
        ("a", "then"),
        ("answers.yaml", "steps:\n  look: { confirm: true }\n"),
    ]);
    bench.ends(3, &["run", "book.md", "--unattended", "--env", "staging"]);
    bench.file("holdpoint.toml", &config.replace("then", "now")).file("a", "now");
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    assert_eq!(bench.text("seen"), "then then\n");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn a_block_knows_its_run_and_starts_at_the_root_of_the_repository() {
    let body = r#"## Look

```sh check
echo "$HOLDPOINT_RUN $HOLDPOINT_STEP $HOLDPOINT_OPERATOR $(basename "$PWD")" > seen
```
"#;
    let bench = Bench::with(&[("docs/deep/book.md", &book("", body))]);
    bench.committed();
    let mut command = bench.command(HOLDPOINT);
    let ran =
        Ran::of(command.args(["run", "deep/book.md"]).current_dir(bench.path("docs")).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(bench.text("seen"), "1 look ops@example.org repo\n");
    assert_eq!(bench.events(1)[0]["runbook"]["path"], "docs/deep/book.md");
}

#[test]
fn a_plan_shows_what_is_given_in_everything_that_is_written_with_it() {
    let text = "---\nrunbook: 1\ntitle: Release {{ V }}\ninputs:\n  V: { type: text }\n---\n\n# Release\n\n\
        ## Ship {{ V }}\n\n- [ ] Look at {{ V }}\n\n```sh run\n#| template: true\necho {{ V }} done\n```\n\n\
        ```sh check\n#| when: V == \"1\"\ntest -e x\n```\n\n```yaml record\nrate: { prompt: \"Rate of {{ V }}\" }\n```\n";
    let bench = Bench::with(&[("book.md", text)]);
    let told = bench.ends(0, &["plan", "book.md", "--set", "V=2.5"]).stdout;
    for line in [
        "Release 2.5 (book.md)",
        "Ship 2.5",
        "confirm   Look at 2.5",
        "echo '2.5' done",
        "when V == \"1\"  (does not hold: not for this run)",
        "Rate of 2.5",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    // What is not known yet stands as it is written.
    assert!(bench.ends(0, &["plan", "book.md"]).stdout.contains("Look at {{ V }}"));
}

#[test]
fn a_variable_that_is_no_text_is_an_error_and_not_passed_over() {
    use std::os::unix::ffi::OsStrExt;
    let none = std::ffi::OsStr::from_bytes(b"a\xff");
    let front = "inputs:\n  X: { from: { env: QQ }, default: safe }\n";
    let bench = Bench::with(&[("book.md", &book(front, "## One\n\n```sh check\ntrue\n```\n"))]);
    for (name, says) in
        [("QQ", "env QQ: it is not UTF-8"), ("HOLDPOINT_OPERATOR", "HOLDPOINT_OPERATOR is not UTF-8")]
    {
        let mut command = bench.command(HOLDPOINT);
        let ran = Ran::of(command.args(["run", "book.md", "--unattended"]).env(name, none).output().unwrap());
        assert_eq!(ran.code, 2, "{name}: {}", ran.both());
        ran.says(says);
        assert!(!bench.exists(".holdpoint/runs/0001"), "{name}");
    }
}

#[test]
fn an_optional_value_is_left_empty_and_has_no_value_then_but_a_text_an_empty_one() {
    let body = "## Look\n\n```yaml record\npages: { type: integer, min: 1, optional: true, evidence: url }\n\
        remark: { optional: true, pattern: '[a-z]+' }\nsure: { type: boolean }\n```\n\n## Count\n\n\
        ```sh check\n#| when: pages is defined and pages > 3\necho many >>seen\n```\n\n## Say\n\n\
        ```sh check\n#| when: remark != \"\"\necho \"$remark\" >>seen\n```\n";
    let given = "pages: 4, remark: fine, sure: true }, evidence: { pages: 'https://ci.example.org/4' }";
    for (answer, values, seen) in
        [("sure: true }", ["", "", "true"], ""), (given, ["4", "fine", "true"], "many\nfine\n")]
    {
        let bench = Bench::with(&[("book.md", &book("", body))]);
        bench.file("seen", "");
        bench.file("answers.yaml", &format!("steps:\n  look: {{ value: {{ {answer} }}\n"));
        let ran = bench.ends(0, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
        ran.says("(whole number, at least 1; with an address as evidence; may be empty)");
        let recorded = bench.of_type(1, "value.recorded");
        assert!(recorded.iter().map(|event| event["value"].as_str().unwrap()).eq(values), "{recorded:?}");
        assert_eq!(bench.text("seen"), seen);
        bench.ends(0, &["verify", "1"]).says("intact and complete");
    }
    // What needs a value that was left empty asks, as of whatever is not known.
    let body = body.replace("pages is defined and ", "");
    let bench = Bench::with(&[("book.md", &book("", &body))]);
    bench.file("answers.yaml", "steps:\n  look: { value: { sure: true } }\n");
    bench.ends(3, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]).says("pages");
    // Nothing is not of the type of what must be written down.
    let bench = Bench::with(&[("book.md", &book("", &body))]);
    bench.file("answers.yaml", "steps:\n  look: { value: { sure: '' } }\n");
    bench.ends(2, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
}

#[test]
fn an_optional_value_that_was_left_empty_is_put_right_later() {
    let body = "## Look\n\n```yaml record\npages: { type: integer, optional: true }\n```\n\n## Go\n\n- [ ] go\n\n## Count\n\n\
        ```sh check\n#| when: pages is defined\necho \"$pages\" >seen\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    bench.file("answers.yaml", "steps:\n  look: { value: { pages: '' } }\n");
    bench.ends(3, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
    bench.ends(2, &["correct", "1", "pages", "four", "--reason", "it was counted"]);
    bench.ends(0, &["correct", "1", "pages", "4", "--reason", "it was counted"]);
    bench.file("answers.yaml", "steps: { go: { confirm: true } }\n");
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    assert_eq!(bench.text("seen"), "4\n");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}
