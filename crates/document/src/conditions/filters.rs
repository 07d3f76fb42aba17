//! What comes out of a filter, by what goes into it.
//!
//! Where a value can be few things, the filter itself is asked about each of them: nothing here says a second time
//! what it does.

use holdpoint_bounded::template as bounded;
use minijinja::Value;

use super::complaint::{Complaint, Trouble};
use super::kinds::{Items, Kind, Range, Texts, may_be_empty};
use super::lists::of_list;
use super::matching::Matching;
use crate::findings::suggest;

/// The filters that there are, as the library names them.
pub(super) const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
    "zip",
];

/// The kind of `of | name(arguments)`. An argument that is not written out is `None`. `written` is how the value that
/// goes in is told; `template`, whether it stands in one.
pub(super) fn filtered(
    name: &str,
    of: &Kind,
    arguments: &[Option<Value>],
    written: &str,
    template: bool,
) -> Result<Kind, Trouble> {
    if !FILTERS.contains(&name) {
        return Err(Trouble::Wrong(Complaint {
            message: format!("there is no filter `{name}`"),
            help: suggest(name, FILTERS, "filters"),
        }));
    }
    let unclear = |message: String, help: String| Err(Trouble::Unclear(Complaint { message, help }));
    let plainly = "write it plainly: compare the value itself, or capture what is meant in a block before it";
    let no_use = |what: &str| {
        unclear(format!("`{written} | {name}` makes no sense of {what}"), format!("leave `| {name}` out"))
    };
    match (name, of) {
        (_, Kind::Unknown) => Ok(by_name(name)),
        ("bool", Kind::Truth(_)) => Ok(of.clone()),
        (_, Kind::Truth(_)) => unclear(
            format!("`{written} | {name}` makes something else of what is true or false"),
            format!("write `{written}` or `not {written}`"),
        ),
        ("bool", Kind::Text(_)) => unclear(
            format!("`{written} | bool` is true for every text but the empty one, for \"false\" too"),
            format!("compare it: `{written} == \"true\"`"),
        ),
        ("bool", Kind::Number(_)) => unclear(
            format!("`{written} | bool` asks whether a number is 0"),
            format!("compare it: `{written} != 0`"),
        ),
        ("length" | "count", Kind::List(_)) => Ok(Kind::number(0.0)),
        ("join", Kind::List(_)) => Ok(Kind::Text(Texts::Any)),
        ("split" | "lines" | "list", Kind::Text(texts)) => Ok(Kind::List(Items::many(texts))),
        (_, Kind::List(items)) if let Some(made) = of_list(name, items, arguments, template) => Ok(made),
        (
            "trim" | "lower" | "upper" | "title" | "capitalize" | "replace" | "string" | "int" | "float"
            | "length" | "count" | "first" | "last",
            Kind::Text(_),
        )
        | ("int" | "float" | "abs" | "round" | "string", Kind::Number(_)) => {
            calculated(name, of, arguments, written, template)
        }
        (_, Kind::Number(_) | Kind::Text(_)) if TEXTS.contains(&name) || NUMBERS.contains(&name) => {
            no_use(of.words().unwrap_or("it"))
        }
        _ => {
            unclear(format!("what `{written} | {name}` comes to is not known before the run"), plainly.into())
        }
    }
}

const TEXTS: &[&str] = &[
    "trim",
    "lower",
    "upper",
    "title",
    "capitalize",
    "replace",
    "length",
    "count",
    "first",
    "last",
    "split",
];
const NUMBERS: &[&str] = &["abs", "round"];

