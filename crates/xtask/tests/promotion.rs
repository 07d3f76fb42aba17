//! The promotion run-book, walked by a small reader of its own: what its blocks do must be right whatever the program
//! that runs them makes of it. Reads only the forms that this one document uses, and panics on any other.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use holdpoint_xtask::command::{git, hermetic, output};
use holdpoint_xtask::product::{self, Place, Product, RELEASE, RUNBOOK};
use holdpoint_xtask::{sample, workspace};

#[derive(Debug, Default)]
struct Step {
    title: String,
    only_in: Option<String>,
    actions: Vec<Block>,
    rollback: Option<Block>,
}

#[derive(Debug)]
struct Block {
    language: String,
    mutates: bool,
    script: String,
    captures: Vec<(String, String)>,
    expect: String,
}

/// The steps of the run-book that hold blocks, those that it includes where they are included.
fn steps() -> Vec<Step> {
    let mut steps = Vec::new();
    read(&workspace().join(RUNBOOK), &mut steps);
    steps
}

fn read(file: &Path, steps: &mut Vec<Step>) {
    let text = std::fs::read_to_string(file).unwrap();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(path) = line.strip_suffix(" \"include\")").and_then(|link| link.split_once("](")) {
            read(&file.with_file_name(path.1), steps);
        }
        if let Some(title) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            steps.push(Step { title: title.to_owned(), ..Step::default() });
        }
        let Some(info) = line.strip_prefix("```") else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let step = steps.last_mut().unwrap();
        match info.split_once(' ').unwrap() {
            (language @ ("sh" | "bash"), "rollback") => step.rollback = Some(block(language, true, &body)),
            (language @ ("sh" | "bash"), kind) => step.actions.push(block(language, kind == "run", &body)),
            ("yaml", "check") => step.actions.push(probe(&body)),
            ("yaml", "expect") => step.actions.last_mut().unwrap().expect = body.join("\n"),
            ("yaml", "step") => {
                let when = body.iter().find_map(|line| line.strip_prefix("when: environment.name == "));
                step.only_in = when.map(|name| name.trim_matches('"').to_owned());
            }
            ("yaml", "record" | "signoff") => {}
            other => panic!("unknown block {other:?}"),
        }
    }
    steps.retain(|step| !step.actions.is_empty() || step.rollback.is_some() || step.only_in.is_some());
}

fn block(language: &str, mutates: bool, body: &[&str]) -> Block {
    let (options, script): (Vec<&str>, Vec<&str>) = body.iter().partition(|line| line.starts_with("#|"));
    let captures = options.iter().find_map(|line| line.strip_prefix("#| capture: { ")).unwrap_or_default();
    Block {
        language: language.to_owned(),
        mutates,
        script: script.join("\n"),
        captures: captures_of(captures),
        expect: String::new(),
    }
}

fn captures_of(written: &str) -> Vec<(String, String)> {
    let captures =
        written.split(" }").filter_map(|one| one.trim_start_matches([',', ' ']).split_once(": { "));
    captures.map(|(name, from)| (name.to_owned(), from.to_owned())).collect()
}

