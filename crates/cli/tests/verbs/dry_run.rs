//! `run --dry-run`: the same engine over a world that executes checks only and keeps nothing.

use holdpoint_hosts::{Missing, skipped};

use crate::runs::book;
use crate::support::{Bench, HOLDPOINT, Ran};

const DRY: [&str; 4] = ["run", "book.md", "--dry-run", "--unattended"];

#[test]
fn checks_are_executed_changes_are_assumed_and_nothing_is_kept() {
    let body = r#"## Preflight

```sh check
#| capture: { SEEN: { stdout: true } }
echo really
```

## Change it

```sh run
#| capture: { DIGEST: { stdout: true } }
touch happened; echo abc
```

```sh check
#| capture: { AFTER: { stdout: true } }
echo "$DIGEST"; touch needs-digest
```

```sh rollback
rm happened
```

## Look

- [ ] It is good

## Watch

```yaml record
rate: { prompt: Rate, type: number, min: 1 }
```

## Release

```yaml signoff
role: qa
meaning: approval
statement: I release {{ NAME }}.
```
"#;
    let front = "inputs:\n  NAME: { default: v1 }\n  TOKEN: { secret: true }\nroles: [qa]\n";
    let bench = Bench::with(&[("book.md", &book(front, body))]);
    let before = bench.tree();
    let ran = bench.ends(0, &[&DRY[..], &["--set", "TOKEN=hunter2hunter2"]].concat());
    for part in [
        "DRY RUN",
        "│ really",
        "not executed, it changes something",
        "DIGEST = unknown",
        "not executed, it needs DIGEST",
        "asked to confirm this",
        "would wait here for a sign-off by the role qa",
        "“I release v1.”",
        "rate = unknown",
        "SEEN = really (real)",
        "NAME = v1 (given)",
        "DIGEST = unknown before the real run",
        "TOKEN = [REDACTED:TOKEN] (given)",
        "Nothing was changed or kept",
    ] {
        ran.says(part);
    }
    assert_eq!(ran.stdout, "");
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    assert_eq!(bench.tree(), before, "a dry run wrote something");
}

#[test]
fn a_check_that_fails_before_the_first_change_fails_the_dry_run_and_the_rest_is_looked_at_all_the_same() {
    let body = "## Preflight

```sh check
false
```

## Another

```sh check
echo looked
```

## Change it

```sh run
touch happened
```
";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let before = bench.tree();
    let ran = bench.ends(1, &DRY);
    ran.says("✗ FAILED").says("│ looked").says("a real run would stop at preflight#1");
    assert_eq!(bench.tree(), before);
}

#[test]
fn a_check_after_an_assumed_change_may_fail_without_failing_the_dry_run() {
    let body = r#"## Change it

```sh run
touch happened
```

```sh check
#| capture: { NOW: { stdout: true } }
cat happened
```

## Use it

```sh check
echo "$NOW"
```
"#;
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let ran = bench.ends(0, &DRY);
    ran.says("before the changes that this run would make").says("NOW = unknown");
    ran.says("nothing is known to hold, for no check stands before the first change; tried before what they check was done, and did not hold then: change-it#2. Nothing was changed");
}

#[test]
fn values_of_an_answers_file_are_labelled_given() {
    let body = "## Watch\n\n```yaml record\nrate: { prompt: Rate, type: number }\n```\n";
    let bench = Bench::with(&[
        ("book.md", &book("", body)),
        ("answers.yaml", "steps:\n  watch: { value: { rate: 3 } }\n"),
    ]);
    bench.ends(0, &[&DRY[..], &["--answers", "answers.yaml"]].concat()).says("rate = 3 (given)");
}

#[test]
fn a_dry_run_leaves_the_numbers_and_the_store_alone() {
    let bench = Bench::with(&[("book.md", &book("", "## Look\n\n```sh check\ntrue\n```\n"))]);
    bench.ends(0, &["run", "book.md"]);
    let before = bench.tree();
    bench.ends(0, &DRY);
    assert_eq!(bench.tree(), before);
}

#[test]
fn a_check_is_tried_unless_it_reads_what_nobody_knows() {
    let body = r#"## Watch

```yaml record
TAG: { prompt: Which }
```

## Look

```sh check
# the TAG of STAGING
echo "STAGING is TAGGED ${STAGING}"; touch executed
false
```

```yaml expect
stdout: [ { contains: "STAGING is" }, { not_contains: TAG_NAME } ]
```

## Hold it against the tag

```sh check
cat missing
```

```yaml expect
stdout: [ { contains: "{{ TAG }}" } ]
```

```python check
import os; print(os.environ["TAG"])
```
"#;
    let front = "inputs:\n  STAGING: { default: here }\n";
    let bench = Bench::with(&[("book.md", &book(front, body))]);
    let ran = bench.ends(1, &DRY);
    ran.says("STAGING is TAGGED here").says("a real run would stop at look#1");
    assert_eq!(ran.stderr.matches("it needs TAG").count(), 2, "{}", ran.stderr);
    assert!(bench.path("executed").exists());
}

