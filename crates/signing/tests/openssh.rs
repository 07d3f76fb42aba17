//! Ours and OpenSSH's verdict on the same signatures, in both directions. Needs ssh-keygen and ssh-agent.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests")]

mod stock;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;

use holdpoint_model::Assurance;
use holdpoint_signing::{APPROVAL, AllowedSigners, Refused, Revoked, SIGNOFF, Signers, check};
use holdpoint_xtask::sample;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use stock::{Agent, Keys, spelt, stock_verifies};

const KINDS: [(&str, &str); 6] =
    [("ed25519", ""), ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521"), ("rsa", "2048"), ("rsa", "3072")];
const MESSAGE: &[u8] = b"{\"statement\":\"I release it.\"}\n";

fn now() -> Timestamp {
    "2026-07-01T12:00:00Z".parse().unwrap()
}

fn signers(text: &str) -> Signers {
    Signers { allowed: AllowedSigners::read(text, &TimeZone::UTC).unwrap(), revoked: Revoked::default() }
}

#[test]
fn what_ssh_keygen_signs_with_any_kind_of_key_counts_here() {
    let keys = Keys::new();
    for (kind, bits) in KINDS {
        let key = keys.make(&format!("{kind}{bits}"), kind, bits, "");
        let signature = holdpoint_signing::keygen::sign(&key.path, SIGNOFF, MESSAGE).unwrap();
        let signers = signers(&format!("qa@example.org namespaces=\"{SIGNOFF}\" {}\n", key.public));
        let assured =
            check(MESSAGE, signature.as_bytes(), "qa@example.org", SIGNOFF, &signers, now()).unwrap();
        assert_eq!((assured.assurance, assured.key), (Assurance::Ssh, key.fingerprint()), "{kind} {bits}");
    }
}

#[test]
fn what_an_agent_signs_for_us_with_any_kind_of_key_counts_for_ssh_keygen() {
    let keys = Keys::new();
    let agent = Agent::start();
    for (kind, bits) in KINDS {
        let key = keys.make(&format!("{kind}{bits}"), kind, bits, "a passphrase");
        agent.add(&key, "a passphrase");
        let mut client = holdpoint_signing::agent::Agent::at(&agent.socket).unwrap();
        let identities = client.identities().unwrap();
        let identity =
            identities.iter().find(|id| id.presented.fingerprint().to_string() == key.fingerprint()).unwrap();
        let signature = client.sign(identity, SIGNOFF, MESSAGE).unwrap();
        let allowed = format!("qa@example.org {}\n", key.public);
        assert!(
            stock_verifies(&allowed, "qa@example.org", SIGNOFF, &signature, MESSAGE, now(), None),
            "{kind} {bits}"
        );
        check(MESSAGE, signature.as_bytes(), "qa@example.org", SIGNOFF, &signers(&allowed), now()).unwrap();
    }
}

#[test]
fn a_passphrase_protected_key_signs_once_its_passphrase_is_given() {
    let keys = Keys::new();
    let key = keys.make("locked", "ed25519", "", "open sesame");
    let signature = key.sign_with_passphrase("open sesame", SIGNOFF, MESSAGE);
    let allowed = signers(&format!("qa@example.org {}\n", key.public));
    check(MESSAGE, signature.as_bytes(), "qa@example.org", SIGNOFF, &allowed, now()).unwrap();
}

#[test]
fn an_agent_that_has_lost_the_key_signs_nothing() {
    let keys = Keys::new();
    let agent = Agent::start();
    let key = keys.make("gone", "ed25519", "", "");
    agent.add(&key, "");
    let mut client = holdpoint_signing::agent::Agent::at(&agent.socket).unwrap();
    let identity = client.identities().unwrap().remove(0);
    agent.forget_all();
    assert!(client.sign(&identity, SIGNOFF, MESSAGE).is_err());
}

#[test]
fn a_certificate_without_an_end_in_an_agent_keeps_no_other_key_from_signing() {
    let (keys, agent) = (Keys::new(), Agent::start());
    let (key, forever) = (keys.make("key", "ed25519", "", ""), keys.make("forever", "ed25519", "", ""));
    let authority = keys.make("ca", "ed25519", "", "");
    // ssh-add adds the certificate that lies beside a key.
    forever.certify_with(&authority, &["-n", "qa@example.org"]);
    agent.add(&forever, "");
    agent.add(&key, "");
    let mut client = holdpoint_signing::agent::Agent::at(&agent.socket).unwrap();
    let identities = client.identities().unwrap();
    let held: Vec<_> = identities.iter().map(|id| id.presented.fingerprint().to_string()).collect();
    assert_eq!(held, [forever.fingerprint(), key.fingerprint()], "all but the certificate");
    let signature = client.sign(&identities[1], SIGNOFF, MESSAGE).unwrap();
    let allowed = signers(&format!("qa@example.org {}\n", key.public));
    check(MESSAGE, signature.as_bytes(), "qa@example.org", SIGNOFF, &allowed, now()).unwrap();
}

#[test]
fn what_cannot_be_read_in_an_agent_is_passed_over_and_no_other_answer_is_taken() {
    let keys = Keys::new();
    let key = keys.make("key", "ed25519", "", "");
    let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let held = |key: &[u8], comment: &[u8]| [string(key), string(comment)].concat();
    let public = ssh_key::PublicKey::from_openssh(&key.public).unwrap().to_bytes().unwrap();
    let broken = [string(b"ssh-ed25519"), string(b"short")].concat();
    // Nobody lists such a key, so that it is never asked to sign.
    let unknown = [string(b"ssh-of-tomorrow@example.org"), string(b"?")].concat();
    let all = [held(&broken, b"broken"), held(&unknown, b"unknown"), held(&public, b"good")].concat();
    let answer = [&[12, 0, 0, 0, 3][..], &all].concat();
    let dir = tempfile::tempdir().unwrap();
    for (what, reply, held) in [
        ("all", string(&answer), Some(2)),
        ("another answer", string(&[5]), None),
        ("one cut short", string(&answer[..answer.len() - 2]), None),
        ("one too long", vec![0xff; 4], None),
        ("nothing", Vec::new(), None),
    ] {
        let socket = dir.path().join(what.replace(' ', "-"));
        let listener = UnixListener::bind(&socket).unwrap();
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 5];
            stream.read_exact(&mut asked).unwrap();
            stream.write_all(&reply).unwrap();
        });
        let identities = holdpoint_signing::agent::Agent::at(&socket).unwrap().identities();
        answering.join().unwrap();
        assert_eq!(identities.as_ref().ok().map(Vec::len), held, "{what}: {identities:?}");
        assert!(identities.into_iter().flatten().all(|it| it.comment != "broken"), "{what}");
    }
}

