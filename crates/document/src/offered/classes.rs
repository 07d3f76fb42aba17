//! What a command of a document is: something to run, or something that explains.

use std::sync::LazyLock;

use holdpoint_shell::{Kind, Part, Token};
use regex::Regex;

use super::filled::filled;
use super::looks::{Does, does, watched};
use super::programs::{is_known, surely_read};
use super::prompts::Prompt;
use super::unlike::{named, unlike};
use crate::lints;
use crate::markdown::last_paragraph;
use crate::placeholders::is_elided;
use crate::{Class, Confidence, Reading};

/// What is known of the code that a command stands in.
pub(crate) struct Around<'a> {
    /// The text right before the code.
    pub(crate) before: &'a str,
    /// The info word says that it is a script of a shell.
    pub(crate) is_script: bool,
    /// Nothing says what language it is in.
    pub(crate) is_untagged: bool,
}

/// Words of a text that say that what follows explains something.
static EXPLAINS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?-u:\b)(for example|for instance|e\.g\.?|an example|example:|examples:|example (?:of|output|usage|command)|such as|would look like|looks like|can be triggered by|is triggered by|can be caused by|is equivalent to|equivalent of|similar to|syntax is|usage:|usage is|do not run|don't run|never run|instead of running)(?:[^A-Za-z0-9_]|$)",
    )
    .ok()
});

/// A synopsis: `[options]`, `[--flag]`, `<a|b>`, `{start|stop}`, `...`.
static SYNOPSIS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:^|[ \t\n])(?:\[(?:-[^\]]*|(?i:options?|flags?|args?|arguments?|command)(?:\.\.\.)?)\]|<[A-Za-z0-9_]+(?: *\| *[A-Za-z0-9_]+)+>|\{[a-z]+(?:\|[a-z-]+)+\})",
    )
    .ok()
});

fn reading(class: Class, confidence: Confidence, reason: impl Into<String>) -> Reading {
    Reading { class, confidence, reason: reason.into() }
}