#[test]
fn a_probe_is_tried_unless_a_template_of_it_reads_what_nobody_knows() {
    let body = r#"## Watch

```yaml record
TAG: { prompt: Which }
```

## Look

```yaml check
file: { path: "{{ STAGING }}/the-TAG", contains: TAG }
```

```sh check
#| env: { TAG: other }
test "$TAG" = other # the $TAG is another one
```

```yaml check
file: { path: book.md, contains: "{{ TAG }}" }
```
"#;
    let front = "inputs:\n  STAGING: { default: here }\n";
    let bench = Bench::with(&[("book.md", &book(front, body)), ("here/the-TAG", "a TAG\n")]);
    let ran = bench.ends(0, &DRY);
    ran.says("every check that could be tried before the first change holds; not tried: look#3. ");
    assert_eq!(ran.stderr.matches("it needs TAG").count(), 1, "{}", ran.stderr);
}

#[test]
fn a_dry_run_says_what_it_could_not_try_and_what_it_could_not_decide() {
    let body = "## Watch\n\n```yaml record\nTAG: { prompt: Which }\n```\n\n## Look\n\n```sh check\nLEFT=1\ntest \"$TAG\" = v1\n```\n\n```sh check\ntest \"$LEFT\" = 1\n```\n\n## Perhaps\n\n```yaml step\nwhen: TAG == \"v2\"\n```\n\n- [ ] Look\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let ran = bench.ends(0, &DRY);
    ran.says("nothing is known to hold; not tried: look#1, look#2; not known to be for this run: perhaps");
    ran.says("whether perhaps is for this run depends on TAG");
    assert!(!ran.stderr.contains("every check before"), "{}", ran.stderr);
}

#[test]
fn a_dry_run_in_which_a_stand_in_passed_over_every_check_says_of_none_that_it_holds() {
    let record = "```yaml record\nMODE: { prompt: Which, type: choice, choices: [full, quick] }\n```\n";
    for (step, option) in
        [("```yaml step\nwhen: MODE == \"quick\"\n```\n\n", ""), ("", "#| when: MODE == \"quick\"\n")]
    {
        let body = format!("## Watch\n\n{record}\n## Look\n\n{step}```sh check\n{option}false\n```\n");
        let bench = Bench::with(&[("book.md", &book("", &body))]);
        let ran = bench.ends(0, &DRY);
        ran.says("nothing is known to hold; not known to be for this run: look");
        assert!(!ran.both().contains("every check before"), "{}", ran.both());
    }
}

#[test]
fn a_check_that_looks_at_all_variables_finds_no_stand_in_for_one_that_nobody_knows() {
    let body = "## Watch\n\n```yaml record\nTAG: { prompt: Which }\n```\n\n## Look\n\n```sh check\nsh -c \"env | grep '^T'AG=\"\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    bench.ends(1, &DRY).says("a real run would stop at look#1");
}

#[test]
fn a_dry_run_shows_the_text_of_the_document_and_tells_of_no_skipping() {
    let body = "## Scope\n\nOnly the website.\n\n## Look\n\nMind the gap.\n\n```sh check\nfalse\n```\n\n\
        ## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```\n";
    let bench = Bench::with(&[("book.md", &book("roles: [qa]\n", body))]);
    let ran = bench.ends(1, &DRY);
    ran.says("Only the website.").says("Mind the gap.").says("1 did not hold");
    let told = ran.both();
    assert!(!told.contains("skipped") && !told.contains("deviation"), "{told}");
    assert_eq!(told.matches("Mind the gap.").count(), 1, "{told}");
}

const TAGGED: &str = r#"## Build

```sh run
#| capture: { DIGEST: { stdout: true } }
echo abc
```

## Use it

```sh check
echo "uses $DIGEST"
```

## Sometimes

```yaml step
when: DIGEST != "abc"
irreversible: true
```

```sh run
no-such-tool-anywhere --now
touch sometimes
```

## Release

```yaml signoff
role: qa
meaning: approval
statement: I release it.
```
"#;

