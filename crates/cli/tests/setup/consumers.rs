//! Findings as other programs take them: SARIF by its authors' own judge, a hook by pre-commit, the action by bash.

use std::path::PathBuf;
use std::process::Command;

use holdpoint_hosts::{Missing, skipped};
use holdpoint_xtask::{tools, workspace};

use crate::support::{Bench, Ran};

const RUNAWAY: &str = "# Release\n\n## Staging\n\n```\ndeploy\n\n## Production\n\n- [ ] Wipe “the” disks 𝄞\n";
const SOUND: &str = "# Sound\n\n- [ ] Look\n";
const BROKEN: &str =
    "---\nrunbook: 1\n---\n\n# A\n\n```sh rnu\nx\n```\n\n[checks](part/b.md \"include\")\n\n\u{feff}\n";
const PART: &str = "---\nrunbook: 1\n---\n\n# B\n\n```sh check\ncat <HOST\n```\n";

fn repository() -> Bench {
    let bench = Bench::with(&[
        ("books/a b.md", RUNAWAY),
        ("books/c,d:e%20f#g?.md", RUNAWAY),
        ("books/größe.md", RUNAWAY),
        ("books/broken.md", BROKEN),
        ("books/part/b.md", PART),
        ("sound/a.md", SOUND),
        ("holdpoint.toml", "[signers]\nfile = \"nobody\"\n"),
    ]);
    bench.committed();
    bench
}

#[test]
fn sarif_is_as_its_schema_and_its_authors_rules_say() {
    let Some(judge) = tools::sarif() else {
        let missing =
            Missing("Sarif.Multitool is not here; cargo xtask tools installs it where it can".to_owned());
        return skipped("SARIF, held against its schema", &missing);
    };
    let bench = repository();
    for (name, words) in [
        ("all", &["check", "--format", "sarif", "books", "sound"][..]),
        ("denied", &["check", "--format", "sarif", "--deny", "warnings", "books"]),
        ("sound", &["check", "--format", "sarif", "sound/a.md"]),
    ] {
        let log = bench.holdpoint(words).stdout;
        bench.file(&format!("{name}.sarif"), &log);
        let mut command = Command::new(&judge);
        command.current_dir(bench.root()).env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
        command.env("DOTNET_BUNDLE_EXTRACT_BASE_DIR", bench.all().join("tmp"));
        let ran = Ran::of(command.args(["validate", &format!("{name}.sarif")]).output().unwrap());
        let said = ran.both();
        assert!(said.contains("Analysis completed successfully"), "{name}: {said}");
        // That rules have no more than ids, and that there is no page about the program, is so.
        let told = |line: &&str| line.contains(": error ") || line.contains(": warning ");
        let known = |line: &&str| !line.contains("SARIF2004") && !line.contains("SARIF2005");
        let left: Vec<&str> = said.lines().filter(told).filter(known).collect();
        assert!(left.is_empty() && ran.code == 0, "{name}: {left:#?}\n{log}");
    }
}

/// A repository that uses our hooks as a repository of hooks.
fn hooked(arguments: &str) -> Bench {
    let bench = Bench::with(&[("books/a.md", SOUND)]);
    let hooks = bench.all().join("hooks");
    std::fs::create_dir(&hooks).unwrap();
    std::fs::copy(workspace().join(".pre-commit-hooks.yaml"), hooks.join(".pre-commit-hooks.yaml")).unwrap();
    bench.sh(&format!(
        "cd '{0}' && git init -q -b main . && git add -A && git commit -qm hooks",
        hooks.display()
    ));
    let rev = bench.sh(&format!("git -C '{}' rev-parse HEAD", hooks.display()));
    bench.file(
        ".pre-commit-config.yaml",
        &format!(
            "repos:\n  - repo: {}\n    rev: {}\n    hooks:\n      - id: holdpoint-check\n        args: [{arguments}]\n",
            hooks.display(),
            rev.trim()
        ),
    );
    bench.committed();
    bench
}

fn pre_commit(bench: &Bench, words: &[&str]) -> Ran {
    let program = tools::python().with_file_name("pre-commit");
    assert!(program.exists(), "pre-commit is missing; cargo xtask tools installs it");
    Ran::of(bench.command(program).args(words).output().unwrap())
}

