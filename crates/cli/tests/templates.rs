//! Scripts that are templates, as real shells run them: whatever a value holds, it arrives as one word.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]

use std::process::{Command, Stdio};

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

/// Whether the document is taken with this script in it, read as bash.
fn accepted(script: &str) -> bool {
    let source = format!(
        "---\nrunbook: 1\ninputs: {{ X: {{}}, Y: {{ type: boolean }} }}\n---\n# Case\n\n````bash run\n#| template: true\n{script}\n````\n"
    );
    compile(&source, None).diagnostics.iter().all(|finding| !finding.is_error())
}

fn render(script: &str, value: &str) -> String {
    let mut values = Values::default();
    values.set("X", value);
    values.set_typed("Y", "true", &ValueKind::Boolean);
    values.render_script(script).unwrap()
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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

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
