//! One tree with spans for YAML and TOML, and the decoder that leaves no key unread.

mod fields;
mod mapped;
mod node;
mod simple;
mod toml;
mod yaml;

pub(crate) use fields::Fields;
pub(crate) use mapped::Mapped;
pub(crate) use node::{Entry, Node, Value};
pub(crate) use toml::parse as parse_toml;
pub(crate) use yaml::parse as parse_yaml;
