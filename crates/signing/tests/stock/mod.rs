//! Keys, agents and OpenSSH's own verdict.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests")]
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use tempfile::TempDir;

/// A directory of keys.
pub(crate) struct Keys(TempDir);

/// A key pair, or one with a certificate.
pub(crate) struct Key {
    /// The private key's file.
    pub(crate) path: PathBuf,
    /// What to sign with: the key's file, or its certificate's.
    with: PathBuf,
    /// One line.
    pub(crate) public: String,
}

fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Keys {
    pub(crate) fn new() -> Keys {
        Keys(tempfile::tempdir().unwrap())
    }

    pub(crate) fn make(&self, name: &str, kind: &str, bits: &str, passphrase: &str) -> Key {
        let path = self.0.path().join(name);
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", kind, "-N", passphrase, "-C", name, "-f"]).arg(&path);
        if !bits.is_empty() {
            command.args(["-b", bits]);
        }
        run(&mut command);
        Key::at(&path)
    }
}

impl Key {
    /// The key pair that lies there.
    pub(crate) fn at(path: &Path) -> Key {
        let public = fs::read_to_string(path.with_extension("pub")).unwrap();
        let public = public.trim_end().split(' ').take(2).collect::<Vec<_>>().join(" ");
        Key { with: path.to_owned(), path: path.to_owned(), public }
    }

    pub(crate) fn fingerprint(&self) -> String {
        let line = run(Command::new("ssh-keygen").arg("-lf").arg(self.path.with_extension("pub")));
        line.split(' ').nth(1).unwrap().to_owned()
    }

    pub(crate) fn sign(&self, namespace: &str, message: &[u8]) -> String {
        holdpoint_signing::keygen::sign(&self.with, namespace, message).unwrap()
    }

    /// Through a program that answers ssh-keygen's question, as a terminal would.
    pub(crate) fn sign_with_passphrase(&self, passphrase: &str, namespace: &str, message: &[u8]) -> String {
        let file = self.path.with_extension("message");
        fs::write(&file, message).unwrap();
        let mut command = Command::new("ssh-keygen");
        command.args(["-Y", "sign", "-q", "-n", namespace, "-f"]).arg(&self.path).arg(&file);
        run(answering(&mut command, &self.path, passphrase));
        fs::read_to_string(self.path.with_extension("message.sig")).unwrap()
    }

    pub(crate) fn certify(&self, authority: &Key, principals: &str, validity: &str) -> Key {
        self.certify_with(authority, &["-n", principals, "-V", validity])
    }

    /// With these arguments of `ssh-keygen -s`.
    pub(crate) fn certify_with(&self, authority: &Key, arguments: &[&str]) -> Key {
        let public = self.path.with_extension("pub");
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-I", "test"]).args(arguments).arg("-s").arg(&authority.path).arg(&public);
        run(&mut command);
        // ssh-keygen signs with a certificate where it is given one beside its private key.
        let certificate = PathBuf::from(format!("{}-cert.pub", self.path.display()));
        Key { path: self.path.clone(), with: certificate, public: self.public.clone() }
    }
}

fn answering<'c>(command: &'c mut Command, beside: &Path, passphrase: &str) -> &'c mut Command {
    let program = beside.with_extension("askpass");
    fs::write(&program, "#!/bin/sh\nprintf '%s\\n' \"$HOLDPOINT_TEST_PASSPHRASE\"\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    command
        .env("SSH_ASKPASS", &program)
        .env("SSH_ASKPASS_REQUIRE", "force")
        .env("HOLDPOINT_TEST_PASSPHRASE", passphrase)
}

/// An agent of its own.
pub(crate) struct Agent {
    child: Child,
    pub(crate) socket: PathBuf,
    _directory: TempDir,
}

impl Agent {
    pub(crate) fn start() -> Agent {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("agent");
        let mut child = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::piped())
            .spawn()
            .expect("ssh-agent (openssh-client) is needed");
        // It says where it listens once it does.
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("SSH_AUTH_SOCK"), "{line}");
        Agent { child, socket, _directory: directory }
    }

    pub(crate) fn add(&self, key: &Key, passphrase: &str) {
        let mut command = Command::new("ssh-add");
        command.arg("-q").arg(&key.path).env("SSH_AUTH_SOCK", &self.socket);
        run(answering(&mut command, &key.path, passphrase));
    }

    pub(crate) fn forget_all(&self) {
        run(Command::new("ssh-add").args(["-q", "-D"]).env("SSH_AUTH_SOCK", &self.socket));
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `ssh-keygen -Y verify`.
pub(crate) fn stock_verifies(
    allowed: &str,
    principal: &str,
    namespace: &str,
    signature: &str,
    message: &[u8],
    at: Timestamp,
    revoked: Option<&str>,
) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let [signers, sig, list] = ["allowed", "sig", "revoked"].map(|name| directory.path().join(name));
    fs::write(&signers, allowed).unwrap();
    fs::write(&sig, signature).unwrap();
    let mut command = Command::new("ssh-keygen");
    command.args(["-Y", "verify", "-n", namespace, "-I", principal, "-f"]).arg(&signers).arg("-s").arg(&sig);
    command.arg(format!("-Overify-time={}", at.strftime("%Y%m%d%H%M%SZ")));
    if let Some(revoked) = revoked {
        fs::write(&list, revoked).unwrap();
        command.arg("-r").arg(&list);
    }
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // It may refuse before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(message);
    child.wait().unwrap().success()
}

/// A text with names as what they stand for. By words, in one go: letters of a key may be those of a name.
pub(crate) fn spelt(text: &str, names: &[(&str, &str)]) -> String {
    let spell = |word: &str| {
        let name = word.trim_end();
        let found = names.iter().find(|(known, _)| *known == name);
        found.map_or_else(|| word.to_owned(), |(_, means)| word.replace(name, means))
    };
    text.split_inclusive(char::is_whitespace).map(spell).collect()
}
