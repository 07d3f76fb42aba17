//! What of a command somebody must fill in, and what looks like an example.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::classes::changes;
use super::filled::placeholders;
use super::literals::{Literals, examples};
use crate::names::BUILT_IN;
use crate::placeholders::is_date;
use crate::{Blank, Field, ValueKind, lints};

/// A part of a command that a value takes the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Where it stands in the command.
    pub(crate) at: Range<usize>,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A placeholder, which the document marks as one.
    Placeholder,
    /// An example of this kind, by the looks.
    Example(&'static str),
    /// An example of this kind that is part of a longer word: what takes its place elsewhere may not here.
    Stays(&'static str),
}

/// The marks of a command, in order: placeholders, and literals that look like examples where it changes something, or where
/// they are `known` for such from another command, by themselves or within a longer word.
pub(crate) fn marks(text: &str, known: &Literals) -> Vec<Mark> {
    let placeholder = |at| Mark { at, what: What::Placeholder };
    let mut found: Vec<Mark> = placeholders(text).into_iter().map(placeholder).collect();
    let apart = |found: &[Mark], at: &Range<usize>| {
        !found.iter().any(|mark| mark.at.start < at.end && at.start < mark.at.end)
    };
    let all = examples(text);
    if !all.is_empty() {
        let changes = changes(text);
        let wanted =
            all.into_iter().filter(|(at, _)| apart(&found, at) && (changes || known.has(&text[at.clone()])));
        let wanted: Vec<Mark> = wanted.map(|(at, kind)| Mark { at, what: What::Example(kind) }).collect();
        found.extend(wanted);
    }
    for (at, kind, is_clear) in known.within(text) {
        if apart(&found, &at) {
            let what = if is_clear { What::Example(kind) } else { What::Stays(kind) };
            found.push(Mark { at, what });
        }
    }
    found.sort_by_key(|mark| mark.at.start);
    found
}

/// Values of a whole document: the same placeholder is the same value, wherever it stands.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    /// Names by what is written.
    names: BTreeMap<String, String>,
    taken: BTreeSet<String>,
    /// How often a name was wanted again.
    numbers: BTreeMap<String, usize>,
    /// Names of values that a command reads once more somewhere: these take harmless characters alone.
    plain: BTreeSet<String>,
    /// Names of values that name a program, or are part of its name.
    programs: BTreeSet<String>,
    /// Names of values that go on a path: they must not lead up from there.
    below: BTreeSet<String>,
    /// All do: somewhere a command reads what another left in a variable or a file.
    all_plain: bool,
    /// How many marks have no name that others could have too.
    alone: usize,
}

impl Sheet {
    /// The name of the value that takes the place of a mark.
    pub(crate) fn name(&mut self, text: &str, mark: &Mark) -> String {
        let written = &text[mark.at.clone()];
        let (key, wanted) = match mark.what {
            What::Example(kind) => (format!("={written}"), kind.to_owned()),
            What::Stays(kind) => return self.fixed(written, kind, text.trim_end()),
            What::Placeholder => self.placeholder(text, mark, written),
        };
        self.given(key, &wanted)
    }

    fn given(&mut self, key: String, wanted: &str) -> String {
        if let Some(name) = self.names.get(&key) {
            return name.clone();
        }
        let first = usable(wanted);
        let mut name = first.clone();
        while !self.taken.insert(name.clone()) {
            let number = self.numbers.entry(first.clone()).or_insert(1);
            *number += 1;
            name = format!("{first}_{number}");
        }
        self.names.insert(key, name.clone());
        name
    }

    /// The name of a literal that no value can take the place of where it stands: what is said of it elsewhere, in another
    /// such command too, is not said of it in this one.
    pub(crate) fn fixed(&mut self, written: &str, kind: &str, command: &str) -> String {
        self.given(format!("={written}!{command}"), kind)
    }

