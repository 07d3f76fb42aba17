//! What whoever signs is shown, and that they were there: kept with the sign-off, as it was shown.

use holdpoint_document::many;
use holdpoint_engine::{BlobRef, Presence, Task, Wording};

use crate::digest::{self, sha256};
use crate::operator::ProcessOrigin;
use crate::pager;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::{RunView, Store};

/// Lines that the question below a text takes.
const QUESTION: usize = 8;

/// What whoever signs is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The text, with secrets masked: exactly this is kept.
    pub text: String,
    /// What was expunged from the record, a line each. No part of the text, which whoever verifies makes of the events alone.
    expunged: Vec<String>,
}

impl Shown {
    /// What there is to be shown now.
    pub fn of(view: &RunView<'_>, task: Task, store: &Store<'_>) -> Result<Shown, Problem> {
        let exhibit = view.run.exhibit(view.plan, task, |blob: &BlobRef| store.get(blob))?;
        let expunged = store.expunged().into_iter();
        let expunged = expunged.map(|(blob, words)| format!("the blob {} was {words}", blob.sha256));
        let expunged = expunged.map(|line| view.secrets.masked(&line).into_owned()).collect();
        Ok(Shown { text: view.secrets.masked(&exhibit.text()).into_owned(), expunged })
    }

    /// Puts it before somebody's eyes: where it is longer than their terminal, in their `pager`, if that is wanted and
    /// there is one.
    pub fn show(&self, screen: &Screen, pager: bool) {
        self.show_text(screen, pager);
        self.expunged.iter().for_each(|line| screen.say_hung("  ", &screen.neutralise(line)));
    }

    fn show_text(&self, screen: &Screen, pager: bool) {
        // Somebody would have to look back for its beginning.
        if pager && pager::is_long(screen, &self.text, QUESTION) {
            let lines: Vec<String> = self.text.lines().flat_map(|line| broken(screen, line)).collect();
            match pager::show(&(lines.join("\n") + "\n"), "evidence (q goes back to the question)") {
                Ok(true) => {
                    screen
                        .tell(&format!("  Shown in the pager: {}.", many(self.text.lines().count(), "line")));
                    return;
                }
                Ok(false) => {}
                Err(why) => screen.say_hung("  ", &screen.neutralise(&why)),
            }
        }
        for line in self.text.lines().skip_while(|line| *line == Wording::LATEST.head() || line.is_empty()) {
            let line = screen.neutralise(line);
            let title = !line.starts_with(' ') && !line.is_empty();
            match title {
                true => screen.say(&screen.style().bold().apply_to(line).to_string()),
                false => broken(screen, &line).iter().for_each(|line| screen.say(line)),
            }
        }
    }

    /// That somebody who was shown it sits here. [`Shown::keep`] keeps the text.
    pub fn presence(&self, view: &RunView<'_>) -> Box<Presence> {
        let ProcessOrigin { mut program, os_user, host, tty } = ProcessOrigin::of_this_process();
        program.sha256 = digest::program();
        let other_account = view.run.is_other_account(&os_user);
        let shown = BlobRef { sha256: sha256(self.text.as_bytes()), bytes: self.text.len() as u64 };
        Box::new(Presence { shown, program, os_user, host, tty, other_account })
    }

    /// Keeps the text, for the event that comes next and names it.
    pub fn keep(&self, store: &mut Store<'_>) -> Result<(), Problem> {
        store.put(self.text.as_bytes()).map(drop)
    }
}

/// A line in pieces that fit the screen: what goes on below is marked there as in the text itself, so that nothing in it
/// passes for another line, and the terminal breaks none. Where nobody looks at one, nothing is broken.
fn broken(screen: &Screen, line: &str) -> Vec<String> {
    let text = line.trim_start();
    let indent = &line[..line.len() - text.len()];
    if !screen.is_terminal() || indent.len() + 20 > screen.width() {
        return vec![line.to_owned()];
    }
    let width = screen.width() - indent.len() - 2;
    let pieces = screen.wrapped(width, text).into_iter().flat_map(|piece| cut(&piece, width)).enumerate();
    pieces.map(|(at, piece)| format!("{indent}{}{piece}", if at == 0 { "" } else { "│ " })).collect()
}

/// A text in pieces of at most so many columns.
fn cut(text: &str, width: usize) -> Vec<String> {
    let (mut pieces, mut taken) = (vec![String::new()], 0);
    for c in text.chars() {
        let columns = console::measure_text_width(c.encode_utf8(&mut [0; 4]));
        if taken + columns > width {
            pieces.push(String::new());
            taken = 0;
        }
        taken += columns;
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    pieces
}
