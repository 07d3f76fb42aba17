//! Commands that read a word of theirs as a program, a name or a calculation. For these one word is not enough: its
//! quotes are gone by then, and what the value holds is run.

use std::collections::BTreeSet;

use holdpoint_shell::interpreter::base_name;

use super::by_option;
use crate::operands::{OF_SSH, operands};

/// What one of these commands does with the word.
type Rule = fn(&At<'_>) -> bool;

/// Where a value stands in a command.
struct At<'w> {
    /// The words between the command and the value.
    arguments: &'w [String],
    /// What of the value's own word stands before it.
    begun: &'w str,
    /// The word after it.
    after: &'w str,
}

/// Shells, which run what follows `-c`.
const SHELLS: &[&str] = &[
    "sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "fish", "rbash", "csh", "tcsh", "yash", "posh",
    "elvish", "nu", "xonsh", "$SHELL", "$BASH",
];

/// A command that runs the command in its arguments, as it stands there.
struct Wrapper {
    names: &'static [&'static str],
    /// Options that take the next word.
    taking: &'static [&'static str],
    /// Words of its own before the command.
    operands: usize,
    /// Words one of which must come before the command, anywhere behind which it may stand.
    behind: &'static [&'static str],
}

const fn wrapper(
    names: &'static [&'static str],
    taking: &'static [&'static str],
    operands: usize,
    behind: &'static [&'static str],
) -> Wrapper {
    Wrapper { names, taking, operands, behind }
}

const WRAPPERS: &[Wrapper] = &[
    wrapper(
        &["builtin", "command", "coproc", "nohup", "setsid", "busybox", "torsocks", "unbuffer"],
        &[],
        0,
        &[],
    ),
    wrapper(&["exec"], &["-a"], 0, &[]),
    wrapper(&["sudo", "doas"], &["-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R"], 0, &[]),
    wrapper(&["env"], &["-u", "-C", "-S"], 0, &[]),
    wrapper(&["nice"], &["-n"], 0, &[]),
    wrapper(&["ionice"], &["-c", "-n", "-p"], 0, &[]),
    wrapper(&["time"], &["-f", "-o"], 0, &[]),
    wrapper(&["stdbuf"], &["-i", "-o", "-e"], 0, &[]),
    wrapper(&["timeout"], &["-k", "-s"], 1, &[]),
    wrapper(&["chrt", "taskset", "chroot", "gosu", "su-exec"], &[], 1, &[]),
    wrapper(&["flock"], &["-w", "-E"], 1, &[]),
    wrapper(&["strace", "ltrace"], &["-e", "-o", "-p", "-s", "-u", "-P"], 0, &[]),
    wrapper(&["systemd-run"], &["-p", "-u", "-t", "-E", "-H", "-M"], 0, &[]),
    wrapper(&["unshare", "setpriv", "nsenter", "xvfb-run"], &["-t", "-S", "-G", "-R", "-w", "-n"], 0, &[]),
    wrapper(&["xargs"], &["-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E"], 0, &[]),
    wrapper(&["sshpass"], &["-p", "-f", "-d", "-P"], 0, &[]),
    wrapper(&["watch", "parallel"], &["-n", "-j"], 0, &[]),
    wrapper(&["runuser"], &["-u", "-g", "-G"], 0, &[]),
    wrapper(&["docker", "podman", "nerdctl", "docker-compose", "lxc"], &[], 0, &["exec", "run"]),
    wrapper(&["kubectl", "oc"], &[], 0, &["--"]),
    wrapper(&["find"], &[], 0, &["-exec", "-execdir", "-ok", "-okdir"]),
];

/// Wrappers that are the shell's own and run what is built into it.
const WITHIN: &[&str] = &["builtin", "command", "coproc"];

