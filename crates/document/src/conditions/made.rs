//! What is known of texts that are put together or cut, and of what `range(…)` counts.

use holdpoint_bounded::template;
use minijinja::Value;
use minijinja::machinery::ast::Expr;
use minijinja::value::ValueKind;

use super::complaint::Complaint;
use super::kinds::{Kind, Range, Texts};
use super::printed::{operand, to_ask, to_show};

/// What is wrong with `left in range(…)`.
pub(super) fn counted(left: &Expr<'_>, of_left: &Kind, range: &Expr<'_>) -> Option<Complaint> {
    let written = to_show(range)?;
    let name = operand(left).or_else(|| to_show(left))?;
    let never = format!("`{name}` is never in `{written}`");
    let range_of = match of_left {
        Kind::Unknown => return None,
        Kind::Number(range) => *range,
        kind => {
            let what = kind.words().unwrap_or_default();
            return Some(Complaint {
                message: format!("{never}, which holds numbers: `{name}` is {what}"),
                help: match kind {
                    Kind::Text(_) => format!("write `{name} | int in {written}`"),
                    _ => "compare a number".to_owned(),
                },
            });
        }
    };
    let numbers = counts(range)?;
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
        let message = format!("{never}: it counts nothing");
        return Some(Complaint {
            message,
            help: "write from where to where it counts: `range(1, 4)` is 1, 2, 3".to_owned(),
        });
    };
    let covered = Range { least: first.min(*last), most: first.max(*last), whole: true, declared: false };
    range_of.apart(covered).then(|| Complaint {
        message: format!("{never}, which goes from {first} to {last}"),
        help: "compare with numbers that it can be".to_owned(),
    })
}

/// The numbers that `range(…)` counts, where they are written out.
pub(super) fn counts(range: &Expr<'_>) -> Option<Vec<f64>> {
    let asked = to_ask(range).filter(|asked| asked.names.is_empty())?;
    let environment = template::environment();
    let counted = template::expression(&environment, &asked.text).ok()?.eval(asked.context().into()).ok()?;
    counted.try_iter().ok()?.map(|one| f64::try_from(one).ok()).collect()
}

/// What is known of two texts put together.
pub(super) fn framed(left: &Kind, right: &Kind) -> Texts {
    let begins = match left {
        Kind::Text(Texts::Exactly(text) | Texts::Framed(text, _)) => text.clone(),
        _ => String::new(),
    };
    let ends = match right {
        Kind::Text(Texts::Exactly(text) | Texts::Framed(_, text)) => text.clone(),
        _ => String::new(),
    };
    match begins.is_empty() && ends.is_empty() {
        true => Texts::Any,
        false => Texts::Framed(begins, ends),
    }
}

/// What is known of `text[start:stop]`.
pub(super) fn sliced(start: Option<&Expr<'_>>, stop: Option<&Expr<'_>>, steps: bool) -> Texts {
    let number = |bound: Option<&Expr<'_>>| match bound {
        Some(Expr::Const(constant)) => usize::try_from(constant.value.clone()).ok(),
        _ => None,
    };
    let start = if start.is_none() { Some(0) } else { number(start) };
    match (start, number(stop), steps) {
        (Some(start), Some(stop), false) => Texts::Sized(0, stop.saturating_sub(start)),
        _ => Texts::Any,
    }
}

/// The kind of a value that is written out.
pub(super) fn of_value(value: &Value) -> Kind {
    match value.kind() {
        ValueKind::String => {
            value.as_str().map_or(Kind::Unknown, |text| Kind::Text(Texts::Exactly(text.to_owned())))
        }
        ValueKind::Number => {
            f64::try_from(value.clone()).map_or(Kind::Unknown, |number| Kind::Number(Range::exactly(number)))
        }
        ValueKind::Bool => Kind::Truth(Some(value.is_true())),
        ValueKind::None => Kind::Nothing,
        _ => Kind::Unknown,
    }
}
