//! Commands that want the SSH agent, where blocks do not get it.

use super::looked::Script;
use super::shell::Command;
use crate::findings::Findings;
use crate::scope::allowed;
use crate::{Assurance, Code, Config, Environment, Plan, Span};

/// Commands of a block without `agent` that sign in somewhere by SSH, as far as can be told.
pub(super) fn wanting(script: &Script<'_>) -> Vec<(String, Span)> {
    if script.block.options.agent {
        return Vec::new();
    }
    // What git is told to call, for every command of the script: here or there, it is one and the same key.
    let git_has_key = script.text.text().lines().any(|line| {
        line.split_once("GIT_SSH_COMMAND=")
            .is_some_and(|(_, call)| call.split(['\'', '"', ' ']).any(names_key))
    });
    let has_key = |name: &str| git_has_key && name.starts_with("git ") && !name.contains(" -");
    let own = script.shell.iter().flat_map(|shell| &shell.commands);
    let own = own.filter_map(|command| Some((wants(command)?, command.at())));
    // In a container, or as somebody else, there is no agent either way.
    let started = script.started().into_iter().filter(|it| it.is_here);
    let mut started: Vec<_> = started.filter_map(|it| Some((wants(&it.command)?, it.at))).collect();
    started.dedup_by_key(|(_, at)| at.start);
    let wanting = own.chain(started);
    let wanting = wanting.filter(|(name, _)| !has_key(name));
    wanting.map(|(name, at)| (name, script.text.span(at))).collect()
}

/// Says so, where one of the environments that the document runs in takes signatures by key.
pub(super) fn lint<'l>(
    wanting: impl Iterator<Item = &'l (String, Span)>,
    plan: &Plan,
    config: Option<&Config>,
    findings: &mut Findings,
) {
    let by_key = |it: &Environment| it.signature.is_some_and(|least| least > Assurance::Typed);
    let environments = allowed(&plan.front, config);
    let Some((name, _)) = environments.into_iter().find(|(_, environment)| by_key(environment)) else {
        return;
    };
    for (command, span) in wanting {
        let message = format!("`{command}` may want the SSH agent, which this block does not get in {name}");
        let help =
            "add `#| agent: true` if it needs one; whoever signs is told so. Else give it a key of its own";
        findings.add(Code::NoAgent, *span, message, help);
    }
}

fn wants(command: &Command<'_>) -> Option<String> {
    let program = command.program();
    let mut words = command.arguments().filter(|word| !word.starts_with('-'));
    if program == "git" {
        return git(command);
    }
    let wants = match program {
        "ssh-copy-id" | "ssh-add" => true,
        "ssh" | "slogin" | "sftp" | "autossh" => !command.arguments().any(names_key),
        // `--ssh="ssh -i key"`
        "mosh" => {
            let mut parts = command.arguments().flat_map(str::split_whitespace);
            !parts.any(names_key)
                && !matches!(command.arguments().next(), None | Some("--version" | "--help"))
        }
        "sshfs" => {
            let names_one =
                |word: &str| names_key(word) || word.to_ascii_lowercase().contains("identityfile=");
            words.any(on_host) && !command.arguments().any(names_one)
        }
        "scp" => words.any(on_host) && !command.arguments().any(names_key),
        // Its own `-i` is another: what counts is what it is told to call.
        "rsync" => {
            let calls = command.arguments().filter(|word| word.contains("ssh "));
            words.any(on_host) && !calls.flat_map(str::split_whitespace).any(names_key)
        }
        _ => false,
    };
    wants.then(|| program.to_owned())
}

/// What of git goes to another repository, if that may be reached by SSH.
fn git(command: &Command<'_>) -> Option<String> {
    let mut words = command.arguments();
    let verb = loop {
        let word = words.next()?;
        match word {
            "-C" | "-c" | "--git-dir" | "--work-tree" | "--namespace" | "--super-prefix" | "--config-env" => {
                words.next();
            }
            _ if word.starts_with('-') => {}
            verb => break verb,
        }
    };
    let rest: Vec<&str> = words.collect();
    let mut places = rest.iter().copied().filter(|word| !word.starts_with('-'));
    let may_be_ssh = |place: &str| {
        place.starts_with("ssh://") || !(place.contains("://") || place.starts_with(['/', '.']))
    };
    let (name, wants) = match verb {
        "push" | "fetch" | "pull" | "clone" | "ls-remote" => {
            (format!("git {verb}"), places.next().is_none_or(may_be_ssh))
        }
        "archive" => {
            let mut remote = rest.iter().enumerate().filter_map(|(at, word)| match *word {
                "--remote" => rest.get(at + 1).copied(),
                _ => word.strip_prefix("--remote="),
            });
            ("git archive".to_owned(), remote.next().is_some_and(may_be_ssh))
        }
        "submodule" | "remote" => {
            let what = places.next()?;
            let place = places.next();
            let wants = match (verb, what) {
                ("submodule", "add") => place.is_none_or(may_be_ssh),
                ("submodule", "update") | ("remote", "update" | "show" | "prune") => true,
                _ => false,
            };
            (format!("git {verb} {what}"), wants)
        }
        // git's store for large files goes the same way.
        "lfs" => {
            let what = places.next()?;
            let wants = matches!(what, "push" | "pull" | "fetch" | "clone" | "lock" | "unlock" | "locks");
            (format!("git {verb} {what}"), wants && places.next().is_none_or(may_be_ssh))
        }
        _ => {
            let sign = signs(verb, &rest)?;
            let named = |word: &str| {
                word.to_ascii_lowercase()
                    .strip_prefix("user.signingkey=")
                    .is_some_and(|key| !key.ends_with(".pub"))
            };
            (format!("git {verb} {sign}"), !command.arguments().any(named))
        }
    };
    wants.then_some(name)
}

