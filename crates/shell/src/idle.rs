//! Scripts that hold commands, and do nothing all the same.

use crate::declared::behind_declaration;
use crate::empty::behind_what_is_idle;
use crate::handed::{fed, in_words, is_started_here};
use crate::python::{Line, Values, read as lines, values};
use crate::token::{Keyword, Kind, Operator, Part, PartKind, Redirection, Script, Token, Word};
use crate::{assigned, is_empty_script, read, split};

/// Why a script does nothing, in words that follow "this block".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// It can neither do anything nor fail.
    Nothing(&'static str),
    /// It does so little that more was probably meant.
    Little(&'static str),
    /// It only sets variables, which is something where a later block sees them.
    Assigns,
}

/// Whether a script does nothing. What is not surely so, is not: `:` and `true` alone say plainly what they do.
pub fn idle(script: &str, language: &str) -> Option<Idle> {
    if is_empty_script(script, language) {
        return Some(Idle::Nothing("has no commands"));
    }
    match language {
        "sh" | "shell" | "bash" | "dash" | "ksh" | "zsh" => of_shell(script, 0),
        "python" | "python3" | "py" => of_python(script),
        _ => {
            let whole = format!("{script}\n");
            let mut rest = behind_what_is_idle(&whole, language);
            while let Some(behind) = behind_declaration(rest, language) {
                rest = behind_what_is_idle(behind, language);
            }
            let Some(first) = rest.lines().next() else { return Some(CALLS_NOTHING) };
            ends(first.trim_end_matches([';', ' ', '\t', '\r']), language).then_some(ENDS)
        }
    }
}

const CALLS_NOTHING: Idle = Idle::Nothing("holds values and definitions only, and calls nothing");

const ENDS: Idle = Idle::Nothing("ends before its first command");

/// Whether a line is the end of a script that has not failed.
fn ends(line: &str, language: &str) -> bool {
    match language {
        "perl" => matches!(line, "__END__" | "__DATA__" | "exit" | "exit 0" | "exit(0)" | "exit()"),
        "ruby" => matches!(line, "__END__" | "exit" | "exit 0" | "exit(0)" | "exit()" | "exit true"),
        "python" | "python3" | "py" => matches!(
            line,
            "exit()"
                | "exit(0)"
                | "quit()"
                | "quit(0)"
                | "sys.exit()"
                | "sys.exit(0)"
                | "os._exit(0)"
                | "raise SystemExit"
                | "raise SystemExit()"
                | "raise SystemExit(0)"
        ),
        "js" | "javascript" | "node" | "ts" | "typescript" => {
            matches!(line, "process.exit()" | "process.exit(0)")
        }
        "php" => matches!(line, "exit" | "exit()" | "exit(0)" | "die" | "die()" | "__halt_compiler()"),
        "lua" => matches!(line, "os.exit()" | "os.exit(0)" | "os.exit(true)" | "return"),
        _ => false,
    }
}

/// What a statement of a shell script does.
#[derive(Clone, Copy, PartialEq)]
enum Does {
    Defines,
    Assigns,
    Sets,
    /// `set -n`: nothing after it is executed.
    Stops,
    Exits,
    Redirects,
    Never,
    /// `cd .`, `eval ''`: a command with nothing to do.
    Idles,
    Something,
}

/// How deep scripts in scripts are followed.
const DEEPEST: usize = 8;

/// `depth` says how many scripts hand this one on.
fn of_shell(script: &str, depth: usize) -> Option<Idle> {
    if depth > DEEPEST {
        return None;
    }
    let read = read(script);
    if read.error.is_some() || !read.doubts.is_empty() {
        return None;
    }
    let statements = statements(script, &read, depth);
    let mut done = Vec::new();
    let mut before = false;
    for (index, does) in statements.iter().enumerate() {
        match does {
            Does::Stops if !before => return Some(Idle::Nothing("executes nothing after `set -n`")),
            Does::Stops => return Some(Idle::Little("executes nothing after `set -n`")),
            Does::Exits if !before && done.contains(&Does::Assigns) => return Some(Idle::Assigns),
            Does::Exits if !before => {
                return Some(Idle::Nothing("ends at its `exit`, `return` or `exec`, before any command"));
            }
            Does::Exits if index + 1 < statements.len() => {
                return Some(Idle::Little(
                    "has commands behind an `exit`, `return` or `exec`, which are never executed",
                ));
            }
            Does::Exits => break,
            does => {
                before |= matches!(does, Does::Something | Does::Redirects);
                done.push(*does);
            }
        }
    }
    let only = |what: &[Does]| done.iter().all(|does| what.contains(does));
    if done.is_empty() || done.contains(&Does::Something) {
        None
    } else if done.contains(&Does::Redirects) {
        Some(Idle::Little("has redirections and no command, so it only opens or empties files"))
    } else if done.contains(&Does::Assigns) {
        Some(Idle::Assigns)
    } else if only(&[Does::Sets]) {
        Some(Idle::Nothing("only sets options and the like, which end with it"))
    } else if only(&[Does::Defines, Does::Sets]) {
        Some(Idle::Nothing("only defines functions, which end with it"))
    } else if done.contains(&Does::Idles) {
        Some(Idle::Nothing("has commands with nothing to do, and no others"))
    } else {
        Some(Idle::Nothing(
            "executes nothing: what stands in it is behind a condition that is always the same",
        ))
    }
}

/// What each statement does, in order. What is joined to another by `&&`, `||`, `|` or `&` is something.
fn statements(text: &str, read: &Script, depth: usize) -> Vec<Does> {
    let all = split::statements(&read.tokens).into_iter();
    let does = all.map(|statement| match split::is_joined(statement) {
        true => Does::Something,
        false if feeds_nothing(text, statement, &read.tokens, depth) => Does::Idles,
        false => does(text, &split::without_notes(statement), depth),
    });
    does.collect()
}

/// Whether it is a shell that is fed a script which does nothing.
fn feeds_nothing(text: &str, statement: &[Token], all: &[Token], depth: usize) -> bool {
    let begins = |it: &Redirection| matches!(text.get(it.operator.clone()), Some("<<" | "<<-"));
    let (mut words, mut ends) = (Vec::new(), Vec::new());
    for token in statement {
        match &token.kind {
            Kind::Word(word) => words.push(word),
            Kind::Redirection(it) if begins(it) => ends.push(token.at.end),
            Kind::Redirection(it) if leads_nowhere(text, it) => {}
            Kind::Body(_) | Kind::Comment | Kind::Operator(Operator::Newline) => {}
            _ => return false,
        }
    }
    let ([end], true) = (ends.as_slice(), is_started_here(text, &words) && fed(text, &words).is_some())
    else {
        return false;
    };
    // Of several here-documents of one line, nobody counts here whose is whose.
    let mut behind = all.iter().skip_while(|token| token.at.start < *end);
    let mut line =
        behind.by_ref().take_while(|token| !matches!(token.kind, Kind::Operator(Operator::Newline)));
    let alone = !line.any(|token| matches!(&token.kind, Kind::Redirection(it) if begins(it)));
    let body = behind.find_map(|token| match &token.kind {
        Kind::Body(body) => Some((body, token.at.clone())),
        _ => None,
    });
    let Some((body, at)) = body.filter(|_| alone) else { return false };
    (body.quoted || body.parts.iter().all(Part::is_settled))
        && hands_nothing(text.get(at).unwrap_or_default(), depth)
}

/// Whether a script that is handed to a shell does nothing there.
fn hands_nothing(script: &str, depth: usize) -> bool {
    // Alone these say plainly what they do, and in what is handed on nobody says anything.
    matches!(script.trim(), ":" | "true")
        || is_empty_script(script, "sh")
        || matches!(of_shell(script, depth + 1), Some(Idle::Nothing(_)))
}

fn does(text: &str, statement: &[&Token], depth: usize) -> Does {
    let word = |at: usize| match statement.get(at).map(|token| &token.kind) {
        Some(Kind::Word(word)) => word.bare(text),
        _ => None,
    };
    let kind = |at: usize| statement.get(at).map(|token| &token.kind);
    match (kind(0), kind(1), kind(2)) {
        (Some(Kind::Keyword(Keyword::Function)), ..)
        | (
            Some(Kind::Word(_)),
            Some(Kind::Operator(Operator::Open)),
            Some(Kind::Operator(Operator::Close)),
        ) => {
            return Does::Defines;
        }
        (Some(Kind::Keyword(Keyword::For)), Some(_), Some(Kind::Keyword(Keyword::In))) => {
            return goes_over_nothing(statement);
        }
        (Some(Kind::Keyword(Keyword::Case)), Some(_), Some(Kind::Keyword(Keyword::In))) => {
            return is_no_case(text, word(1), statement);
        }
        (Some(Kind::Keyword(head)), Some(_), _) => return compound(text, *head, statement),
        (Some(Kind::Arithmetic(_)), None, _) => {
            let number = text.get(statement[0].at.clone()).and_then(|whole| whole.get(2..whole.len() - 2));
            let number = number.map(str::trim).unwrap_or_default();
            let holds =
                number.bytes().all(|byte| byte.is_ascii_digit()) && number.bytes().any(|byte| byte != b'0');
            return if holds { Does::Idles } else { Does::Something };
        }
        _ => {}
    }
    let is_nowhere =
        |token: &&&Token| matches!(&token.kind, Kind::Redirection(it) if leads_nowhere(text, it));
    let is_opened = |token: &&&Token| matches!(&token.kind, Kind::Redirection(it) if opens(text, it));
    match statement.iter().filter(|token| !is_nowhere(token)).collect::<Vec<_>>().as_slice() {
        [] => return Does::Idles,
        opened if opened.iter().all(is_opened) => return Does::Redirects,
        _ => {}
    }
    if reads_nothing(text, statement) {
        return Does::Idles;
    }
    let words: Option<Vec<&Word>> = statement
        .iter()
        .map(|token| match &token.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        })
        .collect();
    let Some(words) = words else { return Does::Something };
    if words.iter().all(|word| assigns(text, word)) {
        return Does::Assigns;
    }
    if words[0].bare(text) == Some("alias")
        && words.len() > 1
        && words[1..].iter().all(|word| assigns(text, word))
    {
        return Does::Sets;
    }
    if is_started_here(text, &words)
        && in_words(text, &words).is_some_and(|it| it.settled && hands_nothing(&it.text, depth))
    {
        return Does::Idles;
    }
    let bare: Option<Vec<&str>> = words.iter().map(|word| word.bare(text)).collect();
    match bare.as_deref() {
        // A block is read by a shell of ours, so that it may return; what is executed in its place ends it as well.
        Some(["cd", "." | "./"] | ["exec" | "eval"] | ["." | "source", "/dev/null"]) => Does::Idles,
        Some(["exit" | "return"] | ["exit" | "return", "0"] | ["exec", "true" | ":" | "/bin/true"]) => {
            Does::Exits
        }
        // A last `-o` without a name prints them.
        Some(["set", options @ ..]) if options.last().is_some_and(|last| !matches!(*last, "-o" | "+o")) => {
            let stops = options.iter().enumerate().any(|(at, option)| {
                let letters = option.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
                letters.is_some_and(|letters| letters.contains('n'))
                    || (*option == "noexec"
                        && at > 0
                        && options[at - 1].ends_with('o')
                        && options[at - 1].starts_with('-'))
            });
            if stops { Does::Stops } else { Does::Sets }
        }
        // Traps end with the block as well, but for what one does then.
        Some(["trap", "-", ..]) => Does::Sets,
        // Without what to set they print what is set, or ask for it.
        Some(["shopt", "-s" | "-u", ..]) => Does::Sets,
        Some(["umask", mask]) if !mask.starts_with('-') => Does::Sets,
        Some(["wait"]) => Does::Idles,
        _ => Does::Something,
    }
}

