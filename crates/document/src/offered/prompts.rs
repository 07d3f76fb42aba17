//! Prompts before commands, as documents copy them from terminals.

use std::sync::LazyLock;

use regex::Regex;

/// Who is at a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// A shell.
    Shell,
    /// A shell of root.
    Root,
    /// A program that takes commands of its own, by its name.
    Program(String),
    /// A shell of Windows.
    Windows,
}

/// A prompt with `#` and nothing before it: in a shell's script it begins a comment.
const BARE_ROOT: &str = "# ";

static SHELL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // (venv) user@host:~/dir$ , [user@host dir]$ , user@host% , bash-5.1$ , ~ $ , / # , $
    let before = r"(?:\([A-Za-z0-9_.-]+\)[ \t]*)?(?:\[[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+[^\]\n]*\]|(?:I have no name!|[A-Za-z0-9_.-]+)@[A-Za-z0-9_.-]+(?:[: ][^ \t$#%>]*)?|(?:ba|da|z|k|a)?sh-[0-9][0-9.]*|[~/] )?[ \t]?";
    Regex::new(&format!(r"^[ \t]*({before})([$#%❯➜])(?:[ \t]+|$)")).ok()
});

static PROGRAM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = "mysql|mariadb|sqlite|postgres|psql|redis|mongo|mongosh|test|ftp|sftp|irb|SQL|hive|cqlsh|ksql|gdb|lldb|ldapvi|telnet|nslookup|rabbitmq|vault|admin|rs0";
    Regex::new(&format!(
        r"(?i)^[ \t]*(?:({names})(?: ?\[[^\]\n]*\]|:[A-Za-z0-9_-]+)?(?: \[[^\]\n]*\])?>|([A-Za-z_][A-Za-z0-9_]*)(?:[=-][#>])|(>>>)|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+:[0-9]+(?:\[[0-9]+\])?>)[ \t]"
    ))
    .ok()
});

static WINDOWS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[ \t]*(?:PS(?: [A-Za-z]:[^>\n]*)?|[A-Za-z]:\\[^>\n]*)>[ \t]?").ok());

/// The prompt that a line begins with, and how long it is with the white space around it. `roots`: `# ` is a prompt too.
pub(crate) fn prompt(line: &str, roots: bool) -> Option<(Prompt, usize)> {
    if let Some(found) = WINDOWS.as_ref()?.find(line) {
        return Some((Prompt::Windows, found.end()));
    }
    if let Some(found) = SHELL.as_ref()?.captures(line) {
        let (whole, before) = (found.get(0)?, found.get(1)?.as_str().trim());
        return match found.get(2)?.as_str() {
            "➜" => Some((Prompt::Shell, whole.end() + folder(&line[whole.end()..]))),
            "#" if !before.is_empty() || roots => Some((Prompt::Root, whole.end())),
            "#" => None,
            "%" if before.is_empty() => None,
            _ => Some((Prompt::Shell, whole.end())),
        };
    }
    let found = PROGRAM.as_ref()?.captures(line)?;
    let name = found.get(1).or(found.get(2)).map_or("", |name| name.as_str());
    let name = match (name, found.get(3).is_some()) {
        (_, true) => "python".to_owned(),
        ("", _) => "redis-cli".to_owned(),
        ("SQL", _) => "sqlplus".to_owned(),
        (name, _) => name.to_lowercase(),
    };
    Some((Prompt::Program(name), found.get(0)?.end()))
}

/// How long the folder is that some shells show behind `➜`, with what they show of its repository: `~ `, `app git:(main) ✗ `.
fn folder(rest: &str) -> usize {
    static FOLDER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^(?:\S+[ \t]+git:\([^)\n]*\)(?:[ \t]+✗)?|~\S*|\.{1,2}|/\S*/)(?:[ \t]+|$)").ok()
    });
    FOLDER.as_ref().and_then(|folder| folder.find(rest)).map_or(0, |found| found.end())
}

/// Who is at a prompt, as far as that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    /// `user@host`, or the shell that names itself.
    pub(crate) name: Option<String>,
    /// It is root's.
    is_root: bool,
}

/// Who is at the prompt that takes the first `length` bytes of a line.
pub(crate) fn who(line: &str, prompt: &Prompt, length: usize) -> Who {
    static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?:I have no name!|[A-Za-z0-9_.-]+)@[A-Za-z0-9_.-]+|(?:ba|da|z|k|a)?sh-[0-9]").ok()
    });
    let prompted = line.get(..length).unwrap_or_default();
    let name = NAME.as_ref().and_then(|name| name.find(prompted)).map(|name| name.as_str().to_owned());
    Who { name, is_root: *prompt == Prompt::Root }
}