/// The option by which git signs what it makes: with an SSH key, where `gpg.format` says so.
fn signs<'w>(verb: &str, rest: &[&'w str]) -> Option<&'w str> {
    // Its long options that take the next word.
    const TAKING: [&str; 15] = [
        "message",
        "file",
        "author",
        "date",
        "template",
        "trailer",
        "cleanup",
        "reuse-message",
        "reedit-message",
        "fixup",
        "squash",
        "strategy",
        "strategy-option",
        "exec",
        "onto",
    ];
    // The short one that signs, and those that take more of the word, or the next one.
    let (short, long, taking) = match verb {
        "tag" => ('s', "--sign", "mF"),
        "commit" => ('S', "--gpg-sign", "mFcCt"),
        "merge" => ('S', "--gpg-sign", "mFsX"),
        "rebase" => ('S', "--gpg-sign", "CsXx"),
        "cherry-pick" | "revert" => ('S', "--gpg-sign", "mX"),
        "am" => ('S', "--gpg-sign", "Cp"),
        _ => return None,
    };
    let by_key = |word: &str| verb == "tag" && (word.starts_with("-u") || word.starts_with("--local-user"));
    let mut words = rest.iter().copied().take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        let takes_next = if let Some(name) = word.strip_prefix("--") {
            if word.split('=').next() == Some(long) {
                return Some(word);
            }
            TAKING.contains(&name)
        } else {
            let flags = word.strip_prefix('-').unwrap_or_default();
            let takes = flags.find(|flag| taking.contains(flag));
            if flags[..takes.unwrap_or(flags.len())].contains(short) {
                return Some(word);
            }
            takes.is_some_and(|at| at + 1 == flags.len())
        };
        if by_key(word) {
            return Some(word);
        }
        if takes_next {
            words.next();
        }
    }
    None
}

/// Whether this word of a call of ssh gives it a key, or an agent, of its own.
fn names_key(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let flag = word.strip_prefix('-').is_some_and(|flags| flags.starts_with('i') || flags.ends_with('i'));
    let option = lower.strip_prefix("-o").unwrap_or(&lower).trim_start();
    flag || option.starts_with("identityfile") || option.starts_with("identityagent")
}

/// `host:path`, which is reached by SSH; `host::module` and `rsync://` are not.
fn on_host(word: &str) -> bool {
    let Some((host, path)) = word.split_once(':') else { return false };
    let url = path.starts_with("//");
    !host.is_empty() && !host.contains(['/', ' ']) && !path.starts_with(':') && (!url || host == "scp")
}

#[cfg(test)]
mod tests {
    use super::signs;

    #[test]
    fn what_an_option_of_git_takes_is_no_option_that_signs() {
        let signs = |words: &str| {
            let words: Vec<&str> = words.split(' ').collect();
            signs(words[0], &words[1..]).is_some()
        };
        for words in [
            "commit -S",
            "commit -m one -S",
            "commit -s -S",
            "commit -aSm one",
            "commit -mone --gpg-sign=key",
            "rebase -m -S main",
            "merge -s ours -S topic",
            "tag -s v1",
            "tag -m one -u key v1",
            "tag --message one -s v1",
        ] {
            assert!(signs(words), "{words}");
        }
        for words in [
            "commit -m -S",
            "commit -am -S",
            "commit -mS",
            "commit --message -S",
            "commit -m one -- -S",
            "merge -m --gpg-sign topic",
            "rebase -x -S main",
            "tag -m -s v1",
            "tag -F -u v1",
        ] {
            assert!(!signs(words), "{words}");
        }
    }
}
