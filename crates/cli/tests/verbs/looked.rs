//! What runs is what was looked at: the bytes that were read, and the repository that they lie in.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use holdpoint_xtask::sample;
use serde_json::json;

use crate::runs::book;
use crate::support::{Bench, HOLDPOINT, Ran};

/// A hold point, an item to wait at, and a block after them.
pub(crate) const GATED: &str = "## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: ok\n```\n\n## Ready\n\n- [ ] It is time\n\n## Go\n\n```sh run\nsh s.sh\n```\n";
pub(crate) const CONFIG: &str = "[environments.prod]
rehearsal = true
protected = true
requires = { clean_commit = true }
override = [\"lead\"]

[environments.plain]

[people.\"qa@example.org\"]
name = \"Quinn A\"

[people.\"lead@example.org\"]
name = \"Lea Lead\"

[roles]
operator = [\"ops@example.org\"]
qa = [\"qa@example.org\"]
lead = [\"lead@example.org\"]
";
pub(crate) const RUN: [&str; 5] = ["run", "book.md", "--env", "prod", "--unattended"];
pub(crate) const RESUME: [&str; 5] = ["resume", "1", "--unattended", "--answers", "ready.yaml"];
pub(crate) const SIGNED: &str = "steps: { release: { sign: { as: qa@example.org, name: Quinn A } } }\n";
pub(crate) const READY: &str = "steps: { ready: { confirm: true } }\n";
pub(crate) const BOTH: &str =
    "steps: { release: { sign: { as: qa@example.org, name: Quinn A } }, ready: { confirm: true } }\n";

/// A repository in which everything is committed, whose document has a hold point.
pub(crate) fn gated() -> Bench {
    let bench = Bench::with(&[
        ("book.md", &book("roles: [qa]\n", GATED)),
        ("s.sh", "echo committed > came\n"),
        ("holdpoint.toml", CONFIG),
        (".gitignore", "/.holdpoint/\n/came\n"),
        ("signed.yaml", SIGNED),
        ("ready.yaml", READY),
    ]);
    bench.committed();
    bench
}

/// The same, with a run whose hold point was signed off, and that waits before the block.
pub(crate) fn signed_off() -> Bench {
    let bench = gated();
    let ran = bench.holdpoint(&[&RUN[..], &["--answers", "signed.yaml"]].concat());
    assert_eq!(ran.code, 3, "{}", ran.both());
    assert_eq!(bench.of_type(1, "signoff.given").len(), 1);
    bench
}

/// A program called `name`, before all others on the path.
pub(crate) fn shadowed(bench: &Bench, name: &str, script: &str, arguments: &[&str]) -> Ran {
    let bin = bench.all().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let path = bin.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = bench.command(crate::support::HOLDPOINT);
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    Ran::of(command.env("PATH", path).args(arguments).output().unwrap())
}

#[test]
fn a_document_that_a_filter_makes_look_committed_is_not_committed() {
    let bench = gated();
    bench.sh("git config filter.same.clean 'git cat-file blob HEAD:%f'; echo '*.md filter=same' >> .git/info/attributes");
    bench.sh("printf '\\nOne more.\\n' >> book.md; git add book.md; test -z \"$(git status --porcelain)\"");
    bench.ends(5, &RUN).says("the document is not as committed");
    assert!(!bench.exists(".holdpoint"));
    let plain = ["run", "book.md", "--env", "plain", "--unattended"];
    bench.ends(3, &plain);
    assert_eq!(bench.events(1)[0]["runbook"]["committed"], json!(false));
}

#[test]
fn a_document_with_other_line_ends_than_the_commit_is_not_committed() {
    let bench = gated();
    bench.sh("git config core.autocrlf true; sed -i 's/$/\\r/' book.md; git add book.md 2>/dev/null");
    let checked = bench.holdpoint(&["run", "book.md", "--env", "plain", "--unattended"]);
    assert_ne!(checked.code, 70, "{}", checked.both());
    bench.ends(5, &RUN).says("the document is not as committed");
}

#[test]
fn an_object_that_git_lacks_is_an_error_and_no_difference() {
    for (lost, words) in [("HEAD:ops/book.md", "bad file"), ("HEAD:ops", "read"), ("HEAD", "bad")] {
        let bench = gated();
        bench.sh("mkdir ops; git mv book.md ops; git commit -qm ops");
        bench
            .sh(&format!("lost=$(git rev-parse {lost}); rm -f .git/objects/$(echo $lost | sed 's,^..,&/,')"));
        for environment in ["prod", "plain"] {
            let ran = bench.ends(2, &["run", "ops/book.md", "--env", environment, "--unattended"]);
            ran.says("git cannot tell about").says(words);
        }
        assert!(!bench.exists(".holdpoint"));
    }
}

#[test]
fn a_git_that_says_nothing_and_ends_well_is_an_error_too() {
    let bench = gated();
    let ran = shadowed(&bench, "git", "exit 0", &RUN);
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says("git cannot tell about").says("did not say where the root is");
}

#[test]
fn a_directory_that_nothing_can_be_made_in_is_named() {
    let bench = gated();
    let mut run = bench.command(env!("CARGO_BIN_EXE_holdpoint"));
    let ran = Ran::of(run.args(RUN).env("TMPDIR", "/nonexistent").output().unwrap());
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says("/nonexistent").says("Have TMPDIR name a directory");
    assert!(!ran.both().contains("git status"), "{}", ran.both());
}

#[test]
fn where_the_repository_is_gone_what_to_do_is_said_once() {
    let bench = signed_off();
    bench.sh("mv .git ../git-of-before");
    let ran = bench.ends(5, &RESUME);
    assert_eq!(
        ran.both()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .matches("Bring back the repository")
            .count(),
        1,
        "{}",
        ran.both()
    );
}

#[test]
fn grafts_make_no_other_history_and_leave_a_clean_commit_clean() {
    let bench = gated();
    bench.sh("git commit -q --allow-empty -m two; git rev-parse HEAD > .git/info/grafts");
    let ran = bench.ends(3, &RUN);
    assert!(!ran.both().contains("hint:"), "{}", ran.both());
}

#[test]
fn a_replaced_object_is_not_what_was_committed() {
    let bench = gated();
    bench.sh("printf '\\nOne more.\\n' >> book.md
        git replace \"$(git rev-parse HEAD:book.md)\" \"$(git hash-object -w book.md)\"");
    bench.ends(5, &RUN).says("the document is not as committed");
}

#[test]
fn variables_that_have_git_look_elsewhere_move_nothing() {
    let bench = gated();
    bench.file("ops/book.md", &book("", "## Where\n\n```sh check\npwd > came\n```\n"));
    bench.sh("git add -A && git commit -qm ops");
    let elsewhere = bench.all().join("elsewhere");
    bench.sh(&format!(
        "git init -q {0} && cp -r ops {0}/ && cd {0} && git add -A && git commit -qm other",
        elsewhere.display()
    ));
    let there = |name: &str| elsewhere.join(name).to_str().unwrap().to_owned();
    for (variable, value) in [
        ("GIT_DIR", there(".git")),
        ("GIT_WORK_TREE", there("")),
        ("GIT_INDEX_FILE", there("no-index")),
        ("GIT_OBJECT_DIRECTORY", there("no-objects")),
        ("GIT_CEILING_DIRECTORIES", bench.root().to_str().unwrap().to_owned()),
        ("GIT_CONFIG_PARAMETERS", "'core.worktree=/'".to_owned()),
        ("GIT_NAMESPACE", "other".to_owned()),
    ] {
        let mut command = bench.command(crate::support::HOLDPOINT);
        command.env(variable, value).args(["run", "ops/book.md", "--env", "prod", "--unattended"]);
        let ran = Ran::of(command.output().unwrap());
        assert_eq!(ran.code, 0, "{variable}: {}", ran.both());
        assert_eq!(
            bench.text("came").trim(),
            bench.root().canonicalize().unwrap().to_str().unwrap(),
            "{variable}"
        );
    }
    assert!(!elsewhere.join(".holdpoint").exists());
    let opened = &bench.events(1)[0]["runbook"];
    assert_eq!((&opened["committed"], &opened["path"]), (&json!(true), &json!("ops/book.md")));
}

#[test]
fn changes_that_git_is_told_to_overlook_are_no_clean_commit() {
    let told: [(&str, &str); 10] = [
        ("git update-index --assume-unchanged s.sh; echo echo >> s.sh", "overlook changes of s.sh"),
        ("git update-index --skip-worktree s.sh; echo echo >> s.sh", "overlook changes of s.sh"),
        ("git update-index --skip-worktree s.sh; rm s.sh", "overlook changes of s.sh"),
        ("git config status.showUntrackedFiles no; echo > more", "uncommitted changes"),
        (
            "git config filter.same.clean 'git cat-file blob HEAD:%f'; echo 's.sh filter=same' >> .git/info/attributes
             echo echo >> s.sh; git add s.sh",
            "has a filter (same), which may hide changes of s.sh",
        ),
        (
            "git config filter.same.clean 'git cat-file blob HEAD:%f'; echo 's.sh filter=same' >> .git/info/attributes
             echo echo >> s.sh; touch -d '1 minute ago' s.sh; git add s.sh
             git config --unset filter.same.clean; rm .git/info/attributes; test -z \"$(git status --porcelain)\"",
            "uncommitted changes",
        ),
        ("git config core.fileMode false; chmod +x s.sh", "uncommitted changes"),
        (
            "ln -s s.sh link; git add link; git commit -qm link; git config core.symlinks false
             rm link; printf s.sh > link",
            "uncommitted changes",
        ),
        ("git config core.fsmonitor true; git update-index --fsmonitor; echo echo >> s.sh", "uncommitted changes"),
        ("git config core.untrackedCache true; git status >/dev/null; echo > more", "uncommitted changes"),
    ];
    for (how, why) in told {
        let bench = gated();
        bench.sh(&format!("git config core.fsmonitor false; {how}"));
        bench.ends(5, &RUN).says(why);
        assert!(!bench.exists(".holdpoint"), "{how}");
    }
}

#[test]
fn what_git_cannot_look_at_is_no_clean_commit() {
    let module = "git init -q ../module; git -C ../module commit -qm m --allow-empty
        git -c protocol.file.allow=always submodule --quiet add ../module m; git commit -qm module";
    for (how, shut) in [
        ("mkdir d; echo echo > d/s.sh; git add d; git commit -qm d; echo echo >> d/s.sh", "chmod 0 d"),
        ("mkdir d; echo echo > d/s.sh; git add d; git commit -qm d; echo echo >> d/s.sh", "chmod 444 d"),
        ("mkdir d; echo more > d/more", "chmod 0 d"),
        ("mkdir d; echo more > d/more", "chmod 111 d"),
        (&*format!("{module}; echo more > m/more"), "chmod 0 m"),
    ] {
        let bench = gated();
        bench.sh(&format!("{how}; {shut}"));
        // Whoever may read everything is root, and for once is not.
        let root = fs::metadata(bench.root()).unwrap().uid() == 0;
        let mut command = bench.command(if root { "setpriv" } else { HOLDPOINT });
        if root {
            command.args(["--bounding-set=-dac_override,-dac_read_search", HOLDPOINT]);
        }
        let ran = Ran::of(command.args(RUN).output().unwrap());
        bench.sh("chmod -R u+rwx .");
        assert!([2, 5].contains(&ran.code), "{how}; {shut}: {}", ran.both());
        ran.says("ermission denied");
        assert!(!bench.exists(".holdpoint"), "{how}; {shut}");
    }
}

#[test]
fn looking_leaves_the_index_as_it_is_and_nothing_beside_it() {
    let bench = gated();
    bench.sh("git config core.splitIndex true; touch s.sh; ls -A .git > ../before; cp .git/index ../index");
    bench.ends(3, &RUN);
    bench.sh("ls -A .git | diff ../before - && cmp .git/index ../index");
}

#[test]
fn runs_are_not_kept_in_gits_own_directory() {
    for path in [".git", ".git/runs", "./.git/../runs", ".GIT/runs", "link", "link/runs"] {
        let bench = gated();
        bench.file("holdpoint.toml", &format!("{CONFIG}[store]\npath = \"{path}\"\n"));
        bench.sh("ln -s .git link; ls -A .git > ../before");
        bench
            .ends(2, &["run", "book.md", "--env", "plain", "--unattended"])
            .says("leads into git's own directory");
        bench.sh("ls -A .git | diff ../before -");
    }
}

#[test]
fn what_is_no_lock_is_told_as_such_and_is_no_fault_of_ours() {
    let bench = gated();
    bench.sh("mkdir -p .holdpoint/runs; mkfifo .holdpoint/runs/.lock");
    let ran = bench.ends(2, &["run", "book.md", "--env", "plain", "--unattended"]);
    ran.says(".lock").says("not a regular file").says("help: ");
}

#[test]
fn too_few_files_that_may_be_open_are_said_so_before_anything_is_done() {
    let bench = gated();
    let limited = |limit: u32| {
        bench.file("limited.sh", &format!("ulimit -n {limit}; exec \"$@\"\n"));
        let mut command = bench.command("sh");
        command.args(["limited.sh", crate::support::HOLDPOINT, "run", "book.md"]);
        Ran::of(command.args(["--env", "plain", "--unattended"]).output().unwrap())
    };
    for limit in [8, 12, 63] {
        let ran = limited(limit);
        assert_eq!(ran.code, 2, "{}", ran.both());
        ran.says(&format!("only {limit} files open at once")).says("ulimit -n 256");
        assert!(!bench.exists(".holdpoint"));
    }
    let ran = limited(64);
    assert_eq!(ran.code, 3, "{}", ran.both());
}

#[test]
fn a_submodule_that_is_ignored_is_looked_at_all_the_same() {
    let changes = [
        "echo > lib/more",
        "echo echo >> lib/l.sh",
        "git -C lib commit -q --allow-empty -m on",
        "git -C lib update-index --assume-unchanged l.sh",
    ];
    for change in sample::some(changes, 2) {
        let bench = gated();
        bench.sh("mkdir ../lib && cd ../lib && git init -q && echo true > l.sh && git add -A && git commit -qm lib");
        bench.sh("git -c protocol.file.allow=always submodule --quiet add ../lib lib
            git config -f .gitmodules submodule.lib.ignore all; git config submodule.lib.ignore all
            git config diff.ignoreSubmodules all; git add -A && git commit -qm with-lib");
        bench.ends(3, &RUN);
        bench.sh(change);
        bench.ends(5, &RUN);
        bench.sh("git submodule --quiet deinit -f lib");
        bench.ends(3, &RUN);
        bench.file("lib/left", "");
        bench.ends(5, &RUN).says("is not initialised");
    }
}

#[test]
fn programs_that_the_repository_names_are_not_run() {
    let bench = gated();
    let bait = bench.all().join("taken");
    let mark = format!("touch {};", bait.display());
    bench.file(".git/hooks/post-index-change", &format!("#!/bin/sh\n{mark}\n"));
    bench.sh("chmod +x .git/hooks/post-index-change");
    for (key, value) in [
        ("core.fsmonitor", format!("sh -c '{mark}' -")),
        ("filter.bait.clean", format!("sh -c '{mark} cat'")),
        ("filter.bait.process", format!("sh -c '{mark}'")),
        ("core.pager", format!("sh -c '{mark} cat'")),
        ("core.sshCommand", format!("sh -c '{mark}'")),
        ("diff.external", format!("sh -c '{mark}'")),
        ("core.alternateRefsCommand", format!("sh -c '{mark}'")),
    ] {
        bench.file("value", &value);
        bench.sh(&format!("git config {key} \"$(cat value)\"; rm value"));
    }
    bench.sh("echo '* filter=bait' > .git/info/attributes; touch s.sh book.md");
    bench.ends(5, &RUN);
    bench.ends(3, &["run", "book.md", "--env", "plain", "--unattended"]);
    bench.holdpoint(&["resume", "1", "--unattended"]);
    assert!(!bait.exists());
}

#[test]
fn a_git_that_fails_is_an_error_in_its_own_words() {
    let bench = gated();
    let fails = "echo \"fatal: detected dubious ownership in repository at '/srv/x'\" >&2; exit 128";
    for verb in [&RUN[..], &["runs"], &["check", "book.md"]] {
        let ran = shadowed(&bench, "git", fails, verb);
        assert_eq!(ran.code, 2, "{verb:?} {}", ran.both());
        ran.says("detected dubious ownership").says("git config --global --add safe.directory");
    }
    assert!(!bench.exists(".holdpoint"));
    let mut command = bench.command(crate::support::HOLDPOINT);
    let none = Ran::of(command.env("PATH", "/nowhere").args(["runs"]).output().unwrap());
    assert_eq!(none.code, 2);
    none.says("git is not installed");
    // It can still be told what is no repository at all.
    let outside = Bench::with(&[("book.md", &book("", "## Look\n\n```sh check\ntrue\n```\n"))]);
    let mut command = outside.command(crate::support::HOLDPOINT);
    let ran = Ran::of(command.env_remove("HOLDPOINT_OPERATOR").args(["run", "book.md"]).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.both());
    assert_eq!(outside.events(1)[0]["session"]["operator_from"], "os");
}

#[test]
fn an_operator_whom_git_cannot_tell_is_nobody_else() {
    let bench = gated();
    let git = "case \"$*\" in *user.email*) echo 'fatal: bad config' >&2; exit 128;; esac; PATH=${PATH#*:}; exec git \"$@\"";
    let mut command = bench.command(crate::support::HOLDPOINT);
    shadowed(&bench, "git", git, &["--version"]);
    let path = format!("{}:{}", bench.all().join("bin").display(), std::env::var("PATH").unwrap());
    command.env("PATH", path).env_remove("HOLDPOINT_OPERATOR");
    let ran = Ran::of(command.args(["run", "book.md", "--env", "plain", "--unattended"]).output().unwrap());
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says("bad config");
    assert!(!bench.exists(".holdpoint"));
}

#[test]
fn a_repository_that_is_broken_or_whose_work_tree_is_elsewhere_is_not_passed_over() {
    let bench = gated();
    bench.sh("git config core.worktree ../../elsewhere; mkdir ../elsewhere");
    bench.ends(2, &RUN).says("core.worktree");
    let bench = gated();
    bench.sh("rm .git/HEAD");
    bench.ends(2, &RUN).says("not a git repository");
    let bench = gated();
    bench.sh("git checkout -q --detach; rm -r .git/objects/??");
    bench.ends(2, &RUN);
    assert!(!bench.exists(".holdpoint"));
}

#[test]
fn a_store_that_lies_among_files_hides_none_of_them() {
    for path in [".", "src", "./src"] {
        let bench = gated();
        bench.file("holdpoint.toml", &format!("[store]\npath = \"{path}\"\n\n{CONFIG}")).file("src/a", "a");
        bench.sh("git add -A && git commit -qm store");
        bench.ends(3, &RUN);
        bench.ends(3, &RUN);
        bench.file("src/a", "b");
        bench.ends(5, &RUN);
        bench.file("src/a", "a").file("src/new", "");
        bench.ends(5, &RUN);
    }
}

#[test]
fn what_is_committed_is_no_run_whatever_it_is_called() {
    let bench = gated();
    bench.file(".holdpoint/runs/0001-x/run.sh", "true");
    bench.sh("git add -f .holdpoint && git commit -qm named-like-a-run");
    bench.ends(3, &RUN);
    bench.file(".holdpoint/runs/0001-x/run.sh", "false");
    bench.ends(5, &RUN);
}

#[test]
fn files_that_a_sparse_checkout_leaves_out_are_overlooked_by_nobody() {
    let bench = gated();
    bench.file("away/file", "a");
    bench.sh("git add -A && git commit -qm away && git sparse-checkout set --no-cone '/*' '!/away/'");
    assert!(!bench.exists("away/file"));
    bench.ends(3, &RUN);
    // One that is there all the same is looked at.
    bench.file("away/file", "b");
    bench.ends(5, &RUN);
}
