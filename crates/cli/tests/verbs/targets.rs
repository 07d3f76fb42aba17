//! Targets that stand for this machine: blocks run, and the record says at which place.

use serde_json::{Value, json};

use crate::runs::book;
use crate::support::Bench;

const CONFIG: &str =
    "[environments.staging]\nrehearsal = true\ntargets = { web = \"local\", db = [\"local\"] }\n";
const BODY: &str = "## Deploy

```yaml step
target: web
rollout: { first: 1, at_once: 4 }
```

```sh run
#| capture: { WHO: { stdout: true } }
HERE=kept
echo web
```

```sh check
test \"$HERE\" = kept
test \"$WHO\" = web
```

```sh rollback
touch undone
```

## Look

```sh check
test \"$WHO\" = web
false
```
";

fn steps(bench: &Bench) -> Vec<(Value, Value)> {
    let blocks = bench.events(1).into_iter().filter(|event| event["attempt"].is_u64());
    blocks.map(|event| (event["action"].clone(), event["place"].clone())).collect()
}

#[test]
fn blocks_of_a_local_target_run_here_and_the_record_says_where_and_proves_it() {
    let answers = "steps: { look: { choice: rollback, reason: it does not look well } }\n";
    let files = [("book.md", &*book("", BODY)), ("holdpoint.toml", CONFIG), ("answers.yaml", answers)];
    let bench = Bench::with(&files);
    bench.ends(1, &["run", "book.md", "--env", "staging", "--answers", "answers.yaml", "--unattended"]);
    assert!(bench.exists("undone"));
    let (web, none) = (json!("local"), Value::Null);
    let expected = [("deploy#1", &web), ("deploy#2", &web), ("look#1", &none), ("deploy#rollback-1", &web)];
    let expected: Vec<(Value, Value)> = expected
        .iter()
        .flat_map(|(action, place)| [(json!(action), (*place).clone()), (json!(action), (*place).clone())])
        .collect();
    assert_eq!(steps(&bench), expected);
    let first = &bench.events(1)[0]["environment"]["targets"];
    assert_eq!(*first, json!({"db": {"places": ["local"]}, "web": {"places": ["local"]}}));
    let rollback = bench.events(1).into_iter().find(|event| event["type"] == "rollback.opened").unwrap();
    assert_eq!(rollback["places"], json!([{"step": "deploy", "place": "local"}]));
    bench.ends(0, &["verify", "1"]).says("intact and complete");
    bench.ends(0, &["plan", "book.md", "--env", "staging"]);
}

#[test]
fn places_are_listed_and_say_whether_they_answer() {
    let config = "[environments.staging.targets]\nweb = { places = [\"local\"] }\n\
                  [environments.production.targets]\nweb = \"ssh://nobody@127.0.0.1:1\"\n";
    let bench = Bench::with(&[("holdpoint.toml", config)]);
    let listed = bench.ends(0, &["targets", "--format", "json"]).json();
    let production =
        json!({"environment": "production", "target": "web", "place": "ssh://nobody@127.0.0.1:1"});
    assert_eq!(listed, json!([production, {"environment": "staging", "target": "web", "place": "local"}]));
    let here = bench.ends(0, &["targets", "--env", "staging", "--probe", "--format", "json"]).json();
    assert_eq!(here[0]["reachable"], true, "{here}");
    assert!(here[0]["programs"]["sh"].is_string() && here[0]["free_kib"].as_u64() > Some(0), "{here}");
    let away = bench.ends(1, &["targets", "--env", "production", "--probe"]);
    away.says("ssh://nobody@127.0.0.1:1").says("DOES NOT ANSWER");
    bench.ends(2, &["targets", "--env", "stagin"]).says("Did you mean staging?");
}

