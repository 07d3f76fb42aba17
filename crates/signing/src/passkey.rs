//! Passkeys: what a browser's authenticator signed (WebAuthn), written as OpenSSH writes it (PROTOCOL.u2f,
//! `webauthn-sk-ecdsa-sha2-nistp256@openssh.com`), so that stock tools verify it. Stricter than these: whatever a browser
//! would not have written for a page of the key's own site does not count.

use holdpoint_bounded::json::{self, Value};
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use ssh_encoding::{Decode, Encode};
use ssh_key::public::SkEcdsaSha2NistP256;

use crate::not_a_signature::NotASignature;

/// The name of such signatures; the key's own name is without `webauthn-`.
const KIND: &str = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com";
/// A browser writes some 300 bytes.
const LONGEST: usize = 4096;
/// Flags of an authenticator beside those of a security key: a new key's data follow, extensions follow.
const FOLLOWED: u8 = 0x40 | 0x80;
/// The flag of an authenticator that verified its user.
const VERIFIED: u8 = 0x04;
/// What authenticators sign begins with: the digest of the site's name, flags, a counter.
const AUTHENTICATOR_DATA: usize = 32 + 1 + 4;

fn not(why: impl Into<String>) -> NotASignature {
    NotASignature(format!("it is not a passkey's signature: {}", why.into()))
}

/// What an authenticator signed for a page, and the two numbers that are its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    signature: Signature,
    flags: u8,
    counter: u32,
    origin: String,
    client_data: Vec<u8>,
}

impl Assertion {
    /// From what a browser's `navigator.credentials.get` gives: `clientDataJSON`, `authenticatorData`, `signature`.
    ///
    /// # Errors
    /// They are none that can be written as an SSH signature, or not of a page.
    pub fn of(
        client_data: &[u8],
        authenticator_data: &[u8],
        signature: &[u8],
    ) -> Result<Assertion, NotASignature> {
        let (Ok(data), true) =
            (<[u8; AUTHENTICATOR_DATA]>::try_from(authenticator_data), client_data.len() <= LONGEST)
        else {
            return Err(not("its authenticator's data have another length"));
        };
        let [.., flags, a, b, c, d] = data;
        let signature = Signature::from_der(signature).map_err(|_| not("its numbers are none of P-256"))?;
        let text = std::str::from_utf8(client_data).map_err(|_| not("its client data are not UTF-8"))?;
        let Ok(Value::Object(members)) = json::read(text) else {
            return Err(not("its client data are no JSON object"));
        };
        let Some(Value::String(origin)) = members.get("origin") else {
            return Err(not("its client data name no origin"));
        };
        Ok(Assertion {
            signature,
            flags,
            counter: u32::from_be_bytes([a, b, c, d]),
            origin: origin.clone(),
            client_data: client_data.to_owned(),
        })
    }

    /// Whether the authenticator says that it asked who it is, by a finger, a face or a PIN (WebAuthn Level 2, section 6.1: UV).
    pub fn verified_its_user(&self) -> bool {
        self.flags & VERIFIED != 0
    }

    /// Whether an SSH signature is a passkey's, by its name.
    pub(crate) fn is_named(signature: &[u8]) -> bool {
        String::decode(&mut &*signature).is_ok_and(|name| name == KIND)
    }

    /// From an SSH signature: name, numbers, flags, counter, origin, client data, extensions.
    pub(crate) fn read(bytes: &[u8]) -> Result<Assertion, NotASignature> {
        let rest = &mut &*bytes;
        String::decode(rest)?;
        let numbers = Vec::<u8>::decode(rest)?;
        let (flags, counter) = (u8::decode(rest)?, u32::decode(rest)?);
        let (origin, client_data) = (String::decode(rest)?, Vec::<u8>::decode(rest)?);
        if client_data.len() > LONGEST {
            return Err(not("its client data are too long"));
        }
        let inner = &mut &*numbers;
        let (r, s) = (Vec::<u8>::decode(inner)?, Vec::<u8>::decode(inner)?);
        let signature = Signature::from_scalars(scalar(&r)?, scalar(&s)?)
            .map_err(|_| not("its numbers are none of P-256"))?;
        let read = Assertion { signature, flags, counter, origin, client_data };
        // With the extensions, which are none, and nothing behind them: one text for one signature.
        match read.write()? == bytes {
            true => Ok(read),
            false => Err(not("it is not written as one is, or has extensions")),
        }
    }

