//! Run-books that include others, through the real binary.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use crate::runs::book;
use crate::support::{Bench, Ran, forge, sha256};

const COMMON: &str = "---\nrunbook: 1\ntitle: Common checks\ninputs: { RELEASE: { prompt: Which } }\n---\n\n\
                      # Common checks\n\nBefore anything else.\n\n## Room\n\nThere must be room.\n\n```sh check\n\
                      #| id: space\n#| capture: { FREE: { stdout: true } }\necho much\n```\n";

const CONFIG: &str = "[people.\"lead@example.org\"]\nname = \"Lee Lead\"\n\n[roles]\nlead = [\"lead@example.org\"]\n\n\
                      [environments.staging]\nrehearsal = true\n\n[environments.strict]\nprotected = true\n\n\
                      [environments.production]\noverride = [\"lead\"]\nrequires = { rehearsal = \"staging\" }\n";

fn main_book() -> String {
    book(
        "inputs:\n  RELEASE: { prompt: Which release, default: v1 }\n",
        "## Preflight\n\n[common checks](../common/checks.md \"include\")\n\n## Change\n\n```sh run\necho \"$FREE\" > changed\n\
         ```\n\n```sh check\ncat changed\n```\n",
    )
}

fn bench() -> Bench {
    Bench::with(&[
        ("books/main.md", &main_book()),
        ("common/checks.md", COMMON),
        ("holdpoint.toml", CONFIG),
        (".gitignore", "/.holdpoint/runs/\n/changed\n"),
    ])
}

fn run(bench: &Bench, environment: &str) -> Ran {
    bench.holdpoint(&["run", "books/main.md", "--unattended", "--env", environment])
}

#[test]
fn a_plan_says_which_file_each_step_is_from_and_its_places_are_of_that_file() {
    let bench = bench();
    let plan = ["plan", "books/main.md", "--env", "staging"];
    let ran = bench.ends(0, &plan);
    ran.says("[common-checks.room]").says("from common/checks.md");
    let told = bench.ends(0, &[&plan[..], &["--format", "json"]].concat()).json();
    let digest = sha256(COMMON.as_bytes());
    let included = json!([{"path": "common/checks.md", "blob": {"sha256": digest, "bytes": COMMON.len()}}]);
    assert_eq!(told["includes"], included);
    assert_eq!(told["sha256"], sha256(main_book().as_bytes()));
    let text = |step: &Value, text: &str| {
        let at = |key: &str| usize::try_from(step["span"][key].as_u64().unwrap()).unwrap();
        text[at("start")..at("end")].trim().to_owned()
    };
    let steps = told["document"]["steps"].as_array().unwrap();
    assert_eq!(steps[0]["file"], "common/checks.md");
    assert!(text(&steps[0], COMMON).starts_with("## Room\n"), "{}", text(&steps[0], COMMON));
    assert_eq!(steps[1].get("file"), None);
    assert!(text(&steps[1], &main_book()).starts_with("## Change\n"));
}

