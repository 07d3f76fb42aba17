//! What a document, a configuration or an option names by its path: a regular file that can be read to its end, in the
//! repository, or an error at once.

use std::os::unix::fs::symlink;

use crate::support::{Bench, HOLDPOINT, Ran};

const HEAD: &str = "---\nrunbook: 1\n---\n# T\n\n";

/// `holdpoint`, which must end by itself with this code, and soon.
#[track_caller]
fn ends_soon(bench: &Bench, code: i32, words: &[&str]) -> Ran {
    let mut command = bench.command("timeout");
    let ran = Ran::of(command.args(["-k", "1", "20", HOLDPOINT]).args(words).output().unwrap());
    assert_eq!(ran.code, code, "{words:?}\n{}", ran.both());
    ran
}

fn book(bench: &Bench, rest: &str) {
    bench.file("a.md", &format!("{HEAD}## A\n\n{rest}"));
}

/// Ways to stand where a file should, each as a command line that puts it at `$1`.
const NO_FILES: &[(&str, &str)] = &[
    ("a FIFO", "mkfifo \"$1\""),
    ("a device", "ln -s /dev/zero \"$1\""),
    ("a directory", "mkdir \"$1\""),
    ("longer than", "truncate -s 200G \"$1\""),
];

fn put(bench: &Bench, how: &str, at: &str) {
    bench.sh(&format!("rm -rf '{at}'; set -- '{at}'; {how}"));
}

#[test]
fn a_capture_waits_for_nothing_and_says_what_stands_there() {
    for (what, how) in NO_FILES {
        let bench = Bench::new();
        let how = how.replace("\"$1\"", "ff");
        // A device outside of the repository is no file of it, whatever it is.
        book(
            &bench,
            &format!("```sh check\n#| capture: {{ X: {{ file: ff }} }}\n#| timeout: 5s\n{how}\n```\n"),
        );
        ends_soon(&bench, 3, &["run", "a.md", "--unattended"]).says(what);
        bench.ends(0, &["verify", "1"]);
    }
}

#[test]
fn no_capture_leads_out_of_the_repository_by_a_link() {
    let bench = Bench::new();
    bench.sh("mkdir ../out; echo secret >../out/file; ln -s ../out away");
    book(&bench, "```sh check\n#| capture: { X: { file: away/file } }\ntrue\n```\n");
    ends_soon(&bench, 3, &["run", "a.md", "--unattended"]).says("outside of the repository");
}

#[test]
fn a_document_an_answers_file_and_an_input_are_regular_files() {
    for (what, how) in NO_FILES {
        let bench = Bench::new();
        put(&bench, how, "a.md");
        for verb in ["run", "check", "plan", "approve"] {
            ends_soon(&bench, 2, &[verb, "a.md"]).says(what);
        }
        bench.sh("rm -rf a.md");
        book(&bench, "- [ ] done\n");
        put(&bench, how, "answers.yaml");
        ends_soon(&bench, 2, &["run", "a.md", "--unattended", "--answers", "answers.yaml"]).says(what);
        let input = "---\nrunbook: 1\ninputs: { X: { from: { file: x } } }\n---\n# T\n\n## A\n\n- [ ] done\n";
        bench.file("a.md", input);
        put(&bench, how, "x");
        ends_soon(&bench, 2, &["run", "a.md", "--unattended"]);
    }
}

#[test]
fn the_configuration_and_what_it_names_are_regular_files() {
    for (what, how) in NO_FILES {
        let bench = Bench::new();
        book(&bench, "- [ ] done\n");
        bench.committed();
        put(&bench, how, "holdpoint.toml");
        ends_soon(&bench, 2, &["run", "a.md", "--unattended"]).says(what);
        bench.sh("rm -rf holdpoint.toml");
        bench.file("holdpoint.toml", "[signers]\nfile = \"signers\"\n");
        put(&bench, how, "signers");
        ends_soon(&bench, 2, &["run", "a.md", "--unattended"]);
        assert!(!bench.exists(".holdpoint/runs"), "{what}");
        bench.sh("mkdir -p .holdpoint; rm -f holdpoint.toml");
        // A directory is right there, and so is a FIFO in one of its own wrong.
        if *what != "a directory" {
            put(&bench, how, ".holdpoint/approvals");
            ends_soon(&bench, 2, &["approve", "a.md", "--list"]);
            bench.sh("rm -rf .holdpoint/approvals");
        }
        let digest = "0".repeat(64);
        bench.sh(&format!(
            "mkdir -p .holdpoint/approvals/{digest}; cd .holdpoint/approvals/{digest}; : >a.json.sig"
        ));
        put(&bench, how, &format!(".holdpoint/approvals/{digest}/a.json"));
        ends_soon(&bench, 2, &["approve", "a.md", "--list"]);
    }
}

