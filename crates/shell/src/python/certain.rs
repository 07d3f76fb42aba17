//! Python scripts that end well whatever is the case.

use super::lines::{Kind, Line, read};
use super::values::values;

/// What ends a script whatever is around it, or may.
const ENDS: [&str; 8] =
    ["exit", "_exit", "quit", "SystemExit", "abort", "kill", "raise_signal", "KeyboardInterrupt"];

/// Modules that are always there.
const THERE: [&str; 30] = [
    "base64",
    "collections",
    "contextlib",
    "csv",
    "datetime",
    "functools",
    "glob",
    "hashlib",
    "http",
    "io",
    "itertools",
    "json",
    "logging",
    "math",
    "os",
    "pathlib",
    "platform",
    "random",
    "re",
    "shutil",
    "socket",
    "ssl",
    "string",
    "subprocess",
    "sys",
    "tempfile",
    "textwrap",
    "time",
    "traceback",
    "urllib",
];

/// Whether a script never fails, whatever it finds: whatever could is in a `try` that swallows it, or is a command whose end
/// nobody looks at. What is not surely so, is not, nor is a script that only prints.
pub fn never_fails(script: &str) -> bool {
    let Some(lines) = read(script) else { return false };
    let names = lines.iter().flat_map(|line| &line.tokens).filter(|token| token.kind == Kind::Name);
    let ends = |name: &str| ENDS.contains(&name) || name.starts_with("exec");
    if names.into_iter().any(|name| ends(name.of(script))) {
        return false;
    }
    let reader = Reader { script };
    let (mut at, mut swallows) = (0, false);
    while at < lines.len() {
        let Some((behind, more)) = reader.statement(&lines, at) else { return false };
        swallows |= more;
        at = behind;
    }
    swallows
}

/// Whether it is a module that is always there; one of its own parts, too.
pub(super) fn is_there(module: &str) -> bool {
    THERE.contains(&module.split('.').next().unwrap_or(module).trim())
}

/// The modules that a line imports.
pub(super) fn imported<'t>(script: &'t str, line: &Line) -> Option<Vec<&'t str>> {
    let words: Vec<&str> = line.tokens.iter().map(|token| token.of(script)).collect();
    match words.as_slice() {
        ["from", module, ..] => Some(vec![module]),
        ["import", names @ ..] => {
            Some(names.split(|word| *word == ",").filter_map(|it| it.first().copied()).collect())
        }
        _ => None,
    }
}

struct Reader<'t> {
    script: &'t str,
}

