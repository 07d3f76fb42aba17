//! Texts that cannot be rendered because what sets their value was skipped: they ask, and there are ways on.

use crate::support::Bench;

const SKIPPED: &str = "---\nrunbook: 1\nroles: [qa]\n---\n\n# Book\n\n## Make\n\n```sh run\necho made >> log\n```\n\n\
    ```sh rollback\necho unmade >> log\n```\n\n\
    ## Look\n\n```sh check\n#| capture: { X: { stdout: true } }\necho seen\n```\n\n";

const SIGNED: &str =
    "## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I saw {{ X }}.\n```\n";

/// A run of which the check that sets X was skipped, parked at what needs it.
fn parked(rest: &str) -> Bench {
    let bench = Bench::with(&[
        ("book.md", &format!("{SKIPPED}{rest}")),
        ("skip.yaml", "steps:\n  look: { choice: skip, reason: not here }\n"),
    ]);
    bench.ends(3, &["run", "book.md", "--unattended", "--answers", "skip.yaml"]).says("`X` is not defined");
    bench
}

/// Takes it up with this answer to what cannot be rendered.
fn answered(bench: &Bench, step: &str, choice: &str, code: i32) -> crate::support::Ran {
    bench.file(
        "then.yaml",
        &format!("steps:\n  {step}: {{ choice: {choice}, reason: it cannot be known }}\n"),
    );
    bench.ends(code, &["resume", "1", "--unattended", "--answers", "then.yaml"])
}

#[test]
fn a_statement_that_cannot_be_rendered_parks_the_run_and_can_be_rolled_back_or_aborted() {
    for (choice, code, says, log) in
        [("rollback", 1, "ROLLED BACK", "made\nunmade\n"), ("abort", 4, "ABORTED", "made\n")]
    {
        let bench = parked(SIGNED);
        let resumed = bench.ends(3, &["resume", "1", "--unattended"]);
        resumed.says("PARKED").says("the statement to be signed, `I saw {{ X }}.`, cannot be rendered");
        answered(&bench, "release", "skip", 2).says("`skip` can never be taken here");
        answered(&bench, "release", choice, code).says(says);
        assert_eq!(bench.text("log"), log);
        assert!(bench.of_type(1, "signoff.requested").is_empty());
        bench.ends(0, &["verify", "1"]).says("intact and complete");
    }
}

#[test]
fn somebody_else_is_told_why_it_cannot_be_signed_and_nothing_is_recorded() {
    let bench = parked(SIGNED);
    let before = bench.tree();
    let ran = bench.ends(2, &["sign", "1", "--as", "qa@example.org", "--yes"]);
    ran.says("waits for no signature").says("`X` is not defined");
    assert_eq!(bench.events(1).last().unwrap()["type"], "deviation");
    assert_eq!(before.keys().collect::<Vec<_>>(), bench.tree().keys().collect::<Vec<_>>());
}

#[test]
fn a_block_that_cannot_be_prepared_is_never_in_doubt() {
    let env = "## Use\n\n```sh run\n#| env: { Z: \"a{{ X }}\" }\necho \"$Z\" >> log\n```\n";
    let template = "## Use\n\n```sh run\n#| template: true\necho {{ X }} >> log\n```\n";
    for (book, what) in
        [(env, "env Z, `a{{ X }}`, cannot be rendered"), (template, "the script cannot be rendered")]
    {
        let bench = parked(book);
        bench.ends(3, &["resume", "1", "--unattended"]).says(what).says("PARKED");
        assert!(bench.of_type(1, "action.started").iter().all(|event| event["action"] != "use#1"));
        answered(&bench, "use", "skip", 0);
        assert_eq!(bench.text("log"), "made\n");
        bench.ends(0, &["verify", "1"]).says("intact and complete");
    }
}

