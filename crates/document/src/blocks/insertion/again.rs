//! Commands that read a word of theirs as a program, a name or a calculation. For these one word is not enough: its
//! quotes are gone by then, and what the value holds is run.

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
const SHELLS: &[&str] =
    &["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "fish", "rbash", "$SHELL", "$BASH"];

/// Commands that run the command in their arguments, as it stands there.
const WRAPPERS: &[&str] = &[
    "builtin",
    "busybox",
    "chroot",
    "chrt",
    "command",
    "coproc",
    "doas",
    "docker",
    "env",
    "exec",
    "flock",
    "ionice",
    "kubectl",
    "lxc",
    "nerdctl",
    "nice",
    "nohup",
    "nsenter",
    "oc",
    "parallel",
    "podman",
    "setsid",
    "stdbuf",
    "strace",
    "sudo",
    "systemd-run",
    "taskset",
    "time",
    "timeout",
    "unshare",
    "watch",
    "xargs",
];

/// Wrappers that are the shell's own and run what is built into it.
const WITHIN: &[&str] = &["builtin", "command", "coproc"];

/// Words of the shell that a command may follow.
const KEYWORDS: &[&str] = &["if", "then", "elif", "else", "do", "while", "until", "!", "{", "time"];

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
];

const PROGRAMS: Rules = &[
    (&["watch", "parallel"], |_| true),
    (&["ssh", "autossh", "rsh", "dbclient"], remote),
    (&["su", "runuser", "script", "flock"], |at| at.option("-c", "--command")),
    (&["sg"], |at| !at.arguments.is_empty()),
    (&["env"], |at| at.option("-S", "--split-string")),
    (&["perl", "ruby", "lua", "osascript"], |at| at.option("-e", "--execute") || at.option("-E", "--eval")),
    (&["python", "python2", "python3"], |at| at.option("-c", "--command")),
    (&["node", "deno", "bun"], |at| at.option("-e", "--eval") || at.option("-p", "--print")),
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
            word == long || word.starts_with('-') && !word.starts_with("--") && word.ends_with(letter)
        };
        self.arguments.last().is_some_and(|last| ends(last))
            || self.begun.starts_with(long) && self.begun.contains('=')
            || self.begun.starts_with(short)
    }

    /// How many of the words before are neither options nor what those in `taking` take.
    fn operands(&self, taking: &[&str]) -> usize {
        let (mut count, mut taken) = (0, false);
        for word in self.arguments {
            match word.as_str() {
                _ if taken => taken = false,
                word if taking.contains(&word) => taken = true,
                word if word.starts_with('-') && word != "-" => {}
                _ => count += 1,
            }
        }
        // The value is what an option takes.
        count + usize::from(taken)
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
    const TAKING: &[&str] = &[
        "-B", "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o", "-p", "-Q",
        "-R", "-S", "-W", "-w",
    ];
    let takes_here = at.arguments.last().is_some_and(|last| TAKING.contains(&last.as_str()));
    let before = At { arguments: &at.arguments[..at.arguments.len() - usize::from(takes_here)], ..*at };
    at.last_is(&["-o"]) || at.begun.starts_with("-o") || before.operands(TAKING) > 0
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

/// The last part of a path.
fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn known(word: &str, among: &[&'static str]) -> Option<&'static str> {
    among.iter().find(|name| **name == base(word)).copied()
}

/// The words from the command on, without keywords and assignments before it.
fn command(words: &[String]) -> &[String] {
    let assigns = |word: &str| {
        let name = word.split_once('=').map(|(name, _)| name).unwrap_or_default();
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+'))
    };
    let before = words.iter().take_while(|word| KEYWORDS.contains(&word.as_str()) || assigns(word)).count();
    &words[before..]
}

/// Where in a command another command may begin: at its beginning, and anywhere behind a wrapper.
fn begins(words: &[String]) -> std::ops::Range<usize> {
    let wrapped = words.first().is_some_and(|first| known(first, WRAPPERS).is_some());
    0..if wrapped { words.len() } else { words.len().min(1) }
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
    let words = command(words);
    let at = |index: usize| At { arguments: &words[index + 1..], begun, after };
    let shell = |index: usize| known(&words[index], SHELLS).filter(|_| is_program(&at(index)));
    let program = |index: usize| {
        PROGRAMS.iter().find_map(|(names, rule)| known(&words[index], names).filter(|_| rule(&at(index))))
    };
    let builtin = |index: usize| {
        let named = |names: &[&'static str]| names.iter().find(|name| **name == words[index]).copied();
        BUILTINS.iter().find_map(|(names, rule)| named(names).filter(|_| rule(&at(index))))
    };
    // A shell may stand behind any command that runs others, and there are many.
    let begun = || begins(words).find_map(program);
    (0..words.len()).find_map(shell).or_else(|| built_in(words).and_then(builtin)).or_else(begun)
}

/// The shell among the words of a whole command that runs what it reads.
pub(super) fn by_input(words: &[String]) -> Option<&'static str> {
    let words = command(words);
    begins(words).find_map(|index| {
        let arguments = &words[index + 1..];
        let at = At { arguments, begun: "", after: "" };
        let line = || {
            known(&words[index], &["ssh"]).filter(|_| at.operands(&["-p", "-l", "-i", "-o", "-F", "-J"]) == 1)
        };
        known(&words[index], SHELLS).filter(|_| reads_input(arguments)).or_else(line)
    })
}
