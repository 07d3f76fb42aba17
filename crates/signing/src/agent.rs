//! Signing through an agent (`SSH_AUTH_SOCK`). The private key stays where it is.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use ssh_agent_lib::blocking::Client;
use ssh_agent_lib::proto::{PublicCredential, SignRequest};
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

/// An agent that answers.
#[derive(Debug)]
pub struct Agent(Client<UnixStream>);

impl Agent {
    /// Connects to the agent at `socket`.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn at(socket: &Path) -> io::Result<Agent> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Agent(Client::new(stream)))
    }

    /// The keys it holds.
    ///
    /// # Errors
    /// It does not answer as an agent does.
    pub fn identities(&mut self) -> io::Result<Vec<Identity>> {
        let identities = self.0.request_identities().map_err(io::Error::other)?;
        let all = identities.into_iter().map(|identity| {
            let presented = match &identity.credential {
                PublicCredential::Key(key) => Presented::Key(key.clone()),
                PublicCredential::Cert(certificate) => Presented::Certificate(certificate.clone()),
            };
            Identity { presented, comment: identity.comment, credential: identity.credential }
        });
        Ok(all.collect())
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
        let signature = self.0.sign(request).map_err(io::Error::other)?;
        let bytes = written(&signature).map_err(io::Error::other)?;
        Envelope::of(&identity.presented, namespace, bytes)
            .and_then(|envelope| envelope.armored())
            .map_err(io::Error::other)
    }
}
