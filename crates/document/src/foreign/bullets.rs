//! Lists of bullets, explained: how many of each say what to do, and what keeps those that do from being asked one by one.

use crate::markdown::{self, Block, Item, List, is_admonition, is_inset, is_tab};
use crate::steps::{Section, sections};
use crate::{DocumentKind, Span, instructions};

/// A list of plain bullets of a document that people follow by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bullets {
    /// All of it.
    pub span: Span,
    /// Where each of its items begins.
    pub items: Vec<usize>,
    /// How many of them begin with a verb that says what to do.
    pub verbs: usize,
    /// Where it stands, if bullets there explain whatever they say.
    pub explains: Option<&'static str>,
}

impl Bullets {
    /// How many of its items say what to do, in words.
    pub fn told(&self) -> String {
        let all = self.items.len();
        let how_many = match self.verbs {
            1 if all == 1 => "it begins".to_owned(),
            0 if all == 1 => "it does not begin".to_owned(),
            0 => format!("none of the {all} bullets of its list begins"),
            verbs if verbs == all => format!("all {all} bullets of its list begin"),
            1 => format!("1 of the {all} bullets of its list begins"),
            verbs => format!("{verbs} of the {all} bullets of its list begin"),
        };
        format!("{how_many} with a verb that says what to do")
    }
}

/// Every list of plain bullets, in the order of the document.
pub fn bullets(source: &str) -> Vec<Bullets> {
    let fronts = markdown::fronts(source);
    let tree = markdown::read(source, &fronts, DocumentKind::Foreign);
    let mut found = Vec::new();
    fn each(source: &str, section: &Section<'_>, found: &mut Vec<Bullets>) {
        let explains =
            holds_items(section.blocks).then_some("beside numbered items or boxes bullets explain");
        collect(source, section.blocks, explains, found);
        section.children.iter().for_each(|child| each(source, child, found));
    }
    sections(&tree.blocks, source.len()).iter().for_each(|section| each(source, section, &mut found));
    found
}

fn collect(source: &str, blocks: &[Block], explains: Option<&'static str>, found: &mut Vec<Bullets>) {
    for block in blocks {
        match block {
            Block::List(list) => {
                let is_plain = !list.ordered
                    && list.items.iter().all(|item| item.task.is_none() && !is_inset(item.span.of(source)));
                if is_plain {
                    found.push(Bullets {
                        span: block.span(),
                        items: list.items.iter().map(|item| item.span.start).collect(),
                        verbs: instructions::verbs(source, list),
                        explains,
                    });
                }
                let inside = |item: &Item| match item.span.of(source) {
                    _ if list_is_tab(source, list) => explains,
                    item if is_admonition(item) => Some("bullets in an admonition explain"),
                    _ => Some("bullets inside of an item explain it"),
                };
                list.items.iter().for_each(|item| collect(source, &item.blocks, inside(item), found));
            }
            Block::Quote(quote) => collect(source, &quote.blocks, Some("bullets in a quote explain"), found),
            _ => {}
        }
    }
}

fn list_is_tab(source: &str, list: &List) -> bool {
    list.items.iter().any(|item| is_tab(item.span.of(source)))
}

/// Whether numbered items or boxes stand in these blocks, at any depth.
fn holds_items(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match block {
        Block::List(list) => {
            list.ordered || list.items.iter().any(|item| item.task.is_some() || holds_items(&item.blocks))
        }
        Block::Quote(quote) => holds_items(&quote.blocks),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_list_is_told_how_many_bullets_say_what_to_do_and_where_it_stands() {
        let source = "# T\n\n## A\n\n- Stop it\n- Start it\n- the end\n\n## B\n\n1. Do\n   - Look at it\n\n- Tell them\n\n## C\n\n- [ ] a\n\n> - Call\n";
        let told: Vec<(usize, usize, bool)> = bullets(source)
            .into_iter()
            .map(|list| (list.verbs, list.items.len(), list.explains.is_some()))
            .collect();
        assert_eq!(told, [(2, 3, false), (1, 1, true), (1, 1, true), (0, 1, true)]);
    }
}
