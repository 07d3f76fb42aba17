//! SSHSIG: the armored signature (OpenSSH's PROTOCOL.sshsig). The envelope is read here, because a signature may
//! present a certificate, and an approver's key may be a security key whose flags have to be seen; every primitive
//! is ssh-key's, or of a passkey p256's.

use std::str::FromStr as _;

use ssh_encoding::pem::PemLabel;
use ssh_encoding::{CheckedSum, Decode, DecodePem, Encode, EncodePem, LineEnding, Reader, Writer};
use ssh_key::certificate::Certificate;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, Fingerprint, HashAlg, PublicKey, Signature, SshSig};

use crate::not_a_signature::NotASignature;
use crate::passkey::Assertion;

const MAGIC: &[u8] = b"SSHSIG";
const BEGINS: &[u8] = b"-----BEGIN SSH SIGNATURE-----\n";
const VERSION: u32 = 1;
/// Flags of a security key's signature (OpenSSH's PROTOCOL.u2f): somebody touched it …
const PRESENT: u8 = 0x01;
/// … and it knew who (a PIN, a fingerprint).
const VERIFIED: u8 = 0x04;

/// The decoder is lenient with lengths; two texts for one signature would let somebody alter a record unseen.
fn same(again: &[u8], bytes: &[u8]) -> Result<(), NotASignature> {
    if again == bytes {
        return Ok(());
    }
    Err(NotASignature("it is not written as an SSH signature is".to_owned()))
}

/// How large an RSA key may be, bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// Why signatures of such a key do not count, in words, whatever they are of.
pub(crate) fn kind_is_taken(key: &KeyData) -> Result<(), String> {
    match key {
        KeyData::Dsa(_) => Err("DSA keys are not taken: they are too weak".to_owned()),
        KeyData::Rsa(key) => {
            let bytes = key.n.as_positive_bytes().unwrap_or_default();
            let bits = bytes.len() * 8 - bytes.first().map_or(0, |first| first.leading_zeros() as usize);
            let (least, most) = (RSA_BITS.start(), RSA_BITS.end());
            match RSA_BITS.contains(&bits) {
                true => Ok(()),
                false => {
                    Err(format!("RSA keys of {least} to {most} bits are taken, and this one has {bits}"))
                }
            }
        }
        _ => Ok(()),
    }
}

/// A signature as it stands in an envelope: `string algorithm, string blob`, and what a security key adds behind it,
/// which ssh-key's encoder puts inside for one of the two kinds.
pub(crate) fn written(signature: &Signature) -> ssh_encoding::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if signature.algorithm() == Algorithm::SkEcdsaSha2NistP256 {
        let whole = signature.as_bytes();
        let (inner, trailer) = whole.split_at(whole.len().saturating_sub(5));
        signature.algorithm().encode(&mut bytes)?;
        inner.encode(&mut bytes)?;
        bytes.extend_from_slice(trailer);
    } else {
        signature.encode(&mut bytes)?;
    }
    Ok(bytes)
}

/// What a signature presents itself with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    /// A key.
    Key(KeyData),
    /// A key that an authority vouches for.
    Certificate(Box<Certificate>),
}

impl Presented {
    /// The key that signs.
    pub fn key(&self) -> &KeyData {
        match self {
            Presented::Key(key) => key,
            Presented::Certificate(certificate) => certificate.public_key(),
        }
    }

    /// Its fingerprint, as `ssh-keygen -l` shows it.
    pub fn fingerprint(&self) -> Fingerprint {
        self.key().fingerprint(HashAlg::Sha256)
    }

    /// From the bytes of an SSH public key or certificate.
    ///
    /// # Errors
    /// Neither, or of a kind that is not known.
    pub fn read(bytes: &[u8]) -> Result<Presented, NotASignature> {
        let name = String::decode(&mut &*bytes)?;
        let presented = if Algorithm::new_certificate(&name).is_ok() {
            let read = Certificate::from_bytes(bytes).map_err(|error| {
                NotASignature(format!(
                    "its certificate cannot be read: {error} (one without an end of its validity is not taken)"
                ))
            })?;
            Presented::Certificate(Box::new(read))
        } else {
            Presented::Key(PublicKey::from_bytes(bytes)?.key_data().clone())
        };
        same(&presented.write()?, bytes)?;
        Ok(presented)
    }

    fn write(&self) -> Result<Vec<u8>, NotASignature> {
        let mut bytes = Vec::new();
        match self {
            Presented::Key(key) => key.encode(&mut bytes)?,
            Presented::Certificate(certificate) => certificate.encode(&mut bytes)?,
        }
        Ok(bytes)
    }
}

/// An SSH signature, taken apart. Nothing is proved by having one: see [`Envelope::proves`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    key: Vec<u8>,
    namespace: String,
    hash: HashAlg,
    signature: Vec<u8>,
}

impl Envelope {
    /// Reads the armored form, `-----BEGIN SSH SIGNATURE-----`.
    ///
    /// # Errors
    /// It is none.
    pub fn read(armored: &[u8]) -> Result<Envelope, NotASignature> {
        if !armored.starts_with(BEGINS) {
            return Err(NotASignature("it does not begin as an armored SSH signature does".to_owned()));
        }
        if armored.contains(&b'\r') {
            return Err(NotASignature("it has carriage returns".to_owned()));
        }
        Envelope::decode_pem(armored.trim_ascii_end())
    }