#[test]
fn evidence_is_a_regular_file_and_no_link_out_of_the_repository() {
    let bench = Bench::new();
    book(&bench, "```yaml record\nrate: { prompt: Rate, type: number, evidence: file }\n```\n");
    bench.sh("mkfifo ff; mkdir ../out; echo secret >../out/file; ln -s ../out away; echo seen >seen");
    let answer = |path: &str| {
        let text = format!("steps: {{ a: {{ value: {{ rate: 1 }}, evidence: {{ rate: {path} }} }} }}\n");
        bench.file("answers.yaml", &text);
    };
    for (path, why) in
        [("ff", "a FIFO"), ("away/file", "outside of the repository"), ("/dev/zero", "a device")]
    {
        answer(path);
        ends_soon(&bench, 3, &["run", "a.md", "--unattended", "--answers", "answers.yaml"]).says(why);
    }
    for path in ["seen", "../out/file"] {
        answer(path);
        ends_soon(&bench, 0, &["run", "a.md", "--unattended", "--answers", "answers.yaml"]);
    }
}

#[test]
fn a_configuration_does_not_lead_out_of_the_repository_unless_the_user_allows_it() {
    let bench = Bench::new();
    book(&bench, "```sh check\ntrue\n```\n");
    bench.sh("mkdir ../out ../out/in; ln -s ../out away; : >../out/signers");
    let out = bench.all().join("out").canonicalize().unwrap().display().to_string();
    let whole = format!("[store]\npath = \"{out}/runs\"\n");
    let configurations = [
        "[store]\npath = \"../out/runs\"\n",
        "[store]\npath = \"away/runs\"\n",
        "[signers]\nfile = \"../out/signers\"\n",
        "[signers]\nfile = \"away/signers\"\n",
        "[signers]\nfile = \"/etc/passwd\"\n",
        "[signers]\nfile = \"a.md\"\nrevoked = \"/etc/shadow\"\n",
        &whole,
    ];
    for text in configurations {
        bench.file("holdpoint.toml", text);
        ends_soon(&bench, 2, &["run", "a.md", "--unattended"]).says("leads out of the repository");
        assert!(!bench.all().join("out/runs").exists());
    }
    // The repository's own word is not enough, the user's is.
    let own = bench.all().join("home/.config/holdpoint");
    std::fs::create_dir_all(&own).unwrap();
    let allow = |text: &str| std::fs::write(own.join("config.toml"), text).unwrap();
    allow(&format!("allow_paths = [\"{out}/in\"]\n"));
    ends_soon(&bench, 2, &["run", "a.md", "--unattended"]);
    allow("allow_pathes = []\n");
    ends_soon(&bench, 2, &["run", "a.md", "--unattended"]).says("allow_paths");
    allow("allow_paths = [\"out\"]\n");
    ends_soon(&bench, 2, &["run", "a.md", "--unattended"]).says("from the root");
    allow(&format!("allow_paths = [\"{out}\"]\n"));
    for text in ["[store]\npath = \"away/runs\"\n", &format!("{whole}[signers]\nfile = \"{out}/signers\"\n")]
    {
        bench.file("holdpoint.toml", text);
        ends_soon(&bench, 0, &["run", "a.md", "--unattended"]);
    }
    bench.sh("mkdir -p ../other/holdpoint; ln -s ../out/runs .holdpoint");
}

#[test]
fn a_store_that_is_a_link_out_of_the_repository_is_refused() {
    let bench = Bench::new();
    book(&bench, "```sh check\ntrue\n```\n");
    std::fs::create_dir(bench.all().join("out")).unwrap();
    symlink(bench.all().join("out"), bench.path(".holdpoint")).unwrap();
    ends_soon(&bench, 2, &["run", "a.md", "--unattended"]).says("leads out of the repository");
    assert_eq!(std::fs::read_dir(bench.all().join("out")).unwrap().count(), 0);
}

#[test]
fn what_is_no_file_of_signers_is_not_copied_into_a_record() {
    let bench = Bench::new();
    book(&bench, "```sh check\ntrue\n```\n");
    bench.sh("ssh-keygen -q -t ed25519 -N '' -C key -f key; head -c 2000 /dev/urandom >noise");
    for name in ["key", "noise", "a.md"] {
        for text in [
            format!("[signers]\nfile = \"{name}\"\n"),
            format!("[signers]\nfile = \"good\"\nrevoked = \"{name}\"\n"),
        ] {
            bench.sh("printf 'qa@example.org %s\\n' \"$(cat key.pub)\" >good");
            bench.file("holdpoint.toml", &text);
            let ran = ends_soon(&bench, 2, &["run", "a.md", "--unattended"]);
            ran.says("is not the");
            assert!(!ran.both().contains("PRIVATE KEY"), "{}", ran.both());
            assert!(!bench.exists(".holdpoint/runs"), "{text}");
        }
    }
    bench.file("holdpoint.toml", "[signers]\nfile = \"good\"\nrevoked = \"key.pub\"\n");
    ends_soon(&bench, 0, &["run", "a.md", "--unattended"]);
}

