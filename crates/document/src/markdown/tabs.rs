//! Tabs as MkDocs writes them: `=== "Debian"`, and below it what is indented by four. To CommonMark that is a paragraph and
//! code, in which fences are text; to whoever wrote it, it is an item with contents.

/// What a tab begins with.
const MARK: &str = "=== \"";
/// As many bytes, which begin an item whose contents are indented by four. Hardly a list begins so, and none is joined.
const ITEM: &str = "+   \"";

/// Whether an item is a tab, by how it is written.
pub(crate) fn is_tab(item: &str) -> bool {
    item.trim_start_matches([' ', '\t']).starts_with(MARK)
}

/// The title of a tab.
pub(crate) fn title(item: &str) -> &str {
    let line = item.trim_start().lines().next().unwrap_or_default();
    line.trim_start_matches('=').trim().trim_matches('"')
}

/// The text with items for tabs, every other byte as it is; `None` where it has none.
pub(crate) fn as_items(source: &str) -> Option<String> {
    memchr::memmem::find(source.as_bytes(), MARK.as_bytes())?;
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
            _ => text.push_str(line),
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
        assert_eq!((is_tab("  === \"A\"\n"), title("  === \"A b\"\n")), (true, "A b"));
    }
}
