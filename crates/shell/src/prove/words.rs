//! What every shell reads alike of words, redirections and here-documents.

use crate::is_name;
use crate::token::{Body, Kind, Part, PartKind, Redirection, Token, Word};

/// What proves the commands of a substitution, and where their text begins.
pub(super) type Commands<'f, 't> = &'f mut dyn FnMut(&'t [Token], usize) -> Option<()>;

/// Bytes that stand for themselves anywhere in a word but, some, at its beginning.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./:,=+%@^~*?]!{}#".contains(&byte)
}

/// Whether a word is `NAME=…` for every shell.
pub(super) fn assigns(text: &str, word: &Word) -> bool {
    let Some(Part { kind: PartKind::Literal, at }) = word.parts.first() else { return false };
    text[at.clone()].split_once('=').is_some_and(|(name, _)| is_name(name))
}

/// Whether tokens, which begin behind `start`, have only blanks between them; a line end that is escaped stands behind a
/// blank.
pub(super) fn are_joined_plainly(text: &str, tokens: &[Token], start: usize) -> bool {
    let (mut end, mut body) = (start, false);
    let joined = tokens.iter().all(|token| {
        let between = text.get(end..token.at.start).unwrap_or_default();
        // The line that ends a here-document is no token.
        let between = if body { between.split_once('\n').map(|(_, rest)| rest) } else { Some(between) };
        (end, body) = (token.at.end, matches!(token.kind, Kind::Body(_)));
        between.is_some_and(is_blank)
    });
    joined && (!body || text[end..].contains('\n'))
}

/// Whether this is blanks, and line ends that are escaped behind one.
fn is_blank(between: &str) -> bool {
    let mut after_blank = false;
    let mut bytes = between.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' => after_blank = true,
            b'\\' if after_blank && bytes.next() == Some(b'\n') => after_blank = false,
            _ => return false,
        }
    }
    true
}

/// Proves a word. `inline`: in a substitution, where nothing goes over several lines.
pub(super) fn word<'t>(text: &str, word: &'t Word, inline: bool, commands: Commands<'_, 't>) -> Option<()> {
    let mut quoted = false;
    for part in &word.parts {
        let own = text.get(part.at.clone())?;
        match &part.kind {
            PartKind::Literal => literal(own, quoted)?,
            PartKind::Escaped => {
                let escaped = own.as_bytes().get(1)?;
                (escaped.is_ascii() && *escaped != b'\n').then_some(())?;
            }
            PartKind::Single => one_line(own, inline)?,
            PartKind::Double(parts) => {
                (own.starts_with('"')).then_some(())?;
                one_line(own, inline)?;
                double(text, parts, commands)?;
            }
            _ => expansion(text, part, commands)?,
        }
        quoted |= part.kind != PartKind::Literal;
    }
    (!word.parts.is_empty()).then_some(())
}

/// Text without quotes, which may be `behind` quotes or expansions.
fn literal(text: &str, behind: bool) -> Option<()> {
    let plain = |(at, byte): (usize, u8)| match byte {
        // `name[` begins an element of an array in some shells.
        b'[' => !behind && !is_name(&text[..at]),
        byte => is_plain(byte),
    };
    text.bytes().enumerate().all(plain).then_some(())
}

fn one_line(text: &str, inline: bool) -> Option<()> {
    (!inline || !text.contains('\n')).then_some(())
}

/// What stands in double quotes.
fn double<'t>(text: &str, parts: &'t [Part], commands: Commands<'_, 't>) -> Option<()> {
    for (index, part) in parts.iter().enumerate() {
        match &part.kind {
            PartKind::Literal => {
                // `$` means itself in front of the closing quote, for everybody.
                let own = text.get(part.at.clone())?;
                let own = if index + 1 == parts.len() { own.strip_suffix('$').unwrap_or(own) } else { own };
                (!own.contains('$')).then_some(())?;
            }
            PartKind::Escaped => {}
            _ => expansion(text, part, commands)?,
        }
    }
    Some(())
}

