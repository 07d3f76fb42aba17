//! `verify`: re-proves a record. Executes nothing and needs nothing beside the record, and what its reader trusts.

use std::path::Path;

use holdpoint_record::{ByKey, Expunged, Held, Of, Verification, hold, verify as prove};
use serde_json::{Value, json};

use super::check::many;
use super::export::unpack_problem;
use super::read::{find, read_problem};
use crate::args::{self, Format};
use crate::bundle;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::trust;

/// Proves the record that was named.
pub fn verify(screen: &Screen, arguments: &args::Verify) -> Result<Exit, Problem> {
    let path = Path::new(&arguments.run);
    // A path needs no store, no repository and no configuration: an auditor has the directory, or a bundle, and
    // nothing else.
    let unpacked = bundle::unpacked(path).map_err(unpack_problem)?;
    let dir = match &unpacked {
        Some(unpacked) => unpacked.dir.clone(),
        None if holdpoint_record::is_run(path) => path.to_owned(),
        None => find(&arguments.run)?.path,
    };
    let proof: Verification = prove(&dir).map_err(read_problem)?;
    let held = arguments.trust.as_deref().map(|trusted| held(&dir, &proof, trusted)).transpose()?.flatten();
    let told = Told { proof: &proof, held: held.as_ref() };
    match arguments.format {
        Format::Json => {
            screen.data(&serde_json::to_string_pretty(&told.json()).unwrap_or_default());
        }
        Format::Text => told.text(screen),
    }
    let intact = proof.verdict.intact() && told.trusted() != Some(false);
    Ok(if intact { Exit::Passed } else { Exit::Record })
}

/// The record held against what is trusted. `None` where it is not what was written: then nothing of it counts.
pub fn held(dir: &Path, proof: &Verification, trusted: &Path) -> Result<Option<Held>, Problem> {
    // What cannot be trusted is told even where there is nothing to hold against it.
    let Some(opened) = &proof.opened else { return Ok(None) };
    let trust = trust::read(trusted, opened)?;
    if !(proof.verdict.intact() || proof.verdict.is_expunged()) {
        return Ok(None);
    }
    let held = hold(Of { dir, opened, proof }, &trust)
        .map_err(|why| Problem::record(why, "Nothing was changed. Verify it without --trust."))?;
    Ok(Some(held))
}

/// What is said of a record.
pub struct Told<'a> {
    /// What was proved.
    pub proof: &'a Verification,
    /// What came of holding it against what is trusted.
    pub held: Option<&'a Held>,
}

impl Told<'_> {
    /// Whether everything is as trusted; `None` where nothing was held against it.
    pub fn trusted(&self) -> Option<bool> {
        self.held.map(|held| held.wrong.is_empty())
    }

    /// On whose word the signatures count; `None` where there are none, or they do not.
    fn by(&self) -> Option<&'static str> {
        let Told { proof, held } = self;
        if !proof.verdict.intact() {
            return None;
        }
        let signed = !proof.signed.is_empty();
        match held {
            Some(held) if !held.wrong.is_empty() => None,
            Some(_) => signed.then_some("trusted signers"),
            None => signed.then_some("its own signers"),
        }
    }

    /// The verdict in words, and whose word it is.
    pub fn words(&self) -> String {
        let verdict = self.proof.verdict.to_string();
        match (self.by(), self.trusted()) {
            (Some(by), _) => format!("{verdict}, by {by}"),
            (None, Some(false)) => format!("{verdict}, but not as trusted"),
            (None, _) => verdict,
        }
    }

    fn json(&self) -> Value {
        let Told { proof, held } = self;
        let gone = |gone: &Expunged| {
            let mut json = json!({"event": gone.event, "still_there": gone.still_there});
            json["key"] = json!(gone.key);
            json["tombstone"] = serde_json::to_value(&gone.tombstone).unwrap_or_default();
            json
        };
        let expunged: Vec<_> = proof.expunged.iter().map(gone).collect();
        let signature = |signed: &ByKey| {
            let ByKey { event, what, who, key, .. } = signed;
            json!({"event": event, "what": what, "who": who, "key": key})
        };
        let signatures: Vec<Value> = match held {
            None => proof.signed.iter().map(signature).collect(),
            Some(held) => {
                let whose = held.signatures.iter().map(|whose| {
                    let mut json = signature(&whose.signed);
                    json["trusted_by"] = json!(whose.from);
                    json["revoked_today"] = json!(whose.revoked);
                    json
                });
                whose.collect()
            }
        };
        json!({
            "verdict": proof.verdict.to_string(),
            "by": self.by(),
            "intact": proof.verdict.intact(),
            "trusted": self.trusted(),
            "events": proof.position.events,
            "bytes": proof.position.bytes,
            "sha256": proof.position.sha256,
            "blobs_checked": proof.blobs,
            "expunged": expunged,
            "signatures_checked": proof.signatures,
            "signatures": signatures,
            "expectations_judged_again": proof.judged_again,
            "remarks": proof.remarks,
            "not_as_trusted": held.map(|held| &held.wrong),
            "trust_remarks": held.map(|held| &held.remarks),
        })
    }

    fn text(&self, screen: &Screen) {
        let Told { proof, held } = self;
        screen.data(&self.words());
        for wrong in held.iter().flat_map(|held| &held.wrong) {
            screen.say(&format!("  {}", screen.neutralise(wrong)));
        }
        screen.say(&format!(
            "  {} events, {} bytes, sha256 {}",
            proof.position.events, proof.position.bytes, proof.position.sha256
        ));
        let (blobs, judged) = (many(proof.blobs, "blob"), many(proof.judged_again, "execution"));
        screen.say(&format!("  {blobs} checked, {judged} judged again"));
        if proof.signatures > 0 {
            screen.say(&format!("  {} by key checked", many(proof.signatures, "signature")));
        }
        let line = |signed: &ByKey, trust: &str| {
            let ByKey { event, what, who, key, .. } = signed;
            let line = format!("  event {event}: {what} by {who} with {key}{trust}");
            screen.say(&screen.neutralise(&line));
        };
        match held {
            None => proof.signed.iter().for_each(|signed| line(signed, "")),
            Some(held) => {
                for whose in &held.signatures {
                    let from = match &whose.from {
                        Some(from) => format!(", trusted by {from}"),
                        None => ", NOT TRUSTED".to_owned(),
                    };
                    let revoked = if whose.revoked { ", REVOKED TODAY" } else { "" };
                    line(&whose.signed, &format!("{from}{revoked}"));
                }
            }
        }
        for remark in proof.remarks.iter().chain(held.iter().flat_map(|held| &held.remarks)) {
            screen.say(&format!("  {}", screen.neutralise(remark)));
        }
    }
}
