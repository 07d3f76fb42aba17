//! Images by tag, where an earlier block captured a digest: a tag may be another image by now.

use super::looked::{OfPlan, Script};
use super::shell::Command;
use crate::findings::Findings;
use crate::{CaptureFrom, Code, Span};

/// What container programs take no value with, before the image. Whatever else begins with `-` takes the next word.
const FLAGS: &[&str] = &[
    "--detach",
    "--init",
    "--interactive",
    "--no-healthcheck",
    "--privileged",
    "--publish-all",
    "--quiet",
    "--read-only",
    "--rm",
    "--tty",
    "-P",
    "-d",
    "-i",
    "-q",
    "-t",
];

/// Images that a script names by a tag, and where.
pub(super) fn tagged(script: &Script<'_>) -> Vec<(String, Span)> {
    let commands = script.shell.iter().flat_map(|shell| &shell.commands);
    let tagged = commands.flat_map(|command| {
        let images = of_command(command).into_iter().filter(|word| has_tag(word));
        images.map(|image| (image.to_owned(), command.at())).collect::<Vec<_>>()
    });
    tagged.map(|(image, at)| (image, script.text.span(at))).collect()
}

/// Says so of what changes something once a digest was captured, in the order of the plan.
pub(super) fn lint(scripts: &[OfPlan<'_>], findings: &mut Findings) {
    let mut digest: Option<&str> = None;
    for script in scripts {
        if let Some(digest) = digest.filter(|_| script.mutates) {
            for (image, span) in &script.looked.images {
                let message = format!(
                    "`{image}` is a tag, which may have moved since {digest} was captured as a digest"
                );
                let help = format!("name the image by its digest, as \"${digest}\" does");
                findings.add(Code::TagNotDigest, *span, message, help);
            }
        }
        let captures = script.block.options.capture.iter();
        digest = captures
            .filter(|capture| is_digest(&capture.from))
            .map(|capture| &*capture.name)
            .next_back()
            .or(digest);
    }
}

/// As far as can be told from where it comes from.
fn is_digest(from: &CaptureFrom) -> bool {
    match from {
        CaptureFrom::Regex(pattern) => pattern.contains("sha256:"),
        CaptureFrom::Json(path) => path.to_ascii_lowercase().contains("digest"),
        CaptureFrom::File(_) | CaptureFrom::Stdout => false,
    }
}

/// The images that a command takes: those that it runs, fetches, saves, or has run elsewhere.
fn of_command<'c>(command: &'c Command<'_>) -> Vec<&'c str> {
    let words: Vec<&str> = command.arguments().collect();
    match command.program() {
        "docker" | "podman" | "nerdctl" => {
            let words = match words.first() {
                Some(&("container" | "image")) => &words[1..],
                _ => &words[..],
            };
            match words {
                ["run" | "create", rest @ ..] => positional(rest).take(1).collect(),
                ["pull" | "save", rest @ ..] => positional(rest).collect(),
                ["service", "create" | "update", rest @ ..] => {
                    given(rest, "--image").into_iter().chain(positional(rest).take(1)).collect()
                }
                _ => Vec::new(),
            }
        }
        "kubectl" | "oc" => match words[..] {
            ["set", "image", ref rest @ ..] => {
                positional(rest).filter_map(|word| Some(word.split_once('=')?.1)).collect()
            }
            ["run" | "create", ref rest @ ..] => given(rest, "--image"),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Words that are no option, nor the value of one.
fn positional<'w>(words: &[&'w str]) -> impl Iterator<Item = &'w str> {
    let mut value = false;
    words.iter().copied().filter(move |word| {
        let was = std::mem::take(&mut value);
        let option = word.starts_with('-');
        let flags = word.strip_prefix('-').filter(|flags| !flags.is_empty());
        let bundle = flags.is_some_and(|flags| flags.chars().all(|c| "ditPq".contains(c)));
        value = option && !was && !word.contains('=') && !bundle && !FLAGS.contains(word);
        !option && !was
    })
}

/// What an option is given, in one word or in two.
fn given<'w>(words: &[&'w str], option: &str) -> Vec<&'w str> {
    let joined = words.iter().filter_map(|word| word.strip_prefix(option)?.strip_prefix('='));
    let apart = words.iter().zip(words.iter().skip(1)).filter(|(word, _)| **word == option);
    joined.chain(apart.map(|(_, value)| *value)).collect()
}

/// Whether a reference ends in a tag, and not in a digest (as the distribution's reference grammar has it). Names without
/// one are `latest`, but may as well be ids, or variables that hold a digest.
fn has_tag(image: &str) -> bool {
    let last = image.rsplit('/').next().unwrap_or_default();
    let whole = |name: &str| name.matches('{').count() == name.matches('}').count();
    last.split_once(':').is_some_and(|(name, tag)| {
        !name.is_empty() && !tag.is_empty() && name != "sha256" && !image.contains('@') && whole(name)
    })
}