/// A probe, as a script that asks the same by other means.
fn probe(body: &[&str]) -> Block {
    let of = |key: &str| body.iter().find_map(|line| line.trim_start().strip_prefix(key)).map(str::trim);
    let quoted = |list: &str| -> Vec<String> {
        let list = list.split_once('[').unwrap().1.split_once(']').unwrap().0;
        list.split(", ").map(|one| one.replace("{{ ", "${").replace(" }}", "}")).collect()
    };
    let (script, expect) = match (of("url:"), of("git:").unwrap_or_default()) {
        (Some(url), _) => {
            let url = url.replace("{{ ", "${").replace(" }}", "}");
            let script =
                format!("for n in 1 2 3 4 5 6 7 8 9; do scripts/http-get {url} 5 && break; sleep 1; done");
            (script, format!("json: {}", of("json:").unwrap()))
        }
        (None, "{ clean: true }") => ("git status --porcelain".to_owned(), "stdout: empty".to_owned()),
        (None, git) if git.starts_with("{ ancestor:") => {
            (format!("git merge-base --is-ancestor {}", quoted(git).join(" ")), "exit: 0".to_owned())
        }
        (None, git) if git.starts_with("{ equal_trees:") => {
            (format!("git diff --stat {}", quoted(git).join(" ")), "stdout: empty".to_owned())
        }
        other => panic!("unknown probe {other:?}"),
    };
    let captures = captures_of(of("capture: {").unwrap_or_default()).into_iter();
    let captures = captures.map(|(name, from)| (name, from.replace("$.json.", "$.")));
    Block { language: "bash".to_owned(), mutates: false, script, captures: captures.collect(), expect }
}

/// A walk through the run-book in one deployment.
struct Walk<'a> {
    product: &'a Product,
    place: &'a Place,
    values: BTreeMap<String, String>,
}

