//! A template as it was read, with whatever makes a value of several parts handed to the filter that weighs.

use minijinja::machinery::ast::{
    AutoEscape, BinOp, BinOpKind, Call, CallArg, Compare, CompareOp, Const, Do, EmitExpr, EmitRaw, Expr,
    Filter, FilterBlock, ForLoop, GetAttr, GetItem, IfCond, IfExpr, List, Map, Set, SetBlock, Slice, Spanned,
    Stmt, Template, Test, Tuple, UnaryOp, UnaryOpKind, Var, WithBlock,
};

/// The filter that weighs: a name that no tag can hold.
pub(in crate::template) const WEIGH: &str = "(weigh)";

/// The filter that weighs what becomes a part of something that is there.
pub(in crate::template) const WEIGH_PART: &str = "(part)";

/// One way through a template.
#[derive(Default)]
pub(super) struct Rewriting {
    /// How many parts the longest list has that is written out and repeated.
    pub(super) longest: f64,
}

impl Rewriting {
    pub(super) fn statement<'a>(&mut self, statement: &Stmt<'a>) -> Stmt<'a> {
        match statement {
            Stmt::Template(it) => {
                Stmt::Template(Spanned::new(Template { children: self.all(&it.children) }, it.span()))
            }
            Stmt::EmitExpr(it) => {
                Stmt::EmitExpr(Spanned::new(EmitExpr { expr: self.expression(&it.expr) }, it.span()))
            }
            Stmt::EmitRaw(it) => Stmt::EmitRaw(Spanned::new(EmitRaw { raw: it.raw }, it.span())),
            Stmt::ForLoop(it) => Stmt::ForLoop(Spanned::new(
                ForLoop {
                    target: self.target(&it.target),
                    iter: self.expression(&it.iter),
                    filter_expr: self.perhaps(it.filter_expr.as_ref()),
                    recursive: it.recursive,
                    body: self.all(&it.body),
                    else_body: self.all(&it.else_body),
                },
                it.span(),
            )),
            Stmt::IfCond(it) => Stmt::IfCond(Spanned::new(
                IfCond {
                    expr: self.expression(&it.expr),
                    true_body: self.all(&it.true_body),
                    false_body: self.all(&it.false_body),
                },
                it.span(),
            )),
            Stmt::WithBlock(it) => {
                let assignments = it.assignments.iter();
                let assignments =
                    assignments.map(|(target, expr)| (self.target(target), self.expression(expr))).collect();
                Stmt::WithBlock(Spanned::new(WithBlock { assignments, body: self.all(&it.body) }, it.span()))
            }
            Stmt::Set(it) => {
                let mut expr = self.expression(&it.expr);
                // What a namespace holds is not weighed again where the namespace is written.
                if matches!(it.target, Expr::GetAttr(_)) {
                    expr = handed_to(WEIGH_PART, expr);
                }
                Stmt::Set(Spanned::new(Set { target: self.target(&it.target), expr }, it.span()))
            }
            Stmt::SetBlock(it) => Stmt::SetBlock(Spanned::new(
                SetBlock {
                    target: self.target(&it.target),
                    filter: self.perhaps(it.filter.as_ref()),
                    body: self.all(&it.body),
                },
                it.span(),
            )),
            Stmt::AutoEscape(it) => Stmt::AutoEscape(Spanned::new(
                AutoEscape { enabled: self.expression(&it.enabled), body: self.all(&it.body) },
                it.span(),
            )),
            Stmt::FilterBlock(it) => Stmt::FilterBlock(Spanned::new(
                FilterBlock {
                    filter: self.expression(&it.filter),
                    filter_span: it.filter_span,
                    body: self.all(&it.body),
                },
                it.span(),
            )),
            Stmt::Do(it) => {
                let call = Spanned::new(self.call(&it.call), it.call.span());
                Stmt::Do(Spanned::new(Do { call }, it.span()))
            }
        }
    }

    pub(super) fn expression<'a>(&mut self, expression: &Expr<'a>) -> Expr<'a> {
        let makes = match expression {
            Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) | Expr::Filter(_) => true,
            // What a loop calls itself with is text, and is called for in its own way.
            Expr::Call(it) => !matches!(&it.expr, Expr::Var(var) if var.id == "loop"),
            Expr::BinOp(it) => matches!(it.op, BinOpKind::Add | BinOpKind::Mul),
            _ => false,
        };
        if matches!(expression, Expr::BinOp(_)) {
            self.longest = self.longest.max(parts(expression));
        }
        let inner = self.inner(expression);
        if makes { handed_to(WEIGH, inner) } else { inner }
    }

    fn inner<'a>(&mut self, expression: &Expr<'a>) -> Expr<'a> {
        match expression {
            Expr::Var(it) => Expr::Var(Spanned::new(Var { id: it.id }, it.span())),
            Expr::Const(it) => Expr::Const(Spanned::new(Const { value: it.value.clone() }, it.span())),
            Expr::Slice(it) => Expr::Slice(Spanned::new(
                Slice {
                    expr: self.expression(&it.expr),
                    start: self.perhaps(it.start.as_ref()),
                    stop: self.perhaps(it.stop.as_ref()),
                    step: self.perhaps(it.step.as_ref()),
                },
                it.span(),
            )),
            Expr::UnaryOp(it) => {
                #[allow(clippy::needless_match, reason = "it cannot be copied")]
                let op = match it.op {
                    UnaryOpKind::Not => UnaryOpKind::Not,
                    UnaryOpKind::Neg => UnaryOpKind::Neg,
                };
                Expr::UnaryOp(Spanned::new(UnaryOp { op, expr: self.expression(&it.expr) }, it.span()))
            }
            Expr::BinOp(it) => {
                let (left, right) = (self.expression(&it.left), self.expression(&it.right));
                Expr::BinOp(Spanned::new(BinOp { op: it.op, left, right }, it.span()))
            }
            Expr::Compare(it) => {
                let ops = it.ops.iter();
                let ops = ops.map(|one| CompareOp { op: one.op, expr: self.expression(&one.expr) }).collect();
                Expr::Compare(Spanned::new(Compare { expr: self.expression(&it.expr), ops }, it.span()))
            }
            Expr::IfExpr(it) => Expr::IfExpr(Spanned::new(
                IfExpr {
                    test_expr: self.expression(&it.test_expr),
                    true_expr: self.expression(&it.true_expr),
                    false_expr: self.perhaps(it.false_expr.as_ref()),
                },
                it.span(),
            )),
            Expr::Filter(it) => Expr::Filter(Spanned::new(
                Filter {
                    name: it.name,
                    expr: self.perhaps(it.expr.as_ref()),
                    args: self.arguments(&it.args),
                },
                it.span(),
            )),
            Expr::Test(it) => Expr::Test(Spanned::new(
                Test { name: it.name, expr: self.expression(&it.expr), args: self.arguments(&it.args) },
                it.span(),
            )),
            Expr::GetAttr(it) => Expr::GetAttr(Spanned::new(
                GetAttr { expr: self.expression(&it.expr), name: it.name },
                it.span(),
            )),
            Expr::GetItem(it) => Expr::GetItem(Spanned::new(
                GetItem {
                    expr: self.expression(&it.expr),
                    subscript_expr: self.expression(&it.subscript_expr),
                },
                it.span(),
            )),
            Expr::Call(it) => Expr::Call(Spanned::new(self.call(it), it.span())),
            Expr::List(it) => {
                Expr::List(Spanned::new(List { items: self.expressions(&it.items) }, it.span()))
            }
            Expr::Tuple(it) => {
                Expr::Tuple(Spanned::new(Tuple { items: self.expressions(&it.items) }, it.span()))
            }
            Expr::Map(it) => Expr::Map(Spanned::new(
                Map { keys: self.expressions(&it.keys), values: self.expressions(&it.values) },
                it.span(),
            )),
        }
    }

    /// What is assigned to: names, and what holds them.
    fn target<'a>(&mut self, target: &Expr<'a>) -> Expr<'a> {
        let mut targets = |items: &[Expr<'a>]| items.iter().map(|it| self.target(it)).collect();
        match target {
            Expr::List(it) => Expr::List(Spanned::new(List { items: targets(&it.items) }, it.span())),
            Expr::Tuple(it) => Expr::Tuple(Spanned::new(Tuple { items: targets(&it.items) }, it.span())),
            other => self.inner(other),
        }
    }

    fn call<'a>(&mut self, call: &Call<'a>) -> Call<'a> {
        // A method is called on what it belongs to.
        Call { expr: self.inner(&call.expr), args: self.arguments(&call.args) }
    }

    fn arguments<'a>(&mut self, arguments: &[CallArg<'a>]) -> Vec<CallArg<'a>> {
        let arguments = arguments.iter().map(|argument| match argument {
            CallArg::Pos(it) => CallArg::Pos(self.expression(it)),
            CallArg::Kwarg(name, it) => CallArg::Kwarg(name, self.expression(it)),
            CallArg::PosSplat(it) => CallArg::PosSplat(self.expression(it)),
            CallArg::KwargSplat(it) => CallArg::KwargSplat(self.expression(it)),
        });
        arguments.collect()
    }

    fn all<'a>(&mut self, statements: &[Stmt<'a>]) -> Vec<Stmt<'a>> {
        statements.iter().map(|it| self.statement(it)).collect()
    }

    fn expressions<'a>(&mut self, expressions: &[Expr<'a>]) -> Vec<Expr<'a>> {
        expressions.iter().map(|it| self.expression(it)).collect()
    }

    fn perhaps<'a>(&mut self, expression: Option<&Expr<'a>>) -> Option<Expr<'a>> {
        expression.map(|it| self.expression(it))
    }
}

