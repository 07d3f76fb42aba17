//! Markdown as HTML in which nothing acts: no raw HTML, no images, no address but of the web and of mail.

use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};

use super::read::options;

/// HTML that goes between two blocks of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insertion {
    /// Where, in bytes: behind the innermost block that reaches so far, blank space not counted.
    pub at: usize,
    /// What; trusted, and put there as it is.
    pub html: String,
}

/// Renders `source` from byte `from` on, with insertions (in order of their places) between its blocks.
///
/// Whatever the document holds, the only elements and attributes are those written here: raw HTML is shown as text,
/// an image as its description, and a link that leads neither to the web nor to mail is text. Every insertion comes out
/// once; one for which there is no block comes last.
pub fn html(source: &str, from: usize, insertions: &[Insertion]) -> String {
    let mut writer = Writer { source, out: String::new(), left: insertions, head: false, links: Vec::new() };
    for (event, range) in Parser::new_ext(&source[from..], options()).into_offset_iter() {
        writer.event(event, range.start + from, range.end + from);
    }
    for insertion in writer.left {
        writer.out.push_str(&insertion.html);
    }
    writer.out
}

struct Writer<'a> {
    source: &'a str,
    out: String,
    left: &'a [Insertion],
    /// Inside of a table's head.
    head: bool,
    /// Whether each open link is one.
    links: Vec<bool>,
}

impl Writer<'_> {
    fn event(&mut self, event: Event<'_>, start: usize, end: usize) {
        match event {
            Event::Start(tag) => {
                if is_block(&tag.to_end()) && !matches!(tag, Tag::Item) {
                    self.insert(|writer, at| start >= writer.trimmed(at));
                }
                self.open(tag);
            }
            Event::End(tag) => {
                let reached = |writer: &Writer<'_>, at| writer.trimmed(end) >= writer.trimmed(at);
                let inside = matches!(tag, TagEnd::Item | TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition);
                if inside {
                    self.insert(reached);
                }
                self.close(tag);
                if !inside && is_block(&tag) {
                    self.insert(reached);
                }
            }
            Event::Text(text) => self.text(&text),
            Event::Code(text) => {
                self.out.push_str("<code>");
                self.text(&text);
                self.out.push_str("</code>");
            }
            Event::Html(text) | Event::InlineHtml(text) => {
                self.out.push_str("<code class=\"raw\">");
                self.text(&text);
                self.out.push_str("</code>");
            }
            Event::FootnoteReference(name) => {
                self.out.push_str("<sup>");
                self.text(&name);
                self.out.push_str("</sup>");
            }
            Event::SoftBreak => self.out.push('\n'),
            Event::HardBreak => self.out.push_str("<br>\n"),
            Event::Rule => self.out.push_str("<hr>\n"),
            Event::TaskListMarker(done) => {
                let (mark, word) = if done { ("☑", "done") } else { ("☐", "not done") };
                let span = format!("<span class=\"box\" role=\"img\" aria-label=\"{word}\">{mark}</span> ");
                self.out.push_str(&span);
            }
            Event::InlineMath(text) | Event::DisplayMath(text) => self.text(&text),
        }
    }

    fn open(&mut self, tag: Tag<'_>) {
        let written = match tag {
            Tag::Paragraph => "<p>",
            Tag::Heading { level, .. } => return self.out.push_str(&format!("<h{}>", rank(level))),
            Tag::BlockQuote(kind) => return self.out.push_str(&quote(kind)),
            Tag::CodeBlock(CodeBlockKind::Indented) => "<pre class=\"code\"><code>",
            Tag::CodeBlock(CodeBlockKind::Fenced(info)) => {
                self.out.push_str("<pre class=\"code\">");
                if !info.trim().is_empty() {
                    self.out.push_str("<span class=\"info\">");
                    self.text(info.trim());
                    self.out.push_str("</span>\n");
                }
                "<code>"
            }
            Tag::HtmlBlock => "<pre class=\"raw\">",
            Tag::List(Some(first)) => return self.out.push_str(&format!("<ol start=\"{first}\">\n")),
            Tag::List(None) => "<ul>\n",
            Tag::Item => "<li>",
            Tag::FootnoteDefinition(name) => {
                self.out.push_str("<div class=\"footnote\"><sup>");
                self.text(&name);
                "</sup>"
            }
            Tag::Table(_) => "<table>",
            Tag::TableHead => {
                self.head = true;
                "<tr>"
            }
            Tag::TableRow => "<tr>",
            Tag::TableCell => ["<td>", "<th>"][usize::from(self.head)],
            Tag::Emphasis => "<em>",
            Tag::Strong => "<strong>",
            Tag::Strikethrough => "<del>",
            Tag::Link { dest_url, .. } => {
                let leads = leads_out(&dest_url);
                self.links.push(leads);
                if leads {
                    self.out.push_str("<a rel=\"noreferrer noopener\" href=\"");
                    self.text(&dest_url);
                    self.out.push_str("\">");
                }
                return;
            }
            Tag::Image { .. } => "<span class=\"raw\">[image: ",
            Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => return,
        };
        self.out.push_str(written);
    }

    fn close(&mut self, tag: TagEnd) {
        let written = match tag {
            TagEnd::Paragraph => "</p>\n",
            TagEnd::Heading(level) => return self.out.push_str(&format!("</h{}>\n", rank(level))),
            TagEnd::BlockQuote(_) => "</blockquote>\n",
            TagEnd::CodeBlock => "</code></pre>\n",
            TagEnd::HtmlBlock => "</pre>\n",
            TagEnd::List(true) => "</ol>\n",
            TagEnd::List(false) => "</ul>\n",
            TagEnd::Item => "</li>\n",
            TagEnd::FootnoteDefinition => "</div>\n",
            TagEnd::Table => "</table>\n",
            TagEnd::TableHead => {
                self.head = false;
                "</tr>"
            }
            TagEnd::TableRow => "</tr>",
            TagEnd::TableCell => ["</td>", "</th>"][usize::from(self.head)],
            TagEnd::Emphasis => "</em>",
            TagEnd::Strong => "</strong>",
            TagEnd::Strikethrough => "</del>",
            TagEnd::Link => ["", "</a>"][usize::from(self.links.pop().unwrap_or(false))],
            TagEnd::Image => "]</span>",
            TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::MetadataBlock(_) => return,
        };
        self.out.push_str(written);
    }

    fn insert(&mut self, due: impl Fn(&Self, usize) -> bool) {
        while let Some((first, rest)) = self.left.split_first() {
            if !due(self, first.at) {
                return;
            }
            self.out.push_str(&first.html);
            self.left = rest;
        }
    }

    /// A place without the blank space and the marks of quotes in front of it.
    fn trimmed(&self, at: usize) -> usize {
        self.source[..at].trim_end_matches(|c: char| c.is_whitespace() || c == '>').len()
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '&' => self.out.push_str("&amp;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                c => self.out.push(c),
            }
        }
    }
}