    /// What tells one placeholder from another, and the name that it wants.
    fn placeholder(&mut self, text: &str, mark: &Mark, written: &str) -> (String, String) {
        let inner = written.trim_matches(['<', '>', '{', '}', '[', ']', '%', '_', ' ']);
        let upper = inner.to_ascii_uppercase();
        if upper.trim_start_matches('V').starts_with("X.Y") {
            return (format!("{inner}!"), "version".to_owned());
        }
        if is_date(written) {
            return (format!("{written}!"), "date".to_owned());
        }
        let says_nothing = ["CHANGEME", "CHANGE_ME", "REPLACEME", "REPLACE_ME", "FIXME", "TODO", "TBD"]
            .contains(&upper.as_str());
        if says_nothing {
            let before = text[..mark.at.start].trim_end_matches(['"', '\'']);
            let assigned = before.strip_suffix('=').map(|before| {
                before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
            });
            if let Some(name) = assigned.filter(|name| !name.is_empty()) {
                return (format!("{upper} {name}"), slug(name));
            }
            self.alone += 1;
            return (format!("{upper} {}", self.alone), "value".to_owned());
        }
        let inner = inner.strip_prefix("YOUR_").or_else(|| inner.strip_prefix("your-")).unwrap_or(inner);
        (slug(inner), slug(inner))
    }

    /// Has a value take harmless characters alone.
    pub(crate) fn restrict(&mut self, name: &str) {
        self.plain.insert(name.to_owned());
    }

    /// Has a value name a program.
    pub(crate) fn run(&mut self, name: &str) {
        self.programs.insert(name.to_owned());
    }

    /// Has a value go on the path that stands before it.
    pub(crate) fn go_on(&mut self, name: &str) {
        self.below.insert(name.to_owned());
    }

    /// Has all values take harmless characters alone where one of these commands reads variables or files once more, as
    /// commands: which values these hold is not followed.
    pub(crate) fn restrict_all_for<'c>(&mut self, mut commands: impl Iterator<Item = &'c str>) {
        static AGAIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(
                r"(?m)(?:^|[\s;|&({`])(?:(?:eval|source|\.)\s|(?:ba|da|z|k|a)?sh(?:\s+(?:-|\S*\.sh)|\s*$))",
            )
            .ok()
        });
        let again = |text: &str| AGAIN.as_ref().is_none_or(|again| again.is_match(text));
        self.all_plain |= commands.any(again);
    }

    /// The value that is asked for a mark.
    pub(crate) fn blank(&self, name: &str, written: &str, what: What, inserted: bool) -> Blank {
        let plain = self.all_plain || self.plain.contains(name);
        let (prompt, (kind, takes), example) = match what {
            What::Example(kind) | What::Stays(kind) => {
                let stays = if inserted { "" } else { ", where no other can take its place" };
                let prompt = format!("{written}, {} {kind}{stays}: still right?", article(kind));
                let kind = match inserted {
                    // Where no value can be inserted, what stands there is right, or the command is not run.
                    false => (ValueKind::Choice { choices: vec![written.to_owned()] }, "what stands there"),
                    true if plain => text(PLAIN),
                    // As it is held to where it is first given.
                    true => text(match kind {
                        "version" => VERSION,
                        "date" => DATE,
                        "host" | "address" => HOST,
                        _ => ID,
                    }),
                };
                (prompt, kind, true)
            }
            What::Placeholder => {
                let program = self.programs.contains(name);
                let (kind, takes) = match kind_of(name, plain) {
                    _ if is_date(written) => {
                        (ValueKind::Text { pattern: Some(as_written(written)) }, AS_WRITTEN)
                    }
                    // Nothing else is told by its name.
                    told if program && told == text(WORD) => text(PROGRAM),
                    told if self.below.contains(name) && told == text(WORD) => text(BELOW),
                    told => told,
                };
                (format!("{written} in this document's commands"), (kind, takes), false)
            }
        };
        let field =
            Field { name: name.to_owned(), prompt: Some(prompt), kind, evidence: None, may_be_empty: false };
        Blank { field, takes, written: written.to_owned(), example }
    }
}

