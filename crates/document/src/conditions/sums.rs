//! Calculations multiplied out: what stands on both sides of a comparison is gone from their difference, and a square
//! is never less than nothing.

use std::collections::BTreeMap;

use minijinja::Value;
use minijinja::machinery::ast::{BinOpKind, Expr, UnaryOpKind};
use minijinja::value::ValueKind as Form;

use super::kinds::{Kind, Range};
use super::operators::DEEPEST;
use super::printed::to_show;
use super::worlds::EXACT;

/// Most products that a sum is multiplied out into.
const MOST: usize = 64;

/// The highest power that is multiplied out.
const HIGHEST: u32 = 8;

/// Which numbers `left - right` can be; `None` where that is not known, or where rounding may decide.
pub(super) fn difference(
    left: &Expr<'_>,
    right: &Expr<'_>,
    kind: &mut dyn FnMut(&Expr<'_>) -> Kind,
) -> Option<Range> {
    let mut reader = Reader { kind, ranges: BTreeMap::new(), merged: false, whole: true };
    let left = reader.read(left, 0)?;
    let right = reader.read(right, 0)?;
    let whole = reader.sum(left, &right, -1.0)?;
    let range = reader.range(&whole);
    (reader.whole || !reader.merged).then_some(range)
}

/// Names with their powers.
type Product = BTreeMap<String, u32>;

/// Products, and how often each is there.
type Sum = BTreeMap<Product, f64>;

struct Reader<'k> {
    kind: &'k mut dyn FnMut(&Expr<'_>) -> Kind,
    ranges: BTreeMap<String, Range>,
    /// Whether like products came together, which floats do not do exactly.
    merged: bool,
    /// Whether nothing but whole numbers is in it.
    whole: bool,
}

impl Reader<'_> {
    fn read(&mut self, expression: &Expr<'_>, depth: usize) -> Option<Sum> {
        if depth > DEEPEST {
            return None;
        }
        let deeper = depth + 1;
        match expression {
            Expr::Const(constant) => {
                let number = number(&constant.value)?;
                self.whole &= number.fract() == 0.0;
                Some(constant_of(number))
            }
            Expr::UnaryOp(unary) if matches!(unary.op, UnaryOpKind::Neg) => {
                let of = self.read(&unary.expr, deeper)?;
                self.sum(Sum::new(), &of, -1.0)
            }
            Expr::BinOp(binary) => match binary.op {
                BinOpKind::Add | BinOpKind::Sub => {
                    let left = self.read(&binary.left, deeper)?;
                    let right = self.read(&binary.right, deeper)?;
                    self.sum(left, &right, if matches!(binary.op, BinOpKind::Add) { 1.0 } else { -1.0 })
                }
                BinOpKind::Mul => {
                    let left = self.read(&binary.left, deeper)?;
                    let right = self.read(&binary.right, deeper)?;
                    self.product(&left, &right)
                }
                BinOpKind::Pow if let Expr::Const(power) = &binary.right => {
                    let power = u32::try_from(power.value.clone()).ok().filter(|power| *power <= HIGHEST)?;
                    let of = self.read(&binary.left, deeper)?;
                    (0..power).try_fold(constant_of(1.0), |all, _| self.product(&all, &of))
                }
                _ => self.name(expression),
            },
            _ => self.name(expression),
        }
    }

    /// Anything else that is a number: the same wherever it is written in the same way.
    fn name(&mut self, expression: &Expr<'_>) -> Option<Sum> {
        let Kind::Number(range) = (self.kind)(expression) else { return None };
        let name = to_show(expression)?;
        self.whole &= range.whole;
        self.ranges.insert(name.clone(), range);
        Some(Sum::from([(Product::from([(name, 1)]), 1.0)]))
    }

    fn sum(&mut self, mut one: Sum, other: &Sum, times: f64) -> Option<Sum> {
        for (product, count) in other {
            self.add(&mut one, product.clone(), count * times)?;
        }
        Some(one)
    }

    fn product(&mut self, one: &Sum, other: &Sum) -> Option<Sum> {
        let mut all = Sum::new();
        for (left, times) in one {
            for (right, count) in other {
                let mut product = left.clone();
                for (name, power) in right {
                    let sum = product.entry(name.clone()).or_insert(0);
                    *sum += power;
                    if *sum > HIGHEST {
                        return None;
                    }
                }
                self.add(&mut all, product, times * count)?;
            }
        }
        Some(all)
    }

    fn add(&mut self, sum: &mut Sum, product: Product, times: f64) -> Option<()> {
        self.merged |= sum.contains_key(&product);
        let count = sum.get(&product).unwrap_or(&0.0) + times;
        if count == 0.0 {
            sum.remove(&product);
        } else {
            sum.insert(product, count);
        }
        (count.abs() < EXACT && sum.len() <= MOST).then_some(())
    }

    fn range(&self, sum: &Sum) -> Range {
        sum.iter().fold(Range::exactly(0.0), |all, (product, count)| {
            let one = product.iter().fold(Range::exactly(*count), |all, (name, power)| {
                let range = self.ranges.get(name).copied().unwrap_or(Range::any(false));
                times(all, raised(range, *power))
            });
            all.plus(one)
        })
    }
}

fn constant_of(number: f64) -> Sum {
    if number == 0.0 { Sum::new() } else { Sum::from([(Product::new(), number)]) }
}

fn number(value: &Value) -> Option<f64> {
    let number = f64::try_from(value.clone()).ok().filter(|number| number.abs() < EXACT);
    number.filter(|_| value.kind() == Form::Number)
}

fn raised(range: Range, power: u32) -> Range {
    let of = if power.is_multiple_of(2) { range.absolute() } else { range };
    let raise = |end: f64| (0..power).fold(1.0, |all, _| all * end);
    Range { least: raise(of.least), most: raise(of.most), whole: range.whole, declared: false }
}

fn times(one: Range, other: Range) -> Range {
    // Nothing of something without end is nothing.
    let product = |one: f64, other: f64| if one == 0.0 || other == 0.0 { 0.0 } else { one * other };
    one.combined(other, one.whole && other.whole, product)
}