/// Blocks behind which an insertion may stand.
fn is_block(tag: &TagEnd) -> bool {
    matches!(
        tag,
        TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::BlockQuote(_)
            | TagEnd::CodeBlock
            | TagEnd::HtmlBlock
            | TagEnd::List(_)
            | TagEnd::Item
            | TagEnd::FootnoteDefinition
            | TagEnd::Table
    )
}

/// One lower than written: the page has a title of its own.
fn rank(level: HeadingLevel) -> usize {
    (level as usize + 1).min(6)
}

fn quote(kind: Option<BlockQuoteKind>) -> String {
    let Some(kind) = kind else { return "<blockquote>\n".to_owned() };
    let name = match kind {
        BlockQuoteKind::Note => "Note",
        BlockQuoteKind::Tip => "Tip",
        BlockQuoteKind::Important => "Important",
        BlockQuoteKind::Warning => "Warning",
        BlockQuoteKind::Caution => "Caution",
    };
    format!("<blockquote class=\"alert {}\"><strong>{name}</strong>\n", name.to_lowercase())
}

fn leads_out(address: &str) -> bool {
    let scheme = address.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| matches!(scheme.as_str(), "http" | "https" | "mailto"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(source: &str, at: &[usize]) -> String {
        let insertions: Vec<_> =
            at.iter().map(|at| Insertion { at: *at, html: format!("<aside>{at}</aside>") }).collect();
        html(source, 0, &insertions)
    }

    #[test]
    fn nothing_in_a_document_acts() {
        let source = "<script>alert(1)</script>\n\na <b onclick=x>b</b> [x](javascript:alert(1)) \
                      [y](JavaScript&colon;alert(1)) ![z](https://example.org/z.png) [d](data:text/html,x)\n\n\
                      ```\"><script>x\n</code></pre><script>\n```\n";
        let html = with(source, &[]);
        for bad in ["<script", "<b", "<img", "javascript:alert(1)\"", "href", "src="] {
            assert!(!html.contains(bad), "{bad}: {html}");
        }
        assert!(html.contains("[image: z]"), "{html}");
        let link = with("[a](https://example.org/?a=\"b&c)", &[]);
        assert!(!link.contains("b\"") || link.contains("&quot;"), "{link}");
    }

    #[test]
    fn an_insertion_stands_behind_its_block_and_inside_of_its_item() {
        let cases = [
            ("## A\n\ntext\n", "## A\n", "</h3>\n<aside>"),
            ("```sh run\nx\n```\nmore\n", "```sh run\nx\n```\n", "</pre>\n<aside>"),
            ("- [ ] one\n- [ ] two\n", "- [ ] one\n", "one<aside>10</aside></li>"),
            ("- [ ] one\n\n  ```sh run\n  x\n  ```\n", "- [ ] one\n\n", "</p>\n<aside>"),
            ("- [ ] one\n  ```sh run\n  x\n  ```\n", "- [ ] one\n", "one<aside>10</aside><pre"),
            ("> - [ ] one\n>\n> more\n", "> - [ ] one\n", "one<aside>12</aside></li>"),
            ("| a |\n|---|\n| b |\n\nend\n", "| a |\n", "</table>\n<aside>"),
            ("only", "only", "only</p>\n<aside>"),
        ];
        for (source, before, expected) in cases {
            let html = with(source, &[before.len()]);
            assert!(html.contains(expected), "{source:?}: {html}");
        }
    }

    #[test]
    fn every_insertion_comes_out_once_and_in_order() {
        let source = "# T\n\n- a\n- b\n\n> q\n\n```x\ny\n";
        let places: Vec<usize> = (0..=source.len()).collect();
        let html = with(source, &places);
        let found: Vec<_> = html.match_indices("<aside>").map(|(at, _)| at).collect();
        assert_eq!(found.len(), places.len());
        let numbers: Vec<usize> = html
            .split("<aside>")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(numbers, places);
    }
}
