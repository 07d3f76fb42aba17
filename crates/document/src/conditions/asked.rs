//! What `is` asks of a value, by what is known of it.

use holdpoint_bounded::template;
use minijinja::Value;

use super::complaint::{Complaint, Trouble};
use super::kinds::{Kind, Texts};
use super::languages::all_have;
use crate::findings::suggest;

/// The tests that there are, but for those that are signs (`is ==`).
pub(super) const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "safe",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

/// What is wrong with `of is name(arguments)`, apart from tests that compare. `always` says whether the value is
/// always there.
pub(super) fn asked(
    name: &str,
    of: &Kind,
    arguments: &[Option<Value>],
    written: &str,
    always: bool,
) -> Result<(), Trouble> {
    let signs = ["==", "!=", "<", "<=", ">", ">="];
    if !TESTS.contains(&name) && !signs.contains(&name) {
        return Err(Trouble::Wrong(Complaint {
            message: format!("there is no test `{name}`"),
            help: suggest(name, TESTS, "tests"),
        }));
    }
    let unclear = |message: String, help: String| Err(Trouble::Unclear(Complaint { message, help }));
    let what = match (of.words(), name) {
        (_, "defined" | "undefined") if always => {
            let how = if name == "defined" { "always" } else { "never" };
            return unclear(
                format!("`{written} is {name}` {how} holds: `{written}` is always there"),
                format!("compare what it is: `{written} == \"…\"`"),
            );
        }
        (_, "defined" | "undefined") | (None, _) => return Ok(()),
        (Some(what), _) => what,
    };
    match (name, of) {
        ("true" | "false", Kind::Truth(_)) => Ok(()),
        ("true" | "false", _) => unclear(
            format!("`{written} is {name}` never holds: `{written}` is {what}"),
            format!("write `{written} == \"{name}\"`, if that is meant"),
        ),
        ("odd" | "even" | "divisibleby", Kind::Number(_))
        | ("startingwith" | "endingwith" | "lower" | "upper", Kind::Text(_)) => {
            decided(name, of, arguments, written)
        }
        ("sameas", _) => unclear(
            format!(
                "`{written} is sameas` asks whether two are one and the same, and not whether they are equal"
            ),
            match of {
                Kind::Truth(_) => format!("write `{written}` or `not {written}`"),
                _ => format!("write `{written} == …`"),
            },
        ),
        ("odd" | "even" | "divisibleby" | "startingwith" | "endingwith" | "lower" | "upper", _) => unclear(
            format!("`{written} is {name}` never holds: `{written}` is {what}"),
            "ask for something that it can be".to_owned(),
        ),
        ("none", _) => unclear(
            format!("`{written} is none` never holds: `{written}` is {what}, and always there"),
            format!("write `{written} == \"\"`, if it may be empty"),
        ),
        _ => unclear(
            format!("`{written} is {name}` always comes out the same: `{written}` is {what}"),
            "leave it out, or compare the value".to_owned(),
        ),
    }
}

/// Asks the test itself about everything that the value can be, where that is little.
fn decided(name: &str, of: &Kind, arguments: &[Option<Value>], written: &str) -> Result<(), Trouble> {
    let Some(arguments) = arguments.iter().cloned().collect::<Option<Vec<Value>>>() else { return Ok(()) };
    let wrong = |held: bool, help: String| {
        let how = if held { "always" } else { "never" };
        let told: Vec<String> = arguments.iter().map(|one| format!(" {one:?}")).collect();
        Err(Trouble::Wrong(Complaint {
            message: format!("`{written} is {name}{}` {how} holds", told.concat()),
            help,
        }))
    };
    let word = arguments.first().and_then(Value::as_str).unwrap_or_default();
    let Some(values) = of.values() else {
        let asks = matches!(name, "startingwith" | "endingwith") && !arguments.is_empty();
        return match of {
            Kind::Text(texts) if asks && let Some(held) = all_have(texts, word, name == "endingwith") => {
                let help = match texts {
                    _ if word.is_empty() => "write what it is to begin or end with".to_owned(),
                    Texts::Matching(matching) => {
                        format!("compare it with what it can be: it matches {}", matching.source())
                    }
                    _ => "ask for what may be so or not".to_owned(),
                };
                wrong(held, help)
            }
            Kind::Text(Texts::Left(by, _)) if by.iter().any(|filter| cased(filter, word)) => {
                wrong(false, format!("write what can stand there: `{}`", by.join("` and `")))
            }
            _ => Ok(()),
        };
    };
    let environment = template::environment();
    let mut held = Vec::with_capacity(values.len());
    for value in values {
        let all: Vec<Value> = std::iter::once(value).chain(arguments.iter().cloned()).collect();
        match environment.empty_state().perform_test(name, &all) {
            Ok(one) => held.push(one),
            Err(error) => {
                let why = error.detail().unwrap_or("it fails").to_owned();
                return Err(Trouble::Wrong(Complaint {
                    message: format!("`{written} is {name}` cannot be asked: {why}"),
                    help: "compare the value with `==`".to_owned(),
                }));
            }
        }
    }
    match (held.contains(&true), held.contains(&false), of) {
        (true, true, _) | (false, false, _) => Ok(()),
        (true, _, Kind::Text(texts)) if texts.elsewhere().is_some() => Ok(()),
        (held, _, Kind::Text(Texts::OneOf(texts, plural))) => {
            let known: Vec<&str> = texts.iter().map(String::as_str).collect();
            wrong(held, suggest(word, &known, plural))
        }
        (held, ..) => wrong(held, "ask for what may be so or not".to_owned()),
    }
}

/// Whether a filter leaves no text that begins or ends so.
fn cased(filter: &str, word: &str) -> bool {
    match filter {
        "lower" => word.to_lowercase() != word,
        "upper" => word.to_uppercase() != word,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_that_are_named_are_those_that_there_are() {
        let environment = template::environment();
        let exists = |name: &str| {
            let error = environment.empty_state().perform_test(name, &[]).err();
            error.is_none_or(|error| error.kind() != minijinja::ErrorKind::UnknownTest)
        };
        assert!(TESTS.iter().all(|name| exists(name)));
        assert!(!exists("containing") && !exists("strin"));
    }
}
