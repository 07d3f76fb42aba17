//! Walks sections and items, and hands each step to its maker.

use super::actions::Maker;
use super::container::{Class, classify, ordered_items};
use super::context::{Book, Built, Context, Head};
use super::sections::{Section, sections};
use super::titles::{Numbers, item_slug, item_title, words};
use crate::background;
use crate::blocks::{Kind, StepOptions, Templated, step_options};
use crate::findings::Findings;
use crate::instructions;
use crate::markdown::{Block, Fence, Item, Unique, slug};
use crate::scope::Scope;
use crate::sha256;
use crate::spanned::{Value, parse_yaml};
use crate::{Code, Once, Span};

/// Makes the steps of a document.
pub(crate) fn build(book: &Book<'_>, scope: &mut Scope, findings: &mut Findings) -> Built {
    let Book { source, tree, title, confirms, .. } = *book;
    let sections = sections(&tree.blocks, source.len());
    let heads: Vec<u8> = headings(&sections).map(|(level, _)| level).collect();
    let titled = heads.first() == Some(&1) && heads.iter().filter(|level| **level == 1).count() == 1;
    let mut walker = Walker {
        source,
        titled,
        only_text: heads.is_empty(),
        confirms,
        reads: confirms,
        title,
        sections: &sections,
        ids: None,
        maker: Maker::new(book, scope),
        findings,
    };
    // Where everything would only be read, whoever runs it wants to confirm something.
    walker.reads &= sections.iter().any(|section| walker.contains(section));
    // Most steps are sections.
    walker.maker.built.steps.reserve_exact(heads.len());
    let mut numbers = Numbers::top();
    let mut inherited = Context::default();
    for section in &sections {
        // What stands before the first heading holds for all that follow.
        let context = walker.section(section, &inherited, &mut numbers);
        if section.heading.is_none() {
            inherited = context;
        }
    }
    let mut built = walker.maker.built;
    for step in &mut built.steps {
        step.digest = sha256(step.span.of(source).as_bytes());
    }
    built
}

/// What the title of a section says of it.
fn titled(section: &Section<'_>) -> background::Reading {
    let title = section.heading.map(|heading| heading.text.line()).unwrap_or_default();
    background::reading(&title)
}

/// Where the last of what stands below a section begins.
fn end(section: &Section<'_>) -> usize {
    section.children.last().map_or(section.span.start, end)
}

fn headings<'s>(sections: &'s [Section<'_>]) -> impl Iterator<Item = (u8, &'s str)> {
    fn visit<'s>(section: &'s Section<'_>, found: &mut Vec<(u8, &'s str)>) {
        found.extend(section.heading.map(|heading| (heading.level, heading.slug.as_str())));
        section.children.iter().for_each(|child| visit(child, found));
    }
    let mut found = Vec::new();
    sections.iter().for_each(|section| visit(section, &mut found));
    found.into_iter()
}

struct Walker<'w> {
    source: &'w str,
    titled: bool,
    only_text: bool,
    confirms: bool,
    /// Whether some of what is confirmed elsewhere is only read, as in a document that people follow by hand.
    reads: bool,
    title: &'w str,
    sections: &'w [Section<'w>],
    /// The ids that are taken; made when one is asked for that is no heading's.
    ids: Option<Unique>,
    maker: Maker<'w>,
    findings: &'w mut Findings,
}

