//! One tree with spans for YAML and TOML, and the decoder that leaves no key unread.

mod fields;
mod mapped;
mod node;
mod simple;
#[cfg(test)]
#[path = "suite_tests.rs"]
#[allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]
mod suite_tests;
mod toml;
mod yaml;

pub(crate) use fields::Fields;
pub(crate) use mapped::Mapped;
pub(crate) use node::{Entry, Node, Value, shorten, what_it_never_takes};
pub(crate) use toml::parse as parse_toml;
pub(crate) use yaml::parse as parse_yaml;
