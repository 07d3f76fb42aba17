//! The change under which a run goes: its id is given, held against a pattern, and a script of the repository is asked.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::runs::book;
use crate::support::{Bench, forge, sha256};

const CONFIG: &str = r#"
[environments.prod]
requires = { change = { pattern = 'CHG\d+', check = "scripts/open.sh" } }
override = ["lead"]

[environments.named]
requires = { change = { pattern = 'CHG\d+' } }

[environments.free]

[people."lead@example.org"]
name = "Lea Lead"

[roles]
lead = ["lead@example.org"]
qa = ["ops@example.org"]
"#;

const STEPS: &str = "## First\n\n```sh run\necho first >>log\n```\n\n## Ready\n\n- [ ] It is time\n\n## Second\n\n```sh run\necho second >>log\n```\n";

/// Says what the change is, from a list of those that are open.
const SCRIPT: &str = "#!/bin/sh\nenv | cut -d= -f1 | sort >seen\necho \"asked about $HOLDPOINT_CHANGE in $HOLDPOINT_ENVIRONMENT\"\ngrep -qx \"$HOLDPOINT_CHANGE\" open || { echo \"$HOLDPOINT_CHANGE is closed\" >&2; exit 3; }\n";

fn bench() -> Bench {
    let bench = Bench::with(&[
        ("book.md", &book("", STEPS)),
        ("holdpoint.toml", CONFIG),
        ("open", "CHG1\nCHG2\n"),
        ("ready.yaml", "steps: { ready: { confirm: true } }\n"),
    ]);
    script(&bench, SCRIPT);
    bench
}

fn script(bench: &Bench, text: &str) {
    bench.file("scripts/open.sh", text);
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(bench.path("scripts/open.sh"), executable).unwrap();
}

const RUN: [&str; 5] = ["run", "book.md", "--env", "prod", "--unattended"];
const RESUME: [&str; 5] = ["resume", "1", "--unattended", "--answers", "ready.yaml"];

