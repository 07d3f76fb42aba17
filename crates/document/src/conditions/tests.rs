use super::*;
use crate::ValueKind;

struct Known;

impl Names for Known {
    fn kind(&self, dotted: &str) -> Kind {
        kind_of(dotted)
    }

    fn is_always_there(&self, name: &str) -> bool {
        !matches!(name, "COUNT" | "BEFORE" | "MAYBE" | "seen")
    }

    fn attributes(&self, name: &str) -> &'static [&'static str] {
        if name == "run" { &["number", "id"] } else { &["name", "protected"] }
    }
}

fn kind_of(name: &str) -> Kind {
    match name {
        "environment" | "run" => Kind::Group,
        "VERIFY" | "environment.protected" => Kind::Truth(None),
        "N" => Kind::of(&ValueKind::Integer { min: Some(1), max: Some(9) }, true),
        "LARGE" => Kind::of(&ValueKind::Integer { min: Some(0), max: Some(1000) }, true),
        "seen" => Kind::of(&ValueKind::Integer { min: Some(1), max: Some(9) }, false),
        "RATE" => Kind::of(
            &ValueKind::Number {
                min: Some(0_i64.into()),
                max: holdpoint_bounded::json::Number::parse("0.5"),
            },
            true,
        ),
        "C" => Kind::of(&ValueKind::Choice { choices: vec!["stable".into(), "beta".into()] }, true),
        "RELEASE" => Kind::of(&ValueKind::Text { pattern: Some(r"^v\d+\.\d+$".into()) }, true),
        "T" => Kind::of(&ValueKind::Text { pattern: None }, true),
        "COUNT" | "BEFORE" => captured(false),
        "MAYBE" => captured(true),
        "environment.name" => {
            Kind::Text(Texts::OneOf(vec!["staging".into(), "production".into()], ENVIRONMENTS))
        }
        "REGION" => Kind::Text(Texts::OneOf(vec!["eu".into(), "us".into()], CONFIGURED)),
        "TIER" => Kind::Text(Texts::OneOf(vec!["1".into()], CONFIGURED)),
        "run.number" => Kind::number(0.0),
        _ => Kind::Unknown,
    }
}

fn said(text: &str) -> Vec<(String, String)> {
    assert!(parse_expr(text).is_ok(), "{text} does not parse");
    condition(text, &Known).into_iter().map(|it| (it.message, it.help)).collect()
}

#[test]
fn what_can_hold_and_can_fail_is_no_matter() {
    for text in [
        "VERIFY",
        "not VERIFY",
        "VERIFY == true",
        "environment.protected and not VERIFY or N == 3",
        "N > 1 and N <= 8 and 3 < N < 8",
        "N == 9 or N != 1",
        "seen > 20 or seen == 0",
        "RATE >= 0.5",
        "C == \"beta\" or C != 'stable'",
        "C in [\"beta\"] or C not in ['stable', OTHER]",
        "environment.name == \"production\"",
        "environment[\"name\"] in [\"production\", \"staging\"]",
        "RELEASE == 'v1.2' and RELEASE != T",
        "T == '' or T == '3' or MAYBE == ''",
        "COUNT | int > 3 and 3 < COUNT | int and COUNT | int == N",
        "COUNT | string < BEFORE | string and T >= '2026-01-01' and T < 'm'",
        "COUNT == \"3\" and COUNT == BEFORE",
        "run.number > 3 or run.number == 0",
        "UNKNOWN == 3 and UNKNOWN > 'x' and (UNKNOWN or not OTHER)",
        "(COUNT | int if VERIFY else N) > 3",
        "COUNT | length == 2 and 'x' in COUNT and 'prod' in environment.name",
        "COUNT is defined and COUNT is eq('x') and T is in(['a'])",
        "(N + 1) * 2 > 10 and (COUNT ~ T) == '3'",
        "false",
    ] {
        assert_eq!(said(text), [], "{text}");
    }
}

#[test]
fn values_of_different_kinds_are_never_equal() {
    for (text, help) in [
        ("VERIFY == \"true\"", "write `VERIFY`"),
        ("VERIFY == 'false'", "write `not VERIFY`"),
        ("\"true\" != VERIFY", "write `not VERIFY`"),
        ("VERIFY == 1", "write `VERIFY` or `not VERIFY`"),
        ("environment.protected == \"true\"", "write `environment.protected`"),
        ("environment['protected'] == \"yes\"", "write `environment.protected`"),
        ("N == \"3\"", "write the number without quotes: `N == 3`"),
        ("N == \"three\"", "write `\"three\" | int`"),
        ("COUNT > 3", "write `COUNT | int`"),
        ("3.5 > COUNT", "write `COUNT | float`"),
        ("COUNT == -3", "write `COUNT | int`"),
        ("(((COUNT))) == ((3))", "write `COUNT | int`"),
        ("COUNT == N", "write `COUNT | int`"),
        ("COUNT == true", "write `COUNT == \"true\"`"),
        ("COUNT is gt(3)", "write `COUNT | int`"),
        ("N in [\"1\", 2]", "write the number without quotes"),
        ("VERIFY and (N == 3 or not (N == '4'))", "write the number without quotes"),
        ("1 < N < '5'", "write the number without quotes"),
        ("T if N == '3' else T == 'x'", "write the number without quotes"),
    ] {
        let said = said(text);
        assert!(
            said.iter().any(|(_, told)| told.contains(help.split('`').nth(1).unwrap_or(help))),
            "{text}: {said:?}"
        );
    }
}

