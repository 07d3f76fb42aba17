//! The repository's approvals: `.holdpoint/approvals/SHA256/PRINCIPAL.json` and its signature, committed beside the
//! documents. What is there is read whole, or it is said what cannot be.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use holdpoint_signing::{Approval, Approving, Asked, Signers, prove_approval};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::files;
use crate::place::Place;
use crate::problem::Problem;

/// Where they are, from the repository's root.
pub const APPROVALS: &str = ".holdpoint/approvals";
/// A statement or signature is not longer than this, bytes: a repository may hold anybody's.
const LONGEST: u64 = 1024 * 1024;
const STATEMENT: &str = ".json";
const SIGNATURE: &str = ".json.sig";

/// One approval, as it lies there.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The statement, from the root.
    pub path: String,
    /// What it says.
    pub approval: Approval,
    /// Its exact bytes.
    pub statement: Vec<u8>,
    /// The armored signature.
    pub signature: Vec<u8>,
}

/// How a document stands.
#[derive(Debug, Default)]
pub struct Standing {
    /// Approvals of these very bytes that hold.
    pub holding: Vec<(Kept, Approving)>,
    /// Approvals of these very bytes that do not, by whom and why.
    pub failing: Vec<(String, String)>,
    /// What takes the document's place, or may.
    pub superseded: Option<String>,
}

impl Standing {
    /// The approvals that hold.
    pub fn given(&self) -> Vec<Approving> {
        self.holding.iter().map(|(_, given)| given.clone()).collect()
    }

    /// The approval by `who`, if it holds.
    pub fn held(&self, who: &str) -> Option<&(Kept, Approving)> {
        self.holding.iter().find(|(kept, _)| kept.approval.approver.principal == who)
    }

    /// Why the approval by `who` does not hold, if there is such a one.
    pub fn failed(&self, who: &str) -> Option<&str> {
        self.failing.iter().find(|(other, _)| other == who).map(|(_, why)| why.as_str())
    }
}

/// The file name for a principal: letters, digits and `@ . _ + -` as they are, all else as `%XX`.
pub fn file_name(principal: &str) -> String {
    let mut name = String::new();
    for (at, byte) in principal.bytes().enumerate() {
        match byte {
            b'.' if at == 0 => name.push_str("%2E"),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'@' | b'.' | b'_' | b'+' | b'-' => {
                name.push(byte.into())
            }
            other => name.push_str(&format!("%{other:02X}")),
        }
    }
    name
}

/// Who may sign now, as the repository's files say.
pub fn signers(place: &Place, zone: &str) -> Result<Signers, String> {
    let configured = place.configuration();
    let read = |path: Option<&String>| {
        let Some(path) = path else { return Ok(None) };
        place.configured_file(path).map(Some).map_err(|error| format!("{path} cannot be read: {error}"))
    };
    let allowed = read(configured.and_then(|config| config.signers.as_ref()))?;
    let revoked = read(configured.and_then(|config| config.revoked.as_ref()))?;
    Signers::read(allowed.as_deref(), revoked.as_deref(), zone)
        .and_then(|signers| signers.of_config(configured))
        .map_err(|error| error.to_string())
}

/// What is wrong with the people in the file of allowed signers, in words: one of them stands there as two, or one key
/// for two. `None` too where the file cannot be read, which is told where it is needed.
pub fn mistaken(place: &Place, zone: &str) -> Option<String> {
    let configured = place.configuration();
    let allowed = place.configured_file(configured?.signers.as_ref()?).ok()?;
    let signers = Signers::read(Some(&allowed), None, zone).ok()?;
    signers.of_config(configured).err().map(|error| error.to_string())
}

/// Approvals are what the repository holds: what a link leads to, no commit and no reviewer has seen.
fn not_elsewhere(root: &Path) -> Result<(), String> {
    let there = root.join(APPROVALS);
    match there.symlink_metadata().is_ok() && !is(&there, fs::FileType::is_dir) {
        true => Err(format!("{APPROVALS} is a link or a file, not a directory")),
        false => Ok(()),
    }
}

