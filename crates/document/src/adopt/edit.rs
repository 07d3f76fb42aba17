//! Edits of a text, and the way back from what they make of it.

use crate::Span;

/// A change of a document's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty where something is put in.
    pub span: Span,
    /// What takes its place.
    pub text: String,
    /// Why, in words.
    pub reason: String,
}

/// Where a piece of the new text begins, and where that stood.
pub(super) struct Place {
    new: usize,
    old: usize,
    /// Bytes in one are bytes in the other.
    kept: bool,
}

/// The text with these edits, which are in order and apart.
pub(super) fn apply(source: &str, edits: &[Edit]) -> (String, Vec<Place>) {
    let (mut text, mut places, mut at) = (String::with_capacity(source.len() * 2), Vec::new(), 0);
    for edit in edits {
        places.push(Place { new: text.len(), old: at, kept: true });
        text.push_str(&source[at..edit.span.start]);
        places.push(Place { new: text.len(), old: edit.span.start, kept: false });
        text.push_str(&edit.text);
        at = edit.span.end;
    }
    places.push(Place { new: text.len(), old: at, kept: true });
    text.push_str(&source[at..]);
    (text, places)
}

/// Where in the old text a place of the new one stood.
pub(super) fn back(places: &[Place], at: usize) -> usize {
    let index = places.partition_point(|place| place.new <= at).saturating_sub(1);
    let Some(place) = places.get(index) else { return at };
    if place.kept { place.old + (at - place.new) } else { place.old }
}
