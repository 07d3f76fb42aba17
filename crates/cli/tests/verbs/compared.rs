//! Two runs beside one another, and many runs of one document.

use serde_json::{Value, json};

use crate::runs::book;
use crate::support::{Bench, forge, sha256};

const BODY: &str = r#"## Look

```sh check
#| capture: { COMMIT: { regex: 'commit (\w+)' } }
cat state; echo "commit $(cat commit)"; date; mktemp -u; echo "pid $$"
```

## Change

```sh run
echo "to $PLACE"; cat words
```

```sh rollback
true
```

## Watch

- [ ] It is quiet
"#;

const CONFIG: &str = r#"[environments.staging]
rehearsal = true
vars = { PLACE = "staging.example.org" }

[environments.production]
vars = { PLACE = "www.example.org" }
"#;

fn bench() -> Bench {
    let bench = Bench::with(&[
        ("book.md", &book("inputs:\n  RELEASE: { default: v1.4.0 }\n", BODY)),
        ("holdpoint.toml", CONFIG),
        ("state", "all is well\n"),
        ("commit", "abc1234\n"),
        ("words", "one\ntwo\n"),
        ("yes.yaml", "steps:\n  watch: { confirm: true }\n"),
    ]);
    run(&bench, "staging", &[]);
    bench
}

fn run(bench: &Bench, environment: &str, more: &[&str]) {
    let arguments = ["run", "book.md", "--env", environment, "--unattended", "--answers", "yes.yaml"];
    bench.ends(0, &[&arguments[..], more].concat());
}

fn compared(bench: &Bench, code: i32, arguments: &[&str]) -> Value {
    bench.ends(code, &[&["compare"], arguments, &["--format", "json"]].concat()).json()
}

/// What differs, in short: what, where, the first's and the second's.
fn differences(comparison: &Value) -> Vec<String> {
    let told = |difference: &Value| {
        let text = |key: &str| difference[key].as_str().unwrap_or("-").to_owned();
        let place = [text("action"), text("step"), text("name")].into_iter().find(|text| text != "-");
        format!("{} {}: {} / {}", text("what"), place.unwrap_or_default(), text("a"), text("b"))
    };
    comparison["differences"].as_array().unwrap().iter().map(told).collect()
}

#[test]
fn runs_that_differ_in_time_place_and_process_only_do_not_differ() {
    let bench = bench();
    run(&bench, "production", &[]);
    let comparison = compared(&bench, 0, &["latest", "--to-rehearsal"]);
    assert_eq!(differences(&comparison), Vec::<String>::new(), "{comparison:#}");
    assert_eq!((&comparison["a"]["environment"], &comparison["b"]["number"]), (&json!("staging"), &json!(2)));
    let told = bench.ends(0, &["compare", "1", "2"]);
    told.says("They do not differ but for what is masked.").says("MASKED  change#1, standard output");
    told.says("a: to staging.example.org").says("b: to www.example.org").says("dates and times");
}

#[test]
fn another_text_of_an_included_file_is_another_document() {
    let part = "---\nrunbook: 1\n---\n\n# Part\n\n## See\n\n```sh check\ntrue\n```\n";
    let bench = Bench::with(&[
        ("book.md", &book("", "[Before](part.md \"include\")\n\n## Do\n\n```sh check\ntrue\n```\n")),
        ("part.md", part),
    ]);
    bench.ends(0, &["run", "book.md", "--unattended"]);
    let other = part.replace("true\n", "true # for now\n");
    bench.file("part.md", &other);
    bench.ends(0, &["run", "book.md", "--unattended"]);
    let found = differences(&compared(&bench, 0, &["1", "2"]));
    assert_eq!(
        found,
        [format!("document part.md: {} / {}", sha256(part.as_bytes()), sha256(other.as_bytes()))]
    );
    let told = bench.ends(0, &["compare", "1", "2"]).both();
    assert!(told.contains("part.md") && !told.contains("do not differ"), "{told}");
}

#[test]
fn the_one_thing_that_differs_is_told_and_nothing_else() {
    type Plant = fn(&Bench);
    let cases: [(Plant, &[&str], &str); 3] = [
        (
            |bench| {
                bench.file("words", "one\nthree\n");
            },
            &[],
            "stdout change#1: ",
        ),
        (
            |bench| {
                bench.file("commit", "def5678\n");
            },
            &[],
            "value COMMIT: abc1234 / def5678",
        ),
        (|_| {}, &["--set", "RELEASE=v1.5.0"], "input RELEASE: v1.4.0 / v1.5.0"),
    ];
    for (plant, more, told) in cases {
        let bench = bench();
        plant(&bench);
        run(&bench, "production", more);
        let comparison = compared(&bench, 0, &["1", "2"]);
        let found = differences(&comparison);
        assert!(matches!(&found[..], [one] if one.starts_with(told)), "{told}: {found:?}");
    }
}