/// Comparisons that calculate in `[[ … ]]`.
const NUMERIC: &[&str] = &["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];

type Rules = &'static [(&'static [&'static str], Rule)];

/// What is built into the shell: no other program runs these, so as a word of another command they mean nothing.
const BUILTINS: Rules = &[
    (&["eval", "trap", "let", "unset", "alias"], |_| true),
    (&["test", "["], |at| at.begun.is_empty() && at.last_is(&["-v", "-R"])),
    (&["[["], |at| {
        at.begun.is_empty()
            && (at.last_is(&["-v", "-R"]) || at.last_is(NUMERIC) || NUMERIC.contains(&at.after))
    }),
    (&["printf"], |at| at.begun.starts_with("-v") || at.arguments.len() == 1 && at.last_is(&["-v"])),
    (&["read"], |at| {
        let takes =
            |word: &String| word.starts_with('-') && word.ends_with(['p', 'd', 'i', 'n', 'N', 't', 'u']);
        !at.arguments.last().is_some_and(takes)
    }),
    (&["declare", "typeset", "local", "readonly", "export"], names),
    (&["mapfile", "readarray"], |at| at.option("-C", "--callback")),
    (&["wait"], |at| at.option("-p", "")),
    (&["compgen", "complete"], |at| at.option("-W", "") || at.option("-C", "") || at.option("-F", "")),
];

const PROGRAMS: Rules = &[
    (&["watch", "parallel", "pdsh", "clush", "pssh", "parallel-ssh", "dsh", "mussh"], |_| true),
    // They hand their words to a shell elsewhere, as one line.
    (&["salt", "salt-ssh", "salt-call", "heroku", "flyctl", "wsl", "cmd", "cmd.exe"], |_| true),
    (&["scp", "sftp"], |at| at.option("-o", "") || at.option("-S", "")),
    (&["rsync"], |at| at.option("-e", "--rsh") || at.begun.starts_with("--rsync-path")),
    (&["git"], git),
    (&["split"], |at| at.option("--filter", "--filter")),
    (&["zip"], |at| at.option("-TT", "--unzip-command")),
    // What make expands runs `$(shell …)`, in goals and variables alike.
    (&["make", "gmake", "bmake", "nmake"], |at| {
        !at.last_is(&["-C", "-f", "-j", "-l", "-o", "-W", "-I"]) && !at.begun.starts_with("--directory=")
    }),
    (&["bind"], |at| at.option("-x", "") || at.option("-f", "")),
    (&["hyperfine", "entr", "chronic"], |_| true),
    (&["screen"], |at| at.arguments.iter().any(|word| word == "-X")),
    (&["socat"], |_| true),
    (&["pwsh", "powershell"], |at| {
        // A word that is no option is a command.
        at.arguments.is_empty()
            || at.arguments.iter().any(|word| {
                let word = word.to_ascii_lowercase();
                word.len() > 1
                    && ("-command".starts_with(&word) || word == "-commandwithargs" || word == "-cwa")
            })
    }),
    (&["sqlite3"], |at| at.operands(&["-cmd", "-separator"]) > 0 || at.last_is(&["-cmd"])),
    (&["tar"], |at| {
        at.begun.starts_with("--checkpoint-action")
            || at.begun.starts_with("--to-command")
            || at.option("-I", "--use-compress-program")
    }),
    (&["tmux"], |at| {
        let runs = ["new", "split", "respawn", "run", "if", "send", "pipe"];
        let runs = |word: &String| runs.iter().any(|verb| word.starts_with(verb));
        at.arguments.iter().any(runs) && !at.last_is(&["-t", "-s", "-n", "-c"])
    }),
    (&["ssh", "autossh", "rsh", "dbclient"], remote),
    (&["su", "runuser", "script", "flock"], |at| at.option("-c", "--command")),
    (&["sg"], |at| !at.arguments.is_empty()),
    (&["env"], |at| {
        let splits = |word: &String| word.starts_with("-S") || word.starts_with("--split-string");
        at.option("-S", "--split-string") || at.arguments.iter().any(splits)
    }),
    (&["perl", "ruby", "lua", "osascript"], |at| at.option("-e", "--execute") || at.option("-E", "--eval")),
    (&["python", "python2", "python3", "pypy", "ipython"], |at| at.option("-c", "--command")),
    (&["node", "nodejs", "deno", "bun"], |at| at.option("-e", "--eval") || at.option("-p", "--print")),
    (&["php"], |at| at.option("-r", "--run")),
    (&["psql"], |at| at.option("-c", "--command")),
    (&["mysql", "mariadb"], |at| at.option("-e", "--execute")),
    (&["awk", "gawk", "mawk", "nawk"], |at| {
        let given = at.arguments.iter().any(|word| word.starts_with("-f") || word.starts_with("-e"));
        at.option("-e", "--source") || !given && !at.begun.starts_with('-') && at.operands(&["-F", "-v"]) == 0
    }),
    (&["sed", "gsed"], |at| {
        let given = at.arguments.iter().any(|word| word.starts_with("-e") || word.starts_with("-f"));
        at.option("-e", "--expression") || !given && !at.begun.starts_with('-') && at.operands(&[]) == 0
    }),
];

impl At<'_> {
    fn last_is(&self, words: &[&str]) -> bool {
        self.arguments.last().is_some_and(|last| words.contains(&last.as_str()))
    }

    /// Whether the value is, or is part of, what this option takes.
    fn option(&self, short: &str, long: &str) -> bool {
        let letter = short.trim_start_matches('-');
        let ends = |word: &str| {
            !long.is_empty() && word == long
                || word.starts_with('-') && !word.starts_with("--") && word.ends_with(letter)
        };
        self.arguments.last().is_some_and(|last| ends(last))
            || !long.is_empty() && self.begun.starts_with(long) && self.begun.contains('=')
            || self.begun.starts_with(short)
            // Behind other letters in one word, as in `-Be`.
            || !letter.is_empty()
                && self.begun.starts_with('-')
                && !self.begun.starts_with("--")
                && self.begun.ends_with(letter)
    }

    /// How many of the words before are neither options nor what those in `taking` take.
    fn operands(&self, taking: &[&str]) -> usize {
        let (operands, taken) = operands(self.arguments, taking);
        // The value is what an option takes.
        operands.len() + usize::from(taken)
    }
}

/// `NAME=` must stand before the value, and the variable must be a plain one.
fn names(at: &At<'_>) -> bool {
    let odd = |word: &String| word.starts_with(['-', '+']) && word.contains(['a', 'A', 'i', 'n']);
    let name = at.begun.split_once('=').map(|(name, _)| name.trim_end_matches('+'));
    let named = name
        .is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    at.arguments.iter().any(odd) || !named
}

/// Everything behind the host is a line for the shell there; so is what some options say, for the one here.
fn remote(at: &At<'_>) -> bool {
    let takes_here = at.arguments.last().is_some_and(|last| OF_SSH.contains(&last.as_str()));
    let before = At { arguments: &at.arguments[..at.arguments.len() - usize::from(takes_here)], ..*at };
    at.last_is(&["-o"]) || at.begun.starts_with("-o") || before.operands(OF_SSH) > 0
}

/// The words behind the host, as the shell there takes them apart; `None` where no host is named.
fn behind_host(arguments: &[String]) -> Option<Vec<String>> {
    let host = *operands(arguments, OF_SSH).0.first()?;
    let there = arguments[host + 1..].iter().flat_map(|word| word.split_whitespace());
    Some(there.map(str::to_owned).collect())
}

/// What git runs: aliases, and programs that its settings name.
fn git(at: &At<'_>) -> bool {
    const PROGRAMS: &[&str] = &[
        "alias.",
        "command",
        "editor",
        "pager",
        "fsmonitor",
        "helper",
        "askpass",
        "hookspath",
        ".process",
        ".clean",
        ".smudge",
        ".textconv",
        ".driver",
        ".cmd",
        ".program",
        "include",
        "external",
        ".proxy",
        ".uploadpack",
        ".receivepack",
        ".update",
    ];
    let names = |key: &str| {
        let key = key.to_ascii_lowercase();
        PROGRAMS.iter().any(|name| key.contains(name))
    };
    let has = |wanted: &str| at.arguments.iter().any(|word| word == wanted);
    let key = at.begun.split('=').next().unwrap_or_default();
    at.last_is(&["-c"]) && (key.is_empty() || !at.begun.contains('=') || names(key))
        || has("config") && at.arguments.iter().any(|word| names(word))
        || has("config") && names(at.begun)
        || has("rebase") && at.option("-x", "--exec")
        || has("submodule") && has("foreach")
        || has("filter-branch")
        || at.last_is(&["--upload-pack", "--receive-pack", "--exec", "--open-files-in-pager"])
        || ["--upload-pack", "--receive-pack", "--exec=", "--open-files"]
            .iter()
            .any(|it| at.begun.starts_with(it))
        || has("clone") && at.option("-u", "")
        || has("grep") && at.begun.starts_with("-O")
}

/// Whether the words are those of a shell up to its program: the value is that, or part of it.
fn is_program(at: &At<'_>) -> bool {
    let (mut given, mut taken) = (false, false);
    for word in at.arguments {
        match word.as_str() {
            _ if taken => taken = false,
            "-o" | "+o" | "-O" | "+O" | "--rcfile" | "--init-file" => taken = true,
            word if word.starts_with("--") => {}
            word if word.starts_with(['-', '+']) && word.len() > 1 => given |= word.contains('c'),
            _ => return false,
        }
    }
    given && !taken
}

/// Whether a shell with these arguments reads its program from standard input.
fn reads_input(arguments: &[String]) -> bool {
    let flag = |word: &String| word.starts_with('-') && !word.starts_with("--");
    let has = |letter| arguments.iter().take_while(|word| flag(word)).any(|word| word.contains(letter));
    has('s') || (!has('c') && arguments.iter().all(|word| word.starts_with(['-', '+'])))
}

/// The name without the version that systems put behind it: `python3.12`, `bash5.2`, `perl-5.36`.
fn unversioned(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end_matches('-')
}

fn known(word: &str, among: &[&'static str]) -> Option<&'static str> {
    let name = base_name(word);
    let named = |name: &str| among.iter().find(|known| **known == name).copied();
    named(name).or_else(|| named(unversioned(name)))
}

fn assigns(word: &str) -> bool {
    holdpoint_shell::assigned(word).is_some()
}

/// The words from the command on, without assignments before it, and options of `time`, which is a keyword.
fn command(words: &[String]) -> &[String] {
    &words[words.iter().take_while(|word| assigns(word) || word.starts_with('-')).count()..]
}

/// Where in a command a command begins: behind its assignments, and behind each wrapper. Where it cannot be told
/// whether an option takes the word behind it, both count.
pub(super) fn begins(words: &[String]) -> BTreeSet<usize> {
    let mut begins = BTreeSet::new();
    let mut left = vec![words.len() - command(words).len()];
    while let Some(at) = left.pop() {
        if at > words.len() || !begins.insert(at) || at == words.len() {
            continue;
        }
        let Some(wrapper) = WRAPPERS.iter().find(|wrapper| known(&words[at], wrapper.names).is_some()) else {
            continue;
        };
        if wrapper.behind.is_empty() {
            left.extend(behind(wrapper, words, at + 1));
        } else if let Some(from) = words[at..].iter().position(|word| wrapper.behind.contains(&word.as_str()))
        {
            left.extend(at + from + 1..=words.len());
        }
    }
    begins
}

/// Where the program stands that a command runs for sure, behind its wrappers.
pub(super) fn program(words: &[String]) -> Option<usize> {
    let mut at = words.len() - command(words).len();
    loop {
        let word = words.get(at)?;
        match WRAPPERS.iter().find(|wrapper| known(word, wrapper.names).is_some()) {
            Some(wrapper) if wrapper.behind.is_empty() => at = *behind(wrapper, words, at + 1).last()?,
            _ => return Some(at),
        }
    }
}

/// Where the command of a wrapper may begin, whose arguments begin at `at`.
fn behind(wrapper: &Wrapper, words: &[String], mut at: usize) -> Vec<usize> {
    let (mut begins, mut operands, mut options, mut maybe) = (Vec::new(), wrapper.operands, true, false);
    while let Some(word) = words.get(at) {
        let taken = std::mem::take(&mut maybe);
        if options && word == "--" {
            options = false;
        } else if options && word.starts_with('-') && word.len() > 1 {
            let ends = |taking: &&str| word.ends_with(taking.trim_start_matches('-'));
            if !word.starts_with("--") && wrapper.taking.iter().any(|taking| word == taking) {
                at += 1;
            } else if word.starts_with("--") {
                maybe = !word.contains('=');
            } else {
                maybe = wrapper.taking.iter().any(ends) || wrapper.taking.is_empty();
            }
        } else if taken {
            // It may be what the option before takes.
            begins.push(at);
        } else if assigns(word) {
        } else if operands > 0 {
            operands -= 1;
        } else {
            begins.push(at);
            return begins;
        }
        at += 1;
    }
    // Nothing is there yet: the next word may be it.
    begins.push(at);
    begins
}

/// Where what is built into the shell stands, if it does: first, or behind the shell's own wrappers and their options.
fn built_in(words: &[String]) -> Option<usize> {
    let within = |word: &str| WITHIN.contains(&word);
    let wrapped = words.first().is_some_and(|first| within(first));
    let passed = |word: &&String| wrapped && (within(word) || word.starts_with('-'));
    let at = words.iter().take_while(passed).count();
    (at < words.len()).then_some(at)
}

/// The command among `words` that reads the value which follows them once more. `begun` is what of the value's own word
/// stands before it, `after` the word behind it.
pub(super) fn by(words: &[String], begun: &str, after: &str) -> Option<&'static str> {
    if let Some(name) =
        holdpoint_shell::assigned(begun).and_then(|name| by_option::RUN.iter().find(|run| **run == name))
    {
        return Some(name);
    }
    let begins = begins(words);
    let words = command(words);
    let skipped = begins.first().copied().unwrap_or_default();
    let at = |index: usize| At { arguments: &words[index + 1..], begun, after };
    let shell = |index: usize| known(&words[index], SHELLS).filter(|_| is_program(&at(index)));
    let by_option = |index: usize| {
        let name = by_option::names().find(|name| known(&words[index], &[*name]).is_some())?;
        by_option::runs(name, &words[index + 1..], begun).then_some(name)
    };
    let program = |index: usize| {
        PROGRAMS.iter().find_map(|(names, rule)| known(&words[index], names).filter(|_| rule(&at(index))))
    };
    let builtin = |index: usize| {
        let named = |names: &[&'static str]| names.iter().find(|name| **name == words[index]).copied();
        BUILTINS.iter().find_map(|(names, rule)| named(names).filter(|_| rule(&at(index))))
    };
    // A shell may stand behind any command that runs others, and there are many.
    let begun = || {
        begins
            .iter()
            .map(|at| at - skipped)
            .filter(|at| *at < words.len())
            .find_map(|at| program(at).or_else(|| by_option(at)))
    };
    (0..words.len()).find_map(shell).or_else(|| built_in(words).and_then(builtin)).or_else(begun)
}

/// A command that may read words once more, anywhere among words of which a tag leaves some out.
pub(super) fn known_among(words: &[String]) -> Option<&'static str> {
    let named = |word: &String| {
        let programs = PROGRAMS.iter().map(|(names, _)| *names);
        let builtins = BUILTINS.iter().take(1).map(|(names, _)| *names);
        programs.chain(builtins).chain([SHELLS]).find_map(|names| known(word, names))
    };
    words.iter().find_map(named)
}

/// The command among `words` that runs the file which follows them.
pub(super) fn by_file(words: &[String]) -> Option<&'static str> {
    let begins = begins(words);
    let option = |word: &String| word.starts_with(['-', '+']);
    begins.into_iter().filter(|at| *at < words.len()).find_map(|at| {
        let arguments = &words[at + 1..];
        let runs = || known(&words[at], &["source", "."]).filter(|_| arguments.is_empty());
        let reads = || known(&words[at], INTERPRETERS).filter(|_| arguments.iter().all(option));
        let file = |word: &String| matches!(word.as_str(), "-f" | "--file" | "--rcfile" | "--init-file");
        let named = || {
            let names = &["awk", "gawk", "mawk", "nawk", "sed", "psql", "bash"];
            known(&words[at], names).filter(|_| arguments.last().is_some_and(file))
        };
        known(&words[at], SHELLS)
            .filter(|_| arguments.iter().all(option))
            .or_else(runs)
            .or_else(reads)
            .or_else(named)
    })
}

/// Programs that read a program from standard input.
const INTERPRETERS: &[&str] = &[
    "python",
    "python2",
    "python3",
    "pypy",
    "perl",
    "ruby",
    "node",
    "nodejs",
    "php",
    "lua",
    "pwsh",
    "powershell",
];

/// The command among the words of a whole command that runs what it reads.
pub(super) fn by_input(words: &[String]) -> Option<&'static str> {
    begins(words).into_iter().filter(|at| *at < words.len()).find_map(|index| {
        let arguments = &words[index + 1..];
        let at = At { arguments, begun: "", after: "" };
        let word = &words[index];
        let option = |word: &String| word.starts_with('-') && word.len() > 1;
        let input =
            |word: &String| matches!(word.as_str(), "-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0");
        let given = arguments.iter().find(|word| !option(word));
        let line = || {
            let there = known(word, &["ssh", "autossh", "rsh", "dbclient"]).zip(behind_host(arguments));
            there.filter(|(_, there)| there.is_empty() || by_input(there).is_some()).map(|(ssh, _)| ssh)
        };
        // Without a command they are a shell.
        let login = || {
            let shell = |word: &String| matches!(word.as_str(), "-i" | "-s" | "--login" | "--shell");
            let told = |word: &String| word == "-c" || word.starts_with("--command");
            let as_shell = || arguments.iter().any(shell) && given.is_none();
            known(word, &["su", "runuser"])
                .filter(|_| !arguments.iter().any(told))
                .or_else(|| known(word, &["sudo", "doas"]).filter(|_| as_shell()))
        };
        let read = || known(word, &["source", "."]).filter(|_| given.is_some_and(input));
        let program = || {
            let told = |word: &String| option(word) && word.ends_with(['c', 'e', 'E', 'm', 'r', 'f', 'p']);
            known(word, INTERPRETERS).filter(|_| {
                given.is_none_or(input) && !arguments.iter().any(told) || given.is_some_and(input)
            })
        };
        let queries = || {
            let told = |word: &String| match word.strip_prefix("--") {
                Some(long) => ["command", "file", "execute"].iter().any(|told| long.starts_with(told)),
                None => {
                    let short = word.strip_prefix('-').unwrap_or_default();
                    short.starts_with(['c', 'f', 'e']) || short.ends_with(['c', 'f', 'e'])
                }
            };
            known(word, &["psql", "mysql", "mariadb", "sqlite3"])
                .filter(|_| !arguments.iter().any(told) && (*word != "sqlite3" || at.operands(&[]) < 2))
        };
        let queued = || {
            known(word, &["at", "batch", "crontab", "parallel"])
                .filter(|_| !arguments.iter().any(|w| w == "-l" || w == "-r"))
        };
        known(word, SHELLS)
            .filter(|_| reads_input(arguments) || given.is_some_and(input))
            .or_else(|| known(word, by_option::READ_LINES))
            .or_else(line)
            .or_else(login)
            .or_else(read)
            .or_else(program)
            .or_else(queries)
            .or_else(queued)
            .or_else(|| known(word, &["xargs"]).and_then(|_| put_in(arguments)))
    })
}

