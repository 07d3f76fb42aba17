//! OpenSSH's pattern lists (`PATTERNS` in ssh_config(5)).

/// Whether `text` matches a comma-separated list of patterns: at least one positive, and none that begins with `!`.
/// `*` stands for any run of characters, `?` for one. Case counts.
pub(crate) fn matches_list(text: &str, list: &str) -> bool {
    let mut positive = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(text.as_bytes(), pattern.as_bytes()) => return false,
            Some(_) => {}
            None => positive |= matches(text.as_bytes(), pattern.as_bytes()),
        }
    }
    positive
}

/// In time that grows with the product of both lengths: of several `*`, only the last one is ever tried again.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut in_pattern) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(in_pattern) {
            Some(b'*') => {
                star = Some((at, in_pattern));
                in_pattern += 1;
            }
            Some(b'?') => (at, in_pattern) = (at + 1, in_pattern + 1),
            Some(byte) if *byte == text[at] => (at, in_pattern) = (at + 1, in_pattern + 1),
            _ => match star {
                Some((from, asterisk)) => {
                    star = Some((from + 1, asterisk));
                    (at, in_pattern) = (from + 1, asterisk + 1);
                }
                None => return false,
            },
        }
    }
    pattern[in_pattern..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches_list;

    #[test]
    fn a_list_matches_as_openssh_says() {
        let cases = [
            ("qa@example.org", "qa@example.org", true),
            ("qa@example.org", "QA@example.org", false),
            ("qa@example.org", "*@example.org", true),
            ("qa@example.org", "*@example.org,!qa@*", false),
            ("qa@example.org", "!qa@*,*@example.org", false),
            ("ops@example.org", "!qa@*,*@example.org", true),
            ("ops@example.org", "!qa@*", false),
            ("qa1", "qa?", true),
            ("qa", "qa?", false),
            ("a.b.c", "*.b.*", true),
            ("aXbXc", "*b*d", false),
            ("", "*", true),
            ("x", "", false),
            ("qa", "ops,qa", true),
        ];
        for (text, list, expected) in cases {
            assert_eq!(matches_list(text, list), expected, "{text} in {list}");
        }
    }

    #[test]
    fn many_asterisks_do_not_take_for_ever() {
        assert!(!matches_list(&"a".repeat(20_000), &format!("{}b", "a*".repeat(200))));
    }
}
