//! Conditions written with the signs of other languages, put right.

/// What was meant by a condition that does not parse, where it is written as other languages would.
pub(crate) fn meant(text: &str) -> Option<String> {
    let mut meant = String::with_capacity(text.len());
    let mut quote = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let known = ["==", "!=", "<=", ">="].into_iter().find(|sign| rest.starts_with(sign));
        let foreign = [("&&", " and "), ("||", " or "), ("=", "=="), ("!", "not ")];
        let foreign = foreign.into_iter().find(|(sign, _)| rest.starts_with(sign));
        let (taken, put) = match (quote, known, foreign) {
            (None, Some(sign), _) => (sign.len(), sign),
            (None, None, Some((sign, put))) => (sign.len(), put),
            _ => (c.len_utf8(), &rest[..c.len_utf8()]),
        };
        match quote {
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
        rest = &rest[taken..];
        if put.len() > 1 && put.starts_with(' ') {
            meant.truncate(meant.trim_end().len());
            rest = rest.trim_start();
        }
        meant.push_str(put);
    }
    super::parses(&meant).then_some(meant)
}
