//! One host behind a target.

use holdpoint_hosts::Options;
use serde_json::json;

use crate::support::{RUN, holds, stage};

#[test]
fn blocks_run_at_their_host_and_what_carries_over_does_so_there() {
    let noise = "Welcome to this host".to_owned();
    let Some(stage) = stage("places::blocks_run_at_their_host", 1, &Options { noise, ..Options::default() })
    else {
        return;
    };
    let body = "## Deploy

```yaml step
target: web
```

```sh run
#| capture: { WHERE: { stdout: true } }
mkdir -p releases && cd releases
FOO='two words'; export BAR=bar
pwd
echo warned >&2
```

```bash check
test \"$FOO$BAR\" = 'two wordsbar'
test \"$PWD\" = \"$WHERE\"
```

```sh run
#| cwd: releases
pwd; exit 3
```

```yaml expect
exit: 3
stdout: { matches: '/home/releases$' }
```

## Here

```sh check
test -z \"${BAR:-}\"
echo \"$WHERE\" >where
```
";
    stage.runs(0, "", body);
    let home = stage.hosts[0].home();
    assert_eq!(stage.bench.text("where"), format!("{}/releases\n", home.display()));
    assert!(home.join("releases").is_dir());
    let started = stage.bench.of_type(1, "action.started");
    let remote = &started[0]["remote"];
    assert_eq!(started[0]["cwd"], json!(home.to_str().unwrap()));
    for key in ["attempt", "boot", "store"] {
        assert!(remote[key].as_str().is_some_and(|text| !text.is_empty()), "{started:#?}");
    }
    assert!(started[1]["remote"]["attempt"] != remote["attempt"]);
    assert_eq!(started[1]["cwd"], json!(home.join("releases").to_str().unwrap()));
    assert!(started.last().unwrap()["remote"].is_null());
    stage.is_over_and_clean();
    stage.ends(0, &["report", "1"]).says(&stage.place(0));
}

#[test]
fn secrets_reach_the_block_and_are_nowhere_else() {
    let Some(stage) = stage("places::secrets_reach_the_block", 1, &Options::default()) else { return };
    let front = "inputs:\n  TOKEN: { secret: true, from: { env: TOKEN } }\n";
    let body = "## Use

```yaml step
target: web
```

```sh run
test \"${#TOKEN}\" = 17 && echo \"$TOKEN\" | cut -c1-3
echo the token is $TOKEN
other=$(printf 'hunter3-%s-b' hunter3)
echo \"OTHER=$other\" >$HOLDPOINT_SECRETS
echo the other is $other
ps axww -o args >processes
```
";
    stage.book(front, body);
    let ran = stage.command(&RUN).env("TOKEN", "hunter2-hunter2-a").output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap() + &String::from_utf8(ran.stdout).unwrap();
    assert_eq!(ran.status.code(), Some(0), "{said}");
    assert_eq!(
        stage.output("use#1", 0),
        "hun\nthe token is [REDACTED:TOKEN]\nthe other is [REDACTED:OTHER]\n"
    );
    for secret in ["hunter2-hunter2-a", "hunter3-hunter3-b"] {
        assert!(!said.contains(secret), "{said}");
        assert_eq!(holds(&stage.hosts[0].home(), secret), None);
        assert_eq!(holds(&stage.bench.path(".holdpoint"), secret), None);
    }
    assert!(stage.text(0, "processes").contains("ps axww"));
    stage.is_over_and_clean();
}

#[test]
fn what_cannot_be_reached_was_not_started_and_is_in_no_doubt() {
    let Some(stage) = stage("places::what_cannot_be_reached", 1, &Options::default()) else { return };
    let config =
        "[environments.staging]\nrehearsal = true\ntargets = { web = \"ssh://nobody@127.0.0.1:1\" }\n";
    stage.bench.file("holdpoint.toml", config);
    let ran =
        stage.runs(3, "", "## Deploy\n\n```yaml step\ntarget: web\n```\n\n```sh run\ntouch came\n```\n");
    ran.says("not started").says("a decision on a failure");
    let ended = &stage.bench.of_type(1, "action.finished")[0];
    let error = ended["error"].as_str().unwrap();
    assert!(error.starts_with("not started: ssh://nobody@127.0.0.1:1 cannot be reached"), "{error}");
    assert!(stage.bench.of_type(1, "action.started")[0]["remote"].is_null());
    stage.ends(0, &["verify", "1"]).says("intact, open");
}

