//! What a piece of Markdown begins with, in a line.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::read::options;

/// What a piece of Markdown begins with, in one line and without markup: its first paragraph, heading or item. Of what takes
/// more than `most` characters the words that fit; where anything is left out, it ends with `…`.
pub fn gist(text: &str, most: usize) -> String {
    let mut said = String::new();
    let mut events = Parser::new_ext(text, options());
    let more = loop {
        match events.next() {
            None => break false,
            Some(Event::Text(text) | Event::Code(text)) => said.push_str(&text),
            Some(Event::SoftBreak | Event::HardBreak) => said.push(' '),
            // What begins inside of an item whose text was said already, or ends what was said.
            Some(
                Event::Start(
                    Tag::List(_) | Tag::Paragraph | Tag::CodeBlock(_) | Tag::BlockQuote(_) | Tag::Item,
                )
                | Event::End(
                    TagEnd::Paragraph
                    | TagEnd::Heading(_)
                    | TagEnd::Item
                    | TagEnd::CodeBlock
                    | TagEnd::TableCell,
                ),
            ) if !said.trim().is_empty() => {
                break events.any(|event| matches!(event, Event::Text(_) | Event::Code(_) | Event::Html(_)));
            }
            Some(_) => {}
        }
    };
    // Where there is nothing but HTML, that is what there is.
    let said = if said.trim().is_empty() { text } else { &said };
    in_a_line(said, more, most)
}

fn in_a_line(said: &str, more: bool, most: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    for word in said.split_whitespace() {
        let (gap, count) = (usize::from(!line.is_empty()), word.chars().count());
        if length + gap + count > most {
            if line.is_empty() {
                line.extend(word.chars().take(most));
            }
            line.push('…');
            return line;
        }
        if gap > 0 {
            line.push(' ');
        }
        line.push_str(word);
        length += gap + count;
    }
    if more {
        line.push_str(" …");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thing_is_said_in_a_line_without_markup_and_shortened_at_a_word() {
        let cases = [
            ("It is good", "It is good"),
            ("Publish it\n\n- Open the **draft**\n- Click", "Publish it …"),
            ("Publish it\n- Open the **draft**", "Publish it …"),
            ("Open the **draft** of `v1`\nand [look](https://example.org)", "Open the draft of v1 and look"),
            ("- one\n- two", "one …"),
            ("- one\n  - inner\n", "one …"),
            ("> quoted\n\nand more", "quoted …"),
            ("```sh\necho a\n```", "echo a"),
            ("a &lt; b", "a < b"),
            ("<br>", "<br>"),
            ("", ""),
        ];
        for (text, line) in cases {
            assert_eq!(gist(text, 60), line, "{text:?}");
        }
        assert_eq!(gist("one two three", 9), "one two…");
        assert_eq!(gist("unbelievable", 4), "unbe…");
        assert_eq!(gist("äöü ß", 5), "äöü ß");
    }
}
