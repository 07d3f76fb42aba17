//! Includes: a link titled `include`, alone in a paragraph, stands for the run-book that it leads to.
//!
//! Each file is read as Markdown by itself, so that nothing left open in one reaches into another. Their blocks are put
//! together below a heading that the link makes, and their texts into one, so that whatever comes after reads one document.

mod agree;
mod links;
mod parts;
mod path;

use std::ops::Range;

pub(crate) use links::{Include, looks_like_one, take};
use parts::Piece;
pub use parts::{Included, Parts};
pub use path::unescaped;

use crate::findings::Findings;
use crate::markdown::{self, Block, Heading, Shift, Text, Unique, shift, slug};
use crate::{Code, DocumentKind, FrontMatter, Span, audit, front};

/// Most files within one another, the document itself not counted.
const DEPTH: usize = 8;
/// Most includes that a document comes to, those of included files with it.
const COUNT: usize = 64;
/// Most bytes that they come to.
const BYTES: usize = 4 * 1024 * 1024;

/// Behind an included file: a rule, so that no list of its goes on in what follows.
const ENDS: &str = "\n\n***\n\n";
const APART: &str = "\n\n";

/// Why a file cannot be included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotIncluded {
    /// In words, without a full stop.
    pub why: String,
    /// What to do about it.
    pub help: String,
}

/// Gives the text of a file by its path from the repository's root; asked once for each.
pub type Reader<'r> = dyn FnMut(&str) -> Result<String, NotIncluded> + 'r;

/// The part of the whole text that one include makes.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) range: Range<usize>,
    /// What every id in it begins with, and a dot.
    pub(crate) prefix: String,
    /// The file, by its path.
    pub(crate) path: String,
}

/// What stands at a place, innermost first.
pub(crate) fn instance(all: &[Instance], at: usize) -> Option<&Instance> {
    all.iter().filter(|one| one.range.contains(&at)).min_by_key(|one| one.range.len())
}

/// A document with everything that it includes.
pub(crate) struct Whole {
    pub(crate) blocks: Vec<Block>,
    pub(crate) parts: Parts,
    pub(crate) instances: Vec<Instance>,
    pub(crate) findings: Findings,
}

/// Puts together the document at `path`. Blocks and findings are its own, `includes` those of its links that include
/// something.
pub(crate) fn expand(
    (path, source): (&str, &str),
    (blocks, findings): (Vec<Block>, Findings),
    includes: Vec<Include>,
    matter: &FrontMatter,
    read: &mut Reader<'_>,
) -> Whole {
    let stack = vec![path.to_owned()];
    let mut maker = Maker { read, matter, files: Vec::new(), stack, count: 0, bytes: 0, full: false };
    let own = Own { file: None, source, front_end: None };
    let made = maker.assemble(&own, blocks, includes, findings);
    let parts = Parts { text: made.text, files: maker.files, pieces: made.pieces };
    Whole { blocks: made.blocks, parts, instances: made.instances, findings: made.findings }
}

struct Maker<'m, 'r> {
    read: &'m mut Reader<'r>,
    /// The document's front matter.
    matter: &'m FrontMatter,
    files: Vec<Included>,
    /// Paths of the files that are being put together, outermost first.
    stack: Vec<String>,
    count: usize,
    bytes: usize,
    /// A limit was reached, and that was told.
    full: bool,
}

/// A file by itself.
struct Own<'o> {
    file: Option<usize>,
    source: &'o str,
    /// Where its front matter ends, if that is to be shown as a block.
    front_end: Option<usize>,
}

/// A file with everything that it includes; places are of its text.
#[derive(Default)]
struct Assembled {
    text: String,
    pieces: Vec<Piece>,
    blocks: Vec<Block>,
    instances: Vec<Instance>,
    findings: Findings,
    /// Where what it says begins, below front matter and title.
    begins: usize,
}