/// A shell that reads its script from where there is none: `sh </dev/null`.
fn reads_nothing(text: &str, statement: &[&Token]) -> bool {
    let (mut words, mut reads) = (Vec::new(), false);
    for token in statement {
        match &token.kind {
            Kind::Word(word) => words.push(word),
            Kind::Redirection(it) if leads_nowhere(text, it) => {
                reads |= it.descriptor.is_none() && text.get(it.operator.clone()) == Some("<");
            }
            _ => return false,
        }
    }
    reads && is_started_here(text, &words) && fed(text, &words).is_some()
}

/// A compound command whose condition never holds, with nothing that is done otherwise.
fn compound(text: &str, head: Keyword, statement: &[&Token]) -> Does {
    let begins = |token: &&Token| matches!(token.kind, Kind::Keyword(Keyword::Then | Keyword::Do));
    let condition =
        statement.iter().position(begins).and_then(|end| statement.get(1..end)).unwrap_or_default();
    let condition = match condition {
        [condition @ .., last] if matches!(last.kind, Kind::Operator(Operator::Semicolon)) => condition,
        condition => condition,
    };
    let never = match head {
        Keyword::If | Keyword::While => holds(text, condition) == Some(false),
        Keyword::Until => holds(text, condition) == Some(true),
        _ => false,
    };
    let otherwise =
        statement.iter().any(|token| matches!(token.kind, Kind::Keyword(Keyword::Else | Keyword::Elif)));
    let ends =
        matches!(statement.last().map(|token| &token.kind), Some(Kind::Keyword(Keyword::Fi | Keyword::Done)));
    if never && ends && !otherwise { Does::Never } else { Does::Something }
}