#[test]
fn a_blocks_own_directory_is_looked_at_when_it_is_used() {
    let bench = Bench::new();
    bench.sh("mkdir ../out here; ln -s here inner");
    bench.file(
        "a.md",
        &format!(
            "{HEAD}## A\n\n```sh check\n#| cwd: inner\npwd\n```\n\n## B\n\n```sh run\nln -s ../out away\n```\n\n\
             ## C\n\n```sh check\n#| cwd: away\ntouch was-here\n```\n"
        ),
    );
    ends_soon(&bench, 3, &["run", "a.md", "--unattended"]).says("out of");
    assert!(!bench.all().join("out/was-here").exists());
    let finished = bench.of_type(1, "action.finished");
    assert_eq!(finished[0]["outcome"], "passed");
    assert_eq!(finished[2]["outcome"], "failed");
    bench.ends(0, &["verify", "1"]);
}

#[test]
fn a_command_that_an_input_comes_from_ends_and_does_not_draw_on_the_terminal() {
    let bench = Bench::new();
    let input = |command: &str| {
        let front =
            format!("---\nrunbook: 1\ninputs: {{ X: {{ from: {{ command: \"{command}\" }} }} }}\n---\n");
        bench.file("a.md", &format!("{front}# T\n\n## A\n\n```sh check\ntest \"$X\" = value\n```\n"));
    };
    input("printf 'a\\\\033[2Jb\\\\n' >&2; echo value");
    let ran = ends_soon(&bench, 0, &["run", "a.md", "--unattended"]);
    ran.says("a␛[2Jb");
    assert!(!ran.stderr.contains('\u{1b}'));
    input("yes");
    ends_soon(&bench, 2, &["run", "a.md", "--unattended"]).says("prints more than");
}

#[test]
fn a_report_is_not_written_where_nobody_reads_and_waits_for_nobody() {
    let bench = Bench::new();
    book(&bench, "```sh check\ntrue\n```\n");
    bench.ends(0, &["run", "a.md", "--unattended"]);
    bench.sh("mkfifo ff");
    ends_soon(&bench, 2, &["report", "1", "-o", "ff"]).says("ff cannot be written");
    ends_soon(&bench, 0, &["report", "1", "-o", "/dev/null"]);
}

#[test]
fn a_bundle_that_something_follows_is_refused_however_long_that_is() {
    let bench = Bench::new();
    book(&bench, "```sh check\ntrue\n```\n");
    bench.ends(0, &["run", "a.md", "--unattended"]);
    bench.ends(0, &["export", "1", "-o", "b.hp"]);
    bench.sh("truncate -s 100G b.hp");
    ends_soon(&bench, 6, &["verify", "./b.hp"]).says("something follows its end");
}

#[test]
fn a_handover_goes_to_a_name_that_is_seen_and_says_under_which_name_it_is_accepted() {
    let bench = Bench::new();
    book(&bench, "- [ ] Everybody was told\n");
    bench.ends(3, &["run", "a.md", "--unattended"]);
    let unseen = "night\u{200b}@example.org";
    let ran = bench.ends(2, &["handover", "1", "--to", unseen, "--note", "none"]);
    ran.says("U+200B, which nobody sees");
    assert!(bench.of_type(1, "handover").is_empty());
    let ran = bench.ends(0, &["handover", "1", "--to", "Night Shift", "--note", "none"]);
    ran.says("holdpoint handover 1 --accept --operator 'Night Shift'");
    bench.ends(0, &["show", "1"]).says("--accept --operator 'Night Shift'");
    bench
        .ends(3, &["resume", "1", "--unattended", "--operator", "Night Shift"])
        .says("holdpoint handover 1 --accept --operator 'Night Shift'");
}

