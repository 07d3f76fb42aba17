//! An in-toto Statement (v1) about a sealed record: which bytes it is of, and what they tell. Whoever signs it puts it into
//! an envelope; nothing is signed here.

mod on_the_way;
mod predicate;

use std::collections::BTreeMap;

use holdpoint_engine::{Event, Evidence, InputGiven};
use holdpoint_model::sha256;
use serde_json::{Value, json};

use crate::{Kept, Material, ReportError, Summary, summarise};

/// What kind of predicate stands in the statement; docs/record.md tells its keys. The name resolves nowhere.
pub const PREDICATE: &str = "https://holdpoint.example/run/v2";
const STATEMENT: &str = "https://in-toto.io/Statement/v1";

/// The statement's bytes.
///
/// # Errors
///
/// Those of [`summarise`].
pub fn in_toto(m: &Material<'_>, kept: &Kept<'_>) -> Result<String, ReportError> {
    let summary = summarise(m)?;
    let subjects = subjects(m, kept, &summary);
    let subjects: Vec<Value> = subjects
        .into_iter()
        .map(|(name, sha256)| json!({"name": name, "digest": {"sha256": sha256}}))
        .collect();
    let statement = json!({
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": PREDICATE,
        "predicate": predicate::predicate(m, &summary),
    });
    Ok(serde_json::to_string(&statement)?)
}

/// Names and digests: the record itself, the files that it took values or proof from, and digests that it found.
fn subjects(m: &Material<'_>, kept: &Kept<'_>, summary: &Summary) -> BTreeMap<String, String> {
    let mut subjects = BTreeMap::from([("run.jsonl".to_owned(), sha256(kept.log))]);
    subjects.extend(kept.seal.map(|seal| ("seal.json".to_owned(), sha256(seal))));
    for stamped in summary.conforming(m.events) {
        match &stamped.event {
            Event::ActionFinished(finished) | Event::RollbackFinished(finished) => {
                let files = finished.files.iter();
                subjects.extend(files.map(|(path, blob)| (format!("files/{path}"), blob.sha256.clone())));
            }
            Event::ValueRecorded { evidence: Some(Evidence::File { path, blob }), .. } => {
                subjects.insert(format!("evidence/{}/{path}", stamped.n), blob.sha256.clone());
            }
            _ => {}
        }
    }
    let given = |input: &InputGiven| Some((input.name.clone(), input.value.clone()?));
    let found = summary.values.iter().map(|found| (found.name.clone(), found.value.clone()));
    for (name, value) in summary.inputs.iter().filter_map(given).chain(found) {
        subjects.extend(digest(&value).map(|sha256| (format!("values/{name}"), sha256.to_owned())));
    }
    subjects
}

/// The digest that a value is: `sha256:HEX`, or the digits alone.
fn digest(value: &str) -> Option<&str> {
    let value = value.trim();
    let digits = value.strip_prefix("sha256:").unwrap_or(value);
    let is_one = digits.len() == 64 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    is_one.then_some(digits)
}