#[test]
fn what_a_block_captured_in_the_last_rehearsal_stands_in_for_what_is_not_executed() {
    let bench = Bench::with(&[
        ("book.md", &book("roles: [qa]\n", TAGGED)),
        (
            "holdpoint.toml",
            "[environments.staging]\nrehearsal = true\n[environments.production]\nrequires = { rehearsal = \"staging\" }\n\
             [people.\"qa@example.org\"]\nname = \"Quinn A\"\n[roles]\nqa = [\"qa@example.org\"]\n",
        ),
        ("signed.yaml", "steps: { release: { sign: { as: qa@example.org, name: Quinn A } } }\n"),
    ]);
    let dry = || bench.ends(0, &[&DRY[..], &["--env", "production"]].concat());
    // Nobody has rehearsed it: both ways of the condition are told.
    let ran = dry();
    ran.says("DIGEST = unknown before the real run").says("not executed, it needs DIGEST");
    ran.says("passed over, or 1 change; point of no return");
    bench.ends(0, &["run", "book.md", "--unattended", "--env", "staging", "--answers", "signed.yaml"]);
    let before = bench.tree();
    let ran = dry();
    ran.says("DIGEST = abc (replayed from run 1)").says("│ uses abc");
    // Another value would decide otherwise.
    ran.says("DIGEST != \"abc\" does not hold (DIGEST replayed from run 1)");
    ran.says("Sometimes: passed over, by DIGEST (replayed from run 1)");
    ran.says("whether sometimes is for this run was decided by DIGEST (replayed from run 1)");
    assert_eq!(bench.tree(), before);
    let json = |env: &str| {
        let words = [&DRY[..], &["--env", env, "--format", "json"]].concat();
        serde_json::from_str::<serde_json::Value>(&bench.ends(0, &words).stdout).unwrap()
    };
    let told = json("production");
    let digest = told["values"].as_array().unwrap().iter().find(|it| it["name"] == "DIGEST").unwrap();
    let wanted = serde_json::json!({ "name": "DIGEST", "value": "abc", "label": "replayed", "run": 1 });
    assert_eq!((digest, &told["outcome"]), (&wanted, &"holds".into()));
    let decided = (&told["decided_by_replay"], &told["replayed_from"]);
    assert_eq!(decided, (&serde_json::json!({ "sometimes": ["DIGEST"] }), &1.into()));
    // Of other bytes nobody knows anything.
    bench.file("book.md", &book("roles: [qa]\n", &TAGGED.replace("echo abc", "echo other")));
    dry().says("DIGEST = unknown before the real run");
    // The checks hold, and a real run would not open all the same.
    let told = json("production");
    assert_eq!(
        (&told["outcome"], told["refused"].as_array().unwrap().len()),
        (&"would_be_refused".into(), 1)
    );
    assert_eq!(json("staging")["outcome"], "holds");
}

const HANGING: &str = r#"## One

```sh run
#| capture: { ID: { stdout: true } }
echo id-1
```

## Two

```yaml step
when: ID == "id-1"
```

```sh run
touch two
```

## Three

```yaml step
when: ID != "id-1"
```

```sh run
touch three
```

## Four

```sh run
#| when: ID == "id-1"
touch four
```
"#;

#[test]
fn what_hangs_on_something_unknown_is_never_told_as_decided_and_is_shown_all_the_same() {
    let bench = Bench::with(&[("book.md", &book("", HANGING))]);
    let ran = bench.ends(0, &DRY);
    assert!(!ran.both().contains("does not hold"), "{}", ran.both());
    let passed_over = "passed over here: whether ID == \"id-1\" holds depends on ID";
    assert_eq!(ran.both().matches(passed_over).count(), 2, "{}", ran.both());
    ran.says("taken to be for this run: whether ID != \"id-1\" holds depends on ID");
    ran.says("touch two").says("touch three").says("touch four");
    ran.says("Four: 1 change; four#1 or not, by what ID comes to");
}

const COUNTED: &str = r#"## One

```sh run
#| capture: { COUNT: { stdout: true } }
echo 5
```

## Two

```yaml step
when: COUNT | int > 3
```

```sh run
touch two
```

## Three

- [ ] There are {{ COUNT | int + 1 }}

```sh run
#| when: (COUNT | default("0") | int) > 3
#| env: { NEXT: "{{ COUNT | int + 1 }}" }
touch three
```

```sh check
#| template: true
#| env: { NEXT: "{{ COUNT | int + 1 }}" }
test {{ COUNT | int }} = 5
```

## Four

```sh check
true
```
"#;