#[test]
fn an_output_that_differs_is_told_as_a_diff_with_the_rules_of_what_was_masked() {
    let bench = bench();
    bench.file("words", "one\nthree at 2026-01-01\n");
    run(&bench, "production", &[]);
    let told = bench.ends(0, &["compare", "1", "2"]);
    told.says("DIFFERS  standard output change#1").says("- two").says("+ three at ‹time›");
    told.says("Masked in outputs and values before they were compared").says("dates and times");
    bench.ends(0, &["compare", "1", "2", "--format", "html", "-o", "page.html"]);
    let page = bench.text("page.html");
    assert!(page.contains("+ three at ‹time›") && page.contains("THEY DIFFER"), "{page}");
}

#[test]
fn outcomes_that_differ_end_with_1_and_say_which() {
    let bench = bench();
    bench.file(
        "skip.yaml",
        "steps:\n  change: { choice: skip, reason: it is there }\n  watch: { confirm: true }\n",
    );
    bench.ends(0, &["run", "book.md", "--env", "production", "--unattended", "--answers", "skip.yaml"]);
    let comparison = compared(&bench, 1, &["1", "2"]);
    let found = differences(&comparison);
    assert!(found.iter().any(|one| one.starts_with("step change: PASSED / SKIPPED")), "{found:?}");
    assert!(found.iter().any(|one| one == "deviation change#1: - / it is there"), "{found:?}");
    // The document changed: steps that one of them does not have.
    bench.sh("sed -i 's/## Watch/## Listen/' book.md; sed -i 's/watch/listen/' yes.yaml");
    run(&bench, "production", &[]);
    let found = differences(&compared(&bench, 1, &["1", "3"]));
    assert!(found[0].starts_with("document : "), "{found:?}");
    assert!(found.contains(&"step watch: CONFIRMED / -".to_owned()), "{found:?}");
    assert!(found.contains(&"step listen: - / CONFIRMED".to_owned()), "{found:?}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let bench = bench();
    bench.ends(2, &["compare", "1"]);
    bench.ends(2, &["compare", "1", "9"]);
    bench.ends(2, &["compare", "1", "--to-rehearsal"]).says("no rehearsal of book.md before run 1 passed");
    run(&bench, "production", &[]);
    let log = bench.run_dir(1).join("run.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, text.replace("\"attempt\":1", "\"attempt\":2")).unwrap();
    bench.ends(6, &["compare", "1", "2"]).says("the record of run 1 is not intact");
}

#[test]
fn a_rehearsal_that_was_relied_on_and_is_damaged_is_called_so_and_not_gone() {
    let bench = bench();
    bench.file(
        "holdpoint.toml",
        &CONFIG.replace(
            "[environments.production]\n",
            "[environments.production]\nrequires = { rehearsal = \"staging\" }\n",
        ),
    );
    run(&bench, "production", &[]);
    let compare = ["compare", "2", "--to-rehearsal"];
    let log = bench.run_dir(1).join("run.jsonl");
    let whole = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let damages = [
        "x\n".to_owned(),
        String::new(),
        lines[1..].concat(),
        lines[..lines.len() - 1].concat(),
        whole.replace("book.md", "look.md"),
    ];
    for damage in damages {
        std::fs::write(&log, damage).unwrap();
        bench.ends(6, &compare).says("run 1");
    }
    std::fs::write(&log, "x\n").unwrap();
    bench.ends(6, &compare).says("run 2 relied on the rehearsal in run 1, which is damaged");
    std::fs::write(&log, whole).unwrap();
    bench.ends(0, &compare);
    bench.sh("mkdir away && mv .holdpoint/runs/0001-* away");
    bench.ends(2, &compare).says("run 2 relied on the rehearsal in run 1, which is not here");
}

