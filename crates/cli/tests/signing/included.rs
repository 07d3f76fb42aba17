//! Run-books that include others: an approval, a rehearsal and a proof of one cover what it includes.

use std::fs;
use std::path::Path;

use holdpoint_xtask::sample;
use serde_json::{Value, json};

use crate::export::unpacked;
use crate::independent::all_say_with;
use crate::mill::mill;
use crate::shop::{QA, QB, Shop};
use crate::support::{forge, sha256};

const COMMON: &str = "---\nrunbook: 1\ntitle: Common checks\n---\n\n# Common checks\n\n## Room\n\n```sh check\necho much\n```\n";

const CLAIMS: &str = "authors: [github.com/olive]\napprovers: [github.com/quinn, qb@example.org]\n";

/// The mill, whose document includes a file, approved by everybody; and a staging environment before production.
fn shop() -> Shop {
    let shop = mill(CLAIMS);
    let bench = &shop.bench;
    let text = bench.text("sop.md");
    bench.file("sop.md", &text.replace("## Look", "[common checks](common/a.md \"include\")\n\n## Look"));
    bench.file("common/a.md", COMMON);
    let rule = "requires = { approved_document = true, rehearsal = \"staging\", clean_commit = true }";
    let config = bench.text("holdpoint.toml");
    let config = config.replacen("requires = { approved_document = true }", rule, 1);
    bench.file("holdpoint.toml", &format!("{config}\n[environments.staging]\nrehearsal = true\n"));
    shop.approves("sop.md", QA, "qa");
    shop.approves("sop.md", QB, "qb");
    shop.commit();
    shop
}

#[test]
fn from_approval_over_rehearsal_to_proof_one_byte_of_an_included_file_counts() {
    let shop = shop();
    let included = json!([{"path": "common/a.md", "sha256": sha256(COMMON.as_bytes())}]);
    assert_eq!(shop.stated(QA)["document"]["includes"], included);
    shop.refuses("production", "requires a passed rehearsal");
    shop.runs("staging");
    shop.runs("production");

    // One byte of the file: no approval, no rehearsal, no clean commit.
    shop.bench.file("common/a.md", &COMMON.replace("much", "most"));
    shop.refuses("production", "does not approve common/a.md as the document includes it now");
    shop.refuses("production", "common/a.md, which the document includes, has changed since");
    shop.commit();
    shop.refuses("production", "it lacks the approval of qa@example.org and of qb@example.org");
    let list = shop.bench.holdpoint(&["approve", "sop.md", "--list", "--format", "json"]);
    assert_eq!((list.code, list.json()["approved"].clone()), (1, json!(false)));
    shop.approves("sop.md", QA, "qa");
    shop.approves("sop.md", QB, "qb");
    shop.commit();
    shop.refuses("production", "common/a.md, which the document includes, has changed since");
    shop.runs("staging");
    shop.runs("production");

    // With the files gone, every verifier has it from the record.
    shop.bench.sh("rm -r common sop.md");
    shop.bench.ends(0, &["export", "4", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    let good = all_say_with(&shop, &dir, None, "as it was written");
    assert_eq!(good, (0, "intact and complete, by its own signers".to_owned()));
    shop.bench.ends(0, &["verify", "4", "--trust", "."]).says("intact and complete");
}

#[test]
fn three_verifiers_tell_a_record_whose_includes_are_not_what_was_approved_or_rehearsed() {
    type Alter = fn(&Path);
    let cases: [(&str, &str, Alter); 5] = [
        ("an altered file", "altered at event 0", |dir| {
            let path = dir.join("blobs/sha256").join(sha256(COMMON.as_bytes()));
            fs::remove_file(&path).unwrap();
            fs::write(path, COMMON.replace("much", "most")).unwrap();
        }),
        ("a file that is gone", "altered at event 0", |dir| {
            fs::remove_file(dir.join("blobs/sha256").join(sha256(COMMON.as_bytes()))).unwrap();
        }),
        ("other bytes than were approved", "does not conform at event 0", |dir| {
            let other = COMMON.replace("much", "most");
            let digest = sha256(other.as_bytes());
            fs::write(dir.join("blobs/sha256").join(&digest), &other).unwrap();
            forge(dir, |events| events[0]["runbook"]["includes"][0]["blob"]["sha256"] = json!(digest));
        }),
        ("no file, where one was approved", "does not conform at event 0", |dir| {
            forge(dir, |events| drop(events[0]["runbook"].as_object_mut().unwrap().shift_remove("includes")));
        }),
        ("another path", "does not conform at event 0", |dir| {
            forge(dir, |events| events[0]["runbook"]["includes"][0]["path"] = json!("common/b.md"));
        }),
    ];
    let shop = shop();
    shop.runs("staging");
    shop.runs("production");
    shop.bench.ends(0, &["export", "2", "-o", "run.tar.zst"]);
    for (what, verdict, alter) in sample::some(cases, 2) {
        let dir = unpacked(&shop, "run.tar.zst");
        alter(&dir);
        let (code, told) = all_say_with(&shop, &dir, None, what);
        assert_eq!(code, 6, "{what}: {told}");
        assert!(told.starts_with(verdict), "{what}: {told}");
    }
}

#[test]
fn a_rehearsal_that_included_other_bytes_is_told_by_three_verifiers() {
    let shop = shop();
    shop.runs("staging");
    shop.runs("production");
    let dir = shop.bench.run_dir(2);
    // The rehearsal that is kept is rewritten as one of another file, and everything that names it follows.
    let blobs = dir.join("blobs/sha256");
    let named = shop.bench.events(2)[0]["policy"]["rehearsed"].clone();
    let read = |blob: &Value| fs::read_to_string(blobs.join(blob["sha256"].as_str().unwrap())).unwrap();
    let (log, seal) = (read(&named["log"]), read(&named["seal"]));
    let other = sha256(COMMON.replace("much", "most").as_bytes());
    let mut lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines[0]["runbook"]["includes"][0]["blob"]["sha256"] = json!(other);
    let mut forged = Vec::new();
    for line in &mut lines {
        line["prev"] = json!(sha256(&forged));
        forged.extend(serde_json::to_vec(line).unwrap());
        forged.push(b'\n');
    }
    let mut seal: Value = serde_json::from_str(&seal).unwrap();
    (seal["sha256"], seal["bytes"]) = (json!(sha256(&forged)), json!(forged.len()));
    let seal = serde_json::to_vec(&seal).unwrap();
    let put = |bytes: &[u8]| {
        fs::write(blobs.join(sha256(bytes)), bytes).unwrap();
        json!({"sha256": sha256(bytes), "bytes": bytes.len()})
    };
    let (log, seal) = (put(&forged), put(&seal));
    for gone in ["log", "seal"] {
        fs::remove_file(blobs.join(named[gone]["sha256"].as_str().unwrap())).unwrap();
    }
    forge(&dir, |events| {
        events[0]["policy"]["rehearsed"]["log"] = log;
        events[0]["policy"]["rehearsed"]["seal"] = seal;
    });
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bundle/verify.sh"), dir.join("verify.sh"))
        .unwrap();
    let (code, told) = all_say_with(&shop, &dir, None, "another rehearsal");
    assert_eq!((code, told.as_str()), (6, "does not conform at event 0"), "{told}");
}
