//! A document with the files that it includes, as one text, and the way back from a place in it to a file.

use crate::{Plan, Span};

/// A file that a document includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// Its path from the repository's root.
    pub path: String,
    /// Its text, byte for byte.
    pub text: String,
}

/// The one text that a document and the files it includes make: each file stands below the link that includes it. Spans
/// of the plan and of findings are of this text.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// The text.
    pub text: String,
    /// The included files, each once, in the order in which they are first included.
    pub files: Vec<Included>,
    pub(super) pieces: Vec<Piece>,
}

/// A stretch of the whole text that is one of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// Where it begins in the whole text.
    pub(super) at: usize,
    pub(super) length: usize,
    /// Which of the files; `None` is the document itself.
    pub(super) file: Option<usize>,
    /// Where it begins in that file.
    pub(super) local: usize,
}

impl Piece {
    fn end(&self) -> usize {
        self.at + self.length
    }

    /// The place in the file of one in the whole text; what is not of the piece is at its nearer end.
    fn local(&self, at: usize) -> usize {
        self.local + at.clamp(self.at, self.end()) - self.at
    }
}

impl Parts {
    /// The included file that a place is in, `None` for the document itself, and where in that file it is. What begins in
    /// one file and ends in another is told up to where the first of them is left.
    pub fn locate(&self, span: Span) -> (Option<&Included>, Span) {
        let Some(first) = self.piece(span.start) else { return (None, span) };
        let file = first.file.and_then(|file| self.files.get(file));
        (file, self.within(first.file, span))
    }

    /// The plan, each step and passage of it with spans of the file that it is from.
    pub fn by_file(&self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        for step in &mut plan.steps {
            let file = self.index(step.file.as_deref());
            step.each_span(&mut |span| *span = self.within(file, *span));
        }
        for passage in &mut plan.passages {
            let file = self.index(passage.file.as_deref());
            passage.prose.iter_mut().for_each(|span| *span = self.within(file, *span));
        }
        plan
    }

    fn index(&self, path: Option<&str>) -> Option<usize> {
        self.files.iter().position(|file| Some(file.path.as_str()) == path)
    }

    /// The last piece that begins at a place or before it.
    fn piece(&self, at: usize) -> Option<&Piece> {
        self.pieces.get(self.pieces.partition_point(|piece| piece.at <= at).saturating_sub(1))
    }

    /// What of a span is of one file, in that file.
    fn within(&self, file: Option<usize>, span: Span) -> Span {
        let start = self.piece(span.start).filter(|piece| piece.file == file);
        let start = start.or_else(|| self.pieces.iter().find(|it| it.at >= span.start && it.file == file));
        let Some(start) = start else { return span };
        let end = self.pieces.iter().rfind(|it| it.at < span.end && it.file == file).unwrap_or(start);
        let from = start.local(span.start);
        Span::new(from, end.local(span.end).max(from))
    }
}
