//! Paths in addresses.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands in an address as it is (RFC 3986).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path as part of an address: a `:` in its first part would begin a scheme, a `?` a query, a control character end a link.
pub fn encoded(path: &str) -> String {
    utf8_percent_encode(path, KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn nothing_of_a_path_ends_a_link() {
        assert_eq!(encoded("/a b/ü\u{1b}\\\u{7};"), "/a%20b/%C3%BC%1B%5C%07%3B");
    }

    #[test]
    fn a_path_is_a_reference_of_uris() {
        for (path, wanted) in [
            ("docs/a-b_c.md", "docs/a-b_c.md"),
            ("a b:c?.md", "a%20b%3Ac%3F.md"),
            ("100%#1.md", "100%25%231.md"),
            ("größe.md", "gr%C3%B6%C3%9Fe.md"),
        ] {
            assert_eq!(encoded(path), wanted);
        }
    }
}
