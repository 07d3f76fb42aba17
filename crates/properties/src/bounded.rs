//! JSON paths and templates: whatever they are, reading and following them ends soon.

use std::time::{Duration, Instant};

use holdpoint_bounded::json::{self, Value};
use holdpoint_bounded::path::Path;
use holdpoint_bounded::pattern::{self, Over, Pattern};
use holdpoint_engine::Values;

/// Longer than anything may take here, on a busy machine and without optimisation.
const SOON: Duration = Duration::from_secs(20);

/// A document that every kind of selector finds something in.
const STORE: &str =
    r#"{"a":[1,2.0,[3,{"b":"xx"}],{"a":{"a":[]}}],"b":{"a":"x","b":1e400},"n":null,"t":true,"":0}"#;

/// What holds of a path, followed through the JSON behind it.
pub(crate) fn path(path: &str, text: &str) {
    let begun = Instant::now();
    let read = json::read(text);
    if let Ok(value) = &read {
        assert_eq!(json::read(&value.to_string()).as_ref(), Ok(value), "written and read again");
    }
    let (value, length) = match read {
        Ok(value) => (value, text.len()),
        Err(_) => (json::read(STORE).expect("the document is JSON"), STORE.len()),
    };
    if let Ok(path) = Path::parse(path) {
        let found = path.select(&value, length);
        assert_eq!(found, path.select(&value, length), "followed twice");
        for node in found.unwrap_or_default() {
            assert!(holds(&value, node), "{node} is no part of the document");
        }
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

fn holds(value: &Value, node: &Value) -> bool {
    std::ptr::eq(value, node)
        || match value {
            Value::Array(items) => items.iter().any(|item| holds(item, node)),
            Value::Object(members) => members.values().any(|member| holds(member, node)),
            _ => false,
        }
}

/// What holds of a text as a template, a condition, and a pattern.
pub(crate) fn template(text: &str) {
    let begun = Instant::now();
    let mut values = Values::default();
    values.set("RELEASE", "v1.2.3");
    values.set("COUNT", "3");
    values.set("ODD", "it's $(x) {{ COUNT }} .*");
    if let Ok(rendered) = values.render(text) {
        assert!(rendered.len() < 16 << 20, "{} bytes", rendered.len());
        assert_eq!(values.render(text), Ok(rendered), "rendered twice");
    }
    let _ = values.render_script(text);
    let _ = values.holds(text);
    assert_eq!(
        pattern::check(text).is_ok(),
        Pattern::new(text, Over::Lines).is_ok(),
        "a pattern in both or none"
    );
    if let Ok(pattern) = Pattern::new(text, Over::Whole) {
        let _ = pattern.is_match(STORE);
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

pub(crate) fn paths_to_begin_with() -> Vec<Vec<u8>> {
    let paths = [
        "$",
        "$.a[0]",
        "$..a",
        "$['a','b'][*]",
        "$.a[::-1]",
        "$.a[-2:]",
        "$[?@.a == 'x']",
        "$[?@.b >= 1e400 || !@.a]",
        "$..[?match(@, 'x.')]",
        "$[?search(@.a, $.b.a) && count(@.*) > 1]",
        "$[?length(value(@..b)) == 2]",
        "$..*..*..*..*",
        "$[?@[?@[?@[?@[?@[?@]]]]]]",
        "$.a[0,0,0][0,0,0]",
    ];
    let documents = ["", STORE, "[[[[1,2],[3,4]]]]", r#"{"a":1,"a":2}"#];
    let pair = |path: &&str| documents.map(|document| format!("{path}\n{document}").into_bytes());
    paths.iter().flat_map(pair).collect()
}

pub(crate) fn templates_to_begin_with() -> Vec<Vec<u8>> {
    let texts = [
        "{{ RELEASE }}",
        "a {{ COUNT | int + 1 }} b",
        "{% if COUNT == '3' %}x{% elif ODD %}y{% else %}z{% endif %}",
        "{% for i in range(3) %}{{ i }}{% endfor %}",
        "{% set X = RELEASE ~ COUNT %}{{ X * 3 }}",
        "{% raw %}{{{% endraw %}",
        "{# note #}{{- ODD -}}",
        "COUNT | int > 3 and not (RELEASE == 'v1')",
        "{{ not not not COUNT }}",
        "{{ ODD | replace('x', ODD) | indent(9) }}",
        r"^v\d{1,9}(\.[\d\w]+)*$",
        r"(?i)[^\D&&[a-f0-9]]{3,}|(?:\s+|\bx)",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
