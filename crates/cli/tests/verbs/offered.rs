//! Commands of documents that people wrote for themselves, through the binary: nothing runs but by somebody's word.

use serde_json::Value;

use crate::support::{Bench, Ran};

/// Harmless, and each leaves a file where it runs.
const LIST: &str = "# Restart\n\n## Stop it\n\nLook first.\n\n```console\n$ echo hello\nhello\n$ touch ran-<name>\n```\n\n\
    It can be triggered by, for example:\n\n```sh\ntouch ran-explanatory\n```\n\n\
    ## Then\n\n1. Write it:\n\n   ```sh\n   # the version\n   echo v1.0.23 > ran-version\n   ```\n\n\
    2. Tell the others\n\n- [ ] It runs `touch ran-inline`\n\n```\ntouch ran-untagged\n```\n";

fn bench() -> Bench {
    Bench::with(&[("list.md", LIST)])
}

fn ran(bench: &Bench) -> Vec<String> {
    bench.tree().into_keys().filter(|name| name.contains("ran-")).collect()
}

/// Ids of the actions, in order, with what each does.
fn actions(bench: &Bench) -> Vec<(String, String)> {
    let plan = bench.ends(0, &["plan", "list.md", "--format", "json"]).json();
    let steps = plan["document"]["steps"].as_array().unwrap().clone();
    let all = steps.iter().flat_map(|step| step["actions"].as_array().unwrap().clone()).map(|action| {
        let offered = action["work"]["offered"]["text"].as_str();
        let what = offered.map_or_else(|| "confirm".to_owned(), str::to_owned);
        (action["id"].as_str().unwrap().to_owned(), what)
    });
    all.collect()
}

fn id_of(bench: &Bench, command: &str) -> String {
    let found = actions(bench).into_iter().find(|(_, what)| what == command);
    found.unwrap_or_else(|| panic!("{command} is not offered: {:?}", actions(bench))).0
}

#[test]
fn nothing_of_a_document_runs_unasked() {
    let bench = bench();
    for arguments in [
        &["run", "list.md", "--unattended"][..],
        &["resume", "1", "--unattended"],
        &["run", "list.md", "--dry-run"],
        &["run", "list.md", "--dry-run", "--no-checks"],
        &["run", "list.md"],
        &["plan", "list.md"],
        &["plan", "list.md", "--explain"],
        &["check", "list.md"],
    ] {
        let ran: Ran = bench.holdpoint(arguments);
        assert!([0, 2, 3, 4].contains(&ran.code), "{arguments:?}: {}\n{}", ran.code, ran.both());
        assert_eq!(self::ran(&bench), Vec::<String>::new(), "{arguments:?} ran something");
    }
    assert!(bench.of_type(1, "action.started").is_empty());
}

#[test]
fn what_an_answers_file_says_of_a_step_runs_none_of_its_commands() {
    let bench = bench();
    // Said of the step alone: nothing would ever be run by it, and so nothing begins.
    bench.file("answers.yaml", "steps:\n  stop-it: { choice: run, value: { name: x } }\n");
    let refused = bench.ends(2, &["run", "list.md", "--unattended", "--answers", "answers.yaml"]);
    refused.says("`run` can never be taken here");
    assert_eq!(ran(&bench), Vec::<String>::new());
    // Nor does it say that these were done by hand: they may be newer than the file.
    bench.file("answers.yaml", "steps:\n  stop-it: { confirm: true }\n");
    bench.ends(3, &["run", "list.md", "--unattended", "--answers", "answers.yaml"]);
    assert_eq!(bench.of_type(1, "item.confirmed"), Vec::<Value>::new());
    assert!(bench.of_type(1, "action.started").is_empty());
}

