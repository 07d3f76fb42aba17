//! Placeholders that documents leave for whoever reads them. What is told of them here is all that is known: lints warn of
//! those of run-books, and of other documents they are asked for.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// What stands in the text before the match decides whether it is one; the first group is the placeholder.
const PATTERNS: &[&str] = &[
    // <VERSION>, <your-name>
    r"(?:^|[^<A-Za-z0-9_?\\])(<[A-Za-z](?:[A-Za-z0-9 _./-]*[A-Za-z0-9])?>)",
    // YOUR_TOKEN, your-bucket
    r"(?:^|[^A-Za-z0-9_$\{-])((?:YOUR_[A-Z0-9_]+|your-[a-z0-9-]+))",
    // [rds-hostname]; not [a-z], nor an index
    r"(?:^|[^A-Za-z0-9_\]\}\[*?])(\[[A-Za-z][A-Za-z0-9]+(?:[-_][A-Za-z0-9]{2,})+\])",
    // vX.Y.Z
    r"(?:^|[^A-Za-z0-9_.])(v?X\.Y(?:\.Z)?)(?:$|[^A-Za-z0-9_])",
    // {name}; not ${name}, %{name}, nor git's @{name} and ^{name}
    r"(?:^|[^$%@^\{A-Za-z0-9_\\])(\{[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*\})(?:$|[^\}])",
    // {{name}} where nothing renders it
    r"(\{\{[ \t]*[A-Za-z_][A-Za-z0-9_]*[ \t]*\}\})",
    r"(?:^|[^A-Za-z0-9_$\{])((?:CHANGE_?ME|REPLACE_?ME|FIXME|TODO|TBD))(?:$|[^A-Za-z0-9_])",
    // v<version>, where nobody writes redirections so
    r"[A-Za-z](<[A-Za-z](?:[A-Za-z0-9 _./-]*[A-Za-z0-9])?>)",
    // [path], where nobody writes a set of four letters or more
    r"(?:^|[\s/=:])(\[[A-Za-z]{4,}\])(?:$|[\s/:])",
    // v0.YYYYMMDD.0, nightly-YYYY-MM-DD, YYYYmmddHHMM
    r"(?:^|[^A-Z%$+])((?:YYYY|yyyy)[-_./]?(?:MM|mm)[-_./]?(?:DD|dd)(?:[-_.T]?(?:HH|hh)[-_:.]?(?:MM|mm|MI)(?:[-_:.]?(?:SS|ss))?)?|DD[-./]MM[-./]YYYY)(?:$|[^A-Za-z])",
    // %COUNT%; not the letters of a date, nor of an address: %FT%T, %C3%9F
    r"(?:^|[^A-Za-z0-9_%+$])(%[A-Z][A-Z0-9_]{2,}%)(?:$|[^A-Za-z0-9_%])",
    // __NAME__; not a variable
    r"(?:^|[^A-Za-z0-9_$\{])(__[A-Z](?:[A-Z0-9_]*[A-Z0-9])?__)(?:$|[^A-Za-z0-9_=])",
];

/// Of [`PATTERNS`], what a template would render.
const RENDERED: usize = 5;
/// Likewise, what is one in documents that people wrote for themselves alone.
const GLUED: usize = 7;
/// Likewise.
const BRACKETED: usize = 8;
/// Likewise: a template of a date.
const DATED: usize = 9;
/// Likewise: names between marks, which run-books have `sed` fill in.
const MARKED: [usize; 2] = [10, 11];

/// Of each pattern, texts of which a match holds at least one.
const HINTS: [&[&str]; PATTERNS.len()] = [
    &["<"],
    &["YOUR_", "your-"],
    &["["],
    &["X.Y"],
    &["{"],
    &["{{"],
    &["CHANGE", "REPLACE", "FIXME", "TODO", "TBD"],
    &["<"],
    &["["],
    &["YYYY", "yyyy"],
    &["%"],
    &["__"],
];