#[test]
fn whatever_a_condition_may_come_to_is_true_or_false() {
    for text in ["N if VERIFY else C", "VERIFY if T == 'x' else N", "C if VERIFY else VERIFY"] {
        let said = said(text);
        assert!(
            said.iter().any(|(told, _)| told.contains("a condition is true or false")),
            "{text}: {said:?}"
        );
    }
    assert!(said("VERIFY if T == 'x' else N == 3").is_empty());
}

#[test]
fn a_comparison_that_always_comes_out_the_same_is_an_error() {
    for (text, message, help) in [
        ("C == \"bleu\"", "never holds", "choices are: stable, beta"),
        ("C == \"stabel\"", "`C` is never `stabel`", "did you mean `stable`?"),
        ("C != \"bta\"", "always holds", "did you mean `beta`?"),
        ("C in [\"stable\", \"bta\"]", "never `bta`", "did you mean `beta`?"),
        ("C not in [\"bta\"]", "never `bta`", "did you mean `beta`?"),
        ("C in [\"stable\", \"beta\"]", "always one of these", "leave out"),
        ("C in []", "list of nothing", "write"),
        ("environment.name == \"producton\"", "never holds", "did you mean `production`?"),
        ("not environment.name != \"producton\"", "always holds", "did you mean `production`?"),
        ("'producton' in environment.name", "never in", "did you mean `production`?"),
        ("C == environment.name", "never holds", ""),
        ("RELEASE == \"1.2\"", "matches ^v", ""),
        ("N == 10", "more than 9", ""),
        ("N > 0", "always holds", ""),
        ("N >= 1", "always holds", ""),
        ("N < 1", "never holds", ""),
        ("N == 2.5", "never holds", ""),
        ("RATE > 0.5", "never holds", ""),
        ("run.number < 0", "never holds", ""),
        ("COUNT == ''", "never empty", "`empty: true`"),
        ("1 == 1", "always holds", ""),
        ("'a' == 'b'", "never holds", ""),
    ] {
        let said = said(text);
        let found = said.iter().any(|(told, how)| told.contains(message) && how.contains(help));
        assert!(found, "{text}: {said:?}");
    }
}

#[test]
fn numbers_in_texts_are_not_ordered_as_texts_without_a_word() {
    for text in [
        "COUNT > \"9\"",
        "\"10\" < \"9\"",
        "'9' >= COUNT",
        "COUNT < BEFORE",
        "T > ' 2.5'",
        "T >= 'v1.10'",
        "RELEASE < T",
        "COUNT is lt('1e3')",
    ] {
        let said = said(text);
        assert!(said.iter().any(|(told, _)| told.contains("letter by letter")), "{text}: {said:?}");
    }
    let (_, help) = said("COUNT > \"9\"").remove(0);
    assert_eq!(help, "write `COUNT | int > 9` for numbers, or `COUNT | string > \"9\"` if that is meant");
}

#[test]
fn what_stands_for_true_or_false_is_true_or_false() {
    for (text, help) in [
        ("COUNT", "`COUNT == \"true\"`"),
        ("not COUNT", "`COUNT == \"true\"`"),
        ("VERIFY and C", "`C == \"stable\"`"),
        ("N or VERIFY", "`N > 0`"),
        ("environment.name", "`environment.name == \"staging\"`"),
        ("VERIFY if COUNT else VERIFY", "`COUNT == \"true\"`"),
    ] {
        let said = said(text);
        assert!(said.iter().any(|(_, told)| told.contains(help)), "{text}: {said:?}");
    }
}

#[test]
fn templates_are_typed_where_they_compare() {
    let said = |text: &str| template(text, &Known);
    for text in [
        "{% if VERIFY == 'true' %}x{% endif %}",
        "a {{ 'b' if C == 'bleu' else 'c' }}",
        "{% for x in [1] %}{% if COUNT > 3 %}{% endif %}{% endfor %}",
        "{% set X = N == '3' %}",
        "{% if RATE > 0.1 %}much{% endif %}",
    ] {
        assert_eq!(said(text).len(), 1, "{text}");
    }
    for text in [
        "{% if T %}{{ T }}{% endif %}",
        "{% for C in ['x'] %}{% if C == 'bleu' %}{% endif %}{% endfor %}",
        "{% set N = '3' %}{% if N == '3' %}{% endif %}",
        "{% if RATE | float > 0.1 and VERIFY %}much{% endif %}",
        "a == b",
    ] {
        assert_eq!(said(text), [], "{text}");
    }
}

