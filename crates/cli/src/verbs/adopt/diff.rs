//! What is proposed for a document, as a unified diff. It is made of the edits, not by looking for them: that would grow with the
//! square of what changes.

use std::ops::Range;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use holdpoint_document::{Adoption, Edit};
use similar::{DiffTag, TextDiff};

/// So many lines around a change are shown.
const CONTEXT: usize = 3;

/// Lines that change, or that stay.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Lines {
    Stay { old: Range<usize>, new: Range<usize> },
    Change { old: Range<usize>, new: Range<usize> },
}

/// A unified diff; what stands behind the second `@@` of a hunk is why it is proposed.
pub(super) fn diff(path: &Path, source: &str, adoption: &Adoption) -> String {
    let (old, new) = (lines(source), lines(&adoption.text));
    let mut starts = vec![0];
    starts.extend(old.iter().scan(0, |end, line| {
        *end += line.len();
        Some(*end)
    }));
    let mut text = format!("--- {}\n+++ {}\n", header("a/", path), header("b/", path));
    let mut edits = adoption.edits.iter().peekable();
    for hunk in hunks(all(source, adoption)) {
        let whole = |of: fn(&Lines) -> &Range<usize>| {
            let first = hunk.first().map_or(0, |lines| of(lines).start);
            first..hunk.last().map_or(0, |lines| of(lines).end)
        };
        let (in_old, in_new) = (whole(Lines::in_old), whole(Lines::in_new));
        let (from, to) = (starts[in_old.start], starts[in_old.end]);
        let mut reasons: Vec<&str> = Vec::new();
        while edits.next_if(|edit| edit.span.end < from).is_some() {}
        // One that ends where the next hunk begins belongs to both.
        for edit in edits.clone().take_while(|edit| edit.span.start <= to) {
            if !reasons.contains(&edit.reason.as_str()) {
                reasons.push(&edit.reason);
            }
        }
        let why = reasons.join("; ").replace(['\n', '\r'], " ");
        text.push_str(&format!("@@ -{} +{} @@ {why}\n", range(&in_old), range(&in_new)));
        for lines in &hunk {
            match lines {
                Lines::Stay { old: stay, .. } => write(&mut text, ' ', &old[stay.clone()]),
                Lines::Change { old: goes, new: comes } => {
                    write(&mut text, '-', &old[goes.clone()]);
                    write(&mut text, '+', &new[comes.clone()]);
                }
            }
        }
    }
    text
}

impl Lines {
    fn in_old(&self) -> &Range<usize> {
        let (Lines::Stay { old, .. } | Lines::Change { old, .. }) = self;
        old
    }

