//! Tabs and admonitions as MkDocs writes them: `=== "Debian"`, `!!! note`, and below it what is indented by four. To CommonMark that is a paragraph and
//! code, in which fences are text; to whoever wrote it, it is an item with contents.

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

/// The title of a tab.
pub(crate) fn title(item: &str) -> &str {
    let line = item.trim_start().lines().next().unwrap_or_default();
    line.trim_start_matches('=').trim().trim_matches('"')
}

/// The text with items for tabs and admonitions, every other byte as it is; `None` where it has none.
pub(crate) fn as_items(source: &str) -> Option<String> {
    let has = |mark: &str| memchr::memmem::find(source.as_bytes(), mark.as_bytes()).is_some();
    if ![MARK, "!!! ", "???"].into_iter().any(has) {
        return None;
    }
    let mut text = String::with_capacity(source.len());
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        at += line.len();
        let indent = line.len() - line.trim_start_matches(' ').len();
        let holds = || {
            let below = source[at..].lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            below.len() - below.trim_start_matches(' ').len() >= indent + 4
        };
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
        assert_eq!((is_admonition("  ??? note\n"), is_admonition("!!!")), (true, false));
        assert_eq!((is_tab("  === \"A\"\n"), title("  === \"A b\"\n")), (true, "A b"));
    }
}
