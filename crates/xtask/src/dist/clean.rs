//! Whether the Debian package is all that a machine needs: installed and used where nothing else is.

use std::io;
use std::path::Path;
use std::process::Command;

use crate::command::{exists, output, run};

/// What a user does there first; `$1` is the root, in which nothing of this machine's is mounted but what any machine has.
const USED: &str = r#"
set -eu
mount --bind /dev "$1/dev"
mount -t proc proc "$1/proc"
chroot "$1" sh -eu <<'there'
dpkg --install /tmp/holdpoint.deb
useradd --create-home ops
su --login ops --shell /bin/sh --command 'set -eu
  git config --global user.email ops@example.org && git config --global user.name Ops
  mkdir ~/product && cd ~/product && git init --quiet --initial-branch=staging .
  holdpoint init --example promotion
  git add --all && git commit --quiet --message first
  holdpoint run runbooks/promotion.md --env staging --answers runbooks/promotion-answers.yaml
  holdpoint verify latest'
dpkg --verify holdpoint
dpkg --remove holdpoint
! command -v holdpoint
there
"#;

/// Makes a Debian of this machine's own release with nothing but git in it, rehearses the example there, proves its record,
/// and removes the package again. Minutes; root.
///
/// # Errors
/// There is no `debootstrap`, it cannot fetch, or something of that does not go well.
pub(super) fn used(package: &Path) -> io::Result<()> {
    if !exists("debootstrap") {
        return Err(io::Error::other("this needs debootstrap: apt-get install debootstrap"));
    }
    let release = output(Command::new("sh").args(["-c", ". /etc/os-release && echo \"$VERSION_CODENAME\""]))?;
    let root = tempfile::tempdir()?;
    run(Command::new("debootstrap")
        .args(["--variant=minbase", "--include=git", release.trim()])
        .arg(root.path()))?;
    std::fs::copy(package, root.path().join("tmp/holdpoint.deb"))?;
    // What is mounted in there goes away with it.
    run(Command::new("unshare").args(["--mount", "sh", "-c", USED, "sh"]).arg(root.path()))
}