#[test]
fn what_a_run_would_refuse_of_a_target_is_told_by_check_and_plan_at_the_block() {
    let becomes = "{ places = [\"local\"], become = \"sudo\" }";
    let both = "{ places = [\"ssh://a.invalid\", \"local\"], become = \"sudo\" }";
    let (away, there) = ("\"ssh://a.invalid\"", "{ places = [\"ssh://a.invalid\"], become = \"sudo\" }");
    let of_step = "## A\n\n```yaml step\ntarget: web\n```\n\n```sh run\nid\n```\n\n```sh check\nid\n```\n";
    let of_block = "## A\n\n```sh run\n#| target: web\nid\n```\n";
    let of_rollback = "## A\n\n```sh run\nid\n```\n\n```sh rollback\n#| target: web\nid\n```\n";
    let terminal = "## A\n\n```sh run\n#| target: web\n#| tty: true\nid\n```\n";
    let unused = "## A\n\n```sh run\n#| target: db\nid\n```\n";
    let (machine, driving) = ("stands for this machine too", "as one on the driving machine can");
    for (target, body, said) in [
        (becomes, of_step, Some(machine)),
        (both, of_block, Some(machine)),
        (both, of_rollback, Some(machine)),
        (away, terminal, Some(driving)),
        (there, of_step, None),
        (becomes, unused, None),
    ] {
        let config = format!("[environments.staging]\ntargets = {{ web = {target}, db = \"local\" }}\n");
        let bench = Bench::with(&[("book.md", &*book("", body)), ("holdpoint.toml", &*config)]);
        let code = if said.is_some() { 2 } else { 0 };
        let ran = bench.ends(code, &["check", "book.md", "--format", "json"]);
        let found = ran.json();
        let errors: Vec<&Value> =
            found.as_array().unwrap().iter().filter(|one| one["severity"] == "error").collect();
        match said {
            None => assert_eq!(errors, Vec::<&Value>::new(), "{target} {body}"),
            Some(said) => {
                assert_eq!(errors.len(), 1, "{target} {body}: {errors:?}");
                assert!(errors[0]["message"].as_str().unwrap().contains(said), "{}", errors[0]);
                assert_eq!(errors[0]["code"], "misplaced");
                assert!(errors[0]["span"]["line"].as_u64().unwrap() > 5, "{}", errors[0]);
            }
        }
        bench.ends(code, &["plan", "book.md", "--env", "staging"]);
        if said.is_some() {
            bench.ends(2, &["run", "book.md", "--env", "staging", "--unattended"]).says("misplaced");
            assert!(!bench.exists(".holdpoint"));
        }
    }
    // Where the document does not run there, nothing is wrong.
    let config = format!(
        "[environments.staging]\ntargets = {{ web = {becomes} }}\n[environments.test]\ntargets = {{ web = \"local\" }}\n"
    );
    let bench =
        Bench::with(&[("book.md", &*book("environments: [test]\n", of_step)), ("holdpoint.toml", &*config)]);
    bench.ends(0, &["check", "book.md"]);
}

#[test]
fn where_no_configuration_says_what_a_target_is_check_warns_once_of_each_before_a_run_is_refused() {
    let block = |target: &str| format!("```sh run\n#| target: {target}\ntrue\n```\n\n");
    let body = [
        "## A\n\n",
        "```yaml step\ntarget: web\n```\n\n",
        "```sh run\ntrue\n```\n\n",
        &block("db"),
        &block("web"),
    ];
    let bench = Bench::with(&[("book.md", &*book("", &body.concat()))]);
    let ran = bench.ends(0, &["check", "book.md", "--format", "json"]);
    let found = ran.json();
    let found = found.as_array().unwrap().iter().filter(|one| one["code"] == "undeclared");
    let told: Vec<(&Value, String)> =
        found.map(|one| (&one["severity"], one["message"].to_string() + &one["help"].to_string())).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    for ((severity, said), target) in told.iter().zip(["web", "db"]) {
        assert_eq!(*severity, "warning");
        assert!(
            said.contains(&format!("the target `{target}`")) && said.contains("[environments.NAME.targets]"),
            "{said}"
        );
    }
    bench.ends(2, &["run", "book.md", "--unattended"]).says("has no target");
    let here = Bench::with(&[("book.md", &*book("", &format!("## A\n\n{}", block("local"))))]);
    let ran = here.ends(0, &["check", "book.md"]);
    assert!(!ran.both().contains("undeclared"), "{}", ran.both());
}
