//! Completions, asked for in the shells themselves; man pages, read by `man` and by a linter.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use expectrl::session::OsSession;
use expectrl::{Expect, Session};

use crate::support::{Bench, HOLDPOINT, Ran};

/// As the help lists them.
const VERBS_IN_RE: [&str; 4] = ["resume", "review", "replay", "report"];

/// A bench with the script of a shell in `complete`.
fn bench(shell: &str) -> Bench {
    let bench = Bench::new();
    let script = bench.ends(0, &["completions", shell]);
    assert_eq!(script.stderr, "");
    bench.file("complete", &script.stdout);
    bench
}

fn run(bench: &Bench, program: &str, arguments: &[&str]) -> String {
    let output = bench.command(program).args(arguments).output();
    let ran =
        Ran::of(output.unwrap_or_else(|error| panic!("{program}: {error}; cargo xtask tools installs it")));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{program} {arguments:?}: {}", ran.stdout);
    ran.stdout
}

fn words(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Environments, people, roles, runs and steps of the repository at hand, and nothing of it that a shell would act on.
fn knows_what_there_is(bench: &Bench, ask: impl Fn(&str) -> BTreeSet<String>) {
    bench.file(
        "holdpoint.toml",
        "[people.\"ops@example.org\"]\n[roles]\noperator = [\"ops@example.org\"]\nqa = [\"qa@example.org\"]\n\
         [environments.staging]\nrehearsal = true\n[environments.production]\n[environments.\"$(touch pwned)\"]\n",
    );
    bench.file("a.md", "---\nrunbook: 1\n---\n\n# A\n\n## Stop it\n\n```sh check\ntrue\n```\n\n## Start it\n\n```sh check\ntrue\n```\n");
    bench.ends(0, &["run", "a.md", "--env", "staging"]);
    bench.ends(0, &["run", "a.md", "--env", "production"]);
    assert_eq!(ask("holdpoint run a.md --env "), set(&["production", "staging"]));
    assert_eq!(ask("holdpoint run a.md --env st"), set(&["staging"]));
    assert_eq!(ask("holdpoint sign 1 --as "), set(&["ops@example.org", "qa@example.org"]));
    assert_eq!(ask("holdpoint runs --waiting-for "), set(&["operator", "qa"]));
    assert_eq!(ask("holdpoint verify 2"), set(&["2"]));
    assert!(ask("holdpoint report ").is_superset(&set(&["1", "2", "latest"])));
    for holds in ["holdpoint compare ", "holdpoint compare 1 "] {
        assert!(ask(holds).is_superset(&set(&["1", "2"])), "{holds}");
    }
    for over in ["holdpoint resume ", "holdpoint sign ", "holdpoint handover ", "holdpoint note "] {
        let offered = ask(over);
        assert!(offered.contains("latest") && offered.is_disjoint(&set(&["1", "2"])), "{over}: {offered:?}");
    }
    assert_eq!(ask("holdpoint show 1 --step "), set(&["start-it", "stop-it"]));
    assert_eq!(ask("holdpoint show 1 --step sta"), set(&["start-it"]));
    assert_eq!(ask("holdpoint replay 1 --step "), set(&["start-it", "stop-it"]));
    bench.file("c.md", "---\nrunbook: 1\n---\n\n# C\n\n## Room\n\n```sh check\ntrue\n```\n");
    bench.file("b.md", "---\nrunbook: 1\n---\n\n# B\n\n## Before\n\n[c](c.md \"include\")\n\n## Do it\n\n```sh check\ntrue\n```\n");
    bench.ends(0, &["run", "b.md", "--env", "staging"]);
    let steps = bench.ends(0, &["show", "3", "--format", "json"]).json()["steps"].clone();
    let steps: Vec<&str> =
        steps.as_array().unwrap().iter().map(|step| step["id"].as_str().unwrap()).collect();
    assert_eq!((ask("holdpoint replay 3 --step "), steps.len()), (set(&steps), 2));
    assert!(!bench.path("pwned").exists());
}

#[test]
fn bash_completes_verbs_options_and_their_values() {
    let bench = bench("bash");
    let ask = |line: &[&str]| {
        let last = line.len() - 1;
        let script = format!(
            "PATH={}:$PATH; source ./complete; COMP_WORDS=({}); COMP_CWORD={last}; COMP_TYPE=9; \
             _clap_complete_holdpoint holdpoint '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            Path::new(HOLDPOINT).parent().unwrap().display(),
            line.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
            line[last],
            line[last - 1],
        );
        words(&run(&bench, "bash", &["--norc", "-euc", &script]))
    };
    knows_what_there_is(&bench, |line| ask(&line.split(' ').collect::<Vec<_>>()));
    assert_eq!(ask(&["holdpoint", "re"]), set(&VERBS_IN_RE));
    assert_eq!(ask(&["holdpoint", "run", "--un"]), set(&["--unattended"]));
    assert_eq!(ask(&["holdpoint", "report", "1", "--format", "j"]), set(&["json", "junit"]));
    assert_eq!(
        ask(&["holdpoint", "completions", ""]).intersection(&set(&["bash", "zsh", "fish"])).count(),
        3
    );
}

#[test]
fn a_variable_of_completions_that_is_left_over_keeps_no_verb_from_its_work() {
    let bench = Bench::new();
    for shell in ["bash", "no-such-shell", ""] {
        let ran = |words: &[&str]| {
            Ran::of(bench.command(HOLDPOINT).args(words).env("HOLDPOINT_COMPLETE", shell).output().unwrap())
        };
        assert_eq!(ran(&["verify", "1"]).code, 2, "{shell}");
        assert!(ran(&["--version"]).stdout.starts_with("holdpoint "));
    }
    let asked = bench
        .command(HOLDPOINT)
        .args(["--", "holdpoint", ""])
        .env("HOLDPOINT_COMPLETE", "no-such-shell")
        .output();
    assert_eq!(Ran::of(asked.unwrap()).code, 2);
}

#[test]
fn fish_completes_verbs_options_and_their_values() {
    let bench = bench("fish");
    let ask = |line: &str| -> BTreeSet<String> {
        let at = Path::new(HOLDPOINT).parent().unwrap().display();
        let script = format!("set -x PATH {at} $PATH; source ./complete; complete -C '{line}'");
        let told = run(&bench, "fish", &["--no-config", "-c", &script]);
        told.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    assert_eq!(ask("holdpoint re"), set(&VERBS_IN_RE));
    assert_eq!(ask("holdpoint run --un"), set(&["--unattended"]));
    assert_eq!(ask("holdpoint report 1 --format j"), set(&["json", "junit"]));
}

/// zsh completes in its line editor only, so it gets a terminal, and the key that one would press.
#[test]
fn zsh_completes_verbs_options_and_their_values() {
    let bench = bench("zsh");
    let mut command = bench.command("zsh");
    command.args(["-f", "-i"]).env("TERM", "dumb").env("COLUMNS", "200");
    let mut zsh: OsSession =
        Session::spawn(command).unwrap_or_else(|error| panic!("zsh: {error}; cargo xtask tools installs it"));
    zsh.set_expect_timeout(Some(Duration::from_secs(60)));
    zsh.send_line("PS1='rea''dy> '; unsetopt zle_bracketed_paste; autoload -Uz compinit").unwrap();
    zsh.expect("ready> ").unwrap();
    zsh.send_line(format!("PATH={}:$PATH", Path::new(HOLDPOINT).parent().unwrap().display())).unwrap();
    zsh.expect("ready> ").unwrap();
    zsh.send_line("compinit -u -D; source ./complete; LISTMAX=0; print load''ed").unwrap();
    zsh.expect("loaded").unwrap();
    zsh.expect("ready> ").unwrap();
    for (typed, wanted) in [
        ("holdpoint re", &VERBS_IN_RE[..]),
        ("holdpoint run --un", &["--unattended"]),
        ("holdpoint report 1 --format j", &["json", "junit"]),
    ] {
        // Ctrl-D at the end of a line lists what it could become.
        zsh.send(format!("{typed}\x04")).unwrap();
        for word in wanted {
            zsh.expect(*word).unwrap_or_else(|error| panic!("{typed}: {word}: {error}"));
        }
        zsh.send("\x15").unwrap();
    }
    zsh.send_line("exit").unwrap();
    zsh.expect(expectrl::Eof).unwrap();
}

#[test]
fn a_script_is_data_alone_and_an_unknown_shell_is_a_usage_error() {
    let bench = Bench::new();
    bench.ends(2, &["completions", "tcsh"]).says("bash, zsh, fish");
    for shell in ["bash", "zsh", "fish"] {
        let script = bench.ends(0, &["completions", shell]).stdout;
        assert!(script.ends_with('\n') && !script.contains(HOLDPOINT), "{shell}");
    }
}

#[test]
fn there_is_a_page_a_verb_that_man_shows_and_a_linter_lets_pass() {
    let bench = Bench::new();
    bench.ends(0, &["man", "-o", "pages"]).says("Wrote ");
    let help = bench.ends(0, &["--help"]).stdout;
    let verbs = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let verbs = verbs.take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
    let verbs = verbs.filter_map(|line| line.split_whitespace().next()).filter(|verb| *verb != "help");
    let mut pages = vec!["holdpoint.1".to_owned()];
    pages.extend(verbs.map(|verb| format!("holdpoint-{verb}.1")));
    assert!(pages.len() > 14, "{pages:?}");
    let there = std::fs::read_dir(bench.path("pages")).unwrap();
    assert_eq!(there.count(), pages.len());
    for page in pages {
        let file = format!("pages/{page}");
        let name = page.trim_end_matches(".1");
        let shown =
            Ran::of(bench.command("man").args(["-l", &file]).env("MANWIDTH", "100").output().unwrap());
        assert_eq!((shown.code, shown.stderr.as_str()), (0, ""), "{page}");
        for part in ["NAME", "SYNOPSIS", "OPTIONS", name] {
            assert!(shown.stdout.contains(part), "{page} has no {part}\n{}", shown.stdout);
        }
        let lint = Ran::of(bench.command("mandoc").args(["-Tlint", "-Werror", &file]).output().unwrap());
        assert_eq!(lint.code, 0, "{page}\n{}", lint.stdout);
    }
    let main = bench.ends(0, &["man"]);
    assert_eq!(main.stdout, bench.text("pages/holdpoint.1"));
    assert!(main.stdout.contains("parked: the run waits"), "exit codes are not in the page");
    let run = bench.text("pages/holdpoint-run.1");
    assert!(run.contains("holdpoint run") && run.contains("unattended"));
}
