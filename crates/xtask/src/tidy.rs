//! Rules about tracked files that no compiler knows.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use crate::command::{self, git};

/// Lines a source file may have: more cannot be read at a sitting.
const LINES: usize = 600;

/// First folders that only exist on somebody's machine. A path into them works nowhere else.
const MACHINES: &[&str] = &["work", "root", "farm", "Users"];

/// What stands for work that was not done. Spelt apart, so that this file holds none of it.
const UNFINISHED: &[&str] = &[concat!("todo", "!("), concat!("unimplemented", "!("), concat!("#[", "ignore")];

/// Checks every tracked file under `root`.
///
/// # Errors
/// Each line that breaks a rule, with its place; or git and the file system.
pub fn check(root: &Path) -> io::Result<()> {
    let listed =
        command::output(git(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    let mut found = String::new();
    let mut files = 0;
    for path in listed.split('\0').filter(|path| !path.is_empty() && !path.ends_with(".lock")) {
        // Binary files and files removed but not yet committed hold no lines.
        let Ok(text) = fs::read_to_string(root.join(path)) else { continue };
        files += 1;
        for finding in findings(path, &text, root) {
            let _ = writeln!(found, "{finding}");
        }
    }
    if !found.is_empty() {
        return Err(io::Error::other(format!("\n{found}")));
    }
    println!("    {files} files: no paths of a machine, no unfinished work, no source over {LINES} lines");
    Ok(())
}

/// What is wrong with one file.
fn findings(path: &str, text: &str, root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let source = path.starts_with("crates/") && path.ends_with(".rs");
    let root = root.to_string_lossy();
    for (number, line) in (1..).zip(text.lines()) {
        if names_a_machine(line) || (root.len() > 1 && line.contains(&*root)) {
            found.push(format!("{path}:{number}: an absolute path of a machine"));
        }
        if let Some(what) = UNFINISHED.iter().find(|what| source && line.contains(**what)) {
            found.push(format!("{path}:{number}: {what} stands for work that is not done"));
        }
    }
    let lines = text.lines().count();
    if source && path.contains("/src/") && lines > LINES {
        found.push(format!("{path}: {lines} lines; {LINES} are the most, do its parts want names?"));
    }
    found
}

/// Whether a line holds an absolute path into a folder of [`MACHINES`].
fn names_a_machine(line: &str) -> bool {
    MACHINES.iter().any(|folder| {
        let prefix = format!("/{folder}/");
        line.match_indices(&prefix).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            // Part of a longer relative path or of an address is not meant.
            !before.is_some_and(|char| {
                char.is_alphanumeric() || matches!(char, '_' | '.' | '-' | '}' | ')' | '~' | '*')
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(path: &str, text: &str) -> usize {
        findings(path, text, Path::new("/srv/checkout")).len()
    }

    #[test]
    fn a_path_of_a_machine_is_found_wherever_it_stands() {
        for folder in MACHINES {
            assert_eq!(wrong("docs/a.md", &format!("see `/{folder}/thing`")), 1, "{folder}");
            assert_eq!(wrong("docs/a.md", &format!("/{folder}/thing")), 1, "{folder}");
        }
        assert_eq!(wrong("docs/a.md", "built in /srv/checkout/target"), 1);
    }

    #[test]
    fn relative_paths_and_addresses_are_not_paths_of_a_machine() {
        for text in ["at-work/root/x", "https://example.org/work/", "../work/x", "$HOME/work", "/etc/passwd"]
        {
            assert_eq!(wrong("docs/a.md", text), 0, "{text}");
        }
    }

    #[test]
    fn unfinished_work_is_found_in_sources_only() {
        for what in UNFINISHED {
            assert_eq!(wrong("crates/a/src/lib.rs", what), 1, "{what}");
            assert_eq!(wrong("crates/a/tests/b.rs", what), 1, "{what}");
            assert_eq!(wrong("docs/a.md", what), 0, "{what}");
        }
    }

    #[test]
    fn a_source_file_may_have_as_many_lines_as_can_be_read_at_a_sitting() {
        assert_eq!(wrong("crates/a/src/lib.rs", &"//\n".repeat(LINES)), 0);
        assert_eq!(wrong("crates/a/src/lib.rs", &"//\n".repeat(LINES + 1)), 1);
        assert_eq!(wrong("crates/a/tests/b.rs", &"//\n".repeat(LINES + 1)), 0);
    }
}
