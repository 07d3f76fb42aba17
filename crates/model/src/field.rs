//! Values that people write down.

use serde::Serialize;

use crate::{Fit, ValueKind, fit};

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
    /// Whether nothing may be written down: an optional value, or the remark beside an answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub may_be_empty: bool,
}

impl Field {
    /// How a text stands to what the field takes: [`fit`], but that an optional one takes nothing, too.
    pub fn fit(&self, text: &str) -> Fit {
        if self.is_left_empty(text) { Fit::Within } else { fit(&self.kind, text) }
    }

    /// Whether this says that nothing is written down. A text is an empty one then; of any other type there is no value.
    pub fn is_left_empty(&self, text: &str) -> bool {
        self.may_be_empty && text.is_empty()
    }
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
