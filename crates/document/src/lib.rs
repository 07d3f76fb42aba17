//! Markdown run-books: `&str` → [`Plan`], with spans and diagnostics.
//!
//! Pure: no files, no processes, no clock. The only user of pulldown-cmark.

mod adopt;
mod answers;
mod audit;
mod background;
mod blocks;
mod compile;
mod conditions;
mod config_file;
mod declared;
mod diagnostic;
mod findings;
mod foreign;
mod front;
mod include;
mod instructions;
mod lints;
mod markdown;
mod names;
mod offered;
mod operands;
mod placeholders;
mod scope;
mod spanned;
mod steps;

pub use adopt::{Adoption, Commands, Edit, Left, adopt};
pub use answers::*;
pub use blocks::{KINDS, replacement_error, spoken};
pub use compile::Compiled;
pub use diagnostic::*;
pub use foreign::{Bullets, Piece, Shown, bullets};
pub use holdpoint_model::*;
pub use include::{Included, NotIncluded, Parts, Reader, unescaped};
pub use markdown::{Insertion, Line, code_of, gist, html, indented_code, lines};
pub use offered::{Explained, OnlyShown, explain, only_shown};

/// The candidate that `word` was probably meant to be, for "did you mean".
pub fn nearest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    findings::nearest(word, candidates.iter().copied())
}

/// Reads a document that includes no other. `config` is the repository's configuration, if there is one; names it
/// declares are then checked. Every error of format.md section 6 that needs no file, process or clock is found here.
pub fn compile(source: &str, config: Option<&Config>) -> Compiled {
    compile_with(("document.md", source), config, &mut alone)
}

/// The same, and beside it in source order the warnings of format.md section 6 that do not need a clock.
pub fn compile_and_lint(source: &str, config: Option<&Config>) -> (Compiled, Vec<Diagnostic>) {
    compile_and_lint_with(("document.md", source), config, &mut alone)
}

/// As [`compile`], of the document at `path` from the repository's root; `read` gives the files that it includes.
pub fn compile_with(
    (path, source): (&str, &str),
    config: Option<&Config>,
    read: &mut Reader<'_>,
) -> Compiled {
    compile::compile(compile::Given { path, source, config, read })
}

/// As [`compile_and_lint`], of the document at `path` from the repository's root; `read` gives the files that it includes.
pub fn compile_and_lint_with(
    (path, source): (&str, &str),
    config: Option<&Config>,
    read: &mut Reader<'_>,
) -> (Compiled, Vec<Diagnostic>) {
    compile::compile_and_lint(compile::Given { path, source, config, read })
}

fn alone(_: &str) -> Result<String, NotIncluded> {
    let why = "only one document is read here, and no other file".to_owned();
    Err(NotIncluded { why, help: "keep what is read here in one document".to_owned() })
}

/// Programs that a shell script calls by a name that is written out, as far as it does not define them itself; `None` for
/// other languages, and where it decides by itself where programs are looked for.
pub fn programs(block: &Block, script: &str) -> Option<std::collections::BTreeSet<String>> {
    lints::programs(block, script)
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
