//! How blocks run: shell state, retries, limits, signals, and what is kept of them.

use std::time::Instant;

use serde_json::json;

use crate::runs::book;
use crate::support::Bench;

#[test]
fn shell_variables_and_the_directory_carry_over_and_survive_a_resume() {
    let body = r#"## First

```bash run
mkdir -p sub
PLAIN='a b'; export SHOWN=c; declare -a LIST=(x 'y z')
cd sub
```

## Look

- [ ] It is good

## Then

```bash run
printf '%s|%s|%s|%s' "$PLAIN" "$(sh -c 'echo $SHOWN')" "${LIST[1]}" "$(basename "$PWD")" > seen
```
"#;
    let bench =
        Bench::with(&[("book.md", &book("", body)), ("answers.yaml", "steps:\n  look: { confirm: true }\n")]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    assert_eq!(bench.text("sub/seen"), "a b|c|y z|sub");
}

#[test]
fn a_block_ends_alone_and_the_first_failing_command_ends_it() {
    let body = r#"## One

```sh check
A=1
exit 0
```

```sh check
echo "${A:-lost}" > seen
```

## Two

```sh run
false
touch happened
```
"#;
    let bench = Bench::with(&[("book.md", &book("", body))]);
    bench.ends(3, &["run", "book.md", "--unattended"]).says("exit 1");
    assert!(!bench.exists("happened"), "a failing command was walked past");
    assert!(bench.exists("seen"));
    let piped = Bench::with(&[("book.md", &book("", "## One\n\n```bash check\nfalse | true\n```\n"))]);
    piped.ends(3, &["run", "book.md", "--unattended"]);
    let unset =
        Bench::with(&[("book.md", &book("", "## One\n\n```sh check\n: \"$NOBODY_SET_THIS\"\n```\n"))]);
    unset.ends(3, &["run", "book.md", "--unattended"]);
}

#[test]
fn a_check_is_tried_again_until_the_file_appears() {
    let body = r#"## Wait

```sh check
#| retry: { every: 20ms, for: 1m }
echo try >> tries
test "$(wc -l < tries)" -ge 3
```
"#;
    let bench = Bench::with(&[("book.md", &book("", body))]);
    bench.ends(0, &["run", "book.md", "--unattended"]).says("attempt 3");
    let finished = bench.of_type(1, "action.finished");
    let outcomes: Vec<_> = finished.iter().map(|event| event["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["failed", "failed", "passed"]);
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn a_check_that_never_holds_fails_when_its_time_is_over() {
    let body = "## Wait\n\n```sh check\n#| retry: { every: 300ms, for: 1s }\nfalse\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    bench.ends(3, &["run", "book.md", "--unattended"]).says("PARKED");
    let attempts = bench.of_type(1, "action.finished").len();
    assert!((2..=4).contains(&attempts), "{attempts}");
}

#[test]
fn a_block_over_its_limit_is_stopped_with_everything_it_started() {
    let body =
        "## Hang\n\n```sh run\n#| timeout: 2s\necho before\nsleep 600 & echo $! > grandchild\nwait\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let began = Instant::now();
    bench.ends(3, &["run", "book.md", "--unattended"]).says("TIMED OUT").says("still running after 2s");
    assert!(began.elapsed().as_secs() < 20);
    let finished = &bench.of_type(1, "action.finished")[0];
    assert_eq!(finished["outcome"], "timed_out");
    let stdout = finished["output"]["stdout"]["sha256"].as_str().unwrap();
    assert_eq!(
        std::fs::read_to_string(bench.run_dir(1).join("blobs/sha256").join(stdout)).unwrap(),
        "before\n"
    );
    // Gone, or dead and not yet collected by whoever collects orphans here.
    bench.sh("p=/proc/$(cat grandchild)/status; test ! -e \"$p\" || grep -q '^State:.Z' \"$p\"");
    bench.ends(0, &["verify", "1"]).says("intact, open");
}

#[test]
fn a_death_by_signal_is_told_apart_from_an_exit_code() {
    let body = "## Die\n\n```sh check\nkill -SEGV $$\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    bench.ends(3, &["run", "book.md", "--unattended"]).says("signal 11");
    let finished = &bench.of_type(1, "action.finished")[0];
    assert_eq!((finished.get("exit"), &finished["signal"]), (None, &json!(11)));
}

#[test]
fn standard_input_is_empty_and_streams_are_kept_apart_byte_for_byte() {
    let body = "## Look\n\n```sh check\ncat; printf 'out\\000\\377'; printf 'err\\n' >&2\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    bench.ends(0, &["run", "book.md", "--unattended"]);
    let output = bench.of_type(1, "action.finished")[0]["output"].clone();
    let blob = |name: &str| {
        let digest = output[name]["sha256"].as_str().unwrap();
        std::fs::read(bench.run_dir(1).join("blobs/sha256").join(digest)).unwrap()
    };
    assert_eq!(blob("stdout"), b"out\0\xff");
    assert_eq!(blob("stderr"), b"err\n");
    assert!(!blob("timing").is_empty());
}

#[test]
fn a_block_that_keeps_nothing_leaves_nothing_and_verify_says_so() {
    let body = "## Look

```sh check
#| record: false
#| reason: personal data
echo private words
```

```yaml expect
stdout: [ { contains: private } ]
```
";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let ran = bench.ends(0, &["run", "book.md", "--unattended"]);
    assert!(!ran.stderr.contains("│ private words"), "{}", ran.stderr);
    for (path, bytes) in crate::support::files(&bench.path(".holdpoint")) {
        let text = String::from_utf8_lossy(&bytes).replace("echo private words", "");
        assert!(!text.contains("private words"), "{}", path.display());
    }
    bench.ends(0, &["verify", "1"]).says("could not be judged again");
}

#[test]
fn output_that_would_steer_the_terminal_is_shown_harmless_and_kept_as_it_was() {
    let body = "## Look\n\n```sh check\nprintf '\\033[2Jgone\\n'\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let ran = bench.ends(0, &["run", "book.md", "--unattended"]);
    assert!(!ran.stderr.contains('\u{1b}') && ran.stderr.contains("␛[2Jgone"), "{}", ran.stderr);
    for verb in ["replay", "report", "show"] {
        assert!(!bench.ends(0, &[verb, "1"]).both().contains('\u{1b}'), "{verb}");
    }
    let digest =
        bench.of_type(1, "action.finished")[0]["output"]["stdout"]["sha256"].as_str().unwrap().to_owned();
    assert_eq!(std::fs::read(bench.run_dir(1).join("blobs/sha256").join(digest)).unwrap(), b"\x1b[2Jgone\n");
}

#[test]
fn what_openssl_and_ssh_keygen_print_that_find_nobody_to_ask_is_known() {
    // Stand-ins for a key each, made without asking: what asks for their passphrase comes after.
    let make = "ssh-keygen -q -t ed25519 -N passphrase -f key && openssl genrsa -aes256 -passout pass:phrase -out key.pem 2048 2> made";
    for asks in [
        "ssh-keygen -y -f key",
        "ssh-keygen -p -f key",
        "openssl rsa -in key.pem -noout",
        "openssl enc -aes-256-cbc -in key.pem -out sealed",
    ] {
        let bench = crate::support::Bench::with(&[(
            "a.md",
            &format!(
                "---\nrunbook: 1\n---\n\n# A\n\n## Make\n\n```sh run\n{make}\n```\n\n## Ask\n\n```sh run\n{asks}\n```\n"
            ),
        )]);
        let ran = bench.ends(3, &["run", "a.md", "--unattended"]);
        ran.says("a program wanted to ask somebody");
        assert_eq!(bench.of_type(1, "action.finished").len(), 2, "{asks}: {}", ran.both());
    }
}

#[test]
fn a_block_that_was_to_capture_something_and_never_began_or_was_stopped_for_its_secret_has_failed() {
    for block in [
        "#| interpreter: /nonexistent/x\n#| capture: { SEEN: { stdout: true } }\necho hi",
        "#| capture: { SEEN: { stdout: true } }\nprintf 'SS=short\\n' >\"$HOLDPOINT_SECRETS\"; echo hello",
        "#| capture: { SEEN: { file: seen } }\nprintf 'no name\\n' >\"$HOLDPOINT_SECRETS\"; echo hello > seen",
    ] {
        let bench = Bench::with(&[("book.md", &book("", &format!("## Do\n\n```sh run\n{block}\n```\n")))]);
        let ran = bench.ends(3, &["run", "book.md", "--unattended"]);
        ran.says("FAILED");
        // Only one of them never began.
        assert_eq!(ran.both().contains("not started"), block.contains("nonexistent"), "{}", ran.both());
        bench.ends(0, &["verify", "1"]).says("intact, open");
    }
}

#[test]
fn a_capture_that_may_be_null_or_empty_says_so_in_the_words_of_the_documentation() {
    for (capture, prints, code) in [
        ("{ json: $.a, null: true }", r#"{"a":null}"#, 0),
        ("{ json: $.a }", r#"{"a":null}"#, 3),
        ("{ stdout: true, empty: true }", "", 0),
        ("{ stdout: true }", "", 3),
    ] {
        let body =
            format!("## A\n\n```sh check\n#| capture: {{ X: {capture} }}\nprintf '%s' '{prints}'\n```\n");
        let bench = Bench::with(&[("book.md", &crate::runs::book("", &body))]);
        let ran = bench.holdpoint(&["run", "book.md", "--unattended"]);
        assert_eq!(ran.code, code, "{capture}: {}", ran.both());
    }
}
