//! The order in which a document is read.

use std::collections::BTreeMap;

use crate::findings::Findings;
use crate::foreign::{self, Piece};
use crate::include::{self, Parts, Reader};
use crate::lints::Looked;
use crate::markdown::{self, Block, Tree};
use crate::scope::Scope;
use crate::{
    Code, Config, Diagnostic, DocumentKind, FrontMatter, Passage, Plan, Span, Step, Work, audit, declared,
    front, lints, offered, steps,
};

/// What a document is read from.
pub(crate) struct Given<'g, 'r> {
    /// Its path from the repository's root.
    pub(crate) path: &'g str,
    pub(crate) source: &'g str,
    pub(crate) config: Option<&'g Config>,
    /// Gives what it includes.
    pub(crate) read: &'g mut Reader<'r>,
}

pub(crate) fn compile(given: Given<'_, '_>) -> Compiled {
    read(given, false).0
}

pub(crate) fn compile_and_lint(given: Given<'_, '_>) -> (Compiled, Vec<Diagnostic>) {
    let (source, config) = (given.source, given.config);
    let (compiled, looked, of_text) = read(given, true);
    let text = compiled.text(source);
    let mut warnings = lints::judge(text, &looked, &compiled.plan, config);
    warnings.extend(of_text.into_sorted(text));
    warnings.sort_by_key(|finding| (finding.span, finding.code));
    (compiled, warnings)
}

/// The document, and what lints make of its scripts and of its text by themselves where they are asked.
fn read(given: Given<'_, '_>, linted: bool) -> (Compiled, Vec<Looked>, Findings) {
    let Given { path, source, config, read } = given;
    let mut findings = Findings::default();
    let fronts = markdown::fronts(source);
    let (kind, front) = front::read(source, &fronts, &mut findings);
    let mut tree = markdown::read(source, &fronts, kind);
    let title = front.matter.title.clone().or_else(|| first_heading(&tree)).unwrap_or_default();
    let (mut parts, mut instances) = (None, Vec::new());
    // A foreign document has no blocks that do anything, includes nothing, and has nothing else to be audited.
    if kind == DocumentKind::Foreign {
        audit::line_ends(source, &mut findings);
    } else {
        let includes = include::take(source, &mut tree.blocks, &mut findings);
        audit::audit(source, &tree, &mut findings);
        if !includes.is_empty() {
            let blocks = std::mem::take(&mut tree.blocks);
            let own = std::mem::take(&mut findings);
            let whole = include::expand((path, source), (blocks, own), includes, &front.matter, read);
            (tree.blocks, findings) = (whole.blocks, whole.findings);
            (parts, instances) = (Some(Box::new(whole.parts)), whole.instances);
        }
    }
    let source = parts.as_ref().map_or(source, |parts| parts.text.as_str());
    let mut scope = Scope::new(&front.matter, config);
    for (text, span) in &front.templates {
        scope.check_text(text, *span, &mut findings);
    }
    let book = Book { source, title: &title, matter: &front.matter, instances: &instances };
    let (mut built, mut passages, pieces) = book.built(kind, (&tree, linted), &mut scope, &mut findings);
    let mut warnings = Findings::default();
    if linted {
        lints::lists(source, &tree, &mut warnings);
        match kind {
            DocumentKind::Foreign => lints::foreign(source, &fronts, &tree, &mut warnings),
            // Where it has errors, what will be a step is not known yet.
            DocumentKind::Annotated if findings.any_error() || front.says_manual && !front.matter.manual => {}
            DocumentKind::Annotated => book.lost(&tree, &built.steps, &mut warnings),
        }
    }
    declared::check(&front, &built, config, &mut findings);
    if built.steps.is_empty() && !findings.any_error() {
        let whole = Span::new(0, source.len().min(source.find('\n').unwrap_or(source.len())));
        let help = "write steps: headings with blocks, numbered items, or `- [ ]` items";
        let before = findings.len();
        findings.add(Code::NoSteps, whole, "nothing in this document is a step", help);
        // Many a document that is none to be run lies beside those that are.
        if kind == DocumentKind::Annotated {
            findings.make_errors(before);
        }
    }
    if tree.swap_tags() {
        let mut scope = Scope::new(&front.matter, config);
        let (titled, headed, _) = book.built(kind, (&tree, false), &mut scope, &mut Findings::default());
        keep_titles((&mut built.steps, &mut passages), (titled.steps, headed));
        tree.swap_tags();
    }
    if tree.cut_images() {
        let mut scope = Scope::new(&front.matter, config);
        let (once, ..) = book.built(kind, (&tree, false), &mut scope, &mut Findings::default());
        keep_once(&mut built.steps, once.steps);
    }
    let plan = Plan { kind, title, front: front.matter, steps: built.steps, passages, former: None };
    let compiled = Compiled { plan, diagnostics: findings.into_sorted(source), parts, pieces };
    (compiled, built.looked, warnings)
}

