//! Templates and conditions: how large they may be, and what rendering them may take.
//!
//! minijinja follows some of what it parses by calling itself (`not not not …`, `a + b + c …`, a chain of `elif`), so
//! how much there is of that is held before it sees any of it.

use std::borrow::Cow;

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};

pub use held::{Expression, expression, render};

mod held;

/// The longest condition, and the longest tag of a template, in bytes.
pub const LONGEST: usize = 500;

/// Most tags of one template.
pub const TAGS: usize = 1000;

/// Most `elif` of one template.
const ALTERNATIVES: usize = 100;

/// What rendering may take: an instruction each, and each 64 bytes that are made.
const FUEL: u64 = 200_000;

/// An environment in which undefined names are errors, and which stops where rendering takes too long or makes too
/// much. Every environment that sees a document's template is this one; [`render`] and [`expression`] hold what is made
/// in it, which minijinja's own ways do not.
pub fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.add_filter(held::WEIGH, held::weigh);
    environment.add_filter(held::WEIGH_PART, held::weigh_held);
    environment
}

/// Whether a template is of a size that may be parsed.
///
/// # Errors
/// It is not; the reason in words.
pub fn check(text: &str) -> Result<(), String> {
    let (mut tags, mut alternatives) = (0, 0);
    let mut at = 0;
    while let Some(found) = text[at..].find('{') {
        at += found;
        let rest = &text[at..];
        let length = match rest.as_bytes().get(1) {
            Some(b'{') => tag(rest, "}}"),
            Some(b'%') => tag(rest, "%}"),
            Some(b'#') => {
                at += rest.find("#}").map_or(rest.len(), |end| end + 2);
                continue;
            }
            _ => {
                at += 1;
                continue;
            }
        };
        tags += 1;
        if length > LONGEST {
            return Err(format!("a tag of a template has {LONGEST} bytes at most"));
        }
        if tags > TAGS {
            return Err(format!("a template has {TAGS} tags at most"));
        }
        at += length;
        match word(&rest[..length]) {
            "raw" if rest.starts_with("{%") => at = end_of_raw(text, at),
            "elif" => alternatives += 1,
            _ => {}
        }
        if alternatives > ALTERNATIVES {
            return Err(format!("a template has {ALTERNATIVES} times `elif` at most"));
        }
    }
    check_repeated(text, false)
}

/// A script that is a template, as its language reads it: what its tags hold, which is not of that language, is letters, as
/// many of them.
pub fn without_tags(text: &str) -> Cow<'_, str> {
    let (mut masked, mut at) = (Cow::Borrowed(text), 0);
    while let Some(found) = text[at..].find('{') {
        at += found;
        let ends = match text.as_bytes().get(at + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            _ => {
                at += 1;
                continue;
            }
        };
        let length = tag(&text[at..], ends);
        let inside = at + 2..at + length.saturating_sub(ends.len()).max(2);
        at += length;
        let Some(held) = text.get(inside.clone()) else { continue };
        if held.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b' ')) {
            continue;
        }
        let letters: String = held.bytes().map(|byte| if byte == b'\n' { '\n' } else { 'x' }).collect();
        masked.to_mut().replace_range(inside, &letters);
    }
    masked
}

/// Whether a condition is of a size that may be parsed.
///
/// # Errors
/// It is not; the reason in words.
pub fn check_condition(text: &str) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("a condition has {LONGEST} bytes at most"));
    }
    check_repeated(text, true)
}

fn check_repeated(text: &str, is_expression: bool) -> Result<(), String> {
    match held::is_repeated_too_often(text, is_expression) {
        true => Err("a list is repeated so often that it takes too long".to_owned()),
        false => Ok(()),
    }
}

