//! Info strings: `LANG KIND` and nothing else (format.md section 4).

use super::interpreter::{is_shell, is_shell_like};
use super::raw::Kind;
use crate::findings::nearest;

/// Why an info string is refused.
pub(crate) struct Refused {
    /// A shell fence without a kind, rather than an unknown one.
    pub(crate) missing: bool,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// Every kind of block.
pub const KINDS: &[&str] =
    &["run", "check", "expect", "rollback", "signoff", "record", "step", "example", "output"];
const YAML_KINDS: &[&str] = &["check", "expect", "signoff", "record", "step", "example", "output"];
/// Languages that hold data or prose, which nothing can run.
const DATA: &[&str] = &[
    "yaml",
    "yml",
    "json",
    "jsonc",
    "json5",
    "toml",
    "ini",
    "conf",
    "xml",
    "html",
    "css",
    "csv",
    "text",
    "txt",
    "plain",
    "plaintext",
    "markdown",
    "md",
    "diff",
    "patch",
    "log",
    "output",
    "none",
    "dockerfile",
    "mermaid",
    "example",
    "console",
    "shell-session",
    "shellsession",
    "sh-session",
    "hcl",
    "http",
    "properties",
    "env",
];

/// What the info string of a fence in an annotated document makes of it.
pub(crate) fn kind_of(info: &str) -> Result<Kind, Refused> {
    // Nearly every block of a run-book; the rules below say the same of them.
    match info {
        "sh run" | "bash run" => return Ok(Kind::Run),
        "sh check" | "bash check" => return Ok(Kind::Check),
        "sh rollback" | "bash rollback" => return Ok(Kind::Rollback),
        "yaml expect" => return Ok(Kind::ExpectYaml),
        "text expect" => return Ok(Kind::ExpectLines),
        _ => {}
    }
    by_rules(info)
}

fn by_rules(info: &str) -> Result<Kind, Refused> {
    let words: Vec<&str> = info.split_whitespace().collect();
    match words.as_slice() {
        [] => Ok(Kind::Documentation),
        [word] => alone(word),
        [language, kind] => pair(language, kind),
        [language, kind, ..] => Err(Refused {
            missing: false,
            message: format!("`{info}` has more than a language and a kind"),
            help: match nearest(kind, KINDS.iter().copied()) {
                Some(near) => {
                    format!("write `{language} {near}`; options stand in `#|` lines at the top of the block")
                }
                None => format!("write `{language} example` if the block is documentation"),
            },
        }),
    }
}

/// Whether the info string names a kind that does something, or nearly does. For fences where no block may stand.
pub(crate) fn kind_or_near(info: &str) -> bool {
    match kind_of(info) {
        Ok(kind) => kind != Kind::Documentation,
        Err(refused) => !refused.missing,
    }
}

fn unknown<T>(message: String, help: String) -> Result<T, Refused> {
    Err(Refused { missing: false, message, help })
}

fn alone(word: &str) -> Result<Kind, Refused> {
    let lower = word.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    if matches!(lower.as_str(), "example" | "output") || lower.ends_with("session") {
        return if is_shell_like(bare) { missing(word) } else { Ok(Kind::Documentation) };
    }
    // `sh,run`, `{bash run}` and `bash:check` are kinds written in another tool's way.
    let parts: Vec<&str> =
        bare.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let acts = |part: &str| KINDS[..7].contains(&part) || (part.len() > 3 && near_kind(part).is_some());
    match parts.as_slice() {
        [part] if acts(part) => {
            let kind = near_kind(part).unwrap_or("run");
            let language = if matches!(kind, "run" | "check" | "rollback") { "sh" } else { "yaml" };
            unknown(
                format!("`{word}` names a kind but no language"),
                format!("write `{language} {kind}`, or `text example` if the block is documentation"),
            )
        }
        [part] if let Some((language, kind)) = joined(part) => unknown(
            format!("`{word}` is neither a language nor a language and a kind"),
            format!("did you mean `{language} {kind}`?"),
        ),
        [language, rest @ ..] if rest.iter().any(|part| acts(part)) => {
            let kind = rest.iter().find_map(|part| near_kind(part)).unwrap_or("run");
            unknown(
                format!("`{word}` is neither a language nor a language and a kind"),
                format!("did you mean `{language} {kind}`?"),
            )
        }
        _ if is_shell_like(bare) => missing(word),
        _ => Ok(Kind::Documentation),
    }
}

/// `shrun`, `yamlexpect`, `runsh`: a language and a kind without a blank between them.
fn joined(word: &str) -> Option<(&'static str, &'static str)> {
    const LANGUAGES: [&str; 14] = [
        "sh", "bash", "shell", "zsh", "dash", "ksh", "python", "python3", "ruby", "perl", "node", "yaml",
        "yml", "text",
    ];
    KINDS.iter().find_map(|kind| {
        let language = word.strip_suffix(kind).or_else(|| word.strip_prefix(kind))?;
        LANGUAGES.iter().find(|known| **known == language).map(|language| (*language, *kind))
    })
}

fn missing(word: &str) -> Result<Kind, Refused> {
    let clean = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let runs = if DATA.contains(&clean.as_str()) { "sh" } else { clean.as_str() };
    Err(Refused {
        missing: true,
        message: format!("this `{word}` block has no kind, so nobody can tell whether it is to be run"),
        help: format!("write `{runs} run` or `{runs} check` if it is, `{clean} example` if it is not"),
    })
}

fn near_kind(word: &str) -> Option<&'static str> {
    KINDS.iter().copied().find(|kind| *kind == word).or_else(|| nearest(word, KINDS[..7].iter().copied()))
}