/// A document whose front matter is known, apart from its tree: that is read once more where records of an earlier time
/// were made of another one.
struct Book<'b> {
    source: &'b str,
    title: &'b str,
    matter: &'b FrontMatter,
    instances: &'b [include::Instance],
}

impl Book<'_> {
    fn annotated<'t>(&'t self, tree: &'t Tree, linted: bool) -> steps::Book<'t> {
        steps::Book {
            source: self.source,
            tree,
            title: self.title,
            confirms: self.matter.manual,
            instances: self.instances,
            lints: linted.then_some(self.matter),
        }
    }

    /// As somebody would read it who follows it by hand.
    fn followed<'t>(&'t self, tree: &'t Tree, commands: &'t [Span]) -> foreign::Book<'t> {
        foreign::Book { source: self.source, tree, title: self.title, front: self.matter.span, commands }
    }

    /// The steps of such a tree, with what is only read, and where everything is shown.
    fn built(
        &self,
        kind: DocumentKind,
        (tree, linted): (&Tree, bool),
        scope: &mut Scope,
        findings: &mut Findings,
    ) -> (steps::Built, Vec<Passage>, Vec<Piece>) {
        match kind {
            DocumentKind::Foreign => {
                let units = offered::offered_units(self.source, tree);
                let commands: Vec<Span> = units.iter().map(|unit| unit.span).collect();
                let book = self.followed(tree, &commands);
                let foreign::Read { mut steps, passages, mut pieces } = foreign::read(&book);
                offered::offer(self.source, &units, &mut steps, &mut pieces);
                (steps::Built { steps, ..steps::Built::default() }, passages, pieces)
            }
            DocumentKind::Annotated => {
                let book = self.annotated(tree, linted);
                let built = steps::build(&book, scope, findings);
                let passages = steps::passages(&book, &built.steps);
                (built, passages, Vec::new())
            }
        }
    }

    /// What would be confirmed if the document were a foreign one, and is only shown.
    fn lost(&self, tree: &Tree, own: &[Step], findings: &mut Findings) {
        let steps = foreign::read(&self.followed(tree, &[])).steps;
        lints::lost(self.source, tree, self.instances, (&steps, own), self.matter.manual, findings);
    }
}

/// Has steps, and headings between them, be called as their document calls them, with its placeholders. Ids, and what else
/// is told by a title, stay as they were read without: records have them.
fn keep_titles(
    (steps, passages): (&mut [Step], &mut [Passage]),
    (titled, headed): (Vec<Step>, Vec<Passage>),
) {
    let mut by_place: BTreeMap<usize, Step> =
        titled.into_iter().map(|step| (step.span.start, step)).collect();
    for step in steps {
        let Some(titled) = by_place.remove(&step.span.start) else { continue };
        step.path = titled.path;
        if step.alternatives.len() == titled.alternatives.len() {
            step.alternatives = titled.alternatives;
        }
        if step.title != titled.title {
            step.once_titled = Some(std::mem::replace(&mut step.title, titled.title).into());
        }
    }
    for (passage, headed) in passages.iter_mut().zip(headed) {
        if passage.prose == headed.prose {
            passage.heading = headed.heading;
        }
    }
}

/// Keeps what each item said once, where that is another text: records of that time have it.
fn keep_once(steps: &mut [Step], former: Vec<Step>) {
    let actions = steps.iter_mut().flat_map(|step| &mut step.actions);
    for (action, former) in actions.zip(former.into_iter().flat_map(|step| step.actions)) {
        let Work::Confirm { text: read } = former.work else { continue };
        // At that time its lines were flat as well.
        let cut = former.once.and_then(|once| once.flat).unwrap_or_else(|| read.into());
        let Work::Confirm { text } = &action.work else { continue };
        let whole = action.once.as_ref().and_then(|once| once.flat.as_deref()).unwrap_or(text);
        if action.id == former.id && *whole != *cut {
            action.once.get_or_insert_default().cut = Some(cut);
        }
    }
}

fn first_heading(tree: &Tree) -> Option<String> {
    tree.blocks.iter().find_map(|block| match block {
        Block::Heading(heading) => Some(heading.text.line()),
        _ => None,
    })
}

/// A document read, with everything that is wrong with it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What to do, as far as it could be read. Run it only if no diagnostic is an error.
    pub plan: Plan,
    /// Findings in source order.
    pub diagnostics: Vec<Diagnostic>,
    /// With the files that it includes; `None` where it includes none. Spans are then of this text.
    pub parts: Option<Box<Parts>>,
    /// Of a foreign document: where every byte of it is shown, in order and without gaps.
    pub pieces: Vec<Piece>,
}

impl Compiled {
    /// The text that spans are of, where `source` is the document's own.
    pub fn text<'t>(&'t self, source: &'t str) -> &'t str {
        self.parts.as_ref().map_or(source, |parts| &parts.text)
    }

    /// Whether any finding keeps the document from running.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}
