//! Conditions, typed before anything runs: what they compare must be able to be equal, and to differ.
//!
//! Read over the syntax tree of the library that evaluates them, so that both mean the same by an expression. What
//! this does not understand has no known kind, and is never a reason to complain.

mod kinds;
mod meant;
mod words;

use std::collections::BTreeSet;

use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, Stmt, UnaryOpKind};
use minijinja::machinery::{parse, parse_expr};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Value, value};

pub(crate) use kinds::{Kind, Texts};
pub(crate) use meant::meant;

use kinds::{Operator, Range, looks_like_a_number, may_be_empty, outcome};
use words::{operand, told};

/// How deep an expression is looked into; what lies deeper has no known kind.
const DEEPEST: usize = 100;

/// What is wrong with an expression, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) message: String,
    pub(crate) help: String,
}

/// Complaints about a condition. `kind_of` knows what each name, or attribute of one, is.
pub(crate) fn condition(text: &str, kind_of: &dyn Fn(&str) -> Kind) -> Vec<Complaint> {
    // What does not parse is told elsewhere.
    let Ok(expression) = parse_expr(text) else { return Vec::new() };
    let mut reader = Reader { kind_of, shadowed: BTreeSet::new(), template: false, complaints: Vec::new() };
    reader.truth(&expression, 0);
    reader.complaints
}

/// Complaints about what the tags and insertions of a template compare.
pub(crate) fn template(text: &str, kind_of: &dyn Fn(&str) -> Kind) -> Vec<Complaint> {
    let compares = ["==", "!=", "<", ">", " in ", " is "].iter().any(|sign| text.contains(sign));
    let Some(Ok(whole)) = compares.then(|| parse(text, "", SyntaxConfig::default())) else {
        return Vec::new();
    };
    let mut reader = Reader { kind_of, shadowed: BTreeSet::new(), template: true, complaints: Vec::new() };
    reader.shadow(&whole, 0);
    reader.statement(&whole, 0);
    reader.complaints
}

/// What is known of a captured value: it is a text, whatever it holds.
pub(crate) fn captured(may_be_empty: bool) -> Kind {
    Kind::Text(if may_be_empty { Texts::Any } else { Texts::NotEmpty })
}

struct Reader<'k> {
    kind_of: &'k dyn Fn(&str) -> Kind,
    /// Names that the template itself sets.
    shadowed: BTreeSet<String>,
    template: bool,
    complaints: Vec<Complaint>,
}