fn handed_to<'a>(filter: &'a str, expression: Expr<'a>) -> Expr<'a> {
    let span = expression.span();
    Expr::Filter(Spanned::new(Filter { name: filter, expr: Some(expression), args: Vec::new() }, span))
}

/// How many parts a list has that is written out, repeated as it says; 0 of anything else.
fn parts(expression: &Expr<'_>) -> f64 {
    match expression {
        Expr::List(it) => it.items.len() as f64,
        Expr::Tuple(it) => it.items.len() as f64,
        Expr::BinOp(it) => match it.op {
            BinOpKind::Mul => (parts(&it.left) * number(&it.right)).max(parts(&it.right) * number(&it.left)),
            BinOpKind::Add => parts(&it.left) + parts(&it.right),
            BinOpKind::ScAnd | BinOpKind::ScOr => parts(&it.left).max(parts(&it.right)),
            _ => 0.0,
        },
        _ => 0.0,
    }
}

/// How large a number is at most that is written out; 0 of anything else, which is not worked out beforehand.
fn number(expression: &Expr<'_>) -> f64 {
    match expression {
        Expr::Const(it) => f64::try_from(it.value.clone()).map_or(1.0, f64::abs),
        Expr::UnaryOp(it) => number(&it.expr),
        Expr::Compare(_) => 1.0,
        Expr::BinOp(it) => {
            let (left, right) = (number(&it.left), number(&it.right));
            match it.op {
                BinOpKind::Add | BinOpKind::Sub => left + right,
                BinOpKind::Mul => left * right,
                BinOpKind::Pow => left.powf(right),
                BinOpKind::Div | BinOpKind::FloorDiv => left / right,
                _ => left.max(right).max(1.0),
            }
        }
        _ => 0.0,
    }
}