/// Every approval of the repository, in the order of paths. The error says what is there that is none.
pub fn kept(root: &Path) -> Result<Vec<Kept>, String> {
    not_elsewhere(root)?;
    let mut all = Vec::new();
    for (digest, directory) in entries(&root.join(APPROVALS))? {
        let place = format!("{APPROVALS}/{digest}");
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if !is(&directory, fs::FileType::is_dir) || digest.len() != 64 || !digest.bytes().all(hex) {
            return Err(format!("{place} is no directory named after a document's SHA-256"));
        }
        let files = entries(&directory)?;
        for (name, path) in &files {
            let Some(stem) = name.strip_suffix(STATEMENT) else {
                let whose = name.strip_suffix(SIGNATURE).map(|stem| format!("{stem}{STATEMENT}"));
                match whose {
                    Some(statement) if files.contains_key(&statement) => continue,
                    Some(_) => return Err(format!("{place}/{name} is a signature over no statement")),
                    None => return Err(format!("{place}/{name} is no approval")),
                }
            };
            let signature = format!("{stem}{SIGNATURE}");
            let signed = files.get(&signature).ok_or(format!("{place}/{name} has no signature beside it"))?;
            let (statement, signature) = (bytes(path)?, bytes(signed)?);
            let path = format!("{place}/{name}");
            let approval =
                Approval::read(&statement).map_err(|why| format!("{path} is no approval: {why}"))?;
            if approval.document.sha256 != digest {
                return Err(format!(
                    "{path} is an approval of other bytes than its directory is named after"
                ));
            }
            if file_name(&approval.approver.principal) != stem {
                return Err(format!(
                    "{path} is an approval by {}, not by whom it is named after",
                    approval.approver.principal
                ));
            }
            all.push(Kept { path, approval, statement, signature });
        }
    }
    Ok(all)
}

fn entries(directory: &Path) -> Result<BTreeMap<String, PathBuf>, String> {
    let cannot = |error: std::io::Error| format!("{} cannot be listed: {error}", directory.display());
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.map_err(cannot)?,
    };
    let mut found = BTreeMap::new();
    for entry in entries {
        let entry = entry.map_err(cannot)?;
        let name = entry
            .file_name()
            .into_string()
            .map_err(|name| format!("{} has a name that is not UTF-8", directory.join(name).display()))?;
        found.insert(name, entry.path());
    }
    Ok(found)
}

/// Whether it is of that kind itself; a link is neither file nor directory.
fn is(path: &Path, kind: impl Fn(&fs::FileType) -> bool) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| kind(&metadata.file_type()))
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    if !is(path, fs::FileType::is_file) {
        return Err(format!("{} is no plain file", path.display()));
    }
    files::read(path, LONGEST).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

/// How the document stands among these approvals, now.
pub fn standing(asked: &Asked, kept: Vec<Kept>, signers: &Signers, now: Timestamp, today: Date) -> Standing {
    let mut standing = Standing::default();
    let mut others: BTreeMap<String, Vec<Kept>> = BTreeMap::new();
    for one in kept {
        let document = &one.approval.document;
        if document.sha256 != asked.document.sha256 {
            let same_id =
                document.document_id.is_some() && document.document_id == asked.document.document_id;
            if same_id || document.path == asked.document.path {
                others.entry(document.sha256.clone()).or_default().push(one);
            }
            continue;
        }
        let who = one.approval.approver.principal.clone();
        let proved =
            prove_approval(&one.statement, &one.signature, signers, now).map_err(|error| error.to_string());
        match proved.and_then(|proved| of_this(&proved, asked).map(|()| proved)) {
            Ok(proved) => standing.holding.push((one, proved)),
            Err(why) => standing.failing.push((who, why)),
        }
    }
    let given = latest(standing.holding.iter().map(|(one, _)| one));
    let superseding = |group: &Vec<Kept>| superseded_by(asked, given, group, signers, now, today);
    standing.superseded = others.values().find_map(superseding);
    standing
}

/// An approval must be of this document, not only of its bytes.
fn of_this(proved: &Approving, asked: &Asked) -> Result<(), String> {
    let said = &proved.approval;
    if said.document.path != asked.document.path {
        return Err(format!("it approves these bytes as {}", said.document.path));
    }
    if let Some(path) = said.document.other_include(&asked.document) {
        return Err(format!("it does not approve {path} as the document includes it now"));
    }
    if said.document != asked.document || said.approvers != asked.approvers {
        return Err("it names another title, revision, date or other approvers than the document".to_owned());
    }
    Ok(())
}

fn latest<'k>(kept: impl Iterator<Item = &'k Kept>) -> Option<Timestamp> {
    kept.filter_map(|one| one.approval.at.timestamp().ok()).max()
}

