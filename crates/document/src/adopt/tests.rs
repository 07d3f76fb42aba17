use super::adopt;
use crate::compile_and_lint;

fn adopted(source: &str) -> String {
    adopt(source, None).text
}

#[test]
fn commands_become_blocks_and_nothing_else_changes() {
    let source = "# Release\n\n1. Look at it\n\n   ```sh\n   git status\n   ```\n\n2. Publish it\n\n```bash\ncp a b\n```\n\n3. Tell them.\n";
    let wanted = "---\nrunbook: 1\nmanual: true\n---\n\n# Release\n\n1. Look at it\n\n   ```sh check\n   git status\n   ```\n\n2. Publish it\n\n   ```bash run\n   cp a b\n   ```\n\n3. Tell them.\n";
    assert_eq!(adopted(source), wanted);
}

#[test]
fn prompts_go_and_what_is_printed_is_expected() {
    let source =
        "# T\n\n## A\n\n```console\n$ uname -s\nLinux\n$ uptime\nSun Nov 29 12:00:00 UTC 2026\n$ rm x\n```\n";
    let adopted = adopted(source);
    let wanted = "## A\n\n```bash check\nuname -s\n```\n\n```text expect\nLinux\n```\n\n```bash check\nuptime\n```\n\n```text example\nSun Nov 29 12:00:00 UTC 2026\n```\n\n```bash run\nrm x\n```\n";
    assert!(adopted.ends_with(wanted), "{adopted}");
}

#[test]
fn values_become_inputs() {
    let source = "# T\n\n## A\n\n```sh\nexport TOKEN=CHANGEME\ndeploy \"app:<version>\" --to 'to <host>' $REGION\n```\n";
    let adopted = adopted(source);
    assert!(adopted.contains("deploy \"app:${version}\" --to 'to '\"${host}\"'' $REGION"), "{adopted}");
    assert!(adopted.contains("  token:\n") && adopted.contains("    secret: true\n"), "{adopted}");
    assert!(adopted.contains("export TOKEN=\"${token}\""), "{adopted}");
    assert!(adopted.contains("  REGION:\n"), "{adopted}");
}

#[test]
fn a_literal_becomes_an_input_in_every_command_and_where_it_stays_is_named() {
    let source = "# T\n\n## Tag v1.0.23\n\n```sh\nexport VERSION=v1.0.23\ngit tag \"$VERSION\"\ngit push origin v1.0.23\n```\n\n## If it fails\n\n```sh\ngit tag -d v1.0.23\n```\n";
    let adoption = adopt(source, None);
    assert!(
        adoption.text.contains("export VERSION=\"${version}\"\n")
            && adoption.text.contains("git push origin \"${version}\"\n"),
        "{}",
        adoption.text
    );
    let wanted = "`v1.0.23` is asked for as `version` now, and stays as it is in lines 3 and 14: is it the same there?";
    assert!(adoption.left.iter().any(|left| left.what == wanted), "{:?}", adoption.left);
    assert!(adoption.errors.is_empty(), "{:?}", adoption.errors);
}

/// Numbers and titles of a document's steps.
fn steps(source: &str) -> Vec<String> {
    let plan = compile_and_lint(source, None).0.plan;
    plan.steps.iter().map(|step| format!("{} {}", step.number, step.title)).collect()
}

#[test]
fn numbered_items_stay_steps_where_boxes_stand_beside_them() {
    for (source, wanted) in [
        (
            "# T\n\n1. Look\n\n   ```sh\n   ls\n   ```\n\n2. Tell them\n\n- [ ] Watch it\n  for a while\n- [ ] Go home\n",
            &["1 Look", "2 Tell them", "3 Watch it for a while", "4 Go home"][..],
        ),
        ("# T\n\n1. [ ] Look\n\n   ```sh\n   ls\n   ```\n\n2. [x] Tell them\n", &["1 Look", "2 Tell them"]),
        (
            "# T\n\n1. Look\n2. Tell them\n\n- [ ] Wait for approval by QA\n",
            &["1 Look", "2 Tell them", "3 Wait for approval by QA"],
        ),
    ] {
        let adoption = adopt(source, None);
        assert_eq!(steps(&adoption.text), wanted, "{}", adoption.text);
        assert!(adoption.errors.is_empty(), "{}\n{:?}", adoption.text, adoption.errors);
        assert!(!adoption.left.iter().any(|left| left.what.contains("fall together")), "{:?}", adoption.left);
    }
}