/// Reads one whole command.
pub(crate) fn classify(text: &str, prompt: Option<&Prompt>, around: &Around<'_>) -> Reading {
    use Class::{Explanatory, Interactive, NotACommand, Offered};
    use Confidence::{Likely, Sure, Unsure};
    match prompt {
        Some(Prompt::Program(name)) => {
            return reading(NotACommand, Sure, format!("it is typed into {name}, by hand"));
        }
        Some(Prompt::Windows) => {
            return reading(NotACommand, Sure, "it is of a shell of Windows, and none runs here");
        }
        Some(Prompt::Shell | Prompt::Root) | None => {}
    }
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return reading(NotACommand, Sure, "nothing follows the prompt");
    }
    if is_elided(trimmed) {
        return reading(NotACommand, Sure, "it stands for something that is left out");
    }
    if trimmed.starts_with(['|', ')', '}', '+', '=', '>', '*', ',']) {
        return reading(NotACommand, Sure, "no command begins so");
    }
    // A placeholder reads as a redirection or a list until it is filled in.
    let written = text;
    let text: &str = &filled(written);
    if *text != *written && text.trim().bytes().all(|byte| byte == b'x') {
        return reading(NotACommand, Likely, "all of it is to be filled in: type the command by hand");
    }
    let read = holdpoint_shell::read(text);
    if read.error.is_some() {
        return reading(
            NotACommand,
            Likely,
            "no shell can read it: a quote, a bracket or a here-document stays open",
        );
    }
    if let Some(why) = unlike(text, &read) {
        return reading(NotACommand, Likely, why);
    }
    let outline = lints::outline(text);
    let assigns = outline.calls.is_empty() && !outline.defines.is_empty();
    let program = program_of(text, &read, &outline.calls);
    let odd = outline.calls.iter().find_map(|(program, _)| program.chars().find(|c| is_odd_blank(*c)));
    if let Some(odd) = odd {
        let called = format!("U+{:04X}", u32::from(odd));
        let why = format!(
            "{called} stands in the name of its program, which is no blank to a shell and looks like one or like nothing: write a blank, or nothing"
        );
        return reading(NotACommand, Likely, why);
    }
    if !assigns && !is_program_name(program) && !begins_compound(&read) {
        return reading(NotACommand, Likely, format!("`{}` is no program's name", first_word(trimmed)));
    }
    if trimmed.starts_with('/') && !first_word(trimmed)[1..].contains('/') {
        return reading(
            NotACommand,
            Likely,
            format!("`{}` is typed into a chat, and is no program", first_word(trimmed)),
        );
    }
    if is_line_of_prose(trimmed, program) {
        return reading(NotACommand, Likely, "it reads as a sentence");
    }
    if SYNOPSIS.as_ref().is_some_and(|pattern| pattern.is_match(written)) {
        return reading(Explanatory, Likely, "it shows how a command is written, with what may be left out");
    }
    let elided = written.split_whitespace().any(|word| matches!(word, "..." | "…" | "[...]" | "<...>"));
    if elided {
        return reading(Explanatory, Likely, "it holds `...`, which stands for something that is left out");
    }
    if let Some(found) = last_sentence(around.before)
        .and_then(|before| EXPLAINS.as_ref().and_then(|pattern| pattern.find(before)))
    {
        let cue = found.as_str().trim_matches(|c: char| !c.is_alphanumeric() && c != '.').to_lowercase();
        return reading(Explanatory, Likely, format!("the text before it says “{cue}”"));
    }
    let written = named(text, &read).unwrap_or_default();
    let known = assigns
        || is_known(program)
        || is_known(written)
        || is_known(first_word(text))
        || begins_compound(&read);
    let (confidence, why) = match how_sure(prompt, around, known) {
        // It may as well be a name, or a value.
        (Likely, _) if prompt.is_none() && !known && !text.trim().contains(char::is_whitespace) => {
            (Unsure, "it is one word, and no program that is known here")
        }
        told => told,
    };
    let why = match prompt {
        Some(Prompt::Root) => format!("{why}, to be run as root"),
        _ => why.to_owned(),
    };
    if let Some(program) = &outline.waits {
        return reading(Interactive, confidence, format!("{why}; `{program}` talks with whoever sits there"));
    }
    if let Some((_, program)) = &outline.opens {
        return reading(Interactive, confidence, format!("{why}; `{program}` opens something to type into"));
    }
    if let Some(program) = outline.asks {
        return reading(Interactive, confidence, format!("{why}; `{program}` may ask for a password"));
    }
    if let Some(program) = &outline.endless {
        return reading(
            Interactive,
            confidence,
            format!("{why}; `{program}` goes on until somebody ends it"),
        );
    }
    let why = match effect(text) {
        Does::Looks => format!("{why}; it only looks"),
        Does::Sets => format!("{why}; it only sets something in its shell"),
        Does::Changes => why,
    };
    reading(Offered, confidence, why)
}

fn how_sure(prompt: Option<&Prompt>, around: &Around<'_>, known: bool) -> (Confidence, &'static str) {
    match (prompt.is_some(), around.is_script, known) {
        (true, _, true) => (Confidence::Sure, "it stands behind a prompt"),
        (true, _, false) => (Confidence::Likely, "it stands behind a prompt"),
        (false, true, true) => (Confidence::Sure, "the code is marked as a shell's"),
        (false, true, false) => {
            (Confidence::Likely, "the code is marked as a shell's, and the program is not known here")
        }
        (false, false, true) if around.is_untagged => {
            (Confidence::Likely, "every line of the code begins with a known program")
        }
        (false, false, true) => (Confidence::Likely, "it begins with a known program"),
        (false, false, false) => (Confidence::Unsure, "nothing tells it from output but where it stands"),
    }
}

/// Whether a command only looks, whatever its options are: of less, somebody is to say so. As a check it runs unasked.
pub(crate) fn surely_looks(text: &str) -> bool {
    let outline = lints::outline(text);
    !outline.calls.is_empty() && outline.defines.is_empty() && surely_read(&outline.calls) && !changes(text)
}

/// Whether a command changes something, as far as its programs tell.
pub(crate) fn changes(text: &str) -> bool {
    effect(text) == Does::Changes
}

/// Whether a command looks at something, and changes nothing that is known.
#[cfg(test)]
pub(super) fn only_looks(text: &str) -> bool {
    effect(text) == Does::Looks
}

/// What a command does, all of its parts together.
fn effect(text: &str) -> Does {
    effect_behind(text, 0)
}

