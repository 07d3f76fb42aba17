//! The shell's state as the record keeps it: without secrets, and back.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use holdpoint_executor::{Array, State, Text};
use holdpoint_redact::Redactor;

use crate::problem::Problem;

/// The state with secrets masked, as the record keeps it, and the names of variables that are left out because
/// their masks could not be told back into what they held. A directory in `root` is kept as the way there from it.
pub fn masked_state(
    state: &State,
    redactor: &Redactor,
    secrets: &[(String, String)],
    root: Option<&Path>,
) -> (Vec<u8>, Vec<String>) {
    // First what the variables hold: escaped once more, as JSON, some forms would not be found.
    let masked = |state: &State| redactor.bytes(&mask_values(state, redactor).to_bytes_in(root));
    let comes_back = |state: &State| restored(&masked(state), secrets, root).is_ok_and(|back| back == *state);
    if redactor.is_empty() || comes_back(state) {
        return (masked(state), Vec::new());
    }
    let (mut kept, mut lost) = (state.clone(), Vec::new());
    let names = state.exported.keys().chain(state.plain.keys()).chain(state.arrays.keys());
    for name in names.collect::<BTreeSet<_>>() {
        let mut alone = State::new("/");
        alone.exported.extend(state.exported.get_key_value(name).map(|(k, v)| (k.clone(), v.clone())));
        alone.plain.extend(state.plain.get_key_value(name).map(|(k, v)| (k.clone(), v.clone())));
        alone.arrays.extend(state.arrays.get_key_value(name).map(|(k, v)| (k.clone(), v.clone())));
        if !comes_back(&alone) {
            kept.exported.remove(name);
            kept.plain.remove(name);
            kept.arrays.remove(name);
            kept.attributes.remove(name);
            lost.push(name.clone());
        }
    }
    (masked(&kept), lost)
}

/// The same with secrets masked in every value.
fn mask_values(state: &State, redactor: &Redactor) -> State {
    let bytes = |value: &OsStr| OsString::from_vec(redactor.bytes(value.as_bytes()));
    let text = |value: &Text| Text::from(bytes(value));
    let array = |array: &Array| match array {
        Array::Indexed(items) => Array::Indexed(items.iter().map(|(n, v)| (*n, text(v))).collect()),
        Array::Associative(items) => {
            Array::Associative(items.iter().map(|(key, value)| (text(key), text(value))).collect())
        }
    };
    let (exported, plain, arrays) = (state.exported.iter(), state.plain.iter(), state.arrays.iter());
    State {
        cwd: bytes(state.cwd.as_os_str()).into(),
        exported: exported.map(|(name, value)| (name.clone(), value.as_ref().map(text))).collect(),
        plain: plain.map(|(name, value)| (name.clone(), text(value))).collect(),
        arrays: arrays.map(|(name, value)| (name.clone(), array(value))).collect(),
        attributes: state.attributes.clone(),
    }
}

/// The kept state, with secrets put back where their masks stand, for whoever has `root` there.
pub fn restored(bytes: &[u8], secrets: &[(String, String)], root: Option<&Path>) -> Result<State, Problem> {
    let damaged = |error: &dyn std::fmt::Display| {
        Problem::record(format!("the kept shell state cannot be read: {error}"), "Verify the record.")
    };
    let mut text = String::from_utf8(bytes.to_vec()).map_err(|error| damaged(&error))?;
    for (name, value) in secrets {
        let quoted = serde_json::Value::from(value.as_str()).to_string();
        text = text.replace(&holdpoint_engine::mask(name), &quoted[1..quoted.len() - 1]);
    }
    State::from_bytes_in(text.as_bytes(), root).map_err(|error| damaged(&error))
}