impl<'a> Walk<'a> {
    fn new(product: &'a Product, place: &'a Place) -> Walk<'a> {
        let config = std::fs::read_to_string(product.repo.join("holdpoint.toml")).unwrap();
        let config: toml::Table = toml::from_str(&config).unwrap();
        let vars = config["environments"][&place.environment]["vars"].as_table().unwrap();
        let vars = vars.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
        let release = [("RELEASE".to_owned(), RELEASE.to_owned())];
        Walk { product, place, values: vars.chain(release).collect() }
    }

    fn run(&mut self, block: &Block) -> Result<(), String> {
        let mut command = Command::new(&block.language);
        let strict = if block.language == "bash" { "set -eu -o pipefail" } else { "set -eu" };
        command.args(["-c", &format!("{strict}\n{}", block.script)]).current_dir(&self.product.repo);
        hermetic(&mut command).envs(&self.values);
        let stdout = output(&mut command).map_err(|error| error.to_string())?;
        for (name, from) in &block.captures {
            let value = match from.split_once(": ").unwrap() {
                ("stdout", "true") => stdout.clone(),
                ("json", path) => json(&stdout, path),
                ("regex", "'(?m)^sha256 ([0-9a-f]{64})$'") => last_word_of(&stdout, "sha256 "),
                other => panic!("unknown capture {other:?}"),
            };
            self.values.insert(name.clone(), value);
        }
        self.judge(block, &stdout)
    }

    fn judge(&self, block: &Block, stdout: &str) -> Result<(), String> {
        let expect = self.values.iter().fold(block.expect.clone(), |text, (name, value)| {
            text.replace(&format!("{{{{ {name} }}}}"), value)
        });
        assert!(!expect.contains("{{ "), "a name that nothing defines in {expect}");
        let mut wrong = Vec::new();
        let mut hold = |what: &str, holds: bool| {
            if !holds {
                wrong.push(format!("{what}, but came: {stdout}"));
            }
        };
        for line in expect.lines() {
            let line =
                line.trim().trim_start_matches("- ").trim_start_matches("stdout: [ ").trim_end_matches(" ]");
            let inner = line.trim_start_matches("{ ").trim_end_matches(" }");
            match inner.split_once(": ").unwrap_or((inner, "")) {
                ("exit", "0") | ("stdout:", "") => {}
                ("stdout", "empty") => hold(line, stdout.trim().is_empty()),
                ("stdout", "not_empty") => hold(line, !stdout.trim().is_empty()),
                ("equals", text) => hold(line, stdout == text.trim_matches('"')),
                ("contains", text) => hold(line, stdout.contains(text.trim_matches('"'))),
                ("not_contains", text) => hold(line, !stdout.contains(text.trim_matches('"'))),
                ("matches", r"'^\s*1\s*$'") => hold(line, stdout.trim() == "1"),
                ("matches", "'^[0-9a-f]{40}$'") => hold(line, stdout.len() == 40),
                ("json", pair) => {
                    let (path, value) = pair.trim_start_matches("{ ").split_once(": ").unwrap();
                    hold(line, json(stdout, path) == value.trim_matches('"'));
                }
                other => panic!("unknown expectation {other:?}"),
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }

    fn applies(&self, step: &Step) -> bool {
        step.only_in.as_ref().is_none_or(|name| *name == self.place.environment)
    }

    /// Walks the steps; one that does not pass is a failure of the test.
    fn walk(&mut self, steps: &[Step]) {
        for step in steps {
            if self.applies(step) {
                for block in &step.actions {
                    self.run(block).unwrap_or_else(|why| panic!("{}: {why}\n{}", step.title, block.script));
                }
            }
        }
    }

    fn roll_back(&mut self, steps: &[Step]) {
        for step in steps.iter().rev() {
            if self.applies(step)
                && let Some(block) = &step.rollback
            {
                self.run(block).unwrap_or_else(|why| panic!("rollback of {}: {why}", step.title));
            }
        }
    }
}

fn json(text: &str, path: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let value = &value[path.strip_prefix("$.").unwrap()];
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn last_word_of(text: &str, start: &str) -> String {
    text.lines().find_map(|line| line.strip_prefix(start)).unwrap().to_owned()
}

/// Everything that a promotion may change, backups aside.
fn state(product: &Product, place: &Place) -> String {
    let told = |arguments: &[&str]| output(git(&product.repo).args(arguments)).unwrap();
    let listed =
        r#"cd "$1"; readlink current; find releases | sort; find "$2/build" -mindepth 1 2>/dev/null || true"#;
    let mut list = Command::new("bash");
    [
        told(&["ls-remote", "origin"]),
        told(&["tag", "--list"]),
        told(&["status", "--porcelain"]),
        output(list.args(["-c", listed, "list"]).arg(&place.root).arg(&product.repo)).unwrap(),
        product.version(place).unwrap()["commit"].to_string(),
    ]
    .join("\n")
}

fn made() -> (tempfile::TempDir, Product) {
    let directory = tempfile::tempdir().unwrap();
    let product = product::make(directory.path()).unwrap();
    (directory, product)
}

#[test]
fn each_step_that_changes_something_says_how_to_undo_it_and_is_checked() {
    for step in steps() {
        let mutating = step.actions.iter().filter(|block| block.mutates).count();
        assert_eq!(mutating > 0, step.rollback.is_some(), "{}", step.title);
        for (at, _) in step.actions.iter().enumerate().filter(|(_, block)| block.mutates) {
            let check = step.actions.get(at + 1).unwrap_or_else(|| panic!("{}: no check", step.title));
            assert!(!check.mutates && !check.expect.is_empty(), "{}", step.title);
        }
    }
}

#[test]
fn a_promotion_ends_with_the_promoted_commit_serving() {
    for environment in ["staging", "production"] {
        let (_directory, product) = made();
        let (place, other) = match environment {
            "staging" => (&product.staging, &product.production),
            _ => (&product.production, &product.staging),
        };
        let untouched = product.version(other).unwrap();
        Walk::new(&product, place).walk(&steps());

        assert_eq!(product.version(place).unwrap()["commit"], *product.candidate, "{environment}");
        assert_eq!(
            product.version(other).unwrap(),
            untouched,
            "{environment} leaves the other deployment alone"
        );
        let refs = output(git(&product.repo).args(["ls-remote", "origin"])).unwrap();
        let stands = |name: &str| refs.lines().find_map(|line| line.strip_suffix(&format!("\t{name}")));
        let (moved, left) = match environment {
            "staging" => ("rehearsal/production", "production"),
            _ => ("production", "rehearsal/production"),
        };
        assert_eq!(stands(&format!("refs/heads/{moved}")), Some(&*product.candidate));
        assert_eq!(stands(&format!("refs/heads/{left}")), Some(&*product.previous));
        let rehearsed = stands(&format!("refs/tags/rehearsal-{RELEASE}^{{}}"));
        let released = stands(&format!("refs/tags/{RELEASE}^{{}}"));
        let (tagged, free) =
            if environment == "staging" { (rehearsed, released) } else { (released, rehearsed) };
        assert_eq!((tagged, free), (Some(&*product.candidate), None), "{environment}");
    }
}

#[test]
fn a_rehearsal_can_be_repeated_with_the_same_result() {
    let (_directory, product) = made();
    for _ in 0..2 {
        Walk::new(&product, &product.staging).walk(&steps());
        assert_eq!(product.version(&product.staging).unwrap()["commit"], *product.candidate);
    }
}

/// However far a promotion got, rolling back leaves everything as it was. One product serves all distances: each walk
/// begins where the rollback before it ended.
#[test]
fn each_rollback_restores_what_was_there_before() {
    let steps = steps();
    let (_directory, product) = made();
    let undone: Vec<usize> = (1..=steps.len()).filter(|far| steps[far - 1].rollback.is_some()).collect();
    for place in [&product.production, &product.staging] {
        let before = state(&product, place);
        for far in sample::some(undone.iter().copied(), 2) {
            let mut walk = Walk::new(&product, place);
            walk.walk(&steps[..far]);
            walk.roll_back(&steps[..far]);
            let after = state(&product, place);
            assert_eq!(after, before, "{} rolled back from {}", place.environment, steps[far - 1].title);
        }
    }
}

/// A block may fail before it has had any effect; its rollback must then find nothing to undo, not fail.
#[test]
fn a_rollback_of_a_step_that_had_no_effect_yet_does_no_harm() {
    let steps = steps();
    let (_directory, product) = made();
    let place = &product.production;
    let before = state(&product, place);
    let undone = (0..steps.len()).filter_map(|far| Some((far, steps[far].rollback.as_ref()?)));
    for (far, rollback) in sample::some(undone, 3) {
        let mut walk = Walk::new(&product, place);
        walk.walk(&steps[..far]);
        if walk.applies(&steps[far]) && !rollback.script.contains("test -s \"$BACKUP\"") {
            walk.run(rollback).unwrap_or_else(|why| panic!("{}: {why}", steps[far].title));
        }
        walk.roll_back(&steps[..far]);
        assert_eq!(state(&product, place), before, "{}", steps[far].title);
    }
}

#[test]
fn a_promotion_stops_when_the_remote_has_moved_on_meanwhile() {
    let (_directory, product) = made();
    let steps = steps();
    let branch = steps.iter().position(|step| step.title == "Fast-forward the branch").unwrap();
    let mut walk = Walk::new(&product, &product.production);
    walk.walk(&steps[..branch]);
    let hotfix = output(git(&product.repo).args(["rev-parse", "origin/development"])).unwrap();
    output(git(&product.repo).args(["push", "origin", &format!("{hotfix}:refs/heads/production")])).unwrap();
    let why = walk.run(&steps[branch].actions[0]).unwrap_err();
    assert!(why.contains("stale info"), "{why}");
}

#[test]
fn a_rehearsal_refuses_to_set_its_stage_on_the_real_branch_or_tag() {
    let (_directory, product) = made();
    let before = state(&product, &product.production);
    for (name, value) in [("TARGET_BRANCH", "production"), ("TAG_PREFIX", "")] {
        let mut walk = Walk::new(&product, &product.staging);
        walk.values.insert(name.to_owned(), value.to_owned());
        let stage = steps().into_iter().find(|step| step.only_in.is_some()).unwrap();
        walk.run(&stage.actions[0]).unwrap_err();
        assert_eq!(state(&product, &product.production), before);
    }
}
