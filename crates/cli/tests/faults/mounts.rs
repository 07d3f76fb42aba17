//! File systems of one's own, without being root: a test runs itself once more in namespaces of users and mounts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Set where the test runs in its own namespaces.
const INSIDE: &str = "HOLDPOINT_OWN_MOUNTS";

/// Whether this is the inner run of the test called `module::name`, which goes on. The outer one is told `false` when
/// the inner one has passed; it fails where that did not, or where neither user may make namespaces.
#[track_caller]
pub fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let ways: [&[&str]; 2] = [&["--user", "--map-root-user", "--mount"], &["--mount"]];
    let may = |way: &&&[&str]| {
        let mut probe = Command::new("unshare");
        let probe = probe.args(**way).args(["mount", "-t", "tmpfs", "holdpoint-faults", "/mnt"]);
        probe.stdin(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    let Some(way) = ways.iter().find(may) else {
        panic!(
            "this fault needs a file system of its own, and nobody here may mount one: run it as root, or let users \
             make namespaces (sysctl kernel.unprivileged_userns_clone=1; with AppArmor also \
             kernel.apparmor_restrict_unprivileged_userns=0), and see that unshare and mount are there (apt-get \
             install util-linux mount)"
        );
    };
    let mut again = Command::new("unshare");
    again.args(*way).arg(std::env::current_exe().unwrap());
    again.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(INSIDE, "1");
    let output = again.stdin(Stdio::null()).output().unwrap();
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{test}, in its own namespaces:\n{said}\n{told}"
    );
    false
}

/// A file system in memory, in a directory.
pub struct Mounted(PathBuf);

impl Mounted {
    #[track_caller]
    pub fn on(directory: PathBuf, size: &str) -> Mounted {
        std::fs::create_dir_all(&directory).unwrap();
        mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "holdpoint-faults"], &directory);
        Mounted(directory)
    }

    /// Mounted anew with other options; with none of those that the system reports, for it tells users and groups as
    /// they are outside of the namespace.
    #[track_caller]
    pub fn again(&self, options: &str) {
        let options = format!("remount,{options}");
        mount(&["--options-source=disable", "-o", &options, "holdpoint-faults"], &self.0);
    }

    /// From here on nothing can be made, renamed or opened for writing in it. A file system that is written to cannot
    /// be made read-only from outside, so a read-only view of it is laid over it.
    #[track_caller]
    pub fn turn_read_only(&self) {
        let over = self.0.display().to_string();
        mount(&["--bind", &over], &self.0);
        mount(&["-o", "remount,bind,ro"], &self.0);
        let refused = std::fs::write(self.0.join("probe"), "").unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ReadOnlyFilesystem);
    }

    /// And back.
    #[track_caller]
    pub fn turn_back(&self) {
        assert!(Command::new("umount").arg(&self.0).status().unwrap().success());
        std::fs::write(self.0.join("probe"), "").unwrap();
        std::fs::remove_file(self.0.join("probe")).unwrap();
    }
}

#[track_caller]
fn mount(words: &[&str], directory: &Path) {
    let output = Command::new("mount").args(words).arg(directory).output().unwrap();
    assert!(output.status.success(), "mount {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
