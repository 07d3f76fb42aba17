//! A template as the shell may read it: a character of a word for each value, a blank for each tag.

use std::ops::Range;

use super::pieces::{Piece, pieces};

/// What stands for a value. No script has it: it is no character.
pub(super) const VALUE: char = '\u{10fffe}';

/// A part of the template that is no text.
pub(super) struct Hole {
    /// Where it stands in the script that is read.
    pub(super) at: usize,
    /// What it is.
    pub(super) piece: Piece,
    /// Where it stands in the template.
    pub(super) written: Range<usize>,
}

impl Hole {
    pub(super) fn is_value(&self) -> bool {
        self.piece == Piece::Insertion
    }
}

/// A script with its holes, in order.
pub(super) struct Holed {
    pub(super) text: String,
    pub(super) holes: Vec<Hole>,
}

impl Holed {
    pub(super) fn of(template: &str) -> Holed {
        let (mut text, mut holes) = (String::new(), Vec::new());
        for (piece, written) in pieces(template) {
            if let Piece::Text(c) = piece {
                // One that is written stands for nothing.
                text.push(if c == VALUE { '\u{fffd}' } else { c });
                continue;
            }
            let at = text.len();
            text.push(if piece == Piece::Insertion { VALUE } else { ' ' });
            holes.push(Hole { at, piece, written });
        }
        Holed { text, holes }
    }

    /// The holes that stand in a part of the script, by their numbers.
    pub(super) fn within(&self, range: &Range<usize>) -> Range<usize> {
        let from = self.holes.partition_point(|hole| hole.at < range.start);
        let to = self.holes.partition_point(|hole| hole.at < range.end);
        from..to.max(from)
    }

    /// Whether nothing but tags stands in a part of the script.
    pub(super) fn is_tags(&self, range: Range<usize>) -> bool {
        !range.is_empty() && self.within(&range).len() == range.len()
    }
}