impl Maker<'_, '_> {
    /// `findings` are of the file itself.
    fn assemble(
        &mut self,
        own: &Own<'_>,
        mut blocks: Vec<Block>,
        includes: Vec<Include>,
        mut findings: Findings,
    ) -> Assembled {
        let mut made = Assembled::default();
        let mut cuts = Cuts::default();
        let mut done = 0;
        let piece = |made: &mut Assembled, from: usize, to: usize| {
            let (at, length) = (made.text.len(), to - from);
            if length > 0 {
                made.pieces.push(Piece { at, length, file: own.file, local: from });
            }
            made.text.push_str(&own.source[from..to]);
        };
        if let Some(end) = own.front_end {
            // In the text as a block of YAML, so that every page shows it as it is written.
            let fence = fence(&own.source[..end]);
            let (opens, begins) = (format!("{fence}yaml\n"), format!("\n{fence}\n\n"));
            made.text.push_str(&opens);
            cuts.0.push((0, opens.len()));
            piece(&mut made, 0, end);
            made.text.push_str(&begins);
            cuts.0.push((end, begins.len()));
            done = end;
        }
        let mut taken: Vec<String> = Vec::new();
        let mut children = Vec::new();
        for include in includes {
            let Some((prefix, path, child)) = self.included(&include, &mut taken, &mut findings) else {
                continue;
            };
            piece(&mut made, done, include.end);
            done = include.end;
            let before = made.text.len();
            made.text.push_str(APART);
            let base = made.text.len();
            made.text.push_str(&child.text);
            made.text.push_str(ENDS);
            cuts.0.push((include.end, made.text.len() - before));
            children.push((include, prefix, path, base, child));
        }
        piece(&mut made, done, own.source.len());
        shift(&mut blocks, &cuts);
        findings.move_to(|span| cuts.span(span));
        // From the last on, so that the others stay where they are.
        for (include, prefix, path, base, mut child) in children.into_iter().rev() {
            let to = By(base);
            shift(&mut child.blocks, &to);
            child.findings.move_to(|span| to.span(span));
            findings.append(child.findings);
            made.pieces.extend(child.pieces.into_iter().map(|piece| Piece { at: piece.at + base, ..piece }));
            let inner = child.instances.into_iter().map(|one| Instance {
                range: one.range.start + base..one.range.end + base,
                prefix: format!("{prefix}.{}", one.prefix),
                ..one
            });
            made.instances.extend(inner);
            let range = base..base + child.text.len();
            made.instances.push(Instance { range, prefix: prefix.clone(), path });
            let start = cuts.start(include.span.start);
            let text = Text { span: cuts.span(include.span), plain: include.text.clone(), odd: None };
            let head = Heading {
                level: include.level + 1,
                span: Span::new(start, base + child.begins),
                text,
                slug: String::new(),
            };
            let inside = below(head, &prefix, child.blocks);
            blocks.splice(include.index..=include.index, inside);
        }
        made.pieces.sort_by_key(|piece| piece.at);
        made.begins = cuts.start(own.front_end.unwrap_or_default());
        (made.blocks, made.findings) = (blocks, findings);
        made
    }

    /// What a link includes, and what its ids begin with. `None` where nothing can be included, which was told.
    fn included(
        &mut self,
        include: &Include,
        taken: &mut Vec<String>,
        findings: &mut Findings,
    ) -> Option<(String, String, Assembled)> {
        let at = include.span;
        let mut refuse = |message: String, help: String| findings.add(Code::BadInclude, at, message, help);
        if self.full {
            return None;
        }
        self.count += 1;
        if self.count > COUNT {
            self.full = true;
            refuse(format!("the document comes to more than {COUNT} includes"), "include less".to_owned());
            return None;
        }
        let prefix = slug(&include.text);
        if prefix.trim_matches('-').is_empty() {
            let help = "write words: [common checks](…), then its steps are `common-checks.…`";
            refuse("the link has no text that its steps could be called by".to_owned(), help.to_owned());
            return None;
        }
        if taken.contains(&prefix) {
            let message =
                format!("another include is called `{prefix}` already, and its steps would be, too");
            findings.add(Code::DuplicateId, at, message, "give the link another text");
            return None;
        }
        let from = self.stack.last().cloned().unwrap_or_default();
        let path = match path::resolve(&from, &include.to) {
            Ok(path) => path,
            Err(astray) => {
                refuse(astray.message, astray.help.to_owned());
                return None;
            }
        };
        if let Some(first) = self.stack.iter().position(|open| *open == path) {
            let round: Vec<&str> = self.stack[first..].iter().map(String::as_str).chain([&*path]).collect();
            let message = format!("`{path}` includes itself: {}", round.join(" → "));
            findings.add(Code::IncludeCycle, at, message, "take one of these includes out");
            return None;
        }
        if self.stack.len() > DEPTH {
            let message = format!("more than {DEPTH} files include one another");
            refuse(message, "include the innermost of them higher up".to_owned());
            return None;
        }
        let file = match self.files.iter().position(|file| file.path == path) {
            Some(file) => file,
            None => match (self.read)(&path) {
                Ok(text) => {
                    self.files.push(Included { path: path.clone(), text });
                    self.files.len() - 1
                }
                Err(NotIncluded { why, help }) => {
                    refuse(format!("`{path}` cannot be included: {why}"), help);
                    return None;
                }
            },
        };
        self.bytes += self.files[file].text.len();
        if self.bytes > BYTES {
            self.full = true;
            refuse(format!("what is included comes to more than {BYTES} bytes"), "include less".to_owned());
            return None;
        }
        taken.push(prefix.clone());
        let child = self.file(file, &path, at, findings)?;
        Some((prefix, path, child))
    }