#[test]
fn no_altered_byte_of_message_or_signature_counts() {
    let keys = Keys::new();
    let key = keys.make("key", "ed25519", "", "");
    let signature = key.sign(SIGNOFF, MESSAGE);
    let signers = signers(&format!("qa@example.org {}\n", key.public));
    let counts = |message: &[u8], signature: &[u8]| {
        check(message, signature, "qa@example.org", SIGNOFF, &signers, now()).is_ok()
    };
    assert!(counts(MESSAGE, signature.as_bytes()));
    for at in 0..MESSAGE.len() {
        let mut altered = MESSAGE.to_vec();
        altered[at] ^= 1;
        assert!(!counts(&altered, signature.as_bytes()), "byte {at} of the message");
    }
    assert!(!counts(&MESSAGE[..MESSAGE.len() - 1], signature.as_bytes()));
    assert!(!counts(b"", signature.as_bytes()));
    for at in 0..signature.trim_end().len() {
        let mut altered = signature.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        assert!(!counts(MESSAGE, &altered), "byte {at} of the signature");
    }
    for end in 0..signature.trim_end().len() {
        assert!(!counts(MESSAGE, &signature.as_bytes()[..end]), "cut at {end}");
    }
}

#[test]
fn a_signature_for_another_namespace_says_so() {
    let keys = Keys::new();
    let key = keys.make("key", "ed25519", "", "");
    let signers = signers(&format!("qa@example.org {}\n", key.public));
    for namespace in ["git", "file", APPROVAL] {
        let signature = key.sign(namespace, MESSAGE);
        let refused = check(MESSAGE, signature.as_bytes(), "qa@example.org", SIGNOFF, &signers, now());
        assert_eq!(refused, Err(Refused::Namespace(namespace.to_owned(), SIGNOFF.to_owned())));
    }
}

