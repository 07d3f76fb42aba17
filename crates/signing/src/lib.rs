//! Statements that people sign, their SSH signatures, and who may sign: OpenSSH's `allowed_signers`.
//!
//! Reading and checking are pure: bytes in, a finding out; time and time zone are parameters. Only [`agent`] and
//! [`keygen`] touch the world, and neither ever sees a private key. The one that is read here, an [`AttestationKey`],
//! is no person's.

pub mod agent;
mod allowed;
mod anchor;
mod approval;
mod assured;
mod attestation;
mod envelope;
pub mod keygen;
mod not_a_signature;
mod options;
mod passkey;
mod pattern;
mod review;
mod revoked;
mod signoff;
mod statement;

pub use allowed::{AllowedSigners, BadSigners, Line};
pub use anchor::{Anchor, AnchorKind, GIT, Over, Tag, tag_message};
pub use approval::{Approval, Approving, Asked, Document, NotApproving, prove_approval};
pub use assured::{Assured, BadFiles, Refused, Signers, check, signed_by};
pub use attestation::{Attestation, AttestationKey, BadKey, IN_TOTO, Signed};
pub use envelope::{Envelope, Presented};
pub use not_a_signature::NotASignature;
pub use passkey::Assertion;
pub use review::{Review, ReviewKind};
pub use revoked::{BadRevocations, Revoked};
pub use signoff::{RecordedSignOff, Transplanted, namespace, prove};
pub use statement::{Moment, Prefix, RunNamed, Runbook, Signer, Statement};

/// The namespace of sign-offs (record.md section 4). A signature made for anything else does not count.
pub const SIGNOFF: &str = "signoff@holdpoint";

/// The namespace of whoever operates a session.
pub const SESSION: &str = "session@holdpoint";

/// The namespace of a document's approvals.
pub const APPROVAL: &str = "approval@holdpoint";

/// The namespace of what holdpoint itself does to a record: tombstones of expunged blobs.
pub const EXPUNGE: &str = "expunge@holdpoint";

/// The namespace of reviews of sealed records.
pub const REVIEW: &str = "review@holdpoint";
