//! Tables of named entries.

use crate::findings::Findings;
use crate::spanned::{Entry, Node, Value};

pub(super) fn table<'n>(node: Option<&'n Node>, write: &str, findings: &mut Findings) -> &'n [Entry] {
    match node {
        None => &[],
        Some(Node { value: Value::Map(entries), .. }) => entries,
        Some(node) => {
            node.bad(findings, format!("expected a table, found {}", node.found()), format!("write {write}"));
            &[]
        }
    }
}