#[test]
fn each_way_of_answering_is_on_record_verified_and_told() {
    let bench = bench();
    let (hello, name, version) = (
        id_of(&bench, "echo hello"),
        id_of(&bench, "touch ran-<name>"),
        id_of(&bench, "echo v1.0.23 > ran-version"),
    );
    let untagged = id_of(&bench, "touch ran-untagged");
    let others: String = actions(&bench)
        .into_iter()
        .filter(|(_, what)| what == "confirm")
        .map(|(id, _)| format!("  {id}: {{ confirm: true }}\n"))
        .collect();
    bench.file(
        "answers.yaml",
        &format!(
            "steps:\n  {hello}: {{ choice: run }}\n  {name}: {{ choice: run, value: {{ name: \"it's ; touch ran-hit\" }} }}\n  \
             {version}: {{ choice: not_applicable }}\n  {untagged}: {{ confirm: true }}\n{others}"
        ),
    );
    bench.ends(0, &["run", "list.md", "--unattended", "--answers", "answers.yaml"]);
    assert_eq!(ran(&bench), ["repo/ran-it's ; touch ran-hit"]);
    let choices: Vec<Value> =
        bench.of_type(1, "decision").into_iter().map(|event| event["choice"].clone()).collect();
    assert_eq!(choices, ["run_command", "run_command", "not_applicable"]);
    let value = &bench.of_type(1, "value.recorded")[0];
    assert_eq!(value["value"], "it's ; touch ran-hit");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
    let report = bench.ends(0, &["report", "1"]).stdout;
    for told in [
        "run the command",
        "not applicable: it is not for this run",
        "NOT APPLICABLE",
        "DONE BY HAND",
        "touch ran-untagged",
    ] {
        assert!(report.contains(told), "{told} is not in\n{report}");
    }
    bench.ends(0, &["report", "1", "--format", "html"]).says("DONE BY HAND").says("NOT APPLICABLE");
    bench.ends(0, &["report", "1", "--format", "json"]).says("\"by_hand\"").says("\"not_applicable\"");
    let junit = bench.ends(0, &["report", "1", "--format", "junit"]);
    junit.says("done by hand, as").says("not applicable, by");
    bench.ends(0, &["show", "1"]).says("done by hand, by").says("not applicable, by");
    bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    bench.sh("mkdir out && tar --zstd -xf run.tar.zst -C out");
    let told = bench.sh("sh \"$(find out -name verify.sh)\" 2>&1");
    assert!(told.contains("intact and complete"), "{told}");
}

#[test]
fn what_a_command_prints_is_held_against_what_is_shown() {
    let bench = Bench::with(&[("list.md", "# A\n\n## B\n\n```console\n$ echo other\nhello\n```\n")]);
    let id = id_of(&bench, "echo other");
    bench.file("answers.yaml", &format!("steps:\n  {id}: {{ choice: run }}\n"));
    let told = bench.ends(3, &["run", "list.md", "--unattended", "--answers", "answers.yaml"]);
    told.says("hello").says("other");
    assert_eq!(bench.of_type(1, "action.finished")[0]["outcome"], "failed");
    bench.file("accept.yaml", &format!("steps:\n  {id}: {{ choice: accepted }}\n"));
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "accept.yaml"]);
    assert_eq!(bench.of_type(1, "decision").last().unwrap()["choice"], "accepted");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
    bench.ends(0, &["report", "1"]).says("what it printed is as it should be");
}

#[test]
fn a_record_in_which_a_command_ran_that_nobody_chose_does_not_conform() {
    let bench = Bench::with(&[("list.md", "# A\n\n## B\n\n```sh\ntrue\n```\n")]);
    let id = id_of(&bench, "true");
    bench.file("answers.yaml", &format!("steps:\n  {id}: {{ choice: run }}\n"));
    bench.ends(0, &["run", "list.md", "--unattended", "--answers", "answers.yaml"]);
    crate::support::forge(&bench.run_dir(1), |events| events.retain(|event| event["type"] != "decision"));
    bench.ends(6, &["verify", "1"]).says("does not conform");
}

#[test]
fn the_plan_explains_what_each_command_was_taken_for() {
    let bench = bench();
    let told = bench.ends(0, &["plan", "list.md", "--explain"]);
    told.says("offered, sure: it stands behind a prompt")
        .says("explains, and is not offered, likely: the text before it says")
        .says("asks first: <name>")
        .says("asks first: v1.0.23");
    let json = bench.ends(0, &["plan", "list.md", "--explain", "--format", "json"]).json();
    let steps = json["explained"].as_array().unwrap();
    let classes: Vec<&str> = steps
        .iter()
        .flat_map(|step| step["commands"].as_array().unwrap())
        .map(|command| command["class"].as_str().unwrap())
        .collect();
    assert_eq!(classes, ["offered", "offered", "explanatory", "offered", "offered"]);
    assert!(json["explained"][0]["step"]["reason"].is_string());
}

#[test]
fn a_comment_that_may_be_empty_is_left_empty_in_an_answers_file_too() {
    let rows =
        "# Check\n\n## Look\n\n| Item | Yes | No | Comment |\n| --- | --- | --- | --- |\n| Lamp on | | | |\n";
    for (comment, value) in
        [("", ""), (", row_lamp_on_comment: \"\"", ""), (", row_lamp_on_comment: dim", "dim")]
    {
        let bench = Bench::with(&[("list.md", rows)]);
        bench
            .file("answers.yaml", &format!("steps:\n  look: {{ value: {{ row_lamp_on: Yes{comment} }} }}\n"));
        bench.ends(0, &["run", "list.md", "--unattended", "--answers", "answers.yaml"]);
        let values: Vec<Value> =
            bench.of_type(1, "value.recorded").into_iter().map(|event| event["value"].clone()).collect();
        assert_eq!(values, ["Yes", value], "{comment}");
        let told = if value.is_empty() { "left empty" } else { "dim" };
        bench.ends(0, &["report", "1"]).says(told);
        bench.ends(0, &["report", "1", "--format", "html"]).says(told);
        bench.ends(0, &["verify", "1"]).says("intact and complete");
    }
}