/// A variable that a document's commands read and never set: it is asked for, and given to them as it is.
pub(crate) fn variable(name: &str) -> Blank {
    let prompt = format!("${name}, which no command of this document sets");
    let (kind, takes) = text(UNSPLIT);
    let field =
        Field { name: name.to_owned(), prompt: Some(prompt), kind, evidence: None, may_be_empty: false };
    Blank { field, takes, written: format!("${name}"), example: false }
}

/// Variables that commands read and nothing sets.
pub(crate) fn unset(text: &str, language: &str, defined: &BTreeSet<String>) -> Vec<String> {
    if !text.contains('$') {
        return Vec::new();
    }
    let outline = lints::outline(text);
    let own = outline.defines;
    let known = |name: &String| {
        defined.contains(name)
            || own.contains(name)
            || lints::is_common(name, language)
            || name.starts_with("HOLDPOINT_")
            || BUILT_IN.contains(&name.as_str())
    };
    outline.uses.into_iter().filter(|name| name != "_" && !known(name)).collect()
}

/// What texts take: a pattern, and the same in words.
type Takes = (&'static str, &'static str);

/// Characters that mean nothing to any command that reads a word once more.
const PLAIN: Takes =
    ("^[A-Za-z0-9_][A-Za-z0-9._-]*$", "letters, digits and . _ - alone, for a command reads it once more");
/// One line, and no option.
const WORD: Takes = (r"^[^-\x00-\x1f\x7f][^\x00-\x1f\x7f]*$", "one line that does not begin with a hyphen");
/// What goes on a path without leading up from there.
const BELOW: Takes = (
    r"^(?:[^-./\x00-\x1f\x7f][^/\x00-\x1f\x7f]*|\.[^./\x00-\x1f\x7f][^/\x00-\x1f\x7f]*)(?:/(?:[^./\x00-\x1f\x7f][^/\x00-\x1f\x7f]*|\.[^./\x00-\x1f\x7f][^/\x00-\x1f\x7f]*))*/?$",
    "a name, or a path that leads down: no hyphen first, no . or .. in it",
);
/// A program, without anything that it is given.
const PROGRAM: Takes = (
    r"^\.?[A-Za-z0-9_/](?:\.?[A-Za-z0-9_/+@-])*$",
    "a program without its arguments: letters, digits and _ . / + @ -, without ..",
);
/// What stays one harmless word wherever a variable is read, once more too: by a shell, in a program's text, in a pattern,
/// on a path.
const UNSPLIT: Takes = (
    r"^(?:\.|\.?[A-Za-z0-9_/](?:\.?[A-Za-z0-9_/:@+,%-])*\.?)$",
    "one word of letters, digits and _ . / : @ + , % -, without ..",
);
const HOST: Takes = (r"^[A-Za-z0-9][A-Za-z0-9._:@-]*$", "a host: letters, digits and . _ : @ -");
const VERSION: Takes = (r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", "a version: letters, digits and . _ + -");
const DATE: Takes =
    (r"^[0-9](?:\.?[0-9A-Za-z:/_-])*$", "a date: digits first, without blanks and without ..");
const ID: Takes = (r"^[A-Za-z0-9][A-Za-z0-9._-]*$", "an id: letters, digits and . _ -");

fn text((pattern, words): Takes) -> (ValueKind, &'static str) {
    (ValueKind::Text { pattern: Some(pattern.to_owned()) }, words)
}

const AS_WRITTEN: &str = "digits in place of the letters, as it is written there";

/// The pattern of dates that are written like this template.
fn as_written(template: &str) -> String {
    let one = |c: char| match c {
        c if c.is_ascii_alphabetic() && c != 'T' => "[0-9]".to_owned(),
        c => regex::escape(&c.to_string()),
    };
    format!("^{}$", template.chars().map(one).collect::<String>())
}

/// What a value takes, as far as its name tells.
fn kind_of(name: &str, plain: bool) -> (ValueKind, &'static str) {
    let words: Vec<&str> = name.split('_').collect();
    let any = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    let last = |wanted: &[&str]| words.last().is_some_and(|word| wanted.contains(word));
    if last(&["port"]) {
        return (ValueKind::Integer { min: Some(1), max: Some(65_535) }, "a port: 1 to 65535");
    }
    if last(&["count", "number", "replicas", "pid", "size", "seconds", "minutes", "hours", "days"]) {
        return (ValueKind::Integer { min: Some(0), max: None }, "a whole number, 0 or more");
    }
    if plain {
        return text(PLAIN);
    }
    if last(&["version", "release", "tag"]) {
        return text(VERSION);
    }
    if any(&["host", "hostname", "server", "ip", "address", "fqdn"]) {
        return text(HOST);
    }
    if any(&["date", "day", "yyyy", "timestamp"]) {
        return text(DATE);
    }
    text(WORD)
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// A lower-case name: lower-case, so that no variable that programs know is overwritten.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('_') && !slug.is_empty() {
            slug.push('_');
        }
    }
    slug.trim_end_matches('_').to_owned()
}

