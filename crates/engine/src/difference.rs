//! Two texts as one: every line of both, each behind a mark. Whoever has the two texts sees whether it is theirs, whatever
//! program wrote it.

/// Lines that stand in both are told so far around those that do not.
const AROUND: usize = 2;

/// Whether this is the difference of two texts: what is behind a blank or `-` is the one, what is behind a blank or `+` the
/// other. A text is what stands between line feeds.
pub fn is_difference(difference: &str, one: &str, other: &str) -> bool {
    let side = |mark: char| difference.split('\n').filter(move |line| !line.starts_with(mark));
    let bare = |line: &str| line.get(1..).unwrap_or_default().to_owned();
    let marked = difference.split('\n').all(|line| line.starts_with([' ', '-', '+']));
    marked && side('+').map(bare).eq(one.split('\n')) && side('-').map(bare).eq(other.split('\n'))
}

/// Of a difference the lines that are not in both, with what stands around them; an ellipsis where something is left out.
pub fn excerpt(difference: &str) -> Vec<&str> {
    let lines: Vec<&str> = difference.split('\n').collect();
    let differs: Vec<usize> = (0..lines.len()).filter(|at| !lines[*at].starts_with(' ')).collect();
    let mut told: Vec<&str> = Vec::new();
    let mut next = 0;
    for at in differs {
        let from = at.saturating_sub(AROUND).max(next);
        if from > next {
            told.push("…");
        }
        let to = (at + AROUND + 1).min(lines.len());
        told.extend(&lines[from.min(to)..to]);
        next = next.max(to);
    }
    if next < lines.len() {
        told.push("…");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_of_its_two_texts_alone() {
        let difference = " a\n-b\n+c\n ";
        assert!(is_difference(difference, "a\nb\n", "a\nc\n"));
        for (one, other) in [("a\nb\n", "a\nb\n"), ("a\nc\n", "a\nb\n"), ("a\nb", "a\nc\n"), ("", "")] {
            assert!(!is_difference(difference, one, other), "{one:?} {other:?}");
        }
        assert!(!is_difference("a\n-b\n+c\n ", "\nb\n", "\nc\n"), "a line has no mark");
    }

    #[test]
    fn what_is_in_both_is_told_only_around_what_is_not() {
        let difference = " 1\n 2\n 3\n-4\n+four\n 5\n 6\n 7\n 8\n 9\n+ten\n ";
        assert_eq!(
            excerpt(difference),
            ["…", " 2", " 3", "-4", "+four", " 5", " 6", "…", " 8", " 9", "+ten", " "]
        );
        assert_eq!(excerpt("-a\n+b"), ["-a", "+b"]);
    }
}
