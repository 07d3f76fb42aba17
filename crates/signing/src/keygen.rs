//! Signing with a key file through `ssh-keygen -Y sign`, which asks for the passphrase or the touch itself.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Has `ssh-keygen` sign `message` for `namespace` with the key at `key`; gives the armored signature.
///
/// # Errors
/// There is no `ssh-keygen`, or it refuses: its own words.
pub fn sign(key: &Path, namespace: &str, message: &[u8]) -> io::Result<String> {
    let mut child = Command::new("ssh-keygen")
        .args(["-Y", "sign", "-q", "-n", namespace, "-f"])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("ssh-keygen cannot be run: {error}")))?;
    // It asks for a passphrase at /dev/tty, so its standard input is free for the message.
    let wrote = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(message));
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("ssh-keygen did not sign with {}", key.display())));
    }
    wrote?;
    String::from_utf8(output.stdout).map_err(|_| io::Error::other("ssh-keygen wrote no signature"))
}