/// What takes the document's place, in words: a revision that everybody it names has approved, that is effective, and
/// that is higher; or of no higher or lower revision and approved later. One whose approvals are complete but do not all
/// hold may do so too: that is for people to clear up, not to be guessed.
fn superseded_by(
    asked: &Asked,
    given: Option<Timestamp>,
    group: &[Kept],
    signers: &Signers,
    now: Timestamp,
    today: Date,
) -> Option<String> {
    let first = &group.first()?.approval;
    let by = |who: &String| group.iter().any(|one| one.approval.approver.principal == *who);
    if !first.approvers.iter().all(by) {
        return None;
    }
    let document = &first.document;
    let effective = document.effective_date.as_ref().map(|date| date.parse::<Date>());
    if effective.is_some_and(|date| date.is_ok_and(|date| date > today)) {
        return None;
    }
    // What nobody has approved is not superseded by what is of no higher revision: it may be the next one.
    let later = given.is_some_and(|given| latest(group.iter()).is_some_and(|other| other > given));
    let newer = match (revision(&document.revision), revision(&asked.document.revision)) {
        (Some(other), Some(ours)) if other != ours => other > ours,
        _ => later,
    };
    if !newer {
        return None;
    }
    let called = match &document.revision {
        Some(revision) => {
            format!("revision {revision} ({}, sha256 {})", document.path, &document.sha256[..12])
        }
        None => format!("{} with the sha256 {}", document.path, &document.sha256[..12]),
    };
    let failing = group.iter().find_map(|one| {
        let proved = prove_approval(&one.statement, &one.signature, signers, now);
        let same = one.approval.document == *document && one.approval.approvers == first.approvers;
        match proved {
            Err(error) => Some((one, error.to_string())),
            Ok(_) if !same => Some((one, "it is of another path or revision than the others".to_owned())),
            Ok(_) => None,
        }
    });
    Some(match failing {
        None => format!("{called} was approved and takes its place"),
        Some((one, why)) => {
            format!("{called} may take its place, and the approval {} does not hold: {why}", one.path)
        }
    })
}

/// A revision of numbers and dots as numbers; others have no order.
fn revision(text: &Option<String>) -> Option<Vec<u64>> {
    let mut numbers: Vec<u64> =
        text.as_ref()?.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some(numbers)
}

/// Writes an approval; gives its path from the root. What is there under its name is replaced: statement and signature
/// are complete before either is there, the statement last.
pub fn write(
    root: &Path,
    approval: &Approval,
    statement: &[u8],
    signature: &[u8],
) -> Result<String, Problem> {
    let directory = format!("{APPROVALS}/{}", approval.document.sha256);
    let stem = file_name(&approval.approver.principal);
    let target = root.join(&directory);
    let cannot = |error: std::io::Error| {
        Problem::usage(
            format!("the approval cannot be written to {}: {error}", target.display()),
            "Nothing was approved. Look at the path and its permissions.",
        )
    };
    make(root, &directory).map_err(cannot)?;
    let put = |name: &str, bytes: &[u8]| -> std::io::Result<()> {
        // Beside the approvals of all documents, where nobody looks for one.
        let mut file = holdpoint_executor::fleeting_file(&root.join(".holdpoint"))?;
        file.write_all(bytes)?;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
        file.as_file().sync_all()?;
        file.persist(target.join(name)).map(drop).map_err(|error| error.error)
    };
    let written = put(&format!("{stem}{SIGNATURE}"), signature)
        .and_then(|()| put(&format!("{stem}{STATEMENT}"), statement))
        .and_then(|()| fs::File::open(&target)?.sync_all());
    written.map_err(cannot)?;
    Ok(format!("{directory}/{stem}{STATEMENT}"))
}

/// Makes the directories; others of the repository may read them, as git lets them read what is committed.
fn make(root: &Path, directory: &str) -> std::io::Result<()> {
    let mut path = root.to_owned();
    for part in directory.split('/') {
        path.push(part);
        match fs::DirBuilder::new().mode(0o755).create(&path) {
            Ok(()) => fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{file_name, revision};

    #[test]
    fn a_principal_is_a_file_name_that_no_other_principal_has() {
        assert_eq!(file_name("qa@example.org"), "qa@example.org");
        assert_eq!(file_name("../../etc"), "%2E.%2F..%2Fetc");
        assert_eq!(file_name("a/b"), "a%2Fb");
        assert_ne!(file_name("a%2Fb"), file_name("a/b"));
        assert_eq!(file_name("é"), "%C3%A9");
    }

    #[test]
    fn revisions_of_numbers_have_an_order_and_others_none() {
        let of = |text: &str| revision(&Some(text.to_owned()));
        assert!(of("10") > of("06") && of("1.10") > of("1.9") && of("2") > of("1.9"));
        assert_eq!((of("06"), of("1.0")), (of("6"), of("1")));
        assert_eq!((of("B"), of(""), revision(&None)), (None, None, None));
    }
}