/// What may be a prompt of a kind that is not known here: something in front of it that ends as prompts do, and a command
/// behind it.
pub(crate) fn maybe(line: &str, is_program: impl Fn(&str) -> bool) -> Option<&str> {
    static MAYBE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^[ \t]*([A-Za-z0-9_.~/@:()\[\]-]{0,40}(?: \[[^\]\n]*\])?[$%>»›λ→]|[~/][A-Za-z0-9_./-]* \$|[A-Za-z0-9_.~/@:()\[\]-]{1,40}#)[ \t]+").ok()
    });
    if !line.contains(['$', '%', '>', '»', '›', 'λ', '→', '#']) {
        return None;
    }
    let found = MAYBE.as_ref()?.captures(line)?;
    reads_as_command(&line[found.get(0)?.end()..], is_program).then_some(found.get(1)?.as_str())
}

/// Whether `# ` begins prompts in this code: nothing else does, and what follows it reads as commands.
pub(crate) fn has_root_prompts(text: &str, is_script: bool, is_program: impl Fn(&str) -> bool) -> bool {
    let mut roots = 0;
    for line in text.lines() {
        if prompt(line, false).is_some() {
            return false;
        }
        let Some(rest) = line.trim_start().strip_prefix(BARE_ROOT) else { continue };
        if !reads_as_command(rest, &is_program) {
            return false;
        }
        roots += 1;
    }
    // In a script, it is what a comment begins with.
    roots > 0 && !is_script
}

/// What begins with `# ` in a fence that holds a terminal's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hashes {
    /// Comments.
    Comments,
    /// Prompts of root.
    Prompts,
    /// Some read as commands of root and some as remarks, and nothing tells other commands from what these print.
    Doubt,
}

/// Words that are programs, and that remarks begin with.
const VERBS: &str = " at cat clear cut date exit find free head help host install join kill make mount move nice patch read \
    reboot screen seq service set sort source split start stat stop sync tail test time top touch type uniq unset update \
    watch which who ";

/// What `# ` means in a session; all of its lines together decide. `None` where this is no matter of sessions: each `# `
/// reads as a command, or none.
pub(crate) fn hashes_of_session(text: &str, is_program: impl Fn(&str) -> bool) -> Option<Hashes> {
    let first = |text: &str| text.split_whitespace().next().unwrap_or_default().to_owned();
    let (mut commands, mut remarks, mut known, mut others) = (0, 0, 0, 0);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if prompt(line, false).is_some() {
            return None;
        }
        match line.trim_start().strip_prefix(BARE_ROOT) {
            Some(rest) if reads_as_command(rest, &is_program) => commands += 1,
            Some(_) => remarks += 1,
            None if line.trim_start().starts_with('#') => {}
            None if is_program(&first(line)) || line.trim_start().starts_with("./") => known += 1,
            None => others += 1,
        }
    }
    match (commands, remarks, known, others) {
        (0, ..) | (_, 0, 0, _) => None,
        (_, _, 0, _) => Some(Hashes::Prompts),
        // Words of what is printed may be names of programs.
        (_, 0, _, 1..) => None,
        (_, 1.., _, 0) => Some(Hashes::Comments),
        _ => Some(Hashes::Doubt),
    }
}

