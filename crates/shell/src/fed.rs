//! Here-documents without an end: of a script, and of the scripts that it hands to other shells.

use crate::handed::handed;
use crate::read::{BACKQUOTES, DEPTH, read};
use crate::{ErrorKind, Script};

/// Where a here-document begins that has no end, as far as that can be told without asking a shell: one in backquotes or
/// in `$( … )` too, and one of a script that is handed to another shell.
pub fn open_here_document(script: &str) -> Option<usize> {
    open(script, 0)
}

fn open(script: &str, depth: usize) -> Option<usize> {
    if !script.contains("<<") || depth > DEPTH {
        return None;
    }
    let read = read(script);
    if let Some(at) = of_itself(&read) {
        return Some(at);
    }
    let doubtful = read.doubts.first().map_or(script.len(), |doubt| doubt.at);
    handed(script, &read).into_iter().filter(|it| it.settled && it.at.end <= doubtful).find_map(|it| {
        let at = open(&it.text, depth + 1)?;
        // Where quotes are taken off in its middle, it is told where it begins.
        Some(it.at.start + if script.get(it.at.clone()) == Some(&*it.text) { at } else { 0 })
    })
}

fn of_itself(read: &Script) -> Option<usize> {
    let error = read.error.as_ref().filter(|error| error.kind == ErrorKind::OpenHereDocument)?;
    (!read.doubts.iter().any(|doubt| doubt.why != BACKQUOTES)).then_some(error.at)
}
