//! Prose of the document on the screen: as wide as can be read, broken at words.

use super::Screen;

/// What quotes are headed by that are alerts.
const ALERTS: [&str; 5] = ["NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"];

/// Whether cautions are shown here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cautions {
    /// Shown as all else.
    Shown,
    /// Left to the question that asks for them to be acknowledged.
    Left,
}

/// A piece of Markdown below a blank line. Code and tables keep their lines: broken, they would say something else.
pub fn markdown(screen: &Screen, prose: &str, cautions: Cautions) {
    let (mut cautioned, mut said, mut within) = (false, false, false);
    for mut line in screen.prose(prose) {
        let quote = line.quoted;
        let begins = quote && !std::mem::replace(&mut within, quote);
        cautioned = quote && (cautioned || line.text.trim_start().starts_with("> [!CAUTION]"));
        if cautioned && cautions == Cautions::Left {
            continue;
        }
        if let Some(headed) = alert(&line.text).filter(|_| begins) {
            line.text = headed;
        }
        let style = if quote { screen.style().yellow() } else { screen.style() };
        // One blank line above what is shown; above nothing, none.
        if !std::mem::replace(&mut said, true) {
            screen.say("");
        }
        if line.kept {
            screen.say(&format!("  {}", style.apply_to(line.text)));
            continue;
        }
        for part in screen.wrapped(screen.prose_width(), &line.text) {
            screen.say(format!("  {}", style.apply_to(part)).trim_end());
        }
    }
}

/// The line that an alert begins with, headed by its word: the brackets are markup.
fn alert(line: &str) -> Option<String> {
    let (before, word) = line.trim_end().split_once("[!")?;
    let word = word.strip_suffix(']')?.to_uppercase();
    let is_quote = before.trim() == ">";
    (is_quote && ALERTS.contains(&word.as_str())).then(|| format!("{before}{word}"))
}

/// A piece of Markdown behind a mark; what goes on stands below its beginning.
pub fn marked(screen: &Screen, mark: &str, text: &str) {
    let blank = " ".repeat(mark.chars().count());
    for (index, line) in screen.prose(text).into_iter().enumerate() {
        let margin = if index == 0 { mark } else { &blank };
        match line.kept {
            true => screen.say(&format!("{margin}{}", line.text)),
            false => screen.say_hung(margin, &line.text),
        }
    }
}

/// The heading of a section that is only read.
pub fn heading(screen: &Screen, text: &str) {
    for line in screen.wrapped(screen.prose_width(), &screen.neutralise(text)) {
        screen.say(&format!("  {}", screen.style().bold().apply_to(line)));
    }
}

#[cfg(test)]
mod tests {
    use super::alert;

    #[test]
    fn an_alert_is_headed_by_its_word_and_any_other_quote_is_left_as_it_is() {
        for (line, shown) in [
            ("> [!WARNING]", Some("> WARNING")),
            ("  > [!note]  ", Some("  > NOTE")),
            (">[!TIP]", Some(">TIP")),
            ("> [!DANGER]", None),
            ("> [!WARNING] It is loud.", None),
            ("> See [!WARNING]", None),
            ("[!WARNING]", None),
        ] {
            assert_eq!(alert(line).as_deref(), shown, "{line}");
        }
    }
}