    /// One file, read by itself and with what it includes.
    fn file(&mut self, file: usize, path: &str, at: Span, findings: &mut Findings) -> Option<Assembled> {
        let source = self.files[file].text.clone();
        let mut own = Findings::default();
        let fronts = markdown::fronts(&source);
        let (kind, front) = front::read(&source, &fronts, &mut own);
        if kind != DocumentKind::Annotated {
            let message = format!("`{path}` is no run-book: its front matter has no `runbook: 1`");
            findings.add(Code::BadInclude, at, message, "write `runbook: 1` between two `---` at its top");
            return None;
        }
        agree::agree(path, &front.matter, self.matter, at, findings);
        let mut tree = markdown::read(&source, &fronts, kind);
        let includes = take(&source, &mut tree.blocks, &mut own);
        audit::audit(&source, &tree, &mut own);
        // What is wrong in it may be what keeps it from having any.
        if includes.is_empty() && own.len() == 0 && !tree.blocks.iter().any(links::does_something) {
            let message = format!("`{path}` has no step, so that nothing would be done where it is included");
            let help = "write what is to be done into it; to lead readers to it, leave `\"include\"` out of the link";
            findings.add(Code::BadInclude, at, message, help);
        }
        let front_end = Some(front.matter.span.end);
        self.stack.push(path.to_owned());
        let mut child =
            self.assemble(&Own { file: Some(file), source: &source, front_end }, tree.blocks, includes, own);
        self.stack.pop();
        untitle(&mut child);
        Some(child)
    }
}

/// Takes the file's title away, which is its first heading and its only one of that level: the link is its title here.
fn untitle(child: &mut Assembled) {
    let heads = child.blocks.iter().enumerate().filter_map(|(index, block)| match block {
        Block::Heading(heading) => Some((index, heading.level, heading.span.end)),
        _ => None,
    });
    let heads: Vec<(usize, u8, usize)> = heads.collect();
    let titles = heads.iter().filter(|(_, level, _)| *level == 1).count();
    match heads.first() {
        Some(&(index, 1, end)) if titles == 1 => {
            if index == 0 {
                child.begins = end;
            }
            child.blocks.remove(index);
        }
        // Nothing of it stands as high as the link.
        _ if titles > 0 => levels(&mut child.blocks, 1),
        _ => {}
    }
}

fn levels(blocks: &mut [Block], by: u8) {
    for block in blocks {
        if let Block::Heading(heading) = block {
            heading.level = heading.level.saturating_add(by);
        }
    }
}

/// The blocks of an included file below the heading that its link makes.
fn below(mut head: Heading, prefix: &str, mut blocks: Vec<Block>) -> Vec<Block> {
    let mut names = Unique::default();
    for block in &mut blocks {
        if let Block::Heading(heading) = block {
            names.name(heading.slug.clone());
            heading.slug = format!("{prefix}.{}", heading.slug);
        }
    }
    levels(&mut blocks, head.level - 1);
    head.slug = format!("{prefix}.{}", names.name("document"));
    std::iter::once(Block::Heading(Box::new(head))).chain(blocks).collect()
}

/// A fence that nothing in the text ends.
fn fence(text: &str) -> String {
    let runs = text.split(|c| c != '`').map(str::len);
    "`".repeat(runs.max().unwrap_or_default().max(2) + 1)
}

/// Where a file's bytes come to stand once something is put in behind some of them: place and length, in order.
#[derive(Default)]
struct Cuts(Vec<(usize, usize)>);

impl Shift for Cuts {
    fn start(&self, at: usize) -> usize {
        at + self.0.iter().take_while(|(cut, _)| *cut <= at).map(|(_, length)| length).sum::<usize>()
    }

    fn end(&self, at: usize) -> usize {
        at + self.0.iter().take_while(|(cut, _)| *cut < at).map(|(_, length)| length).sum::<usize>()
    }
}

/// Everything moves by so many bytes.
struct By(usize);

impl Shift for By {
    fn start(&self, at: usize) -> usize {
        at + self.0
    }

    fn end(&self, at: usize) -> usize {
        at + self.0
    }
}
