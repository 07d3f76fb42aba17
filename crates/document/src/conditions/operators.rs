//! The signs that compare, however the library names them.

use minijinja::machinery::ast::{BinOpKind, CompareOpKind};

use super::kinds::Operator;

/// How deep an expression is looked into; what lies deeper has no known kind.
pub(super) const DEEPEST: usize = 100;

pub(super) fn comparison(op: BinOpKind) -> Option<Operator> {
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

pub(super) fn of_link(op: CompareOpKind) -> Option<Operator> {
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

pub(super) fn of_test(name: &str) -> Option<Operator> {
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
    pub(super) fn orders(self) -> bool {
        !matches!(self, Operator::Equal | Operator::Unequal)
    }

    pub(super) fn sign(self) -> &'static str {
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
