//! GitHub's anchors.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

/// The anchor GitHub gives a heading of this text: lower case, everything but letters, marks, decimal digits,
/// connector punctuation, `-` and blanks dropped, blanks to `-`.
pub(crate) fn slug(text: &str) -> String {
    static DROPPED: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\- ]").ok());
    if text.is_ascii() {
        let text = text.trim();
        let mut slug = String::with_capacity(text.len());
        slug.extend(text.bytes().filter_map(|byte| match byte {
            b' ' | b'\n' => Some('-'),
            b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                Some(char::from(byte.to_ascii_lowercase()))
            }
            _ => None,
        }));
        return slug;
    }
    let lower = text.trim().to_lowercase().replace('\n', " ");
    let kept = DROPPED.as_ref().map_or(lower.clone().into(), |dropped| dropped.replace_all(&lower, ""));
    kept.replace(' ', "-")
}

/// Makes names unique the way GitHub does: the second `a` is `a-1`, and a later `a-1` is `a-1-1`.
#[derive(Debug, Default)]
pub(crate) struct Unique {
    seen: HashMap<String, usize>,
}

impl Unique {
    pub(crate) fn name(&mut self, wanted: impl Into<String>) -> String {
        let wanted = wanted.into();
        let Some(count) = self.seen.get(&wanted) else {
            self.seen.insert(wanted.clone(), 0);
            return wanted;
        };
        let (mut name, mut count) = (wanted.clone(), *count);
        while self.seen.contains_key(&name) {
            count += 1;
            name = format!("{wanted}-{count}");
        }
        self.seen.insert(wanted, count);
        self.seen.entry(name.clone()).or_insert(0);
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_those_of_github() {
        for (text, expected) in [
            ("Deploy web", "deploy-web"),
            ("2.1 Back up & restore", "21-back-up--restore"),
            ("`kubectl` drain_node (v1.2)", "kubectl-drain_node-v12"),
            ("Überprüfung: größe", "überprüfung-größe"),
            ("日本語 見出し", "日本語-見出し"),
            ("A – B", "a--b"),
            ("🚀 Launch", "-launch"),
        ] {
            assert_eq!(slug(text), expected, "{text}");
        }
    }

    #[test]
    fn duplicate_names_count_up_and_never_collide() {
        let mut unique = Unique::default();
        let names: Vec<String> =
            ["a", "a", "a-1", "a", "a-1"].iter().map(|name| unique.name(*name)).collect();
        assert_eq!(names, ["a", "a-1", "a-1-1", "a-2", "a-1-2"]);
    }
}
