//! Approvals, and the files that say who may sign.

use holdpoint_signing::{APPROVAL, Approval, Envelope, Presented, Signers, prove_approval};
use jiff::Timestamp;

use crate::world::{OPS, QA};

const SIGNATURE: &[u8] = b"\n-- signature --\n";
const REVOKED: &[u8] = b"\n-- revoked --\n";
/// A key that nobody else has.
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
const STATEMENT: &str = r#"{"holdpoint":"approval/1.0","meaning":"approval","document":{"path":"book.md","sha256":"0000000000000000000000000000000000000000000000000000000000000000","title":"A book"},"approvers":["qa@example.org"],"approver":{"principal":"qa@example.org","name":"Q A"},"at":{"time":"2026-11-23T10:00:00+00:00","zone":"UTC"}}"#;

fn split<'b>(bytes: &'b [u8], at: &[u8]) -> (&'b [u8], &'b [u8]) {
    match bytes.windows(at.len()).position(|window| window == at) {
        Some(found) => (&bytes[..found], &bytes[found + at.len()..]),
        None => (bytes, b""),
    }
}

pub(crate) fn approval(bytes: &[u8]) {
    let (statement, signature) = split(bytes, SIGNATURE);
    let read = Approval::read(statement);
    assert_eq!(read, Approval::read(statement));
    match &read {
        Err(why) => assert!(!why.is_empty()),
        Ok(approval) => {
            let written = approval.to_bytes().expect("what was read can be written");
            assert_eq!(Approval::read(&written).as_ref(), Ok(approval));
        }
    }
    if let Ok(envelope) = Envelope::read(signature) {
        let _ =
            (envelope.namespace().len(), envelope.presented().is_ok(), envelope.proves(statement).is_ok());
    }
    for allowed in [String::new(), format!("{QA} {KEY}\n"), format!("* {KEY}\n")] {
        let signers = Signers::read(Some(allowed.as_bytes()), None, "UTC").expect("these can be read");
        // Nobody has the key's other half.
        assert!(prove_approval(statement, signature, &signers, Timestamp::UNIX_EPOCH).is_err());
    }
}

pub(crate) fn signers(bytes: &[u8]) {
    let (allowed, revoked) = split(bytes, REVOKED);
    let read = || Signers::read(Some(allowed), Some(revoked), "Europe/Berlin");
    let signers = match (read(), read()) {
        (Ok(signers), Ok(again)) => {
            assert_eq!((&signers.allowed, &signers.revoked), (&again.allowed, &again.revoked));
            signers
        }
        (Err(error), Err(again)) => {
            assert_eq!(error.to_string(), again.to_string());
            return;
        }
        _ => panic!("read once, and refused once"),
    };
    let text = std::str::from_utf8(allowed).expect("it was read");
    let says = |line: &str| {
        let line = line.trim_matches([' ', '\t', '\r']);
        !line.is_empty() && !line.starts_with('#')
    };
    assert_eq!(signers.allowed.is_empty(), !text.lines().any(says), "lines are lost");
    let Ok(presented) = presented() else { return };
    for principal in [OPS, QA, "", "*", "a,b"] {
        let found = signers.allowed.find(principal, &presented, APPROVAL, Timestamp::UNIX_EPOCH);
        assert!(found.is_err() || signers.allowed.knows(principal, &presented));
    }
    let _ = signers.revoked.holds(&presented);
}

/// The key of [`KEY`], as a signature presents it.
fn presented() -> Result<Presented, holdpoint_signing::NotASignature> {
    let name = b"ssh-ed25519";
    let key: Vec<u8> = (0..32).collect();
    let part = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes(), bytes].concat();
    Presented::read(&[part(name), part(&key)].concat())
}

/// Approvals to begin with.
pub(crate) fn approvals() -> Vec<Vec<u8>> {
    let signature = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgAAECAwQ=\n-----END SSH SIGNATURE-----\n";
    // As we write one: only then is it read.
    let read = serde_json::from_str::<Approval>(STATEMENT).and_then(|approval| approval.to_bytes());
    let statement = String::from_utf8(read.expect("an approval")).expect("it is text");
    let statements = [
        statement,
        STATEMENT.replace("qa@", "ops@"),
        STATEMENT.replace("approval/1.0", "approval/9.0"),
        STATEMENT.replace("\"A book\"", "\"\\u001b[2J\""),
        STATEMENT.replace("2026", "x"),
        format!("{STATEMENT}{STATEMENT}"),
        STATEMENT[..STATEMENT.len() / 2].to_owned(),
        "[]".to_owned(),
    ];
    let between = String::from_utf8_lossy(SIGNATURE);
    statements.iter().map(|statement| format!("{statement}{between}{signature}").into_bytes()).collect()
}

/// Files of signers to begin with.
pub(crate) fn lists() -> Vec<Vec<u8>> {
    let between = String::from_utf8_lossy(REVOKED);
    [
        format!("{QA} {KEY}\n"),
        format!("# nobody\n\n{QA},{OPS} {KEY} a comment\n{between}{KEY}\n"),
        format!("*@example.org,!{QA} namespaces=\"approval@holdpoint,signoff@*\" {KEY}\n"),
        format!("\"{QA}\" valid-after=\"20200101\",valid-before=\"20300101Z\" {KEY}\n"),
        format!("{QA} cert-authority {KEY}\n"),
        format!("{} {KEY}\n", "*a".repeat(100)),
        format!("{QA} {KEY}\r\n{between}SSHKRL\n\0"),
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n".to_owned(),
    ]
    .map(String::into_bytes)
    .into()
}
