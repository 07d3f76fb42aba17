//! Licences and sources of dependencies, against `deny.toml`: with cargo-deny where it is or can be had, else with a
//! smaller check of our own. One of the two always runs, and says which.

use std::fs;
use std::io;
use std::process::Command;

use serde::Deserialize;

use crate::{command, tools, workspace};

/// Checks with cargo-deny if it can be had, else against `cargo metadata`.
///
/// # Errors
/// What is not allowed, by package.
pub fn check() -> io::Result<()> {
    if let Some(deny) = tools::installed("cargo-deny", None) {
        println!("    {} check licenses bans sources", deny.display());
        return command::run(
            Command::new(deny)
                .args(["--locked", "check", "licenses", "bans", "sources"])
                .current_dir(workspace()),
        );
    }
    println!("    cargo-deny cannot be had here; own check of licences and sources instead");
    check_metadata()
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Deny {
    licenses: Licences,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

/// The registry that cargo uses when none is named; other sources are refused, as `deny.toml` says.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn check_metadata() -> io::Result<()> {
    let deny = fs::read_to_string(workspace().join("deny.toml"))?;
    let deny: Deny = toml::from_str(&deny).map_err(io::Error::other)?;
    let mut cargo = Command::new("cargo");
    let text = command::output(
        cargo.args(["metadata", "--format-version", "1", "--locked"]).current_dir(workspace()),
    )?;
    let metadata: Metadata = serde_json::from_str(&text)?;
    let refused: Vec<_> =
        metadata.packages.iter().filter_map(|package| refusal(package, &deny.licenses.allow)).collect();
    if !refused.is_empty() {
        return Err(io::Error::other(format!("\n{}", refused.join("\n"))));
    }
    println!(
        "    {} packages, each under an allowed licence and from the usual registry",
        metadata.packages.len()
    );
    Ok(())
}

/// Why a package may not come in.
fn refusal(package: &Package, allow: &[String]) -> Option<String> {
    let name = format!("{} {}", package.name, package.version);
    if package.source.as_deref().is_some_and(|source| source != REGISTRY) {
        return Some(format!("{name}: from {}", package.source.as_deref().unwrap_or_default()));
    }
    match &package.license {
        None => Some(format!("{name}: names no licence")),
        Some(expression) => match allowed(expression, allow) {
            Some(true) => None,
            Some(false) => Some(format!("{name}: {expression} is not allowed")),
            None => Some(format!("{name}: {expression} cannot be read")),
        },
    }
}

/// Whether an SPDX expression can be satisfied with allowed licences; `None` where it cannot be read.
fn allowed(expression: &str, allow: &[String]) -> Option<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = &words[..];
    let holds = any(&mut rest, allow)?;
    rest.is_empty().then_some(holds)
}

fn any(rest: &mut &[&str], allow: &[String]) -> Option<bool> {
    let mut holds = all(rest, allow)?;
    while let [word, tail @ ..] = *rest
        && *word == "OR"
    {
        *rest = tail;
        holds |= all(rest, allow)?;
    }
    Some(holds)
}

fn all(rest: &mut &[&str], allow: &[String]) -> Option<bool> {
    let mut holds = one(rest, allow)?;
    while let [word, tail @ ..] = *rest
        && *word == "AND"
    {
        *rest = tail;
        holds &= one(rest, allow)?;
    }
    Some(holds)
}

fn one(rest: &mut &[&str], allow: &[String]) -> Option<bool> {
    let is_allowed = |name: &str| allow.iter().any(|allowed| allowed == name);
    let (holds, tail) = match *rest {
        ["(", tail @ ..] => {
            *rest = tail;
            let holds = any(rest, allow)?;
            (holds, rest.strip_prefix(&[")"])?)
        }
        ["OR" | "AND" | "WITH" | ")", ..] | [] => return None,
        [name, "WITH", exception, tail @ ..] => (is_allowed(&format!("{name} WITH {exception}")), tail),
        [name, tail @ ..] => (is_allowed(name), tail),
    };
    *rest = tail;
    Some(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow() -> Vec<String> {
        ["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(String::from).to_vec()
    }

    #[test]
    fn an_expression_is_allowed_if_it_can_be_satisfied() {
        for (expression, expected) in [
            ("MIT", Some(true)),
            ("GPL-3.0-only", Some(false)),
            ("MIT OR GPL-3.0-only", Some(true)),
            ("GPL-3.0-only/MIT", Some(true)),
            ("MIT AND GPL-3.0-only", Some(false)),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", Some(true)),
            ("(MIT OR Apache-2.0) AND OpenSSL", Some(false)),
            ("MIT OR Apache-2.0 AND OpenSSL", Some(true)),
            ("Apache-2.0 WITH LLVM-exception", Some(true)),
            ("MIT WITH LLVM-exception", Some(false)),
        ] {
            assert_eq!(allowed(expression, &allow()), expected, "{expression}");
        }
    }

    #[test]
    fn an_expression_that_cannot_be_read_is_never_allowed() {
        for expression in ["", "MIT OR", "(MIT", "MIT)", "MIT MIT", "OR MIT", "MIT WITH", "()"] {
            assert_eq!(allowed(expression, &allow()), None, "{expression}");
        }
    }

    #[test]
    fn a_package_needs_a_licence_and_the_usual_source() {
        let package = |license: Option<&str>, source: Option<&str>| Package {
            name: "a".into(),
            version: "1.0.0".into(),
            license: license.map(String::from),
            source: source.map(String::from),
        };
        assert_eq!(refusal(&package(Some("MIT"), None), &allow()), None);
        assert_eq!(refusal(&package(Some("MIT"), Some(REGISTRY)), &allow()), None);
        assert!(refusal(&package(None, Some(REGISTRY)), &allow()).is_some());
        assert!(refusal(&package(Some("MIT"), Some("git+https://example.org/a")), &allow()).is_some());
    }

    #[test]
    fn our_own_check_passes_on_this_workspace() {
        check_metadata().unwrap();
    }
}
