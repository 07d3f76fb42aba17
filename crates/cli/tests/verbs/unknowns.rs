//! A dry run shows nothing that is made of a stand-in for a value which nobody knows yet.

use crate::runs::book;
use crate::support::Bench;

const DRY: [&str; 4] = ["run", "book.md", "--dry-run", "--unattended"];

const UNKNOWNS: &str = r#"## Build

```sh run
#| capture: { IMAGE: { stdout: true } }
echo abc
```

## Watch

```yaml record
COUNT: { prompt: How many, type: integer, min: 7 }
MODE: { prompt: Which, type: choice, choices: [full, quick] }
```

## Roll out {{ IMAGE | upper }} to {{ SITE | upper }}

- [ ] {{ IMAGE | length }} and {{ COUNT | int + 1 }} on {{ SITE }}
- [ ] Go{% if MODE == "full" %} slowly{% else %} fast{% endif %}
- [ ] {% set twice = COUNT | int * 2 %}There are {{ twice }}

```yaml record
SEEN: { prompt: "Seen of {{ IMAGE | replace('I', 'x') }}" }
```

```sh run
#| template: true
#| env: { SHORT: "{{ IMAGE[:3] }}" }
deploy {{ IMAGE | lower }} {{ COUNT | int * 2 }} "$COUNT" {{ SITE }}
```

```yaml expect
stdout: [ { contains: "{{ IMAGE | title }} of {{ SITE }}" }, { matches: "^{{ COUNT }}$" } ]
json: { $.count: "{{ COUNT }}" }
```

```sh run
#| template: true
deploy {% if COUNT | int > 3 %}--many{% endif %} {{ SITE }}
```

## Release

```yaml signoff
role: qa
meaning: approval
statement: I release {{ IMAGE | upper }} ({{ COUNT }}) to {{ SITE | upper }}{% if MODE == "full" %} in full{% endif %}.
```

```yaml signoff
role: qa
meaning: approval
statement: I release {{ IMAGE | upper }} to {{ SITE | upper }}.
```
"#;

const FRONT: &str = "roles: [qa]\ninputs: { SITE: { default: web } }\n";

#[test]
fn nothing_that_is_made_of_an_unknown_value_is_shown_as_if_it_were_known() {
    let bench = Bench::with(&[("book.md", &book(FRONT, UNKNOWNS))]);
    let ran = bench.ends(0, &DRY);
    for told in [
        "Roll out ⟨IMAGE: unknown⟩ to WEB",
        "[ ] ⟨IMAGE: unknown⟩ and ⟨COUNT: unknown⟩ on web",
        "Seen of ⟨IMAGE: unknown⟩",
        "deploy '⟨IMAGE: unknown⟩' '⟨COUNT: unknown⟩' \"$COUNT\" 'web'",
        "COUNT = ⟨COUNT: unknown⟩",
        "stdout contains \"⟨IMAGE: unknown⟩ of web\"",
        "stdout matches \"^⟨COUNT: unknown⟩$\"",
        "json $.count = \"⟨COUNT: unknown⟩\"",
        "“I release ⟨IMAGE: unknown⟩ to WEB.”",
        // What hangs on it as a whole stands there as it is written.
        "[ ] ⟨hangs on MODE, unknown: Go{% if MODE == \"full\" %} slowly{% else %} fast{% endif %}⟩",
        "⟨hangs on COUNT, unknown: {% set twice",
        "“⟨hangs on IMAGE, COUNT, MODE, unknown: I release {{ IMAGE",
        "it depends on COUNT, unknown before the real run, which may do:",
        "deploy {% if COUNT | int > 3 %}--many{% endif %} {{ SITE }}",
    ] {
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat(&ran.stderr).contains(&flat(told)), "{told}\n{}", ran.stderr);
    }
    for made in [
        "UNKNOWN",
        "Unknown",
        " 14",
        "'14",
        "and 8 on",
        "⟨xM",
        "'⟨im",
        "There are 14",
        "Go slowly",
        "Go fast",
    ] {
        assert!(!ran.stderr.contains(made), "{made}\n{}", ran.stderr);
    }
}

#[test]
fn programs_are_told_of_no_stand_in_either() {
    let bench = Bench::with(&[("book.md", &book(FRONT, UNKNOWNS))]);
    let json = bench.ends(0, &[&DRY[..], &["--format", "json"]].concat()).stdout;
    let told: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(told["steps"][2]["title"], "Roll out ⟨IMAGE: unknown⟩ to WEB");
    let lines = bench.ends(0, &[&DRY[..], &["--format", "json-lines"]].concat()).stdout;
    for line in lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()) {
        for event in line["events"].as_array().into_iter().flatten() {
            if let (Some(name), Some(value)) = (event["name"].as_str(), event["value"].as_str()) {
                assert_eq!(value, format!("⟨{name}: unknown⟩"), "{event}");
            }
        }
    }
    assert!(lines.contains("⟨COUNT: unknown⟩"), "{lines}");
    for made in ["UNKNOWN", "\"7\"", "\"full\""] {
        assert!(!lines.contains(made), "{made}\n{lines}");
    }
}

#[test]
fn a_value_that_the_answers_file_gives_is_known_also_where_it_stands_in_a_text() {
    let answers = "steps: { watch: { value: { COUNT: 9, MODE: quick } } }\n";
    let bench = Bench::with(&[("book.md", &book(FRONT, UNKNOWNS)), ("answers.yaml", answers)]);
    let ran = bench.ends(0, &[&DRY[..], &["--answers", "answers.yaml"]].concat());
    ran.says("⟨IMAGE: unknown⟩ and 10 on web").says("Go fast").says("There are 18").says("COUNT = 9 (given)");
}

#[test]
fn a_check_behind_a_change_that_hangs_on_an_unknown_value_ends_no_dry_run() {
    let change = |option: &str, script: &str| {
        let record = "```yaml record\nMODE: { prompt: Which }\n```\n\n";
        let run = format!("```sh run\n{option}{script}\n```\n");
        format!("## Sometimes\n\n{record}{run}\n## Look\n\n```sh check\ntest -e made\n```\n")
    };
    for body in [
        change("#| when: MODE == \"quick\"\n", "touch made"),
        change("#| template: true\n", "touch {% if MODE == \"quick\" %}made{% else %}other{% endif %}"),
        change("", "touch other")
            .replace("```sh run", "## Then\n\n```yaml step\nwhen: MODE == \"x\"\n```\n\n```sh run"),
    ] {
        let bench = Bench::with(&[("book.md", &book("", &body))]);
        let ran = bench.ends(0, &DRY);
        ran.says("does not hold now, before the changes that this run would make");
    }
}