/// Lines of `allowed_signers`, with `KEY` for the signing key, `OTHER` for another, `CA` for the authority.
const LINES: &[&str] = &[
    "qa@example.org KEY",
    "qa@example.org OTHER",
    "ops@example.org KEY",
    "*@example.org KEY",
    "*@example.org,!qa@example.org KEY",
    "!ops@*,*@example.org KEY",
    "\"qa@example.org,ops@example.org\" KEY",
    "qa@example.?rg KEY a comment",
    "QA@example.org KEY",
    "qa@example.org namespaces=\"signoff@holdpoint\" KEY",
    "qa@example.org namespaces=\"git,signoff@*\" KEY",
    "qa@example.org namespaces=\"git\" KEY",
    "qa@example.org namespaces=\"*,!signoff@holdpoint\" KEY",
    "qa@example.org valid-after=\"20260101Z\" KEY",
    "qa@example.org valid-after=\"20260701120000Z\" KEY",
    "qa@example.org valid-after=\"20260701120001Z\" KEY",
    "qa@example.org valid-before=\"20260701120000Z\" KEY",
    "qa@example.org valid-before=\"20260701115959Z\" KEY",
    "qa@example.org valid-after=\"20260101Z\",valid-before=\"202612312359Z\" KEY",
    "qa@example.org valid-after=\"20260101\",valid-before=\"20261231\",namespaces=\"signoff@holdpoint\" KEY",
    "qa@example.org cert-authority KEY",
    "qa@example.org cert-authority CA",
    "*@example.org cert-authority CA",
    "qa@example.org cert-authority,namespaces=\"git\" CA",
    "qa@example.org cert-authority OTHER",
    "qa@example.org CA",
    "# a comment\n\n  \tqa@example.org\tKEY",
    "ops@example.org KEY\nqa@example.org KEY",
    "qa@example.org namespaces=\"git\" KEY\nqa@example.org KEY",
    "qa@example.org OTHER\nqa@example.org KEY",
];

#[test]
fn whoever_openssh_allows_is_allowed_and_nobody_else() {
    let keys = Keys::new();
    let (key, other, authority) = (
        keys.make("key", "ed25519", "", ""),
        keys.make("other", "ecdsa", "256", ""),
        keys.make("ca", "ed25519", "", ""),
    );
    let certified = |name: &str, principals: &str, validity: &str| {
        let key = keys.make(name, "ed25519", "", "");
        key.certify(&authority, principals, validity).sign(SIGNOFF, MESSAGE)
    };
    let signatures = [
        ("plain", key.sign(SIGNOFF, MESSAGE)),
        ("certificate", certified("c1", "qa@example.org", "20260101Z:20270101Z")),
        ("certificate of two", certified("c2", "ops@example.org,qa@example.org", "20260101Z:20270101Z")),
        ("certificate of another", certified("c3", "ops@example.org", "20260101Z:20270101Z")),
        ("old certificate", certified("c4", "qa@example.org", "20250101Z:20260101Z")),
        ("early certificate", certified("c5", "qa@example.org", "20270101Z:20280101Z")),
    ];
    let mut counted = [0, 0];
    for line in sample::some(LINES, 12) {
        let text = spelt(line, &[("KEY", &key.public), ("OTHER", &other.public), ("CA", &authority.public)]);
        let ours = signers(&text);
        for (name, signature) in &signatures {
            for principal in ["qa@example.org", "ops@example.org"] {
                let stock = stock_verifies(&text, principal, SIGNOFF, signature, MESSAGE, now(), None);
                let found = check(MESSAGE, signature.as_bytes(), principal, SIGNOFF, &ours, now());
                assert_eq!(found.is_ok(), stock, "{name}, {principal}, in:\n{line}\n{found:?}");
                counted[usize::from(stock)] += 1;
            }
        }
    }
    assert!(counted[0] > 40 && counted[1] > 4, "both verdicts are seen often: {counted:?}");
}