/// The command that `xargs` puts its input into the program of, or gives it as one.
fn put_in(arguments: &[String]) -> Option<&'static str> {
    let mut names = Vec::new();
    for (index, word) in arguments.iter().enumerate() {
        match word.as_str() {
            "-I" | "--replace" => names.extend(arguments.get(index + 1).map(String::as_str)),
            "-i" => names.push("{}"),
            word => names.extend(
                ["-I", "-i", "--replace="]
                    .iter()
                    .find_map(|option| word.strip_prefix(option))
                    .filter(|name| !name.is_empty()),
            ),
        }
    }
    if names.is_empty() {
        return by(arguments_of_xargs(arguments), "", "");
    }
    let command = arguments_of_xargs(arguments);
    let put = |index: &usize| names.iter().any(|name| command[*index].contains(name));
    (0..command.len()).filter(put).find_map(|index| {
        let begun =
            names.iter().find_map(|name| command[index].split_once(name)).map_or("", |(begun, _)| begun);
        by(&command[..index], begun, command.get(index + 1).map_or("", String::as_str))
    })
}

/// The command that `xargs` runs, without the options before it.
fn arguments_of_xargs(arguments: &[String]) -> &[String] {
    let taking: &[&str] =
        WRAPPERS.iter().find(|wrapper| wrapper.names == ["xargs"]).map_or(&[], |wrapper| wrapper.taking);
    let mut at = 0;
    while let Some(word) = arguments.get(at).filter(|word| word.starts_with('-')) {
        at += 1 + usize::from(taking.contains(&word.as_str()));
    }
    &arguments[at.min(arguments.len())..]
}
