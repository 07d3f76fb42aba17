//! Fences, for whoever goes through a document line by line.

/// Where a walk through the lines of a document is: in a fence or not.
#[derive(Default)]
pub(super) struct Fences {
    /// The mark of the fence that is open, and how many of it opened it.
    open: Option<(char, usize)>,
}

impl Fences {
    /// Whether the next line, without what stands before its text, stands in a fence or opens or closes one: what stands in
    /// code begins and ends nothing.
    pub(super) fn hold(&mut self, text: &str) -> bool {
        let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length = mark.map_or(0, |mark| text.chars().take_while(|c| *c == mark).count());
        if let Some((c, of)) = self.open {
            let closes = mark == Some(c) && length >= of && text.chars().all(|one| one == c);
            self.open = self.open.filter(|_| !closes);
            return true;
        }
        self.open = mark.map(|mark| (mark, length)).filter(|(_, length)| *length >= 3);
        self.open.is_some()
    }
}
