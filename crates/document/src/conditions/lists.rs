//! What is known of lists: which texts stand in them, and what is said of their order.

use minijinja::Value;
use minijinja::machinery::ast::{CallArg, Expr, Filter};

use super::complaint::Complaint;
use super::kinds::{Items, Kind, Texts, looks_like_a_number};
use super::printed::{operand, to_show};

/// Most texts of a list that are looked at.
const MOST: usize = 32;

impl Items {
    /// Any number of such texts.
    pub(super) fn many(texts: &Texts) -> Items {
        let part = part(texts);
        Items { texts: vec![part.clone(), part], only: true, ..Items::default() }
    }

    /// These, as they are written out.
    pub(super) fn of(items: &[Expr<'_>], kinds: &[Kind], template: bool) -> Items {
        let mut found = Items { only: !items.is_empty(), ..Items::default() };
        for (item, kind) in items.iter().zip(kinds).take(MOST) {
            match kind {
                Kind::Text(_) if is_said(item) => found.texts.push(Texts::Said),
                Kind::Text(texts) => found.texts.push(texts.clone()),
                Kind::Number(range) => {
                    (found.only, found.numbers) = (false, true);
                    found.as_written |= template && range.declared;
                }
                // They are ordered by their first items.
                Kind::List(inner) => {
                    found.only = false;
                    found.texts.extend(inner.texts.iter().take(MOST).cloned());
                }
                _ => found.only = false,
            }
        }
        found.texts.truncate(MOST);
        found
    }

    /// Those of two lists.
    pub(super) fn and(mut self, other: &Items) -> Items {
        self.texts.extend(other.texts.iter().take(MOST).cloned());
        self.texts.truncate(MOST);
        self.only &= other.only;
        self.as_written |= other.as_written;
        self.numbers |= other.numbers;
        self
    }

    /// One of them.
    pub(super) fn one(&self) -> Kind {
        match self.texts.split_first().filter(|_| self.only) {
            Some((first, more)) => {
                let all = more.iter().cloned().map(Kind::Text);
                all.fold(Kind::Text(first.clone()), Kind::or)
            }
            None => Kind::Unknown,
        }
    }

    /// Whether nobody said how two of them, or one of them and another, are to be ordered.
    pub(super) fn is_unsaid(&self) -> bool {
        let mut rest = self.texts.as_slice();
        while let Some((one, more)) = rest.split_first() {
            if more.iter().any(|other| unsaid(one, other)) {
                return true;
            }
            rest = more;
        }
        false
    }

    /// The same of one of these and one of others.
    pub(super) fn is_unsaid_beside(&self, others: &Items) -> bool {
        self.texts.iter().any(|one| others.texts.iter().any(|other| unsaid(one, other)))
    }

    /// What `| map(…)` makes of them.
    fn mapped(&self, filter: Option<&str>) -> Items {
        let texts = match filter {
            Some("string") => vec![Texts::Said; self.texts.len().max(2)],
            Some("trim" | "lower" | "upper" | "title" | "capitalize" | "replace" | "first" | "last") => {
                self.texts.iter().map(part).collect()
            }
            Some("int" | "float" | "abs" | "round" | "length" | "count") => return Items::default(),
            // A part of each, say, of which nothing is known.
            _ => return Items { only: false, ..Items::many(&Texts::Any) },
        };
        Items { only: self.only || filter == Some("string"), texts, ..Items::default() }
    }
}

/// What comes of a list, where that is a list again or one of its items.
pub(super) fn of_list(
    name: &str,
    items: &Items,
    arguments: &[Option<Value>],
    template: bool,
) -> Option<Kind> {
    let first = arguments.first().and_then(Option::as_ref).and_then(Value::as_str);
    match name {
        "list" | "sort" | "unique" | "reverse" => Some(Kind::List(items.clone())),
        "map" if template => Some(Kind::List(items.mapped(first))),
        "select" | "reject" if template => Some(Kind::List(items.clone())),
        "first" | "last" | "min" | "max" if template => Some(items.one()),
        _ => None,
    }
}

/// What is wrong with a filter that goes by the order of what it is given. In a condition nothing can be asked of what is
/// ordered but whether it is another list: there the order of letters is as good as any.
pub(super) fn ordered(filter: &Filter<'_>, of: &Kind, kinds: &[Kind], template: bool) -> Option<Complaint> {
    let (name, arguments) = (filter.name, filter.args.as_slice());
    let written = filter.expr.as_ref().and_then(|of| operand(of).or_else(|| to_show(of)));
    let written = written.unwrap_or_else(|| "…".to_owned());
    let items = match of {
        Kind::List(items) => items,
        // What its values are is not followed.
        Kind::Group if name == "dictsort" && names(arguments, "by") => return Some(letters(&written, name)),
        _ => return None,
    };
    match (name, arguments.first(), kinds) {
        ("max" | "min" | "sort", ..) if items.as_written => Some(Complaint {
            message: format!(
                "`{written} | {name}` orders numbers, and in a template one is a text if it was given like `+2` or \
                 `0.10`"
            ),
            help: "write `| int` or `| float` behind each of them".to_owned(),
        }),
        ("max" | "min" | "sort", ..) if items.numbers && !items.texts.is_empty() => Some(Complaint {
            message: format!(
                "`{written} | {name}` orders texts and numbers, which cannot be ordered together"
            ),
            help: match template {
                true => "write `| map(\"int\")` before it, if all of them are numbers".to_owned(),
                false => "write `| int` behind each of them, if all of them are numbers".to_owned(),
            },
        }),
        _ if !template => None,
        ("groupby", ..) => Some(by_part(&written, name)),
        ("max" | "min" | "sort", ..) if names(arguments, "attribute") => Some(by_part(&written, name)),
        ("max" | "min" | "sort", ..) if items.is_unsaid() => Some(letters(&written, name)),
        ("select" | "reject", Some(CallArg::Pos(Expr::Const(test))), [_, beside, ..]) => {
            let operator = super::of_test(test.value.as_str()?)?;
            let beside = match beside {
                Kind::Text(texts) => Items { texts: vec![texts.clone()], ..Items::default() },
                Kind::Number(_) if !items.texts.is_empty() => {
                    return Some(Complaint {
                        message: format!("`{written} | {name}` compares texts with a number"),
                        help: "write `| map(\"int\")` before it".to_owned(),
                    });
                }
                _ => return None,
            };
            (operator.orders() && items.is_unsaid_beside(&beside)).then(|| letters(&written, name))
        }
        _ => None,
    }
}

/// Whether an argument is given by this name.
fn names(arguments: &[CallArg<'_>], name: &str) -> bool {
    arguments.iter().any(|argument| matches!(argument, CallArg::Kwarg(given, _) if *given == name))
}

fn by_part(written: &str, name: &str) -> Complaint {
    Complaint {
        message: format!("`{written} | {name}` goes by the order of parts that may be numbers in texts"),
        help: "order the values themselves, as numbers or as texts: `| map(\"int\")`, `| map(\"string\")`"
            .to_owned(),
    }
}

fn letters(written: &str, name: &str) -> Complaint {
    Complaint {
        message: format!("`{written} | {name}` orders texts letter by letter, so \"10\" comes before \"9\""),
        help: match name {
            "dictsort" => "order numbers, or leave it out",
            _ => "write `| map(\"int\")` before it for numbers, or `| map(\"string\")` if that is meant",
        }
        .to_owned(),
    }
}

/// What is known of a part of a text: of one that can be few things, that can be others.
fn part(texts: &Texts) -> Texts {
    if matches!(texts, Texts::Said) { Texts::Said } else { Texts::Any }
}

/// Whether somebody said that this is meant as a text.
pub(super) fn is_said(expression: &Expr<'_>) -> bool {
    matches!(expression, Expr::Filter(filter) if filter.name == "string")
}

/// Whether nobody said that these two are to be compared letter by letter, and they may be numbers.
pub(super) fn unsaid(left: &Texts, right: &Texts) -> bool {
    match (left, right) {
        (Texts::Said, _) | (_, Texts::Said) => false,
        (Texts::Exactly(text), _) | (_, Texts::Exactly(text)) => looks_like_a_number(text),
        _ => true,
    }
}
