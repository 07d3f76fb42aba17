//! The actions of one step.

use std::collections::VecDeque;

use super::container::has_work;
use super::context::{Book, Built, Context, Head};
use super::titles::words;
use crate::blocks::{self, Decoded, Kind, StepOptions, Templated};
use crate::conditions;
use crate::findings::Findings;
use crate::include::{Instance, instance};
use crate::lints;
use crate::markdown::{Block, Fence, Item};
use crate::scope::Scope;
use crate::{Action, Code, Expectation, Expected, FrontMatter, Once, Span, Step, Work};

/// Makes steps out of blocks, in document order.
pub(super) struct Maker<'w> {
    source: &'w str,
    lints: Option<&'w FrontMatter>,
    instances: &'w [Instance],
    scope: &'w mut Scope,
    pub(super) built: Built,
    /// Where prose not shown yet begins.
    prose: usize,
    /// Cautions that no mutating block has taken yet, in document order.
    cautions: VecDeque<(usize, String)>,
}

/// A step while its actions are collected.
struct Open {
    head: Head,
    conditional: bool,
    when: Vec<String>,
    target: Option<String>,
    actions: Vec<Action>,
    rollbacks: Vec<crate::Block>,
    /// What an `expect` would be about.
    subject: Subject,
}

#[derive(Clone, Copy, PartialEq)]
enum Subject {
    None,
    Action(usize),
    Rollback,
}

