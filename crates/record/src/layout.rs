//! How a run's directory is called, and what it holds.

use std::path::Path;

/// Where partial blobs are written.
pub(crate) const BLOBS: &str = "blobs";

/// Where whole blobs are.
pub(crate) const SHA256: &str = "blobs/sha256";

/// Where they are.
pub(crate) const SIGNOFFS: &str = "signoffs";

/// Directory names are cut so that they stay readable and fit every file system.
const LONGEST_SLUG: usize = 80;

/// The name of a run's directory: `0042-promote-staging`.
pub(crate) fn directory_name(number: u64, slug: &str) -> String {
    let mut tidy = String::new();
    for c in slug.chars().flat_map(char::to_lowercase) {
        if tidy.len() + c.len_utf8() > LONGEST_SLUG {
            break;
        }
        match c {
            c if c.is_alphanumeric() || c == '_' => tidy.push(c),
            _ if tidy.is_empty() || tidy.ends_with('-') => {}
            _ => tidy.push('-'),
        }
    }
    let tidy = tidy.trim_end_matches('-');
    format!("{number:04}-{}", if tidy.is_empty() { "run" } else { tidy })
}

/// The number in a directory's name; `None` where the name is not a run's.
pub(crate) fn number_of(path: &Path) -> Option<u64> {
    let (digits, _) = path.file_name()?.to_str()?.split_once('-')?;
    let number = digits.parse().ok()?;
    (number > 0 && format!("{number:04}") == digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_named_by_number_and_a_tidy_slug() {
        let cases = [
            (42, "promote-staging-to-production", "0042-promote-staging-to-production"),
            (1, "Promote: staging → production!", "0001-promote-staging-production"),
            (12345, "x", "12345-x"),
            (7, "", "0007-run"),
            (7, "../../etc", "0007-etc"),
            (7, ".\0/", "0007-run"),
            (7, "Übung_1", "0007-übung_1"),
        ];
        for (number, slug, name) in cases {
            assert_eq!(directory_name(number, slug), name);
            assert_eq!(number_of(Path::new(name)), Some(number));
        }
        assert_eq!(directory_name(1, &"ü".repeat(100)).len(), 5 + LONGEST_SLUG);
    }

    #[test]
    fn what_is_not_named_like_a_run_has_no_number() {
        for name in ["42-a", "0042", "00042-a", "0000-a", "+042-a", "a-0042", ".lock", ""] {
            assert_eq!(number_of(Path::new(name)), None, "{name}");
        }
    }
}