#[test]
fn nobody_signs_off_or_is_named_by_a_document_under_a_name_that_is_not_seen() {
    let hold = "```yaml signoff\nrole: qa\nmeaning: approval\nstatement: Go.\n```\n";
    let config = "[roles]\nqa = [\"qa@example.org\"]\n\n[environments.test]\nrehearsal = true\n";
    for (who, name) in [("qa\\u200b@example.org", "Quinn"), ("qa@example.org", "Quinn\\u2060")] {
        let bench = Bench::with(&[("holdpoint.toml", config)]);
        bench.file("a.md", &format!("{}\n## A\n\n{hold}", HEAD.replace("---\n#", "roles: [qa]\n---\n#")));
        bench.file(
            "answers.yaml",
            &format!("steps:\n  a: {{ sign: {{ as: \"{who}\", name: \"{name}\" }} }}\n"),
        );
        let answered = ["run", "a.md", "--env", "test", "--unattended", "--answers", "answers.yaml"];
        bench.ends(2, &answered).says(", which nobody sees");
        assert!(!bench.exists(".holdpoint/runs"));
    }
    let bench = Bench::with(&[("holdpoint.toml", config)]);
    bench.file("a.md", &format!("{}\n## A\n\n{hold}", HEAD.replace("---\n#", "roles: [qa]\n---\n#")));
    bench.ends(3, &["run", "a.md", "--env", "test", "--unattended"]);
    let ran = bench.ends(2, &["sign", "1", "--as", "qa\u{200b}@example.org", "--yes"]);
    ran.says("U+200B, which nobody sees");
    assert!(bench.of_type(1, "signoff.refused").is_empty());
    for key in ["authors", "approvers"] {
        let named = HEAD.replace("---\n#", &format!("{key}: [\"qa\\u200b@example.org\"]\n---\n#"));
        bench.file("b.md", &format!("{named}\n## A\n\n- [ ] done\n"));
        bench.ends(2, &["check", "b.md"]).says("U+200B, which nobody sees");
        bench
            .ends(2, &["approve", "b.md", "--as", "qa\u{200b}@example.org", "--yes"])
            .says("which nobody sees");
    }
}

#[test]
fn nobody_operates_under_a_name_that_looks_like_somebody_elses() {
    let bench = Bench::with(&[
        ("a.md", "---\nrunbook: 1\ntitle: A\n---\n\n# A\n\n## Look\n\n- [ ] done\n"),
        (
            "holdpoint.toml",
            "[people.\"ann@example.org\"]\nname = \"Ann\"\n[roles]\nqa = [\"bo@example.org\"]\n",
        ),
    ]);
    bench.ends(3, &["run", "a.md", "--unattended", "--operator", "Ann@example.org"]);
    bench.ends(3, &["run", "a.md", "--unattended", "--operator", "cy@example.org"]);
    for (name, other) in [
        ("\u{430}nn@example.org", "ann@example.org"),
        ("ann@ex\u{430}mple.org", "ann@example.org"),
        ("b\u{3bf}@example.org", "bo@example.org"),
    ] {
        for arguments in
            [&["run", "a.md", "--unattended"][..], &["resume", "1", "--unattended"], &["note", "1", "hi"]]
        {
            let arguments: Vec<&str> = arguments.iter().copied().chain(["--operator", name]).collect();
            bench.ends(2, &arguments).says(&format!("looks like {other}"));
        }
    }
    assert!(!bench.exists(".holdpoint/runs/0003-a"));
}

#[test]
fn a_record_that_nobody_can_look_at_is_told_with_the_reason_and_git_is_asked_about_none() {
    let bench = Bench::new();
    // As a directory that may not be looked into, for whoever may look into all of them.
    symlink("loop", bench.path("loop")).unwrap();
    let ran = bench.holdpoint(&["verify", "./loop"]);
    ran.says("cannot look into").says("symbolic links");
    assert!(ran.code != 0 && !ran.both().contains("is no run directory"), "{}", ran.both());

    bench.sh("mkdir theirs && echo 'gitdir: /nowhere' > theirs/.git");
    for path in ["../nothing", "./nothing", ".."] {
        let mut command = bench.command(HOLDPOINT);
        let ran = Ran::of(command.args(["verify", path]).current_dir(bench.path("theirs")).output().unwrap());
        assert!(ran.code == 2 && ran.both().contains("is no run directory"), "{path}: {}", ran.both());
    }
}

#[test]
fn without_roles_in_the_configuration_anybody_acts_but_not_where_an_environment_is_protected_or_takes_four_eyes()
 {
    let hold = "```yaml signoff\nrole: qa\nmeaning: approval\nstatement: Go.\n```\n";
    let document = format!("{}\n## A\n\n{hold}", HEAD.replace("---\n#", "roles: [qa]\n---\n#"));
    for (configuration, ends) in [
        ("", 3),
        ("checks = \"ask\"\n[environments.test]\nrehearsal = true\n", 0),
        ("[environments.test]\nprotected = true\n", 2),
        ("[environments.test]\nfour_eyes = true\n", 2),
        ("[roles]\nops = [\"ann@example.org\"]\n[environments.test]\n", 2),
    ] {
        let bench = Bench::with(&[("holdpoint.toml", configuration), ("a.md", &document)]);
        bench.file("answers.yaml", "steps:\n  a: { sign: { as: bo@example.org, name: Bo } }\n");
        let mut words = vec!["run", "a.md", "--unattended", "--answers", "answers.yaml"];
        if configuration.contains("environments") {
            words.extend(["--env", "test"]);
        }
        let ran = bench.ends(ends, &words);
        if ends == 2 {
            ran.says("nobody has the role `qa`");
        }
    }
}
