//! Security keys (`sk-`), made in software: what a token would sign, with every combination of its flags.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests")]

mod stock;

use ed25519_dalek::Signer as _;
use holdpoint_model::Assurance;
use holdpoint_signing::{AllowedSigners, Envelope, Presented, Refused, Revoked, SIGNOFF, Signers, check};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use ssh_encoding::Encode as _;
use stock::stock_verifies;

const MESSAGE: &[u8] = b"what was seen\n";
const APPLICATION: &str = "ssh:holdpoint";

/// Signs bytes.
type Signer = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// A token in software: what it presents, and what it answers to a challenge with these flags.
struct Token {
    name: &'static str,
    public: Vec<u8>,
    sign: Signer,
}

impl Token {
    fn ed25519() -> Token {
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let name = "sk-ssh-ed25519@openssh.com";
        let public = strings(&[name.as_bytes(), key.verifying_key().as_bytes(), APPLICATION.as_bytes()]);
        Token { name, public, sign: Box::new(move |data| key.sign(data).to_bytes().to_vec()) }
    }

    fn ecdsa() -> Token {
        let key = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
        let name = "sk-ecdsa-sha2-nistp256@openssh.com";
        let point = key.verifying_key().to_encoded_point(false);
        let public = strings(&[name.as_bytes(), b"nistp256", point.as_bytes(), APPLICATION.as_bytes()]);
        let sign = move |data: &[u8]| {
            let signature: p256::ecdsa::Signature = key.sign(data);
            let (r, s) = signature.split_bytes();
            strings(&[&positive(&r), &positive(&s)])
        };
        Token { name, public, sign: Box::new(sign) }
    }

    /// The armored signature, with these flags signed, and with those shown.
    fn signature(&self, signed: u8, shown: u8) -> String {
        let data = Envelope::to_sign(SIGNOFF, MESSAGE).unwrap();
        let counter = 41u32.to_be_bytes();
        let mut seen = Sha256::digest(APPLICATION).to_vec();
        seen.push(signed);
        seen.extend(counter);
        seen.extend(Sha256::digest(data));
        let mut signature = strings(&[self.name.as_bytes(), &(self.sign)(&seen)]);
        signature.push(shown);
        signature.extend(counter);
        let presented = Presented::read(&self.public).unwrap();
        Envelope::of(&presented, SIGNOFF, signature).unwrap().armored().unwrap()
    }

    fn allowed(&self) -> String {
        let key = ssh_key::PublicKey::from_bytes(&self.public).unwrap();
        format!("qa@example.org {}\n", key.to_openssh().unwrap())
    }
}

fn strings(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    parts.iter().for_each(|part| part.encode(&mut bytes).unwrap());
    bytes
}

/// An SSH mpint (RFC 4251, section 5).
fn positive(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let mut number = bytes[start..].to_vec();
    if number.first().is_some_and(|byte| byte & 0x80 != 0) {
        number.insert(0, 0);
    }
    number
}

fn verdict(token: &Token, signature: &str) -> Result<Assurance, Refused> {
    let allowed = AllowedSigners::read(&token.allowed(), &TimeZone::UTC).unwrap();
    let signers = Signers { allowed, revoked: Revoked::default() };
    check(MESSAGE, signature.as_bytes(), "qa@example.org", SIGNOFF, &signers, now())
        .map(|assured| assured.assurance)
}

fn now() -> Timestamp {
    "2026-07-01T12:00:00Z".parse().unwrap()
}

#[test]
fn a_security_key_counts_by_what_its_flags_say() {
    for token in [Token::ed25519(), Token::ecdsa()] {
        let of = |flags| verdict(&token, &token.signature(flags, flags));
        assert_eq!(of(0x05), Ok(Assurance::FidoUv), "touched, and verified who");
        assert_eq!(of(0x01), Ok(Assurance::Ssh), "touched");
        assert_eq!(of(0x00), Err(Refused::NotPresent), "nothing");
        assert_eq!(of(0x04), Err(Refused::NotPresent), "verified without being touched is no sign-off");
    }
}

#[test]
fn openssh_takes_these_very_signatures_and_also_those_that_nobody_touched() {
    for token in [Token::ed25519(), Token::ecdsa()] {
        for flags in [0x00, 0x01, 0x04, 0x05] {
            let signature = token.signature(flags, flags);
            let stock =
                stock_verifies(&token.allowed(), "qa@example.org", SIGNOFF, &signature, MESSAGE, now(), None);
            assert!(stock, "{} with {flags}", token.name);
        }
    }
}

#[test]
fn flags_that_were_not_signed_are_found_out() {
    for token in [Token::ed25519(), Token::ecdsa()] {
        let forged = token.signature(0x00, 0x05);
        assert!(matches!(verdict(&token, &forged), Err(Refused::Bad(_))), "{}", token.name);
    }
}