#[test]
fn what_is_calculated_of_something_unknown_does_not_end_a_dry_run() {
    let bench = Bench::with(&[("book.md", &book("", COUNTED))]);
    let ran = bench.ends(0, &DRY);
    assert!(!ran.both().contains("cannot be"), "{}", ran.both());
    ran.says("it depends on COUNT, unknown before the real run");
    ran.says("Two: passed over, or 1 change, by what COUNT comes to");
    ran.says("4              -  Four: 1 check");
    bench.file("answers.yaml", "steps: { three: { confirm: true } }\n");
    bench.ends(0, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]).says("touch two");
}

#[test]
fn a_plan_decides_no_condition_on_what_is_captured_later() {
    for condition in ["COUNT | default('x') == '5'", "COUNT is defined", "COUNT is undefined"] {
        let two = COUNTED.replace("COUNT | int > 3\n```", &format!("{condition}\n```"));
        let bench = Bench::with(&[("book.md", &book("", &two))]);
        let ran = bench.ends(0, &["plan", "book.md"]);
        ran.says(&format!("when {condition}  (not known yet)"));
    }
}

#[test]
fn filters_of_a_template_are_no_pipes_and_its_names_no_programs() {
    let check = "## One\n\n```sh check\n#| template: true\necho {{ RELEASE | trim }} {{ (RELEASE | lower) + \"x\" }}\n\
                 {% if RELEASE | string > \"v0\" %}ls{% endif %}\n```\n\n```sh run\nls\n```\n\n```sh check\nls\n```\n";
    let bench = Bench::with(&[("book.md", &book("inputs: { RELEASE: { default: v1 } }\n", check))]);
    let ran = bench.ends(0, &["check", "book.md"]);
    assert!(!ran.both().contains("pipe-in-sh"), "{}", ran.both());
    assert!(!ran.both().contains("idle-script"), "{}", ran.both());
    let ran = bench.ends(0, &DRY);
    assert!(!ran.both().contains("not found on PATH"), "{}", ran.both());
}

#[test]
fn its_table_tells_who_is_asked_what_is_missing_and_where_there_is_no_way_back() {
    let bench = Bench::with(&[("book.md", &book("roles: [qa]\n", TAGGED))]);
    let ran = bench.ends(0, &DRY);
    ran.says("what a real run does").says("hold point; asks qa").says("points of no return: sometimes");
    ran.says("not found on PATH here: no-such-tool-anywhere");
    let ran = bench.ends(0, &[&DRY[..], &["--format", "json"]].concat());
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["outcome"], "holds");
    assert_eq!(told["missing_tools"], serde_json::json!(["no-such-tool-anywhere"]));
    assert_eq!(told["points_of_no_return"], serde_json::json!(["sometimes"]));
    assert_eq!(told["undecided"], serde_json::json!({ "sometimes": ["DIGEST"] }));
    assert_eq!(told["steps"][3]["asks"], serde_json::json!(["qa"]));
    assert_eq!(told["steps"][2]["applies"], serde_json::Value::Null);
    assert_eq!(told["actions"][1]["outcome"], "not_tried");
    assert_eq!(told["actions"][1]["needs"], serde_json::json!(["DIGEST"]));
    let digest = told["values"].as_array().unwrap().iter().find(|it| it["name"] == "DIGEST").unwrap();
    assert_eq!(*digest, serde_json::json!({ "name": "DIGEST", "label": "unknown" }));
}

#[test]
fn a_function_a_builtin_and_a_program_of_another_place_are_not_missing() {
    let body = "## Look\n\n```bash check\nrelease() { echo hi; }\nrelease\ndeclare -p HOME >/dev/null\n[[ -d / ]]\n```\n\n\
         ```sh check\nPATH=/opt/ours/bin:$PATH\nours --now || :\n```\n\n\
         ```python check\nimport sys\nours = 1\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let ran = bench.ends(0, &DRY);
    assert!(!ran.stderr.contains("not found on PATH"), "{}", ran.stderr);
}

#[test]
fn without_checks_nothing_is_executed() {
    let body = "## Look\n\n```sh check\ntouch looked\n```\n\n## Change\n\n```sh run\ntouch changed\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let before = bench.tree();
    let ran = bench.ends(0, &[&DRY[..], &["--no-checks"]].concat());
    ran.says("no block is executed, nothing is kept").says("not tried: look#1");
    assert_eq!(bench.tree(), before);
    bench.ends(2, &["run", "book.md", "--no-checks"]).says("--dry-run");
}

