//! Attestations about sealed records: `report --format in-toto`.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use holdpoint_record::{RecordVerdict, Verification, text_blob};
use holdpoint_report::Summary;
use holdpoint_signing::{AttestationKey, BadKey, IN_TOTO};

use crate::by_key::signers;
use crate::files;
use crate::problem::Problem;
use crate::verbs::read::{Recorded, blob_problem};

/// A key of this kind has some 250 bytes.
const LONGEST: u64 = 64 * 1024;
const MAKE: &str = "Make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out KEY";

/// Only what is sealed and was proved is attested.
pub fn attestable(proof: &Verification) -> Result<(), Problem> {
    match &proof.verdict {
        RecordVerdict::IntactComplete => Ok(()),
        RecordVerdict::IntactOpen => Err(Problem::usage(
            "the run is not sealed, so there is nothing to attest yet",
            "Drive it to its end first: holdpoint resume RUN",
        )),
        other => Err(Problem::record(
            format!("the record is not intact: {other}"),
            "Nothing was attested. `holdpoint verify` says what is wrong with it.",
        )),
    }
}

/// Nor is what lies beside it, or should, anything that `verify` refuses.
pub fn sound_beside(summary: &Summary) -> Result<(), Problem> {
    match summary.wrong_beside().first() {
        Some(why) => Err(Problem::record(
            format!("the record is intact, but {why}"),
            "Nothing was attested. `holdpoint verify` says the same.",
        )),
        None => Ok(()),
    }
}

/// The statement in its envelope, as one line of JSON.
pub fn attest(recorded: &Recorded, statement: &str, file: &Path) -> Result<String, Problem> {
    let key = key(file)?;
    let signers = signers(recorded.opened(), |reference| {
        text_blob(&recorded.dir.path, reference).map_err(blob_problem)
    })?;
    if key.is_one_of(&signers.allowed) {
        return Err(Problem::usage(
            format!("the key in {} is one that a person signs with", file.display()),
            format!("A program's word and a person's must not look the same. {MAKE}"),
        ));
    }
    let envelope = serde_json::to_string(&key.attest(IN_TOTO, statement.as_bytes()));
    envelope.map(|line| line + "\n").map_err(|error| {
        Problem::fault(format!("the envelope cannot be written: {error}"), "This is a fault of holdpoint.")
    })
}

fn key(file: &Path) -> Result<AttestationKey, Problem> {
    let cannot = |error: std::io::Error| {
        Problem::usage(format!("the key {} cannot be read: {error}", file.display()), MAKE)
    };
    let opened = files::open(file).map_err(cannot)?;
    let metadata = opened.metadata().map_err(cannot)?;
    let own = rustix::process::geteuid().as_raw();
    if metadata.mode() & 0o077 != 0 || metadata.uid() != own {
        return Err(Problem::usage(
            format!("the key {} is not yours alone", file.display()),
            format!("Whoever can read it can sign with it: make another, and chmod 600. {MAKE}"),
        ));
    }
    let mut text = String::new();
    opened.take(LONGEST).read_to_string(&mut text).map_err(cannot)?;
    AttestationKey::read(&text).map_err(|error| {
        let help = match error {
            BadKey::Ssh => format!("Those are people's. {MAKE}"),
            BadKey::Encrypted => format!("Keep it unencrypted where only the program gets at it. {MAKE}"),
            BadKey::Unreadable => MAKE.to_owned(),
        };
        Problem::usage(format!("the key {} cannot be used: {error}", file.display()), help)
    })
}
