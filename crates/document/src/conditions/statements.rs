//! The statements of a template: what they define, and the expressions in them.

use minijinja::machinery::ast::{Expr, Stmt};

use super::Reader;
use super::operators::DEEPEST;

impl Reader<'_> {
    /// Names that a template sets by itself are of no known kind in all of it.
    pub(super) fn shadow(&mut self, statement: &Stmt<'_>, depth: usize) {
        match statement {
            Stmt::ForLoop(each) => self.target(&each.target),
            Stmt::Set(set) => self.target(&set.target),
            Stmt::SetBlock(set) => self.target(&set.target),
            Stmt::WithBlock(with) => with.assignments.iter().for_each(|(target, _)| self.target(target)),
            _ => {}
        }
        if depth < DEEPEST {
            inside(statement).into_iter().flatten().for_each(|inner| self.shadow(inner, depth + 1));
        }
    }

    fn target(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(var) => {
                self.shadowed.insert(var.id.to_owned());
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.target(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.target(item)),
            _ => {}
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
