//! A passkey in software: what a browser and its authenticator give for a challenge.

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use sha2::{Digest as _, Sha256};

const KIND: &str = "sk-ecdsa-sha2-nistp256@openssh.com";
const SITE: &str = "localhost";
/// Somebody touched it, and it verified who.
pub const VERIFIED: u8 = 5;

/// Somebody touched it, and nobody was asked who.
pub const TOUCHED: u8 = 1;

/// One passkey.
pub struct Passkey {
    key: SigningKey,
    site: &'static str,
}

impl Passkey {
    pub fn of(seed: u8) -> Passkey {
        Passkey::at(seed, SITE)
    }

    /// For another site.
    pub fn at(seed: u8, site: &'static str) -> Passkey {
        Passkey { key: SigningKey::from_slice(&[seed; 32]).unwrap(), site }
    }

    /// As it stands in a file of public keys.
    pub fn line(&self) -> String {
        let point = self.key.verifying_key().to_encoded_point(false);
        let parts: [&[u8]; 4] = [KIND.as_bytes(), b"nistp256", point.as_bytes(), self.site.as_bytes()];
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend((part.len() as u32).to_be_bytes());
            bytes.extend(part);
        }
        format!("{KIND} {}", Base64::encode_string(&bytes))
    }

    /// The form that a page of this origin sends back, for a challenge as it was told.
    pub fn answers(&self, challenge: &str, origin: &str, flags: u8) -> String {
        let client_data = format!(
            r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#
        );
        let mut data = Sha256::digest(self.site).to_vec();
        data.push(flags);
        data.extend([0, 0, 0, 7]);
        let signed = [&data[..], &Sha256::digest(&client_data)[..]].concat();
        let signature: Signature = self.key.sign(&signed);
        let text = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
        format!(
            "client_data={}&authenticator_data={}&signature={}",
            text(client_data.as_bytes()),
            text(&data),
            text(signature.to_der().as_bytes())
        )
    }
}
