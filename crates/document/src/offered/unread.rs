//! Code that Markdown reads as text, so that nothing of it can be offered: it is named, with what would have it read.

use std::sync::LazyLock;

use regex::Regex;

use super::code::{Code, language};
use super::fences::Fences;
use crate::{Class, Confidence, Reading, Span};

/// What begins such code on a line of its own, with its language, and what ends it.
const WRITTEN: &[(&str, &str, &str)] = &[
    (r"^\{%-?\s*highlight\s+(?<of>[\w-]+)[^%]*%\}", "{% endhighlight", "`{% highlight %}`"),
    (r"^\{\{[<%]\s*highlight\s+(?<of>[\w-]+)[^}]*\}\}", "/highlight", "`{{< highlight >}}`"),
    (r#"^\{code(?::(?:[^}]*language=)?(?<of>[\w-]+)[^}]*)?\}$"#, "{code}", "`{code}`"),
    (
        r#"(?i)^(?:<div[^<>]*>\s*)*<pre[^<>]*>\s*(?:<code(?:[^<>]*?class="[^"]*?(?:lang(?:uage)?-)?(?<of>\w+)")?[^<>]*>)?"#,
        "</pre>",
        "`<pre>`",
    ),
];

/// All such code of a shell, in order: where it stands, what it is, and why it is not offered.
pub(super) fn unread(source: &str) -> Vec<(Span, String, Reading)> {
    static PATTERNS: LazyLock<Vec<(Regex, &str, &str)>> = LazyLock::new(|| {
        let read = |(begins, ends, called): &(&str, &'static str, &'static str)| {
            Some((Regex::new(begins).ok()?, *ends, *called))
        };
        WRITTEN.iter().filter_map(read).collect()
    });
    let mut found = Vec::new();
    if !["highlight", "<pre", "<PRE", "{code"].iter().any(|hint| source.contains(hint)) {
        return found;
    }
    let (mut at, mut fences) = (0, Fences::default());
    while let Some(line) = source[at..].split_inclusive('\n').next() {
        let start = at;
        at += line.len();
        let text = line.trim_start_matches([' ', '\t', '>']).trim_end();
        if fences.hold(text) {
            continue;
        }
        let begins = PATTERNS
            .iter()
            .find_map(|(begins, ends, called)| begins.captures(text).map(|found| (found, *ends, *called)));
        let Some((begins, ends, called)) = begins else { continue };
        let head = begins.get(0).map_or(0, |head| head.end());
        let from = start + (line.len() - line.trim_start_matches([' ', '\t', '>']).len()) + head;
        let Some(length) = source[from..].find(ends) else { continue };
        let end = from + length;
        // What closes it may begin before its name: `{{< /highlight >}}`.
        let body = source[from..end].trim_end_matches(['{', '<', '%', ' ', '\t']);
        let body = body.trim_end().trim_end_matches("</code>").trim_end_matches("</CODE>");
        let of = begins.name("of").map_or("", |of| of.as_str());
        let code = Code { info: Some(of), text: body.trim_matches(['\r', '\n']), before: "" };
        if !body.trim().is_empty() && language(&code).is_some() {
            let (class, confidence) = (Class::NotACommand, Confidence::Sure);
            let reason = format!(
                "it stands in {called}, which Markdown reads as text: put it into a fence to have it offered"
            );
            let lines: Vec<&str> = body.trim().lines().map(str::trim).collect();
            found.push((Span::new(start, end), lines.join("\n"), Reading { class, confidence, reason }));
        }
        at = source[end..].find('\n').map_or(source.len(), |rest| end + rest + 1).max(at);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_is_text_to_markdown_is_named_where_it_is_a_shells() {
        for (source, wanted) in [
            ("{% highlight bash %}\nls -l\n{% endhighlight %}\n", "ls -l"),
            (
                "a\n\n{{< highlight sh \"linenos=true\" >}}\r\nls\r\nrm a\r\n{{< /highlight >}}\r\n",
                "ls\nrm a",
            ),
            ("<pre><code>systemctl stop a\n</code></pre>\n", "systemctl stop a"),
            ("<pre class=\"x\"><code class=\"language-bash\">\nfrob\n</code></pre>\n", "frob"),
            ("{code:bash}\nfrob a\n{code}\n", "frob a"),
            ("{% highlight yaml %}\na: 1\n{% endhighlight %}\n", ""),
            ("<pre>\nNAME READY\n</pre>\n", ""),
            ("```\n{% highlight bash %}\nls\n{% endhighlight %}\n```\n", ""),
            ("{% highlight bash %}\nls\n", ""),
        ] {
            let told: Vec<String> = unread(source).into_iter().map(|(_, text, _)| text).collect();
            assert_eq!(told.join("|"), wanted, "{source}");
        }
    }
}
