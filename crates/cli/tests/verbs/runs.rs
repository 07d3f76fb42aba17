//! `plan`, `run`, `runs`, `show`, `note`, `resume` as they go when nothing is wrong.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Bench, OPERATOR, mode, sha256};
use crate::waiting::eventually;

pub fn book(front: &str, body: &str) -> String {
    format!("---\nrunbook: 1\ntitle: A change\n{front}---\n\n# A change\n\n{body}")
}

const GOOD: &str = "## Change it

```sh run
echo changed | tee changed
```

```sh check
cat changed
```

```yaml expect
stdout: [ { contains: changed } ]
```
";
const ITEM: &str = "## Look\n\n- [ ] It is good\n";

#[test]
fn a_run_passes_is_sealed_listed_shown_and_proved() {
    let bench = Bench::with(&[("docs/Change it!.md", &book("", GOOD))]);
    let ran = bench.ends(0, &["run", "docs/Change it!.md", "--unattended"]);
    assert_eq!(ran.stdout, "", "what people read is no data");
    ran.says("│ changed").says("✓ passed").says("Run 1: PASSED · no deviations").says("holdpoint verify 1");
    assert!(!ran.stderr.contains('\u{1b}'), "escape codes where there is no terminal");
    assert_eq!(bench.text("changed"), "changed\n");
    assert!(bench.exists(".holdpoint/runs/0001-change-it/seal.json"));
    let kinds: Vec<Value> = bench.events(1).iter().map(|event| event["type"].clone()).collect();
    let (started, finished) = ("action.started", "action.finished");
    assert_eq!(kinds, ["run.opened", started, finished, started, finished, "run.closed"]);
    let first = &bench.events(1)[0];
    assert_eq!(first["runbook"]["path"], "docs/Change it!.md");
    assert_eq!(first["session"]["operator"], OPERATOR);
    assert_eq!(first["session"]["operator_from"], "HOLDPOINT_OPERATOR");
    assert_eq!(first["session"]["time_zone"], "UTC");
    bench.ends(0, &["verify", "latest"]).says("intact and complete");
    bench.ends(0, &["show", "1"]).says("Run 1").says("PASSED").says("Change it");
    let runs = bench.ends(0, &["runs"]);
    assert!(runs.stdout.contains("passed") && runs.stdout.contains("A change"), "{}", runs.stdout);
    let rows = bench.ends(0, &["runs", "--format", "json"]).json();
    assert_eq!(
        (&rows[0]["number"], &rows[0]["state"], &rows[0]["sealed"]),
        (&json!(1), &json!("passed"), &json!(true))
    );
    // A run that ended has nothing to resume, and says how it ended.
    bench.ends(0, &["resume", "1", "--unattended"]).says("nothing to resume");
}

#[test]
fn a_failure_is_told_with_what_was_expected_beside_what_came_and_parks() {
    let bench = Bench::with(&[("book.md", &book("", &GOOD.replace("contains: changed", "contains: other")))]);
    let ran = bench.ends(3, &["run", "book.md", "--unattended"]);
    ran.says("✗ FAILED")
        .says("expected  stdout contains \"other\"")
        .says("PARKED")
        .says("holdpoint resume 1");
    bench.ends(0, &["verify", "1"]).says("intact, open");
    bench.ends(3, &["resume", "1", "--unattended"]).says("waiting for a decision on a failure");
    assert_eq!(bench.of_type(1, "session.opened").len(), 1);
}

