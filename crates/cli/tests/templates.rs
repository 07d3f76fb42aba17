//! Scripts that are templates, as real shells run them: whatever a value holds, it arrives as one word.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]

use std::process::{Command, Stdio};
use std::sync::LazyLock;

use holdpoint_document::{ValueKind, compile};
use holdpoint_engine::Values;
use proptest::prelude::*;
use proptest::sample::select;

const SHELLS: [&str; 2] = ["sh", "bash"];

/// What values do damage with.
const NASTY: &[&str] = &[
    "'",
    "\"",
    "`",
    "$(printf HIT >&2)",
    "`printf HIT >&2`",
    "\n",
    "printf HIT >&2\n",
    "\\",
    "E",
    "\nE\n",
    "#",
    ")",
    "))",
    "}",
    "]",
    ";",
    " ",
    "-n",
    "*",
    "~",
    "é",
    "$Y",
    "${Y}",
    "$'\\''",
    "{{ Y }}",
    "x",
];

fn value() -> impl Strategy<Value = String> {
    let parts = prop::collection::vec(select(NASTY), 0..6).prop_map(|parts| parts.concat());
    prop_oneof![1 => parts, 2 => select(ATTACKS).prop_map(str::to_owned)]
}

/// Values made for one wrong place each.
const ATTACKS: &[&str] = &[
    "\nprintf HIT >&2\n",
    "$(printf HIT >&2)",
    "`printf HIT >&2`",
    ";printf HIT >&2;",
    "';printf HIT >&2;'",
    "\\';printf HIT >&2;'",
    "\\' ;printf HIT >&2; #",
    "\nE\nprintf HIT >&2\n",
    "a[$(printf HIT >&2)]",
];

/// What a value must not stand behind, and what would end it.
const TRAPS: &[(&str, &str)] = &[
    ("\"", "\""),
    ("'", "'"),
    ("# ", "\n"),
    ("`printf ", "`"),
    ("\"`printf ", "`\""),
    ("\"$(printf ", ")\""),
    ("$", ""),
    ("\\", ""),
    ("$'", "'"),
    ("$'\\'", "'"),
    ("${Y:-", "}"),
    ("$((", "))"),
    ("((", "))"),
    ("a[", "]=1"),
    ("$[", "]"),
    ("read L <<E\n", "\nE\n"),
    ("read L <<E ", "\nE\n"),
    ("read L <<'E' ", "\nE\n"),
    ("read L <<", "\nE\n"),
    ("# {% raw %} {% endraw -%}\n", "\n"),
    ("# {% if Y %}", "{% endif %}\n"),
    ("{% if Y %}#{% endif %} ", "\n"),
    ("{% if Y %}\"{% endif %}", "\""),
    ("\"$(case a in a) printf \"", "\";; esac)\""),
];

/// Places where a value is one word, as people write them.
const PLACES: &[&str] = &[
    "printf '<%s>' {{ X }}\n",
    "N={{ X }}\nprintf '<%s>' \"$N\"\n",
    "printf '<%s>' a{{ X }}\"b\"{{ X }}'c' # it's\n",
    "printf '<%s>' \"$(printf '%s' \"it's\")\" $(printf '%s' x) {{ X }}\n",
    "{% if Y %}printf '<%s>' {{ X }}{% else %}:{% endif %} {{ X }}\n",
    "{% for n in [1, 2] %}printf '<%s>' {{ n }}{{ X }}\n{% endfor %}",
    "case {{ X }} in x) printf '<x>' ;; *) printf '<%s>' {{ X }} ;; esac\n",
    "read L <<'E'\n'\" $( ` \nE\nprintf '<%s>' \"$L\" {{ X }}\n",
    "f() { printf '<%s>' \"$@\"; }; f {{ X }} ${Y:-\"}\"} $((1 << 2)) `printf a` {{ X }}\n",
    "(printf '<%s>' \\\" {{ X }} \\' ) && printf '<%s>' '{% raw %}{{ X }}{% endraw %}'{{ X }}\n",
    "{# it's #}printf '<%s>' {{ X | upper | lower }} {{ \"}}'\" }}\n",
];

/// What makes it hard to tell where a word may stand.
const BITS: &[&str] = &[
    "{{ X }}",
    "{{ X }}",
    "{{ X }}",
    "{{ X }}\n",
    " {{ X }} ",
    "printf '<%s>' ",
    "printf '<%s>' {{ X }}\n",
    "'",
    "\"",
    "\\",
    "$",
    "$(",
    "(",
    ")",
    "((",
    "))",
    "$((",
    "`",
    "${Y:-",
    "${Y%",
    "}",
    "<<E",
    "<<-'E'",
    "<<<",
    "<< E",
    "\nE\n",
    "E",
    "#",
    " #",
    "\n",
    "\n",
    " ",
    " ",
    ";",
    "&&",
    "|",
    "a",
    "a[",
    "]",
    "[",
    "=",
    "N=",
    "case a in ",
    "a) ",
    " esac",
    ";; ",
    "{% if Y %}",
    "{% if not Y %}",
    "{% else %}",
    "{% endif %}",
    "{% for n in [1, 2] %}",
    "{% endfor %}",
    "{{- X }}",
    "{{ X -}}",
    "{# ' #}",
    "{% raw %}",
    "{% endraw %}",
    "{% endraw -%}",
    "$'",
    "$\"",
    "$[",
    "-x",
    "1 << 2",
    "if true; then ",
    "\nfi\n",
    "{ ",
    "; }",
    "!",
    "\\\n",
    "\t",
];

