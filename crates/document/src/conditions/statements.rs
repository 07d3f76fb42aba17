//! The statements of a template: what they define, and the expressions in them.

use std::collections::BTreeMap;

use minijinja::machinery::ast::{Expr, Stmt};

use super::Reader;
use super::kinds::{Kind, Texts, looks_like_a_number};
use super::operators::DEEPEST;

impl Reader<'_> {
    /// Of names that a template sets by itself only so much is known, in all of it, as their order asks for.
    pub(super) fn shadow(&mut self, whole: &Stmt<'_>) {
        let mut names = BTreeMap::new();
        self.targets(whole, None, &mut names, 0);
        self.shadowed = names.clone();
        // With all of them unknown at first: what they are made of each other of stays so.
        let mut kinds = BTreeMap::new();
        self.targets(whole, Some(&names), &mut kinds, 0);
        self.complaints.clear();
        self.kinds.clear();
        self.shadowed = kinds.into_iter().map(|(name, kind)| (name, roughly(kind))).collect();
    }

    /// Notes what is set, and to what, where that is to be known.
    fn targets(
        &mut self,
        statement: &Stmt<'_>,
        known: Option<&BTreeMap<String, Kind>>,
        names: &mut BTreeMap<String, Kind>,
        depth: usize,
    ) {
        let mut kind = |of: &Expr<'_>| if known.is_some() { self.kind(of, 0) } else { Kind::Unknown };
        match statement {
            Stmt::ForLoop(each) => {
                let item = match kind(&each.iter) {
                    Kind::List(items) => items.one(),
                    _ => Kind::Unknown,
                };
                target(&each.target, item, names);
            }
            Stmt::Set(set) => target(&set.target, kind(&set.expr), names),
            Stmt::SetBlock(set) => target(&set.target, Kind::Unknown, names),
            Stmt::WithBlock(with) => {
                with.assignments.iter().for_each(|(name, value)| target(name, kind(value), names));
            }
            _ => {}
        }
        if depth < DEEPEST {
            for inner in inside(statement).into_iter().flatten() {
                self.targets(inner, known, names, depth + 1);
            }
        }
    }

    pub(super) fn statement(&mut self, statement: &Stmt<'_>, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match statement {
            Stmt::EmitExpr(emitted) => {
                self.kind(&emitted.expr, 0);
            }
            Stmt::IfCond(condition) => {
                let told = self.complaints.len();
                self.truth(&condition.expr, 0);
                self.decide(&condition.expr, told, 0);
            }
            Stmt::ForLoop(each) => {
                self.kind(&each.iter, 0);
                if let Some(filter) = &each.filter_expr {
                    let told = self.complaints.len();
                    self.truth(filter, 0);
                    self.decide(filter, told, 0);
                }
            }
            Stmt::Set(set) => {
                self.kind(&set.expr, 0);
            }
            _ => {}
        }
        inside(statement).into_iter().flatten().for_each(|inner| self.statement(inner, depth + 1));
    }
}

fn target(target_of: &Expr<'_>, kind: Kind, names: &mut BTreeMap<String, Kind>) {
    match target_of {
        Expr::Var(var) => {
            let kind = match names.remove(var.id) {
                Some(other) => other.or(kind),
                None => kind,
            };
            names.insert(var.id.to_owned(), kind);
        }
        Expr::List(list) => list.items.iter().for_each(|item| target(item, Kind::Unknown, names)),
        Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| target(item, Kind::Unknown, names)),
        _ => {}
    }
}

/// What a name is that a template sets: whether its values are to be ordered as texts or as numbers, and no more.
fn roughly(kind: Kind) -> Kind {
    match kind {
        Kind::Text(texts)
            if texts.listed().is_some_and(|all| !all.iter().any(|one| looks_like_a_number(one))) =>
        {
            Kind::Text(Texts::Said)
        }
        Kind::Text(Texts::Said) => Kind::Text(Texts::Said),
        Kind::Text(_) => Kind::Text(Texts::Any),
        Kind::List(items) => Kind::List(items),
        _ => Kind::Unknown,
    }
}

/// The statements inside of one.
fn inside<'s, 'a>(statement: &'s Stmt<'a>) -> [&'s [Stmt<'a>]; 2] {
    match statement {
        Stmt::Template(template) => [&template.children, &[]],
        Stmt::ForLoop(each) => [&each.body, &each.else_body],
        Stmt::IfCond(condition) => [&condition.true_body, &condition.false_body],
        Stmt::WithBlock(with) => [&with.body, &[]],
        Stmt::SetBlock(set) => [&set.body, &[]],
        Stmt::AutoEscape(escape) => [&escape.body, &[]],
        Stmt::FilterBlock(filter) => [&filter.body, &[]],
        _ => [&[], &[]],
    }
}
