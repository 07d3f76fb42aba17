//! Reviews beside a sealed record: signed, over its seal, numbered without gaps; and everybody who tells of a record tells
//! of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use holdpoint_xtask::sample;
use serde_json::{Value, json};

use crate::export::{both_say, script, signed_off, unpacked};
use crate::shop::{QA, QB, Shop};
use crate::support::{Ran, sha256};

const TEXT: &str = "I went through the audit trail.";

/// A finished run, in a shop whose people may sign reviews.
fn over() -> Shop {
    let shop = signed_off();
    let signers = shop.bench.text("allowed_signers");
    shop.bench.file("allowed_signers", &signers.replace("expunge@", "review@holdpoint,expunge@"));
    shop
}

fn review(shop: &Shop, run: &str, who: &str, kind: &str, text: &str) -> Ran {
    let key = shop.key(who.split('@').next().unwrap());
    shop.bench.holdpoint(&[
        "review",
        run,
        "--kind",
        kind,
        "--text",
        text,
        "--as",
        who,
        "--key",
        key.to_str().unwrap(),
        "--yes",
    ])
}

/// With two reviews, by two people.
pub fn reviewed() -> Shop {
    let shop = over();
    for (who, kind, text) in [(QB, "audit-trail", TEXT), (QA, "late-note", "The fan\nwas loud.")] {
        let ran = review(&shop, "1", who, kind, text);
        assert_eq!(ran.code, 0, "{}", ran.both());
    }
    shop
}

fn file(shop: &Shop, name: &str) -> PathBuf {
    shop.bench.run_dir(1).join("reviews").join(name)
}

/// Signs a file again, as `ssh-keygen` alone would: the signature lies beside it, with `.sig` behind its name.
pub fn sign_again(shop: &Shop, path: &Path, key: &str, namespace: &str) {
    let signature = PathBuf::from(format!("{}.sig", path.display()));
    let _ = fs::remove_file(&signature);
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
        .arg(shop.key(key))
        .arg(path)
        .output()
        .unwrap();
    assert!(signed.status.success() && signature.exists());
}

fn altered(shop: &Shop, name: &str, key: &str, how: impl FnOnce(&mut Value)) {
    let path = file(shop, name);
    let mut statement: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    how(&mut statement);
    fs::write(&path, serde_json::to_string_pretty(&statement).unwrap() + "\n").unwrap();
    sign_again(shop, &path, key, "review@holdpoint");
}

#[test]
fn a_review_is_signed_over_the_seal_and_over_the_one_before_it_and_told_by_everybody() {
    let shop = reviewed();
    let seal = sha256(&fs::read(shop.bench.run_dir(1).join("seal.json")).unwrap());
    let first = fs::read(file(&shop, "0001.json")).unwrap();
    let one: Value = serde_json::from_slice(&first).unwrap();
    assert_eq!(
        (&one["seal"], &one["number"], &one["kind"]),
        (&json!(seal), &json!(1), &json!("audit-trail"))
    );
    assert_eq!(one["verdict"], "intact and complete");
    assert_eq!(one["reviewer"], json!({"principal": QB, "name": "Quentin Borrower"}));
    let two: Value = serde_json::from_slice(&fs::read(file(&shop, "0002.json")).unwrap()).unwrap();
    assert_eq!((&two["former"], &two["number"]), (&json!(sha256(&first)), &json!(2)));
    // The record is what it was.
    shop.is(1, 0, "intact and complete");
    let said = shop.bench.ends(0, &["verify", "1"]);
    said.says("review 1, audit-trail review by Quentin Borrower (qb@example.org)").says(TEXT);
    // A line of somebody's text passes for no line of ours.
    assert!(said.both().contains("The fan\n      │ was loud."), "{}", said.both());
    for verb in [
        ["show", "1", "--format", "text"],
        ["report", "1", "--format", "markdown"],
        ["report", "1", "--format", "html"],
        ["report", "1", "--format", "json"],
    ] {
        shop.bench.ends(0, &verb).says(TEXT);
    }
    shop.bench.ends(0, &["audit"]).says("2 reviews");
    let json = shop.bench.ends(0, &["verify", "1", "--format", "json"]).json();
    assert_eq!(json["reviews"][1]["who"], QA);
}

