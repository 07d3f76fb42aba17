//! Comparisons in conditions: a text is never equal to a number, and always on the same side of one.

/// What of an expression matters here.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    /// Whether it is a whole number.
    Number(bool),
    Comparison,
    Other(char),
}

/// Names that are compared with a number as they are, and the filter that makes numbers of them.
pub(crate) fn with_numbers(expression: &str) -> Vec<(String, &'static str)> {
    let tokens = bare(tokens(expression));
    let token = |at: Option<usize>| at.and_then(|at| tokens.get(at));
    let mut found = Vec::new();
    for at in (0..tokens.len()).filter(|at| tokens[*at] == Token::Comparison) {
        let before = at.checked_sub(1);
        let signed = matches!(tokens.get(at + 1), Some(Token::Other('-' | '+')));
        let after = at + 1 + usize::from(signed);
        let pair = match (token(before), tokens.get(after)) {
            // What follows a `|` or a `.` is a filter or an attribute, not the name.
            (Some(Token::Name(name)), Some(Token::Number(whole)))
                if !matches!(token(at.checked_sub(2)), Some(Token::Other('|' | '.'))) =>
            {
                (name, whole)
            }
            (Some(Token::Number(whole)), Some(Token::Name(name)))
                if !matches!(tokens.get(after + 1), Some(Token::Other('|' | '.' | '(' | '['))) =>
            {
                (name, whole)
            }
            _ => continue,
        };
        found.push((pair.0.clone(), if *pair.1 { "int" } else { "float" }));
    }
    found
}

fn tokens(expression: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' | '\'' => {
                out.push(Token::Other(c));
                string(rest)
            }
            _ if c.is_ascii_digit() => {
                let number: String = rest
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))
                    .collect();
                let prefixed = ["0x", "0X", "0o", "0b"].iter().any(|prefix| number.starts_with(prefix));
                out.push(Token::Number(prefixed || !number.contains(['.', 'e', 'E'])));
                number.len()
            }
            _ if c.is_alphabetic() || c == '_' => {
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let length = name.len();
                out.push(Token::Name(name));
                length
            }
            _ if ["==", "!=", "<=", ">="].iter().any(|comparison| rest.starts_with(comparison)) => {
                out.push(Token::Comparison);
                2
            }
            '<' | '>' => {
                out.push(Token::Comparison);
                1
            }
            _ => {
                if !c.is_whitespace() {
                    out.push(Token::Other(c));
                }
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}

/// How long the string is that `text` begins with.
fn string(text: &str) -> usize {
    let mut chars = text.char_indices();
    let quote = chars.next().map(|(_, c)| c);
    let mut escaped = false;
    for (at, c) in chars {
        if !escaped && Some(c) == quote {
            return at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// Without parentheses around a single name or number.
fn bare(mut tokens: Vec<Token>) -> Vec<Token> {
    let single = |part: &[Token], before: Option<&Token>| {
        matches!(part, [Token::Other('('), Token::Name(_) | Token::Number(_), Token::Other(')')])
            && !matches!(before, Some(Token::Name(name)) if !["and", "or", "not", "in", "if", "else"].contains(&name.as_str()))
    };
    while let Some(at) = (0..tokens.len().saturating_sub(2))
        .find(|at| single(&tokens[*at..*at + 3], at.checked_sub(1).and_then(|before| tokens.get(before))))
    {
        tokens.remove(at + 2);
        tokens.remove(at);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_compared_with_numbers_are_found_on_either_side() {
        for (expression, expected) in [
            ("COUNT > 3", vec![("COUNT", "int")]),
            ("3 < COUNT", vec![("COUNT", "int")]),
            ("COUNT == 3", vec![("COUNT", "int")]),
            ("COUNT!=-3", vec![("COUNT", "int")]),
            ("-3 >= COUNT", vec![("COUNT", "int")]),
            ("(COUNT) <= (0.5)", vec![("COUNT", "float")]),
            ("x == 'a' and (COUNT > 0x1e) or not (B) < 1e3", vec![("COUNT", "int"), ("B", "float")]),
            ("COUNT | int > 3", vec![]),
            ("3 < COUNT | int", vec![]),
            ("(COUNT | int) > 3", vec![]),
            ("COUNT | length == 3 and run.number > 1", vec![]),
            ("1 < run.number and 3 > int(COUNT)", vec![]),
            ("COUNT == \"3 > COUNT\" or 'COUNT > 3' == x", vec![]),
            ("COUNT == '3'", vec![]),
            ("A > B", vec![]),
        ] {
            let found: Vec<(String, &str)> = with_numbers(expression);
            let found: Vec<(&str, &str)> = found.iter().map(|(name, how)| (name.as_str(), *how)).collect();
            assert_eq!(found, expected, "{expression}");
        }
    }
}