#[test]
fn what_was_done_is_not_done_again_by_a_resume() {
    let bench = Bench::with(&[
        (
            "book.md",
            &book(
                "",
                &format!(
                    "## Once

```sh run
echo once >> log
```

{ITEM}
## Then

```sh run
echo then >> log
```
"
                ),
            ),
        ),
        ("answers.yaml", "steps:\n  look: { confirm: true }\n"),
    ]);
    bench.ends(3, &["run", "book.md", "--unattended"]).says("[ ] It is good").says("PARKED");
    let ran = bench.ends(0, &["resume", "latest", "--unattended", "--answers", "answers.yaml"]);
    ran.says("1 Once: will not run: passed at").says("2 Look: goes on here").says("3 Then: will run");
    assert_eq!(bench.text("log"), "once\nthen\n");
    let confirmed = &bench.of_type(1, "item.confirmed")[0];
    assert_eq!(confirmed["by"], json!({"who": OPERATOR, "via": "answers"}));
    assert_eq!(confirmed["text"], "It is good");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn answers_choose_to_skip_to_abort_and_to_roll_back() {
    let body = "## Change it

```sh run
touch changed
```

```sh check
false
```

```sh rollback
rm changed
```
";
    let cases = [
        ("skip", 0, "passed", 1, true),
        ("abort", 4, "aborted", 0, true),
        ("rollback", 1, "rolled_back", 0, false),
    ];
    for (choice, code, verdict, deviations, changed) in cases {
        let answers = format!("steps:\n  change-it#2: {{ choice: {choice}, reason: known }}\n");
        let bench = Bench::with(&[("book.md", &book("", body)), ("answers.yaml", &answers)]);
        bench.ends(code, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
        assert_eq!(bench.of_type(1, "run.closed")[0]["verdict"], verdict);
        assert_eq!(bench.of_type(1, "deviation").len(), deviations, "{choice}");
        assert_eq!(bench.exists("changed"), changed, "{choice}");
        bench.ends(0, &["verify", "1"]).says("intact and complete");
    }
}

#[test]
fn run_numbers_have_no_gaps_whatever_was_refused_or_failed_in_between() {
    let bench = Bench::with(&[
        ("book.md", &book("", GOOD)),
        ("bad.md", "---\nrunbook: 2\n---\n"),
        ("stop.md", &book("", "## Stop\n\n```yaml step\non_failure: stop\n```\n\n```sh check\nfalse\n```\n")),
    ]);
    bench.ends(0, &["run", "book.md"]);
    bench.ends(2, &["run", "bad.md"]);
    bench.ends(0, &["run", "book.md", "--dry-run"]);
    bench.ends(1, &["run", "stop.md", "--unattended"]);
    bench.ends(0, &["run", "book.md"]);
    let rows = bench.ends(0, &["runs", "--format", "json"]).json();
    let numbers: Vec<u64> =
        rows.as_array().unwrap().iter().map(|row| row["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from([1, 2, 3]));
    assert_eq!(rows.as_array().unwrap().len(), 3);
    let ids: BTreeSet<&str> =
        rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn runs_that_start_at_once_take_numbers_in_turn() {
    let bench = Bench::with(&[("book.md", &book("", "## Look\n\n```sh check\ntrue\n```\n"))]);
    let children: Vec<_> = (0..4)
        .map(|_| bench.command(crate::support::HOLDPOINT).args(["run", "book.md"]).spawn().unwrap())
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let rows = bench.ends(0, &["runs", "--format", "json"]).json();
    let numbers: BTreeSet<u64> =
        rows.as_array().unwrap().iter().map(|row| row["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, BTreeSet::from([1, 2, 3, 4]));
}

#[test]
fn a_run_is_named_by_number_directory_id_path_or_latest() {
    let bench = Bench::with(&[("one.md", &book("", GOOD)), ("two.md", &book("", GOOD))]);
    bench.ends(0, &["run", "one.md"]);
    bench.ends(0, &["run", "two.md"]);
    let id = bench.events(2)[0]["id"].as_str().unwrap().to_owned();
    let path = bench.run_dir(2);
    for name in [
        "2",
        "0002",
        "0002-two",
        "0002-t",
        &id,
        &id.to_lowercase(),
        "latest",
        path.to_str().unwrap(),
        "./.holdpoint/runs/0002-two",
    ] {
        let shown = bench.ends(0, &["show", name, "--format", "json"]).json();
        assert_eq!(shown["run"]["number"], 2, "{name}");
    }
    // Both ids begin with the same time; what they share names neither.
    let other = bench.events(1)[0]["id"].as_str().unwrap().to_owned();
    let shared: String = id.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    let ran = bench.ends(2, &["show", &shared]);
    ran.says("more than one run").says("0001-one").says("0002-two");
}

#[test]
fn the_store_is_where_the_configuration_says() {
    let bench = Bench::with(&[
        ("docs/book.md", &book("", GOOD)),
        ("holdpoint.toml", "[store]\npath = \"records/all\"\n"),
    ]);
    bench.committed();
    bench.ends(0, &["run", "docs/book.md"]);
    assert!(bench.exists("records/all/0001-book/run.jsonl") && !bench.exists(".holdpoint"));
    // Found from below, too.
    let mut below = bench.command(crate::support::HOLDPOINT);
    let output = below.args(["verify", "latest"]).current_dir(bench.path("docs")).output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "intact and complete\n");
}

#[test]
fn what_git_knows_of_the_document_is_on_record() {
    let bench = Bench::with(&[("book.md", &book("", "## Look\n\n```sh check\ntrue\n```\n"))]);
    bench.committed();
    let commit = bench.sh("git rev-parse HEAD");
    let traced = |number: u64| {
        let book = bench.events(number)[0]["runbook"].clone();
        (book["commit"] == commit.trim(), book["dirty"].clone(), book["committed"].clone())
    };
    bench.ends(0, &["run", "book.md"]);
    assert_eq!(traced(1), (true, json!(false), json!(true)));
    // The store itself makes no work tree dirty.
    bench.ends(0, &["run", "book.md"]);
    assert_eq!(traced(2), (true, json!(false), json!(true)));
    bench.file("other", "x");
    bench.ends(0, &["run", "book.md"]);
    assert_eq!(traced(3), (true, json!(true), json!(true)));
    bench.file("book.md", &book("", "## Look\n\n```sh check\ntrue # changed\n```\n"));
    bench.ends(0, &["run", "book.md"]);
    assert_eq!(traced(4), (true, json!(true), json!(false)));
    let outside = Bench::with(&[("book.md", &book("", GOOD))]);
    outside.ends(0, &["run", "book.md"]).says("outside of a git repository");
    let book = outside.events(1)[0]["runbook"].clone();
    assert!(book.get("commit").is_none() && book.get("dirty").is_none() && book.get("committed").is_none());
}

#[test]
fn what_is_read_later_are_the_bytes_that_ran() {
    let bench =
        Bench::with(&[("book.md", &book("", ITEM)), ("answers.yaml", "steps:\n  look: { confirm: true }\n")]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    bench.file("book.md", &book("", "## Something else\n\n```sh run\ntouch happened\n```\n"));
    bench.ends(0, &["verify", "1"]).says("intact, open");
    assert!(bench.ends(0, &["report", "1"]).stdout.contains("It is good"));
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    bench.ends(0, &["verify", "1"]).says("intact and complete");
    bench.ends(0, &["replay", "1", "--speed", "1000"]).says("It is good");
    std::fs::remove_file(bench.path("book.md")).unwrap();
    bench.ends(0, &["verify", "1"]).says("intact and complete");
    assert!(bench.ends(0, &["report", "1"]).stdout.contains("It is good"));
    assert!(!bench.exists("happened"));
}

#[test]
fn plan_shows_steps_values_and_what_is_unknown_and_executes_nothing() {
    let front = "inputs:\n  RELEASE: { pattern: '^v' }\n  N: { type: integer, default: 2 }\nroles: [qa]\n";
    let body = r#"## Part

### Build {{ RELEASE }}

```sh run
#| timeout: 5m
#| capture: { DIGEST: { stdout: true } }
touch happened; echo "$RELEASE"
```

### Only many

```yaml step
when: N > 5
irreversible: true
```

```sh run
touch happened
```

### Watch

```yaml record
rate: { prompt: Rate, type: number }
```

### Release

```yaml signoff
role: qa
meaning: approval
statement: I release {{ RELEASE }}.
```
"#;
    let bench = Bench::with(&[("book.md", &book(front, body))]);
    let before = bench.tree();
    let ran = bench.ends(0, &["plan", "book.md", "--set", "RELEASE=v7"]);
    for part in [
        "1.1     Build v7  [build--release-]",
        "limit 5m",
        "RELEASE = v7",
        "DIGEST is captured from stdout",
        "does not hold: not for this run",
        "point of no return",
        "record    rate",
        "sign-off  role qa",
        "“I release v7.”",
        "Unknown before the run: DIGEST, rate",
    ] {
        assert!(ran.stdout.contains(part), "{part} is not in\n{}", ran.stdout);
    }
    // Without the value: shown all the same.
    bench.ends(0, &["plan", "book.md"]).says("RELEASE is not given yet");
    let json = bench.ends(0, &["plan", "book.md", "--format", "json", "--set", "RELEASE=v7"]).json();
    assert_eq!(json["document"]["steps"].as_array().unwrap().len(), 4);
    assert_eq!(json["unknown"], json!(["DIGEST", "rate"]));
    assert_eq!(json["inputs"][0], json!({"name": "RELEASE", "value": "v7", "secret": false, "from": "set"}));
    assert_eq!(bench.tree(), before, "plan wrote something");
}

#[test]
fn the_digest_of_a_step_is_of_the_bytes_that_the_document_of_the_record_names() {
    let above = "## Above\n\n```sh check\ntrue\n```\n\n1. Not by itself\n\n";
    let [one, two] = ["1. One\n   goes on\nhere\n\n   and here\n\n   ```sh check\n   true\n   ```", "2. Two"];
    let own =
        format!("---\nrunbook: 1\n---\n\n# T\n\n## Phase\n\nProse.\n\n{one}\n\n{two}\n\nBehind.\n\n{above}");
    let code = "## Setup\n\n```sh\nmake\n```";
    let last = "2. Start it\n\nText behind.";
    let foreign = format!("# T\n\n{code}\n\n1. Install it\n   with care\n\n{last}\n\n## Check\n\n- look\n");
    let bench = Bench::with(&[("own.md", &own), ("foreign.md", &foreign)]);
    for (book, steps) in [
        ("own.md", vec![one, two, above]),
        ("foreign.md", vec![code, "1. Install it\n   with care", last, "## Check\n\n- look\n"]),
    ] {
        let plan = bench.ends(0, &["plan", book, "--format", "json"]).json();
        let told: Vec<_> =
            plan["document"]["steps"].as_array().unwrap().iter().map(|step| step["digest"].clone()).collect();
        let wanted: Vec<_> = steps.iter().map(|bytes| json!(sha256(bytes.as_bytes()))).collect();
        assert_eq!(told, wanted, "{book}: {plan:#}");
    }
}

#[test]
fn a_note_joins_an_open_run_with_its_step_and_what_it_corrects() {
    let bench = Bench::with(&[("book.md", &book("", ITEM))]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    let ran = bench.ends(0, &["note", "latest", "the dashboard was slow", "--step", "look"]);
    assert_eq!(ran.stdout, "");
    bench.ends(0, &["note", "1", "it was not", "--corrects", "1", "--operator", "qa@example.org"]);
    let notes = bench.of_type(1, "note");
    assert_eq!(notes[0]["text"], "the dashboard was slow");
    assert_eq!(notes[0]["step"], "look");
    assert_eq!(notes[0]["by"], json!({"who": OPERATOR, "via": "command"}));
    assert_eq!(notes[1]["corrects"], 1);
    assert_eq!(notes[1]["by"]["who"], "qa@example.org");
    bench.ends(0, &["verify", "1"]).says("intact, open");
    assert!(bench.ends(0, &["report", "1"]).stdout.contains("the dashboard was slow"));
}

#[test]
fn a_run_that_is_being_driven_takes_neither_a_second_driver_nor_a_note() {
    let body =
        "## Wait\n\n```sh check\ntouch waiting\nwhile test -e waiting -a ! -e go; do sleep 0.02; done\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let mut child = bench.command(crate::support::HOLDPOINT).args(["run", "book.md"]).spawn().unwrap();
    eventually("the block has begun", || bench.exists("waiting"));
    let second = bench.ends(2, &["resume", "1", "--unattended"]);
    second.says(&format!("by process {}", child.id())).says("help: ");
    bench.ends(2, &["note", "1", "a note"]).says("is being driven");
    // Who only reads is let in.
    let verified = bench.ends(0, &["verify", "1"]);
    verified.says("intact, open").says(&format!("the run is in use now, by process {}", child.id()));
    assert!(!verified.stderr.contains("crash"), "{}", verified.stderr);
    bench.ends(0, &["show", "1"]);
    bench.file("go", "");
    assert!(child.wait().unwrap().success());
}

#[test]
fn everything_written_is_its_owners_alone_even_without_a_umask() {
    let bench = Bench::with(&[("book.md", &book("", &format!("{GOOD}\n{ITEM}")))]);
    bench.sh("umask 0; holdpoint run book.md --unattended 2>/dev/null || test $? = 3");
    bench.sh("umask 0; holdpoint report 1 -o report.md 2>/dev/null");
    let walk = |root: std::path::PathBuf| {
        let mut all = vec![root.clone()];
        let mut at = vec![root];
        while let Some(directory) = at.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    at.push(path.clone());
                }
                all.push(path);
            }
        }
        all
    };
    let all = walk(bench.path(".holdpoint"));
    assert!(all.len() > 8, "{all:?}");
    for path in all.into_iter().chain([bench.path("report.md")]) {
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), wanted, "{}", path.display());
    }
}

#[test]
fn blocks_and_commands_of_inputs_have_the_umask_of_who_runs_them() {
    let front = "inputs:\n  MASK:\n    from: { command: umask }\n";
    let body = "## Look\n\n```sh check\necho \"$MASK $(umask)\"\n: >made\nmkdir inside\n```\n\n\
        ```python check\nimport os\nos.close(os.open('by-python', os.O_CREAT, 0o666))\n```\n";
    for (umask, file, directory) in [("0022", 0o644, 0o755), ("0077", 0o600, 0o700), ("0002", 0o664, 0o775)] {
        let bench = Bench::with(&[("book.md", &book(front, body))]);
        let ran = bench.sh(&format!("umask {umask}; holdpoint run book.md --unattended 2>&1"));
        assert!(ran.contains(&format!("{umask} {umask}")), "{ran}");
        let modes = ["made", "by-python", "inside"].map(|name| mode(&bench.path(name)));
        assert_eq!(modes, [file, file, directory], "{umask}");
        assert_eq!(mode(&bench.path(".holdpoint")), 0o700, "{umask}");
    }
}

#[test]
fn a_record_that_does_not_conform_is_not_listed_by_what_its_last_event_says() {
    let bench = Bench::with(&[("book.md", &book("", "## A\n\n```sh check\ntrue\n```\n"))]);
    for _ in 0..3 {
        bench.ends(0, &["run", "book.md", "--unattended"]);
    }
    // Chain and seal are in order; the block failed, and the run says that it passed.
    crate::support::forge(&bench.run_dir(2), |events| {
        let finished = events.iter_mut().find(|event| event["type"] == "action.finished").unwrap();
        finished["outcome"] = "failed".into();
    });
    let rows = bench.ends(6, &["runs", "--format", "json"]).json();
    let states: Vec<&str> =
        rows.as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["passed", "does not conform", "passed"]);
    let at = bench.events(2).iter().position(|event| event["type"] == "action.finished").unwrap();
    assert!(rows[1]["error"].as_str().unwrap().starts_with(&format!("event {at}: ")), "{}", rows[1]);
    bench.ends(6, &["show", "2"]).says("DOES NOT CONFORM");
    bench.ends(6, &["replay", "2", "--speed", "1000"]).says("does not conform from event");
    // A seal that says another verdict than the events do.
    let seal = bench.run_dir(3).join("seal.json");
    let text = std::fs::read_to_string(&seal).unwrap();
    std::fs::write(&seal, text.replace("passed", "failed")).unwrap();
    for verb in ["show", "replay", "report"] {
        bench.ends(6, &[verb, "3"]).says("the seal has another verdict");
    }
    let listed = bench.ends(6, &["runs"]);
    listed.says("the seal has another verdict");
    let line = listed.stdout.lines().find(|line| line.trim_start().starts_with("2 ")).unwrap();
    assert!(line.contains("does not conform") && !line.contains("passed"), "{line}");
    bench.ends(6, &["verify", "2"]).says(&format!("does not conform at event {at}"));
}

#[test]
fn runs_are_listed_by_run_book_environment_and_whether_they_are_over() {
    let waits = book("", "## Look\n\n- [ ] It is good\n");
    let bench = Bench::with(&[
        ("a.md", &waits),
        ("b.md", &waits),
        ("holdpoint.toml", "[environments.stage]\n\n[environments.prod]\n"),
        ("yes.yaml", "steps: { look: { confirm: true } }\n"),
    ]);
    bench.ends(3, &["run", "a.md", "--env", "stage", "--unattended"]);
    bench.ends(0, &["run", "a.md", "--env", "prod", "--unattended", "--answers", "yes.yaml"]);
    bench.ends(3, &["run", "b.md", "--env", "prod", "--unattended"]);
    let listed = |more: &[&str], code: i32| -> Vec<u64> {
        let rows = bench.ends(code, &[&["runs", "--format", "json"], more].concat()).json();
        rows.as_array().unwrap().iter().map(|row| row["number"].as_u64().unwrap()).collect()
    };
    bench.file("c.md", &bench.text("a.md"));
    for (more, found) in [
        (&[][..], &[3, 2, 1][..]),
        (&["--runbook", "a.md"], &[2, 1]),
        (&["--env", "prod"], &[3, 2]),
        (&["--open"], &[3, 1]),
        (&["--runbook", "a.md", "--open"], &[1]),
        (&["--runbook", "c.md"], &[]),
    ] {
        assert_eq!(listed(more, 0), found, "{more:?}");
    }
    bench.ends(0, &["runs", "--runbook", "c.md"]).says("No run matches");
    // What cannot be read may be of any run-book.
    std::fs::write(bench.run_dir(2).join("run.jsonl"), "x\n").unwrap();
    assert_eq!(listed(&["--runbook", "b.md"], 6), [3, 2]);
}

#[test]
fn a_line_of_somebodys_text_passes_for_no_line_of_show() {
    let bench = Bench::with(&[("book.md", &book("", "## Look\n\n- [ ] It is good\n"))]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    bench.ends(0, &["note", "1", "fine\n  signed off    look, by Lea Lead"]);
    let shown = bench.ends(0, &["show", "1"]);
    assert!(
        shown.stdout.lines().any(|line| line.trim_start().starts_with("│   signed off")),
        "{}",
        shown.stdout
    );
    assert!(!shown.stdout.lines().any(|line| line.starts_with("  signed off")), "{}", shown.stdout);
}

#[test]
fn a_block_that_runs_is_told_as_running_while_somebody_drives_it_and_as_in_doubt_when_they_are_gone() {
    let body = "## Wait\n\n```sh run\nhead -c 200000 /dev/zero | tr '\\0' x\ntouch waiting\nwhile test -e waiting -a ! -e go; do sleep 0.02; done\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let mut child = bench.command(crate::support::HOLDPOINT).args(["run", "book.md"]).spawn().unwrap();
    eventually("the block has begun", || bench.exists("waiting"));
    let told = |verbs: &[&[&str]]| {
        let told = verbs.iter().map(|verb| bench.ends(0, verb).stdout.to_lowercase());
        told.collect::<Vec<_>>()
    };
    let verbs: [&[&str]; 4] =
        [&["show", "1"], &["runs"], &["report", "1"], &["report", "1", "--format", "html"]];
    for told in told(&verbs) {
        assert!(told.contains("running") && !told.contains("in doubt"), "{told}");
        assert!(told.contains(&format!("driven by {OPERATOR}")) || told.contains(OPERATOR), "{told}");
    }
    let writes =
        |told: &str| told.contains("more may be added; outputs are being written, to blobs/partial-*");
    eventually("what it prints is written", || writes(&bench.ends(0, &["verify", "1"]).stderr));
    let run = bench.ends(0, &["report", "1", "--format", "json"]).json();
    assert_eq!((&run["steps"][0]["status"], &run["waits"]["status"]), (&json!("running"), &json!("running")));
    assert_eq!((&run["running"][0]["action"], &run["driver"]["drives"]), (&json!("wait#1"), &json!(true)));
    assert_eq!(run["driver"]["pid"], child.id());
    let rows = bench.ends(0, &["runs", "--format", "json"]).json();
    assert_eq!(rows[0]["awaited"]["what"], "end_of_block");
    assert_eq!(rows[0]["driver"], run["driver"]);
    child.kill().unwrap();
    child.wait().unwrap();
    for told in told(&verbs) {
        assert!(!told.contains("running") && told.contains("in doubt"), "{told}");
    }
    let verified = bench.ends(0, &["verify", "1"]);
    verified.says("belong to no event; a crash leaves such");
    assert!(!verified.stderr.contains("in use"), "{}", verified.stderr);
    let run = bench.ends(0, &["report", "1", "--format", "json"]).json();
    assert_eq!(run["steps"][0]["status"], "in_doubt");
    assert_eq!((&run["running"], &run["driver"]), (&Value::Null, &Value::Null));
    let rows = bench.ends(0, &["runs", "--format", "json"]).json();
    assert_eq!(rows[0]["awaited"]["what"], "decision_on_doubt");
    bench.file("go", "");
}

#[test]
fn a_run_that_was_left_at_a_question_waits_for_an_answer_and_the_item_is_named_by_what_it_begins_with() {
    let guide =
        "# Guide\n\n## Publish\n\n1. Publish the **release** page\n   - Open the draft\n   - Click Publish\n";
    let bench = Bench::with(&[("guide.md", guide)]);
    bench.ends(3, &["run", "guide.md", "--unattended"]);
    let shown = bench.ends(0, &["show", "1"]);
    shown.says("(for an answer)").says("WAITING");
    assert!(
        !shown.stdout.contains("NOT REACHED") && !shown.stdout.contains("not reached"),
        "{}",
        shown.stdout
    );
    for format in ["markdown", "html"] {
        let report = bench.ends(0, &["report", "1", "--format", format]).stdout;
        let line = report.lines().find(|line| line.contains("It waits at step")).unwrap();
        let named = line.rsplit("It waits at step").next().unwrap();
        assert!(
            named.contains("“Publish the release page …”") && named.contains(", for an answer"),
            "{named}"
        );
        assert!(!named.contains("Open the draft") && !named.contains("not reached"), "{named}");
    }
}

#[test]
fn resume_says_of_a_step_what_show_says_of_it() {
    let bench = Bench::with(&[
        (
            "book.md",
            "---\nrunbook: 1\n---\n\n# Two\n\n## One\n\n```sh run\nfalse\n```\n\n```sh check\ntrue\n```\n\n## Then\n\n- [ ] Good\n",
        ),
        ("answers.yaml", "steps:\n  one#1: { choice: skip, reason: done by hand }\n"),
    ]);
    bench.holdpoint(&["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
    bench.ends(0, &["show", "1"]).says("PASSED, WITH DEVIATIONS");
    bench.holdpoint(&["resume", "1", "--unattended"]).says("1 One: will not run: passed, with deviations at");
}
