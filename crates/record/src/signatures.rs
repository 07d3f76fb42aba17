//! Sign-offs by key, proved as the events go by (record.md sections 4 and 5).

use holdpoint_engine::{BlobRef, Run, RunOpened, Signed, Stamped};
use holdpoint_signing::{Prefix, RecordedSignOff, Signers, Statement, namespace, prove};

use crate::by_key::ByKey;
use crate::kept::Blobs;
use crate::signoffs::{SignedFiles, signed_files};

/// Who may sign in this run, read when the first signature comes.
#[derive(Default)]
pub(crate) struct Signatures(Option<Signers>);

impl Signatures {
    /// Holds a sign-off against what the run was when it was given, and its signature against event 0's signers.
    /// `offset` is where the event's line begins. Gives whose key it was.
    pub(crate) fn prove(
        &mut self,
        run: &Run,
        stamped: &Stamped,
        signed: &Signed,
        offset: u64,
        blobs: &mut Blobs<'_>,
    ) -> Result<ByKey, String> {
        let opened = run.opened().ok_or("the run is not open")?;
        let Signed { given, rejected, what } = signed;
        let recorded = given.signature.as_ref().ok_or("there is no signature")?;
        let SignedFiles { statement, signature } =
            signed_files(blobs.dir, stamped.n, recorded).map_err(|error| error.to_string())?;
        let signers = match &mut self.0 {
            Some(signers) => signers,
            none => none.insert(signers(opened, blobs)?),
        };
        let sign_off = RecordedSignOff {
            opened,
            given,
            what: *what,
            rejected: rejected.clone(),
            at: stamped.at,
            prefix: Prefix { events: stamped.n, bytes: offset, sha256: stamped.prev.clone() },
            seen: run.seen(),
            statement: &statement,
            signature: &signature,
        };
        let who = &given.by.who;
        let wrong = |error: String| format!("the {} by {who} is not proved: {error}", what.as_str());
        prove(&sign_off, signers).map_err(|error| wrong(error.to_string()))?;
        let signed = Statement::read(&statement).and_then(|said| said.at.timestamp()).map_err(wrong)?;
        ByKey::of(stamped.n, what.as_str(), who, namespace(*what), vec![signed, stamped.at], &signature)
            .map_err(wrong)
    }
}

pub(crate) fn signers(opened: &RunOpened, blobs: &mut Blobs<'_>) -> Result<Signers, String> {
    let bytes = |blob: &BlobRef| match blobs.is_gone(blob) {
        true => Err("the file that says who may sign was expunged".to_owned()),
        false => blobs.bytes(blob).map_err(|error| error.to_string()),
    };
    Signers::of(opened, bytes, |error| error.to_string())
}