impl<'w> Maker<'w> {
    pub(super) fn new(book: &Book<'w>, scope: &'w mut Scope) -> Maker<'w> {
        let Book { source, tree, instances, lints, .. } = *book;
        let mut cautions = VecDeque::new();
        self::cautions(&tree.blocks, &mut cautions);
        Maker { source, lints, instances, scope, built: Built::default(), prose: 0, cautions }
    }

    /// The include that what stands at a place comes from.
    fn instance(&self, at: usize) -> Option<&'w Instance> {
        instance(self.instances, at)
    }

    pub(super) fn prose_from(&mut self, at: usize) {
        self.prose = at;
    }

    /// An item begins at `start`: its own text is a title, unless prose not shown yet stands before it.
    pub(super) fn enter(&mut self, start: usize, after_text: usize) {
        if self.is_blank(self.prose, start) {
            self.prose = after_text;
        }
    }

    /// Checks a template or condition.
    pub(super) fn check(&self, templated: &Templated, findings: &mut Findings) {
        self.scope.check(templated, findings);
    }

    /// Holds a condition against those that what it stands in has.
    pub(super) fn beside(&self, around: &[String], own: &str, span: Span, findings: &mut Findings) {
        self.scope.beside(around, own, span, findings);
    }

    /// Checks a text that is a template.
    pub(super) fn check_text(&self, text: &str, span: Span, findings: &mut Findings) {
        self.scope.check_text(text, span, findings);
    }

    /// A container with things to do; where its prose begins was said before.
    pub(super) fn step(
        &mut self,
        head: Head,
        context: &Context,
        options: &StepOptions,
        blocks: &[Block],
        findings: &mut Findings,
    ) {
        let mut open = self.open(head, context);
        self.blocks(&mut open, blocks, findings);
        self.close(open, context, options, findings);
    }

    /// An ordered item that is only text.
    pub(super) fn leaf(
        &mut self,
        head: Head,
        context: &Context,
        options: &StepOptions,
        (text, once): (String, Option<Box<Once>>),
        findings: &mut Findings,
    ) {
        let span = head.span;
        let mut open = self.open(head, context);
        self.push(&mut open, span, Work::Confirm { text }, None);
        open.actions.iter_mut().for_each(|action| action.once.clone_from(&once));
        self.close(open, context, options, findings);
    }

    /// A section that is only to be read and followed: its contents are the prose of one confirmation.
    pub(super) fn manual(
        &mut self,
        head: Head,
        context: &Context,
        options: &StepOptions,
        text: String,
        findings: &mut Findings,
    ) {
        let span = Span::new(head.span.end, head.span.end);
        let mut open = self.open(head, context);
        self.push(&mut open, span, Work::Confirm { text }, None);
        if let Some(action) = open.actions.last_mut() {
            action.span = open.head.span;
        }
        self.close(open, context, options, findings);
    }

    fn open(&self, head: Head, context: &Context) -> Open {
        let conditional = !context.when.is_empty();
        let when = context.when.clone();
        let target = context.target.clone();
        let (actions, rollbacks) = (Vec::new(), Vec::new());
        Open { head, conditional, when, target, actions, rollbacks, subject: Subject::None }
    }

    fn close(&mut self, open: Open, context: &Context, options: &StepOptions, findings: &mut Findings) {
        let Open { head, mut actions, mut rollbacks, .. } = open;
        actions.shrink_to_fit();
        rollbacks.shrink_to_fit();
        if actions.is_empty() {
            if let Some(rollback) = rollbacks.first() {
                let help = "move the rollback into the step that it undoes";
                findings.add(Code::Misplaced, rollback.span, "a rollback in a step that does nothing", help);
            }
            return;
        }
        for (index, action) in actions.iter_mut().enumerate() {
            let own = action.work.block().and_then(|block| block.options.id.clone());
            action.id = own.unwrap_or_else(|| [&*head.id, "#", &(index + 1).to_string()].concat());
        }
        let from = actions.first().and_then(|action| self.instance(action.span.start));
        self.built.steps.push(Step {
            id: head.id,
            file: from.map(|from| from.path.clone()),
            number: head.number,
            title: head.title,
            once_titled: None,
            path: context.path.to_vec(),
            span: head.span,
            digest: String::new(),
            role: context.role.clone(),
            when: context.when.clone(),
            target: context.target.clone(),
            rollout: context.rollout,
            not_before: options.not_before.as_ref().map(|(time, _)| time.clone()),
            on_failure: context.on_failure,
            expected: options.expected.map(|(expected, _)| expected),
            irreversible: options.irreversible.is_some_and(|(value, _)| value),
            skippable: options.skippable.is_none_or(|(value, _)| value),
            alternatives: Vec::new(),
            actions,
            rollbacks,
        });
    }

    fn is_blank(&self, from: usize, to: usize) -> bool {
        from >= to || self.source[from..to].trim().is_empty()
    }

    fn push(&mut self, open: &mut Open, span: Span, work: Work, caution: Option<String>) {
        let prose = (!self.is_blank(self.prose, span.start)).then(|| {
            let text = &self.source[self.prose..span.start];
            let start = self.prose + (text.len() - text.trim_start().len());
            Span::new(start, start + text.trim().len())
        });
        self.prose = self.prose.max(span.end);
        // Actions are large, and most steps have one or two.
        if open.actions.capacity() == 0 {
            open.actions.reserve_exact(1);
        }
        open.actions.push(Action { id: String::new(), span, prose, caution, work, once: None });
    }

    /// A fence that is no action of its own hides no prose, but is none.
    pub(super) fn pass(&mut self, span: Span) {
        if self.is_blank(self.prose, span.start) {
            self.prose = self.prose.max(span.end);
        }
    }

    fn blocks(&mut self, open: &mut Open, blocks: &[Block], findings: &mut Findings) {
        for block in blocks {
            match block {
                Block::Fence(fence) => self.fence(open, fence, findings),
                Block::List(list) => {
                    list.items.iter().for_each(|item| self.item(open, item, list.ordered, findings));
                }
                _ => {}
            }
        }
    }

    fn item(&mut self, open: &mut Open, item: &Item, ordered: bool, findings: &mut Findings) {
        let works = has_work(&item.blocks);
        self.blocks(open, &item.blocks, findings);
        let confirms = item.task.is_some() || (ordered && !works);
        if !confirms {
            return;
        }
        // What is inside of it comes first and is shown by itself; then only the item's own words are confirmed.
        let span = match item.text() {
            Some(text) if works => Span::new(item.span.start, text.span.end),
            _ if works => Span::new(item.span.start, item.content),
            _ => item.span,
        };
        let content = Span::new(item.content.min(span.end), span.end);
        let (mut text, once) = words(self.source, item, content);
        if text.is_empty() {
            text = "Done".to_owned();
        }
        self.check_text(&text, content, findings);
        self.push(open, span, Work::Confirm { text }, None);
        if let Some(last) = open.actions.last_mut() {
            last.once = once;
        }
    }

    fn fence(&mut self, open: &mut Open, fence: &Fence, findings: &mut Findings) {
        match fence.kind {
            Kind::Documentation => {}
            Kind::Step => self.pass(fence.span),
            Kind::Probe => self.probe(open, fence, findings),
            Kind::Run => self.script(open, fence, Kind::Run, findings),
            Kind::Check => self.script(open, fence, Kind::Check, findings),
            Kind::Rollback => self.rollback(open, fence, findings),
            Kind::ExpectYaml => {
                let Some((expectations, templates)) = blocks::expected(fence, findings) else { return };
                templates.iter().for_each(|templated| self.check(templated, findings));
                self.expect(open, fence, expectations, findings);
            }
            Kind::ExpectLines => {
                let (lines, templates) = blocks::expected_lines(fence, findings);
                templates.iter().for_each(|templated| self.check(templated, findings));
                let expectation = Expectation { that: Expected::Lines(lines), span: fence.span };
                self.expect(open, fence, vec![expectation], findings);
            }
            Kind::SignOff => self.signoff(open, fence, findings),
            Kind::Record => self.record(open, fence, findings),
        }
    }

    fn script(&mut self, open: &mut Open, fence: &Fence, kind: Kind, findings: &mut Findings) {
        let decoded = self.decode(fence, kind, findings);
        self.action(open, fence, kind, decoded, findings);
    }

    fn probe(&mut self, open: &mut Open, fence: &Fence, findings: &mut Findings) {
        if let Some(target) = open.target.as_ref().filter(|target| *target != "local") {
            let message = format!(
                "a probe asks from the driving machine, and this step is for the places of `{target}`"
            );
            let help = "move it into a step without that target (`target: local`), or write a `sh check`";
            findings.add(Code::Misplaced, fence.info_span, message, help);
        }
        match blocks::decode_probe(fence, findings) {
            Some(decoded) => {
                let decoded = self.prefixed(fence, decoded);
                self.action(open, fence, Kind::Check, decoded, findings);
            }
            None => self.pass(fence.span),
        }
    }

    fn action(
        &mut self,
        open: &mut Open,
        fence: &Fence,
        kind: Kind,
        decoded: Decoded,
        findings: &mut Findings,
    ) {
        self.judge(&decoded, findings);
        for own in decoded.templates.iter().filter(|own| own.expression) {
            self.beside(&open.when, &own.text, own.span, findings);
        }
        let conditional = open.conditional || decoded.block.options.when.is_some();
        for (capture, span) in decoded.block.options.capture.iter().zip(&decoded.capture_spans) {
            let kind = conditions::captured(capture.empty);
            self.scope.take(&capture.name, kind, *span, conditional, findings);
        }
        open.subject = Subject::Action(open.actions.len());
        if kind == Kind::Run {
            let caution = self.cautions_before(fence.span.start);
            self.push(open, fence.span, Work::Run(decoded.block), caution);
        } else {
            self.push(open, fence.span, Work::Check(decoded.block), None);
        }
    }

    fn decode(&mut self, fence: &Fence, kind: Kind, findings: &mut Findings) -> Decoded {
        let (lints, looked) = (self.lints, &mut self.built.looked);
        let look = |block: &crate::Block, script: &_| {
            looked.extend(lints.map(|front| lints::look(block, script, front)));
        };
        let decoded = blocks::decode(fence, kind, look, findings);
        self.prefixed(fence, decoded)
    }

    /// An id given by hand in an included file is one of that file.
    fn prefixed(&self, fence: &Fence, mut decoded: Decoded) -> Decoded {
        if let Some(from) = self.instance(fence.span.start)
            && let Some(id) = &mut decoded.block.options.id
        {
            *id = format!("{}.{id}", from.prefix);
        }
        decoded
    }

    fn cautions_before(&mut self, at: usize) -> Option<String> {
        let mut texts = Vec::new();
        while self.cautions.front().is_some_and(|(start, _)| *start < at) {
            texts.extend(self.cautions.pop_front().map(|(_, text)| text));
        }
        (!texts.is_empty()).then(|| texts.join("\n\n"))
    }

    fn rollback(&mut self, open: &mut Open, fence: &Fence, findings: &mut Findings) {
        let decoded = self.decode(fence, Kind::Rollback, findings);
        self.judge(&decoded, findings);
        open.subject = Subject::Rollback;
        if open.rollbacks.capacity() == 0 {
            open.rollbacks.reserve_exact(1);
        }
        open.rollbacks.push(decoded.block);
        self.pass(fence.span);
    }

    /// Notes what the block names, and checks its templates against what is known before it.
    fn judge(&mut self, decoded: &Decoded, findings: &mut Findings) {
        let options = &decoded.block.options;
        self.built.ids.extend(options.id.clone().zip(decoded.id_span));
        self.built.targets.extend(options.target.clone().zip(decoded.target_span));
        let secrets = options.secrets.iter().flatten().cloned().zip(decoded.secret_spans.iter().copied());
        self.built.secrets.extend(secrets);
        decoded.templates.iter().for_each(|templated| self.check(templated, findings));
        if options.template && decoded.block.probe.is_none() {
            self.check_text(&decoded.block.script, decoded.script_span, findings);
        }
    }

    fn expect(
        &mut self,
        open: &mut Open,
        fence: &Fence,
        expectations: Vec<Expectation>,
        findings: &mut Findings,
    ) {
        let subject = match open.subject {
            Subject::Action(index) => open.actions.get_mut(index),
            _ => None,
        };
        match subject.map(|action| &mut action.work) {
            Some(Work::Run(block) | Work::Check(block)) => {
                if block.options.tty {
                    blocks::expectations_of_terminal(&expectations, findings);
                }
                match block.expect.is_empty() {
                    true => block.expect = expectations,
                    false => block.expect.extend(expectations),
                }
            }
            _ => {
                let message = if open.subject == Subject::Rollback {
                    "an expectation stands after a rollback, which nothing judges"
                } else {
                    "there is no run or check before this in the step"
                };
                let help = "put it right below the run or check it is about";
                findings.add(Code::ExpectWithoutSubject, fence.info_span, message, help);
            }
        }
        self.pass(fence.span);
    }

    fn signoff(&mut self, open: &mut Open, fence: &Fence, findings: &mut Findings) {
        let Some(node) = blocks::yaml(fence, "this sign-off says nothing", findings) else { return };
        let Some((signoff, role_span, template)) = blocks::signoff(&node, findings) else { return };
        self.check(&template, findings);
        self.built.roles.push((signoff.role.clone(), role_span));
        self.push(open, fence.span, Work::SignOff(signoff), None);
    }

    fn record(&mut self, open: &mut Open, fence: &Fence, findings: &mut Findings) {
        let Some(node) = blocks::yaml(fence, "there is nothing to record", findings) else { return };
        let (fields, spans, templates) = blocks::record(&node, findings);
        templates.iter().for_each(|templated| self.check(templated, findings));
        for (field, span) in fields.iter().zip(&spans) {
            self.scope.take(
                &field.name,
                conditions::Kind::of_field(field),
                *span,
                open.conditional,
                findings,
            );
        }
        if !fields.is_empty() {
            self.push(open, fence.span, Work::Record { fields }, None);
        }
    }
}

/// Where each caution begins, and its text.
fn cautions(blocks: &[Block], found: &mut VecDeque<(usize, String)>) {
    for block in blocks {
        match block {
            Block::Quote(quote) if quote.caution => found.push_back((quote.span.start, quote.plain())),
            Block::Quote(quote) => cautions(&quote.blocks, found),
            Block::List(list) => list.items.iter().for_each(|item| cautions(&item.blocks, found)),
            _ => {}
        }
    }
}