fn template() -> impl Strategy<Value = String> {
    let bits = prop::collection::vec(select(BITS), 1..12).prop_map(|bits| bits.concat());
    let few = || prop::collection::vec(select(BITS), 0..3).prop_map(|bits| bits.concat());
    let trap = (few(), select(TRAPS), few()).prop_map(|(before, (open, close), after)| {
        format!("{before}printf x {open}{{{{ X }}}}{close}\n{after}")
    });
    prop_oneof![
        4 => trap,
        1 => prop::collection::vec(select(PLACES), 1..4).prop_map(|places| places.concat()),
        2 => bits.clone(),
        3 => (bits, select(PLACES)).prop_map(|(bits, place)| format!("{bits}{place}")),
    ]
}

/// Whether the document is taken with this script in it, read as bash, and the script when it is rendered: what a comment
/// of the template hid before is refused then, and nothing of it runs.
fn accepted(script: &str) -> bool {
    let source = format!(
        "---\nrunbook: 1\ninputs: {{ X: {{}}, Y: {{ type: boolean }} }}\n---\n# Case\n\n````bash run\n#| template: true\n{script}\n````\n"
    );
    compile(&source, None).diagnostics.iter().all(|finding| !finding.is_error())
        && values("x").render_script(script).is_ok()
}

fn values(value: &str) -> Values {
    let mut values = Values::default();
    values.set("X", value);
    values.set_typed("Y", "true", &ValueKind::Boolean);
    values
}

fn render(script: &str, value: &str) -> String {
    values(value).render_script(script).unwrap()
}

/// The same script with every inserted value read from the environment, `"$X"`: what the quoting is to be equal to.
fn by_environment(script: &str) -> Option<String> {
    let plain = script.replace("{{ X }}", "{% raw %}\"$X\"{% endraw %}");
    // Only plain insertions of X can be told so; the others are for the damage alone.
    let other = ["{{ n", "{{ \"", "{{ X |", "{% raw %}{{"].iter().any(|other| script.contains(other));
    (!other && !script.contains("{% raw %}")).then(|| render(&plain, ""))
}

/// What it printed and how it ended. Nothing outside of the shell can be run.
fn run(shell: &str, script: &str, value: &str) -> (Vec<u8>, Vec<u8>, Option<i32>) {
    let dir = tempfile::tempdir().unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path).map(|dir| dir.join(shell)).find(|file| file.is_file()).unwrap();
    let output = Command::new(found)
        .args(["-c", script])
        .env_clear()
        .env("PATH", "/nowhere")
        .env("X", value)
        .env("LC_ALL", "C.UTF-8")
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.stdout, output.stderr, output.status.code())
}

fn hit(stderr: &[u8]) -> bool {
    // A complaint may quote the script; what was run prints the word alone.
    let text = String::from_utf8_lossy(stderr).replace("printf HIT", "");
    text.contains("HIT")
}

#[test]
fn the_places_that_people_write_are_taken_and_run() {
    for place in PLACES {
        assert!(accepted(place), "{place}");
        for shell in SHELLS {
            let (stdout, stderr, code) = run(shell, &render(place, "it's $(x)\n\"`"), "it's $(x)\n\"`");
            let stdout = String::from_utf8(stdout).unwrap();
            assert!(stdout.contains("it's $(x)\n\"`"), "{shell}: {place}\n{stdout}\n{stderr:?}");
            assert_eq!(code, Some(0), "{shell}: {place}");
        }
    }
}

/// Each case starts many shells; `PROPTEST_CASES` asks for more.
static CASES: LazyLock<u32> = LazyLock::new(|| ProptestConfig::default().cases.div_ceil(4));

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: *CASES, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_value_holds_it_is_one_word_wherever_a_template_is_taken(
        tries in prop::collection::vec((template(), value()), 24),
    ) {
        for (script, value) in tries.into_iter().filter(|(script, _)| script.contains("{{") && accepted(script)) {
            let rendered = render(&script, &value);
            for shell in SHELLS {
                let (stdout, stderr, code) = run(shell, &rendered, &value);
                let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                prop_assert!(!hit(&stderr), "{shell} ran the value:\n{rendered}\n{}", told(&stderr));
                if let Some(expected) = by_environment(&script) {
                    let (wanted, _, ended) = run(shell, &expected, &value);
                    prop_assert_eq!(told(&stdout), told(&wanted), "{}: {}\n{}", shell, rendered, told(&stderr));
                    prop_assert_eq!(code, ended, "{}: {}", shell, rendered);
                }
            }
        }
    }
}

