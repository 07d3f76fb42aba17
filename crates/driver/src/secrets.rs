//! The secrets that a session knows.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use holdpoint_engine::Event;
use holdpoint_redact::Redactor;

use crate::Fault;

/// A handle on the secrets of one session: blocks may register more while it lasts, and whoever holds a clone masks
/// those too from then on. Two sessions have two of them.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Arc<RwLock<Option<Redactor>>>);

impl Secrets {
    /// From now on these are masked in everything that is recorded, and in what observers are told.
    pub fn hide(&self, secrets: &Redactor) {
        if !secrets.is_empty() {
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(secrets.clone());
        }
    }

    /// What masks those known now; `None` while there are none.
    pub fn redactor(&self) -> Option<Redactor> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A text with its secrets masked. What is broken into lines, cut or escaped must be masked before.
    pub fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.redactor() {
            Some(redactor) => Cow::Owned(redactor.text(text).into_owned()),
            None => Cow::Borrowed(text),
        }
    }

    /// Bytes with their secrets masked.
    pub fn masked_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match self.redactor() {
            Some(redactor) => redactor.bytes(&bytes),
            None => bytes,
        }
    }

    /// The name of a secret that a text holds in any form.
    pub fn held_by(&self, text: &str) -> Option<String> {
        self.redactor()?.held_by(text.as_bytes()).map(str::to_owned)
    }

    /// An event with secrets masked in every text.
    ///
    /// # Errors
    /// What comes of it is no event.
    pub fn masked_event(&self, event: Event) -> Result<Event, Fault> {
        let Some(redactor) = self.redactor() else { return Ok(event) };
        let mut value = serde_json::to_value(&event).map_err(Fault::Unmaskable)?;
        mask_strings(&redactor, &mut value);
        serde_json::from_value(value).map_err(Fault::Unmaskable)
    }
}

fn mask_strings(redactor: &Redactor, value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => *text = redactor.text(text).into_owned(),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| mask_strings(redactor, item)),
        serde_json::Value::Object(map) => map.values_mut().for_each(|item| mask_strings(redactor, item)),
        _ => {}
    }
}