fn with(change: &'static str) -> Vec<&'static str> {
    [&RUN[..], &["--change", change]].concat()
}

#[test]
fn a_run_opens_under_a_change_that_the_script_lets_go_on() {
    let bench = bench();
    bench
        .ends(5, &RUN)
        .says("prod asks for the change under which something is run, and none is given")
        .says("--change ID");
    bench
        .ends(5, &with("CHG9"))
        .says("scripts/open.sh does not let CHG9 go on: it ended with exit code 3: CHG9 is closed");
    bench.ends(5, &with("chg1")).says("`chg1` must match");
    bench.ends(5, &with("CHG1 ")).says("must match");
    assert!(!bench.exists(".holdpoint") && !bench.exists("log"));
    bench.ends(3, &with("CHG1"));
    let change = &bench.events(1)[0]["policy"]["change"];
    assert_eq!((&change["id"], &change["pattern"]), (&json!("CHG1"), &json!(r"CHG\d+")));
    assert_eq!((&change["check"], &change["seen"]["exit"]), (&json!("scripts/open.sh"), &json!(0)));
    let said = "asked about CHG1 in prod\n";
    assert_eq!(change["seen"]["output"], json!({ "sha256": sha256(said.as_bytes()), "bytes": said.len() }));
    assert_eq!(change["seen"]["script"]["sha256"], sha256(SCRIPT.as_bytes()));
    let seen = bench.text("seen");
    assert!(!seen.contains("GIT_") && !seen.contains("HOLDPOINT_OPERATOR"), "{seen}");
    bench.ends(0, &RESUME);
    bench.ends(0, &["verify", "1"]);
    for format in ["markdown", "html", "junit"] {
        let report = bench.ends(0, &["report", "1", "--format", format]).stdout;
        assert!(report.contains("CHG1"), "{format}");
    }
    // Without a script the id is all.
    let named = ["run", "book.md", "--env", "named", "--unattended", "--change", "CHG9"];
    bench.ends(3, &named);
    assert_eq!(bench.events(2)[0]["policy"]["change"], json!({ "pattern": r"CHG\d+", "id": "CHG9" }));
    let free = ["run", "book.md", "--env", "free", "--unattended", "--change", "CHG1"];
    bench.ends(2, &free).says("free asks for none");
}

#[test]
fn a_change_that_was_closed_meanwhile_is_seen_before_anything_goes_on() {
    let bench = bench();
    bench.ends(3, &with("CHG1"));
    bench.file("open", "CHG2\n");
    let before = bench.tree();
    bench.ends(5, &RESUME).says("CHG1 is closed").says("Have CHG1 opened");
    assert_eq!(bench.tree(), before);
    let overriding = ["--override", "closed by mistake", "--override-by", "lead@example.org"];
    bench.sh("cp -r .holdpoint kept");
    bench.ends(0, &[&RESUME[..], &overriding].concat());
    bench.ends(0, &["verify", "1"]);
    let session = bench.of_type(1, "session.opened").pop().unwrap();
    assert_eq!((&session["change"]["exit"], &session["unmet"][0]["rule"]), (&json!(3), &json!("change")));
    bench.sh("rm -r .holdpoint && mv kept .holdpoint");
    bench.file("open", "CHG1\n");
    bench.ends(0, &RESUME);
    bench.ends(0, &["verify", "1"]);
    assert_eq!(bench.text("log"), "first\nsecond\nsecond\n");
}

#[test]
fn a_script_that_is_gone_lets_nothing_go_on_and_keeps_nobody_from_taking_back_what_was_done() {
    let bench = bench();
    let undone = STEPS.replacen("## Ready", "```sh rollback\necho undone >>log\n```\n\n## Ready", 1);
    bench.file("book.md", &book("", &undone));
    bench.ends(3, &with("CHG1"));
    bench.sh("rm scripts/open.sh");
    bench.ends(5, &RESUME).says("scripts/open.sh").says("cannot be read").says("Put it back");
    assert_eq!(bench.text("log"), "first\n");
    let ran = bench.holdpoint(&["rollback", "1", "--reason", "the change is over", "--yes", "--unattended"]);
    assert_eq!(bench.text("log"), "first\nundone\n", "{}", ran.both());
    bench.ends(0, &["verify", "1"]);
}

#[test]
fn an_override_under_another_printed_name_does_not_conform() {
    let bench = bench();
    bench.ends(3, &with("CHG1"));
    bench.file("open", "");
    let overriding = ["--override", "closed by mistake", "--override-by", "lead@example.org"];
    bench.ends(0, &[&RESUME[..], &overriding].concat());
    bench.ends(0, &["verify", "1"]);
    forge(&bench.run_dir(1), |events| {
        let one = events.iter_mut().find(|event| !event["overridden"].is_null()).unwrap();
        assert_eq!(one["overridden"]["name"], "Lea Lead");
        one["overridden"]["name"] = json!("Leo Lead");
    });
    bench.ends(6, &["verify", "1"]).says("the printed name of lead@example.org is Lea Lead, not Leo Lead");
}

#[test]
fn a_script_that_gives_no_answer_lets_nothing_go_on() {
    let bench = bench();
    for (text, why) in [
        ("#!/bin/sh\nkill -9 $$\n", "gave no answer about CHG1: killed by signal 9"),
        ("#!/bin/sh\nprintf asking; kill $$\n", "gave no answer about CHG1: killed by signal 15"),
        ("#!/bin/sh\nyes\n", "printed more than 65536 bytes"),
        ("#!/no/such/shell\n", "gave no answer about CHG1"),
        ("#!/bin/sh\nread -r x </dev/tty && exit 0\nexit 7\n", "exit code 7"),
    ] {
        script(&bench, text);
        bench.ends(5, &with("CHG1")).says(why);
    }
    std::fs::set_permissions(bench.path("scripts/open.sh"), std::fs::Permissions::from_mode(0o644)).unwrap();
    bench.ends(5, &with("CHG1")).says("gave no answer");
    std::fs::remove_file(bench.path("scripts/open.sh")).unwrap();
    bench.ends(2, &with("CHG1")).says("scripts/open.sh, which is asked about changes, cannot be read");
    bench.sh("ln -s /bin/true scripts/open.sh");
    bench.ends(2, &with("CHG1")).says("cannot be read");
    assert!(!bench.exists(".holdpoint"));
}

#[test]
fn a_dry_run_asks_no_script_and_tells_what_would_be_refused() {
    let bench = bench();
    let dry = ["run", "book.md", "--env", "prod", "--dry-run"];
    bench.holdpoint(&dry).says("a real run would be refused").says("none is given");
    bench.holdpoint(&[&dry[..], &["--change", "CHG1"]].concat());
    assert!(!bench.exists("seen"));
}

#[test]
fn a_secret_that_the_script_prints_is_not_kept() {
    let bench = bench();
    bench.file("book.md", &book("inputs:\n  TOKEN: { secret: true }\n", STEPS));
    script(&bench, "#!/bin/sh\necho correct-horse-battery\n");
    bench.file("answers.yaml", "inputs: { TOKEN: correct-horse-battery }\n");
    bench.ends(3, &[&with("CHG1")[..], &["--answers", "answers.yaml"]].concat());
    let kept = bench.sh("grep -rl correct-horse .holdpoint || true");
    assert_eq!(kept, "");
}

/// How a record is made another.
type Forging<'a> = &'a dyn Fn(&mut Vec<Value>);

/// What the record tells of a change cannot be made another without `verify` telling.
#[test]
fn a_record_with_another_change_does_not_conform() {
    let bench = bench();
    bench.ends(3, &with("CHG1"));
    bench.ends(0, &RESUME);
    let cases: [(&str, Forging<'_>, &str); 5] = [
        (
            "the rule removed",
            &|events| {
                events[0]["policy"].as_object_mut().unwrap().remove("change");
                events[0]["policy"]["kept"] = json!(["roles"]);
            },
            "not as in the recorded configuration",
        ),
        (
            "another id",
            &|events| events[0]["policy"]["change"]["id"] = json!("INC7"),
            "does not take this change",
        ),
        (
            "another pattern",
            &|events| events[0]["policy"]["change"]["pattern"] = json!(".*"),
            "what is asked of a change is not as in the recorded configuration",
        ),
        (
            "a script that refused",
            &|events| events[0]["policy"]["change"]["seen"]["exit"] = json!(3),
            "the rule change does not hold, and the run opened as if it did",
        ),
        (
            "no look when it was taken up",
            &|events| {
                let session = events.iter_mut().find(|event| event["type"] == "session.opened").unwrap();
                session.as_object_mut().unwrap().remove("change");
            },
            "the rule change does not hold, and the run went on as if it did",
        ),
    ];
    for (what, how, why) in cases {
        bench.sh("rm -rf kept && cp -r .holdpoint kept");
        forge(&bench.run_dir(1), |events| how(events));
        let ran = bench.holdpoint(&["verify", "1"]);
        assert_eq!(ran.code, 6, "{what}: {}", ran.both());
        ran.says(why);
        bench.sh("rm -rf .holdpoint && mv kept .holdpoint");
    }
}
