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

#[test]
fn what_was_expunged_and_is_printed_again_is_not_stored_again_and_everybody_withholds_it() {
    let twice = "## One\n\n```sh check\necho leaked''token\n```\n\n## Two\n\n- [ ] go on\n\n## Three\n\n```sh check\necho leaked''token\n```\n";
    let desk = Desk::with(&crate::screens::book(twice));
    desk.write("yes.yaml", "steps:\n  two: { confirm: true }\n");
    desk.ends(3, &["run", "book.md", "--unattended"]);
    let record = desk.record(1);
    let digest = record.one("action.finished")["output"]["stdout"]["sha256"].as_str().unwrap().to_owned();
    let bytes = record.dir.join("blobs/sha256").join(&digest);
    let again = std::fs::read(&bytes).unwrap();
    desk.ends(0, &["expunge", "1", "--blob", &digest, "--reason", "it shows the token"]);
    desk.ends(0, &["resume", "1", "--unattended", "--answers", "yes.yaml"]);
    assert!(!bytes.exists(), "it was stored again");

    let withheld = || {
        for told in [
            &["show", "1", "--step", "three", "--output"][..],
            &["report", "1"],
            &["report", "1", "--format", "html"],
            &["replay", "1", "--speed", "1000"],
        ] {
            let ran = desk.holdpoint(told).output().unwrap();
            let out =
                String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
            assert!(!out.contains("leakedtoken"), "{told:?}: {out}");
            assert!(out.contains("it shows the token"), "{told:?}: {out}");
        }
    };
    withheld();
    let (verdict, _) = desk.ends(6, &["verify", "1"]);
    assert!(verdict.starts_with("expunged: 1 blob(s)"), "{verdict}");
    desk.ends(6, &["export", "1", "-o", "one.tar.zst"]);
    // As a program of before left it: the tombstone counts, whatever lies beside it.
    std::fs::write(&bytes, again).unwrap();
    withheld();
    let (_, told) = desk.ends(6, &["verify", "1"]);
    assert!(told.contains("expunge it again"), "{told}");
    desk.ends(6, &["export", "1", "-o", "two.tar.zst"]);
    desk.ends(0, &["expunge", "1", "--blob", &digest, "--reason", "again"]);
    assert!(!bytes.exists());
    let (_, told) = desk.ends(6, &["verify", "1"]);
    assert!(told.contains("it shows the token") && !told.contains("expunge it again"), "{told}");
}

#[test]
fn whoever_signs_is_told_what_was_expunged_and_goes_on() {
    let held = "## One\n\n```sh check\necho leaked''token\n```\n\n## Hold\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: All is well.\n```\n";
    let desk = Desk::with(&crate::screens::book(held));
    desk.ends(3, &["run", "book.md", "--unattended"]);
    let record = desk.record(1);
    let digest = record.one("action.finished")["output"]["stdout"]["sha256"].as_str().unwrap().to_owned();
    desk.ends(0, &["expunge", "1", "--blob", &digest, "--reason", "it shows the token"]);
    // Nobody is asked here, and so nothing is signed; all was shown before that.
    let ran = desk.holdpoint(&["sign", "1", "--as", "qa@example.org", "--outputs"]).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(2), "{told}");
    assert!(told.contains(&format!("the blob {digest} was expunged at ")), "{told}");
    assert!(told.contains("EXPUNGED: expunged at ") && told.contains("Look at the evidence above"), "{told}");
}
