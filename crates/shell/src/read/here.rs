//! Here-documents.

use super::Reader;
use crate::token::{Body, ErrorKind, Kind, Part, PartKind, Token, Word};

/// A here-document whose body begins on the next line.
pub(super) struct Pending {
    pub(super) at: usize,
    delimiter: String,
    quoted: bool,
    tabs: bool,
}

impl Reader<'_> {
    /// Notes the here-document that begins at `at`; `target` names its end.
    pub(super) fn here_document(
        &mut self,
        at: usize,
        tabs: bool,
        target: Option<&Word>,
        pending: &mut Vec<Pending>,
    ) {
        let parts = target.map(|word| word.parts.as_slice()).unwrap_or_default();
        let odd =
            |part: &Part| !matches!(part.kind, PartKind::Literal | PartKind::Single | PartKind::Double(_));
        let whole = target.map(|word| word.whole(self.text)).unwrap_or_default();
        // What these mean in a delimiter, few would know.
        if whole.is_empty() || parts.iter().any(odd) || whole.contains(['\\', '$', '`', '\n']) {
            self.doubt(at, "how the end of a here-document is named");
        }
        let text = self.text;
        let delimiter = target.map(|word| word.text(text, &|part| text[part.at.clone()].into()).into_owned());
        let quoted = parts.iter().any(|part| {
            matches!(part.kind, PartKind::Escaped | PartKind::Single | PartKind::Ansi | PartKind::Double(_))
        });
        self.pending += 1;
        pending.push(Pending { at, delimiter: delimiter.unwrap_or_default(), quoted, tabs });
    }

    /// The bodies of the here-documents of the line that ended here.
    pub(super) fn bodies(&mut self, pending: &mut Vec<Pending>, tokens: &mut Vec<Token>) {
        self.pending -= pending.len();
        if self.pending > 0 {
            self.doubt(self.at, "a line end in a substitution before the body of a here-document");
        }
        for here in std::mem::take(pending) {
            let from = self.at;
            let Some(end) = self.body_end(&here) else {
                self.fail(ErrorKind::OpenHereDocument, here.at);
                return;
            };
            let next = self.at;
            let parts = if here.quoted {
                vec![Part { kind: PartKind::Literal, at: from..end }]
            } else {
                self.expanded(from, end)
            };
            self.at = next;
            let body = Body { delimiter: here.delimiter, quoted: here.quoted, parts };
            tokens.push(Token { kind: Kind::Body(body), at: from..end });
        }
    }

    /// Where the body that begins here ends; goes to behind the line that ends it.
    fn body_end(&mut self, here: &Pending) -> Option<usize> {
        while self.at < self.end {
            self.spend();
            let from = self.at;
            let rest = self.text.get(from..self.end)?;
            let length = rest.find('\n').unwrap_or(rest.len());
            let line = &rest[..length];
            self.at = (from + length + 1).min(self.end);
            let text = if here.tabs { line.trim_start_matches('\t') } else { line };
            if text == here.delimiter {
                return Some(from);
            }
            // In a body that is expanded, a `\` at the end of a line joins it to the next.
            if line.ends_with('\\') {
                self.doubt(from, "a `\\` at the end of a line of a here-document");
            }
            // Some shells end a body before the `)` of a substitution.
            if self.nested > 0 && text.starts_with(&here.delimiter) {
                self.doubt(from, "where a here-document of a substitution ends");
            }
        }
        None
    }

    /// The parts of a body in which the shell expands.
    fn expanded(&mut self, from: usize, end: usize) -> Vec<Part> {
        let outer = std::mem::replace(&mut self.end, end);
        self.at = from;
        self.doubles += 1;
        let parts = self.quoted_parts(None, from);
        self.doubles -= 1;
        self.end = outer;
        parts
    }
}