#[test]
fn what_is_no_review_of_a_record_that_is_over_is_refused_and_leaves_nothing() {
    let shop = Shop::waiting(1);
    review(&shop, "1", QB, "audit-trail", TEXT).says("the run is still open").says("holdpoint note 1");
    let shop = over();
    review(&shop, "1", QB, "audit-trail", "  ").says("says nothing");
    let ran = review(&shop, "1", "nobody@example.org", "audit-trail", TEXT);
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("nobody@example.org is nobody whom holdpoint.toml names");
    // By somebody else's key.
    let key = shop.key("qa");
    let ran = shop.bench.holdpoint(&[
        "review",
        "1",
        "--kind",
        "late-note",
        "--text",
        TEXT,
        "--as",
        QB,
        "--key",
        key.to_str().unwrap(),
        "--yes",
    ]);
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("does not count");
    // Whose keys may not sign reviews.
    let shop = signed_off();
    let ran = review(&shop, "1", QB, "audit-trail", TEXT);
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("review@holdpoint");
    assert!(!file(&shop, "").exists());
    let ran = shop.bench.holdpoint(&["review", "1", "--kind", "audit", "--text", TEXT]);
    assert_eq!(ran.code, 2);
    // What is altered is not reviewed.
    let log = shop.bench.run_dir(1).join("run.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replace("\"attempt\":1", "\"attempt\":2")).unwrap();
    assert_eq!(review(&shop, "1", QB, "audit-trail", TEXT).code, 6);
}

type Alter = fn(&Shop);

#[test]
fn reviews_that_were_altered_removed_or_put_there_by_others_are_told_by_program_and_script() {
    let cases: [(&str, Alter, &str); 10] = [
        (
            "of a record that was found otherwise",
            |shop| altered(shop, "0002.json", "qa", |it| it["verdict"] = "all is fine".into()),
            "something else was said",
        ),
        (
            "text",
            |shop| {
                let path = file(shop, "0001.json");
                let text = fs::read_to_string(&path).unwrap();
                fs::write(&path, text.replace("went through", "never saw")).unwrap();
            },
            "review 1",
        ),
        (
            "first removed",
            |shop| {
                fs::remove_file(file(shop, "0001.json")).unwrap();
                fs::remove_file(file(shop, "0001.json.sig")).unwrap();
            },
            "missing",
        ),
        ("signature removed", |shop| fs::remove_file(file(shop, "0002.json.sig")).unwrap(), "signature"),
        (
            "of another seal",
            |shop| {
                altered(shop, "0002.json", "qa", |it| it["seal"] = "0".repeat(64).into());
            },
            "another seal",
        ),
        (
            "of another run",
            |shop| altered(shop, "0002.json", "qa", |it| it["run"]["number"] = 2.into()),
            "another run",
        ),
        (
            "does not follow",
            |shop| {
                altered(shop, "0001.json", "qb", |it| it["text"] = "All is well.".into());
            },
            "does not follow",
        ),
        (
            "made for something else",
            |shop| {
                sign_again(shop, &file(shop, "0002.json"), "qa", "signoff@holdpoint");
            },
            "was made for",
        ),
        (
            "of the past",
            |shop| {
                altered(shop, "0002.json", "qa", |it| {
                    it["at"]["time"] = "2001-01-01T00:00:00.000000+00:00".into()
                });
            },
            "before",
        ),
        (
            "a link",
            |shop| {
                let path = file(shop, "0002.json");
                let to = shop.bench.path("elsewhere");
                fs::rename(&path, &to).unwrap();
                std::os::unix::fs::symlink(&to, &path).unwrap();
            },
            "review 2",
        ),
    ];
    for (what, alter, why) in sample::some(cases, 2) {
        let shop = reviewed();
        shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
        let dir = unpacked(&shop, "run.tar.zst");
        assert_eq!(both_say(&shop, &dir, what), (0, "intact and complete".to_owned()));
        alter(&shop);
        let ran = shop.bench.ends(6, &["verify", "1"]);
        assert!(
            ran.stdout.contains("intact and complete") && ran.stdout.contains("but its reviews do not hold")
        );
        assert!(ran.both().contains(why), "{what}: {}", ran.both());
        shop.bench.ends(6, &["audit"]).says("review");
        assert!(shop.bench.holdpoint(&["export", "1", "-o", "again.tar.zst"]).code == 6, "{what}");
        // The same of what somebody unpacked.
        let _ = fs::remove_dir_all(dir.join("reviews"));
        shop.bench.sh(&format!("cp -a '{}' '{}'", file(&shop, "").display(), dir.display()));
        let (code, words) = both_say(&shop, &dir, what);
        assert_eq!(code, 6, "{what}");
        assert_eq!(words, "intact and complete, by its own signers, but its reviews do not hold", "{what}");
    }
}