    /// Made of a signature over [`Envelope::to_sign`], as an agent gives it: `string algorithm, string blob`, and
    /// what a security key adds.
    ///
    /// # Errors
    /// The key cannot be written down.
    pub fn of(key: &Presented, namespace: &str, signature: Vec<u8>) -> Result<Envelope, NotASignature> {
        Ok(Envelope { key: key.write()?, namespace: namespace.to_owned(), hash: HashAlg::Sha512, signature })
    }

    /// The bytes that a key signs in the end.
    ///
    /// # Errors
    /// The namespace is empty.
    pub fn to_sign(namespace: &str, message: &[u8]) -> Result<Vec<u8>, NotASignature> {
        Ok(SshSig::signed_data(namespace, HashAlg::Sha512, message)?)
    }

    /// The armored form.
    ///
    /// # Errors
    /// It cannot be encoded.
    pub fn armored(&self) -> Result<String, NotASignature> {
        let mut text = self.encode_pem_string(LineEnding::LF)?;
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Ok(text)
    }

    /// What it was made for.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The key or certificate that it presents.
    ///
    /// # Errors
    /// Of a kind that is not known.
    pub fn presented(&self) -> Result<Presented, NotASignature> {
        Presented::read(&self.key)
    }

    /// Whether it is this key's own signature of these bytes. Says nothing about whose key it is.
    ///
    /// # Errors
    /// It is not, or its kind is not known.
    pub fn proves(&self, message: &[u8]) -> Result<Presented, NotASignature> {
        let presented = self.presented()?;
        kind_is_taken(presented.key()).map_err(NotASignature)?;
        if Assertion::is_named(&self.signature) {
            let KeyData::SkEcdsaSha2NistP256(key) = presented.key() else {
                return Err(NotASignature(
                    "it is a passkey's signature, and its key is none of a passkey".to_owned(),
                ));
            };
            let challenge = SshSig::signed_data(&self.namespace, self.hash, message)?;
            Assertion::read(&self.signature)?.proves(key, &challenge)?;
            return Ok(presented);
        }
        let signature = Signature::try_from(self.signature.as_slice())?;
        same(&written(&signature)?, &self.signature)?;
        let key = PublicKey::from(presented.key().clone());
        let signature = SshSig::new(presented.key().clone(), self.namespace.as_str(), self.hash, signature)?;
        let wrong = |_| NotASignature("it is not this key's signature of these bytes".to_owned());
        key.verify(&self.namespace, message, &signature).map_err(wrong)?;
        Ok(presented)
    }

    /// Flags of a security key: whether somebody touched it, and whether it verified who that was. `None` for keys of
    /// other kinds. Only what [`Envelope::proves`] has passed may be asked this.
    pub(crate) fn flags(&self) -> Option<(bool, bool)> {
        let told = |flags: u8| (flags & PRESENT != 0, flags & VERIFIED != 0);
        if let Some(passkey) = self.passkey() {
            return Some(told(passkey.flags()));
        }
        let signature = Signature::try_from(self.signature.as_slice()).ok()?;
        if !matches!(signature.algorithm(), Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256) {
            return None;
        }
        // The last five bytes: flags, and a counter of four.
        let flags = signature.as_bytes().iter().rev().nth(4).copied().unwrap_or(0);
        Some(told(flags))
    }

    /// What a passkey signed, where it is a passkey's signature. Only what [`Envelope::proves`] has passed may be asked this.
    pub fn passkey(&self) -> Option<Assertion> {
        let passkey = Assertion::is_named(&self.signature);
        passkey.then(|| Assertion::read(&self.signature)).and_then(Result::ok)
    }
}

impl PemLabel for Envelope {
    const PEM_LABEL: &'static str = "SSH SIGNATURE";
}

impl Decode for Envelope {
    type Error = NotASignature;

    fn decode(reader: &mut impl Reader) -> Result<Envelope, NotASignature> {
        let mut magic = [0; MAGIC.len()];
        reader.read(&mut magic)?;
        if magic != MAGIC {
            return Err(NotASignature("it does not begin as an SSH signature does".to_owned()));
        }
        let version = u32::decode(reader)?;
        if version != VERSION {
            return Err(NotASignature(format!("it is an SSH signature of version {version}, not {VERSION}")));
        }
        let key = Vec::decode(reader)?;
        let namespace = String::decode(reader)?;
        // PROTOCOL.sshsig: reserved is ignored by verifiers, but it is signed; ours and OpenSSH's is empty.
        if !Vec::<u8>::decode(reader)?.is_empty() {
            return Err(NotASignature("it holds reserved bytes whose meaning is not known".to_owned()));
        }
        let hash = HashAlg::from_str(&String::decode(reader)?)
            .map_err(|_| NotASignature("its digest is neither sha256 nor sha512".to_owned()))?;
        Ok(Envelope { key, namespace, hash, signature: Vec::decode(reader)? })
    }
}

impl Encode for Envelope {
    fn encoded_len(&self) -> ssh_encoding::Result<usize> {
        [
            MAGIC.len(),
            VERSION.encoded_len()?,
            self.key.encoded_len()?,
            self.namespace.encoded_len()?,
            "".encoded_len()?,
            self.hash.as_str().encoded_len()?,
            self.signature.encoded_len()?,
        ]
        .checked_sum()
    }

    fn encode(&self, writer: &mut impl Writer) -> ssh_encoding::Result<()> {
        writer.write(MAGIC)?;
        VERSION.encode(writer)?;
        self.key.encode(writer)?;
        self.namespace.encode(writer)?;
        "".encode(writer)?;
        self.hash.as_str().encode(writer)?;
        self.signature.encode(writer)
    }
}