#[test]
fn what_no_environment_has_for_a_variable_is_never_asked_of_it() {
    for text in [
        "REGION == \"eu\" and TIER == \"1\" or REGION != \"us\"",
        "REGION in [\"eu\", \"us\"]",
        // Another configuration may have others.
        "TIER == \"1\"",
        "TIER | int > 0 and TIER | int < 3 and TIER | length < 5",
        "REGION is startingwith \"e\" or TIER is startingwith \"1\"",
        "\"x-\" ~ TIER == \"x-1\"",
    ] {
        assert_eq!(said(text), [], "{text}");
    }
    assert_eq!(template("{% if REGION %}{{ REGION }}{% endif %}", &Known), []);
    for (text, help) in [
        ("REGION == \"uk\"", "did you mean `us`?"),
        ("REGION == \"apac\"", "values in holdpoint.toml are: eu, us"),
        ("REGION in [\"eu\", \"apac\"]", "values in holdpoint.toml are: eu, us"),
        ("REGION | upper == \"APAC\"", "values in holdpoint.toml are: EU, US"),
        ("REGION is startingwith \"apac\"", "values in holdpoint.toml are: eu, us"),
        ("\"apac\" in REGION", "values in holdpoint.toml are: eu, us"),
        ("TIER | int > 3", "values in holdpoint.toml are: 1"),
        ("VERIFY and TIER == \"22\"", "values in holdpoint.toml are: 1"),
        ("TIER == 1", "write `TIER | int`"),
        ("TIER > \"9\"", "write `TIER | int > 9`"),
    ] {
        let said = said(text);
        assert!(said.iter().any(|(_, told)| told.contains(help)), "{text}: {said:?}");
    }
}

#[test]
fn no_template_orders_numbers_in_texts_as_texts_without_a_word() {
    let said = |text: &str| template(text, &Known);
    for text in [
        "{{ [COUNT, BEFORE] | max }}",
        "{{ [COUNT, '9'] | min }}",
        "{{ (COUNT, BEFORE) | max }}",
        "{{ ([COUNT] + [BEFORE]) | max }}",
        "{{ COUNT | split(',') | sort | join(' ') }}",
        "{{ COUNT | lines | map('trim') | max }}",
        "{{ [COUNT, BEFORE] | sort(reverse=true) | first }}",
        "{{ {'a': COUNT, 'b': BEFORE} | dictsort(by='value') }}",
        "{{ [COUNT, BEFORE] | select('lt', T) | list }}",
        "{{ [COUNT, BEFORE] | reject('>', 3) | list }}",
        "{% if COUNT < BEFORE %}{% endif %}",
        "{% if (COUNT | split('.')) > (BEFORE | split('.')) %}{% endif %}",
        "{% if (COUNT | split('.'))[0] > (BEFORE | split('.'))[0] %}{% endif %}",
        "{% if COUNT | split('.') | first > BEFORE %}{% endif %}",
        "{% set most = COUNT %}{% if BEFORE > most %}{% endif %}",
        "{% for one in [COUNT, BEFORE] %}{% if one > '9' %}{% endif %}{% endfor %}",
        "{% for one in COUNT | split(',') %}{% if one > BEFORE %}{% endif %}{% endfor %}",
        "{% set all = [COUNT, BEFORE] %}{{ all | max }}",
        "{{ [COUNT, 12] | max }}",
        "{{ [[COUNT, 1], [BEFORE, 2]] | sort }}",
        "{{ [{'n': COUNT}, {'n': BEFORE}] | sort(attribute='n') }}",
        "{{ [{'n': COUNT}, {'n': BEFORE}] | map(attribute='n') | max }}",
        "{{ [{'n': COUNT}, {'n': BEFORE}] | groupby('n') }}",
        "{% set ns = namespace(most=COUNT) %}{% if ns.most < BEFORE %}{% endif %}",
        "{% if {'a': COUNT}.a < BEFORE %}{% endif %}",
        // A text where it was written like `+2`.
        "{{ [N, 3] | max }}",
    ] {
        assert_eq!(said(text).len(), 1, "{text}: {:?}", said(text));
    }
    for text in [
        "{{ [COUNT | int, BEFORE | int] | max }}",
        "{{ [COUNT, BEFORE] | map('int') | max }}",
        "{{ [COUNT, BEFORE] | map('string') | max }}",
        "{{ COUNT | split(',') | map('string') | sort | join(' ') }}",
        "{{ COUNT | string | split(',') | sort | join(' ') }}",
        "{{ [COUNT, BEFORE] | unique | join(', ') }}{{ [COUNT, 'x'] | first }}",
        "{{ ['b', COUNT] | max }}",
        "{{ [N | int, 3] | max }}{{ [1, 2] | sort }}",
        "{{ {'b': COUNT, 'a': BEFORE} | dictsort }}",
        "{{ [COUNT, BEFORE] | select('eq', T) | list }}",
        "{% for one in ['a', 'b'] %}{% if one > COUNT %}{% endif %}{% endfor %}",
        "{% set ns = namespace(most=1) %}{% if ns.most < BEFORE | int %}{% endif %}",
        "{% for one in [1, 2] %}{% if one > 1 %}{% endif %}{% endfor %}",
        "{% set most = COUNT | int %}{% if BEFORE | int > most %}{% endif %}",
        "{% set x = x %}{% set y = y ~ x %}{{ y }}",
    ] {
        assert_eq!(said(text), [], "{text}");
    }
    let told = said("{{ [COUNT, BEFORE] | max }}").remove(0);
    assert_eq!(
        told.help,
        "write `| map(\"int\")` before it for numbers, or `| map(\"string\")` if that is meant"
    );
}

