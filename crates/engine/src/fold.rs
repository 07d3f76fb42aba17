//! How a fold answers: whether an event fits.

/// Why an event does not fit, in words. Everything is checked before anything is changed.
pub(crate) type Fold = Result<(), String>;

pub(crate) fn ensure(holds: bool, otherwise: &str) -> Fold {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}