#[test]
fn findings_name_the_file_that_they_are_in_in_every_format() {
    let bench = bench();
    let common = COMMON.replace("#| id: space", "#| timout: 5s");
    bench.file("common/checks.md", &common);
    let line = 1 + common.lines().position(|line| line.contains("timout")).unwrap();
    let check = |format: &str| bench.ends(2, &["check", "books/main.md", "--format", format]);
    check("text").says(&format!("common/checks.md:{line}:4")).says("timout").says("books/main.md: 1 error,");
    let json = check("json").json();
    let found = json.as_array().unwrap().iter().find(|one| one["code"] == "unknown-key").unwrap();
    assert_eq!((&found["file"], &found["span"]["line"]), (&json!("common/checks.md"), &json!(line)));
    let start = usize::try_from(found["span"]["start"].as_u64().unwrap()).unwrap();
    assert!(common[start..].starts_with("timout"));
    let sarif = check("sarif").json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let found = results.iter().find(|one| one["ruleId"] == "unknown-key").unwrap();
    let place = &found["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "common/checks.md");
    assert_eq!(place["region"]["startLine"], line);
    check("github").says(&format!("::error file=common/checks.md,line={line},col=4,title=unknown-key::"));
    // A run that refuses shows the same place.
    let ran = run(&bench, "staging");
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says(&format!("common/checks.md:{line}:4"));
}

#[test]
fn what_is_included_is_a_regular_file_of_the_repository_by_no_link() {
    type Put = fn(&Path);
    let cases: [(&str, Put); 8] = [
        ("a link leads to it", |path| symlink("../elsewhere.md", path).unwrap()),
        ("a link leads to it", |path| symlink("/etc/passwd", path).unwrap()),
        ("a link leads to it", |path| {
            let directory = path.parent().unwrap();
            fs::rename(directory, directory.with_extension("moved")).unwrap();
            fs::write(directory.with_extension("moved").join("checks.md"), COMMON).unwrap();
            symlink("common.moved", directory).unwrap();
        }),
        ("a FIFO", |path| {
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
        }),
        ("a directory", |path| fs::create_dir(path).unwrap()),
        ("there is no such file", |_| {}),
        ("is not UTF-8, from byte 4 on", |path| fs::write(path, b"abcd\xff").unwrap()),
        ("longer than 4194304 bytes", |path| {
            fs::File::create(path).unwrap().set_len(100 << 30).unwrap();
        }),
    ];
    for (why, put) in cases {
        let bench = bench();
        let path = bench.path("common/checks.md");
        fs::write(bench.path("elsewhere.md"), COMMON).unwrap();
        fs::remove_file(&path).unwrap();
        put(&path);
        let ran = bench.ends(2, &["check", "books/main.md", "--format", "json"]);
        let found = ran.json();
        let found = found.as_array().unwrap().iter().find(|one| one["code"] == "bad-include");
        let found = found.unwrap_or_else(|| panic!("{why}: {}", ran.both()));
        assert_eq!(found["file"], "books/main.md", "{why}");
        assert!(found["message"].as_str().unwrap().contains(why), "{why}: {found}");
        assert!(!found["help"].as_str().unwrap().is_empty());
        assert_eq!(run(&bench, "staging").code, 2);
        assert!(!bench.exists(".holdpoint"));
    }
}

#[test]
fn a_run_keeps_what_it_includes_and_needs_no_file_afterwards() {
    let bench = bench();
    // It stops after the first step and goes on without the files.
    bench.file("books/main.md", &main_book().replace("## Change\n", "## Change\n\n- [ ] go on\n"));
    bench.committed();
    let ran = run(&bench, "staging");
    assert_eq!(ran.code, 3, "{}", ran.both());
    ran.says("includes").says("common/checks.md sha256");
    let opened = &bench.events(1)[0];
    let digest = sha256(COMMON.as_bytes());
    let included = json!([{"path": "common/checks.md", "blob": {"sha256": digest, "bytes": COMMON.len()}}]);
    assert_eq!(opened["runbook"]["includes"], included);
    let dir = bench.run_dir(1);
    assert_eq!(fs::read_to_string(dir.join("blobs/sha256").join(&digest)).unwrap(), COMMON);
    assert_eq!(bench.of_type(1, "action.finished")[0]["action"], "common-checks.space");
    fs::remove_dir_all(bench.path("common")).unwrap();
    bench.file("books/main.md", "gone");
    bench.file("yes.yaml", "steps:\n  change: { confirm: true }\n");
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "yes.yaml"]);
    assert_eq!(bench.text("changed"), "much\n");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
    bench.ends(0, &["show", "1"]).says("Room");
    bench.ends(0, &["replay", "1"]).says("common-checks.space");
    let report = bench.ends(0, &["report", "1", "--format", "markdown"]).stdout;
    assert!(report.contains("There must be room."), "{report}");
    assert!(report.contains(&digest) && report.contains("| Includes | `common/checks.md`"), "{report}");
    // The link comes before what it brings, and that before what follows it.
    let at = |what: &str| report.find(what).unwrap_or_else(|| panic!("{what}: {report}"));
    assert!(at("common/checks.md \"include\"") < at("## Room") && at("## Room") < at("## Change"));
    let page = bench.ends(0, &["report", "1", "--format", "html"]).stdout;
    assert!(page.contains("There must be room.") && page.contains(&digest));
    // Each says which file a step is from that is not the document's own.
    bench.ends(0, &["show", "1"]).says("from common/checks.md");
    bench.ends(0, &["show", "1", "--step", "common-checks.room"]).says("from common/checks.md");
    assert!(report.contains("Room (from `common/checks.md`) |"), "{report}");
    assert!(report.contains("**STEP 1.1.1 PASSED** · from `common/checks.md`"), "{report}");
    assert!(report.contains("| Change |"), "{report}");
    assert!(page.contains("Room</a> (from <code>common&#x2f;checks.md</code>)"), "{page}");
    assert!(page.contains("<span class=\"fact\">from common&#x2f;checks.md</span>"), "{page}");
    let junit = bench.ends(0, &["report", "1", "--format", "junit"]).stdout;
    assert!(junit.contains("<property name=\"file\" value=\"common/checks.md\"/>"), "{junit}");
    let json = bench.ends(0, &["report", "1", "--format", "json"]).json();
    assert_eq!(json["document"]["includes"], included);
    assert_eq!(json["steps"][0]["file"], "common/checks.md");
    // A bundle carries it, and is proved somewhere else.
    bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let other = Bench::new();
    fs::copy(bench.path("run.tar.zst"), other.path("run.tar.zst")).unwrap();
    other.ends(0, &["verify", "run.tar.zst"]).says("intact and complete");
}