#[test]
fn the_plan_explains_a_command_under_the_step_that_shows_it_and_calls_none_offered_that_is_only_read() {
    let list = "# T\n\n## 1. Build\n\nPrepare with\n\n```sh\ntouch above\n```\n\n1. First\n2. Then\n\n## 2. Check\n\n\
        ```sh\ntouch only\n```\n\n| Item | Yes | No |\n|---|---|---|\n| It runs | | |\n\n```sh\ntouch below\n```\n\n\
        ## Scope\n\n- [ ] Read it\n\n### More\n\n```sh\ntouch read\n```\n";
    let bench = Bench::with(&[("list.md", list)]);
    let json = bench.ends(0, &["plan", "list.md", "--explain", "--format", "json"]).json();
    let steps = json["explained"].as_array().unwrap();
    let told: Vec<String> = steps
        .iter()
        .flat_map(|step| step["commands"].as_array().unwrap().iter().map(move |command| (step, command)))
        .map(|(step, command)| {
            format!("{} {} {}", step["number"], command["command"], command["class"]).replace('"', "")
        })
        .collect();
    let offered: Vec<String> =
        actions(&bench).into_iter().map(|(_, what)| what).filter(|what| what != "confirm").collect();
    assert_eq!(told[..3], ["1 touch above offered", "2 touch only offered", "2 touch below offered"]);
    let named = told.iter().filter(|line| line.ends_with("offered")).count();
    assert_eq!(
        named,
        offered.iter().filter(|what| what.starts_with("touch")).count(),
        "{told:?} {offered:?}"
    );
}

/// A section of bullets that say what to do, one of bullets that do not, a table and commands.
const LISTS: &str = "# Release\n\n## Before\n\n- Stop the queue\n- Tell the lead\n- the rest\n\n## Rules\n\n- The lead decides.\n- Nobody else does.\n\n\
    ## Check\n\nLook at each:\n\n| Check | Result |\n|---|---|\n| About disks | see the wiki |\n| Disks | ☐ pass ☐ fail |\n\n\
    ## Do it\n\nIt takes an hour.\n\n```sh\ntrue\n```\n\n1. Look at it\n   - carefully\n   1. from above\n";

#[test]
fn a_plan_shows_every_line_and_its_explanation_names_every_question_with_its_reason() {
    let bench = Bench::with(&[("list.md", LISTS)]);
    let plan = bench.ends(0, &["plan", "list.md"]).stdout;
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    for line in LISTS.lines().filter(|line| !line.starts_with("```") && !line.contains('☐')) {
        let text = line.trim_start_matches(|c: char| !c.is_alphabetic());
        assert!(letters(&plan).contains(&letters(text)), "{line} is not in the plan:\n{plan}");
    }
    let asked =
        plan.lines().filter(|line| line.contains("  confirm   ") || line.contains("  record    ")).count();
    let explained = bench.ends(0, &["plan", "list.md", "--explain"]).stdout;
    assert_eq!(explained.matches(": asked: ").count(), asked, "{explained}\n{plan}");
    for told in [
        "line 5: asked: a bullet: 2 of the 3 bullets of its list begin with a verb that says what to do\n          Stop the queue\n",
        "line 6: asked: likewise\n          Tell the lead\n",
        "line 11: bullets that are read: none of the 2 bullets of its list begins with a verb that says what to do, and it takes more than half\n",
        "line 21: asked: it is a row of a table, for which something is chosen\n          Disks\n",
        "bullets that are read: bullets inside of an item explain it\n          - carefully\n",
    ] {
        assert!(explained.contains(told), "{told}is not in\n{explained}");
    }
}

#[test]
fn the_questions_that_are_explained_are_those_of_the_plan_in_every_document() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/real");
    for path in holdpoint_xtask::corpus::documents(&folder).unwrap() {
        let text = std::fs::read_to_string(&path).unwrap();
        let bench = Bench::with(&[("list.md", text.as_str())]);
        let shown = bench.ends(0, &["plan", "list.md", "--explain", "--format", "json"]).json();
        let count = |steps: &Value, of: &dyn Fn(&Value) -> usize| -> Vec<usize> {
            steps.as_array().unwrap().iter().map(of).collect()
        };
        let is_question =
            |action: &&Value| ["confirm", "record"].contains(&action["work"]["kind"].as_str().unwrap());
        let asked = count(&shown["document"]["steps"], &|step| {
            step["actions"].as_array().unwrap().iter().filter(is_question).count()
        });
        let explained = count(&shown["explained"], &|step| step["asks"].as_array().map_or(0, Vec::len));
        assert_eq!(explained[..asked.len()], asked, "{}", path.display());
    }
}

