//! What words tell: headings in bold, what leads to something, what is not for every run.

use std::sync::LazyLock;

use regex::Regex;

/// Whether a paragraph stands for a heading: all of it is bold, and it does not only call for attention.
pub(super) fn heads(text: &str) -> bool {
    static BOLD: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(?:\*\*[^*\n]+\*\*|__[^_\n]+__):?$").ok());
    static ASIDE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)^[*_]+(?:note|important|warning|caution|attention|tip|hint|example|result|output|expected)\b").ok()
    });
    let text = text.trim();
    let is =
        |pattern: &LazyLock<Option<Regex>>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(text));
    is(&BOLD) && !is(&ASIDE)
}

/// What a paragraph says that what follows is called: all of it where it stands for a heading, or what it begins with in
/// bold, where that is not for every run: `**Option A:** by hand`.
pub(super) fn called(text: &str) -> Option<&str> {
    static BEGINS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(?:\*\*[^*\n]+\*\*|__[^_\n]+__)").ok());
    if heads(text) {
        return Some(text.trim());
    }
    let begins = BEGINS.as_ref().and_then(|begins| begins.find(text.trim_start()));
    begins.map(|found| found.as_str()).filter(|found| alternative(found).is_some())
}

/// Whether a paragraph ends in a colon, whatever it is marked with; a line of colons alone is a mark.
pub(super) fn ends_open(text: &str) -> bool {
    let last = text.trim_end().lines().next_back().unwrap_or_default().trim();
    if last.len() > 1 && last.bytes().all(|byte| byte == b':') {
        return false;
    }
    text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '`')).ends_with([':', '：'])
}

/// Whether a block is a rule across the page.
pub(super) fn rule(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().all(|c| matches!(c, '-' | '*' | '_') || c.is_whitespace())
}

/// Why what is called so is not for every run, if it is not.
pub(crate) fn alternative(title: &str) -> Option<&'static str> {
    static NOT_ALWAYS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?ix)(?<rollback>\broll(?:ing)?[\ -]?back\b|^(?:how\ to\ )?revert(?:ing)?\b|\bback[\ -]?out\b|^(?:how\ to\ )?undo(?:ing)?\b)
            | (?<trouble>\btrouble-?shoot(?:ing)?\b|^known\ (?:issues|problems)\b|^common\ (?:issues|problems|errors)\b)
            | (?<optional>\boptional(?:ly)?\b|^if\ (?:you\ like|desired|wanted)\b)
            | (?<cases>^(?:only\ )?(?:if|in\ case|unless)\b|\b(?:if|in\ case|when)\ .*\b(?:fails?|failed|breaks?|go(?:es)?\ wrong|is\ stuck)\b)
            | (?<ways>^(?:option|alternative|method|variant|approach|scenario|possibility|case)\s+(?:[a-z]|\d+|[ivx]+)\b|^alternatively?\b)",
        )
        .ok()
    });
    const WHYS: [(&str, &str); 5] = [
        ("rollback", "a rollback"),
        ("trouble", "troubleshooting"),
        ("optional", "optional"),
        ("cases", "only in some cases"),
        ("ways", "one of several ways"),
    ];
    let title = title.trim_matches(|c: char| !c.is_alphanumeric());
    let found = NOT_ALWAYS.as_ref()?.captures(title)?;
    WHYS.iter().find(|(name, _)| found.name(name).is_some()).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_say_what_is_not_for_every_run() {
        for (title, wanted) in [
            ("Rollback", Some("a rollback")),
            ("How to roll back", Some("a rollback")),
            ("How to revert", Some("a rollback")),
            ("How to undo it", Some("a rollback")),
            ("When things go wrong", Some("only in some cases")),
            ("Troubleshooting", Some("troubleshooting")),
            ("(Optional) Clean the cache", Some("optional")),
            ("If the check fails", Some("only in some cases")),
            ("What to do when the deploy fails", Some("only in some cases")),
            ("Option A: by hand", Some("one of several ways")),
            ("Alternative 2", Some("one of several ways")),
            ("Options of the program", None),
            ("Deploy", None),
            ("Verify the case", None),
        ] {
            assert_eq!(alternative(title), wanted, "{title}");
        }
    }

    #[test]
    fn a_paragraph_in_bold_stands_for_a_heading() {
        for (text, wanted) in [
            ("**Database**", true),
            ("**Database:**", true),
            ("__Database__:", true),
            ("**Note**", false),
            ("**Important: read**", false),
            ("**a** and **b**", false),
            ("plain", false),
        ] {
            assert_eq!(heads(text), wanted, "{text}");
        }
    }
}