/// Whether the parser takes all of a condition, or of the tags of a template, as it is written. It does not tell of what it
/// cannot read behind a text, and takes what stands before for the whole; and it makes one text of two that stand side by
/// side, as where a comma was forgotten.
///
/// # Errors
/// It does not; the reason in words.
pub fn check_read(text: &str, condition: bool) -> Result<(), String> {
    let (mut before, mut end) = (None, 0);
    for token in tokenize(text, condition, SyntaxConfig::default()) {
        let unread = || text.get(end..).unwrap_or_default().trim_start_matches(JINJA_BLANKS).chars().next();
        let (token, span) = token.map_err(|error| match (error.detail(), unread()) {
            (Some("unexpected character"), Some(c)) if c.is_ascii_graphic() || c.is_alphanumeric() => {
                format!("`{c}` means nothing there")
            }
            (Some("unexpected character"), Some(c)) => {
                format!("the character U+{:04X} means nothing there", u32::from(c))
            }
            (Some(detail), _) => detail.to_owned(),
            (None, _) => error.kind().to_string(),
        })?;
        end = span.end_offset as usize;
        let is_text = matches!(token, Token::Str(_) | Token::String(_));
        let written = text.get(span.start_offset as usize..span.end_offset as usize).unwrap_or_default();
        if let (Some(before), true) = (before, is_text) {
            return Err(format!("{before} and {written} stand side by side, with nothing between them"));
        }
        before = is_text.then_some(written);
    }
    Ok(())
}

/// What the parser takes for a blank.
const JINJA_BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// The first word in a tag.
fn word(tag: &str) -> &str {
    let inner = tag.get(2..).unwrap_or_default().trim_start_matches(['-', '+']).trim_start();
    &inner[..inner.bytes().take_while(u8::is_ascii_alphanumeric).count()]
}

/// How long the tag is that `text` begins with. Where that is not clear it is rather too long: its end counts only
/// outside of strings and brackets.
fn tag(text: &str, ends: &str) -> usize {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, byte) in text.bytes().enumerate().skip(2) {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, _) if depth == 0 && text.as_bytes()[at..].starts_with(ends.as_bytes()) => {
                return at + ends.len();
            }
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    text.len()
}