#[test]
fn a_rollback_whose_block_failed_and_was_skipped_ends_failed() {
    let book =
        "---\nrunbook: 1\n---\n\n# Book\n\n## Make\n\n```sh run\nfalse\n```\n\n```sh rollback\nfalse\n```\n";
    let bench = Bench::with(&[
        ("book.md", book),
        ("back.yaml", "steps:\n  make: { choice: rollback, reason: it fails }\n"),
        ("skip.yaml", "steps:\n  \"make#rollback-1\": { choice: skip, reason: it fails too }\n"),
    ]);
    bench.ends(3, &["run", "book.md", "--unattended", "--answers", "back.yaml"]);
    bench.ends(1, &["resume", "1", "--unattended", "--answers", "skip.yaml"]).says("FAILED");
    assert_eq!(bench.of_type(1, "run.closed")[0]["verdict"], "failed");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn what_was_left_out_is_not_counted_as_done_and_the_head_of_a_block_tells_what_it_gets() {
    let rest = "## Never\n\n```sh run\n#| when: run.number > 5\ntrue\n```\n\n\
        ## Agent\n\n```sh check\n#| agent: true\ntrue\n```\n\n\
        ## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: Go.\n```\n\n\
        ## Sit\n\n```sh run\n#| tty: true\ntrue\n```\n";
    let bench = Bench::with(&[
        ("book.md", &format!("{SKIPPED}{rest}")),
        ("skip.yaml", "steps:\n  look: { choice: skip, reason: not here }\n"),
    ]);
    let ran = bench.ends(3, &["run", "book.md", "--unattended", "--answers", "skip.yaml"]);
    ran.says("so far: 2 of 6 actions done, 1 skipped, 1 not for this run, 1 deviation");
    ran.says("sh check · local · agent");
    bench
        .ends(0, &["handover", "1", "--to", "night@example.org"])
        .says("2 of 6 actions done, 1 skipped, 1 not for this run, operated by");
}

#[test]
fn nobody_signs_from_an_answers_file_under_another_printed_name() {
    let bench = Bench::with(&[
        (
            "book.md",
            &format!("---\nrunbook: 1\nroles: [qa]\n---\n\n# Book\n\n{}", SIGNED.replace("{{ X }}", "it")),
        ),
        (
            "holdpoint.toml",
            "[roles]\nqa = [\"qa@example.org\"]\n\n[people.\"qa@example.org\"]\nname = \"Quinn Auditor\"\n\n[environments.test]\nrehearsal = true\n",
        ),
        ("answers.yaml", "steps:\n  release: { sign: { as: qa@example.org, name: Quinn } }\n"),
    ]);
    let arguments = ["run", "book.md", "--env", "test", "--unattended", "--answers", "answers.yaml"];
    bench.ends(3, &arguments).says("the printed name of qa@example.org is Quinn Auditor, not Quinn");
    assert_eq!(bench.of_type(1, "signoff.refused").len(), 1);
}

#[test]
fn a_title_that_cannot_be_rendered_is_said_to_be_so_and_its_braces_pass_for_no_title() {
    let bench = parked(&SIGNED.replace("## Release", "## Tell {{ X }}"));
    let ran = bench.ends(3, &["resume", "1", "--unattended"]);
    ran.says("3 (the title cannot be rendered)");
    ran.says("the title, `Tell {{ X }}`, cannot be rendered: `X` is not defined");
    assert!(!ran.both().contains("3 Tell {{ X }} ──"), "{}", ran.both());
}

#[test]
fn braces_in_a_check_list_that_people_wrote_for_themselves_are_shown_and_recorded_as_they_are_written() {
    let list = "# Deploy {{ app }}\n\n## Look at {% raw %}\n\n- [ ] Set `{{ 1 + 1 }}` and {% if x\n";
    let bench =
        Bench::with(&[("list.md", list), ("yes.yaml", "steps:\n  look-at--raw-: { confirm: true }\n")]);
    for (arguments, item) in [
        (["run", "list.md", "--dry-run", "--unattended"].as_slice(), true),
        (&["run", "list.md", "--unattended", "--answers", "yes.yaml"], true),
        (&["show", "1"], false),
        (&["report", "1", "--format", "markdown"], true),
    ] {
        let ran = bench.ends(0, arguments);
        ran.says("Deploy {{ app }}").says("Look at {% raw %}");
        if item {
            ran.says("{{ 1 + 1 }}").says("{% if x");
        }
        assert!(!ran.both().contains("cannot be rendered"), "{}", ran.both());
    }
    let [confirmed] = &bench.of_type(1, "item.confirmed")[..] else { panic!("one item") };
    assert_eq!(confirmed["text"], "Set `{{ 1 + 1 }}` and {% if x");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}