/// Whether a command that is always the same ends well: `true`, `[ 1 = 2 ]`, `! false`.
fn holds(text: &str, tokens: &[&Token]) -> Option<bool> {
    if let [Token { kind: Kind::Keyword(Keyword::Not), .. }, rest @ ..] = tokens {
        return holds(text, rest).map(|holds| !holds);
    }
    let words: Option<Vec<&Word>> = tokens
        .iter()
        .map(|token| match &token.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        })
        .collect();
    let words = words?;
    if !words.iter().all(|word| word.parts.iter().all(Part::is_settled)) {
        return None;
    }
    let words: Vec<_> = words.iter().map(|word| word.text(text, &|_| "".into())).collect();
    let words: Vec<&str> = words.iter().map(|word| &**word).collect();
    let (left, sign, right) = match words.as_slice() {
        ["true" | ":"] => return Some(true),
        ["false"] => return Some(false),
        ["[", left, sign, right, "]"] | ["test", left, sign, right] => (left, *sign, right),
        _ => return None,
    };
    let number = |word: &str| word.parse::<i32>().ok();
    match sign {
        "=" | "==" => Some(left == right),
        "!=" => Some(left != right),
        "-eq" => Some(number(left)? == number(right)?),
        "-ne" => Some(number(left)? != number(right)?),
        "-lt" => Some(number(left)? < number(right)?),
        "-gt" => Some(number(left)? > number(right)?),
        _ => None,
    }
}

