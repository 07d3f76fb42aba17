//! Passkeys, made in software: what a browser and its authenticator would give, and what they never would.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use holdpoint_signing::{Envelope, SIGNOFF};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use sha2::{Digest, Sha256};
use ssh_encoding::Encode as _;

use crate::MESSAGE;
use crate::cases::{Case, QA};

const KEY: &str = "sk-ecdsa-sha2-nistp256@openssh.com";
const KIND: &str = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com";
pub(crate) const PAGE: &str = "https://runs.example.org";

/// An assertion, part by part; it is signed as it stands here.
pub(crate) struct Passkey {
    kind: &'static str,
    /// The key's own, and the one whose digest is signed.
    application: &'static str,
    site: &'static str,
    flags: u8,
    /// Those that are shown, where they are others.
    shown: Option<u8>,
    counter: u32,
    origin: String,
    client_data: String,
    extensions: &'static [u8],
    behind: &'static [u8],
    padded: bool,
    other_key: bool,
}

fn begins(kind: &str, challenge: &str, origin: &str) -> String {
    format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}""#)
}

fn challenge(namespace: &str, message: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(&Envelope::to_sign(namespace, message).unwrap())
}

fn right() -> String {
    challenge(SIGNOFF, MESSAGE)
}

fn strings(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    parts.iter().for_each(|part| part.encode(&mut bytes).unwrap());
    bytes
}

fn positive(bytes: &[u8], padded: bool) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let mut number = bytes[start..].to_vec();
    if padded || number.first().is_some_and(|byte| byte & 0x80 != 0) {
        number.insert(0, 0);
    }
    number
}

impl Passkey {
    /// As Chromium gives it.
    pub(crate) fn good() -> Passkey {
        Passkey {
            kind: KIND,
            application: "runs.example.org",
            site: "runs.example.org",
            flags: 0x1d,
            shown: None,
            counter: 3,
            origin: PAGE.to_owned(),
            client_data: format!(r#"{},"crossOrigin":false}}"#, begins("webauthn.get", &right(), PAGE)),
            extensions: b"",
            behind: b"",
            padded: false,
            other_key: false,
        }
    }

    fn at(origin: &str) -> Passkey {
        let client_data = format!("{}}}", begins("webauthn.get", &right(), origin));
        Passkey { origin: origin.to_owned(), client_data, ..Passkey::good() }
    }

    fn of_site(site: &'static str, origin: &str) -> Passkey {
        Passkey { application: site, site, ..Passkey::at(origin) }
    }

    fn going_on(rest: &str) -> Passkey {
        let client_data = format!("{}{rest}", begins("webauthn.get", &right(), PAGE));
        Passkey { client_data, ..Passkey::good() }
    }

    fn saying(client_data: String) -> Passkey {
        Passkey { client_data, ..Passkey::good() }
    }

    fn flags(flags: u8) -> Passkey {
        Passkey { flags, ..Passkey::good() }
    }

    fn key() -> SigningKey {
        SigningKey::from_slice(&[9; 32]).unwrap()
    }

    fn public(&self) -> Vec<u8> {
        let point = Passkey::key().verifying_key().to_encoded_point(false);
        strings(&[KEY.as_bytes(), b"nistp256", point.as_bytes(), self.application.as_bytes()])
    }

    /// The line of whoever has it.
    pub(crate) fn allowed(&self) -> String {
        let key = ssh_key::PublicKey::from_bytes(&self.public()).unwrap();
        format!("{QA} {}\n", key.to_openssh().unwrap())
    }

    /// What the authenticator gives for it: its data, and its signature in DER.
    pub(crate) fn given(&self) -> (Vec<u8>, Signature) {
        let mut data = Sha256::digest(self.site).to_vec();
        data.push(self.flags);
        data.extend(self.counter.to_be_bytes());
        data.extend(self.extensions);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(&self.client_data));
        let key = if self.other_key { SigningKey::from_slice(&[8; 32]).unwrap() } else { Passkey::key() };
        (data, key.sign(&signed))
    }

    pub(crate) fn client_data(&self) -> &[u8] {
        self.client_data.as_bytes()
    }