fn pair(language: &str, kind: &str) -> Result<Kind, Refused> {
    let lower = language.to_lowercase();
    let lower = lower.trim_matches(|c: char| !c.is_alphanumeric());
    if !KINDS.contains(&kind) {
        let help = match nearest(kind, KINDS.iter().copied()) {
            Some(near) => format!("did you mean `{lower} {near}`?"),
            None => format!("kinds are: {}; write `{lower} example` for documentation", KINDS.join(", ")),
        };
        return unknown(format!("`{kind}` is not a kind of block"), help);
    }
    if matches!(kind, "example" | "output") {
        return Ok(Kind::Documentation);
    }
    if !language.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+#._-".contains(c)) {
        return unknown(format!("`{language}` is not a language"), format!("did you mean `{lower} {kind}`?"));
    }
    match (language, kind) {
        ("yaml", "check") => Ok(Kind::Probe),
        ("yaml", "expect") => Ok(Kind::ExpectYaml),
        ("text", "expect") => Ok(Kind::ExpectLines),
        ("yaml", "signoff") => Ok(Kind::SignOff),
        ("yaml", "record") => Ok(Kind::Record),
        ("yaml", "step") => Ok(Kind::Step),
        ("yaml", _) => unknown(
            format!("a `yaml` block cannot be a `{kind}`"),
            format!("yaml blocks are: {}", YAML_KINDS.join(", ")),
        ),
        (_, "expect") => unknown(
            format!("`{language} expect` is not a block"),
            "did you mean `yaml expect` (conditions) or `text expect` (literal lines)?".into(),
        ),
        (_, "signoff" | "record" | "step") => {
            unknown(format!("`{language} {kind}` is not a block"), format!("did you mean `yaml {kind}`?"))
        }
        (_, _) if DATA.contains(&language) => unknown(
            format!("nothing can run a `{language}` block"),
            format!("write the language of a program, as in `sh {kind}`"),
        ),
        (_, "run") => Ok(Kind::Run),
        (_, "check") => Ok(Kind::Check),
        (_, _) => Ok(Kind::Rollback),
    }
    .and_then(|decided| match nearest_shell(language) {
        Some(near) if matches!(decided, Kind::Run | Kind::Check | Kind::Rollback) => {
            unknown(format!("`{language}` is not a language"), format!("did you mean `{near} {kind}`?"))
        }
        _ => Ok(decided),
    })
}

/// `bsah` is meant to be `bash`; `php` is not meant to be `sh`.
fn nearest_shell(language: &str) -> Option<&'static str> {
    if is_shell(language) || is_shell_like(language) || language.len() < 4 {
        return None;
    }
    nearest(language, ["bash", "shell", "python"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_at_once_is_what_the_rules_say() {
        for language in ["sh", "bash", "yaml", "text"] {
            for kind in KINDS {
                let info = format!("{language} {kind}");
                assert_eq!(kind_of(&info).ok(), by_rules(&info).ok(), "{info}");
            }
        }
    }
}
