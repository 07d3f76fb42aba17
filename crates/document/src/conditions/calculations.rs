//! What calculations come to, and comparisons of them.

use minijinja::Value;
use minijinja::machinery::ast::{BinOpKind, Expr};

use super::complaint::Complaint;
use super::kinds::{Kind, Operator, Range};
use super::languages::outcome;
use super::made::framed;
use super::sums;
use super::words::told;

impl super::Reader<'_> {
    /// What comes of two values and a sign between them.
    pub(super) fn calculated(
        &mut self,
        op: BinOpKind,
        left: &Expr<'_>,
        right: &Expr<'_>,
        depth: usize,
    ) -> Kind {
        let (left, right) = (self.kind(left, depth), self.kind(right, depth));
        match (op, &left, &right) {
            (_, Kind::Unknown, _) | (_, _, Kind::Unknown) if !matches!(op, BinOpKind::Concat) => {
                Kind::Unknown
            }
            (BinOpKind::Concat, Kind::Text(_), Kind::Text(_))
            | (BinOpKind::Add, Kind::Text(_), Kind::Text(_)) => match (left.values(), right.values()) {
                (Some(one), Some(other)) if one.len() * other.len() <= 200 => {
                    let texts = one
                        .iter()
                        .flat_map(|one| other.iter().map(move |other| Value::from(format!("{one}{other}"))));
                    let elsewhere = matches!(&right, Kind::Text(texts) if texts.elsewhere().is_some());
                    Kind::of_values(&texts.collect::<Vec<_>>(), if elsewhere { &right } else { &left })
                }
                _ => Kind::Text(framed(&left, &right)),
            },
            (BinOpKind::Add, Kind::List(one), Kind::List(other)) => Kind::List(one.clone().and(other)),
            (BinOpKind::Concat, ..) => Kind::Text(framed(&left, &right)),
            (BinOpKind::Add, Kind::Number(one), Kind::Number(other)) => Kind::Number(one.plus(*other)),
            (BinOpKind::Sub, Kind::Number(one), Kind::Number(other)) => {
                Kind::Number(one.plus(other.negated()))
            }
            (BinOpKind::Rem, Kind::Number(of), Kind::Number(by)) => Kind::Number(of.rest(*by)),
            (BinOpKind::Mul, Kind::Number(one), Kind::Number(other)) => {
                Kind::Number(one.combined(*other, one.whole && other.whole, |one, other| one * other))
            }
            (BinOpKind::Div, Kind::Number(of), Kind::Number(by)) if by.least > 0.0 || by.most < 0.0 => {
                Kind::Number(of.combined(*by, false, |of, by| of / by))
            }
            (BinOpKind::FloorDiv, Kind::Number(of), Kind::Number(by)) if by.least > 0.0 => {
                Kind::Number(of.combined(*by, of.whole && by.whole, |of, by| (of / by).floor()))
            }
            (_, Kind::Number(left), Kind::Number(right)) => {
                let whole = left.whole && right.whole && !matches!(op, BinOpKind::Div | BinOpKind::Pow);
                Kind::Number(Range::any(whole))
            }
            _ => {
                let what = |kind: &Kind| kind.words().unwrap_or("something");
                let message = format!("this calculates with {} and {}", what(&left), what(&right));
                self.unclear(message, "write `| int` or `| float` behind a text that holds a number")
            }
        }
    }

    /// A comparison of calculations that comes out the same, whatever is put into them.
    pub(super) fn calculation(
        &mut self,
        operator: Operator,
        left: (&Expr<'_>, &Kind),
        right: (&Expr<'_>, &Kind),
    ) -> Option<Complaint> {
        if self.template || !matches!((left.1, right.1), (Kind::Number(_), Kind::Number(_))) {
            return None;
        }
        let difference = sums::difference(left.0, right.0, &mut |part| self.kind(part, 0));
        let held = outcome(operator, &Kind::Number(difference?), &Kind::Number(Range::exactly(0.0)))?;
        Some(told::whatever(operator, held, left.0, right.0))
    }
}