/// What looks the same wherever it stands: ends of lines in HTML, words of awk and Go templates.
const NOT: &[&str] = &[
    "<p>",
    "<br>",
    "<br/>",
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

/// Tags of HTML, where they stand in markup. Bare in a command a shell would read them as redirections.
const TAGS: &[&str] = &[
    "<html>", "<head>", "<body>", "<title>", "<b>", "<i>", "<a>", "<pre>", "<code>", "<div>", "<span>",
    "<ul>", "<li>", "<table>", "<tr>", "<td>", "<h1>", "<h2>", "<h3>", "<script>",
];

/// Elements of HTML that people put into titles.
const IN_TITLES: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "big", "br", "center", "cite", "code", "del", "dfn", "div", "em", "font",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "nobr", "ol", "p",
    "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "ul", "var",
    "wbr",
];

/// Whether a tag in a title is none to whoever wrote it: `<version>`, `<your name>`.
pub(crate) fn is_in_title(tag: &str) -> bool {
    let Some(inner) = tag.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) else { return false };
    let name = inner.split(' ').next().unwrap_or_default().to_ascii_lowercase();
    inner.starts_with(|c: char| c.is_ascii_alphabetic())
        && inner.ends_with(|c: char| c.is_ascii_alphanumeric())
        && inner.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '.' | '-'))
        && !IN_TITLES.contains(&name.as_str())
}

/// Whether what stands there is markup: within quotes, on a line that begins with a tag, or that holds the end of one.
fn in_markup(line: &str, at: usize) -> bool {
    let before = &line[..at];
    let quoted = ['\'', '"'].into_iter().any(|quote| before.matches(quote).count() % 2 == 1);
    quoted || line.trim_start().starts_with('<') || line.contains("</")
}

/// Whether the text before a template of a date says that it is given to a program as one.
fn says_how(before: &str) -> bool {
    let before = before.to_ascii_lowercase();
    ["format", "to_char", "to_date", "to_timestamp", "strftime", "strptime", "pattern"]
        .iter()
        .any(|word| before.contains(word))
}

/// Whether the text before a name leads to what `sed` is to put something in the place of: `s/`, `s|`.
fn substitutes(before: &str) -> bool {
    let mut last = before.chars().rev();
    let delimits = last.next().is_some_and(|c| c.is_ascii_punctuation() && !matches!(c, '\'' | '"' | '='));
    delimits && last.next() == Some('s') && last.next().is_none_or(|c| !c.is_alphanumeric())
}

/// Whether a placeholder is the template of a date.
pub(crate) fn is_date(placeholder: &str) -> bool {
    let starts = ["YYYY", "yyyy", "DD"].iter().any(|start| placeholder.starts_with(start));
    let of_date = |c: char| "YyMmDdHhSsIT".contains(c) || !c.is_ascii_alphanumeric();
    starts && placeholder.to_ascii_uppercase().contains("YYYY") && placeholder.chars().all(of_date)
}

/// Which placeholders a text can hold at all.
pub(crate) struct Search([bool; PATTERNS.len()]);

impl Search {
    /// The same in a command that somebody wrote for people: `v<version>` is no redirection there.
    pub(crate) fn of_people(text: &str) -> Option<Search> {
        let may = Search::may(text);
        may.contains(&true).then_some(Search(may))
    }

    /// `None` where the text holds none. In a `template`, braces are what something renders.
    pub(crate) fn of(text: &str, template: bool) -> Option<Search> {
        let mut may = Search::may(text);
        for of_people in [GLUED, BRACKETED, DATED].into_iter().chain(MARKED) {
            may[of_people] = false;
        }
        if template {
            may[4] = false;
            may[RENDERED] = false;
        }
        may.contains(&true).then_some(Search(may))
    }

