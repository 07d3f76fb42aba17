//! Markdown line by line, for whoever shows it as text.

use super::read::read;
use super::tabs::is_admonition;
use super::tree::{Block, Fronts};
use crate::{DocumentKind, Span};

/// A line as it is to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Its text. Of a paragraph that may be broken anew, all of it.
    pub text: String,
    /// Whether it must stay as it is: broken or joined, code and tables would say something else.
    pub kept: bool,
    /// Whether it stands in a quote.
    pub quoted: bool,
}

/// The lines of a piece of Markdown. Lines of a paragraph are joined, so that it can be broken anew; but for those of
/// quotes, those that end in a hard break, and paragraphs of commands behind prompts. Everything else keeps its lines.
pub fn lines(text: &str) -> Vec<Line> {
    let starts: Vec<usize> =
        [0].into_iter().chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect();
    let mut marks = Marks { text, starts, marks: Vec::new() };
    marks.marks = vec![Mark::default(); marks.starts.len()];
    marks.blocks(&read(text, &Fronts::default(), DocumentKind::Foreign).blocks, false);
    let mut lines: Vec<Line> = Vec::new();
    for (line, Mark { kept, joined, quoted }) in text.lines().zip(marks.marks) {
        match lines.last_mut() {
            Some(last) if joined => {
                last.text.truncate(last.text.trim_end().len());
                last.text.push(' ');
                last.text.push_str(line.trim());
            }
            _ => lines.push(Line { text: line.to_owned(), kept, quoted }),
        }
    }
    lines
}

#[derive(Clone, Copy, Default)]
struct Mark {
    kept: bool,
    /// Goes on where the line above ended.
    joined: bool,
    quoted: bool,
}

struct Marks<'t> {
    text: &'t str,
    /// Where each line begins.
    starts: Vec<usize>,
    marks: Vec<Mark>,
}

impl Marks<'_> {
    fn blocks(&mut self, blocks: &[Block], quoted: bool) {
        for block in blocks {
            match block {
                Block::Heading(_) => {}
                Block::Text(text) => self.paragraph(text.span, quoted),
                Block::List(list) => {
                    for item in &list.items {
                        match is_admonition(item.span.of(self.text)) {
                            // Its indentation is code to most readers of Markdown: it stays as it is written.
                            true => self.of(item.span).iter_mut().for_each(|mark| mark.kept = true),
                            false => self.blocks(&item.blocks, quoted),
                        }
                    }
                }
                Block::Quote(quote) => {
                    self.of(quote.span).iter_mut().for_each(|mark| mark.quoted = true);
                    self.blocks(&quote.blocks, true);
                }
                Block::Fence(_) | Block::Html(_) | Block::Indented(..) | Block::Other(_) => {
                    self.of(block.span()).iter_mut().for_each(|mark| mark.kept = true);
                }
            }
        }
    }

    /// The lines that something stands in.
    fn of(&mut self, span: Span) -> &mut [Mark] {
        let text = span.of(self.text).trim_end();
        let first = self.starts.partition_point(|start| *start <= span.start).saturating_sub(1);
        let last = self.starts.partition_point(|start| *start < span.start + text.len()).max(first + 1);
        let last = last.min(self.marks.len());
        &mut self.marks[first.min(last)..last]
    }

    fn paragraph(&mut self, span: Span, quoted: bool) {
        let unmarked = |line: &str| line.trim_start_matches([' ', '\t', '>']).to_owned();
        let lines: Vec<String> = span.of(self.text).lines().map(unmarked).collect();
        let prompts = lines.iter().any(|line| line.starts_with("$ ") || line.starts_with('|'));
        let breaks: Vec<bool> =
            span.of(self.text).lines().map(|line| line.ends_with("  ") || line.ends_with('\\')).collect();
        for (index, mark) in self.of(span).iter_mut().enumerate() {
            mark.kept |= prompts;
            let broken =
                index.checked_sub(1).is_none_or(|above| breaks.get(above).is_none_or(|broken| *broken));
            mark.joined = !prompts && !quoted && !broken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line each: `=` before what is kept, `>` before what is quoted.
    fn told(text: &str) -> Vec<String> {
        let told = |line: Line| {
            format!(
                "{}{}{}",
                ["", "="][usize::from(line.kept)],
                ["", ">"][usize::from(line.quoted)],
                line.text
            )
        };
        lines(text).into_iter().map(told).collect()
    }

    #[test]
    fn paragraphs_are_joined_and_lists_keep_their_lines() {
        let text = "One sentence\nthat goes on.\n\n- first\n  goes on\n- second\n> quoted\n> again\n\n```\na\nb\n```\n";
        let wanted = [
            "One sentence that goes on.",
            "",
            "- first goes on",
            "- second",
            ">> quoted",
            ">> again",
            "",
            "=```",
            "=a",
            "=b",
            "=```",
        ];
        assert_eq!(told(text), wanted);
    }

    #[test]
    fn code_and_tables_keep_their_lines_wherever_they_stand() {
        for text in [
            "1. a\n\n   ```sh\n   b\n\n     c\n   ```",
            "````md\n```sh\na\n```\nb\nc\n````",
            "> ```\n> a\n> b\n> ```",
            "- > ```\n  > a\n  > b\n  > ```",
            "    a\n    b\n\n    c",
            "| a | b |\n|---|---|\n| c | d |",
            "$ a\nout\n$ b",
            "- $ a\n  $ b",
            "~~~\na\nb",
            "a  \nb\\\nc",
            "Title\n=====",
        ] {
            let came: Vec<String> = lines(text).into_iter().map(|line| line.text).collect();
            assert_eq!(came, text.lines().collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn only_what_may_be_broken_is_not_kept() {
        assert_eq!(
            told("$ a\n$ b\n\n- c\n\n  ```\n  d\n  ```"),
            ["=$ a", "=$ b", "", "- c", "", "=  ```", "=  d", "=  ```"]
        );
    }
}