/// Where what follows a raw block begins.
fn end_of_raw(text: &str, from: usize) -> usize {
    let mut at = from;
    while let Some(found) = text[at..].find("{%") {
        let rest = &text[at + found..];
        if word(rest) == "endraw" {
            return at + found + rest.find("%}").map_or(rest.len(), |end| end + 2);
        }
        at += found + 2;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tags_hold_is_letters_to_the_language_around_them() {
        for (text, read) in [
            ("echo {{ R | trim }} | tr a b", "echo {{xxxxxxxxxx}} | tr a b"),
            ("echo {{ (N|int) + 1 }}>x", "echo {{xxxxxxxxxxxxx}}>x"),
            ("{% if N > 3 %}ls{% endif %}", "{%xxxxxxxxxx%}ls{% endif %}"),
            ("a {{ \"}} | é\" | x\n}} b", "a {{xxxxxxxxxxxxxx\n}} b"),
            ("echo {{ R }} ${R} { ls; }", "echo {{ R }} ${R} { ls; }"),
            ("echo {{ R | x", "echo {{xxxx x"),
            ("{{", "{{"),
            ("é{", "é{"),
        ] {
            let found = without_tags(text);
            assert_eq!(found.len(), text.len(), "{text}");
            if text != "echo {{ R | x" {
                assert_eq!(found, read);
            }
        }
    }

    #[test]
    fn what_a_parser_would_follow_too_deep_is_refused_before_it_is_parsed() {
        for text in [
            format!("{{{{ {} x }}}}", "not ".repeat(29_000)),
            format!("{{{{ 1{} }}}}", " + 1".repeat(50_000)),
            format!("{{{{ {} }}}}", "(".repeat(50_000)),
            format!("{{{{ {{1:{{1:1}}}} {} x }}}}", "not ".repeat(29_000)),
            format!("{{{{ '}}}}' {} x }}}}", "not ".repeat(29_000)),
            format!("{{% if x %}}{}{{% endif %}}", "{% elif y %}".repeat(20_000)),
            "{{ x }}".repeat(TAGS + 1),
        ] {
            assert!(check(&text).is_err(), "{}", &text[..40]);
        }
        assert!(check_condition(&"not ".repeat(29_000)).is_err());
    }

    #[test]
    fn nothing_behind_a_text_is_passed_over() {
        for behind in [
            "&& B",
            "; B",
            "# B",
            "? B : C",
            "$B",
            "\\ B",
            "` B",
            "@@@",
            "\"",
            "“B”",
            "\u{a0}and B",
            "\"b\"",
            "'b'",
        ] {
            let text = format!("A == \"red\" {behind}");
            assert!(check_read(&text, true).is_err(), "{text}");
            assert!(check_read(&format!("{{{{ {text} }}}}"), false).is_err(), "{text}");
        }
        for text in
            ["A == \"red\" and B", "A in [\"a\", 'b']", "A ~ \"b\" == \"b\" ~ \"c\"", "A == \"a && b\""]
        {
            assert_eq!(check_read(text, true), Ok(()), "{text}");
            assert_eq!(check_read(&format!("a & \" {{{{ {text} }}}} \"b\" \"c\""), false), Ok(()), "{text}");
        }
    }

    #[test]
    fn text_between_tags_may_be_of_any_length() {
        let long = "a { b } ".repeat(10_000);
        assert_eq!(check(&format!("{long}{{{{ X }}}}{long}")), Ok(()));
        assert_eq!(
            check(&format!("{{% raw %}}{}{{% endraw %}}{{{{ X }}}}", "{{ x }}".repeat(5_000))),
            Ok(())
        );
        assert_eq!(check(&format!("{{# {} #}}", "x".repeat(5_000))), Ok(()));
    }

    #[test]
    fn the_largest_that_may_be_parsed_can_be() {
        let environment = environment();
        let deep = [
            "not ".repeat(122) + "x",
            "x".to_owned() + &"+1".repeat(245),
            "x".to_owned() + &".a".repeat(245),
            "-".repeat(490) + "x",
            "x".to_owned() + &"|d".repeat(245),
            "x".to_owned() + &"[1]".repeat(160),
            "x".to_owned() + &"()".repeat(245),
        ];
        let mut texts: Vec<String> = deep.iter().map(|deep| format!("{{{{{deep}}}}}")).collect();
        texts.extend(deep.iter().map(|deep| {
            let innermost = "{% elif y %}".repeat(ALTERNATIVES) + &format!("{{{{{deep}}}}}");
            "{% if x %}".repeat(100) + &innermost + &"{% endif %}".repeat(100)
        }));
        for text in texts {
            assert_eq!(check(&text), Ok(()));
            // Whether it parses or not: it comes back.
            let _ = environment.template_from_str(&text).map(|template| template.undeclared_variables(true));
        }
    }

    #[test]
    fn rendering_ends_where_it_takes_too_long_or_makes_too_much() {
        let double = "{% set x = x ~ x %}".repeat(60);
        for text in [
            format!("{{% set x = 'xxxxxxxx' %}}{double}{{{{ x }}}}"),
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}".to_owned(),
            "{% for a in range(9999) %}{{ 'x' * 9999 }}{% endfor %}".to_owned(),
            "{{ 'x' * 99999999999 }}".to_owned(),
            "{{ ('x' * 9999)|replace('x', 'y' * 9999) }}".to_owned(),
            "{{ range(9999)|list|join('x' * 99999) }}".to_owned(),
            "{{ 'a\nb'|indent(999999999999) }}".to_owned(),
        ] {
            assert_eq!(check(&text), Ok(()));
            assert!(rendered(&text).is_err(), "{}", &text[..text.len().min(60)]);
        }
        assert!(rendered("{% for a in range(999) %}{{ a }} {% endfor %}").is_ok());
    }

    fn rendered(text: &str) -> Result<String, minijinja::Error> {
        render(&environment(), text, ().into())
    }

    #[test]
    fn a_list_counts_as_large_as_it_would_be_written_however_often_it_holds_the_same() {
        for doubled in [
            "{% set a = [a, a] %}",
            "{% set a = a, a %}",
            "{% set a = {1: a, 2: a} %}",
            "{% set a = dict(b=a, c=a) %}",
            "{% set a = a|zip(a)|list %}",
            "{% set a = [a]|chain([a]) %}",
            "{% set a = [a] * 2 %}",
            "{% set a = [a] + [a] %}",
            "{% set a = a + a %}",
            "{% set n = namespace(b=a, c=a) %}{% set a = [n.b, n.c] %}",
        ] {
            let error =
                rendered(&format!("{{% set a = [1] %}}{}{{{{ a }}}}", doubled.repeat(60))).unwrap_err();
            assert_eq!(error.kind(), minijinja::ErrorKind::OutOfFuel, "{doubled}");
        }
        for written in
            ["a|string", "a ~ ''", "'%s'|format(a)", "[a]|map('string')|list", "a == [a]", "a|sort", "{a: a}"]
        {
            let doubled = "{% set a = [a, a] %}".repeat(60);
            let error = rendered(&format!("{{% set a = [1] %}}{doubled}{{{{ {written} }}}}")).unwrap_err();
            assert_eq!(error.kind(), minijinja::ErrorKind::OutOfFuel, "{written}");
        }
        let rebound: String = (0..60).map(|_| "{% for a in [[a, a]] %}").collect();
        let ends = "{% endfor %}".repeat(60);
        assert!(rendered(&format!("{{% set a = [1] %}}{rebound}{{{{ a }}}}{ends}")).is_err());
        assert!(rendered("{{ [[[[[1] * 99] * 99] * 99] * 99] * 99 }}").is_err());
        let long = "{% set s = 'x' * 9999 %}{% set s = [s] * 999 %}{% set s = [s] * 99 %}{{ s|length }}";
        assert!(rendered(long).is_err());
    }

    #[test]
    fn nothing_is_part_of_itself() {
        for text in [
            "{% set n = namespace() %}{% set n.a = n %}{{ n }}",
            "{% set n = namespace() %}{% set n.a = [n] %}{{ n }}",
            "{% set n = namespace() %}{% set m = namespace(n=n) %}{% set n.m = m %}{{ n }}",
            "{% set n = namespace(a=1) %}{% for i in range(9999) %}{% set n.a = [n.a] %}{% endfor %}{{ n.a }}",
        ] {
            assert!(rendered(text).is_err(), "{text}");
        }
        let counted =
            "{% set n = namespace(a=1) %}{% for i in range(5) %}{% set n.a = n.a + i %}{% endfor %}{{ n.a }}";
        assert_eq!(rendered(counted).unwrap(), "11");
    }

    #[test]
    fn a_list_that_is_repeated_too_often_is_refused_before_anything_is_compiled() {
        for text in ["[1]*9999*9999*9999 ~ ''", "9999*[1, 2]*9999 == [2]", "'a' in ([1] * (9 ** 9))"] {
            assert!(check_condition(text).is_err(), "{text}");
            assert!(check(&format!("{{{{ {text} }}}}")).is_err(), "{text}");
        }
        for text in ["[1]*3 == [1]", "2*3 > 5", "'*' * 9", "[1] * N"] {
            assert_eq!(check_condition(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_weighed_is_otherwise_as_it_was() {
        for (text, written) in [
            ("{% for a, b in [(1, 'x'), (2, 'y')] %}{{ a }}{{ b }}{{ loop.index }} {% endfor %}", "1x1 2y2 "),
            ("{% set (a, (b, c)) = (1, [2, 3]) %}{{ a + b * c }}", "7"),
            ("{% with a = [3, 1] %}{{ a|sort|join(', ') }}{% endwith %}", "1, 3"),
            (
                "{% for x in [1, [2, [3]]] recursive %}{{ loop(x) if x is iterable else x }}{% endfor %}",
                "123",
            ),
            ("{% filter upper %}a{{ 'b' }}{% endfilter %}{% set a | upper %}c{% endset %}{{ a }}", "ABC"),
            ("{{ 'abc'[1:] }}{{ 'a,b'|split(',')|list }}{{ {'a': [1]}.a[0] }}", "bc['a', 'b']1"),
            ("{{ 1 in [1, 2] }}{{ 1 < 2 < 3 }}{{ not (2 is divisibleby(2)) }}", "TrueTrueFalse"),
            ("{{ x|default('d') }}{{ 'a' if y is defined else 'b' }}", "db"),
        ] {
            assert_eq!(rendered(text).unwrap(), written, "{text}");
        }
        assert!(rendered("{{ x }}").is_err());
        let environment = environment();
        let read = expression(&environment, "[1, 2]|sum == 3").unwrap();
        assert!(read.eval(().into()).unwrap().is_true());
    }
}
