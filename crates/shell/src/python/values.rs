//! Values that Python works out without anything that could fail.

/// What a text holds of values alone.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Values {
    /// A value, or whether some are the same.
    One,
    /// Several in parentheses: true together, whatever they are.
    Several,
}

/// Texts, numbers and the like, and whether some are the same; `None` where there may be anything else.
pub(crate) fn values(text: &str) -> Option<Values> {
    let (mut rest, mut depth, mut wanted) = (text.trim(), 0_usize, true);
    // Commas of the first parentheses; and whether these are all of it.
    let (mut several, mut around) = (false, rest.starts_with('('));
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b'"' | b'\'' => rest[1..].find(char::from(first))? + 2,
            b'0'..=b'9' => rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count(),
            b'a'..=b'z' | b'A'..=b'Z' => rest.bytes().take_while(u8::is_ascii_alphanumeric).count(),
            b'=' | b'!' => 2,
            b'(' | b')' | b',' => 1,
            _ => return None,
        };
        let (word, behind) = rest.split_at_checked(length)?;
        around &= depth > 0 || rest.len() == text.trim().len();
        wanted = match (word, wanted) {
            ("(", true) => {
                depth += 1;
                true
            }
            (")", false) => {
                depth = depth.checked_sub(1)?;
                false
            }
            (",", false) => {
                several |= depth == 1;
                true
            }
            ("not", true) | ("==" | "!=" | "and" | "or" | "is", false) => true,
            ("None" | "True" | "False", true) => false,
            (_, true) if matches!(first, b'"' | b'\'' | b'0'..=b'9') => false,
            _ => return None,
        };
        rest = behind.trim_start();
    }
    (!wanted && depth == 0).then_some(if several && around { Values::Several } else { Values::One })
}