/// Commands of documents that people wrote for themselves, with a placeholder each.
const COMMANDS: &[&str] = &[
    "printf '<%s>' <value>",
    "printf '<%s>' \"<value>\"",
    "printf '<%s>' '<value>'",
    "printf '<%s>' a<value>b",
    "printf '<%s>' \"it's <value> x\"",
    "printf '<%s>' 'a \"<value>\" b'",
    "N=<value>; printf '<%s>' \"$N\"",
    "export N=\"<value>\"; printf '<%s>' \"$N\"",
    "for I in <value>; do printf '<%s>' \"$I\"; done",
    "printf '<%s>' $(printf '%s' \"<value>\")",
    "case <value> in x) : ;; *) printf '<%s>' {value} ;; esac",
    "printf '%s' YOUR_VALUE | { read -r L; printf '<%s>' \"$L\"; }",
    "printf '<%s>' [some-value]",
    "printf '<%s>' '{{.State}}' <value>",
    "sh -c 'printf %s <value>'",
    "bash -c \"printf %s <value>\"",
    "eval printf '%s' <value>",
    "eval \"printf '%s' '<value>'\"",
    "read L <<E\n<value>\nE",
    "read L <<'E'\n<value>\nE",
    "printf '<%s>' \"$(printf '%s' <value>)\"",
    "printf '<%s>' `printf '%s' <value>`",
    "printf '<%s>' ${Y:-<value>}",
    "printf '<%s>' $((<value> + 1))",
    "printf '<%s>' a\\<value>",
    "printf x # <value>",
    "trap \"printf '<%s>' <value>\" EXIT",
    "printf '<%s>' $VALUE",
    "printf '<%s>' \"$VALUE\"",
    "git tag v1.0.23; printf '<%s>' v1.0.23",
];

/// What is offered of one command, with its values of this text; nothing where it is not run so.
fn offered(command: &str, value: &str) -> Option<(String, Values)> {
    let source = format!("# T\n\n## A\n\n```bash\n{command}\n```\n");
    let plan = compile(&source, None).plan;
    let block = plan.steps.iter().flat_map(|step| &step.actions).find_map(|action| action.work.block())?;
    let offered = block.offered.as_ref()?;
    let mut values = Values::default();
    for blank in &offered.values {
        if holdpoint_engine::fit(&blank.field.kind, value) != holdpoint_engine::Fit::Within {
            return None;
        }
        values.set(&blank.field.name, value);
    }
    let script = match block.options.template {
        true => values.render_script(&block.script).unwrap(),
        false => block.script.clone(),
    };
    offered.refused.is_none().then_some((script, values))
}

#[test]
fn values_reach_the_commands_of_foreign_documents_as_they_are() {
    let value = "it's $(x) \"`";
    for (command, wanted) in [
        (COMMANDS[0], "<it's $(x) \"`>"),
        (COMMANDS[1], "<it's $(x) \"`>"),
        (COMMANDS[2], "<it's $(x) \"`>"),
        (COMMANDS[3], "<ait's $(x) \"`b>"),
        (COMMANDS[4], "<it's it's $(x) \"` x>"),
        (COMMANDS[5], "<a \"it's $(x) \"`\" b>"),
        (COMMANDS[6], "<it's $(x) \"`>"),
        (COMMANDS[13], "<{{.State}}><it's $(x) \"`>"),
    ] {
        let (script, _) = offered(command, value).unwrap_or_else(|| panic!("{command} is refused"));
        for shell in SHELLS {
            let (stdout, stderr, _) = run(shell, &script, value);
            let told = String::from_utf8(stdout).unwrap();
            assert_eq!(told, wanted, "{shell}: {script}\n{}", String::from_utf8_lossy(&stderr));
        }
    }
    // Where a command reads the value once more, only what is harmless is taken.
    assert!(offered("sh -c 'printf %s <value>'", "v1.2").is_some());
    assert!(offered("sh -c 'printf %s <value>'", "v1;x").is_none());
    assert!(offered("printf '<%s>' \"$VALUE\"", "a*").is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: *CASES, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_value_holds_a_command_of_a_foreign_document_runs_nothing_of_it(
        tries in prop::collection::vec((select(COMMANDS), value()), 24),
    ) {
        for (command, value) in tries {
            let Some((script, values)) = offered(command, &value) else { continue };
            for shell in SHELLS {
                let mut script = script.clone();
                // As the engine hands it over: in the environment.
                if let Some(given) = values.get("VALUE") {
                    script = format!("VALUE='{}'; export VALUE\n{script}", given.replace('\'', r"'\''"));
                }
                let (_, stderr, _) = run(shell, &script, &value);
                prop_assert!(!hit(&stderr), "{shell} ran the value:\n{script}\n{}", String::from_utf8_lossy(&stderr));
            }
        }
    }
}
