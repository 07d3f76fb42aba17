//! Two documents as one text that tells in what they differ.

use similar::{ChangeTag, TextDiff};

/// Every line of both, behind a blank where it stands in both, `-` where it is of the first alone, `+` of the second: as
/// [`holdpoint_engine::is_difference`] takes it.
pub fn difference(one: &str, other: &str) -> String {
    let lines = |text| -> Vec<&str> { str::split(text, '\n').collect() };
    let (one, other) = (lines(one), lines(other));
    let diff = TextDiff::from_slices(&one, &other);
    let marked = diff.iter_all_changes().map(|change| {
        let mark = match change.tag() {
            ChangeTag::Equal => ' ',
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        format!("{mark}{}", change.value())
    });
    marked.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use holdpoint_engine::is_difference;

    use super::*;

    #[test]
    fn the_difference_of_two_texts_is_taken_as_theirs() {
        let texts = ["", "\n", "a", "a\n", "a\nb\n", "a\n\nb", "b\na\n", "a\r\nb\r\n", "-a\n+b\n c\n"];
        for (one, other) in texts.iter().flat_map(|one| texts.iter().map(move |other| (one, other))) {
            let told = difference(one, other);
            assert!(is_difference(&told, one, other), "{one:?} {other:?}: {told:?}");
        }
    }
}