#[test]
fn a_literal_that_is_put_right_is_put_right_in_every_command() {
    let text = "# Release\n\n```sh\nexport VERSION=v1.0.23\ntouch \"ran-tagged-$VERSION\"\ntouch ran-pushed-to@v1.0.23\n```\n";
    let bench = Bench::with(&[("list.md", text)]);
    bench.ends(0, &["plan", "list.md"]).says("asks for version: v1.0.23, a version: still right?");
    bench.file(
        "answers.yaml",
        "steps:\n  release#1: { choice: run, value: { version: v2.0.0 } }\n  release#2: { choice: run }\n  release#3: { choice: run }\n",
    );
    bench.ends(0, &["run", "list.md", "--unattended", "--answers", "answers.yaml"]);
    assert_eq!(ran(&bench), ["repo/ran-pushed-to@v2.0.0", "repo/ran-tagged-v2.0.0"]);
}

#[test]
fn a_variable_that_no_shell_sets_is_asked_for() {
    let bench = Bench::with(&[("list.md", "# A\n\n```bash\ntouch ran-$HOST\n```\n")]);
    bench.file("answers.yaml", "steps:\n  a#1: { choice: run }\n");
    bench.ends(3, &["run", "list.md", "--unattended", "--answers", "answers.yaml"]);
    assert_eq!(ran(&bench), Vec::<String>::new());
    bench.file("answers.yaml", "steps:\n  a#1: { choice: run, value: { HOST: web-1 } }\n");
    bench.ends(0, &["run", "list.md", "--unattended", "--answers", "answers.yaml"]);
    assert_eq!(ran(&bench), ["repo/ran-web-1"]);
}

#[test]
fn the_head_of_a_step_that_is_told_below_it_takes_one_line() {
    let long = "Run the script that does all that a release needs, and stay beside it until it says that all of it went well, which is told last";
    let bench =
        Bench::with(&[("list.md", &*format!("# A\n\n1. {long}\n2. {long}:\n\n   ```sh\n   true\n   ```\n"))]);
    let told = bench.ends(0, &["run", "list.md", "--dry-run"]).stderr;
    let told = told.split("── values").next().unwrap();
    let heads: Vec<&str> =
        told.lines().filter(|line| line.starts_with("── 1") || line.starts_with("── 2")).collect();
    assert!(heads.len() == 2 && heads[0].contains('…'), "{told}");
    // The first is confirmed below its head; of the second nothing is but its command.
    let letters = told.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    assert_eq!(letters.matches("whichistoldlast").count(), 2, "{told}");
}

#[test]
fn text_with_tabs_stands_in_the_columns_that_it_was_written_in_and_code_keeps_its_tabs() {
    let list = "# List\n\n## Look\n\n- [ ] one\tand two\n\n```sh\nif true; then\n\techo a\tb\nfi\n```\n";
    let bench = Bench::with(&[("list.md", list)]);
    let code = |inner: &str| format!("\n          if true; then\n          {inner}\n          fi\n");
    bench.ends(0, &["plan", "list.md"]).says(&code("\techo a\tb")).says("one\tand two");
    bench.ends(0, &["plan", "list.md", "--explain"]).says(&code("    echo a  b")).says("one and two");
}

#[test]
fn the_executed_copy_tells_of_indented_code_outside_of_it() {
    let list = "# A\n\n## B\n\n1. Stop it:\n\n       echo stop\n\n   Then wait.\n\n2. Start it:\n\n       echo start\n       echo more\n\n\
        > Quoted:\n>\n>     echo quoted\n\n## C\n\n    echo bare\n";
    let bench = Bench::with(&[("list.md", list)]);
    let answers = actions(&bench).into_iter().map(|(id, what)| match what.as_str() {
        "confirm" => format!("  {id}: {{ confirm: true }}\n"),
        _ => format!("  {id}: {{ choice: run }}\n"),
    });
    bench.file("answers.yaml", &format!("steps:\n{}", answers.collect::<String>()));
    bench.ends(0, &["run", "list.md", "--unattended", "--answers", "answers.yaml"]);
    let copy = bench.ends(0, &["report", "1"]).stdout;
    for told in [
        "\n   > **PASSED** · `echo stop` ·",
        "\n       echo start\n       echo more\n\n   > **PASSED** · `echo start` ·",
        "\n   > **PASSED** · `echo more` ·",
        "\n> > **PASSED** · `echo quoted` ·",
        "\n> **PASSED** · `echo bare` ·",
    ] {
        assert!(copy.contains(told), "{told:?} is not in\n{copy}");
    }
}
