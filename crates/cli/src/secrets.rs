//! The secrets that this process knows: one list for the record, the screen, problems and panics.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use holdpoint_engine::Event;
use holdpoint_record::Redactor;

use crate::problem::Problem;

static KNOWN: RwLock<Option<Redactor>> = RwLock::new(None);

/// From now on these secrets are masked in everything that is shown or recorded.
pub fn hide(secrets: &Redactor) {
    if !secrets.is_empty() {
        *KNOWN.write().unwrap_or_else(PoisonError::into_inner) = Some(secrets.clone());
    }
}

/// What masks the secrets known now; `None` while there are none.
pub fn redactor() -> Option<Redactor> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A text with its secrets masked. What is broken into lines, cut or escaped must be masked before.
pub fn masked(text: &str) -> Cow<'_, str> {
    match redactor() {
        Some(redactor) => Cow::Owned(redactor.text(text).into_owned()),
        None => Cow::Borrowed(text),
    }
}

/// Bytes with their secrets masked.
pub fn masked_bytes(bytes: Vec<u8>) -> Vec<u8> {
    match redactor() {
        Some(redactor) => redactor.bytes(&bytes),
        None => bytes,
    }
}

/// The name of a secret that a text holds in any form.
pub fn held_by(text: &str) -> Option<String> {
    redactor()?.held_by(text.as_bytes()).map(str::to_owned)
}

/// An event with secrets masked in every text.
pub fn masked_event(event: Event) -> Result<Event, Problem> {
    if redactor().is_none() {
        return Ok(event);
    }
    let fault = |error: serde_json::Error| {
        Problem::fault(
            format!("an event cannot be masked: {error}"),
            "Is the value of a secret a word that stands in every record? Use another.",
        )
    };
    let mut value = serde_json::to_value(&event).map_err(fault)?;
    mask_strings(&mut value);
    serde_json::from_value(value).map_err(fault)
}

fn mask_strings(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => *text = masked(text).into_owned(),
        serde_json::Value::Array(items) => items.iter_mut().for_each(mask_strings),
        serde_json::Value::Object(map) => map.values_mut().for_each(mask_strings),
        _ => {}
    }
}