#[test]
fn what_was_stopped_for_its_secret_is_not_told_as_not_started() {
    let Some(stage) = stage("places::what_was_stopped_for_its_secret", 1, &Options::default()) else {
        return;
    };
    let block = "echo did >>did; echo 'S=shrt' >$HOLDPOINT_SECRETS; sleep 20";
    let ran = stage.runs(
        3,
        "",
        &format!("## Deploy\n\n```yaml step\ntarget: web\n```\n\n```sh run\n{block}\n```\n"),
    );
    ran.says("FAILED · stopped").says("the block was stopped: ");
    assert!(!ran.both().contains("not started"), "{}", ran.both());
    assert_eq!(stage.text(0, "did"), "did\n");
}

#[test]
fn a_plan_says_which_places_do_not_answer_and_leaves_nothing_at_those_that_do() {
    let Some(stage) = stage("places::a_plan_says_which_places", 1, &Options::default()) else { return };
    stage.book("", "## Deploy\n\n```yaml step\ntarget: web\n```\n\n```sh run\ntouch came\n```\n");
    let words = ["plan", "book.md", "--env", "staging"];
    let plan = stage.ends(0, &words);
    assert!(!plan.both().contains("REACHABLE") && !stage.on(0, ".holdpoint").exists(), "{}", plan.both());
    let config = format!(
        "[environments.staging]\nrehearsal = true\ntargets = {{ web = [{:?}, \"ssh://nobody@127.0.0.1:1\"] }}\n",
        stage.place(0)
    );
    stage.bench.file("holdpoint.toml", &config);
    stage.ends(0, &words).says("ssh://nobody@127.0.0.1:1 (NOT REACHABLE); ").says("Not reachable now");
    let json = stage.ends(0, &[&words[..], &["--format", "json"]].concat()).json();
    let unreachable = json["unreachable"].as_object().unwrap();
    assert_eq!(unreachable.keys().collect::<Vec<_>>(), ["ssh://nobody@127.0.0.1:1"]);
}

#[test]
fn a_probe_tells_the_host_key_the_login_shell_and_no_noise_of_clocks() {
    let Some(stage) = stage("places::a_probe_tells", 1, &Options::default()) else { return };
    let words = ["targets", "--env", "staging", "--probe"];
    stage.ends(0, &words).says("host key ").says(" SHA256:").says("clock within a second of this one");
    let told = stage.ends(0, &[&words[..], &["--format", "json"]].concat()).json();
    assert!(told[0]["host_keys"][0].as_str().unwrap().contains(" SHA256:"), "{told}");
    assert!(told[0]["login_shell"].as_str().is_some_and(|shell| shell.starts_with('/')), "{told}");
    let ahead = told[0]["clock_ahead_s"].as_f64().unwrap();
    assert!(ahead.to_string().len() <= 4, "{told}");
}

#[test]
fn what_only_this_machine_has_is_refused_before_anything_runs() {
    let Some(stage) = stage("places::what_only_this_machine_has", 1, &Options::default()) else { return };
    for (option, why) in [
        ("tty: true", "needs a terminal"),
        ("capture: { V: { file: version } }", "captures a file"),
        ("agent: true", "wants the SSH agent"),
    ] {
        let body = format!(
            "## Deploy\n\n```yaml step\ntarget: web\n```\n\n```sh run\n#| {option}\ntouch came\n```\n"
        );
        stage.runs(2, "", &body).says(why).says("misplaced");
    }
    assert!(!stage.bench.exists(".holdpoint/runs"));
}

#[test]
fn a_time_limit_is_kept_there_and_another_user_is_become() {
    let options = Options { may_become_root: true, ..Options::default() };
    let Some(stage) = stage("places::a_time_limit_is_kept_there", 1, &options) else { return };
    let config = format!(
        "[environments.staging]\nrehearsal = true\ntargets = {{ web = {{ places = [{:?}], become = \"sudo\" }} }}\n",
        stage.place(0)
    );
    stage.bench.file("holdpoint.toml", &config);
    let body = "## Deploy

```yaml step
target: web
```

```sh check
id -un
```

```text expect
root
```

```sh run
#| timeout: 1s
sleep 60
```
";
    stage.runs(3, "", body);
    assert_eq!(
        stage.blocks(),
        ["deploy#1 @0 started", "deploy#1 @0 passed", "deploy#2 @0 started", "deploy#2 @0 timed_out"]
    );
}

