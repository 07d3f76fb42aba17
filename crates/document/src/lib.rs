//! Markdown run-books: `&str` → [`Plan`], with spans and diagnostics.
//!
//! Pure: no files, no processes, no clock. The only user of pulldown-cmark.

mod ahead;
mod answers;
mod audit;
mod blocks;
mod compile;
mod conditions;
mod config;
mod config_file;
mod declared;
mod diagnostic;
mod digest;
mod findings;
mod folding;
mod front;
mod front_matter;
mod lints;
mod looks;
mod markdown;
mod names;
mod parallel;
mod plan;
mod scope;
mod span;
mod spanned;
mod steps;
mod typed;

pub use answers::*;
pub use blocks::replacement_error;
pub use config::*;
pub use diagnostic::*;
pub use folding::{folded, unseen};
pub use front_matter::*;
pub use markdown::{Insertion, html};
pub use plan::*;
pub use span::Span;
pub use typed::{Fit, fit};

/// The candidate that `word` was probably meant to be, for "did you mean".
pub fn nearest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    findings::nearest(word, candidates.iter().copied())
}

/// A document read, with everything that is wrong with it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What to do, as far as it could be read. Run it only if no diagnostic is an error.
    pub plan: Plan,
    /// Findings in source order.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compiled {
    /// Whether any finding keeps the document from running.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads a document. `config` is the repository's configuration, if there is one; names it declares are then
/// checked. Every error of format.md section 6 that needs no file, process or clock is found here.
pub fn compile(source: &str, config: Option<&Config>) -> Compiled {
    compile::compile(source, config)
}

/// Warnings of format.md section 6 that do not need a clock, in source order.
pub fn lint(source: &str, plan: &Plan, config: Option<&Config>) -> Vec<Diagnostic> {
    lints::lint(source, plan, config)
}

/// [`compile`] and [`lint`] together, which reads the text once. The warnings come in source order beside the
/// diagnostics, as [`lint`] gives them.
pub fn compile_and_lint(source: &str, config: Option<&Config>) -> (Compiled, Vec<Diagnostic>) {
    compile::compile_and_lint(source, config)
}

/// Lints of the document-control claims, given today's date. `config` tells which names are of one person.
pub fn lint_claims(plan: &Plan, config: Option<&Config>, today: jiff::civil::Date) -> Vec<Diagnostic> {
    lints::claims(plan, config, today)
}

/// Reads `holdpoint.toml`. Findings carry spans into `source`; with any error the configuration must not be used.
pub fn read_config(source: &str) -> (Config, Vec<Diagnostic>) {
    config_file::read(source)
}

/// Reads the user's own configuration. Findings carry spans into `source`; with any the configuration must not be used.
pub fn read_user_config(source: &str) -> (UserConfig, Vec<Diagnostic>) {
    config_file::read_own(source)
}

impl Plan {
    /// SHA-256, lower-case hex, of the plan's outline: one LF-terminated line `step ID NUMBER DIGEST` a step, each
    /// followed by one line `action ID KIND` an action and `rollback N` for each rollback block. Told in the record
    /// so that a reader can say whether it walks the same plan.
    pub fn digest(&self) -> String {
        digest::sha256(digest::outline(self).as_bytes())
    }
}