/// A line of the table: a condition, and words of what is told, apart by ` => `; nothing is told where none stand.
#[test]
fn what_the_table_says_of_each_condition_is_told() {
    let mut wrong = Vec::new();
    for line in include_str!("cases.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut parts = line.split(" => ").map(str::trim);
        let text = parts.next().unwrap();
        let words: Vec<&str> = parts.collect();
        let told: Vec<String> =
            said(text).into_iter().map(|(what, help)| format!("{what}: {help}")).collect();
        let right = match words.is_empty() {
            true => told.is_empty(),
            false => told.iter().any(|told| words.iter().all(|word| told.contains(word))),
        };
        if !right {
            wrong.push(format!("{line}\n    told: {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_long_chain_and_a_deep_nest_end() {
    let long = vec!["VERIFY"; 2000].join(" and ");
    assert_eq!(condition(&format!("{long} and N == '3'"), &Known).len(), 1);
    let deep = format!("{}VERIFY{}", "(not ".repeat(60), ")".repeat(60));
    assert_eq!(condition(&deep, &Known), []);
    let sum = vec!["N"; 50].join(" + ");
    assert_eq!(condition(&format!("{sum} > 60"), &Known), []);
}

#[test]
fn what_is_told_can_be_followed() {
    for (text, help) in [
        ("T", "compare it: `T != \"\"`, or with the text that is meant"),
        ("MAYBE", "compare it: `MAYBE != \"\"`, or with the text that is meant"),
        // Never empty, so that this would always hold.
        ("COUNT", "compare it: `COUNT == \"true\"`, or with the text that is meant"),
        ("N >= 1", "leave the comparison out, or compare with a number for which it can fail"),
        ("N > 9", "compare with a number for which it can hold"),
    ] {
        assert_eq!(said(text).into_iter().map(|it| it.1).collect::<Vec<_>>(), [help], "{text}");
    }
    assert_eq!(said("N >= 1")[0].0, "`N >= 1` always holds: `N` is never less than 1 or more than 9");
    // What is a number with its sign turned has bounds with theirs turned, and nothing has no sign.
    for (text, limits) in [
        ("-N == 0", "less than -9 or more than -1"),
        ("-(N - 1) == 3", "less than -8 or more than 0"),
        ("(N - 1) * -1 == 3", "less than -8 or more than 0"),
        ("0 - (N - 1) == 3", "less than -8 or more than 0"),
    ] {
        let told = &said(text)[0].0;
        assert!(told.ends_with(limits), "{text}: {told}");
    }
    assert_eq!(said("COUNT > 3")[0].0, "`COUNT > 3` compares a text with a number, which cannot be ordered");
}

#[test]
fn a_number_in_a_template_is_told_to_be_read_as_one() {
    let said = template("{% if N > 3 %}many{% endif %}", &Known);
    assert_eq!(said[0].help, "write `N | int > 3`");
    let said = template("{% if 0.2 < RATE %}many{% endif %}", &Known);
    assert_eq!(said[0].help, "write `0.2 < RATE | float`");
}

#[test]
fn signs_of_other_languages_are_put_right() {
    for (text, right) in [
        ("VERIFY = true", Some("VERIFY == true")),
        ("A=1 && B != '&&'", Some("A==1 and B != '&&'")),
        ("!A || B <= 2", Some("not A or B <= 2")),
        ("A == '='  = B", Some("A == '='  == B")),
        ("{{ I }} == 1", None),
        ("(A", None),
    ] {
        assert_eq!(meant(text).as_deref(), right, "{text}");
    }
}