/// Blocks that change something, in every way in which a document can have one. Each of them calls `mutates`, and where a
/// dry run executes anything of this, that is seen.
const HOSTILE: &[(&str, &str)] = &[
    ("plain", "```sh run\nmutates\n```"),
    ("bash", "```bash run\nmutates\n```"),
    ("python", "```python run\nimport os; os.system('mutates')\n```"),
    ("terminal", "```sh run\n#| tty: true\nmutates\n```"),
    ("terminal check", "```sh check\n#| tty: true\nmutates\n```"),
    (
        "idempotent and retried",
        "```sh run\n#| idempotent: true\n#| retry: { every: 1s, for: 2s }\nmutates\n```",
    ),
    ("interpreter", "```sh run\n#| interpreter: env mutates\ntrue\n```"),
    ("its own interpreter", "```sh run\n#| interpreter: mutates\ntrue\n```"),
    ("an interpreter of the repository", "```bash run\n#| interpreter: ../bin/mutates\nls\n```"),
    ("template", "```sh run\n#| template: true\nmutates {{ NAME }}\n```"),
    ("condition that holds", "```sh run\n#| when: NAME == \"v1\"\nmutates\n```"),
    ("rollback", "```sh check\nfalse\n```\n\n```sh run\nmutates\n```\n\n```sh rollback\nmutates\n```"),
    (
        "rolls back by itself",
        "```yaml step\non_failure: rollback\n```\n\n```sh run\nmutates\n```\n\n\
        ```sh check\nfalse\n```\n\n```sh rollback\nmutates\n```",
    ),
    (
        "feeds a check",
        "```sh run\n#| capture: { OUT: { stdout: true } }\nmutates\n```\n\n```sh check\n$OUT\n```",
    ),
    (
        "check with a rollback",
        "```sh run\nmutates\n```\n\n```sh check\n#| timeout: 1s\nsleep 60\n```\n\n```sh rollback\nmutates\n```",
    ),
    (
        "skipped failure",
        "```yaml step\nskippable: true\n```\n\n```sh check\nfalse\n```\n\n```sh run\nmutates\n```",
    ),
];

#[test]
fn a_dry_run_executes_no_block_that_changes_something_and_leaves_no_file() {
    let looked = std::process::Command::new("strace").arg("-V").output();
    if !looked.is_ok_and(|ran| ran.status.success()) {
        let missing = Missing("strace is not installed; cargo xtask tools installs it".to_owned());
        return skipped("a_dry_run_executes_no_block_that_changes_something_and_leaves_no_file", &missing);
    }
    for (what, blocks) in HOSTILE {
        let body = format!("## Do it\n\n{blocks}\n");
        let bench = Bench::with(&[("book.md", &book("inputs:\n  NAME: { default: v1 }\n", &body))]);
        bench.sh("mkdir -p ../bin ../tmp; printf '#!/bin/sh\\ntouch ../mutated\\n' > ../bin/mutates; chmod 755 ../bin/mutates; \
             printf 'steps: {}\\n' > answers.yaml");
        let before = bench.tree();
        let log = tempfile::tempdir().unwrap();
        let log = log.path().join("calls");
        let mut command = bench.command("strace");
        let path = std::env::var("PATH").unwrap();
        command
            .args(["-f", "-q", "-s", "200", "-e", "trace=execve,execveat", "-o"])
            .arg(&log)
            .arg(HOLDPOINT)
            .args(DRY)
            .args(["--answers", "answers.yaml"])
            .env("TMPDIR", bench.all().join("tmp"))
            .env("PATH", format!("{}:{path}", bench.all().join("bin").display()));
        let ran = Ran::of(command.output().unwrap());
        assert!(matches!(ran.code, 0 | 1), "{what}: {} {}", ran.code, ran.both());
        let calls = std::fs::read_to_string(&log).unwrap();
        assert!(calls.contains("execve("), "{what}: {calls}");
        // The shell is asked whether there is such a program, by its name as an argument, and nothing else names it.
        let of_it = calls.lines().filter(|call| call.contains("mutates") && !call.contains("command -v"));
        assert_eq!(of_it.collect::<Vec<_>>(), Vec::<&str>::new(), "{what}");
        assert!(!bench.all().join("mutated").exists(), "{what}");
        assert_eq!(bench.tree(), before, "{what}: it left something");
    }
}

#[test]
fn an_alert_is_shown_headed_by_its_word_and_with_its_text() {
    let body = "## Work\n\n> [!WARNING]\n> It is loud.\n\n> See [!NOTE]\n\n- [ ] Done\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let ran = bench.holdpoint(&["run", "book.md", "--dry-run"]);
    ran.says("> WARNING").says("> It is loud.").says("> See [!NOTE]");
    assert!(!ran.both().contains("[!WARNING]"), "{}", ran.both());
}
