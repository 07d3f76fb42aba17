//! Words that all who tell people something have in common.

/// `1 line`, `2 lines`.
pub fn many(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