/// `for NAME in; do … done`.
fn goes_over_nothing(statement: &[&Token]) -> Does {
    let next = statement.get(3).map(|token| &token.kind);
    let empty = matches!(next, Some(Kind::Operator(Operator::Semicolon) | Kind::Keyword(Keyword::Do)));
    let ends = matches!(statement.last().map(|token| &token.kind), Some(Kind::Keyword(Keyword::Done)));
    if empty && ends { Does::Never } else { Does::Something }
}

/// `case WORD in … esac` of which no pattern is the word, whatever case matters.
fn is_no_case(text: &str, word: Option<&str>, statement: &[&Token]) -> Does {
    let Some(word) = word else { return Does::Something };
    let other = |token: &&Token| match &token.kind {
        Kind::Pattern(pattern) => pattern.bare(text).is_some_and(|pattern| {
            !pattern.contains(['*', '?', '[', '(']) && !pattern.eq_ignore_ascii_case(word)
        }),
        _ => true,
    };
    let ends = matches!(statement.last().map(|token| &token.kind), Some(Kind::Keyword(Keyword::Esac)));
    if ends && statement.iter().all(other) { Does::Never } else { Does::Something }
}

/// A redirection to where nothing is kept, or of one descriptor to another.
pub(crate) fn leads_nowhere(text: &str, redirection: &Redirection) -> bool {
    let operator = text.get(redirection.operator.clone()).unwrap_or_default();
    match redirection.target.as_ref().and_then(|word| word.bare(text)) {
        Some("/dev/null") => !operator.starts_with("<<"),
        Some(target) => {
            operator.ends_with('&') && target.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        }
        None => false,
    }
}

/// A redirection of or to a file by its plain name; one of a descriptor alone, or of a here-document, is none.
fn opens(text: &str, redirection: &Redirection) -> bool {
    let operator = text.get(redirection.operator.clone()).unwrap_or_default();
    let target = redirection.target.as_ref();
    matches!(operator, ">" | ">>" | "<" | ">|" | "<>")
        && target.is_some_and(|word| word.parts.iter().all(Part::is_settled))
}

