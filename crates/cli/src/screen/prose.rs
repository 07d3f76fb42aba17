//! Prose of the document on the screen: as wide as can be read, broken at words.

use super::{Screen, paragraphs};

/// Whether cautions are shown here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cautions {
    /// Shown as all else.
    Shown,
    /// Left to the question that asks for them to be acknowledged.
    Left,
}

/// A piece of Markdown, harmless already, paragraph by paragraph, below a blank line.
pub fn markdown(screen: &Screen, prose: &str, cautions: Cautions) {
    let (mut cautioned, mut fenced, mut said) = (false, false, false);
    for paragraph in paragraphs(prose).into_iter().filter(|_| !prose.is_empty()) {
        let text = paragraph.trim_start();
        let fence = text.starts_with("```") || text.starts_with("~~~");
        let quote = !fenced && text.starts_with('>');
        cautioned = quote && (cautioned || text.starts_with("> [!CAUTION]"));
        if cautioned && cautions == Cautions::Left {
            continue;
        }
        let style = if quote { screen.style().yellow() } else { screen.style() };
        // One blank line above what is shown; above nothing, none.
        if !std::mem::replace(&mut said, true) {
            screen.say("");
        }
        // Code and tables keep their lines: broken, they would say something else.
        let lines = match fenced || fence || text.starts_with('|') {
            true => vec![paragraph.clone()],
            false => screen.wrapped(screen.prose_width(), &paragraph),
        };
        for line in lines {
            screen.say(format!("  {}", style.apply_to(line)).trim_end());
        }
        fenced ^= fence;
    }
}

/// The heading of a section that is only read.
pub fn heading(screen: &Screen, text: &str) {
    for line in screen.wrapped(screen.prose_width(), &screen.neutralise(text)) {
        screen.say(&format!("  {}", screen.style().bold().apply_to(line)));
    }
}
