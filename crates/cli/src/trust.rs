//! What the reader of a record trusts: a checkout, a directory with `allowed_signers`, `revoked`, `tsa.pem` and `holdpoint.toml`,
//! or a file of allowed signers alone.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use crate::digest::sha256;
use holdpoint_document::{Config, Diagnostic, read_config};
use holdpoint_engine::RunOpened;
use holdpoint_record::{Commit, Trust, Trusted};
use holdpoint_signing::Signers;

use crate::files;
use crate::git;
use crate::operator::time_zone;
use crate::place::CONFIG;
use crate::problem::Problem;

/// File names where no configuration names others.
const ALLOWED: [&str; 1] = ["allowed_signers"];
const REVOKED: [&str; 2] = ["revoked", "revoked_keys"];
/// Certificates of time-stamping authorities.
const AUTHORITIES: &str = "tsa.pem";

/// Reads what is trusted, for the record that begins so and whose document was exchanged for these. Times in `allowed_signers` are of the reader's zone, as for
/// `ssh-keygen` there.
///
/// # Errors
/// Something of it cannot be read whole; nothing is trusted in part.
pub fn read(path: &Path, opened: &RunOpened, exchanged: &[(u64, RunOpened)]) -> Result<Trust, Problem> {
    let name = path.display().to_string();
    if !path.is_dir() {
        let bytes = files::read(path, files::TEXT).map_err(|error| cannot(&name, &error.to_string()))?;
        let now = trusted(name.clone(), [Some(bytes), None], None, None)?;
        return match now.signers.as_ref().is_some_and(|signers| !signers.allowed.is_empty()) {
            true => {
                let later = vec![Commit::NoCheckout; exchanged.len()];
                Ok(Trust { now, then: Commit::NoCheckout, later })
            }
            false => Err(cannot(&name, "it names nobody who may sign")),
        };
    }
    let there = |file: &str| match files::read(&path.join(file), files::TEXT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot(&path.join(file).display().to_string(), &error.to_string())),
    };
    let config = there(CONFIG)?.map(|bytes| configuration(&name, bytes)).transpose()?;
    // A file that the configuration names is that one or none: a path that was mistyped must not take what it says away.
    let first = |configured: Option<&String>, plain: &[&str]| -> Result<Option<Vec<u8>>, Problem> {
        if let Some(file) = configured {
            let missing = || cannot(&name, &format!("its {CONFIG} names `{file}`, which is not there"));
            return there(file)?.ok_or_else(missing).map(Some);
        }
        // Of two, one would hide the other.
        let mut found: Option<(&str, Vec<u8>)> = None;
        for file in plain {
            let Some(bytes) = there(file)? else { continue };
            if let Some((other, _)) = found {
                let both = format!("{other} and {file} both lie in it, and no {CONFIG} names one of them");
                return Err(cannot(&name, &both));
            }
            found = Some((file, bytes));
        }
        Ok(found.map(|(_, bytes)| bytes))
    };
    let allowed = first(config.as_ref().and_then(|config| config.signers.as_ref()), &ALLOWED)?;
    let revoked = first(config.as_ref().and_then(|config| config.revoked.as_ref()), &REVOKED)?;
    if allowed.is_none() && config.is_none() {
        return Err(cannot(&name, &format!("there is no {} and no {CONFIG} in it", ALLOWED[0])));
    }
    let now =
        Trusted { authorities: there(AUTHORITIES)?, ..trusted(name, [allowed, revoked], config, None)? };
    let then = at_commit(path, opened)?;
    let later =
        exchanged.iter().map(|(_, opened)| at_commit(path, opened)).collect::<Result<_, Problem>>()?;
    Ok(Trust { now, then, later })
}

/// The files of the commit that the run names, where `root` is the root of a checkout that has it in its history.
fn at_commit(root: &Path, opened: &RunOpened) -> Result<Commit, Problem> {
    let whole =
        root.canonicalize().map_err(|error| cannot(&root.display().to_string(), &error.to_string()))?;
    let top = git::top(&whole)?.and_then(|top| top.canonicalize().ok());
    if top.as_ref() != Some(&whole) {
        return Ok(Commit::NoCheckout);
    }
    let Some(commit) = &opened.runbook.commit else { return Ok(Commit::NotNamed) };
    let Some([config, runbook]) = git::at(&whole, commit, [CONFIG, &opened.runbook.path])? else {
        return Ok(Commit::Missing(commit.clone()));
    };
    let name = format!("commit {}", commit.get(..12).unwrap_or(commit));
    let config = config.map(|bytes| configuration(&name, bytes)).transpose()?;
    let named = |file: Option<&String>, plain: &str| file.map_or(plain, String::as_str).to_owned();
    let allowed = named(config.as_ref().and_then(|config| config.signers.as_ref()), "");
    let revoked = named(config.as_ref().and_then(|config| config.revoked.as_ref()), "");
    let keys = git::at(&whole, commit, [&allowed, &revoked])?.unwrap_or_default();
    let of = |(name, bytes): (&String, Option<Vec<u8>>)| bytes.filter(|_| !name.is_empty());
    let [one, two] = keys;
    let keys = [of((&allowed, one)), of((&revoked, two))];
    let runbook = runbook.map(|bytes| sha256(&bytes));
    let mut included = BTreeMap::new();
    for one in &opened.runbook.includes {
        if let Some([Some(bytes)]) = git::at(&whole, commit, [&one.path])? {
            included.insert(one.path.clone(), sha256(&bytes));
        }
    }
    Ok(Commit::Of(Box::new(Trusted { included, ..trusted(name, keys, config, runbook)? })))
}

fn trusted(
    from: String,
    keys: [Option<Vec<u8>>; 2],
    config: Option<Config>,
    runbook: Option<String>,
) -> Result<Trusted, Problem> {
    let [allowed, revoked] = &keys;
    let read = Signers::read(allowed.as_deref(), revoked.as_deref(), &time_zone()?)
        .and_then(|signers| signers.of_config(config.as_ref()))
        .map_err(|error| cannot(&from, &error.to_string()))?;
    let signers = Some(read).filter(|_| allowed.is_some() || revoked.is_some());
    let signer_files = keys.map(|bytes| bytes.as_deref().map(sha256));
    Ok(Trusted { from, signers, signer_files, config, runbook, included: BTreeMap::new(), authorities: None })
}

fn configuration(from: &str, bytes: Vec<u8>) -> Result<Config, Problem> {
    let text = String::from_utf8(bytes).map_err(|_| cannot(from, &format!("its {CONFIG} is not UTF-8")))?;
    let (config, findings) = read_config(&text);
    match findings.iter().find(|finding: &&Diagnostic| finding.is_error()) {
        Some(finding) => Err(cannot(from, &format!("its {CONFIG} has an error: {}", finding.message))),
        None => Ok(config),
    }
}

fn cannot(what: &str, why: &str) -> Problem {
    Problem::usage(
        format!("{what} cannot be trusted: {why}"),
        "Give a checkout, a directory with allowed_signers, revoked, tsa.pem and holdpoint.toml, or a file of allowed signers.",
    )
}
