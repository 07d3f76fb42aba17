//! `verify`: re-proves a record. Executes nothing and needs nothing beside the record.

use std::path::Path;

use holdpoint_record::{Expunged, Verification, verify as prove};
use serde_json::json;

use super::export::unpack_problem;
use super::read::{find, read_problem};
use crate::args::{self, Format};
use crate::bundle;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen::Screen;

/// Proves the record that was named.
pub fn verify(screen: &Screen, arguments: &args::Reading) -> Result<Exit, Problem> {
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
    let intact = proof.verdict.intact();
    match arguments.format {
        Format::Json => {
            let gone = |gone: &Expunged| {
                let mut json = json!({"event": gone.event, "still_there": gone.still_there});
                json["key"] = json!(gone.key);
                json["tombstone"] = serde_json::to_value(&gone.tombstone).unwrap_or_default();
                json
            };
            let expunged: Vec<_> = proof.expunged.iter().map(gone).collect();
            let json = json!({
                "verdict": proof.verdict.to_string(),
                "intact": intact,
                "events": proof.position.events,
                "bytes": proof.position.bytes,
                "sha256": proof.position.sha256,
                "blobs_checked": proof.blobs,
                "expunged": expunged,
                "signatures_checked": proof.signatures,
                "expectations_judged_again": proof.judged_again,
                "remarks": proof.remarks,
            });
            screen.data(&serde_json::to_string_pretty(&json).unwrap_or_default());
        }
        Format::Text => {
            screen.data(&proof.verdict.to_string());
            screen.say(&format!(
                "  {} events, {} bytes, sha256 {}",
                proof.position.events, proof.position.bytes, proof.position.sha256
            ));
            screen.say(&format!(
                "  {} blobs checked, {} executions judged again",
                proof.blobs, proof.judged_again
            ));
            if proof.signatures > 0 {
                screen.say(&format!("  {} signatures by key checked", proof.signatures));
            }
            for remark in &proof.remarks {
                screen.say(&format!("  {}", screen.neutralise(remark)));
            }
        }
    }
    Ok(if intact { Exit::Passed } else { Exit::Record })
}
