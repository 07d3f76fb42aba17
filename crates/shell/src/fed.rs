//! Here-documents without an end: of a script, and of the scripts that it hands to other shells.

use std::collections::VecDeque;

use crate::read::{BACKQUOTES, DEPTH, read};
use crate::{ErrorKind, Kind, Operator, Part, PartKind, Script, Token, Word};

/// Shells that read commands from their input where they are given no script.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"];

/// Commands that hand their input on to a command among their words.
const CARRIERS: &[&str] = &[
    "command", "doas", "docker", "env", "exec", "kubectl", "nice", "nohup", "nsenter", "podman", "ssh", "su",
    "sudo", "time", "timeout",
];

/// Where a here-document begins that has no end, as far as that can be told without asking a shell: one in backquotes or
/// in `$( … )` too, and one of a script that a shell is given in another here-document, by `-c`, or `eval` as its word.
pub fn open_here_document(script: &str) -> Option<usize> {
    open(script, 0)
}

fn open(script: &str, depth: usize) -> Option<usize> {
    if !script.contains("<<") || depth > DEPTH {
        return None;
    }
    let read = read(script);
    if let Some(at) = of_itself(&read) {
        return Some(at);
    }
    let doubtful = read.doubts.first().map_or(script.len(), |doubt| doubt.at);
    in_list(script, &read.tokens, doubtful, depth)
}

fn of_itself(read: &Script) -> Option<usize> {
    let error = read.error.as_ref().filter(|error| error.kind == ErrorKind::OpenHereDocument)?;
    (!read.doubts.iter().any(|doubt| doubt.why != BACKQUOTES)).then_some(error.at)
}

/// Looks into the here-documents of a list of commands that stand before `until`.
fn in_list(script: &str, tokens: &[Token], until: usize, depth: usize) -> Option<usize> {
    let mut words: Vec<&Word> = Vec::new();
    let (mut begun, mut feeds) = (0, VecDeque::new());
    let mut found = None;
    for token in tokens {
        match &token.kind {
            Kind::Word(word) => words.push(word),
            Kind::Redirection(redirection) => {
                let sign = script.get(redirection.operator.clone()).unwrap_or_default();
                begun += usize::from(matches!(sign, "<<" | "<<-"));
            }
            Kind::Body(body) => {
                let is_plain =
                    body.quoted || body.parts.iter().all(|part| matches!(part.kind, PartKind::Literal));
                if feeds.pop_front() == Some(true) && is_plain && token.at.end <= until {
                    let inner = script.get(token.at.clone())?;
                    found = found.or_else(|| Some(token.at.start + open(inner, depth + 1)?));
                }
            }
            Kind::Comment => {}
            _ => {
                feeds.extend(std::iter::repeat_n(is_shell(script, &words), begun));
                found = found.or_else(|| in_word(script, &words, until, depth));
                (words, begun) = (Vec::new(), 0);
            }
        }
        let parts: &[Part] = match &token.kind {
            Kind::Word(word) => &word.parts,
            Kind::Body(body) => &body.parts,
            _ => &[],
        };
        for part in parts {
            part.lists(&mut |_, inner| found = found.or_else(|| in_list(script, inner, until, depth + 1)));
        }
        if found.is_some() && !matches!(token.kind, Kind::Operator(Operator::Newline)) {
            return found;
        }
    }
    found.or_else(|| in_word(script, &words, until, depth))
}

/// Looks into the word that a shell takes as its script.
fn in_word(script: &str, words: &[&Word], until: usize, depth: usize) -> Option<usize> {
    let plain = bare(script, words);
    let at = command(&plain, &["eval"], &[]).map(|at| at + 1).or_else(|| {
        let shell = command(&plain, SHELLS, &["xargs"])?;
        let options = plain[shell + 1..].iter().take_while(|word| word.starts_with('-')).count();
        let says_so = |word: &&str| !word.starts_with("--") && word.contains('c');
        plain[shell + 1..][..options].iter().any(says_so).then_some(shell + 1 + options)
    })?;
    let [part] = words.get(at)?.parts.as_slice() else { return None };
    let is_plain = match &part.kind {
        PartKind::Single => true,
        PartKind::Double(parts) => parts.iter().all(|part| matches!(part.kind, PartKind::Literal)),
        _ => false,
    };
    // `eval` puts several words together.
    let alone = plain[at - 1] != "eval" || words.len() == at + 1;
    let inner = part.at.start + 1..part.at.end.checked_sub(1)?;
    let handed = script.get(inner.clone()).filter(|_| is_plain && alone && part.at.end <= until)?;
    Some(inner.start + open(handed, depth + 1)?)
}

/// The words, `?` for those in which something is quoted or expanded.
fn bare<'t>(script: &'t str, words: &[&Word]) -> Vec<&'t str> {
    words.iter().map(|word| word.bare(script).unwrap_or("?")).collect()
}

/// Where one of these commands stands as what is run: first, or behind what hands its input on, or one of `others`.
fn command(plain: &[&str], names: &[&str], others: &[&str]) -> Option<usize> {
    let name = |word: &str| word.rsplit('/').next().unwrap_or(word).to_owned();
    let first = plain.iter().position(|word| !word.contains('=')).unwrap_or(plain.len());
    let at = plain.iter().position(|word| names.contains(&name(word).as_str()))?;
    let carries = |word: &str| CARRIERS.contains(&word) || others.contains(&word);
    let carried = plain.get(first).is_some_and(|word| carries(&name(word)));
    (at == first || carried).then_some(at)
}

/// Whether these words are a shell that reads its script from its input.
fn is_shell(script: &str, words: &[&Word]) -> bool {
    let plain = bare(script, words);
    let Some(at) = command(&plain, SHELLS, &[]) else { return false };
    let mut takes_arguments = false;
    for word in &plain[at + 1..] {
        match *word {
            "-" => {}
            "-o" | "+o" | "-O" | "+O" => return false,
            option if option.starts_with("--") => return false,
            option if option.starts_with('-') && !option.contains('c') => {
                takes_arguments |= option.contains('s')
            }
            _ if takes_arguments => {}
            _ => return false,
        }
    }
    true
}
