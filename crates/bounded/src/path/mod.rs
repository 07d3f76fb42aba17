//! JSON paths, all of [RFC 9535](https://www.rfc-editor.org/rfc/rfc9535), read and followed within bounds.

mod evaluate;
mod functions;
mod parse;
mod scan;
mod tree;

use crate::json::Value;

use tree::Segment;
pub use tree::{BadPath, LONGEST};

/// A path, ready to be followed.
#[derive(Clone, Debug)]
pub struct Path(Vec<Segment>);

/// Following a path took more steps than it may: 200,000, and 16 for each byte of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("following the path takes more than {0} steps")]
pub struct TooManySteps(u64);

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// The text is no path, longer than [`LONGEST`], or nested deeper than 32.
    pub fn parse(text: &str) -> Result<Path, BadPath> {
        parse::path(text).map(Path)
    }

    /// The values that the path selects, in its order. `bytes` is how long the document's text is.
    ///
    /// # Errors
    /// It would take too long.
    pub fn select<'v>(&self, root: &'v Value, bytes: usize) -> Result<Vec<&'v Value>, TooManySteps> {
        let steps = Path::steps(bytes);
        self.select_within(root, steps).map(|(nodes, _)| nodes)
    }

    /// Steps that a path may take through a document of so many bytes.
    pub fn steps(bytes: usize) -> u64 {
        (bytes as u64).saturating_mul(16).saturating_add(200_000)
    }

    /// As [`Path::select`], within so many steps; and how many of them are left.
    ///
    /// # Errors
    /// It would take more.
    pub fn select_within<'v>(
        &self,
        root: &'v Value,
        steps: u64,
    ) -> Result<(Vec<&'v Value>, u64), TooManySteps> {
        evaluate::select(&self.0, root, steps).ok_or(TooManySteps(steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 5,000 numbers beside equal lists, a table, and a text.
    fn document() -> (Value, usize) {
        let list = (0..5_000).map(|_| "1").collect::<Vec<_>>().join(",");
        let table = (0..5_000).map(|n| format!("\"{n}\":1")).collect::<Vec<_>>().join(",");
        let text = "x".repeat(10_000);
        let json = format!(r#"{{"a":[{list}],"same":[[{list}],[{list}]],"t":{{{table}}},"s":"{text}"}}"#);
        (crate::json::read(&json).unwrap(), json.len())
    }

    #[test]
    fn comparing_with_something_large_is_paid_for_as_it_is_looked_at() {
        let (root, bytes) = document();
        // What differs at first sight costs one step, however large it is.
        for path in ["$.a[?@ == $.a]", "$.a[?@ == $.t]", "$.a[?@ < $.s]", "$.a[?$.t != @]"] {
            let path = Path::parse(path).unwrap();
            assert!(super::evaluate::select(&path.0, &root, 60_000).is_some(), "{path:?}");
            path.select(&root, bytes).unwrap();
        }
        // What must be walked is walked within the steps that there are.
        for path in ["$.a[?$.same[0] == $.same[1]]", "$.a[?$.t == $.t]"] {
            assert!(Path::parse(path).unwrap().select(&root, bytes).is_err(), "{path}");
        }
        assert_eq!(Path::parse("$.same[?@ == $.a]").unwrap().select(&root, bytes).unwrap().len(), 2);
    }
}
