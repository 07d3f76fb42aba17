//! Values that people write down.

use serde::Serialize;

use crate::ValueKind;

/// A value the operator writes down.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// The variable's name.
    pub name: String,
    /// What the operator is asked; a template.
    pub prompt: Option<String>,
    /// Type and limits; a value out of its limits is kept and fails the action.
    pub kind: ValueKind,
    /// Proof to be named with it.
    pub evidence: Option<EvidenceKind>,
    /// Whether nothing may be written down: the remark beside an answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub may_be_empty: bool,
}

/// What kind of proof a recorded value needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EvidenceKind {
    /// An address.
    Url,
    /// A file, whose bytes become a blob of the record.
    File,
}
