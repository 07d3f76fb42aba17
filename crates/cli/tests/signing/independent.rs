//! The verifier that was written from `docs/record.md` alone, in Python: it agrees with the program and with `verify.sh`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::export::{exported, script};
use crate::shop::Shop;
use crate::support::{Ran, forge};

fn verifier() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/independent/verify.py")
}

/// Code and verdict of all three, which must be the same.
#[track_caller]
fn all_say(shop: &Shop, dir: &Path, what: &str) -> (i32, String) {
    let theirs = shop.bench.command("python3").arg("-B").arg(verifier()).arg(dir).output().unwrap();
    let ran = [Ran::of(theirs), shop.bench.holdpoint(&["verify", dir.to_str().unwrap()]), script(shop, dir)];
    let [theirs, ours, stock] =
        ran.each_ref().map(|ran| (ran.code, ran.stdout.lines().next().unwrap_or_default().to_owned()));
    assert_eq!((&theirs, &stock), (&ours, &ours), "{what}\n{}\n{}", ran[0].stderr, ran[1].stderr);
    ours
}

type Alter = fn(&Path, usize);

#[test]
fn a_verifier_that_was_written_from_the_document_alone_agrees_on_good_and_forged_records() {
    let log = |dir: &Path| fs::read_to_string(dir.join("run.jsonl")).unwrap();
    let cases: [(&str, Alter, i32, &str); 8] = [
        ("as it was written", |_, _| {}, 0, "intact and complete, by its own signers"),
        (
            "open",
            |dir, _| fs::remove_file(dir.join("seal.json")).unwrap(),
            0,
            "intact, open, by its own signers",
        ),
        (
            "a blob that is gone",
            |dir, _| {
                let mut blobs: Vec<_> = fs::read_dir(dir.join("blobs/sha256")).unwrap().flatten().collect();
                blobs.sort_by_key(fs::DirEntry::file_name);
                fs::remove_file(blobs[0].path()).unwrap();
            },
            6,
            "altered at event",
        ),
        (
            "a seal of another verdict",
            |dir, _| {
                let seal = fs::read_to_string(dir.join("seal.json")).unwrap();
                fs::write(dir.join("seal.json"), seal.replace("passed", "failed")).unwrap();
            },
            6,
            "",
        ),
        (
            "a last line that is gone",
            |dir, _| {
                let text = fs::read_to_string(dir.join("run.jsonl")).unwrap();
                let end = text.trim_end().rfind('\n').unwrap() + 1;
                fs::write(dir.join("run.jsonl"), &text[..end]).unwrap();
            },
            6,
            "truncated",
        ),
        (
            "a statement with another role",
            |dir, at| {
                let path = dir.join(format!("signoffs/{at:04}.json"));
                let text = fs::read_to_string(&path).unwrap();
                fs::write(&path, text.replace("\"role\": \"qa\"", "\"role\": \"ops\"")).unwrap();
            },
            6,
            "altered at event",
        ),
        (
            "a sign-off in another role",
            |dir, at| forge(dir, |events| events[at]["role"] = json!("ops")),
            6,
            "does not conform at event",
        ),
        (
            "a sign-off without its signature",
            |dir, at| {
                forge(dir, |events| {
                    events[at].as_object_mut().unwrap().remove("signature");
                });
            },
            6,
            "does not conform at event",
        ),
    ];
    for (what, alter, code, begins) in cases {
        let (shop, dir) = exported();
        let at = shop.sign_off(1);
        assert!(!log(&dir).is_empty());
        alter(&dir, at);
        let (came, verdict) = all_say(&shop, &dir, what);
        assert_eq!(came, code, "{what}: {verdict}");
        assert!(verdict.starts_with(begins), "{what}: {verdict}");
    }
}
