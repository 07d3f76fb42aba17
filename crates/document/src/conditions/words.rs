//! What a condition is told to be, in words.

pub(super) mod told {
    use minijinja::machinery::ast::Expr;

    use super::super::kinds::looks_like_a_number;
    use super::super::languages::all_contain;
    use super::super::printed::{operand, to_show};
    use super::super::{Complaint, Kind, Operator, Texts};
    use crate::findings::suggest;

    type Side<'s, 'a> = (&'s Expr<'a>, &'s Kind);

    fn written(left: &Expr<'_>, operator: Operator, right: &Expr<'_>) -> String {
        let side = |side| operand(side).or_else(|| to_show(side)).unwrap_or_else(|| "…".to_owned());
        format!("{} {} {}", side(left), operator.sign(), side(right))
    }

    fn name(expression: &Expr<'_>) -> String {
        operand(expression).or_else(|| to_show(expression)).unwrap_or_else(|| "one side".to_owned())
    }

    fn is_constant(expression: &Expr<'_>) -> bool {
        matches!(expression, Expr::Const(_))
    }

    /// Two values of different kinds, which are never equal.
    pub(in super::super) fn kinds(operator: Operator, left: Side<'_, '_>, right: Side<'_, '_>) -> Complaint {
        let what = |kind: &Kind| kind.words().unwrap_or("something else");
        let message = format!(
            "`{}` compares {} with {}, which {}",
            written(left.0, operator, right.0),
            what(left.1),
            what(right.1),
            if operator.orders() { "cannot be ordered" } else { "are never equal" }
        );
        let (constant, other) = if is_constant(left.0) { (left, right) } else { (right, left) };
        let name = name(other.0);
        let help = match (other.1, constant.1) {
            (Kind::Truth(_), Kind::Text(Texts::Exactly(text))) => {
                let not = match (operator, text.trim()) {
                    (Operator::Equal, "true") | (Operator::Unequal, "false") => "",
                    (Operator::Equal, "false") | (Operator::Unequal, "true") => "not ",
                    _ => return Complaint { message, help: format!("write `{name}` or `not {name}`") },
                };
                format!("write `{not}{name}`")
            }
            (Kind::Truth(_), _) => format!("write `{name}` or `not {name}`"),
            (Kind::Number(_), Kind::Text(Texts::Exactly(text))) if looks_like_a_number(text) => {
                format!("write the number without quotes: `{name} {} {}`", operator.sign(), text.trim())
            }
            (Kind::Text(_), Kind::Number(range)) => {
                let filter = if range.whole { "int" } else { "float" };
                format!("write `{name} | {filter}`, or the number in quotes if the text itself is meant")
            }
            (Kind::Text(_), Kind::Truth(Some(truth))) => {
                format!("write `{name} {} \"{truth}\"`: a text is compared with a text", operator.sign())
            }
            (Kind::Number(_), Kind::Text(_)) => {
                let text = operand(constant.0).unwrap_or_else(|| "the text".to_owned());
                format!("write `{text} | int`, which reads the text as a number")
            }
            _ => format!("compare `{name}` with something of its kind"),
        };
        Complaint { message, help }
    }

    /// A declared number that a template compares as it is.
    pub(in super::super) fn as_written(
        operator: Operator,
        left: Side<'_, '_>,
        right: Side<'_, '_>,
    ) -> Complaint {
        let declared = |side: &Side<'_, '_>| matches!(side.1, Kind::Number(range) if range.declared);
        let side = if declared(&left) { left } else { right };
        let filtered = |side: Side<'_, '_>| match side.1 {
            Kind::Number(range) if range.declared => {
                format!("{} | {}", name(side.0), if range.whole { "int" } else { "float" })
            }
            _ => operand(side.0).unwrap_or_else(|| "…".to_owned()),
        };
        Complaint {
            message: format!(
                "in a template `{}` is a text if it was given like `+2` or `0.10`, and a text is no number",
                name(side.0)
            ),
            help: format!("write `{} {} {}`", filtered(left), operator.sign(), filtered(right)),
        }
    }

    /// Two texts by their order, which people may take for numbers.
    pub(in super::super) fn order(operator: Operator, left: &Expr<'_>, right: &Expr<'_>) -> Complaint {
        let number = |side: &Expr<'_>| match side {
            Expr::Const(constant) => constant.value.as_str().unwrap_or_default().trim().to_owned(),
            _ => format!("{} | int", name(side)),
        };
        let text = |side: &Expr<'_>| match side {
            Expr::Const(_) => name(side),
            _ => format!("{} | string", name(side)),
        };
        let sign = operator.sign();
        let version = [left, right]
            .iter()
            .any(|side| matches!(side, Expr::Const(_)) && number(side).parse::<f64>().is_err());
        if version {
            return Complaint {
                message: format!(
                    "`{}` compares versions letter by letter, so \"v10\" comes before \"v9\"",
                    written(left, operator, right)
                ),
                help: format!(
                    "compare them in a check, as with `sort -V`, or write `{} {sign} {}` if letters are meant",
                    text(left),
                    text(right)
                ),
            };
        }
        Complaint {
            message: format!(
                "`{}` compares texts letter by letter, so \"10\" comes before \"9\"",
                written(left, operator, right)
            ),
            help: format!(
                "write `{} {sign} {}` for numbers, or `{} {sign} {}` if that is meant",
                number(left),
                number(right),
                text(left),
                text(right)
            ),
        }
    }

    /// A comparison that always comes out the same.
    pub(in super::super) fn outcome(
        operator: Operator,
        held: bool,
        left: Side<'_, '_>,
        right: Side<'_, '_>,
    ) -> Complaint {
        let how = if held { "always holds" } else { "never holds" };
        let message = format!("`{}` {how}", written(left.0, operator, right.0));
        let (constant, other) = if is_constant(left.0) { (left, right) } else { (right, left) };
        let name = name(other.0);
        let (message, help) = match (other.1, constant.1) {
            (Kind::Text(Texts::OneOf(texts, plural)), Kind::Text(Texts::Exactly(text))) => {
                let known: Vec<&str> = texts.iter().map(String::as_str).collect();
                (format!("{message}: `{name}` is never `{text}`"), suggest(text, &known, plural))
            }
            (Kind::Text(Texts::Matching(matching)), _) => (
                format!("{message}: `{name}` matches {}", matching.source()),
                "compare it with what it can be".to_owned(),
            ),
            (Kind::Text(Texts::NotEmpty), _) => (
                format!("{message}: `{name}` is never empty"),
                "say `empty: true` where it is captured, if it may be".to_owned(),
            ),
            (Kind::Number(range), _) => {
                // Nothing has no sign, whatever it was multiplied with.
                let limit =
                    |limit: f64, word: &str| limit.is_finite().then(|| format!("{word} {}", limit + 0.0));
                let limits: Vec<String> = [limit(range.least, "less than"), limit(range.most, "more than")]
                    .into_iter()
                    .flatten()
                    .collect();
                let why = match limits.as_slice() {
                    _ if is_constant(other.0) => String::new(),
                    [] => format!(": `{name}` is a whole number"),
                    limits => format!(": `{name}` is never {}", limits.join(" or ")),
                };
                let help = if held {
                    "leave the comparison out, or compare with a number for which it can fail"
                } else {
                    "compare with a number for which it can hold"
                };
                (format!("{message}{why}"), help.to_owned())
            }
            _ => (message, "compare with something that may be so or not".to_owned()),
        };
        Complaint { message, help }
    }

    /// A comparison of calculations that always comes out the same.
    pub(in super::super) fn whatever(
        operator: Operator,
        held: bool,
        left: &Expr<'_>,
        right: &Expr<'_>,
    ) -> Complaint {
        let how = if held { "always holds" } else { "never holds" };
        Complaint {
            message: format!("`{}` {how}, whatever its values are", written(left, operator, right)),
            help: "compare with something that may be so or not".to_owned(),
        }
    }

    /// A value that is looked for in a text that is written out, as if that were a list.
    pub(in super::super) fn part(left: &Expr<'_>, text: &str) -> Complaint {
        let name = name(left);
        let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(|word| format!("{word:?}")).collect();
        Complaint {
            message: format!(
                "`{name} in {text:?}` holds for every part of that text, for one letter of it too"
            ),
            help: format!("write a list: `{name} in [{}]`", words.join(", ")),
        }
    }

    /// `left in right`, where the right side is no list.
    pub(in super::super) fn inside(left: Side<'_, '_>, right: Side<'_, '_>) -> Option<Complaint> {
        let (left_name, right_name) = (name(left.0), name(right.0));
        match (left.1, right.1) {
            (_, Kind::Number(_) | Kind::Truth(_) | Kind::Group | Kind::Nothing) => Some(Complaint {
                message: format!("nothing is in `{right_name}`, which is neither a list nor a text"),
                help: format!("write a list: `{left_name} in [\"a\", \"b\"]`"),
            }),
            (Kind::Number(_) | Kind::Truth(_), Kind::Text(_)) => Some(Complaint {
                message: format!("`{left_name}` is no text, so it is never in `{right_name}`"),
                help: format!("write `{left_name} | string in {right_name}`, or a list"),
            }),
            // Of choices, and of names of environments, somebody looks for one that contains it: that may be none.
            (Kind::Text(Texts::Exactly(text)), Kind::Text(Texts::OneOf(texts, plural)))
                if !texts.iter().any(|one| one.contains(text.as_str())) =>
            {
                let known: Vec<&str> = texts.iter().map(String::as_str).collect();
                Some(Complaint {
                    message: format!("`{left_name}` is never in `{right_name}`"),
                    help: suggest(text, &known, plural),
                })
            }
            (Kind::Text(Texts::Exactly(text)), Kind::Text(texts)) => {
                let held = all_contain(texts, text)?;
                let how = if held { "always" } else { "never" };
                let help = match texts {
                    Texts::Matching(matching) => {
                        format!("look for what it can have: it matches {}", matching.source())
                    }
                    _ => "look for what may be there or not".to_owned(),
                };
                Some(Complaint { message: format!("`{left_name}` is {how} in `{right_name}`"), help })
            }
            _ => None,
        }
    }
}
