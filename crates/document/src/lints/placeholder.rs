//! Placeholders left in commands: they parse as redirections and globs, and do real damage.

use std::sync::LazyLock;

use regex::Regex;

use super::looked::Script;
use crate::blocks::{is_shell, spoken};
use crate::findings::Findings;
use crate::spanned::Mapped;
use crate::{Code, Span};

/// What stands in the text before the match decides whether it is one; the first group is the placeholder.
const PATTERNS: &[&str] = &[
    // <VERSION>, <your-name>
    r"(?:^|[^<\w?\\])(<[A-Za-z](?:[A-Za-z0-9 _./-]*[A-Za-z0-9])?>)",
    // YOUR_TOKEN, your-bucket
    r"(?:^|[^\w$\{-])((?:YOUR_[A-Z0-9_]+|your-[a-z0-9-]+))",
    // [rds-hostname]; not [a-z], nor an index
    r"(?:^|[^\w\]\}\[*?])(\[[A-Za-z][A-Za-z0-9]+(?:[-_][A-Za-z0-9]{2,})+\])",
    // vX.Y.Z
    r"(?:^|[^\w.])(v?X\.Y(?:\.Z)?)(?:$|[^\w])",
    // {name}; not ${name}, %{name}, nor git's @{name} and ^{name}
    r"(?:^|[^$%@^\{\w\\])(\{[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*\})(?:$|[^\}])",
    // {{name}} where nothing renders it
    r"(\{\{\s*[A-Za-z_]\w*\s*\}\})",
    r"(?:^|[^\w$\{])((?:CHANGE_?ME|REPLACE_?ME|FIXME|TODO|TBD))(?:$|[^\w])",
];

/// Of each pattern, texts of which a match holds at least one.
const HINTS: [&[&str]; PATTERNS.len()] = [
    &["<"],
    &["YOUR_", "your-"],
    &["["],
    &["X.Y"],
    &["{"],
    &["{{"],
    &["CHANGE", "REPLACE", "FIXME", "TODO", "TBD"],
];

/// Tags of HTML and words of awk and Go templates that look the same.
const NOT: &[&str] = &[
    "<html>",
    "<head>",
    "<body>",
    "<title>",
    "<p>",
    "<b>",
    "<i>",
    "<a>",
    "<br>",
    "<br/>",
    "<pre>",
    "<code>",
    "<div>",
    "<span>",
    "<ul>",
    "<li>",
    "<table>",
    "<tr>",
    "<td>",
    "<h1>",
    "<h2>",
    "<h3>",
    "<script>",
    "<stdin>",
    "{print}",
    "{next}",
    "{exit}",
    "{end}",
    "{{end}}",
    "{{else}}",
    "{{ end }}",
    "{{ else }}",
];

pub(super) fn lint(script: &Script<'_>, findings: &mut Findings) {
    let language = spoken(&script.block.interpreter, &script.block.language);
    if !is_shell(language) && !matches!(language, "sql" | "psql" | "mysql") {
        return;
    }
    for (span, found) in found(script.text, script.block.options.template) {
        findings.add(
            Code::Placeholder,
            span,
            format!("`{found}` looks like a placeholder that nobody filled in"),
            "make it an input and write \"$NAME\"; a run refuses placeholders",
        );
    }
}

/// What looks like a placeholder, and where. What `is_rendered` may hold names in braces.
pub(super) fn found(script: &Mapped, is_rendered: bool) -> Vec<(Span, String)> {
    static COMPILED: LazyLock<Vec<Regex>> =
        LazyLock::new(|| PATTERNS.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect());
    let text = script.text();
    let mut held = [false; 256];
    text.bytes().for_each(|byte| held[usize::from(byte)] = true);
    // Most scripts lack a byte of each hint, which is sooner known than where a hint would stand.
    let holds = |hint: &str| hint.bytes().all(|byte| held[usize::from(byte)]) && text.contains(hint);
    let mut may: [bool; PATTERNS.len()] =
        std::array::from_fn(|index| HINTS[index].iter().any(|hint| holds(hint)));
    if is_rendered {
        may[4] = false;
        may[5] = false;
    }
    let mut all = Vec::new();
    if !may.contains(&true) {
        return all;
    }
    for line in script.lines() {
        let content = &text[line.clone()];
        if content.trim_start().starts_with('#') {
            continue;
        }
        let mut told: Vec<std::ops::Range<usize>> = Vec::new();
        for (index, pattern) in COMPILED.iter().enumerate() {
            if !may[index] {
                continue;
            }
            for found in pattern.captures_iter(content).filter_map(|captures| captures.get(1)) {
                let inside =
                    told.iter().any(|other| other.start <= found.start() && found.end() <= other.end);
                if inside || NOT.contains(&found.as_str()) {
                    continue;
                }
                told.push(found.range());
                let span = script.span(line.start + found.start()..line.start + found.end());
                all.push((span, found.as_str().to_owned()));
            }
        }
    }
    all
}