#[test]
fn a_reviewer_whom_the_run_did_not_know_is_told_of_and_trusted_only_by_whom_the_reader_trusts() {
    let shop = over();
    let line = shop.make_key("eve");
    let signers = shop.bench.text("allowed_signers");
    let eve = "eve@example.org";
    shop.bench.file("allowed_signers", &format!("{signers}{eve} namespaces=\"review@holdpoint\" {line}\n"));
    let config = shop.bench.text("holdpoint.toml");
    shop.bench.file("holdpoint.toml", &format!("{config}\n[people.\"{eve}\"]\nname = \"Eve Auditor\"\n"));
    let ran = review(&shop, "1", eve, "post-release", "It works.");
    assert_eq!(ran.code, 0, "{}", ran.both());
    shop.bench.ends(0, &["verify", "1"]).says("whom its own signers do not list");
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    script(&shop, &dir).says("whom its own signers do not list");
    let trusted = shop.bench.all().join("trusted");
    fs::create_dir(&trusted).unwrap();
    for known in [true, false] {
        let text = if known { shop.bench.text("allowed_signers") } else { signers.clone() };
        fs::write(trusted.join("allowed_signers"), text).unwrap();
        let ran = shop.bench.holdpoint(&["verify", "1", "--trust", trusted.to_str().unwrap()]);
        let script = Ran::of(
            shop.bench
                .command("sh")
                .arg(dir.join("verify.sh"))
                .args(["--trust", trusted.to_str().unwrap()])
                .output()
                .unwrap(),
        );
        if known {
            assert_eq!((ran.code, script.code), (0, 0), "{}\n{}", ran.both(), script.both());
            ran.says("trusted by");
        } else {
            assert_eq!((ran.code, script.code), (6, 6), "{}\n{}", ran.both(), script.both());
            ran.says("review 1 by eve@example.org is not by a trusted key");
            script.says("review 1 by eve@example.org is not by a trusted key");
        }
    }
}

#[test]
fn what_a_crash_left_of_a_review_is_no_review_and_is_replaced_by_the_next() {
    let shop = reviewed();
    fs::write(file(&shop, "0003.json.sig"), "half of").unwrap();
    shop.is(1, 0, "intact and complete");
    shop.bench.ends(0, &["verify", "1"]);
    let ran = review(&shop, "1", QB, "post-release", "It works.");
    assert_eq!(ran.code, 0, "{}", ran.both());
    shop.bench.ends(0, &["verify", "1"]).says("review 3, post-release check");
}

#[test]
fn an_attestation_tells_of_reviews_and_is_not_given_where_they_do_not_hold() {
    let shop = reviewed();
    shop.bench.sh("umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out attest");
    let attest = |to: &'static str| ["report", "1", "--format", "in-toto", "--key", "attest", "-o", to];
    shop.bench.ends(0, &attest("attested"));
    let told = shop
        .bench
        .sh("jq -r .payload attested | base64 -d | jq -c '[.predicate.reviews[] | .text, .listed]'");
    assert_eq!(
        serde_json::from_str::<Value>(&told).unwrap(),
        json!([TEXT, false, "The fan\nwas loud.", false])
    );
    fs::remove_file(file(&shop, "0001.json")).unwrap();
    shop.bench.ends(6, &attest("again")).says("its reviews do not hold");
    assert!(!shop.bench.exists("again"));
}