/// Whether what stands behind `# ` reads as a command, and not as a remark that begins with a program's name.
pub(crate) fn reads_as_command(rest: &str, is_program: impl Fn(&str) -> bool) -> bool {
    let mut words = rest.split_whitespace();
    let first = words.next().unwrap_or_default();
    let sentence = rest.trim_end().ends_with(['.', ':', '!', '?']) && !rest.contains(" -");
    let is_verb = VERBS.split_whitespace().any(|verb| verb == first);
    let technical = |word: &str| word.contains(['-', '/', '=', '.', '|', '$', '"', '>', '<', '&']);
    !sentence && is_program(first) && (!is_verb || words.clone().count() == 0 || words.any(technical))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hash_begins_in_a_session_is_told_by_all_of_its_lines() {
        use Hashes::{Comments, Doubt, Prompts};
        let known = |word: &str| ["systemctl", "ls", "find", "rm"].contains(&word);
        for (text, wanted) in [
            ("# systemctl stop app\n# ls /tmp\nfile-a\n# comment about it\n", Some(Prompts)),
            ("# ls /tmp\nfile-a\n", None),
            ("# systemctl stop app\n# then wait\n", Some(Prompts)),
            ("# find the file\n./tool a\n# then remove it\nrm a\n", None),
            ("# ls /tmp\nls /var\n", Some(Doubt)),
            ("# ls /tmp\nfile-a\nls\n", None),
            ("# ls /tmp\n# by hand\nrm a\n", Some(Comments)),
            ("# ls /tmp\nfile-a\n# by hand\nrm a\n", Some(Doubt)),
            ("# ls /tmp\n$ ls\n", None),
            ("ls\n", None),
        ] {
            assert_eq!(hashes_of_session(text, known), wanted, "{text}");
        }
    }

    #[test]
    fn prompts_of_shells_and_programs_are_told_from_what_is_typed() {
        let cases = [
            ("$ ls", Some((Prompt::Shell, 2))),
            ("  $ ls", Some((Prompt::Shell, 4))),
            ("$", Some((Prompt::Shell, 1))),
            ("$HOME/bin/x", None),
            ("$(date)", None),
            ("user@host:~$ ls", Some((Prompt::Shell, 13))),
            ("root@web-1:/etc# reboot", Some((Prompt::Root, 17))),
            ("[root@web-1 ~]# reboot", Some((Prompt::Root, 16))),
            ("[ec2-user@ip-10-0-0-1 app]$ ls -l", Some((Prompt::Shell, 28))),
            ("(venv) $ pip list", Some((Prompt::Shell, 9))),
            ("# reboot", None),
            ("bash-5.1$ id", Some((Prompt::Shell, 10))),
            ("sh-4.4# id", Some((Prompt::Root, 8))),
            ("~ $ ls", Some((Prompt::Shell, 4))),
            ("/ # ls", Some((Prompt::Root, 4))),
            ("➜  ~ git pull", Some((Prompt::Shell, 7))),
            ("➜  app git:(main) ✗ git pull", Some((Prompt::Shell, 24))),
            ("➜ git pull", Some((Prompt::Shell, 4))),
            ("I have no name!@web-1:/$", Some((Prompt::Shell, 24))),
            ("/usr/bin/x # run it", None),
            ("~/bin/x # run it", None),
            ("% ls", None),
            ("me@mac% ls", Some((Prompt::Shell, 8))),
            ("mysql> SELECT 1;", Some((Prompt::Program("mysql".into()), 7))),
            ("MariaDB [(none)]> SELECT 1;", Some((Prompt::Program("mariadb".into()), 18))),
            ("postgres=# SELECT 1;", Some((Prompt::Program("postgres".into()), 11))),
            ("app_db=> SELECT 1;", Some((Prompt::Program("app_db".into()), 9))),
            (">>> import os", Some((Prompt::Program("python".into()), 4))),
            ("127.0.0.1:6379> PING", Some((Prompt::Program("redis-cli".into()), 16))),
            (r"PS C:\Users\me> Get-Item x", Some((Prompt::Windows, 16))),
            (r"C:\> dir", Some((Prompt::Windows, 5))),
            ("echo a > b", None),
            ("x=1", None),
            ("total 12", None),
            ("user@host", None),
        ];
        for (line, wanted) in cases {
            assert_eq!(prompt(line, false), wanted, "{line}");
        }
        assert_eq!(prompt("# reboot", true), Some((Prompt::Root, 2)));
    }

    #[test]
    fn what_may_be_a_prompt_is_told_from_what_is_printed() {
        let known = |word: &str| ["ls", "kubectl"].contains(&word);
        for (line, wanted) in [
            ("web01$ ls -l", Some("web01$")),
            ("web01# ls -l", Some("web01#")),
            ("λ ls", Some("λ")),
            ("% kubectl get pods", Some("%")),
            ("host> show x", None),
            ("50% done", None),
            ("ls # kubectl get", None),
            ("a > b", None),
        ] {
            assert_eq!(maybe(line, known), wanted, "{line}");
        }
        let who = |line: &str| {
            let (prompt, length) = prompt(line, true).expect(line);
            who(line, &prompt, length)
        };
        assert_eq!(who("me@web:~$ ls"), who("[me@web x]$ ls"));
        assert_ne!(who("me@web:~$ ls"), who("root@web:~# ls"));
        assert_ne!(who("$ ls"), who("# ls"));
        assert_eq!(who("(venv) $ ls"), who("$ ls"));
    }

    #[test]
    fn a_number_sign_is_a_prompt_only_before_commands_and_not_in_scripts() {
        let known = |word: &str| ["systemctl", "reboot"].contains(&word);
        assert!(has_root_prompts("# systemctl stop x\n# reboot\n", false, known));
        assert!(!has_root_prompts("# systemctl stop x\n# reboot\n", true, known));
        assert!(!has_root_prompts("# then reboot\n# reboot\n", false, known));
        assert!(!has_root_prompts("# reboot the node.\n", false, known));
        assert!(!has_root_prompts("$ ls\n# reboot\n", false, known));
        assert!(!has_root_prompts("ls\n", false, known));
    }
}