#[test]
fn a_number_that_goes_on_below_a_line_of_text_stays_a_step() {
    let source = "# T\n\n1. Build\n\n```\nmake build\n```\n\nIt takes long.\n2. Verify\n3. Close\n\n```\nmake clean\n```\n";
    let adoption = adopt(source, None);
    assert!(
        adoption.text.contains("\n\n2. Verify\n3. Close\n\n   ```bash run\n   make clean\n"),
        "{}",
        adoption.text
    );
    assert_eq!(steps(&adoption.text), ["1 Build", "2 Verify", "3 Close"], "{}", adoption.text);
    assert!(adoption.errors.is_empty(), "{:?}", adoption.errors);
}

#[test]
fn numbered_items_that_fall_together_are_named() {
    let left = adopt("# T\n\n## A\n\n- [ ] Before\n\n1. Look\n2. Tell them\n", None).left;
    assert!(left.iter().any(|left| left.what.contains("fall together in one step")), "{left:?}");
}

#[test]
fn that_steps_have_other_numbers_in_the_run_book_is_named_once_and_their_ids_stay() {
    let source = "# T\n\n## Before\n\n- [ ] a\n\n## 1. Do\n\n```sh\nrm x\n```\n\n## 3. Go on\n\n- [ ] b\n";
    let adoption = adopt(source, None);
    let ids = |source: &str| {
        compile_and_lint(source, None).0.plan.steps.into_iter().map(|step| step.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&adoption.text), ids(source));
    let told: Vec<&str> = adoption.left.iter().map(|left| left.what.as_str()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("a “Before” is 1. "), "{told:?}");
    let left = adopt("# T\n\n## 1. Do\n\n```sh\nrm x\n```\n\n## 2. Go on\n\n- [ ] b\n", None).left;
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn prose_that_says_what_to_do_above_a_block_is_named_for_nobody_confirms_it() {
    let named = |prose: &str| {
        let source = format!("# T\n\n{prose}\n\n1. Look\n\n   ```sh\n   ls\n   ```\n");
        let left = adopt(&source, None).left;
        left.iter().any(|left| left.what.contains("is only shown above its block"))
    };
    for prose in
        ["Before you start, tell #ops in chat.", "It is slow. Stop the queue first.", "Call the lead!"]
    {
        assert!(named(prose), "{prose}");
    }
    for prose in ["It takes an hour.", "Look at the disks:", "The queue stops, and nobody is told."] {
        assert!(!named(prose), "{prose}");
    }
    let named = |item: &str| {
        let left = adopt(&format!("# T\n\n1. {item}\n\n   ```sh\n   ls\n   ```\n"), None).left;
        left.iter().any(|left| left.what.contains("is only shown above its block"))
    };
    assert!(!named("Publish <version>"));
    assert!(named("Publish <version>\n\n   Tell #ops first."));
}

#[test]
fn a_sign_off_states_something_that_can_be_signed() {
    let adopted = adopted("# T\n\n1. Look\n2. Wait for approval by QA.\n");
    assert!(
        adopted.contains(
            "statement: 'I have looked at what is on record above, and give the approval that is asked for here: “Wait for approval by QA”.'"
        ),
        "{adopted}"
    );
}

#[test]
fn what_differs_between_machines_is_left_open() {
    let source = "# T\n\n## A\n\n```console\n$ df -h /tmp\nFilesystem      Size  Used Avail Use% Mounted on\n/dev/vda1        20G   12G  7.1G  63% /\n$ ip link show\n2: enp3s0: <UP> mtu 1500 state UP\n```\n";
    let adopted = adopted(source);
    assert!(adopted.contains("Filesystem*Size*Used*Avail*Use%*Mounted*on (glob)\n*/ (glob)\n"), "{adopted}");
    assert!(adopted.contains("*: *: * mtu * state UP (glob)\n"), "{adopted}");
}

#[test]
fn what_is_proposed_is_a_run_book_and_is_not_proposed_again() {
    for source in [
        "# T\n\n## A\n\n```sh\nls\n```\n\nWait for approval by QA.\n\n## B\n\n```js\nx\n```\n",
        "---\nweight: 3\nlabels: [a]\n---\n# T\n\n- [ ] Do it\n\n```\n$ ls\n```\n",
        "# T\n\n1. Get sign-off from the manager\n2. Do it\n\n   ```sh\n   rm -r {dir}\n   ```\n",
        "# T\n\n## A\n\n```sh\nkubectl get pods [options]\n```\n\n> ```sh\n> ls\n> ```\n",
    ] {
        let first = adopt(source, None);
        assert!(first.errors.is_empty(), "{source}\n{}\n{:?}", first.text, first.errors);
        let (compiled, _) = compile_and_lint(&first.text, None);
        assert!(!compiled.has_errors(), "{}", first.text);
        let again = adopt(&first.text, None);
        assert!(again.edits.is_empty() && again.left.is_empty() && again.text == first.text);
    }
}

#[test]
fn what_a_person_must_decide_is_named() {
    let source = "# T\n\n## A\n\nFor example:\n\n```sh\nrm -r /\n```\n\n## B\n\n    $ ls\n";
    let adoption = adopt(source, None);
    assert!(adoption.text.contains("```sh example\nrm -r /"), "{}", adoption.text);
    assert_eq!(adoption.commands.left, 1, "{:?}", adoption.left);
    assert!(adoption.left.iter().any(|left| left.what.contains("fence")), "{:?}", adoption.left);
}

#[test]
fn where_the_front_matter_cannot_be_added_to_nothing_is_proposed() {
    for source in [
        "+++\ntitle = 'x'\n+++\n# T\n\n## A\n\n```sh\nls\n```\n",
        "---\nabout: a\nabout: b\n---\n# T\n\n```sh\nls\n```\n",
    ] {
        let adoption = adopt(source, None);
        assert!(adoption.edits.is_empty() && adoption.left.len() == 1, "{:?}", adoption.left);
    }
}

#[test]
fn code_that_explains_moves_into_its_item_and_is_not_shown_with_the_next() {
    let source = "# T\n\n1. Look at it\n\nIt prints:\n\n```text\na\n```\n\n2. Tell them\n";
    let adopted = adopted(source);
    assert!(
        adopted.ends_with("1. Look at it\n\n   It prints:\n\n   ```text\n   a\n   ```\n\n2. Tell them\n"),
        "{adopted}"
    );
}

#[test]
fn code_with_braces_stays_where_it_is_no_template() {
    let source = "# T\n\n1. Look at it\n\n```\n{{depName}}\n```\n\n2. Tell them\n";
    let adoption = adopt(source, None);
    assert!(
        adoption.errors.is_empty() && adoption.text.contains("\n```\n{{depName}}\n```\n"),
        "{}",
        adoption.text
    );
}

#[test]
fn code_in_tabs_is_left_to_a_person() {
    let source = "# T\n\n## Install\n\n=== \"Debian\"\n\n    ```sh\n    apt install x\n    ```\n";
    let adoption = adopt(source, None);
    assert!(adoption.text.ends_with(&source["# T".len()..]), "{}", adoption.text);
    assert_eq!((adoption.commands.left, adoption.errors.len()), (1, 0));
    assert!(adoption.left[0].what.contains("stands in a tab"), "{:?}", adoption.left);
}

#[test]
fn what_is_expected_moves_into_the_item_with_its_block() {
    let source = "# T\n\n1. Look\n\n```console\n$ uname -s\nLinux\n$ rm x\n```\n\n2. Go on\n";
    let wanted = "1. Look\n\n   ```bash check\n   uname -s\n   ```\n\n   ```text expect\n   Linux\n   ```\n\n   ```bash run\n   rm x\n   ```\n\n2. Go on\n";
    let adopted = adopted(source);
    assert!(adopted.ends_with(wanted), "{adopted}");
}

#[test]
fn what_is_not_always_to_be_run_becomes_no_block() {
    for title in ["Rollback", "If it fails", "Troubleshooting", "Optional: tidy up"] {
        let source =
            format!("# T\n\n## Do\n\n```sh\nls\n```\n\n## {title}\n\nPut it back:\n\n```sh\nrm x\n```\n");
        let adoption = adopt(&source, None);
        assert!(adoption.text.contains("```sh example\nrm x"), "{}", adoption.text);
        assert_eq!(adoption.commands.left, 1, "{title}: {:?}", adoption.left);
        assert!(!adoption.left.is_empty(), "{title}");
    }
    for text in [
        "To roll back:",
        "If it fails, run:",
        "Alternatively:",
        "Or, instead:",
        "In an emergency:",
        "The old way (deprecated):",
    ] {
        let source = format!("# T\n\n## Do\n\n```sh\nls\n```\n\n{text}\n\n```sh\nrm x\n```\n");
        let adoption = adopt(&source, None);
        assert!(adoption.text.contains("```sh example\nrm x"), "{}", adoption.text);
    }
}

#[test]
fn what_says_that_it_is_an_example_stays_one() {
    let of = |info: &str| adopted(&format!("# T\n\n## A\n\nDo it.\n\n```{info}\nrm x\n```\n"));
    assert!(of("sh example").contains("```sh example\nrm x"), "{}", of("sh example"));
    assert!(!of("{code-block} bash").contains("code-block} example"), "{}", of("{code-block} bash"));
}

#[test]
fn only_what_surely_changes_nothing_becomes_a_check() {
    let of = |command: &str| adopted(&format!("# T\n\n## A\n\n```sh\n{command}\n```\n"));
    for command in [
        "sort -o out f",
        "sed -n 'w out' f",
        "find . -fprint out",
        "git log --output=out",
        "date -s x",
        "curl -K f",
        "PATH=/x ls",
        "echo a > f",
    ] {
        assert!(of(command).contains("```sh run\n"), "{}", of(command));
    }
    for command in ["ls -l", "kubectl get pods", "cat f | grep x", "systemctl status x"] {
        assert!(of(command).contains("```sh check\n"), "{}", of(command));
    }
}

#[test]
fn bullets_that_say_what_to_do_stay_confirmed_one_by_one() {
    for (source, wanted) in [
        (
            "# T\n\n## Prepare\n\n- Stop the queue\n- Tell #ops\n  about it\n* * *\n\n## Do\n\n```sh\nls\n```\n",
            "- [ ] Stop the queue\n- [ ] Tell #ops\n  about it\n* * *\n",
        ),
        ("# T\n\n## A\n\n- [ ] Stop it\n- the rest too\n", "- [ ] Stop it\n- [ ] the rest too\n"),
        (
            "# T\n\n## A\n\n- Stop it\n  - the first\n  - the second\n- Start it\n",
            "- [ ] Stop it\n  - the first\n  - the second\n- [ ] Start it\n",
        ),
        // Nobody is asked for what explains.
        ("# T\n\n## A\n\nDo it:\n\n- the first\n- the second\n", "- the first\n- the second\n"),
    ] {
        let adoption = adopt(source, None);
        assert!(adoption.text.contains(wanted), "{}", adoption.text);
        assert!(adoption.errors.is_empty(), "{}\n{:?}", adoption.text, adoption.errors);
        let confirmed = |source: &str| {
            let plan = compile_and_lint(source, None).0.plan;
            let actions = plan.steps.iter().flat_map(|step| &step.actions);
            actions.filter(|action| matches!(action.work, crate::Work::Confirm { .. })).count()
        };
        assert_eq!(confirmed(&adoption.text), confirmed(source), "{}", adoption.text);
        let again = adopt(&adoption.text, None);
        assert!(again.edits.is_empty());
    }
    let adoption = adopt("# T\n\n## A\n\n- Stop the queue\n- Set {{ it }}\n", None);
    assert!(
        adoption.left.iter().any(|left| left.what.contains("confirmed with the items around it")),
        "{:?}",
        adoption.left
    );
}

#[test]
fn a_bullet_that_holds_a_block_needs_no_box() {
    let adopted = adopted("# T\n\n## A\n\n- Stop it:\n\n  ```sh\n  queue stop\n  ```\n\n- Tell them\n");
    assert!(
        adopted.contains("- Stop it:\n\n  ```sh run\n") && adopted.contains("- [ ] Tell them\n"),
        "{adopted}"
    );
}

#[test]
fn of_a_group_of_fences_none_becomes_a_block() {
    for (begins, ends) in
        [("::: code-group", ":::"), ("<Tabs>", "</Tabs>"), ("{{< tabs >}}", "{{< /tabs >}}")]
    {
        let source = format!(
            "# T\n\n## A\n\n{begins}\n\n```sh [npm]\nnpm add x\n```\n\n```sh [pnpm]\npnpm add x\n```\n\n{ends}\n"
        );
        let adoption = adopt(&source, None);
        assert!(!adoption.text.contains(" run"), "{}", adoption.text);
        assert_eq!(adoption.commands.left, 2);
        assert!(
            adoption.left.iter().filter(|left| left.what.contains("stands in a tab")).count() == 2,
            "{:?}",
            adoption.left
        );
    }
}

#[test]
fn a_command_in_which_a_literal_is_part_of_a_longer_word_is_left_to_a_person() {
    let adoption = adopt(
        "# T\n\n## A\n\n```sh\ngit push origin v1.0.23\n```\n\n## B\n\n```sh\ndpkg -i app_v1.0.23_amd64.deb\n```\n\n## C\n\n```sh\ntar xf app-v1.0.23.tgz\n```\n",
        None,
    );
    assert!(
        adoption.text.contains("```sh example\ndpkg")
            && adoption.text.contains("tar xf app-\"${version}\".tgz"),
        "{}",
        adoption.text
    );
    assert!(
        adoption.left.iter().any(|left| left.what.contains("part of a longer word")),
        "{:?}",
        adoption.left
    );
}

#[test]
fn words_behind_the_language_of_a_fence_are_named_where_they_go() {
    for (info, wanted, words) in [
        ("sh title=\"on db01\"", "```sh run\nrm x", Some("title=\"on db01\"")),
        ("sh [on db01]", "```sh run\nrm x", Some("[on db01]")),
        ("{.bash .host title=\"db01\"}", "```bash run\nrm x", Some(".host title=\"db01\"")),
        ("yaml title=\"on db01\"", "```yaml example\nrm x", Some("title=\"on db01\"")),
        ("sh", "```sh run\nrm x", None),
        ("{.sh}", "```sh run\nrm x", None),
        ("{code-block} bash", "```bash run\nrm x", None),
    ] {
        let adoption = adopt(&format!("# T\n\n## A\n\nDo it.\n\n```{info}\nrm x\n```\n"), None);
        assert!(adoption.text.contains(wanted), "{info}: {}", adoption.text);
        let told = adoption.left.iter().filter(|left| left.what.contains("behind the language"));
        let told: Vec<&str> = told.map(|left| left.what.as_str()).collect();
        assert_eq!(told.len(), usize::from(words.is_some()), "{info}: {:?}", adoption.left);
        assert!(words.is_none_or(|words| told[0].starts_with(&format!("`{words}` "))), "{info}: {told:?}");
    }
    // It is told of what is left to a person too.
    let left = adopt("# T\n\n## Rollback\n\n```sh title=\"on db01\"\nrm x\n```\n", None).left;
    assert!(left.iter().any(|left| left.what.contains("`title=\"on db01\"`")), "{left:?}");
}

#[test]
fn what_a_line_in_bold_an_item_or_a_summary_says_is_not_for_every_run_becomes_no_block() {
    for part in [
        "**Option A**\n\nUse the button.\n\n```sh\nrm x\n```\n",
        "**Option A:** by hand.\n\nLook first.\n\n```sh\nrm x\n```\n",
        "**Method 2**\n\n1. Remove it\n\n   ```sh\n   rm x\n   ```\n",
        "**Rollback**\n\nDo it.\n\nThen:\n\n```sh\nrm x\n```\n",
        "- **Option A**: by hand\n\n  Look first.\n\n  ```sh\n  rm x\n  ```\n",
        "<details>\n<summary>Trouble-shooting</summary>\n\nRestart it.\n\n```sh\nrm x\n```\n\n</details>\n",
        "<details>\n\n<summary><b>Known issues</b></summary>\n\n<details>\n\na\n\n</details>\n\n1. Restart\n\n   ```sh\n   rm x\n   ```\n\n</details>\n",
    ] {
        let source =
            format!("# T\n\n## Do\n\n```sh\nls\n```\n\n## Switch\n\n{part}\n## Go on\n\n```sh\nrm y\n```\n");
        let adoption = adopt(&source, None);
        assert!(adoption.text.contains("```sh example\n"), "{}", adoption.text);
        assert!(adoption.text.contains("```sh run\nrm y"), "{}", adoption.text);
        assert_eq!((adoption.commands.left, adoption.errors.len()), (1, 0), "{}", adoption.text);
    }
    // What stands behind such a part is for every run.
    for part in [
        "**Option A**\n\nUse the button.\n\n**Everywhere**\n\n```sh\nrm x\n```\n",
        "<details>\n<summary>Troubleshooting</summary>\n\nCall.\n\n</details>\n\n```sh\nrm x\n```\n",
        "**Database**\n\n```sh\nrm x\n```\n",
    ] {
        let adopted = adopted(&format!("# T\n\n## Switch\n\n{part}"));
        assert!(adopted.contains("```sh run\nrm x"), "{adopted}");
    }
}

/// What is left to a person, one a line.
fn left(source: &str) -> String {
    adopt(source, None).left.iter().map(|left| left.what.as_str()).collect::<Vec<_>>().join("\n")
}

/// Lines at which `check` says of the run-book that nobody confirms what stands there.
fn lost(source: &str) -> Vec<String> {
    let text = adopt(source, None).text;
    let found = compile_and_lint(&text, None).1;
    let found = found.into_iter().filter(|found| found.code == crate::Code::LostStep);
    found.filter_map(|found| Some(found.span?.of(&text).to_owned())).collect()
}

#[test]
fn what_is_confirmed_behind_a_block_and_would_not_be_any_more_is_named_and_found() {
    for (source, said) in [
        ("# T\n\n1. Build\n\n```\nmake build\n```\n\nCall the customer.\n\n2. Done\n", "Call the customer."),
        (
            "# T\n\n1. Build\n\n   ```sh\n   make build\n   ```\n\n   Wait a while.\n\n2. Done\n",
            "Wait a while.",
        ),
        ("# T\n\n## Go\n\n```sh\nmake build\n```\n\nIt takes a while.\n", "It takes a while."),
    ] {
        assert!(
            left(source).contains(&format!("“{said}” is confirmed in the document as it is")),
            "{source}\n{}",
            left(source)
        );
        assert!(lost(source).iter().any(|lost| lost.contains(said)), "{source}\n{:?}", lost(source));
    }
    for source in [
        "# T\n\n1. Build\n\n```\nmake build\n```\n\n2. Done\n\nAll of it.\n",
        "# T\n\n## A\n\nLook at it.\n\n## B\n\n```sh\nls\n```\n\n---\n",
        "# T\n\n- [ ] Do it:\n\n  ```sh\n  ls\n  ```\n\n- [ ] Go on\n",
    ] {
        assert_eq!((left(source), lost(source)), (String::new(), Vec::new()), "{source}");
    }
}

#[test]
fn boxes_in_a_quote_are_named_as_confirmed_by_nobody() {
    let left = left("# T\n\n## A\n\n> - [ ] Look at it\n> - [ ] Call them\n");
    assert!(left.contains("“Call them” is confirmed in the document as it is"), "{left}");
}

#[test]
fn every_bullet_that_says_what_to_do_behind_a_block_gets_a_box_and_moves_into_its_item() {
    let source = "# T\n\n1. Stop the app\n\n```bash\nsystemctl stop app\n```\n\n- Stop the queue\n- Tell the team\n\n2. Go on\n";
    let adoption = adopt(source, None);
    assert!(
        adoption.text.ends_with("   ```\n\n   - [ ] Stop the queue\n   - [ ] Tell the team\n\n2. Go on\n"),
        "{}",
        adoption.text
    );
    assert_eq!(steps(&adoption.text), ["1 Stop the app", "2 Go on"]);
    assert_eq!((left(source), lost(source)), (String::new(), Vec::new()));
}

#[test]
fn bullets_with_blanks_before_them_get_boxes_as_others() {
    for source in [
        "# T\n\n## A\n\n - Stop the queue\n - Start it\n",
        "# T\n\n## A\n\n  * Stop the queue\n  * Start it\n",
    ] {
        let adopted = adopted(source);
        assert!(
            adopted.contains(" [ ] Stop the queue\n") && adopted.contains(" [ ] Start it\n"),
            "{adopted}"
        );
    }
}

#[test]
fn bullets_that_fall_together_in_a_section_are_found() {
    let source = "---\nrunbook: 1\nmanual: true\n---\n\n# T\n\n## A\n\n- Stop the queue\n- Start the queue\n";
    let found = compile_and_lint(source, None).1;
    let lost = found.iter().filter(|found| found.code == crate::Code::LostStep).count();
    assert_eq!(lost, 2, "{found:?}");
}

#[test]
fn bullets_that_are_introduced_below_numbered_items_go_on_with_their_numbers() {
    let source = "# T\n\n1. Look\n2. Tell them\n\nThen, on each worker:\n\n- Stop it\n- Start it\n";
    let adoption = adopt(source, None);
    assert_eq!(
        steps(&adoption.text),
        ["1 Look", "2 Tell them", "3 Stop it", "4 Start it"],
        "{}",
        adoption.text
    );
    assert!(adoption.left.is_empty(), "{:?}", adoption.left);
    // A list that begins at 3 is none right below a line of text.
    let text = adopted("# T\n\n1. Look\n2. Tell them\n\nThen, on each worker:\n- Stop it\n- Start it\n");
    assert!(text.contains("worker:\n- [ ] Stop it\n- [ ] Start it\n"), "{text}");
}

#[test]
fn an_approval_is_asked_for_wherever_the_text_asks_for_it() {
    let signoffs = |source: &str| {
        let adoption = adopt(source, None);
        assert!(adoption.errors.is_empty(), "{}\n{:?}", adoption.text, adoption.errors);
        let plan = compile_and_lint(&adoption.text, None).0.plan;
        let works = plan.steps.iter().flat_map(|step| step.actions.iter().map(|action| action.work.kind()));
        works.collect::<Vec<_>>().join(" ")
    };
    for (source, wanted) in [
        (
            "# T\n\n1. Wait for approval by the CAB\n   ```sh\n   rm x\n   ```\n2. Go on\n",
            "signoff run confirm",
        ),
        ("# T\n\n## A\n\nWait for approval by QA before you continue.\n", "signoff"),
        ("# T\n\n## A\n\nWait for approval by QA.\n\n```sh\nrm x\n```\n", "signoff run"),
        (
            "# T\n\n## A\n\n- [ ] Look\n- [ ] QA must approve the release\n- [ ] Start\n",
            "confirm signoff confirm confirm",
        ),
    ] {
        assert_eq!(signoffs(source), wanted, "{}", adopted(source));
    }
    let beside = "# T\n\n## A\n\nWait for approval by QA.\n\n```sh\nrm x\n```\n\n1. Look\n2. Go on\n";
    assert!(left(beside).contains("no sign-off has its place here"), "{}", left(beside));
}

#[test]
fn an_alert_of_another_tool_with_a_title_is_no_error() {
    for mark in [":::tip Extra", "::: warning Mind", ":::note", ":::danger[Never]", ":::{tip} Extra"] {
        let adoption = adopt(&format!("# T\n\n{mark}\nBe careful.\n:::\n\n- [ ] a\n"), None);
        assert!(adoption.errors.is_empty(), "{mark}: {:?}", adoption.errors);
    }
    let text = "---\nrunbook: 1\n---\n\n# T\n\n:::sh run\nls\n:::\n\n- [ ] a\n";
    assert!(crate::compile(text, None).has_errors());
}