#[test]
fn damaged_rehearsals_that_are_passed_over_are_named_beside_what_is_compared_or_that_there_is_none() {
    let bench = bench();
    run(&bench, "staging", &[]);
    run(&bench, "staging", &[]);
    run(&bench, "production", &[]);
    let compare = ["compare", "4", "--to-rehearsal"];
    let whole = bench.ends(0, &compare);
    assert!(!whole.both().contains("assed over"), "{}", whole.both());
    std::fs::write(bench.run_dir(3).join("run.jsonl"), "no event\n").unwrap();
    // One in which something happened that was not asked for.
    forge(&bench.run_dir(2), |events| {
        let finished = events.iter_mut().find(|event| event["type"] == "action.finished").unwrap();
        finished["outcome"] = "failed".into();
    });
    let told = "assed over, as their records cannot be used: 2, 3; `holdpoint verify` says what is wrong";
    bench.ends(0, &compare).says(told).says("run 1 in staging");
    bench.ends(0, &[&compare[..], &["--format", "json"]].concat()).says(told);
    bench.sh("mv .holdpoint/runs/0001-* .");
    bench.ends(2, &compare).says(&format!("no rehearsal of book.md before run 4 passed (p{told})"));
}

#[test]
fn the_history_of_a_document_counts_its_runs_by_step_and_passes_over_what_cannot_be_read() {
    let bench = bench();
    for _ in 0..3 {
        run(&bench, "production", &[]);
    }
    bench.sh("rm words");
    bench.ends(3, &["run", "book.md", "--env", "production", "--unattended", "--answers", "yes.yaml"]);
    let json = bench.ends(0, &["history", "book.md", "--format", "json"]).json();
    assert_eq!(json["runs"], 5);
    let step = |json: &Value, at: usize| {
        let step = &json["steps"][at];
        let count = |key: &str| step[key].as_u64().unwrap();
        (count("runs"), count("done"), count("failed"), step["elapsed_ms"]["p95"].is_u64())
    };
    assert_eq!(step(&json, 0), (5, 5, 0, true), "{json:#}");
    assert_eq!(step(&json, 1), (5, 4, 1, true), "{json:#}");
    assert_eq!(step(&json, 2), (4, 4, 0, true), "{json:#}");
    let json = bench.ends(0, &["history", "book.md", "--env", "staging", "--format", "json"]).json();
    assert_eq!((&json["runs"], step(&json, 1).0), (&json!(1), 1));
    bench.ends(0, &["history", "book.md"]).says("book.md: 5 runs").says("p95");
    bench.ends(2, &["history", "book.md", "--env", "stagin"]).says("Did you mean staging?");
    let log = bench.run_dir(2).join("run.jsonl");
    std::fs::write(&log, "x\n").unwrap();
    let json = bench.ends(0, &["history", "book.md", "--format", "json"]).json();
    assert_eq!((&json["runs"], &json["passed_over"]), (&json!(4), &json!([2])));
}

#[test]
fn the_report_of_a_run_that_relied_on_a_rehearsal_lays_that_beside_it() {
    let bench = bench();
    let config = CONFIG.replace(
        "[environments.production]\n",
        "[environments.production]\nrequires = { rehearsal = \"staging\" }\n",
    );
    bench.file("holdpoint.toml", &config).file("state", "all is odd\n").file("commit", "def5678\n");
    run(&bench, "production", &[]);
    let page = bench.ends(0, &["report", "2", "--format", "html"]).stdout;
    let at = page.find("This run beside its rehearsal").unwrap();
    let section = &page[at..at + page[at..].find("</section>").unwrap()];
    for told in [
        "the rehearsal",
        "this run",
        "value: COMMIT",
        "abc1234",
        "def5678",
        "standard output: look#1",
        "- all is well",
        "+ all is odd",
        "Masked in outputs and values before they were compared",
        "The same but for what is masked",
        "holdpoint compare 2 --to-rehearsal",
        "<td>1 Look</td>",
        "Took",
    ] {
        assert!(section.contains(told), "{told}\n{section}");
    }
    // The rehearsal itself relied on none.
    assert!(!bench.ends(0, &["report", "1", "--format", "html"]).stdout.contains("beside its rehearsal"));
    bench.sh("mkdir away && mv .holdpoint/runs/0001-* away");
    let page = bench.ends(0, &["report", "2", "--format", "html"]).stdout;
    assert!(page.contains("They were not compared: the record of run 1 is not here."), "{page}");
    bench.sh("mv away/0001-* .holdpoint/runs/ && rmdir away");
    let seal = bench.run_dir(1).join("seal.json");
    let text = std::fs::read_to_string(&seal).unwrap();
    std::fs::write(&seal, text.trim_end().to_owned() + " \n").unwrap();
    let page = bench.ends(0, &["report", "2", "--format", "html"]).stdout;
    assert!(page.contains("is not the one that was relied on."), "{page}");
}
