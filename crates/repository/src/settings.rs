//! git's configuration, with whose it is.

use std::path::Path;

use crate::{Untold, asked};

/// A setting, and whether it is the repository's own.
pub(crate) struct Setting {
    pub(crate) own: bool,
    pub(crate) key: String,
    pub(crate) value: Option<String>,
}

/// Every setting whose key is UTF-8, the one that counts last.
pub(crate) fn settings(root: &Path) -> Result<Vec<Setting>, Untold> {
    let told = asked(root, ["config", "--list", "-z", "--show-scope"])?;
    let mut parts = told.split(|byte| *byte == 0);
    let mut settings = Vec::new();
    while let (Some(scope), Some(entry)) = (parts.next(), parts.next()) {
        let mut entry = entry.splitn(2, |byte| *byte == b'\n');
        let key = std::str::from_utf8(entry.next().unwrap_or_default());
        let value = entry.next().map(|value| String::from_utf8_lossy(value).into_owned());
        if let Ok(key) = key {
            let own = matches!(scope, b"local" | b"worktree");
            settings.push(Setting { own, key: key.to_owned(), value });
        }
    }
    Ok(settings)
}

/// The programs that git has signatures verified by: the settings that name them, and the program where nobody set one.
const VERIFIERS: [(&str, &[&str], &str); 3] = [
    ("gpg.openpgp.program", &["gpg.program", "gpg.openpgp.program"], "gpg"),
    ("gpg.x509.program", &["gpg.x509.program"], "gpgsm"),
    ("gpg.ssh.program", &["gpg.ssh.program"], "ssh-keygen"),
];

/// Who may sign by SSH: a repository that says so itself could name anybody, as one could that says whose keys count no more,
/// or how far the web of trust goes. The key as git lists it.
const SIGNERS: &str = "gpg.ssh.allowedsignersfile";
const LESS: [&str; 2] = ["gpg.ssh.revocationfile", "gpg.mintrustlevel"];

/// Arguments with which git has signatures verified by the programs, and by the keys, that the user's own configuration
/// names, and by none that the repository's does: that could vouch for anything. A repository may only trust less.
pub fn verifiers(root: &Path) -> Result<Vec<String>, Untold> {
    let settings = settings(root)?;
    let of_user = |keys: &[&str]| {
        let set = settings.iter().rfind(|setting| !setting.own && keys.contains(&&*setting.key));
        set.and_then(|setting| setting.value.clone())
    };
    let programs = VERIFIERS.iter().map(|(key, keys, default)| {
        let program = of_user(keys).unwrap_or_else(|| (*default).to_owned());
        format!("{key}={program}")
    });
    let signers = format!("{SIGNERS}={}", of_user(&[SIGNERS]).unwrap_or_default());
    let less = LESS.iter().filter_map(|key| Some(format!("{key}={}", of_user(&[key])?)));
    let all = programs.chain([signers]).chain(less);
    Ok(all.flat_map(|setting| ["-c".to_owned(), setting]).collect())
}
