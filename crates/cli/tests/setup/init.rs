//! `init` writes what is missing, and nothing else.

use std::os::unix::fs::PermissionsExt;

use holdpoint_document::read_config;

use crate::support::{Bench, mode};

#[test]
fn an_empty_repository_gets_everything_and_its_first_run_book_runs() {
    let bench = Bench::new();
    bench.sh("git init -q -b main .");
    let ran = bench.ends(0, &["init"]);
    assert_eq!(ran.stdout, "");
    ran.says("wrote holdpoint.toml").says("wrote .gitignore").says("wrote runbooks/first.md");
    ran.says("holdpoint check runbooks/first.md").says("holdpoint run runbooks/first.md");
    bench.ends(0, &["check", "--deny", "warnings", "runbooks/first.md"]).says("0 errors, 0 warnings");
    bench.ends(0, &["run", "runbooks/first.md"]).says("PASSED");
    bench.ends(0, &["verify", "latest"]).says("intact and complete");
    let status = bench.sh("git status --porcelain --untracked-files=all");
    assert_eq!(status, "?? .gitignore\n?? holdpoint.toml\n?? runbooks/first.md\n");
}

#[test]
fn a_second_time_changes_nothing_and_says_so() {
    for git in [true, false] {
        let bench = Bench::new();
        if git {
            bench.sh("git init -q -b main .");
        }
        bench.ends(0, &["init"]);
        let before = bench.tree();
        bench.ends(0, &["init"]).says("nothing was written");
        assert_eq!(bench.tree(), before);
    }
}

#[test]
fn what_is_there_is_never_overwritten() {
    let own = [("holdpoint.toml", "# mine\n"), ("runbooks/first.md", "mine\n"), (".gitignore", "target")];
    let bench = Bench::with(&own);
    bench.ends(0, &["init"]).says("wrote .gitignore");
    assert_eq!(
        (bench.text("holdpoint.toml"), bench.text("runbooks/first.md")),
        (own[0].1.into(), own[1].1.into())
    );
    assert_eq!(bench.text(".gitignore"), "target\n/.holdpoint/runs/\n");
    // A link that leads nowhere is something that is there, too, and no configuration.
    let bench = Bench::new();
    bench.sh("ln -s elsewhere.toml holdpoint.toml");
    bench.ends(2, &["init"]).says("leads nowhere");
    assert!(!bench.exists("elsewhere.toml") && !bench.exists("runbooks"));
}

#[test]
fn runs_that_are_ignored_already_need_no_second_line() {
    for (line, git) in [(".holdpoint/\n", true), ("/.holdpoint/runs\n", false), (".holdpoint/runs/\n", true)]
    {
        let bench = Bench::with(&[(".gitignore", line)]);
        if git {
            bench.sh("git init -q -b main .");
        }
        bench.ends(0, &["init"]);
        assert_eq!(bench.text(".gitignore"), line);
    }
}

#[test]
fn a_store_elsewhere_is_ignored_where_it_is() {
    let bench = Bench::with(&[("holdpoint.toml", "[store]\npath = \"evidence/runs\"\n")]);
    bench.sh("git init -q -b main .");
    bench.ends(0, &["init"]);
    assert_eq!(bench.text(".gitignore"), "/evidence/runs/\n");
}

#[test]
fn from_below_it_sets_up_the_repository_and_not_the_directory() {
    let bench = Bench::with(&[("docs/deep/note.md", "x\n")]);
    bench.sh("git init -q -b main . && cd docs/deep && holdpoint init");
    assert!(bench.exists("holdpoint.toml") && !bench.exists("docs/deep/holdpoint.toml"));
    let ran = bench.ends(2, &["init", "nowhere"]);
    ran.says("is no directory");
}

#[test]
fn files_are_as_open_as_the_directory_they_lie_in() {
    for (directory, file) in [(0o755, 0o644), (0o700, 0o600), (0o775, 0o664)] {
        let bench = Bench::new();
        std::fs::set_permissions(bench.root(), std::fs::Permissions::from_mode(directory)).unwrap();
        bench.ends(0, &["init"]);
        let modes = ["holdpoint.toml", ".gitignore", "runbooks/first.md"].map(|name| mode(&bench.path(name)));
        assert_eq!(modes, [file; 3]);
        assert_eq!(mode(&bench.path("runbooks")), directory);
    }
}

#[test]
fn a_configuration_with_errors_is_told_before_anything_is_written() {
    let bench = Bench::with(&[("holdpoint.toml", "[stroe]\n")]);
    let before = bench.tree();
    bench.ends(2, &["init"]).says("stroe");
    assert_eq!(bench.tree(), before);
}

#[test]
fn the_settings_that_are_commented_out_are_good_and_all_of_them_can_be_taken() {
    let bench = Bench::new();
    bench.ends(0, &["init"]);
    let text = bench.text("holdpoint.toml");
    assert!(read_config(&text).1.is_empty());
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "a setting is set");
    let setting = |line: &&str| line.starts_with('#') && !line.starts_with("# ");
    let taken: String = text.lines().filter(setting).map(|line| format!("{}\n", &line[1..])).collect();
    let (config, findings) = read_config(&taken);
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!((config.environments.len(), config.roles.len(), config.people.len()), (2, 2, 2));
    let production = &config.environments["production"];
    assert!(config.revoked.is_some() && production.signature.is_some());
    assert!(production.targets["web"].r#become.is_some() && text.contains("complete = true"));
}

#[test]
fn the_example_of_a_promotion_is_rehearsed_promoted_and_signed_at_once_and_nothing_is_overwritten() {
    let bench = Bench::new();
    bench.sh("git init -q -b main .");
    let told = bench.ends(0, &["init", "--example", "promotion"]);
    told.says("wrote runbooks/promotion.md")
        .says("wrote runbooks/promotion-answers.yaml")
        .says("wrote .gitignore");
    bench.ends(0, &["check", "--deny", "warnings", "runbooks/promotion.md"]);
    // The very commands that it names.
    let commands: Vec<String> = told
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("  holdpoint run "))
        .map(str::to_owned)
        .collect();
    let [rehearsal, production] = &commands[..] else { panic!("{commands:?}") };
    let run = |words: &str, code: i32| {
        let words: Vec<&str> = words.split(' ').collect();
        let unattended = ["--unattended"];
        let unattended = &unattended[usize::from(words.contains(&"--unattended"))..];
        bench.ends(code, &[&["run"], &words[..], unattended].concat())
    };
    run(rehearsal, 0).says("PASSED");
    assert_eq!(bench.text("promotion/staging.txt"), "v1.1\n");
    assert_eq!(bench.text("promotion/production.txt"), "v1.0\n");
    run(production, 3).says("rehearsed").says("PARKED");
    told.says("holdpoint sign latest --as qa@example.org").says("holdpoint resume latest");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
    let before = bench.tree();
    bench.ends(2, &["init", "--example", "promotion"]).says("is there already");
    assert_eq!(bench.tree(), before);
    let other = Bench::with(&[("holdpoint.toml", "# mine\n")]);
    other.ends(2, &["init", "--example", "promotion"]).says("holdpoint.toml is there already");
    assert!(!other.path("runbooks").exists());
    other.ends(0, &["init"]);
    other.ends(2, &["init", "--example", "promotions"]).says("promotion");
}
