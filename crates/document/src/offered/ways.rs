//! Groups of tabs, as tools for documentation write them: of what stands in one, one way is taken and not all of them.

use std::sync::LazyLock;

use regex::Regex;

use super::fences::Fences;
use crate::Span;

/// What begins a group, on a line of its own, and how its end is told.
static BEGINS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?ix)^(?:
            (?<colons>:{3,})\x20*\{?(?:code-group|tabs?|tab-set|tab-item|tabbed|pane|steps-group)\b
            | \{\{[<%]\x20*(?<hugo>code-?tabs?|tabs?|tabpane|codetabs)\b
            | \{%-?\x20*(?<liquid>code-?tabs?|tabs?|tabgroup|codegroup)\b
            | <(?<html>code-?group|code-?tabs?|tabs?|tab-?group|tab-?set|tabpanel)\b
            | <!--\x20*(?<docsify>tabs?)\x20*:\x20*start\b
            | (?<slashes>/{3,})\x20*tab\b
        )"#,
    )
    .ok()
});

/// The groups of a document, in order; of those within one another the outermost. One that is never closed goes on to the
/// end.
pub(super) fn groups(source: &str) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    if ![":::", "{{", "{%", "<", "///"].iter().any(|hint| source.contains(hint)) {
        return found;
    }
    let mut at = 0;
    let mut fences = Fences::default();
    let mut open: Option<(usize, End)> = None;
    for line in source.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let text = line.trim();
        if fences.hold(text) {
            continue;
        }
        match &open {
            Some((from, end)) if end.is(text) => {
                found.push(Span::new(*from, at));
                open = None;
            }
            Some(_) => {}
            None => open = End::of(text).map(|end| (start, end)),
        }
    }
    found.extend(open.map(|(from, _)| Span::new(from, source.len())));
    found
}

/// How the end of a group is told.
enum End {
    /// As many of this sign, or more, and nothing else.
    Signs(char, usize),
    /// A line that begins so, whatever its case.
    Begins(Vec<String>),
}

impl End {
    /// The end of the group that a line begins.
    fn of(line: &str) -> Option<End> {
        let found = BEGINS.as_ref()?.captures(line)?;
        let named = |name: &str| found.name(name).map(|found| found.as_str().to_lowercase());
        if let Some(signs) = named("colons").or_else(|| named("slashes")) {
            return Some(End::Signs(signs.chars().next()?, signs.len()));
        }
        if let Some(name) = named("hugo") {
            let all = ["{{< /", "{{</", "{{% /", "{{%/"].map(|head| format!("{head}{name}"));
            return Some(End::Begins(all.to_vec()));
        }
        if let Some(name) = named("liquid") {
            return Some(End::Begins(vec![format!("{{% end{name}"), format!("{{%- end{name}")]));
        }
        if let Some(name) = named("html") {
            return Some(End::Begins(vec![format!("</{name}")]));
        }
        named("docsify").map(|name| End::Begins(vec![format!("<!-- {name}:end"), format!("<!--{name}:end")]))
    }

    fn is(&self, line: &str) -> bool {
        match self {
            End::Signs(sign, least) => line.len() >= *least && line.chars().all(|c| c == *sign),
            End::Begins(heads) => {
                let line = line.to_lowercase();
                heads.iter().any(|head| line.starts_with(head))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Confidence, compile};

    #[test]
    fn a_group_of_tabs_goes_from_mark_to_mark() {
        for (begins, ends) in [
            ("::: code-group", ":::"),
            ("::::{tab-set}", "::::"),
            (":::tabs", ":::"),
            ("{{< tabs name=\"a\" >}}", "{{< /tabs >}}"),
            ("{{% tabs %}}", "{{% /tabs %}}"),
            ("{% tabs %}", "{% endtabs %}"),
            ("<Tabs groupId=\"os\">", "</Tabs>"),
            ("<CodeGroup>", "</CodeGroup>"),
            ("<!-- tabs:start -->", "<!-- tabs:end -->"),
            ("/// tab | Linux", "///"),
        ] {
            let group = format!("{begins}\n\n```sh\n{ends}\n```\n\nb\n\n{ends}\n");
            let source = format!("a\n\n{group}\nc\n");
            assert_eq!(groups(&source), [Span::new(3, 3 + group.len())], "{begins}");
        }
        for none in [
            "::: tip\na\n:::\n",
            "<table>\n",
            "a <tabs> b",
            "{{< note >}}\n",
            "```\n<Tabs>\n```\n",
            "/// note\n",
        ] {
            assert_eq!(groups(none), [], "{none}");
        }
        assert_eq!(groups("<Tabs>\na\n"), [Span::new(0, 9)]);
    }

    #[test]
    fn a_command_in_a_group_says_that_it_is_one_of_several_ways() {
        for (source, count) in [
            (
                "# T\n\n## A\n\n::: code-group\n\n```sh [npm]\nnpm add x\n```\n\n```sh [pnpm]\npnpm add x\n```\n\n:::\n",
                2,
            ),
            (
                "# T\n\n## A\n\n=== \"A\"\n\n    ```sh\n    npm add x\n    ```\n\n=== \"B\"\n\n    ```sh\n    pnpm add x\n    ```\n",
                2,
            ),
            ("# T\n\n## A\n\n```sh tab=\"A\"\nnpm add x\n```\n", 1),
            (
                "# T\n\n1. Add it\n\n   {{< tabs >}}\n   {{% tab \"A\" %}}\n   ```sh\n   npm add x\n   ```\n   {{% /tab %}}\n   {{< /tabs >}}\n",
                1,
            ),
            ("# T\n\n## A\n\n```sh\nnpm add x\n```\n", 0),
        ] {
            let plan = compile(source, None).plan;
            let offered =
                plan.steps.iter().flat_map(|step| &step.actions).filter_map(|action| action.work.offered());
            let told = offered.filter(|offered| {
                offered.reading.reason.contains("one of several ways")
                    && offered.reading.confidence != Confidence::Sure
            });
            assert_eq!(told.count(), count, "{source}");
        }
    }
}
