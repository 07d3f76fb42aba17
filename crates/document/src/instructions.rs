//! Whether words say what to do.

use crate::markdown::{Item, List, is_inset};

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
pub(crate) fn imperative(source: &str, list: &List) -> bool {
    verbs(source, list) * 2 > list.items.len()
}

/// How many items of a list begin as instructions do.
pub(crate) fn verbs(source: &str, list: &List) -> usize {
    let says = |item: &&Item| {
        !is_inset(item.span.of(source))
            && item.text().is_some_and(|text| begins_with_verb(text.span.of(source)))
    };
    list.items.iter().filter(says).count()
}

/// Whether a text begins as an instruction does: with a verb of the list, and goes on.
pub(crate) fn begins_with_verb(text: &str) -> bool {
    let text = text.trim_start_matches(['*', '_', '[', '"', '“', '(', ' ', '\t']);
    let text = ["please ", "now ", "then ", "next, ", "finally, ", "first, "]
        .iter()
        .find_map(|lead| {
            text.get(..lead.len()).filter(|head| head.eq_ignore_ascii_case(lead)).map(|_| &text[lead.len()..])
        })
        .unwrap_or(text);
    let word: String = text.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '-').collect();
    let rest = text[word.len()..].trim_start_matches(['*', '_', ']', '"', '”']);
    rest.starts_with([' ', '\t', '\n', '\r', '`', '(']) && is_verb(&word)
}

fn is_verb(word: &str) -> bool {
    VERBS.split_whitespace().any(|verb| verb.eq_ignore_ascii_case(word))
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
}