/// `$NAME`, `$1`, `$?`, `${…}`, `$(…)`, `$((…))`.
fn expansion<'t>(text: &str, part: &'t Part, commands: Commands<'_, 't>) -> Option<()> {
    let own = text.get(part.at.clone())?;
    match &part.kind {
        PartKind::Parameter { braces: None, .. } => Some(()),
        PartKind::Parameter { name, braces: Some(parts) } => {
            let before = text.get(part.at.start + 2..name.start)?;
            let counts = before == "#";
            (counts || before.is_empty()).then_some(())?;
            braced(text, &text[name.clone()], counts, parts)
        }
        PartKind::Command(tokens) if own.starts_with("$(") => commands(tokens, part.at.start + 2),
        PartKind::Arithmetic(parts) if own.starts_with("$((") => parts.iter().try_for_each(|part| {
            let calculates = |byte: u8| byte.is_ascii_alphanumeric() || b"_ +-*/%".contains(&byte);
            match part.kind {
                PartKind::Literal => text[part.at.clone()].bytes().all(calculates).then_some(()),
                _ => variable(text, part),
            }
        }),
        _ => None,
    }
}

/// `$NAME`, and nothing else.
fn variable(text: &str, part: &Part) -> Option<()> {
    match &part.kind {
        PartKind::Parameter { name, braces: None } => is_name(&text[name.clone()]).then_some(()),
        _ => None,
    }
}

/// `${NAME}`, `${#NAME}`, `${NAME:-text}`, `${NAME%pattern}` and the like, of simple texts.
fn braced(text: &str, name: &str, counts: bool, parts: &[Part]) -> Option<()> {
    let digit = name.len() == 1 && name.bytes().all(|byte| byte.is_ascii_digit()) && !counts;
    (is_name(name) || digit).then_some(())?;
    let Some((first, rest)) = parts.split_first() else { return Some(()) };
    if counts || first.kind != PartKind::Literal {
        return None;
    }
    let own = &text[first.at.clone()];
    let operators = [":-", ":=", ":+", ":?", "%%", "##", "-", "=", "+", "?", "%", "#"];
    let own = operators.into_iter().find_map(|operator| own.strip_prefix(operator))?;
    let simple = |text: &str| {
        let simple = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:,=+@*? ".contains(&byte);
        text.bytes().all(simple).then_some(())
    };
    simple(own)?;
    rest.iter().try_for_each(|part| match part.kind {
        PartKind::Literal => simple(&text[part.at.clone()]),
        _ => variable(text, part),
    })
}

/// A redirection, with its descriptor of one digit.
pub(super) fn redirection<'t>(
    text: &str,
    redirection: &'t Redirection,
    inline: bool,
    commands: Commands<'_, 't>,
) -> Option<()> {
    let bytes = text.as_bytes();
    if redirection.descriptor.as_ref().is_some_and(|digits| digits.len() > 1) {
        return None;
    }
    let target = redirection.target.as_ref()?;
    let (first, last) = (target.parts.first()?, target.parts.last()?);
    is_blank(&text[redirection.operator.end..first.at.start]).then_some(())?;
    let behind = bytes.get(last.at.end).copied();
    match &text[redirection.operator.clone()] {
        "<<" | "<<-" => {
            let [Part { kind: PartKind::Literal | PartKind::Single | PartKind::Double(_), at }] =
                target.parts.as_slice()
            else {
                return None;
            };
            let delimiter = text[at.clone()].trim_matches(['\'', '"']);
            let ends = matches!(behind, Some(b' ' | b'\t' | b'\n' | b';' | b'|' | b'>'));
            (!inline && ends && is_name(delimiter)).then_some(())
        }
        "<&" | ">&" => {
            let one = target
                .bare(text)
                .is_some_and(|to| to == "-" || to.len() == 1 && to.as_bytes()[0].is_ascii_digit());
            let ends = matches!(behind, None | Some(b' ' | b'\t' | b'\n' | b';' | b'|' | b')'));
            (one && ends && redirection.operator.end == first.at.start).then_some(())
        }
        "<" | ">" | ">>" | "<>" | ">|" => {
            word(text, target, inline, commands)?;
            // A number right before the next one would be that one's descriptor.
            (!matches!(behind, Some(b'<' | b'>'))).then_some(())
        }
        _ => None,
    }
}

/// The body of a here-document, in which only variables are expanded.
pub(super) fn body(text: &str, body: &Body) -> Option<()> {
    if body.quoted {
        return Some(());
    }
    body.parts.iter().try_for_each(|part| {
        let own = text.get(part.at.clone())?;
        match &part.kind {
            PartKind::Literal => (!own.contains(['$', '`', '\\'])).then_some(()),
            PartKind::Escaped => own.ends_with(['$', '`', '\\']).then_some(()),
            PartKind::Parameter { name, braces } => {
                let braces = braces.as_ref().is_none_or(Vec::is_empty);
                let plain = part.at.len() <= name.len() + 3 && !own.starts_with("${#");
                (braces && plain && is_name(&text[name.clone()])).then_some(())
            }
            _ => None,
        }
    })
}
