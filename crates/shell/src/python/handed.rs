//! Scripts that Python hands to a shell.

use std::borrow::Cow;

use super::lines::{Kind, Line, Token, read};
use crate::interpreter::base_name;
use crate::{Handed, To};

/// What hands its first argument to `sh` in any case.
const ALWAYS: [&str; 5] = ["system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"];

/// What does so where it is told `shell=True`, and hands over a list where it begins with a shell.
const ASKED: [&str; 5] = ["run", "call", "check_call", "check_output", "Popen"];

/// Modules in which these are.
const MODULES: [&str; 6] = ["os", "subprocess", "sp", "asyncio", "commands", "sh"];

/// Whatever a script hands to a shell, as far as it is written out; nothing of what cannot be read.
pub fn handed(script: &str) -> Vec<Handed<'_>> {
    let lines = read(script).unwrap_or_default();
    lines.iter().flat_map(|line| of_line(script, line)).collect()
}

fn of_line<'t>(script: &'t str, line: &Line) -> Vec<Handed<'t>> {
    let word = |at: usize| line.tokens.get(at).map_or("", |token| token.of(script));
    let mut found = Vec::new();
    for (at, token) in line.tokens.iter().enumerate() {
        let name = token.of(script);
        let asked = ASKED.contains(&name);
        let is_one = token.kind == Kind::Name && (asked || ALWAYS.contains(&name)) && word(at + 1) == "(";
        // A method of something else, or a function that the script defines.
        let of = if at > 0 { word(at - 1) } else { "" };
        if !is_one || of == "def" || of == "." && !(at > 1 && MODULES.contains(&word(at - 2))) {
            continue;
        }
        let arguments = arguments(script, &line.tokens[at + 2..]);
        let shell = arguments
            .windows(3)
            .any(|three| three.iter().map(|token| token.of(script)).eq(["shell", "=", "True"]));
        found.extend(match arguments {
            [first, ..] if first.of(script) == "[" => of_list(script, &arguments[1..]),
            _ if asked && !shell => None,
            _ => of_texts(script, arguments, To::Shell { name: "sh", options: Vec::new() }),
        });
    }
    found
}

/// The tokens up to the end of the parentheses that were opened before them.
fn arguments<'l>(script: &str, tokens: &'l [Token]) -> &'l [Token] {
    let mut depth = 1_usize;
    let end = tokens.iter().position(|token| {
        match (&token.kind, token.of(script)) {
            (Kind::Sign, "(" | "[" | "{") => depth += 1,
            (Kind::Sign, ")" | "]" | "}") => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    &tokens[..end.unwrap_or(tokens.len())]
}

/// The texts that stand here, one behind another, where nothing else is made of them.
fn of_texts<'t>(script: &'t str, tokens: &[Token], to: To<'t>) -> Option<Handed<'t>> {
    let texts: Vec<&Token> =
        tokens.iter().take_while(|token| matches!(token.kind, Kind::Text { .. })).collect();
    let ends = tokens.get(texts.len()).is_none_or(|token| matches!(token.of(script), "," | "]"));
    let Kind::Text { inner: at, .. } = &texts.first()?.kind else { return None };
    let mut text = Cow::Borrowed("");
    let mut settled = true;
    for token in &texts {
        let Kind::Text { inner, formatted, plain } = &token.kind else { continue };
        let more = script.get(inner.clone())?;
        settled &= *plain;
        let more = if *formatted { Cow::Owned(without_values(more)) } else { more.into() };
        if text.is_empty() { text = more } else { text.to_mut().push_str(&more) }
    }
    ends.then(|| Handed { at: at.clone(), text, settled, to })
}

/// `["sh", "-c", "…"]`
fn of_list<'t>(script: &'t str, tokens: &[Token]) -> Option<Handed<'t>> {
    const SHELLS: [&str; 6] = ["sh", "bash", "dash", "ash", "ksh", "zsh"];
    let texts = tokens.split(|token| token.of(script) == ",").map_while(|item| match item {
        [Token { kind: Kind::Text { inner, plain: true, .. }, .. }, ..] => script.get(inner.clone()),
        _ => None,
    });
    let mut words = texts.take_while(|text| !text.contains(' '));
    let name = words.next().map(base_name).filter(|name| SHELLS.contains(name))?;
    let options: Vec<&str> = words.collect();
    let command = options.iter().position(|word| {
        word.strip_prefix('-').is_some_and(|letters| !letters.starts_with('-') && letters.contains('c'))
    })?;
    let items: Vec<&[Token]> = tokens.split(|token| token.of(script) == ",").collect();
    let item = items.get(command + 2)?;
    of_texts(script, item, To::Shell { name, options: options[..=command].to_vec() })
}

/// A formatted text with a word in the place of every value.
fn without_values(text: &str) -> String {
    let (mut without, mut depth) = (String::new(), 0_usize);
    for c in text.chars() {
        match c {
            '{' => {
                depth += 1;
                without.extend((depth == 1).then_some('x'));
            }
            '}' => depth = depth.saturating_sub(1),
            c if depth == 0 => without.push(c),
            _ => {}
        }
    }
    without
}

#[cfg(test)]
mod tests {
    use super::handed;

    #[test]
    fn what_python_hands_to_a_shell_is_found() {
        for (script, told) in [
            ("os.system(\"dump | gz\")", &["dump | gz"][..]),
            ("import os; x = os.popen('a').read()", &["a"]),
            ("subprocess.run('a | b', check=True, shell=True)", &["a | b"]),
            ("subprocess.check_output(\n    'a '\n    '| b',\n    shell=True,\n)", &["a | b"]),
            ("sp.run(f'a {x[\"|\"]} | b', shell=True)", &["a x | b"]),
            ("subprocess.run(['bash', '-euc', 'a | b'], check=True)", &["a | b"]),
            ("print(subprocess.getoutput(\"a\"), os.system('b'))", &["a", "b"]),
            ("run('a', shell=True)", &["a"]),
            ("subprocess.run('a | b')", &[]),
            ("subprocess.run(['a', '|', 'b'])", &[]),
            ("subprocess.run(['grep', '-c', 'a | b'])", &[]),
            ("subprocess.run('a', shell=False)", &[]),
            ("platform.system('a')", &[]),
            ("os.system(command)", &[]),
            ("os.system('a' + b)", &[]),
            ("os.system('a' % b)", &[]),
            ("# os.system('a')", &[]),
            ("print(\"os.system('a')\")", &[]),
            ("os.system('a", &[]),
        ] {
            let found = handed(script);
            let found: Vec<&str> = found.iter().map(|it| &*it.text).collect();
            assert_eq!(found, told, "{script}");
        }
    }
}