    fn in_new(&self) -> &Range<usize> {
        let (Lines::Stay { new, .. } | Lines::Change { new, .. }) = self;
        new
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// All lines of both texts, in order: what stays and what changes by turns.
fn all(source: &str, adoption: &Adoption) -> Vec<Lines> {
    let mut all = Joined::default();
    let (mut old, mut new) = (0, 0);
    for region in regions(source, &adoption.edits) {
        let stays = source[old..region.old.start].matches('\n').count();
        all.stay(stays);
        let (was, is) = (&source[region.old.clone()], &adoption.text[region.new.clone()]);
        for op in TextDiff::from_lines(was, is).ops() {
            match op.tag() {
                DiffTag::Equal => all.stay(op.old_range().len()),
                // Counted, for where lines were moved past one another the places of operations are not those of the lines.
                _ => all.change(op.old_range().len(), op.new_range().len()),
            }
        }
        (old, new) = (region.old.end, region.new.end);
    }
    debug_assert_eq!(source[old..], adoption.text[new..]);
    all.stay(lines(&source[old..]).len());
    all.lines
}

/// Lines, put one behind the other.
#[derive(Default)]
struct Joined {
    lines: Vec<Lines>,
    old: usize,
    new: usize,
}

impl Joined {
    fn stay(&mut self, count: usize) {
        if count > 0 {
            let (old, new) = self.next(count, count);
            match self.lines.last_mut() {
                Some(Lines::Stay { old: last, new: last_new }) => {
                    (last.end, last_new.end) = (old.end, new.end);
                }
                _ => self.lines.push(Lines::Stay { old, new }),
            }
        }
    }

    fn change(&mut self, goes: usize, comes: usize) {
        let (old, new) = self.next(goes, comes);
        match self.lines.last_mut() {
            Some(Lines::Change { old: last, new: last_new }) => {
                (last.end, last_new.end) = (old.end, new.end);
            }
            _ => self.lines.push(Lines::Change { old, new }),
        }
    }

    fn next(&mut self, old: usize, new: usize) -> (Range<usize>, Range<usize>) {
        let both = (self.old..self.old + old, self.new..self.new + new);
        (self.old, self.new) = (both.0.end, both.1.end);
        both
    }
}

/// Whole lines that edits touch, in bytes of both texts.
struct Region {
    old: Range<usize>,
    new: Range<usize>,
}

/// The lines that edits touch, in order and apart; a line on its own, where no edit goes over its end.
fn regions(source: &str, edits: &[Edit]) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for edit in edits {
        let start = source[..edit.span.start].rfind('\n').map_or(0, |end| end + 1);
        let end = source[edit.span.end..].find('\n').map_or(source.len(), |end| edit.span.end + end + 1);
        let (grown, gone) = (edit.text.len(), edit.span.end - edit.span.start);
        match regions.last_mut().filter(|last| start < last.old.end) {
            Some(last) => {
                // What its lines were counted with goes on behind this edit.
                let more = end.saturating_sub(last.old.end);
                last.old.end += more;
                last.new.end = last.new.end + more + grown - gone;
            }
            None => {
                let at = regions.last().map_or(start, |last| last.new.end + (start - last.old.end));
                let length = end - start + grown - gone;
                regions.push(Region { old: start..end, new: at..at + length });
            }
        }
    }
    regions
}

/// Changes that stand near one another, with the lines around them.
fn hunks(all: Vec<Lines>) -> Vec<Vec<Lines>> {
    let (mut hunks, mut hunk): (Vec<Vec<Lines>>, Vec<Lines>) = (Vec::new(), Vec::new());
    let count = all.len();
    for (at, lines) in all.into_iter().enumerate() {
        let Lines::Stay { old, new } = lines else {
            hunk.push(lines);
            continue;
        };
        let (first, last) = (at == 0, at + 1 == count);
        let head = if first { 0 } else { CONTEXT.min(old.len()) };
        let tail = if last { 0 } else { CONTEXT.min(old.len()) };
        if !first && !last && old.len() <= 2 * CONTEXT {
            hunk.push(Lines::Stay { old, new });
            continue;
        }
        if head > 0 {
            hunk.push(Lines::Stay { old: old.start..old.start + head, new: new.start..new.start + head });
        }
        if !first {
            hunks.push(std::mem::take(&mut hunk));
        }
        if tail > 0 {
            hunk.push(Lines::Stay { old: old.end - tail..old.end, new: new.end - tail..new.end });
        }
    }
    hunks.push(hunk);
    hunks.retain(|hunk| hunk.iter().any(|lines| matches!(lines, Lines::Change { .. })));
    hunks
}

fn write(text: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        text.push(sign);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// A file's name as git writes it and `patch` reads it: one with a blank ends in a tab, one with what ends a line or a name is
/// quoted as in C.
fn header(before: &str, path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let odd = |byte: &u8| byte.is_ascii_control() || matches!(byte, b'"' | b'\\');
    match std::str::from_utf8(bytes) {
        Ok(name) if !bytes.iter().any(odd) => {
            let end = if name.contains(' ') { "\t" } else { "" };
            format!("{before}{name}{end}")
        }
        _ => {
            let quoted = bytes.iter().map(|byte| match byte {
                b'\n' => "\\n".to_owned(),
                b'\t' => "\\t".to_owned(),
                b'"' | b'\\' => format!("\\{}", char::from(*byte)),
                b' '..=b'~' => char::from(*byte).to_string(),
                byte => format!("\\{byte:03o}"),
            });
            format!("\"{before}{}\"", quoted.collect::<String>())
        }
    }
}

/// Lines as a unified diff counts them: from 1, and the line before where there are none.
fn range(lines: &std::ops::Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

#[cfg(test)]
mod tests {
    use holdpoint_document::Span;

    use super::*;

    /// A document with these edits: what is put in, and from where to where it takes the place of something.
    fn adoption(source: &str, edits: &[(usize, usize, &str)]) -> Adoption {
        let (mut text, mut at) = (String::new(), 0);
        let mut all = Vec::new();
        for (start, end, new) in edits {
            text += &source[at..*start];
            text += new;
            at = *end;
            all.push(Edit {
                span: Span::new(*start, *end),
                text: (*new).to_owned(),
                reason: format!("r{start}"),
            });
        }
        text += &source[at..];
        Adoption { edits: all, text, ..Adoption::default() }
    }

    fn of(source: &str, edits: &[(usize, usize, &str)]) -> String {
        let diff = diff(Path::new("a.md"), source, &adoption(source, edits));
        diff.split_once("+++ b/a.md\n").unwrap().1.to_owned()
    }

    #[test]
    fn lines_that_no_edit_touches_stay_and_each_hunk_says_why() {
        let source = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let diff = of(source, &[(2, 2, "x\n"), (16, 17, "y")]);
        assert_eq!(diff, "@@ -1,4 +1,5 @@ r2\n 1\n+x\n 2\n 3\n 4\n@@ -6,4 +7,4 @@ r16\n 6\n 7\n 8\n-9\n+y\n");
    }

    #[test]
    fn lines_that_change_side_by_side_are_taken_out_and_put_in_together() {
        assert_eq!(
            of("$ a\n$ b\n", &[(0, 2, ""), (4, 6, "")]),
            "@@ -1,2 +1,2 @@ r0; r4\n-$ a\n-$ b\n+a\n+b\n"
        );
    }

    #[test]
    fn a_text_without_a_last_line_end_says_so() {
        assert_eq!(
            of("a", &[(1, 1, "b")]),
            "@@ -1 +1 @@ r1\n-a\n\\ No newline at end of file\n+ab\n\\ No newline at end of file\n"
        );
        assert_eq!(of("", &[(0, 0, "b\n")]), "@@ -0,0 +1 @@ r0\n+b\n");
    }

    #[test]
    fn what_a_long_document_changes_everywhere_is_told_soon() {
        let source = "$ ls\nfoo\n".repeat(20_000);
        let edits: Vec<(usize, usize, &str)> = (0..20_000).map(|line| (line * 9, line * 9 + 2, "")).collect();
        let begun = std::time::Instant::now();
        let diff = of(&source, &edits);
        assert_eq!(diff.lines().filter(|line| line.starts_with('-')).count(), 20_000);
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}
