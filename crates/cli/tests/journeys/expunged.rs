//! A blob that leaked is taken out of a record, and the record says so for ever.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Desk, OPS};

#[test]
fn an_expunged_blob_is_told_by_verify_and_never_passes_for_intact() {
    let desk = Desk::with(&crate::screens::book("## Do it\n\n```sh run\necho leaked-by-accident\n```\n"));
    desk.ends(0, &["run", "book.md", "--unattended"]);
    let record = desk.is_intact_and_complete(1);
    let digest = record.one("action.finished")["output"]["stdout"]["sha256"].as_str().unwrap().to_owned();
    let seal = std::fs::read(record.dir.join("seal.json")).unwrap();
    desk.ends(2, &["expunge", "1", "--blob", &digest[..7], "--reason", "leaked"]);
    desk.ends(2, &["expunge", "1", "--blob", &"0".repeat(64), "--reason", "leaked"]);
    desk.ends(2, &["expunge", "1", "--blob", &digest, "--reason", " "]);
    desk.ends(0, &["expunge", "1", "--blob", &digest, "--reason", "it shows the token"]);
    desk.ends(2, &["expunge", "1", "--blob", &digest, "--reason", "again"]);

    let (verdict, told) = desk.ends(6, &["verify", "1"]);
    assert_eq!(
        verdict.trim_end(),
        "expunged: 1 blob(s), signed for by nobody, the first at event 2; otherwise complete"
    );
    for part in [&digest[..], OPS, "it shows the token", "could not be judged again"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let (json, _) = desk.ends(6, &["verify", "1", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["intact"], &json["expunged"][0]["event"]), (&false.into(), &2.into()));
    assert_eq!(json["expunged"][0]["tombstone"]["blob"]["sha256"], digest);
    assert_eq!(std::fs::read(record.dir.join("seal.json")).unwrap(), seal);
    assert_eq!(desk.record(1).bytes, record.bytes);
    let stone = record.dir.join("blobs/sha256").join(format!("{digest}.expunged"));
    assert_eq!(std::fs::metadata(&stone).unwrap().permissions().mode() & 0o777, 0o600);
    let (report, _) = desk.ends(6, &["report", "1"]);
    assert!(report.contains("expunged: 1 blob(s)") && !report.contains("leaked-by-accident\n│"), "{report}");
    desk.ends(0, &["replay", "1", "--speed", "1000"]);
    desk.ends(0, &["show", "1"]);

    std::fs::remove_file(stone).unwrap();
    let (verdict, _) = desk.ends(6, &["verify", "1"]);
    assert!(verdict.starts_with("altered at event 2"), "{verdict}");
    desk.ends(6, &["expunge", "1", "--blob", &digest, "--reason", "it is gone anyway"]);
}
