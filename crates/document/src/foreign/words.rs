//! What words tell: whether a bullet says what to do, whether a section is only to be read.

use std::sync::LazyLock;

use regex::Regex;

use crate::markdown::List;

/// Words that an instruction begins with, in the imperative.
const VERBS: &str = "\
    abort accept acknowledge activate add adjust agree announce append apply approve archive ask assign attach \
    authenticate back backup block book boot bring build bump call cancel change check checkout choose clean clear \
    click clone close collect commit communicate compare complete configure confirm connect contact copy cordon \
    create cut declare decommission define delete deploy describe destroy detach determine disable disconnect \
    document double-check download draft drain drop edit email enable ensure enter escalate establish evaluate \
    examine execute export fetch fill find finish fix follow force freeze generate get give go grant identify \
    import increase inform insert inspect install investigate invite join keep kill launch list load lock log \
    login look make mark measure merge message migrate monitor mount move navigate note notify obtain open page \
    paste pause perform pick ping plug post power prepare press promote provide provision publish pull purge push \
    put query read reboot rebuild recheck reconnect record recover reduce refresh reinstall release reload remove \
    rename repeat replace report request reset resize resolve restart restore resume retrieve retry return revert \
    review revoke roll rollback rotate run save scale schedule search select send set share shut shutdown sign ssh \
    start stop store submit suspend switch sync tag take tell terminate test thaw trigger try turn type uncordon \
    undo unfreeze uninstall unlock unmount unplug update upgrade upload use validate verify visit wait watch wipe \
    write";

/// Whether most items of a list begin as instructions do.
pub(super) fn imperative(source: &str, list: &List) -> bool {
    let says = |item: &&crate::markdown::Item| {
        item.text().is_some_and(|text| begins_with_verb(text.span.of(source)))
    };
    list.items.iter().filter(says).count() * 2 > list.items.len()
}

/// Whether a text begins as an instruction does: with a verb of the list, and goes on.
pub(super) fn begins_with_verb(text: &str) -> bool {
    let text = text.trim_start_matches(['*', '_', '[', '"', '“', '(', ' ', '\t']);
    let text = ["please ", "now ", "then ", "next, ", "finally, ", "first, "]
        .iter()
        .find_map(|lead| {
            text.get(..lead.len()).filter(|head| head.eq_ignore_ascii_case(lead)).map(|_| &text[lead.len()..])
        })
        .unwrap_or(text);
    let word: String = text.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '-').collect();
    let rest = text[word.len()..].trim_start_matches(['*', '_', ']', '"', '”']);
    rest.starts_with([' ', '\t', '\n', '`', '(']) && is_verb(&word)
}

fn is_verb(word: &str) -> bool {
    VERBS.split_whitespace().any(|verb| verb.eq_ignore_ascii_case(word))
}

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

/// Whether a paragraph ends in a colon, whatever it is marked with.
pub(super) fn ends_open(text: &str) -> bool {
    text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '`')).ends_with([':', '：'])
}

/// Whether a block is a rule across the page.
pub(super) fn rule(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().all(|c| matches!(c, '-' | '*' | '_') || c.is_whitespace())
}

/// Why what is called so is not for every run, if it is not.
pub(super) fn alternative(title: &str) -> Option<&'static str> {
    static NOT_ALWAYS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?ix)(?<rollback>\broll(?:ing)?[\ -]?back\b|^revert(?:ing)?\b|\bback[\ -]?out\b|^undo(?:ing)?\b)
            | (?<trouble>\btrouble-?shoot(?:ing)?\b|^known\ (?:issues|problems)\b|^common\ (?:issues|problems|errors)\b)
            | (?<optional>\boptional(?:ly)?\b|^if\ (?:you\ like|desired|wanted)\b)
            | (?<cases>^(?:only\ )?(?:if|in\ case|unless)\b|\b(?:if|in\ case|when)\ .*\b(?:fails?|failed|breaks?|goes\ wrong|is\ stuck)\b)
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
    fn an_instruction_begins_with_a_verb_and_goes_on() {
        for says in
            ["Stop the server", "**Restart** it", "Please check it", "Run `make`", "[Open](x) it", "Run:\n x"]
        {
            assert_eq!(begins_with_verb(says), says != "Run:\n x", "{says}");
        }
        for says_not in ["Test: five minutes", "Stop", "The server stops", "Checks run", "Stopped it", ""] {
            assert!(!begins_with_verb(says_not), "{says_not}");
        }
    }

    #[test]
    fn titles_say_what_is_not_for_every_run() {
        for (title, wanted) in [
            ("Rollback", Some("a rollback")),
            ("How to roll back", Some("a rollback")),
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
