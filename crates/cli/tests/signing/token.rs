//! Security keys in software, behind an SSH agent: what a token would sign, with the flags that the test wants.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::Signer as _;
use sha2::{Digest as _, Sha256};

const APPLICATION: &str = "ssh:holdpoint";
/// Somebody touched it.
pub const PRESENT: u8 = 1;
/// And it verified who.
pub const VERIFIED: u8 = 4;

#[derive(Clone)]
enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    Ecdsa(p256::ecdsa::SigningKey),
}

/// One security key.
#[derive(Clone)]
pub struct Token {
    secret: Secret,
    /// What it will say of presence and verification.
    pub flags: Arc<AtomicU8>,
}

impl Token {
    pub fn ed25519() -> Token {
        Token::of(Secret::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[7; 32])))
    }

    pub fn ecdsa() -> Token {
        Token::of(Secret::Ecdsa(p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap()))
    }

    fn of(secret: Secret) -> Token {
        Token { secret, flags: Arc::new(AtomicU8::new(PRESENT | VERIFIED)) }
    }

    fn name(&self) -> &'static str {
        match self.secret {
            Secret::Ed25519(_) => "sk-ssh-ed25519@openssh.com",
            Secret::Ecdsa(_) => "sk-ecdsa-sha2-nistp256@openssh.com",
        }
    }

    fn public(&self) -> Vec<u8> {
        let (name, application) = (self.name().as_bytes(), APPLICATION.as_bytes());
        match &self.secret {
            Secret::Ed25519(key) => strings(&[name, key.verifying_key().as_bytes(), application]),
            Secret::Ecdsa(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                strings(&[name, b"nistp256", point.as_bytes(), application])
            }
        }
    }

    /// As it stands in a file of public keys.
    pub fn line(&self) -> String {
        format!("{} {}", self.name(), Base64::encode_string(&self.public()))
    }

    fn sign(&self, data: &[u8]) -> Vec<u8> {
        let mut trailer = vec![self.flags.load(Ordering::SeqCst)];
        trailer.extend(41u32.to_be_bytes());
        let challenge = [&Sha256::digest(APPLICATION)[..], &trailer, &Sha256::digest(data)[..]].concat();
        let signature = match &self.secret {
            Secret::Ed25519(key) => key.sign(&challenge).to_bytes().to_vec(),
            Secret::Ecdsa(key) => {
                let signature: p256::ecdsa::Signature = key.sign(&challenge);
                let (r, s) = signature.split_bytes();
                strings(&[&positive(&r), &positive(&s)])
            }
        };
        [strings(&[self.name().as_bytes(), &signature]), trailer].concat()
    }
}

/// An agent at `socket` that holds these, for as long as the test runs.
pub fn agent(socket: &Path, tokens: Vec<Token>) {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            serve(stream, &tokens);
        }
    });
}

/// draft-miller-ssh-agent: asks for keys (11) and signatures (13) are answered, everything else is a failure (5).
fn serve(mut stream: UnixStream, tokens: &[Token]) {
    let mut length = [0; 4];
    while stream.read_exact(&mut length).is_ok() {
        let mut message = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut message).unwrap();
        let answer = match message[0] {
            11 => {
                let mut answer = vec![12];
                answer.extend((tokens.len() as u32).to_be_bytes());
                tokens.iter().for_each(|token| answer.extend(strings(&[&token.public(), b"token"])));
                answer
            }
            13 => {
                let (public, rest) = string(&message[1..]);
                let (data, _) = string(rest);
                match tokens.iter().find(|token| token.public() == public) {
                    Some(token) => [vec![14], strings(&[&token.sign(data)])].concat(),
                    None => vec![5],
                }
            }
            _ => vec![5],
        };
        stream.write_all(&[&(answer.len() as u32).to_be_bytes()[..], &answer].concat()).unwrap();
    }
}

fn string(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (length, rest) = bytes.split_at(4);
    rest.split_at(u32::from_be_bytes(length.try_into().unwrap()) as usize)
}

fn strings(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend((part.len() as u32).to_be_bytes());
        bytes.extend(*part);
    }
    bytes
}

/// An SSH mpint (RFC 4251, section 5).
fn positive(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let sign = bytes.get(start).is_some_and(|byte| byte & 0x80 != 0).then_some(0);
    sign.into_iter().chain(bytes[start..].iter().copied()).collect()
}