    /// As it stands in an SSH signature's envelope.
    ///
    /// # Errors
    /// It is too long to be written.
    pub fn write(&self) -> Result<Vec<u8>, NotASignature> {
        let mut numbers = Vec::new();
        let (r, s) = self.signature.split_bytes();
        for number in [r, s] {
            positive(&number).encode(&mut numbers)?;
        }
        let mut bytes = Vec::new();
        KIND.encode(&mut bytes)?;
        numbers.encode(&mut bytes)?;
        bytes.push(self.flags);
        self.counter.encode(&mut bytes)?;
        self.origin.encode(&mut bytes)?;
        self.client_data.encode(&mut bytes)?;
        "".encode(&mut bytes)?;
        Ok(bytes)
    }

    /// Whether it is this key's, over these bytes as the challenge, given to a page of the site that the key is for.
    pub(crate) fn proves(&self, key: &SkEcdsaSha2NistP256, challenge: &[u8]) -> Result<(), NotASignature> {
        if self.flags & FOLLOWED != 0 {
            return Err(not("its flags say that something follows"));
        }
        let site = key.application();
        if !is_of(&self.origin, site) {
            let page: String = self.origin.chars().take(100).collect();
            return Err(not(format!("its page {page:?} is not one of {site:?}")));
        }
        self.client_data_say(challenge)?;
        let mut signed = Sha256::digest(site).to_vec();
        signed.push(self.flags);
        signed.extend(self.counter.to_be_bytes());
        signed.extend(Sha256::digest(&self.client_data));
        let verifies = VerifyingKey::from_encoded_point(key.ec_point())
            .and_then(|key| key.verify(&signed, &self.signature));
        verifies.map_err(|_| NotASignature("it is not this key's signature of these bytes".to_owned()))
    }

    /// Begins byte for byte as OpenSSH wants it, and goes on as JSON without a name twice; was in no frame of another site.
    fn client_data_say(&self, challenge: &[u8]) -> Result<(), NotASignature> {
        use base64ct::Encoding as _;
        let challenge = base64ct::Base64UrlUnpadded::encode_string(challenge);
        let begins =
            format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{}""#, self.origin);
        let text =
            std::str::from_utf8(&self.client_data).map_err(|_| not("its client data are not UTF-8"))?;
        let fits = text.strip_prefix(&begins).is_some_and(|rest| rest.starts_with([',', '}']));
        let members = match json::read(text) {
            Ok(Value::Object(members)) if fits && text.ends_with('}') => members,
            _ => {
                return Err(not(
                    "its client data are of something else, or not written as browsers write them",
                ));
            }
        };
        let framed = members.get("crossOrigin").is_some_and(|crosses| *crosses != Value::Bool(false));
        if framed || members.contains_key("topOrigin") {
            return Err(not("it was given within a page of another site"));
        }
        Ok(())
    }

    /// The page that asked for it, as `https://HOST`. Only of what [`crate::Envelope::proves`] has passed.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn flags(&self) -> u8 {
        self.flags
    }
}

/// Whether a page of this origin may use keys of this site: the site itself or below it, encrypted but on one's own machine.
fn is_of(origin: &str, site: &str) -> bool {
    let host = match origin.strip_prefix("https://") {
        Some(rest) => rest,
        None => match origin.strip_prefix("http://") {
            Some(rest) => rest,
            None => return false,
        },
    };
    let (host, port) = host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
    let is_port = |port: &str| {
        (1..=5).contains(&port.len())
            && !port.starts_with('0')
            && port.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
    };
    let own_machine = host == "localhost" || host.ends_with(".localhost");
    is_name(host)
        && is_name(site)
        && port.is_none_or(is_port)
        && (origin.starts_with("https://") || own_machine)
        && host.strip_suffix(site).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// An SSH mpint (RFC 4251, section 5).
fn positive(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let mut shortest = number[start..].to_vec();
    if shortest.first().is_some_and(|byte| byte & 0x80 != 0) {
        shortest.insert(0, 0);
    }
    shortest
}

/// The other way round; what is not the shortest is found by writing it again.
fn scalar(number: &[u8]) -> Result<p256::FieldBytes, NotASignature> {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let number = &number[start..];
    let mut field = p256::FieldBytes::default();
    let from = field.len().checked_sub(number.len()).ok_or_else(|| not("a number is too long"))?;
    field[from..].copy_from_slice(number);
    Ok(field)
}