/// The same, behind so many `watch`.
fn effect_behind(text: &str, watches: usize) -> Does {
    let outline = lints::outline(text);
    // It decides by itself where programs are looked for, or what is loaded into them.
    let odd = |name: &String| name == "PATH" || name.starts_with("LD_") || name.starts_with("GIT_");
    let nothing_known = outline.calls.is_empty() && outline.defines.is_empty();
    if nothing_known
        || outline.is_elsewhere
        || !outline.calls.is_empty() && outline.defines.iter().any(odd)
        || writes(text, &holdpoint_shell::read(text).tokens)
    {
        return Does::Changes;
    }
    let mut all = Does::Sets;
    for (program, words) in &outline.calls {
        let does = match watched(program, words) {
            // Nobody watches what watches something.
            Some(_) if watches > 0 => Does::Changes,
            Some(command) => effect_behind(&command, watches + 1),
            None => does(program, words),
        };
        match does {
            Does::Changes => return Does::Changes,
            Does::Looks => all = Does::Looks,
            Does::Sets => {}
        }
    }
    all
}

/// Whether something is written to a file by a redirection, in what stands within words too.
fn writes(text: &str, tokens: &[Token]) -> bool {
    let within = |parts: &[Part]| {
        let mut found = false;
        parts.iter().for_each(|part| part.lists(&mut |_, tokens| found |= writes(text, tokens)));
        found
    };
    tokens.iter().any(|token| match &token.kind {
        Kind::Redirection(redirection) => {
            let operator = &text[redirection.operator.clone()];
            let target = redirection.target.as_ref();
            let bare = target.and_then(|word| word.bare(text));
            let copies = operator.ends_with('&')
                && bare.is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'));
            operator.contains('>') && !copies && bare != Some("/dev/null")
                || target.is_some_and(|word| within(&word.parts))
        }
        Kind::Word(word) | Kind::Pattern(word) => within(&word.parts),
        Kind::Body(body) => within(&body.parts),
        Kind::Arithmetic(parts) => within(parts),
        _ => false,
    })
}

fn begins_compound(read: &holdpoint_shell::Script) -> bool {
    use holdpoint_shell::{Kind, Operator};
    let first = read
        .tokens
        .iter()
        .find(|token| !matches!(token.kind, Kind::Comment | Kind::Operator(Operator::Newline)));
    matches!(first.map(|token| &token.kind), Some(Kind::Keyword(_) | Kind::Operator(Operator::Open)))
}

/// The program that a command begins with: what stands within a word is called before it.
fn program_of<'c>(text: &str, read: &holdpoint_shell::Script, calls: &'c [(String, Vec<String>)]) -> &'c str {
    let written = named(text, read).and_then(|word| word.rsplit('/').next());
    let own = written.and_then(|written| calls.iter().find(|(program, _)| program == written));
    own.or(calls.first()).map(|(program, _)| program.as_str()).unwrap_or_default()
}

