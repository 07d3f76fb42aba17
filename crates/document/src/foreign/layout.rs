//! What sets a page and says nothing: rules, comments, the marks of other tools.

use std::sync::LazyLock;

use regex::Regex;

use super::words::rule;

/// Whether a text says nothing to whoever reads the page: each of its lines is a rule, a comment, or a mark of a tool for
/// documentation that closes something or holds nothing.
pub(crate) fn is_layout(text: &str) -> bool {
    static COMMENT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?s)<!--.*?-->|%%.*?%%|\{#.*?#\}|\{/\*.*?\*/\}").ok());
    static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?ix)^(?:
                (?: </[a-z][a-z0-9.:_-]*\s*> | <(?:br|hr|details|div|section|center|p|tabs?|tab-?item|a\s+(?:id|name)=)\b[^<>]*> | </?> | \s )+
                | :{3,}\s*(?:\{[^{}]*\}|[a-z-]*) | /{3,}
                | \{\{[<%]\s*/[^{}]*[>%]\}\} | \{%-?\s*end[a-z_-]*\s*-?%\}
                | \{:[^{}]*\} | \^[a-z0-9-]+
            )$",
        )
        .ok()
    });
    let Some((comment, mark)) = COMMENT.as_ref().zip(MARK.as_ref()) else { return false };
    let text = comment.replace_all(text, "");
    text.lines().map(|line| line.trim_start_matches([' ', '\t', '>']).trim_end()).all(|line| {
        line.is_empty() || mark.is_match(line) || rule(line) && line.bytes().filter(|c| *c > b' ').count() > 2
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_comments_and_marks_of_other_tools_say_nothing() {
        for layout in [
            "---",
            "* * *",
            "___\n",
            ":::",
            "::::",
            "::: tip",
            ":::{admonition}",
            "</Tabs>",
            "  </TabItem>\n</Tabs>",
            "{{< /tabs >}}",
            "{{% /expand %}}",
            "{% endtab %}",
            "%% a comment %%",
            "%%\ntwo\nlines\n%%",
            "<!-- a\nb -->\n---",
            "</details>",
            "<br/>",
            "{: .no_toc }",
            "///",
            "^block-1",
            "> ---",
            "---\r\n\r\n",
            "",
        ] {
            assert!(is_layout(layout), "{layout:?}");
        }
        for says in [
            "Look",
            "---\nLook",
            "::: warning Never twice",
            "<img src=\"a.png\">",
            "<summary>Look</summary>",
            "{{< include \"a.md\" >}}",
            "{% include a.md %}",
            "--",
            "<details>Look</details>",
            "<https://example.org>",
            "- [ ] a",
            "| - |",
        ] {
            assert!(!is_layout(says), "{says:?}");
        }
    }
}
