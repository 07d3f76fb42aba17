//! What a server's certificates say.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// The chain, and whether its first certificate is good for so many seconds more.
pub(crate) fn told(chain: &[Vec<u8>], valid_for: Option<u64>) -> Result<Value, String> {
    let mut certificates = Vec::new();
    let mut left = None;
    for der in chain {
        let certificate =
            Certificate::from_der(der).map_err(|error| format!("a certificate cannot be read: {error}"))?;
        let body = &certificate.tbs_certificate;
        let until = body.validity.not_after.to_unix_duration().as_secs();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        left.get_or_insert(until.saturating_sub(now));
        certificates.push(json!({
            "subject": body.subject.to_string(),
            "issuer": body.issuer.to_string(),
            "serial": body.serial_number.to_string(),
            "not_before": body.validity.not_before.to_string(),
            "not_after": body.validity.not_after.to_string(),
            "sha256": holdpoint_model::hex(&Sha256::digest(der)),
        }));
    }
    let left = left.ok_or("the server showed no certificate")?;
    let mut told =
        json!({ "chain": certificates, "not_after": certificates[0]["not_after"], "valid_for_s": left });
    if let Some(wanted) = valid_for {
        told["valid_long_enough"] = (left >= wanted).into();
    }
    Ok(told)
}
