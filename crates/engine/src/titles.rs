//! Titles as people are shown them. Documents write them as templates; the braces of one that cannot be rendered would
//! pass for the title.

use holdpoint_model::Step;

use crate::{Run, RunOpened, TemplateError, Values};

/// What stands in the place of a title that cannot be rendered.
const UNRENDERED: &str = "(the title cannot be rendered)";

impl Values {
    /// A title to show: with these values, or the words that it cannot be rendered.
    pub fn title(&self, title: &str) -> String {
        self.render(title).unwrap_or_else(|_| UNRENDERED.to_owned())
    }
}

impl RunOpened {
    /// The document's title to show, with what the run was given.
    pub fn title(&self) -> String {
        self.rendered_title().unwrap_or_else(|_| UNRENDERED.to_owned())
    }

    /// The same, or why it cannot be rendered.
    pub fn rendered_title(&self) -> Result<String, TemplateError> {
        Values::texts(self).render(&self.runbook.title)
    }
}

impl Run {
    /// A step's title to show, with what the run knows.
    pub fn title(&self, step: &Step) -> String {
        self.values().title(&step.title)
    }

    /// A step's number and title, as heads and lists name it.
    pub fn numbered_title(&self, step: &Step) -> String {
        format!("{} {}", step.number, self.title(step))
    }

    /// The same as whoever signs is shown it, without placeholders in it: records keep that text, and it is made again as it was.
    pub(crate) fn signed_title(&self, step: &Step) -> String {
        let title = step.once_titled.as_deref().unwrap_or(&step.title);
        format!("{} {}", step.number, self.values().title(title))
    }

    /// The same within a sentence of ours: without the point or colon that it may end with.
    pub fn step_in_words(&self, step: &Step) -> String {
        let title = self.numbered_title(step);
        let bare = title.trim_end_matches(|c: char| matches!(c, '.' | ':' | ',' | ';') || c.is_whitespace());
        if bare.len() > step.number.len() { bare.to_owned() } else { title }
    }

    /// The titles of the headings above a step.
    pub fn titles_above(&self, step: &Step) -> Vec<String> {
        step.path.iter().map(|title| self.values().title(title)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_shown_with_its_values_or_said_to_be_unrendered() {
        let mut values = Values::default();
        values.set("RELEASE", "v1");
        assert_eq!(values.title("Release {{ RELEASE }}"), "Release v1");
        assert_eq!(values.title("Plain"), "Plain");
        assert_eq!(values.title("Release {{ OTHER }}"), UNRENDERED);
    }
}