/// `NAME=value`, where nothing is worked out that could fail.
fn assigns(text: &str, word: &Word) -> bool {
    word.parts.first().is_some_and(|first| matches!(first.kind, PartKind::Literal))
        && assigned(word.whole(text)).is_some()
        && word.parts.iter().all(Part::is_settled)
}

fn of_python(script: &str) -> Option<Idle> {
    let all = lines(script)?;
    let (mut imports, mut at) = (false, 0);
    while let Some(line) = all.get(at) {
        let hangs = all[at + 1..].iter().take_while(|inner| inner.indent > line.indent).count();
        let (body, text) = (&all[at + 1..=at + hangs], line.of(script));
        if ends(text, "python") {
            return Some(ENDS);
        }
        let idle = match text.split_once(':') {
            _ if is_constant(line, text) || is_never_called(text) => body.is_empty(),
            Some((head, _)) if goes_nowhere(head) => true,
            Some((head, "")) if is_function(head) => true,
            Some((head, rest)) if is_class(head) => holds_nothing(script, rest, body),
            _ => false,
        };
        let is_import = text.starts_with("import ") || text.starts_with("from ");
        imports |= is_import;
        // Nothing but what stands in brackets may go on over lines.
        if !(idle || is_import && body.is_empty() && !text.contains('(')) {
            return None;
        }
        at += 1 + hangs;
    }
    Some(if imports { Idle::Little("only imports modules") } else { CALLS_NOTHING })
}

/// Whether a line is a value alone, or says of one that it holds.
fn is_constant(line: &Line, text: &str) -> bool {
    matches!(text, "pass" | "..." | "None" | "True" | "False")
        || line.tokens.len() == 1 && is_empty_script(text, "python")
        || values(text).is_some()
        || text
            .strip_prefix("assert ")
            .is_some_and(|value| value == "True" || values(value) == Some(Values::Several))
}

/// A function on one line, or one without a name.
fn is_never_called(line: &str) -> bool {
    let line = line.strip_prefix("async ").unwrap_or(line);
    match line.strip_prefix("def ").and_then(|rest| rest.split_once("):")) {
        Some((head, body)) => !head.contains(['=', '@']) && !body.trim().is_empty(),
        None => line.starts_with("lambda") && line.contains(':') && !line.contains(['=', ',']),
    }
}

/// What stands before the `:` of a function, of which nothing is worked out before it is called.
fn is_function(head: &str) -> bool {
    head.strip_prefix("async ").unwrap_or(head).starts_with("def ") && !head.contains(['=', '@'])
}

fn is_class(head: &str) -> bool {
    let name = head.strip_prefix("class ").map(str::trim);
    let name = name.map(|name| {
        ["()", "(object)", "(Exception)"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
    });
    name.is_some_and(crate::is_name)
}

/// Whether a class holds nothing that is worked out: `pass`, values, functions.
fn holds_nothing(script: &str, rest: &str, body: &[Line]) -> bool {
    if !rest.trim().is_empty() {
        return body.is_empty() && rest.split(';').all(|text| matches!(text.trim(), "pass" | "..."));
    }
    let indent = body.first().map_or(0, |first| first.indent);
    let mut direct = body.iter().filter(|line| line.indent <= indent);
    !body.is_empty()
        && direct.all(|line| {
            let text = line.of(script);
            is_constant(line, text) || text.strip_suffix(':').is_some_and(is_function)
        })
}

/// Whether nothing behind this condition or loop is ever executed.
fn goes_nowhere(head: &str) -> bool {
    const NOTHING: [&str; 9] = ["False", "0", "None", "[]", "()", "{}", "\"\"", "''", "not True"];
    if let Some(condition) = head.strip_prefix("if ").or(head.strip_prefix("while ")) {
        return NOTHING.contains(&condition.trim());
    }
    let over = head.strip_prefix("for ").and_then(|rest| rest.split_once(" in "));
    over.is_some_and(|(name, over)| {
        crate::is_name(name) && matches!(over.trim(), "[]" | "()" | "{}" | "\"\"" | "''" | "range(0)")
    })
}
