//! An expression as text: for people, and once more for the library, with a name for each of its values.

use std::collections::BTreeMap;

use minijinja::Value;
use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, UnaryOpKind};

use super::operators::DEEPEST;

/// An expression in which names and values written out are replaced, so that it can be asked about any of them.
pub(super) struct Asked {
    pub(super) text: String,
    /// Names in it, with their attributes: the first one is `__n0`.
    pub(super) names: Vec<String>,
    /// Values written out in it: the first one is `__k0`.
    pub(super) constants: Vec<Value>,
}

impl Asked {
    /// The values that are written out, by the names that they have in it.
    pub(super) fn context(&self) -> BTreeMap<String, Value> {
        self.constants.iter().enumerate().map(|(at, value)| (format!("__k{at}"), value.clone())).collect()
    }
}

/// The expression to be asked; `None` where it holds what is not asked for, such as calls.
pub(super) fn to_ask(expression: &Expr<'_>) -> Option<Asked> {
    let mut printer = Printer { replace: true, names: Vec::new(), constants: Vec::new() };
    let text = printer.print(expression, 0)?;
    Some(Asked { text, names: printer.names, constants: printer.constants })
}

/// The expression as people read it; `None` where it holds what nothing is said of.
pub(super) fn to_show(expression: &Expr<'_>) -> Option<String> {
    Printer { replace: false, names: Vec::new(), constants: Vec::new() }.print(expression, 0)
}

/// A name, or an attribute of one, as `environment.name`.
pub(super) fn dotted(expression: &Expr<'_>) -> Option<String> {
    let (of, key) = match expression {
        Expr::Var(var) => return Some(var.id.to_owned()),
        Expr::GetAttr(attribute) => (&attribute.expr, attribute.name),
        Expr::GetItem(item) => match &item.subscript_expr {
            Expr::Const(key) => (&item.expr, key.value.as_str()?),
            _ => return None,
        },
        _ => return None,
    };
    match of {
        Expr::Var(var) => Some(format!("{}.{key}", var.id)),
        _ => None,
    }
}

/// What stands on one side of a comparison, as it is written; `None` where that is more than a name or a value.
pub(super) fn operand(expression: &Expr<'_>) -> Option<String> {
    match expression {
        Expr::Var(var) => Some(var.id.to_owned()),
        Expr::GetItem(item) => match &item.subscript_expr {
            Expr::Const(key) => Some(format!("{}.{}", operand(&item.expr)?, key.value.as_str()?)),
            _ => None,
        },
        Expr::GetAttr(attribute) => Some(format!("{}.{}", operand(&attribute.expr)?, attribute.name)),
        Expr::Const(constant) => Some(match constant.value.as_str() {
            Some(text) => format!("{text:?}"),
            None => match constant.value.kind() {
                minijinja::value::ValueKind::Bool => constant.value.is_true().to_string(),
                _ => constant.value.to_string(),
            },
        }),
        Expr::UnaryOp(unary) if matches!(unary.expr, Expr::Const(_)) => {
            Some(format!("-{}", operand(&unary.expr)?))
        }
        Expr::Filter(filter) => {
            let arguments = filter.args.iter().map(|argument| match argument {
                CallArg::Pos(one) => operand(one),
                _ => None,
            });
            let arguments = arguments.collect::<Option<Vec<String>>>()?.join(", ");
            let arguments = if arguments.is_empty() { arguments } else { format!("({arguments})") };
            Some(format!("{} | {}{arguments}", operand(filter.expr.as_ref()?)?, filter.name))
        }
        _ => None,
    }
}

struct Printer {
    replace: bool,
    names: Vec<String>,
    constants: Vec<Value>,
}