/// Names that a shell, a template or this program gives another meaning.
const RESERVED: &[&str] = &[
    "path",
    "status",
    "argv",
    "prompt",
    "history",
    "cdpath",
    "fpath",
    "mailpath",
    "manpath",
    "signals",
    "options",
    "pipestatus",
    "true",
    "false",
    "none",
    "not",
    "and",
    "or",
    "in",
    "is",
    "if",
    "else",
    "for",
    "loop",
    "self",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "ftp_proxy",
    "all_proxy",
];

fn usable(name: &str) -> String {
    let odd = RESERVED.contains(&name) || BUILT_IN.contains(&name) || name.starts_with("holdpoint_");
    match name {
        "" => "value".to_owned(),
        name if odd => format!("{name}_value"),
        name if !name.starts_with(|c: char| c.is_ascii_alphabetic()) => format!("value_{name}"),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let mut sheet = Sheet::default();
        let told = marks(text, &Literals::default()).into_iter().map(|mark| {
            let kind = match mark.what {
                What::Placeholder => "",
                _ => "=",
            };
            format!("{}{kind}{}", sheet.name(text, &mark), &text[mark.at.clone()])
        });
        told.collect()
    }

    #[test]
    fn placeholders_and_examples_are_found_and_named() {
        let cases: &[(&str, &[&str])] = &[
            ("deploy <version>", &["version<version>"]),
            ("deploy <VERSION> <version>", &["version<VERSION>", "version<version>"]),
            ("aws s3 rm s3://YOUR_BUCKET/x", &["bucketYOUR_BUCKET"]),
            ("tag vX.Y.Z", &["versionvX.Y.Z"]),
            ("git tag v<version>", &["version<version>"]),
            ("exec 3<fifo>", &[]),
            ("sort <in >out", &[]),
            ("curl {host}/x", &["host{host}"]),
            ("export TOKEN=CHANGEME", &["tokenCHANGEME"]),
            ("rm <path>", &["path_value<path>"]),
            ("git tag v1.0.23", &["version=v1.0.23"]),
            ("ssh ops@web1.example.com reboot", &["host=web1.example.com"]),
            ("ip route add 10.1.2.3 via 10.0.0.1", &["address=10.1.2.3", "address_2=10.0.0.1"]),
            ("ping 127.0.0.1", &[]),
            ("kubectl get pod x-1.2.3", &[]),
            ("git log v1.0.23", &[]),
            ("restore --at 2024-01-31", &["date=2024-01-31"]),
            ("aws ec2 reboot-instances i-0abc12345def", &["id=i-0abc12345def"]),
            ("curl https://x.test/app-1.2.3.tar.gz -o x", &[]),
            ("echo $HOME", &[]),
            ("branch v0.YYYYMMDD.0", &["dateYYYYMMDD"]),
            ("tag nightly-YYYY-MM-DD release-YYYY-MM-DD[x]", &["dateYYYY-MM-DD", "dateYYYY-MM-DD"]),
            ("velero backup-YYYYMMDDHHMMSS", &["dateYYYYMMDDHHMMSS"]),
            ("deploy <YYYY-MM-DD>", &["yyyy_mm_dd<YYYY-MM-DD>"]),
            ("report --date-format YYYY-MM-DD", &[]),
            ("psql -c \"select to_char(now(), 'YYYYMMDD')\"", &[]),
            ("mongo [your-host-name] -u x", &["host_name[your-host-name]"]),
        ];
        for (text, wanted) in cases {
            assert_eq!(told(text), *wanted, "{text}");
        }
    }

    #[test]
    fn a_date_is_held_to_how_it_is_written() {
        use holdpoint_model::{Fit, fit};
        for (template, good, bad) in [
            ("YYYYMMDD", "20261130", "2026-11-30"),
            ("YYYY-MM-DD", "2026-11-30", "20261130"),
            ("YYYYmmddHHMM", "202611301205", "20261130"),
        ] {
            let kind = Sheet::default().blank("date", template, What::Placeholder, true).field.kind;
            assert_eq!(fit(&kind, good), Fit::Within, "{template}");
            assert_ne!(fit(&kind, bad), Fit::Within, "{template}");
        }
    }

    #[test]
    fn a_value_is_held_to_what_its_name_tells() {
        use holdpoint_model::{Fit, fit};
        let takes = |name: &str, value: &str| fit(&kind_of(name, false).0, value) == Fit::Within;
        for (name, good, bad) in [
            ("version", "v1.2.3", "v1 2"),
            ("release_tag", "2024.1", "$(x)"),
            ("host", "web-1.example.org", "a b"),
            ("port", "8080", "eighty"),
            ("replicas", "3", "-1"),
            ("date", "2024-01-31", "tomorrow; x"),
            ("bucket", "it's a name", "-rf"),
            ("bucket", "x", "two\nlines"),
            ("bucket", "x", ""),
        ] {
            assert!(takes(name, good), "{name} {good}");
            assert!(!takes(name, bad), "{name} {bad}");
        }
    }

    #[test]
    fn an_example_that_is_looked_at_is_held_to_what_a_first_value_is() {
        use holdpoint_model::{Fit, fit};
        for (command, good, bad) in [
            ("git tag v1.2.3", "v1.2.4", "v1; x"),
            ("curl -X POST http://web01.example.com/x", "web02.example.com", "web01/../x"),
            ("ip route add 10.1.2.3", "10.1.2.4", "10.1.2.4 via x"),
            ("restore --at 2024-01-31", "2024-02-01", "2024/../.."),
            ("aws ec2 reboot-instances i-0abc12345def", "i-0abc12345dee", "../x"),
        ] {
            let mark = marks(command, &Literals::default()).remove(0);
            let written = &command[mark.at.clone()];
            let kind = Sheet::default().blank("x", written, mark.what, true).field.kind;
            let takes = |value: &str| fit(&kind, value) == Fit::Within;
            assert!(takes(written) && takes(good) && !takes(bad), "{command}");
        }
    }

    #[test]
    fn where_a_variable_is_run_values_are_harmless() {
        for (command, plain) in [
            ("eval \"$a\"", true),
            ("bash -c \"$a\"", true),
            ("sh s.sh", true),
            (". ./env", true),
            ("echo x | sh", true),
            ("ls fish", false),
            ("ssh web ls", false),
            ("cp a . b", true),
        ] {
            let mut sheet = Sheet::default();
            sheet.restrict_all_for([command].into_iter());
            assert_eq!(sheet.all_plain, plain, "{command}");
        }
    }

    #[test]
    fn what_nothing_sets_is_asked_for() {
        let defined = BTreeSet::from(["B".to_owned()]);
        assert_eq!(unset("A=1; echo $A $BB ${CC:-x} $B $HOME $1 '$DD'", "sh", &defined), ["BB"]);
        assert_eq!(unset("rm -rf /srv/$A/ /srv/${C}/ $B $_ $1 $i", "sh", &defined), ["A", "C", "i"]);
        assert_eq!(unset("for i in 1 2; do rm $i; done", "sh", &defined), [""; 0]);
        let hosts = |language| unset("curl https://$HOST/ -o $TMP", language, &defined);
        assert_eq!(hosts("bash"), ["HOST", "TMP"]);
        assert_eq!(hosts("zsh"), ["TMP"]);
    }
}
