//! Scripts that a script hands to a shell: by `-c`, by `eval`, in a here-document, or over `ssh`.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use crate::interpreter::base_name;
use crate::read::DEPTH;
use crate::{Kind, Part, PartKind, Script, Token, Word};

/// Shells that read commands from their input where they are given no script.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"];

/// Commands that hand their input on to a command among their words.
const CARRIERS: &[&str] = &[
    "busybox", "chroot", "command", "doas", "docker", "env", "exec", "flock", "kubectl", "nice", "nohup",
    "nsenter", "oc", "podman", "runuser", "setsid", "sshpass", "stdbuf", "su", "sudo", "time", "timeout",
    "unshare",
];

/// Commands that run one among their words, and give it another input.
const STARTERS: &[&str] = &["find", "parallel", "script", "systemd-run", "watch", "xargs"];

/// Commands that log in as somebody, and give a script to the shell of theirs by `-c`.
const LOGINS: &[&str] = &["su", "runuser"];

/// Options of ssh that take the next word (ssh(1)).
pub const OF_SSH: &[&str] = &[
    "-B", "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o", "-P", "-p",
    "-Q", "-R", "-S", "-W", "-w",
];

/// A script in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed<'t> {
    /// Where it stands, without the quotes around it.
    pub at: Range<usize>,
    /// What the shell is given; what is worked out before that stands in it as it is written.
    pub text: Cow<'t, str>,
    /// Whether nothing in it is worked out before.
    pub settled: bool,
    /// Who is given it.
    pub to: To<'t>,
}

/// Who is given a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To<'t> {
    /// The shell that reads the script around it: `eval`.
    Itself,
    /// Another shell, with options of its own.
    Shell {
        /// Its name.
        name: &'t str,
        /// The options, each a word, and what they take.
        options: Vec<&'t str>,
    },
    /// The shell of whoever is logged in, by this command.
    Login(&'t str),
}

/// Whatever a script that was read hands to a shell, in the order in which it stands.
pub fn handed<'t>(script: &'t str, read: &Script) -> Vec<Handed<'t>> {
    let mut found = Vec::new();
    in_list(script, &read.tokens, 0, &mut found);
    found.sort_by_key(|handed| handed.at.start);
    found
}

fn in_list<'t>(script: &'t str, tokens: &[Token], depth: usize, found: &mut Vec<Handed<'t>>) {
    if depth > DEPTH {
        return;
    }
    let mut words: Vec<&Word> = Vec::new();
    let (mut begun, mut feeds) = (0, VecDeque::new());
    for token in tokens {
        match &token.kind {
            Kind::Word(word) => words.push(word),
            Kind::Redirection(redirection) => {
                let sign = script.get(redirection.operator.clone()).unwrap_or_default();
                begun += usize::from(matches!(sign, "<<" | "<<-"));
            }
            Kind::Body(body) => {
                let settled =
                    body.quoted || body.parts.iter().all(|part| matches!(part.kind, PartKind::Literal));
                if let Some(Some(to)) = feeds.pop_front() {
                    let text = script.get(token.at.clone()).unwrap_or_default().into();
                    found.push(Handed { at: token.at.clone(), text, settled, to });
                }
            }
            Kind::Comment => {}
            _ => {
                if begun > 0 {
                    feeds.extend(std::iter::repeat_n(fed(script, &words), begun));
                }
                found.extend(in_words(script, &words));
                (words, begun) = (Vec::new(), 0);
            }
        }
        let parts: &[Part] = match &token.kind {
            Kind::Word(word) => &word.parts,
            Kind::Body(body) => &body.parts,
            _ => &[],
        };
        for part in parts {
            part.lists(&mut |_, inner| in_list(script, inner, depth + 1, found));
        }
    }
    found.extend(in_words(script, &words));
}

/// The script that stands in the words of a command.
pub(crate) fn in_words<'t>(script: &'t str, words: &[&Word]) -> Option<Handed<'t>> {
    let plain = bare(script, words);
    if let Some(at) = command(&plain, &["eval"], &[]) {
        return of_words(script, &words[at + 1..], To::Itself);
    }
    if let Some(at) = command(&plain, &["ssh"], STARTERS) {
        return of_words(script, &words[behind_host(&plain, at)?..], To::Login("ssh"));
    }
    if let Some(at) = command(&plain, SHELLS, STARTERS) {
        let read = Options::read(&plain[at + 1..]);
        let to = To::Shell { name: base_name(plain[at]), options: read.words };
        return if read.command {
            of_words(script, words.get(at + 1 + read.end..)?.get(..1)?, to)
        } else {
            None
        };
    }
    let at = command(&plain, LOGINS, &[])?;
    let option = plain[at..].iter().position(|word| is_command(word))?;
    of_words(script, words.get(at + option + 1..)?.get(..1)?, To::Login(base_name(plain[at])))
}