impl Reader<'_> {
    fn complain(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.complaints.push(Complaint { message: message.into(), help: help.into() });
    }

    /// What stands where true or false is asked for.
    fn truth(&mut self, expression: &Expr<'_>, depth: usize) {
        let kind = self.kind(expression, depth);
        // Templates ask of a text whether there is any.
        if self.template || matches!(kind, Kind::Truth(_)) {
            return;
        }
        if let (Some(words), Some(name)) = (kind.words(), operand(expression)) {
            let help = match &kind {
                Kind::Number(_) => format!("compare it: `{name} > 0`"),
                Kind::Text(Texts::OneOf(texts, _)) if !texts.is_empty() => {
                    format!("compare it: `{name} == \"{}\"`", texts[0])
                }
                Kind::Text(texts) if may_be_empty(texts) => {
                    format!("compare it: `{name} != \"\"`, or with the text that is meant")
                }
                _ => format!("compare it: `{name} == \"true\"`, or with the text that is meant"),
            };
            let message = format!("`{name}` is {words}, and a condition is true or false");
            self.complain(message, help);
        }
    }

    fn kind(&mut self, expression: &Expr<'_>, depth: usize) -> Kind {
        if depth > DEEPEST {
            return Kind::Unknown;
        }
        let deeper = depth + 1;
        match expression {
            Expr::Const(constant) => of_value(&constant.value),
            Expr::Var(var) => self.named(var.id),
            Expr::GetAttr(attribute) => match &attribute.expr {
                Expr::Var(var) => self.named(&format!("{}.{}", var.id, attribute.name)),
                other => self.passing(other, deeper),
            },
            Expr::GetItem(item) => match (&item.expr, &item.subscript_expr) {
                (Expr::Var(var), Expr::Const(key)) => match key.value.as_str() {
                    Some(key) => self.named(&format!("{}.{key}", var.id)),
                    None => Kind::Unknown,
                },
                (of, key) => {
                    self.passing(of, deeper);
                    self.passing(key, deeper)
                }
            },
            Expr::UnaryOp(unary) => match unary.op {
                UnaryOpKind::Not => {
                    self.truth(&unary.expr, deeper);
                    Kind::Truth(None)
                }
                UnaryOpKind::Neg => match self.kind(&unary.expr, deeper) {
                    Kind::Number(range) => Kind::Number(Range {
                        least: -range.most,
                        most: -range.least,
                        whole: range.whole,
                        declared: range.declared,
                    }),
                    _ => Kind::Unknown,
                },
            },
            Expr::BinOp(binary) => match binary.op {
                BinOpKind::ScAnd | BinOpKind::ScOr => self.joined(expression, deeper),
                BinOpKind::In => {
                    self.among(&binary.left, &binary.right, deeper);
                    Kind::Truth(None)
                }
                op => match comparison(op) {
                    Some(operator) => {
                        self.compare(operator, &binary.left, &binary.right, deeper);
                        Kind::Truth(None)
                    }
                    None => self.calculated(op, &binary.left, &binary.right, deeper),
                },
            },
            Expr::Compare(chain) => {
                let mut left = &chain.expr;
                for link in &chain.ops {
                    match of_link(link.op) {
                        Some(operator) => self.compare(operator, left, &link.expr, deeper),
                        None => self.among(left, &link.expr, deeper),
                    }
                    left = &link.expr;
                }
                Kind::Truth(None)
            }
            Expr::IfExpr(choice) => {
                self.truth(&choice.test_expr, deeper);
                let one = self.kind(&choice.true_expr, deeper);
                match &choice.false_expr {
                    Some(other) => one.or(self.kind(other, deeper)),
                    None => Kind::Unknown,
                }
            }
            Expr::Filter(filter) => {
                if let Some(of) = &filter.expr {
                    self.passing(of, deeper);
                }
                self.arguments(&filter.args, deeper);
                filtered(filter.name)
            }
            Expr::Test(test) => {
                match (of_test(test.name), test.args.as_slice()) {
                    (Some(operator), [CallArg::Pos(other)]) => {
                        self.compare(operator, &test.expr, other, deeper)
                    }
                    (None, [CallArg::Pos(other)]) if test.name == "in" => {
                        self.among(&test.expr, other, deeper)
                    }
                    _ => {
                        self.passing(&test.expr, deeper);
                        self.arguments(&test.args, deeper);
                    }
                }
                Kind::Truth(None)
            }
            Expr::Call(call) => {
                self.arguments(&call.args, deeper);
                Kind::Unknown
            }
            Expr::Slice(_) | Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) => Kind::Unknown,
        }
    }

    /// Looks into what comes to nothing that is known here.
    fn passing(&mut self, expression: &Expr<'_>, depth: usize) -> Kind {
        self.kind(expression, depth);
        Kind::Unknown
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>], depth: usize) {
        for argument in arguments {
            match argument {
                CallArg::Pos(one)
                | CallArg::Kwarg(_, one)
                | CallArg::PosSplat(one)
                | CallArg::KwargSplat(one) => {
                    self.passing(one, depth);
                }
            }
        }
    }

    fn named(&self, dotted: &str) -> Kind {
        let name = dotted.split('.').next().unwrap_or(dotted);
        if self.shadowed.contains(name) { Kind::Unknown } else { (self.kind_of)(dotted) }
    }

    /// A chain of `and` and `or`, which may be long: it leans to the left, so it is gone down in a loop.
    fn joined(&mut self, whole: &Expr<'_>, depth: usize) -> Kind {
        let mut at = whole;
        let mut rights = Vec::new();
        while let Expr::BinOp(binary) = at
            && matches!(binary.op, BinOpKind::ScAnd | BinOpKind::ScOr)
        {
            rights.push(&binary.right);
            at = &binary.left;
        }
        self.truth(at, depth);
        rights.into_iter().rev().for_each(|right| self.truth(right, depth));
        if self.template { Kind::Unknown } else { Kind::Truth(None) }
    }

    fn calculated(&mut self, op: BinOpKind, left: &Expr<'_>, right: &Expr<'_>, depth: usize) -> Kind {
        match (op, self.kind(left, depth), self.kind(right, depth)) {
            (BinOpKind::Concat, ..) => Kind::Text(Texts::Any),
            (_, Kind::Number(left), Kind::Number(right)) => {
                let whole = left.whole && right.whole && !matches!(op, BinOpKind::Div | BinOpKind::Pow);
                Kind::Number(Range::any(whole))
            }
            _ => Kind::Unknown,
        }
    }

    /// One comparison of two values.
    fn compare(&mut self, operator: Operator, left: &Expr<'_>, right: &Expr<'_>, depth: usize) {
        let (of_left, of_right) = (self.kind(left, depth), self.kind(right, depth));
        self.judge(operator, (left, &of_left), (right, &of_right));
    }

    fn judge(&mut self, operator: Operator, left: (&Expr<'_>, &Kind), right: (&Expr<'_>, &Kind)) {
        let complaint = match (left.1, right.1) {
            (Kind::Unknown, _) | (_, Kind::Unknown) => None,
            (Kind::Text(of_left), Kind::Text(of_right)) if operator.orders() => {
                unsaid(of_left, of_right).then(|| told::order(operator, left.0, right.0))
            }
            (one, other) if std::mem::discriminant(one) != std::mem::discriminant(other) => {
                Some(told::kinds(operator, left, right))
            }
            (Kind::Number(one), Kind::Number(other)) if self.template && (one.declared || other.declared) => {
                Some(told::as_written(operator, left, right))
            }
            _ => None,
        };
        let complaint = complaint.or_else(|| {
            outcome(operator, left.1, right.1).map(|held| told::outcome(operator, held, left, right))
        });
        self.complaints.extend(complaint);
    }

    /// `left in right`.
    fn among(&mut self, left: &Expr<'_>, right: &Expr<'_>, depth: usize) {
        let of_left = self.kind(left, depth);
        let items = match right {
            Expr::List(list) => &list.items,
            Expr::Tuple(tuple) => &tuple.items,
            _ => {
                let of_right = self.kind(right, depth);
                self.complaints.extend(told::inside((left, &of_left), (right, &of_right)));
                return;
            }
        };
        if items.is_empty() {
            let name = operand(left).unwrap_or_else(|| "this".to_owned());
            self.complain(
                format!("`{name}` is never in a list of nothing"),
                "write what it may be into the list",
            );
        }
        let mut named = BTreeSet::new();
        for item in items {
            let kind = self.kind(item, depth);
            if let Kind::Text(Texts::Exactly(text)) = &kind {
                named.insert(text.clone());
            }
            self.judge(Operator::Equal, (left, &of_left), (item, &kind));
        }
        // What is `environment.name` depends on where the document runs, and a list may well be of all that is.
        if let Kind::Text(Texts::OneOf(texts, "choices")) = &of_left
            && texts.iter().all(|text| named.contains(text))
        {
            let name = operand(left).unwrap_or_default();
            let message = format!("`{name}` is always one of these, which are all that it can be");
            self.complain(message, "leave out what does not belong there, or the comparison");
        }
    }

    /// Names that a template sets by itself are of no known kind in all of it.
    fn shadow(&mut self, statement: &Stmt<'_>, depth: usize) {
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

    fn statement(&mut self, statement: &Stmt<'_>, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match statement {
            Stmt::EmitExpr(emitted) => {
                self.kind(&emitted.expr, 0);
            }
            Stmt::IfCond(condition) => self.truth(&condition.expr, 0),
            Stmt::ForLoop(each) => {
                self.kind(&each.iter, 0);
                if let Some(filter) = &each.filter_expr {
                    self.truth(filter, 0);
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

fn of_value(value: &Value) -> Kind {
    match value.kind() {
        value::ValueKind::String => {
            value.as_str().map_or(Kind::Unknown, |text| Kind::Text(Texts::Exactly(text.to_owned())))
        }
        value::ValueKind::Number => {
            f64::try_from(value.clone()).map_or(Kind::Unknown, |number| Kind::Number(Range::exactly(number)))
        }
        value::ValueKind::Bool => Kind::Truth(Some(value.is_true())),
        _ => Kind::Unknown,
    }
}

fn filtered(name: &str) -> Kind {
    match name {
        "int" => Kind::Number(Range::any(true)),
        "length" | "count" => Kind::Number(Range { least: 0.0, ..Range::any(true) }),
        "float" | "abs" | "round" => Kind::Number(Range::any(false)),
        "bool" => Kind::Truth(None),
        "string" => Kind::Text(Texts::Said),
        "lower" | "upper" | "title" | "trim" | "capitalize" | "replace" | "join" | "format" => {
            Kind::Text(Texts::Any)
        }
        _ => Kind::Unknown,
    }
}

/// Whether nobody said that these two are to be compared letter by letter, and they may be numbers.
fn unsaid(left: &Texts, right: &Texts) -> bool {
    match (left, right) {
        (Texts::Said, _) | (_, Texts::Said) => false,
        (Texts::Exactly(text), _) | (_, Texts::Exactly(text)) => looks_like_a_number(text),
        _ => true,
    }
}

fn comparison(op: BinOpKind) -> Option<Operator> {
    Some(match op {
        BinOpKind::Eq => Operator::Equal,
        BinOpKind::Ne => Operator::Unequal,
        BinOpKind::Lt => Operator::Less,
        BinOpKind::Lte => Operator::AtMost,
        BinOpKind::Gt => Operator::Greater,
        BinOpKind::Gte => Operator::AtLeast,
        _ => return None,
    })
}

fn of_link(op: CompareOpKind) -> Option<Operator> {
    Some(match op {
        CompareOpKind::Eq => Operator::Equal,
        CompareOpKind::Ne => Operator::Unequal,
        CompareOpKind::Lt => Operator::Less,
        CompareOpKind::Lte => Operator::AtMost,
        CompareOpKind::Gt => Operator::Greater,
        CompareOpKind::Gte => Operator::AtLeast,
        CompareOpKind::In | CompareOpKind::NotIn => return None,
    })
}

fn of_test(name: &str) -> Option<Operator> {
    Some(match name {
        "eq" | "equalto" | "==" => Operator::Equal,
        "ne" | "!=" => Operator::Unequal,
        "lt" | "lessthan" | "<" => Operator::Less,
        "le" | "<=" => Operator::AtMost,
        "gt" | "greaterthan" | ">" => Operator::Greater,
        "ge" | ">=" => Operator::AtLeast,
        _ => return None,
    })
}

impl Operator {
    fn orders(self) -> bool {
        !matches!(self, Operator::Equal | Operator::Unequal)
    }

    fn sign(self) -> &'static str {
        match self {
            Operator::Equal => "==",
            Operator::Unequal => "!=",
            Operator::Less => "<",
            Operator::AtMost => "<=",
            Operator::Greater => ">",
            Operator::AtLeast => ">=",
        }
    }
}

#[cfg(test)]
mod tests;
