//! What is asked of whoever hands a run over, and of whoever takes it up.

use super::ask::{self, Asked};
use crate::screen::Screen;

/// Open questions, if there are any; `None` where nothing is to be handed over after all.
pub fn questions(screen: &Screen) -> Option<Option<String>> {
    let help = "What the next operator should know or find out. It goes into the record with your name.";
    let any = [("no", 'n', "none"), ("yes", 'y', help)];
    loop {
        match ask::one_of(screen, "Are there open questions?", &any, true) {
            Asked::Said("yes") => match ask::text(screen, "Open questions", help) {
                Asked::Said(text) => return Some(Some(text)),
                Asked::Left => {}
            },
            Asked::Said(_) => return Some(None),
            Asked::Left => return None,
        }
    }
}

/// Whether the run is taken over; `stands` tells where it is.
pub fn accepts(screen: &Screen, who: &str, stands: impl Fn()) -> bool {
    let options = [
        ("leave", 'l', "accept nothing now; the run waits on"),
        ("accept", 'a', "you operate the run from now on, and that is on record"),
        ("info", 'i', "say where the run stands"),
    ];
    let who = screen.neutralise(who);
    loop {
        match ask::one_of(screen, &format!("{who}, what now?"), &options, true) {
            Asked::Said("info") => stands(),
            answer => return answer == Asked::Said("accept"),
        }
    }
}