#[test]
fn pre_commit_takes_the_hook_and_stops_a_commit_by_it() {
    let manifest = workspace().join(".pre-commit-hooks.yaml");
    let bench = hooked("--deny, warnings");
    let ran = pre_commit(&bench, &["validate-manifest", manifest.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.both());
    let ran = pre_commit(&bench, &["run", "--all-files"]);
    assert_eq!(ran.code, 0, "{}", ran.both());
    assert!(ran.stdout.contains("holdpoint check") && ran.stdout.contains("Passed"), "{}", ran.both());
    bench.file("books/b c.md", RUNAWAY);
    bench.sh("git add -A");
    let ran = pre_commit(&bench, &["run"]);
    assert_eq!(ran.code, 1, "{}", ran.both());
    assert!(ran.stdout.contains("has swallowed this heading"), "{}", ran.both());
    // Without the option warnings are only told.
    let ran = pre_commit(&hooked(""), &["run", "--all-files", "--verbose"]);
    assert_eq!(ran.code, 0, "{}", ran.both());
    assert!(ran.stdout.contains("a.md: 0 errors, 0 warnings, 1 step"), "{}", ran.both());
}

fn action() -> String {
    std::fs::read_to_string(workspace().join(".github/actions/check/action.yml")).unwrap()
}

/// The script of the action, as a runner has it.
fn script() -> String {
    let text = action();
    let (_, block) = text.split_once("      run: |\n").unwrap();
    block
        .lines()
        .map(|line| format!("{}\n", line.strip_prefix("        ").unwrap_or(line.trim_start())))
        .collect()
}

fn acted(bench: &Bench, [paths, deny, sarif, program]: [&str; 4]) -> Ran {
    let mut command = bench.command("bash");
    // As runners call it.
    command.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", &script()]);
    command.env("HOLDPOINT_ACTION_PATHS", paths).env("HOLDPOINT_ACTION_DENY", deny);
    command.env("HOLDPOINT_ACTION_SARIF", sarif).env("HOLDPOINT_ACTION_PROGRAM", program);
    Ran::of(command.output().unwrap())
}

#[test]
fn the_action_annotates_and_ends_as_check_does() {
    let bench = repository();
    for (given, code, said) in [
        (["sound\n", "", "", "holdpoint"], 0, "::notice::1 file: 0 errors"),
        (["sound\nbooks/a b.md\n", "", "", "holdpoint"], 0, "::warning file=books/a b.md,line="),
        (["books/a b.md", "warnings", "", "holdpoint"], 1, "::error file=books/a b.md,line="),
        (["books/c,d:e%20f#g?.md", "", "", "holdpoint"], 0, "file=books/c%2Cd%3Ae%2520f#g?.md,"),
        (["books", "", "", "holdpoint"], 2, "::error file=books/broken.md,line="),
        (["sound/**/*.md", "", "", "holdpoint"], 0, "::notice::1 file"),
        ([" ", "", "", "holdpoint"], 2, ""),
        (["\n\n", "", "", "holdpoint"], 2, "::error::`paths` names nothing"),
        (["sound", "errors", "", "holdpoint"], 2, "::error::`deny` takes `warnings`"),
        (["sound", "", "", "no-such-program"], 2, "::error::holdpoint is not installed"),
        (["$(touch pwned); `touch pwned`", "", "", "holdpoint"], 2, ""),
        (["--help", "", "", "holdpoint"], 2, ""),
    ] {
        let ran = acted(&bench, given);
        assert_eq!(ran.code, code, "{given:?}: {}", ran.both());
        assert!(ran.stdout.contains(said), "{given:?}: {}", ran.both());
    }
    assert!(!bench.exists("pwned"));
    let ran = acted(&bench, ["books\nsound", "", "out.sarif", "holdpoint"]);
    assert_eq!(ran.code, 2, "{}", ran.both());
    let log: serde_json::Value = serde_json::from_str(&bench.text("out.sarif")).unwrap();
    assert_eq!(log["version"], "2.1.0");
}

#[test]
fn no_value_is_pasted_into_the_script_of_the_action() {
    assert!(!script().contains("${{"), "{}", script());
    let read = |name: &str| std::fs::read_to_string(workspace().join(name)).unwrap();
    for input in ["paths", "deny", "sarif", "program"] {
        assert!(
            action().contains(&format!("${{{{ inputs.{input} }}}}")),
            "{input} is not given to the script"
        );
        assert!(read("docs/editors.md").contains(&format!("| `{input}` |")), "{input} is not documented");
    }
    let shellcheck = Bench::with(&[("action.sh", &script())]);
    let ran = Ran::of(shellcheck.command("shellcheck").args(["-s", "bash", "action.sh"]).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.both());
}

#[test]
fn the_extension_is_well_formed_and_has_the_files_that_it_names() {
    let folder: PathBuf = workspace().join("editors/vscode");
    let text = std::fs::read_to_string(folder.join("package.json")).unwrap();
    let package: serde_json::Value = serde_json::from_str(&text).unwrap();
    for file in package["files"].as_array().unwrap() {
        assert!(folder.join(file.as_str().unwrap()).is_file(), "{file}");
    }
    let ran = Ran::of(
        Bench::new().command("node").arg("--check").arg(folder.join("extension.js")).output().unwrap(),
    );
    assert_eq!(ran.code, 0, "{}", ran.both());
}