impl Reader<'_> {
    /// Where what stands behind this statement begins, and whether it swallows what fails in it; `None` where it may fail.
    fn statement(&self, lines: &[Line], at: usize) -> Option<(usize, bool)> {
        let line = &lines[at];
        let behind = self.behind(lines, at);
        let all_there = |modules: Vec<&str>| modules.into_iter().all(is_there);
        match self.words(line).as_slice() {
            ["try", ":", ..] => Some((self.tried(lines, at)?, true)),
            ["with", "suppress", "(", caught @ .., ")", ":"]
            | ["with", "contextlib", ".", "suppress", "(", caught @ .., ")", ":"]
                if catches_all(caught) =>
            {
                Some((behind, true))
            }
            ["def", head @ ..] if !head.contains(&"=") && !head.contains(&"@") => Some((behind, false)),
            ["import" | "from", ..] if imported(self.script, line).is_some_and(all_there) => {
                Some((at + 1, false))
            }
            ["os", ".", "system", "(", _, ")"]
                if matches!(line.tokens[4].kind, Kind::Text { plain: true, .. }) =>
            {
                Some((at + 1, true))
            }
            _ => self.is_harmless(line, None).then_some((at + 1, false)),
        }
    }

    fn words<'s>(&'s self, line: &Line) -> Vec<&'s str> {
        line.tokens.iter().map(|token| token.of(self.script)).collect()
    }

    /// The first line behind what hangs on this one.
    fn behind(&self, lines: &[Line], at: usize) -> usize {
        let hangs = lines[at + 1..].iter().take_while(|line| line.indent > lines[at].indent);
        at + 1 + hangs.count()
    }

    /// Where it ends, if what it tries cannot end the script.
    fn tried(&self, lines: &[Line], at: usize) -> Option<usize> {
        let (mut next, mut caught) = (self.behind(lines, at), false);
        while let Some(clause) = lines.get(next).filter(|line| line.indent == lines[at].indent) {
            let words = self.words(clause);
            let colon = words.iter().position(|word| *word == ":");
            let (Some(colon), Some("except" | "else" | "finally")) = (colon, words.first().copied()) else {
                break;
            };
            let (which, name) = match &words[1..colon] {
                [which @ .., "as", name] => (which, Some(*name)),
                which => (which, None),
            };
            caught |= words[0] == "except" && (which.is_empty() || catches_all(which));
            let behind = self.behind(lines, next);
            let inline = Line { indent: 0, tokens: clause.tokens[colon + 1..].to_vec() };
            let harmless = (inline.tokens.is_empty() || self.is_harmless(&inline, name))
                && lines[next + 1..behind].iter().all(|line| self.is_harmless(line, name));
            if !harmless {
                return None;
            }
            next = behind;
        }
        caught.then_some(next)
    }

    /// Whether a line does nothing that could fail: `pass`, a value, or one that is printed; `name` is what was caught.
    fn is_harmless(&self, line: &Line, name: Option<&str>) -> bool {
        match (self.words(line).as_slice(), line.tokens.as_slice()) {
            (["pass"] | [".", ".", "."], _) => true,
            (["print", "(", ..], [_, _, printed @ .., last]) if last.of(self.script) == ")" => {
                printed.iter().all(|token| match token.kind {
                    Kind::Text { formatted, .. } => !formatted || name.is_some(),
                    Kind::Number => true,
                    Kind::Name => Some(token.of(self.script)) == name,
                    Kind::Sign => token.of(self.script) == ",",
                })
            }
            ([_, "=", ..], [first, _, value, ..]) if first.kind == Kind::Name => {
                let value = self.script.get(value.at.start..line.tokens.last().map_or(0, |last| last.at.end));
                value.is_some_and(|value| values(value).is_some())
            }
            _ => values(line.of(self.script)).is_some(),
        }
    }
}

/// Whether whatever may be raised is among what is caught; what ends a script by itself is looked for elsewhere.
fn catches_all(caught: &[&str]) -> bool {
    let names = caught.iter().filter(|word| !matches!(**word, "(" | ")" | ","));
    names.into_iter().any(|name| matches!(*name, "Exception" | "BaseException"))
        && caught.iter().all(|word| !matches!(*word, "." | "*" | "["))
}

#[cfg(test)]
mod tests {
    use super::never_fails;

    #[test]
    fn a_check_that_swallows_what_fails_is_told_from_one_that_may_fail() {
        for script in [
            "try:\n    check()\nexcept: pass",
            "import urllib.request\ntry:\n    urllib.request.urlopen('http://x')\nexcept Exception:\n    pass\n",
            "try: check()\nexcept Exception as e: print('bad', e)",
            "try:\n    check()\nexcept ValueError:\n    print('no')\nexcept (OSError, BaseException) as e:\n    print(f'{e}')\nelse:\n    print('good')\nfinally:\n    pass",
            "def check():\n    raise ValueError\n\ntry:\n    check()\nexcept Exception:\n    ok = False\nprint('done')",
            "from contextlib import suppress\nwith suppress(Exception):\n    check()",
            "import os\nos.system('curl -f http://x')",
        ] {
            assert!(never_fails(script), "{script:?}");
        }
        for script in [
            "print('x')",
            "pass",
            "check()",
            "try:\n    check()\nexcept ValueError:\n    pass",
            "try:\n    check()\nexcept Exception:\n    raise",
            "try:\n    check()\nexcept Exception:\n    sys.exit(1)",
            "try:\n    sys.exit(check())\nexcept Exception:\n    pass",
            "try:\n    check()\nexcept Exception:\n    pass\nassert ok",
            "try:\n    check()\nexcept Exception:\n    pass\nelse:\n    more()",
            "try:\n    check()\nfinally:\n    pass",
            "import psycopg2\ntry:\n    check()\nexcept Exception:\n    pass",
            "with suppress(OSError):\n    check()",
            "if x:\n    try:\n        check()\n    except: pass",
            "try:\n    check()\nexcept errors.Exception:\n    pass",
            "try:\n    check()\nexcept Exception as e:\n    print(other)",
            "import os\nassert os.system('curl -f http://x') == 0",
            "os.system(os.environ['X'])",
            "try:\n    check(",
        ] {
            assert!(!never_fails(script), "{script:?}");
        }
    }
}