/// Whether a character is taken for a blank by who reads it, or is not seen at all, and is a letter to a shell.
fn is_odd_blank(c: char) -> bool {
    !c.is_ascii() && c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

fn is_program_name(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.+@:[".contains(c);
    // What the shell itself does.
    if matches!(word, "." | ":") {
        return true;
    }
    // A variable or a placeholder may name one.
    if word.starts_with(['$', '<', '{', '~']) {
        return true;
    }
    !word.is_empty()
        && word.chars().all(plain)
        && word.contains(|c: char| c.is_ascii_alphabetic() || c == '[')
        && !word.ends_with(':')
        && !word.starts_with('-')
}

/// `Then restart the service.`: several words, the first with a capital, and a full stop.
fn is_line_of_prose(text: &str, program: &str) -> bool {
    let words = text.split_whitespace().count();
    let capital = text.starts_with(|c: char| c.is_uppercase());
    let sentence = text.ends_with(['.', ':', '!', '?']) && !text.ends_with("..") && !text.ends_with(" .");
    !text.contains('\n')
        && words > 2
        && capital
        && !is_known(program)
        && (sentence || !text.contains(['-', '/', '=', '"']))
}

/// What stands right before the code: the last lines of the paragraph before it.
pub(crate) fn last_sentence(before: &str) -> Option<&str> {
    let paragraph = last_paragraph(before);
    // A heading or a fence tells nothing of the code below.
    let cut = paragraph.rfind(". ").map_or(0, |at| if paragraph[..at].ends_with("e.g") { 0 } else { at + 2 });
    paragraph.get(cut..).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str, before: &str) -> Class {
        classify(text, None, &Around { before, is_script: true, is_untagged: false }).class
    }

    #[test]
    fn commands_are_told_from_what_explains() {
        use Class::{Explanatory, Interactive, NotACommand, Offered};
        let cases = [
            ("systemctl restart web", "Restart it:", Offered),
            ("./deploy.sh v1.2.3", "", Offered),
            ("VERSION=1.2.3", "", Offered),
            ("export A=b", "", Offered),
            ("for i in 1 2; do echo $i; done", "", Offered),
            ("[ -f /etc/x ] && rm /etc/x", "", Offered),
            ("$EDITOR file", "", Offered),
            ("kubectl delete pod <name>", "Delete the pod.", Offered),
            ("kill -9 1", "The alert can be triggered by a killed process, for example:", Explanatory),
            ("rm -rf /", "This alert can be triggered by somebody running", Explanatory),
            ("ls", "Look at it, e.g.:", Explanatory),
            ("ls", "We have seen, for example, a full disk. List the files:", Offered),
            ("tool [options] file", "", Explanatory),
            ("tool [--force] file", "", Explanatory),
            ("service x {start|stop}", "", Explanatory),
            ("tool a ... z", "", Explanatory),
            ("...", "", NotACommand),
            ("vim /etc/hosts", "", Interactive),
            ("ssh web-1", "", Interactive),
            ("sudo systemctl restart web", "", Interactive),
            ("tail -f /var/log/syslog", "", Interactive),
            ("echo 'never closed", "", NotACommand),
            ("Then restart the service.", "", NotACommand),
            ("|  a | b |", "", NotACommand),
            ("123 456", "", NotACommand),
            ("/chatops run deploy", "", NotACommand),
            ("/usr/bin/systemctl stop x", "", Offered),
            (". ./env.sh", "", Offered),
            (". venv/bin/activate", "", Offered),
            (": > /var/log/x.log", "", Offered),
            ("sudo -i", "", Interactive),
            ("sudo -s", "", Interactive),
            ("oc debug node/n1", "", Interactive),
            ("chroot /host", "", Interactive),
            ("Then restart it: `touch /tmp/x`", "", NotACommand),
            ("web-0 1/1 Running 0 5d", "", NotACommand),
            ("/dev/sda1 50G 20G 30G 40% /", "", NotACommand),
            ("GET /health", "", NotACommand),
            ("@bors r+", "", NotACommand),
        ];
        for (text, before, wanted) in cases {
            assert_eq!(class(text, before), wanted, "{before} / {text}");
        }
    }

    #[test]
    fn one_word_that_no_program_is_known_by_is_not_sure_to_be_a_command() {
        let sure = |text| {
            classify(text, None, &Around { before: "", is_script: true, is_untagged: false }).confidence
        };
        assert_eq!(sure("daily-mm-dd"), Confidence::Unsure);
        assert_eq!(
            [sure("./deploy.sh"), sure("reboot"), sure("deploy now")],
            [Confidence::Sure, Confidence::Sure, Confidence::Likely]
        );
    }

    #[test]
    fn a_blank_that_is_none_is_named() {
        let read = |text| classify(text, None, &Around { before: "", is_script: true, is_untagged: false });
        for (text, name) in [
            ("echo\u{a0}hi", "U+00A0"),
            ("sudo systemctl\u{a0}stop x", "U+00A0"),
            ("\u{200b}ls -l", "U+200B"),
        ] {
            let read = read(text);
            assert_eq!(
                (read.class, read.reason.contains(name)),
                (Class::NotACommand, true),
                "{text}: {}",
                read.reason
            );
        }
    }

    #[test]
    fn what_is_typed_into_another_program_is_no_command() {
        let around = Around { before: "", is_script: false, is_untagged: true };
        let read = classify("SELECT 1;", Some(&Prompt::Program("mysql".into())), &around);
        assert_eq!(
            (read.class, read.reason.as_str()),
            (Class::NotACommand, "it is typed into mysql, by hand")
        );
    }
}