#[test]
fn a_revoked_key_or_authority_counts_neither_here_nor_there() {
    let keys = Keys::new();
    let (key, authority) = (keys.make("key", "ed25519", "", ""), keys.make("ca", "ed25519", "", ""));
    let certified = keys.make("certified", "ed25519", "", "");
    let by_certificate =
        certified.certify(&authority, "qa@example.org", "20260101Z:20270101Z").sign(SIGNOFF, MESSAGE);
    let plain = key.sign(SIGNOFF, MESSAGE);
    let allowed =
        format!("qa@example.org {}\nqa@example.org cert-authority {}\n", key.public, authority.public);
    let lists = [
        (String::new(), true, true),
        (format!("# lost\n{}\n", key.public), false, true),
        (format!("{}\n", authority.public), true, false),
        (format!("{}\n", certified.public), true, false),
    ];
    for (list, plain_counts, certificate_counts) in lists {
        for (signature, expected) in [(&plain, plain_counts), (&by_certificate, certificate_counts)] {
            let revoked = Revoked::read(list.as_bytes()).unwrap();
            let signers = Signers { revoked, ..signers(&allowed) };
            let found = check(MESSAGE, signature.as_bytes(), "qa@example.org", SIGNOFF, &signers, now());
            assert_eq!(found.is_ok(), expected, "{list}: {found:?}");
            let stock =
                stock_verifies(&allowed, "qa@example.org", SIGNOFF, signature, MESSAGE, now(), Some(&list));
            assert_eq!(stock, expected, "{list}");
        }
    }
}

#[test]
fn a_certificate_for_a_key_that_is_another_lines_own_counts_for_nobody() {
    let keys = Keys::new();
    let (key, authority) = (keys.make("key", "ed25519", "", ""), keys.make("ca", "ed25519", "", ""));
    let plain = key.sign(SIGNOFF, MESSAGE);
    let certified = key.certify(&authority, "qa@example.org", "20260101Z:20270101Z");
    let by_certificate = certified.sign(SIGNOFF, MESSAGE);
    let vouching = format!("qa@example.org cert-authority {}\n", authority.public);
    let both = format!("{vouching}ops@example.org {}\n", key.public);
    let verdict = |text: &str, who: &str, signature: &str| {
        check(MESSAGE, signature.as_bytes(), who, SIGNOFF, &signers(text), now())
    };
    assert!(verdict(&vouching, "qa@example.org", &by_certificate).is_ok(), "where the key is nobody's own");
    let refused = verdict(&both, "qa@example.org", &by_certificate).unwrap_err().to_string();
    assert!(refused.contains("that of ops@example.org: one key is one person"), "{refused}");
    assert!(verdict(&both, "ops@example.org", &by_certificate).is_err(), "it does not name them");
    assert!(verdict(&both, "ops@example.org", &plain).is_ok(), "their own key is theirs all the same");
}

#[test]
fn a_revocation_list_that_cannot_be_read_is_an_error() {
    assert!(Revoked::read(b"SSHKRL\n\0\0\0\0\x01").unwrap_err().to_string().contains("KRL"));
    assert!(Revoked::read(b"# lost\nnot a key\n").unwrap_err().to_string().starts_with("line 2"));
}

#[test]
fn a_line_that_cannot_be_read_makes_the_file_unusable_and_names_itself() {
    for (bad, why) in [
        ("qa@example.org", "after the principals come options"),
        ("qa@example.org what=\"x\" ssh-ed25519 AAAA", "`what` is no option"),
        ("qa@example.org ssh-ed25519 AAAA", "the public key cannot be read"),
        (
            "qa@example.org ssh-ed25519-cert-v01@openssh.com AAAA",
            "a certificate stands where a public key must",
        ),
        ("\"qa", "a quotation mark is missing"),
    ] {
        let error = AllowedSigners::read(&format!("# first\n{bad}\n"), &TimeZone::UTC).unwrap_err();
        assert_eq!(error.line, 2, "{bad}: {error}");
        assert!(error.reason.contains(why), "{bad}: {error}");
    }
}