/// What these words are together, where there are any.
fn of_words<'t>(script: &'t str, words: &[&Word], to: To<'t>) -> Option<Handed<'t>> {
    let end = words.last()?.parts.last()?.at.end;
    let start = words.first()?.parts.first()?.at.start;
    // What `$'…'` stands for is not worked out here.
    let settled = |part: &Part| part.is_settled() && !matches!(part.kind, PartKind::Ansi);
    let settled = words.iter().all(|word| word.parts.iter().all(settled));
    // Without its quotes, where it is one word in one pair of them.
    let at = match words {
        [word] => match word.parts.as_slice() {
            [Part { kind: PartKind::Single | PartKind::Double(_), at }] if at.len() > 1 => {
                at.start + 1..at.end - 1
            }
            _ => start..end,
        },
        _ => start..end,
    };
    let raw = |part: &Part| script.get(part.at.clone()).unwrap_or_default().into();
    let text = match words {
        [word] => word.text(script, &raw),
        words => {
            let texts: Vec<Cow<'_, str>> = words.iter().map(|word| word.text(script, &raw)).collect();
            texts.join(" ").into()
        }
    };
    Some(Handed { at, text, settled, to })
}

/// Who reads a script from what is fed to these words.
pub(crate) fn fed<'t>(script: &'t str, words: &[&Word]) -> Option<To<'t>> {
    let all = bare(script, words);
    let mut plain = all.as_slice();
    while let Some(at) = command(plain, &["ssh"], &[]) {
        let behind = behind_host(plain, at)?;
        if behind == plain.len() {
            return Some(To::Login("ssh"));
        }
        plain = &plain[behind..];
    }
    let Some(at) = command(plain, SHELLS, &[]) else {
        let at = command(plain, LOGINS, &[]).filter(|_| !plain.iter().any(|word| is_command(word)))?;
        return Some(To::Login(base_name(plain[at])));
    };
    let read = Options::read(&plain[at + 1..]);
    let operands = plain[at + 1 + read.end..].iter().any(|word| *word != "-");
    let reads = !read.command && !read.unknown && (read.input || !operands);
    reads.then_some(To::Shell { name: base_name(plain[at]), options: read.words })
}

/// What a shell is told by its options.
#[derive(Default)]
struct Options<'t> {
    words: Vec<&'t str>,
    /// How many words they are.
    end: usize,
    /// `-c`
    command: bool,
    /// `-s`
    input: bool,
    /// One that may say anything, such as `--version`.
    unknown: bool,
}

impl<'t> Options<'t> {
    fn read(words: &[&'t str]) -> Options<'t> {
        let mut read = Options::default();
        while let Some(word) = words.get(read.end) {
            let Some(letters) = word.strip_prefix(['-', '+']).filter(|letters| !letters.is_empty()) else {
                break;
            };
            read.end += 1;
            if *word == "--" {
                break;
            }
            read.words.push(word);
            let takes = match letters.strip_prefix('-') {
                Some(long) => {
                    read.unknown |= !matches!(long, "login" | "noprofile" | "norc" | "posix");
                    matches!(long, "rcfile" | "init-file")
                }
                None => {
                    read.command |= word.starts_with('-') && letters.contains('c');
                    read.input |= letters.contains('s');
                    letters.ends_with(['o', 'O'])
                }
            };
            if takes {
                read.words.extend(words.get(read.end));
                read.end = words.len().min(read.end + 1);
            }
        }
        read
    }
}

/// How many words come before what ssh is to run, its host the last of them.
fn behind_host(plain: &[&str], ssh: usize) -> Option<usize> {
    let mut at = ssh + 1;
    while let Some(letters) = plain.get(at)?.strip_prefix('-').filter(|letters| !letters.is_empty()) {
        let takes_more = |letter| OF_SSH.iter().any(|option| option.ends_with(letter));
        let takes = letters.find(takes_more).is_some_and(|at| at + 1 == letters.len());
        at += if takes { 2 } else { 1 };
    }
    Some(at + 1).filter(|behind| *behind <= plain.len())
}

/// The words, `?` for those in which something is quoted or expanded.
fn bare<'t>(script: &'t str, words: &[&Word]) -> Vec<&'t str> {
    words.iter().map(|word| word.bare(script).unwrap_or("?")).collect()
}

/// Where one of these commands stands as what is run: first, or behind what hands its input on, or one of `others`.
fn command(plain: &[&str], names: &[&str], others: &[&str]) -> Option<usize> {
    let first = plain.iter().position(|word| !word.contains('=')).unwrap_or(plain.len());
    let at = plain.iter().position(|word| names.contains(&base_name(word)))?;
    let carries = |word: &str| CARRIERS.contains(&word) || others.contains(&word);
    let carried = plain.get(first).is_some_and(|word| carries(base_name(word)));
    (at == first || carried).then_some(at)
}

/// Whether the shell, or `eval`, is started right here: what starts it does nothing that could fail by itself, as a login,
/// a container or a lock could.
pub(crate) fn is_started_here(script: &str, words: &[&Word]) -> bool {
    const PLAIN: [&str; 5] = ["command", "env", "exec", "nohup", "time"];
    let plain = bare(script, words);
    let started = plain.iter().find(|word| !word.contains('=') && !PLAIN.contains(&base_name(word)));
    started.is_some_and(|word| *word == "eval" || SHELLS.contains(&base_name(word)))
}

/// The option by which a log-in is given a script.
fn is_command(word: &str) -> bool {
    matches!(word, "-c" | "-lc" | "--command")
}
