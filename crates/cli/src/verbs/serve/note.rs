//! A note from a page: what `note` puts on record.

use holdpoint_engine::{By, Event, People, Via};
use holdpoint_record::{Deed, RunDir};

use super::sign::{take, taken_up};
use super::stamp::small_enough;
use crate::operator::listed_still;
use crate::place::Place;
use crate::problem::Problem;
use crate::verbs::note::not_empty;
use crate::verbs::read::read_dir;

/// Appends one note by somebody whom the run knows. In words, what was done.
pub(super) fn note(place: &Place, dir: RunDir, who: &str, text: &str) -> Result<String, Problem> {
    not_empty(text)?;
    small_enough(&dir.path)?;
    let recorded = read_dir(dir.clone())?;
    if recorded.opened().inputs.iter().any(|input| input.secret) {
        return Err(Problem::refused(
            "the run was given secrets, and what is noted here cannot be masked",
            format!("In a terminal: holdpoint note {} TEXT", dir.number),
        ));
    }
    // Names may have come or gone since the server began.
    let place = Place::of(&place.root)?;
    let who = listed_still(&People::of(recorded.opened()), place.configuration(), who)?;
    let mut recorder = taken_up(&recorded, take(&dir, &who, Deed::Note)?)?;
    let by = By { who, via: Via::Command };
    recorder.record(vec![Event::Note { text: text.to_owned(), step: None, corrects: None, by }])?;
    Ok(format!("Noted in run {}.", dir.number))
}