#[test]
fn a_record_of_other_included_bytes_is_told_whoever_wrote_it() {
    type Alter = fn(&Path, &str);
    let cases: [(&str, Alter); 5] = [
        ("altered at event 0", |dir, digest| {
            let path = dir.join("blobs/sha256").join(digest);
            let text = fs::read_to_string(&path).unwrap();
            fs::remove_file(&path).unwrap();
            fs::write(path, text.replace("echo much", "echo less")).unwrap();
        }),
        ("altered at event 0", |dir, digest| fs::remove_file(dir.join("blobs/sha256").join(digest)).unwrap()),
        ("does not conform at event 0", |dir, _| {
            forge(dir, |events| drop(events[0]["runbook"].as_object_mut().unwrap().shift_remove("includes")));
        }),
        ("does not conform at event 0", |dir, _| {
            forge(dir, |events| {
                let more = json!({"path": "more.md", "blob": events[0]["runbook"]["blob"]});
                events[0]["runbook"]["includes"].as_array_mut().unwrap().push(more);
            });
        }),
        // Other bytes that are kept under their own digest make another plan.
        ("does not conform at event 0", |dir, digest| {
            let text = fs::read_to_string(dir.join("blobs/sha256").join(digest)).unwrap();
            let text = text.replace("echo much", "echo less");
            let other = sha256(text.as_bytes());
            fs::write(dir.join("blobs/sha256").join(&other), &text).unwrap();
            forge(dir, |events| events[0]["runbook"]["includes"][0]["blob"]["sha256"] = json!(other));
        }),
    ];
    for (verdict, alter) in cases {
        let bench = bench();
        assert_eq!(run(&bench, "staging").code, 0);
        let dir = bench.run_dir(1);
        alter(&dir, &sha256(COMMON.as_bytes()));
        bench.ends(6, &["verify", "1"]).says(verdict);
    }
}

#[test]
fn a_rehearsal_of_other_included_bytes_opens_no_way_and_the_file_is_named() {
    let bench = bench();
    assert_eq!(run(&bench, "staging").code, 0);
    assert_eq!(run(&bench, "production").code, 0);
    bench.ends(0, &["verify", "2"]).says("intact and complete");
    bench.file("common/checks.md", &COMMON.replace("echo much", "echo more"));
    let ran = run(&bench, "production");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("run 1: common/checks.md, which the document includes, has changed since: 1 line differs");
    ran.says("holdpoint run books/main.md --env staging");
    assert_eq!(
        fs::read_dir(bench.path(".holdpoint/runs"))
            .unwrap()
            .flatten()
            .filter(|it| it.path().is_dir())
            .count(),
        2
    );
    assert_eq!(run(&bench, "staging").code, 0);
    assert_eq!(run(&bench, "production").code, 0);
}

#[test]
fn a_protected_environment_takes_included_files_only_as_committed() {
    let bench = bench();
    bench.committed();
    let who = ["run", "books/main.md", "--unattended", "--env", "strict", "--operator", "lead@example.org"];
    let ran = bench.holdpoint(&who);
    assert_eq!(ran.code, 0, "{}", ran.both());
    assert_eq!(bench.events(1)[0]["runbook"]["committed"], true);
    bench.file("common/checks.md", &COMMON.replace("echo much", "echo more"));
    let ran = bench.holdpoint(&who);
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("is not as committed").says("Commit common/checks.md first");
}

#[test]
fn a_run_that_includes_nothing_says_nothing_of_it() {
    let bench = Bench::with(&[("book.md", &book("", "- [ ] done\n"))]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    assert_eq!(bench.events(1)[0]["runbook"].get("includes"), None);
    let plan = bench.ends(0, &["plan", "book.md", "--format", "json"]).json();
    assert_eq!((plan.get("includes"), plan["document"]["steps"][0].get("file")), (None, None));
}

#[test]
fn what_is_answered_and_covered_goes_by_the_ids_of_the_include() {
    let bench = bench();
    bench.file("common/checks.md", &format!("{COMMON}\n- [ ] really\n"));
    bench.file("yes.yaml", "steps:\n  common-checks.room: { confirm: true }\n");
    let ran = bench.holdpoint(&[
        "run",
        "books/main.md",
        "--unattended",
        "--env",
        "staging",
        "--answers",
        "yes.yaml",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.both());
    let history = bench.ends(0, &["history", "books/main.md", "--format", "json"]).json();
    assert_eq!(history["steps"][0]["id"], "common-checks.room");
    bench.ends(0, &["coverage", "books/main.md"]);
}
