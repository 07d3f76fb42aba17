//! Tabs and admonitions as MkDocs writes them: `=== "Debian"`, `!!! note`, and below it what is indented by four. To CommonMark that is a paragraph and
//! code, in which fences are text; to whoever wrote it, it is an item with contents. And lines of colons (`:::note`, `:::`), which
//! to CommonMark are text of the paragraph or item above them; to whoever wrote them, they divide.

/// What a tab begins with.
const MARK: &str = "=== \"";
/// As many bytes, which begin an item whose contents are indented by four. Hardly a list begins so, and none is joined.
const ITEM: &str = "+   \"";

/// Whether an item is a tab, by how it is written.
pub(crate) fn is_tab(item: &str) -> bool {
    item.trim_start_matches([' ', '\t']).starts_with(MARK)
}

/// Whether an item is an admonition as MkDocs writes it, by how that is written: `!!! warning`, `??? note`, `???+ note`.
pub(crate) fn is_admonition(item: &str) -> bool {
    admonition(item.trim_start_matches([' ', '\t'])).is_some()
}

/// Whether an item is none that is written as one: a tab, or an admonition. Its contents are indented by four.
pub(crate) fn is_inset(item: &str) -> bool {
    is_tab(item) || is_admonition(item)
}

/// How many bytes the mark of an admonition has that begins a line.
fn admonition(line: &str) -> Option<usize> {
    let mark = ["!!! ", "??? ", "???+ "].into_iter().find(|mark| line.starts_with(mark))?;
    line[mark.len()..].starts_with(|c: char| c.is_ascii_lowercase()).then_some(mark.len())
}

/// What a line of colons does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colons {
    Open,
    Close,
}

/// What a line does that opens or closes an admonition with colons; it has no blanks at its ends.
pub(crate) fn colons(line: &str) -> Option<Colons> {
    let rest = line.strip_prefix(":::")?.trim_start_matches(':').trim_start();
    match rest.chars().next() {
        None => Some(Colons::Close),
        Some('{') => rest.contains('}').then_some(Colons::Open),
        Some(first) if first.is_ascii_alphabetic() => {
            let kind = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            (kind.is_empty() || kind.starts_with([' ', '\t', '[', '{'])).then_some(Colons::Open)
        }
        Some(_) => None,
    }
}

/// The title of a tab.
pub(crate) fn title(item: &str) -> &str {
    let line = item.trim_start().lines().next().unwrap_or_default();
    line.trim_start_matches('=').trim().trim_matches('"')
}

/// The text with items for tabs and admonitions and with rules for lines of colons, every other byte as it is; `None` where it has
/// none.
pub(crate) fn as_items(source: &str) -> Option<String> {
    let has = |mark: &str| memchr::memmem::find(source.as_bytes(), mark.as_bytes()).is_some();
    if ![MARK, "!!! ", "???", ":::"].into_iter().any(has) {
        return None;
    }
    let mut text = String::with_capacity(source.len());
    let mut at = 0;
    // Whether each line of colons that is open divides.
    let mut open: Vec<bool> = Vec::new();
    for line in source.split_inclusive('\n') {
        at += line.len();
        let indent = line.len() - line.trim_start_matches(' ').len();
        let holds = || {
            let below = source[at..].lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            below.len() - below.trim_start_matches(' ').len() >= indent + 4
        };
        let mark = line[indent..].trim_end();
        // Text that is indented below a line that divides would be code.
        let divides = match colons(mark) {
            Some(Colons::Open) => {
                let text = source[at..].lines().next().is_some_and(|line| !line.trim().is_empty()) && holds();
                open.push(!text);
                !text
            }
            Some(Colons::Close) => open.pop().unwrap_or(true),
            None => false,
        };
        if divides {
            let end = indent + mark.len();
            text.push_str(&line[..indent]);
            text.push_str(&"*".repeat(end - indent));
            text.push_str(&line[end..]);
            continue;
        }
        match line[indent..].strip_prefix(MARK) {
            Some(rest) if rest.trim_end().ends_with('"') && holds() => {
                text.push_str(&line[..indent]);
                text.push_str(ITEM);
                text.push_str(rest);
            }
            _ => match admonition(&line[indent..]).filter(|_| holds()) {
                Some(mark) => {
                    text.push_str(&line[..indent]);
                    text.push_str(&"+   :"[..mark]);
                    text.push_str(&line[indent + mark..]);
                }
                None => text.push_str(line),
            },
        }
    }
    (text != source).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_is_an_item_of_the_same_length_where_something_stands_in_it() {
        let text = "=== \"A\"\n\n    b\n\n  === \"C\"\n      d\n=== \"E\"\nf\n===\n";
        assert_eq!(
            as_items(text).as_deref(),
            Some("+   \"A\"\n\n    b\n\n  +   \"C\"\n      d\n=== \"E\"\nf\n===\n")
        );
        assert_eq!(as_items("A\n===\n"), None);
        assert_eq!(
            as_items("!!! note \"A\"\n    b\n\n???+ tip\n    c\n!!! x\nd\n!!! A\n    e\n").as_deref(),
            Some("+   note \"A\"\n    b\n\n+   :tip\n    c\n!!! x\nd\n!!! A\n    e\n")
        );
        assert_eq!(
            as_items("- a\n::: tip Ü\r\nb\n  :::\na ::: b\n::: 1\n").as_deref(),
            Some("- a\n**********\r\nb\n  ***\na ::: b\n::: 1\n")
        );
        assert_eq!(
            as_items(":::note\n    a\n:::\n\n:::note\n\n    b\n:::\n").as_deref(),
            Some(":::note\n    a\n:::\n\n*******\n\n    b\n***\n")
        );
        assert_eq!((is_admonition("  ??? note\n"), is_admonition("!!!")), (true, false));
        assert_eq!((is_tab("  === \"A\"\n"), title("  === \"A b\"\n")), (true, "A b"));
    }
}
