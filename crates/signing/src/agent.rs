//! Signing through an agent (`SSH_AUTH_SOCK`). The private key stays where it is.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use ssh_agent_lib::blocking::Client;
use ssh_agent_lib::proto::{PublicCredential, SignRequest};
use ssh_encoding::Decode as _;
use ssh_key::Algorithm;

use crate::envelope::written;
use crate::{Envelope, Presented};

/// How long an agent may take: somebody may have to find and touch a security key, or type a password.
const PATIENCE: Duration = Duration::from_secs(120);
/// Asks for SHA-512 from an RSA key (draft-miller-ssh-agent, section 4.5.1); without it some agents answer with SHA-1.
const RSA_SHA2_512: u32 = 4;

/// A key that the agent holds.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The key, or the certificate for it.
    pub presented: Presented,
    /// What the agent calls it.
    pub comment: String,
    credential: PublicCredential,
}

/// What asks for the keys (draft-miller-ssh-agent, section 4.4), framed; and what its answer begins with.
const ASK: [u8; 5] = [0, 0, 0, 1, 11];
const ANSWER: u8 = 12;
/// No agent answers with more.
const LONGEST: u32 = 256 * 1024;

/// An agent that answers.
#[derive(Debug)]
pub struct Agent {
    client: Client<UnixStream>,
    /// The same connection.
    stream: UnixStream,
}

impl Agent {
    /// Connects to the agent at `socket`.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn at(socket: &Path) -> io::Result<Agent> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Agent { client: Client::new(stream.try_clone()?), stream })
    }

    /// The keys it holds, of those that can be read: an agent may hold kinds that are not known here, and certificates
    /// without an end, and the others sign all the same.
    ///
    /// # Errors
    /// It does not answer as an agent does.
    pub fn identities(&mut self) -> io::Result<Vec<Identity>> {
        self.stream.write_all(&ASK)?;
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length > LONGEST {
            return Err(io::Error::other("its answer is longer than an agent's may be"));
        }
        let mut answer = vec![0; length as usize];
        self.stream.read_exact(&mut answer)?;
        listed(&answer).map_err(io::Error::other)
    }

    /// Has it sign `message` for `namespace`; gives the armored signature.
    ///
    /// # Errors
    /// It refuses, or the key is gone, or nobody touched it.
    pub fn sign(&mut self, identity: &Identity, namespace: &str, message: &[u8]) -> io::Result<String> {
        let data = Envelope::to_sign(namespace, message).map_err(io::Error::other)?;
        let flags = if matches!(identity.presented.key().algorithm(), Algorithm::Rsa { .. }) {
            RSA_SHA2_512
        } else {
            0
        };
        let request = SignRequest { credential: identity.credential.clone(), data, flags };
        let signature = self.client.sign(request).map_err(io::Error::other)?;
        let bytes = written(&signature).map_err(io::Error::other)?;
        Envelope::of(&identity.presented, namespace, bytes)
            .and_then(|envelope| envelope.armored())
            .map_err(io::Error::other)
    }
}

/// What an agent answers when it is asked for its keys: how many, and of each its bytes and a comment.
fn listed(mut answer: &[u8]) -> Result<Vec<Identity>, ssh_encoding::Error> {
    let reader = &mut answer;
    if u8::decode(reader)? != ANSWER {
        return Err(ssh_encoding::Error::Length);
    }
    let mut all = Vec::new();
    for _ in 0..u32::decode(reader)? {
        let (key, comment) = (Vec::<u8>::decode(reader)?, Vec::<u8>::decode(reader)?);
        let Ok(presented) = Presented::read(&key) else { continue };
        let credential = match &presented {
            Presented::Key(key) => PublicCredential::Key(key.clone()),
            Presented::Certificate(certificate) => PublicCredential::Cert(certificate.clone()),
        };
        let comment = String::from_utf8_lossy(&comment).into_owned();
        all.push(Identity { presented, comment, credential });
    }
    Ok(all)
}