impl Printer {
    fn print(&mut self, expression: &Expr<'_>, depth: usize) -> Option<String> {
        if depth > DEEPEST {
            return None;
        }
        if self.replace
            && let Some(name) = dotted(expression)
        {
            let known = self.names.iter().position(|known| *known == name);
            let at = known.unwrap_or_else(|| {
                self.names.push(name);
                self.names.len() - 1
            });
            return Some(format!("__n{at}"));
        }
        let deeper = depth + 1;
        Some(match expression {
            Expr::Const(constant) if self.replace => {
                self.constants.push(constant.value.clone());
                format!("__k{}", self.constants.len() - 1)
            }
            Expr::Const(_) | Expr::Var(_) => operand(expression)?,
            Expr::GetAttr(attribute) => format!("{}.{}", self.part(&attribute.expr, deeper)?, attribute.name),
            Expr::GetItem(item) => {
                let of = self.part(&item.expr, deeper)?;
                format!("{of}[{}]", self.print(&item.subscript_expr, deeper)?)
            }
            Expr::UnaryOp(unary) => match unary.op {
                UnaryOpKind::Not => format!("not {}", self.compared(&unary.expr, deeper)?),
                UnaryOpKind::Neg => format!("-{}", self.part(&unary.expr, deeper)?),
            },
            Expr::BinOp(binary) => {
                let joined = matches!(binary.op, BinOpKind::ScAnd | BinOpKind::ScOr);
                let mut side = |side: &Expr<'_>| match (joined, side) {
                    (true, Expr::BinOp(inner)) if same(inner.op, binary.op) => self.print(side, deeper),
                    (true, _) => self.compared(side, deeper),
                    (false, _) => self.part(side, deeper),
                };
                let (left, right) = (side(&binary.left)?, side(&binary.right)?);
                format!("{left} {} {right}", sign(binary.op))
            }
            Expr::Compare(chain) => {
                let mut text = self.part(&chain.expr, deeper)?;
                for link in &chain.ops {
                    text = format!("{text} {} {}", link_sign(link.op), self.part(&link.expr, deeper)?);
                }
                text
            }
            Expr::IfExpr(choice) => {
                let (test, one) =
                    (self.compared(&choice.test_expr, deeper)?, self.compared(&choice.true_expr, deeper)?);
                let other = self.compared(choice.false_expr.as_ref()?, deeper)?;
                format!("{one} if {test} else {other}")
            }
            Expr::Filter(filter) => {
                let of = self.part(filter.expr.as_ref()?, deeper)?;
                format!("{of} | {}{}", filter.name, self.arguments(&filter.args, deeper)?)
            }
            Expr::Test(test) => {
                let of = self.part(&test.expr, deeper)?;
                format!("{of} is {}{}", test.name, self.arguments(&test.args, deeper)?)
            }
            Expr::List(list) => format!("[{}]", self.items(&list.items, deeper)?),
            Expr::Tuple(tuple) => format!("[{}]", self.items(&tuple.items, deeper)?),
            Expr::Call(call) if is_range(&call.expr) => {
                format!("range{}", self.arguments(&call.args, deeper)?)
            }
            Expr::Map(map) => {
                let mut entries = Vec::with_capacity(map.keys.len());
                for (key, value) in map.keys.iter().zip(&map.values) {
                    entries.push(format!(
                        "{}: {}",
                        self.compared(key, deeper)?,
                        self.compared(value, deeper)?
                    ));
                }
                format!("{{{}}}", entries.join(", "))
            }
            Expr::Call(_) | Expr::Slice(_) => return None,
        })
    }

    fn items(&mut self, items: &[Expr<'_>], depth: usize) -> Option<String> {
        let items: Option<Vec<String>> = items.iter().map(|item| self.compared(item, depth)).collect();
        items.map(|items| items.join(", "))
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>], depth: usize) -> Option<String> {
        let mut told = Vec::with_capacity(arguments.len());
        for argument in arguments {
            told.push(match argument {
                CallArg::Pos(one) => self.compared(one, depth)?,
                CallArg::Kwarg(name, one) => format!("{name}={}", self.compared(one, depth)?),
                CallArg::PosSplat(_) | CallArg::KwargSplat(_) => return None,
            });
        }
        Some(if told.is_empty() { String::new() } else { format!("({})", told.join(", ")) })
    }

    /// In brackets where it holds words that would reach beyond it.
    fn compared(&mut self, expression: &Expr<'_>, depth: usize) -> Option<String> {
        let loose = match expression {
            Expr::BinOp(binary) => matches!(binary.op, BinOpKind::ScAnd | BinOpKind::ScOr),
            Expr::UnaryOp(unary) => matches!(unary.op, UnaryOpKind::Not),
            Expr::IfExpr(_) => true,
            _ => false,
        };
        let text = self.print(expression, depth)?;
        Some(if loose { format!("({text})") } else { text })
    }

    /// In brackets where it is more than a name, a value, or what a filter makes of one.
    fn part(&mut self, expression: &Expr<'_>, depth: usize) -> Option<String> {
        let tight = match expression {
            Expr::Const(constant) => self.replace || !constant.value.to_string().starts_with('-'),
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) | Expr::Filter(_) => true,
            Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) | Expr::Call(_) => true,
            _ => false,
        };
        let text = self.print(expression, depth)?;
        Some(if tight { text } else { format!("({text})") })
    }
}

/// Whether this is the function that counts.
pub(super) fn is_range(called: &Expr<'_>) -> bool {
    matches!(called, Expr::Var(var) if var.id == "range")
}

fn same(one: BinOpKind, other: BinOpKind) -> bool {
    std::mem::discriminant(&one) == std::mem::discriminant(&other)
}

fn sign(op: BinOpKind) -> &'static str {
    match op {
        BinOpKind::Eq => "==",
        BinOpKind::Ne => "!=",
        BinOpKind::Lt => "<",
        BinOpKind::Lte => "<=",
        BinOpKind::Gt => ">",
        BinOpKind::Gte => ">=",
        BinOpKind::ScAnd => "and",
        BinOpKind::ScOr => "or",
        BinOpKind::Add => "+",
        BinOpKind::Sub => "-",
        BinOpKind::Mul => "*",
        BinOpKind::Div => "/",
        BinOpKind::FloorDiv => "//",
        BinOpKind::Rem => "%",
        BinOpKind::Pow => "**",
        BinOpKind::Concat => "~",
        BinOpKind::In => "in",
    }
}

fn link_sign(op: CompareOpKind) -> &'static str {
    match op {
        CompareOpKind::Eq => "==",
        CompareOpKind::Ne => "!=",
        CompareOpKind::Lt => "<",
        CompareOpKind::Lte => "<=",
        CompareOpKind::Gt => ">",
        CompareOpKind::Gte => ">=",
        CompareOpKind::In => "in",
        CompareOpKind::NotIn => "not in",
    }
}
