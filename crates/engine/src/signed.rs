//! What a key signed with an event, in the one form that statements are made of.

use crate::{Event, Presence, SignedOff, SignedRejection, SignedSession};

/// What somebody signed by key, whatever the event: as a sign-off, and why not, where it was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What is signed.
    pub given: SignedOff,
    /// Why it was rejected; `None` for what was given.
    pub rejected: Option<String>,
    /// What it is.
    pub what: SignedAs,
}

/// What somebody signs by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedAs {
    /// A hold point is signed off.
    SignOff,
    /// It is rejected.
    Rejection,
    /// Rules are overridden.
    Override,
    /// A session is operated.
    Session,
}

impl SignedAs {
    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            SignedAs::SignOff => "sign-off",
            SignedAs::Rejection => "rejection",
            SignedAs::Override => "override",
            SignedAs::Session => "session",
        }
    }
}

impl Event {
    /// What was signed by key with this event; `None` where no key signed.
    pub fn signed(&self) -> Option<Signed> {
        self.signature()?;
        match self {
            Event::SignOffGiven(given) => {
                Some(Signed { given: given.clone(), rejected: None, what: SignedAs::SignOff })
            }
            Event::SignOffRejected { step, action, reason, signed: Some(signed), presence, by } => {
                let SignedRejection { role, meaning, statement, name, assurance, signature } = &**signed;
                let given = SignedOff {
                    step: step.clone(),
                    action: action.clone(),
                    role: role.clone(),
                    meaning: *meaning,
                    statement: statement.clone(),
                    name: name.clone(),
                    assurance: *assurance,
                    signature: Some(signature.clone()),
                    presence: presence.clone(),
                    by: by.clone(),
                };
                Some(Signed { given, rejected: Some(reason.clone()), what: SignedAs::Rejection })
            }
            Event::Deviation(deviation) => {
                Some(Signed { given: deviation.as_sign_off()?, rejected: None, what: SignedAs::Override })
            }
            Event::SessionSigned(signed) => {
                let SignedSession { name, assurance, signature, seat, by } = &**signed;
                let given = SignedOff {
                    assurance: *assurance,
                    signature: Some(signature.clone()),
                    ..SignedSession::as_sign_off(name.clone(), seat, by.clone())
                };
                Some(Signed { given, rejected: None, what: SignedAs::Session })
            }
            _ => None,
        }
    }

    /// What a person who signed or rejected was shown, and where they sat; `None` of events of another kind, and where no
    /// person was.
    pub fn presence(&self) -> Option<&Presence> {
        match self {
            Event::SignOffGiven(given) => given.presence.as_deref(),
            Event::SignOffRejected { presence, .. } => presence.as_deref(),
            _ => None,
        }
    }
}
