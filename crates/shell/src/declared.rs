//! Definitions, and what stands behind a condition that never holds, in languages other than shells and Python.

/// A script from behind what its first statement defines, or would do and never does; `None` where it does anything else, or
/// may. `rest` begins with no blank.
pub(crate) fn behind_declaration<'t>(rest: &'t str, language: &str) -> Option<&'t str> {
    match language {
        "js" | "javascript" | "node" | "ts" | "typescript" => {
            behind_braces(rest, &["function ", "async function "], "//")
        }
        "php" => behind_braces(rest, &["function "], "#"),
        "perl" => behind_use(rest).or_else(|| behind_braces(rest, &["sub "], "#")),
        "ruby" => behind_end(rest, &["def "], &["if false", "if nil", "unless true", "while false"]),
        "lua" => behind_end(
            rest,
            &["function ", "local function "],
            &["if false then", "if nil then", "while false do"],
        ),
        _ => None,
    }
}

/// `use strict;`
fn behind_use(rest: &str) -> Option<&str> {
    let (line, behind) = rest.split_once(';')?;
    let pragma = line.strip_prefix("use ").or(line.strip_prefix("no "))?.trim();
    let version = pragma.strip_prefix('v').unwrap_or(pragma);
    let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (is_version || matches!(pragma, "strict" | "warnings" | "utf8")).then_some(behind)
}

/// Functions of Perl that are called by themselves.
const CALLED: [&str; 5] = ["BEGIN", "CHECK", "END", "INIT", "UNITCHECK"];

/// A named function, or what stands behind a condition, in braces.
fn behind_braces<'t>(rest: &'t str, functions: &[&str], comment: &str) -> Option<&'t str> {
    let open = rest.find('{')?;
    let (head, body) = rest.split_at(open);
    let defines = functions.iter().any(|function| {
        let name = head.strip_prefix(function).and_then(|rest| rest.split('(').next()).map(str::trim);
        name.is_some_and(|name| crate::is_name(name) && !CALLED.contains(&name))
    });
    let condition = head.strip_prefix("if").or(head.strip_prefix("while")).map(str::trim);
    let never = matches!(condition, Some("(false)" | "(0)"));
    if !(defines && !head.contains(['"', '\'', '`', '/']) || never) {
        return None;
    }
    let behind = &body[closes(body, comment)?..];
    let goes_on = never && behind.trim_start().starts_with("els");
    (!goes_on).then_some(behind)
}

/// Where the brace at the beginning is closed; `None` where it is not, or a text or a pattern may hold anything.
fn closes(body: &str, comment: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        let rest = body.get(at..)?;
        let first = rest.chars().next()?;
        at += first.len_utf8();
        match first {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(at),
            '}' => depth -= 1,
            '"' | '\'' => {
                let end = rest[1..].find([first, '\\', '\n'])?;
                if !rest[1 + end..].starts_with(first) {
                    return None;
                }
                at += end + 1;
            }
            _ if rest.starts_with(comment)
                && (comment != "#" || body[..at - 1].ends_with([' ', '\t', '\n'])) =>
            {
                at += rest.find('\n')? - first.len_utf8();
            }
            '`' | '/' | '#' => return None,
            '<' if rest.starts_with("<<") => return None,
            _ => {}
        }
    }
}

/// A function, or what stands behind a condition, up to `end`.
fn behind_end<'t>(rest: &'t str, functions: &[&str], never: &[&str]) -> Option<&'t str> {
    const OPEN: [&str; 17] = [
        "if", "unless", "while", "until", "do", "def", "class", "module", "begin", "case", "for", "function",
        "repeat", "else", "elsif", "elseif", "rescue",
    ];
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let starts = |head: &&&str| {
        rest.starts_with(**head) && (head.ends_with(' ') || !rest[head.len()..].starts_with(is_part))
    };
    let function = functions.iter().find(starts);
    let head = function.or_else(|| never.iter().find(starts))?;
    let mut at = head.len();
    // There may be more of the condition.
    let is_whole =
        rest[at..].starts_with([';', '\n', '\r']) || head.ends_with("then") || head.ends_with("do");
    if function.is_none() && !is_whole {
        return None;
    }
    let line = rest.lines().next()?;
    if function.is_some() && line.contains('=') {
        return None;
    }
    loop {
        let behind = rest.get(at..)?;
        let skipped = behind.find(|c: char| is_part(c))?;
        let word_at = at + skipped;
        let length = rest[word_at..].find(|c: char| !is_part(c)).unwrap_or(rest.len() - word_at);
        let word = &rest[word_at..word_at + length];
        if OPEN.contains(&word)
            || behind[..skipped].contains(['#', '%', '/', '['])
            || behind[..skipped].contains("--")
            || behind[..skipped].contains("<<")
        {
            return None;
        }
        at = word_at + length;
        let body = &rest[..word_at];
        let closed = ['"', '\''].iter().all(|quote| body.matches(*quote).count() % 2 == 0);
        if word == "end" && closed {
            return Some(&rest[at..]);
        }
    }
}
