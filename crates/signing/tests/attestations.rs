//! Attestations as other programs read them, and keys that are none for them.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::process::Command;

use base64ct::{Base64, Encoding as _};
use holdpoint_signing::{AttestationKey, BadKey, IN_TOTO, Signers};

fn run(directory: &std::path::Path, program: &str, words: &[&str]) -> (bool, String) {
    let output = Command::new(program).args(words).current_dir(directory).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn openssl_makes_the_key_and_verifies_the_signature_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let openssl = |words: &[&str]| run(dir.path(), "openssl", words);
    assert!(
        openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key"]).0
    );
    assert!(openssl(&["pkey", "-in", "key", "-pubout", "-out", "pub"]).0);
    assert!(openssl(&["pkey", "-pubin", "-in", "pub", "-outform", "DER", "-out", "der"]).0);
    let key = AttestationKey::read(&fs::read_to_string(dir.path().join("key")).unwrap()).unwrap();
    let digest = run(dir.path(), "sha256sum", &["der"]).1;
    assert_eq!(digest.split(' ').next(), Some(key.id().as_str()));
    let payload = "{\"a\": \"ä\"}\n";
    let attestation = key.attest(IN_TOTO, payload.as_bytes());
    assert_eq!(Base64::decode_vec(&attestation.payload).unwrap(), payload.as_bytes());
    let signed = &attestation.signatures[0];
    assert_eq!(signed.keyid, key.id());
    fs::write(dir.path().join("sig"), Base64::decode_vec(&signed.sig).unwrap()).unwrap();
    let verify = |text: &str| {
        fs::write(dir.path().join("signed"), text).unwrap();
        openssl(&["dgst", "-sha256", "-verify", "pub", "-signature", "sig", "signed"]).0
    };
    let pae = format!("DSSEv1 28 {IN_TOTO} {} {payload}", payload.len());
    assert!(verify(&pae));
    for other in
        [payload, &pae.replace("DSSEv1", "DSSEv2"), &pae.replace("a\":", "b\":"), &pae.replace("28", "29")]
    {
        assert!(!verify(other), "{other}");
    }
}

#[test]
fn ssh_keys_encrypted_keys_and_other_curves_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let shell = |script: &str| assert!(run(dir.path(), "sh", &["-c", script]).0, "{script}");
    let curve = |name: &str| format!("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{name}");
    shell("ssh-keygen -q -t ecdsa -b 256 -N '' -f ssh && ssh-keygen -q -t ed25519 -N '' -f ed");
    shell(&format!("{} -out p384", curve("P-384")));
    shell(&format!("{} -aes256 -pass pass:secret12 -out encrypted", curve("P-256")));
    shell("openssl ecparam -name prime256v1 -genkey -noout -out sec1");
    shell("openssl genpkey -algorithm RSA -out rsa 2>/dev/null; echo nothing > none");
    for (file, why) in [
        ("ssh", BadKey::Ssh),
        ("ed", BadKey::Ssh),
        ("encrypted", BadKey::Encrypted),
        ("p384", BadKey::Unreadable),
        ("sec1", BadKey::Unreadable),
        ("rsa", BadKey::Unreadable),
        ("none", BadKey::Unreadable),
    ] {
        let text = fs::read_to_string(dir.path().join(file)).unwrap();
        assert_eq!(AttestationKey::read(&text).unwrap_err(), why, "{file}");
    }
}

#[test]
fn a_signers_key_is_known_in_another_wrapping_too() {
    let dir = tempfile::tempdir().unwrap();
    let script = "ssh-keygen -q -t ecdsa -b 256 -N '' -f key && cp key.pub theirs.pub \
        && ssh-keygen -q -p -N '' -m PKCS8 -f key && ssh-keygen -q -t ecdsa -b 256 -N '' -f other";
    assert!(run(dir.path(), "sh", &["-c", script]).0);
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    let key = AttestationKey::read(&read("key")).unwrap();
    let signers = |line: &str| {
        let line = format!("qa@example.org {line}");
        Signers::read(Some(line.as_bytes()), None, "UTC").unwrap().allowed
    };
    assert!(key.is_one_of(&signers(&read("theirs.pub"))));
    assert!(!key.is_one_of(&signers(&read("other.pub"))));
}