    /// Of `{{ name }}` alone.
    pub(crate) fn of_templates(text: &str) -> Option<Search> {
        let mut only = [false; PATTERNS.len()];
        only[RENDERED] = text.contains("{{");
        only[RENDERED].then_some(Search(only))
    }

    fn may(text: &str) -> [bool; PATTERNS.len()] {
        let mut held = [false; 256];
        text.bytes().for_each(|byte| held[usize::from(byte)] = true);
        // Most scripts lack a byte of each hint, which is sooner known than where a hint would stand.
        let holds = |hint: &str| hint.bytes().all(|byte| held[usize::from(byte)]) && text.contains(hint);
        std::array::from_fn(|index| HINTS[index].iter().any(|hint| holds(hint)))
    }

    /// Where they stand in a line of the text, in order; none in a comment.
    pub(crate) fn in_line(&self, line: &str) -> Vec<Range<usize>> {
        static COMPILED: LazyLock<Vec<Regex>> =
            LazyLock::new(|| PATTERNS.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect());
        let mut told: Vec<Range<usize>> = Vec::new();
        if line.trim_start().starts_with('#') {
            return told;
        }
        for (index, pattern) in COMPILED.iter().enumerate().filter(|(index, _)| self.0[*index]) {
            // What ends one may stand right before the next.
            let mut from = 0;
            while let Some(found) = pattern.captures_at(line, from).and_then(|captures| captures.get(1)) {
                from = found.end() - 1;
                let inside =
                    told.iter().any(|other| other.start <= found.start() && found.end() <= other.end);
                let tag = TAGS.contains(&found.as_str()) && in_markup(line, found.start());
                // What says how dates are to be written is none.
                let before = &line[..found.start()];
                let format =
                    index == DATED && says_how(before) || MARKED.contains(&index) && substitutes(before);
                if !inside && !tag && !format && !NOT.contains(&found.as_str()) {
                    told.retain(|other| other.start < found.start() || found.end() < other.end);
                    told.push(found.range());
                }
            }
        }
        told.sort_by_key(|at| at.start);
        told
    }
}

/// Whether a line of what is shown as printed stands for lines that are left out.
pub(crate) fn is_left_out(line: &str) -> bool {
    matches!(line.trim(), "..." | "…" | "[...]" | "<snip>" | "[snip]")
}

/// Whether a text holds nothing but the marks of what is left out, and blanks.
pub(crate) fn is_elided(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '.' | '…' | '[' | ']') || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<&str> {
        let search = Search::of_people(line);
        search
            .map(|search| search.in_line(line))
            .unwrap_or_default()
            .into_iter()
            .map(|at| &line[at])
            .collect()
    }

    #[test]
    fn what_somebody_is_to_fill_in_is_a_placeholder_and_what_a_program_reads_is_none() {
        for (line, placeholders) in [
            ("cp <table> precious.txt", &["<table>"][..]),
            ("rm -rf ./<title>/img", &["<title>"]),
            ("rm -rf [path]", &["[path]"]),
            ("rm -rf /srv/[path]/old", &["[path]"]),
            ("deploy --to=[host]", &["[host]"]),
            ("grep '<title>' index.html", &[]),
            ("printf '%s' <b>bold</b>", &[]),
            ("<table>", &[]),
            ("ls [a-z]* [abc] list[index]", &[]),
            ("[ -f x ] && [[ -d y ]]", &[]),
            ("rm %COUNT% /srv/__X__/a '__A_B__'", &["%COUNT%", "__X__", "__A_B__"]),
            ("date +%FT%T; date +%H%M%S; curl a/%C3%9F%20", &[]),
            ("__X__=1; echo $__X__ ${__X__} __main__", &[]),
            ("sed 's/__X__/y/; s|%COUNT%|1|' f", &[]),
            ("a <b> YYYYMMDD [path] vX.Y.Z", &["<b>", "YYYYMMDD", "[path]", "vX.Y.Z"]),
        ] {
            assert_eq!(found(line), placeholders, "{line}");
        }
    }
}