/// What a filter makes of a text or a number.
fn calculated(
    name: &str,
    of: &Kind,
    arguments: &[Option<Value>],
    written: &str,
    template: bool,
) -> Result<Kind, Trouble> {
    // A template sees a declared number as it was written, which may be in another way.
    let rewritten = template && name == "string" && matches!(of, Kind::Number(range) if range.declared);
    let arguments: Option<Vec<Value>> = arguments.iter().cloned().collect();
    if let (Some(values), Some(arguments), false) = (of.values(), &arguments, rewritten) {
        let environment = bounded::environment();
        let mut last = String::new();
        let made: Vec<Value> = values
            .into_iter()
            .filter_map(|value| {
                let all: Vec<Value> = std::iter::once(value).chain(arguments.iter().cloned()).collect();
                let made = environment.empty_state().apply_filter(name, &all);
                made.map_err(|error| last = error.detail().unwrap_or("it fails").to_owned()).ok()
            })
            .collect();
        if made.is_empty() {
            return Err(Trouble::Wrong(Complaint {
                message: format!("`{written} | {name}` fails, whatever it is: {last}"),
                help: format!("leave `| {name}` out"),
            }));
        }
        return Ok(match (Kind::of_values(&made, of), of) {
            // What it can be elsewhere is not known.
            (kind, Kind::Text(texts)) if texts.elsewhere().is_some() && !matches!(kind, Kind::Text(_)) => {
                by_name(name)
            }
            (kind, _) => kind,
        });
    }
    Ok(match (name, of) {
        ("trim" | "lower" | "upper" | "title" | "capitalize", Kind::Text(texts))
            if arguments.as_ref().is_some_and(Vec::is_empty) =>
        {
            let mut by = match texts {
                Texts::Left(by, _) => by.clone(),
                _ => Vec::new(),
            };
            by.retain(|other| *other == "trim" && name != "trim");
            by.push(match name {
                "trim" => "trim",
                "lower" => "lower",
                "title" => "title",
                "capitalize" => "capitalize",
                _ => "upper",
            });
            Kind::Text(Texts::Left(by, may_be_empty(texts)))
        }
        ("int", Kind::Number(range)) => Kind::Number(Range {
            least: range.least.trunc(),
            most: range.most.trunc(),
            whole: true,
            declared: false,
        }),
        ("length" | "count", Kind::Text(texts)) => {
            let (least, most) = texts.length();
            let most = most.map_or(f64::INFINITY, |most| most as f64);
            Kind::Number(Range { least: least as f64, most, whole: true, declared: false })
        }
        ("first" | "last", Kind::Text(_)) => Kind::Text(Texts::Sized(1, 1)),
        ("abs", Kind::Number(range)) => Kind::Number(range.absolute()),
        ("round", Kind::Number(range)) => Kind::Number(Range {
            least: range.least.floor(),
            most: range.most.ceil(),
            whole: range.whole || arguments.is_some_and(|arguments| arguments.is_empty()),
            declared: false,
        }),
        ("float", Kind::Number(range)) => Kind::Number(Range { declared: false, ..*range }),
        ("string", Kind::Number(range)) if range.whole && !rewritten => {
            Kind::Text(Texts::Matching(Matching::new(r"^[+-]?\d+$")))
        }
        _ => by_name(name),
    })
}

/// The kind by the filter alone.
fn by_name(name: &str) -> Kind {
    match name {
        "int" => Kind::Number(Range::any(true)),
        "length" | "count" => Kind::number(0.0),
        "float" | "round" => Kind::Number(Range::any(false)),
        "abs" => Kind::Number(Range { least: 0.0, ..Range::any(false) }),
        "bool" => Kind::Truth(None),
        "string" => Kind::Text(Texts::Said),
        "lower" | "upper" | "title" | "trim" | "capitalize" | "replace" | "join" | "format" | "first"
        | "last" => Kind::Text(Texts::Any),
        "split" | "lines" => Kind::List(Items::many(&Texts::Any)),
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_that_are_named_are_those_that_there_are() {
        let environment = bounded::environment();
        let exists = |name: &str| {
            let error = environment.empty_state().apply_filter(name, &[]).err();
            error.is_none_or(|error| error.kind() != minijinja::ErrorKind::UnknownFilter)
        };
        assert!(FILTERS.iter().all(|name| exists(name)));
        assert!(!exists("tojson") && !exists("lowr"));
    }
}
