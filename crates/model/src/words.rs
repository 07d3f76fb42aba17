//! Words that all who tell people something have in common.

use std::fmt::Display;

/// `1 line`, `2 lines`.
pub fn many<N: Display + PartialEq + From<u8>>(count: N, what: &str) -> String {
    if count == N::from(1) { format!("1 {what}") } else { format!("{count} {what}s") }
}