    /// The armored signature; written here by hand, so that it can be anything.
    pub(crate) fn armored(&self) -> String {
        let (_, signature) = self.given();
        let (r, s) = signature.split_bytes();
        let numbers = strings(&[&positive(&r, self.padded), &positive(&s, false)]);
        let mut blob = strings(&[self.kind.as_bytes(), &numbers]);
        blob.push(self.shown.unwrap_or(self.flags));
        blob.extend(self.counter.to_be_bytes());
        if self.kind == KIND {
            blob.extend(strings(&[self.origin.as_bytes(), self.client_data(), self.extensions]));
        }
        blob.extend(self.behind);
        let mut whole = b"SSHSIG\0\0\0\x01".to_vec();
        whole.extend(strings(&[&self.public(), SIGNOFF.as_bytes(), b"", b"sha512", &blob]));
        let body = base64ct::Base64::encode_string(&whole);
        let lines: Vec<_> = body.as_bytes().chunks(70).map(|line| str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"))
    }
}

/// Each with its name.
pub(crate) fn passkeys() -> Vec<(&'static str, Passkey)> {
    let good = Passkey::good;
    let said = |kind, challenge: &str, rest: &str| {
        Passkey::saying(format!("{}{rest}", begins(kind, challenge, PAGE)))
    };
    vec![
        ("as it is", good()),
        ("without more", Passkey::going_on("}")),
        ("with what nobody knows", Passkey::going_on(r#","crossOrigin":false,"new":{"a":[1]}}"#)),
        ("verified, and of one machine", Passkey::flags(0x05)),
        ("touched", Passkey::flags(0x01)),
        ("not touched", Passkey::flags(0x00)),
        ("verified and not touched", Passkey::flags(0x04)),
        ("with a new key", Passkey::flags(0x45)),
        ("with extensions that are not there", Passkey::flags(0x85)),
        ("with extensions", Passkey { extensions: b"\xa0", ..Passkey::flags(0x85) }),
        ("with extensions that its flags deny", Passkey { extensions: b"\xa0", ..good() }),
        ("flags that were not signed", Passkey { shown: Some(0x05), ..Passkey::flags(0x01) }),
        ("by another key", Passkey { other_key: true, ..good() }),
        ("of another site", Passkey { site: "evil.example", ..good() }),
        ("of another kind", Passkey { kind: KEY, ..good() }),
        ("of no kind", Passkey { kind: "webauthn-sk-ssh-ed25519@openssh.com", ..good() }),
        ("a number with a zero before it", Passkey { padded: true, ..good() }),
        ("bytes behind it", Passkey { behind: b"\0", ..good() }),
        ("a text behind it", Passkey { behind: b"\0\0\0\0", ..good() }),
        ("for a new key", said("webauthn.create", &right(), "}")),
        ("for a payment", said("payment.get", &right(), "}")),
        ("of another statement", said("webauthn.get", &challenge(SIGNOFF, b"other"), "}")),
        ("for another purpose", said("webauthn.get", &challenge("git", MESSAGE), "}")),
        ("of the statement itself", said("webauthn.get", &Base64UrlUnpadded::encode_string(MESSAGE), "}")),
        ("of nothing", said("webauthn.get", "", "}")),
        ("a challenge that is filled up", said("webauthn.get", &format!("{}=", right()), "}")),
        (
            "client data of another page",
            Passkey { origin: "https://other.runs.example.org".into(), ..good() },
        ),
        ("client data in another order", {
            let challenge = right();
            Passkey::saying(format!(
                r#"{{"challenge":"{challenge}","type":"webauthn.get","origin":"{PAGE}"}}"#
            ))
        }),
        ("client data with blanks", {
            let challenge = right();
            Passkey::saying(format!(
                r#"{{"type": "webauthn.get", "challenge": "{challenge}", "origin": "{PAGE}"}}"#
            ))
        }),
        ("client data that end early", Passkey::going_on("")),
        ("client data that do not end", Passkey::going_on(r#","crossOrigin":false"#)),
        ("client data that go on behind their end", Passkey::going_on(r#"}{"a":1}"#)),
        ("client data with a line behind them", Passkey::going_on("}\n")),
        ("client data that are no JSON", Passkey::going_on(" and so on")),
        ("a page named twice", Passkey::going_on(r#","origin":"https://evil.example"}"#)),
        ("a kind named twice", Passkey::going_on(r#","type":"webauthn.create"}"#)),
        ("within a page of others", Passkey::going_on(r#","crossOrigin":true}"#)),
        ("within a page of others, as a text", Passkey::going_on(r#","crossOrigin":"false"}"#)),
        (
            "within a page of others, by name",
            Passkey::going_on(r#","crossOrigin":false,"topOrigin":"https://evil.example"}"#),
        ),
        ("client data that are long", Passkey::going_on(&format!(r#","pad":"{}"}}"#, "x".repeat(5000)))),
        (
            "client data without an end to their depth",
            Passkey::going_on(&format!(r#","a":{}"#, "[".repeat(3000))),
        ),
        ("a page below the site", Passkey::at("https://night.runs.example.org")),
        ("a page with a port", Passkey::at("https://runs.example.org:8443")),
        ("a page with no port", Passkey::at("https://runs.example.org:")),
        ("a page with a port of letters", Passkey::at("https://runs.example.org:x")),
        ("a page of another site", Passkey::at("https://evil.example")),
        ("a page whose name ends alike", Passkey::at("https://evilruns.example.org")),
        ("a page whose name begins alike", Passkey::at("https://runs.example.org.evil.example")),
        ("a page with a user", Passkey::at("https://runs.example.org@evil.example")),
        ("a page with a path", Passkey::at("https://runs.example.org/x")),
        ("a page in capitals", Passkey::at("https://RUNS.example.org")),
        ("a page that is not encrypted", Passkey::at("http://runs.example.org")),
        ("a program", Passkey::at("android:apk-key-hash:runs.example.org")),
        ("no page", Passkey::at("")),
        ("no page, by name", Passkey::at("null")),
        ("a page with a quotation mark", Passkey::at(r#"https://runs.example.org","a":"b"#)),
        ("a page with a line in it", Passkey::at("https://runs.example.org\n")),
        ("a page with a zero byte", Passkey::at("https://runs.example.org\0")),
        ("a page on one's own machine", Passkey::of_site("localhost", "http://localhost:8000")),
        ("a page on one's own machine, encrypted", Passkey::of_site("localhost", "https://localhost")),
        ("a page at an address", Passkey::of_site("127.0.0.1", "http://127.0.0.1:8000")),
        ("a site in capitals", Passkey::of_site("RUNS.example.org", "https://RUNS.example.org")),
        ("a site of nothing", Passkey::of_site("", "https://runs.example.org")),
        ("a security key's site", Passkey::of_site("ssh:", "https://ssh:")),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let all = passkeys().into_iter();
    all.map(|(what, passkey)| Case::of(format!("passkey: {what}"), passkey.allowed(), &passkey.armored()))
        .collect()
}
