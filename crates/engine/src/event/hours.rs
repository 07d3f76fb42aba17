//! The calendar of times in which nothing may be changed, as event 0 holds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::BlobRef;

/// The calendar that the environment names, and what it says of the time in which the run may last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// Path, relative to the repository's root.
    pub path: String,
    /// Its exact bytes.
    pub calendar: BlobRef,
    /// How far it was followed: what comes later nobody knows.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    #[serde(deserialize_with = "holdpoint_model::moment_of")]
    pub until: Timestamp,
    /// The times that its events take, in order, none touching another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<Frozen>,
}

/// A time in which nothing may be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Frozen {
    /// When it begins.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    #[serde(deserialize_with = "holdpoint_model::moment_of")]
    pub from: Timestamp,
    /// When it is over.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    #[serde(deserialize_with = "holdpoint_model::moment_of")]
    pub to: Timestamp,
    /// The title of its event.
    pub what: String,
}