#[test]
fn what_a_run_that_is_over_left_is_removed_on_demand_and_the_rest_is_named() {
    let Some(stage) = stage("places::what_a_run_left", 1, &Options::default()) else { return };
    stage.runs(0, "", "## Deploy\n\n```yaml step\ntarget: web\n```\n\n```sh check\ntrue\n```\n");
    stage.is_over_and_clean();
    let run = stage.bench.events(1)[0]["id"].as_str().unwrap().to_owned();
    let left = |name: &str, ended: bool| {
        let attempt = stage.on(0, &format!(".holdpoint/attempts/{name}"));
        std::fs::create_dir(&attempt).unwrap();
        std::os::unix::fs::symlink("run", attempt.join("go")).unwrap();
        if ended {
            std::fs::write(attempt.join("end"), "").unwrap();
        }
        stage.hosts[0].user().give(&attempt).unwrap();
    };
    let (over, endless) = (format!("{run}-over"), format!("{run}-endless"));
    left(&over, true);
    left(&endless, false);
    left("another-stores", true);
    let told = stage.ends(0, &["targets", "--clean", "--format", "json"]).json();
    let reasons = json!({
        endless.clone(): "of run 1, and has no end", "another-stores": "of no run of this store"
    });
    assert_eq!((&told[0]["removed"], &told[0]["left"]), (&json!(1), &reasons), "{told}");
    assert!(!stage.kept(0).iter().any(|attempt| attempt.ends_with(&over)));
    assert_eq!(stage.kept(0).len(), 2);
    stage
        .ends(0, &["targets", "--clean"])
        .says("removed 0")
        .says("left another-stores: of no run of this store");
}

#[test]
fn a_dry_run_tries_checks_there_leaves_nothing_and_says_what_cannot_be_reached() {
    let Some(stage) = stage("places::a_dry_run_tries_checks_there", 1, &Options::default()) else { return };
    let body = "## Deploy

```yaml step
target: web
```

```sh check
echo looked >>looked
```

```sh run
touch changed
```
";
    stage.book("", body);
    let dry = ["run", "book.md", "--env", "staging", "--dry-run"];
    stage.ends(0, &dry).says("every check before the first change holds");
    assert_eq!(stage.text(0, "looked"), "looked\n");
    assert!(!stage.on(0, "changed").exists() && stage.kept(0).is_empty());
    let config =
        "[environments.staging]\nrehearsal = true\ntargets = { web = \"ssh://nobody@127.0.0.1:1\" }\n";
    stage.bench.file("holdpoint.toml", config);
    stage.ends(1, &dry).says("cannot be reached").says("a real run would stop at deploy#1, deploy#2");
}

#[test]
fn a_program_that_asks_somebody_at_another_place_is_told_of_its_batch_mode_alone() {
    let Some(stage) = stage("places::a_program_that_asks_somebody", 1, &Options::default()) else { return };
    let ran =
        stage.runs(3, "", "## Ask\n\n```yaml step\ntarget: web\n```\n\n```sh run\nexec 3</dev/tty\n```\n");
    ran.says("a program wanted to ask somebody").says("batch mode");
    assert!(!ran.both().contains("tty: true"), "{}", ran.both());
}

#[test]
fn what_an_answers_file_skips_is_named_with_its_place() {
    let Some(stage) = stage("places::what_an_answers_file_skips", 2, &Options::default()) else { return };
    stage.book(
        "",
        "## Deploy\n\n```yaml step\ntarget: web\n```\n\n```sh run\ntrue\n```\n\n```sh run\ntrue\n```\n",
    );
    let skip = "{ choice: skip, reason: known }";
    stage.bench.file("answers.yaml", &format!("steps: {{ \"deploy#1\": {skip}, \"deploy#2\": {skip} }}\n"));
    let words = [&RUN[..], &["--answers", "answers.yaml"]].concat();
    let told = stage.ends(1, &words).both().split_whitespace().collect::<Vec<_>>().join(" ");
    for action in ["deploy#1", "deploy#2"] {
        for host in 0..2 {
            let line = format!(
                "deviation: {action} at {} skipped, known (from the answers file)",
                stage.place(host)
            );
            assert_eq!(told.matches(&line).count(), 1, "{line}: {told}");
        }
    }
}
