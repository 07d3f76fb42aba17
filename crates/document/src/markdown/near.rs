//! What looks like an include, or nearly, and is no link of Markdown.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::findings::nearest;

/// Whether a title is that of a link that includes something, or a slip of it.
pub(crate) fn means_include(title: &str) -> bool {
    nearest(title.trim(), ["include"]).is_some()
}

/// Where the first link of HTML stands that has such a title.
pub(crate) fn titled_tag(html: &str) -> Option<Range<usize>> {
    static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r#"(?i)<a\s(?:[^<>]*?[\s"'])?title\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>=]+))[^<>]*>?"#,
        )
        .ok()
    });
    let mut tags = TAG.iter().flat_map(|tag| tag.captures_iter(html));
    tags.find_map(|tag| {
        let title = tag.get(1).or(tag.get(2)).or(tag.get(3))?;
        means_include(title.as_str()).then(|| tag.get(0).map(|whole| whole.range())).flatten()
    })
}
