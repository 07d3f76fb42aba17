//! Whether a Python script reads a variable of its environment.

use super::certain::{imported, is_there};
use super::lines::{Kind, Line, Token, read};

/// What may do anything, or hand the environment to what does: wherever these letters stand.
const OPAQUE: [&str; 20] = [
    "__",
    "compile",
    "ctypes",
    "delattr",
    "eval",
    "exec",
    "expandvars",
    "fork",
    "getattr",
    "importlib",
    "locals",
    "logging.config",
    "popen",
    "pty",
    "runpy",
    "spawn",
    "subprocess",
    "system",
    "shell",
    "vars(",
];

/// Whether it may. Only where it surely does not is this `false`: where every use of the environment that it can have
/// names another variable.
pub fn reads(script: &str, name: &str) -> bool {
    let Some(lines) = read(script) else { return true };
    let all = || lines.iter().flat_map(|line| &line.tokens);
    if !all().any(|token| has_word(token.of(script), name)) {
        return lines.iter().any(|line| asks_for_a_made_name(script, line));
    }
    let is_opaque = |token: &Token| {
        let text = token.of(script).to_lowercase();
        !matches!(&*text, "__name__" | "\"__main__\"" | "'__main__'")
            && OPAQUE.iter().any(|one| text.contains(one))
    };
    let elsewhere = |modules: Vec<&str>| !modules.into_iter().all(is_there);
    if all().any(is_opaque) || lines.iter().any(|line| imported(script, line).is_some_and(elsewhere)) {
        return true;
    }
    lines.iter().any(|line| reads_in(script, line, name))
}

/// Whether a line asks the environment for a name that it makes up, which may be any.
fn asks_for_a_made_name(script: &str, line: &Line) -> bool {
    let word = |at: usize| line.tokens.get(at).map_or("", |token| token.of(script));
    (0..line.tokens.len()).any(|at| {
        let (key, closes): (_, &[&str]) = match (word(at), word(at + 1), word(at + 2), word(at + 3)) {
            ("environ" | "environb", "[", ..) => (at + 2, &["]"]),
            ("environ" | "environb", ".", "get" | "pop", "(") => (at + 4, &[",", ")"]),
            ("getenv" | "getenvb", "(", ..) => (at + 2, &[",", ")"]),
            _ => return false,
        };
        let is_plain = |token: &Token| matches!(token.kind, Kind::Text { plain: true, .. });
        !(line.tokens.get(key).is_some_and(is_plain) && closes.contains(&word(key + 1)))
    })
}

/// Whether a line uses the environment in another way than by the name of another variable.
fn reads_in(script: &str, line: &Line, name: &str) -> bool {
    let tokens = &line.tokens;
    let word = |at: usize| tokens.get(at).map_or("", |token| token.of(script));
    let imports = matches!(word(0), "import" | "from")
        && !tokens.iter().any(|token| matches!(token.of(script), "as" | "*"));
    let is_environment = |token: &Token| {
        let text = token.of(script).to_lowercase();
        // `nt` and `posix` hold it as well.
        text.contains("env") || matches!(&*text, "nt" | "posix")
    };
    let uses = tokens.iter().enumerate().filter(|(_, token)| is_environment(token) && !imports);
    let mut uses = uses.map(|(at, token)| {
        let key = match (token.of(script), word(at + 1), word(at + 2), word(at + 3)) {
            ("environ", "[", ..) => tokens.get(at + 2).filter(|_| word(at + 3) == "]"),
            ("environ", ".", "get" | "pop", "(") => {
                tokens.get(at + 4).filter(|_| matches!(word(at + 5), "," | ")"))
            }
            ("getenv", "(", ..) => tokens.get(at + 2).filter(|_| matches!(word(at + 3), "," | ")")),
            _ => None,
        };
        match key.map(|key| &key.kind) {
            Some(Kind::Text { inner, plain: true, .. }) => script.get(inner.clone()),
            _ => None,
        }
    });
    uses.any(|key| key.is_none_or(|key| key == name))
}

fn has_word(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + name.len()..].starts_with(part))
}

#[cfg(test)]
mod tests {
    use super::reads;

    #[test]
    fn a_script_reads_what_it_asks_its_environment_for() {
        for script in [
            "import os; print(os.environ['TAG'])",
            "import os\nos.environ.get(\"TAG\", 'x')",
            "from os import getenv\ngetenv('TAG')",
            "import os\nname = 'TAG'\nos.environ[name]",
            "import os\nfor k in ['TAG']: os.environ.get(k)",
            "from os import environ as e\ne['TAG']",
            "import os\ne = os.environ\ne['TAG']",
            "import os\n'TAG' in os.environ",
            "import os\nf\"{os.environ['TAG']}\"",
            "import os\nos.environ['TAG' 'X']",
            "import os\nos.environ['TAG'] = 'x'",
            "import os\nos.path.expandvars('$TAG')",
            "import subprocess\nsubprocess.run(['deploy', 'TAG'])",
            "eval('TAG')",
            "getattr(os, 'TAG')",
            "from settings import TAG",
            "from os import *\nenviron['TAG']",
            "open('/proc/self/environ').read().split('TAG')",
            "import posix\nposix.environ[b'TAG']",
            "TAG = (",
            "import os\nos.environ['T' + 'AG']",
            "import os\nos.environ['T' 'AG']",
            "import os\nkey = 'T' + 'AG'\nprint(os.environ.get(key, 'none'))",
            "import os\nprint(os.getenv(f'{x}'))",
        ] {
            assert!(reads(script, "TAG"), "{script:?}");
        }
        for script in [
            "TAG = 1\nassert TAG == 2",
            "print(\"TAG\"); assert 0",
            "import os; assert os.environ['OTHER'] == 'TAG'",
            "import os, json\nassert json.load(open('x'))['TAG'] == os.getenv('OTHER', '')",
            "from os import environ\nassert environ['OTHER'] != 'TAG'",
            "# os.environ['TAG']\nprint(1)",
            "if __name__ == \"__main__\":\n    print('TAG')",
            "STAGING = 1",
        ] {
            assert!(!reads(script, "TAG"), "{script:?}");
        }
    }
}