impl Walker<'_> {
    /// An id that no heading and nothing else has.
    fn id(&mut self, wanted: String) -> String {
        let taken = || {
            let mut taken = Unique::default();
            headings(self.sections).for_each(|(_, slug)| {
                taken.name(slug);
            });
            taken
        };
        self.ids.get_or_insert_with(taken).name(wanted)
    }

    fn section(&mut self, section: &Section<'_>, inherited: &Context, numbers: &mut Numbers) -> Context {
        let class = classify(section.blocks);
        let manual = class == Class::Nothing && self.is_manual(section);
        let options = self.options(section.blocks, class == Class::Step || manual);
        let mut context = self.inherit(inherited, &options);
        if class == Class::Nothing && !manual && !section.children.iter().any(|child| self.contains(child)) {
            if let Some(fence) = self.step_fence(section.blocks)
                && section.heading.is_some()
            {
                let span = fence.info_span;
                let help = "move it into the step it is about";
                self.findings.add(
                    Code::Misplaced,
                    span,
                    "options of a step, but there is no step here",
                    help,
                );
            }
            section.children.iter().for_each(|child| {
                self.section(child, &context, &mut Numbers::top());
            });
            return context;
        }
        let title = section.heading.map_or_else(|| self.title.to_owned(), |heading| heading.text.line());
        if let Some(heading) = section.heading {
            self.maker.check_text(&title, heading.text.span, self.findings);
        }
        let is_title = section.heading.is_none_or(|heading| heading.level == 1 && self.titled);
        let id = match section.heading {
            Some(heading) => heading.slug.clone(),
            None if class == Class::Nothing && !manual => String::new(),
            None => {
                let wanted = slug(self.title);
                self.id(if wanted.is_empty() { "document".to_owned() } else { wanted })
            }
        };
        let number = if is_title { None } else { Some(numbers.take()) };
        let has_below = class == Class::Phase || !section.children.is_empty();
        let mut below = number.as_deref().filter(|_| has_below).map(Numbers::under);
        let numbers = below.as_mut().unwrap_or(numbers);
        let after_heading = section.heading.map_or(section.span.start, |heading| heading.span.end);
        match class {
            Class::Step | Class::Nothing if class == Class::Step || manual => {
                let head = Head {
                    id,
                    number: number.unwrap_or_else(|| numbers.take()),
                    title: if title.is_empty() { "Document".to_owned() } else { title.clone() },
                    span: section.span,
                    prose: after_heading,
                };
                self.maker.prose_from(after_heading);
                if manual {
                    if let Some(fence) = self.step_fence(section.blocks) {
                        self.maker.pass(fence.span);
                    }
                    let text = self.manual_text(section, &title);
                    self.maker.manual(head, &context, &options, text, self.findings);
                } else {
                    self.maker.step(head, &context, &options, section.blocks, self.findings);
                }
            }
            Class::Phase => {
                self.maker.prose_from(after_heading);
                if let Some(fence) = self.step_fence(section.blocks) {
                    self.maker.pass(fence.span);
                }
                let inner = context.below(section.heading.map(|_| title.clone()));
                self.items(section.blocks, &id, &inner, numbers);
            }
            Class::Step | Class::Nothing => {}
        }
        if !section.children.is_empty() {
            let inner = context.below(section.heading.map(|_| title));
            for child in &section.children {
                self.section(child, &inner, numbers);
            }
        }
        context.path = inherited.path.clone();
        context
    }

    /// What is confirmed of a section that is only to be read and followed.
    fn manual_text(&self, section: &Section<'_>, title: &str) -> String {
        let heading =
            section.heading.map(|heading| heading.text.span.of(self.source).trim()).unwrap_or_default();
        let text = [heading, title, "Follow the document"].into_iter().find(|text| !text.is_empty());
        text.unwrap_or_default().to_owned()
    }

    /// The ordered items of a phase.
    fn items(&mut self, blocks: &[Block], slug: &str, context: &Context, numbers: &mut Numbers) {
        for item in ordered_items(blocks) {
            let title = item_title(item);
            let class = classify(&item.blocks);
            let options = self.options(&item.blocks, class != Class::Phase);
            let mut inner = self.inherit(context, &options);
            let number = numbers.take();
            if class == Class::Phase {
                self.maker.check_text(&title, item.text().map_or(item.span, |text| text.span), self.findings);
                inner = inner.below(Some(title));
                self.maker.enter(item.span.start, item.text().map_or(item.content, |text| text.span.end));
                self.items(&item.blocks, slug, &inner, &mut Numbers::under(&number));
                continue;
            }
            let id = self.id(format!("{slug}/{}", item_slug(&title)));
            let text = item.text().map_or(Span::new(item.content, item.content), |text| text.span);
            let title = if title.is_empty() { format!("Item {number}") } else { title };
            let head = Head { id, number, title, span: item.span, prose: text.end };
            if class == Class::Step {
                self.maker.check_text(&head.title, text, self.findings);
                // Text between it and what was done before belongs to its first action.
                self.maker.enter(head.span.start, head.prose);
                self.maker.step(head, &inner, &options, &item.blocks, self.findings);
            } else {
                let said = self.item_text(item);
                self.maker.check_text(&said.0, item.span, self.findings);
                self.maker.leaf(head, &inner, &options, said, self.findings);
            }
        }
    }

    fn item_text(&self, item: &Item) -> (String, Option<Box<Once>>) {
        let (text, once) = words(self.source, item, Span::new(item.content, item.span.end));
        (if text.is_empty() { "Done".to_owned() } else { text }, once)
    }

    /// A section that has something to read and no items, where such are confirmed.
    fn is_manual(&self, section: &Section<'_>) -> bool {
        let says = |block: &Block| match block {
            Block::Html(span) => !span.of(self.source).trim_start().starts_with("<!--"),
            Block::Fence(fence) => fence.kind != Kind::Step,
            _ => true,
        };
        self.confirms
            && (section.heading.is_some() || self.only_text)
            && (section.blocks.iter().any(says) || (section.heading.is_some() && section.children.is_empty()))
            && !(self.reads && self.is_read(section))
    }

    /// A section that is there to be read, by its title or because it only leads to what is done; not one that says how it
    /// is to be done, nor one with code.
    fn is_read(&self, section: &Section<'_>) -> bool {
        let is_code = |block: &Block| match block {
            Block::Fence(fence) => fence.kind != Kind::Step,
            Block::Indented(..) => true,
            _ => false,
        };
        if self.step_fence(section.blocks).is_some() || section.blocks.iter().any(is_code) {
            return false;
        }
        // What stands in a part that is only read is so, too.
        let within = |around: &&Section<'_>| (around.span.start..=end(around)).contains(&section.span.start);
        let read = |around: &Section<'_>| titled(around) == background::Reading::Background;
        fn any(
            list: &[Section<'_>],
            within: &dyn Fn(&&Section<'_>) -> bool,
            read: &dyn Fn(&Section<'_>) -> bool,
        ) -> bool {
            list.iter().filter(within).any(|one| read(one) || any(&one.children, within, read))
        }
        titled(section) != background::Reading::Work
            || any(self.sections, &within, &read)
            || !section.blocks.iter().any(|block| self.is_done(block))
                && section.children.iter().any(|child| self.contains(child))
    }

    /// Whether a block holds something to do in a document that people follow by hand: bullets that say so, rows of a table.
    fn is_done(&self, block: &Block) -> bool {
        match block {
            Block::List(list) => instructions::imperative(self.source, list),
            Block::Other(span) => span.of(self.source).contains('|'),
            _ => false,
        }
    }

    fn contains(&self, section: &Section<'_>) -> bool {
        classify(section.blocks) != Class::Nothing
            || self.is_manual(section)
            || section.children.iter().any(|child| self.contains(child))
    }

    fn step_fence<'b>(&self, blocks: &'b [Block]) -> Option<&'b Fence> {
        blocks.iter().find_map(|block| match block {
            Block::Fence(fence) if fence.kind == Kind::Step => Some(&**fence),
            _ => None,
        })
    }

    /// The container's `yaml step`: one, directly in it, above what there is to do.
    fn options(&mut self, blocks: &[Block], is_step: bool) -> StepOptions {
        let mut found: Option<&Fence> = None;
        let mut work_above = false;
        for block in blocks {
            match block {
                Block::Fence(fence) => match fence.kind {
                    Kind::Step if found.is_some() => {
                        let help = "put all options into the first one";
                        self.findings.add(
                            Code::Misplaced,
                            fence.info_span,
                            "a second `yaml step` in one step",
                            help,
                        );
                    }
                    Kind::Step => {
                        if work_above {
                            let message = "options of the step stand below what there is to do";
                            let help = "move the `yaml step` block to the top of the step";
                            self.findings.add(Code::Misplaced, fence.info_span, message, help);
                        }
                        found = Some(fence);
                    }
                    Kind::Documentation => {}
                    _ => work_above = true,
                },
                Block::List(list) => {
                    work_above |= super::container::has_work(std::slice::from_ref(block));
                    // Ordered items of a phase are containers with options of their own.
                    if is_step || !list.ordered {
                        self.stray_options(block, is_step);
                    }
                }
                _ => {}
            }
        }
        let Some(fence) = found else { return StepOptions::default() };
        let Some(node) = parse_yaml(&fence.body, self.findings) else { return StepOptions::default() };
        if matches!(node.value, Value::Null) {
            let help = "write `role: …`, `when: …`, or remove the block";
            self.findings.add(Code::MissingKey, fence.info_span, "this block sets no option", help);
            return StepOptions::default();
        }
        let mut options = step_options(&node, self.findings);
        if !is_step {
            let keys = [
                ("expected", options.expected.map(|(_, span)| span)),
                ("irreversible", options.irreversible.map(|(_, span)| span)),
                ("skippable", options.skippable.map(|(_, span)| span)),
                ("not_before", options.not_before.as_ref().map(|(_, span)| *span)),
            ];
            for (key, given) in keys {
                if let Some(span) = given {
                    let message = format!("`{key}` is an option of a step, and this groups steps");
                    let help = "move it into a `yaml step` of each step it is about";
                    self.findings.add(Code::Misplaced, span, message, help);
                }
            }
            (options.expected, options.irreversible, options.skippable) = (None, None, None);
            options.not_before = None;
        }
        options
    }

    fn stray_options(&mut self, block: &Block, is_step: bool) {
        let Block::List(list) = block else { return };
        for item in &list.items {
            for inner in &item.blocks {
                match inner {
                    Block::Fence(fence) if fence.kind == Kind::Step => {
                        let message = "options of a step stand inside one of its items";
                        let help = "move the `yaml step` block to the top of the step, outside of the list";
                        self.findings.add(Code::Misplaced, fence.info_span, message, help);
                    }
                    Block::List(list) if is_step || !list.ordered => self.stray_options(inner, is_step),
                    _ => {}
                }
            }
        }
    }

    fn inherit(&mut self, above: &Context, options: &StepOptions) -> Context {
        let mut context = above.clone();
        let built = &mut self.maker.built;
        if let Some((role, span)) = &options.role {
            built.roles.push((role.clone(), *span));
            context.role = Some(role.clone());
        }
        if let Some((target, span)) = &options.target {
            built.targets.push((target.clone(), *span));
            context.target = Some(target.clone());
            // What stood above was written for the places of another target.
            context.rollout = None;
        }
        if let Some((rollout, span)) = options.rollout {
            if context.target.as_ref().is_none_or(|target| target == "local") {
                let message =
                    "`rollout` says how a step goes over the places of its target, and there is no target";
                self.findings.add(Code::Misplaced, span, message, "add `target: NAME`, or remove `rollout`");
            }
            context.rollout = Some(rollout);
        }
        if let Some((when, span)) = &options.when {
            let when = when.clone();
            self.maker.check(&Templated { text: when.clone(), span: *span, expression: true }, self.findings);
            self.maker.beside(&context.when, &when, *span, self.findings);
            context.when.push(when);
        }
        context.on_failure = options.on_failure.unwrap_or(above.on_failure);
        context
    }
}
